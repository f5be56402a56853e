/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/key-pair.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "base/date.h"
#include "base/encoding.h"
#include "base/xmalloc.h"

/* The contents of a file. */
struct key_pair_parts {
	STACK_OF(X509) *all;
	EVP_PKEY *key;
	X509 *leaf;		/* the one of `all` that the key belongs to */
};

struct key_pair_password {
	const char *text;	/* NULL: there is none */
	bool asked;
};

/* Never asks on the terminal. */
static int
key_pair_on_password(char *text, int size, int writing, void *arg)
{
	struct key_pair_password *password = arg;
	size_t length = password->text == NULL ? 0 : strlen(password->text);

	(void)writing;
	password->asked = true;
	if (password->text == NULL || length > (size_t)size)
		return -1;
	memcpy(text, password->text, length);
	return (int)length;
}

static void
key_pair_refuse_password(const char *password, struct error *error)
{
	error_set(error, password == NULL ?
	    "is encrypted, and \"certificate_password_file\" is missing" :
	    "cannot be decrypted with this password");
}

static bool
key_pair_read_pem(BIO *bio, const char *text,
    struct key_pair_parts *parts, struct error *error)
{
	struct key_pair_password password = { .text = text };
	X509 *one;

	while ((one = PEM_read_bio_X509(bio, NULL, key_pair_on_password,
	    &password)) != NULL)
		sk_X509_push(parts->all, one);
	(void)BIO_reset(bio);
	parts->key = PEM_read_bio_PrivateKey(bio, NULL,
	    key_pair_on_password, &password);
	if (parts->key == NULL && password.asked)
		key_pair_refuse_password(text, error);
	else if (parts->key == NULL)
		error_set(error, "contains no private key");
	return parts->key != NULL;
}

/* True if OpenSSL complains about an algorithm it no longer provides. */
static bool
key_pair_is_legacy(void)
{
	unsigned long error;
	bool legacy = false;

	while ((error = ERR_get_error()) != 0) {
		if (ERR_GET_REASON(error) == ERR_R_UNSUPPORTED ||
		    (ERR_GET_LIB(error) == ERR_LIB_EVP &&
		    ERR_GET_REASON(error) == EVP_R_UNSUPPORTED_ALGORITHM))
			legacy = true;
	}
	return legacy;
}

/* Without a password it may have been made with an empty one. */
static bool
key_pair_is_password(PKCS12 *p12, const char *password)
{
	return !PKCS12_mac_present(p12) ||
	    PKCS12_verify_mac(p12, password, password == NULL ? 0 : -1) == 1 ||
	    (password == NULL && PKCS12_verify_mac(p12, "", 0) == 1);
}

static bool
key_pair_read_pkcs12(BIO *bio, const char *password,
    struct key_pair_parts *parts, struct error *error)
{
	PKCS12 *p12 = d2i_PKCS12_bio(bio, NULL);
	X509 *leaf = NULL;
	bool done = false;

	if (p12 == NULL)
		error_set(error, "is neither PEM nor PKCS#12");
	else if (!key_pair_is_password(p12, password))
		key_pair_refuse_password(password, error);
	else if (PKCS12_parse(p12, password, &parts->key, &leaf,
	    &parts->all) != 1 && key_pair_is_legacy())
		error_set(error, "uses a legacy cipher that OpenSSL no longer "
		    "opens; convert it: openssl pkcs12 -legacy -aes256 -in "
		    "OLD.p12 -out NEW.pem");
	else if (parts->key == NULL)
		error_set(error, "contains no private key that can be read");
	else
		done = true;
	if (leaf != NULL)
		sk_X509_push(parts->all, leaf);
	PKCS12_free(p12);
	return done;
}

/* The certificate that the key belongs to: files list them in any order. */
static bool
key_pair_find_leaf(struct key_pair_parts *parts, struct error *error)
{
	int i;

	for (i = 0; i < sk_X509_num(parts->all) && parts->leaf == NULL; i++) {
		X509 *one = sk_X509_value(parts->all, i);

		if (X509_check_private_key(one, parts->key) == 1)
			parts->leaf = one;
	}
	if (sk_X509_num(parts->all) == 0)
		error_set(error, "contains no certificate");
	else if (parts->leaf == NULL)
		error_set(error, "contains a private key that does not "
		    "belong to its certificate");
	return parts->leaf != NULL;
}

static int64_t
key_pair_seconds(const ASN1_TIME *time)
{
	struct tm tm;

	return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static bool
key_pair_check_time(const X509 *leaf, int64_t now_s, struct error *error)
{
	int64_t begins_s = key_pair_seconds(X509_get0_notBefore(leaf));
	int64_t expires_s = key_pair_seconds(X509_get0_notAfter(leaf));
	bool early = now_s < begins_s;
	char date[DATE_SIZE];

	if (!early && now_s < expires_s)
		return true;
	date_format_utc(early ? begins_s : expires_s, date);
	error_set(error, early ?
	    "contains a certificate that is not valid before %s" :
	    "contains a certificate that expired at %s", date);
	return false;
}

/* What was written, as a string; the BIO overwrites its own when freed. */
static char *
key_pair_take_text(BIO *bio)
{
	char *data = NULL, *text;
	long size = BIO_get_mem_data(bio, &data);

	text = xcalloc((size_t)size + 1, 1);
	memcpy(text, data, (size_t)size);
	return text;
}

static struct key_pair *
key_pair_write(const struct key_pair_parts *parts, struct error *error)
{
	struct key_pair *pair = xcalloc(1, sizeof *pair);
	BIO *chain = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_mem());
	unsigned char digest[EVP_MAX_MD_SIZE] = { 0 };
	bool good;
	int i;

	good = chain != NULL && key != NULL &&
	    PEM_write_bio_X509(chain, parts->leaf) == 1;
	for (i = 0; good && i < sk_X509_num(parts->all); i++) {
		X509 *one = sk_X509_value(parts->all, i);

		good = one == parts->leaf ||
		    PEM_write_bio_X509(chain, one) == 1;
	}
	good = good && PEM_write_bio_PKCS8PrivateKey(key, parts->key, NULL,
	    NULL, 0, NULL, NULL) == 1 &&
	    X509_digest(parts->leaf, EVP_sha256(), digest, NULL) == 1;
	if (good) {
		pair->chain = key_pair_take_text(chain);
		pair->key = key_pair_take_text(key);
		encoding_write_hex(digest, 8, pair->fingerprint);
		pair->expires_s = key_pair_seconds(
		    X509_get0_notAfter(parts->leaf));
	} else {
		error_set(error, "cannot be used");
		key_pair_free(pair);
		pair = NULL;
	}
	BIO_free(chain);
	BIO_free(key);
	return pair;
}

/* PKCS#12 is one long SEQUENCE in DER; no text begins so. */
static bool
key_pair_is_der(const char *data, size_t size)
{
	return size > 1 && data[0] == 0x30 && ((unsigned char)data[1] & 0x80);
}

struct key_pair *
key_pair_read(const char *data, size_t size, const char *password,
    int64_t now_s, struct error *error)
{
	struct key_pair_parts parts = { .all = sk_X509_new_null() };
	struct key_pair *pair = NULL;
	BIO *bio = size > INT_MAX ? NULL : BIO_new_mem_buf(data, (int)size);
	bool read = false;

	if (bio == NULL || parts.all == NULL)
		error_set(error, "cannot be read");
	else if (key_pair_is_der(data, size))
		read = key_pair_read_pkcs12(bio, password, &parts, error);
	else
		read = key_pair_read_pem(bio, password, &parts, error);
	if (read && key_pair_find_leaf(&parts, error) &&
	    key_pair_check_time(parts.leaf, now_s, error))
		pair = key_pair_write(&parts, error);
	sk_X509_pop_free(parts.all, X509_free);
	EVP_PKEY_free(parts.key);
	BIO_free(bio);
	ERR_clear_error();
	return pair;
}

void
key_pair_free(struct key_pair *pair)
{
	if (pair == NULL)
		return;
	if (pair->key != NULL)
		OPENSSL_cleanse(pair->key, strlen(pair->key));
	free(pair->key);
	free(pair->chain);
	free(pair);
}
