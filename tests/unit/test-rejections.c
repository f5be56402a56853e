/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/rejections.h"

#include "captured-log.h"
#include "fixture.h"
#include "tap.h"

enum {
	APPS = 2
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
    enum verdict verdict, bool suspicious)
{
	struct outcome outcome = { .verdict = verdict,
	    .cause = CAUSE_PUSHKEY_DEAD, .suspicious = suspicious,
	    .reason = suspicious ? "BadDeviceToken" : "Unregistered" };

	rejections_judge(rejections, app, &outcome);
	return outcome;
}

static void
check_guard(bool active)
{
	struct app_registry *registry = registry_create(active ? "" :
	    "\"reject_guard\":false,");
	struct rejections *rejections = rejections_create(registry, NULL);
	const struct app *app = app_registry_at(registry, 0);
	struct outcome outcome;
	int i;

	captured_log_begin();
	for (i = 1; i <= 12; i++) {
		outcome = judge(rejections, app, VERDICT_REJECTED, true);
		tap_is_int(outcome.verdict, active && i >= 10 ?
		    VERDICT_FAILED : VERDICT_REJECTED,
		    "%d of as many pushkeys refused, guard %s", i,
		    active ? "on" : "off");
	}
	tap_is_int(outcome.cause, active ? CAUSE_GUARDED : CAUSE_PUSHKEY_DEAD,
	    "the cause");
	tap_is_int(captured_log_count("app app-0: 10 of the last 20"), 1,
	    "one line of the log for all");
	tap_is_int(judge(rejections, app, VERDICT_REJECTED, false).verdict,
	    VERDICT_REJECTED, "an unregistered one is rejected all the same");
	tap_is_int(judge(rejections, app_registry_at(registry, 1),
	    VERDICT_REJECTED, true).verdict, VERDICT_REJECTED,
	    "another app is not concerned");
	rejections_free(rejections);
	app_registry_free(registry);
}

static void
check_inherit(void)
{
	struct app_registry *registry = registry_create("");
	struct rejections *previous = rejections_create(registry, NULL);
	struct rejections *rejections = rejections_create(registry, NULL);
	int i;

	for (i = 0; i < 10; i++)
		judge(previous, app_registry_at(registry, 1), VERDICT_REJECTED,
		    true);
	rejections_inherit(rejections, previous);
	tap_is_int(judge(rejections, app_registry_at(registry, 1),
	    VERDICT_REJECTED, true).verdict, VERDICT_FAILED,
	    "the guard of an app that stays is inherited");
	tap_is_int(judge(rejections, app_registry_at(registry, 0),
	    VERDICT_REJECTED, true).verdict, VERDICT_REJECTED,
	    "and only its own");
	rejections_free(previous);
	rejections_free(rejections);
	app_registry_free(registry);
}

int
main(void)
{
	check_guard(true);
	check_guard(false);
	check_inherit();
	return tap_done();
}
