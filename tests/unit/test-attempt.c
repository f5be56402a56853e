/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/attempt.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"

/* --- a request without an answer ----------------------------------------- */

static const struct {
	const char *name;
	enum http_failure failure;
	enum cause cause;
	enum retry retry;
	enum verdict verdict;
} failures[] = {
	{ "not sent", HTTP_FAILURE_NOT_SENT, CAUSE_UNREACHABLE,
	    RETRY_AT_ONCE, VERDICT_LATER },
	{ "unknown", HTTP_FAILURE_UNKNOWN, CAUSE_UNREACHABLE, RETRY_ONCE,
	    VERDICT_LATER },
	{ "timeout", HTTP_FAILURE_TIMEOUT, CAUSE_DEADLINE, RETRY_NEVER,
	    VERDICT_LATER },
	{ "protocol", HTTP_FAILURE_PROTOCOL, CAUSE_UNREACHABLE, RETRY_NEVER,
	    VERDICT_LATER },
	{ "refused", HTTP_FAILURE_REFUSED, CAUSE_ENDPOINT_REFUSED,
	    RETRY_NEVER, VERDICT_FAILED },
};

static void
check_failure(size_t row)
{
	struct outcome outcome;

	memset(&outcome, 0x55, sizeof outcome);
	attempt_judge_failure(failures[row].failure, &outcome);
	tap_is_int(outcome.verdict, failures[row].verdict,
	    "%s: may a later try work", failures[row].name);
	tap_is_int(outcome.cause, failures[row].cause, "%s: the cause",
	    failures[row].name);
	tap_is_int(outcome.retry, failures[row].retry, "%s: what is tried",
	    failures[row].name);
	tap_is_int(outcome.retry_after_ms, -1, "%s: no time was named",
	    failures[row].name);
	tap_ok(outcome.reason != NULL && *outcome.reason != '\0',
	    "%s: there is a word for the log", failures[row].name);
}

/* --- one decision -------------------------------------------------------- */

enum { FOREVER = 1000000000 };

/* What was tried, how the attempt ended, and what is next. */
static const struct decision {
	const char *name;
	enum retry retry;
	unsigned int count;		/* attempts before this one */
	bool repeated;
	bool renewed;
	int64_t retry_after_ms;
	int64_t remaining_ms;
	uint32_t dice;
	enum attempt_step step;
	int64_t pause_ms;		/* with ATTEMPT_AGAIN */
} decisions[] = {
	{ "never", RETRY_NEVER, 0, false, false, -1, FOREVER, 0,
	    ATTEMPT_SETTLE, 0 },
	{ "never, although a time is named", RETRY_NEVER, 0, false, false,
	    1000, FOREVER, 0, ATTEMPT_SETTLE, 0 },
	/* At once the first time, then with a pause. */
	{ "at once, 1st", RETRY_AT_ONCE, 0, false, false, -1, FOREVER, 199,
	    ATTEMPT_AGAIN, 0 },
	{ "at once, 2nd, low dice", RETRY_AT_ONCE, 1, false, false, -1,
	    FOREVER, 0, ATTEMPT_AGAIN, 400 },
	{ "at once, 2nd, high dice", RETRY_AT_ONCE, 1, false, false, -1,
	    FOREVER, 199, ATTEMPT_AGAIN, 599 },
	{ "at once, 3rd", RETRY_AT_ONCE, 2, false, false, -1, FOREVER, 0,
	    ATTEMPT_SETTLE, 0 },
	{ "at once, in the least time", RETRY_AT_ONCE, 0, false, false, -1,
	    500, 0, ATTEMPT_AGAIN, 0 },
	{ "at once, in less", RETRY_AT_ONCE, 0, false, false, -1, 499, 0,
	    ATTEMPT_SETTLE, 0 },
	{ "at once, 2nd, in the least time", RETRY_AT_ONCE, 1, false, false,
	    -1, 900, 0, ATTEMPT_AGAIN, 400 },
	{ "at once, 2nd, in less", RETRY_AT_ONCE, 1, false, false, -1, 899,
	    0, ATTEMPT_SETTLE, 0 },
	/* Once: an unknown outcome is not repeated twice. */
	{ "once", RETRY_ONCE, 0, false, false, -1, FOREVER, 77,
	    ATTEMPT_AGAIN, 0 },
	{ "once, as the 2nd", RETRY_ONCE, 1, false, false, -1, FOREVER, 77,
	    ATTEMPT_AGAIN, 0 },
	{ "once, repeated before", RETRY_ONCE, 1, true, false, -1, FOREVER,
	    0, ATTEMPT_SETTLE, 0 },
	{ "once, as the 3rd", RETRY_ONCE, 2, false, false, -1, FOREVER, 0,
	    ATTEMPT_SETTLE, 0 },
	{ "once, in the least time", RETRY_ONCE, 0, false, false, -1, 500, 0,
	    ATTEMPT_AGAIN, 0 },
	{ "once, in less", RETRY_ONCE, 0, false, false, -1, 499, 0,
	    ATTEMPT_SETTLE, 0 },
	{ "once, after a new token", RETRY_ONCE, 1, false, true, -1, FOREVER,
	    0, ATTEMPT_AGAIN, 0 },
	/* After Retry-After, else after a pause that doubles. */
	{ "back-off, 1st, low dice", RETRY_BACKOFF, 0, false, false, -1,
	    FOREVER, 0, ATTEMPT_AGAIN, 200 },
	{ "back-off, 1st, high dice", RETRY_BACKOFF, 0, false, false, -1,
	    FOREVER, 199, ATTEMPT_AGAIN, 399 },
	{ "back-off, 1st, dice over it", RETRY_BACKOFF, 0, false, false, -1,
	    FOREVER, 4294967295u, ATTEMPT_AGAIN, 200 + 4294967295u % 200 },
	{ "back-off, 2nd, low dice", RETRY_BACKOFF, 1, false, false, -1,
	    FOREVER, 0, ATTEMPT_AGAIN, 400 },
	{ "back-off, 2nd, high dice", RETRY_BACKOFF, 1, false, false, -1,
	    FOREVER, 399, ATTEMPT_AGAIN, 799 },
	{ "back-off, 3rd", RETRY_BACKOFF, 2, false, false, -1, FOREVER, 0,
	    ATTEMPT_SETTLE, 0 },
	{ "back-off of 0 by Retry-After", RETRY_BACKOFF, 0, false, false, 0,
	    FOREVER, 100, ATTEMPT_AGAIN, 0 },
	{ "back-off of 3 s by Retry-After", RETRY_BACKOFF, 0, false, false,
	    3000, FOREVER, 100, ATTEMPT_AGAIN, 3000 },
	{ "back-off, 2nd, by Retry-After", RETRY_BACKOFF, 1, false, false,
	    3000, FOREVER, 100, ATTEMPT_AGAIN, 3000 },
	{ "back-off by Retry-After that just fits", RETRY_BACKOFF, 0, false,
	    false, 3000, 3500, 0, ATTEMPT_AGAIN, 3000 },
	{ "back-off by Retry-After that does not fit", RETRY_BACKOFF, 0,
	    false, false, 3000, 3499, 0, ATTEMPT_SETTLE, 0 },
	{ "back-off by a Retry-After of years", RETRY_BACKOFF, 0, false,
	    false, INT64_MAX, 8000, 0, ATTEMPT_SETTLE, 0 },
	{ "back-off that just fits", RETRY_BACKOFF, 0, false, false, -1, 700,
	    0, ATTEMPT_AGAIN, 200 },
	{ "back-off that does not fit", RETRY_BACKOFF, 0, false, false, -1,
	    699, 0, ATTEMPT_SETTLE, 0 },
	/* Only after Retry-After. */
	{ "if told, and told", RETRY_AFTER_ONLY, 0, false, false, 1000, FOREVER,
	    50, ATTEMPT_AGAIN, 1000 },
	{ "if told, and told 0", RETRY_AFTER_ONLY, 0, false, false, 0, FOREVER,
	    50, ATTEMPT_AGAIN, 0 },
	{ "if told, and not told", RETRY_AFTER_ONLY, 0, false, false, -1,
	    FOREVER, 50, ATTEMPT_SETTLE, 0 },
	{ "if told, as the 3rd", RETRY_AFTER_ONLY, 2, false, false, 1000,
	    FOREVER, 0, ATTEMPT_SETTLE, 0 },
	{ "if told, and it just fits", RETRY_AFTER_ONLY, 0, false, false, 60000,
	    60500, 0, ATTEMPT_AGAIN, 60000 },
	{ "if told, and it does not fit", RETRY_AFTER_ONLY, 0, false, false,
	    60000, 60499, 0, ATTEMPT_SETTLE, 0 },
	{ "if told years", RETRY_AFTER_ONLY, 0, false, false, INT64_MAX, 8000,
	    0, ATTEMPT_SETTLE, 0 },
	/* One time with another token. */
	{ "a shorter form", RETRY_VARIANT, 0, false, false, -1, FOREVER, 0,
	    ATTEMPT_AGAIN, 0 },
	{ "a shorter form, as the 2nd", RETRY_VARIANT, 1, true, true, -1,
	    FOREVER, 0, ATTEMPT_AGAIN, 0 },
	{ "a shorter form, as the 3rd", RETRY_VARIANT, 2, false, false, -1,
	    FOREVER, 0, ATTEMPT_SETTLE, 0 },
	{ "another token", RETRY_TOKEN, 0, false, false, -1, FOREVER, 0,
	    ATTEMPT_RENEW, 0 },
	{ "another token, as the 2nd", RETRY_TOKEN, 1, true, false, -1,
	    FOREVER, 0, ATTEMPT_RENEW, 0 },
	{ "another token, renewed before", RETRY_TOKEN, 1, false, true, -1,
	    FOREVER, 0, ATTEMPT_SETTLE, 0 },
	{ "another token, as the 3rd", RETRY_TOKEN, 2, true, false, -1,
	    FOREVER, 0, ATTEMPT_SETTLE, 0 },
	{ "the former token", RETRY_FORMER_TOKEN, 0, false, false, -1,
	    FOREVER, 0, ATTEMPT_RENEW, 0 },
	{ "the former token, renewed before", RETRY_FORMER_TOKEN, 1, false,
	    true, -1, FOREVER, 0, ATTEMPT_SETTLE, 0 },
	{ "another token, in the least time", RETRY_TOKEN, 0, false, false,
	    -1, 500, 0, ATTEMPT_RENEW, 0 },
	{ "another token, in less", RETRY_TOKEN, 0, false, false, -1, 499, 0,
	    ATTEMPT_SETTLE, 0 },
	/* The deadline has passed. */
	{ "at once, too late", RETRY_AT_ONCE, 0, false, false, -1, 0, 0,
	    ATTEMPT_SETTLE, 0 },
	{ "back-off, too late", RETRY_BACKOFF, 0, false, false, 0, -5, 0,
	    ATTEMPT_SETTLE, 0 },
};

static void
check_decision(const struct decision *row)
{
	struct attempt attempt = { .count = row->count,
	    .repeated = row->repeated, .renewed = row->renewed };
	struct outcome outcome = { .verdict = VERDICT_LATER,
	    .retry = row->retry, .retry_after_ms = row->retry_after_ms,
	    .reason = "" };
	int64_t pause_ms = -7;
	enum attempt_step step = attempt_decide(&attempt, &outcome,
	    row->remaining_ms, row->dice, &pause_ms);

	tap_is_int(step, row->step, "%s: the step", row->name);
	tap_is_int(attempt.count, row->count + 1, "%s: it is counted",
	    row->name);
	tap_is_int(attempt.variant, row->retry == RETRY_VARIANT ? 1 : 0,
	    "%s: the form of the next request", row->name);
	if (step == ATTEMPT_AGAIN)
		tap_is_int(pause_ms, row->pause_ms, "%s: the pause",
		    row->name);
}

/* --- whole lives --------------------------------------------------------- */

/* How often a device is tried if each attempt ends in the same way. */
static void
check_life(const char *name, enum retry retry, unsigned int attempts)
{
	struct attempt attempt = { .count = 0 };
	struct outcome outcome = { .verdict = VERDICT_LATER, .retry = retry,
	    .retry_after_ms = 0, .reason = "" };
	int64_t pause_ms;
	unsigned int tried = 1;

	while (tried < 10 && attempt_decide(&attempt, &outcome, FOREVER, 0,
	    &pause_ms) != ATTEMPT_SETTLE)
		tried++;
	tap_is_int(tried, attempts, "%s: so many attempts in all", name);
}

/* --- against the clock --------------------------------------------------- */

/*
 * A provider that answers after `answer_ms`, always in the same way, and a
 * deadline: when each attempt begins, by a clock that is the test's.
 */
static const struct timetable {
	const char *name;
	enum retry retry;
	int64_t retry_after_ms;
	int64_t answer_ms;
	uint32_t dice;
	const char *begins_ms;
} timetables[] = {
	{ "not sent", RETRY_AT_ONCE, -1, 0, 0, "0 0 400" },
	{ "connecting in vain for 3 s", RETRY_AT_ONCE, -1, 3000, 0,
	    "0 3000 6400" },
	{ "connecting in vain for 4 s", RETRY_AT_ONCE, -1, 4000, 0,
	    "0 4000" },
	{ "unknown after 1 s", RETRY_ONCE, -1, 1000, 0, "0 1000" },
	{ "unknown after 7.6 s", RETRY_ONCE, -1, 7600, 0, "0" },
	{ "5xx, low dice", RETRY_BACKOFF, -1, 100, 0, "0 300 800" },
	{ "5xx, high dice", RETRY_BACKOFF, -1, 100, 199, "0 499 1198" },
	{ "5xx of 5 s", RETRY_BACKOFF, -1, 5000, 0, "0 5200" },
	{ "5xx, Retry-After 3", RETRY_BACKOFF, 3000, 100, 0,
	    "0 3100 6200" },
	{ "5xx, Retry-After 4", RETRY_BACKOFF, 4000, 100, 0, "0 4100" },
	{ "5xx, Retry-After 60", RETRY_BACKOFF, 60000, 100, 0, "0" },
	{ "FCM 429, Retry-After 2", RETRY_AFTER_ONLY, 2000, 100, 0,
	    "0 2100 4200" },
	{ "FCM 429, Retry-After 60", RETRY_AFTER_ONLY, 60000, 100, 0, "0" },
	{ "FCM 429 alone", RETRY_AFTER_ONLY, -1, 100, 0, "0" },
	{ "TooManyRequests", RETRY_NEVER, 1000, 100, 0, "0" },
	{ "a stale token", RETRY_TOKEN, -1, 100, 0, "0 100" },
};

static void
check_timetable(const struct timetable *row)
{
	struct attempt attempt = { .count = 0 };
	struct outcome outcome = { .verdict = VERDICT_LATER,
	    .retry = row->retry, .retry_after_ms = row->retry_after_ms,
	    .reason = "" };
	int64_t now_ms = 0, pause_ms = 0;
	char begins[80] = "0";
	size_t used = 1;

	do {
		now_ms += row->answer_ms;
		if (attempt_decide(&attempt, &outcome, 8000 - now_ms,
		    row->dice, &pause_ms) == ATTEMPT_SETTLE)
			break;
		now_ms += pause_ms;
		used += (size_t)snprintf(begins + used, sizeof begins - used,
		    " %lld", (long long)now_ms);
	} while (used < sizeof begins - 24);
	tap_is_string(begins, row->begins_ms,
	    "%s, with 8 s: when the attempts begin", row->name);
}

/* Delivered in the end, after each kind of trouble once. */
static void
check_mixed_life(void)
{
	struct attempt attempt = { .count = 0 };
	struct outcome outcome = { .verdict = VERDICT_LATER,
	    .retry_after_ms = -1, .reason = "" };
	int64_t pause_ms;

	outcome.retry = RETRY_TOKEN;
	tap_is_int(attempt_decide(&attempt, &outcome, FOREVER, 0, &pause_ms),
	    ATTEMPT_RENEW, "a stale token, then a new one");
	outcome.retry = RETRY_ONCE;
	tap_is_int(attempt_decide(&attempt, &outcome, FOREVER, 0, &pause_ms),
	    ATTEMPT_AGAIN, "then a broken connection, repeated");
	tap_is_int(attempt_decide(&attempt, &outcome, FOREVER, 0, &pause_ms),
	    ATTEMPT_SETTLE, "another broken connection is the end");
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof failures / sizeof *failures; i++)
		check_failure(i);
	for (i = 0; i < sizeof decisions / sizeof *decisions; i++)
		check_decision(&decisions[i]);
	check_life("never", RETRY_NEVER, 1);
	check_life("at once", RETRY_AT_ONCE, 3);
	check_life("once", RETRY_ONCE, 2);
	check_life("back-off", RETRY_BACKOFF, 3);
	check_life("if told", RETRY_AFTER_ONLY, 3);
	check_life("another token", RETRY_TOKEN, 2);
	for (i = 0; i < sizeof timetables / sizeof *timetables; i++)
		check_timetable(&timetables[i]);
	check_mixed_life();
	return tap_done();
}
