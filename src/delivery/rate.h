/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_RATE_H
#define DELIVERY_RATE_H

#include <stdint.h>

#include "delivery/host-accounts.h"

/*
 * How many requests in a minute an account may have, of all workers of a host
 * together: a token bucket, which holds what comes in a second, and one at
 * least.  So a request that comes alone never waits, and never more than that
 * go at once beyond the rate.
 *
 * All that it knows is one number, when the bucket will be full again (the
 * "theoretical arrival time" of the generic cell rate algorithm, ITU-T I.371).
 * It is changed at once: a worker may die at any instruction.  What a worker
 * takes and does not use is lost.
 */
struct rate_params {
	struct host_accounts *accounts;	/* NULL: nothing is shared */
	const char *name;		/* of the account */
	int64_t per_minute;
};

/* In its owner's memory; what is in it is its own business. */
struct rate {
	struct rate_params params;
	_Atomic uint64_t own;		/* where nothing is shared */
};

/* What the params name must outlive it. */
void rate_init(struct rate *rate, const struct rate_params *params);

/* Takes one: 0, or after how many ms it may be tried again. */
int64_t rate_take(struct rate *rate, int64_t now_ms);

#endif
