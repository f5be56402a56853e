/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/rejections.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "captured-log.h"
#include "fixture.h"
#include "tap.h"

enum {
	APPS = 2
};

static unsigned int directories;

static const char *
directory_new(void)
{
	return fixture_path(fixture_format("state-%u", ++directories));
}

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
	int i, rejected = 0, status;
	pid_t child;

	for (i = 0; i <= 50; i++) {
		child = fork();
		if (child == 0) {
			rejections = rejections_create(directory, NULL);
			_exit(i == 0 ? deliver(rejections, app, "a").verdict ==
			    VERDICT_REJECTED : suspect(rejections, app,
			    "a").verdict == VERDICT_REJECTED);
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
	unsigned int seed = 1, i;
	unsigned char byte;
	int fd;

	deliver(rejections, app, "a");
	fd = open(fixture_format("%s/rejections", directory), O_WRONLY);
	for (i = 32; fd != -1 && i < 1000000; i++) {
		byte = (unsigned char)(rand_r(&seed) >> 3);
		if (pwrite(fd, &byte, 1, i) != 1)
			tap_bail_out("cannot scribble");
	}
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
	check_crashes();
	check_processes();
	check_rubbish();
	return tap_done();
}
