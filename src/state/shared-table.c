/* SPDX-License-Identifier: Apache-2.0 */
#include "state/shared-table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xmalloc.h"
#include "state/shared-memory.h"

enum {
	SHARED_TABLE_PROBES = 64	/* the maximum probe distance */
};

static_assert(ATOMIC_LLONG_LOCK_FREE == 2,
    "only an atomic without a lock can be shared by processes");

struct shared_table {
	struct shared_memory *memory;
	size_t rows;
};

static struct shared_memory_params
shared_table_memory(const struct shared_table_params *params)
{
	return (struct shared_memory_params){
		.directory = params->directory,
		.file = params->file,
		.layout = params->layout,
		.size = params->rows * sizeof(struct shared_row)
	};
}

static struct shared_table *
shared_table_create(struct shared_memory *memory, size_t rows)
{
	struct shared_table *table = xcalloc(1, sizeof *table);

	table->memory = memory;
	table->rows = rows;
	return table;
}

struct shared_table *
shared_table_open(const struct shared_table_params *params)
{
	struct shared_memory_params memory = shared_table_memory(params);

	return shared_table_create(shared_memory_open(&memory), params->rows);
}

struct shared_table *
shared_table_open_to_read(const struct shared_table_params *params,
    struct error *error)
{
	struct shared_memory_params memory = shared_table_memory(params);
	struct shared_memory *opened = shared_memory_open_to_read(&memory,
	    error);

	return opened == NULL ? NULL :
	    shared_table_create(opened, params->rows);
}

void
shared_table_close(struct shared_table *table)
{
	if (table == NULL)
		return;
	shared_memory_close(table->memory);
	free(table);
}

/* What a row is found by. */
struct shared_table_key {
	uint64_t hash;
	uint16_t kind;
	const char *text;
	size_t size;
};

/*
 * The row, or NULL; then `room` is a free place for it, or NULL.  Rows are
 * never removed, so it cannot stand after a free place.
 */
static struct shared_row *
shared_table_look(const struct shared_table *table, struct shared_row *rows,
    const struct shared_table_key *key, struct shared_row **room)
{
	struct shared_row *row;
	uint64_t hash;
	size_t i;

	*room = NULL;
	for (i = 0; i < SHARED_TABLE_PROBES; i++) {
		row = &rows[(key->hash + i) % table->rows];
		hash = atomic_load_explicit(&row->hash, memory_order_acquire);
		if (hash == 0) {
			*room = row;
			return NULL;
		}
		if (hash == key->hash && row->kind == key->kind &&
		    row->size == key->size &&
		    memcmp(row->text, key->text, key->size) == 0)
			return row;
	}
	return NULL;
}

static struct shared_row *
shared_table_add(struct shared_row *row, const struct shared_table_key *key)
{
	row->kind = key->kind;
	row->size = (uint16_t)key->size;
	memcpy(row->text, key->text, key->size);
	atomic_store_explicit(&row->hash, key->hash, memory_order_release);
	return row;
}

struct shared_row *
shared_table_find(struct shared_table *table, uint16_t kind, const char *text,
    size_t size)
{
	struct shared_table_key key = {
		.hash = hash_add(HASH_START + kind, text, size),
		.kind = kind, .text = text, .size = size
	};
	struct shared_row *rows = shared_memory_bytes(table->memory);
	struct shared_row *row, *room;

	assert(size <= SHARED_TABLE_TEXT_SIZE);
	if (key.hash == 0)
		key.hash = 1;
	row = shared_table_look(table, rows, &key, &room);
	if (room == NULL || !shared_memory_lock(table->memory))
		return row;
	/* Another worker may have added it meanwhile. */
	row = shared_table_look(table, rows, &key, &room);
	if (room != NULL)
		row = shared_table_add(room, &key);
	shared_memory_unlock(table->memory);
	return row;
}

struct shared_row *
shared_table_at(struct shared_table *table, size_t place)
{
	return (struct shared_row *)shared_memory_bytes(table->memory) + place;
}

bool
shared_table_copy(struct shared_table *table, size_t place,
    struct shared_row *copy)
{
	const struct shared_row *row = shared_table_at(table, place);
	size_t i;

	atomic_init(&copy->hash,
	    atomic_load_explicit(&row->hash, memory_order_acquire));
	copy->kind = row->kind;
	copy->size = row->size;
	memcpy(copy->text, row->text, sizeof copy->text);
	for (i = 0; i < SHARED_TABLE_VALUES; i++)
		atomic_init(&copy->values[i], atomic_load_explicit(
		    &row->values[i], memory_order_relaxed));
	return copy->hash != 0 && copy->size <= sizeof copy->text;
}
