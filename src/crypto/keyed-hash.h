/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_KEYED_HASH_H
#define CRYPTO_KEYED_HASH_H

#include <stddef.h>

/*
 * HMAC-SHA256 (RFC 2104), for names that nobody without the key can trace
 * back, not even by trying what may have been hashed.  A hash can be the key
 * of the next one: for a purpose, or for one more part of what is hashed.
 */
enum { KEYED_HASH_SIZE = 32 };

/* `hash` may be the key itself. */
void keyed_hash(const void *key, size_t key_size, const void *data,
    size_t size, unsigned char hash[KEYED_HASH_SIZE]);

/*
 * SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012): a tenth of the
 * work, for where 128 bits are enough.
 */
enum { KEYED_HASH_SHORT_SIZE = 16 };

/* `hash` may be the key itself. */
void keyed_hash_short(const unsigned char key[KEYED_HASH_SHORT_SIZE],
    const void *data, size_t size,
    unsigned char hash[KEYED_HASH_SHORT_SIZE]);

#endif
