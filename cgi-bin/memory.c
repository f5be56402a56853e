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
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit-status.h"
#include "base/log.h"

/* A sanitizer has its own memory; gcc and clang say so differently. */
#ifndef __has_feature
#define __has_feature(name) 0
#endif

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && \
    !__has_feature(address_sanitizer)

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

/* What malloc gives is never smaller, and stands at multiples of eight. */
typedef uint64_t memory_block
    __attribute__((vector_size(16), aligned(8), may_alias));

static const memory_block memory_zeros = { 0, 0 };

/* Nobody reads it any more: it could be left out, were it not for this. */
#define MEMORY_IS_READ(memory) \
	__asm__ volatile("" : : "r"(memory) : "memory")

/*
 * As explicit_bzero, without its calls: each notification frees more than a
 * hundred pieces, most of them of 24 to 120 bytes.  The last block may overlap
 * the one before it.
 */
static void
memory_overwrite(void *memory)
{
	char *end = (char *)memory + malloc_usable_size(memory);
	memory_block *block = memory, *last = (memory_block *)end - 1;

	for (; block + 4 <= last; block += 4) {
		block[0] = block[1] = block[2] = block[3] = memory_zeros;
		MEMORY_IS_READ(block);
	}
	for (; block < last; block++) {
		*block = memory_zeros;
		MEMORY_IS_READ(block);
	}
	*last = memory_zeros;
	MEMORY_IS_READ(last);
}

void
free(void *memory)
{
	if (memory != NULL) {
		memory_overwrite(memory);
		__libc_free(memory);
	}
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
