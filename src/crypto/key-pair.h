/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_KEY_PAIR_H
#define CRYPTO_KEY_PAIR_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * A client certificate and its private key, as a provider issues them: both in
 * one file, in PEM or PKCS#12.
 */
struct key_pair {
	char *chain;		/* PEM: the certificate, then its issuers */
	char *key;		/* PEM, not encrypted: never log it */
	/* The first 16 hex digits of the SHA-256 of the certificate. */
	char fingerprint[17];
	int64_t expires_s;
};

/*
 * Reads the text of a file.  The password decrypts the key, or PKCS#12;
 * NULL: there is none.  NULL with an error if there is no certificate or key,
 * the password is wrong, the key belongs to no certificate in it, or the
 * certificate is not valid at `now_s`; the error never contains a secret.
 */
struct key_pair *key_pair_read(const char *data, size_t size,
    const char *password, int64_t now_s, struct error *error);

/* Overwrites the key. */
void key_pair_free(struct key_pair *pair);

#endif
