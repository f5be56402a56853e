/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACCESS_CALLER_CERTIFICATE_H
#define ACCESS_CALLER_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/*
 * The client certificate of a caller, which the web server has verified.  It
 * is parsed here from SSL_CLIENT_CERT, since every server writes names its own
 * way, and none exports all of them.
 */
enum caller_certificate_limits {
	/* SHA-256 in lower-case hex, NUL */
	CALLER_CERTIFICATE_DIGEST_SIZE = 65,
	CALLER_CERTIFICATE_NAMES_MAX = 64,
	CALLER_CERTIFICATE_NAME_SIZE = 256,
	CALLER_CERTIFICATE_CACHE_SIZE = 16
};

struct caller_certificate {
	char certificate_sha256[CALLER_CERTIFICATE_DIGEST_SIZE];
	/* of its public key, SubjectPublicKeyInfo in DER */
	char spki_sha256[CALLER_CERTIFICATE_DIGEST_SIZE];
	/* of the issuer's name in DER */
	char issuer_sha256[CALLER_CERTIFICATE_DIGEST_SIZE];
	char san_dns[CALLER_CERTIFICATE_NAMES_MAX]
	    [CALLER_CERTIFICATE_NAME_SIZE];
	size_t san_dns_count;
};

/*
 * Reads the variables SSL_CLIENT_VERIFY and SSL_CLIENT_CERT (each may be
 * NULL).  True only if the first is exactly "SUCCESS" and the second is a
 * certificate in PEM; "FAILED:…", "GENEROUS" and a missing variable all
 * mean that there is none.  The PEM may have spaces in place of newlines.
 */
bool caller_certificate_read(const char *verify, const char *pem,
    struct caller_certificate *caller);

/*
 * The same with a cache: a few callers send all requests, and parsing a
 * certificate costs more than everything else in serving one.  The cache
 * remembers what a text says, never that it was verified.  NULL if there is no
 * verified certificate; the result belongs to the cache, until the next call.
 */
struct caller_certificate_cache;

struct caller_certificate_cache *caller_certificate_cache_create(void);
void caller_certificate_cache_free(struct caller_certificate_cache *cache);
const struct caller_certificate *caller_certificate_cache_read(
    struct caller_certificate_cache *cache, const char *verify,
    const char *pem);

/* The same for a PEM file's text, for the operator; false with an error. */
bool caller_certificate_parse(
    const char *pem, struct caller_certificate *caller, struct error *error);

/*
 * Writes a SHA-256 digest as it is compared: 64 lower-case hex digits, from
 * upper or lower case with or without colons.  False if it is not one.
 */
bool caller_certificate_normalise_digest(const char *text,
    char digest[CALLER_CERTIFICATE_DIGEST_SIZE]);

#endif
