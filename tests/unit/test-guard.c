/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"

#include <string.h>

#include "tap.h"

/* Answers in the order of their coming: so many good ones, then bad ones. */
static const struct {
	unsigned int good;
	unsigned int bad;
	bool raised;
	const char *words;
} steps[] = {
	{ 0, 1, false, "one bad answer proves nothing" },
	{ 0, 8, false, "nor do nine" },
	{ 0, 1, true, "ten of ten do" },
	{ 10, 0, true, "ten of twenty are still many" },
	{ 20, 0, true, "a quarter of forty too" },
	{ 1, 0, false, "fewer than a quarter are not" },
	{ 58, 0, false, "a window of ninety-nine" },
	{ 0, 20, false, "bad ones push good and bad ones out" },
	{ 0, 29, false, "forty-nine in a hundred" },
	{ 0, 1, true, "half of a hundred" },
	{ 0, 200, true, "all of them" },
	{ 75, 0, true, "a quarter again" },
	{ 1, 0, false, "and less than that" },
};

int
main(void)
{
	struct guard guard;
	unsigned int j;
	size_t i;

	memset(&guard, 0, sizeof guard);
	for (i = 0; i < sizeof steps / sizeof *steps; i++) {
		for (j = 0; j < steps[i].good; j++)
			guard_note(&guard, false);
		for (j = 0; j < steps[i].bad; j++)
			guard_note(&guard, true);
		tap_is_int(guard.raised, steps[i].raised, "%s (%u of %u)",
		    steps[i].words, guard.suspicious_count, guard.count);
	}
	return tap_done();
}
