/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/app.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json-text.h"
#include "base/log.h"
#include "base/pattern.h"
#include "base/xmalloc.h"

struct app_registry {
	struct app **apps;	/* apart: delivery keeps pointers to them */
	size_t count;
	struct json_object *defaults;	/* of app_settings */
};

const struct setting app_settings[] = {
	{ SETTING(app_settings, max_connections, INTEGER), .number = 0,
	    .minimum = 1, .maximum = 64 },
	{ SETTING(app_settings, breaker_failures, INTEGER), .number = 5,
	    .minimum = 0, .maximum = 1000000 },
	{ SETTING(app_settings, breaker_pause_s, INTEGER), .number = 10,
	    .minimum = 1, .maximum = 3600 },
	{ SETTING(app_settings, max_rate_per_minute, INTEGER), .number = 0,
	    .minimum = 0, .maximum = 10000000 },
	{ SETTING(app_settings, reject_guard, BOOLEAN), .number = 1 },
	{ .name = NULL }
};

const struct setting app_criteria_settings[] = {
	{ SETTING(app_criteria, platform, STRING) },
	{ SETTING(app_criteria, path_prefix, STRING) },
	{ .name = NULL }
};

struct app_registry *
app_registry_create(void)
{
	return xcalloc(1, sizeof(struct app_registry));
}

void
app_registry_free(struct app_registry *registry)
{
	if (registry == NULL)
		return;
	while (registry->count > 0) {
		struct app *app = registry->apps[--registry->count];

		app->provider->close(app->account);
		setting_free(app_criteria_settings, &app->criteria);
		free(app->app_id);
		free(app);
	}
	json_object_put(registry->defaults);
	free(registry->apps);
	free(registry);
}

bool
app_registry_set_defaults(struct app_registry *registry,
    struct json_object *settings, struct error *error)
{
	struct app_settings checked;

	json_object_put(registry->defaults);
	registry->defaults = setting_pick(app_settings, settings);
	return setting_read(app_settings, registry->defaults, ".", &checked,
	    error);
}

/* The settings of one app: its own, else those for all. */
static bool
app_read_settings(const struct app_registry *registry,
    struct json_object *section, struct app_settings *settings,
    struct error *error)
{
	struct json_object *own = setting_pick(app_settings, section);
	bool read;

	if (registry->defaults != NULL) {
		json_object_object_foreach(registry->defaults, name, value) {
			if (!json_object_object_get_ex(own, name, NULL))
				json_object_object_add(own, name,
				    json_object_get(value));
		}
	}
	read = setting_read(app_settings, own, ".", settings, error);
	json_object_put(own);
	return read;
}

/* --- criteria ------------------------------------------------------------ */

/* Both may be NULL. */
static bool
app_text_is(const char *one, const char *other)
{
	return one == NULL || other == NULL ? one == other :
	    strcmp(one, other) == 0;
}

static bool
app_criteria_are(const struct app_criteria *one,
    const struct app_criteria *other)
{
	return app_text_is(one->platform, other->platform) &&
	    app_text_is(one->path_prefix, other->path_prefix);
}

static unsigned int
app_criteria_count(const struct app_criteria *criteria)
{
	return (criteria->platform != NULL) + (criteria->path_prefix != NULL);
}

static bool
app_criteria_are_met(const struct app_criteria *criteria,
    const struct app_query *query)
{
	return (criteria->platform == NULL ||
	    app_text_is(criteria->platform, query->platform)) &&
	    (criteria->path_prefix == NULL ||
	    app_text_is(criteria->path_prefix, query->path_prefix));
}

static bool
app_read_criteria(struct json_object *section, struct app_criteria *criteria,
    struct error *error)
{
	struct json_object *own = setting_pick(app_criteria_settings, section);
	bool good = setting_read(app_criteria_settings, own, ".", criteria,
	    error);
	const char *prefix = criteria->path_prefix;

	json_object_put(own);
	if (good && prefix != NULL && (prefix[0] != '/' ||
	    prefix[strlen(prefix) - 1] == '/' ||
	    strstr(prefix, "//") != NULL)) {
		error_set(error, "must begin with a slash, and not end with "
		    "one, as in \"/ios\"");
		error_prepend_name(error, "path_prefix");
		good = false;
	}
	if (!good)
		setting_free(app_criteria_settings, criteria);
	return good;
}

/* --- the registry -------------------------------------------------------- */

static bool
app_registry_check_id(const struct app_registry *registry,
    const char *app_id, const struct app_criteria *criteria,
    struct error *error)
{
	size_t i;

	for (i = 0; i < registry->count; i++) {
		const struct app *app = registry->apps[i];

		if (strcmp(app->app_id, app_id) == 0 &&
		    app_criteria_are(&app->criteria, criteria)) {
			error_set(error, "the app_id \"%s\" is already used by "
			    "entry %zu", app_id, i + 1);
			error_prepend_name(error, "app_id");
			return false;
		}
	}
	if (strlen(app_id) >= PATTERN_SIZE) {
		error_set(error, "must be shorter than %d characters",
		    PATTERN_SIZE);
		error_prepend_name(error, "app_id");
		return false;
	}
	return true;
}

/* The account of an entry, which has settings that are not the provider's. */
static void *
app_open_account(const struct provider *provider, struct json_object *section,
    const char *directory, struct error *error)
{
	struct json_object *some = setting_omit(app_settings, section);
	struct json_object *rest = setting_omit(app_criteria_settings, some);
	void *account = provider->open(rest, directory, error);

	json_object_put(rest);
	json_object_put(some);
	return account;
}

static void
app_registry_append(struct app_registry *registry, const struct app *entry)
{
	struct app *app = xmalloc(sizeof *app);

	*app = *entry;
	app->place = registry->count;
	registry->apps = xreallocarray(registry->apps, registry->count + 1,
	    sizeof *registry->apps);
	registry->apps[registry->count++] = app;
}

#define APP_PROVIDER_NAME(name) " " #name

/* Of one that is no string. */
static void
app_explain_member(struct json_object *section, const char *name,
    struct error *error)
{
	if (!json_object_object_get_ex(section, name, NULL))
		error_set_missing(error, name, "");
	else {
		error_set(error, "must be a string without control "
		    "characters");
		error_prepend_name(error, name);
	}
}

bool
app_registry_add(struct app_registry *registry, struct json_object *section,
    const char *directory, struct error *error)
{
	const char *name = json_text_member(section, "provider");
	const char *app_id = json_text_member(section, "app_id");
	struct app app = { .app_id = NULL };
	const char *text;

	if (app_id == NULL || name == NULL) {
		app_explain_member(section, app_id == NULL ? "app_id" :
		    "provider", error);
		return false;
	}
	if ((app.provider = provider_find(name)) == NULL) {
		error_set(error, "there is no provider \"%.60s\"; there are:"
		    PROVIDER_LIST(APP_PROVIDER_NAME), name);
		error_prepend_name(error, "provider");
		return false;
	}
	if (!app_read_criteria(section, &app.criteria, error))
		return false;
	if (!app_registry_check_id(registry, app_id, &app.criteria, error) ||
	    !app_read_settings(registry, section, &app.settings, error) ||
	    (app.account = app_open_account(app.provider, section, directory,
	    error)) == NULL) {
		setting_free(app_criteria_settings, &app.criteria);
		return false;
	}
	app.app_id = xstrdup(app_id);
	app.is_pattern = pattern_has_wildcards(app_id);
	app.literals = pattern_literals(app_id);
	text = json_object_to_json_string_ext(section, JSON_C_TO_STRING_PLAIN);
	app.text_hash = hash_add(HASH_START, text, strlen(text));
	app_registry_append(registry, &app);
	return true;
}

/* True if `app` says more about the device than `other`, which may be NULL. */
static bool
app_is_more_specific(const struct app *app, const struct app *other)
{
	if (other == NULL)
		return true;
	if (app->is_pattern != other->is_pattern)
		return other->is_pattern;
	if (app->is_pattern && app->literals != other->literals)
		return app->literals > other->literals;
	return app_criteria_count(&app->criteria) >
	    app_criteria_count(&other->criteria);
}

/* A pattern is a name, too: the one that is written so. */
static bool
app_is_named(const struct app *app, const char *app_id)
{
	return strcmp(app->app_id, app_id) == 0 ||
	    (app->is_pattern && pattern_matches(app->app_id, app_id));
}

struct app *
app_registry_find(struct app_registry *registry, const struct app_query *query)
{
	struct app *best = NULL;
	size_t i;

	for (i = 0; i < registry->count; i++) {
		struct app *app = registry->apps[i];

		if (app_is_more_specific(app, best) &&
		    app_criteria_are_met(&app->criteria, query) &&
		    app_is_named(app, query->app_id))
			best = app;
	}
	return best;
}

struct app *
app_registry_find_for(struct app_registry *registry,
    const struct device *device, const char *path_prefix)
{
	return app_registry_find(registry, &(struct app_query){
		.app_id = device->app_id,
		.platform = device_platform(device),
		.path_prefix = path_prefix
	});
}

struct app *
app_registry_find_same(struct app_registry *registry, const struct app *app)
{
	size_t i = 0;

	while (i < registry->count &&
	    (strcmp(registry->apps[i]->app_id, app->app_id) != 0 ||
	    !app_criteria_are(&registry->apps[i]->criteria, &app->criteria)))
		i++;
	return app_registry_at(registry, i);
}

static bool
app_is_ambiguous(const struct app *one, const struct app *other)
{
	return one->is_pattern && other->is_pattern &&
	    one->literals == other->literals &&
	    app_criteria_are(&one->criteria, &other->criteria) &&
	    pattern_overlaps(one->app_id, other->app_id);
}

bool
app_registry_find_ambiguity(const struct app_registry *registry,
    size_t *first, size_t *second)
{
	for (*second = 1; *second < registry->count; (*second)++) {
		for (*first = 0; *first < *second; (*first)++) {
			if (app_is_ambiguous(registry->apps[*first],
			    registry->apps[*second]))
				return true;
		}
	}
	return false;
}

size_t
app_registry_count(const struct app_registry *registry)
{
	return registry->count;
}

struct app *
app_registry_at(struct app_registry *registry, size_t i)
{
	return i < registry->count ? registry->apps[i] : NULL;
}

/* --- an app_id in the log ------------------------------------------------ */

const char *
app_id_loggable(const char *app_id)
{
	return log_may_show(app_id) && strchr(app_id, '.') != NULL ?
	    app_id : "unknown";
}
