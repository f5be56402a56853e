/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file-watch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/xmalloc.h"

/* What tells one state of a file from the next; all zero if it is missing. */
struct watch_state {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec written;
	struct timespec changed;
};

struct watch_file {
	char *path;
	struct watch_state state;
};

struct watch {
	struct watch_file *files;
	size_t count;
};

static void
watch_look(const char *path, struct watch_state *state)
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

struct watch *
watch_create(void)
{
	return xcalloc(1, sizeof(struct watch));
}

void
watch_free(struct watch *watch)
{
	if (watch == NULL)
		return;
	while (watch->count > 0)
		free(watch->files[--watch->count].path);
	free(watch->files);
	free(watch);
}

void
watch_add(struct watch *watch, const char *path)
{
	struct watch_file *file;

	watch->files = xreallocarray(watch->files, watch->count + 1,
	    sizeof *watch->files);
	file = &watch->files[watch->count++];
	file->path = xstrdup(path);
	watch_look(path, &file->state);
}

bool
watch_changed(struct watch *watch)
{
	struct watch_state now;
	bool changed = false;
	size_t i;

	for (i = 0; i < watch->count; i++) {
		watch_look(watch->files[i].path, &now);
		if (memcmp(&now, &watch->files[i].state, sizeof now) != 0)
			changed = true;
		watch->files[i].state = now;
	}
	return changed;
}
