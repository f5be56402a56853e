/* SPDX-License-Identifier: Apache-2.0 */
#include "aes128gcm.h"

#include <openssl/hmac.h>

#include <err.h>
#include <stdint.h>
#include <string.h>

#include "ec-key.h"

#define SALT_SIZE 16
#define HEADER_SIZE (SALT_SIZE + 4 + 1 + EC_KEY_POINT_SIZE)
#define TAG_SIZE 16
#define KEY_SIZE 16
#define NONCE_SIZE 12
#define HASH_SIZE 32
#define SECRET_SIZE 32
#define RECORD_SIZE_MIN (TAG_SIZE + 2)
#define PLAINTEXT_MAX 65536

struct content_key {
	unsigned char key[KEY_SIZE];
	unsigned char nonce[NONCE_SIZE];
};

static void
hash(const void *key, size_t key_size, const void *data, size_t size,
    unsigned char result[HASH_SIZE])
{
	if (HMAC(EVP_sha256(), key, (int)key_size, data, size, result,
	    NULL) == NULL)
		errx(1, "out of memory");
}

/* The secret that both ends share; false if the point is not on P-256. */
static bool
agree(EVP_PKEY *receiver, const unsigned char *sender_point,
    unsigned char secret[SECRET_SIZE])
{
	EVP_PKEY *sender = ec_key_from_public(sender_point,
	    EC_KEY_POINT_SIZE);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(receiver, NULL);
	size_t size = SECRET_SIZE;
	bool good;

	good = sender != NULL && context != NULL &&
	    EVP_PKEY_derive_init(context) == 1 &&
	    EVP_PKEY_derive_set_peer(context, sender) == 1 &&
	    EVP_PKEY_derive(context, secret, &size) == 1 &&
	    size == SECRET_SIZE;
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(sender);
	return good;
}

/* RFC 8291, 3.3 and 3.4; every output is one block of HKDF or less. */
static void
derive(EVP_PKEY *receiver, const unsigned char auth[AES128GCM_AUTH_SIZE],
    const unsigned char secret[SECRET_SIZE], const unsigned char *salt,
    const unsigned char *sender_point, struct content_key *content)
{
	static const char key_info[] = "WebPush: info";
	static const char cek_info[] = "Content-Encoding: aes128gcm\0\1";
	static const char nonce_info[] = "Content-Encoding: nonce\0\1";
	unsigned char info[sizeof key_info + 2 * EC_KEY_POINT_SIZE + 1];
	unsigned char extracted[HASH_SIZE];
	unsigned char material[HASH_SIZE];
	unsigned char expanded[HASH_SIZE];

	memcpy(info, key_info, sizeof key_info);	/* with its NUL */
	ec_key_get_public(receiver, info + sizeof key_info);
	memcpy(info + sizeof key_info + EC_KEY_POINT_SIZE, sender_point,
	    EC_KEY_POINT_SIZE);
	info[sizeof info - 1] = 1;
	hash(auth, AES128GCM_AUTH_SIZE, secret, SECRET_SIZE, extracted);
	hash(extracted, sizeof extracted, info, sizeof info, material);
	hash(salt, SALT_SIZE, material, sizeof material, extracted);
	hash(extracted, sizeof extracted, cek_info, sizeof cek_info - 1,
	    expanded);
	memcpy(content->key, expanded, KEY_SIZE);
	hash(extracted, sizeof extracted, nonce_info, sizeof nonce_info - 1,
	    expanded);
	memcpy(content->nonce, expanded, NONCE_SIZE);
}

static bool
open_record(const struct content_key *content, const unsigned char *record,
    size_t length, unsigned char *plain)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	size_t size = length - TAG_SIZE;
	int written = 0;
	int rest = 0;
	bool good;

	good = context != NULL &&
	    EVP_DecryptInit_ex(context, EVP_aes_128_gcm(), NULL, content->key,
	    content->nonce) == 1 &&
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE,
	    (void *)(uintptr_t)(record + size)) == 1 &&
	    EVP_DecryptUpdate(context, plain, &written, record,
	    (int)size) == 1 &&
	    EVP_DecryptFinal_ex(context, plain + written, &rest) == 1;
	EVP_CIPHER_CTX_free(context);
	return good;
}

/* What follows the last byte that is not 0, which is 2 in a last record. */
static bool
strip_padding(const unsigned char *plain, size_t *length, size_t *padding)
{
	size_t end = *length;

	while (end > 0 && plain[end - 1] == 0)
		end--;
	*padding = *length - end;
	*length = end > 0 ? end - 1 : 0;
	return end > 0 && plain[end - 1] == 2;
}

bool
aes128gcm_decrypt(EVP_PKEY *receiver,
    const unsigned char auth[AES128GCM_AUTH_SIZE], const void *body,
    size_t length, struct text *plaintext, size_t *padding, const char **why)
{
	static unsigned char plain[PLAINTEXT_MAX];
	const unsigned char *bytes = body;
	unsigned char secret[SECRET_SIZE];
	struct content_key content;
	size_t record = length > HEADER_SIZE ? length - HEADER_SIZE : 0;
	size_t size = record > TAG_SIZE ? record - TAG_SIZE : 0;
	uint32_t record_size = 0;

	*why = NULL;
	if (length >= HEADER_SIZE)
		record_size = (uint32_t)bytes[16] << 24 |
		    (uint32_t)bytes[17] << 16 | (uint32_t)bytes[18] << 8 |
		    bytes[19];
	if (record < RECORD_SIZE_MIN - 1 || size > sizeof plain)
		*why = "the body is too short or too long";
	else if (bytes[SALT_SIZE + 4] != EC_KEY_POINT_SIZE)
		*why = "the key id is no point of 65 bytes";
	else if (record_size < RECORD_SIZE_MIN)
		*why = "the record size is under 18";
	else if (record > record_size)
		*why = "there is more than one record";
	else if (!agree(receiver, bytes + SALT_SIZE + 5, secret))
		*why = "the key id is no point on P-256";
	else
		derive(receiver, auth, secret, bytes,
		    bytes + SALT_SIZE + 5, &content);
	if (*why == NULL && !open_record(&content, bytes + HEADER_SIZE,
	    record, plain))
		*why = "the tag does not match";
	if (*why == NULL && !strip_padding(plain, &size, padding))
		*why = "the delimiter of a last record is missing";
	if (*why == NULL)
		text_add(plaintext, plain, size);
	return *why == NULL;
}
