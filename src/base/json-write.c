/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json-write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/octets.h"

/* What stands in the place of a character that a string cannot hold. */
static void
json_write_escape(struct buf *buf, unsigned char character)
{
	static const char characters[] = "\"\\\b\f\n\r\t";
	static const char letters[] = "\"\\bfnrt";
	const char *place = character == '\0' ? NULL :
	    strchr(characters, character);
	char escape[7];

	if (place != NULL)
		snprintf(escape, sizeof escape, "\\%c",
		    letters[place - characters]);
	else
		snprintf(escape, sizeof escape, "\\u%04x", character);
	buf_append_text(buf, escape);
}

void
json_write_string(struct buf *buf, const char *text, size_t size)
{
	size_t at = 0, plain;

	buf_append(buf, "\"", 1);
	while (at < size) {
		plain = octets_plain(text + at, size - at);
		buf_append(buf, text + at, plain);
		at += plain;
		if (at < size)
			json_write_escape(buf, (unsigned char)text[at++]);
	}
	buf_append(buf, "\"", 1);
}

void
json_write_text(struct buf *buf, const char *text)
{
	json_write_string(buf, text, strlen(text));
}

void
json_write_element(struct buf *buf)
{
	char last = buf->size == 0 ? '[' : buf->data[buf->size - 1];

	if (last != '{' && last != '[')
		buf_append(buf, ",", 1);
}

void
json_write_name(struct buf *buf, const char *name)
{
	json_write_element(buf);
	json_write_text(buf, name);
	buf_append(buf, ":", 1);
}

void
json_write_integer(struct buf *buf, int64_t integer)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRId64, integer);
	buf_append_text(buf, text);
}

void
json_write_value(struct buf *buf, struct json_object *value)
{
	const char *text;
	size_t size;

	if (json_object_is_type(value, json_type_string))
		json_write_string(buf, json_object_get_string(value),
		    (size_t)json_object_get_string_len(value));
	else {
		text = json_object_to_json_string_length(value,
		    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE,
		    &size);
		buf_append(buf, text, size);
	}
}
