/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/app.h"

#include <stdlib.h>
#include <string.h>

#include "base/json-text.h"
#include "base/pattern.h"
#include "base/xmalloc.h"

struct app_registry {
	struct app **apps;	/* apart: delivery keeps pointers to them */
	size_t count;
	struct json_object *defaults;	/* of app_settings */
};

const struct setting app_settings[] = {
	{ SETTING(app_settings, max_connections, INTEGER), .number = 2,
	    .minimum = 1, .maximum = 64 },
	{ SETTING(app_settings, breaker_failures, INTEGER), .number = 5,
	    .minimum = 0, .maximum = 1000000 },
	{ SETTING(app_settings, breaker_pause_s, INTEGER), .number = 10,
	    .minimum = 1, .maximum = 3600 },
	{ SETTING(app_settings, reject_guard, BOOLEAN), .number = 1 },
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
		free(app->app_id);
		free(app->text);
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

static bool
app_registry_check_id(const struct app_registry *registry,
    const char *app_id, struct error *error)
{
	size_t i;

	for (i = 0; i < registry->count; i++) {
		if (strcmp(registry->apps[i]->app_id, app_id) == 0) {
			error_set(error, "the app_id \"%s\" is there already, "
			    "in entry %zu", app_id, i + 1);
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

bool
app_registry_add(struct app_registry *registry, struct json_object *section,
    const char *directory, struct error *error)
{
	const char *name = json_text_member(section, "provider");
	const char *app_id = json_text_member(section, "app_id");
	const struct provider *provider;
	struct app_settings settings;
	struct json_object *rest;
	struct app *app;
	void *account;

	if (app_id == NULL || name == NULL) {
		error_set(error, "\"%s\" is missing or not a string",
		    app_id == NULL ? "app_id" : "provider");
		return false;
	}
	if ((provider = provider_find(name)) == NULL) {
		error_set(error, "there is no provider \"%s\"", name);
		error_prepend_name(error, "provider");
		return false;
	}
	if (!app_registry_check_id(registry, app_id, error) ||
	    !app_read_settings(registry, section, &settings, error))
		return false;
	rest = setting_omit(app_settings, section);
	account = provider->open(rest, directory, error);
	json_object_put(rest);
	if (account == NULL)
		return false;
	app = xcalloc(1, sizeof *app);
	app->place = registry->count;
	app->app_id = xstrdup(app_id);
	app->is_pattern = pattern_has_wildcards(app_id);
	app->literals = pattern_literals(app_id);
	app->provider = provider;
	app->account = account;
	app->settings = settings;
	app->text = xstrdup(json_object_to_json_string_ext(section,
	    JSON_C_TO_STRING_PLAIN));
	registry->apps = xreallocarray(registry->apps, registry->count + 1,
	    sizeof *registry->apps);
	registry->apps[registry->count++] = app;
	return true;
}

struct app *
app_registry_find(struct app_registry *registry, const char *app_id)
{
	struct app *best = NULL;
	size_t i;

	for (i = 0; i < registry->count; i++) {
		struct app *app = registry->apps[i];

		if (strcmp(app->app_id, app_id) == 0)
			return app;
		if (app->is_pattern &&
		    (best == NULL || app->literals > best->literals) &&
		    pattern_matches(app->app_id, app_id))
			best = app;
	}
	return best;
}

static bool
app_is_ambiguous(const struct app *one, const struct app *other)
{
	return one->is_pattern && other->is_pattern &&
	    one->literals == other->literals &&
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
