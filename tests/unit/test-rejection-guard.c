/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/rejection-guard.h"

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
	{ 6, 0, true, "four of the latest twenty are few, but not of all" },
	{ 14, 0, true, "a quarter of all" },
	{ 1, 0, false, "and fewer than that" },
	{ 59, 0, false, "a hundred answers" },
	{ 0, 9, false, "nine of the latest twenty" },
	{ 0, 1, true, "ten, however many were good before" },
	{ 15, 0, true, "a quarter of the latest" },
	{ 1, 0, false, "and fewer than that" },
	{ 0, 200, true, "all of them" },
	{ 75, 0, true, "a quarter of all again" },
	{ 1, 0, false, "and fewer again" },
};

int
main(void)
{
	struct rejection_guard guard;
	unsigned int j;
	size_t i;

	memset(&guard, 0, sizeof guard);
	for (i = 0; i < sizeof steps / sizeof *steps; i++) {
		for (j = 0; j < steps[i].good; j++)
			rejection_guard_note(&guard, false);
		for (j = 0; j < steps[i].bad; j++)
			rejection_guard_note(&guard, true);
		tap_is_int(guard.raised, steps[i].raised, "%s (%u of %u)",
		    steps[i].words, guard.suspicious_count, guard.count);
	}
	return tap_done();
}
