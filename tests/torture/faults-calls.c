/* SPDX-License-Identifier: Apache-2.0 */
/* What the program calls, and how each fails. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "faults.h"

/* A function that fails by a value, and errno if that is not 0. */
#define FAULTS_CALL(type, name, value, error, parameters, arguments) \
	type faults_call_##name parameters __asm__(#name); \
	type \
	faults_call_##name parameters \
	{ \
		static type (*real) parameters; \
	\
		if (faults_hit(#name, __builtin_return_address(0))) { \
			if ((error) != 0) \
				errno = (error); \
			return (value); \
		} \
		FAULTS_FIND(real, #name); \
		return real arguments; \
	}

#define FAULTS_OPEN(name) \
	FAULTS_CALL(int, name, -1, EMFILE, \
	    (const char *path, int flags, mode_t mode), (path, flags, mode))
#define FAULTS_OPENAT(name) \
	FAULTS_CALL(int, name, -1, EMFILE, \
	    (int fd, const char *path, int flags, mode_t mode), \
	    (fd, path, flags, mode))
#define FAULTS_READ(name, error) \
	FAULTS_CALL(ssize_t, name, -1, error, \
	    (int fd, void *to, size_t size), (fd, to, size))
#define FAULTS_PREAD(name) \
	FAULTS_CALL(ssize_t, name, -1, EIO, \
	    (int fd, void *to, size_t size, off_t at), (fd, to, size, at))
#define FAULTS_FD(name, error) \
	FAULTS_CALL(int, name, -1, error, (int fd), (fd))
#define FAULTS_STAT(name) \
	FAULTS_CALL(int, name, -1, EIO, (const char *path, struct stat *st), \
	    (path, st))
#define FAULTS_ADDRESS(name, error) \
	FAULTS_CALL(int, name, -1, error, \
	    (int fd, struct sockaddr *address, socklen_t *size), \
	    (fd, address, size))

FAULTS_OPEN(open)
FAULTS_OPEN(open64)
FAULTS_OPEN(__open_2)
FAULTS_OPEN(__open64_2)
FAULTS_OPENAT(openat)
FAULTS_OPENAT(openat64)
FAULTS_OPENAT(__openat_2)
FAULTS_OPENAT(__openat64_2)
FAULTS_CALL(FILE *, fopen, NULL, EMFILE, (const char *path, const char *mode),
    (path, mode))
FAULTS_CALL(FILE *, fopen64, NULL, EMFILE,
    (const char *path, const char *mode), (path, mode))
FAULTS_CALL(FILE *, fdopen, NULL, ENOMEM, (int fd, const char *mode),
    (fd, mode))
FAULTS_CALL(DIR *, opendir, NULL, EMFILE, (const char *path), (path))
FAULTS_READ(read, EIO)
FAULTS_CALL(ssize_t, __read_chk, -1, EIO,
    (int fd, void *to, size_t size, size_t room), (fd, to, size, room))
FAULTS_PREAD(pread)
FAULTS_PREAD(pread64)
FAULTS_PREAD(pwrite)
FAULTS_PREAD(pwrite64)
FAULTS_CALL(ssize_t, write, -1, ENOSPC,
    (int fd, const void *from, size_t size), (fd, from, size))
FAULTS_CALL(ssize_t, send, -1, ECONNRESET,
    (int fd, const void *from, size_t size, int flags),
    (fd, from, size, flags))
FAULTS_CALL(ssize_t, sendto, -1, ECONNRESET,
    (int fd, const void *from, size_t size, int flags,
    const struct sockaddr *to, socklen_t to_size),
    (fd, from, size, flags, to, to_size))
FAULTS_CALL(ssize_t, sendmsg, -1, ENOBUFS,
    (int fd, const struct msghdr *message, int flags), (fd, message, flags))
FAULTS_CALL(ssize_t, recv, -1, ECONNRESET,
    (int fd, void *to, size_t size, int flags), (fd, to, size, flags))
FAULTS_FD(fsync, EIO)
FAULTS_FD(fdatasync, EIO)
FAULTS_CALL(int, ftruncate, -1, EIO, (int fd, off_t size), (fd, size))
FAULTS_CALL(int, ftruncate64, -1, EIO, (int fd, off_t size), (fd, size))
FAULTS_CALL(int, posix_fallocate, ENOSPC, 0,
    (int fd, off_t at, off_t size), (fd, at, size))
FAULTS_CALL(int, posix_fallocate64, ENOSPC, 0,
    (int fd, off_t at, off_t size), (fd, at, size))
FAULTS_CALL(int, rename, -1, EIO, (const char *from, const char *to),
    (from, to))
FAULTS_CALL(int, renameat, -1, EIO,
    (int from_fd, const char *from, int to_fd, const char *to),
    (from_fd, from, to_fd, to))
FAULTS_CALL(int, unlink, -1, EIO, (const char *path), (path))
FAULTS_CALL(int, unlinkat, -1, EIO, (int fd, const char *path, int flags),
    (fd, path, flags))
FAULTS_CALL(int, mkdir, -1, ENOSPC, (const char *path, mode_t mode),
    (path, mode))
FAULTS_STAT(stat)
FAULTS_STAT(stat64)
FAULTS_STAT(lstat)
FAULTS_STAT(lstat64)
FAULTS_CALL(int, fstat, -1, EIO, (int fd, struct stat *st), (fd, st))
FAULTS_CALL(int, fstat64, -1, EIO, (int fd, struct stat *st), (fd, st))
FAULTS_CALL(int, fstatat, -1, EIO,
    (int fd, const char *path, struct stat *st, int flags),
    (fd, path, st, flags))
FAULTS_CALL(int, fstatat64, -1, EIO,
    (int fd, const char *path, struct stat *st, int flags),
    (fd, path, st, flags))
FAULTS_CALL(int, flock, -1, ENOLCK, (int fd, int operation), (fd, operation))
FAULTS_CALL(int, fcntl, -1, ENOLCK, (int fd, int command, void *argument),
    (fd, command, argument))
FAULTS_CALL(int, fcntl64, -1, ENOLCK, (int fd, int command, void *argument),
    (fd, command, argument))
FAULTS_CALL(int, socket, -1, EMFILE, (int family, int type, int protocol),
    (family, type, protocol))
FAULTS_CALL(int, socketpair, -1, EMFILE,
    (int family, int type, int protocol, int fds[2]),
    (family, type, protocol, fds))
FAULTS_CALL(int, bind, -1, EADDRINUSE,
    (int fd, const struct sockaddr *address, socklen_t size),
    (fd, address, size))
FAULTS_CALL(int, listen, -1, EADDRINUSE, (int fd, int backlog), (fd, backlog))
FAULTS_ADDRESS(accept, EMFILE)
FAULTS_CALL(int, accept4, -1, EMFILE,
    (int fd, struct sockaddr *address, socklen_t *size, int flags),
    (fd, address, size, flags))
FAULTS_CALL(int, connect, -1, ENETUNREACH,
    (int fd, const struct sockaddr *address, socklen_t size),
    (fd, address, size))
FAULTS_ADDRESS(getsockname, ENOBUFS)
FAULTS_ADDRESS(getpeername, ENOTCONN)
FAULTS_CALL(int, setsockopt, -1, ENOBUFS,
    (int fd, int level, int option, const void *value, socklen_t size),
    (fd, level, option, value, size))
FAULTS_CALL(int, getsockopt, -1, ENOBUFS,
    (int fd, int level, int option, void *value, socklen_t *size),
    (fd, level, option, value, size))
FAULTS_CALL(int, getaddrinfo, EAI_AGAIN, 0,
    (const char *node, const char *service, const struct addrinfo *hints,
    struct addrinfo **result), (node, service, hints, result))
FAULTS_CALL(void *, mmap, MAP_FAILED, ENOMEM,
    (void *start, size_t size, int protection, int flags, int fd, off_t at),
    (start, size, protection, flags, fd, at))
FAULTS_CALL(void *, mmap64, MAP_FAILED, ENOMEM,
    (void *start, size_t size, int protection, int flags, int fd, off_t at),
    (start, size, protection, flags, fd, at))
FAULTS_CALL(int, epoll_create, -1, EMFILE, (int size), (size))
FAULTS_CALL(int, epoll_create1, -1, EMFILE, (int flags), (flags))
FAULTS_CALL(int, epoll_ctl, -1, ENOSPC,
    (int fd, int operation, int watched, struct epoll_event *event),
    (fd, operation, watched, event))
FAULTS_CALL(int, epoll_wait, -1, EINTR,
    (int fd, struct epoll_event *events, int count, int timeout),
    (fd, events, count, timeout))
FAULTS_CALL(int, poll, -1, EINTR, (struct pollfd *fds, nfds_t count, int ms),
    (fds, count, ms))
FAULTS_CALL(int, timerfd_create, -1, EMFILE, (int clock, int flags),
    (clock, flags))
FAULTS_CALL(int, eventfd, -1, EMFILE, (unsigned int value, int flags),
    (value, flags))
FAULTS_CALL(int, pipe, -1, EMFILE, (int fds[2]), (fds))
FAULTS_CALL(int, pipe2, -1, EMFILE, (int fds[2], int flags), (fds, flags))
FAULTS_FD(dup, EMFILE)
FAULTS_CALL(int, dup2, -1, EMFILE, (int from, int to), (from, to))
FAULTS_CALL(ssize_t, getrandom, -1, ENOSYS,
    (void *to, size_t size, unsigned int flags), (to, size, flags))
FAULTS_CALL(int, pthread_create, EAGAIN, 0,
    (pthread_t *thread, const pthread_attr_t *attributes,
    void *(*start)(void *), void *argument),
    (thread, attributes, start, argument))
