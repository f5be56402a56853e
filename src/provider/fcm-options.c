/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/fcm-options.h"

#include <ctype.h>
#include <string.h>

enum {
	FCM_OPTIONS_NAME_SIZE = 64
};

struct fcm_option {
	const char *name;
	enum json_type type;
};

/*
 * Not `priority`, which is the notification's, nor `data`, which would take
 * the place of it.
 */
static const struct fcm_option fcm_options_android[] = {
	{ "collapse_key", json_type_string },
	{ "ttl", json_type_string },
	{ "restricted_package_name", json_type_string },
	{ "notification", json_type_object },
	{ "fcm_options", json_type_object },
	{ "direct_boot_ok", json_type_boolean },
	{ NULL, json_type_null }
};

static const struct fcm_option fcm_options_apns[] = {
	{ "headers", json_type_object },
	{ "payload", json_type_object },
	{ "fcm_options", json_type_object },
	{ "live_activity_token", json_type_string },
	{ NULL, json_type_null }
};

static const struct fcm_option fcm_options_fcm[] = {
	{ "analytics_label", json_type_string },
	{ NULL, json_type_null }
};

static const struct {
	const char *name;
	const struct fcm_option *members;
} fcm_options_blocks[] = {
	{ "android", fcm_options_android },
	{ "apns", fcm_options_apns },
	{ "fcm_options", fcm_options_fcm },
};

/* FCM reads fooBar and foo_bar: the second form of either. */
static void
fcm_options_normalise(const char *name, char *normal, size_t size)
{
	size_t used = 0;

	for (; *name != '\0' && used + 2 < size; name++) {
		if (isupper((unsigned char)*name))
			normal[used++] = '_';
		normal[used++] = (char)tolower((unsigned char)*name);
	}
	normal[used] = '\0';
}

static const struct fcm_option *
fcm_options_find(const struct fcm_option *list, const char *name)
{
	char normal[FCM_OPTIONS_NAME_SIZE];

	fcm_options_normalise(name, normal, sizeof normal);
	while (list->name != NULL && strcmp(list->name, normal) != 0)
		list++;
	return list->name == NULL ? NULL : list;
}

static const struct fcm_option *
fcm_options_find_block(const char *name)
{
	char normal[FCM_OPTIONS_NAME_SIZE];
	size_t i, count = sizeof fcm_options_blocks /
	    sizeof *fcm_options_blocks;

	fcm_options_normalise(name, normal, sizeof normal);
	for (i = 0; i < count; i++) {
		if (strcmp(fcm_options_blocks[i].name, normal) == 0)
			return fcm_options_blocks[i].members;
	}
	return NULL;
}

static bool
fcm_options_check_block(const struct fcm_option *list,
    struct json_object *block, struct error *error)
{
	const struct fcm_option *option;

	if (!json_object_is_type(block, json_type_object)) {
		error_set(error, "must be an object");
		return false;
	}
	json_object_object_foreach(block, name, value) {
		option = fcm_options_find(list, name);
		if (option == NULL)
			error_set(error, "may not be set for an app");
		else if (!json_object_is_type(value, option->type))
			error_set(error, "must be a JSON %s",
			    json_type_to_name(option->type));
		else
			continue;
		error_prepend_name(error, name);
		return false;
	}
	return true;
}

bool
fcm_options_check(struct json_object *options, struct error *error)
{
	const struct fcm_option *list;

	if (options == NULL)
		return true;
	json_object_object_foreach(options, name, block) {
		list = fcm_options_find_block(name);
		if (list == NULL)
			error_set(error, "may not be set: there are android, "
			    "apns and fcm_options");
		if (list == NULL ||
		    !fcm_options_check_block(list, block, error)) {
			error_prepend_name(error, name);
			return false;
		}
	}
	return true;
}

static void
fcm_options_apply_android(struct json_object *block,
    struct json_object *android)
{
	json_object_object_foreach(block, name, value) {
		struct json_object *copy = NULL;

		if (json_object_deep_copy(value, &copy, NULL) == 0)
			json_object_object_add(android, name, copy);
	}
}

void
fcm_options_apply(struct json_object *options, struct json_object *message)
{
	struct json_object *android = NULL;

	if (options == NULL)
		return;
	json_object_object_get_ex(message, "android", &android);
	json_object_object_foreach(options, name, block) {
		struct json_object *copy = NULL;

		if (strcmp(name, "android") == 0)
			fcm_options_apply_android(block, android);
		else if (json_object_deep_copy(block, &copy, NULL) == 0)
			json_object_object_add(message, name, copy);
	}
}
