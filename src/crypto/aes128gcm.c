/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/aes128gcm.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "base/log.h"
#include "crypto/keyed-hash.h"

enum {
	AES128GCM_KEY_SIZE = 16,
	AES128GCM_NONCE_SIZE = 12,
	AES128GCM_TAG_SIZE = 16,
	AES128GCM_SHARED_SIZE = 32,
	AES128GCM_HEADER_SIZE = AES128GCM_SALT_SIZE + 5 + AES128GCM_PUBLIC_SIZE
};

/* What one message is encrypted with. */
struct aes128gcm_keys {
	unsigned char salt[AES128GCM_SALT_SIZE];
	unsigned char public_key[AES128GCM_PUBLIC_SIZE];	/* ours */
	unsigned char shared[AES128GCM_SHARED_SIZE];
	unsigned char key[AES128GCM_KEY_SIZE];
	unsigned char nonce[AES128GCM_NONCE_SIZE];
};

/* A key on P-256 of its parts; NULL if they are none. */
static EVP_PKEY *
aes128gcm_make_key(const unsigned char *point,
    const unsigned char *private_key)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	BIGNUM *number = private_key == NULL ? NULL :
	    BN_bin2bn(private_key, AES128GCM_PRIVATE_SIZE, NULL);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (OSSL_PARAM_BLD_push_utf8_string(builder,
	    OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY,
	    point, AES128GCM_PUBLIC_SIZE) == 1 &&
	    (number == NULL || OSSL_PARAM_BLD_push_BN(builder,
	    OSSL_PKEY_PARAM_PRIV_KEY, number) == 1))
		params = OSSL_PARAM_BLD_to_param(builder);
	if (params == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, number == NULL ?
	    EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR, params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(context);
	BN_clear_free(number);
	OSSL_PARAM_BLD_free(builder);
	return key;
}

/* The point that belongs to a private key. */
static bool
aes128gcm_public_of(const unsigned char *private_key,
    unsigned char point[AES128GCM_PUBLIC_SIZE])
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *public_key = EC_POINT_new(group);
	BIGNUM *number = BN_bin2bn(private_key, AES128GCM_PRIVATE_SIZE, NULL);
	bool done = EC_POINT_mul(group, public_key, number, NULL, NULL,
	    NULL) == 1 && EC_POINT_point2oct(group, public_key,
	    POINT_CONVERSION_UNCOMPRESSED, point, AES128GCM_PUBLIC_SIZE,
	    NULL) == AES128GCM_PUBLIC_SIZE;

	BN_clear_free(number);
	EC_POINT_free(public_key);
	EC_GROUP_free(group);
	return done;
}

/* Our own key pair for this one message. */
static EVP_PKEY *
aes128gcm_own_key(const struct aes128gcm_fixed *fixed,
    struct aes128gcm_keys *keys)
{
	EVP_PKEY *own = NULL;
	size_t size = 0;

	if (fixed != NULL) {
		memcpy(keys->salt, fixed->salt, sizeof keys->salt);
		if (aes128gcm_public_of(fixed->private_key, keys->public_key))
			own = aes128gcm_make_key(keys->public_key,
			    fixed->private_key);
		return own;
	}
	own = EVP_EC_gen("P-256");
	if (own == NULL || RAND_bytes(keys->salt, sizeof keys->salt) != 1 ||
	    EVP_PKEY_get_octet_string_param(own, OSSL_PKEY_PARAM_PUB_KEY,
	    keys->public_key, sizeof keys->public_key, &size) != 1 ||
	    size != sizeof keys->public_key)
		fatalx("OpenSSL makes no key on P-256");
	return own;
}

/* ECDH; OpenSSL checks that the other point is on the curve. */
static bool
aes128gcm_agree(EVP_PKEY *own, EVP_PKEY *peer, struct aes128gcm_keys *keys)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(own, NULL);
	size_t size = sizeof keys->shared;
	bool agreed = context != NULL && EVP_PKEY_derive_init(context) == 1 &&
	    EVP_PKEY_derive_set_peer_ex(context, peer, 1) == 1 &&
	    EVP_PKEY_derive(context, keys->shared, &size) == 1 &&
	    size == sizeof keys->shared;

	EVP_PKEY_CTX_free(context);
	return agreed;
}

/* RFC 8291, section 3.4: HKDF, each of one block, so HMAC alone. */
static void
aes128gcm_derive(const struct aes128gcm_subscription *subscription,
    struct aes128gcm_keys *keys)
{
	static const char key_info[] = "Content-Encoding: aes128gcm\0\1";
	static const char nonce_info[] = "Content-Encoding: nonce\0\1";
	unsigned char info[14 + 2 * AES128GCM_PUBLIC_SIZE + 1];
	unsigned char prk[KEYED_HASH_SIZE], out[KEYED_HASH_SIZE];

	memcpy(info, "WebPush: info", 14);
	memcpy(info + 14, subscription->public_key, AES128GCM_PUBLIC_SIZE);
	memcpy(info + 14 + AES128GCM_PUBLIC_SIZE, keys->public_key,
	    AES128GCM_PUBLIC_SIZE);
	info[sizeof info - 1] = 1;
	keyed_hash(subscription->auth, sizeof subscription->auth,
	    keys->shared, sizeof keys->shared, prk);
	keyed_hash(prk, sizeof prk, info, sizeof info, out);
	keyed_hash(keys->salt, sizeof keys->salt, out, sizeof out, prk);
	keyed_hash(prk, sizeof prk, key_info, sizeof key_info - 1, out);
	memcpy(keys->key, out, sizeof keys->key);
	keyed_hash(prk, sizeof prk, nonce_info, sizeof nonce_info - 1, out);
	memcpy(keys->nonce, out, sizeof keys->nonce);
	OPENSSL_cleanse(prk, sizeof prk);
	OPENSSL_cleanse(out, sizeof out);
}

static bool
aes128gcm_append_header(const struct aes128gcm_keys *keys, struct buf *body)
{
	static const unsigned char sizes[] = {
		0, 0, AES128GCM_RECORD_SIZE >> 8, AES128GCM_RECORD_SIZE & 0xff,
		AES128GCM_PUBLIC_SIZE
	};

	return buf_append(body, keys->salt, sizeof keys->salt) &&
	    buf_append(body, sizes, sizeof sizes) &&
	    buf_append(body, keys->public_key, sizeof keys->public_key);
}

/* The one record: the text, a delimiter of 2, padding, and the tag. */
static bool
aes128gcm_append_record(const struct aes128gcm_keys *keys, const void *text,
    size_t size, size_t padded, struct buf *body)
{
	unsigned char plain[AES128GCM_TEXT_MAX + 1] = { 0 };
	unsigned char sealed[sizeof plain + AES128GCM_TAG_SIZE];
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int length = (int)(size > padded ? size : padded) + 1, written, rest;
	bool done;

	memcpy(plain, text, size);
	plain[size] = 2;
	done = context != NULL && EVP_EncryptInit_ex(context,
	    EVP_aes_128_gcm(), NULL, keys->key, keys->nonce) == 1 &&
	    EVP_EncryptUpdate(context, sealed, &written, plain, length) == 1 &&
	    EVP_EncryptFinal_ex(context, sealed + written, &rest) == 1 &&
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG,
	    AES128GCM_TAG_SIZE, sealed + length) == 1 &&
	    buf_append(body, sealed, (size_t)length + AES128GCM_TAG_SIZE);
	EVP_CIPHER_CTX_free(context);
	OPENSSL_cleanse(plain, sizeof plain);
	return done;
}

bool
aes128gcm_encrypt(const struct aes128gcm_subscription *subscription,
    const struct aes128gcm_fixed *fixed, const void *text, size_t size,
    size_t padded, struct buf *body)
{
	struct aes128gcm_keys keys;
	EVP_PKEY *peer = NULL, *own = NULL;
	bool done = false;

	if (size <= AES128GCM_TEXT_MAX && padded <= AES128GCM_TEXT_MAX &&
	    subscription->public_key[0] == 4)
		peer = aes128gcm_make_key(subscription->public_key, NULL);
	if (peer != NULL)
		own = aes128gcm_own_key(fixed, &keys);
	if (own != NULL && aes128gcm_agree(own, peer, &keys)) {
		aes128gcm_derive(subscription, &keys);
		done = aes128gcm_append_header(&keys, body) &&
		    aes128gcm_append_record(&keys, text, size, padded, body);
	}
	EVP_PKEY_free(own);
	EVP_PKEY_free(peer);
	OPENSSL_cleanse(&keys, sizeof keys);
	ERR_clear_error();
	return done;
}
