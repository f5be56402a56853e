/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_PACING_H
#define HTTP_PACING_H

#include <stdbool.h>
#include <stdint.h>

/*
 * When a pool may open a connection.  Apple takes many new connections for an
 * attack, and asks for those of one sender to be opened seconds apart.  One
 * connection is enough to show whether a provider is there: until it has
 * answered, no others are opened at first; and after one has failed they are
 * tried one after the other, each with one request.  Pure: the time is passed
 * in.
 */
enum pacing_limits {
	PACING_FIRST_MS = 200,	/* no answer for so long: another may help */
	PACING_TRIAL_MS = 1000,	/* the same after a failure */
	PACING_TRIALS = 5,	/* so many may fail without a pause */
	PACING_PAUSE_MS = 1000
};

/* Zeroed at first, but for apart_ms. */
struct pacing {
	int64_t apart_ms;	/* from one to the next beside it */
	bool works;		/* answered since the latest failure */
	unsigned int failures;	/* in a row */
	int64_t failed_ms;
	int64_t opened_ms;
};

/*
 * In how many milliseconds a connection may be opened; 0: now.  `others` are
 * there that take requests; one of them is a `trial` if it was not answered
 * yet.
 */
int64_t pacing_wait_ms(const struct pacing *pacing, bool others, bool trial,
    int64_t now_ms);

/* True after a failure: a trial has one request alone. */
bool pacing_is_cautious(const struct pacing *pacing);

void pacing_opened(struct pacing *pacing, int64_t now_ms);

/* One that was opened after the latest failure is answered. */
void pacing_answered(struct pacing *pacing);

void pacing_failed(struct pacing *pacing, int64_t now_ms);

#endif
