/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "fault.h"
#include "loop.h"

/*
 * Requests of the web server and the answers to them, over FastCGI or, once
 * in the life of a process, over CGI.
 *
 * Nothing blocks: bytes are read as they come and written as they are taken,
 * so no request waits for the peer of another.  A peer that neither sends nor
 * takes anything for `io_timeout_ms` is given up, and so is one that is not
 * done after a minute: with its request, or with an answer that is ended.
 * SIGPIPE must be ignored.
 */
struct exchange_listener;
struct exchange;

struct exchange_params {
	int fd;			/* the listening FastCGI socket */
	unsigned int max_in_flight;	/* then stop accepting; the rest wait
					 * in the kernel's backlog */
	int64_t io_timeout_ms;
	bool owns_socket;	/* no other process accepts from it */
};

enum exchange_body {
	EXCHANGE_BODY_OK,
	EXCHANGE_BODY_TOO_LARGE,
	EXCHANGE_BODY_CUT,	/* the caller went away, or is too slow */
	EXCHANGE_BODY_EXPIRED	/* exchange_listener_expire was called */
};

/*
 * Called with each request once its variables are there.  The callee owns it
 * and ends it with exchange_finish, now or later; unless it does so now, it
 * must ask for the body.
 */
typedef void (*exchange_arrived_fn)(void *arg, struct exchange *exchange);

/* The body is there in the first case only, and is the exchange's. */
typedef void (*exchange_body_fn)(void *arg, enum exchange_body result,
    const struct buf *body);

/* Called from the loop when a stopped listener has nothing left. */
typedef void (*exchange_drained_fn)(void *arg);

/* NULL with a fault if the descriptor is not a listening socket. */
struct exchange_listener *exchange_listen(struct loop *loop,
    const struct exchange_params *params, exchange_arrived_fn arrived,
    void *arg, struct fault *fault);

/*
 * Accepts no more; what has been accepted is still served.  What waits in the
 * backlog is left to the other processes that share the socket; if none does,
 * the socket takes no more connections, and those that wait are served too.
 */
void exchange_listener_stop(struct exchange_listener *listener,
    exchange_drained_fn drained, void *arg);

/* Waits no longer for requests that are not complete. */
void exchange_listener_expire(struct exchange_listener *listener);

/* From the next request on. */
void exchange_listener_limit(struct exchange_listener *listener,
    unsigned int max_in_flight);

void exchange_listener_free(struct exchange_listener *listener);

/* A variable of the web server, or NULL; valid until exchange_finish. */
const char *exchange_variable(const struct exchange *exchange,
    const char *name);

/*
 * Calls `done` once, now or later, when the request's body is there, or will
 * not be.  A CONTENT_LENGTH over the limit is known before the body is read,
 * any other body as soon as it is over it.  An answer may be 64 KiB and twice
 * this limit; one that is longer is cut.
 */
void exchange_read_body(struct exchange *exchange, size_t limit,
    exchange_body_fn done, void *arg);

/*
 * Write to the answer, and pass on what was written.  False once the web
 * server is gone; further writes are then dropped.
 */
bool exchange_write(struct exchange *exchange, const char *data, size_t size);
bool exchange_flush(struct exchange *exchange);

/* Ends the answer and the exchange. */
void exchange_finish(struct exchange *exchange);

#endif
