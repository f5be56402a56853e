/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "log.h"
#include "xmalloc.h"

enum {
	/* Out of descriptors: wait for some to come back. */
	EXCHANGE_ACCEPT_PAUSE_MS = 100,
	/* How long an answered peer may take to close its side. */
	EXCHANGE_LINGER_MS = 2000,
	EXCHANGE_ACCEPT_BURST = 64
};

struct exchange_listener {
	struct loop *loop;
	struct exchange_params params;
	struct loop_watch *watch;
	struct loop_timer *timer;	/* ends a pause; says drained */
	TAILQ_HEAD(, exchange) connections;
	unsigned int in_flight;
	bool pausing;
	bool stopped;
	exchange_arrived_fn arrived;
	void *arrived_arg;
	exchange_drained_fn drained;
	void *drained_arg;
};

struct exchange {
	TAILQ_ENTRY(exchange) entry;
	struct exchange_listener *listener;
	struct loop_watch *watch;	/* for the request, later for the end */
	struct loop_timer *timer;
	int fd;
	FCGX_Request request;
	bool gone;
	bool answered;
};

/* --- accepting ----------------------------------------------------------- */

static void
exchange_listener_update(struct exchange_listener *listener)
{
	bool open = !listener->stopped && !listener->pausing &&
	    listener->in_flight < listener->params.max_in_flight;

	loop_watch_change(listener->watch, open ? LOOP_READ : 0);
	if (listener->stopped && listener->in_flight == 0)
		loop_timer_start(listener->timer, 0);
}

static void
exchange_free(struct exchange *exchange)
{
	struct exchange_listener *listener = exchange->listener;

	loop_watch_free(exchange->watch);
	loop_timer_free(exchange->timer);
	if (exchange->fd != -1)
		close(exchange->fd);
	TAILQ_REMOVE(&listener->connections, exchange, entry);
	if (!exchange->answered)
		listener->in_flight--;
	free(exchange);
	exchange_listener_update(listener);
}

static void
exchange_on_timeout(void *arg)
{
	struct exchange *exchange = arg;

	if (!exchange->answered)
		log_warn("a web server connected and sent no request");
	exchange_free(exchange);
}

static void
exchange_on_request(void *arg, int fd, unsigned int events)
{
	struct exchange *exchange = arg;
	struct exchange_listener *listener = exchange->listener;

	(void)events;
	loop_timer_stop(exchange->timer);
	loop_watch_change(exchange->watch, 0);
	FCGX_InitRequest(&exchange->request, -1, FCGI_FAIL_ACCEPT_ON_INTR);
	exchange->request.ipcFd = fd;
	/* Detached: libfcgi closes at once, and never waits for the peer. */
	FCGX_Detach(&exchange->request);
	exchange->request.keepConnection = 1;
	if (FCGX_Accept_r(&exchange->request) != 0) {
		/* It closed the connection already. */
		exchange->fd = -1;
		exchange_free(exchange);
	} else
		listener->arrived(listener->arrived_arg, exchange);
}

static void
exchange_create(struct exchange_listener *listener, int fd)
{
	struct exchange *exchange = xcalloc(1, sizeof *exchange);
	int64_t timeout_ms = listener->params.io_timeout_ms;
	struct timeval timeout = {
		.tv_sec = timeout_ms / 1000,
		.tv_usec = timeout_ms % 1000 * 1000
	};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
	exchange->listener = listener;
	exchange->fd = fd;
	exchange->timer = loop_timer_create(listener->loop,
	    exchange_on_timeout, exchange);
	exchange->watch = loop_watch_create(listener->loop, fd, LOOP_READ,
	    exchange_on_request, exchange);
	loop_timer_start(exchange->timer, timeout_ms);
	TAILQ_INSERT_TAIL(&listener->connections, exchange, entry);
	listener->in_flight++;
}

static void
exchange_on_connection(void *arg, int listen_fd, unsigned int events)
{
	struct exchange_listener *listener = arg;
	int burst, fd = -1;

	(void)events;
	for (burst = 0; burst < EXCHANGE_ACCEPT_BURST &&
	    listener->in_flight < listener->params.max_in_flight; burst++) {
		fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd == -1)
			break;
		exchange_create(listener, fd);
	}
	if (fd == -1 && (errno == EMFILE || errno == ENFILE ||
	    errno == ENOBUFS || errno == ENOMEM)) {
		log_error("cannot accept a request: %s", strerror(errno));
		listener->pausing = true;
		loop_timer_start(listener->timer, EXCHANGE_ACCEPT_PAUSE_MS);
	}
	exchange_listener_update(listener);
}

static void
exchange_on_listener_timer(void *arg)
{
	struct exchange_listener *listener = arg;

	listener->pausing = false;
	if (!listener->stopped)
		exchange_listener_update(listener);
	else if (listener->in_flight == 0 && listener->drained != NULL)
		listener->drained(listener->drained_arg);
}

struct exchange_listener *
exchange_listen(struct loop *loop, const struct exchange_params *params,
    exchange_arrived_fn arrived, void *arg, struct fault *fault)
{
	struct exchange_listener *listener = NULL;
	int listening = 0, flags;
	socklen_t size = sizeof listening;

	if (getsockopt(params->fd, SOL_SOCKET, SO_ACCEPTCONN, &listening,
	    &size) == -1 || !listening)
		fault_set(fault, "file descriptor %d is not a listening "
		    "FastCGI socket: a web server starts this program",
		    params->fd);
	else if ((flags = fcntl(params->fd, F_GETFL)) == -1 ||
	    fcntl(params->fd, F_SETFL, flags | O_NONBLOCK) == -1)
		fault_set(fault, "cannot use the FastCGI socket: %s",
		    strerror(errno));
	else if (FCGX_Init() != 0)
		fault_set(fault, "cannot initialise libfcgi");
	else {
		listener = xcalloc(1, sizeof *listener);
		listener->loop = loop;
		listener->params = *params;
		listener->arrived = arrived;
		listener->arrived_arg = arg;
		TAILQ_INIT(&listener->connections);
		listener->timer = loop_timer_create(loop,
		    exchange_on_listener_timer, listener);
		listener->watch = loop_watch_create(loop, params->fd,
		    LOOP_READ, exchange_on_connection, listener);
	}
	return listener;
}

/*
 * Takes the last connections of a socket that nobody else serves.  A Unix
 * socket is closed for new ones first: the web server is refused, and goes
 * elsewhere before it has sent anything.  (A TCP socket would throw away
 * those that wait.)
 */
static void
exchange_listener_close(struct exchange_listener *listener)
{
	int domain = 0, fd;
	socklen_t size = sizeof domain;

	getsockopt(listener->params.fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
	if (domain == AF_UNIX)
		shutdown(listener->params.fd, SHUT_RDWR);
	while ((fd = accept4(listener->params.fd, NULL, NULL,
	    SOCK_CLOEXEC)) != -1)
		exchange_create(listener, fd);
	if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINVAL)
		log_error("cannot accept the last requests: %s",
		    strerror(errno));
}

void
exchange_listener_stop(struct exchange_listener *listener,
    exchange_drained_fn drained, void *arg)
{
	if (listener->params.owns_socket && !listener->stopped)
		exchange_listener_close(listener);
	listener->stopped = true;
	listener->drained = drained;
	listener->drained_arg = arg;
	exchange_listener_update(listener);
}

void
exchange_listener_limit(struct exchange_listener *listener,
    unsigned int max_in_flight)
{
	listener->params.max_in_flight = max_in_flight;
	exchange_listener_update(listener);
}

void
exchange_listener_free(struct exchange_listener *listener)
{
	struct exchange *exchange;

	if (listener == NULL)
		return;
	while ((exchange = TAILQ_FIRST(&listener->connections)) != NULL)
		exchange_free(exchange);
	loop_watch_free(listener->watch);
	loop_timer_free(listener->timer);
	free(listener);
}

/* --- one request --------------------------------------------------------- */

const char *
exchange_variable(const struct exchange *exchange, const char *name)
{
	return FCGX_GetParam(name, exchange->request.envp);
}

/* The length that the web server announces, or -1. */
static int64_t
exchange_content_length(const struct exchange *exchange)
{
	const char *text = exchange_variable(exchange, "CONTENT_LENGTH");
	char *end;
	long long length;

	if (text == NULL || *text < '0' || *text > '9')
		return -1;
	errno = 0;
	length = strtoll(text, &end, 10);
	return errno != 0 || *end != '\0' ? -1 : length;
}

enum exchange_body
exchange_read_body(struct exchange *exchange, struct buf *body)
{
	FCGX_Stream *in = exchange->request.in;
	int64_t announced = exchange_content_length(exchange);
	char chunk[8192];
	int got;

	if (announced > (int64_t)body->limit)
		return EXCHANGE_BODY_TOO_LARGE;
	do {
		got = FCGX_GetStr(chunk, sizeof chunk, in);
		if (!buf_append(body, chunk, (size_t)got))
			return EXCHANGE_BODY_TOO_LARGE;
	} while (got == (int)sizeof chunk);
	if (FCGX_GetError(in) != 0 ||
	    (announced != -1 && (int64_t)body->size != announced))
		return EXCHANGE_BODY_CUT;
	return EXCHANGE_BODY_OK;
}

/* A failed stream takes everything without a word: ask it each time. */
static bool
exchange_check(struct exchange *exchange, int result)
{
	if (result == -1 || FCGX_GetError(exchange->request.out) != 0)
		exchange->gone = true;
	return !exchange->gone;
}

bool
exchange_write(struct exchange *exchange, const char *data, size_t size)
{
	if (exchange->gone)
		return false;
	return exchange_check(exchange, FCGX_PutStr(data, (int)size,
	    exchange->request.out));
}

bool
exchange_flush(struct exchange *exchange)
{
	if (exchange->gone)
		return false;
	return exchange_check(exchange, FCGX_FFlush(exchange->request.out));
}

/* Reads away what the peer still sends, until it closes its side. */
static void
exchange_on_linger(void *arg, int fd, unsigned int events)
{
	struct exchange *exchange = arg;
	char trash[4096];
	ssize_t got;

	(void)events;
	do
		got = recv(fd, trash, sizeof trash, MSG_DONTWAIT);
	while (got > 0);
	if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
		exchange_free(exchange);
}

void
exchange_finish(struct exchange *exchange)
{
	struct exchange_listener *listener = exchange->listener;

	if (!exchange->gone) {
		FCGX_FClose(exchange->request.err);
		FCGX_FClose(exchange->request.out);
	}
	FCGX_Free(&exchange->request, 0);
	exchange->answered = true;
	listener->in_flight--;
	/*
	 * Closing while the peer still writes would reset the connection and
	 * could take the answer with it.
	 */
	if (exchange->gone || shutdown(exchange->fd, SHUT_WR) == -1)
		exchange_free(exchange);
	else {
		loop_watch_free(exchange->watch);
		exchange->watch = loop_watch_create(listener->loop,
		    exchange->fd, LOOP_READ, exchange_on_linger, exchange);
		loop_timer_start(exchange->timer, EXCHANGE_LINGER_MS);
		exchange_listener_update(listener);
	}
}
