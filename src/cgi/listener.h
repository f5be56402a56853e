/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CGI_LISTENER_H
#define CGI_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"
#include "cgi/exchange.h"

/*
 * Where requests come from: the connections to a FastCGI socket or, once in
 * the life of a process, the web server that started it for one CGI request.
 */
struct listener;

struct listener_params {
	int fd;			/* standard input: the FastCGI socket, or the
				 * body of a CGI request */
	int out_fd;		/* standard output, for CGI */
	unsigned int max_in_flight;	/* beyond it requests wait in the
					 * kernel's backlog */
	int64_t io_timeout_ms;
	bool owns_socket;	/* no other process accepts from it */
};

/* Called from the loop when a stopped listener has nothing left. */
typedef void (*listener_drained_fn)(void *arg);

/*
 * True if this process was started for one CGI request: there is one in its
 * environment, and `fd` is no listening socket.
 */
bool listener_is_cgi(int fd);

/* True if whoever reaches a network address of this host can connect to it. */
bool listener_is_tcp(int fd);

/*
 * NULL with an error if the descriptor is not a listening socket, and there is
 * no CGI request.  The loop must take descriptors of files for such a one.
 */
struct listener *listener_create(struct loop *loop,
    const struct listener_params *params, exchange_arrived_fn arrived,
    void *arg, struct error *error);

/*
 * Accepts no more; what has been accepted is still served.  What waits in the
 * backlog is left to the other processes that share the socket; if none does,
 * the socket takes no more connections, and those that wait are served too.
 */
void listener_stop(struct listener *listener, listener_drained_fn drained,
    void *arg);

/* Waits no longer for requests that are not complete. */
void listener_expire(struct listener *listener);

/* How many requests are not over yet. */
unsigned int listener_in_flight(const struct listener *listener);

/* From the next request on. */
void listener_limit(struct listener *listener, unsigned int max_in_flight);

void listener_free(struct listener *listener);

#endif
