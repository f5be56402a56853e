/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cipher.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "base/encoding.h"
#include "base/log.h"

enum {
	CIPHER_NONCE_SIZE = 12,
	CIPHER_TAG_SIZE = 16,
	CIPHER_MAGIC_SIZE = 4,
	CIPHER_HEAD_SIZE = CIPHER_MAGIC_SIZE + 2,
	CIPHER_PADDED_SIZE = CIPHER_HEAD_SIZE + CIPHER_TEXT_MAX,
	CIPHER_SEALED_SIZE =
	    CIPHER_NONCE_SIZE + CIPHER_PADDED_SIZE + CIPHER_TAG_SIZE
};

static const unsigned char cipher_magic[CIPHER_MAGIC_SIZE] = {
	'P', 'N', 'M', '1'
};

int
cipher_month_read(const char *text)
{
	int year, month;
	size_t i;

	for (i = 0; i < CIPHER_MONTH_SIZE - 1; i++) {
		if (i == 4 ? text[i] != '-' : !isdigit((unsigned char)text[i]))
			return -1;
	}
	year = atoi(text);
	month = atoi(text + 5);
	return text[i] == '\0' && month >= 1 && month <= 12 ?
	    year * 12 + month - 1 : -1;
}

void
cipher_month_write(int month, char text[CIPHER_MONTH_SIZE])
{
	snprintf(text, CIPHER_MONTH_SIZE, "%04u-%02u",
	    (unsigned int)month / 12 % 10000, (unsigned int)month % 12 + 1);
}

void
cipher_step(struct cipher_keys *keys, int month)
{
	char info[CIPHER_MONTH_SIZE], digest[] = "SHA256";
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
	unsigned char output[2 * CIPHER_KEY_SIZE];
	OSSL_PARAM params[4];

	cipher_month_write(month, info);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
	    digest, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
	    keys->secret, sizeof keys->secret);
	params[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO,
	    info, strlen(info));
	params[3] = OSSL_PARAM_construct_end();
	if (EVP_KDF_derive(context, output, sizeof output, params) != 1)
		fatalx("OpenSSL has no HKDF");
	memcpy(keys->secret, output, CIPHER_KEY_SIZE);
	memcpy(keys->key, output + CIPHER_KEY_SIZE, CIPHER_KEY_SIZE);
	OPENSSL_cleanse(output, sizeof output);
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
}

static void
cipher_pad(const char *text, size_t size,
    unsigned char padded[CIPHER_PADDED_SIZE])
{
	size_t padding = CIPHER_TEXT_MAX - size;

	memcpy(padded, cipher_magic, CIPHER_MAGIC_SIZE);
	padded[CIPHER_MAGIC_SIZE] = (unsigned char)(padding >> 8);
	padded[CIPHER_MAGIC_SIZE + 1] = (unsigned char)(padding & 0xff);
	memset(padded + CIPHER_HEAD_SIZE, ' ', padding);
	memcpy(padded + CIPHER_HEAD_SIZE + padding, text, size);
}

/* Appends the text that is padded so, if it is. */
static bool
cipher_unpad(const unsigned char padded[CIPHER_PADDED_SIZE], struct buf *text,
    struct error *error)
{
	size_t padding = (size_t)padded[CIPHER_MAGIC_SIZE] << 8 |
	    padded[CIPHER_MAGIC_SIZE + 1];
	const unsigned char *rest = padded + CIPHER_HEAD_SIZE;
	size_t spaces = 0;

	while (spaces < padding && spaces < CIPHER_TEXT_MAX &&
	    rest[spaces] == ' ')
		spaces++;
	if (memcmp(padded, cipher_magic, CIPHER_MAGIC_SIZE) != 0)
		error_set(error, "what is encrypted does not begin with PNM1");
	else if (padding > CIPHER_TEXT_MAX)
		error_set(error, "what is encrypted names %zu bytes of "
		    "padding, and %d is the most", padding, CIPHER_TEXT_MAX);
	else if (spaces < padding)
		error_set(error, "what is encrypted is not padded by spaces");
	else if (u8_check(rest + padding, CIPHER_TEXT_MAX - padding) != NULL)
		error_set(error, "what is encrypted is not UTF-8");
	else if (!buf_append(text, rest + padding, CIPHER_TEXT_MAX - padding))
		error_set(error, "the text does not fit");
	else
		return true;
	return false;
}

static bool
cipher_seal(const unsigned char *key,
    const unsigned char padded[CIPHER_PADDED_SIZE],
    unsigned char sealed[CIPHER_SEALED_SIZE])
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	unsigned char *body = sealed + CIPHER_NONCE_SIZE;
	int size;
	bool done = context != NULL &&
	    RAND_bytes(sealed, CIPHER_NONCE_SIZE) == 1 &&
	    EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key,
	    sealed) == 1 &&
	    EVP_EncryptUpdate(context, body, &size, padded,
	    CIPHER_PADDED_SIZE) == 1 &&
	    EVP_EncryptFinal_ex(context, body + size, &size) == 1 &&
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG,
	    CIPHER_TAG_SIZE, body + CIPHER_PADDED_SIZE) == 1;

	EVP_CIPHER_CTX_free(context);
	return done;
}

static bool
cipher_open(const unsigned char *key, unsigned char sealed[CIPHER_SEALED_SIZE],
    unsigned char padded[CIPHER_PADDED_SIZE])
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	unsigned char *body = sealed + CIPHER_NONCE_SIZE;
	int size;
	bool done = context != NULL &&
	    EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key,
	    sealed) == 1 &&
	    EVP_DecryptUpdate(context, padded, &size, body,
	    CIPHER_PADDED_SIZE) == 1 &&
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG,
	    CIPHER_TAG_SIZE, body + CIPHER_PADDED_SIZE) == 1 &&
	    EVP_DecryptFinal_ex(context, padded + size, &size) == 1;

	EVP_CIPHER_CTX_free(context);
	ERR_clear_error();
	return done;
}

bool
cipher_encrypt(const struct cipher_keys *keys, const char *text, size_t size,
    struct buf *ciphertext, struct error *error)
{
	unsigned char padded[CIPHER_PADDED_SIZE];
	unsigned char sealed[CIPHER_SEALED_SIZE];
	unsigned char base64[CIPHER_SIZE + 1];
	bool done = false;

	if (size > CIPHER_TEXT_MAX)
		error_set(error, "the text has %zu bytes, and %d is the most",
		    size, CIPHER_TEXT_MAX);
	else if (u8_check((const uint8_t *)text, size) != NULL)
		error_set(error, "the text is not UTF-8");
	else {
		cipher_pad(text, size, padded);
		if (!cipher_seal(keys->key, padded, sealed))
			fatalx("OpenSSL has no AES-256-GCM");
		EVP_EncodeBlock(base64, sealed, CIPHER_SEALED_SIZE);
		done = buf_append(ciphertext, base64, CIPHER_SIZE);
		if (!done)
			error_set(error, "the ciphertext does not fit");
		OPENSSL_cleanse(padded, sizeof padded);
	}
	return done;
}

bool
cipher_decrypt(const struct cipher_keys *keys, const char *ciphertext,
    size_t size, struct buf *text, struct error *error)
{
	unsigned char padded[CIPHER_PADDED_SIZE];
	unsigned char sealed[CIPHER_SEALED_SIZE];
	bool done = false;

	if (size != CIPHER_SIZE)
		error_set(error, "a ciphertext has %d characters, and this "
		    "has %zu bytes", CIPHER_SIZE, size);
	else if (encoding_read_base64(ciphertext, size, sealed,
	    sizeof sealed) != (long)sizeof sealed)
		error_set(error, "the ciphertext is not base64 of %d bytes",
		    CIPHER_SEALED_SIZE);
	else if (!cipher_open(keys->key, sealed, padded))
		error_set(error, "another secret or month encrypted this, or "
		    "it was changed since");
	else
		done = cipher_unpad(padded, text, error);
	OPENSSL_cleanse(padded, sizeof padded);
	return done;
}
