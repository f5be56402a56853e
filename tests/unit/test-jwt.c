/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jwt.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "fixture.h"
#include "tap.h"

/* --- keys ---------------------------------------------------------------- */

static const struct {
	const char *name;
	enum fixture_key kind;
	bool es256;
	bool rs256;
} keys[] = {
	{ "a key on P-256", FIXTURE_KEY_P256, true, false },
	{ "a key on P-384", FIXTURE_KEY_P384, false, false },
	{ "an RSA key of 2048 bits", FIXTURE_KEY_RSA_2048, false, true },
	{ "an RSA key of 1024 bits", FIXTURE_KEY_RSA_1024, false, false },
	{ "a key of Ed25519", FIXTURE_KEY_ED25519, false, false },
};

/* Reads a key, and checks that it is taken, or refused with such words. */
static void
check_read(const char *name, const char *pem, enum jwt_algorithm algorithm,
    const char *words)
{
	struct error error = { .words = "" };
	struct jwt_key *key = jwt_key_read(algorithm, pem, strlen(pem),
	    &error);
	const char *what = algorithm == JWT_ES256 ? "ES256" : "RS256";

	tap_ok((key != NULL) == (words == NULL), "%s is %s for %s", name,
	    words == NULL ? "taken" : "refused", what);
	if (words != NULL) {
		tap_contains(error.words, words, "%s for %s: the words", name,
		    what);
		tap_lacks(error.words, strlen(pem) > 60 ? pem + 40 : "MI",
		    "%s for %s: nothing of it is in them", name, what);
	}
	tap_is_int((int64_t)ERR_peek_error(), 0,
	    "%s for %s: no error is left behind", name, what);
	jwt_key_free(key);
}

static const char *
pem_traditional(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const char *text;
	char *data;
	long size;

	if (PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0,
	    NULL, NULL) != 1)
		tap_bail_out("cannot write a key");
	size = BIO_get_mem_data(bio, &data);
	text = fixture_format("%.*s", (int)size, data);
	BIO_free(bio);
	return text;
}

static const char *
pem_public(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const char *text;
	char *data;
	long size;

	if (PEM_write_bio_PUBKEY(bio, key) != 1)
		tap_bail_out("cannot write a key");
	size = BIO_get_mem_data(bio, &data);
	text = fixture_format("%.*s", (int)size, data);
	BIO_free(bio);
	return text;
}

/* The text with other ends of its lines. */
static const char *
with_lines(const char *pem, const char *end)
{
	const char *text = "";

	for (; *pem != '\0'; pem += strcspn(pem, "\n") + 1)
		text = fixture_format("%s%.*s%s", text,
		    (int)strcspn(pem, "\n"), pem, end);
	return text;
}

/* What a C string shows of it: the beginning. */
static const char *
in_der(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	const char *text;

	if (i2d_PrivateKey(key, &der) <= 0)
		tap_bail_out("cannot write a key");
	/* A length of two bytes, as RSA has it. */
	text = fixture_format("\x30\x82\x01\x02%.2s", (char *)der);
	OPENSSL_free(der);
	return text;
}

#define NO_KEY "is not an unencrypted private key in PEM"

static void
check_keys(void)
{
	EVP_PKEY *p256 = fixture_key(FIXTURE_KEY_P256);
	EVP_PKEY *rsa = fixture_key(FIXTURE_KEY_RSA_2048);
	const char *pem = fixture_pem(p256, NULL);
	size_t i;

	for (i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *one = fixture_pem(fixture_key(keys[i].kind),
		    NULL);

		check_read(keys[i].name, one, JWT_ES256,
		    keys[i].es256 ? NULL : "P-256");
		check_read(keys[i].name, one, JWT_RS256,
		    keys[i].rs256 ? NULL : "2048");
	}
	check_read("SEC 1", pem_traditional(p256), JWT_ES256, NULL);
	check_read("PKCS#1", pem_traditional(rsa), JWT_RS256, NULL);
	check_read("an encrypted key", fixture_pem(p256, "secret"), JWT_ES256,
	    "is encrypted; decrypt it: openssl pkey");
	check_read("an encrypted RSA key", fixture_pem(rsa, "secret"),
	    JWT_RS256, "is encrypted");
	check_read("a public key", pem_public(p256), JWT_ES256,
	    "contains a public key, not the private one");
	check_read("an empty text", "", JWT_ES256, "is empty");
	check_read("white space", " \r\n\t", JWT_ES256, "is empty");
	check_read("any text", "hello", JWT_ES256, NO_KEY);
	check_read("JSON", " {\"type\":\"service_account\"}", JWT_ES256,
	    "is JSON, not a private key in PEM");
	check_read("a certificate", "-----BEGIN CERTIFICATE-----\nMIIB\n"
	    "-----END CERTIFICATE-----\n", JWT_ES256,
	    "contains a certificate, and no private key");
	check_read("half a key", fixture_format("%.*s",
	    (int)strlen(pem) / 2, pem), JWT_ES256, "is damaged");
	check_read("a key after a byte order mark",
	    fixture_format("\xef\xbb\xbf%s", pem), JWT_ES256, NULL);
	check_read("a key with lines of Windows", with_lines(pem, "\r\n"),
	    JWT_ES256, NULL);
	check_read("a key on one line", with_lines(pem, " "), JWT_ES256,
	    "is on one line");
	check_read("a key without lines", with_lines(pem, ""), JWT_ES256,
	    "is on one line");
	check_read("a key with \\n", with_lines(pem, "\\n"), JWT_ES256,
	    "has \\n written out in place of the ends of lines");
	check_read("an indented key", fixture_format("    %s",
	    with_lines(pem, "\n    ")), JWT_ES256, "is indented");
	check_read("a key in DER", in_der(p256), JWT_ES256,
	    "is in DER, not in PEM; convert it: openssl pkey -inform DER");
	check_read("a key behind other lines",
	    fixture_format("# my key\n\n%s", pem), JWT_ES256, NULL);
	jwt_key_free(NULL);
}

static struct jwt_key *
read_key(enum jwt_algorithm algorithm, EVP_PKEY *key)
{
	const char *pem = fixture_pem(key, NULL);
	struct error error;
	struct jwt_key *read = jwt_key_read(algorithm, pem, strlen(pem),
	    &error);

	if (read == NULL)
		tap_bail_out("%s", error.words);
	return read;
}

static void
check_fingerprint(void)
{
	EVP_PKEY *other = fixture_key_create(FIXTURE_KEY_P256);
	struct jwt_key *a = read_key(JWT_ES256, fixture_key(FIXTURE_KEY_P256));
	struct jwt_key *b = read_key(JWT_ES256, fixture_key(FIXTURE_KEY_P256));
	struct jwt_key *c = read_key(JWT_ES256, other);
	char first[17], second[17], third[17];

	jwt_key_fingerprint(a, first);
	jwt_key_fingerprint(b, second);
	jwt_key_fingerprint(c, third);
	tap_is_int((int64_t)strspn(first, "0123456789abcdef"), 16,
	    "a fingerprint is 16 hex digits");
	tap_is_string(second, first, "the same key has the same");
	tap_ok(strcmp(first, third) != 0, "another key has another");
	jwt_key_free(a);
	jwt_key_free(b);
	jwt_key_free(c);
	EVP_PKEY_free(other);
}

/* --- signatures ---------------------------------------------------------- */

#define HEADER "{\"alg\":\"x\",\"kid\":\"\xc3\xa4\"}"
#define CLAIMS "{\"iss\":\"a?>b\",\"iat\":1}"

/*
 * ECDSA's R and S have leading zeros now and then, which DER drops and a JWS
 * keeps: so many rounds meet some.
 */
static void
check_signature(enum jwt_algorithm algorithm, enum fixture_key kind,
    size_t length, unsigned int rounds)
{
	const char *name = algorithm == JWT_ES256 ? "ES256" : "RS256";
	EVP_PKEY *other = fixture_key_create(kind);
	struct jwt_key *key = read_key(algorithm, fixture_key(kind));
	unsigned int good = 0, i;
	struct error error;
	struct buf token;

	for (i = 0; i < rounds; i++) {
		buf_init(&token, 4096);
		if (jwt_sign(key, HEADER, CLAIMS, &token, &error) &&
		    fixture_jwt_is_signed_by(buf_text(&token),
		    fixture_key(kind)))
			good++;
		if (i + 1 < rounds)
			buf_free(&token);
	}
	tap_is_int(good, rounds, "%s: all of %u signatures are good", name,
	    rounds);
	tap_ok(!fixture_jwt_is_signed_by(buf_text(&token), other),
	    "%s: another key did not sign", name);
	tap_is_string(fixture_jwt_part(buf_text(&token), 0), HEADER,
	    "%s: the header", name);
	tap_is_string(fixture_jwt_part(buf_text(&token), 1), CLAIMS,
	    "%s: the claims", name);
	tap_is_int((int64_t)strlen(strrchr(buf_text(&token), '.') + 1),
	    (int64_t)length, "%s: the length of the signature", name);
	tap_is_int((int64_t)strspn(buf_text(&token), "ABCDEFGHIJKLMNOPQRSTUV"
	    "WXYZabcdefghijklmnopqrstuvwxyz0123456789-_."),
	    (int64_t)token.size, "%s: base64url and two dots", name);
	buf_free(&token);
	jwt_key_free(key);
	EVP_PKEY_free(other);
}

static void
check_room(void)
{
	struct jwt_key *key = read_key(JWT_ES256,
	    fixture_key(FIXTURE_KEY_P256));
	struct error error;
	struct buf token;
	size_t size;

	buf_init(&token, 4096);
	buf_append_text(&token, "bearer ");
	tap_ok(jwt_sign(key, HEADER, CLAIMS, &token, &error) &&
	    strncmp(buf_text(&token), "bearer ", 7) == 0,
	    "a token is appended to what is there");
	tap_ok(fixture_jwt_is_signed_by(buf_text(&token) + 7,
	    fixture_key(FIXTURE_KEY_P256)), "what is there is not signed");
	size = token.size - 7;
	buf_free(&token);
	buf_init(&token, size);
	tap_ok(jwt_sign(key, HEADER, CLAIMS, &token, &error),
	    "a token fits into its size");
	buf_free(&token);
	buf_init(&token, size - 1);
	tap_ok(!jwt_sign(key, HEADER, CLAIMS, &token, &error),
	    "a token does not fit into a byte less");
	tap_contains(error.words, "does not fit", "the words say so");
	buf_free(&token);
	buf_init(&token, 10);
	tap_ok(!jwt_sign(key, HEADER, CLAIMS, &token, &error),
	    "a token does not fit into ten bytes");
	buf_free(&token);
	jwt_key_free(key);
}

int
main(void)
{
	check_keys();
	check_fingerprint();
	check_signature(JWT_ES256, FIXTURE_KEY_P256, 86, 1000);
	check_signature(JWT_RS256, FIXTURE_KEY_RSA_2048, 342, 3);
	check_room();
	return tap_done();
}
