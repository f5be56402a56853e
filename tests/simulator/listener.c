/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE		/* accept4 */
#endif

#include "listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "connection.h"

#define BACKLOG 1024
#define PAUSE_MS 100

/* The address of the endpoint's port. */
struct place {
	struct sockaddr_storage address;
	socklen_t length;
};

static int
bind_socket(const struct place *place)
{
	int fd = socket(place->address.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
	    bind(fd, (const struct sockaddr *)&place->address,
	    place->length) != 0)
		err(1, "cannot take a port");
	return fd;
}

static void
find_place(struct place *place, const char *address, unsigned port)
{
	struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *found;
	char digits[16];
	int error;

	snprintf(digits, sizeof digits, "%u", port);
	error = getaddrinfo(address, digits, &hints, &found);
	if (error != 0)
		errx(1, "%s: %s", address, gai_strerror(error));
	memcpy(&place->address, found->ai_addr, found->ai_addrlen);
	place->length = found->ai_addrlen;
	freeaddrinfo(found);
}

static unsigned
find_port(const struct place *place)
{
	unsigned port;

	if (place->address.ss_family == AF_INET6)
		port = ntohs(((const struct sockaddr_in6 *)
		    &place->address)->sin6_port);
	else
		port = ntohs(((const struct sockaddr_in *)
		    &place->address)->sin_port);
	return port;
}

static void
get_place(const struct endpoint *endpoint, struct place *place)
{
	place->length = sizeof place->address;
	if (getsockname(endpoint->bound_fd,
	    (struct sockaddr *)&place->address, &place->length) != 0)
		err(1, "getsockname");
}

/* Out of file descriptors: let some connections go before trying again. */
static void
pause_accepting(struct endpoint *endpoint)
{
	struct timeval pause = { .tv_usec = PAUSE_MS * 1000 };

	warn("accept");
	event_del(&endpoint->accept_event);
	event_add(&endpoint->resume_event, &pause);
}

static void
on_resume(evutil_socket_t fd, short what, void *argument)
{
	struct endpoint *endpoint = argument;

	(void)fd;
	(void)what;
	event_add(&endpoint->accept_event, NULL);
}

static void
on_accept(evutil_socket_t listen_fd, short what, void *argument)
{
	struct endpoint *endpoint = argument;
	int fd = 0;

	(void)what;
	endpoint->world->refresh(endpoint->world);
	while (endpoint->listen_fd == listen_fd && fd >= 0) {
		fd = accept4(listen_fd, NULL, NULL,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
			connection_open(endpoint, fd);
		else if (errno == EMFILE || errno == ENFILE)
			pause_accepting(endpoint);
	}
}

static void
start_listening(struct endpoint *endpoint)
{
	struct event_base *base = endpoint->world->base;
	struct place place;

	get_place(endpoint, &place);
	endpoint->listen_fd = bind_socket(&place);
	if (listen(endpoint->listen_fd, BACKLOG) != 0)
		err(1, "listen");
	event_assign(&endpoint->accept_event, base, endpoint->listen_fd,
	    EV_READ | EV_PERSIST, on_accept, endpoint);
	evtimer_assign(&endpoint->resume_event, base, on_resume, endpoint);
	event_add(&endpoint->accept_event, NULL);
}

static void
stop_listening(struct endpoint *endpoint)
{
	event_del(&endpoint->accept_event);
	event_del(&endpoint->resume_event);
	close(endpoint->listen_fd);
	endpoint->listen_fd = -1;
}

/*
 * One socket is bound and never listens: it keeps the port, so that it can
 * be refused for a while and be the same one afterwards.
 */
void
listener_open(struct endpoint *endpoint, const char *address, unsigned port)
{
	struct place place;

	find_place(&place, address, port);
	endpoint->bound_fd = bind_socket(&place);
	get_place(endpoint, &place);
	endpoint->port = find_port(&place);
	endpoint->listen_fd = -1;
	listener_apply_control(endpoint);
}

void
listener_apply_control(struct endpoint *endpoint)
{
	if (endpoint->control.closed && endpoint->listen_fd >= 0)
		stop_listening(endpoint);
	else if (!endpoint->control.closed && endpoint->listen_fd < 0)
		start_listening(endpoint);
}

void
listener_close(struct endpoint *endpoint)
{
	if (endpoint->listen_fd >= 0)
		stop_listening(endpoint);
	close(endpoint->bound_fd);
}
