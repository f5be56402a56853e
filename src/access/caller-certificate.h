/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACCESS_CALLER_CERTIFICATE_H
#define ACCESS_CALLER_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/*
 * Who calls: the client certificate that the web server verified.  It is
 * parsed here from SSL_CLIENT_CERT, since every server writes names its own
 * way, and none exports all of them.
 */
enum identity_limits {
	IDENTITY_DIGEST_SIZE = 65,	/* SHA-256 in lower-case hex, NUL */
	IDENTITY_NAMES_MAX = 64,
	IDENTITY_NAME_SIZE = 256,
	IDENTITY_CACHE_SIZE = 16
};

struct identity {
	char certificate_sha256[IDENTITY_DIGEST_SIZE];
	char issuer_sha256[IDENTITY_DIGEST_SIZE];	/* of its name in DER */
	char san_dns[IDENTITY_NAMES_MAX][IDENTITY_NAME_SIZE];
	size_t san_dns_count;
};

/*
 * Reads the variables SSL_CLIENT_VERIFY and SSL_CLIENT_CERT (each may be
 * NULL).  True only if the first is exactly "SUCCESS" and the second is a
 * certificate in PEM; "FAILED:…", "GENEROUS" and a missing variable are all
 * nobody.  Spaces in place of newlines in the PEM are understood.
 */
bool identity_read(const char *verify, const char *certificate,
    struct identity *identity);

/*
 * The same with a memory: a few callers send all requests, and parsing a
 * certificate costs more than all the rest of serving one.  Remembered is
 * what a text says, never that it was verified.  NULL if it is nobody; what
 * is returned is the cache's, until the next call.
 */
struct identity_cache;

struct identity_cache *identity_cache_create(void);
void identity_cache_free(struct identity_cache *cache);
const struct identity *identity_cache_read(struct identity_cache *cache,
    const char *verify, const char *certificate);

/* The same for a PEM file's text, for the operator; false with a fault. */
bool identity_parse(const char *pem, struct identity *identity,
    struct fault *fault);

/*
 * Writes a SHA-256 digest as it is compared: 64 lower-case hex digits, from
 * upper or lower case with or without colons.  False if it is none.
 */
bool identity_normalise_digest(const char *text,
    char digest[IDENTITY_DIGEST_SIZE]);

#endif
