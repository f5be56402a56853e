/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is freed is overwritten, by whatever library: nothing of a notification
 * may outlive its answer, and its texts pass through json-c, libcurl and
 * OpenSSL, which do not know that.  (M_PERTURB of glibc leaves out the small
 * pieces, which are most.)  These stand in front of glibc's functions of the
 * same names in this program.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#if !defined(__SANITIZE_ADDRESS__) && defined(__GLIBC__)

void __libc_free(void *memory);

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
	if (moved != NULL && memory != NULL) {
		memcpy(moved, memory, old < size ? old : size);
		free(memory);
	}
	return moved;
}

#endif
