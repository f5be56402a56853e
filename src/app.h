/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_H
#define APP_H

#include <json-c/json.h>

#include "fault.h"
#include "provider.h"

/*
 * The registry: which app_id goes to which provider, with which account.
 */
enum app_limits {
	APP_ID_SIZE = 256	/* a longer app_id matches nothing */
};

struct app_registry;

struct app {
	char *app_id;		/* a name, or a pattern with * ? [ */
	const struct provider *provider;
	void *account;
	void *channel;		/* the channel room's own, NULL at first */
};

struct app_registry *app_registry_create(void);
void app_registry_free(struct app_registry *registry);

/*
 * Adds an entry of "apps".  False with a fault: no such provider, an app_id
 * that is there already, or what the provider finds wrong.
 */
bool app_registry_add(struct app_registry *registry,
    struct json_object *section, const char *directory,
    struct fault *fault);

/*
 * The app with exactly this id, else the one with the most specific pattern
 * that matches (the one with the most literal characters, the first of
 * equals), or NULL.
 */
struct app *app_registry_find(struct app_registry *registry,
    const char *app_id);

/* The i-th app, or NULL behind the last. */
struct app *app_registry_at(struct app_registry *registry, size_t i);

/* True if the pattern matches the whole id; * matches dots too. */
bool app_pattern_matches(const char *pattern, const char *app_id);

#endif
