/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATE_SHARED_TABLE_H
#define STATE_SHARED_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Rows of numbers in memory that all workers of a host share.  A row is found
 * by its kind and its text; what these mean, and the numbers, is the caller's.
 * Rows are added, never removed.
 */
enum shared_table_limits {
	SHARED_TABLE_TEXT_SIZE = 512,
	SHARED_TABLE_VALUES = 14
};

struct shared_row {
	_Atomic uint64_t hash;	/* 0: there is none; written last */
	uint16_t kind;
	uint16_t size;		/* of the text, which may hold NUL bytes */
	char text[SHARED_TABLE_TEXT_SIZE];
	_Atomic uint64_t values[SHARED_TABLE_VALUES];	/* 0 at first */
};

struct shared_table;

struct shared_table_params {
	const char *directory;
	const char *file;		/* its name in there */
	uint64_t layout;		/* tells what kinds and numbers mean */
	size_t rows;			/* there is room for so many */
};

/* As shared_memory_open: never NULL, and what is not shared is its own. */
struct shared_table *shared_table_open(
    const struct shared_table_params *params);

/* As shared_memory_open_to_read. */
struct shared_table *shared_table_open_to_read(
    const struct shared_table_params *params, struct error *error);

void shared_table_close(struct shared_table *table);

/*
 * The row of that text, which is added if it is not there; of use until the
 * next call, since all rows may be lost with their file.  NULL if there is no
 * room for it, or another process keeps the lock for over 10 ms, which is only
 * needed to add a row.
 */
struct shared_row *shared_table_find(struct shared_table *table, uint16_t kind,
    const char *text, size_t size);

/*
 * Copies the row at a place, from 0 up to the number of rows.  False if there
 * is none.  What it holds is whatever was written there, but for its size,
 * which is right.
 */
bool shared_table_copy(struct shared_table *table, size_t place,
    struct shared_row *copy);

/* The row at a place that was just copied, to change its numbers. */
struct shared_row *shared_table_at(struct shared_table *table, size_t place);

#endif
