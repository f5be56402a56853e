/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <curl/curl.h>

#include "base/loop.h"

/*
 * A connection: a curl multi handle of its own in the worker's loop, which has
 * one connection.  It moves bytes; http.c says for whom.
 */
struct http_connection_params {
	struct loop *loop;
	unsigned int max_streams;
	bool warm_up;		/* one request alone on a new connection */
	/* Called for each transfer that ended, which is to be removed then. */
	void (*ended)(void *arg, CURL *easy, CURLcode code);
	/* Called after those, whenever curl was at work. */
	void (*settled)(void *arg);
	void *arg;
};

struct http_connection {
	TAILQ_ENTRY(http_connection) entry;	/* of its owner */
	struct http_connection_params params;
	CURLM *multi;
	struct loop_timer *timer;
	unsigned int in_flight;
	bool warm;
	bool draining;		/* its owner's: no new requests */
	uint64_t number;	/* its owner's */
	unsigned int stream_errors;	/* its owner's: consecutive */
	int64_t born_ms;
	int64_t used_ms;
	int64_t silent_ms;	/* since when it owes a response, or 0 */
};

struct http_connection *http_connection_create(
    const struct http_connection_params *params);

/* Only with nothing in flight, and never from within `ended` or `settled`. */
void http_connection_free(struct http_connection *connection);

/* How many requests may be on this connection now. */
unsigned int http_connection_limit(struct http_connection *connection);

/* Starts a transfer; `ended` is never called from within. */
void http_connection_add(struct http_connection *connection, CURL *easy);

/* Takes a transfer out, whether it ended or not. */
void http_connection_remove(struct http_connection *connection, CURL *easy);

/* A response came: if more are outstanding, their time starts now. */
void http_connection_answered(struct http_connection *connection);

/* True if requests are outstanding, and no response came for a second. */
bool http_connection_is_silent(const struct http_connection *connection);

#endif
