/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/rate.h"

#include <stdatomic.h>
#include <stddef.h>

enum {
	RATE_MINUTE_US = 60 * 1000 * 1000,
	RATE_SECOND_US = 1000 * 1000
};

void
rate_init(struct rate *rate, const struct rate_params *params)
{
	rate->params = *params;
	atomic_init(&rate->own, 0);
}

static _Atomic uint64_t *
rate_number(struct rate *rate)
{
	_Atomic uint64_t *numbers = rate->params.accounts == NULL ? NULL :
	    host_accounts_find(rate->params.accounts, rate->params.name);

	return numbers == NULL ? &rate->own :
	    &numbers[HOST_ACCOUNTS_RATE_FULL_US];
}

int64_t
rate_take(struct rate *rate, int64_t now_ms)
{
	_Atomic uint64_t *number = rate_number(rate);
	/* Rounded up: never more than allowed. */
	int64_t each_us = (RATE_MINUTE_US + rate->params.per_minute - 1) /
	    rate->params.per_minute;
	/* So much may be missing; one is there when the bucket is full. */
	int64_t most_us = each_us > RATE_SECOND_US ? 0 :
	    RATE_SECOND_US - each_us;
	int64_t now_us = now_ms * 1000, full_us, missing_us;
	uint64_t before = atomic_load(number);

	do {
		full_us = (int64_t)before;
		/* One of before the host was started says nothing. */
		if (full_us < now_us || full_us > now_us + RATE_MINUTE_US +
		    RATE_SECOND_US)
			full_us = now_us;
		missing_us = full_us - now_us - most_us;
	} while (missing_us <= 0 && !atomic_compare_exchange_weak(number,
	    &before, (uint64_t)(full_us + each_us)));
	return missing_us <= 0 ? 0 : (missing_us + 999) / 1000;
}
