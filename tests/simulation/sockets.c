/* SPDX-License-Identifier: Apache-2.0 */
#include "sockets.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/xmalloc.h"

enum {
	/* No real descriptor is so large. */
	SOCKETS_FIRST = 1 << 20,
	SOCKETS_NEVER = -1
};

/* One end; that of the pair with the other one's number but one bit. */
struct sockets_end {
	bool is_open;
	bool is_ended;		/* nothing more comes to it */
	struct buf inbox;	/* that came to it */
	size_t read;		/* of that */
	size_t room;
	size_t passed;		/* all that has come */
	int64_t stalled_since_ms;	/* who sends to it; or NEVER */
	int64_t stalled_ms;	/* for the longest time */
};

static struct sockets_end *sockets_ends;
static size_t sockets_size;
static size_t sockets_open;

int __real_socketpair(int domain, int type, int protocol, int fds[2]);
ssize_t __real_read(int fd, void *data, size_t size);
ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __real_recv(int fd, void *data, size_t size, int flags);
ssize_t __real_send(int fd, const void *data, size_t size, int flags);
int __real_poll(struct pollfd *looks, nfds_t count, int timeout);
int __real_shutdown(int fd, int how);
int __real_close(int fd);

int __wrap_socketpair(int domain, int type, int protocol, int fds[2]);
ssize_t __wrap_read(int fd, void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __wrap_recv(int fd, void *data, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t size, int flags);
int __wrap_poll(struct pollfd *looks, nfds_t count, int timeout);
int __wrap_shutdown(int fd, int how);
int __wrap_close(int fd);

/* --- ends ---------------------------------------------------------------- */

static bool
sockets_is_ours(int fd)
{
	return fd >= SOCKETS_FIRST;
}

/* Valid until the next pair is made. */
static struct sockets_end *
sockets_find(int fd)
{
	return &sockets_ends[fd - SOCKETS_FIRST];
}

static struct sockets_end *
sockets_find_other(int fd)
{
	return &sockets_ends[(fd - SOCKETS_FIRST) ^ 1];
}

static size_t
sockets_waiting(const struct sockets_end *end)
{
	return end->inbox.size - end->read;
}

static void
sockets_init(struct sockets_end *end)
{
	*end = (struct sockets_end){
		.is_open = true,
		.room = SIZE_MAX / 4,
		.stalled_since_ms = SOCKETS_NEVER
	};
	buf_init(&end->inbox, SIZE_MAX / 2);
	sockets_open++;
}

void
sockets_set_room(int fd, size_t bytes)
{
	sockets_find(fd)->room = bytes;
}

size_t
sockets_passed(int fd)
{
	return sockets_find(fd)->passed;
}

size_t
sockets_count(void)
{
	return sockets_open;
}

/* --- who has to wait ----------------------------------------------------- */

static void
sockets_measure_stall(struct sockets_end *end)
{
	int64_t ms = end->stalled_since_ms == SOCKETS_NEVER ? 0 :
	    clock_monotonic_ms() - end->stalled_since_ms;

	if (ms > end->stalled_ms)
		end->stalled_ms = ms;
}

int64_t
sockets_stalled_ms(int fd)
{
	struct sockets_end *end = sockets_find(fd);

	sockets_measure_stall(end);
	return end->stalled_ms;
}

/* So much of what was to be sent to it has come. */
static void
sockets_note_sent(struct sockets_end *end, size_t size, size_t done)
{
	if (done > 0)
		sockets_measure_stall(end);
	if (done == size)
		end->stalled_since_ms = SOCKETS_NEVER;
	else if (done > 0 || end->stalled_since_ms == SOCKETS_NEVER)
		end->stalled_since_ms = clock_monotonic_ms();
}

/* --- bytes --------------------------------------------------------------- */

static ssize_t
sockets_put(int fd, const void *data, size_t size)
{
	struct sockets_end *other = sockets_find_other(fd);
	size_t waiting = sockets_waiting(other);
	size_t room = waiting < other->room ? other->room - waiting : 0;
	size_t done = size < room ? size : room;

	if (!other->is_open || other->is_ended) {
		errno = EPIPE;
		return -1;
	}
	sockets_note_sent(other, size, done);
	if (done == 0 && size > 0) {
		errno = EAGAIN;
		return -1;
	}
	buf_append(&other->inbox, data, done);
	other->passed += done;
	return (ssize_t)done;
}

static ssize_t
sockets_take(int fd, void *data, size_t size)
{
	struct sockets_end *end = sockets_find(fd);
	size_t waiting = sockets_waiting(end);

	if (waiting == 0 && !end->is_ended) {
		errno = EAGAIN;
		return -1;
	}
	if (size > waiting)
		size = waiting;
	if (size > 0)
		memcpy(data, end->inbox.data + end->read, size);
	end->read += size;
	if (end->read == end->inbox.size) {
		buf_reset(&end->inbox);
		end->read = 0;
	}
	return (ssize_t)size;
}

static short
sockets_look(int fd, short events)
{
	const struct sockets_end *end = sockets_find(fd);
	const struct sockets_end *other = sockets_find_other(fd);
	short found = 0;

	if (sockets_waiting(end) > 0 || end->is_ended)
		found |= POLLIN;
	if (!other->is_open || sockets_waiting(other) < other->room)
		found |= POLLOUT;
	if (end->is_ended)
		found |= POLLRDHUP;
	found &= events;
	if (!other->is_open || (end->is_ended && other->is_ended))
		found |= POLLHUP;
	return found;
}

/* --- in the place of the system's ---------------------------------------- */

int
__wrap_socketpair(int domain, int type, int protocol, int fds[2])
{
	size_t i = 0;

	(void)domain;
	(void)type;
	(void)protocol;
	while (i < sockets_size && (sockets_ends[i].is_open ||
	    sockets_ends[i + 1].is_open))
		i += 2;
	if (i == sockets_size) {
		sockets_size = 2 * i + 64;
		sockets_ends = xreallocarray(sockets_ends, sockets_size,
		    sizeof *sockets_ends);
		memset(sockets_ends + i, 0, (sockets_size - i) *
		    sizeof *sockets_ends);
	}
	sockets_init(&sockets_ends[i]);
	sockets_init(&sockets_ends[i + 1]);
	fds[0] = SOCKETS_FIRST + (int)i;
	fds[1] = fds[0] + 1;
	return 0;
}

ssize_t
__wrap_read(int fd, void *data, size_t size)
{
	return sockets_is_ours(fd) ? sockets_take(fd, data, size) :
	    __real_read(fd, data, size);
}

ssize_t
__wrap_write(int fd, const void *data, size_t size)
{
	return sockets_is_ours(fd) ? sockets_put(fd, data, size) :
	    __real_write(fd, data, size);
}

ssize_t
__wrap_recv(int fd, void *data, size_t size, int flags)
{
	return sockets_is_ours(fd) ? sockets_take(fd, data, size) :
	    __real_recv(fd, data, size, flags);
}

ssize_t
__wrap_send(int fd, const void *data, size_t size, int flags)
{
	return sockets_is_ours(fd) ? sockets_put(fd, data, size) :
	    __real_send(fd, data, size, flags);
}

/* Of ours nobody waits for more than what is there. */
int
__wrap_poll(struct pollfd *looks, nfds_t count, int timeout)
{
	int ready = 0;
	nfds_t i, real = 0;

	for (i = 0; i < count; i++)
		real += looks[i].fd >= 0 && !sockets_is_ours(looks[i].fd);
	if (real > 0) {
		/* A negative descriptor is passed over. */
		for (i = 0; i < count; i++) {
			if (sockets_is_ours(looks[i].fd))
				looks[i].fd = -looks[i].fd;
		}
		ready = __real_poll(looks, count, real == count ? timeout : 0);
		for (i = 0; i < count; i++) {
			if (sockets_is_ours(-looks[i].fd))
				looks[i].fd = -looks[i].fd;
		}
	}
	for (i = 0; i < count && ready >= 0; i++) {
		if (sockets_is_ours(looks[i].fd)) {
			looks[i].revents = sockets_look(looks[i].fd,
			    looks[i].events);
			ready += looks[i].revents != 0;
		} else if (real == 0)
			looks[i].revents = 0;
	}
	return ready;
}

/* Of the gateway's: it sends no more. */
int
__wrap_shutdown(int fd, int how)
{
	if (!sockets_is_ours(fd))
		return __real_shutdown(fd, how);
	sockets_find_other(fd)->is_ended = true;
	return 0;
}

int
__wrap_close(int fd)
{
	struct sockets_end *end;

	if (!sockets_is_ours(fd))
		return __real_close(fd);
	end = sockets_find(fd);
	buf_free(&end->inbox);
	end->read = 0;
	end->is_open = false;
	sockets_find_other(fd)->is_ended = true;
	sockets_open--;
	return 0;
}
