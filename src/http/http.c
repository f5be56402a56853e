/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "http/connection.h"
#include "http/handle.h"

enum {
	HTTP_RETRY_AFTER_MAX_S = 366 * 86400,
	/* A handle that was used holds some 50 KB: kept while there is much
	 * to do, given back when there is nothing. */
	HTTP_SPARE_HANDLES = 256,
	/* Streams that fail one after the other: it is the connection. */
	HTTP_STREAM_ERRORS_MAX = 3,
	HTTP_REST_MS = 1000
};

struct http {
	struct loop *loop;
	struct http_params params;
};

struct http_call {
	TAILQ_ENTRY(http_call) entry;
	struct http_pool *pool;
	struct http_connection *connection; /* NULL while it waits */
	CURL *easy;			/* NULL while it waits */
	struct curl_slist *headers;
	struct http_request request;
	struct http_reply reply;
	int64_t timeout_ms;
	uint64_t number;		/* of the pool's calls */
	http_done_fn done;
	void *arg;
	char words[CURL_ERROR_SIZE];
};

TAILQ_HEAD(http_call_list, http_call);
TAILQ_HEAD(http_connection_list, http_connection);

struct http_pool {
	struct http *http;
	struct http_pool_params params;
	struct http_call_list waiting;
	struct http_call_list running;
	struct http_connection_list connections;
	unsigned int connection_count;	/* those that are not draining */
	uint64_t connections_made;
	uint64_t calls_made;
	uint64_t abort_until;	/* calls up to that one are not to wait */
	struct loop_timer *tidy;
	struct loop_timer *rest;	/* runs while there is nothing to do */
	CURL *spare[HTTP_SPARE_HANDLES];
	size_t spare_count;
};

struct http *
http_create(struct loop *loop, const struct http_params *params)
{
	struct http *http = xcalloc(1, sizeof *http);

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		fatalx("cannot initialise libcurl");
	http->loop = loop;
	http->params = *params;
	return http;
}

void
http_free(struct http *http)
{
	if (http == NULL)
		return;
	free(http);
	curl_global_cleanup();
}

/* --- connections ---------------------------------------------------------- */

static void http_pool_on_ended(void *arg, CURL *easy, CURLcode code);
static void http_pool_pump(void *arg);
static void http_pool_abort(struct http_pool *pool);

static struct http_connection *
http_pool_add_connection(struct http_pool *pool)
{
	struct http_connection *connection = http_connection_create(
	    &(struct http_connection_params){ .loop = pool->http->loop,
		.max_streams = pool->params.max_streams,
		.warm_up = pool->params.warm_up,
		.ended = http_pool_on_ended,
		.settled = http_pool_pump,
		.arg = pool });

	connection->number = ++pool->connections_made;
	TAILQ_INSERT_TAIL(&pool->connections, connection, entry);
	pool->connection_count++;
	return connection;
}

static void
http_pool_drop_connection(
    struct http_pool *pool, struct http_connection *connection)
{
	TAILQ_REMOVE(&pool->connections, connection, entry);
	if (!connection->draining)
		pool->connection_count--;
	http_connection_free(connection);
}

unsigned int
http_pool_connections(const struct http_pool *pool)
{
	const struct http_connection *connection;
	unsigned int count = 0;

	TAILQ_FOREACH(connection, &pool->connections, entry)
		count++;
	return count;
}

/* No new requests; freed by the tidying once nothing is in flight on it. */
static void
http_pool_drain(struct http_pool *pool, struct http_connection *connection)
{
	if (connection->draining)
		return;
	connection->draining = true;
	pool->connection_count--;
	loop_timer_start(pool->tidy, 0);
}

/* True if a new request is better off on `connection` than on `other`. */
static bool
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

/*
 * The connection with the fewest requests that has room, a new one if all are
 * full or silent and there may be more, or NULL.
 */
static struct http_connection *
http_pool_choose(struct http_pool *pool)
{
	struct http_connection *connection, *next, *best = NULL;
	int64_t now_ms = clock_monotonic_ms();

	for (connection = TAILQ_FIRST(&pool->connections); connection != NULL;
	     connection = next) {
		next = TAILQ_NEXT(connection, entry);
		if (!connection->draining &&
		    now_ms - connection->born_ms > pool->params.age_s * 1000)
			http_pool_drain(pool, connection);
		if (connection->draining ||
		    connection->in_flight >= http_connection_limit(connection))
			continue;
		if (http_connection_is_better(connection, best))
			best = connection;
	}
	if ((best == NULL || http_connection_is_silent(best)) &&
	    pool->connection_count < pool->params.max_connections)
		best = http_pool_add_connection(pool);
	return best;
}

/* --- calls --------------------------------------------------------------- */

/* A handle with all that the calls of a pool have in common. */
static CURL *
http_pool_take_handle(struct http_pool *pool)
{
	const struct http_params *params = &pool->http->params;

	if (pool->spare_count > 0)
		return pool->spare[--pool->spare_count];
	return http_handle_create(&(struct http_handle_params){
		.ca_file = params->ca_file,
		.proxy = params->proxy,
		.connect_timeout_ms = pool->params.connect_timeout_ms,
		.idle_s = pool->params.idle_s,
		.age_s = pool->params.age_s,
		.certificate = pool->params.certificate,
		.key = pool->params.key,
		.keep_headers = pool->params.keep_headers
	});
}

static void
http_call_add_header(struct http_call *call, const char *line)
{
	struct curl_slist *longer = curl_slist_append(call->headers, line);

	if (longer == NULL)
		fatalx("cannot make a header");
	call->headers = longer;
}

static void
http_call_start(struct http_call *call, struct http_connection *connection)
{
	const struct buf *headers = &call->request.headers;
	const char *line = buf_text(headers), *end = line + headers->size;
	CURL *easy = http_pool_take_handle(call->pool);

	for (; line < end; line += strlen(line) + 1)
		http_call_add_header(call, line);
	http_call_add_header(call, "Accept:");
	curl_easy_setopt(easy, CURLOPT_URL, buf_text(&call->request.url));
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
	    buf_text(&call->request.body));
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE,
	    (long)call->request.body.size);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)call->timeout_ms);
	http_handle_lend(easy, &call->reply.body,
	    call->pool->params.keep_headers ? &call->reply.headers : NULL);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->words);
	call->easy = easy;
	call->connection = connection;
	call->reply.connection = connection->number;
	TAILQ_INSERT_TAIL(&call->pool->running, call, entry);
	http_connection_add(connection, easy);
}

/* Sends what waits, as far as there is room. */
static void
http_pool_pump(void *arg)
{
	struct http_pool *pool = arg;
	struct http_call *call;
	struct http_connection *connection;

	while ((call = TAILQ_FIRST(&pool->waiting)) != NULL &&
	    (connection = http_pool_choose(pool)) != NULL) {
		TAILQ_REMOVE(&pool->waiting, call, entry);
		http_call_start(call, connection);
	}
}

/* What must not happen within a callback of curl's, or in mid-list. */
static void
http_pool_tidy(void *arg)
{
	struct http_pool *pool = arg;
	struct http_connection *connection, *next;

	for (connection = TAILQ_FIRST(&pool->connections); connection != NULL;
	     connection = next) {
		next = TAILQ_NEXT(connection, entry);
		if (connection->draining && connection->in_flight == 0)
			http_pool_drop_connection(pool, connection);
	}
	http_pool_abort(pool);
	http_pool_pump(pool);
}

/* Takes a call out of everything; its handle becomes a spare one. */
static void
http_call_unlink(struct http_call *call)
{
	struct http_pool *pool = call->pool;
	struct http_connection *connection = call->connection;

	if (connection == NULL) {
		TAILQ_REMOVE(&pool->waiting, call, entry);
		return;
	}
	TAILQ_REMOVE(&pool->running, call, entry);
	http_connection_remove(connection, call->easy);
	if (connection->draining && connection->in_flight == 0)
		loop_timer_start(pool->tidy, 0);
	curl_easy_setopt(call->easy, CURLOPT_ERRORBUFFER, NULL);
	curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, NULL);
	if (pool->spare_count < HTTP_SPARE_HANDLES)
		pool->spare[pool->spare_count++] = call->easy;
	else
		curl_easy_cleanup(call->easy);
	if (TAILQ_EMPTY(&pool->running))
		loop_timer_start(pool->rest, HTTP_REST_MS);
}

static void
http_call_free(struct http_call *call)
{
	curl_slist_free_all(call->headers);
	http_request_free(&call->request);
	http_reply_free(&call->reply);
	free(call);
}

/*
 * A transfer that never came to the point of sending (no name, connection,
 * proxy tunnel or TLS; or it waited for those) has not been seen by anybody.
 */
static enum http_failure
http_classify(const struct http_call *call, CURLcode code)
{
	curl_off_t sending_us = 0;

	curl_easy_getinfo(call->easy, CURLINFO_PRETRANSFER_TIME_T,
	    &sending_us);
	if (sending_us == 0)
		return HTTP_FAILURE_NOT_SENT;
	/* Without a time of its own, it was curl's for a new connection. */
	return code == CURLE_OPERATION_TIMEDOUT && call->timeout_ms > 0 ?
	    HTTP_FAILURE_TIMEOUT : HTTP_FAILURE_UNKNOWN;
}

/* Fills the reply from what curl knows of the finished transfer. */
static void
http_call_read_result(struct http_call *call, CURLcode code)
{
	struct http_reply *reply = &call->reply;
	curl_off_t retry_after_s = 0;
	long status = 0, version = 0, connects = 0;

	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(call->easy, CURLINFO_HTTP_VERSION, &version);
	curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
	curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &connects);
	reply->connects = (unsigned int)connects;
	/* With the status the verdict is there, whatever became of the body:
	 * what was accepted must not be sent again. */
	if (code != CURLE_OK && ((status >= 200 && status < 300) ||
	    reply->body.overflowed)) {
		reply->body.overflowed = true;
		code = CURLE_OK;
	}
	if (code != CURLE_OK) {
		reply->failure = http_classify(call, code);
		reply->failure_words = call->words[0] != '\0' ? call->words :
		    curl_easy_strerror(code);
	} else if (call->pool->params.http2_only &&
	    version != CURL_HTTP_VERSION_2_0) {
		reply->failure = HTTP_FAILURE_PROTOCOL;
		reply->failure_words = "the server does not speak HTTP/2";
	} else {
		reply->status = status < 100 || status > 999 ? 0 : (int)status;
		if (retry_after_s > 0)
			reply->retry_after_ms = 1000 * (int64_t)(retry_after_s
			    < HTTP_RETRY_AFTER_MAX_S ? retry_after_s :
			    HTTP_RETRY_AFTER_MAX_S);
	}
}

/*
 * What the end of a request says about its connection.  One stream that fails
 * says nothing yet: the others go on.
 */
static void
http_call_judge_connection(struct http_call *call, CURLcode code)
{
	struct http_connection *connection = call->connection;
	struct http_reply *reply = &call->reply;

	if (reply->failure == HTTP_FAILURE_NONE) {
		http_connection_answered(connection);
		connection->stream_errors = 0;
	} else if (code == CURLE_HTTP2_STREAM)
		reply->connection_failed = ++connection->stream_errors >=
		    HTTP_STREAM_ERRORS_MAX;
	else
		reply->connection_failed =
		    reply->failure != HTTP_FAILURE_TIMEOUT;
	if ((reply->connection_failed &&
	    reply->failure == HTTP_FAILURE_UNKNOWN) ||
	    reply->failure == HTTP_FAILURE_TIMEOUT)
		http_pool_drain(call->pool, connection);
	else if (reply->connection_failed)
		/* The next request opens another one in its place. */
		connection->number = ++call->pool->connections_made;
}

static void
http_call_finish(struct http_call *call, CURLcode code)
{
	struct http_connection *connection = call->connection;
	struct http_reply *reply = &call->reply;

	http_call_read_result(call, code);
	http_call_judge_connection(call, code);
	if (reply->failure == HTTP_FAILURE_NONE && reply->status < 500 &&
	    reply->status != 401 && reply->status != 403)
		connection->warm = true;
	http_call_unlink(call);
	call->done(call->arg, reply);
	http_call_free(call);
}

static void
http_pool_on_ended(void *arg, CURL *easy, CURLcode code)
{
	struct http_call *call;

	(void)arg;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&call);
	http_call_finish(call, code);
}

static void
http_pool_abort(struct http_pool *pool)
{
	struct http_call *call;

	while ((call = TAILQ_FIRST(&pool->waiting)) != NULL &&
	    call->number <= pool->abort_until) {
		TAILQ_REMOVE(&pool->waiting, call, entry);
		call->reply.failure = HTTP_FAILURE_NOT_SENT;
		call->reply.failure_words = "no room on a connection";
		call->done(call->arg, &call->reply);
		http_call_free(call);
	}
}

void
http_pool_abort_waiting(struct http_pool *pool)
{
	pool->abort_until = pool->calls_made;
	loop_timer_start(pool->tidy, 0);
}

struct http_call *
http_send(struct http_pool *pool, struct http_request *request,
    int64_t timeout_ms, http_done_fn done, void *arg)
{
	struct http_call *call = xcalloc(1, sizeof *call);

	call->pool = pool;
	call->number = ++pool->calls_made;
	call->request = *request;
	http_request_init(request);
	http_reply_init(&call->reply);
	call->timeout_ms = timeout_ms;
	call->done = done;
	call->arg = arg;
	TAILQ_INSERT_TAIL(&pool->waiting, call, entry);
	http_pool_pump(pool);
	return call;
}

void
http_cancel(struct http_call *call)
{
	struct http_pool *pool = call->pool;
	struct http_connection *connection = call->connection;

	if (connection != NULL && http_connection_is_silent(connection))
		http_pool_drain(pool, connection);
	http_call_unlink(call);
	http_call_free(call);
	loop_timer_start(pool->tidy, 0);
}

static void
http_pool_drop_spare_handles(void *arg)
{
	struct http_pool *pool = arg;

	while (pool->spare_count > 0)
		curl_easy_cleanup(pool->spare[--pool->spare_count]);
}

struct http_pool *
http_pool_create(struct http *http, const struct http_pool_params *params)
{
	struct http_pool *pool = xcalloc(1, sizeof *pool);

	pool->http = http;
	pool->params = *params;
	TAILQ_INIT(&pool->waiting);
	TAILQ_INIT(&pool->running);
	TAILQ_INIT(&pool->connections);
	pool->tidy = loop_timer_create(http->loop, http_pool_tidy, pool);
	pool->rest = loop_timer_create(http->loop,
	    http_pool_drop_spare_handles, pool);
	return pool;
}

void
http_drain(struct http_call *call)
{
	if (call->connection != NULL)
		http_pool_drain(call->pool, call->connection);
}

static void
http_call_list_drop(struct http_call_list *list)
{
	struct http_call *call;

	while ((call = TAILQ_FIRST(list)) != NULL) {
		http_call_unlink(call);
		http_call_free(call);
	}
}

void
http_pool_free(struct http_pool *pool)
{
	struct http_connection *connection;

	if (pool == NULL)
		return;
	http_call_list_drop(&pool->waiting);
	http_call_list_drop(&pool->running);
	while ((connection = TAILQ_FIRST(&pool->connections)) != NULL)
		http_pool_drop_connection(pool, connection);
	http_pool_drop_spare_handles(pool);
	loop_timer_free(pool->tidy);
	loop_timer_free(pool->rest);
	free(pool);
}
