/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

/*
 * What several of the tests need: files in a directory of their own, keys
 * made on the spot, and JSON compared by value.  Texts and paths belong to
 * the fixture; all of it is gone when the program ends.  What cannot be made
 * ends the program.
 */

/* A private directory, which is removed with all that is in it at the end. */
const char *fixture_directory(void);

/* Removes a directory with all that is in it. */
void fixture_remove(const char *path);

/* The path of a file in it. */
const char *fixture_path(const char *name);

/* Writes a file of mode 0600 there, and returns its path. */
const char *fixture_file(const char *name, const char *text);

/* A text of the format. */
const char *fixture_format(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* `count` times `unit`. */
const char *fixture_repeat(const char *unit, size_t count);

enum fixture_key {
	FIXTURE_KEY_P256,
	FIXTURE_KEY_P384,
	FIXTURE_KEY_RSA_2048,
	FIXTURE_KEY_RSA_1024,
	FIXTURE_KEY_ED25519,
	FIXTURE_KEY__MAX
};

/* A key of that kind, always the same one in one program. */
EVP_PKEY *fixture_key(enum fixture_key kind);

/* Another one of that kind, which the caller frees. */
EVP_PKEY *fixture_key_create(enum fixture_key kind);

/* The private key in PEM (PKCS#8), encrypted if there is a password. */
const char *fixture_pem(EVP_PKEY *key, const char *password);

/* A certificate of a key, signed by it, which the caller frees. */
X509 *fixture_certificate(EVP_PKEY *key, int64_t begins_s,
    int64_t expires_s);

/* Any certificate in PEM. */
const char *fixture_certificate_pem(X509 *certificate);

/* Parses JSON, which the caller puts; ends the program if it is none. */
struct json_object *fixture_json(const char *text);

/* The text of an object, with the members of another set, or removed where
 * they are null there. */
const char *fixture_json_with(const char *text, const char *changes);

/* A check: the same JSON, whatever the order of members. */
bool fixture_is_json(const char *got, const char *expected,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The header (0) or the claims (1) of a JWT, decoded; NULL if it is none. */
const char *fixture_jwt_part(const char *jwt, unsigned int part);

/* True if it is signed by the key, with ES256 or RS256 as the key is. */
bool fixture_jwt_is_signed_by(const char *jwt, EVP_PKEY *key);

#endif
