/* SPDX-License-Identifier: Apache-2.0 */
/* When a pool may open another connection. */
#include "http/pacing.h"

#include <stddef.h>

#include "tap.h"

enum {
	NOW_MS = 100000
};

/* Those ago are before now; the others are of now. */
static const struct {
	const char *name;
	int64_t apart_ms;
	bool works;
	unsigned int failures;
	int64_t failed_ago_ms;
	int64_t opened_ago_ms;
	bool others;
	bool trial;
	int64_t wait_ms;
} waits[] = {
	{ .name = "the first one waits for nothing" },
	{ .name = "one beside others waits until they are apart",
	    .apart_ms = 2000, .opened_ago_ms = 500, .others = true,
	    .works = true, .wait_ms = 1500 },
	{ .name = "to the last millisecond",
	    .apart_ms = 2000, .opened_ago_ms = 1999, .others = true,
	    .works = true, .wait_ms = 1 },
	{ .name = "and no longer",
	    .apart_ms = 2000, .opened_ago_ms = 2000, .others = true,
	    .works = true },
	{ .name = "nor does time that is over count",
	    .apart_ms = 2000, .opened_ago_ms = 5000, .others = true,
	    .works = true },
	{ .name = "one that is alone need not be apart",
	    .apart_ms = 2000, .works = true },
	{ .name = "beside the very first trial it waits for 200 ms",
	    .others = true, .trial = true, .wait_ms = 200 },
	{ .name = "to the last of them, too",
	    .opened_ago_ms = 199, .others = true, .trial = true,
	    .wait_ms = 1 },
	{ .name = "beside a trial after a failure for a second",
	    .failures = 1, .opened_ago_ms = 300, .others = true,
	    .trial = true, .wait_ms = 700 },
	{ .name = "beside a trial where others work for nothing",
	    .works = true, .others = true, .trial = true },
	{ .name = "without a trial for nothing, although one has failed",
	    .failures = 1, .others = true },
	{ .name = "four that failed do not make it wait", .failures = 4 },
	{ .name = "five do, for a second", .failures = 5,
	    .failed_ago_ms = 1, .wait_ms = 999 },
	{ .name = "of two reasons the longer one counts",
	    .apart_ms = 2000, .failures = 5, .others = true, .trial = true,
	    .wait_ms = 2000 },
	{ .name = "whichever it is",
	    .apart_ms = 100, .failures = 5, .failed_ago_ms = 100,
	    .opened_ago_ms = 600, .others = true, .trial = true,
	    .wait_ms = 900 },
};

static void
check_wait(size_t i)
{
	struct pacing pacing = {
		.apart_ms = waits[i].apart_ms,
		.works = waits[i].works,
		.failures = waits[i].failures,
		.failed_ms = NOW_MS - waits[i].failed_ago_ms,
		.opened_ms = NOW_MS - waits[i].opened_ago_ms
	};

	tap_is_int(pacing_wait_ms(&pacing, waits[i].others, waits[i].trial,
	    NOW_MS), waits[i].wait_ms, "%s", waits[i].name);
}

static void
check_events(void)
{
	struct pacing pacing = { .apart_ms = 0 };

	pacing_opened(&pacing, 1000);
	tap_ok(!pacing_is_cautious(&pacing), "the first trial may have many");
	tap_is_int(pacing_wait_ms(&pacing, true, true, 1010), 190,
	    "what is opened counts from then");
	pacing_answered(&pacing);
	tap_is_int(pacing_wait_ms(&pacing, true, true, 1010), 0,
	    "an answer ends the time of trials");
	pacing_failed(&pacing, 1020);
	tap_ok(pacing_is_cautious(&pacing), "after a failure it has one");
	tap_is_int(pacing_wait_ms(&pacing, true, true, 1020), 980,
	    "a failure begins it anew");
	pacing_failed(&pacing, 1030);
	pacing_failed(&pacing, 1040);
	pacing_failed(&pacing, 1050);
	tap_is_int(pacing_wait_ms(&pacing, false, false, 1060), 0,
	    "four failures are borne");
	pacing_failed(&pacing, 1060);
	tap_is_int(pacing_wait_ms(&pacing, false, false, 1060), 1000,
	    "the fifth makes a pause, from then on");
	pacing_answered(&pacing);
	tap_ok(!pacing_is_cautious(&pacing) &&
	    pacing_wait_ms(&pacing, false, false, 1060) == 0,
	    "an answer makes up for them");
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof waits / sizeof *waits; i++)
		check_wait(i);
	check_events();
	return tap_done();
}
