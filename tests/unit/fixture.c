/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/encoding.h"
#include "base/xmalloc.h"
#include "tap.h"

/* Texts that live until the end. */
struct fixture_text {
	struct fixture_text *next;
	char *text;
};

static struct fixture_text *fixture_texts;
static EVP_PKEY *fixture_keys[FIXTURE_KEY__MAX];
static char *fixture_home;
static pid_t fixture_owner;	/* 0: the clean-up is not registered */

static int
fixture_remove_one(const char *path, const struct stat *st, int type,
    struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
fixture_remove(const char *path)
{
	nftw(path, fixture_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
fixture_clean(void)
{
	struct fixture_text *text;
	size_t i;

	/* A child has it all from its parent. */
	if (fixture_owner != getpid())
		return;
	if (fixture_home != NULL)
		fixture_remove(fixture_home);
	fixture_home = NULL;
	while ((text = fixture_texts) != NULL) {
		fixture_texts = text->next;
		free(text->text);
		free(text);
	}
	for (i = 0; i < FIXTURE_KEY__MAX; i++) {
		EVP_PKEY_free(fixture_keys[i]);
		fixture_keys[i] = NULL;
	}
}

static void
fixture_register(void)
{
	if (fixture_owner == 0 && atexit(fixture_clean) != 0)
		tap_bail_out("cannot register the clean-up");
	if (fixture_owner == 0)
		fixture_owner = getpid();
}

/* Takes over an allocated text. */
static char *
fixture_keep(char *text)
{
	struct fixture_text *entry = xmalloc(sizeof *entry);

	fixture_register();
	entry->text = text;
	entry->next = fixture_texts;
	fixture_texts = entry;
	return text;
}

const char *
fixture_format(const char *format, ...)
{
	char *text;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) == -1)
		tap_bail_out("out of memory");
	va_end(ap);
	return fixture_keep(text);
}

const char *
fixture_repeat(const char *unit, size_t count)
{
	size_t size = strlen(unit), i;
	char *text = fixture_keep(xcalloc(size * count + 1, 1));

	for (i = 0; i < count; i++)
		memcpy(text + i * size, unit, size);
	return text;
}

const char *
fixture_directory(void)
{
	const char *base = getenv("TMPDIR");

	if (fixture_home == NULL) {
		fixture_home = fixture_keep(xasprintf("%s/push-gateway-XXXXXX",
		    base == NULL ? P_tmpdir : base));
		if (mkdtemp(fixture_home) == NULL)
			tap_bail_out("cannot make a directory: %m");
	}
	return fixture_home;
}

const char *
fixture_path(const char *name)
{
	return fixture_format("%s/%s", fixture_directory(), name);
}

const char *
fixture_file(const char *name, const char *text)
{
	const char *path = fixture_path(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd == -1 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)
	    || close(fd) == -1)
		tap_bail_out("cannot write %s: %m", path);
	return path;
}

/* --- keys ---------------------------------------------------------------- */

EVP_PKEY *
fixture_key_create(enum fixture_key kind)
{
	EVP_PKEY *key = NULL;

	switch (kind) {
	case FIXTURE_KEY_P256:
		key = EVP_EC_gen("P-256");
		break;
	case FIXTURE_KEY_P384:
		key = EVP_EC_gen("P-384");
		break;
	case FIXTURE_KEY_RSA_2048:
		key = EVP_RSA_gen(2048);
		break;
	case FIXTURE_KEY_RSA_1024:
		key = EVP_RSA_gen(1024);
		break;
	case FIXTURE_KEY_ED25519:
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		break;
	case FIXTURE_KEY__MAX:
		break;
	}
	if (key == NULL)
		tap_bail_out("cannot make a key");
	return key;
}

EVP_PKEY *
fixture_key(enum fixture_key kind)
{
	fixture_register();
	if (fixture_keys[kind] == NULL)
		fixture_keys[kind] = fixture_key_create(kind);
	return fixture_keys[kind];
}

const char *
fixture_pem(EVP_PKEY *key, const char *password)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const EVP_CIPHER *cipher = password == NULL ? NULL : EVP_aes_128_cbc();
	char *data = NULL;
	const char *text;
	long size;

	if (bio == NULL || PEM_write_bio_PKCS8PrivateKey(bio, key, cipher,
	    password, password == NULL ? 0 : (int)strlen(password), NULL,
	    NULL) != 1)
		tap_bail_out("cannot write a key");
	size = BIO_get_mem_data(bio, &data);
	text = fixture_format("%.*s", (int)size, data);
	BIO_free(bio);
	return text;
}

X509 *
fixture_certificate(EVP_PKEY *key, int64_t begins_s, int64_t expires_s)
{
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);

	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"push", -1, -1, 0);
	if (X509_set_issuer_name(certificate, name) != 1 ||
	    ASN1_TIME_set(X509_getm_notBefore(certificate), begins_s) == NULL ||
	    ASN1_TIME_set(X509_getm_notAfter(certificate), expires_s) == NULL ||
	    X509_set_pubkey(certificate, key) != 1 ||
	    X509_sign(certificate, key, EVP_sha256()) == 0)
		tap_bail_out("cannot make a certificate");
	return certificate;
}

const char *
fixture_certificate_pem(X509 *certificate)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL;
	const char *text;
	long size;

	if (bio == NULL || PEM_write_bio_X509(bio, certificate) != 1)
		tap_bail_out("cannot write a certificate");
	size = BIO_get_mem_data(bio, &data);
	text = fixture_format("%.*s", (int)size, data);
	BIO_free(bio);
	return text;
}

/* --- JSON ---------------------------------------------------------------- */

struct json_object *
fixture_json(const char *text)
{
	struct json_object *value = json_tokener_parse(text);

	if (value == NULL)
		tap_bail_out("the test holds bad JSON: %s", text);
	return value;
}

const char *
fixture_json_with(const char *text, const char *changes)
{
	struct json_object *object = fixture_json(text);
	struct json_object *change = fixture_json(changes);

	json_object_object_foreach(change, name, value) {
		if (value == NULL)
			json_object_object_del(object, name);
		else
			json_object_object_add(object, name,
			    json_object_get(value));
	}
	text = fixture_format("%s", json_object_to_json_string(object));
	json_object_put(object);
	json_object_put(change);
	return text;
}

bool
fixture_is_json(const char *got, const char *expected, const char *format,
    ...)
{
	struct json_object *a = got == NULL ? NULL : json_tokener_parse(got);
	struct json_object *b = fixture_json(expected);
	bool same = json_object_equal(a, b);
	char sentence[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(sentence, sizeof sentence, format, ap);
	va_end(ap);
	/* By their texts only to show them. */
	if (same)
		tap_ok(true, "%s", sentence);
	else
		tap_is_string(got, expected, "%s", sentence);
	json_object_put(a);
	json_object_put(b);
	return same;
}

/* --- JWT ----------------------------------------------------------------- */

const char *
fixture_jwt_part(const char *jwt, unsigned int part)
{
	unsigned char data[4096];
	long size;

	for (; part > 0 && jwt != NULL; part--)
		jwt = strchr(jwt, '.') == NULL ? NULL : strchr(jwt, '.') + 1;
	if (jwt == NULL)
		return NULL;
	size = encoding_read_base64(jwt, strcspn(jwt, "."), data, sizeof data);
	return size < 0 ? NULL : fixture_format("%.*s", (int)size, data);
}

/* R and S as they are in a JWS, in the form that OpenSSL verifies. */
static int
fixture_signature_to_der(const unsigned char *signature, unsigned char **der)
{
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(signature, 32, NULL);
	BIGNUM *s = BN_bin2bn(signature + 32, 32, NULL);
	int size;

	if (pair == NULL || ECDSA_SIG_set0(pair, r, s) != 1)
		tap_bail_out("cannot make a signature");
	size = i2d_ECDSA_SIG(pair, der);
	ECDSA_SIG_free(pair);
	return size;
}

bool
fixture_jwt_is_signed_by(const char *jwt, EVP_PKEY *key)
{
	const char *end = strrchr(jwt, '.');
	unsigned char signature[1024], *der = NULL;
	long size = end == NULL ? -1 : encoding_read_base64(end + 1,
	    strlen(end + 1), signature, sizeof signature);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = false;

	if (size > 0 && EVP_PKEY_is_a(key, "EC")) {
		size = size == 64 ? fixture_signature_to_der(signature, &der) :
		    -1;
		if (size > 0)
			memcpy(signature, der, (size_t)size);
	}
	if (size > 0)
		good = EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL,
		    key) == 1 && EVP_DigestVerify(context, signature,
		    (size_t)size, (const unsigned char *)jwt,
		    (size_t)(end - jwt)) == 1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(context);
	return good;
}
