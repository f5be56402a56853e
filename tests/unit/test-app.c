/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/app.h"

#include <string.h>

#include "fixture.h"
#include "tap.h"

/* --- the registry -------------------------------------------------------- */

/* Adds an app of FCM, whose settings are few. */
static bool
add(struct app_registry *registry, const char *app_id, struct error *error)
{
	struct json_object *section = fixture_json("{\"provider\":\"fcm\","
	    "\"service_account_file\":\"sa.json\"}");
	bool added;

	json_object_object_add(section, "app_id",
	    json_object_new_string(app_id));
	added = app_registry_add(registry, section, "/", error);
	json_object_put(section);
	return added;
}

static struct app *
find(struct app_registry *registry, const char *app_id)
{
	return app_registry_find(registry,
	    &(struct app_query){ .app_id = app_id });
}

static struct app_registry *
registry_of(const char *const *app_ids)
{
	struct app_registry *registry = app_registry_create();
	struct error error;

	for (; *app_ids != NULL; app_ids++) {
		if (!add(registry, *app_ids, &error))
			tap_bail_out("cannot add %s: %s", *app_ids,
			    error.words);
	}
	return registry;
}

static const char *const many[] = {
	"*", "de.gematik.*", "de.gematik.erezept.*", "de.gematik.erezept.ios",
	"*.android", "de.*.android", "de.gematik.epa.[ai]*", "last",
	NULL
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
		app = find(registry, finds[i].app_id);
		tap_is_string(app == NULL ? NULL : app->app_id,
		    finds[i].found, "\"%s\" is found", finds[i].app_id);
	}
	tap_ok(find(registry, fixture_repeat("a", 255)) != NULL,
	    "a name of 255 bytes is found by a pattern");
	tap_ok(find(registry, fixture_repeat("a", 256)) == NULL,
	    "a name of 256 bytes is not");
	for (i = 0; many[i] != NULL; i++)
		tap_is_string(app_registry_at(registry, i)->app_id, many[i],
		    "app %zu stands in its place", i);
	tap_ok(app_registry_at(registry, i) == NULL, "there is no app behind");
	tap_ok(app_registry_at(registry, 3)->account != NULL &&
	    app_registry_at(registry, 3)->provider == provider_find("fcm") &&
	    app_registry_at(registry, 3)->place == 3,
	    "an app knows its provider, its account and its place");
	app_registry_free(registry);
	registry = registry_of(none);
	tap_ok(find(registry, "c") == NULL, "c is not there");
	tap_ok(find(registry, "ab") == NULL, "ab neither");
	tap_ok(find(registry, "") == NULL, "nor nothing");
	app_registry_free(registry);
	app_registry_free(NULL);
}

static void
check_stable(void)
{
	struct app_registry *registry = app_registry_create();
	struct error error;
	struct app *first;
	size_t i;

	add(registry, "first", &error);
	first = find(registry, "first");
	for (i = 0; i < 300; i++)
		add(registry, fixture_format("app%zu", i), &error);
	tap_ok(find(registry, "first") == first,
	    "an app stays where it is");
	tap_is_string(find(registry, "app299")->app_id,
	    "app299", "the last of 301 is found");
	app_registry_free(registry);
}

/* --- criteria ------------------------------------------------------------ */

/* Entries by their places; the app_id, and what else must fit. */
static const char *const by_criteria[] = {
	"\"app_id\":\"a\"",
	"\"app_id\":\"a\",\"platform\":\"ios\"",
	"\"app_id\":\"a\",\"path_prefix\":\"/x\"",
	"\"app_id\":\"a\",\"platform\":\"ios\",\"path_prefix\":\"/x\"",
	"\"app_id\":\"b\",\"platform\":\"ios\"",
	"\"app_id\":\"b\",\"platform\":\"android\"",
	"\"app_id\":\"c*\",\"path_prefix\":\"/x/y\"",
	"\"app_id\":\"c?\"",
	"\"app_id\":\"d?\"",
	"\"app_id\":\"d*\",\"platform\":\"ios\"",
	"\"app_id\":\"e?\",\"platform\":\"ios\"",
	"\"app_id\":\"e*\",\"path_prefix\":\"/x\"",
};

static const struct {
	struct app_query query;
	int place;		/* -1: none */
} by_criteria_finds[] = {
	{ { "a", NULL, NULL }, 0 },
	{ { "a", "android", "/y" }, 0 },
	{ { "a", "ios", NULL }, 1 },
	{ { "a", "ios", "/y" }, 1 },
	{ { "a", "IOS", "" }, 0 },
	{ { "a", NULL, "/x" }, 2 },
	{ { "a", NULL, "/x/z" }, 0 },
	{ { "a", "ios", "/x" }, 3 },
	{ { "b", "ios", NULL }, 4 },
	{ { "b", "android", "/x" }, 5 },
	{ { "b", NULL, NULL }, -1 },
	{ { "b", "web", NULL }, -1 },
	{ { "cc", NULL, "/x/y" }, 6 },
	{ { "cc", NULL, "/x" }, 7 },
	{ { "ccc", NULL, "/x" }, -1 },
	{ { "dd", "ios", NULL }, 9 },
	{ { "dd", "web", NULL }, 8 },
	{ { "ee", "ios", "/x" }, 10 },
	{ { "ee", "web", "/x" }, 11 },
};

static void
check_criteria(void)
{
	struct app_registry *registry = app_registry_create();
	size_t i, first, second;

	for (i = 0; i < sizeof by_criteria / sizeof *by_criteria; i++) {
		struct json_object *section = fixture_json(fixture_format(
		    "{\"provider\":\"fcm\",\"service_account_file\":"
		    "\"sa.json\",%s}", by_criteria[i]));
		struct error error;

		if (!app_registry_add(registry, section, "/", &error))
			tap_bail_out("%s: %s", by_criteria[i], error.words);
		json_object_put(section);
	}
	for (i = 0; i < sizeof by_criteria_finds / sizeof *by_criteria_finds;
	    i++) {
		const struct app_query *query = &by_criteria_finds[i].query;
		struct app *app = app_registry_find(registry, query);

		tap_is_int(app == NULL ? -1 : (int64_t)app->place,
		    by_criteria_finds[i].place, "%s of platform %s by %s",
		    query->app_id, query->platform == NULL ? "none" :
		    query->platform, query->path_prefix == NULL ? "none" :
		    query->path_prefix);
		tap_ok(app == NULL ||
		    app_registry_find_same(registry, app) == app,
		    "which is the same as itself");
	}
	tap_ok(!app_registry_find_ambiguity(registry, &first, &second),
	    "patterns with other criteria are clear");
	app_registry_free(registry);
}

/* --- errors -------------------------------------------------------------- */

static const struct {
	const char *section;
	const char *pointer;
	const char *words;
} errors[] = {
	{ "{\"app_id\":\"x\",\"provider\":\"fcm\",\"path_prefix\":\"ios\"}",
	    "/path_prefix", "must begin with a slash" },
	{ "{\"app_id\":\"x\",\"provider\":\"fcm\",\"path_prefix\":"
	    "\"/ios/\"}", "/path_prefix", "not end with one" },
	{ "{\"app_id\":\"x\",\"provider\":\"fcm\",\"platform\":1}",
	    "/platform", "must be a string" },
	{ "{}", "", "\"app_id\"" },
	{ "{\"provider\":\"fcm\"}", "", "\"app_id\"" },
	{ "{\"app_id\":1,\"provider\":\"fcm\"}", "/app_id",
	    "must be a string" },
	{ "{\"app_id\":\"a\\u0000b\",\"provider\":\"fcm\"}", "/app_id",
	    "must be a string without control characters" },
	{ "{\"app_id\":\"x\"}", "", "\"provider\"" },
	{ "{\"app_id\":\"x\",\"provider\":null}", "/provider",
	    "must be a string" },
	{ "{\"app_id\":\"x\",\"provider\":\"pigeon\"}", "/provider",
	    "pigeon" },
	{ "{\"app_id\":\"x\",\"provider\":\"FCM\"}", "/provider", "FCM" },
	{ "{\"app_id\":\"there\",\"provider\":\"fcm\","
	    "\"service_account_file\":\"s\"}", "/app_id",
	    "\"there\" is already used by entry 1" },
	{ "{\"app_id\":\"next\",\"provider\":\"fcm\","
	    "\"service_account_file\":\"s\"}", "/app_id",
	    "\"next\" is already used by entry 2" },
	{ "{\"app_id\":\"\",\"provider\":\"fcm\","
	    "\"service_account_file\":\"s\"}", "/app_id", "empty" },
	{ "{\"app_id\":\"x\",\"provider\":\"fcm\"}", "",
	    "\"service_account_file\"" },
	{ "{\"app_id\":\"x\",\"provider\":\"fcm\",\"key_id\":\"K\","
	    "\"service_account_file\":\"s\"}", "/key_id", "key_id" },
};

static void
check_errors(void)
{
	struct app_registry *registry = app_registry_create();
	struct error error;
	size_t i;

	tap_ok(add(registry, "there", &error), "an app is added");
	tap_ok(add(registry, "next", &error), "and another one");
	for (i = 0; i < sizeof errors / sizeof *errors; i++) {
		struct json_object *section = fixture_json(errors[i].section);

		tap_ok(!app_registry_add(registry, section, "/", &error),
		    "%s is refused", errors[i].section);
		tap_is_string(error.pointer, errors[i].pointer,
		    "%s: the place", errors[i].section);
		tap_contains(error.words, errors[i].words, "%s: the words",
		    errors[i].section);
		json_object_put(section);
	}
	tap_ok(app_registry_at(registry, 2) == NULL, "none of them was added");
	tap_ok(add(registry, fixture_repeat("a", 255), &error),
	    "an app_id of 255 bytes is accepted");
	tap_ok(!add(registry, fixture_repeat("a", 256), &error),
	    "an app_id of 256 bytes is refused");
	tap_is_string(error.pointer, "/app_id", "the place is the app_id");
	tap_ok(add(registry, "THERE", &error),
	    "the case of an app_id makes another one");
	app_registry_free(registry);
}

/* --- ambiguity ----------------------------------------------------------- */

static void
check_ambiguity(void)
{
	static const char *const clear[] = {
		"a.*", "b.*", "ab", "*.ab", "a", "*", NULL
	};
	static const char *const unclear[] = {
		"x", "*.abc", "a.b.*", "abc.*", NULL
	};
	static const char *const both[] = { "a*", "*a", NULL };
	struct app_registry *registry = registry_of(clear);
	size_t first, second;

	tap_ok(!app_registry_find_ambiguity(registry, &first, &second),
	    "patterns that differ, or have nothing in common, are clear");
	app_registry_free(registry);
	registry = registry_of(unclear);
	tap_ok(app_registry_find_ambiguity(registry, &first, &second),
	    "abc.x.abc could be for two of four");
	tap_is_int((long)first, 1, "the first of them");
	tap_is_int((long)second, 2, "and the second");
	app_registry_free(registry);
	registry = registry_of(both);
	tap_ok(app_registry_find_ambiguity(registry, &first, &second),
	    "so could two that are alone");
	app_registry_free(registry);
}

/* What the host keeps of an app is of its entry as it is written. */
static void
check_text_hash(void)
{
	static const char *const names[] = { "a", "b", NULL };
	struct app_registry *registry = registry_of(names);
	struct app_registry *again = registry_of(names);

	tap_ok(app_registry_at(registry, 0)->text_hash !=
	    app_registry_at(registry, 1)->text_hash,
	    "two entries are told apart");
	tap_ok(app_registry_at(registry, 1)->text_hash ==
	    app_registry_at(again, 1)->text_hash,
	    "the same one is the same again");
	app_registry_free(registry);
	app_registry_free(again);
}

/* --- settings ------------------------------------------------------------ */

static const struct {
	const char *defaults;
	const char *own;
	struct app_settings settings;
} settings[] = {
	{ "{}", "{}", { 0, 5, 10, 0, true } },
	{ "{\"max_connections\":4,\"breaker_failures\":0,"
	    "\"breaker_pause_s\":60,\"max_rate_per_minute\":900,"
	    "\"reject_guard\":false}", "{}",
	    { 4, 0, 60, 900, false } },
	{ "{\"max_connections\":4,\"reject_guard\":false}",
	    "{\"max_connections\":1,\"reject_guard\":true}",
	    { 1, 5, 10, 0, true } },
};

static void
check_settings(void)
{
	size_t i;

	for (i = 0; i < sizeof settings / sizeof *settings; i++) {
		struct app_registry *registry = app_registry_create();
		struct json_object *all = fixture_json(settings[i].defaults);
		struct json_object *own = fixture_json(settings[i].own);
		const struct app_settings *want = &settings[i].settings, *got;
		struct error error;

		json_object_object_add(own, "app_id",
		    json_object_new_string("a"));
		json_object_object_add(own, "provider",
		    json_object_new_string("fcm"));
		json_object_object_add(own, "service_account_file",
		    json_object_new_string("s"));
		if (!app_registry_set_defaults(registry, all, &error) ||
		    !app_registry_add(registry, own, "/", &error))
			tap_bail_out("%s", error.words);
		got = &app_registry_at(registry, 0)->settings;
		tap_ok(got->max_connections == want->max_connections &&
		    got->breaker_failures == want->breaker_failures &&
		    got->breaker_pause_s == want->breaker_pause_s &&
		    got->max_rate_per_minute == want->max_rate_per_minute &&
		    got->reject_guard == want->reject_guard,
		    "%s for all, %s for one", settings[i].defaults,
		    settings[i].own);
		json_object_put(all);
		json_object_put(own);
		app_registry_free(registry);
	}
}

static const struct {
	const char *name;
	int64_t least;
	int64_t most;
} ranges[] = {
	{ "max_connections", 1, 64 },
	{ "breaker_failures", 0, 1000000 },
	{ "breaker_pause_s", 1, 3600 },
	{ "max_rate_per_minute", 0, 10000000 },
};

static void
is_taken(const char *name, int64_t value, bool taken)
{
	struct app_registry *registry = app_registry_create();
	struct json_object *section = fixture_json("{\"app_id\":\"a\","
	    "\"provider\":\"fcm\",\"service_account_file\":\"s\"}");
	struct error error;

	json_object_object_add(section, name, json_object_new_int64(value));
	tap_is_int(app_registry_add(registry, section, "/", &error), taken,
	    "\"%s\" of %lld", name, (long long)value);
	json_object_put(section);
	app_registry_free(registry);
}

static void
check_ranges(void)
{
	size_t i;

	for (i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		is_taken(ranges[i].name, ranges[i].least - 1, false);
		is_taken(ranges[i].name, ranges[i].least, true);
		is_taken(ranges[i].name, ranges[i].most, true);
		is_taken(ranges[i].name, ranges[i].most + 1, false);
	}
}

/* A caller's app_id, which may be a pushkey, and what the log calls it. */
static void
check_loggable(void)
{
	static const struct {
		const char *app_id;
		bool is_shown;
	} rows[] = {
		{ "org.example.ios", true },
		{ "de.gematik.erp4ios_beta-2", true },
		{ "android", false },
		{ "org.example/ios", false },
		{ "org.example.\n", false },
		{ "https://push.example/secret", false },
		{ "V2h5IGRvIHlvdSByZWFkIHRoaXM/IEl0IGlzIGEgdG9rZW4u", false },
		{ "0123456789abcdef0123456789abcdef"
		    "0123456789abcdef0123456789abcdef", false },
		{ "a.0123456789abcdef0123456789abcdef"
		    "0123456789abcdef0123456789abcdef", false },
		{ "", false },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		tap_is_string(app_id_loggable(rows[i].app_id),
		    rows[i].is_shown ? rows[i].app_id : "unknown",
		    "in the log, app_id %zu", i + 1);
}

int
main(void)
{
	check_find();
	check_stable();
	check_criteria();
	check_errors();
	check_ambiguity();
	check_text_hash();
	check_settings();
	check_ranges();
	check_loggable();
	return tap_done();
}
