/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_JSON_WRITE_H
#define BASE_JSON_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"

/*
 * Writes compact JSON into a buffer, without a tree of it: the same bytes as
 * json-c's of such a tree, with slashes as they are.  Whether all of it fitted,
 * the buffer says.
 *
 * Brackets and words are appended by their caller (buf_append_text); what is
 * written here puts the comma that it needs in front: a name unless it is its
 * object's first, an element likewise.
 */

/* A member's name, and the colon. */
void json_write_name(struct buf *buf, const char *name);

/* The comma in front of an element of an array. */
void json_write_element(struct buf *buf);

/* A string, in quotes. */
void json_write_string(struct buf *buf, const char *text, size_t size);
void json_write_text(struct buf *buf, const char *text);

void json_write_integer(struct buf *buf, int64_t integer);

/* Any value of json-c's; NULL is null. */
void json_write_value(struct buf *buf, struct json_object *value);

#endif
