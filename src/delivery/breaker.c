/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/breaker.h"

void
breaker_init(struct breaker *breaker, const struct breaker_params *params)
{
	*breaker = (struct breaker){ .params = *params };
}

bool
breaker_admits(struct breaker *breaker, int64_t now_ms, bool *probe)
{
	*probe = breaker->state == BREAKER_OPEN && now_ms >= breaker->until_ms;
	if (*probe)
		breaker->state = BREAKER_HALF_OPEN;
	return *probe || breaker->state == BREAKER_CLOSED;
}

bool
breaker_success(struct breaker *breaker)
{
	bool closed = breaker->state != BREAKER_CLOSED;

	breaker->state = BREAKER_CLOSED;
	breaker->failures = 0;
	return closed;
}

static void
breaker_open(struct breaker *breaker, int64_t now_ms)
{
	breaker->state = BREAKER_OPEN;
	breaker->until_ms = now_ms + breaker->params.pause_ms;
}

bool
breaker_failure(struct breaker *breaker, int64_t now_ms)
{
	bool opened = false;

	if (breaker->state == BREAKER_CLOSED && breaker->params.failures > 0)
		opened = ++breaker->failures >= breaker->params.failures;
	if (opened || breaker->state == BREAKER_HALF_OPEN)
		breaker_open(breaker, now_ms);
	return opened;
}

bool
breaker_trip(struct breaker *breaker, int64_t now_ms)
{
	bool opened = breaker->state == BREAKER_CLOSED &&
	    breaker->params.failures > 0;

	if (opened)
		breaker_open(breaker, now_ms);
	return opened;
}

void
breaker_abandon(struct breaker *breaker)
{
	if (breaker->state == BREAKER_HALF_OPEN)
		breaker->state = BREAKER_OPEN;
}
