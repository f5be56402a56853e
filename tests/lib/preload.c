/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loaded into a program by LD_PRELOAD, for what a test cannot wait for or see
 * from outside.  Its clocks are ahead by the seconds that stand, as an
 * int64_t, in the file PRELOAD_CLOCK.  Each look-up of a name, and each
 * TCP_USER_TIMEOUT that is set, is a line in the file PRELOAD_LOG; a name that
 * ends in ".test" is this host.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
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

__attribute__((constructor)) static void
preload_init(void)
{
	const char *path = getenv("PRELOAD_CLOCK");
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *map = MAP_FAILED;

	if (fd != -1)
		map = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd,
		    0);
	if (map != MAP_FAILED)
		preload_ahead_s = map;
	if (fd != -1)
		close(fd);
}

static void
preload_note(const char *line)
{
	const char *path = getenv("PRELOAD_LOG");
	int fd = path == NULL ? -1 :
	    open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd != -1 && write(fd, line, strlen(line)) == -1)
		abort();
	if (fd != -1)
		close(fd);
}

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
	size_t length = node == NULL ? 0 : strlen(node);
	char line[300];

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (length > 5 && strcmp(node + length - 5, ".test") == 0) {
		snprintf(line, sizeof line, "lookup %.255s\n", node);
		preload_note(line);
		node = "127.0.0.1";
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
