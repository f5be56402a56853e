/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/rejection-guard.h"

#include <stddef.h>

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
	{ 5, 0, true, "five of the latest twenty are a quarter" },
	{ 1, 0, false, "and four are fewer" },
	{ 59, 0, false, "many good answers" },
	{ 0, 9, false, "nine of the latest twenty" },
	{ 0, 1, true, "ten, however many were good before" },
	{ 15, 0, true, "a quarter of the latest" },
	{ 1, 0, false, "and fewer than that" },
	{ 0, 200, true, "all of them" },
	{ 15, 0, true, "a quarter again" },
	{ 1, 0, false, "and fewer again" },
};

static void
check_steps(void)
{
	uint64_t word = 0;
	unsigned int j;
	size_t i;

	for (i = 0; i < sizeof steps / sizeof *steps; i++) {
		for (j = 0; j < steps[i].good; j++)
			word = rejection_guard_note(word, false);
		for (j = 0; j < steps[i].bad; j++)
			word = rejection_guard_note(word, true);
		tap_is_int(rejection_guard_is_raised(word), steps[i].raised,
		    "%s (%u)", steps[i].words,
		    rejection_guard_suspicious(word));
	}
}

/* Shared memory may hold anything. */
static void
check_rubbish(void)
{
	uint64_t raised = 0, word;
	unsigned int i, taken = 0;

	for (i = 0; i < 20; i++)
		raised = rejection_guard_note(raised, true);
	for (i = 0; i < 64; i++) {
		word = raised ^ UINT64_C(1) << i;
		taken += rejection_guard_is_raised(word) ||
		    rejection_guard_suspicious(word) > 0;
	}
	tap_is_int(taken, 0, "a word with one wrong bit is a new one");
	tap_ok(!rejection_guard_is_raised(UINT64_MAX) &&
	    rejection_guard_suspicious(UINT64_MAX) == 0, "so are all ones");
	tap_is_int(rejection_guard_suspicious(rejection_guard_note(UINT64_MAX,
	    true)), 1, "which goes on as any new one");
}

int
main(void)
{
	check_steps();
	check_rubbish();
	return tap_done();
}
