/* SPDX-License-Identifier: Apache-2.0 */
/* Texts for Matrix, cut so that they fit a payload. */
#include "provider/matrix-text.h"

#include <string.h>

#include "tap.h"

static void
check_cut(void)
{
	static const struct {
		const char *text;
		size_t limit;
		enum matrix_text_form form;
		const char *cut;
	} rows[] = {
		{ "", 0, MATRIX_TEXT_PLAIN, "" },
		{ "abc", 3, MATRIX_TEXT_PLAIN, "abc" },
		{ "abcd", 3, MATRIX_TEXT_PLAIN, "\xe2\x80\xa6" },
		{ "abcd", 2, MATRIX_TEXT_PLAIN, "" },
		{ "abcdefgh", 6, MATRIX_TEXT_PLAIN, "abc\xe2\x80\xa6" },
		{ "a\xc3\xa4\xc3\xa4\xc3\xa4", 6, MATRIX_TEXT_PLAIN,
		    "a\xc3\xa4\xe2\x80\xa6" },
		/* Never within a character. */
		{ "a\xc3\xa4\xc3\xa4\xc3\xa4", 5, MATRIX_TEXT_PLAIN,
		    "a\xe2\x80\xa6" },
		{ "a\xc3\xa3\xc3\xa3\xc3\xa3", 5, MATRIX_TEXT_PLAIN,
		    "a\xe2\x80\xa6" },
		{ "a\"b\"c", 5, MATRIX_TEXT_PLAIN, "a\"b\"c" },
		{ "a\"b\"c", 6, MATRIX_TEXT_JSON, "a\"\xe2\x80\xa6" },
		{ "a\"b\"c", 7, MATRIX_TEXT_JSON, "a\"b\"c" },
		/* What JSON writes in two bytes, and the rest in six. */
		{ "a\\b", 3, MATRIX_TEXT_JSON, "\xe2\x80\xa6" },
		{ "a\bb", 3, MATRIX_TEXT_JSON, "\xe2\x80\xa6" },
		{ "a\fb", 3, MATRIX_TEXT_JSON, "\xe2\x80\xa6" },
		{ "a\nb", 3, MATRIX_TEXT_JSON, "\xe2\x80\xa6" },
		{ "a\rb", 3, MATRIX_TEXT_JSON, "\xe2\x80\xa6" },
		{ "a\tb", 3, MATRIX_TEXT_JSON, "\xe2\x80\xa6" },
		{ "\\\b\f\n\r\t", 12, MATRIX_TEXT_JSON, "\\\b\f\n\r\t" },
		{ "a b", 3, MATRIX_TEXT_JSON, "a b" },
		{ "\x1f\x1f", 11, MATRIX_TEXT_JSON, "\x1f\xe2\x80\xa6" },
		{ "\x01\x01", 11, MATRIX_TEXT_JSON, "\x01\xe2\x80\xa6" },
	};
	static const size_t lengths[] = { 2, 10, 30 };
	struct json_object *cut;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		cut = matrix_text_cut(rows[i].text, strlen(rows[i].text),
		    rows[i].limit, rows[i].form);
		tap_is_string(json_object_get_string(cut), rows[i].cut,
		    "row %zu in %zu bytes", i, rows[i].limit);
		json_object_put(cut);
	}
	tap_is_int((int64_t)matrix_text_share(lengths, 3, 42), 42,
	    "three texts with room for all stay whole");
	tap_is_int((int64_t)matrix_text_share(lengths, 3, 41), 29,
	    "the longest is cut first");
	tap_is_int((int64_t)matrix_text_share(lengths, 3, 20), 9,
	    "then the longest two to the same length");
	tap_is_int((int64_t)matrix_text_share(lengths, 3, 0), 0,
	    "without room nothing is left");
}

int
main(void)
{
	check_cut();
	return tap_done();
}
