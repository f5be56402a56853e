/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json-position.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

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

/* Copies the next reference token of the pointer, unescaped. */
static const char *
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
