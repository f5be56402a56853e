/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/expiry.h"

#include "tap.h"

#define DAY 86400

static const struct {
	int64_t left_s;
	int days;
} lefts[] = {
	{ -1000 * DAY, 0 },
	{ -1, 0 },
	{ 0, 0 },
	{ 1, 1 },
	{ DAY, 1 },
	{ DAY + 1, 7 },
	{ 7 * DAY, 7 },
	{ 7 * DAY + 1, 30 },
	{ 30 * DAY, 30 },
	{ 30 * DAY + 1, -1 },
	{ INT64_MAX, -1 },
};

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof lefts / sizeof *lefts; i++)
		tap_is_int(expiry_days(lefts[i].left_s), lefts[i].days,
		    "%lld seconds are left", (long long)lefts[i].left_s);
	return tap_done();
}
