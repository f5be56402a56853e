/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_JSON_SCAN_H
#define BASE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * The one scanner of JSON from outside: RFC 8259 and nothing else.  It walks
 * over a text value by value and makes nothing of it, so that what nobody
 * wants costs no memory but a bit for each level of nesting, and no stack.
 *
 * Functions that return false have found what is not JSON: then `at` is where,
 * or the text's size if it ends too early.  The text must have been checked to
 * be UTF-8, and a NUL byte must follow it.
 */
struct json_scan {
	const char *text;
	size_t size;
	size_t at;
	/* How long the compact form of what was passed is: UTF-8, no white
	 * space, no escape that is not needed. */
	size_t compact;
	struct buf string;	/* the last string that was read, decoded */
};

enum {
	/* Deeper values are told apart by their text, not by their meaning. */
	JSON_SCAN_HASH_DEPTH = 128
};

/* What json_scan_value says of a value. */
struct json_scan_value {
	size_t depth;		/* levels of brackets */
	size_t count;		/* of values: it and those in it */
	bool has_nul_in_name;	/* U+0000 in a member's name */
	/*
	 * Equal for equal values: neither the order of members, white space,
	 * escapes nor the form of a number counts.  Keyed by json_scan_init,
	 * but 64 bits: who controls both values may make them collide.
	 */
	bool hashed;		/* asked for */
	uint64_t hash;
};

void json_scan_init(struct json_scan *scan, const char *text, size_t size);

/* Wipes what was read. */
void json_scan_free(struct json_scan *scan);

/* Skips white space; the character there, or '\0' at the end. */
char json_scan_peek(struct json_scan *scan);

/* The same, and takes the character if it is this one. */
bool json_scan_take(struct json_scan *scan, char character);

/* Passes a string, and reads it into `string`. */
bool json_scan_string(struct json_scan *scan);

/* Passes a member's name, which it reads into `string`, and the colon. */
bool json_scan_name(struct json_scan *scan);

/* Passes a number; `*is_integer`: neither fraction nor exponent. */
bool json_scan_number(struct json_scan *scan, bool *is_integer);

/* Passes true, false or null. */
bool json_scan_word(struct json_scan *scan);

/* Passes a value of any kind; `value` holds whether its hash is wanted. */
bool json_scan_value(struct json_scan *scan, struct json_scan_value *value);

/* True if only white space is left. */
bool json_scan_ends(struct json_scan *scan);

#endif
