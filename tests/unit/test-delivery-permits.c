/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that compete for a provider's connections, by the clock. */
#include "scenario.h"

#include <string.h>

#include "captured-log.h"
#include "tap.h"

#define ONE_CONNECTION "\"max_connections\":1,"		/* 500 permits */
#define TAKES_1_S { .after_ms = 1000, .status = 200 }

static const struct scenario scenarios[] = {
	{ .name = "alone, a request holds three of four permits",
	    .settings = ONE_CONNECTION,
	    .requests = { { .devices = 375, .delivered = 375,
	    .settled_ms = 1000 } },
	    .phases = { { .answer = TAKES_1_S } },
	    .sent = 375, .in_flight_max = 375 },
	{ .name = "what is over that waits for what comes back",
	    .settings = ONE_CONNECTION,
	    .requests = { { .devices = 376, .delivered = 376,
	    .settled_ms = 2000 } },
	    .phases = { { .answer = TAKES_1_S } },
	    .sent = 376, .in_flight_max = 375 },
	{ .name = "another request does not wait for one with thousands",
	    .settings = ONE_CONNECTION,
	    .requests = { { .devices = 1000, .delivered = 1000,
	    .settled_ms = 3000 }, { .at_ms = 10, .devices = 50,
	    .delivered = 50, .settled_ms = 1010 } },
	    .phases = { { .answer = TAKES_1_S } },
	    .sent = 1050, .in_flight_max = 425 },
	{ .name = "of what comes back each request that waits has its share",
	    .settings = ONE_CONNECTION,
	    .requests = { { .devices = 1000, .delivered = 1000,
	    .settled_ms = 3000 }, { .at_ms = 10, .devices = 100,
	    .delivered = 100, .settled_ms = 2000 } },
	    .phases = { { .answer = TAKES_1_S } }, .sent = 1100 },
	{ .name = "a request that hangs with all it may hold delays no other",
	    .settings = ONE_CONNECTION "\"breaker_failures\":0,",
	    .requests = { { .devices = 1000, .later = 1000,
	    .cause = CAUSE_DEADLINE, .settled_ms = 8000 },
	    { .at_ms = 5000, .devices = 90, .delivered = 90,
	    .settled_ms = 5001 } },
	    .phases = { { .answer = { .after_ms = FAKE_HTTP_NEVER } },
	    { .from_ms = 5000, .answer = { .after_ms = 1,
	    .status = 200 } } }, .sent = 465 },
	{ .name = "what waits for a permit at the deadline is not sent",
	    .settings = ONE_CONNECTION "\"breaker_failures\":0,",
	    .requests = { { .devices = 400, .later = 400,
	    .cause = CAUSE_DEADLINE, .settled_ms = 8000 } },
	    .phases = { { .answer = { .after_ms = FAKE_HTTP_NEVER } } },
	    .sent = 375 },
	{ .name = "apps with one key share its permits",
	    .settings = ONE_CONNECTION,
	    .requests = { { .devices = 375, .delivered = 375,
	    .settled_ms = 1000 }, { .app_id = "ios-twin", .devices = 95,
	    .delivered = 95, .settled_ms = 2000 } },
	    .phases = { { .answer = TAKES_1_S } },
	    .sent = 470, .in_flight_max = 469 },
	{ .name = "another account has its own",
	    .settings = ONE_CONNECTION,
	    .requests = { { .devices = 375, .delivered = 375,
	    .settled_ms = 1000 }, { .app_id = "ios-other", .devices = 375,
	    .delivered = 375, .settled_ms = 1000 } },
	    .phases = { { .answer = TAKES_1_S } },
	    .sent = 750, .in_flight_max = 750 },
	{ .name = "two connections are twice as many permits",
	    .requests = { { .devices = 751, .delivered = 751,
	    .settled_ms = 2000 } },
	    .phases = { { .answer = TAKES_1_S } },
	    .sent = 751, .in_flight_max = 750 },
	{ .name = "a request has no more than 1,000 devices under way",
	    .settings = "\"max_connections\":64,",
	    .requests = { { .devices = 2500, .delivered = 2500,
	    .settled_ms = 3000 } },
	    .phases = { { .answer = TAKES_1_S } },
	    .sent = 2500, .in_flight_max = 1000 },
	{ .name = "a pause between attempts holds no permit",
	    .settings = ONE_CONNECTION,
	    .requests = { { .devices = 375, .delivered = 375,
	    .settled_ms = 3000 }, { .at_ms = 10, .devices = 375,
	    .delivered = 375, .settled_ms = 1010 } },
	    .phases = { { .answer = { .status = 503,
	    .retry_after_ms = 2000 } },
	    { .from_ms = 1, .answer = TAKES_1_S } },
	    .sent = 1125, .in_flight_max = 375 },
};

/* --- the order in which devices are started ------------------------------ */

enum { ORDER_MAX = 400 };

static struct {
	unsigned int pushkeys[ORDER_MAX];
	unsigned int count;
} order;

static void
note_order(void *arg, const struct fake_http_request *request,
    struct fake_http_answer *answer)
{
	(void)arg;
	if (order.count < ORDER_MAX)
		order.pushkeys[order.count++] =
		    provider_script_pushkey(request);
	answer->status = 200;
}

/* How many of the first pushes are a request's, of 100 devices each. */
static unsigned int
count_first(unsigned int pushes, unsigned int request)
{
	unsigned int i, count = 0;

	for (i = 0; i < pushes; i++)
		count += (order.pushkeys[i] - 1) / 100 == request;
	return count;
}

static void
check_order(void)
{
	struct delivery_fixture_run runs[4];
	unsigned int i;
	bool sorted = true;

	order.count = 0;
	delivery_fixture_open("", note_order, NULL);
	for (i = 0; i < 4; i++)
		delivery_fixture_start(&runs[i], "ios", 2, 50);
	delivery_fixture_pass(10);
	tap_is_int(order.count, ORDER_MAX, "four requests of 100 are sent");
	for (i = 0; i < 4; i++)
		tap_is_int(count_first(64, i), 16,
		    "of the first 64 pushes request %u has 16", i + 1);
	tap_is_int(count_first(16, 0), 16, "the first one the first 16");
	for (i = 1; i < ORDER_MAX; i++) {
		unsigned int j = i;

		/* The one before of the same request. */
		while (j > 0 && (order.pushkeys[j - 1] - 1) / 100 !=
		    (order.pushkeys[i] - 1) / 100)
			j--;
		sorted = sorted && (j == 0 ||
		    order.pushkeys[j - 1] < order.pushkeys[i]);
	}
	tap_ok(sorted, "the devices of each request go in their order");
	delivery_fixture_close();
}

/* --- the loop is not held up --------------------------------------------- */

static struct {
	struct loop_timer *timer;
	unsigned int sent;
	unsigned int sent_at_once;
	unsigned int turns;
	unsigned int idle;		/* of them: nothing was sent before */
} others;

static void
let_others_run(void *arg)
{
	unsigned int sent = fake_http_counts()->sent;

	(void)arg;
	if (sent - others.sent > others.sent_at_once)
		others.sent_at_once = sent - others.sent;
	others.idle += sent == others.sent;
	others.sent = sent;
	others.turns++;
	if (sent < 500)
		loop_timer_start(others.timer, 0);
}

static void
check_slices(void)
{
	struct delivery_fixture_run run;

	delivery_fixture_open("", note_order, NULL);
	delivery_fixture_start(&run, "ios", 1, 1);
	delivery_fixture_pass(10);
	memset(&others, 0, sizeof others);
	others.timer = loop_timer_create(delivery_fixture_loop(),
	    let_others_run, NULL);
	delivery_fixture_start_within(&run, "ios", 1, 500, 3600000);
	loop_timer_start(others.timer, 0);
	/* Whoever looks at the clock finds a millisecond gone. */
	fake_loop_set_look_cost(1);
	delivery_fixture_pass(3600000);
	fake_loop_set_look_cost(0);
	tap_is_int(run.verdicts[VERDICT_DELIVERED], 500,
	    "500 devices that take a while to start are delivered");
	tap_ok(others.sent_at_once <= 5,
	    "the loop turns after 5 ms of starting (%u at once)",
	    others.sent_at_once);
	tap_ok(others.turns >= 100, "and others run between (%u times)",
	    others.turns);
	tap_ok(others.idle <= 1, "but nothing else: it goes on at once (%u)",
	    others.idle);
	loop_timer_free(others.timer);
	delivery_fixture_close();
}

/* The first request is all that there is time for in a turn. */
static void
check_next_turn(void)
{
	struct delivery_fixture_run run, next;

	delivery_fixture_open("", NULL, NULL);
	delivery_fixture_start(&run, "ios", 1, 0);
	delivery_fixture_start(&next, "ios", 1, 0);
	fake_loop_set_look_cost(2);
	delivery_fixture_pass(1000);
	fake_loop_set_look_cost(0);
	tap_ok(run.settled_ms >= 0 && run.settled_ms < 100,
	    "a request is begun (%d ms)", (int)run.settled_ms);
	tap_ok(next.settled_ms > run.settled_ms && next.settled_ms < 100,
	    "the next one in the next turn (%d ms)", (int)next.settled_ms);
	delivery_fixture_close();
}

int
main(void)
{
	size_t i;

	captured_log_begin();
	for (i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
		scenario_check(&scenarios[i]);
	check_order();
	check_slices();
	check_next_turn();
	return tap_done();
}
