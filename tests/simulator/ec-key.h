/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EC_KEY_H
#define EC_KEY_H

#include <openssl/evp.h>

#include <stddef.h>

#define EC_KEY_POINT_SIZE 65	/* uncompressed, on P-256 */
#define EC_KEY_SCALAR_SIZE 32

/* The caller frees the keys with EVP_PKEY_free. */

/*
 * The public key that an uncompressed point is; NULL unless the point is on
 * P-256.
 */
EVP_PKEY *
ec_key_from_public(const void *point, size_t length);

/* The key pair of a scalar; NULL if it is none of P-256. */
EVP_PKEY *
ec_key_from_private(const void *scalar, size_t length);

/* A fresh key pair, or the end of the program. */
EVP_PKEY *
ec_key_generate(void);

/* Writes the uncompressed point of a key; ends the program if it has none. */
void
ec_key_get_public(const EVP_PKEY *key, unsigned char point[EC_KEY_POINT_SIZE]);

#endif
