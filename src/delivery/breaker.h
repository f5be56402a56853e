/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_BREAKER_H
#define DELIVERY_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Keeps requests from waiting for an account that answers nobody.  After so
 * many failures in a row it is open: nothing is tried for a while, then one
 * probe shows whether to close it or to wait once more.  The clock is the
 * caller's.
 */
struct breaker_params {
	unsigned int failures;	/* in a row that open it; 0: it never opens */
	int64_t pause_ms;
};

struct breaker {
	struct breaker_params params;
	unsigned int failures;	/* in a row, so far */
	enum {
		BREAKER_CLOSED,
		BREAKER_OPEN,
		BREAKER_TRIAL	/* open, and the probe is under way */
	} state;
	int64_t until_ms;	/* then a probe is due */
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

/* There was none, or the account's server failed.  True if that opened it,
 * for the first time since it was closed. */
bool breaker_failure(struct breaker *breaker, int64_t now_ms);

/* It is known to answer nobody: opened at once.  True if it was closed. */
bool breaker_trip(struct breaker *breaker, int64_t now_ms);

/* The probe showed nothing: the next one may try at once. */
void breaker_abandon(struct breaker *breaker);

#endif
