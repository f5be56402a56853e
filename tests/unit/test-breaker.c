/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/breaker.h"

#include <stddef.h>

#include "tap.h"

/*
 * A story: what happens, when, and what the breaker (3 failures, 10 s) says
 * to it.
 */
enum happening {
	ASK,		/* admitted, and not as the probe? */
	ASK_TRIAL,	/* admitted as the probe? */
	SUCCESS,	/* did that close it? */
	FAILURE,	/* did that open it? */
	TRIP,		/* did that open it? */
	ABANDON
};

static const struct {
	enum happening happening;
	int64_t at_ms;
	bool yes;
	const char *words;
} story[] = {
	{ ASK, 0, true, "closed at first" },
	{ FAILURE, 1, false, "one failure" },
	{ FAILURE, 2, false, "two failures" },
	{ ASK, 2, true, "still closed" },
	{ SUCCESS, 3, false, "an answer: nothing was open" },
	{ FAILURE, 4, false, "the count begins anew" },
	{ FAILURE, 5, false, "two in a row" },
	{ FAILURE, 6, true, "three in a row open it" },
	{ FAILURE, 7, false, "one that was under way opens it no more" },
	{ ASK, 8, false, "open" },
	{ ASK, 10005, false, "open until its time" },
	{ ASK_TRIAL, 10006, true, "the probe, ten seconds after it opened" },
	{ ASK, 10006, false, "only one probe" },
	{ FAILURE, 10500, false, "the probe fails" },
	{ ASK_TRIAL, 20499, false, "ten more seconds" },
	{ ASK_TRIAL, 20500, true, "the next probe" },
	{ ABANDON, 20600, false, "which shows nothing" },
	{ ASK_TRIAL, 20601, true, "so another one may try at once" },
	{ SUCCESS, 20700, true, "an answer closes it" },
	{ ASK, 20701, true, "closed" },
	{ FAILURE, 20702, false, "one failure does not open it again" },
	{ FAILURE, 20703, false, "nor do two" },
	{ FAILURE, 20704, true, "three do" },
	{ SUCCESS, 20705, true, "one that was under way comes back: closed" },
	{ ABANDON, 20706, false, "no probe to abandon" },
	{ ASK, 20707, true, "closed" },
	{ TRIP, 20708, true, "known to be silent: open at once" },
	{ TRIP, 20709, false, "it is open already" },
	{ ASK, 20710, false, "open" },
	{ ASK_TRIAL, 30708, true, "the probe" },
	{ SUCCESS, 30709, true, "closed" },
};

static void
check_story(void)
{
	const struct breaker_params params = { .failures = 3,
	    .pause_ms = 10000 };
	struct breaker breaker;
	bool yes = false, probe;
	size_t i;

	breaker_init(&breaker, &params);
	for (i = 0; i < sizeof story / sizeof *story; i++) {
		switch (story[i].happening) {
		case ASK:
			yes = breaker_admits(&breaker, story[i].at_ms,
			    &probe) && !probe;
			break;
		case ASK_TRIAL:
			yes = breaker_admits(&breaker, story[i].at_ms,
			    &probe) && probe;
			break;
		case SUCCESS:
			yes = breaker_success(&breaker);
			break;
		case FAILURE:
			yes = breaker_failure(&breaker, story[i].at_ms);
			break;
		case TRIP:
			yes = breaker_trip(&breaker, story[i].at_ms);
			break;
		case ABANDON:
			breaker_abandon(&breaker);
			yes = false;
			break;
		}
		tap_is_int(yes, story[i].yes, "%ld ms: %s",
		    (long)story[i].at_ms, story[i].words);
	}
}

static void
check_never(void)
{
	const struct breaker_params params = { .pause_ms = 10000 };
	struct breaker breaker;
	bool opened = false, probe;
	int i;

	breaker_init(&breaker, &params);
	for (i = 0; i < 1000; i++)
		opened = opened || breaker_failure(&breaker, i) ||
		    breaker_trip(&breaker, i);
	tap_ok(!opened && breaker_admits(&breaker, i, &probe) && !probe,
	    "with 0 it never opens");
}

static void
check_first(void)
{
	const struct breaker_params params = { .failures = 1,
	    .pause_ms = 10000 };
	struct breaker breaker;

	breaker_init(&breaker, &params);
	tap_ok(breaker_failure(&breaker, 0), "with 1 the first one opens it");
	breaker_init(&breaker, &params);
	tap_ok(breaker_trip(&breaker, 0), "and so does what is known");
}

int
main(void)
{
	check_story();
	check_never();
	check_first();
	return tap_done();
}
