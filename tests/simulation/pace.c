/* SPDX-License-Identifier: Apache-2.0 */
#include "pace.h"

enum {
	/* No request lasts so long: whatever it was granted has come. */
	PACE_LATE_MS = 12000,
	PACE_REST_MS = PACE_LATE_MS + 3000,
	PACE_MINUTE_MS = 60000,
	PACE_BURST_MS = 1000
};

bool
pace_exceeds(struct pace *pace, int64_t now_ms, int64_t per_minute)
{
	if (pace->count == 0 || now_ms - pace->latest_ms > PACE_REST_MS)
		*pace = (struct pace){ .since_ms = now_ms };
	pace->latest_ms = now_ms;
	pace->count++;
	/* What comes in a second may come at once, and one always. */
	return pace->count > (now_ms - pace->since_ms + PACE_LATE_MS +
	    PACE_BURST_MS) * per_minute / PACE_MINUTE_MS + 2;
}
