/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCODING_H
#define ENCODING_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

/*
 * Appends what `length` characters of base64url without padding stand for;
 * false if they are anything else.
 */
bool
encoding_decode_base64url(struct text *to, const char *from, size_t length);

/* Appends bytes as base64url without padding. */
void
encoding_add_base64url(struct text *to, const void *bytes, size_t length);

/* Appends the bytes of an even number of hexadecimal digits of either case. */
bool
encoding_decode_hex(struct text *to, const char *from, size_t length);

/* Appends what percent-encoding stands for; false if it is badly encoded. */
bool
encoding_decode_percent(struct text *to, const char *from, size_t length);

/*
 * Appends the decoded value of the field `name` of a body of type
 * application/x-www-form-urlencoded.  False if the field is missing, there
 * twice or badly encoded; then nothing of worth is in `to`.
 */
bool
encoding_decode_form_field(struct text *to, const char *form,
    const char *name);

/* True if there is at least one byte and all are printable ASCII. */
bool
encoding_is_printable(const struct text *text);

/* True if the bytes are UTF-8. */
bool
encoding_is_utf8(const struct text *text);

/* True for a lower-case UUID in the form 8-4-4-4-12. */
bool
encoding_is_uuid(const char *string);

/* Writes a random UUID (36 characters and a NUL). */
void
encoding_make_uuid(char uuid[37]);

#endif
