/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* The one place that asks for the time, and the one place to fake it. */

/* Milliseconds of a clock that never jumps: deadlines and durations. */
int64_t clock_monotonic_ms(void);

/* Seconds since the epoch: tokens and expirations. */
int64_t clock_wall_s(void);

/*
 * From now on both clocks stand still at these values, until they are called
 * again; for tests.  -1 restores the real clock.
 */
void clock_fake(int64_t monotonic_ms, int64_t wall_s);

#endif
