/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_MATRIX_TEXT_H
#define PROVIDER_MATRIX_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

/*
 * Texts that are cut so that they fit.  Lengths are bytes, of UTF-8 as it is
 * or as JSON writes it; a text is cut between characters, and "…" stands for
 * what is missing.  The time is linear in the length.
 */
enum matrix_text_form {
	MATRIX_TEXT_PLAIN,
	MATRIX_TEXT_JSON	/* with its escapes, without the quotes */
};

/* How long a text is in that form. */
size_t matrix_text_length(const char *text, size_t size,
    enum matrix_text_form form);

/* A new string of at most `limit` bytes in that form; the caller puts it. */
struct json_object *matrix_text_cut(const char *text, size_t size,
    size_t limit, enum matrix_text_form form);

/*
 * The limit for each of `count` texts of these lengths with which all of them
 * together take no more than `room` bytes: short ones stay whole, long ones
 * are cut to the same length.
 */
size_t matrix_text_share(const size_t *lengths, size_t count, size_t room);

#endif
