/* SPDX-License-Identifier: Apache-2.0 */
/* Requests as a whole: when their items are settled, and how they end. */
#include "delivery/delivery.h"

#include <string.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "captured-log.h"
#include "config-fixture.h"
#include "delivery-fixture.h"
#include "fixture.h"
#include "tap.h"

/* Each device is answered after so many milliseconds as its pushkey says. */
static void
answer_by_pushkey(void *arg, const struct fake_http_request *request,
    struct fake_http_answer *answer)
{
	const int64_t *delays_ms = arg;

	answer->status = 200;
	answer->after_ms = delays_ms[provider_script_pushkey(request) - 1];
}

static void
check_order(void)
{
	static const int64_t delays_ms[] = { 300, 100, 200, 50, 400, 50 };
	struct delivery_fixture_run run;

	delivery_fixture_open("", answer_by_pushkey,
	    (void *)(uintptr_t)delays_ms);
	delivery_fixture_start(&run, "ios", 3, 2);
	delivery_fixture_pass(1000);
	tap_is_int(run.items[0].settled_ms, 300,
	    "an item is settled with the last of its devices");
	tap_is_int(run.items[1].settled_ms, 200,
	    "another one does not wait for it");
	tap_is_int(run.items[1].place, 1, "items are reported as they settle");
	tap_is_int(run.items[0].place, 2, "the slower one next");
	tap_is_int(run.items[2].place, 3, "and the slowest in the end");
	delivery_fixture_close();
}

/* The first item's first device is dead; the second item overtakes it. */
static void
answer_each_its_own(void *arg, const struct fake_http_request *request,
    struct fake_http_answer *answer)
{
	unsigned int pushkey = provider_script_pushkey(request);

	(void)arg;
	answer->after_ms = pushkey == 1 ? 10 : pushkey == 2 ? 300 : 50;
	answer->status = pushkey == 1 ? 410 : 200;
	answer->body = pushkey == 1 ? "{\"reason\":\"Unregistered\"}" : NULL;
}

static void
check_apart(void)
{
	struct delivery_fixture_run run;

	delivery_fixture_open("\"reject_guard\":false,",
	    answer_each_its_own, NULL);
	delivery_fixture_start(&run, "ios", 2, 2);
	delivery_fixture_pass(1000);
	tap_is_int(run.items[0].verdicts[VERDICT_REJECTED], 1,
	    "what becomes of an item's device stays");
	tap_is_int(run.items[0].verdicts[VERDICT_DELIVERED], 1,
	    "beside that of its others");
	tap_is_int(run.items[1].verdicts[VERDICT_DELIVERED], 2,
	    "and apart from those of other items");
	delivery_fixture_close();
}

static void
check_empty(void)
{
	struct delivery_fixture_run run;

	delivery_fixture_open("", NULL, NULL);
	delivery_fixture_start(&run, "ios", 3, 0);
	delivery_fixture_pass(0);
	tap_is_int(run.settled, 3, "items without devices are settled at once");
	tap_is_int(fake_http_counts()->sent, 0, "and nothing is sent");
	delivery_fixture_close();
}

static void
check_idle(void)
{
	static const int64_t delays_ms[] = { 300 };
	struct delivery_fixture_run run;

	delivery_fixture_open("", answer_by_pushkey,
	    (void *)(uintptr_t)delays_ms);
	tap_ok(delivery_is_idle(delivery_fixture_delivery()),
	    "without a request a delivery is idle");
	delivery_fixture_start(&run, "ios", 1, 1);
	tap_ok(!delivery_is_idle(delivery_fixture_delivery()),
	    "with a request it is not");
	delivery_fixture_pass(299);
	tap_ok(!delivery_is_idle(delivery_fixture_delivery()),
	    "nor while a provider is waited for");
	delivery_fixture_pass(1);
	tap_ok(delivery_is_idle(delivery_fixture_delivery()),
	    "with the last item settled it is again");
	tap_is_int((int64_t)fake_loop_timers(delivery_fixture_loop()), 0,
	    "and no timer runs");
	delivery_fixture_close();
}

/* A pushkey that cannot be one of the provider's is never sent. */
static void
check_malformed(void)
{
	struct fake_http_answer accepted = { .after_ms = 10, .status = 200 };
	struct delivery_fixture_run run;

	delivery_fixture_open("\"max_connections\":1,",
	    provider_script_always, &accepted);
	delivery_fixture_set_pushkey("abc");
	delivery_fixture_start(&run, "ios", 100, 1);
	delivery_fixture_pass(0);
	tap_is_int(run.verdicts[VERDICT_FAILED], 100,
	    "devices with an impossible pushkey fail");
	tap_is_int(run.items[0].first.cause, CAUSE_PUSHKEY_MALFORMED,
	    "for that");
	tap_is_int(fake_http_counts()->sent, 0, "and are not sent");
	delivery_fixture_set_pushkey(NULL);
	delivery_fixture_start(&run, "ios", 1, 375);
	delivery_fixture_pass(10);
	tap_is_int(run.verdicts[VERDICT_DELIVERED], 375,
	    "they keep no permit");
	delivery_fixture_close();
}

/* A caller that may not use an app learns so, and nothing is sent. */
static void
check_forbidden(void)
{
	struct fake_http_answer accepted = { .status = 200 };
	struct delivery_fixture_run run;

	delivery_fixture_open("", provider_script_always, &accepted);
	delivery_fixture_start(&run, "ios", 1, 2);
	run.batch->notifications[0].devices[0].is_forbidden = true;
	delivery_fixture_pass(0);
	tap_is_int(run.items[0].first.verdict, VERDICT_FAILED,
	    "a device of an app that the caller may not use fails");
	tap_is_int(run.items[0].first.cause, CAUSE_APP_FORBIDDEN, "for that");
	tap_is_int(run.verdicts[VERDICT_DELIVERED], 1,
	    "the one beside it is delivered");
	tap_is_int(fake_http_counts()->sent, 1, "and alone is sent");
	delivery_fixture_close();
}

#define MATRIX_APP ",{\"app_id\":\"ios-matrix\",\"provider\":\"apns\"," \
    "\"url\":\"https://apns.test\",\"key_file\":\"one.p8\"," \
    "\"key_id\":\"ABC1234567\",\"team_id\":\"TEAM123456\"," \
    "\"payload\":\"matrix\"}"

/* What a provider has to say of a device before anything is sent. */
static void
check_advice(void)
{
	struct json_object *odd = fixture_json("{\"default_payload\":1}");
	struct json_object *picky = fixture_json("{\"events_only\":true}");
	struct fake_http_answer accepted = { .status = 200 };
	struct delivery_fixture_run run, other;

	captured_log_begin();
	config_fixture_set_apps(MATRIX_APP);
	delivery_fixture_open("", provider_script_always, &accepted);
	delivery_fixture_start(&run, "ios-matrix", 1, 3);
	run.batch->notifications[0].devices[1].data = odd;
	run.batch->notifications[0].devices[2].data = odd;
	delivery_fixture_start(&other, "ios-matrix", 1, 1);
	other.batch->notifications[0].devices[0].data = picky;
	other.batch->notifications[0].texts[NOTIFICATION_EVENT_ID] = NULL;
	delivery_fixture_pass(0);
	tap_is_int(run.verdicts[VERDICT_DELIVERED], 3,
	    "what is odd is sent all the same");
	tap_is_int(captured_log_count("app ios-matrix: a pusher's "
	    "default_payload is not an object"), 1,
	    "the log says so, once for an app");
	tap_is_int(other.verdicts[VERDICT_DELIVERED], 1,
	    "what a device does not want counts as delivered");
	tap_is_string(other.items[0].first.reason, "not wanted", "as such");
	tap_is_int(fake_http_counts()->sent, 3, "but is not sent");
	delivery_fixture_close();
	config_fixture_set_apps("");
	json_object_put(odd);
	json_object_put(picky);
}

static void
check_refused(void)
{
	struct delivery_fixture_run run;

	delivery_fixture_open("", NULL, NULL);
	delivery_fixture_refuse(&run, "ios", 3, 2);
	tap_is_int(run.settled, 3, "what is refused is settled at once");
	tap_is_int(run.verdicts[VERDICT_LATER], 6, "all of it, for later");
	tap_is_int(run.items[2].first.cause, CAUSE_GATEWAY_OVERLOADED,
	    "since the gateway is overloaded");
	tap_is_int(delivery_fixture_metric("push_gateway_verdicts_total",
	    "app=\"ios\",verdict=\"later\",reason=\"gateway overloaded\""), 6,
	    "and it is counted");
	delivery_fixture_pass(0);
	tap_is_int(fake_http_counts()->sent, 0, "nothing is sent");
	delivery_fixture_close();
}

static void
check_metrics(void)
{
	struct fake_http_answer accepted = { .status = 200 };
	struct delivery_fixture_run run, other;

	delivery_fixture_open("", provider_script_always, &accepted);
	delivery_fixture_start(&run, "ios", 3, 2);
	delivery_fixture_start(&other, "unknown", 1, 4);
	delivery_fixture_pass(0);
	tap_is_int(delivery_fixture_metric("push_gateway_verdicts_total",
	    "provider=\"apns\",app=\"ios\",verdict=\"delivered\""), 6,
	    "each device is counted, with its app and verdict");
	tap_is_int(delivery_fixture_metric("push_gateway_verdicts_total",
	    "app=\"\",verdict=\"failed\",reason=\"app unknown\""), 4,
	    "without an app if there is none of that name");
	delivery_fixture_close();
}

/* --- ends before the deadline -------------------------------------------- */

/* Of 1,500 devices 375 are sent, 625 wait for a permit, 500 have not begun. */
static void
check_expire(void)
{
	struct delivery_fixture_run run, other;

	delivery_fixture_open("\"max_connections\":1,", NULL, NULL);
	delivery_fixture_start(&run, "ios", 15, 100);
	delivery_fixture_start(&other, "ios", 1, 1);
	delivery_fixture_pass(100);
	tap_is_int(run.settled, 0, "while a provider hangs nothing is settled");
	delivery_expire(delivery_fixture_delivery());
	tap_is_int(run.verdicts[VERDICT_LATER], 1500,
	    "told to end, it settles all devices, sent or not");
	tap_is_int(run.items[14].first.cause, CAUSE_DEADLINE,
	    "as if their time were over");
	tap_is_int(other.settled_ms, 100, "and those of every request");
	tap_is_int(fake_http_counts()->in_flight, 0,
	    "what is in flight is cancelled");
	delivery_fixture_pass(0);
	tap_ok(delivery_is_idle(delivery_fixture_delivery()),
	    "nothing is left of it");
	delivery_fixture_close();
}

/* One request for each thing that a device may be waiting for. */
static void
check_free(void)
{
	static const struct {
		const char *name;
		const char *app_id;
		size_t devices;
		struct fake_http_answer answer;
		struct fake_http_answer token;
	} rows[] = {
		{ .name = "an answer", .app_id = "ios", .devices = 3,
		    .answer = { .after_ms = FAKE_HTTP_NEVER } },
		{ .name = "a permit", .app_id = "ios", .devices = 1200,
		    .answer = { .after_ms = FAKE_HTTP_NEVER } },
		{ .name = "the end of a pause", .app_id = "ios", .devices = 3,
		    .answer = { .status = 503, .retry_after_ms = 3000 } },
		{ .name = "a token", .app_id = "android", .devices = 3,
		    .token = { .after_ms = FAKE_HTTP_NEVER } },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct delivery_fixture_run run;

		delivery_fixture_open("", provider_script_always,
		    (void *)(uintptr_t)(rows[i].token.after_ms != 0 ?
		    &rows[i].token : &rows[i].answer));
		delivery_fixture_start(&run, rows[i].app_id, 1,
		    rows[i].devices);
		delivery_fixture_pass(100);
		delivery_fixture_close();
		tap_is_int(run.settled, 0,
		    "dropped while it waits for %s, a request is not reported",
		    rows[i].name);
		batch_free(run.batch);
	}
}

/* --- the log ------------------------------------------------------------- */

static void
check_log(void)
{
	struct delivery_fixture_run run, other;

	captured_log_begin();
	delivery_fixture_open("", NULL, NULL);
	delivery_fixture_start(&other, "unknown", 1, 1);
	delivery_fixture_start(&run, "unknown", 10, 10);
	delivery_fixture_pass(0);
	tap_is_int(captured_log_count("app unknown"), 21,
	    "of each request at most 20 devices are logged");
	tap_lacks(captured_log_text(), "00000001", "and no pushkey is");
	delivery_fixture_start(&run, "unknown", 1, 1);
	run.batch->request_id = xstrdup("request-7");
	delivery_fixture_pass(0);
	log_info("something else");
	tap_is_int(captured_log_count("request-7"), 1,
	    "its lines name the request, and no other lines do");
	delivery_fixture_close();
}

int
main(void)
{
	captured_log_begin();
	check_order();
	check_apart();
	check_empty();
	check_idle();
	check_malformed();
	check_forbidden();
	check_advice();
	check_refused();
	check_metrics();
	check_expire();
	check_free();
	check_log();
	return tap_done();
}
