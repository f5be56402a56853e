/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VAPID_H
#define VAPID_H

#include <openssl/evp.h>

#include <stdbool.h>
#include <stdint.h>

#include "ec-key.h"

struct json_object;

/*
 * The credentials of an application server (RFC 8292) in an Authorization
 * header: "vapid t=JWT, k=KEY".
 */
struct vapid;

enum vapid_fault {
	VAPID_GOOD,
	VAPID_MISSING,		/* no such header */
	VAPID_MALFORMED,	/* not of that form */
	VAPID_BAD_KEY,		/* k is no uncompressed point on P-256 */
	VAPID_BAD_TOKEN,	/* no JWT, or not ES256 by that key */
	VAPID_BAD_AUDIENCE,
	VAPID_BAD_EXPIRY,	/* past, or more than a day ahead */
	VAPID_BAD_SUBJECT,	/* no mailto: or https: URI */
};

/* Credentials whose signature was found good once; it is not checked again. */
struct vapid_cache;

struct vapid_cache *
vapid_cache_new(void);

void
vapid_cache_free(struct vapid_cache *cache);

/*
 * Checks a header's value (NULL: there is none) against the origin that was
 * called and the time.  The credentials are valid until the next call, and
 * NULL if they are missing, malformed or not signed.
 */
enum vapid_fault
vapid_check(struct vapid_cache *cache, const char *value, const char *origin,
    int64_t now_s, const struct vapid **vapid);

/* True if the domain of `sub` could be one on the Internet. */
bool
vapid_has_public_subject(const struct vapid *vapid);

bool
vapid_is_signed_by(const struct vapid *vapid, const EVP_PKEY *key);

/* What to record: the claims, and k as it was sent.  The caller frees it. */
struct json_object *
vapid_describe(const struct vapid *vapid);

#endif
