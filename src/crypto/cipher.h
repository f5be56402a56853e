/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_CIPHER_H
#define CRYPTO_CIPHER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

/*
 * How a service encrypts what only the app on the phone may read (gematik,
 * concept of push notifications; the operation notifyEncrypted/batch).  The
 * gateway passes it on and never has the keys; this is for testers.
 *
 * App and service share a secret.  Each month HKDF-SHA256 (RFC 5869; no salt,
 * the month as info, 64 bytes) makes of it the next month's secret and the
 * month's key for AES-256-GCM.  A text is padded to 1024 bytes: "PNM1", the
 * number of padding bytes (two bytes, big-endian), so many spaces, the text in
 * UTF-8.  A ciphertext is nonce (12 bytes), ciphertext and tag (16 bytes), in
 * base64.
 */
enum cipher_limits {
	CIPHER_KEY_SIZE = 32,
	CIPHER_TEXT_MAX = 1018,		/* bytes of a text */
	CIPHER_SIZE = 1404,		/* characters of a ciphertext */
	CIPHER_MONTH_SIZE = 8		/* yyyy-MM, NUL */
};

struct cipher_keys {
	unsigned char secret[CIPHER_KEY_SIZE];	/* for the next month */
	unsigned char key[CIPHER_KEY_SIZE];	/* the month's */
};

/* The month that "yyyy-MM" names as a number that grows by one each month, or
 * -1. */
int cipher_month_read(const char *text);
void cipher_month_write(int month, char text[CIPHER_MONTH_SIZE]);

/* Makes of the secret that stands in `keys` the secret and key of a month. */
void cipher_step(struct cipher_keys *keys, int month);

/*
 * Appends the ciphertext of a text.  False with an error, and nothing
 * appended, if the text is longer than CIPHER_TEXT_MAX or is not UTF-8.
 */
bool cipher_encrypt(const struct cipher_keys *keys, const char *text,
    size_t size, struct buf *ciphertext, struct error *error);

/*
 * Appends the text that a ciphertext holds.  False with an error, and nothing
 * appended, if any part of it is not as described above.
 */
bool cipher_decrypt(const struct cipher_keys *keys, const char *ciphertext,
    size_t size, struct buf *text, struct error *error);

#endif
