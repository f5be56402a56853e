/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATE_SHARED_TABLE_H
#define STATE_SHARED_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Rows of numbers in memory that all workers of a host map: the file
 * `metrics` in the state directory.  A row is found by its kind and its text;
 * what these mean, and the numbers, is the caller's.  Rows are made, never
 * taken out.
 */
enum shared_table_limits {
	SHARED_TABLE_MAX = 4096,
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

/*
 * Never NULL: where the file cannot be shared it is logged, and the table is
 * this process' own.  `layout` tells what kinds and numbers mean; a file with
 * another one, or a damaged file, is replaced, that of another user is left
 * alone.
 */
struct shared_table *shared_table_open(const char *directory, uint64_t layout);
void shared_table_close(struct shared_table *table);

/*
 * The row of that text, which is made if it is not there.  NULL if there is
 * no room for it, or another process keeps the lock for over 10 ms: it dies
 * with its holder, and is only wanted to make a row.
 */
struct shared_row *shared_table_find(struct shared_table *table, uint16_t kind,
    const char *text, size_t size);

/*
 * The table for reading alone, for any user who may; nothing is made, no file
 * or one of another layout is an empty table.  NULL with an error if it cannot
 * be read.
 */
struct shared_table *shared_table_read(const char *directory, uint64_t layout,
    struct error *error);

/* The row at a place, up to SHARED_TABLE_MAX, or NULL. */
struct shared_row *shared_table_at(struct shared_table *table, size_t place);

#endif
