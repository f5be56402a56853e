/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <curl/curl.h>

#include "base/loop.h"

/*
 * A connection: a curl multi handle of its own in the worker's loop, which
 * opens one connection and no other after it.  It moves bytes, and knows how
 * many requests may be on it; http.c says for whom, and when it is opened.
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
	int fd;			/* its socket, or -1 */
	unsigned int in_flight;	/* transfers */
	unsigned int added;	/* those that curl has not begun yet */
	unsigned int sent;	/* those of them whose request was sent */
	bool open;		/* a request was sent on it */
	bool proven;		/* and one answered */
	bool warm;
	bool http1;
	bool full;		/* took no more, and has not answered since */
	unsigned int limit;	/* that it has shown */
	unsigned int full_at;	/* in flight when it took no more, or 0 */
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

/*
 * How many requests may be on this connection now: one until it is open; until
 * it is proven no more than a provider surely takes, or one if one is to be
 * `cautious`; and not more than it has shown to take.
 */
unsigned int http_connection_limit(struct http_connection *connection,
    bool cautious);

/* How many more there may be once it is open, proven and warm. */
unsigned int http_connection_prospect(
    const struct http_connection *connection);

/* Starts a transfer; `ended` is never called from within. */
void http_connection_add(struct http_connection *connection, CURL *easy);

/* Its request goes out now. */
void http_connection_note_sent(struct http_connection *connection);

/* Takes a transfer out, whether it was sent or ended or not. */
void http_connection_remove(struct http_connection *connection, CURL *easy,
    bool sent);

/*
 * curl wanted another connection for a transfer, so this one takes no more: it
 * is at the provider's limit, or going away, or speaks HTTP/1.1.  False if it
 * will take no more at all.
 */
bool http_connection_refused(struct http_connection *connection);

/*
 * A response came: if more are outstanding, their time starts now.  Over
 * HTTP/1.1 there is one request at a time.
 */
void http_connection_answered(struct http_connection *connection,
    bool multiplexes);

/* True if requests are outstanding, and no response came for a second. */
bool http_connection_is_silent(const struct http_connection *connection);

/* True if a new request is better off on `connection` than on `other`. */
bool http_connection_is_better(const struct http_connection *connection,
    const struct http_connection *other);

#endif
