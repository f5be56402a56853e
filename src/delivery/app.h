/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_APP_H
#define DELIVERY_APP_H

#include <json-c/json.h>

#include "base/error.h"
#include "base/setting.h"
#include "provider/provider.h"

/*
 * The registry: which app_id goes to which provider, with which account.
 */
struct app_registry;

/* What may be set for all apps, and for each of them. */
struct app_settings {
	/* To the provider, for one account; 0: as many as it describes. */
	int64_t max_connections;
	int64_t breaker_failures;	/* consecutive; 0: it never opens */
	int64_t breaker_pause_s;
	int64_t max_rate_per_minute;	/* of an account; 0: no limit */
	bool reject_guard;
};

/* Their table, for setting_read. */
extern const struct setting app_settings[];

/* What more than the app_id tells which entry a device belongs to. */
struct app_criteria {
	char *platform;		/* device.data.platform; NULL: any */
	char *path_prefix;	/* of the request's path; NULL: any */
};

extern const struct setting app_criteria_settings[];

struct app {
	size_t place;		/* in the registry, from 0 */
	char *app_id;		/* a name, or a pattern */
	struct app_criteria criteria;
	bool is_pattern;
	size_t literals;	/* how specific it is */
	const struct provider *provider;
	void *account;
	struct app_settings settings;
	uint64_t text_hash;	/* of its entry in the configuration */
};

struct app_registry *app_registry_create(void);
void app_registry_free(struct app_registry *registry);

/*
 * Has the members of `settings` that are in the table of app_settings stand
 * for apps that do not set them, from the next one that is added on.  False
 * with an error if one is wrong.
 */
bool app_registry_set_defaults(struct app_registry *registry,
    struct json_object *settings, struct error *error);

/*
 * Adds an entry of "apps".  False with an error: no such provider, an app_id
 * that is there already with the same criteria, or what the provider finds
 * wrong.
 */
bool app_registry_add(struct app_registry *registry,
    struct json_object *section, const char *directory,
    struct error *error);

/* What is known of a device, and of the request that names it. */
struct app_query {
	const char *app_id;
	const char *platform;	/* NULL: it has none */
	const char *path_prefix;	/* NULL or "": there is none */
};

/*
 * Of the apps whose criteria the device meets: the one with exactly this id,
 * else the one with the most specific pattern that matches (the most literal
 * characters); of several such the one with the most criteria, and of those
 * the first.  NULL if there is none.
 */
struct app *app_registry_find(struct app_registry *registry,
    const struct app_query *query);

/* The same for a device of a request on a path with this prefix. */
struct app *app_registry_find_for(struct app_registry *registry,
    const struct device *device, const char *path_prefix);

/* The app of another registry that has the same id and criteria, or NULL. */
struct app *app_registry_find_same(struct app_registry *registry,
    const struct app *app);

/*
 * True if two patterns with the same criteria are equally specific and there is
 * an app_id that both match: then `*first` and `*second` are their places in
 * the registry.
 */
bool app_registry_find_ambiguity(const struct app_registry *registry,
    size_t *first, size_t *second);

size_t app_registry_count(const struct app_registry *registry);

/* The i-th app, or NULL after the last. */
struct app *app_registry_at(struct app_registry *registry, size_t i);

/*
 * What the log calls an app that is not configured: its app_id, or "unknown".
 * It is a caller's word, who may have swapped it with the pushkey: one without
 * a dot, or with what does not stand in an app_id, is not shown.
 */
const char *app_id_loggable(const char *app_id);

#endif
