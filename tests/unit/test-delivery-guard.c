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

/* The first delivery of the app, which all others need. */
#define PROOF DELIVERED(1, 0)
#define PROVEN(wrong) { .answer = ACCEPTED }, { .from_ms = 1, .answer = wrong }

static const struct scenario scenarios[] = {
	{ .name = "before the first delivery nothing suspicious is rejected",
	    .requests = { { .devices = 3, .failed = 3,
	    .cause = CAUSE_UNPROVEN }, { .at_ms = 10, .devices = 2,
	    .rejected = 2, .settled_ms = 10 }, { .at_ms = 20, .devices = 1,
	    .failed = 1, .cause = CAUSE_UNPROVEN, .settled_ms = 20 },
	    DELIVERED(1, 30), REJECTED(3, 40) },
	    .phases = { { .answer = WRONG },
	    { .from_ms = 10, .answer = DEAD },
	    { .from_ms = 20, .answer = WRONG },
	    { .from_ms = 30, .answer = ACCEPTED },
	    { .from_ms = 40, .answer = WRONG } }, .sent = 10 },
	{ .name = "nine suspicious answers raise nothing",
	    .requests = { PROOF, REJECTED(9, 1), DELIVERED(5, 10) },
	    .phases = { PROVEN(WRONG),
	    { .from_ms = 10, .answer = ACCEPTED } }, .sent = 15 },
	{ .name = "the tenth of the latest twenty is not rejected any more",
	    .requests = { PROOF, REJECTED(9, 1), GUARDED(1, 10) },
	    .phases = { PROVEN(WRONG) }, .sent = 11 },
	{ .name = "ten of more than twenty do not count",
	    .requests = { PROOF, REJECTED(5, 1), DELIVERED(11, 10),
	    REJECTED(5, 20) },
	    .phases = { PROVEN(WRONG),
	    { .from_ms = 10, .answer = ACCEPTED },
	    { .from_ms = 20, .answer = WRONG } }, .sent = 22 },
	{ .name = "a pushkey that the provider calls unregistered is rejected "
	    "all the same",
	    .requests = { PROOF, { .at_ms = 1, .devices = 20, .rejected = 9,
	    .failed = 11, .settled_ms = 1 }, REJECTED(3, 10),
	    GUARDED(1, 20) },
	    .phases = { PROVEN(WRONG), { .from_ms = 10, .answer = DEAD },
	    { .from_ms = 20, .answer = WRONG } }, .sent = 25 },
	{ .name = "pushkeys that are unregistered raise nothing",
	    .requests = { REJECTED(300, 0) },
	    .phases = { { .answer = DEAD } }, .sent = 300 },
	{ .name = "what never got an answer is not counted",
	    .settings = "\"breaker_failures\":0,",
	    .requests = { PROOF, REJECTED(5, 1), { .at_ms = 10,
	    .devices = 15, .later = 15, .settled_ms = 10 },
	    REJECTED(4, 20), GUARDED(1, 30) },
	    .phases = { PROVEN(WRONG), { .from_ms = 10, .answer = UNSENT },
	    { .from_ms = 20, .answer = WRONG } }, .sent = 26 },
	{ .name = "another app of the same account is not concerned",
	    .requests = { PROOF, { .app_id = "ios-twin", .devices = 1,
	    .delivered = 1 }, { .at_ms = 1, .devices = 20, .rejected = 9,
	    .failed = 11, .settled_ms = 1 }, { .at_ms = 10,
	    .app_id = "ios-twin", .devices = 1, .rejected = 1,
	    .settled_ms = 10 } },
	    .phases = { PROVEN(WRONG) }, .sent = 23 },
	{ .name = "with less than a quarter of the latest twenty it is over",
	    .requests = { PROOF, { .at_ms = 1, .devices = 20, .rejected = 9,
	    .failed = 11, .settled_ms = 1 }, DELIVERED(15, 10),
	    GUARDED(1, 20), DELIVERED(17, 30), REJECTED(1, 40) },
	    .phases = { PROVEN(WRONG),
	    { .from_ms = 10, .answer = ACCEPTED },
	    { .from_ms = 20, .answer = WRONG },
	    { .from_ms = 30, .answer = ACCEPTED },
	    { .from_ms = 40, .answer = WRONG } }, .sent = 55 },
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
	bool right = true;

	captured_log_begin();
	delivery_fixture_open("", answer_wrong, &right);
	delivery_fixture_start(&run, "ios", 1, 1);
	delivery_fixture_pass(10);
	right = false;
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
	tap_is_int(captured_log_count("check the settings of this app"), 1,
	    "the log is told once");
	delivery_fixture_pass(59000);
	delivery_fixture_start(&run, "ios", 1, 1);
	delivery_fixture_pass(900);
	tap_is_int(captured_log_count("check the settings of this app"), 1,
	    "and not again within a minute");
	delivery_fixture_pass(100);
	delivery_fixture_start(&run, "ios", 1, 5);
	delivery_fixture_pass(10);
	tap_is_int(captured_log_count("check the settings of this app"), 2,
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
