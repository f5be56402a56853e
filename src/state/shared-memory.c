/* SPDX-License-Identifier: Apache-2.0 */
#include "state/shared-memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exit-status.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "state/directory.h"

enum {
	SHARED_MEMORY_LOCK_MS = 10,
	SHARED_MEMORY_OPEN_LOCK_MS = 1000,
	SHARED_MEMORY_LOOK_MS = 1000
};

#define SHARED_MEMORY_MAGIC "push-gateway shared\n"

/* The file begins with it, and the bytes follow. */
struct shared_memory_header {
	char magic[24];
	uint64_t layout;
};

struct shared_memory {
	struct shared_memory *next;
	struct shared_memory_params params;
	char *start;			/* of the header */
	size_t size;			/* with the header */
	bool is_shared;
	volatile sig_atomic_t is_lost;	/* set by the signal's handler */
	dev_t device;			/* of the file that is mapped */
	ino_t inode;
	int64_t looked_ms;
	int lock_fd;			/* -1: nobody else writes */
	int patience_ms;	/* 0 after a timeout, until the lock is free */
};

/* --- a file that is truncated -------------------------------------------- */

/* All that are open: the handler has nobody else to ask. */
static struct shared_memory *volatile shared_memories;

static bool
shared_memory_map_zeros(struct shared_memory *memory)
{
	return mmap(memory->start, memory->size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}

/* From a signal's handler: neither the log nor exit. */
static void
shared_memory_die(void)
{
	static const char words[] = "push-gateway: fatal: no memory in the "
	    "place of a file that was truncated\n";

	if (write(STDERR_FILENO, words, sizeof words - 1) == -1)
		_exit(EXIT_STATUS_SOFTWARE);
	_exit(EXIT_STATUS_SOFTWARE);
}

/*
 * The pages are no longer there: puts others in their place, and has the
 * instruction done again.  Only system calls from here.
 */
static void
shared_memory_on_sigbus(int number, siginfo_t *info, void *context)
{
	const char *address = info->si_addr;
	struct shared_memory *memory = shared_memories;

	(void)context;
	while (memory != NULL && (address < memory->start ||
	    address >= memory->start + memory->size))
		memory = memory->next;
	if (info->si_code != BUS_ADRERR || memory == NULL) {
		signal(number, SIG_DFL);
		raise(number);
	} else if (shared_memory_map_zeros(memory))
		memory->is_lost = 1;
	else
		shared_memory_die();
}

static void
shared_memory_catch_sigbus(void)
{
	struct sigaction action = {
		.sa_sigaction = shared_memory_on_sigbus,
		.sa_flags = SA_SIGINFO | SA_RESTART
	};

	if (sigaction(SIGBUS, &action, NULL) == -1)
		fatal("cannot catch SIGBUS");
}

/* --- the file ------------------------------------------------------------ */

static bool
shared_memory_wait_for_lock(int fd, int patience_ms)
{
	bool locked;

	while (!(locked = flock(fd, LOCK_EX | LOCK_NB) == 0) &&
	    errno == EWOULDBLOCK && patience_ms-- > 0)
		poll(NULL, 0, 1);
	return locked;
}

static void
shared_memory_fill_header(const struct shared_memory *memory,
    struct shared_memory_header *header)
{
	memset(header, 0, sizeof *header);
	memcpy(header->magic, SHARED_MEMORY_MAGIC,
	    sizeof SHARED_MEMORY_MAGIC - 1);
	header->layout = memory->params.layout;
}

/* False if it is not a file of that layout, whole. */
static bool
shared_memory_map(struct shared_memory *memory, int fd, const struct stat *st,
    int protection)
{
	struct shared_memory_header expected, header;

	shared_memory_fill_header(memory, &expected);
	if (!S_ISREG(st->st_mode) || st->st_size != (off_t)memory->size ||
	    pread(fd, &header, sizeof header, 0) != sizeof header ||
	    memcmp(&header, &expected, sizeof header) != 0 ||
	    mmap(memory->start, memory->size, protection,
	    MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
		return false;
	memory->device = st->st_dev;
	memory->inode = st->st_ino;
	memory->is_shared = true;
	return true;
}

static bool
shared_memory_map_file(struct shared_memory *memory, int directory)
{
	struct stat st;
	bool mapped = false;
	int fd = openat(directory, memory->params.file,
	    O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd != -1 && fstat(fd, &st) == 0 && state_file_is_private(&st))
		mapped = shared_memory_map(memory, fd, &st,
		    PROT_READ | PROT_WRITE);
	if (fd != -1)
		close(fd);
	return mapped;
}

/*
 * A file is replaced, never truncated or overwritten: processes have it
 * mapped.  All of its blocks are allocated: a full disk is found out here, not
 * by whoever writes.
 */
static bool
shared_memory_replace_file(const struct shared_memory *memory, int directory)
{
	char *temporary = xasprintf("%s.new", memory->params.file);
	struct shared_memory_header header;
	int fd = state_file_create(directory, temporary);
	bool written;
	int why;

	shared_memory_fill_header(memory, &header);
	written = fd != -1 &&
	    (errno = posix_fallocate(fd, 0, (off_t)memory->size)) == 0 &&
	    write(fd, &header, sizeof header) == sizeof header &&
	    renameat(directory, temporary, directory, memory->params.file) ==
	    0;
	why = errno;
	if (fd != -1)
		close(fd);
	if (fd != -1 && !written)
		unlinkat(directory, temporary, 0);
	free(temporary);
	errno = why;
	return written;
}

/* Maps the file of all workers, or sets an error; the lock is held. */
static void
shared_memory_share_locked(struct shared_memory *memory, int directory,
    struct error *error)
{
	struct stat st;
	bool exists = fstatat(directory, memory->params.file, &st,
	    AT_SYMLINK_NOFOLLOW) == 0;

	if (exists && st.st_uid != geteuid()) {
		error_set(error, "it belongs to user %ld", (long)st.st_uid);
		return;
	}
	if (shared_memory_map_file(memory, directory))
		return;
	if (exists)
		log_warn("%s/%s is damaged, or of another version of the "
		    "gateway: recreating it", memory->params.directory,
		    memory->params.file);
	if (!shared_memory_replace_file(memory, directory) ||
	    !shared_memory_map_file(memory, directory))
		error_set(error, "%s", strerror(errno));
}

/* What is mapped now is thrown away. */
static void
shared_memory_share(struct shared_memory *memory)
{
	const struct shared_memory_params *params = &memory->params;
	char *lock = xasprintf("%s.lock", params->file);
	struct error error;
	int fd = state_directory_open(params->directory, &error);

	memory->is_shared = false;
	memory->is_lost = 0;
	memory->looked_ms = clock_monotonic_ms();
	if (fd != -1 && memory->lock_fd == -1)
		memory->lock_fd = state_lock_open(fd, lock);
	if (fd != -1 && (memory->lock_fd == -1 ||
	    !shared_memory_wait_for_lock(memory->lock_fd,
	    SHARED_MEMORY_OPEN_LOCK_MS)))
		error_set(&error, "cannot lock it: %s", strerror(errno));
	else if (fd != -1)
		shared_memory_share_locked(memory, fd, &error);
	if (memory->lock_fd != -1)
		flock(memory->lock_fd, LOCK_UN);
	if (fd != -1)
		close(fd);
	free(lock);
	if (memory->is_shared)
		return;
	log_error("%s/%s cannot be shared with the other workers: this "
	    "worker counts for itself alone (%s)", params->directory,
	    params->file, error.words);
	if (!shared_memory_map_zeros(memory))
		fatal("cannot allocate %zu bytes", memory->size);
	if (memory->lock_fd != -1)
		close(memory->lock_fd);
	memory->lock_fd = -1;
}

/* --- opening and closing ------------------------------------------------- */

/* All zeros, and nobody else's. */
static struct shared_memory *
shared_memory_create(const struct shared_memory_params *params)
{
	struct shared_memory *memory = xcalloc(1, sizeof *memory);

	memory->params = *params;
	memory->size = sizeof(struct shared_memory_header) + params->size;
	memory->start = mmap(NULL, memory->size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory->start == MAP_FAILED)
		fatal("cannot allocate %zu bytes", memory->size);
	memory->lock_fd = -1;
	memory->patience_ms = SHARED_MEMORY_LOCK_MS;
	memory->next = shared_memories;
	shared_memories = memory;
	shared_memory_catch_sigbus();
	return memory;
}

struct shared_memory *
shared_memory_open(const struct shared_memory_params *params)
{
	struct shared_memory *memory = shared_memory_create(params);

	shared_memory_share(memory);
	return memory;
}

struct shared_memory *
shared_memory_open_to_read(const struct shared_memory_params *params,
    struct error *error)
{
	struct shared_memory *memory = NULL;
	char *path = xasprintf("%s/%s", params->directory, params->file);
	struct stat st;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1 && errno != ENOENT)
		error_set(error, "cannot read %s: %s", path, strerror(errno));
	else {
		memory = shared_memory_create(params);
		if (fd != -1 && fstat(fd, &st) == 0)
			shared_memory_map(memory, fd, &st, PROT_READ);
		/* It is not looked after. */
		memory->is_shared = false;
	}
	if (fd != -1)
		close(fd);
	free(path);
	return memory;
}

void
shared_memory_close(struct shared_memory *memory)
{
	struct shared_memory *other = shared_memories;

	if (memory == NULL)
		return;
	if (other == memory)
		shared_memories = memory->next;
	else {
		while (other->next != memory)
			other = other->next;
		other->next = memory->next;
	}
	munmap(memory->start, memory->size);
	if (memory->lock_fd != -1)
		close(memory->lock_fd);
	free(memory);
}

/* --- using --------------------------------------------------------------- */

/* True if the file in the directory is no longer the one that is mapped. */
static bool
shared_memory_has_gone(const struct shared_memory *memory)
{
	char *path = xasprintf("%s/%s", memory->params.directory,
	    memory->params.file);
	struct stat st;
	bool gone = lstat(path, &st) == -1 ? errno == ENOENT :
	    st.st_dev != memory->device || st.st_ino != memory->inode ||
	    st.st_size != (off_t)memory->size;

	free(path);
	return gone;
}

void *
shared_memory_bytes(struct shared_memory *memory)
{
	int64_t now_ms = clock_monotonic_ms();

	if (memory->is_shared && !memory->is_lost &&
	    now_ms - memory->looked_ms >= SHARED_MEMORY_LOOK_MS) {
		memory->looked_ms = now_ms;
		memory->is_lost = shared_memory_has_gone(memory);
	}
	if (memory->is_shared && memory->is_lost) {
		log_warn("%s/%s was truncated, removed or replaced by somebody "
		    "else: recreating it",
		    memory->params.directory, memory->params.file);
		shared_memory_share(memory);
	}
	return memory->start + sizeof(struct shared_memory_header);
}

bool
shared_memory_lock(struct shared_memory *memory)
{
	if (memory->lock_fd != -1 && !shared_memory_wait_for_lock(
	    memory->lock_fd, memory->patience_ms)) {
		memory->patience_ms = 0;
		return false;
	}
	memory->patience_ms = SHARED_MEMORY_LOCK_MS;
	return true;
}

void
shared_memory_unlock(struct shared_memory *memory)
{
	if (memory->lock_fd != -1)
		flock(memory->lock_fd, LOCK_UN);
}
