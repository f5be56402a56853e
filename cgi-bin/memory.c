/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory as this program wants it of every library.  These functions stand in
 * front of glibc's of the same names.
 *
 * - What is freed is overwritten: nothing of a notification may outlive its
 *   answer, and its texts pass through json-c, libcurl and OpenSSL, which do
 *   not know that.  (M_PERTURB of glibc leaves out the small pieces, which are
 *   most.)
 * - Out of memory is fatal, as it is in base/xmalloc: a library that only
 *   returns NULL would have us send or tell half of a message.
 */
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit-status.h"
#include "base/log.h"

#if !defined(__SANITIZE_ADDRESS__) && defined(__GLIBC__)

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void __libc_free(void *memory);

/* Not exit: another thread, or a library's lock, may be anywhere. */
static void
memory_is_out(size_t size)
{
	static bool said;

	/* The log may want memory, too. */
	if (!__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
		log_error("fatal: out of memory for %zu bytes", size);
	_exit(EXIT_STATUS_SOFTWARE);
}

void *
malloc(size_t size)
{
	void *memory = __libc_malloc(size);

	if (memory == NULL)
		memory_is_out(size);
	return memory;
}

void *
calloc(size_t count, size_t size)
{
	void *memory = __libc_calloc(count, size);

	if (memory == NULL)
		memory_is_out(size);
	return memory;
}

void
free(void *memory)
{
	if (memory != NULL)
		explicit_bzero(memory, malloc_usable_size(memory));
	__libc_free(memory);
}

/* glibc's own would leave a copy behind where it moves. */
void *
realloc(void *memory, size_t size)
{
	size_t old = memory == NULL ? 0 : malloc_usable_size(memory);
	void *moved;

	if (memory != NULL && size == 0) {
		free(memory);
		return NULL;
	}
	if (memory != NULL && size <= old && size >= old / 2)
		return memory;
	moved = malloc(size);
	if (memory != NULL) {
		memcpy(moved, memory, old < size ? old : size);
		free(memory);
	}
	return moved;
}

#endif
