/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBPUSH_H
#define WEBPUSH_H

#include <stdbool.h>

#include "service.h"

#define WEBPUSH_BODY_MAX 4096	/* RFC 8030, 7.2, has no less */

/* What the push services refuse, each in its own words. */
enum webpush_fault {
	WEBPUSH_BAD_PATH,
	WEBPUSH_BAD_METHOD,
	WEBPUSH_NO_TTL,
	WEBPUSH_BAD_TTL,
	WEBPUSH_BAD_URGENCY,
	WEBPUSH_BAD_TOPIC,
	WEBPUSH_BAD_ENCODING,	/* not aes128gcm, or headers of others */
	WEBPUSH_NO_VAPID,
	WEBPUSH_BAD_VAPID,	/* not of its form */
	WEBPUSH_BAD_KEY,
	WEBPUSH_BAD_TOKEN,	/* signature or a claim */
	WEBPUSH_OTHER_KEY,	/* not the subscription's */
	WEBPUSH_TOO_LARGE,
	WEBPUSH_UNDECRYPTABLE,	/* no push service sees it; the phone does */
	WEBPUSH__MAX
};

struct webpush_error {
	unsigned status;
	const char *reason;	/* as it is recorded and scripted */
	const char *words;	/* for the body or a header; NULL: the
				 * reason */
	int number;		/* Mozilla's errno; 0: none */
};

struct webpush_flavour {
	/* Those of the faults, then others, then one with the status 0.  The
	 * first of a status is its usual one. */
	const struct webpush_error *errors;
	const char *const *paths;	/* what stands before a token; ends
					 * with NULL */
	bool wants_vapid;		/* from everyone */
	bool wants_public_subject;
	bool decodes_topic;		/* so its length can be impossible */
	bool checks_cache_policy;	/* X-WNS-Cache-Policy and TTL */
};

/* As in struct service; success is 201. */
void
webpush_judge(struct service_context *context, struct request *request,
    const struct webpush_flavour *flavour, struct verdict *verdict);

void
webpush_fill(struct verdict *verdict, const struct webpush_flavour *flavour,
    unsigned status, const char *reason);

/* The parts of it: a token after one of the paths, and where to say no. */
bool
webpush_judge_path(struct request *request,
    const struct webpush_flavour *flavour, struct verdict *verdict);

void
webpush_refuse(struct verdict *verdict, const struct webpush_flavour *flavour,
    enum webpush_fault fault);

/* The headers of a message that was accepted. */
void
webpush_add_receipt(struct request *request);

#endif
