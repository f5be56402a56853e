/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials that expire, by the clock. */
#include "delivery/expiry.h"

#include <string.h>

#include "captured-log.h"
#include "fake-http.h"
#include "fake-loop.h"
#include "fixture.h"
#include "metrics-fixture.h"
#include "tap.h"

#define DAY 86400

static const struct {
	int64_t left_s;
	int days;
} lefts[] = {
	{ -1000 * DAY, 0 },
	{ -1, 0 },
	{ 0, 0 },
	{ 1, 1 },
	{ DAY, 1 },
	{ DAY + 1, 7 },
	{ 7 * DAY, 7 },
	{ 7 * DAY + 1, 30 },
	{ 30 * DAY, 30 },
	{ 30 * DAY + 1, -1 },
	{ INT64_MAX, -1 },
};

/* --- what the operator is told ------------------------------------------- */

enum { EXPIRES_S = FAKE_LOOP_START_S + 30 * DAY + 3600 };

/* Apps whose credentials have ended, end, never do, and are not there. */
static const char *const names[] = { "ended", "ends", "lasts", "stays",
	"lost", "gone" };
static int64_t ends_s;

static bool
stub_load(void *account, struct error *error)
{
	(void)account;
	(void)error;
	return true;
}

static bool
stub_lose(void *account, struct error *error)
{
	(void)account;
	error_set(error, "no such file");
	return false;
}

static enum cause
stub_describe(const void *account, const struct device *device,
    struct provider_channel *channel)
{
	(void)account;
	(void)device;
	*channel = (struct provider_channel){ .name = "account",
	    .needs_no_token = true };
	return CAUSE_NONE;
}

static int64_t
stub_expires_s(const void *account)
{
	(void)account;
	return ends_s;
}

static int64_t
stub_expired_s(const void *account)
{
	(void)account;
	return FAKE_LOOP_START_S - DAY;
}

static int64_t
stub_never_s(const void *account)
{
	(void)account;
	return 0;
}

static const struct provider stubs[] = {
	{ .name = "ended", .load = stub_load, .describe = stub_describe,
	    .expires_s = stub_expired_s },
	{ .name = "ends", .load = stub_load, .describe = stub_describe,
	    .expires_s = stub_expires_s },
	{ .name = "lasts", .load = stub_load, .describe = stub_describe,
	    .expires_s = stub_never_s },
	{ .name = "stays", .load = stub_load, .describe = stub_describe },
	{ .name = "lost", .load = stub_lose, .describe = stub_describe,
	    .expires_s = stub_expires_s },
	{ .name = "gone", .load = stub_load, .describe = stub_describe,
	    .expires_s = stub_expired_s },
};

/* What is logged after so long, beside what was before. */
static const struct {
	int64_t at_ms;
	const char *logged;
} lines[] = {
#define HOURS(count) ((int64_t)(count) * 3600 * 1000)
	{ HOURS(1), "app ends: its credentials expire in less than 30 days, "
	    "at 2023-12-14 23:13:20 UTC" },
	{ HOURS(23 * 24 + 1), "in less than 7 days, at 2023-12-14 23:13:20 UTC" },
	{ HOURS(29 * 24 + 1), "in less than 1 day, at 2023-12-14 23:13:20 UTC" },
	{ HOURS(30 * 24 + 1), "app ends: its credentials expired at "
	    "2023-12-14 23:13:20 UTC" },
};

static struct app_registry *
make_apps(const struct provider **real)
{
	struct app_registry *apps = app_registry_create();
	struct json_object *section;
	struct error error;
	size_t i;

	for (i = 0; i < sizeof names / sizeof *names; i++) {
		section = fixture_json(fixture_format("{\"app_id\":\"%s\","
		    "\"provider\":\"unifiedpush\"}", names[i]));
		if (!app_registry_add(apps, section, "/", &error))
			tap_bail_out("%s", error.words);
		json_object_put(section);
		*real = app_registry_at(apps, i)->provider;
		app_registry_at(apps, i)->provider = &stubs[i];
	}
	return apps;
}

static void
check_lines(struct loop *loop)
{
	int64_t begun_ms = clock_monotonic_ms();
	size_t i;

	captured_log_begin();
	fake_loop_pass(loop, 0);
	tap_is_int(captured_log_count("app ended: its credentials expired at "
	    "2023-11-13 22:13:20 UTC"), 1, "what has ended is told at once");
	tap_is_int(captured_log_count("app gone: its credentials expired"),
	    1, "of every app");
	tap_is_int(captured_log_count("credentials"), 2, "but of no other");
	captured_log_begin();
	for (i = 0; i < sizeof lines / sizeof *lines; i++) {
		fake_loop_pass(loop, lines[i].at_ms - 1 -
		    (clock_monotonic_ms() - begun_ms));
		tap_is_int(captured_log_count("credentials"), (int64_t)i,
		    "line %zu is not logged too early", i + 1);
		fake_loop_pass(loop, 1);
		tap_is_int(captured_log_count(lines[i].logged), 1,
		    "line %zu: %s", i + 1, lines[i].logged);
	}
	fake_loop_pass(loop, HOURS(1000));
	tap_is_int(captured_log_count("credentials"), (int64_t)i,
	    "each is logged once, of no other app");
	ends_s = clock_wall_s() + 40 * DAY;
	fake_loop_pass(loop, HOURS(2));
	tap_is_int(captured_log_count("credentials"), (int64_t)i,
	    "of new ones nothing is said");
	fake_loop_pass(loop, HOURS(10 * 24));
	tap_is_int(captured_log_count("in less than 30 days"), 2,
	    "until they end soon, too");
	ends_s = EXPIRES_S;
	fake_loop_pass(loop, HOURS(1));
}

static void
check_told(void)
{
	static const struct proxy no_proxy;
	const char *directory = directory_new();
	struct metrics *metrics = metrics_open(directory);
	const struct provider *real;
	struct app_registry *apps = make_apps(&real);
	struct loop *loop;
	struct http *http;
	struct account_list *accounts;
	struct expiry *expiry;
	size_t i;

	captured_log_begin();
	ends_s = EXPIRES_S;
	clock_fake(FAKE_LOOP_START_MS, FAKE_LOOP_START_S);
	loop = loop_create();
	http = http_create(loop, &(struct http_params){ .proxy = &no_proxy });
	accounts = account_list_create(apps, &(struct channel_params){
		.loop = loop, .http = http });
	expiry = expiry_create(loop, apps, accounts, metrics);
	check_lines(loop);
	tap_is_int(value_of(read_text(directory),
	    "push_gateway_credentials_expiry_seconds{app=\"ends\"}"),
	    EXPIRES_S, "the time is a metric");
	for (i = 2; i < 5; i++)
		tap_is_int(value_of(read_text(directory), fixture_format(
		    "push_gateway_credentials_expiry_seconds{app=\"%s\"}",
		    names[i])), -1, "of what %s there is none", names[i]);
	expiry_free(expiry);
	account_list_free(accounts);
	for (i = 0; i < sizeof names / sizeof *names; i++)
		app_registry_at(apps, i)->provider = real;
	app_registry_free(apps);
	http_free(http);
	loop_free(loop);
	metrics_close(metrics);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof lefts / sizeof *lefts; i++)
		tap_is_int(expiry_days(lefts[i].left_s), lefts[i].days,
		    "%lld seconds are left", (long long)lefts[i].left_s);
	check_told();
	return tap_done();
}
