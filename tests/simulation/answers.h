/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANSWERS_H
#define ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the providers answer, and what that means by their own pages and the
 * wire contract.  Written down here once more, apart from src/provider: a
 * mistake there must not repeat itself here.
 */
enum answers_meaning {
	MEANS_DELIVERED = 1,
	MEANS_REJECTED = 2,
	MEANS_LATER = 4,
	MEANS_FAILED = 8
};

/* What may follow within the same request. */
enum answers_retry {
	ANSWERS_FINAL,
	ANSWERS_PAUSE,		/* after Retry-After, else after a pause */
	ANSWERS_IF_TOLD,	/* only after Retry-After */
	ANSWERS_AGAIN,		/* over another connection */
	ANSWERS_SHORTER,	/* with less in it */
	ANSWERS_TOKEN		/* with another token */
};

struct answer {
	/* "apns", "fcm", "hms", "hms-3" for its version 3, or "webpush". */
	const char *provider;
	int status;
	const char *body;	/* NULL: an empty one */
	unsigned int meaning;	/* one of them, or several that are right */
	bool suspicious;	/* it may be the operator's mistake */
	bool trouble;		/* the account is not well */
	enum answers_retry retry;
	/* It says since when, in seconds: a pushkey that was registered then
	 * or later lives.  0: it does not. */
	int64_t dead_s;
	bool names_pushkey;	/* in the place of an "@" in the body */
};

/* One that is accepted, one that says the pushkey is dead, one that a mistake
 * of the operator would bring, a server error, a stale token. */
const struct answer *answers_accepted(const char *provider);
const struct answer *answers_dead(const char *provider);
const struct answer *answers_suspicious(const char *provider);
const struct answer *answers_busy(const char *provider);
const struct answer *answers_stale(const char *provider);

/* What an answer means for a pushkey of that time, in seconds, or 0. */
const struct answer *answers_for(const struct answer *answer,
    int64_t pushkey_ts);

/* The i-th of all that a provider may answer, counted without end. */
const struct answer *answers_any(const char *provider, size_t i);

/* All rows, of all providers. */
size_t answers_count(void);
/* The place of one of them; else the count. */
size_t answers_find(const struct answer *answer);
const struct answer *answers_at(size_t i);

#endif
