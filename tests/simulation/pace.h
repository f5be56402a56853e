/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACE_H
#define PACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether what happens keeps to a rate.  It may come late, and so in a crowd:
 * it is counted from when it began after a rest, and from as long before that
 * as it may have waited.
 */
struct pace {
	int64_t since_ms;
	int64_t latest_ms;	/* 0 with the count: there was none */
	int64_t count;
};

/* Notes one more; true if that is more than so many in a minute. */
bool pace_exceeds(struct pace *pace, int64_t now_ms, int64_t per_minute);

#endif
