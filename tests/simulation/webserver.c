/* SPDX-License-Identifier: Apache-2.0 */
#include "webserver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "fastcgi-peer.h"
#include "sockets.h"

enum {
	WEBSERVER_NEVER = -1
};

struct webserver {
	TAILQ_ENTRY(webserver) entry;
	struct webserver_params params;
	struct fastcgi_peer peer;
	struct exchange *exchange;	/* NULL: it is gone */
	int gateway_fd;
	void *request;			/* the protocol's */
	struct loop_watch *watch;	/* to read at once */
	struct loop_timer *reader;	/* or at its own pace */
	struct loop_timer *gone;
	struct loop_timer *sender;	/* the next piece of the body */
	const char *body;
	size_t body_size;
	unsigned int pieces;		/* that are left */
	int64_t piece_ms;
	bool is_cut;
	bool has_stopped;
	bool is_gone;
	bool is_written;
	bool is_finished;
	bool is_ended;			/* by the worker, as it should be */
	int64_t stalled_ms;
	int64_t finished_ms;
	int64_t left_ms;		/* it closed, or had all; or NEVER */
	int64_t held_ms;
	size_t encoded;			/* of the answer, so far */
	bool is_hoarded;
	bool is_late;			/* it had closed when it was served */
};

/* --- what the worker does with the answer -------------------------------- */

/*
 * FastCGI, and a look at it: the exchange asks it to write, and then to end the
 * answer or, when the connection is lost, to give up the request.
 */
static struct protocol webserver_protocol;

static TAILQ_HEAD(, webserver) webservers =
    TAILQ_HEAD_INITIALIZER(webservers);
static struct webserver *webserver_opening;

static struct webserver *
webserver_find(const void *request)
{
	struct webserver *webserver = TAILQ_FIRST(&webservers);

	while (webserver->request != request)
		webserver = TAILQ_NEXT(webserver, entry);
	return webserver;
}

static void
webserver_finish(struct webserver *webserver)
{
	if (webserver->is_finished)
		return;
	webserver->is_finished = true;
	webserver->finished_ms = clock_monotonic_ms();
	webserver->params.finished(webserver->params.arg);
}

static void *
webserver_on_open(void)
{
	webserver_opening->request = protocol_fastcgi.open();
	return webserver_opening->request;
}

static bool webserver_is_closed(const struct webserver *webserver);

/* Its type is looked at when a request is served, and only then. */
static const char *
webserver_on_variable(const void *request, const char *name)
{
	struct webserver *webserver = webserver_find(request);

	if (strcmp(name, "CONTENT_TYPE") == 0) {
		webserver->is_late = webserver_is_closed(webserver);
		webserver->params.served(webserver->params.arg);
	}
	return protocol_fastcgi.variable(request, name);
}

static bool
webserver_on_read_body(void *request, struct buf *body)
{
	struct webserver *webserver = webserver_find(request);

	webserver->params.read(webserver->params.arg);
	return protocol_fastcgi.read_body(request, body);
}

/* What has gone through may be half of what is kept, so that it need not be
 * moved too often. */
static void
webserver_look(struct webserver *webserver, size_t kept, size_t size)
{
	if (webserver->peer.fd != -1 && kept > 2 * (webserver->encoded -
	    sockets_passed(webserver->peer.fd)) + 1)
		webserver->is_hoarded = true;
	if (size > 0)
		webserver->is_written = true;
}

static bool
webserver_on_write(void *request, const char *data, size_t size,
    struct buf *out)
{
	struct webserver *webserver = webserver_find(request);
	size_t before = out->size;
	bool good;

	webserver_look(webserver, before, size);
	good = protocol_fastcgi.write(request, data, size, out);
	webserver->encoded += out->size - before;
	return good;
}

static bool
webserver_on_finish(void *request, const char *data, size_t size,
    struct buf *out)
{
	struct webserver *webserver = webserver_find(request);

	webserver_look(webserver, out->size, size);
	webserver->is_ended = true;
	webserver_finish(webserver);
	return protocol_fastcgi.finish(request, data, size, out);
}

static void
webserver_on_close(void *request)
{
	struct webserver *webserver = webserver_find(request);

	protocol_fastcgi.close(request);
	webserver->request = NULL;
	webserver_finish(webserver);
}

/* --- the answer ---------------------------------------------------------- */

static bool
webserver_is_closed(const struct webserver *webserver)
{
	return webserver->peer.fd == -1;
}

static void
webserver_close(struct webserver *webserver)
{
	loop_watch_free(webserver->watch);
	webserver->watch = NULL;
	loop_timer_stop(webserver->reader);
	loop_timer_stop(webserver->sender);
	loop_timer_stop(webserver->gone);
	webserver->is_gone = !webserver->peer.ended &&
	    !webserver->peer.closed;
	webserver->stalled_ms = sockets_stalled_ms(webserver->peer.fd);
	fastcgi_peer_close(&webserver->peer);
}

/* From now on nothing of it keeps the worker. */
static void
webserver_leave(struct webserver *webserver)
{
	if (webserver->left_ms == WEBSERVER_NEVER)
		webserver->left_ms = clock_monotonic_ms();
}

/* Nothing more comes: closes, or waits for the worker to do so. */
static void
webserver_end(struct webserver *webserver)
{
	webserver_leave(webserver);
	if (!webserver->params.pace.lingers)
		webserver_close(webserver);
	else if (webserver->peer.closed)
		loop_watch_change(webserver->watch, 0);
}

static void
webserver_read(struct webserver *webserver, size_t most)
{
	fastcgi_peer_read(&webserver->peer, most);
	if (webserver->peer.ended || webserver->peer.closed)
		webserver_end(webserver);
}

static void
webserver_on_readable(void *arg, int fd, unsigned int events)
{
	(void)fd;
	(void)events;
	webserver_read(arg, SIZE_MAX);
}

static void
webserver_on_reader(void *arg)
{
	struct webserver *webserver = arg;
	const struct webserver_pace *pace = &webserver->params.pace;
	int64_t next_ms = pace->every_ms;

	if (pace->stops_ms > 0 && !webserver->has_stopped &&
	    webserver->peer.size >= pace->stops_after) {
		webserver->has_stopped = true;
		next_ms = pace->stops_ms;
	} else
		webserver_read(webserver, pace->piece);
	if (!webserver_is_closed(webserver) && !webserver->peer.closed)
		loop_timer_start(webserver->reader, next_ms);
}

static void
webserver_on_gone(void *arg)
{
	webserver_leave(arg);
	webserver_close(arg);
}

/* --- the request --------------------------------------------------------- */

static void
webserver_send_piece(struct webserver *webserver)
{
	size_t part = webserver->body_size / webserver->pieces;

	if (part > 0)
		fastcgi_peer_body_part(&webserver->peer, webserver->body,
		    part);
	webserver->body += part;
	webserver->body_size -= part;
	if (--webserver->pieces > 0)
		loop_timer_start(webserver->sender, webserver->piece_ms);
	else if (webserver->is_cut)
		fastcgi_peer_abort(&webserver->peer);
	else
		fastcgi_peer_body(&webserver->peer, "");
}

static void
webserver_on_sender(void *arg)
{
	webserver_send_piece(arg);
}

void
webserver_send_body(struct webserver *webserver, const char *body,
    int64_t after_ms, unsigned int pieces, bool is_cut)
{
	webserver->body = body;
	webserver->body_size = strlen(body);
	webserver->pieces = pieces;
	webserver->piece_ms = after_ms / pieces;
	webserver->is_cut = is_cut;
	if (webserver_is_closed(webserver))
		return;
	if (after_ms == 0)
		webserver_send_piece(webserver);
	else
		loop_timer_start(webserver->sender, webserver->piece_ms);
}

static void
webserver_on_arrived(void *arg, struct exchange *exchange)
{
	struct webserver *webserver = arg;

	webserver->params.arrived(webserver->params.arg, exchange);
}

static void
webserver_on_answered(void *arg)
{
	(void)arg;
}

/* How long the worker has kept the connection for nothing. */
static int64_t
webserver_measure_hold(const struct webserver *webserver)
{
	int64_t since_ms = webserver->left_ms;

	if (since_ms == WEBSERVER_NEVER)
		return 0;
	if (since_ms < webserver->finished_ms)
		since_ms = webserver->finished_ms;
	return clock_monotonic_ms() - since_ms;
}

static void
webserver_on_closed(void *arg)
{
	struct webserver *webserver = arg;

	webserver->exchange = NULL;
	webserver->held_ms = webserver_measure_hold(webserver);
	close(webserver->gateway_fd);
	if (!webserver_is_closed(webserver)) {
		fastcgi_peer_read(&webserver->peer, SIZE_MAX);
		webserver_close(webserver);
	}
	webserver->params.closed(webserver->params.arg);
}

static void
webserver_connect(struct webserver *webserver)
{
	webserver_protocol = protocol_fastcgi;
	webserver_protocol.open = webserver_on_open;
	webserver_protocol.variable = webserver_on_variable;
	webserver_protocol.read_body = webserver_on_read_body;
	webserver_protocol.write = webserver_on_write;
	webserver_protocol.finish = webserver_on_finish;
	webserver_protocol.close = webserver_on_close;
	fastcgi_peer_open(&webserver->peer, &webserver->gateway_fd);
	if (webserver->params.pace.room > 0)
		sockets_set_room(webserver->peer.fd,
		    webserver->params.pace.room);
	webserver_opening = webserver;
	webserver->exchange = exchange_create(&(struct exchange_params){
		.loop = webserver->params.loop,
		.protocol = &webserver_protocol,
		.in_fd = webserver->gateway_fd,
		.out_fd = webserver->gateway_fd,
		.lingers = true,
		.io_timeout_ms = WEBSERVER_IO_TIMEOUT_MS,
		.came_ms = clock_monotonic_ms(),
		.arrived = webserver_on_arrived,
		.answered = webserver_on_answered,
		.closed = webserver_on_closed,
		.arg = webserver
	});
}

struct webserver *
webserver_create(const struct webserver_params *params)
{
	struct webserver *webserver = xcalloc(1, sizeof *webserver);
	bool at_once = params->pace.room == 0;

	webserver->params = *params;
	webserver->left_ms = WEBSERVER_NEVER;
	TAILQ_INSERT_HEAD(&webservers, webserver, entry);
	webserver_connect(webserver);
	webserver->watch = loop_watch_create(params->loop,
	    webserver->peer.fd, at_once ? LOOP_READ : 0,
	    webserver_on_readable, webserver);
	webserver->reader = loop_timer_create(params->loop,
	    webserver_on_reader, webserver);
	webserver->sender = loop_timer_create(params->loop,
	    webserver_on_sender, webserver);
	webserver->gone = loop_timer_create(params->loop, webserver_on_gone,
	    webserver);
	if (!at_once)
		loop_timer_start(webserver->reader, params->pace.every_ms);
	if (params->gone_after_ms > 0)
		loop_timer_start(webserver->gone, params->gone_after_ms);
	fastcgi_peer_begin(&webserver->peer, params->variables);
	return webserver;
}

void
webserver_free(struct webserver *webserver)
{
	TAILQ_REMOVE(&webservers, webserver, entry);
	loop_timer_free(webserver->reader);
	loop_timer_free(webserver->sender);
	loop_timer_free(webserver->gone);
	fastcgi_peer_free(&webserver->peer);
	free(webserver);
}

void
webserver_expire(struct webserver *webserver)
{
	if (webserver->exchange != NULL)
		exchange_expire(webserver->exchange);
}

/* --- what has come of it ------------------------------------------------- */

bool
webserver_is_gone(const struct webserver *webserver)
{
	return webserver->is_gone;
}

bool
webserver_is_lost(const struct webserver *webserver)
{
	return webserver->is_finished && !webserver->is_ended &&
	    !webserver->is_gone;
}

bool
webserver_is_answered(const struct webserver *webserver)
{
	return webserver->is_written;
}

void
webserver_take(struct webserver *webserver, struct webserver_taken *taken)
{
	const char *body = strstr(webserver->peer.answer, "\r\n\r\n");

	*taken = (struct webserver_taken){
		.body = body == NULL ? "" : body + 4,
		.is_whole = webserver->peer.ended,
		.is_gone = webserver->is_gone,
		.stalled_ms = webserver->stalled_ms,
		.is_late = webserver->is_late,
		.held_ms = webserver->held_ms,
		.lingers = webserver->params.pace.lingers,
		.is_hoarded = webserver->is_hoarded
	};
	if (sscanf(webserver->peer.answer, "Status: %d",
	    &taken->status) != 1)
		taken->status = 0;
}
