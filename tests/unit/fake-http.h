/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_HTTP_H
#define FAKE_HTTP_H

#include <stdint.h>

#include "http/http.h"

/*
 * The HTTP engine for tests: no network, and answers by a script.  A program
 * that is linked with this has it in the place of http/http; it needs the fake
 * loop.  Every request is sent at once: pools have neither limits nor a queue.
 */
enum {
	FAKE_HTTP_NEVER = -1
};

struct fake_http_request {
	unsigned int number;		/* 1 is the first */
	int64_t sent_ms;		/* by the monotonic clock */
	unsigned int engine;		/* 0 is the first that was made */
	const struct http_pool *pool;
	const struct http_pool_params *params;	/* of the pool */
	const struct http_request *request;
};

/* All zero: a status of 0 without a body, at once. */
struct fake_http_answer {
	int64_t after_ms;		/* or FAKE_HTTP_NEVER: it hangs */
	enum http_failure failure;	/* then no status is looked at */
	int status;
	int64_t retry_after_ms;		/* 0: none */
	unsigned int connects;		/* connections opened for it */
	unsigned int connection;	/* that failed with it; 0: none did */
	const char *body;		/* NULL: an empty one */
	bool cut;			/* the body was longer */
};

/* Called from http_send; fills the answer, which is all zero. */
typedef void (*fake_http_script_fn)(void *arg,
    const struct fake_http_request *request, struct fake_http_answer *answer);

/* Forgets all counts and engines.  Without a script (NULL) each request hangs. */
void fake_http_begin(fake_http_script_fn script, void *arg);

struct fake_http_counts {
	unsigned int sent;
	unsigned int in_flight;
	unsigned int in_flight_max;
	unsigned int answered;
	unsigned int cancelled;		/* with its pool, too */
	unsigned int drained;		/* calls of http_drain */
	unsigned int alone;		/* sent so */
};

const struct fake_http_counts *fake_http_counts(void);

#endif
