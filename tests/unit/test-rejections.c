/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/rejections.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "captured-log.h"
#include "fixture.h"
#include "metrics-fixture.h"
#include "state/shared-table.h"
#include "tap.h"

enum {
	APPS = 2,
	CLIENTS = 3000	/* more than there is room for */
};

static struct app_registry *
registry_create(const char *settings)
{
	struct app_registry *registry = app_registry_create();
	struct error error;
	int i;

	for (i = 0; i < APPS; i++) {
		struct json_object *section = fixture_json(fixture_format(
		    "{\"app_id\":\"app-%d\",\"provider\":\"fcm\",%s"
		    "\"service_account_file\":\"sa.json\"}", i, settings));

		if (!app_registry_add(registry, section, "/", &error))
			tap_bail_out("%s", error.words);
		json_object_put(section);
	}
	return registry;
}

static struct outcome
judge(struct rejections *rejections, const struct app *app,
    const char *client, enum verdict verdict, bool suspicious)
{
	struct outcome outcome = { .verdict = verdict,
	    .cause = verdict == VERDICT_REJECTED ? CAUSE_PUSHKEY_DEAD :
	    CAUSE_NONE, .suspicious = suspicious,
	    .reason = suspicious ? "BadDeviceToken" : "Unregistered" };

	rejections_judge(rejections, app, client, &outcome);
	return outcome;
}

static struct outcome
deliver(struct rejections *rejections, const struct app *app,
    const char *client)
{
	return judge(rejections, app, client, VERDICT_DELIVERED, false);
}

static struct outcome
suspect(struct rejections *rejections, const struct app *app,
    const char *client)
{
	return judge(rejections, app, client, VERDICT_REJECTED, true);
}

/* --- the first delivery --------------------------------------------------- */

static void
check_unproven(void)
{
	const char *directory = directory_new();
	struct app_registry *registry = registry_create("");
	struct app_registry *changed =
	    registry_create("\"url\":\"https://fcm.test\",");
	struct rejections *rejections = rejections_create(directory, NULL);
	struct rejections *other = rejections_create(directory, NULL);
	const struct app *app = app_registry_at(registry, 0);
	struct outcome outcome;
	int i;

	captured_log_begin();
	for (i = 0; i < 3; i++)
		outcome = suspect(rejections, app, "a");
	tap_is_int(outcome.verdict, VERDICT_FAILED,
	    "nothing suspicious is rejected before the first delivery");
	tap_is_int(outcome.cause, CAUSE_UNPROVEN, "for a cause of its own");
	tap_is_int(captured_log_count("app app-0: a pushkey was rejected "
	    "(BadDeviceToken) before anything was delivered for this app"),
	    1, "the log says so, once");
	tap_is_int(captured_log_count(": check its settings. is it a device "
	    "of the other environment? see \"environment\". Until"), 1,
	    "with a hint");
	tap_is_int(judge(rejections, app, "a", VERDICT_REJECTED, false).verdict,
	    VERDICT_REJECTED, "an unregistered one is rejected all the same");
	tap_is_int(suspect(rejections, app, "a").verdict, VERDICT_FAILED,
	    "which proves nothing");
	deliver(rejections, app, "b");
	tap_is_int(suspect(other, app, "a").verdict, VERDICT_REJECTED,
	    "a delivery, of any client's, by any worker, does");
	tap_is_int(suspect(other, app_registry_at(registry, 1), "a").verdict,
	    VERDICT_FAILED, "but not for another app");
	rejections_free(rejections);
	rejections_free(other);
	rejections = rejections_create(directory, NULL);
	tap_is_int(suspect(rejections, app, "a").verdict, VERDICT_REJECTED,
	    "it is known after all have ended");
	tap_is_int(suspect(rejections, app_registry_at(changed, 0),
	    "a").verdict, VERDICT_FAILED,
	    "but not of an app that is written in another way");
	rejections_free(rejections);
	rejections = rejections_create(directory_new(), NULL);
	tap_is_int(suspect(rejections, app, "a").verdict, VERDICT_FAILED,
	    "nor in a new state directory");
	rejections_free(rejections);
	app_registry_free(registry);
	app_registry_free(changed);
}

/* --- the guard ------------------------------------------------------------ */

static void
check_guard(bool active)
{
	struct app_registry *registry = registry_create(active ? "" :
	    "\"reject_guard\":false,");
	struct rejections *rejections = rejections_create(directory_new(),
	    NULL);
	const struct app *app = app_registry_at(registry, 0);
	struct outcome outcome;
	int i;

	captured_log_begin();
	deliver(rejections, app, "a");
	deliver(rejections, app_registry_at(registry, 1), "a");
	for (i = 1; i <= 12; i++) {
		outcome = suspect(rejections, app, "a");
		tap_is_int(outcome.verdict, active && i >= 10 ?
		    VERDICT_FAILED : VERDICT_REJECTED,
		    "%d of as many pushkeys refused, guard %s", i,
		    active ? "on" : "off");
	}
	tap_is_int(outcome.cause, active ? CAUSE_GUARDED : CAUSE_PUSHKEY_DEAD,
	    "the cause");
	tap_is_int(captured_log_count("app app-0: 10 of the last 20 pushkeys "
	    "of client a were rejected (BadDeviceToken)"), 1,
	    "one line of the log for all, with the client");
	tap_is_int(judge(rejections, app, "a", VERDICT_REJECTED, false).verdict,
	    VERDICT_REJECTED, "an unregistered one is rejected all the same");
	tap_is_int(suspect(rejections, app, "b").verdict, VERDICT_REJECTED,
	    "another client is not concerned");
	tap_is_int(suspect(rejections, app_registry_at(registry, 1),
	    "a").verdict, VERDICT_REJECTED, "nor is another app");
	rejections_free(rejections);
	app_registry_free(registry);
}

/* Of a name that is longer 199 letters count. */
static void
check_long_names(void)
{
	struct app_registry *registry = registry_create("");
	struct rejections *rejections = rejections_create(directory_new(),
	    NULL);
	const struct app *app = app_registry_at(registry, 0);
	const char *name = fixture_format("%s-a", fixture_repeat("x", 197));
	const char *other = fixture_format("%s-b", fixture_repeat("x", 197));
	int i;

	captured_log_begin();
	deliver(rejections, app, name);
	for (i = 0; i < 10; i++)
		suspect(rejections, app, name);
	tap_is_int(suspect(rejections, app, name).verdict, VERDICT_FAILED,
	    "a client with a long name has a guard");
	tap_is_int(suspect(rejections, app, other).verdict, VERDICT_REJECTED,
	    "one that differs in letter 199 is another one");
	suspect(rejections, app, fixture_repeat("x", 5000));
	tap_is_int(suspect(rejections, app, other).verdict, VERDICT_REJECTED,
	    "and one far too long harms nobody");
	rejections_free(rejections);
	app_registry_free(registry);
}

static void
check_no_hint(void)
{
	struct app_registry *registry = registry_create("");
	struct rejections *rejections = rejections_create(directory_new(),
	    NULL);
	struct outcome outcome = { .verdict = VERDICT_REJECTED,
	    .suspicious = true, .reason = "Unheard" };

	captured_log_begin();
	rejections_judge(rejections, app_registry_at(registry, 0), "a",
	    &outcome);
	tap_is_int(captured_log_count("(Unheard) before anything was delivered "
	    "for this app: check its settings. Until the provider"), 1,
	    "where there is no hint, the log gives none");
	rejections_free(rejections);
	app_registry_free(registry);
}

/* --- the log -------------------------------------------------------------- */

static void
check_log(void)
{
	static const struct {
		int64_t now_ms;		/* since the host was started */
		bool is_logged;
		const char *name;
	} rows[] = {
		{ 1, true, "just after the host was started" },
		{ 30000, false, "within a minute of that" },
		{ 60000, false, "a moment before the minute is over" },
		{ 60001, true, "after a minute" },
		{ 60001, false, "at the same moment" },
		{ 1000, true, "the host was started again" },
		{ 50000, false, "within a minute of that" },
	};
	struct app_registry *registry = registry_create("");
	struct rejections *rejections = rejections_create(directory_new(),
	    NULL);
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		clock_fake(rows[i].now_ms, 1700000000);
		captured_log_begin();
		suspect(rejections, app_registry_at(registry, 0), "a");
		tap_is_int(captured_log_count("before anything was delivered"),
		    rows[i].is_logged, "the log, at %d ms: %s",
		    (int)rows[i].now_ms, rows[i].name);
	}
	rejections_free(rejections);
	app_registry_free(registry);
	clock_fake(1000000, 1700000000);
}

/* --- no room -------------------------------------------------------------- */

/* Without room nothing is known, so that nothing suspicious is rejected. */
static void
check_no_room(void)
{
	struct app_registry *registry = registry_create("");
	struct rejections *rejections = rejections_create(directory_new(),
	    NULL);
	const struct app *app = app_registry_at(registry, 0);
	const struct app *unknown = app_registry_at(registry, 1);
	int i;

	for (i = 0; i < CLIENTS; i++)
		deliver(rejections, app, fixture_format("client-%d", i));
	captured_log_begin();
	tap_is_int(suspect(rejections, app, "client-0").verdict,
	    VERDICT_REJECTED, "whoever is known is judged as ever");
	tap_is_int(suspect(rejections, app, "newcomer").cause, CAUSE_GUARDED,
	    "a client without room has its guard up");
	deliver(rejections, unknown, "newcomer");
	tap_is_int(suspect(rejections, unknown, "newcomer").cause,
	    CAUSE_UNPROVEN, "an app without room stays unproven");
	tap_is_int(captured_log_count("pushkey"), 0,
	    "and the log, which could not be limited, is not told");
	rejections_free(rejections);
	app_registry_free(registry);
}

/* --- the alarm ------------------------------------------------------------ */

static const char *alarm_directory;

static void
check_alarm(int app, int expected, const char *name)
{
	tap_is_int(value_of(read_text(alarm_directory), fixture_format(
	    "push_gateway_dead_share_alarm{app=\"app-%d\"}", app)), expected,
	    "the alarm of app-%d: %s", app, name);
}

static void
repeat(struct outcome (*one)(struct rejections *rejections,
    const struct app *app, const char *client), int count,
    struct rejections *rejections, const struct app *app, const char *client)
{
	int i;

	for (i = 0; i < count; i++)
		one(rejections, app, client);
}

static void
check_alarms(void)
{
	struct app_registry *registry = registry_create("");
	struct metrics *metrics;
	struct rejections *rejections;
	const struct app *app = app_registry_at(registry, 0);
	const struct app *other = app_registry_at(registry, 1);

	alarm_directory = directory_new();
	metrics = metrics_open(alarm_directory);
	rejections = rejections_create(directory_new(), metrics);
	captured_log_begin();
	repeat(suspect, 10, rejections, app, "a");
	check_alarm(0, 1, "one guard is up");
	repeat(suspect, 10, rejections, app, "b");
	repeat(suspect, 10, rejections, other, "a");
	repeat(deliver, 16, rejections, app, "a");
	check_alarm(0, 1, "that of another client is still up");
	repeat(deliver, 15, rejections, app, "b");
	check_alarm(0, 1, "so it is with five of the last twenty");
	deliver(rejections, app, "b");
	check_alarm(0, 0, "the last one has come down");
	check_alarm(1, 1, "its own guard is up");
	metrics_clear_gauges(metrics);
	check_alarm(1, -1, "a new configuration has taken it back");
	clock_fake(1060000, 1700000060);
	suspect(rejections, other, "a");
	check_alarm(1, 1, "it comes back with the next line of the log");
	rejections_free(rejections);
	metrics_close(metrics);
	app_registry_free(registry);
	clock_fake(1000000, 1700000000);
}

/* The client whose guard is at a place of the host's table. */
static const char *
client_at(const char *directory, const struct app *app, size_t place)
{
	struct shared_table *table = shared_table_open(
	    &(struct shared_table_params){ .directory = directory,
	    .file = "rejections", .layout = 1, .rows = 2048 });
	const size_t start = sizeof app->text_hash + strlen(app->app_id) + 1;
	struct shared_row row;
	const char *name;

	if (!shared_table_copy(table, place, &row) || row.size <= start)
		tap_bail_out("there is no guard at %zu", place);
	name = fixture_format("%.*s", (int)(row.size - start),
	    row.text + start);
	shared_table_close(table);
	return name;
}

static void
check_places(void)
{
	static const size_t places[] = { 0, 1, 2047 };
	const char *directory = directory_new();
	struct app_registry *registry = registry_create("");
	const struct app *app = app_registry_at(registry, 0);
	struct rejections *rejections;
	struct metrics *metrics;
	const char *client;
	size_t i;

	alarm_directory = directory_new();
	metrics = metrics_open(alarm_directory);
	rejections = rejections_create(directory, metrics);
	captured_log_begin();
	for (i = 0; i < CLIENTS; i++)
		deliver(rejections, app, fixture_format("client-%zu", i));
	for (i = 0; i < sizeof places / sizeof *places; i++) {
		client = client_at(directory, app, places[i]);
		repeat(suspect, 10, rejections, app, client);
		repeat(suspect, 10, rejections, app, "client-7");
		repeat(deliver, 20, rejections, app, "client-7");
		check_alarm(0, 1, fixture_format("the guard at %zu is up",
		    places[i]));
		repeat(deliver, 20, rejections, app, client);
		check_alarm(0, 0, "and down");
	}
	rejections_free(rejections);
	metrics_close(metrics);
	app_registry_free(registry);
}

/* --- processes ------------------------------------------------------------ */

/* Workers judge together, and one of them may die at any moment. */
static void
check_crashes(void)
{
	const char *directory = directory_new();
	struct app_registry *registry = registry_create("");
	const struct app *app = app_registry_at(registry, 0);
	struct rejections *rejections;
	int i, raised = 0, status;
	pid_t child;

	for (i = 0; i < 40; i++) {
		child = fork();
		if (child == 0) {
			rejections = rejections_create(directory, NULL);
			deliver(rejections, app, "a");
			for (;;)
				suspect(rejections, app, "a");
		}
		usleep((useconds_t)(rand() % 3000));
		if (child == -1 || kill(child, SIGKILL) == -1 ||
		    waitpid(child, &status, 0) != child)
			tap_bail_out("no child");
		rejections = rejections_create(directory, NULL);
		deliver(rejections, app, "a");
		raised += suspect(rejections, app, "a").verdict ==
		    VERDICT_FAILED;
		rejections_free(rejections);
	}
	tap_note("the guard was up after %d of %d", raised, i);
	rejections = rejections_create(directory, NULL);
	for (i = 0; i < 20; i++)
		deliver(rejections, app, "a");
	tap_is_int(suspect(rejections, app, "a").verdict, VERDICT_REJECTED,
	    "after many crashes all works as ever");
	for (i = 0; i < 9; i++)
		suspect(rejections, app, "a");
	tap_is_int(suspect(rejections, app, "a").verdict, VERDICT_FAILED,
	    "and the guard, too");
	rejections_free(rejections);
	app_registry_free(registry);
}

/* Each process is a CGI's: one answer, and it is gone. */
static void
check_processes(void)
{
	const char *directory = directory_new();
	struct app_registry *registry = registry_create("");
	const struct app *app = app_registry_at(registry, 0);
	struct rejections *rejections;
	struct outcome outcome;
	int i, rejected = 0, status;
	pid_t child;

	for (i = 0; i <= 50; i++) {
		child = fork();
		if (child == 0) {
			rejections = rejections_create(directory, NULL);
			outcome = i == 0 ? deliver(rejections, app, "a") :
			    suspect(rejections, app, "a");
			rejections_free(rejections);
			app_registry_free(registry);
			_exit(outcome.verdict == VERDICT_REJECTED);
		}
		if (child == -1 || waitpid(child, &status, 0) != child)
			tap_bail_out("no child");
		rejected += WEXITSTATUS(status);
	}
	tap_is_int(rejected, 9, "of fifty processes nine reject");
	app_registry_free(registry);
}

/* What somebody scribbles proves nothing and raises nothing. */
static void
check_rubbish(void)
{
	const char *directory = directory_new();
	struct app_registry *registry = registry_create("");
	const struct app *app = app_registry_at(registry, 0);
	struct rejections *rejections = rejections_create(directory, NULL);
	static unsigned char bytes[1000000];
	unsigned int seed = 1, i;
	int fd;

	deliver(rejections, app, "a");
	fd = open(fixture_format("%s/rejections", directory), O_WRONLY);
	for (i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(rand_r(&seed) >> 3);
	if (pwrite(fd, bytes, sizeof bytes, 32) != (ssize_t)sizeof bytes)
		tap_bail_out("cannot scribble");
	close(fd);
	tap_is_int(suspect(rejections, app, "a").verdict, VERDICT_FAILED,
	    "after scribbling nothing is proven");
	rejections_free(rejections);
	app_registry_free(registry);
}

int
main(void)
{
	clock_fake(1000000, 1700000000);
	check_unproven();
	check_guard(true);
	check_guard(false);
	check_long_names();
	check_no_hint();
	check_log();
	check_no_room();
	check_alarms();
	check_places();
	check_crashes();
	check_processes();
	check_rubbish();
	rejections_free(NULL);
	return tap_done();
}
