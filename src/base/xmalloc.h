/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_XMALLOC_H
#define BASE_XMALLOC_H

#include <stddef.h>

/*
 * Memory or death: these never return NULL.  A worker without memory is worth
 * a restart.
 */
void *xmalloc(size_t size);

/* Zeroed memory for `count` things of `size` bytes; an overflow is fatal. */
void *xcalloc(size_t count, size_t size);

void *xreallocarray(void *memory, size_t count, size_t size);
char *xstrdup(const char *text);

/* A string of the format, which the caller frees. */
char *xasprintf(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/*
 * Gives memory that is free back to the system, where the C library keeps it:
 * a peak need not be paid for until the process ends.  Takes milliseconds if
 * there is much.
 */
void xmalloc_trim(void);

#endif
