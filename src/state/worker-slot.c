/* SPDX-License-Identifier: Apache-2.0 */
#include "state/worker-slot.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "state/directory.h"

#define WORKER_SLOT_FILE "workers"

struct worker_slot {
	int fd;			/* it holds the lock */
	unsigned int number;
};

/* Each open file has locks of its own: closing another one ends none. */
static bool
worker_slot_lock(int fd, unsigned int number, int command, short *type)
{
	struct flock lock = {
		.l_type = *type,
		.l_whence = SEEK_SET,
		.l_start = (off_t)number,
		.l_len = 1
	};
	bool done = fcntl(fd, command, &lock) == 0;

	*type = lock.l_type;
	return done;
}

static int
worker_slot_open(const char *path)
{
	struct error error;
	int directory = state_directory_open(path, &error), fd = -1;

	if (directory != -1) {
		fd = state_lock_open(directory, WORKER_SLOT_FILE);
		close(directory);
	}
	return fd;
}

struct worker_slot *
worker_slot_take(const char *directory)
{
	struct worker_slot *slot = NULL;
	int fd = worker_slot_open(directory);
	unsigned int number = 0;
	short type = F_WRLCK;

	while (fd != -1 && number < WORKER_SLOT_MAX &&
	    !worker_slot_lock(fd, number, F_OFD_SETLK, &type))
		number++;
	if (fd != -1 && number < WORKER_SLOT_MAX) {
		slot = xcalloc(1, sizeof *slot);
		slot->number = number;
		slot->fd = fd;
	} else if (fd != -1)
		close(fd);
	return slot;
}

void
worker_slot_release(struct worker_slot *slot)
{
	if (slot == NULL)
		return;
	close(slot->fd);
	free(slot);
}

unsigned int
worker_slot_number(const struct worker_slot *slot)
{
	return slot->number;
}

void
worker_slot_look(const char *directory, bool living[WORKER_SLOT_MAX])
{
	char *path = xasprintf("%s/" WORKER_SLOT_FILE, directory);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	unsigned int i;
	short type;

	for (i = 0; i < WORKER_SLOT_MAX; i++) {
		type = F_WRLCK;
		living[i] = fd != -1 &&
		    worker_slot_lock(fd, i, F_OFD_GETLK, &type) &&
		    type != F_UNLCK;
	}
	if (fd != -1)
		close(fd);
	free(path);
}
