/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "http/message.h"
#include "http/params.h"

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
 * Sends a request and calls `done` from the loop, never from within this call.
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
