/* SPDX-License-Identifier: Apache-2.0 */
#include "jwt-verify.h"

#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include <string.h>

#include "encoding.h"

#define ES256_HALF 32

static struct json_object *
decode_part(const char *from, size_t length)
{
	struct text text;
	struct json_object *part = NULL;

	text_init(&text, JWT_LENGTH_MAX);
	if (encoding_decode_base64url(&text, from, length))
		part = json_tokener_parse(text_string(&text));
	if (!json_object_is_type(part, json_type_object)) {
		json_object_put(part);
		part = NULL;
	}
	text_clear(&text);
	return part;
}

bool
jwt_parse(struct jwt *jwt, const char *token)
{
	const char *first = strchr(token, '.');
	const char *second = first != NULL ? strchr(first + 1, '.') : NULL;
	bool good = false;

	memset(jwt, 0, sizeof *jwt);
	jwt->token = token;
	text_init(&jwt->signature, JWT_LENGTH_MAX);
	if (second != NULL && strlen(token) <= JWT_LENGTH_MAX) {
		jwt->signed_length = (size_t)(second - token);
		jwt->header = decode_part(token, (size_t)(first - token));
		jwt->claims = decode_part(first + 1,
		    (size_t)(second - first - 1));
		good = jwt->header != NULL && jwt->claims != NULL &&
		    encoding_decode_base64url(&jwt->signature, second + 1,
		    strlen(second + 1));
	}
	return good;
}

void
jwt_clear(struct jwt *jwt)
{
	json_object_put(jwt->header);
	json_object_put(jwt->claims);
	text_clear(&jwt->signature);
}

const char *
jwt_get_string(struct json_object *part, const char *name)
{
	struct json_object *value;
	const char *string = NULL;

	if (json_object_object_get_ex(part, name, &value) &&
	    json_object_is_type(value, json_type_string))
		string = json_object_get_string(value);
	return string;
}

bool
jwt_get_integer(const struct jwt *jwt, const char *name, int64_t *value)
{
	struct json_object *member;
	bool good;

	good = json_object_object_get_ex(jwt->claims, name, &member) &&
	    json_object_is_type(member, json_type_int);
	if (good)
		*value = json_object_get_int64(member);
	return good;
}

/* RFC 7518, 3.4: R and S side by side; OpenSSL wants them in DER. */
static unsigned char *
es256_to_der(const struct text *signature, int *length)
{
	const unsigned char *raw = (const unsigned char *)signature->data;
	unsigned char *der = NULL;
	ECDSA_SIG *sig = NULL;
	BIGNUM *r = NULL;
	BIGNUM *s = NULL;

	*length = 0;
	if (signature->length == ES256_HALF * 2 &&
	    (sig = ECDSA_SIG_new()) != NULL) {
		r = BN_bin2bn(raw, ES256_HALF, NULL);
		s = BN_bin2bn(raw + ES256_HALF, ES256_HALF, NULL);
		if (ECDSA_SIG_set0(sig, r, s) == 1) {
			*length = i2d_ECDSA_SIG(sig, &der);
		} else {
			BN_free(r);
			BN_free(s);
		}
	}
	ECDSA_SIG_free(sig);
	return der;
}

/* RFC 7518, 3.5: the salt is as long as the digest. */
static bool
use_pss(EVP_PKEY_CTX *context)
{
	return EVP_PKEY_CTX_set_rsa_padding(context,
	    RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(context,
	    RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool
verify(const struct jwt *jwt, EVP_PKEY *key, const unsigned char *signature,
    size_t length, bool pss)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *padding;
	bool good;

	good = context != NULL &&
	    EVP_DigestVerifyInit(context, &padding, EVP_sha256(), NULL,
	    key) == 1 &&
	    (!pss || use_pss(padding)) &&
	    EVP_DigestVerify(context, signature, length,
	    (const unsigned char *)jwt->token, jwt->signed_length) == 1;
	EVP_MD_CTX_free(context);
	return good;
}

bool
jwt_is_signed_by(const struct jwt *jwt, const char *algorithm, EVP_PKEY *key)
{
	const char *named = jwt_get_string(jwt->header, "alg");
	unsigned char *der = NULL;
	int length = 0;
	bool good = false;

	if (named == NULL || strcmp(named, algorithm) != 0) {
		good = false;
	} else if (strcmp(algorithm, "ES256") == 0) {
		der = es256_to_der(&jwt->signature, &length);
		good = length > 0 && EVP_PKEY_is_a(key, "EC") &&
		    verify(jwt, key, der, (size_t)length, false);
		OPENSSL_free(der);
	} else if (strcmp(algorithm, "RS256") == 0 ||
	    strcmp(algorithm, "PS256") == 0) {
		good = EVP_PKEY_is_a(key, "RSA") && jwt->signature.length > 0 &&
		    verify(jwt, key,
		    (const unsigned char *)jwt->signature.data,
		    jwt->signature.length, algorithm[0] == 'P');
	}
	return good;
}
