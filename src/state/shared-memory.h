/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATE_SHARED_MEMORY_H
#define STATE_SHARED_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Memory that all workers of a host share: a file in the state directory that
 * each of them maps.
 *
 * Whatever becomes of the file, no process dies of it: if it is truncated
 * (which else means SIGBUS) what was mapped is as if zeroed.  A file that is
 * truncated, removed or replaced is noticed within a second of use, and shared
 * again.  What others write may be rubbish: copy it, then check the copy.
 */
struct shared_memory;

struct shared_memory_params {
	const char *directory;
	const char *file;		/* its name in there */
	uint64_t layout;		/* tells what the bytes mean */
	size_t size;
};

/*
 * Never NULL: where the file cannot be shared that is logged, and the memory
 * is this process' own.  A file of another layout, or a damaged one, is
 * replaced by one of zeros; one of another user is left alone.  The params'
 * texts must outlive it.
 */
struct shared_memory *shared_memory_open(
    const struct shared_memory_params *params);

/*
 * Shared for reading alone, for any user who may; nothing is made.  No file,
 * or one of another layout, is all zeros.  NULL with an error if the file
 * cannot be read.
 */
struct shared_memory *shared_memory_open_to_read(
    const struct shared_memory_params *params, struct error *error);

void shared_memory_close(struct shared_memory *memory);

/*
 * The memory, aligned for any type; the address stays the same.  Looks after
 * the file at times: what is there may be all new afterwards.
 */
void *shared_memory_bytes(struct shared_memory *memory);

/*
 * Keeps other processes from doing the same, while it waits for up to 10 ms.
 * False if another process has had the lock for so long; it dies with its
 * holder.
 */
bool shared_memory_lock(struct shared_memory *memory);
void shared_memory_unlock(struct shared_memory *memory);

#endif
