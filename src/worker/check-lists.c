/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/check-lists.h"

#include <ctype.h>
#include <string.h>

#include "base/json-text.h"
#include "base/network.h"
#include "base/pattern.h"

enum {
	/* RFC 1035, 2.3.4. */
	CHECK_LISTS_NAME_MAX = 253,
	CHECK_LISTS_LABEL_MAX = 63,
	CHECK_LISTS_KEY_SIZE = 10	/* of the name of a key at Apple */
};

struct check_lists {
	const struct conf_text *text;
	struct fault_list *faults;
	struct json_object *clients;	/* NULL: it is no array */
	struct json_object *apps;
};

/* Warns of a member of an entry. */
static void
check_lists_warn(const struct check_lists *lists, const char *list, size_t i,
    const char *member, struct error *error)
{
	if (member != NULL)
		error_prepend_name(error, member);
	error_prepend_index(error, i);
	error_prepend_name(error, list);
	conf_text_add_warning(lists->text, error, lists->faults);
}

static struct json_object *
check_lists_array(struct json_object *object, const char *name)
{
	struct json_object *array = NULL;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, name, &array) ||
	    !json_object_is_type(array, json_type_array))
		array = NULL;
	return array;
}

static const char *
check_lists_string(struct json_object *array, size_t i)
{
	struct json_object *value = json_object_array_get_idx(array, i);

	return json_object_is_type(value, json_type_string) ?
	    json_object_get_string(value) : NULL;
}

static const char *
check_lists_app_id(const struct check_lists *lists, size_t i)
{
	struct json_object *app = json_object_array_get_idx(lists->apps, i);

	return json_object_is_type(app, json_type_object) ?
	    json_text_member(app, "app_id") : NULL;
}

/* --- san_dns -------------------------------------------------------------- */

static bool
check_lists_is_label(const char *label, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		if (!isalnum((unsigned char)label[i]) && label[i] != '-' &&
		    label[i] != '_')
			return false;
	}
	return length > 0 && length <= CHECK_LISTS_LABEL_MAX;
}

/* Why no certificate has this as a DNS name, or NULL. */
static const char *
check_lists_explain_name(const char *name)
{
	struct network network;
	const char *label = name;
	size_t length;

	if (strchr(name, '*') != NULL)
		return "it is no pattern: only a certificate with exactly this "
		    "name matches it, asterisk included; list each name";
	if (network_read(&network, name))
		return "it is an address, and only DNS names are compared";
	if (strstr(name, "://") != NULL)
		return "it is a URL: list the host name alone";
	if (strlen(name) > CHECK_LISTS_NAME_MAX)
		return "it is too long for a DNS name";
	for (;; label += length + 1) {
		length = strcspn(label, ".");
		if (!check_lists_is_label(label, length))
			return "it is no DNS name: labels of letters, digits "
			    "and hyphens with dots between them";
		if (label[length] == '\0')
			return NULL;
	}
}

static void
check_lists_of_names(const struct check_lists *lists, size_t i,
    struct json_object *names)
{
	size_t k;

	for (k = 0; k < json_object_array_length(names); k++) {
		const char *name = check_lists_string(names, k);
		const char *why = name == NULL || *name == '\0' ? NULL :
		    check_lists_explain_name(name);
		struct error error;

		if (why == NULL)
			continue;
		error_set(&error, "\"%.200s\" cannot match: %s", name, why);
		error_prepend_index(&error, k);
		check_lists_warn(lists, "clients", i, "san_dns", &error);
	}
}

/* --- who may address what ------------------------------------------------- */

static bool
check_lists_matches_app(const struct check_lists *lists, const char *pattern)
{
	const char *app_id;
	size_t i;

	for (i = 0; i < json_object_array_length(lists->apps); i++) {
		app_id = check_lists_app_id(lists, i);
		if (app_id != NULL && (strcmp(pattern, app_id) == 0 ||
		    pattern_overlaps(pattern, app_id)))
			return true;
	}
	return false;
}

static void
check_lists_of_apps(const struct check_lists *lists, size_t i,
    struct json_object *patterns)
{
	struct error error;
	size_t k;

	if (json_object_array_length(patterns) == 0) {
		error_set(&error, "is empty: this client may address no app");
		check_lists_warn(lists, "clients", i, "apps", &error);
	}
	for (k = 0; k < json_object_array_length(patterns); k++) {
		const char *pattern = check_lists_string(patterns, k);

		if (pattern == NULL || *pattern == '\0' ||
		    check_lists_matches_app(lists, pattern))
			continue;
		error_set(&error, "\"%.200s\" matches the app_id of no app",
		    pattern);
		error_prepend_index(&error, k);
		check_lists_warn(lists, "clients", i, "apps", &error);
	}
}

static bool
check_lists_may_address(struct json_object *client, const char *app_id)
{
	struct json_object *patterns = check_lists_array(client, "apps");
	size_t i;

	if (patterns == NULL)
		return true;
	for (i = 0; i < json_object_array_length(patterns); i++) {
		const char *pattern = check_lists_string(patterns, i);

		if (pattern != NULL && (strcmp(pattern, app_id) == 0 ||
		    pattern_overlaps(pattern, app_id)))
			return true;
	}
	return false;
}

static void
check_lists_of_callers(const struct check_lists *lists, size_t i)
{
	const char *app_id = check_lists_app_id(lists, i);
	size_t count = json_object_array_length(lists->clients), k = 0;
	struct error error;

	while (app_id != NULL && k < count && !check_lists_may_address(
	    json_object_array_get_idx(lists->clients, k), app_id))
		k++;
	if (app_id == NULL || count == 0 || k < count)
		return;
	error_set(&error, "no client may address \"%.200s\"", app_id);
	check_lists_warn(lists, "apps", i, "app_id", &error);
}

/* --- keys ----------------------------------------------------------------- */

/* Apple names the file by the key: "AuthKey_ABC1234567.p8". */
static void
check_lists_of_key(const struct check_lists *lists, size_t i)
{
	static const char before[] = "AuthKey_", after[] = ".p8";
	struct json_object *app = json_object_array_get_idx(lists->apps, i);
	const char *file, *id, *name;
	struct error error;

	if (!json_object_is_type(app, json_type_object) ||
	    (file = json_text_member(app, "key_file")) == NULL ||
	    (id = json_text_member(app, "key_id")) == NULL)
		return;
	name = strrchr(file, '/') == NULL ? file : strrchr(file, '/') + 1;
	if (strncmp(name, before, strlen(before)) != 0)
		return;
	name += strlen(before);
	if (strlen(name) < strlen(after) || strcmp(name + strlen(name) -
	    strlen(after), after) != 0 || strlen(name) - strlen(after) !=
	    CHECK_LISTS_KEY_SIZE || strlen(id) != CHECK_LISTS_KEY_SIZE ||
	    strncmp(name, id, CHECK_LISTS_KEY_SIZE) == 0)
		return;
	error_set(&error, "\"%s\" does not match the key id in the file's "
	    "name, %.10s", id, name);
	check_lists_warn(lists, "apps", i, "key_id", &error);
}

/* --- all ------------------------------------------------------------------ */

static void
check_lists_is_empty(const struct check_lists *lists, const char *name,
    struct json_object *list, const char *words)
{
	struct error error;

	if (list == NULL || json_object_array_length(list) > 0)
		return;
	error_set(&error, "%s", words);
	error_prepend_name(&error, name);
	conf_text_add_warning(lists->text, &error, lists->faults);
}

void
check_lists(const struct conf_text *text, struct fault_list *faults)
{
	struct check_lists lists = {
		.text = text,
		.faults = faults,
		.clients = check_lists_array(text->object, "clients"),
		.apps = check_lists_array(text->object, "apps")
	};
	struct json_object *client, *array;
	size_t i;

	check_lists_is_empty(&lists, "clients", lists.clients,
	    "is empty: nobody may call");
	check_lists_is_empty(&lists, "apps", lists.apps,
	    "is empty: nothing can be delivered");
	for (i = 0; lists.clients != NULL &&
	    i < json_object_array_length(lists.clients); i++) {
		client = json_object_array_get_idx(lists.clients, i);
		if ((array = check_lists_array(client, "san_dns")) != NULL)
			check_lists_of_names(&lists, i, array);
		if ((array = check_lists_array(client, "apps")) != NULL &&
		    lists.apps != NULL)
			check_lists_of_apps(&lists, i, array);
	}
	for (i = 0; lists.apps != NULL &&
	    i < json_object_array_length(lists.apps); i++) {
		check_lists_of_key(&lists, i);
		if (lists.clients != NULL)
			check_lists_of_callers(&lists, i);
	}
}
