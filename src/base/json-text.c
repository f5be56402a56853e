/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json-text.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <unistr.h>

/* A reader of text that has been checked for UTF-8. */
struct json_text_scan {
	const char *text;
	size_t size;
	size_t at;
};

static bool
json_text_is_at(const struct json_text_scan *scan, size_t offset,
    const char *set)
{
	size_t at = scan->at + offset;

	return at < scan->size && scan->text[at] != '\0' &&
	    strchr(set, scan->text[at]) != NULL;
}

static size_t
json_text_skip_digits(struct json_text_scan *scan)
{
	size_t start = scan->at;

	while (json_text_is_at(scan, 0, "0123456789"))
		scan->at++;
	return scan->at - start;
}

/* RFC 8259, section 6. */
static bool
json_text_skip_number(struct json_text_scan *scan)
{
	bool leading_zero;

	if (json_text_is_at(scan, 0, "-"))
		scan->at++;
	leading_zero = json_text_is_at(scan, 0, "0");
	if (leading_zero && json_text_is_at(scan, 1, "0123456789"))
		return false;
	if (json_text_skip_digits(scan) == 0)
		return false;
	if (json_text_is_at(scan, 0, ".")) {
		scan->at++;
		if (json_text_skip_digits(scan) == 0)
			return false;
	}
	if (json_text_is_at(scan, 0, "eE")) {
		scan->at++;
		if (json_text_is_at(scan, 0, "+-"))
			scan->at++;
		if (json_text_skip_digits(scan) == 0)
			return false;
	}
	return true;
}

/* From behind the opening quote to behind the closing one. */
static bool
json_text_skip_string(struct json_text_scan *scan)
{
	bool has_nul = false;

	for (; !json_text_is_at(scan, 0, "\""); scan->at++) {
		if (scan->at >= scan->size ||
		    (unsigned char)scan->text[scan->at] < 0x20)
			return false;
		if (scan->text[scan->at] != '\\')
			continue;
		scan->at++;
		if (scan->size - scan->at > 5 &&
		    memcmp(scan->text + scan->at, "u0000", 5) == 0)
			has_nul = true;
	}
	scan->at++;
	while (has_nul && json_text_is_at(scan, 0, " \t\r\n"))
		scan->at++;
	return !has_nul || !json_text_is_at(scan, 0, ":");
}

enum json_text_result {
	JSON_TEXT_GOOD,
	JSON_TEXT_BAD,
	JSON_TEXT_TOO_DEEP,
	JSON_TEXT_TOO_MANY
};

/* true, false and null, in these letters only. */
static bool
json_text_skip_word(struct json_text_scan *scan)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t i, rest = scan->size - scan->at;

	for (i = 0; i < sizeof words / sizeof *words; i++) {
		size_t length = strlen(words[i]);

		if (rest >= length && memcmp(scan->text + scan->at, words[i],
		    length) == 0) {
			scan->at += length;
			return true;
		}
	}
	return false;
}

/* One string, number, word, bracket or comma. */
static bool
json_text_skip_token(struct json_text_scan *scan)
{
	char c = scan->text[scan->at];

	if (c == '-' || isdigit((unsigned char)c))
		return json_text_skip_number(scan);
	if (isalpha((unsigned char)c))
		return json_text_skip_word(scan);
	scan->at++;
	if (c == '"')
		return json_text_skip_string(scan);
	return c != '\0' && strchr("[]{},: \t\r\n", c) != NULL;
}

/*
 * Everything that json-c takes and RFC 8259 does not.  Its strict mode is not
 * used: that of 0.18 refuses every character beyond ASCII.
 */
static enum json_text_result
json_text_check(struct json_text_scan *scan)
{
	unsigned int depth = 0, values = 0;
	bool good = true, after_comma = false;

	while (good && depth <= JSON_TEXT_DEPTH_MAX &&
	    values <= JSON_TEXT_VALUES_MAX && scan->at < scan->size) {
		char c = scan->text[scan->at];

		if (c == ',' || c == '[' || c == '{')
			values++;
		if (c == '[' || c == '{')
			depth++;
		else if (c == ']' || c == '}') {
			depth -= depth > 0;
			good = !after_comma;
		}
		if (c == '\0' || strchr(" \t\r\n", c) == NULL)
			after_comma = c == ',';
		good = good && json_text_skip_token(scan);
	}
	if (!good)
		return JSON_TEXT_BAD;
	if (values > JSON_TEXT_VALUES_MAX)
		return JSON_TEXT_TOO_MANY;
	return depth > JSON_TEXT_DEPTH_MAX ? JSON_TEXT_TOO_DEEP :
	    JSON_TEXT_GOOD;
}

/* The value and where it ends, white space behind it included. */
static struct json_object *
json_text_read(const char *text, size_t size, size_t *end,
    enum json_tokener_error *error)
{
	struct json_tokener *tokener =
	    json_tokener_new_ex(JSON_TEXT_DEPTH_MAX + 2);
	struct json_object *value;

	*error = json_tokener_error_size;
	if (tokener == NULL || size >= INT_MAX)
		return NULL;
	/* With the NUL byte behind it, or a lone number would not end. */
	value = json_tokener_parse_ex(tokener, text, (int)size + 1);
	*error = json_tokener_get_error(tokener);
	*end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	while (*end < size && strchr(" \t\r\n", text[*end]) != NULL)
		(*end)++;
	if (*end < size && *error == json_tokener_success) {
		json_object_put(value);
		value = NULL;
		*error = json_tokener_error_parse_unexpected;
	}
	return value;
}

struct json_object *
json_text_parse(const char *text, size_t size,
    char reason[JSON_TEXT_REASON_SIZE])
{
	struct json_text_scan scan = { .text = text, .size = size };
	const uint8_t *bad = u8_check((const uint8_t *)text, size);
	enum json_text_result result = bad == NULL ? json_text_check(&scan) :
	    JSON_TEXT_BAD;
	struct json_object *value = NULL;
	enum json_tokener_error error;
	size_t end = 0;

	if (bad != NULL)
		snprintf(reason, JSON_TEXT_REASON_SIZE,
		    "is not UTF-8 at byte %zu",
		    (size_t)(bad - (const uint8_t *)text));
	else if (result == JSON_TEXT_TOO_DEEP)
		snprintf(reason, JSON_TEXT_REASON_SIZE,
		    "is nested more than %d levels deep",
		    JSON_TEXT_DEPTH_MAX);
	else if (result == JSON_TEXT_TOO_MANY)
		snprintf(reason, JSON_TEXT_REASON_SIZE,
		    "holds more than %d values", JSON_TEXT_VALUES_MAX);
	else if (result == JSON_TEXT_BAD)
		snprintf(reason, JSON_TEXT_REASON_SIZE,
		    "is not JSON near byte %zu", scan.at);
	else if ((value = json_text_read(text, size, &end, &error)) != NULL)
		reason[0] = '\0';
	else if (error == json_tokener_error_parse_eof)
		snprintf(reason, JSON_TEXT_REASON_SIZE,
		    "is not JSON: it ends too early");
	else if (error == json_tokener_success)
		snprintf(reason, JSON_TEXT_REASON_SIZE,
		    "must be an object, not null");
	else
		snprintf(reason, JSON_TEXT_REASON_SIZE,
		    "is not JSON near byte %zu", end);
	return value;
}

size_t
json_text_length(struct json_object *string)
{
	return u8_mbsnlen((const uint8_t *)json_object_get_string(string),
	    (size_t)json_object_get_string_len(string));
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
