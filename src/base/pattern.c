/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pattern.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

/* A part of a pattern: any number of characters, or one of a set. */
struct pattern_part {
	bool any_number;
	bool literal;
	bool set[UCHAR_MAX + 1];
};

struct pattern {
	struct pattern_part *parts;
	size_t count;
};

bool
pattern_has_wildcards(const char *text)
{
	return strpbrk(text, "*?[") != NULL;
}

bool
pattern_matches(const char *pattern, const char *id)
{
	return strlen(id) < PATTERN_SIZE &&
	    fnmatch(pattern, id, FNM_NOESCAPE) == 0;
}

/* The length of the bracket expression that a text begins with, or 0. */
static size_t
pattern_bracket_length(const char *text)
{
	const char *end = text + 1;

	end += strchr("!^", *end) != NULL && *end != '\0';
	end += *end == ']';
	for (; *end != '\0' && *end != ']'; end++) {
		if (end[0] == '[' && end[1] != '\0' &&
		    strchr(":.=", end[1]) != NULL) {
			const char close[] = { end[1], ']', '\0' };

			if ((end = strstr(end + 2, close)) == NULL)
				return 0;
			end++;
		}
	}
	return *end == ']' ? (size_t)(end - text) + 1 : 0;
}

/* Reads one part from a text and returns its length. */
static size_t
pattern_read_part(const char *text, struct pattern_part *part)
{
	size_t length = *text == '[' ? pattern_bracket_length(text) : 1;
	char one[PATTERN_SIZE] = "", character[2] = "";
	unsigned int i;

	part->any_number = *text == '*';
	part->literal = length == 0 || strchr("*?[", *text) == NULL;
	if (length == 0)
		length = 1;
	memcpy(one, text, length);
	for (i = 1; i <= UCHAR_MAX; i++) {
		character[0] = (char)i;
		part->set[i] = part->literal ? one[0] == character[0] :
		    fnmatch(one, character, FNM_NOESCAPE) == 0;
	}
	return length;
}

/* A pattern that is too long has no parts. */
static void
pattern_read(struct pattern *pattern, const char *text)
{
	size_t size = strlen(text);

	pattern->count = 0;
	pattern->parts = xcalloc(size + 1, sizeof *pattern->parts);
	while (*text != '\0' && size < PATTERN_SIZE)
		text += pattern_read_part(text,
		    &pattern->parts[pattern->count++]);
}

size_t
pattern_literals(const char *text)
{
	struct pattern pattern;
	size_t i, literals = 0;

	pattern_read(&pattern, text);
	for (i = 0; i < pattern.count; i++)
		literals += pattern.parts[i].literal;
	free(pattern.parts);
	return literals;
}

static bool
pattern_parts_meet(const struct pattern_part *one,
    const struct pattern_part *other)
{
	unsigned int i = 1;

	while (i <= UCHAR_MAX && !(one->set[i] && other->set[i]))
		i++;
	return i <= UCHAR_MAX;
}

/*
 * Walks through both at once: a place is reached if some text leads both
 * patterns there.  They overlap if the place after the last part of both is.
 */
static bool
pattern_walk(const struct pattern *one, const struct pattern *other)
{
	size_t width = other->count + 1, i, j;
	bool *reached = xcalloc((one->count + 1) * width, sizeof *reached);
	bool overlaps;

	reached[0] = true;
	for (i = 0; i <= one->count; i++) {
		for (j = 0; j <= other->count; j++) {
			const struct pattern_part *a = &one->parts[i];
			const struct pattern_part *b = &other->parts[j];
			bool *place = &reached[i * width + j];

			if (!*place)
				continue;
			/* It ends, or matches what the other one matches. */
			if (i < one->count && (a->any_number ||
			    (j < other->count && b->any_number)))
				place[width] = true;
			if (j < other->count && (b->any_number ||
			    (i < one->count && a->any_number)))
				place[1] = true;
			if (i < one->count && j < other->count &&
			    pattern_parts_meet(a, b))
				place[width + 1] = true;
		}
	}
	overlaps = reached[one->count * width + other->count];
	free(reached);
	return overlaps;
}

bool
pattern_overlaps(const char *one, const char *other)
{
	struct pattern a, b;
	bool overlaps;

	pattern_read(&a, one);
	pattern_read(&b, other);
	overlaps = pattern_walk(&a, &b);
	free(a.parts);
	free(b.parts);
	return overlaps;
}
