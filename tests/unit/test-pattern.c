/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pattern.h"

#include "fixture.h"
#include "tap.h"

/* --- matching ------------------------------------------------------------ */

static const struct {
	const char *pattern;
	const char *app_id;
	bool matches;
} patterns[] = {
	{ "a", "a", true },
	{ "a", "b", false },
	{ "a", "A", false },
	{ "a", "ab", false },
	{ "a", "", false },
	{ "*", "", true },
	{ "*", "de.gematik.erezept.ios", true },
	{ "*", "a/b", true },
	{ "*", ".hidden", true },
	{ "de.gematik.*", "de.gematik.erezept.ios.apns", true },
	{ "de.gematik.*", "de.gematik.", true },
	{ "de.gematik.*", "de.gematik", false },
	{ "de.gematik.*", "xde.gematik.a", false },
	{ "de.*.ios", "de.gematik.erezept.ios", true },
	{ "de.*.ios", "de.gematik.erezept.ios.dev", false },
	{ "*.ios", "de.gematik.ios", true },
	{ "a?c", "abc", true },
	{ "a?c", "ac", false },
	{ "a?c", "a.c", true },
	{ "a?c", "a/c", true },
	{ "a[bc]d", "abd", true },
	{ "a[bc]d", "aed", false },
	{ "a[!bc]d", "aed", true },
	{ "a[!]b]d", "aed", true },
	{ "a[!]b]d", "a]d", false },
	{ "a[\xff]", "a\xff", true },
	{ "a[0-9]", "a7", true },
	{ "a[", "a[", true },
	{ "a\\b", "a\\b", true },
	{ "a\\*", "a\\bc", true },
	{ "a.c", "abc", false },
	{ "a+", "aa", false },
	{ "(a)", "a", false },
};

static void
check_patterns(void)
{
	size_t i;

	for (i = 0; i < sizeof patterns / sizeof *patterns; i++)
		tap_is_int(pattern_matches(patterns[i].pattern,
		    patterns[i].app_id), patterns[i].matches,
		    "\"%s\" %s \"%s\"", patterns[i].pattern,
		    patterns[i].matches ? "matches" : "does not match",
		    patterns[i].app_id);
	tap_ok(pattern_matches("*", fixture_repeat("a",
	    PATTERN_SIZE - 1)), "an app_id of 255 bytes matches");
	tap_ok(!pattern_matches("*", fixture_repeat("a", PATTERN_SIZE)),
	    "an app_id of 256 bytes matches nothing");
	tap_ok(!pattern_matches("*a*a*a*a*a*a*b",
	    fixture_repeat("a", 1000000)),
	    "an app_id of a million bytes matches nothing");
}

/* --- specificity --------------------------------------------------------- */

static const struct {
	const char *pattern;
	size_t literals;
} literals[] = {
	{ "", 0 },
	{ "*", 0 },
	{ "abc", 3 },
	{ "a*c?", 2 },
	{ "a[bcd]e", 2 },
	{ "a[]b]c", 2 },
	{ "a[!]b]c", 2 },
	{ "a[^]b]c", 2 },
	{ "a[[.x.]y]c", 2 },
	{ "a[![:digit:]]c", 2 },
	{ "a[bc", 4 },
	{ "a[[:digit:]c", 3 },
	{ "a]b", 3 },
};

static void
check_literals(void)
{
	size_t i;

	for (i = 0; i < sizeof literals / sizeof *literals; i++)
		tap_is_int((long)pattern_literals(literals[i].pattern),
		    (long)literals[i].literals, "\"%s\" names %zu characters",
		    literals[i].pattern, literals[i].literals);
}

/* --- overlaps ------------------------------------------------------------ */

static const struct {
	const char *one;
	const char *other;
	bool overlaps;
} overlaps[] = {
	{ "*", "*", true },
	{ "", "*", true },
	{ "", "?", false },
	{ "a", "a", true },
	{ "a", "b", false },
	{ "a*", "*b", true },
	{ "a*", "b*", false },
	{ "*a", "*b", false },
	{ "a*b", "a*c", false },
	{ "a*c", "ab*", true },
	{ "de.a.*", "de.*.a", true },
	{ "de.a.*", "de.b.*", false },
	{ "x.*.ios", "*.y.ios", true },
	{ "?", "*", true },
	{ "??", "?", false },
	{ "??*", "*?", true },
	{ "a?", "?b", true },
	{ "a?", "b?", false },
	{ "[abc]", "[cde]", true },
	{ "[abc]", "[def]", false },
	{ "[!a]", "a", false },
	{ "[!a]", "[!b]", true },
	{ "[a-f]*", "e*", true },
	{ "[[:digit:]]", "[a-z]", false },
	{ "[[:digit:]]", "[0-9a]", true },
	{ "[", "[", true },
	{ "[", "?", true },
	{ "[]]", "]", true },
	{ "*a*b*", "*b*a*", true },
	{ "a\xc3\xa4*", "*\xc3\xa4z", true },
};

static void
check_overlaps(void)
{
	size_t i;

	for (i = 0; i < sizeof overlaps / sizeof *overlaps; i++) {
		tap_is_int(pattern_overlaps(overlaps[i].one,
		    overlaps[i].other), overlaps[i].overlaps,
		    "\"%s\" and \"%s\" %s", overlaps[i].one,
		    overlaps[i].other, overlaps[i].overlaps ? "overlap" :
		    "have nothing in common");
		tap_is_int(pattern_overlaps(overlaps[i].other,
		    overlaps[i].one), overlaps[i].overlaps,
		    "and the other way round");
	}
	tap_ok(pattern_overlaps(fixture_repeat("*", PATTERN_SIZE - 1),
	    "a"), "255 stars overlap with anything");
}

int
main(void)
{
	check_patterns();
	check_literals();
	check_overlaps();
	return tap_done();
}
