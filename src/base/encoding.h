/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ENCODING_H
#define BASE_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Bytes as text: hexadecimal, Base64 (RFC 4648), fields of forms, and UUIDs
 * (RFC 9562). */
enum encoding_sizes {
	ENCODING_UUID_SIZE = 37		/* with the NUL */
};

/* `hex` takes 2 * size lower-case digits and a NUL. */
void encoding_write_hex(const unsigned char *data, size_t size, char *hex);

/* Base64url without padding.  False, with nothing added, if it does not fit. */
bool encoding_append_base64url(struct buf *buf, const void *data, size_t size);

/*
 * Decodes Base64 or Base64url, with or without padding, into at most `size`
 * bytes; returns their number, or -1 if it is longer, or not what an encoder
 * writes.
 */
long encoding_read_base64(const char *text, size_t length,
    unsigned char *data, size_t size);

/* As application/x-www-form-urlencoded has the value of a field. */
void encoding_append_form(struct buf *buf, const char *text);

/* A random UUID (version 4) in lower case.  A process that forks would make the
 * same ones in both halves. */
void encoding_make_uuid(char uuid[ENCODING_UUID_SIZE]);

#endif
