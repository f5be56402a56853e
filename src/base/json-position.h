/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_JSON_POSITION_H
#define BASE_JSON_POSITION_H

#include <stddef.h>

/*
 * Where something stands in the text of a configuration file: json-c says what
 * is wrong, this says in which line and column.
 */
struct json_position {
	unsigned int line;	/* from 1 */
	unsigned int column;	/* from 1, in bytes */
};

/* The position of a byte. */
struct json_position json_position_of_offset(const char *text, size_t size,
    size_t offset);

/*
 * The position of the member or element that a JSON pointer (RFC 6901) names
 * in a text that json-c has parsed: a member's name, or an element's first
 * byte.  Where the pointer leads nowhere, the last place on its way.
 */
struct json_position json_position_of_pointer(const char *text, size_t size,
    const char *pointer);

/*
 * Copies the next reference token of a pointer, which begins with a slash,
 * unescaped and cut at `size`, and returns the rest of the pointer.
 */
const char *json_position_next_token(const char *pointer, char *token,
    size_t size);

/*
 * Members of the same name in one object of such a text, of which a reader
 * gets only the last: calls `found` for each but the first, with the name's
 * size, and where it and the first of them stand.  Names are the same if they
 * are written the same.
 */
struct json_position_twice {
	const char *name;	/* not terminated */
	size_t size;
	struct json_position first;
	struct json_position again;
};

void json_position_find_twice(const char *text, size_t size,
    void (*found)(void *arg, const struct json_position_twice *twice),
    void *arg);

/* The offset of the first byte from `offset` on that is not white space, not
 * in a comment and not of a byte order mark; `size` if there is none. */
size_t json_position_skip_space(const char *text, size_t size, size_t offset);

#endif
