/* SPDX-License-Identifier: Apache-2.0 */
#include "http/connection.h"

#include <stdlib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"

enum {
	/* A connection that was idle for longer is warmed up again: the
	 * provider may have closed it, which only the next request shows. */
	HTTP_CONNECTION_WARM_MS = 1000,
	/* A connection with requests outstanding for so long is suspect. */
	HTTP_CONNECTION_SILENCE_MS = 1000,
	/* What HTTP/2 recommends as the least (RFC 9113, 6.5.2), and curl
	 * takes for granted until it is told. */
	HTTP_CONNECTION_STREAMS = 100
};

static void
http_connection_check(struct http_connection *connection)
{
	const struct http_connection_params *params = &connection->params;
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(connection->multi, &left)) !=
	       NULL) {
		if (message->msg == CURLMSG_DONE)
			params->ended(params->arg, message->easy_handle,
			    message->data.result);
	}
	params->settled(params->arg);
}

static void
http_connection_on_ready(void *arg, int fd, unsigned int events)
{
	struct http_connection *connection = arg;
	int action, running;

	action = (events & LOOP_READ ? CURL_CSELECT_IN : 0) |
	    (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0);
	curl_multi_socket_action(connection->multi, fd, action, &running);
	http_connection_check(connection);
}

/* What the socket is given in one turn goes out together, in full packets. */
static void
http_connection_gather(const struct http_connection *connection, int on)
{
	if (connection->fd != -1)
		setsockopt(connection->fd, IPPROTO_TCP, TCP_CORK, &on,
		    sizeof on);
}

/* This is where curl starts what was added since the last time. */
static void
http_connection_on_timer(void *arg)
{
	struct http_connection *connection = arg;
	bool many = connection->added > 1;
	int running;

	connection->added = 0;
	if (many)
		http_connection_gather(connection, 1);
	curl_multi_socket_action(connection->multi, CURL_SOCKET_TIMEOUT, 0,
	    &running);
	if (many)
		http_connection_gather(connection, 0);
	http_connection_check(connection);
}

/* curl says which events of a socket it waits for. */
static int
http_connection_on_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
    void *socket_arg)
{
	struct http_connection *connection = arg;
	struct loop_watch *watch = socket_arg;
	unsigned int events;

	(void)easy;
	connection->fd = what == CURL_POLL_REMOVE ? -1 : fd;
	if (what == CURL_POLL_REMOVE) {
		loop_watch_free(watch);
		curl_multi_assign(connection->multi, fd, NULL);
		return 0;
	}
	events = (what & CURL_POLL_IN ? LOOP_READ : 0) |
	    (what & CURL_POLL_OUT ? LOOP_WRITE : 0);
	if (watch != NULL)
		loop_watch_change(watch, events);
	else {
		watch = loop_watch_create(connection->params.loop, fd, events,
		    http_connection_on_ready, connection);
		curl_multi_assign(connection->multi, fd, watch);
	}
	return 0;
}

/* curl says when it wants to be called without an event. */
static int
http_connection_on_timeout(CURLM *multi, long timeout_ms, void *arg)
{
	struct http_connection *connection = arg;

	(void)multi;
	if (timeout_ms == -1)
		loop_timer_stop(connection->timer);
	else
		loop_timer_start(connection->timer, timeout_ms);
	return 0;
}

struct http_connection *
http_connection_create(const struct http_connection_params *params)
{
	struct http_connection *connection = xcalloc(1, sizeof *connection);
	CURLM *multi = curl_multi_init();

	if (multi == NULL)
		fatalx("cannot make a curl multi handle");
	connection->params = *params;
	connection->multi = multi;
	connection->fd = -1;
	connection->timer = loop_timer_create(
	    params->loop, http_connection_on_timer, connection);
	connection->born_ms = connection->used_ms = clock_monotonic_ms();
	connection->limit = params->max_streams;
	curl_multi_setopt(
	    multi, CURLMOPT_SOCKETFUNCTION, http_connection_on_socket);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, connection);
	curl_multi_setopt(
	    multi, CURLMOPT_TIMERFUNCTION, http_connection_on_timeout);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, connection);
	/* Two: with one, curl would keep requests waiting while a connection
	 * that is going away lives on.  It is not allowed to open the second
	 * one, but says so that it wants to. */
	curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, 2L);
	curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS,
	    (long)params->max_streams);
	return connection;
}

void
http_connection_free(struct http_connection *connection)
{
	curl_multi_cleanup(connection->multi);
	loop_timer_free(connection->timer);
	free(connection);
}

unsigned int
http_connection_limit(struct http_connection *connection, bool cautious)
{
	int64_t unused_ms = clock_monotonic_ms() - connection->used_ms;
	unsigned int limit = connection->limit;

	if (connection->in_flight == 0 && unused_ms > HTTP_CONNECTION_WARM_MS)
		connection->warm = false;
	if (!connection->open || (cautious && !connection->proven) ||
	    (connection->params.warm_up && !connection->warm))
		limit = 1;
	else if (!connection->proven && limit > HTTP_CONNECTION_STREAMS)
		limit = HTTP_CONNECTION_STREAMS;
	return limit;
}

unsigned int
http_connection_prospect(const struct http_connection *connection)
{
	bool ready = connection->proven &&
	    (connection->warm || !connection->params.warm_up);

	return ready || connection->in_flight >= connection->limit ? 0 :
	    connection->limit - connection->in_flight;
}

void
http_connection_add(struct http_connection *connection, CURL *easy)
{
	connection->in_flight++;
	connection->added++;
	connection->used_ms = clock_monotonic_ms();
	if (connection->silent_ms == 0)
		connection->silent_ms = connection->used_ms;
	if (curl_multi_add_handle(connection->multi, easy) != CURLM_OK)
		fatalx("cannot start a request");
}

void
http_connection_note_sent(struct http_connection *connection)
{
	connection->open = true;
	connection->sent++;
}

void
http_connection_remove(struct http_connection *connection, CURL *easy,
    bool sent)
{
	curl_multi_remove_handle(connection->multi, easy);
	connection->in_flight--;
	if (sent)
		connection->sent--;
	connection->used_ms = clock_monotonic_ms();
}

bool
http_connection_refused(struct http_connection *connection)
{
	bool takes_more = connection->sent > 0 &&
	    connection->sent >= connection->full_at;

	connection->full = true;
	connection->full_at = connection->limit = connection->sent;
	return takes_more;
}

void
http_connection_answered(struct http_connection *connection, bool multiplexes)
{
	connection->proven = true;
	connection->full = false;
	connection->stream_errors = 0;
	connection->silent_ms =
	    connection->in_flight > 1 ? clock_monotonic_ms() : 0;
	connection->http1 = !multiplexes;
	if (!multiplexes)
		connection->params.max_streams = connection->limit = 1;
	else if (connection->limit < connection->params.max_streams)
		connection->limit++;
}

bool
http_connection_is_silent(const struct http_connection *connection)
{
	return connection->silent_ms != 0 && clock_monotonic_ms() -
	    connection->silent_ms > HTTP_CONNECTION_SILENCE_MS;
}

bool
http_connection_is_better(const struct http_connection *connection,
    const struct http_connection *other)
{
	bool silent;

	if (other == NULL)
		return true;
	silent = http_connection_is_silent(connection);
	return silent == http_connection_is_silent(other) ?
	    connection->in_flight < other->in_flight : !silent;
}
