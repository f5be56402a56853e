/* SPDX-License-Identifier: Apache-2.0 */
/* The life of one device: attempts, pauses and the deadline, by the clock. */
#include "delivery/delivery.h"

#include <stdlib.h>
#include <string.h>

#include "captured-log.h"
#include "delivery-fixture.h"
#include "fake-random.h"
#include "fixture.h"
#include "tap.h"

enum {
	ANSWERS_MAX = 4
};

/*
 * What the provider answers to one attempt after the other (the last of them
 * to all further ones), and what becomes of it.  The dice show zero: pauses
 * are as short as they can be.
 */
static const struct life {
	const char *name;
	const char *app_id;		/* NULL: "ios" */
	struct fake_http_answer answers[ANSWERS_MAX];
	int64_t timeout_ms;		/* 0: 8 s */
	enum verdict verdict;
	enum cause cause;
	unsigned int sent;
	int64_t settled_ms;
} lives[] = {
	{ .name = "what is accepted is delivered",
	    .answers = { { .after_ms = 70, .status = 200 } },
	    .verdict = VERDICT_DELIVERED, .sent = 1, .settled_ms = 70 },
	{ .name = "a dead pushkey is rejected by the first answer",
	    .answers = { { .after_ms = 70, .status = 410,
	    .body = "{\"reason\":\"Unregistered\"}" } },
	    .verdict = VERDICT_REJECTED, .cause = CAUSE_PUSHKEY_DEAD,
	    .sent = 1, .settled_ms = 70 },
	{ .name = "what is refused is not tried again",
	    .answers = { { .status = 400,
	    .body = "{\"reason\":\"PayloadEmpty\"}" } },
	    .verdict = VERDICT_FAILED, .cause = CAUSE_REFUSED, .sent = 1 },

	{ .name = "what is too long and has no shorter form has failed",
	    .answers = { { .status = 413,
	    .body = "{\"reason\":\"PayloadTooLarge\"}" } },
	    .verdict = VERDICT_FAILED, .cause = CAUSE_TOO_LONG, .sent = 1 },
	{ .name = "a misdirected request goes over another connection, once",
	    .answers = { { .status = 421 } }, .verdict = VERDICT_LATER,
	    .cause = CAUSE_UNREACHABLE, .sent = 2 },
	{ .name = "a proxy's page is for later",
	    .answers = { { .status = 400, .body = "<html>" } },
	    .verdict = VERDICT_LATER, .cause = CAUSE_UNREACHABLE, .sent = 1 },

	/* Pauses. */
	{ .name = "a server error is tried again after 200 ms",
	    .answers = { { .status = 503 }, { .status = 200 } },
	    .verdict = VERDICT_DELIVERED, .sent = 2, .settled_ms = 200 },
	{ .name = "the second pause is twice as long, and the third attempt "
	    "the last",
	    .answers = { { .status = 503 } }, .verdict = VERDICT_LATER,
	    .cause = CAUSE_OVERLOADED, .sent = 3, .settled_ms = 600 },
	{ .name = "Retry-After is waited for to the millisecond",
	    .answers = { { .after_ms = 100, .status = 503,
	    .retry_after_ms = 3000 }, { .status = 200 } },
	    .verdict = VERDICT_DELIVERED, .sent = 2, .settled_ms = 3100 },
	{ .name = "a Retry-After that leaves 500 ms is kept",
	    .answers = { { .status = 503, .retry_after_ms = 7500 },
	    { .after_ms = 499, .status = 200 } },
	    .verdict = VERDICT_DELIVERED, .sent = 2, .settled_ms = 7999 },
	{ .name = "a Retry-After that leaves less settles at once",
	    .answers = { { .status = 503, .retry_after_ms = 7501 } },
	    .verdict = VERDICT_LATER, .cause = CAUSE_OVERLOADED, .sent = 1 },
	{ .name = "too many requests are not answered with one more",
	    .answers = { { .status = 429,
	    .body = "{\"reason\":\"TooManyRequests\"}",
	    .retry_after_ms = 1000 } }, .verdict = VERDICT_LATER,
	    .cause = CAUSE_OVERLOADED, .sent = 1 },
	{ .name = "FCM's 429 is tried again only after a Retry-After",
	    .app_id = "android",
	    .answers = { { .status = 429, .retry_after_ms = 2000 },
	    { .status = 200, .body = "{\"name\":\"projects/p/1\"}" } },
	    .verdict = VERDICT_DELIVERED, .sent = 2, .settled_ms = 2000 },
	{ .name = "FCM's 429 without one is not",
	    .app_id = "android", .answers = { { .status = 429 } },
	    .verdict = VERDICT_LATER, .cause = CAUSE_OVERLOADED, .sent = 1 },

	/* No answer. */
	{ .name = "what was not sent is sent again at once",
	    .answers = { { .after_ms = 30, .failure = HTTP_FAILURE_NOT_SENT },
	    { .status = 200 } },
	    .verdict = VERDICT_DELIVERED, .sent = 2, .settled_ms = 30 },
	{ .name = "what is not sent twice waits, and is given up the third "
	    "time",
	    .answers = { { .failure = HTTP_FAILURE_NOT_SENT } },
	    .verdict = VERDICT_LATER, .cause = CAUSE_UNREACHABLE, .sent = 3,
	    .settled_ms = 400 },
	{ .name = "what may have arrived is sent once more",
	    .answers = { { .after_ms = 50, .failure = HTTP_FAILURE_UNKNOWN },
	    { .status = 200 } },
	    .verdict = VERDICT_DELIVERED, .sent = 2, .settled_ms = 50 },
	{ .name = "what may have arrived twice is not sent a third time",
	    .answers = { { .failure = HTTP_FAILURE_UNKNOWN } },
	    .verdict = VERDICT_LATER, .cause = CAUSE_UNREACHABLE, .sent = 2 },
	{ .name = "a request that took all its time is not repeated",
	    .answers = { { .after_ms = 900, .failure = HTTP_FAILURE_TIMEOUT } },
	    .verdict = VERDICT_LATER, .cause = CAUSE_DEADLINE, .sent = 1,
	    .settled_ms = 900 },
	{ .name = "a server without HTTP/2 is not asked again",
	    .answers = { { .failure = HTTP_FAILURE_PROTOCOL } },
	    .verdict = VERDICT_LATER, .cause = CAUSE_UNREACHABLE, .sent = 1 },

	/* The deadline. */
	{ .name = "a request that hangs ends at the deadline",
	    .answers = { { .after_ms = FAKE_HTTP_NEVER } },
	    .verdict = VERDICT_LATER, .cause = CAUSE_DEADLINE, .sent = 1,
	    .settled_ms = 8000 },
	{ .name = "an answer in the last millisecond counts",
	    .answers = { { .after_ms = 7999, .status = 200 } },
	    .verdict = VERDICT_DELIVERED, .sent = 1, .settled_ms = 7999 },
	{ .name = "the deadline is the caller's",
	    .answers = { { .after_ms = FAKE_HTTP_NEVER } }, .timeout_ms = 250,
	    .verdict = VERDICT_LATER, .cause = CAUSE_DEADLINE, .sent = 1,
	    .settled_ms = 250 },
	{ .name = "a second attempt that hangs ends at the same deadline",
	    .answers = { { .after_ms = 5000, .status = 503 },
	    { .after_ms = FAKE_HTTP_NEVER } },
	    .verdict = VERDICT_LATER, .cause = CAUSE_DEADLINE, .sent = 2,
	    .settled_ms = 8000 },
	{ .name = "without 500 ms for another attempt there is none",
	    .answers = { { .after_ms = 7301, .status = 503 } },
	    .verdict = VERDICT_LATER, .cause = CAUSE_OVERLOADED, .sent = 1,
	    .settled_ms = 7301 },

	/* Apps. */
	{ .name = "an app that nobody configured fails at once",
	    .app_id = "unknown", .verdict = VERDICT_FAILED,
	    .cause = CAUSE_APP_UNKNOWN },
	{ .name = "an app without credentials is for later at once",
	    .app_id = "lost", .verdict = VERDICT_LATER,
	    .cause = CAUSE_NO_CREDENTIALS },
};

static void
answer_life(void *arg, const struct fake_http_request *request,
    struct fake_http_answer *answer)
{
	const struct life *life = arg;
	static const struct fake_http_answer none;
	unsigned int i = request->number - 1;

	if (request->number == 0)
		return;
	/* The last one that was given is for all that follow. */
	if (i >= ANSWERS_MAX)
		i = ANSWERS_MAX - 1;
	while (i > 0 && memcmp(&life->answers[i], &none, sizeof none) == 0)
		i--;
	*answer = life->answers[i];
}

static void
check_life(const struct life *life)
{
	struct delivery_fixture_run run;

	captured_log_begin();
	delivery_fixture_open("", answer_life, (void *)(uintptr_t)life);
	delivery_fixture_start_within(&run,
	    life->app_id == NULL ? "ios" : life->app_id, 1, 1,
	    life->timeout_ms == 0 ? DELIVERY_FIXTURE_TIMEOUT_MS :
	    life->timeout_ms);
	delivery_fixture_pass(DELIVERY_FIXTURE_TIMEOUT_MS);
	tap_is_int(run.items[0].first.verdict, life->verdict,
	    "%s: the verdict", life->name);
	if (life->verdict != VERDICT_DELIVERED) {
		tap_is_int(run.items[0].first.cause, life->cause,
		    "%s: the cause", life->name);
		tap_is_int(captured_log_count(fixture_format(
		    " after %u attempt%s: ", life->sent,
		    life->sent == 1 ? "" : "s")), 1,
		    "%s: the attempts in the log", life->name);
	}
	tap_is_int(provider_script_pushes(),
	    life->sent, "%s: the attempts", life->name);
	tap_is_int(run.settled_ms, life->settled_ms, "%s: the time",
	    life->name);
	delivery_fixture_close();
}

/* What the metrics and the connections have of two attempts. */
static void
check_counted(void)
{
	struct fake_http_answer misdirected = { .after_ms = 70, .status = 421 };
	struct fake_http_answer broken = { .after_ms = 70,
	    .failure = HTTP_FAILURE_UNKNOWN };
	struct delivery_fixture_run run;

	delivery_fixture_open("", provider_script_always, &misdirected);
	delivery_fixture_start(&run, "ios", 1, 1);
	delivery_fixture_pass(DELIVERY_FIXTURE_TIMEOUT_MS);
	tap_is_int(fake_http_counts()->drained, 2,
	    "a connection that is misdirected takes no more requests");
	tap_is_int(delivery_fixture_metric(
	    "push_gateway_provider_seconds_count", ""), 2,
	    "the time of each answer is counted");
	tap_is_int(delivery_fixture_metric(
	    "push_gateway_permit_wait_seconds_count", ""), 2,
	    "and that of each wait for a permit");
	delivery_fixture_close();
	delivery_fixture_open("", provider_script_always, &broken);
	delivery_fixture_start(&run, "ios", 1, 1);
	delivery_fixture_pass(DELIVERY_FIXTURE_TIMEOUT_MS);
	tap_is_int(delivery_fixture_metric(
	    "push_gateway_provider_seconds_count", ""), 0,
	    "where there is no answer it has no time");
	delivery_fixture_close();
}

/* The dice show something. */
static void
check_jitter(void)
{
	struct fake_http_answer busy = { .status = 503 };
	struct delivery_fixture_run run;

	fake_random_seed(7);
	delivery_fixture_open("", provider_script_always, &busy);
	delivery_fixture_start(&run, "ios", 1, 1);
	delivery_fixture_pass(10000);
	tap_ok(run.settled_ms > 600 && run.settled_ms < 1200,
	    "pauses are longer by chance, and less than twice as long (%d ms)",
	    (int)run.settled_ms);
	delivery_fixture_close();
	fake_random_fail(true);
	delivery_fixture_open("", provider_script_always, &busy);
	delivery_fixture_start(&run, "ios", 1, 1);
	delivery_fixture_pass(10000);
	tap_is_int(run.settled_ms, 600,
	    "without random numbers they are as short as they can be");
	delivery_fixture_close();
	fake_random_fail(false);
	fake_random_seed(0);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof lives / sizeof *lives; i++)
		check_life(&lives[i]);
	check_counted();
	check_jitter();
	return tap_done();
}
