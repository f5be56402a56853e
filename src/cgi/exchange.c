/* SPDX-License-Identifier: Apache-2.0 */
#include "cgi/exchange.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/log.h"
#include "base/xmalloc.h"

enum {
	/* How long an answered peer may take to close its side. */
	EXCHANGE_LINGER_MS = 2000,
	/* How long a peer that trickles may hold one of the places. */
	EXCHANGE_PATIENCE_MS = 60000,
	/* Between the parts of an answer that go out one by one. */
	EXCHANGE_FLUSH_MS = 5,
	EXCHANGE_READ_SIZE = 16384,
	EXCHANGE_ANSWER_SIZE = 65536
};

enum exchange_stage {
	EXCHANGE_VARIABLES,	/* reading them */
	EXCHANGE_BODY,		/* reading it, once it is asked for */
	EXCHANGE_ANSWERING,	/* reading nothing */
	EXCHANGE_SENDING,	/* the end of the answer; reading it away */
	EXCHANGE_LINGERING	/* answered; reading away what still comes */
};

struct exchange {
	struct exchange_params params;
	void *request;			/* the protocol's; NULL at the end */
	enum exchange_stage stage;
	struct loop_watch *watch;	/* to read */
	struct loop_watch *write_watch;	/* NULL until it is needed */
	struct loop_timer *timeout;	/* of the peer */
	struct loop_timer *check;	/* of what is there already */
	struct loop_timer *flush;	/* at the end of the loop's turn */
	int64_t flushed_ms;		/* when it last was */
	int64_t deadline_ms;		/* of the stage */
	int64_t announced;		/* CONTENT_LENGTH, or -1 */
	size_t body_limit;
	exchange_body_fn body_done;	/* NULL: not asked for */
	void *body_arg;
	struct buf text;		/* written, and not flushed */
	struct buf out;			/* as it goes over the connection */
	size_t sent;			/* of `out` */
	bool blocked;			/* the peer does not take it */
	bool gone;
	char id[EXCHANGE_ID_SIZE];	/* "": not asked for */
};

/* --- one request --------------------------------------------------------- */

/* Frees what only the request and its answer need. */
static void
exchange_close_request(struct exchange *exchange)
{
	if (exchange->request == NULL)
		return;
	exchange->params.protocol->close(exchange->request);
	exchange->request = NULL;
	buf_free(&exchange->text);
	buf_free(&exchange->out);
	exchange->params.answered(exchange->params.arg);
}

void
exchange_free(struct exchange *exchange)
{
	if (exchange == NULL)
		return;
	exchange_close_request(exchange);
	loop_watch_free(exchange->watch);
	loop_watch_free(exchange->write_watch);
	loop_timer_free(exchange->timeout);
	loop_timer_free(exchange->check);
	loop_timer_free(exchange->flush);
	exchange->params.closed(exchange->params.arg);
	free(exchange);
}

/* Waits for the peer to do something. */
static void
exchange_wait(struct exchange *exchange)
{
	int64_t delay_ms = exchange->deadline_ms - clock_monotonic_ms();

	if (delay_ms > exchange->params.io_timeout_ms)
		delay_ms = exchange->params.io_timeout_ms;
	loop_timer_start(exchange->timeout, delay_ms);
}

const char *
exchange_variable(const struct exchange *exchange, const char *name)
{
	return exchange->params.protocol->variable(exchange->request, name);
}

bool
exchange_variables_are_too_large(const struct exchange *exchange)
{
	return exchange->params.protocol->variables_are_too_large(
	    exchange->request);
}

/* --- its id --------------------------------------------------------------- */

const char *
exchange_id(struct exchange *exchange)
{
	const char *given;

	if (exchange->id[0] == '\0') {
		given = exchange_variable(exchange, "HTTP_X_REQUEST_ID");
		if (given != NULL && log_may_show(given))
			snprintf(exchange->id, sizeof exchange->id, "%s",
			    given);
		else
			encoding_make_uuid(exchange->id);
	}
	return exchange->id;
}

int64_t
exchange_came_ms(const struct exchange *exchange)
{
	return exchange->params.came_ms;
}

/*
 * A web server closes the whole connection.  On a Unix socket that can be told
 * from the end of what it sends alone, on others it cannot.
 */
bool
exchange_is_gone(const struct exchange *exchange)
{
	struct pollfd look = { .fd = exchange->params.in_fd,
	    .events = POLLRDHUP };

	return exchange->gone || (exchange->params.lingers &&
	    exchange->params.in_fd == exchange->params.out_fd &&
	    poll(&look, 1, 0) == 1 && (look.revents & (POLLHUP | POLLERR)) !=
	    0);
}

int64_t
exchange_announced(const struct exchange *exchange)
{
	return protocol_content_length(exchange_variable(exchange,
	    "CONTENT_LENGTH"));
}

void
exchange_limit_time(struct exchange *exchange, int64_t time_ms)
{
	exchange->deadline_ms = clock_monotonic_ms() + time_ms;
}

void
exchange_allow(struct exchange *exchange, size_t answer_size)
{
	exchange->text.limit = answer_size;
	/* With the protocol's records around it. */
	exchange->out.limit = answer_size + answer_size / 64 +
	    EXCHANGE_ANSWER_SIZE;
}

/* --- the body ------------------------------------------------------------ */

static void
exchange_end_body(struct exchange *exchange, enum exchange_body result)
{
	struct buf body;

	exchange->stage = EXCHANGE_ANSWERING;
	exchange->deadline_ms = INT64_MAX;
	loop_timer_stop(exchange->timeout);
	loop_timer_stop(exchange->check);
	buf_init(&body, exchange->body_limit);
	if (result == EXCHANGE_BODY_OK &&
	    (!exchange->params.protocol->read_body(exchange->request, &body) ||
	    (exchange->announced != -1 &&
	    (int64_t)body.size != exchange->announced)))
		result = EXCHANGE_BODY_CUT;
	exchange->body_done(exchange->body_arg, result,
	    result == EXCHANGE_BODY_OK ? &body : NULL);
	/* The exchange may be gone. */
	buf_free(&body);
}

/* Ends the body if it is complete, or will not be. */
static void
exchange_check_body(struct exchange *exchange)
{
	enum protocol_state state = exchange->params.protocol->state(
	    exchange->request);
	size_t size = exchange->params.protocol->body_size(exchange->request);

	if (exchange->announced > (int64_t)exchange->body_limit ||
	    size > exchange->body_limit)
		exchange_end_body(exchange, EXCHANGE_BODY_TOO_LARGE);
	else if (state == PROTOCOL_COMPLETE)
		exchange_end_body(exchange, EXCHANGE_BODY_OK);
	else if (state == PROTOCOL_BROKEN)
		exchange_end_body(exchange, EXCHANGE_BODY_CUT);
	else
		exchange_wait(exchange);
}

void
exchange_read_body(struct exchange *exchange, size_t limit,
    exchange_body_fn done, void *arg)
{
	exchange->announced = exchange_announced(exchange);
	exchange->body_limit = limit;
	exchange->body_done = done;
	exchange->body_arg = arg;
	exchange_allow(exchange, EXCHANGE_ANSWER_SIZE + 2 * limit);
	loop_watch_change(exchange->watch, LOOP_READ);
	loop_timer_start(exchange->check, 0);
}

/* --- reading ------------------------------------------------------------- */

static void
exchange_check_variables(struct exchange *exchange)
{
	const struct protocol *protocol = exchange->params.protocol;

	/* A body that is broken is answered. */
	if (protocol->has_variables(exchange->request)) {
		exchange->stage = EXCHANGE_BODY;
		loop_timer_stop(exchange->timeout);
		exchange->params.arrived(exchange->params.arg, exchange);
	} else if (protocol->state(exchange->request) == PROTOCOL_BROKEN) {
		log_warn("a web server sent an incomplete or invalid request");
		exchange_free(exchange);
	} else
		exchange_wait(exchange);
}

/* Looks at what the protocol has, without waiting for more. */
static void
exchange_check(struct exchange *exchange)
{
	if (exchange->stage == EXCHANGE_VARIABLES)
		exchange_check_variables(exchange);
	else if (exchange->body_done != NULL)
		exchange_check_body(exchange);
}

static void
exchange_on_check(void *arg)
{
	exchange_check(arg);
}

/*
 * Closing while the peer still writes would reset the connection and could
 * take the answer with it: what it sends is read away.
 */
static void
exchange_discard(struct exchange *exchange, bool ended)
{
	if (ended && exchange->stage == EXCHANGE_LINGERING)
		exchange_free(exchange);
	else if (ended)
		loop_watch_change(exchange->watch, 0);
}

/* Nothing is read between two stages; most peers send nothing then. */
static bool
exchange_reads(const struct exchange *exchange)
{
	return exchange->stage != EXCHANGE_ANSWERING &&
	    (exchange->stage != EXCHANGE_BODY || exchange->body_done != NULL);
}

static void
exchange_read(struct exchange *exchange, int fd)
{
	/* On the stack the compiler would clear it first. */
	static char chunk[EXCHANGE_READ_SIZE];
	ssize_t got = read(fd, chunk, sizeof chunk);
	size_t size = got > 0 ? (size_t)got : 0;
	bool reading = exchange->stage <= EXCHANGE_BODY;

	if (got == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (reading)
		exchange->params.protocol->take(exchange->request, chunk,
		    size);
	explicit_bzero(chunk, size);
	if (reading)
		exchange_check(exchange);
	else
		exchange_discard(exchange, size == 0);
}

static void
exchange_on_readable(void *arg, int fd, unsigned int events)
{
	struct exchange *exchange = arg;

	(void)events;
	if (exchange_reads(exchange))
		exchange_read(exchange, fd);
	else
		/* Until it does again. */
		loop_watch_change(exchange->watch, 0);
}

/* --- writing ------------------------------------------------------------- */

/* The peer is gone: nothing can be written any more. */
static void
exchange_lose(struct exchange *exchange)
{
	exchange->gone = true;
	exchange->blocked = false;
	loop_timer_stop(exchange->timeout);
	loop_watch_free(exchange->write_watch);
	exchange->write_watch = NULL;
	buf_free(&exchange->text);
	buf_free(&exchange->out);
	exchange->sent = 0;
}

/* Drops what was sent, but does not move the rest too often. */
static void
exchange_drop_sent(struct exchange *exchange)
{
	struct buf *out = &exchange->out;

	if (exchange->sent < out->size / 2)
		return;
	out->size -= exchange->sent;
	memmove(out->data, out->data + exchange->sent, out->size);
	exchange->sent = 0;
}

static void exchange_on_writable(void *arg, int fd, unsigned int events);

/* Sends what the peer takes, and waits for it to take the rest. */
static void
exchange_send(struct exchange *exchange)
{
	struct buf *out = &exchange->out;
	ssize_t done = 0;
	bool progress = false;

	while (exchange->sent < out->size && done != -1) {
		done = write(exchange->params.out_fd,
		    out->data + exchange->sent, out->size - exchange->sent);
		if (done > 0) {
			exchange->sent += (size_t)done;
			progress = true;
		}
	}
	if (done == -1 && errno != EAGAIN && errno != EINTR) {
		exchange_lose(exchange);
		return;
	}
	if (exchange->sent == out->size) {
		buf_reset(out);
		exchange->sent = 0;
		exchange->blocked = false;
		if (exchange->write_watch != NULL)
			loop_watch_change(exchange->write_watch, 0);
		loop_timer_stop(exchange->timeout);
		return;
	}
	exchange_drop_sent(exchange);
	if (exchange->write_watch == NULL)
		exchange->write_watch = loop_watch_create(
		    exchange->params.loop, exchange->params.out_fd,
		    LOOP_WRITE, exchange_on_writable, exchange);
	loop_watch_change(exchange->write_watch, LOOP_WRITE);
	if (progress || !exchange->blocked)
		exchange_wait(exchange);
	exchange->blocked = true;
}

/* The answer is over: closes, or waits until it can. */
static void
exchange_end(struct exchange *exchange)
{
	loop_watch_change(exchange->watch, LOOP_READ);
	if (exchange->blocked)
		return;
	if (exchange->gone || !exchange->params.lingers ||
	    shutdown(exchange->params.out_fd, SHUT_WR) == -1) {
		exchange_free(exchange);
		return;
	}
	exchange->stage = EXCHANGE_LINGERING;
	exchange_close_request(exchange);
	loop_timer_start(exchange->timeout, EXCHANGE_LINGER_MS);
}

static void
exchange_on_writable(void *arg, int fd, unsigned int events)
{
	struct exchange *exchange = arg;

	(void)fd;
	(void)events;
	exchange_send(exchange);
	if (exchange->stage == EXCHANGE_SENDING && !exchange->blocked)
		exchange_end(exchange);
}

static void
exchange_overflow(struct exchange *exchange)
{
	log_error("internal error, please report it: a response is longer "
	    "than its buffer; it was cut, and the connection closed");
	exchange_lose(exchange);
}

/* Hands what was written to the protocol. */
static void
exchange_encode(struct exchange *exchange)
{
	if (exchange->text.size > 0 && !exchange->params.protocol->write(
	    exchange->request, exchange->text.data, exchange->text.size,
	    &exchange->out)) {
		exchange_overflow(exchange);
	}
	buf_reset(&exchange->text);
}

bool
exchange_write(struct exchange *exchange, const char *data, size_t size)
{
	if (!exchange->gone && !buf_append(&exchange->text, data, size)) {
		exchange_overflow(exchange);
	}
	return !exchange->gone;
}

static void
exchange_flush_now(struct exchange *exchange)
{
	exchange->flushed_ms = clock_monotonic_ms();
	loop_timer_stop(exchange->flush);
	exchange_encode(exchange);
	if (!exchange->gone)
		exchange_send(exchange);
}

static void
exchange_on_flush(void *arg)
{
	struct exchange *exchange = arg;

	if (!exchange->gone)
		exchange_flush_now(exchange);
}

/*
 * What is flushed soon after waits for the end of the loop's turn, in which
 * there is often more: each flush costs the worker, and the web server more
 * than that.
 */
bool
exchange_flush(struct exchange *exchange)
{
	int64_t since_ms = clock_monotonic_ms() - exchange->flushed_ms;

	if (exchange->gone)
		;
	else if (exchange->flushed_ms == 0 || since_ms >= EXCHANGE_FLUSH_MS)
		exchange_flush_now(exchange);
	else
		loop_timer_start(exchange->flush, 0);
	return !exchange->gone;
}

void
exchange_finish(struct exchange *exchange)
{
	exchange->stage = EXCHANGE_SENDING;
	exchange->deadline_ms = clock_monotonic_ms() + EXCHANGE_PATIENCE_MS;
	loop_timer_stop(exchange->flush);
	if (!exchange->gone && !exchange->params.protocol->finish(
	    exchange->request, buf_text(&exchange->text), exchange->text.size,
	    &exchange->out))
		exchange_overflow(exchange);
	buf_free(&exchange->text);
	if (!exchange->gone)
		exchange_send(exchange);
	exchange_end(exchange);
}

/* --- beginning ----------------------------------------------------------- */

static void
exchange_on_timeout(void *arg)
{
	struct exchange *exchange = arg;

	switch (exchange->stage) {
	case EXCHANGE_VARIABLES:
		log_warn("timed out reading a request from the web server");
		exchange_free(exchange);
		break;
	case EXCHANGE_BODY:
		log_warn("timed out reading a request body");
		exchange_end_body(exchange, EXCHANGE_BODY_CUT);
		break;
	case EXCHANGE_ANSWERING:
		log_warn("timed out sending a response to the web "
		    "server");
		exchange_lose(exchange);
		break;
	case EXCHANGE_SENDING:
		log_warn("timed out sending a response to the web "
		    "server");
		exchange_free(exchange);
		break;
	case EXCHANGE_LINGERING:
		exchange_free(exchange);
		break;
	}
}

struct exchange *
exchange_create(const struct exchange_params *params)
{
	struct exchange *exchange = xcalloc(1, sizeof *exchange);

	exchange->params = *params;
	exchange->request = params->protocol->open();
	exchange->deadline_ms = clock_monotonic_ms() + EXCHANGE_PATIENCE_MS;
	buf_init(&exchange->text, EXCHANGE_ANSWER_SIZE);
	buf_init(&exchange->out, EXCHANGE_ANSWER_SIZE);
	exchange->timeout = loop_timer_create(params->loop,
	    exchange_on_timeout, exchange);
	exchange->check = loop_timer_create(params->loop, exchange_on_check,
	    exchange);
	exchange->flush = loop_timer_create(params->loop, exchange_on_flush,
	    exchange);
	exchange->watch = loop_watch_create(params->loop, params->in_fd,
	    LOOP_READ, exchange_on_readable, exchange);
	exchange_wait(exchange);
	/* The variables of CGI do not come as bytes. */
	if (params->protocol->has_variables(exchange->request))
		loop_timer_start(exchange->check, 0);
	return exchange;
}

void
exchange_expire(struct exchange *exchange)
{
	if (exchange->stage == EXCHANGE_VARIABLES)
		exchange_free(exchange);
	else if (exchange->stage == EXCHANGE_BODY &&
	    exchange->body_done != NULL)
		exchange_end_body(exchange, EXCHANGE_BODY_EXPIRED);
}
