/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include <stddef.h>

#include <json-c/json.h>

/*
 * The one reader of JSON from outside, be it a caller's request or a
 * provider's reply: JSON as RFC 8259 says, and nothing else.  What json-c lets
 * pass beyond it (comments, single quotes, NaN, "1.", "-01", raw control
 * characters, overlong UTF-8, text behind a NUL byte, and more) is refused
 * here first.  A member's name that holds U+0000 is refused too: json-c would
 * cut it and take it for another.
 */
enum json_text_limits {
	JSON_TEXT_DEPTH_MAX = 32,
	/* A value costs memory that its text does not show: "{}" some 500
	 * bytes.  A body of 1 MiB full of devices has half as many. */
	JSON_TEXT_VALUES_MAX = 50000,
	JSON_TEXT_REASON_SIZE = 96
};

/*
 * The value that the text holds, which the caller puts; NULL with a reason
 * in words for a caller of the API.  A NUL byte must follow the text; null
 * alone is refused.
 */
struct json_object *json_text_parse(const char *text, size_t size,
    char reason[JSON_TEXT_REASON_SIZE]);

/* A string member of an object, or NULL if it is none or holds NULs. */
const char *json_text_member(struct json_object *object, const char *name);

/* The length of a string value in Unicode characters. */
size_t json_text_length(struct json_object *string);

#endif
