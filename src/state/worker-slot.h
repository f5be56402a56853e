/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATE_WORKER_SLOT_H
#define STATE_WORKER_SLOT_H

#include <stdbool.h>

/*
 * Tells the living from the dead.  A slot is a number that nobody else has in
 * a state directory, and a lock on one byte of the file `workers` there, which
 * ends with the process, however it ends.
 */
enum worker_slot_limits {
	WORKER_SLOT_MAX = 256
};

struct worker_slot;

/* NULL where the directory cannot be used, or all slots are taken. */
struct worker_slot *worker_slot_take(const char *directory);
void worker_slot_release(struct worker_slot *slot);

/* From 0 to WORKER_SLOT_MAX - 1. */
unsigned int worker_slot_number(const struct worker_slot *slot);

/* Sets for each slot of a directory whether somebody has it; for any user who
 * may read the file. */
void worker_slot_look(const char *directory, bool living[WORKER_SLOT_MAX]);

#endif
