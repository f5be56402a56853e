/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json-position.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

/* A reader of text that is known to be well-formed; it never runs over. */
struct json_position_scan {
	const char *text;
	size_t size;
	size_t at;
};

struct json_position
json_position_of_offset(const char *text, size_t size, size_t offset)
{
	struct json_position position = { .line = 1, .column = 1 };
	size_t i;

	for (i = 0; i < offset && i < size; i++) {
		position.column++;
		if (text[i] == '\n') {
			position.line++;
			position.column = 1;
		}
	}
	return position;
}

size_t
json_position_skip_space(const char *text, size_t size, size_t offset)
{
	/* A byte order mark, as editors of Windows write it. */
	if (offset == 0 && size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		offset = 3;
	while (offset < size) {
		const char *end = NULL;

		if (text[offset] != '\0' &&
		    strchr(" \t\r\n", text[offset]) != NULL) {
			offset++;
			continue;
		}
		if (text[offset] != '/' || offset + 1 == size)
			break;
		if (text[offset + 1] == '/')
			end = memchr(text + offset, '\n', size - offset);
		else if (text[offset + 1] == '*') {
			end = memmem(text + offset + 2, size - offset - 2,
			    "*/", 2);
			if (end != NULL)
				end++;
		} else
			break;
		offset = end == NULL ? size : (size_t)(end - text) + 1;
	}
	return offset;
}

/* Moves over white space and returns the next byte, or NUL at the end. */
static char
json_position_peek(struct json_position_scan *scan)
{
	scan->at = json_position_skip_space(scan->text, scan->size, scan->at);
	return scan->at < scan->size ? scan->text[scan->at] : '\0';
}

static void
json_position_skip_string(struct json_position_scan *scan)
{
	char quote = scan->text[scan->at++];

	while (scan->at < scan->size && scan->text[scan->at] != quote)
		scan->at += scan->text[scan->at] == '\\' ? 2 : 1;
	if (scan->at < scan->size)
		scan->at++;
}

static void
json_position_skip_value(struct json_position_scan *scan)
{
	unsigned int depth = 0;
	char c;

	do {
		c = json_position_peek(scan);
		if (c == '"' || c == '\'')
			json_position_skip_string(scan);
		else if (c != '\0')
			scan->at++;
		if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		else if (depth == 0 && c != '"' && c != '\'') {
			/* A number or a word. */
			while (scan->at < scan->size && strchr(",]} \t\r\n/",
			    scan->text[scan->at]) == NULL)
				scan->at++;
		}
	} while (depth > 0 && c != '\0');
}

const char *
json_position_next_token(const char *pointer, char *token, size_t size)
{
	size_t used = 0;

	for (pointer++; *pointer != '\0' && *pointer != '/'; pointer++) {
		char c = *pointer;

		if (c == '~' && (pointer[1] == '0' || pointer[1] == '1'))
			c = *++pointer == '0' ? '~' : '/';
		if (used + 1 < size)
			token[used++] = c;
	}
	token[used] = '\0';
	return pointer;
}

/* Moves from a container to the value of one of its members; false if it is
 * not there.  `*found` becomes the offset at which it begins. */
static bool
json_position_enter(
    struct json_position_scan *scan, const char *token, size_t *found)
{
	bool is_object = json_position_peek(scan) == '{';
	unsigned long index = 0, wanted = strtoul(token, NULL, 10);

	if (!is_object && json_position_peek(scan) != '[')
		return false;
	scan->at++;
	for (;; index++) {
		char c = json_position_peek(scan);
		size_t start = scan->at, length = strlen(token);
		bool match = !is_object && index == wanted;

		if (c == '}' || c == ']' || c == '\0')
			return false;
		if (is_object) {
			json_position_skip_string(scan);
			match = scan->at - start == length + 2 &&
			    memcmp(scan->text + start + 1, token, length) == 0;
			if (json_position_peek(scan) == ':')
				scan->at++;
		}
		if (match) {
			*found = start;
			return true;
		}
		json_position_skip_value(scan);
		if (json_position_peek(scan) == ',')
			scan->at++;
	}
}

struct json_position
json_position_of_pointer(const char *text, size_t size, const char *pointer)
{
	struct json_position_scan scan = { .text = text, .size = size };
	char token[256];
	size_t found;

	json_position_peek(&scan);
	found = scan.at;
	while (*pointer == '/') {
		pointer =
		    json_position_next_token(pointer, token, sizeof token);
		if (!json_position_enter(&scan, token, &found))
			break;
	}
	return json_position_of_offset(text, size, found);
}

/* --- members of the same name -------------------------------------------- */

struct json_position_name {
	const char *text;	/* between the quotation marks */
	size_t size;
	size_t offset;
};

struct json_position_names {
	struct json_position_name *names;
	size_t count;
	size_t allocated;
};

struct json_position_search {
	struct json_position_scan scan;
	void (*found)(void *arg, const struct json_position_twice *twice);
	void *arg;
};

static int
json_position_compare(const void *one_arg, const void *other_arg)
{
	const struct json_position_name *one = one_arg, *other = other_arg;
	size_t size = one->size < other->size ? one->size : other->size;
	int order = memcmp(one->text, other->text, size);

	if (order == 0 && one->size != other->size)
		order = one->size < other->size ? -1 : 1;
	if (order == 0)
		order = one->offset < other->offset ? -1 : 1;
	return order;
}

static void
json_position_report(struct json_position_search *search,
    struct json_position_names *names)
{
	size_t first = 0, i;

	if (names->count > 0)
		qsort(names->names, names->count, sizeof *names->names,
		    json_position_compare);
	for (i = 1; i < names->count; i++) {
		const struct json_position_name *one = &names->names[first];
		const struct json_position_name *other = &names->names[i];

		if (one->size != other->size ||
		    memcmp(one->text, other->text, one->size) != 0) {
			first = i;
			continue;
		}
		search->found(search->arg, &(struct json_position_twice){
			.name = other->text,
			.size = other->size,
			.first = json_position_of_offset(search->scan.text,
			    search->scan.size, one->offset),
			.again = json_position_of_offset(search->scan.text,
			    search->scan.size, other->offset)
		});
	}
}

/* Reads a member's name and the colon after it. */
static void
json_position_add_name(struct json_position_scan *scan,
    struct json_position_names *names)
{
	size_t start = scan->at;

	if (names->count == names->allocated) {
		names->allocated = names->allocated * 2 + 16;
		names->names = xreallocarray(names->names, names->allocated,
		    sizeof *names->names);
	}
	json_position_skip_string(scan);
	if (scan->at >= start + 2)
		names->names[names->count++] = (struct json_position_name){
			.text = scan->text + start + 1,
			.size = scan->at - start - 2,
			.offset = start
		};
	if (json_position_peek(scan) == ':')
		scan->at++;
}

/* As deep as json-c reads, which is 32 levels. */
static void
json_position_search_value(struct json_position_search *search)
{
	struct json_position_scan *scan = &search->scan;
	struct json_position_names names = { .names = NULL };
	char open = json_position_peek(scan), c;

	if (open != '{' && open != '[') {
		json_position_skip_value(scan);
		return;
	}
	scan->at++;
	while ((c = json_position_peek(scan)) != '}' && c != ']' &&
	    c != '\0') {
		if (open == '{' && (c == '"' || c == '\''))
			json_position_add_name(scan, &names);
		json_position_search_value(search);
		if (json_position_peek(scan) == ',')
			scan->at++;
	}
	scan->at++;
	json_position_report(search, &names);
	free(names.names);
}

void
json_position_find_twice(const char *text, size_t size,
    void (*found)(void *arg, const struct json_position_twice *twice),
    void *arg)
{
	struct json_position_search search = {
		.scan = { .text = text, .size = size },
		.found = found,
		.arg = arg
	};

	json_position_search_value(&search);
}
