/* SPDX-License-Identifier: Apache-2.0 */
#include "app.h"

#include <string.h>

#include "fixture.h"
#include "tap.h"

/* --- patterns ------------------------------------------------------------ */

static const struct {
	const char *pattern;
	const char *app_id;
	bool matches;
} patterns[] = {
	{ "a", "a", true },
	{ "a", "b", false },
	{ "a", "A", false },
	{ "a", "ab", false },
	{ "a", "", false },
	{ "*", "", true },
	{ "*", "de.gematik.erezept.ios", true },
	{ "*", "a/b", true },
	{ "*", ".hidden", true },
	{ "de.gematik.*", "de.gematik.erezept.ios.apns", true },
	{ "de.gematik.*", "de.gematik.", true },
	{ "de.gematik.*", "de.gematik", false },
	{ "de.gematik.*", "xde.gematik.a", false },
	{ "de.*.ios", "de.gematik.erezept.ios", true },
	{ "de.*.ios", "de.gematik.erezept.ios.dev", false },
	{ "*.ios", "de.gematik.ios", true },
	{ "a?c", "abc", true },
	{ "a?c", "ac", false },
	{ "a?c", "a.c", true },
	{ "a?c", "a/c", true },
	{ "a[bc]d", "abd", true },
	{ "a[bc]d", "aed", false },
	{ "a[!bc]d", "aed", true },
	{ "a[0-9]", "a7", true },
	{ "a[", "a[", true },
	{ "a\\b", "a\\b", true },
	{ "a\\*", "a\\bc", true },
	{ "a.c", "abc", false },
	{ "a+", "aa", false },
	{ "(a)", "a", false },
};

static void
check_patterns(void)
{
	size_t i;

	for (i = 0; i < sizeof patterns / sizeof *patterns; i++)
		tap_is_int(app_pattern_matches(patterns[i].pattern,
		    patterns[i].app_id), patterns[i].matches,
		    "\"%s\" %s \"%s\"", patterns[i].pattern,
		    patterns[i].matches ? "matches" : "does not match",
		    patterns[i].app_id);
	tap_ok(app_pattern_matches("*", fixture_repeat("a",
	    APP_ID_SIZE - 1)), "an app_id of 255 bytes matches");
	tap_ok(!app_pattern_matches("*", fixture_repeat("a", APP_ID_SIZE)),
	    "an app_id of 256 bytes matches nothing");
	tap_ok(!app_pattern_matches("*a*a*a*a*a*a*b",
	    fixture_repeat("a", 1000000)),
	    "an app_id of a million bytes matches nothing");
}

/* --- the registry -------------------------------------------------------- */

/* Adds an app of FCM, whose settings are few. */
static bool
add(struct app_registry *registry, const char *app_id, struct fault *fault)
{
	struct json_object *section = fixture_json("{\"provider\":\"fcm\","
	    "\"service_account_file\":\"sa.json\"}");
	bool added;

	json_object_object_add(section, "app_id",
	    json_object_new_string(app_id));
	added = app_registry_add(registry, section, "/", fault);
	json_object_put(section);
	return added;
}

static struct app_registry *
registry_of(const char *const *app_ids)
{
	struct app_registry *registry = app_registry_create();
	struct fault fault;

	for (; *app_ids != NULL; app_ids++) {
		if (!add(registry, *app_ids, &fault))
			tap_bail_out("cannot add %s: %s", *app_ids,
			    fault.words);
	}
	return registry;
}

static const char *const many[] = {
	"*", "de.gematik.*", "de.gematik.erezept.*", "de.gematik.erezept.ios",
	"*.android", "de.*.android", "de.gematik.epa.[ai]*", "equal.?a*",
	"equal.?*a", "last", NULL
};

static const struct {
	const char *app_id;
	const char *found;
} finds[] = {
	{ "de.gematik.erezept.ios", "de.gematik.erezept.ios" },
	{ "de.gematik.erezept.ios.dev", "de.gematik.erezept.*" },
	{ "de.gematik.erezept.", "de.gematik.erezept.*" },
	{ "de.gematik.tim", "de.gematik.*" },
	{ "de.gematik", "*" },
	{ "de.example.android", "de.*.android" },
	{ "com.example.android", "*.android" },
	{ "de.gematik.erezept.android", "de.gematik.erezept.*" },
	{ "de.gematik.epa.ios", "de.gematik.epa.[ai]*" },
	{ "de.gematik.epa.web", "de.gematik.*" },
	{ "equal.xaa", "equal.?a*" },
	{ "last", "last" },
	{ "LAST", "*" },
	{ "last ", "*" },
	{ "", "*" },
};

static void
check_find(void)
{
	static const char *const none[] = { "a", "b.*", NULL };
	struct app_registry *registry = registry_of(many);
	struct app *app;
	size_t i;

	for (i = 0; i < sizeof finds / sizeof *finds; i++) {
		app = app_registry_find(registry, finds[i].app_id);
		tap_is_string(app == NULL ? NULL : app->app_id,
		    finds[i].found, "\"%s\" is found", finds[i].app_id);
	}
	tap_ok(app_registry_find(registry, fixture_repeat("a", 255)) != NULL,
	    "a name of 255 bytes is found by a pattern");
	tap_ok(app_registry_find(registry, fixture_repeat("a", 256)) == NULL,
	    "a name of 256 bytes is not");
	for (i = 0; many[i] != NULL; i++)
		tap_is_string(app_registry_at(registry, i)->app_id, many[i],
		    "app %zu stands in its place", i);
	tap_ok(app_registry_at(registry, i) == NULL, "there is no app behind");
	tap_ok(app_registry_at(registry, 0)->channel == NULL &&
	    app_registry_at(registry, 0)->account != NULL &&
	    app_registry_at(registry, 0)->provider == provider_find("fcm"),
	    "an app has its provider and an account, nothing of delivery");
	app_registry_free(registry);
	registry = registry_of(none);
	tap_ok(app_registry_find(registry, "c") == NULL, "c is not there");
	tap_ok(app_registry_find(registry, "ab") == NULL, "ab neither");
	tap_ok(app_registry_find(registry, "") == NULL, "nor nothing");
	app_registry_free(registry);
	app_registry_free(NULL);
}

static void
check_stable(void)
{
	struct app_registry *registry = app_registry_create();
	struct fault fault;
	struct app *first;
	size_t i;

	add(registry, "first", &fault);
	first = app_registry_find(registry, "first");
	for (i = 0; i < 300; i++)
		add(registry, fixture_format("app%zu", i), &fault);
	tap_ok(app_registry_find(registry, "first") == first,
	    "an app stays where it is");
	tap_is_string(app_registry_find(registry, "app299")->app_id,
	    "app299", "the last of 301 is found");
	app_registry_free(registry);
}

/* --- faults -------------------------------------------------------------- */

static const struct {
	const char *section;
	const char *pointer;
	const char *words;
} faults[] = {
	{ "{}", "", "\"app_id\"" },
	{ "{\"provider\":\"fcm\"}", "", "\"app_id\"" },
	{ "{\"app_id\":1,\"provider\":\"fcm\"}", "", "\"app_id\"" },
	{ "{\"app_id\":\"a\\u0000b\",\"provider\":\"fcm\"}", "",
	    "\"app_id\"" },
	{ "{\"app_id\":\"x\"}", "", "\"provider\"" },
	{ "{\"app_id\":\"x\",\"provider\":null}", "", "\"provider\"" },
	{ "{\"app_id\":\"x\",\"provider\":\"pigeon\"}", "/provider",
	    "pigeon" },
	{ "{\"app_id\":\"x\",\"provider\":\"FCM\"}", "/provider", "FCM" },
	{ "{\"app_id\":\"there\",\"provider\":\"fcm\","
	    "\"service_account_file\":\"s\"}", "/app_id", "already" },
	{ "{\"app_id\":\"\",\"provider\":\"fcm\","
	    "\"service_account_file\":\"s\"}", "/app_id", "empty" },
	{ "{\"app_id\":\"x\",\"provider\":\"fcm\"}", "",
	    "\"service_account_file\"" },
	{ "{\"app_id\":\"x\",\"provider\":\"fcm\",\"key_id\":\"K\","
	    "\"service_account_file\":\"s\"}", "/key_id", "key_id" },
};

static void
check_faults(void)
{
	struct app_registry *registry = app_registry_create();
	struct fault fault;
	size_t i;

	tap_ok(add(registry, "there", &fault), "an app is added");
	for (i = 0; i < sizeof faults / sizeof *faults; i++) {
		struct json_object *section = fixture_json(faults[i].section);

		tap_ok(!app_registry_add(registry, section, "/", &fault),
		    "%s is refused", faults[i].section);
		tap_is_string(fault.pointer, faults[i].pointer,
		    "%s: the place", faults[i].section);
		tap_contains(fault.words, faults[i].words, "%s: the words",
		    faults[i].section);
		json_object_put(section);
	}
	tap_ok(app_registry_at(registry, 1) == NULL, "none of them was added");
	tap_ok(add(registry, fixture_repeat("a", 255), &fault),
	    "an app_id of 255 bytes is accepted");
	tap_ok(!add(registry, fixture_repeat("a", 256), &fault),
	    "an app_id of 256 bytes is refused");
	tap_is_string(fault.pointer, "/app_id", "the place is the app_id");
	tap_ok(add(registry, "THERE", &fault),
	    "the case of an app_id makes another one");
	app_registry_free(registry);
}

int
main(void)
{
	check_patterns();
	check_find();
	check_stable();
	check_faults();
	return tap_done();
}
