/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keyed-hash.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/log.h"

void
keyed_hash(const void *key, size_t key_size, const void *data, size_t size,
    unsigned char hash[KEYED_HASH_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (HMAC(EVP_sha256(), key, (int)key_size, data, size, digest,
	    NULL) == NULL)
		fatalx("OpenSSL has no HMAC");
	memcpy(hash, digest, KEYED_HASH_SIZE);
	OPENSSL_cleanse(digest, sizeof digest);
}

/*
 * Looking for the algorithm, and making a context, cost OpenSSL more than
 * using them: done once.
 */
static EVP_MAC_CTX *
keyed_hash_siphash(void)
{
	static EVP_MAC_CTX *context;
	EVP_MAC *siphash;

	if (context == NULL) {
		siphash = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
		if (siphash != NULL)
			context = EVP_MAC_CTX_new(siphash);
		EVP_MAC_free(siphash);
	}
	return context;
}

void
keyed_hash_short(const unsigned char key[KEYED_HASH_SHORT_SIZE],
    const void *data, size_t size,
    unsigned char hash[KEYED_HASH_SHORT_SIZE])
{
	EVP_MAC_CTX *context = keyed_hash_siphash();
	size_t done = 0;

	if (context == NULL ||
	    EVP_MAC_init(context, key, KEYED_HASH_SHORT_SIZE, NULL) != 1 ||
	    EVP_MAC_update(context, data, size) != 1 ||
	    EVP_MAC_final(context, hash, &done, KEYED_HASH_SHORT_SIZE) != 1 ||
	    done != KEYED_HASH_SHORT_SIZE)
		fatalx("OpenSSL has no SipHash of 128 bits");
}
