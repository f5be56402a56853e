/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>

static int64_t clock_fake_monotonic_ms = -1;
static int64_t clock_fake_wall_s = -1;

int64_t
clock_monotonic_ms(void)
{
	struct timespec now;

	if (clock_fake_monotonic_ms != -1)
		return clock_fake_monotonic_ms;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
clock_wall_s(void)
{
	if (clock_fake_wall_s != -1)
		return clock_fake_wall_s;
	return (int64_t)time(NULL);
}

void
clock_fake(int64_t monotonic_ms, int64_t wall_s)
{
	clock_fake_monotonic_ms = monotonic_ms;
	clock_fake_wall_s = wall_s;
}
