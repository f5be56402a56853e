/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json-text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unistr.h>

#include "base/xmalloc.h"
#include "fixture.h"
#include "tap.h"

/* A text, and what it is as compact JSON; NULL: it is refused. */
struct json_text_row {
	const char *name;
	const char *text;
	size_t size;
	const char *value;
};

#define GOOD(words, literal, result) { .name = words, .text = literal, \
    .size = sizeof literal - 1, .value = result }
#define SAME(words, literal) GOOD(words, literal, literal)
#define BAD(words, literal) { .name = words, .text = literal, \
    .size = sizeof literal - 1, .value = NULL }

static const struct json_text_row values[] = {
	SAME("an empty object", "{}"),
	SAME("an empty array", "[]"),
	SAME("a number alone", "12"),
	SAME("a string alone", "\"a\""),
	SAME("true", "true"),
	SAME("false", "false"),
	SAME("null in an array", "[null]"),
	GOOD("white space of all four kinds",
	    " \t\r\n{ \"a\"\t:\r\n[ 1 , 2 ] }\n ", "{\"a\":[1,2]}"),
	BAD("null alone", "null"),
	BAD("an empty text", ""),
	BAD("white space alone", " \n"),
	BAD("a vertical tab", "{\v}"),
	BAD("a form feed", "\f{}"),
	BAD("a no-break space", "\xc2\xa0{}"),
	BAD("a byte order mark", "\xef\xbb\xbf{}"),
	BAD("a word in capitals", "[TRUE]"),
	BAD("a word with a capital", "[True]"),
	BAD("null with a capital", "[Null]"),
	BAD("a word cut short", "[tru]"),
	BAD("a word that goes on", "[nullx]"),
	BAD("an unknown word", "[undefined]"),
	BAD("NaN", "[NaN]"),
	BAD("Infinity", "[Infinity]"),
	BAD("-Infinity", "[-Infinity]"),
	BAD("nan in small letters", "[nan]"),
	BAD("infinity in small letters", "[infinity]"),
};

static const struct json_text_row numbers[] = {
	SAME("zero", "[0]"),
	SAME("a negative number", "[-1]"),
	SAME("a fraction", "[1.5]"),
	SAME("zero and a fraction", "[0.5]"),
	SAME("a negative fraction", "[-0.5]"),
	SAME("1e5", "[1e5]"),
	SAME("1E+5", "[1E+5]"),
	SAME("1e-05", "[1e-05]"),
	SAME("1.25e+10", "[1.25e+10]"),
	SAME("the largest 64-bit integer", "[9223372036854775807]"),
	SAME("the smallest 64-bit integer", "[-9223372036854775808]"),
	BAD("01", "[01]"),
	BAD("00", "[00]"),
	BAD("-01", "[-01]"),
	BAD("1.", "[1.]"),
	BAD("1. alone", "1."),
	BAD("1.e5", "[1.e5]"),
	BAD(".5", "[.5]"),
	BAD("-.5", "[-.5]"),
	BAD("+1", "[+1]"),
	BAD("- alone", "[-]"),
	BAD("a space behind the sign", "[- 1]"),
	BAD("1e", "[1e]"),
	BAD("1e+", "[1e+]"),
	BAD("1e alone", "1e"),
	BAD("1e5.5", "[1e5.5]"),
	BAD("1.2.3", "[1.2.3]"),
	BAD("two signs", "[--1]"),
	BAD("hexadecimal", "[0x10]"),
	BAD("digits with underscores", "[1_000]"),
	BAD("letters behind a number", "[12a]"),
	BAD("Arabic digits", "[\xd9\xa1]"),
};

static const struct json_text_row strings[] = {
	SAME("an empty string", "[\"\"]"),
	GOOD("all short escapes", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]",
	    "[\"\\\"\\\\/\\b\\f\\n\\r\\t\"]"),
	GOOD("an escaped letter", "[\"\\u0041\\u00e4\"]",
	    "[\"A\xc3\xa4\"]"),
	GOOD("hex digits in both cases", "[\"\\u00eF\"]", "[\"\xc3\xaf\"]"),
	GOOD("an escaped pair of surrogates", "[\"\\ud83d\\ude00\"]",
	    "[\"\xf0\x9f\x98\x80\"]"),
	SAME("an escaped NUL in a value", "[\"a\\u0000b\"]"),
	SAME("a delete character", "[\"\x7f\"]"),
	SAME("two, three and four bytes of UTF-8",
	    "[\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"]"),
	SAME("U+10FFFF", "[\"\xf4\x8f\xbf\xbf\"]"),
	SAME("U+FFFF, a noncharacter", "[\"\xef\xbf\xbf\"]"),
	SAME("a byte order mark within a string", "[\"\xef\xbb\xbf\"]"),
	SAME("words that are refused outside", "[\"NaN 01 // /* 1.\"]"),
	BAD("a raw tab", "[\"\t\"]"),
	BAD("a raw newline", "[\"a\nb\"]"),
	BAD("a raw U+0001", "[\"\x01\"]"),
	BAD("a raw U+001F", "[\"\x1f\"]"),
	BAD("a raw NUL", "[\"a\0b\"]"),
	BAD("a raw tab in a name", "{\"a\t\":1}"),
	BAD("an unknown escape", "[\"\\a\"]"),
	BAD("an escaped apostrophe", "[\"\\'\"]"),
	BAD("\\x41", "[\"\\x41\"]"),
	BAD("three hex digits", "[\"\\u004\"]"),
	BAD("no hex digits", "[\"\\u00g0\"]"),
	BAD("\\U with a capital", "[\"\\U0041\"]"),
	BAD("a string that does not end", "[\"abc"),
	BAD("a string that ends in a backslash", "[\"abc\\"),
	BAD("a string that ends in an escaped quote", "[\"abc\\\""),
	BAD("single quotes", "['a']"),
	BAD("single quotes around a name", "{'a':1}"),
	BAD("single quotes around a name with a quote", "{'a\"b\"':1}"),
	BAD("a name without quotes", "{a:1}"),
	BAD("a number as a name", "{1:1}"),
	BAD("U+0000 in a name", "{\"a\\u0000b\":1}"),
	BAD("U+0000 in a name, then white space", "{\"a\\u0000\" \r\n\t:1}"),
	BAD("U+0000 at the start of a name", "{\"\\u0000\":1}"),
	BAD("U+0000 in a name that is nested", "[{\"b\":{\"\\u0000\":1}}]"),
	SAME("an escaped backslash before u0000 in a name",
	    "{\"a\\\\u0000\":1}"),
	BAD("two backslashes, then U+0000, in a name",
	    "{\"a\\\\\\u0000\":1}"),
};

static const struct json_text_row encodings[] = {
	BAD("a lone continuation byte", "[\"\x80\"]"),
	BAD("a lead byte alone", "[\"\xc3\"]"),
	BAD("a sequence cut by the end", "[\"\xe2\x82"),
	BAD("overlong, two bytes", "[\"\xc0\xaf\"]"),
	BAD("an overlong NUL", "[\"\xc0\x80\"]"),
	BAD("overlong, three bytes", "[\"\xe0\x80\xaf\"]"),
	BAD("overlong, four bytes", "[\"\xf0\x80\x80\xaf\"]"),
	BAD("a high surrogate in UTF-8", "[\"\xed\xa0\x80\"]"),
	BAD("a low surrogate in UTF-8", "[\"\xed\xbf\xbf\"]"),
	BAD("a pair of surrogates in UTF-8 (CESU-8)",
	    "[\"\xed\xa0\xbd\xed\xb8\x80\"]"),
	BAD("U+110000", "[\"\xf4\x90\x80\x80\"]"),
	BAD("a lead byte F5", "[\"\xf5\x80\x80\x80\"]"),
	BAD("five bytes", "[\"\xf8\x88\x80\x80\x80\"]"),
	BAD("the byte FE", "[\"\xfe\"]"),
	BAD("the byte FF", "[\"\xff\"]"),
	BAD("Latin-1", "[\"\xe4\"]"),
	BAD("bad UTF-8 in a name", "{\"\xe4\":1}"),
	BAD("UTF-16", "\xff\xfe{\0}\0"),
	/* The grammar has them; what they mean is open.  They must not break
	 * the UTF-8 of what comes out. */
	GOOD("a lone escaped high surrogate", "[\"\\ud800\"]",
	    "[\"\xef\xbf\xbd\"]"),
	GOOD("a lone escaped low surrogate", "[\"\\udc00x\"]",
	    "[\"\xef\xbf\xbdx\"]"),
	GOOD("a high surrogate before another escape",
	    "[\"\\ud800\\u0041\"]", "[\"\xef\xbf\xbd" "A\"]"),
	GOOD("two escaped surrogates in the wrong order",
	    "[\"\\ude00\\ud83d\"]", "[\"\xef\xbf\xbd\xef\xbf\xbd\"]"),
};

static const struct json_text_row structures[] = {
	GOOD("the last of two members with one name", "{\"a\":1,\"a\":2}",
	    "{\"a\":2}"),
	SAME("an empty name", "{\"\":1}"),
	GOOD("white space at the end", "{} \n", "{}"),
	BAD("a comment of C", "{/* */}"),
	BAD("a comment of C++", "{} // end"),
	BAD("a comment before the text", "/**/{}"),
	BAD("a comment of the shell", "{} # end"),
	BAD("a trailing comma in an array", "[1,]"),
	BAD("a trailing comma in an object", "{\"a\":1,}"),
	BAD("a comma alone", "[,]"),
	BAD("a leading comma", "[,1]"),
	BAD("two commas", "[1,,2]"),
	BAD("no comma", "[1 2]"),
	BAD("no colon", "{\"a\" 1}"),
	BAD("an equals sign", "{\"a\"=1}"),
	BAD("no value", "{\"a\":}"),
	BAD("no value at all", "{\"a\"}"),
	BAD("a semicolon", "[1;2]"),
	BAD("the wrong bracket", "[1}"),
	BAD("an object that does not end", "{\"a\":1"),
	BAD("an array that does not end", "[1"),
	BAD("a bracket too many", "{}}"),
	BAD("a second value", "{}{}"),
	BAD("a second value behind white space", "{} 1"),
	BAD("a letter behind the end", "{}x"),
	BAD("a NUL behind the end", "{}\0"),
	BAD("a NUL and more behind the end", "{}\0{}"),
	BAD("a NUL between the tokens", "[1\0,2]"),
	BAD("a NUL in front", "\0{}"),
	BAD("a NUL behind a number", "12\0"),
};

static void
check_row(const struct json_text_row *row)
{
	char reason[JSON_TEXT_REASON_SIZE] = "";
	/* So that a sanitizer sees what reads behind the NUL. */
	char *text = xmalloc(row->size + 1);
	struct json_object *value;

	memcpy(text, row->text, row->size);
	text[row->size] = '\0';
	value = json_text_parse(text, row->size, reason);
	free(text);
	if (row->value != NULL)
		tap_is_string(value == NULL ? reason :
		    json_object_to_json_string_ext(value,
		    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
		    row->value, "%s is accepted", row->name);
	else if (tap_ok(value == NULL, "%s is refused", row->name))
		tap_ok(reason[0] != '\0', "%s: a reason is given: %s",
		    row->name, reason);
	json_object_put(value);
}

static void
check_rows(const struct json_text_row *rows, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		check_row(&rows[i]);
}

/* --- nesting ------------------------------------------------------------- */

/* What is repeated, and how many levels that makes. */
static const struct json_text_nest {
	const char *name;
	const char *open;
	const char *inner;
	const char *close;
	size_t levels;		/* of `open` */
	size_t inner_levels;
} nests[] = {
	{ .name = "arrays around a number", .open = "[", .inner = "1",
	    .close = "]", .levels = 1 },
	{ .name = "arrays around nothing", .open = "[", .inner = "",
	    .close = "]", .levels = 1 },
	{ .name = "objects around a number", .open = "{\"a\":",
	    .inner = "1", .close = "}", .levels = 1 },
	{ .name = "objects, the last one empty", .open = "{\"a\":",
	    .inner = "{}", .close = "}", .levels = 1, .inner_levels = 1 },
	{ .name = "arrays and objects in turn", .open = "[{\"a\":",
	    .inner = "1", .close = "}]", .levels = 2 },
};

static void
check_nesting(const struct json_text_nest *nest)
{
	size_t count, depth;

	for (count = 30 / nest->levels; count <= 34 / nest->levels; count++) {
		const char *text = fixture_format("%s%s%s",
		    fixture_repeat(nest->open, count), nest->inner,
		    fixture_repeat(nest->close, count));
		char reason[JSON_TEXT_REASON_SIZE] = "";
		struct json_object *value = json_text_parse(text,
		    strlen(text), reason);

		depth = count * nest->levels + nest->inner_levels;
		tap_ok((value != NULL) == (depth <= 32), "%zu levels, %s, "
		    "are %s", depth, nest->name,
		    depth <= 32 ? "accepted" : "refused");
		if (value == NULL)
			tap_contains(reason, "32 levels",
			    "%zu levels, %s: the reason is the depth", depth,
			    nest->name);
		json_object_put(value);
	}
}

static void
check_deep_nesting(void)
{
	const char *text = fixture_repeat("[", 200000);
	char reason[JSON_TEXT_REASON_SIZE] = "";

	tap_ok(json_text_parse(text, strlen(text), reason) == NULL,
	    "200000 open arrays are refused");
	text = fixture_repeat("{\"a\":", 200000);
	tap_ok(json_text_parse(text, strlen(text), reason) == NULL,
	    "200000 open objects are refused");
}

/* --- UTF-8 ---------------------------------------------------------------- */

/* True if libunistring finds the same, which looks at every byte. */
static bool
agrees(const char *text, size_t size)
{
	char reason[JSON_TEXT_REASON_SIZE] = "", expected[sizeof reason] = "";
	const uint8_t *bad = u8_check((const uint8_t *)text, size);

	if (bad != NULL)
		snprintf(expected, sizeof expected,
		    "is not UTF-8 at byte %zu",
		    (size_t)(bad - (const uint8_t *)text));
	return json_text_is_utf8(text, size, reason) == (bad == NULL) &&
	    strcmp(reason, expected) == 0;
}

/* The edges of what each byte of a character may be. */
static const unsigned char edges[] = {
	'a', 0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2,
	0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4,
	0xf5, 0xff
};

/* Four of them, in all ways, behind `before` letters; how many are wrong. */
static unsigned int
try_edges(size_t before)
{
	enum { COUNT = sizeof edges };
	unsigned int wrong = 0;
	char text[24];
	size_t i, k;

	memset(text, 'x', sizeof text);
	for (i = 0; i < COUNT * COUNT * COUNT * COUNT; i++) {
		size_t rest = i;

		for (k = 0; k < 4; k++, rest /= COUNT)
			text[before + k] = (char)edges[rest % COUNT];
		wrong += !agrees(text, before + 4);
		wrong += !agrees(text, sizeof text);
	}
	return wrong;
}

static void
check_utf8(void)
{
	static const size_t places[] = { 0, 5, 8, 13 };
	size_t i;

	for (i = 0; i < sizeof places / sizeof *places; i++)
		tap_is_int(try_edges(places[i]), 0,
		    "four bytes behind %zu are told as libunistring does",
		    places[i]);
}

/* --- length -------------------------------------------------------------- */

static void
check_length(void)
{
	static const struct {
		const char *text;
		size_t length;
	} rows[] = {
		{ "\"\"", 0 },
		{ "\"abc\"", 3 },
		{ "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"", 3 },
		{ "\"a\\u0000b\"", 3 },
		{ "\"\\ud83d\\ude00\"", 1 },
		/* A letter and a combining mark are two characters. */
		{ "\"e\xcc\x81\"", 2 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct json_object *value = fixture_json(rows[i].text);

		tap_is_int((int64_t)json_text_length(value),
		    (int64_t)rows[i].length, "the length of %s",
		    rows[i].text);
		json_object_put(value);
	}
}

/* --- how many values ------------------------------------------------------ */

/* An array is a value itself. */
static bool
is_taken(size_t count)
{
	const char *text = fixture_format("[%s1]",
	    fixture_repeat("1,", count - 2));
	char reason[JSON_TEXT_REASON_SIZE];
	struct json_object *value = json_text_parse(text, strlen(text),
	    reason);
	bool taken = value != NULL;

	json_object_put(value);
	return taken;
}

static void
check_count(void)
{
	tap_ok(is_taken(JSON_TEXT_VALUES_MAX), "50000 values are taken");
	tap_ok(!is_taken(JSON_TEXT_VALUES_MAX + 1), "and no more");
}

/* --- members -------------------------------------------------------------- */

static void
check_members(void)
{
	struct json_object *object = fixture_json("{\"text\":\"abc\",\"empty\":"
	    "\"\",\"nul\":\"a\\u0000b\",\"number\":1,\"null\":null}");

	tap_is_string(json_text_member(object, "text"), "abc",
	    "a member that is a string");
	tap_is_string(json_text_member(object, "empty"), "",
	    "one that is empty");
	tap_ok(json_text_member(object, "nul") == NULL,
	    "one that holds U+0000 is none");
	tap_ok(json_text_member(object, "number") == NULL,
	    "nor is a number");
	tap_ok(json_text_member(object, "null") == NULL, "nor is null");
	tap_ok(json_text_member(object, "other") == NULL,
	    "nor what is not there");
	json_object_put(object);
}

#define CHECK(rows) check_rows(rows, sizeof rows / sizeof *rows)

int
main(void)
{
	size_t i;

	CHECK(values);
	CHECK(numbers);
	CHECK(strings);
	CHECK(encodings);
	CHECK(structures);
	for (i = 0; i < sizeof nests / sizeof *nests; i++)
		check_nesting(&nests[i]);
	check_deep_nesting();
	check_utf8();
	check_length();
	check_count();
	check_members();
	return tap_done();
}
