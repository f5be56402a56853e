/* SPDX-License-Identifier: Apache-2.0 */
/* Rejections that may be the operator's mistake: the rejection guard. */
#include "scenario.h"

#include "captured-log.h"
#include "tap.h"

#define ACCEPTED { .status = 200 }
#define DEAD { .status = 410, .body = "{\"reason\":\"Unregistered\"}" }
#define WRONG { .status = 400, .body = "{\"reason\":\"BadDeviceToken\"}" }
#define UNSENT { .failure = HTTP_FAILURE_PROTOCOL }

/* Requests of so many devices that are settled at once. */
#define REJECTED(count, when) { .at_ms = when, .devices = count, \
    .rejected = count, .cause = CAUSE_PUSHKEY_DEAD, .settled_ms = when }
#define DELIVERED(count, when) { .at_ms = when, .devices = count, \
    .delivered = count, .settled_ms = when }
#define GUARDED(count, when) { .at_ms = when, .devices = count, \
    .failed = count, .cause = CAUSE_GUARDED, .settled_ms = when }

static const struct scenario scenarios[] = {
	{ .name = "nine suspicious answers raise nothing",
	    .requests = { REJECTED(9, 0), DELIVERED(5, 10) },
	    .phases = { { .answer = WRONG },
	    { .from_ms = 10, .answer = ACCEPTED } }, .sent = 14 },
	{ .name = "the tenth of the latest twenty is not rejected any more",
	    .requests = { REJECTED(9, 0), GUARDED(1, 10) },
	    .phases = { { .answer = WRONG } }, .sent = 10 },
	{ .name = "ten of more than twenty do not count",
	    .requests = { REJECTED(5, 0), DELIVERED(11, 10),
	    REJECTED(5, 20) },
	    .phases = { { .answer = WRONG },
	    { .from_ms = 10, .answer = ACCEPTED },
	    { .from_ms = 20, .answer = WRONG } }, .sent = 21 },
	{ .name = "a pushkey that the provider calls unregistered is rejected "
	    "all the same",
	    .requests = { { .devices = 20, .rejected = 9, .failed = 11 },
	    REJECTED(3, 10), GUARDED(1, 20) },
	    .phases = { { .answer = WRONG },
	    { .from_ms = 10, .answer = DEAD },
	    { .from_ms = 20, .answer = WRONG } }, .sent = 24 },
	{ .name = "pushkeys that are unregistered raise nothing",
	    .requests = { REJECTED(300, 0) },
	    .phases = { { .answer = DEAD } }, .sent = 300 },
	{ .name = "what never got an answer is not counted",
	    .settings = "\"breaker_failures\":0,",
	    .requests = { REJECTED(5, 0), { .at_ms = 10, .devices = 15,
	    .later = 15, .settled_ms = 10 }, REJECTED(4, 20),
	    GUARDED(1, 30) },
	    .phases = { { .answer = WRONG },
	    { .from_ms = 10, .answer = UNSENT },
	    { .from_ms = 20, .answer = WRONG } }, .sent = 25 },
	{ .name = "another app of the same account is not concerned",
	    .requests = { { .devices = 20, .rejected = 9, .failed = 11 },
	    { .at_ms = 10, .app_id = "ios-twin", .devices = 1,
	    .rejected = 1, .settled_ms = 10 } },
	    .phases = { { .answer = WRONG } }, .sent = 21 },
	{ .name = "with less than a quarter of the latest twenty and hundred "
	    "it is over",
	    .requests = { { .devices = 20, .rejected = 9, .failed = 11 },
	    DELIVERED(60, 10), GUARDED(1, 20), DELIVERED(20, 30),
	    REJECTED(1, 40) },
	    .phases = { { .answer = WRONG },
	    { .from_ms = 10, .answer = ACCEPTED },
	    { .from_ms = 20, .answer = WRONG },
	    { .from_ms = 30, .answer = ACCEPTED },
	    { .from_ms = 40, .answer = WRONG } }, .sent = 102 },
	{ .name = "with reject_guard off everything is rejected",
	    .settings = "\"reject_guard\":false,",
	    .requests = { REJECTED(100, 0) },
	    .phases = { { .answer = WRONG } }, .sent = 100 },
};

/* --- what the operator sees ---------------------------------------------- */

static void
answer_wrong(void *arg, const struct fake_http_request *request,
    struct fake_http_answer *answer)
{
	const bool *right = arg;

	(void)request;
	answer->status = *right ? 200 : 400;
	answer->body = *right ? NULL : "{\"reason\":\"BadDeviceToken\"}";
}

static void
check_alarm(void)
{
	struct delivery_fixture_run run;
	bool right = false;

	captured_log_begin();
	delivery_fixture_open("", answer_wrong, &right);
	delivery_fixture_start(&run, "ios", 1, 9);
	delivery_fixture_pass(10);
	tap_is_int(delivery_fixture_metric("push_gateway_dead_share_alarm",
	    "ios"), 0, "with nine suspicious answers there is no alarm");
	delivery_fixture_start(&run, "ios", 1, 20);
	delivery_fixture_pass(10);
	tap_is_int(delivery_fixture_metric("push_gateway_dead_share_alarm",
	    "\"ios\""), 1, "with more the alarm is raised, for this app");
	tap_is_int(delivery_fixture_metric("push_gateway_guarded_total",
	    "\"ios\""), 20, "what is not rejected is counted");
	tap_is_int(captured_log_count("is a setting of this app wrong"), 1,
	    "the log is told once");
	delivery_fixture_pass(59000);
	delivery_fixture_start(&run, "ios", 1, 1);
	delivery_fixture_pass(900);
	tap_is_int(captured_log_count("is a setting of this app wrong"), 1,
	    "and not again within a minute");
	delivery_fixture_pass(100);
	delivery_fixture_start(&run, "ios", 1, 5);
	delivery_fixture_pass(10);
	tap_is_int(captured_log_count("is a setting of this app wrong"), 2,
	    "but after it");
	right = true;
	delivery_fixture_start(&run, "ios", 1, 100);
	delivery_fixture_pass(10);
	tap_is_int(delivery_fixture_metric("push_gateway_dead_share_alarm",
	    ""), 0, "the alarm ends with the guard");
	delivery_fixture_close();
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
		scenario_check(&scenarios[i]);
	check_alarm();
	return tap_done();
}
