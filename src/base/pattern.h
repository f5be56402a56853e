/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Patterns of app_ids, as fnmatch(3) reads them: * is any number of any
 * characters (dots too), ? is one, [a-z] and [!a-z] are one of some.  There
 * is no escape character.
 */
enum pattern_limits {
	PATTERN_SIZE = 256	/* longer ids, or patterns, match nothing */
};

/* False if it is a plain name. */
bool pattern_has_wildcards(const char *text);

/* True if it matches the whole id. */
bool pattern_matches(const char *pattern, const char *id);

/* The number of literal characters: the more, the more specific. */
size_t pattern_literals(const char *pattern);

/* True if there is an id that both match. */
bool pattern_overlaps(const char *one, const char *other);

#endif
