/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_JWT_H
#define CRYPTO_JWT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "crypto/keyed-hash.h"

/*
 * Signed JSON Web Tokens (RFC 7519, RFC 7515): ES256 for APNs and Web Push,
 * RS256 for Google's token endpoint, PS256 for Huawei.
 */
struct jwt_key;

enum { JWT_POINT_SIZE = 65 };

enum jwt_algorithm {
	JWT_ES256,	/* a key on P-256; signature as R and S, 64 bytes */
	JWT_RS256,	/* an RSA key of at least 2048 bits */
	JWT_PS256	/* the same, with PSS */
};

/*
 * Reads a private key in PEM (PKCS#8, SEC 1 or PKCS#1, not encrypted), which a
 * NUL follows.  NULL
 * with an error if it is not one, or not for the algorithm; the error never
 * contains a part of the key.
 */
struct jwt_key *jwt_key_read(enum jwt_algorithm algorithm, const char *pem,
    size_t size, struct error *error);
void jwt_key_free(struct jwt_key *key);

/*
 * The first 16 hex digits of the SHA-256 of the public key: distinguishes
 * keys in file names.  `hex` takes 17 bytes.
 */
void jwt_key_fingerprint(const struct jwt_key *key, char hex[17]);

/* The public key of ES256, as a point that is not compressed. */
void jwt_key_point(const struct jwt_key *key,
    unsigned char point[JWT_POINT_SIZE]);

/*
 * A secret for another purpose, `label`, which whoever has the key can derive,
 * and nobody else.
 */
void jwt_key_derive(const struct jwt_key *key, const char *label,
    unsigned char secret[KEYED_HASH_SIZE]);

/*
 * Appends base64url(header) "." base64url(claims) "." base64url(signature)
 * to `token`.  False with an error if it cannot be signed or does not fit.
 */
bool jwt_sign(const struct jwt_key *key, const char *header,
    const char *claims, struct buf *token, struct error *error);

#endif
