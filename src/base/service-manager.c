/* SPDX-License-Identifier: Apache-2.0 */
#include "base/service-manager.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

void
service_manager_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = path == NULL ? 0 : strlen(path);
	int fd;

	if (length == 0 || length >= sizeof address.sun_path ||
	    (*path != '/' && *path != '@'))
		return;
	memcpy(address.sun_path, path, length);
	/* One in no file system begins with a NUL. */
	if (*path == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
	    (struct sockaddr *)&address, (socklen_t)(offsetof(
	    struct sockaddr_un, sun_path) + length)) == -1) {
		/* Nobody to tell. */
	}
	close(fd);
}

void
service_manager_notify_reloading(void)
{
	struct timespec now;
	char state[64];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%jd",
	    (intmax_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	service_manager_notify(state);
}

void
service_manager_notify_status(const char *words)
{
	char state[512];

	/* Another line would be another word to systemd. */
	snprintf(state, sizeof state, "STATUS=%.*s",
	    (int)strcspn(words, "\n"), words);
	service_manager_notify(state);
}
