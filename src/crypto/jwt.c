/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jwt.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/encoding.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "crypto/pem.h"

enum {
	JWT_SIGNATURE_SIZE = 1024,	/* RSA of 8192 bits */
	JWT_P256_SIZE = 32,
	JWT_RSA_MIN_BITS = 2048
};

struct jwt_key {
	enum jwt_algorithm algorithm;
	EVP_PKEY *key;
};

static bool
jwt_key_suits(EVP_PKEY *key, enum jwt_algorithm algorithm)
{
	char group[64] = "";

	if (algorithm != JWT_ES256)
		return EVP_PKEY_is_a(key, "RSA") &&
		    EVP_PKEY_get_bits(key) >= JWT_RSA_MIN_BITS;
	return EVP_PKEY_is_a(key, "EC") &&
	    EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
	    strcmp(group, SN_X9_62_prime256v1) == 0;
}

struct jwt_key *
jwt_key_read(enum jwt_algorithm algorithm, const char *pem, size_t size,
    struct error *error)
{
	struct jwt_key *key = NULL;
	EVP_PKEY *pkey = NULL;
	size_t mark = pem_mark_size(pem, size);
	BIO *bio = BIO_new_mem_buf(pem + mark, (int)(size - mark));

	if (bio != NULL)
		pkey = PEM_read_bio_PrivateKey(bio, NULL, pem_no_password,
		    NULL);
	if (pkey == NULL)
		error_set(error, "%s", pem_explain_key(pem, size));
	else if (!jwt_key_suits(pkey, algorithm))
		error_set(error, "is not %s", algorithm == JWT_ES256 ?
		    "a key on the curve P-256" :
		    "an RSA key of at least 2048 bits");
	else {
		key = xcalloc(1, sizeof *key);
		key->algorithm = algorithm;
		key->key = pkey;
		pkey = NULL;
	}
	EVP_PKEY_free(pkey);
	BIO_free(bio);
	ERR_clear_error();
	return key;
}

void
jwt_key_free(struct jwt_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->key);
	free(key);
}

void
jwt_key_fingerprint(const struct jwt_key *key, char hex[17])
{
	unsigned char digest[EVP_MAX_MD_SIZE] = { 0 };
	unsigned char *der = NULL;
	int size = i2d_PUBKEY(key->key, &der);

	if (size > 0)
		EVP_Digest(der, (size_t)size, digest, NULL, EVP_sha256(), NULL);
	OPENSSL_free(der);
	encoding_write_hex(digest, 8, hex);
}

void
jwt_key_point(const struct jwt_key *key, unsigned char point[JWT_POINT_SIZE])
{
	unsigned char *encoded = NULL;

	/* OpenSSL gives it as the key's file had it, maybe compressed. */
	if (EVP_PKEY_set_utf8_string_param(key->key,
	    OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
	    OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) != 1 ||
	    EVP_PKEY_get1_encoded_public_key(key->key, &encoded) !=
	    JWT_POINT_SIZE)
		fatalx("a public key cannot be written");
	memcpy(point, encoded, JWT_POINT_SIZE);
	OPENSSL_free(encoded);
}

void
jwt_key_derive(const struct jwt_key *key, const char *label,
    unsigned char secret[KEYED_HASH_SIZE])
{
	unsigned char *der = NULL;
	int size = i2d_PrivateKey(key->key, &der);

	if (size <= 0)
		fatalx("a private key cannot be written");
	keyed_hash(der, (size_t)size, label, strlen(label), secret);
	OPENSSL_clear_free(der, (size_t)size);
}

/*
 * OpenSSL gives ECDSA signatures in DER; a JWS holds R and S as they are, each
 * of 32 bytes (RFC 7518, section 3.4).
 */
static bool
jwt_signature_from_der(unsigned char *signature, size_t *size)
{
	const unsigned char *der = signature;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)*size);
	bool done = false;

	if (pair != NULL) {
		done = BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature,
		    JWT_P256_SIZE) == JWT_P256_SIZE &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(pair),
		    signature + JWT_P256_SIZE, JWT_P256_SIZE) == JWT_P256_SIZE;
		*size = 2 * JWT_P256_SIZE;
	}
	ECDSA_SIG_free(pair);
	return done;
}

/* PSS with a salt as long as the digest (RFC 7518, section 3.5). */
static bool
jwt_sign_init(const struct jwt_key *key, EVP_MD_CTX *context)
{
	EVP_PKEY_CTX *params;

	return context != NULL && EVP_DigestSignInit(context, &params,
	    EVP_sha256(), NULL, key->key) == 1 &&
	    (key->algorithm != JWT_PS256 ||
	    (EVP_PKEY_CTX_set_rsa_padding(params, RSA_PKCS1_PSS_PADDING) ==
	    1 && EVP_PKEY_CTX_set_rsa_pss_saltlen(params,
	    RSA_PSS_SALTLEN_DIGEST) == 1));
}

bool
jwt_sign(const struct jwt_key *key, const char *header, const char *claims,
    struct buf *token, struct error *error)
{
	unsigned char signature[JWT_SIGNATURE_SIZE];
	size_t size = sizeof signature, start = token->size;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done = false;

	error_set(error, "the token does not fit");
	if (!encoding_append_base64url(token, header, strlen(header)) ||
	    !buf_append_text(token, ".") ||
	    !encoding_append_base64url(token, claims, strlen(claims)))
		goto out;
	error_set(error, "the token cannot be signed");
	if (!jwt_sign_init(key, context) ||
	    EVP_DigestSign(context, signature, &size,
	    (const unsigned char *)token->data + start,
	    token->size - start) != 1)
		goto out;
	if (key->algorithm == JWT_ES256 &&
	    !jwt_signature_from_der(signature, &size))
		goto out;
	error_set(error, "the token does not fit");
	done = buf_append_text(token, ".") &&
	    encoding_append_base64url(token, signature, size);
out:
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return done;
}
