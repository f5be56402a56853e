/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "base/json-scan.h"

/*
 * JSON from outside becomes a tree of json-c, whose own parser takes much that
 * RFC 8259 does not: comments, single quotes, NaN, "1.", raw control
 * characters, overlong UTF-8, text behind a NUL byte.
 */
enum json_text_limits {
	JSON_TEXT_DEPTH_MAX = 32,
	/* A value costs memory that its text does not show: "{}" some 500
	 * bytes. */
	JSON_TEXT_VALUES_MAX = 50000,
	JSON_TEXT_REASON_SIZE = 96
};

/*
 * The value that a provider's reply holds, which the caller puts; NULL with a
 * reason in words.  A NUL byte must follow the text.  null alone is refused,
 * and so is a member's name with U+0000, which json-c cannot hold.
 */
struct json_object *json_text_parse(const char *text, size_t size,
    char reason[JSON_TEXT_REASON_SIZE]);

/*
 * The value at which a scanner is, and which json_scan_value has passed
 * before; the caller puts it.  Members whose name holds U+0000 are left out.
 * It takes stack for each level of nesting.
 */
struct json_object *json_text_build(struct json_scan *scan);

/* False with a reason if the text is not UTF-8. */
bool json_text_is_utf8(const char *text, size_t size,
    char reason[JSON_TEXT_REASON_SIZE]);

/* The reason for which a scanner has stopped. */
void json_text_explain(const struct json_scan *scan,
    char reason[JSON_TEXT_REASON_SIZE]);

/* A string member of an object, or NULL if it is none or holds NULs. */
const char *json_text_member(struct json_object *object, const char *name);

/* The length of a string value in Unicode characters. */
size_t json_text_length(struct json_object *string);

#endif
