/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loaded into a program by LD_PRELOAD, for what a test cannot wait for or see
 * from outside.  Its clocks are ahead by the seconds that stand, as an
 * int64_t, in the file PRELOAD_CLOCK.  Each look-up of a name, and each
 * TCP_USER_TIMEOUT that is set, is a line in the file PRELOAD_LOG.  A name that
 * ends in ".test" is this host; one that begins with "turns" is so only when
 * it is looked up first, and 127.0.0.2 from then on.  For one that begins with
 * "slow" the name server takes as many seconds as stand, as an int64_t, in the
 * file PRELOAD_SLOW; it fails at once if they are negative.  The time of day
 * alone is ahead by those in PRELOAD_DAY, too.
 *
 * With PRELOAD_INTRUDE, a directory, the first look-up of a name is that of
 * somebody who broke in: what comes of each attempt is a line in PRELOAD_LOG.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int preload_clock_gettime(clockid_t clock, struct timespec *now)
    __asm__("clock_gettime");
int preload_getaddrinfo(const char *node, const char *service,
    const struct addrinfo *hints, struct addrinfo **result)
    __asm__("getaddrinfo");
int preload_setsockopt(int fd, int level, int option, const void *value,
    socklen_t size) __asm__("setsockopt");
time_t preload_time(time_t *place) __asm__("time");

static const volatile int64_t *preload_ahead_s;
static const volatile int64_t *preload_day_s;
static const volatile int64_t *preload_slow_s;
/* Opened at first: later a sandbox may be in force. */
static int preload_log_fd = -1;

/* The number in the file that a variable names, now and later, or NULL. */
static const volatile int64_t *
preload_map(const char *variable)
{
	const char *path = getenv(variable);
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *map = MAP_FAILED;

	if (fd != -1) {
		map = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd,
		    0);
		close(fd);
	}
	return map == MAP_FAILED ? NULL : map;
}

__attribute__((constructor)) static void
preload_init(void)
{
	const char *path = getenv("PRELOAD_LOG");

	preload_ahead_s = preload_map("PRELOAD_CLOCK");
	preload_day_s = preload_map("PRELOAD_DAY");
	preload_slow_s = preload_map("PRELOAD_SLOW");
	if (path != NULL)
		preload_log_fd = open(path,
		    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void
preload_note(const char *line)
{
	if (preload_log_fd != -1 &&
	    write(preload_log_fd, line, strlen(line)) == -1)
		abort();
}

/* --- an intruder --------------------------------------------------------- */

static void
preload_note_attempt(const char *attempt, long result)
{
	char line[100];

	snprintf(line, sizeof line, "%s: %s\n", attempt,
	    result == -1 ? strerrorname_np(errno) : "done");
	preload_note(line);
}

static void
preload_intrude(const char *directory)
{
	char *const arguments[] = { "/does/not/exist", NULL };
	char path[4096];

	snprintf(path, sizeof path, "%s/secret", directory);
	preload_note_attempt("read a file", open(path, O_RDONLY | O_CLOEXEC));
	preload_note_attempt("write to a file",
	    open(path, O_WRONLY | O_CLOEXEC));
	preload_note_attempt("remove a file", unlink(path));
	snprintf(path, sizeof path, "%s/new", directory);
	preload_note_attempt("make a file",
	    open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	preload_note_attempt("list a directory",
	    open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	/* These do nothing where they are allowed, but for another reason. */
	preload_note_attempt("trace", ptrace(PTRACE_DETACH, 0, NULL, NULL));
	preload_note_attempt("mount",
	    mount("none", arguments[0], "tmpfs", 0, NULL));
	preload_note_attempt("load a module",
	    syscall(SYS_finit_module, -1, "", 0));
	preload_note_attempt("read keys", syscall(SYS_keyctl, 0, -3, 0));
	preload_note_attempt("start a program",
	    execve(arguments[0], arguments, arguments + 1));
}

/* --- what libraries call ------------------------------------------------- */

int
preload_clock_gettime(clockid_t clock, struct timespec *now)
{
	static int (*real)(clockid_t, struct timespec *);
	int result;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	result = real(clock, now);
	if (result == 0 && preload_ahead_s != NULL)
		now->tv_sec += (time_t)*preload_ahead_s;
	if (result == 0 && clock == CLOCK_REALTIME && preload_day_s != NULL)
		now->tv_sec += (time_t)*preload_day_s;
	return result;
}

time_t
preload_time(time_t *place)
{
	struct timespec now;

	preload_clock_gettime(CLOCK_REALTIME, &now);
	if (place != NULL)
		*place = now.tv_sec;
	return now.tv_sec;
}

int
preload_getaddrinfo(const char *node, const char *service,
    const struct addrinfo *hints, struct addrinfo **result)
{
	static int (*real)(const char *, const char *,
	    const struct addrinfo *, struct addrinfo **);
	static atomic_flag intruded = ATOMIC_FLAG_INIT;
	static atomic_flag turned = ATOMIC_FLAG_INIT;
	const char *directory = getenv("PRELOAD_INTRUDE");
	size_t length = node == NULL ? 0 : strlen(node);
	char line[300];

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (directory != NULL && !atomic_flag_test_and_set(&intruded))
		preload_intrude(directory);
	if (length > 5 && strcmp(node + length - 5, ".test") == 0) {
		snprintf(line, sizeof line, "lookup %.255s\n", node);
		preload_note(line);
		if (strncmp(node, "slow", 4) == 0 && preload_slow_s != NULL) {
			if (*preload_slow_s < 0)
				return EAI_AGAIN;
			sleep((unsigned int)*preload_slow_s);
		}
		node = strncmp(node, "turns", 5) == 0 &&
		    atomic_flag_test_and_set(&turned) ? "127.0.0.2" :
		    "127.0.0.1";
	}
	return real(node, service, hints, result);
}

int
preload_setsockopt(int fd, int level, int option, const void *value,
    socklen_t size)
{
	static int (*real)(int, int, int, const void *, socklen_t);
	unsigned int timeout_ms;
	char line[60];

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "setsockopt");
	if (level == IPPROTO_TCP && option == TCP_USER_TIMEOUT &&
	    size == sizeof timeout_ms) {
		memcpy(&timeout_ms, value, sizeof timeout_ms);
		snprintf(line, sizeof line, "user_timeout %u\n", timeout_ms);
		preload_note(line);
	}
	return real(fd, level, option, value, size);
}
