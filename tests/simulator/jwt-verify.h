/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JWT_VERIFY_H
#define JWT_VERIFY_H

#include <json-c/json.h>
#include <openssl/evp.h>

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

#define JWT_LENGTH_MAX 4096

/* A JSON Web Token taken apart.  Nothing of it is to be believed before
 * jwt_is_signed_by said so. */
struct jwt {
	const char *token;		/* borrowed from the caller */
	size_t signed_length;		/* header, dot and claims */
	struct json_object *header;	/* an object, owned */
	struct json_object *claims;	/* an object, owned */
	struct text signature;
};

/*
 * Takes the token apart.  False if it is not three parts of base64url whose
 * first two are JSON objects, or longer than JWT_LENGTH_MAX.  Whatever it
 * says, jwt_clear frees what it took.  The token must outlive the struct.
 */
bool
jwt_parse(struct jwt *jwt, const char *token);

void
jwt_clear(struct jwt *jwt);

/* A string member of the header or the claims, or NULL. */
const char *
jwt_get_string(struct json_object *part, const char *name);

/* An integer claim; false if it is missing or no integer. */
bool
jwt_get_integer(const struct jwt *jwt, const char *name, int64_t *value);

/*
 * True if the header names `algorithm` (ES256, RS256, PS256), the key is of
 * that kind, and the signature is good in the form that RFC 7518 asks for.
 */
bool
jwt_is_signed_by(const struct jwt *jwt, const char *algorithm,
    EVP_PKEY *key);

#endif
