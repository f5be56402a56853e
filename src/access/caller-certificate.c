/* SPDX-License-Identifier: Apache-2.0 */
#include "access/caller-certificate.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/encoding.h"
#include "base/xmalloc.h"
#include "crypto/pem.h"

enum { CALLER_CERTIFICATE_SHA256_SIZE = 32 };

struct caller_certificate_cache {
	struct {
		char *pem;		/* NULL: not used yet */
		struct caller_certificate caller;
	} entries[CALLER_CERTIFICATE_CACHE_SIZE];
	size_t next;			/* the one to be replaced */
};

static void
caller_certificate_read_names(
    X509 *certificate, struct caller_certificate *caller)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate,
	    NID_subject_alt_name, NULL, NULL);
	int i;

	for (i = 0; names != NULL && i < sk_GENERAL_NAME_num(names) &&
	    caller->san_dns_count < CALLER_CERTIFICATE_NAMES_MAX; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		const unsigned char *text;
		int length;

		if (name->type != GEN_DNS)
			continue;
		text = ASN1_STRING_get0_data(name->d.dNSName);
		length = ASN1_STRING_length(name->d.dNSName);
		/* A NUL in a name is an old trick: ignore such names. */
		if (length <= 0 || length >= CALLER_CERTIFICATE_NAME_SIZE ||
		    memchr(text, '\0', (size_t)length) != NULL)
			continue;
		memcpy(caller->san_dns[caller->san_dns_count++], text,
		    (size_t)length);
	}
	GENERAL_NAMES_free(names);
}

/* The digest survives a renewal of the certificate with the same key. */
static bool
caller_certificate_digest_key(const X509 *certificate,
    char hex[CALLER_CERTIFICATE_DIGEST_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE], *der = NULL;
	int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
	bool done = size > 0 && EVP_Digest(der, (size_t)size, digest, NULL,
	    EVP_sha256(), NULL) == 1;

	if (done)
		encoding_write_hex(digest, CALLER_CERTIFICATE_SHA256_SIZE,
		    hex);
	OPENSSL_free(der);
	return done;
}

bool
caller_certificate_parse(const char *pem, struct caller_certificate *caller,
    struct error *error)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *certificate = NULL;
	bool parsed = false;

	memset(caller, 0, sizeof *caller);
	if (bio != NULL)
		certificate = PEM_read_bio_X509(bio, NULL,
		    pem_no_password, NULL);
	if (certificate == NULL)
		error_set(error, "is not a certificate in PEM");
	else if (X509_digest(certificate, EVP_sha256(), digest, NULL) != 1)
		error_set(error, "cannot be digested");
	else {
		encoding_write_hex(digest, CALLER_CERTIFICATE_SHA256_SIZE,
		    caller->certificate_sha256);
		parsed = X509_NAME_digest(X509_get_issuer_name(certificate),
		    EVP_sha256(), digest, NULL) == 1;
		encoding_write_hex(digest, CALLER_CERTIFICATE_SHA256_SIZE,
		    caller->issuer_sha256);
		parsed = parsed && caller_certificate_digest_key(certificate,
		    caller->spki_sha256);
		caller_certificate_read_names(certificate, caller);
	}
	X509_free(certificate);
	BIO_free(bio);
	ERR_clear_error();
	return parsed;
}

/* Between the first and the last line, white space ends lines. */
static void
caller_certificate_restore_lines(char *pem)
{
	char *body = strstr(pem, "CERTIFICATE-----"), *end;

	if (body == NULL)
		return;
	body += strlen("CERTIFICATE-----");
	end = strstr(body, "-----END");
	for (; end != NULL && body < end; body++) {
		if (*body == ' ' || *body == '\t')
			*body = '\n';
	}
}

static bool
caller_certificate_is_verified(const char *verify, const char *pem)
{
	return verify != NULL && strcmp(verify, "SUCCESS") == 0 && pem != NULL;
}

bool
caller_certificate_read(const char *verify, const char *pem,
    struct caller_certificate *caller)
{
	struct error error;
	char *copy;
	bool read;

	if (!caller_certificate_is_verified(verify, pem))
		return false;
	copy = xstrdup(pem);
	caller_certificate_restore_lines(copy);
	read = caller_certificate_parse(copy, caller, &error);
	free(copy);
	return read;
}

struct caller_certificate_cache *
caller_certificate_cache_create(void)
{
	return xcalloc(1, sizeof(struct caller_certificate_cache));
}

void
caller_certificate_cache_free(struct caller_certificate_cache *cache)
{
	size_t i;

	if (cache == NULL)
		return;
	for (i = 0; i < CALLER_CERTIFICATE_CACHE_SIZE; i++)
		free(cache->entries[i].pem);
	free(cache);
}

const struct caller_certificate *
caller_certificate_cache_read(struct caller_certificate_cache *cache,
    const char *verify, const char *pem)
{
	struct caller_certificate caller;
	size_t i;

	if (!caller_certificate_is_verified(verify, pem))
		return NULL;
	for (i = 0; i < CALLER_CERTIFICATE_CACHE_SIZE; i++) {
		if (cache->entries[i].pem != NULL &&
		    strcmp(cache->entries[i].pem, pem) == 0)
			return &cache->entries[i].caller;
	}
	if (!caller_certificate_read(verify, pem, &caller))
		return NULL;
	i = cache->next++ % CALLER_CERTIFICATE_CACHE_SIZE;
	free(cache->entries[i].pem);
	cache->entries[i].pem = xstrdup(pem);
	cache->entries[i].caller = caller;
	return &cache->entries[i].caller;
}

bool
caller_certificate_normalise_digest(
    const char *text, char digest[CALLER_CERTIFICATE_DIGEST_SIZE])
{
	size_t used = 0;

	for (; *text != '\0' && used < CALLER_CERTIFICATE_DIGEST_SIZE; text++) {
		if (*text == ':' && used > 0 && used % 2 == 0 &&
		    isxdigit((unsigned char)text[1]))
			continue;
		if (!isxdigit((unsigned char)*text) ||
		    used == CALLER_CERTIFICATE_DIGEST_SIZE - 1)
			return false;
		digest[used++] = (char)tolower((unsigned char)*text);
	}
	if (used != CALLER_CERTIFICATE_DIGEST_SIZE - 1)
		return false;
	digest[used] = '\0';
	return true;
}
