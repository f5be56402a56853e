/* SPDX-License-Identifier: Apache-2.0 */
#include "api/schema.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-scan.h"
#include "base/json-text.h"
#include "base/xmalloc.h"

/* Where the reader is: a list up to the root, written out only if needed. */
struct schema_place {
	const struct schema_place *parent;
	const char *name;	/* NULL: an element */
	size_t index;
};

struct schema_reader {
	struct json_scan scan;
	const struct schema_params *params;
	struct schema_reading *reading;
	struct schema_violation *violation;
	bool violated;
	bool broken;		/* it is not JSON: nothing is read any more */
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

static struct json_object *schema_read_value(struct schema_reader *reader,
    const struct schema *schema, const struct schema_place *place);

/* --- violations ---------------------------------------------------------- */

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

static void schema_fail(struct schema_reader *reader,
    const struct schema_place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The first one counts. */
static void
schema_fail(struct schema_reader *reader, const struct schema_place *place,
    const char *format, ...)
{
	struct schema_violation *violation = reader->violation;
	va_list ap;

	if (reader->violated)
		return;
	reader->violated = true;
	schema_write_place(place, violation->location,
	    sizeof violation->location);
	va_start(ap, format);
	vsnprintf(violation->reason, sizeof violation->reason, format, ap);
	va_end(ap);
}

/* --- what is not kept, and what is kept whole ---------------------------- */

/* Passes a value. */
static void
schema_pass(struct schema_reader *reader, struct json_scan_value *value)
{
	if (!json_scan_value(&reader->scan, value))
		reader->broken = true;
}

/* Says of the value at hand what it is, and stays there. */
static void
schema_look_ahead(struct schema_reader *reader, struct json_scan_value *value)
{
	size_t at = reader->scan.at, compact = reader->scan.compact;

	schema_pass(reader, value);
	if (reader->broken)
		return;
	reader->scan.at = at;
	reader->scan.compact = compact;
}

static void
schema_check_depth(struct schema_reader *reader,
    const struct json_scan_value *value, const struct schema_place *place)
{
	if (value->depth > SCHEMA_DEPTH_MAX)
		schema_fail(reader, place,
		    "contains a value nested more than %d levels deep",
		    SCHEMA_DEPTH_MAX);
}

static void
schema_ignore(struct schema_reader *reader, const struct schema_place *place)
{
	struct json_scan_value value = { .hashed = false };

	schema_pass(reader, &value);
	if (!reader->params->tolerant)
		schema_check_depth(reader, &value, place);
}

/*
 * True if the object at hand can be kept whole; else it is passed, and
 * absent.
 */
static bool
schema_is_fit(struct schema_reader *reader, const struct schema_place *place)
{
	struct json_scan_value value = { .hashed = false };
	size_t at = reader->scan.at, compact = reader->scan.compact;
	bool fits;

	schema_pass(reader, &value);
	schema_check_depth(reader, &value, place);
	if (reader->params->tolerant && value.has_nul_in_name)
		schema_fail(reader, place, "has U+0000 in a name");
	fits = !reader->broken && value.depth <= SCHEMA_DEPTH_MAX &&
	    reader->scan.compact - compact <= SCHEMA_WHOLE_SIZE;
	if (fits) {
		reader->scan.at = at;
		reader->scan.compact = compact;
	}
	return fits;
}

/* --- objects ------------------------------------------------------------- */

/* The member of the schema that has the name just read, or its end. */
static const struct schema_member *
schema_find_member(const struct schema_reader *reader,
    const struct schema *schema)
{
	const struct schema_member *member = schema->members;
	const struct buf *name = &reader->scan.string;

	while (member->name != NULL && (strlen(member->name) != name->size ||
	    memcmp(member->name, buf_text(name), name->size) != 0))
		member++;
	return member;
}

/* An object that is whole, or a record with room for all members. */
static struct json_object *
schema_new_object(const struct schema *schema)
{
	int count = 0;

	if (schema->whole)
		return json_object_new_object();
	while (schema->members[count].name != NULL)
		count++;
	return json_object_new_array_ext(count);
}

/* The last one of a name counts. */
static void
schema_keep(const struct schema *schema, const struct schema_member *member,
    struct json_object *object, struct json_object *value)
{
	if (schema->whole)
		json_object_object_add_ex(object, member->name, value,
		    JSON_C_OBJECT_ADD_CONSTANT_KEY);
	else
		json_object_array_put_idx(object,
		    (size_t)(member - schema->members), value);
}

/* A member that no schema names, of an object that is kept whole or not. */
static void
schema_read_unknown(struct schema_reader *reader, const struct schema *schema,
    struct json_object *object, const struct schema_place *place)
{
	const struct buf *name = &reader->scan.string;
	char *copy;

	if (!schema->whole || strlen(buf_text(name)) != name->size)
		schema_ignore(reader, place);
	else {
		copy = xstrdup(buf_text(name));
		json_object_object_add(object, copy,
		    json_text_build(&reader->scan));
		free(copy);
	}
}

static void
schema_read_known(struct schema_reader *reader, const struct schema *schema,
    const struct schema_member *member, struct json_object *object,
    const struct schema_place *place)
{
	struct schema_place here = { .parent = place, .name = member->name };
	bool violated = reader->violated;
	struct json_object *value = NULL;

	if (!member->required && json_scan_peek(&reader->scan) == 'n')
		reader->broken = !json_scan_word(&reader->scan);
	else
		value = schema_read_value(reader, member->schema, &here);
	if (reader->violated != violated && (member->foreign ||
	    (member->decorates && reader->params->tolerant))) {
		reader->violated = violated;
		json_object_put(value);
		value = NULL;
	}
	if (value != NULL)
		schema_keep(schema, member, object, value);
}

static void
schema_read_member(struct schema_reader *reader, const struct schema *schema,
    struct json_object *object, const struct schema_place *place,
    uint64_t *seen)
{
	const struct schema_member *member;

	if (!json_scan_name(&reader->scan)) {
		reader->broken = true;
		return;
	}
	member = schema_find_member(reader, schema);
	if (member->name == NULL)
		schema_read_unknown(reader, schema, object, place);
	else {
		*seen |= UINT64_C(1) << (member - schema->members);
		schema_read_known(reader, schema, member, object, place);
	}
}

static void
schema_check_required(struct schema_reader *reader,
    const struct schema *schema, const struct schema_place *place,
    uint64_t seen)
{
	const struct schema_member *member;

	for (member = schema->members; member->name != NULL; member++) {
		struct schema_place here = { .parent = place,
		    .name = member->name };

		if (member->required && (seen >>
		    (member - schema->members) & 1) == 0)
			schema_fail(reader, &here, "is required");
	}
}

/* Takes the bracket that ends, or the comma before one more. */
static bool
schema_goes_on(struct schema_reader *reader, char close, bool first)
{
	if (reader->broken || json_scan_take(&reader->scan, close))
		return false;
	if (!first && !json_scan_take(&reader->scan, ','))
		reader->broken = true;
	return !reader->broken;
}

static struct json_object *
schema_read_object(struct schema_reader *reader, const struct schema *schema,
    const struct schema_place *place)
{
	struct json_object *object;
	uint64_t seen = 0;
	bool first;

	if (schema->whole && !schema_is_fit(reader, place))
		return NULL;
	if (schema->members == NULL && !schema->whole) {
		schema_ignore(reader, place);
		return NULL;
	}
	if (schema->members == NULL)
		return json_text_build(&reader->scan);
	object = schema_new_object(schema);
	json_scan_take(&reader->scan, '{');
	for (first = true; schema_goes_on(reader, '}', first); first = false)
		schema_read_member(reader, schema, object, place, &seen);
	schema_check_required(reader, schema, place, seen);
	return object;
}

/* --- arrays -------------------------------------------------------------- */

/* An array that is read, and what tells its elements apart. */
struct schema_elements {
	struct json_object *array;
	uint64_t *hashes;	/* NULL unless they must be unique */
	size_t count;
	size_t allocated;	/* of the hashes */
};

static int
schema_compare_hashes(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void
schema_check_unique(struct schema_reader *reader,
    struct schema_elements *elements, const struct schema_place *place)
{
	size_t i = 1;

	if (elements->count > 0)
		qsort(elements->hashes, elements->count,
		    sizeof *elements->hashes, schema_compare_hashes);
	while (i < elements->count &&
	    elements->hashes[i - 1] != elements->hashes[i])
		i++;
	if (i < elements->count)
		schema_fail(reader, place,
		    "must not hold two equal elements");
}

static void
schema_note_hash(struct schema_reader *reader,
    struct schema_elements *elements)
{
	struct json_scan_value value = { .hashed = true };

	if (elements->count == elements->allocated) {
		elements->allocated = elements->count == 0 ? 16 :
		    2 * elements->count;
		elements->hashes = xreallocarray(elements->hashes,
		    elements->allocated, sizeof *elements->hashes);
	}
	schema_look_ahead(reader, &value);
	elements->hashes[elements->count] = value.hash;
}

static void
schema_read_element(struct schema_reader *reader, const struct schema *schema,
    struct schema_elements *elements, const struct schema_place *place)
{
	struct schema_place here = { .parent = place,
	    .index = elements->count };
	struct json_object *value;

	if (schema->unique_items)
		schema_note_hash(reader, elements);
	if (!reader->broken) {
		value = schema_read_value(reader, schema->items, &here);
		json_object_array_add(elements->array, value);
	}
	elements->count++;
}

static struct json_object *
schema_read_array(struct schema_reader *reader, const struct schema *schema,
    const struct schema_place *place)
{
	struct schema_elements elements = {
		.array = json_object_new_array()
	};
	size_t most = schema->limited ? reader->params->max_items : 0;
	bool first;

	json_scan_take(&reader->scan, '[');
	for (first = true; schema_goes_on(reader, ']', first); first = false) {
		if (most != 0 && elements.count == most) {
			schema_fail(reader, place,
			    "must hold at most %zu elements", most);
			schema_ignore(reader, place);
		} else
			schema_read_element(reader, schema, &elements, place);
	}
	if (elements.count < schema->min_items)
		schema_fail(reader, place, "must hold at least %zu element",
		    schema->min_items);
	if (schema->unique_items)
		schema_check_unique(reader, &elements, place);
	free(elements.hashes);
	return elements.array;
}

/* --- strings ------------------------------------------------------------- */

/* One of the list; the reason names them all. */
static void
schema_check_values(struct schema_reader *reader, const char *const *values,
    const struct schema_place *place)
{
	const struct buf *text = &reader->scan.string;
	char reason[96];
	size_t i, used = 0;
	bool found = false;

	for (i = 0; values[i] != NULL; i++) {
		found = found || (strlen(values[i]) == text->size &&
		    memcmp(values[i], buf_text(text), text->size) == 0);
		if (used < sizeof reason)
			used += (size_t)snprintf(reason + used,
			    sizeof reason - used, "%s \"%s\"",
			    i == 0 ? "" : " or", values[i]);
	}
	if (!found)
		schema_fail(reader, place, "must be%s", reason);
}

static void
schema_check_length(struct schema_reader *reader, const struct schema *schema,
    struct json_object *value, const struct schema_place *place)
{
	bool any = schema->any_length && reader->params->any_length;
	size_t length = schema->max_length == 0 ? 0 : json_text_length(value);

	if (any && length == 0)
		schema_fail(reader, place, "must not be empty");
	else if (any || (length >= schema->min_length &&
	    length <= schema->max_length))
		;
	else if (schema->min_length == schema->max_length)
		schema_fail(reader, place, "must be %zu characters long",
		    schema->max_length);
	else
		schema_fail(reader, place,
		    "must be at most %zu characters long",
		    schema->max_length);
}

static struct json_object *
schema_read_string(struct schema_reader *reader, const struct schema *schema,
    const struct schema_place *place)
{
	const struct buf *text = &reader->scan.string;
	struct json_object *value;

	if (!json_scan_string(&reader->scan)) {
		reader->broken = true;
		return NULL;
	}
	value = json_object_new_string_len(buf_text(text), (int)text->size);
	if (schema->values != NULL)
		schema_check_values(reader, schema->values, place);
	else
		schema_check_length(reader, schema, value, place);
	return value;
}

/* --- values -------------------------------------------------------------- */

/* What is no JSON has some type; reading it finds that out. */
static enum json_type
schema_peek_type(struct schema_reader *reader)
{
	char c = json_scan_peek(&reader->scan);
	struct json_scan copy = reader->scan;
	bool is_integer;

	switch (c) {
	case '{':
		return json_type_object;
	case '[':
		return json_type_array;
	case '"':
		return json_type_string;
	case 't':
	case 'f':
		return json_type_boolean;
	case 'n':
		return json_type_null;
	default:
		json_scan_number(&copy, &is_integer);
		return is_integer ? json_type_int : json_type_double;
	}
}

/* A number, true or false. */
static struct json_object *
schema_read_scalar(struct schema_reader *reader)
{
	struct json_scan_value value = { .hashed = false };

	schema_look_ahead(reader, &value);
	return reader->broken ? NULL : json_text_build(&reader->scan);
}

static struct json_object *
schema_read_value(struct schema_reader *reader, const struct schema *schema,
    const struct schema_place *place)
{
	enum json_type type = schema_peek_type(reader);
	size_t compact = reader->scan.compact;
	struct json_object *value = NULL;

	if (type != schema->type) {
		schema_fail(reader, place, "must be %s%s",
		    schema_type_words[schema->type],
		    type == json_type_null ? ", not null" : "");
		schema_ignore(reader, place);
	} else if (type == json_type_object)
		value = schema_read_object(reader, schema, place);
	else if (type == json_type_array)
		value = schema_read_array(reader, schema, place);
	else if (type == json_type_string)
		value = schema_read_string(reader, schema, place);
	else
		value = schema_read_scalar(reader);
	if (schema->measured &&
	    reader->scan.compact - compact > reader->reading->largest)
		reader->reading->largest = reader->scan.compact - compact;
	return value;
}

bool
schema_read(const struct schema *schema, const char *text, size_t size,
    const struct schema_params *params, struct schema_reading *reading,
    struct schema_violation *violation)
{
	struct schema_reader reader = {
		.params = params,
		.reading = reading,
		.violation = violation
	};

	memset(reading, 0, sizeof *reading);
	memset(violation, 0, sizeof *violation);
	if (!json_text_is_utf8(text, size, violation->reason))
		return false;
	json_scan_init(&reader.scan, text, size);
	reading->tree = schema_read_value(&reader, schema, NULL);
	if (reader.broken || !json_scan_ends(&reader.scan)) {
		violation->location[0] = '\0';
		json_text_explain(&reader.scan, violation->reason);
		reader.violated = true;
	}
	json_scan_free(&reader.scan);
	if (reader.violated) {
		json_object_put(reading->tree);
		reading->tree = NULL;
	}
	return !reader.violated;
}

struct json_object *
schema_member(const struct schema *schema, struct json_object *record,
    const char *name)
{
	size_t i = 0;

	while (strcmp(schema->members[i].name, name) != 0)
		i++;
	return record == NULL ? NULL : json_object_array_get_idx(record, i);
}
