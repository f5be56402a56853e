/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "fault.h"
#include "loop.h"

/*
 * Requests of the web server and the answers to them, over FastCGI: the only
 * door to libfcgi.
 *
 * Connections are accepted, waited for and closed without blocking.  Reading
 * a request and writing an answer block, but a peer that stalls ends the
 * connection after `io_timeout_ms`.  Nothing may interrupt them: the process
 * must keep its signals blocked.
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
	EXCHANGE_BODY_CUT	/* the caller went away, or is too slow */
};

/*
 * Called with each request once its variables are there.  The callee owns it
 * and ends it with exchange_finish, now or later.
 */
typedef void (*exchange_arrived_fn)(void *arg, struct exchange *exchange);

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

/* From the next request on. */
void exchange_listener_limit(struct exchange_listener *listener,
    unsigned int max_in_flight);

void exchange_listener_free(struct exchange_listener *listener);

/* A variable of the web server, or NULL; valid until exchange_finish. */
const char *exchange_variable(const struct exchange *exchange,
    const char *name);

/*
 * Appends the request's body to `body`, up to the limit of that buffer.  A
 * CONTENT_LENGTH over it is known before one byte is read.
 */
enum exchange_body exchange_read_body(struct exchange *exchange,
    struct buf *body);

/*
 * Write to the answer, and pass on what was written.  False once the web
 * server is gone; further writes are then dropped.
 */
bool exchange_write(struct exchange *exchange, const char *data, size_t size);
bool exchange_flush(struct exchange *exchange);

/* Ends the answer and the exchange. */
void exchange_finish(struct exchange *exchange);

#endif
