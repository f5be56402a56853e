/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_SIZE_FIRST 256

void
text_init(struct text *text, size_t limit)
{
	memset(text, 0, sizeof *text);
	text->limit = limit;
}

void
text_clear(struct text *text)
{
	free(text->data);
	text_init(text, text->limit);
}

/* Makes room for `more` bytes and a NUL; false if the limit forbids it. */
static bool
text_grow(struct text *text, size_t more)
{
	size_t size = text->size > 0 ? text->size : TEXT_SIZE_FIRST;

	if (text->overrun || more > text->limit - text->length) {
		text->overrun = true;
		return false;
	}
	while (size < text->length + more + 1)
		size *= 2;
	if (size != text->size) {
		text->data = realloc(text->data, size);
		if (text->data == NULL)
			err(1, "out of memory");
		text->size = size;
	}
	return true;
}

void
text_add(struct text *text, const void *data, size_t length)
{
	if (text_grow(text, length)) {
		if (length > 0)
			memcpy(text->data + text->length, data, length);
		text->length += length;
		text->data[text->length] = '\0';
	}
}

void
text_add_string(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

void
text_add_format(struct text *text, const char *format, ...)
{
	va_list list;
	int length;

	va_start(list, format);
	length = vsnprintf(NULL, 0, format, list);
	va_end(list);
	if (length > 0 && text_grow(text, (size_t)length)) {
		va_start(list, format);
		vsnprintf(text->data + text->length, (size_t)length + 1,
		    format, list);
		va_end(list);
		text->length += (size_t)length;
	}
}

const char *
text_string(const struct text *text)
{
	return text->data != NULL ? text->data : "";
}

void *
memory_new(size_t size)
{
	void *memory = calloc(1, size);

	if (memory == NULL)
		err(1, "out of memory");
	return memory;
}

char *
memory_copy_string(const char *string)
{
	char *copy = strdup(string);

	if (copy == NULL)
		err(1, "out of memory");
	return copy;
}

void
string_copy(char *to, size_t size, const char *from)
{
	size_t length = strlen(from);

	if (length >= size)
		length = size - 1;
	memcpy(to, from, length);
	to[length] = '\0';
}
