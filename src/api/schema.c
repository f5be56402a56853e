/* SPDX-License-Identifier: Apache-2.0 */
#include "api/schema.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/hash.h"
#include "base/json-text.h"
#include "base/xmalloc.h"

/* Where the check is: a list up to the root, written out only if needed. */
struct schema_place {
	const struct schema_place *parent;
	const char *name;	/* NULL: an element */
	size_t index;
};

static const char *const schema_type_words[] = {
	[json_type_null] = "null",
	[json_type_boolean] = "true or false",
	[json_type_double] = "a number",
	[json_type_int] = "an integer",
	[json_type_object] = "an object",
	[json_type_array] = "an array",
	[json_type_string] = "a string",
};

/* Names come from our own tables: none needs escaping. */
static void
schema_write_place(const struct schema_place *place, char *text, size_t size)
{
	size_t used;

	if (place == NULL) {
		text[0] = '\0';
		return;
	}
	schema_write_place(place->parent, text, size);
	used = strlen(text);
	if (place->name != NULL)
		snprintf(text + used, size - used, "/%s", place->name);
	else
		snprintf(text + used, size - used, "/%zu", place->index);
}

static bool
schema_fail(const struct schema_place *place,
    struct schema_violation *violation)
{
	schema_write_place(place, violation->location,
	    sizeof violation->location);
	return false;
}

/* --- uniqueItems --------------------------------------------------------- */

struct schema_element {
	uint64_t hash;
	size_t index;
	struct json_object *value;
};

static uint64_t
schema_hash_bytes(uint64_t hash, const void *data, size_t size)
{
	hash = hash_add(hash, data, size);
	return hash ^ hash >> 29;
}

/* Equal values have equal hashes: the order of members does not count. */
static uint64_t
schema_hash(uint64_t seed, struct json_object *value)
{
	enum json_type type = json_object_get_type(value);
	uint64_t hash = schema_hash_bytes(seed, &type, sizeof type);
	uint64_t sum = 0;
	uint64_t integer[2];
	double number;
	size_t i;

	if (type == json_type_object) {
		json_object_object_foreach(value, name, member)
			sum += schema_hash_bytes(schema_hash(seed, member),
			    name, strlen(name));
		hash = schema_hash_bytes(hash, &sum, sizeof sum);
	} else if (type == json_type_array) {
		/* The length, or [[1],2] and [[1,2]] would look alike. */
		i = json_object_array_length(value);
		hash = schema_hash_bytes(hash, &i, sizeof i);
		for (i = 0; i < json_object_array_length(value); i++)
			hash = schema_hash(hash,
			    json_object_array_get_idx(value, i));
	} else if (type == json_type_string)
		hash = schema_hash_bytes(hash, json_object_get_string(value),
		    (size_t)json_object_get_string_len(value));
	else if (type == json_type_double) {
		/* Plus zero: 0.0 and -0.0 are equal. */
		number = json_object_get_double(value) + 0.0;
		hash = schema_hash_bytes(hash, &number, sizeof number);
	} else {
		/* Each clamps what only the other can represent. */
		integer[0] = (uint64_t)json_object_get_int64(value);
		integer[1] = json_object_get_uint64(value);
		hash = schema_hash_bytes(hash, integer, sizeof integer);
	}
	return hash;
}

static int
schema_compare_elements(const void *a, const void *b)
{
	const struct schema_element *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/*
 * Sorted by a keyed hash, so that a hostile array of many elements costs no
 * more than an innocent one.
 */
static bool
schema_items_are_unique(struct json_object *array)
{
	size_t i, count = json_object_array_length(array);
	struct schema_element *elements = xcalloc(count, sizeof *elements);
	uint64_t seed = 0;
	bool unique = true;

	if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) == -1)
		seed = (uintptr_t)elements;
	for (i = 0; i < count; i++) {
		elements[i].value = json_object_array_get_idx(array, i);
		elements[i].hash = schema_hash(seed, elements[i].value);
		elements[i].index = i;
	}
	qsort(elements, count, sizeof *elements, schema_compare_elements);
	for (i = 1; i < count && unique; i++)
		unique = elements[i - 1].hash != elements[i].hash ||
		    !json_object_equal(elements[i - 1].value,
		    elements[i].value);
	free(elements);
	return unique;
}

/* --- checks -------------------------------------------------------------- */

static bool schema_check_at(const struct schema *schema,
    struct json_object *value, const struct schema_place *place,
    struct schema_violation *violation);

/* One of the list; the reason names them all. */
static bool
schema_check_values(const char *const *values, struct json_object *value,
    struct schema_violation *violation)
{
	const char *text = json_object_get_string(value);
	size_t i, size = sizeof violation->reason, used;
	bool found = false;

	used = (size_t)snprintf(violation->reason, size, "must be");
	for (i = 0; values[i] != NULL; i++) {
		found = found || (strcmp(text, values[i]) == 0 &&
		    strlen(text) == (size_t)json_object_get_string_len(value));
		if (used < size)
			used += (size_t)snprintf(violation->reason + used,
			    size - used, "%s \"%s\"", i == 0 ? "" : " or",
			    values[i]);
	}
	return found;
}

static bool
schema_check_string(const struct schema *schema, struct json_object *value,
    struct schema_violation *violation)
{
	size_t length;

	if (schema->values != NULL)
		return schema_check_values(schema->values, value, violation);
	if (schema->max_length == 0)
		return true;
	length = json_text_length(value);
	if (schema->min_length == schema->max_length)
		snprintf(violation->reason, sizeof violation->reason,
		    "must be %zu characters long", schema->max_length);
	else
		snprintf(violation->reason, sizeof violation->reason,
		    "must be at most %zu characters long", schema->max_length);
	return length >= schema->min_length && length <= schema->max_length;
}

static bool
schema_check_object(const struct schema *schema, struct json_object *value,
    const struct schema_place *place, struct schema_violation *violation)
{
	const struct schema_member *member;

	json_object_object_foreach(value, name, child) {
		struct schema_place here = { .parent = place, .name = name };

		for (member = schema->members; member != NULL &&
		    member->name != NULL && strcmp(member->name, name) != 0;
		    member++)
			;
		if (member == NULL || member->name == NULL ||
		    (child == NULL && !member->required))
			continue;
		if (!schema_check_at(member->schema, child, &here, violation))
			return false;
	}
	for (member = schema->members; member != NULL && member->name != NULL;
	    member++) {
		struct schema_place here = { .parent = place,
		    .name = member->name };

		if (member->required &&
		    !json_object_object_get_ex(value, member->name, NULL)) {
			snprintf(violation->reason, sizeof violation->reason,
			    "is required");
			return schema_fail(&here, violation);
		}
	}
	return true;
}

static bool
schema_check_array(const struct schema *schema, struct json_object *value,
    const struct schema_place *place, struct schema_violation *violation)
{
	size_t i, count = json_object_array_length(value);

	if (count < schema->min_items) {
		snprintf(violation->reason, sizeof violation->reason,
		    "must hold at least %zu element", schema->min_items);
		return schema_fail(place, violation);
	}
	for (i = 0; i < count; i++) {
		struct schema_place here = { .parent = place, .index = i };

		if (!schema_check_at(schema->items,
		    json_object_array_get_idx(value, i), &here, violation))
			return false;
	}
	if (schema->unique_items && !schema_items_are_unique(value)) {
		snprintf(violation->reason, sizeof violation->reason,
		    "must not hold two equal elements");
		return schema_fail(place, violation);
	}
	return true;
}

static bool
schema_check_at(const struct schema *schema, struct json_object *value,
    const struct schema_place *place, struct schema_violation *violation)
{
	if (json_object_get_type(value) != schema->type) {
		snprintf(violation->reason, sizeof violation->reason,
		    "must be %s%s", schema_type_words[schema->type],
		    value == NULL ? ", not null" : "");
		return schema_fail(place, violation);
	}
	if (schema->type == json_type_object)
		return schema_check_object(schema, value, place, violation);
	if (schema->type == json_type_array)
		return schema_check_array(schema, value, place, violation);
	if (schema->type == json_type_string &&
	    !schema_check_string(schema, value, violation))
		return schema_fail(place, violation);
	return true;
}

bool
schema_check(const struct schema *schema, struct json_object *value,
    struct schema_violation *violation)
{
	return schema_check_at(schema, value, NULL, violation);
}
