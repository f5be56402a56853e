/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "http/message.h"
#include "http/proxy.h"

/*
 * The engine: asynchronous HTTPS requests in the worker's loop.  It knows
 * nothing of push.
 *
 * A pool is the connections to one origin for one account.  Each connection is
 * a curl multi handle of its own that opens one connection, so accounts never
 * share one, connections fill evenly, a new one can be warmed up with one
 * request, and one that misbehaves drains while what is in flight on it
 * finishes.  Requests that find no room wait in the pool's queue in the order
 * of their coming.  How many connections a provider gets that is no good is
 * http/pacing's.
 *
 * A request is sent once, whatever becomes of it: another attempt is its
 * sender's to decide.  One that is to be alone, since it may be what breaks
 * connections, goes over one that is kept for those, beside the others; such
 * requests go one by one, and more at once when many have been answered.
 */
struct http;
struct http_pool;
struct http_call;

struct http_params {
	const struct buf *cas;	/* PEM; NULL: those of ca_file */
	const char *ca_file;	/* NULL: the system's */
	const struct proxy *proxy;	/* the environment is not asked */
};

struct http_pool_params {
	unsigned int max_connections;
	unsigned int max_streams;	/* requests at once on one of them */
	bool warm_up;		/* one request alone on a new connection */
	/* From the opening of one connection to that of another beside it. */
	int64_t apart_ms;
	bool http2_only;	/* else an answer is HTTP_FAILURE_PROTOCOL */
	bool keep_headers;	/* replies have their headers */
	int64_t connect_timeout_ms;	/* name, TCP, proxy and TLS together */
	int64_t idle_s;		/* not reused after so long without a request */
	int64_t age_s;		/* no new requests on one that is older */
	/* The client certificate with its chain, and its key, not encrypted,
	 * in PEM; NULL: none.  Both must outlive the pool. */
	const char *certificate;
	const char *key;
};

/* Called once for each request that is not cancelled. */
typedef void (*http_done_fn)(void *arg, const struct http_reply *reply);

/* What the params name must outlive the engine. */
struct http *http_create(struct loop *loop, const struct http_params *params);
void http_free(struct http *http);

struct http_pool *http_pool_create(struct http *http,
    const struct http_pool_params *params);

/* How many connections are open, or opening. */
unsigned int http_pool_connections(const struct http_pool *pool);

/* Cancels whatever is still in the pool. */
void http_pool_free(struct http_pool *pool);

/*
 * Sends a POST and calls `done` from the loop, never from within this call.
 * Takes over what the request holds: it is as after http_request_init then.
 * `timeout_ms` bounds the exchange once it has a connection's turn; 0: the
 * caller bounds it by http_cancel.  The call is gone once `done` returned.
 */
struct http_call *http_send(struct http_pool *pool,
    struct http_request *request, int64_t timeout_ms, http_done_fn done,
    void *arg);

/*
 * Ends a request without calling `done`: it took all the time it had.  If its
 * connection has answered nobody for a second, it is not trusted with new
 * requests: a black hole answers nobody.
 */
void http_cancel(struct http_call *call);

/*
 * Ends the requests that wait for room on a connection, or for one to be
 * opened: they were not sent.
 */
void http_pool_abort_waiting(struct http_pool *pool);

/*
 * Only within `done`: new requests do not go over the connection that this
 * one used; those in flight on it finish.
 */
void http_drain(struct http_call *call);

#endif
