/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_XMALLOC_H
#define BASE_XMALLOC_H

#include <stddef.h>

/* These never return NULL: out of memory ends the process. */
void *xmalloc(size_t size);

/* Zeroed memory for `count` elements of `size` bytes; an overflow is fatal. */
void *xcalloc(size_t count, size_t size);

void *xreallocarray(void *memory, size_t count, size_t size);
char *xstrdup(const char *text);

/* A string of the format, which the caller frees. */
char *xasprintf(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/*
 * Returns freed memory, which the C library keeps, to the system, so that a
 * peak does not last until the process ends.  Takes milliseconds if there is
 * much.
 */
void xmalloc_trim(void);

#endif
