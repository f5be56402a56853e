/* SPDX-License-Identifier: Apache-2.0 */
#include "cgi/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "cgi/protocol.h"

enum {
	/* Out of descriptors: wait for some to come back. */
	LISTENER_PAUSE_MS = 100,
	LISTENER_BURST = 64
};

struct listener {
	struct loop *loop;
	struct listener_params params;
	struct loop_watch *watch;	/* NULL for CGI */
	struct loop_timer *pause;	/* out of descriptors */
	struct loop_timer *nothing_left;
	TAILQ_HEAD(, connection) connections;
	unsigned int in_flight;
	bool accepting;
	bool pausing;
	int64_t empty_ms;	/* when nobody was seen to wait */
	bool is_empty;		/* as of then, and watched since */
	bool shut;		/* by another process */
	bool stopped;
	struct connection *single;	/* that of CGI */
	exchange_arrived_fn arrived;
	void *arrived_arg;
	listener_drained_fn drained;
	void *drained_arg;
};

struct connection {
	TAILQ_ENTRY(connection) entry;
	struct listener *listener;
	struct exchange *exchange;
	int in_fd;
	int out_fd;
	int out_flags;		/* as they were, for CGI */
};

/* --- connections --------------------------------------------------------- */

/* After a pause: does anybody wait? */
static void
listener_look(struct listener *listener)
{
	struct pollfd look = { .fd = listener->params.fd, .events = POLLIN };

	listener->is_empty = poll(&look, 1, 0) == 0;
	if (listener->is_empty)
		listener->empty_ms = clock_monotonic_ms();
}

static void
listener_update(struct listener *listener)
{
	bool open = !listener->stopped && !listener->pausing &&
	    !listener->shut &&
	    listener->in_flight < listener->params.max_in_flight;

	if (listener->watch != NULL)
		loop_watch_change(listener->watch, open ? LOOP_READ : 0);
	if (open && !listener->accepting)
		listener_look(listener);
	else if (!open)
		listener->is_empty = false;
	listener->accepting = open;
	/* A peer that is answered may not have closed its side yet: exiting
	 * now could take the answer away. */
	if (listener->stopped && TAILQ_EMPTY(&listener->connections))
		loop_timer_start(listener->nothing_left, 0);
}

static void
connection_on_arrival(void *arg, struct exchange *exchange)
{
	struct connection *connection = arg;
	struct listener *listener = connection->listener;

	listener->arrived(listener->arrived_arg, exchange);
}

static void
connection_on_answered(void *arg)
{
	struct connection *connection = arg;

	connection->listener->in_flight--;
	listener_update(connection->listener);
}

static void
connection_on_closed(void *arg)
{
	struct connection *connection = arg;
	struct listener *listener = connection->listener;

	if (connection == listener->single) {
		/* Others may use it too: a terminal. */
		fcntl(connection->out_fd, F_SETFL, connection->out_flags);
		close(connection->out_fd);
		listener->single = NULL;
	}
	close(connection->in_fd);
	TAILQ_REMOVE(&listener->connections, connection, entry);
	free(connection);
	listener_update(listener);
}

static bool
listener_is_any_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

static struct connection *
listener_add(struct listener *listener, const struct protocol *protocol,
    int in_fd, int out_fd)
{
	struct connection *connection = xcalloc(1, sizeof *connection);

	connection->listener = listener;
	connection->in_fd = in_fd;
	connection->out_fd = out_fd;
	connection->exchange = exchange_create(&(struct exchange_params){
		.loop = listener->loop,
		.protocol = protocol,
		.in_fd = in_fd,
		.out_fd = out_fd,
		/* For CGI too: Apache's mod_cgid makes one socket both. */
		.lingers = in_fd == out_fd ||
		    listener_is_any_socket(out_fd),
		.io_timeout_ms = listener->params.io_timeout_ms,
		.came_ms = listener->empty_ms,
		.arrived = connection_on_arrival,
		.answered = connection_on_answered,
		.closed = connection_on_closed,
		.arg = connection
	});
	TAILQ_INSERT_TAIL(&listener->connections, connection, entry);
	listener->in_flight++;
	return connection;
}

/* --- accepting ----------------------------------------------------------- */

/*
 * True if another process that shares the socket shut it down: then it is
 * readable for ever, with no connection to accept.
 */
static bool
listener_is_shut(int fd)
{
	struct pollfd look = { .fd = fd, .events = POLLIN };

	return poll(&look, 1, 0) == 1 && (look.revents & POLLHUP) != 0;
}

static void
listener_on_connection(void *arg, int listen_fd, unsigned int events)
{
	struct listener *listener = arg;
	int burst, fd = -1;

	(void)events;
	/* Those of an empty queue that was watched came just now. */
	if (listener->is_empty)
		listener->empty_ms = clock_monotonic_ms();
	errno = 0;
	for (burst = 0; burst < LISTENER_BURST &&
	    listener->in_flight < listener->params.max_in_flight; burst++) {
		fd = accept4(listen_fd, NULL, NULL,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd == -1)
			break;
		listener_add(listener, &protocol_fastcgi, fd, fd);
	}
	listener->is_empty = fd == -1 &&
	    (errno == EAGAIN || errno == EWOULDBLOCK);
	if (listener->is_empty)
		listener->empty_ms = clock_monotonic_ms();
	if (fd == -1 && (errno == EMFILE || errno == ENFILE ||
	    errno == ENOBUFS || errno == ENOMEM)) {
		log_error("cannot accept a request, trying again: %s",
		    strerror(errno));
		listener->pausing = true;
		loop_timer_start(listener->pause, LISTENER_PAUSE_MS);
	} else if (fd == -1 && burst == 0 && listener_is_shut(listen_fd)) {
		log_error("no more requests can be accepted: another process "
		    "has shut the socket that the workers share; restart "
		    "push-gateway.socket, or the web server");
		listener->shut = true;
	}
	listener_update(listener);
}

static void
listener_on_pause_end(void *arg)
{
	struct listener *listener = arg;

	listener->pausing = false;
	listener_update(listener);
}

static void
listener_on_nothing_left(void *arg)
{
	struct listener *listener = arg;

	if (TAILQ_EMPTY(&listener->connections) && listener->drained != NULL)
		listener->drained(listener->drained_arg);
}

static bool
listener_is_socket(int fd)
{
	int listening = 0;
	socklen_t size = sizeof listening;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening,
	    &size) == 0 && listening;
}

bool
listener_is_cgi(int fd)
{
	return getenv("GATEWAY_INTERFACE") != NULL &&
	    getenv("REQUEST_METHOD") != NULL && !listener_is_socket(fd);
}

bool
listener_is_tcp(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof address;

	return getsockname(fd, (struct sockaddr *)&address, &size) == 0 &&
	    (address.ss_family == AF_INET || address.ss_family == AF_INET6);
}

/*
 * The one request that there will ever be.  Standard input is read only when
 * something is there, and stays as it is.
 */
static void
listener_begin_cgi(struct listener *listener, int out_flags)
{
	listener->stopped = true;
	listener->single = listener_add(listener, &protocol_cgi,
	    listener->params.fd, listener->params.out_fd);
	listener->single->out_flags = out_flags;
}

struct listener *
listener_create(struct loop *loop, const struct listener_params *params,
    exchange_arrived_fn arrived, void *arg, struct error *error)
{
	struct listener *listener = NULL;
	bool cgi = listener_is_cgi(params->fd);
	int flags = fcntl(params->out_fd, F_GETFL);

	if (!cgi && !listener_is_socket(params->fd))
		error_set(error, "file descriptor %d is not a listening "
		    "FastCGI socket: a web server starts this program",
		    params->fd);
	else if (!cgi && !loop_unblock_accept(params->fd))
		error_set(error, "cannot use the FastCGI socket: %s",
		    strerror(errno));
	else if (cgi && (flags == -1 ||
	    fcntl(params->out_fd, F_SETFL, flags | O_NONBLOCK) == -1))
		error_set(error, "cannot use standard output: %s",
		    strerror(errno));
	else {
		listener = xcalloc(1, sizeof *listener);
		listener->loop = loop;
		listener->empty_ms = clock_monotonic_ms();
		listener->is_empty = true;
		listener->accepting = true;
		listener->params = *params;
		listener->arrived = arrived;
		listener->arrived_arg = arg;
		TAILQ_INIT(&listener->connections);
		listener->pause = loop_timer_create(loop,
		    listener_on_pause_end, listener);
		listener->nothing_left = loop_timer_create(loop,
		    listener_on_nothing_left, listener);
		if (cgi)
			listener_begin_cgi(listener, flags);
		else
			listener->watch = loop_watch_create(loop, params->fd,
			    LOOP_READ, listener_on_connection, listener);
	}
	return listener;
}

/*
 * Takes the last connections of a socket that no other process serves.  A
 * Unix socket is shut down first: the web server is refused, and goes
 * elsewhere before it has sent anything.  (A TCP socket would drop those that
 * wait.)
 */
static void
listener_close(struct listener *listener)
{
	int domain = 0, fd;
	socklen_t size = sizeof domain;

	getsockopt(listener->params.fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
	if (domain == AF_UNIX)
		shutdown(listener->params.fd, SHUT_RDWR);
	while ((fd = accept4(listener->params.fd, NULL, NULL,
	    SOCK_CLOEXEC | SOCK_NONBLOCK)) != -1)
		listener_add(listener, &protocol_fastcgi, fd, fd);
	if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINVAL)
		log_error("cannot accept the last requests: %s",
		    strerror(errno));
}

void
listener_stop(struct listener *listener, listener_drained_fn drained,
    void *arg)
{
	if (listener->params.owns_socket && !listener->stopped)
		listener_close(listener);
	listener->stopped = true;
	listener->drained = drained;
	listener->drained_arg = arg;
	listener_update(listener);
}

void
listener_expire(struct listener *listener)
{
	struct connection *connection = TAILQ_FIRST(&listener->connections);
	struct connection *next;

	for (; connection != NULL; connection = next) {
		next = TAILQ_NEXT(connection, entry);
		exchange_expire(connection->exchange);
	}
}

unsigned int
listener_in_flight(const struct listener *listener)
{
	return listener->in_flight;
}

void
listener_limit(struct listener *listener, unsigned int max_in_flight)
{
	listener->params.max_in_flight = max_in_flight;
	listener_update(listener);
}

void
listener_free(struct listener *listener)
{
	struct connection *connection;

	if (listener == NULL)
		return;
	while ((connection = TAILQ_FIRST(&listener->connections)) != NULL)
		exchange_free(connection->exchange);
	loop_watch_free(listener->watch);
	loop_timer_free(listener->pause);
	loop_timer_free(listener->nothing_left);
	free(listener);
}
