/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes are those that json-c would write. */
#include "base/json-write.h"

#include <string.h>

#include "fixture.h"
#include "tap.h"

enum { LIMIT = 1000 };

static const char *
json_c(struct json_object *value)
{
	return json_object_to_json_string_ext(value,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* True if a string of these bytes is written as json-c does. */
static bool
agrees(const char *text, size_t size)
{
	struct json_object *value = json_object_new_string_len(text,
	    (int)size);
	struct buf buf;
	bool same;

	buf_init(&buf, LIMIT);
	json_write_string(&buf, text, size);
	same = strcmp(buf_text(&buf), json_c(value)) == 0;
	buf_reset(&buf);
	json_write_value(&buf, value);
	same = same && strcmp(buf_text(&buf), json_c(value)) == 0;
	buf_free(&buf);
	json_object_put(value);
	return same;
}

/* Each byte alone, and at each place of a longer text. */
static void
check_bytes(void)
{
	char text[20];
	unsigned int wrong = 0;
	size_t place;
	int byte;

	for (byte = 0; byte < 256; byte++) {
		text[0] = (char)byte;
		wrong += !agrees(text, 1);
		for (place = 0; place < sizeof text; place++) {
			memset(text, 'a', sizeof text);
			text[place] = (char)byte;
			wrong += !agrees(text, sizeof text);
			text[(place + 1) % sizeof text] = (char)byte;
			wrong += !agrees(text, sizeof text);
		}
	}
	tap_is_int(wrong, 0, "each byte is escaped as json-c does");
	tap_ok(agrees("", 0), "an empty string");
}

static const char *const values[] = {
	"null", "true", "12", "-1.5e3", "\"a/b\"", "[]", "{}",
	"{\"a\":[1,\"\\u00e4\\u0000\",{\"b\":null}]}",
};

static void
check_values(void)
{
	struct buf buf;
	size_t i;

	buf_init(&buf, LIMIT);
	for (i = 0; i < sizeof values / sizeof *values; i++) {
		struct json_object *value = json_tokener_parse(values[i]);

		buf_reset(&buf);
		json_write_value(&buf, value);
		tap_is_string(buf_text(&buf), json_c(value), "%s", values[i]);
		json_object_put(value);
	}
	buf_free(&buf);
}

static void
check_structure(void)
{
	struct buf buf;

	buf_init(&buf, LIMIT);
	buf_append_text(&buf, "{");
	json_write_name(&buf, "a");
	buf_append_text(&buf, "[");
	json_write_element(&buf);
	json_write_integer(&buf, INT64_MIN);
	json_write_element(&buf);
	json_write_text(&buf, "{");
	json_write_element(&buf);
	json_write_text(&buf, "[");
	buf_append_text(&buf, "]");
	json_write_name(&buf, "b\"");
	buf_append_text(&buf, "{");
	json_write_name(&buf, "");
	json_write_integer(&buf, INT64_MAX);
	buf_append_text(&buf, "}}");
	tap_is_string(buf_text(&buf), "{\"a\":[-9223372036854775808,\"{\","
	    "\"[\"],\"b\\\"\":{\"\":9223372036854775807}}",
	    "commas stand where they belong");
	buf_free(&buf);
}

static void
check_limit(void)
{
	struct buf buf;

	buf_init(&buf, 5);
	json_write_text(&buf, "abc");
	tap_ok(!buf.overflowed, "what fits");
	buf_reset(&buf);
	json_write_text(&buf, "abcd");
	tap_ok(buf.overflowed, "what does not fit shows in the buffer");
	buf_free(&buf);
}

int
main(void)
{
	check_bytes();
	check_values();
	check_structure();
	check_limit();
	return tap_done();
}
