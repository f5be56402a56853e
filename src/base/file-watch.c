/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file-watch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/xmalloc.h"

/* What distinguishes two states of a file; all zero if it is missing. */
struct file_watch_state {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec written;
	struct timespec changed;
};

struct file_watch_file {
	char *path;
	struct file_watch_state state;
};

struct file_watch {
	struct file_watch_file *files;
	size_t count;
};

static void
file_watch_look(const char *path, struct file_watch_state *state)
{
	struct stat st;

	/* Zeroed with its padding: states are compared as bytes. */
	memset(state, 0, sizeof *state);
	if (stat(path, &st) == 0) {
		state->device = st.st_dev;
		state->inode = st.st_ino;
		state->size = st.st_size;
		state->written = st.st_mtim;
		state->changed = st.st_ctim;
	}
}

struct file_watch *
file_watch_create(void)
{
	return xcalloc(1, sizeof(struct file_watch));
}

void
file_watch_free(struct file_watch *watch)
{
	if (watch == NULL)
		return;
	while (watch->count > 0)
		free(watch->files[--watch->count].path);
	free(watch->files);
	free(watch);
}

void
file_watch_add(struct file_watch *watch, const char *path)
{
	struct file_watch_file *file;

	watch->files = xreallocarray(watch->files, watch->count + 1,
	    sizeof *watch->files);
	file = &watch->files[watch->count++];
	file->path = xstrdup(path);
	file_watch_look(path, &file->state);
}

bool
file_watch_changed(struct file_watch *watch)
{
	struct file_watch_state now;
	bool changed = false;
	size_t i;

	for (i = 0; i < watch->count; i++) {
		file_watch_look(watch->files[i].path, &now);
		if (memcmp(&now, &watch->files[i].state, sizeof now) != 0)
			changed = true;
		watch->files[i].state = now;
	}
	return changed;
}
