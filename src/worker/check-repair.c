/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/check-repair.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xmalloc.h"

enum {
	CHECK_REPAIR_ROUNDS = 1000,	/* no more mistakes are told */
	CHECK_REPAIR_NAME_SIZE = 128,
	CHECK_REPAIR_DEPTH = 8,
	CHECK_REPAIR_TEXT_SIZE = 16
};

/* --- where elements stood before others were taken out -------------------- */

/* An element knows its place, plus one, since no element knows 0. */
static void
check_repair_tag_elements(struct json_object *array)
{
	size_t i;

	for (i = 0; i < json_object_array_length(array); i++) {
		struct json_object *one = json_object_array_get_idx(array, i);

		if (one != NULL)
			json_object_set_userdata(one,
			    (void *)(uintptr_t)(i + 1), NULL);
	}
}

static void
check_repair_tag_members(struct json_object *object)
{
	json_object_object_foreach(object, name, value) {
		(void)name;
		if (json_object_is_type(value, json_type_array))
			check_repair_tag_elements(value);
	}
}

static void
check_repair_tag(struct json_object *object)
{
	size_t i;

	check_repair_tag_members(object);
	json_object_object_foreach(object, name, value) {
		(void)name;
		if (!json_object_is_type(value, json_type_array))
			continue;
		for (i = 0; i < json_object_array_length(value); i++) {
			struct json_object *one =
			    json_object_array_get_idx(value, i);

			if (json_object_is_type(one, json_type_object))
				check_repair_tag_members(one);
		}
	}
}

static size_t
check_repair_place(struct json_object *array, size_t i)
{
	struct json_object *one = json_object_array_get_idx(array, i);
	void *tag = one == NULL ? NULL : json_object_get_userdata(one);

	return tag == NULL ? i : (size_t)(uintptr_t)tag - 1;
}

/* --- where an error is ---------------------------------------------------- */

struct check_repair_step {
	struct json_object *container;
	char name[CHECK_REPAIR_NAME_SIZE];	/* of a member of an object */
	size_t index;				/* of an element of an array */
};

/* The way to a value; the last step is the value's own. */
struct check_repair_way {
	struct check_repair_step steps[CHECK_REPAIR_DEPTH];
	size_t count;
	struct json_object *value;	/* NULL: it is not there */
	struct error in_file;		/* its pointer is that of the file */
};

static void
check_repair_add_step(struct check_repair_way *way, const char *name)
{
	struct json_object *container = way->value, *next = NULL;
	struct check_repair_step *step = &way->steps[way->count++];
	size_t used = strlen(way->in_file.pointer);
	struct error token = { .pointer = "" };

	*step = (struct check_repair_step){ .container = container };
	snprintf(step->name, sizeof step->name, "%s", name);
	if (json_object_is_type(container, json_type_array)) {
		step->index = strtoul(name, NULL, 10);
		next = json_object_array_get_idx(container, step->index);
		error_prepend_index(&token, check_repair_place(container,
		    step->index));
	} else {
		if (json_object_is_type(container, json_type_object))
			json_object_object_get_ex(container, name, &next);
		error_prepend_name(&token, name);
	}
	snprintf(way->in_file.pointer + used,
	    sizeof way->in_file.pointer - used, "%s", token.pointer);
	way->value = next;
}

static void
check_repair_find(const struct check_repair *repair,
    const struct error *error, struct check_repair_way *way)
{
	const char *pointer = error->pointer;
	char name[CHECK_REPAIR_NAME_SIZE];

	*way = (struct check_repair_way){
		.value = repair->object,
		.in_file = *error
	};
	way->in_file.pointer[0] = '\0';
	while (*pointer == '/' && way->count + 1 < CHECK_REPAIR_DEPTH) {
		pointer = json_position_next_token(pointer, name, sizeof name);
		check_repair_add_step(way, name);
	}
}

/* --- repairs -------------------------------------------------------------- */

/* How often something was wrong at a place of the file, or within it. */
static unsigned int
check_repair_count(const struct check_repair *repair, const char *pointer)
{
	size_t length = strlen(pointer), i;
	unsigned int count = 0;

	for (i = 0; i < repair->touched_count; i++) {
		const char *touched = repair->touched[i];

		count += strncmp(touched, pointer, length) == 0 &&
		    (touched[length] == '\0' || touched[length] == '/');
	}
	return count;
}

bool
check_repair_has_touched(const struct check_repair *repair,
    const char *pointer)
{
	return check_repair_count(repair, pointer) > 0;
}

bool
check_repair_touch(struct check_repair *repair, const char *pointer)
{
	bool is_new = !check_repair_has_touched(repair, pointer);

	repair->touched = xreallocarray(repair->touched,
	    repair->touched_count + 1, sizeof *repair->touched);
	repair->touched[repair->touched_count++] = xstrdup(pointer);
	return is_new;
}

/* A new one each time, of ten capital letters and digits as Apple has them. */
static void
check_repair_name_placeholder(struct check_repair *repair,
    char text[CHECK_REPAIR_TEXT_SIZE])
{
	snprintf(text, CHECK_REPAIR_TEXT_SIZE, "ABCDE%05u",
	    ++repair->placeholders % 100000);
}

static bool
check_repair_remove(const struct check_repair_step *step)
{
	bool removed = true;

	if (json_object_is_type(step->container, json_type_array))
		removed = json_object_array_del_idx(step->container,
		    step->index, 1) == 0;
	else if (json_object_is_type(step->container, json_type_object))
		json_object_object_del(step->container, step->name);
	else
		removed = false;
	return removed;
}

static bool
check_repair_is_entry(const struct check_repair_way *way)
{
	return way->count == 2 && (strcmp(way->steps[0].name, "apps") == 0 ||
	    strcmp(way->steps[0].name, "clients") == 0);
}

/* Puts another entry, which is good, in the place of one that is beyond
 * repair: so the others keep their places. */
static bool
check_repair_replace_entry(struct check_repair *repair,
    const struct check_repair_way *way)
{
	const struct check_repair_step *step = &way->steps[1];
	struct json_object *entry;
	struct error place = { .pointer = "" };
	char name[CHECK_REPAIR_TEXT_SIZE];

	if (way->count < 2 || !json_object_is_type(step->container,
	    json_type_array))
		return false;
	entry = json_object_new_object();
	check_repair_name_placeholder(repair, name);
	json_object_object_add(entry, "name", json_object_new_string(name));
	if (strcmp(way->steps[0].name, "apps") == 0) {
		json_object_object_del(entry, "name");
		json_object_object_add(entry, "app_id",
		    json_object_new_string(name));
		json_object_object_add(entry, "provider",
		    json_object_new_string("fcm"));
		json_object_object_add(entry, "service_account_file",
		    json_object_new_string(name));
		error_prepend_name(&place, "service_account_file");
		error_prepend_index(&place, step->index);
		error_prepend_name(&place, "apps");
		check_repair_touch(repair, place.pointer);
	}
	json_object_array_put_idx(step->container, step->index, entry);
	return true;
}

/* The row of a setting of that name, in whichever table there is one. */
static const struct setting *
check_repair_find_setting(struct json_object *section, const char *name)
{
	const struct setting *found = setting_find(conf_settings, name);
	struct json_object *provider_name;
	const struct provider *provider = NULL;

	if (found == NULL)
		found = setting_find(client_settings, name);
	if (json_object_object_get_ex(section, "provider", &provider_name))
		provider = provider_find(
		    json_object_get_string(provider_name));
	if (found == NULL && provider != NULL)
		found = setting_find(provider->settings, name);
	return found;
}

/* Something of the right type. */
static void
check_repair_put_in(struct check_repair *repair, struct json_object *section,
    const char *name)
{
	const struct setting *setting = check_repair_find_setting(section,
	    name);
	struct json_object *value;
	char text[CHECK_REPAIR_TEXT_SIZE];

	check_repair_name_placeholder(repair, text);
	if (setting == NULL)
		value = json_object_new_string(text);
	else if (setting->type == SETTING_INTEGER)
		value = json_object_new_int64(setting->minimum);
	else if (setting->type == SETTING_OBJECTS ||
	    setting->type == SETTING_STRINGS)
		value = json_object_new_array();
	else
		value = json_object_new_string(text);
	json_object_object_add(section, name, value);
}

/*
 * A mistake is told when it is seen first.  If it comes back after it was
 * repaired, the whole entry goes.
 */
static bool
check_repair_mend(struct check_repair *repair, const struct error *error)
{
	struct check_repair_way way;
	struct error target;
	unsigned int times;
	bool mended = false;

	check_repair_find(repair, error, &way);
	target = way.in_file;
	if (*error->missing != '\0') {
		size_t used = strlen(target.pointer);

		snprintf(target.pointer + used, sizeof target.pointer - used,
		    "/%s", error->missing);
	}
	times = check_repair_count(repair, target.pointer);
	check_repair_touch(repair, target.pointer);
	if (times == 0)
		conf_text_add_error(repair->text, &way.in_file,
		    repair->faults);
	if (*error->missing != '\0' && times < 2 &&
	    json_object_is_type(way.value, json_type_object)) {
		check_repair_put_in(repair, way.value, error->missing);
		mended = true;
	} else if (*error->missing == '\0' && times < 2 &&
	    !check_repair_is_entry(&way) && way.count > 0)
		mended = check_repair_remove(&way.steps[way.count - 1]);
	return mended || check_repair_replace_entry(repair, &way);
}

void
check_repair_run(struct check_repair *repair, const struct conf_text *text,
    struct fault_list *faults)
{
	struct error error;
	size_t offset;
	unsigned int i = 0;

	*repair = (struct check_repair){ .text = text, .faults = faults };
	repair->object = setting_parse(buf_text(&text->text), text->text.size,
	    &offset, &error);
	if (repair->object == NULL)
		fatalx("a configuration cannot be read twice");
	check_repair_tag(repair->object);
	while ((repair->conf = conf_text_make(text, repair->object, &error)) ==
	    NULL && i < CHECK_REPAIR_ROUNDS &&
	    check_repair_mend(repair, &error))
		i++;
}

void
check_repair_free(struct check_repair *repair)
{
	conf_free(repair->conf);
	json_object_put(repair->object);
	while (repair->touched_count > 0)
		free(repair->touched[--repair->touched_count]);
	free(repair->touched);
}
