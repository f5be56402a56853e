/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_POOL_H
#define HTTP_POOL_H

#include <stdint.h>
#include <sys/queue.h>

#include <curl/curl.h>

#include "base/loop.h"
#include "http/budget.h"
#include "http/call.h"
#include "http/connection.h"
#include "http/pacing.h"
#include "http/params.h"
#include "http/spares.h"

/*
 * The inside of a pool, and which of its connections a request goes over:
 * those that there are, and when another one is opened.  http.c moves the
 * requests.
 */
TAILQ_HEAD(http_call_list, http_call);
TAILQ_HEAD(http_connection_list, http_connection);

struct http_pool {
	struct http *http;
	struct loop *loop;
	struct http_pool_params params;
	struct http_call_list waiting;
	unsigned int waiting_count;
	struct http_call_list waiting_alone;
	struct http_call_list running;
	struct http_connection_list connections;
	/* Those that are not draining, but for the lane. */
	unsigned int connection_count;
	/* The one for requests that are to be alone; NULL: none is open. */
	struct http_connection *lane;
	unsigned int lane_answered;	/* in a row */
	struct pacing pacing;
	uint64_t epoch;		/* ends when a connection of it fails */
	uint64_t calls_made;
	uint64_t abort_until;	/* calls up to that one are not to wait */
	struct loop_timer *tidy;
	struct loop_timer *pace;	/* until a connection may be opened */
	struct loop_timer *rest;	/* runs while there is nothing to do */
	int64_t rested_ms;	/* since when there is nothing */
	struct spares spares;
	struct budget_member member;
	/* Of connections: see struct http_connection_params. */
	void (*ended)(void *arg, CURL *easy, CURLcode code);
	void (*settled)(void *arg);
};

void http_pool_drop_connection(struct http_pool *pool,
    struct http_connection *connection);

/* No new requests; freed by the tidying once nothing is in flight on it. */
void http_pool_drain(struct http_pool *pool,
    struct http_connection *connection);

/* What was opened until now is no news any more. */
void http_pool_fail(struct http_pool *pool,
    const struct http_connection *connection);

/*
 * The connection with the fewest requests that has room, a new one if all are
 * full or silent and there may be more, or NULL.
 */
struct http_connection *http_pool_choose(struct http_pool *pool);

/*
 * The lane, if it may have one more: one at a time, and more with each answer
 * once many came.  One that is silent holds up nobody.
 */
struct http_connection *http_pool_choose_lane(struct http_pool *pool);

/* Nobody needs it: it becomes a connection as the others. */
void http_pool_end_lane(struct http_pool *pool);

#endif
