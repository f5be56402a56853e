/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A string with a limit.  It is always NUL-terminated once something was
 * added, may hold NUL bytes, and drops the addition that would go over its
 * limit and all after it (`overrun` is then true).
 */
struct text {
	char *data;		/* NULL while nothing was added */
	size_t length;
	size_t size;
	size_t limit;
	bool overrun;
};

/* An empty text which never grows over `limit` bytes; owns nothing yet. */
void
text_init(struct text *text, size_t limit);

/* Frees the content; the text is empty again and may be used. */
void
text_clear(struct text *text);

void
text_add(struct text *text, const void *data, size_t length);

void
text_add_string(struct text *text, const char *string);

void
text_add_format(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The content as a C string, never NULL; valid until the next addition. */
const char *
text_string(const struct text *text);

/* Memory or death: these never return NULL.  The caller frees. */
void *
memory_new(size_t size);

char *
memory_copy_string(const char *string);

/* Copies with truncation; `size` is at least 1, the copy ends in NUL. */
void
string_copy(char *to, size_t size, const char *from);

#endif
