/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log-limit.h"

#include <stddef.h>

#include "base/clock.h"
#include "tap.h"

enum {
	LOOKS_MAX = 8
};

/* When a line is to be written, and whether it may. */
static const struct {
	const char *name;
	struct log_limit limit;
	struct {
		int64_t at_ms;
		bool admitted;
	} looks[LOOKS_MAX];
	size_t count;
} rows[] = {
	{ .name = "one in ten seconds",
	    .limit = { .burst = 1, .interval_ms = 10000 },
	    .looks = { { 0, true }, { 0, false }, { 9999, false },
	    { 10000, true }, { 19999, false }, { 45000, true },
	    { 54999, false } }, .count = 7 },
	{ .name = "two in a second, from the first on",
	    .limit = { .burst = 2, .interval_ms = 1000 },
	    .looks = { { 0, true }, { 900, true }, { 999, false },
	    { 1000, true }, { 1001, true }, { 1999, false } }, .count = 6 },
	{ .name = "three, and no more",
	    .limit = { .burst = 3 },
	    .looks = { { 0, true }, { 1, true }, { 2, true }, { 3, false },
	    { 1000000000, false } }, .count = 5 },
	{ .name = "none at all",
	    .limit = { .interval_ms = 1000 },
	    .looks = { { 0, false }, { 5000, false } }, .count = 2 },
};

static void
check_row(size_t row)
{
	struct log_limit limit = rows[row].limit;
	size_t i;

	for (i = 0; i < rows[row].count; i++) {
		clock_fake(rows[row].looks[i].at_ms, 0);
		tap_is_int(log_limit_admits(&limit),
		    rows[row].looks[i].admitted, "%s: look %zu",
		    rows[row].name, i + 1);
	}
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		check_row(i);
	return tap_done();
}
