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
