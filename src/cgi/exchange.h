/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CGI_EXCHANGE_H
#define CGI_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/loop.h"
#include "cgi/protocol.h"

/*
 * A request of the web server and the answer to it.
 *
 * Nothing blocks: bytes are read as they come and written as they are taken,
 * so no request waits for the peer of another.  A peer that neither sends nor
 * takes anything for `io_timeout_ms` is dropped, and so is one that needs more
 * than a minute to send its request, or to take the rest of a finished answer.
 * SIGPIPE must be ignored.
 */
struct exchange;

enum exchange_body {
	EXCHANGE_BODY_OK,
	EXCHANGE_BODY_TOO_LARGE,
	EXCHANGE_BODY_CUT,	/* the caller went away, or is too slow */
	EXCHANGE_BODY_EXPIRED	/* exchange_expire was called */
};

/*
 * Called from the loop with a request once its variables are there.  The
 * callee answers it and ends it with exchange_finish, now or later; unless it
 * does so now, it must ask for the body.
 */
typedef void (*exchange_arrived_fn)(void *arg, struct exchange *exchange);

/* The body is there in the first case only, and is the exchange's. */
typedef void (*exchange_body_fn)(void *arg, enum exchange_body result,
    const struct buf *body);

struct exchange_params {
	struct loop *loop;
	const struct protocol *protocol;
	/* The caller's, non-blocking; one and the same, or two. */
	int in_fd;
	int out_fd;
	bool lingers;		/* a socket: the peer closes first */
	int64_t io_timeout_ms;
	int64_t came_ms;	/* when the peer came, as far as is known */
	exchange_arrived_fn arrived;
	/* The request is over: its answer is sent, or the peer is gone. */
	void (*answered)(void *arg);
	/* After that: the exchange is gone, the descriptors are free. */
	void (*closed)(void *arg);
	void *arg;
};

/* It frees itself once it is over. */
struct exchange *exchange_create(const struct exchange_params *params);

/* Waits no longer for a request that is not complete. */
void exchange_expire(struct exchange *exchange);

/* Drops it, without a call of exchange_body_fn.  NULL is allowed. */
void exchange_free(struct exchange *exchange);

/* A variable of the web server, or NULL; valid until exchange_finish. */
const char *exchange_variable(const struct exchange *exchange,
    const char *name);

/*
 * True if the variables, which hold the request's headers, are larger than
 * PROTOCOL_VARIABLES_SIZE: then there are none.
 */
bool exchange_variables_are_too_large(const struct exchange *exchange);

enum {
	EXCHANGE_ID_SIZE = 65
};

/*
 * What joins the lines of the log that are about the request, and the caller's
 * own log: its X-Request-ID if that has 1 to 64 characters of letters, digits,
 * '.', '_' and '-' and is no 64 hex digits, which could be a pushkey; else a
 * fresh one.  Valid until exchange_finish.
 */
const char *exchange_id(struct exchange *exchange);

/*
 * When the peer came, by the monotonic clock: before it was accepted, if
 * others were waiting with it.
 */
int64_t exchange_came_ms(const struct exchange *exchange);

/* True if the peer has closed its side: nobody waits for an answer. */
bool exchange_is_gone(const struct exchange *exchange);

/* The length of the body that is announced, or -1. */
int64_t exchange_announced(const struct exchange *exchange);

/* Gives the body that long; by default it is a minute. */
void exchange_limit_time(struct exchange *exchange, int64_t time_ms);

/* Lets the answer be that long; by default it may be 64 KiB. */
void exchange_allow(struct exchange *exchange, size_t answer_size);

/*
 * Calls `done` once, from the loop, when the request's body is there, or will
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
