/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <curl/curl.h>

#include "base/loop.h"

/*
 * A lane: a curl multi handle of its own in the worker's loop, which has one
 * connection.  It moves bytes; who uses it is the engine's matter (http.c).
 */
struct http_lane_params {
	struct loop *loop;
	unsigned int max_streams;
	bool warm_up;		/* one request alone on a new connection */
	/* Called for each transfer that ended, which is to be removed then. */
	void (*ended)(void *arg, CURL *easy, CURLcode code);
	/* Called after those, whenever curl was at work. */
	void (*settled)(void *arg);
	void *arg;
};

struct http_lane {
	TAILQ_ENTRY(http_lane) entry;	/* of its owner */
	struct http_lane_params params;
	CURLM *multi;
	struct loop_timer *timer;
	unsigned int in_flight;
	bool warm;
	bool retired;		/* its owner's: no new requests */
	int64_t born_ms;
	int64_t used_ms;
	int64_t silent_ms;	/* since when it owes an answer, or 0 */
};

struct http_lane *http_lane_create(const struct http_lane_params *params);

/* Only with nothing in flight, and never from within `ended` or `settled`. */
void http_lane_free(struct http_lane *lane);

/* How many requests may be on this lane now. */
unsigned int http_lane_limit(struct http_lane *lane);

/* Starts a transfer; `ended` is never called from within. */
void http_lane_add(struct http_lane *lane, CURL *easy);

/* Takes a transfer out, whether it ended or not. */
void http_lane_remove(struct http_lane *lane, CURL *easy);

/* An answer came: while others are owed one, its silence begins anew. */
void http_lane_answered(struct http_lane *lane);

/* True if the lane owes answers and has given none for a second. */
bool http_lane_is_silent(const struct http_lane *lane);

#endif
