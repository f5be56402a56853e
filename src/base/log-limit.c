/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log-limit.h"

#include "base/clock.h"

bool
log_limit_admits(struct log_limit *limit)
{
	int64_t now_ms = clock_monotonic_ms();
	bool admitted;

	if (limit->admitted > 0 && limit->interval_ms > 0 &&
	    now_ms - limit->since_ms >= limit->interval_ms)
		limit->admitted = 0;
	if (limit->admitted == 0)
		limit->since_ms = now_ms;
	admitted = limit->admitted < limit->burst;
	if (admitted)
		limit->admitted++;
	return admitted;
}
