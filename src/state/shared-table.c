/* SPDX-License-Identifier: Apache-2.0 */
#include "state/shared-table.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "state/directory.h"

enum {
	/* Maximum probe distance. */
	SHARED_TABLE_PROBES = 64,
	SHARED_TABLE_FIND_PATIENCE_MS = 10,
	SHARED_TABLE_OPEN_PATIENCE_MS = 1000
};

#define SHARED_TABLE_FILE "metrics"
#define SHARED_TABLE_MAGIC "push-gateway metrics\n"

/* The file. */
struct shared_table_file {
	char magic[sizeof SHARED_TABLE_MAGIC - 1];
	uint64_t layout;
	struct shared_row rows[SHARED_TABLE_MAX];
};

static_assert(ATOMIC_LLONG_LOCK_FREE == 2,
    "only an atomic without a lock can be shared by processes");

struct shared_table {
	struct shared_table_file *file;
	bool is_mapped;
	int lock_fd;		/* -1: nobody else writes */
	int patience_ms;	/* 0 after a timeout, until the lock is free */
};

/* --- the file ------------------------------------------------------------ */

static bool
shared_table_lock(int fd, int patience_ms)
{
	bool locked;

	while (!(locked = flock(fd, LOCK_EX | LOCK_NB) == 0) &&
	    errno == EWOULDBLOCK && patience_ms-- > 0)
		poll(NULL, 0, 1);
	return locked;
}

/* NULL if it is not a file of that layout, whole. */
static struct shared_table_file *
shared_table_map(int fd, const struct stat *st, int protection, uint64_t layout)
{
	struct shared_table_file *file;

	if (!S_ISREG(st->st_mode) || st->st_size != sizeof *file)
		return NULL;
	file = mmap(NULL, sizeof *file, protection, MAP_SHARED, fd, 0);
	if (file == MAP_FAILED)
		return NULL;
	if (memcmp(file->magic, SHARED_TABLE_MAGIC, sizeof file->magic) != 0 ||
	    file->layout != layout) {
		munmap(file, sizeof *file);
		return NULL;
	}
	return file;
}

static struct shared_table_file *
shared_table_file_open(int directory, uint64_t layout)
{
	struct shared_table_file *file = NULL;
	struct stat st;
	int fd = openat(directory, SHARED_TABLE_FILE,
	    O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd != -1 && fstat(fd, &st) == 0 && state_file_is_private(&st))
		file =
		    shared_table_map(fd, &st, PROT_READ | PROT_WRITE, layout);
	if (fd != -1)
		close(fd);
	return file;
}

/*
 * A file is replaced, never truncated or overwritten: processes have it
 * mapped.  All of its blocks are allocated, or a full disk would kill by
 * SIGBUS.
 */
static bool
shared_table_file_replace(int directory, uint64_t layout)
{
	const char *temporary = SHARED_TABLE_FILE ".new";
	struct shared_table_file *file = xcalloc(1, sizeof *file);
	int fd = state_file_create(directory, temporary);
	bool written;
	int why;

	memcpy(file->magic, SHARED_TABLE_MAGIC, sizeof file->magic);
	file->layout = layout;
	written = fd != -1 &&
	    (errno = posix_fallocate(fd, 0, sizeof *file)) == 0 &&
	    write(fd, file, offsetof(struct shared_table_file, rows)) ==
	    offsetof(struct shared_table_file, rows) &&
	    renameat(directory, temporary, directory, SHARED_TABLE_FILE) == 0;
	why = errno;
	if (fd != -1)
		close(fd);
	if (fd != -1 && !written)
		unlinkat(directory, temporary, 0);
	free(file);
	errno = why;
	return written;
}

/* The file of all workers, or NULL with an error; the lock is held. */
static struct shared_table_file *
shared_table_share(int directory, uint64_t layout, struct error *error)
{
	struct shared_table_file *file = NULL;
	struct stat st;
	bool exists = fstatat(directory, SHARED_TABLE_FILE, &st,
	    AT_SYMLINK_NOFOLLOW) == 0;

	if (exists && st.st_uid != geteuid())
		error_set(error, "it belongs to user %ld", (long)st.st_uid);
	else if ((file = shared_table_file_open(directory, layout)) == NULL) {
		if (exists)
			log_warn("metrics reset: their file is damaged or from "
			    "another version");
		if (shared_table_file_replace(directory, layout))
			file = shared_table_file_open(directory, layout);
		if (file == NULL)
			error_set(error, "%s", strerror(errno));
	}
	return file;
}

struct shared_table *
shared_table_open(const char *directory, uint64_t layout)
{
	struct shared_table *table = xcalloc(1, sizeof *table);
	struct error error;
	int fd = state_directory_open(directory, &error), lock_fd = -1;

	table->lock_fd = -1;
	table->patience_ms = SHARED_TABLE_FIND_PATIENCE_MS;
	if (fd != -1) {
		lock_fd = state_lock_open(fd, SHARED_TABLE_FILE ".lock");
		if (lock_fd == -1 ||
		    !shared_table_lock(lock_fd, SHARED_TABLE_OPEN_PATIENCE_MS))
			error_set(&error, "cannot lock it: %s",
			    strerror(errno));
		else
			table->file = shared_table_share(fd, layout, &error);
		if (lock_fd != -1)
			flock(lock_fd, LOCK_UN);
		close(fd);
	}
	if (table->file != NULL) {
		table->is_mapped = true;
		table->lock_fd = lock_fd;
	} else {
		log_error("%s/" SHARED_TABLE_FILE " cannot be shared, so this "
		    "worker counts for itself: %s", directory, error.words);
		table->file = xcalloc(1, sizeof *table->file);
		if (lock_fd != -1)
			close(lock_fd);
	}
	return table;
}

struct shared_table *
shared_table_read(const char *directory, uint64_t layout, struct error *error)
{
	struct shared_table *table = NULL;
	char *path = xasprintf("%s/" SHARED_TABLE_FILE, directory);
	struct stat st;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1 && errno != ENOENT)
		error_set(error, "cannot read %s: %s", path, strerror(errno));
	else {
		table = xcalloc(1, sizeof *table);
		table->lock_fd = -1;
		if (fd != -1 && fstat(fd, &st) == 0)
			table->file =
			    shared_table_map(fd, &st, PROT_READ, layout);
		table->is_mapped = table->file != NULL;
		if (!table->is_mapped)
			table->file = xcalloc(1, sizeof *table->file);
	}
	if (fd != -1)
		close(fd);
	free(path);
	return table;
}

void
shared_table_close(struct shared_table *table)
{
	if (table == NULL)
		return;
	if (table->is_mapped)
		munmap(table->file, sizeof *table->file);
	else
		free(table->file);
	if (table->lock_fd != -1)
		close(table->lock_fd);
	free(table);
}

/* --- the rows ------------------------------------------------------------ */

/*
 * The row, or NULL; then `room` is a free place for it, or NULL.  Rows are
 * never removed, so it cannot stand after a free place.
 */
static struct shared_row *
shared_table_look(struct shared_table *table, uint64_t hash, uint16_t kind,
    const char *text, size_t size, struct shared_row **room)
{
	struct shared_row *row;
	uint64_t found;
	size_t i;

	*room = NULL;
	for (i = 0; i < SHARED_TABLE_PROBES; i++) {
		row = &table->file->rows[(hash + i) % SHARED_TABLE_MAX];
		found = atomic_load_explicit(&row->hash, memory_order_acquire);
		if (found == 0) {
			*room = row;
			return NULL;
		}
		if (found == hash && row->kind == kind && row->size == size &&
		    memcmp(row->text, text, size) == 0)
			return row;
	}
	return NULL;
}

struct shared_row *
shared_table_find(struct shared_table *table, uint16_t kind, const char *text,
    size_t size)
{
	uint64_t hash = hash_add(HASH_START + kind, text, size);
	struct shared_row *row, *room;

	assert(size <= SHARED_TABLE_TEXT_SIZE);
	if (hash == 0)
		hash = 1;
	row = shared_table_look(table, hash, kind, text, size, &room);
	if (room == NULL)
		return row;
	if (table->lock_fd != -1 &&
	    !shared_table_lock(table->lock_fd, table->patience_ms)) {
		table->patience_ms = 0;
		return NULL;
	}
	table->patience_ms = SHARED_TABLE_FIND_PATIENCE_MS;
	/* Another worker may have made it meanwhile. */
	row = shared_table_look(table, hash, kind, text, size, &room);
	if (room != NULL) {
		row = room;
		row->kind = kind;
		row->size = (uint16_t)size;
		memcpy(row->text, text, size);
		atomic_store_explicit(&row->hash, hash, memory_order_release);
	}
	if (table->lock_fd != -1)
		flock(table->lock_fd, LOCK_UN);
	return row;
}

struct shared_row *
shared_table_at(struct shared_table *table, size_t place)
{
	struct shared_row *row = &table->file->rows[place];

	return atomic_load_explicit(&row->hash, memory_order_acquire) != 0 &&
	    row->size <= sizeof row->text ? row : NULL;
}
