/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json-position.h"

#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "tap.h"

static const struct {
	const char *text;
	size_t offset;
	unsigned int line;
	unsigned int column;
} offsets[] = {
	{ "", 0, 1, 1 },
	{ "", 5, 1, 1 },
	{ "abc", 0, 1, 1 },
	{ "abc", 2, 1, 3 },
	{ "abc", 3, 1, 4 },
	{ "abc", 9, 1, 4 },
	{ "a\nb", 1, 1, 2 },
	{ "a\nb", 2, 2, 1 },
	{ "a\n\nb", 3, 3, 1 },
	{ "a\r\nb", 3, 2, 1 },
	{ "\n", 1, 2, 1 },
	/* Columns are bytes. */
	{ "\xc3\xa4x", 2, 1, 3 },
	{ "\tx", 1, 1, 2 },
};

static const struct {
	const char *text;
	size_t offset;
	size_t found;
} spaces[] = {
	{ "", 0, 0 },
	{ "x", 0, 0 },
	{ " \t\r\nx", 0, 4 },
	{ "   ", 0, 3 },
	{ "x  y", 1, 3 },
	{ "// a\nx", 0, 5 },
	{ "// a", 0, 4 },
	{ "/* a */x", 0, 7 },
	{ "/* a\n * b */ x", 0, 13 },
	{ "/**/x", 0, 4 },
	{ "/***/x", 0, 5 },
	{ "/*/ */x", 0, 6 },
	{ "/* a", 0, 4 },
	{ "/* // */x", 0, 8 },
	{ "// /*\nx", 0, 6 },
	{ "// a\n/* b */ // c\n x", 0, 19 },
	{ "/x", 0, 0 },
	{ "/", 0, 0 },
};

#define TEXT \
	"// A file.\n" \
	"{\n" \
	"\t\"name\": \"a \\\"b\\\" { [ , ] } // no /* comment\",\n" \
	"\t\"list\": [ 1, -2.5e3 , /* three */ true,\n" \
	"\t    { \"x\": [[]], \"y\": {} }, [ 5, [ 6 ] ] ],\n" \
	"\t\"a/b\": 1, \"a~b\": 2, // two\n" \
	"\t\"\": { \"\" : null },\n" \
	"\t\"last\":{\"deep\":{\"deeper\":[\"]\",'}',0]}},\n" \
	"\t\"list2\": 3\n" \
	"}\n"

static const struct {
	const char *pointer;
	unsigned int line;
	unsigned int column;
} pointers[] = {
	{ "", 2, 1 },
	{ "/name", 3, 2 },
	{ "/list", 4, 2 },
	{ "/list/0", 4, 12 },
	{ "/list/1", 4, 15 },
	{ "/list/2", 4, 36 },
	{ "/list/3", 5, 6 },
	{ "/list/3/x", 5, 8 },
	{ "/list/3/x/0", 5, 14 },
	{ "/list/3/y", 5, 19 },
	{ "/list/4", 5, 30 },
	{ "/list/4/0", 5, 32 },
	{ "/list/4/1/0", 5, 37 },
	{ "/a~1b", 6, 2 },
	{ "/a~0b", 6, 12 },
	{ "/", 7, 2 },
	{ "//", 7, 8 },
	{ "/last", 8, 2 },
	{ "/last/deep/deeper/2", 8, 36 },
	{ "/list2", 9, 2 },
	/* The last place on the way. */
	{ "/missing", 2, 1 },
	{ "/list/9", 4, 2 },
	{ "/list/0/x", 4, 12 },
	{ "/name/x", 3, 2 },
	{ "/last/x/deeper", 8, 2 },
};

/* What is not at the end of a text, or not JSON at all: it must end. */
static const char *const broken[] = {
	"", "{", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":[", "{\"a\":[1",
	"{\"a\":[1,", "{\"a\":\"\\", "[", "[[", "[1,{", "]", "}", ":", "/*",
	"{\"a\":1", "{\"a\" \"b\"}", "{\"x\":{\"x\":", "[,,,]",
};

/* --- members of the same name -------------------------------------------- */

static const struct {
	const char *text;
	const char *found;	/* "NAME LINE:COLUMN FIRST-LINE;" for each */
} twice[] = {
	{ "{}", "" },
	{ "[]", "" },
	{ "\"a\"", "" },
	{ "{\"a\":1,\"b\":2}", "" },
	{ "{\"a\":1,\"a\":2}", "a 1:8 1;" },
	{ "{\"a\":1,\n\"b\":{\"a\":1},\n\"a\":[]}", "a 3:1 1;" },
	{ "{\"a\":1,\n\"a\":2,\n\"a\":3}", "a 2:1 1;a 3:1 1;" },
	{ "{\"a\":1,\"A\":2,\"aa\":3,\"\":4}", "" },
	{ "[{\"a\":1},{\"a\":2},{\"b\":3,\"b\":[{\"c\":1,\"c\":2}]}]",
	    "c 1:37 1;b 1:25 1;" },
	{ "{/* \"a\": */ \"a\": \"}\", // a\n'a': 1,}", "a 2:1 1;" },
	{ "{\"\\\"\":1,\"\\\"\":2}", "\\\" 1:9 1;" },
};

static char twice_found[256];

static void
on_twice(void *arg, const struct json_position_twice *found)
{
	size_t used = strlen(twice_found);

	(void)arg;
	snprintf(twice_found + used, sizeof twice_found - used,
	    "%.*s %u:%u %u;", (int)found->size, found->name,
	    found->again.line, found->again.column, found->first.line);
}

static void
check_twice(size_t row)
{
	twice_found[0] = '\0';
	json_position_find_twice(twice[row].text, strlen(twice[row].text),
	    on_twice, NULL);
	tap_is_string(twice_found, twice[row].found, "twice in %s",
	    twice[row].text);
}

int
main(void)
{
	struct json_position position;
	size_t i;

	for (i = 0; i < sizeof offsets / sizeof *offsets; i++) {
		position = json_position_of_offset(offsets[i].text,
		    strlen(offsets[i].text), offsets[i].offset);
		tap_is_string(fixture_format("%u:%u", position.line,
		    position.column), fixture_format("%u:%u", offsets[i].line,
		    offsets[i].column), "byte %zu of \"%s\"",
		    offsets[i].offset, offsets[i].text);
	}
	for (i = 0; i < sizeof spaces / sizeof *spaces; i++)
		tap_is_int((int64_t)json_position_skip_space(spaces[i].text,
		    strlen(spaces[i].text), spaces[i].offset),
		    (int64_t)spaces[i].found, "no space from %zu on in \"%s\"",
		    spaces[i].offset, spaces[i].text);
	tap_is_int((int64_t)json_position_skip_space("\0x", 2, 0), 0,
	    "a NUL is no space");
	for (i = 0; i < sizeof pointers / sizeof *pointers; i++) {
		position = json_position_of_pointer(TEXT, strlen(TEXT),
		    pointers[i].pointer);
		tap_is_string(fixture_format("%u:%u", position.line,
		    position.column), fixture_format("%u:%u",
		    pointers[i].line, pointers[i].column),
		    "the pointer \"%s\"", pointers[i].pointer);
	}
	for (i = 0; i < sizeof broken / sizeof *broken; i++) {
		position = json_position_of_pointer(
		    broken[i], strlen(broken[i]), "/a/2/b");
		tap_ok(position.line == 1 && position.column <=
		    strlen(broken[i]) + 1, "a place within \"%s\"", broken[i]);
	}
	for (i = 0; i < sizeof twice / sizeof *twice; i++)
		check_twice(i);
	return tap_done();
}
