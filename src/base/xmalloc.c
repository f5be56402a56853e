/* SPDX-License-Identifier: Apache-2.0 */
#include "base/xmalloc.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

void *
xmalloc(size_t size)
{
	void *memory = malloc(size == 0 ? 1 : size);

	if (memory == NULL)
		fatal("cannot allocate %zu bytes", size);
	return memory;
}

void *
xcalloc(size_t count, size_t size)
{
	void *memory = calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);

	if (memory == NULL)
		fatal("cannot allocate %zu times %zu bytes", count, size);
	return memory;
}

void *
xreallocarray(void *memory, size_t count, size_t size)
{
	void *grown = reallocarray(memory, count == 0 ? 1 : count,
	    size == 0 ? 1 : size);

	if (grown == NULL)
		fatal("cannot allocate %zu times %zu bytes", count, size);
	return grown;
}

char *
xstrdup(const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		fatal("cannot copy a string");
	return copy;
}

char *
xasprintf(const char *format, ...)
{
	char *text;
	va_list ap;
	int length;

	va_start(ap, format);
	length = vasprintf(&text, format, ap);
	va_end(ap);
	if (length == -1)
		fatal("cannot allocate a string");
	return text;
}

void
xmalloc_trim(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
