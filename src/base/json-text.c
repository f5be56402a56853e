/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json-text.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unistr.h>

#include "base/octets.h"
#include "base/xmalloc.h"

/* --- building ------------------------------------------------------------ */

static struct json_object *
json_text_build_string(struct json_scan *scan)
{
	json_scan_string(scan);
	return json_object_new_string_len(buf_text(&scan->string),
	    (int)scan->string.size);
}

/* Integers out of range become the nearest that is in it. */
static struct json_object *
json_text_build_number(struct json_scan *scan)
{
	const char *start = scan->text + scan->at;
	uint64_t magnitude;
	bool is_integer;
	char *text;
	struct json_object *value;

	json_scan_number(scan, &is_integer);
	if (is_integer && *start == '-')
		return json_object_new_int64(strtoll(start, NULL, 10));
	if (is_integer) {
		magnitude = strtoull(start, NULL, 10);
		return magnitude <= INT64_MAX ?
		    json_object_new_int64((int64_t)magnitude) :
		    json_object_new_uint64(magnitude);
	}
	/* It keeps the form that it came in. */
	text = xasprintf("%.*s", (int)(scan->text + scan->at - start),
	    start);
	value = json_object_new_double_s(strtod(text, NULL), text);
	free(text);
	return value;
}

static struct json_object *
json_text_build_word(struct json_scan *scan)
{
	char c = json_scan_peek(scan);

	json_scan_word(scan);
	return c == 'n' ? NULL : json_object_new_boolean(c == 't');
}

static struct json_object *
json_text_build_array(struct json_scan *scan)
{
	struct json_object *array = json_object_new_array();

	json_scan_take(scan, '[');
	while (!json_scan_take(scan, ']')) {
		json_scan_take(scan, ',');
		json_object_array_add(array, json_text_build(scan));
	}
	return array;
}

static struct json_object *
json_text_build_object(struct json_scan *scan)
{
	struct json_object *object = json_object_new_object(), *value;
	bool has_nul;
	char *name;

	json_scan_take(scan, '{');
	while (!json_scan_take(scan, '}')) {
		json_scan_take(scan, ',');
		json_scan_name(scan);
		name = xstrdup(buf_text(&scan->string));
		has_nul = strlen(name) != scan->string.size;
		value = json_text_build(scan);
		if (has_nul)
			json_object_put(value);
		else
			json_object_object_add(object, name, value);
		free(name);
	}
	return object;
}

struct json_object *
json_text_build(struct json_scan *scan)
{
	char c = json_scan_peek(scan);

	if (c == '{')
		return json_text_build_object(scan);
	if (c == '[')
		return json_text_build_array(scan);
	if (c == '"')
		return json_text_build_string(scan);
	return isalpha((unsigned char)c) ? json_text_build_word(scan) :
	    json_text_build_number(scan);
}

/* --- parsing ------------------------------------------------------------- */

/* How many bytes from here on are those of characters beyond ASCII. */
static size_t
json_text_beyond_ascii(const char *text, size_t size)
{
	size_t i = 0;

	while (i < size && (unsigned char)text[i] >= 0x80)
		i++;
	return i;
}

/* No byte of a character beyond ASCII is one of ASCII: the rest is checked. */
bool
json_text_is_utf8(const char *text, size_t size,
    char reason[JSON_TEXT_REASON_SIZE])
{
	size_t at = octets_ascii(text, size), run;
	const uint8_t *bad = NULL;

	while (at < size && bad == NULL) {
		run = json_text_beyond_ascii(text + at, size - at);
		bad = u8_check((const uint8_t *)text + at, run);
		at += run;
		at += octets_ascii(text + at, size - at);
	}
	if (bad != NULL)
		snprintf(reason, JSON_TEXT_REASON_SIZE,
		    "is not UTF-8 at byte %zu",
		    (size_t)(bad - (const uint8_t *)text));
	return bad == NULL;
}

void
json_text_explain(const struct json_scan *scan,
    char reason[JSON_TEXT_REASON_SIZE])
{
	if (scan->at == scan->size)
		snprintf(reason, JSON_TEXT_REASON_SIZE,
		    "is not JSON: it ends too early");
	else
		snprintf(reason, JSON_TEXT_REASON_SIZE,
		    "is not JSON near byte %zu", scan->at);
}

/* Whether it can be built; else the reason. */
static bool
json_text_check(struct json_scan *scan, char reason[JSON_TEXT_REASON_SIZE])
{
	struct json_scan_value value = { .hashed = false };
	bool is_null = json_scan_peek(scan) == 'n';

	if (!json_scan_value(scan, &value) || !json_scan_ends(scan))
		json_text_explain(scan, reason);
	else if (value.depth > JSON_TEXT_DEPTH_MAX)
		snprintf(reason, JSON_TEXT_REASON_SIZE,
		    "is nested more than %d levels deep",
		    JSON_TEXT_DEPTH_MAX);
	else if (value.count > JSON_TEXT_VALUES_MAX)
		snprintf(reason, JSON_TEXT_REASON_SIZE,
		    "contains more than %d values", JSON_TEXT_VALUES_MAX);
	else if (value.has_nul_in_name)
		snprintf(reason, JSON_TEXT_REASON_SIZE,
		    "has a member with U+0000 in its name");
	else if (is_null)
		snprintf(reason, JSON_TEXT_REASON_SIZE,
		    "must be an object, not null");
	else
		reason[0] = '\0';
	return reason[0] == '\0';
}

struct json_object *
json_text_parse(const char *text, size_t size,
    char reason[JSON_TEXT_REASON_SIZE])
{
	struct json_object *value = NULL;
	struct json_scan scan;

	if (!json_text_is_utf8(text, size, reason))
		return NULL;
	json_scan_init(&scan, text, size);
	if (json_text_check(&scan, reason)) {
		scan.at = 0;
		value = json_text_build(&scan);
	}
	json_scan_free(&scan);
	return value;
}

const char *
json_text_member(struct json_object *object, const char *name)
{
	struct json_object *value;
	const char *text = NULL;

	if (json_object_object_get_ex(object, name, &value) &&
	    json_object_is_type(value, json_type_string)) {
		text = json_object_get_string(value);
		if (strlen(text) != (size_t)json_object_get_string_len(value))
			text = NULL;
	}
	return text;
}

size_t
json_text_length(struct json_object *string)
{
	return octets_characters(json_object_get_string(string),
	    (size_t)json_object_get_string_len(string));
}
