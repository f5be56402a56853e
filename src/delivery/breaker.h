/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_BREAKER_H
#define DELIVERY_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A circuit breaker: keeps requests from waiting for an account that does not
 * answer.  After so many consecutive failures it is open: nothing is tried for
 * a while, then one probe shows whether to close it or to wait once more.  The
 * time is passed in.
 */
struct breaker_params {
	unsigned int failures;	/* that open it; 0: it never opens */
	int64_t pause_ms;
};

struct breaker {
	struct breaker_params params;
	unsigned int failures;	/* consecutive, so far */
	enum {
		BREAKER_CLOSED,
		BREAKER_OPEN,
		BREAKER_HALF_OPEN	/* the probe is under way */
	} state;
	int64_t until_ms;	/* then a probe may go */
};

void breaker_init(struct breaker *breaker,
    const struct breaker_params *params);

/*
 * True if something may be tried now.  With `*probe` it is the probe, which
 * must end in breaker_success, breaker_failure or breaker_abandon.
 */
bool breaker_admits(struct breaker *breaker, int64_t now_ms, bool *probe);

/* There was an answer, of whatever kind.  True if that closed it. */
bool breaker_success(struct breaker *breaker);

/*
 * There was none, or the server failed.  True if that opened it, for the first
 * time since it was closed.
 */
bool breaker_failure(struct breaker *breaker, int64_t now_ms);

/* Opens it at once.  True if it was closed. */
bool breaker_trip(struct breaker *breaker, int64_t now_ms);

/* The probe showed nothing: the next one may go at once. */
void breaker_abandon(struct breaker *breaker);

#endif
