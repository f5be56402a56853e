/* SPDX-License-Identifier: Apache-2.0 */
#include "app.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "xmalloc.h"

struct app_registry {
	struct app **apps;	/* apart: delivery keeps pointers to them */
	size_t count;
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
		free(app);
	}
	free(registry->apps);
	free(registry);
}

static bool
app_is_pattern(const char *app_id)
{
	return strpbrk(app_id, "*?[") != NULL;
}

static size_t
app_pattern_literals(const char *pattern)
{
	size_t literals = 0;

	for (; *pattern != '\0'; pattern++) {
		if (*pattern == '[' && strchr(pattern, ']') != NULL)
			pattern = strchr(pattern, ']');
		else
			literals += strchr("*?", *pattern) == NULL;
	}
	return literals;
}

bool
app_pattern_matches(const char *pattern, const char *app_id)
{
	return strlen(app_id) < APP_ID_SIZE &&
	    fnmatch(pattern, app_id, FNM_NOESCAPE) == 0;
}

static bool
app_registry_check_id(const struct app_registry *registry,
    const char *app_id, struct fault *fault)
{
	size_t i;

	for (i = 0; i < registry->count; i++) {
		if (strcmp(registry->apps[i]->app_id, app_id) == 0) {
			fault_set(fault, "the app_id \"%s\" is there already, "
			    "in entry %zu", app_id, i + 1);
			fault_prepend_name(fault, "app_id");
			return false;
		}
	}
	if (strlen(app_id) >= APP_ID_SIZE) {
		fault_set(fault, "must be shorter than %d characters",
		    APP_ID_SIZE);
		fault_prepend_name(fault, "app_id");
		return false;
	}
	return true;
}

bool
app_registry_add(struct app_registry *registry, struct json_object *section,
    const char *directory, struct fault *fault)
{
	const char *name = provider_member_text(section, "provider");
	const char *app_id = provider_member_text(section, "app_id");
	const struct provider *provider;
	struct app *app;
	void *account;

	if (app_id == NULL || name == NULL) {
		fault_set(fault, "\"%s\" is missing or not a string",
		    app_id == NULL ? "app_id" : "provider");
		return false;
	}
	if ((provider = provider_find(name)) == NULL) {
		fault_set(fault, "there is no provider \"%s\"", name);
		fault_prepend_name(fault, "provider");
		return false;
	}
	if (!app_registry_check_id(registry, app_id, fault) ||
	    (account = provider->open(section, directory, fault)) == NULL)
		return false;
	app = xcalloc(1, sizeof *app);
	app->app_id = xstrdup(app_id);
	app->provider = provider;
	app->account = account;
	registry->apps = xreallocarray(registry->apps, registry->count + 1,
	    sizeof *registry->apps);
	registry->apps[registry->count++] = app;
	return true;
}

struct app *
app_registry_find(struct app_registry *registry, const char *app_id)
{
	struct app *best = NULL;
	size_t i, best_literals = 0;

	for (i = 0; i < registry->count; i++) {
		struct app *app = registry->apps[i];
		size_t literals = app_pattern_literals(app->app_id);

		if (strcmp(app->app_id, app_id) == 0)
			return app;
		if (app_is_pattern(app->app_id) &&
		    (best == NULL || literals > best_literals) &&
		    app_pattern_matches(app->app_id, app_id)) {
			best = app;
			best_literals = literals;
		}
	}
	return best;
}

struct app *
app_registry_at(struct app_registry *registry, size_t i)
{
	return i < registry->count ? registry->apps[i] : NULL;
}
