/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBSERVER_H
#define WEBSERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "cgi/exchange.h"

/*
 * A web server with one request, at the other end of a FastCGI connection to a
 * worker: it sends the request, and takes the answer at its own pace.
 */
struct webserver;

enum {
	/* As a worker has it. */
	WEBSERVER_IO_TIMEOUT_MS = 5000
};

/* All zero: it takes at once what comes, and closes when that is all. */
struct webserver_pace {
	size_t room;			/* bytes that wait before they are
					 * taken; 0: any number */
	size_t piece;			/* so many are taken at a time */
	int64_t every_ms;
	size_t stops_after;		/* so many it stops for a time */
	int64_t stops_ms;		/* 0: it does not */
	bool lingers;			/* it closes when the worker has */
};

struct webserver_params {
	struct loop *loop;
	/* "NAME=value", up to NULL. */
	const char *const *variables;
	struct webserver_pace pace;
	int64_t gone_after_ms;		/* it closes then; 0: it does not */
	/* The variables are there: it calls webserver_send_body, and serves
	 * the request. */
	void (*arrived)(void *arg, struct exchange *exchange);
	/* The worker has read all of the body. */
	void (*read)(void *arg);
	/* It begins to serve the request, or refuses it. */
	void (*served)(void *arg);
	/* The worker has ended its answer, or lost the connection. */
	void (*finished)(void *arg);
	/* Both have closed the connection. */
	void (*closed)(void *arg);
	void *arg;
};

struct webserver *webserver_create(const struct webserver_params *params);

/* Only once it is closed. */
void webserver_free(struct webserver *webserver);

/*
 * The body, which must outlive it, comes after that time, in so many pieces;
 * or in place of its end comes word that it will not.
 */
void webserver_send_body(struct webserver *webserver, const char *body,
    int64_t after_ms, unsigned int pieces, bool is_cut);

/* Waits no longer for a request that is not complete. */
void webserver_expire(struct webserver *webserver);

/* The web server has closed its end before it saw the end of the answer. */
bool webserver_is_gone(const struct webserver *webserver);

/* The worker has written something, even if nobody was there to take it. */
bool webserver_is_answered(const struct webserver *webserver);

/* The worker has given it up before it has ended its answer. */
bool webserver_is_lost(const struct webserver *webserver);

/* What of the answer has come through. */
struct webserver_taken {
	int status;			/* 0: none */
	const char *body;		/* "": not even all of the headers */
	bool is_whole;
	bool is_gone;			/* as webserver_is_gone */
	int64_t stalled_ms;		/* it took nothing, for the longest */
	bool is_late;			/* it was served after it had closed */
	int64_t held_ms;		/* the worker kept the connection, once
					 * it had answered and all had come, or
					 * the web server had closed */
	bool lingers;			/* as its pace says */
	bool is_hoarded;		/* the worker kept far more than what
					 * had not gone through */
};

void webserver_take(struct webserver *webserver,
    struct webserver_taken *taken);

#endif
