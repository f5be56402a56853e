/* SPDX-License-Identifier: Apache-2.0 */
#include "ec-key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include <err.h>
#include <stdbool.h>
#include <string.h>

#define GROUP "prime256v1"

/* A key of a point and, unless it is NULL, a scalar. */
static EVP_PKEY *
make_key(const unsigned char *point, const BIGNUM *scalar)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	int selection = scalar != NULL ? EVP_PKEY_KEYPAIR
	    : EVP_PKEY_PUBLIC_KEY;
	OSSL_PARAM *parameters = NULL;
	EVP_PKEY *key = NULL;

	if (builder == NULL || context == NULL ||
	    OSSL_PARAM_BLD_push_utf8_string(builder,
	    OSSL_PKEY_PARAM_GROUP_NAME, GROUP, 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY,
	    point, EC_KEY_POINT_SIZE) != 1 ||
	    (scalar != NULL && OSSL_PARAM_BLD_push_BN(builder,
	    OSSL_PKEY_PARAM_PRIV_KEY, scalar) != 1) ||
	    (parameters = OSSL_PARAM_BLD_to_param(builder)) == NULL ||
	    EVP_PKEY_fromdata_init(context) != 1)
		errx(1, "cannot make a key");
	/* It says no to a point that is not on the curve. */
	if (EVP_PKEY_fromdata(context, &key, selection, parameters) != 1)
		key = NULL;
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(context);
	return key;
}

EVP_PKEY *
ec_key_from_public(const void *point, size_t length)
{
	const unsigned char *bytes = point;
	EVP_PKEY *key = NULL;

	if (length == EC_KEY_POINT_SIZE && bytes[0] == 4)
		key = make_key(bytes, NULL);
	return key;
}

EVP_PKEY *
ec_key_from_private(const void *scalar, size_t length)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	BIGNUM *number = BN_bin2bn(scalar, (int)length, NULL);
	unsigned char bytes[EC_KEY_POINT_SIZE];
	EC_POINT *point = NULL;
	EVP_PKEY *key = NULL;

	if (group == NULL || number == NULL ||
	    (point = EC_POINT_new(group)) == NULL)
		errx(1, "out of memory");
	if (length == EC_KEY_SCALAR_SIZE && !BN_is_zero(number) &&
	    BN_cmp(number, EC_GROUP_get0_order(group)) < 0 &&
	    EC_POINT_mul(group, point, number, NULL, NULL, NULL) == 1 &&
	    EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED,
	    bytes, sizeof bytes, NULL) == sizeof bytes)
		key = make_key(bytes, number);
	EC_POINT_free(point);
	BN_clear_free(number);
	EC_GROUP_free(group);
	return key;
}

EVP_PKEY *
ec_key_generate(void)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", GROUP);

	if (key == NULL)
		errx(1, "cannot make a key");
	return key;
}

void
ec_key_get_public(const EVP_PKEY *key, unsigned char point[EC_KEY_POINT_SIZE])
{
	size_t length = 0;

	if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY,
	    point, EC_KEY_POINT_SIZE, &length) != 1 ||
	    length != EC_KEY_POINT_SIZE || point[0] != 4)
		errx(1, "a key has no uncompressed point of P-256");
}
