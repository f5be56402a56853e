/* SPDX-License-Identifier: Apache-2.0 */
#include "base/setting.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-position.h"
#include "base/log.h"
#include "base/xmalloc.h"

static const struct {
	enum json_type json;
	const char *words;
} setting_types[] = {
	[SETTING_STRING] = { .json = json_type_string, .words = "a string" },
	[SETTING_PATH] = { .json = json_type_string, .words = "a path" },
	[SETTING_STRINGS] = { .json = json_type_array,
	    .words = "an array of strings" },
	[SETTING_PATHS] = { .json = json_type_array,
	    .words = "an array of paths" },
	[SETTING_INTEGER] = { .json = json_type_int, .words = "an integer" },
	[SETTING_INTEGERS] = { .json = json_type_array,
	    .words = "an array of integers" },
	/* Either of two. */
	[SETTING_NUMBER_OR_ANY] = { .json = json_type_null },
	[SETTING_BOOLEAN] = { .json = json_type_boolean,
	    .words = "true or false" },
	[SETTING_OBJECT] = { .json = json_type_object, .words = "an object" },
	[SETTING_OBJECTS] = { .json = json_type_array,
	    .words = "an array of objects" },
};

const struct setting *
setting_find(const struct setting *settings, const char *name)
{
	for (; settings->name != NULL; settings++) {
		if (strcmp(settings->name, name) == 0)
			return settings;
	}
	return NULL;
}

char *
setting_copy(const struct setting *setting, const char *text,
    const char *directory)
{
	if (text[0] != '/' && (setting->type == SETTING_PATH ||
	    setting->type == SETTING_PATHS))
		return xasprintf("%s/%s", directory, text);
	return xstrdup(text);
}

static bool
setting_string_is_good(struct json_object *value, struct error *error)
{
	const char *text;

	if (!json_object_is_type(value, json_type_string)) {
		error_set(error, "must be a string");
		return false;
	}
	text = json_object_get_string(value);
	if (*text == '\0') {
		error_set(error, "must not be empty");
		return false;
	}
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			break;
	}
	if (*text != '\0' || strlen(json_object_get_string(value)) !=
	    (size_t)json_object_get_string_len(value)) {
		error_set(error, "must not contain control characters");
		return false;
	}
	return true;
}

static bool
setting_read_strings(const struct setting *setting, struct json_object *value,
    const char *directory, struct setting_strings *target,
    struct error *error)
{
	size_t i, count = json_object_array_length(value);

	target->values = xcalloc(count, sizeof *target->values);
	for (i = 0; i < count; i++) {
		struct json_object *one = json_object_array_get_idx(value, i);

		if (!setting_string_is_good(one, error)) {
			error_prepend_index(error, i);
			return false;
		}
		target->values[i] = setting_copy(setting,
		    json_object_get_string(one), directory);
		target->count++;
	}
	return true;
}

static bool
setting_check_objects(struct json_object *value, struct error *error)
{
	size_t i;

	for (i = 0; i < json_object_array_length(value); i++) {
		if (!json_object_is_type(json_object_array_get_idx(value, i),
		    json_type_object)) {
			error_set(error, "must be an object");
			error_prepend_index(error, i);
			return false;
		}
	}
	return true;
}

static bool
setting_read_integer(const struct setting *setting, struct json_object *value,
    int64_t *target, struct error *error)
{
	*target = json_object_get_int64(value);
	if (*target >= setting->minimum && *target <= setting->maximum)
		return true;
	error_set(error, "must be from %" PRId64 " to %" PRId64,
	    setting->minimum, setting->maximum);
	return false;
}

static bool
setting_read_integers(const struct setting *setting,
    struct json_object *value, struct setting_integers *target,
    struct error *error)
{
	size_t i, count = json_object_array_length(value);
	bool good = true;

	free(target->values);
	target->values = xcalloc(count, sizeof *target->values);
	target->count = count;
	for (i = 0; good && i < count; i++) {
		struct json_object *one = json_object_array_get_idx(value, i);

		good = json_object_is_type(one, json_type_int);
		if (!good)
			error_set(error, "must be an integer");
		else
			good = setting_read_integer(setting, one,
			    &target->values[i], error);
		if (!good)
			error_prepend_index(error, i);
	}
	return good;
}

static bool
setting_read_number_or_any(const struct setting *setting,
    struct json_object *value, int64_t *target, struct error *error)
{
	bool is_any = json_object_is_type(value, json_type_string) &&
	    strcmp(json_object_get_string(value), "any") == 0;
	bool is_number = json_object_is_type(value, json_type_int) &&
	    json_object_get_int64(value) == setting->number;

	*target = is_any ? 0 : setting->number;
	if (!is_any && !is_number)
		error_set(error, "must be %" PRId64 " or \"any\"",
		    setting->number);
	return is_any || is_number;
}

static bool
setting_read_value(const struct setting *setting, struct json_object *value,
    const char *directory, void *target, struct error *error)
{
	void *place = (char *)target + setting->offset;
	bool good = true;

	if (setting->type != SETTING_NUMBER_OR_ANY &&
	    !json_object_is_type(value, setting_types[setting->type].json)) {
		error_set(error, "must be %s",
		    setting_types[setting->type].words);
		return false;
	}
	switch (setting->type) {
	case SETTING_STRING:
	case SETTING_PATH:
		good = setting_string_is_good(value, error);
		free(*(char **)place);
		*(char **)place = setting_copy(setting,
		    json_object_get_string(value), directory);
		break;
	case SETTING_STRINGS:
	case SETTING_PATHS:
		good = setting_read_strings(setting, value, directory, place,
		    error);
		break;
	case SETTING_INTEGER:
		good = setting_read_integer(setting, value, place, error);
		break;
	case SETTING_INTEGERS:
		good = setting_read_integers(setting, value, place, error);
		break;
	case SETTING_NUMBER_OR_ANY:
		good = setting_read_number_or_any(setting, value, place, error);
		break;
	case SETTING_BOOLEAN:
		*(bool *)place = json_object_get_boolean(value);
		break;
	case SETTING_OBJECTS:
		good = setting_check_objects(value, error);
		/* FALLTHROUGH */
	case SETTING_OBJECT:
		*(struct json_object **)place = value;
		break;
	}
	return good;
}

static void
setting_default(const struct setting *setting, const char *directory,
    void *target)
{
	void *place = (char *)target + setting->offset;

	if (setting->type == SETTING_INTEGER ||
	    setting->type == SETTING_NUMBER_OR_ANY)
		*(int64_t *)place = setting->number;
	else if (setting->type == SETTING_BOOLEAN)
		*(bool *)place = setting->number != 0;
	else if (setting->text != NULL)
		*(char **)place = setting_copy(setting, setting->text,
		    directory);
}

bool
setting_read(const struct setting *settings, struct json_object *object,
    const char *directory, void *target, struct error *error)
{
	const struct setting *setting;

	for (setting = settings; setting->name != NULL; setting++)
		setting_default(setting, directory, target);
	json_object_object_foreach(object, name, value) {
		setting = setting_find(settings, name);
		if (setting == NULL) {
			error_set(error, "unknown setting \"%s\"", name);
			error_prepend_name(error, name);
			return false;
		}
		if (!setting_read_value(setting, value, directory, target,
		    error)) {
			error_prepend_name(error, name);
			return false;
		}
	}
	for (setting = settings; setting->name != NULL; setting++) {
		if (setting->required && !json_object_object_get_ex(object,
		    setting->name, NULL)) {
			error_set_missing(error, setting->name, "");
			return false;
		}
	}
	return true;
}

const char *
setting_text(const struct setting *setting, const void *target)
{
	return *(char *const *)((const char *)target + setting->offset);
}

void
setting_free(const struct setting *settings, void *target)
{
	for (; settings->name != NULL; settings++) {
		void *place = (char *)target + settings->offset;

		if (settings->type == SETTING_STRING ||
		    settings->type == SETTING_PATH) {
			free(*(char **)place);
			*(char **)place = NULL;
		} else if (settings->type == SETTING_STRINGS ||
		    settings->type == SETTING_PATHS) {
			struct setting_strings *strings = place;

			while (strings->count > 0)
				free(strings->values[--strings->count]);
			free(strings->values);
			strings->values = NULL;
		} else if (settings->type == SETTING_INTEGERS) {
			struct setting_integers *integers = place;

			free(integers->values);
			*integers = (struct setting_integers){ .count = 0 };
		}
	}
}

static struct json_object *
setting_sift(const struct setting *settings, struct json_object *object,
    bool named)
{
	struct json_object *sifted = json_object_new_object();

	if (sifted == NULL)
		fatalx("cannot make a JSON object");
	json_object_object_foreach(object, name, value) {
		if ((setting_find(settings, name) != NULL) == named)
			json_object_object_add(sifted, name,
			    json_object_get(value));
	}
	return sifted;
}

struct json_object *
setting_pick(const struct setting *settings, struct json_object *object)
{
	return setting_sift(settings, object, true);
}

struct json_object *
setting_omit(const struct setting *settings, struct json_object *object)
{
	return setting_sift(settings, object, false);
}

struct json_object *
setting_parse(const char *text, size_t size, size_t *offset,
    struct error *error)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *object;
	enum json_tokener_error status;
	size_t start = json_position_skip_space(text, size, 0);

	*offset = start;
	if (tokener == NULL)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, text + start,
	    (int)(size - start));
	*offset = start + json_tokener_get_parse_end(tokener);
	status = json_tokener_get_error(tokener);
	/* A comment in the last line may lack the end of its line. */
	if (status == json_tokener_continue) {
		object = json_tokener_parse_ex(tokener, "\n", 1);
		status = json_tokener_get_error(tokener);
	}
	if (status == json_tokener_continue)
		error_set(error, "the file ends too early");
	else if (status != json_tokener_success)
		error_set(error, "%s", json_tokener_error_desc(status));
	else if ((*offset = json_position_skip_space(text, size, *offset)) !=
		 size)
		error_set(error, "unexpected text after the end");
	else if (!json_object_is_type(object, json_type_object)) {
		*offset = json_position_skip_space(text, size, 0);
		error_set(error, "must be an object");
	} else {
		json_tokener_free(tokener);
		return object;
	}
	json_object_put(object);
	json_tokener_free(tokener);
	return NULL;
}
