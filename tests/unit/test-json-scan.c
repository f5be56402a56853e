/* SPDX-License-Identifier: Apache-2.0 */
/* What the scanner says of values; which texts are JSON: test-json-text.c. */
#include "base/json-scan.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "tap.h"

static bool
scan(const char *text, bool hashed, struct json_scan_value *value,
    struct json_scan *end)
{
	struct json_scan it;
	bool good;

	value->hashed = hashed;
	json_scan_init(&it, text, strlen(text));
	good = json_scan_value(&it, value) && json_scan_ends(&it);
	json_scan_free(&it);
	*end = it;
	return good;
}

/* --- sizes, depths and counts -------------------------------------------- */

static const struct {
	const char *text;
	size_t compact;
	size_t depth;
	size_t count;
	bool has_nul_in_name;
} rows[] = {
	{ "1", 1, 0, 1, false },
	{ " -1.5e+3 ", 7, 0, 1, false },
	{ "true", 4, 0, 1, false },
	{ "\"\"", 2, 0, 1, false },
	{ "\"a\\u0041\\/\"", 5, 0, 1, false },
	{ "\"\\n\\u000a\\b\"", 8, 0, 1, false },
	{ "\"\\u0001\\u0000\"", 14, 0, 1, false },
	{ "\"\\\"\\u0022\\\\\\u005c\"", 10, 0, 1, false },
	{ "\"\\u00e4\xc3\xa4\"", 6, 0, 1, false },
	{ "\"\\ud83d\\ude00\"", 6, 0, 1, false },
	{ "\"\\ud83d\"", 5, 0, 1, false },
	{ "\"\\u001f\\u0020\"", 9, 0, 1, false },
	{ "{}", 2, 1, 1, false },
	{ " [ ] ", 2, 1, 1, false },
	{ "[ 1 , [ ] , { } ]", 9, 2, 4, false },
	{ "{ \"a\" : [ { \"b\" : null } ] }", 18, 3, 4, false },
	{ "{\"a\":1,\"a\":2}", 13, 1, 3, false },
	{ "{\"a\\u0000\":\"\\u0000\"}", 20, 1, 2, true },
	{ "[[{\"\\u0000\":1}]]", 16, 3, 4, true },
	{ "[\"\\u0000\"]", 10, 1, 2, false },
};

static void
check_rows(void)
{
	struct json_scan_value value;
	struct json_scan end;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!tap_ok(scan(rows[i].text, false, &value, &end),
		    "%s is JSON", rows[i].text))
			continue;
		tap_is_int((int64_t)end.compact, (int64_t)rows[i].compact,
		    "%s: the size of its compact form", rows[i].text);
		tap_is_int((int64_t)value.depth, (int64_t)rows[i].depth,
		    "%s: the depth", rows[i].text);
		tap_is_int((int64_t)value.count, (int64_t)rows[i].count,
		    "%s: how many values", rows[i].text);
		tap_is_int(value.has_nul_in_name, rows[i].has_nul_in_name,
		    "%s: U+0000 in a name", rows[i].text);
	}
}

/* --- where it goes wrong ------------------------------------------------- */

static const struct {
	const char *text;
	size_t at;
} mistakes[] = {
	{ "", 0 },
	{ " ", 1 },
	{ "[1", 2 },
	{ "[1 2]", 3 },
	{ "{\"a\" 1}", 5 },
	{ "{\"a\":1,}", 7 },
	{ "[1}", 2 },
	{ "{\"a\":1]", 6 },
	{ "[tru]", 1 },
	{ "[\"a", 3 },
	{ "[01]", 2 },
	{ "{:1}", 1 },
	{ "[\"a\n]", 3 },
	{ "[1d5]", 2 },
	{ "[1E]", 3 },
	{ "\"\\u12\"", 3 },
	{ "\"\\x\"", 2 },
};

static void
check_mistakes(void)
{
	struct json_scan_value value;
	struct json_scan end;
	size_t i;

	for (i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
		tap_ok(!scan(mistakes[i].text, false, &value, &end),
		    "\"%s\" is no JSON", mistakes[i].text);
		tap_is_int((int64_t)end.at, (int64_t)mistakes[i].at,
		    "\"%s\": where", mistakes[i].text);
	}
}

/* --- depth --------------------------------------------------------------- */

static void
check_deep(const char *open, const char *close, size_t levels)
{
	const char *text = fixture_format("%s1%s", fixture_repeat(open,
	    levels), fixture_repeat(close, levels));
	struct json_scan_value value;
	struct json_scan end;

	tap_ok(scan(text, true, &value, &end), "%zu levels of %s are JSON",
	    levels, open);
	tap_is_int((int64_t)value.depth, (int64_t)levels,
	    "%zu levels of %s: the depth", levels, open);
	tap_ok(scan(text, false, &value, &end),
	    "%zu levels of %s are JSON without a hash, too", levels, open);
	text = fixture_repeat(open, levels);
	tap_ok(!scan(text, true, &value, &end),
	    "%zu open brackets %s are no JSON", levels, open);
}

/* --- hashes -------------------------------------------------------------- */

static const struct {
	const char *a;
	const char *b;
	bool equal;
} pairs[] = {
	{ "1", "1", true },
	{ "1", "2", false },
	{ "1", "-1", false },
	{ "0", "-0", true },
	{ "1", "1.0", false },
	{ "1.0", "1.00", true },
	{ "1e1", "10.0", true },
	{ "0.0", "-0.0", true },
	{ "0.1", "1e-1", true },
	{ "1.5", "2.5", false },
	{ "1e-30", "2e-30", false },
	{ "-9223372036854775808", "-9223372036854775809", true },
	{ "-9223372036854775807", "-9223372036854775808", false },
	{ "9223372036854775809", "9223372036854775808", false },
	{ "9223372036854775808", "-9223372036854775808", false },
	{ "18446744073709551615", "18446744073709551616", true },
	{ "\"\\ud800\\udc00\"", "\"\xf0\x90\x80\x80\"", true },
	{ "\"\\udbff\\udfff\"", "\"\xf4\x8f\xbf\xbf\"", true },
	{ "\"\\udbff\\udc00\"", "\"\xf4\x8f\xb0\x80\"", true },
	{ "\"\\ud7ff\\udc00\"", "\"\xed\x9f\xbf\xef\xbf\xbd\"", true },
	{ "\"\\udc00\\udc00\"", "\"\\ufffd\\ufffd\"", true },
	{ "\"\\ud800\\udbff\"", "\"\\ufffd\\ufffd\"", true },
	{ "\"\\ud800\\ue000\"", "\"\xef\xbf\xbd\xee\x80\x80\"", true },
	{ "\"\\ud800xudc00\"", "\"\\ufffdxudc00\"", true },
	{ "\"\\ud800\\nudc00\"", "\"\\ufffd\\nudc00\"", true },
	{ "\"\\udfff\"", "\"\\ufffd\"", true },
	{ "\"\\u007f\\u0080\"", "\"\x7f\xc2\x80\"", true },
	{ "\"\\u07ff\\u0800\"", "\"\xdf\xbf\xe0\xa0\x80\"", true },
	{ "\"\\uaF09\\uFAfa\"", "\"\xea\xbc\x89\xef\xab\xba\"", true },
	{ "18446744073709551615", "18446744073709551614", false },
	{ "1", "\"1\"", false },
	{ "true", "false", false },
	{ "null", "false", false },
	{ "\"a\"", "\"\\u0061\"", true },
	{ "\"a\"", "\"a\\u0000\"", false },
	{ "\"\"", "[]", false },
	{ "{}", "[]", false },
	{ "[]", "[[]]", false },
	{ "[[1],2]", "[[1,2]]", false },
	{ "[1,2]", "[2,1]", false },
	{ "[null]", "[null,null]", false },
	{ " [ 1,2 ] ", "[1,2]", true },
	{ "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true },
	{ "{\"a\":1,\"b\":2}", "{\"a\":2,\"b\":1}", false },
	{ "{\"a\":[1],\"b\":[2]}", "{\"b\":[2],\"a\":[1]}", true },
	{ "{\"a\":{\"b\":[1]}}", "{\"a\":{\"b\":[2]}}", false },
	{ "{\"a\":{\"b\":1}}", "{\"b\":{\"a\":1}}", false },
	{ "{\"a\":null}", "{}", false },
};

static uint64_t
hash_of(const char *text)
{
	struct json_scan_value value;
	struct json_scan end;

	if (!scan(text, true, &value, &end))
		tap_bail_out("%s is no JSON", text);
	return value.hash;
}

/* One value so many levels deep. */
static const char *
nested(size_t levels, const char *value)
{
	return fixture_format("%s%s%s", fixture_repeat("[", levels), value,
	    fixture_repeat("]", levels));
}

/* In a process of its own, which has not made any hash before. */
static uint64_t
hash_of_another_process(void)
{
	uint64_t hash = 0;
	int fds[2];
	pid_t pid;

	if (pipe(fds) == -1 || (pid = fork()) == -1)
		tap_bail_out("cannot start a process");
	if (pid == 0) {
		hash = hash_of("1");
		_exit(write(fds[1], &hash, sizeof hash) != sizeof hash);
	}
	close(fds[1]);
	if (read(fds[0], &hash, sizeof hash) != sizeof hash)
		tap_bail_out("a process made no hash");
	close(fds[0]);
	waitpid(pid, NULL, 0);
	return hash;
}

/* Else a caller could choose values that are taken for equal. */
static void
check_key(void)
{
	tap_ok(hash_of_another_process() != hash_of_another_process(),
	    "a hash of one process says nothing of another's");
}

static void
check_hashes(void)
{
	size_t i, levels;

	for (i = 0; i < sizeof pairs / sizeof *pairs; i++)
		tap_is_int(hash_of(pairs[i].a) == hash_of(pairs[i].b),
		    pairs[i].equal, "%s and %s %s", pairs[i].a, pairs[i].b,
		    pairs[i].equal ? "are equal" : "differ");
	for (levels = JSON_SCAN_HASH_DEPTH - 2;
	    levels < JSON_SCAN_HASH_DEPTH + 3; levels++) {
		tap_ok(hash_of(nested(levels, "1")) !=
		    hash_of(nested(levels, "2")),
		    "what differs %zu levels deep differs", levels);
		tap_ok(hash_of(nested(levels, "{}")) ==
		    hash_of(nested(levels, "{}")),
		    "what is equal %zu levels deep is equal", levels);
		tap_ok(hash_of(nested(levels, "1")) !=
		    hash_of(nested(levels + 1, "1")),
		    "%zu levels differ from one more", levels);
		tap_ok(hash_of(nested(levels, "1")) ==
		    hash_of(fixture_format(" %s", nested(levels, "1"))),
		    "white space before %zu levels is no difference", levels);
		tap_ok(hash_of(nested(levels, "1,[[]]")) !=
		    hash_of(nested(levels, "2,[[]]")),
		    "what differs beside another value %zu levels deep differs",
		    levels);
	}
}

/* --- brackets of both kinds ---------------------------------------------- */

enum {
	MIXED_LEVELS = 3 * JSON_SCAN_HASH_DEPTH
};

/* Brackets that open and close, the `wrong`-th of the latter of the other kind;
 * which are of which kind repeats after no power of two. */
static const char *
mixed(size_t wrong)
{
	static char text[MIXED_LEVELS * 6 + 2];
	size_t size = 0, i;

	for (i = 0; i < MIXED_LEVELS; i++)
		size += (size_t)sprintf(text + size, "%s",
		    i % 5 % 2 == 0 ? "{\"a\":" : "[");
	text[size++] = '1';
	while (i-- > 0)
		text[size++] = (i % 5 % 2 == 0) != (i == wrong) ? '}' : ']';
	text[size] = '\0';
	return text;
}

static void
check_mixed(void)
{
	struct json_scan_value value;
	struct json_scan end;
	size_t i;

	tap_ok(scan(mixed(MIXED_LEVELS), true, &value, &end),
	    "brackets of both kinds may stand in each other");
	for (i = 0; i < MIXED_LEVELS; i++)
		tap_ok(!scan(mixed(i), true, &value, &end),
		    "the %zu. must be closed by its own kind", i + 1);
}

int
main(void)
{
	check_key();
	check_rows();
	check_mistakes();
	check_deep("[", "]", 64);
	check_deep("[", "]", 128);
	check_deep("[", "]", 129);
	check_deep("[", "]", 300000);
	check_deep("{\"a\":", "}", 300000);
	check_hashes();
	check_mixed();
	return tap_done();
}
