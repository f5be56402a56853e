/* SPDX-License-Identifier: Apache-2.0 */
/* Requests over several accounts and servers, and their devices' outcomes. */
#include "delivery/delivery.h"

#include <string.h>

#include "captured-log.h"
#include "config-fixture.h"
#include "delivery-fixture.h"
#include "fixture.h"
#include "tap.h"

enum { SERVERS_MAX = 1024 };	/* see account.c */

#define SERVERS_APP ",{\"app_id\":\"servers\",\"provider\":\"unifiedpush\"}"

static struct device *
device_of(struct delivery_fixture_run *run, size_t i)
{
	return &run->batch->notifications[0].devices[i];
}

/* The i-th device's server is one of its own. */
static void
set_server(struct delivery_fixture_run *run, size_t i, size_t server)
{
	struct device *device = device_of(run, i);

	device->pushkey = fixture_format("https://server-%zu.test/1", server);
	device->pushkey_size = strlen(device->pushkey);
}

/* --- what a device that is not sent is told ------------------------------ */

static void
check_reasons(void)
{
	static const struct {
		const char *app_id;
		const char *pushkey;		/* NULL: a number */
		bool is_forbidden;
		enum verdict verdict;
		enum cause cause;
		const char *reason;
	} rows[] = {
		{ .app_id = "unknown", .verdict = VERDICT_FAILED,
		    .cause = CAUSE_APP_UNKNOWN, .reason = "app unknown" },
		{ .app_id = "ios", .is_forbidden = true,
		    .verdict = VERDICT_FAILED, .cause = CAUSE_APP_FORBIDDEN,
		    .reason = "app not allowed" },
		{ .app_id = "lost", .verdict = VERDICT_LATER,
		    .cause = CAUSE_NO_CREDENTIALS,
		    .reason = "no credentials" },
		{ .app_id = "ios", .pushkey = "zz", .verdict = VERDICT_FAILED,
		    .cause = CAUSE_PUSHKEY_MALFORMED, .reason = "not sent" },
		{ .app_id = "servers", .pushkey = "ftp://server.test/",
		    .verdict = VERDICT_FAILED,
		    .cause = CAUSE_ENDPOINT_REFUSED, .reason = "not sent" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct delivery_fixture_run run;
		const struct outcome *first = &run.items[0].first;

		captured_log_begin();
		delivery_fixture_open("", NULL, NULL);
		delivery_fixture_set_pushkey(rows[i].pushkey);
		delivery_fixture_start(&run, rows[i].app_id, 1, 1);
		device_of(&run, 0)->is_forbidden = rows[i].is_forbidden;
		delivery_fixture_pass(0);
		tap_is_int(first->verdict, rows[i].verdict, "%s: the verdict",
		    rows[i].reason);
		tap_is_int(first->cause, rows[i].cause, "%s: the cause",
		    rows[i].reason);
		tap_is_string(first->reason, rows[i].reason,
		    "%s: the reason", rows[i].reason);
		tap_is_int(captured_log_count(fixture_format(
		    " after 0 attempts: %s (%s)",
		    cause_phrase(rows[i].cause), rows[i].reason)), 1,
		    "%s: the log says that nothing was tried",
		    rows[i].reason);
		delivery_fixture_close();
	}
}

/* --- several accounts ---------------------------------------------------- */

static void
check_accounts(void)
{
	struct fake_http_answer slow = { .after_ms = 1000, .status = 200 };
	struct delivery_fixture_run run;
	size_t i;

	delivery_fixture_open("\"max_connections\":1,",
	    provider_script_always, &slow);
	delivery_fixture_start(&run, "ios", 1, 750);
	for (i = 375; i < 750; i++)
		device_of(&run, i)->app_id = "ios-other";
	delivery_fixture_pass(0);
	tap_is_int(fake_http_counts()->in_flight, 750,
	    "a request has its share of the permits of each account");
	delivery_fixture_pass(1000);
	tap_is_int(run.verdicts[VERDICT_DELIVERED], 750, "and is delivered");
	delivery_fixture_start(&run, "ios", 1, 400);
	for (i = 375; i < 400; i++)
		device_of(&run, i)->app_id = "ios-other";
	delivery_fixture_pass(0);
	tap_is_int(fake_http_counts()->in_flight, 400,
	    "the next one has as much");
	delivery_fixture_close();
	batch_free(run.batch);
}

/* --- several servers ----------------------------------------------------- */

static void
check_servers(void)
{
	struct fake_http_answer slow = { .after_ms = 1000, .status = 201 };
	struct delivery_fixture_run run, next, third;
	size_t i;

	delivery_fixture_open("\"breaker_failures\":0,",
	    provider_script_always, &slow);
	delivery_fixture_start(&run, "servers", 1, 1000);
	for (i = 0; i < 1000; i++)
		set_server(&run, i, i);
	delivery_fixture_pass(0);
	delivery_fixture_start(&next, "servers", 1, 26);
	for (i = 0; i < 26; i++)
		set_server(&next, i, 1000 + i);
	delivery_fixture_pass(0);
	tap_is_int(fake_http_counts()->in_flight, SERVERS_MAX,
	    "so many servers are sent to at once");
	tap_is_int(next.settled, 0, "its devices under way are waited for");
	delivery_fixture_pass(1000);
	tap_is_int(run.verdicts[VERDICT_DELIVERED], 1000, "all are reached");
	tap_is_int(next.verdicts[VERDICT_DELIVERED], 24,
	    "those of another request, too");
	tap_is_int(next.verdicts[VERDICT_LATER], 2,
	    "what is more is for later");
	tap_is_int(delivery_fixture_metric("push_gateway_verdicts_total",
	    "app=\"servers\",verdict=\"later\",reason=\"not sent\""), 2,
	    "and is counted");
	delivery_fixture_start(&third, "servers", 1, 1000);
	for (i = 0; i < 1000; i++)
		set_server(&third, i, 2000 + i / 2);
	delivery_fixture_pass(1000);
	tap_is_int(third.verdicts[VERDICT_DELIVERED], 1000,
	    "who is done with a server makes room for another");
	delivery_fixture_close();
}

/* More than there may be at a time, each of them for one device. */
static void
check_many_servers(void)
{
	struct fake_http_answer accepted = { .after_ms = 10, .status = 201 };
	struct delivery_fixture_run run;
	size_t i;

	delivery_fixture_open("", provider_script_always, &accepted);
	delivery_fixture_start(&run, "servers", 1, 3000);
	for (i = 0; i < 3000; i++)
		set_server(&run, i, i);
	delivery_fixture_pass(1000);
	tap_is_int(run.verdicts[VERDICT_DELIVERED], 3000,
	    "a request may name more servers than there may be at a time");
	delivery_fixture_close();
}

/* A server that two devices of a request name is kept until both are done. */
static void
answer_by_path(void *arg, const struct fake_http_request *request,
    struct fake_http_answer *answer)
{
	const char *url = buf_text(&request->request->url);

	(void)arg;
	answer->after_ms = 100 * (strrchr(url, '/')[1] - '0');
	answer->status = 201;
}

static void
check_shared_server(void)
{
	static const char *const pushkeys[] = { "https://one.test/1",
	    "https://one.test/9", "https://two.test/2", "https://two.test/5",
	    "https://three.test/3" };
	struct delivery_fixture_run run;
	size_t i;

	delivery_fixture_open("", answer_by_path, NULL);
	delivery_fixture_start(&run, "servers", 1, 5);
	for (i = 0; i < 5; i++) {
		device_of(&run, i)->pushkey = pushkeys[i];
		device_of(&run, i)->pushkey_size = strlen(pushkeys[i]);
	}
	delivery_fixture_pass(899);
	tap_is_int(run.settled, 0, "one is still under way");
	delivery_fixture_pass(1);
	tap_is_int(run.verdicts[VERDICT_DELIVERED], 5,
	    "devices of servers that they share are all delivered");
	delivery_fixture_close();
}

/* What one of them is told by its deadline is no answer of the server's. */
static void
check_silent_server(void)
{
	struct delivery_fixture_run run, hasty, next;
	size_t i;

	captured_log_begin();
	delivery_fixture_open("", NULL, NULL);
	delivery_fixture_start(&run, "servers", 1, 5);
	for (i = 0; i < 5; i++)
		set_server(&run, i, 0);
	delivery_fixture_start_within(&hasty, "servers", 1, 1, 300);
	set_server(&hasty, 0, 0);
	delivery_fixture_pass(4001);
	tap_is_int(hasty.settled_ms, 300, "one has no time to wait");
	delivery_fixture_start(&next, "servers", 1, 1);
	set_server(&next, 0, 0);
	delivery_fixture_pass(0);
	tap_is_string(next.items[0].first.reason, "circuit breaker open",
	    "a server that was silent for 4 s is sent nothing more");
	tap_lacks(captured_log_text(), "circuit breaker open: no response",
	    "of one server the log says nothing");
	delivery_fixture_pass(8000);
	tap_is_int(run.settled_ms, 8000, "what hangs is waited for");
	delivery_fixture_close();
}

/* --- an end before the beginning ----------------------------------------- */

static void
check_not_begun(void)
{
	struct delivery_fixture_run run, empty, one;

	captured_log_begin();
	delivery_fixture_open("", NULL, NULL);
	delivery_fixture_start(&run, "ios", 2, 3);
	delivery_fixture_start(&empty, "ios", 3, 0);
	delivery_fixture_start(&one, "ios", 1, 1);
	delivery_expire(delivery_fixture_delivery());
	tap_is_int(run.verdicts[VERDICT_LATER], 6,
	    "told to end at once, it settles what was not begun");
	tap_is_string(run.items[1].first.reason, "deadline", "for that");
	tap_is_int(captured_log_count(" after 0 attempts: "), 7,
	    "the log says that nothing was tried");
	tap_is_int(empty.settled, 3, "and notifications without devices");
	tap_is_int(one.settled, 1, "in every request");
	delivery_fixture_pass(0);
	tap_is_int(fake_http_counts()->sent, 0, "nothing is sent after that");
	tap_ok(delivery_is_idle(delivery_fixture_delivery()),
	    "nothing is left of them");
	delivery_fixture_close();
}

int
main(void)
{
	captured_log_begin();
	config_fixture_set_apps(SERVERS_APP);
	check_reasons();
	check_accounts();
	check_servers();
	check_many_servers();
	check_shared_server();
	check_silent_server();
	check_not_begun();
	return tap_done();
}
