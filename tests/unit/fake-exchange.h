/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_EXCHANGE_H
#define FAKE_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "cgi/exchange.h"

/*
 * The web server's side for tests: a request that is given, and an answer that
 * is kept.  A program that is linked with this has it in the place of
 * cgi/exchange; it needs the fake loop.  What the real one does not allow, as
 * to write after the end, ends the program as failed.
 */
struct fake_exchange_variable {
	const char *name;
	const char *value;
};

struct fake_exchange_params {
	struct loop *loop;
	/* The last one has no name.  They must outlive the exchange. */
	const struct fake_exchange_variable *variables;
	bool variables_are_too_large;
	int64_t stood_ms;		/* in the socket, before */
	const char *body;		/* must outlive it, too */
	int64_t body_after_ms;		/* asked for it; or -1: never */
	bool body_is_cut;
	bool body_is_unannounced;
	int64_t gone_after_ms;		/* the web server is; 0: never */
	/* Called from exchange_finish; may be NULL. */
	void (*finished)(void *arg);
	void *arg;
};

struct exchange *fake_exchange_create(
    const struct fake_exchange_params *params);

/* Only after its end, which it survives, or without one. */
void fake_exchange_free(struct exchange *exchange);

/* What was passed on so far. */
const char *fake_exchange_answer(const struct exchange *exchange);

/* What the first header line of that name says in it, or 0: the status. */
int fake_exchange_status(const struct exchange *exchange);

/* What follows the headers, or NULL. */
const char *fake_exchange_body(const struct exchange *exchange);

/* True if the web server went away before. */
bool fake_exchange_is_gone(const struct exchange *exchange);

/* True if there was an answer, even if nobody was there to take it. */
bool fake_exchange_is_answered(const struct exchange *exchange);

/* When the answer was ended, by the monotonic clock; -1: it is not. */
int64_t fake_exchange_end_ms(const struct exchange *exchange);

/* When the first byte of this part of the answer was passed on, or -1. */
int64_t fake_exchange_when_ms(const struct exchange *exchange,
    const char *part);

#endif
