/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/conf-text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-text.h"
#include "base/spelling.h"
#include "base/xmalloc.h"

enum {
	CONF_TEXT_SIZE = 4 * 1024 * 1024,
	CONF_TEXT_VALUE_SIZE = 64,	/* a longer value is not shown */
	CONF_TEXT_NAME_SIZE = 128,
	CONF_TEXT_ERROR_SIZE = 8192,
	CONF_TEXT_DEPTH = 8		/* of names in a pointer */
};

/* Of a file; the caller frees it. */
static char *
conf_text_directory_of(const char *path)
{
	char *directory = xstrdup(path), *slash = strrchr(directory, '/');

	if (slash == NULL) {
		free(directory);
		directory = xstrdup(".");
	} else
		*slash = '\0';
	return directory;
}

/* json-c does not say which character is the wrong one. */
static void
conf_text_explain_syntax(const struct conf_text *text, size_t offset,
    const struct error *error, struct fault *fault)
{
	unsigned char character = offset < text->text.size ?
	    (unsigned char)text->text.data[offset] : 0;

	*fault = (struct fault){
		.position = json_position_of_offset(buf_text(&text->text),
		    text->text.size, offset)
	};
	if (strncmp(error->words, "must", strlen("must")) != 0 &&
	    isgraph(character))
		snprintf(fault->words, sizeof fault->words, "%s: '%c'",
		    error->words, character);
	else
		snprintf(fault->words, sizeof fault->words, "%s",
		    error->words);
}

bool
conf_text_read(struct conf_text *text, const char *path, struct fault *fault)
{
	struct error error;
	size_t offset;

	*text = (struct conf_text){
		.path = path,
		.directory = conf_text_directory_of(path)
	};
	buf_init(&text->text, CONF_TEXT_SIZE);
	if (!buf_read_file(&text->text, path)) {
		*fault = (struct fault){ .position = { .line = 0 } };
		snprintf(fault->words, sizeof fault->words,
		    "cannot be read: %m");
	} else if ((text->object = setting_parse(buf_text(&text->text),
	    text->text.size, &offset, &error)) == NULL)
		conf_text_explain_syntax(text, offset, &error, fault);
	return text->object != NULL;
}

void
conf_text_free(struct conf_text *text)
{
	json_object_put(text->object);
	buf_free(&text->text);
	free(text->directory);
}

/* --- which setting an error is about -------------------------------------- */

/* What a pointer leads to. */
struct conf_text_place {
	/* Of members, and indexes of elements. */
	char names[CONF_TEXT_DEPTH][CONF_TEXT_NAME_SIZE];
	size_t count;
	struct json_object *section;	/* the innermost object on the way */
	struct json_object *value;	/* NULL: it leads nowhere */
};

static void
conf_text_find(const struct conf_text *text, const char *pointer,
    struct conf_text_place *place)
{
	struct json_object *at = text->object;

	*place = (struct conf_text_place){ .section = at };
	while (*pointer == '/' && place->count < CONF_TEXT_DEPTH) {
		char *name = place->names[place->count++];
		struct json_object *next = NULL;

		pointer = json_position_next_token(pointer, name,
		    CONF_TEXT_NAME_SIZE);
		if (json_object_is_type(at, json_type_array))
			next = json_object_array_get_idx(at,
			    strtoul(name, NULL, 10));
		else if (json_object_is_type(at, json_type_object)) {
			place->section = at;
			json_object_object_get_ex(at, name, &next);
		}
		at = next;
	}
	if (json_object_is_type(at, json_type_object))
		place->section = at;
	place->value = at;
}

static bool
conf_text_is_index(const char *name)
{
	return *name != '\0' && name[strspn(name, "0123456789")] == '\0';
}

/* "san_dns" of "/clients/0/san_dns/1", "log.level" of "/log/level". */
static void
conf_text_name_setting(const struct conf_text_place *place,
    const char *missing, char *setting, size_t size)
{
	size_t i = 0, used = 0;
	bool in_list = place->count > 1 && conf_text_is_index(place->names[1]);

	/* An entry's settings are known without the name of the list. */
	if (in_list && (place->count > 2 || *missing != '\0'))
		i = 2;
	setting[0] = '\0';
	for (; i < place->count && used < size; i++) {
		if (!conf_text_is_index(place->names[i]))
			used += (size_t)snprintf(setting + used, size - used,
			    "%s%s", used == 0 ? "" : ".", place->names[i]);
	}
	if (*missing != '\0' && used < size)
		snprintf(setting + used, size - used, "%s%s",
		    used == 0 ? "" : ".", missing);
}

/* --- what was meant ------------------------------------------------------- */

static void
conf_text_offer(struct spelling *spelling, const struct setting *settings)
{
	for (; settings->name != NULL; settings++)
		spelling_offer(spelling, settings->name);
}

static void
conf_text_offer_app(struct spelling *spelling, struct json_object *section)
{
	const char *name = json_text_member(section, "provider");
	const struct provider *provider = name == NULL ? NULL :
	    provider_find(name);

	if (provider != NULL)
		conf_text_offer(spelling, provider->settings);
	conf_text_offer(spelling, app_settings);
	conf_text_offer(spelling, app_criteria_settings);
}

/* The nearest name there is for one that there is not, or NULL. */
static const char *
conf_text_guess(const struct conf_text_place *place)
{
	const char *list = place->names[0];
	struct spelling spelling;

	spelling_init(&spelling, place->names[place->count - 1]);
	if (place->count == 1) {
		conf_text_offer(&spelling, conf_settings);
		conf_text_offer(&spelling, app_settings);
		/* As in "log_level". */
		spelling_offer(&spelling, "log.level");
		spelling_offer(&spelling, "log.to");
		spelling_offer(&spelling, "log.format");
	} else if (place->count == 2 && strcmp(list, "log") == 0)
		conf_text_offer(&spelling, conf_log_settings);
	else if (place->count == 3 && strcmp(list, "clients") == 0)
		conf_text_offer(&spelling, client_settings);
	else if (place->count == 3 && strcmp(list, "apps") == 0)
		conf_text_offer_app(&spelling, place->section);
	return spelling.nearest;
}

static bool
conf_text_begins(const char *words, const char *beginning)
{
	return strncmp(words, beginning, strlen(beginning)) == 0;
}

/*
 * Appends the value that is wrong.  One that may be a secret that stands in
 * the wrong place is not shown.
 */
static void
conf_text_append_value(const struct conf_text_place *place,
    struct fault *fault)
{
	enum json_type type = json_object_get_type(place->value);
	size_t used = strlen(fault->words);
	const char *value;

	if (type == json_type_object)
		value = "an object";
	else if (type == json_type_array)
		value = conf_text_begins(fault->words, "must be ") ?
		    "an array" : "";
	else
		value = json_object_to_json_string_ext(place->value,
		    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (*value != '\0' && strlen(value) <= CONF_TEXT_VALUE_SIZE &&
	    strpbrk(value, "@\\") == NULL && strstr(value, "BEGIN") == NULL)
		snprintf(fault->words + used, sizeof fault->words - used,
		    ", not %s", value);
}

void
conf_text_explain(const struct conf_text *text, const struct error *error,
    struct fault *fault)
{
	struct conf_text_place place;
	const char *meant = NULL;
	size_t used;

	*fault = (struct fault){
		.position = json_position_of_pointer(buf_text(&text->text),
		    text->text.size, error->pointer)
	};
	conf_text_find(text, error->pointer, &place);
	conf_text_name_setting(&place, error->missing, fault->setting,
	    sizeof fault->setting);
	snprintf(fault->words, sizeof fault->words, "%s", error->words);
	used = strlen(fault->words);
	if (conf_text_begins(error->words, "unknown setting"))
		meant = conf_text_guess(&place);
	if (meant != NULL)
		snprintf(fault->words + used, sizeof fault->words - used,
		    ": did you mean \"%s\"?", meant);
	else if (conf_text_begins(error->words, "must ") &&
	    place.count > 0)
		conf_text_append_value(&place, fault);
}

void
conf_text_add_error(const struct conf_text *text, const struct error *error,
    struct fault_list *faults)
{
	struct fault fault;

	conf_text_explain(text, error, &fault);
	fault_list_add(faults, &fault);
}

void
conf_text_add_warning(const struct conf_text *text, const struct error *error,
    struct fault_list *faults)
{
	struct fault fault;

	conf_text_explain(text, error, &fault);
	fault.is_warning = true;
	fault_list_add(faults, &fault);
}

/* --- members of the same name --------------------------------------------- */

static void
conf_text_on_twice(void *arg, const struct json_position_twice *twice)
{
	struct fault_list *faults = arg;
	struct fault fault = { .position = twice->again };
	int size = twice->size < sizeof fault.setting ? (int)twice->size :
	    (int)sizeof fault.setting - 1;

	snprintf(fault.setting, sizeof fault.setting, "%.*s", size,
	    twice->name);
	snprintf(fault.words, sizeof fault.words, "\"%.*s\" is set twice: "
	    "line %u would be ignored", size, twice->name,
	    twice->first.line);
	fault_list_add(faults, &fault);
}

void
conf_text_find_twice(const struct conf_text *text, struct fault_list *faults)
{
	json_position_find_twice(buf_text(&text->text), text->text.size,
	    conf_text_on_twice, faults);
}

/* --- the configuration ---------------------------------------------------- */

/* The error's pointer is the i-th app's app_id. */
static void
conf_text_point_to_app_id(size_t i, struct error *error)
{
	error_prepend_name(error, "app_id");
	error_prepend_index(error, i);
	error_prepend_name(error, "apps");
}

/* Two patterns that may match the same app_id: which of them counts? */
static bool
conf_text_check_patterns(const struct conf_text *text, struct conf *conf,
    struct error *error)
{
	struct error place = { .pointer = "" };
	struct json_position position;
	size_t first, second;

	if (!app_registry_find_ambiguity(conf->apps, &first, &second))
		return true;
	conf_text_point_to_app_id(first, &place);
	position = json_position_of_pointer(buf_text(&text->text),
	    text->text.size, place.pointer);
	error_set(error, "\"%.200s\" and \"%.200s\" in line %u are equally "
	    "specific, and some app_id matches both",
	    app_registry_at(conf->apps, second)->app_id,
	    app_registry_at(conf->apps, first)->app_id, position.line);
	conf_text_point_to_app_id(second, error);
	return false;
}

struct conf *
conf_text_make(const struct conf_text *text, struct json_object *object,
    struct error *error)
{
	struct conf *conf = conf_read(object, text->directory, error);

	if (conf != NULL && !conf_text_check_patterns(text, conf, error)) {
		conf_free(conf);
		conf = NULL;
	}
	return conf;
}

/* What stops the worker is one error. */
static void
conf_text_set_error(const struct conf_text *text, const struct fault *fault,
    struct error *error)
{
	struct buf words;

	buf_init(&words, CONF_TEXT_ERROR_SIZE);
	if (fault->position.line == 0)
		buf_append_format(&words, "%s: %s", text->path, fault->words);
	else
		fault_write(fault, text->path, &words);
	error_set(error, "%s", buf_text(&words));
	buf_free(&words);
}

struct conf *
conf_load(const char *path, struct error *error)
{
	struct fault_list twice = { .faults = NULL };
	struct conf_text text;
	struct conf *conf = NULL;
	struct error why;
	struct fault fault;
	bool good = conf_text_read(&text, path, &fault);

	if (good)
		conf_text_find_twice(&text, &twice);
	if (twice.count > 0) {
		fault = twice.faults[0];
		good = false;
	}
	if (good && (conf = conf_text_make(&text, text.object, &why)) == NULL)
		conf_text_explain(&text, &why, &fault);
	if (conf == NULL)
		conf_text_set_error(&text, &fault, error);
	fault_list_free(&twice);
	conf_text_free(&text);
	return conf;
}

char *
conf_state_directory(const char *path, struct error *error)
{
	struct conf_text text;
	char *directory = NULL;
	struct error why;
	struct fault fault;
	bool good = conf_text_read(&text, path, &fault);

	if (good && (directory = conf_read_state_directory(text.object,
	    text.directory, &why)) == NULL)
		conf_text_explain(&text, &why, &fault);
	if (directory == NULL)
		conf_text_set_error(&text, &fault, error);
	conf_text_free(&text);
	return directory;
}
