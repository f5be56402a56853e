/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http.h"

#include <stdlib.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "http/pool.h"

enum {
	HTTP_SPARE_HANDLES = 256,
	/* Of all pools that are one of many. */
	HTTP_MANY_CONNECTIONS = 256,
	HTTP_MANY_CALLS = 1000,
	/* Streams that fail one after the other: it is the connection. */
	HTTP_STREAM_ERRORS_MAX = 3,
	/* A request that so many connections have refused is not sent. */
	HTTP_REFUSALS_MAX = 10,
	HTTP_REST_MS = 1000
};

struct http {
	struct loop *loop;
	struct http_params params;
	struct budget *budget;	/* of pools that are one of many */
};

struct http *
http_create(struct loop *loop, const struct http_params *params)
{
	struct http *http = xcalloc(1, sizeof *http);

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		fatalx("cannot initialise libcurl");
	http->loop = loop;
	http->params = *params;
	http->budget = budget_create(loop, &(struct budget_limits){
		.connections = HTTP_MANY_CONNECTIONS,
		.calls = HTTP_MANY_CALLS
	});
	return http;
}

void
http_free(struct http *http)
{
	if (http == NULL)
		return;
	budget_free(http->budget);
	free(http);
	curl_global_cleanup();
}

/* --- calls --------------------------------------------------------------- */

/* In the order of their coming, whether they have waited before or not. */
static void
http_pool_put_in_queue(struct http_pool *pool, struct http_call *call)
{
	struct http_call_list *list = call->request.alone ?
	    &pool->waiting_alone : &pool->waiting;
	struct http_call *other = TAILQ_LAST(list, http_call_list);

	while (other != NULL && other->number > call->number)
		other = TAILQ_PREV(other, http_call_list, entry);
	if (other == NULL)
		TAILQ_INSERT_HEAD(list, call, entry);
	else
		TAILQ_INSERT_AFTER(list, other, call, entry);
	if (!call->request.alone)
		pool->waiting_count++;
}

static void
http_pool_take_from_queue(struct http_pool *pool, struct http_call *call)
{
	TAILQ_REMOVE(call->request.alone ? &pool->waiting_alone :
	    &pool->waiting, call, entry);
	if (!call->request.alone)
		pool->waiting_count--;
}

/* False if there may not be one more in flight. */
static bool
http_pool_start(struct http_pool *pool, struct http_call *call,
    struct http_connection *connection)
{
	bool may = budget_take_call(&pool->member);

	if (may) {
		http_pool_take_from_queue(pool, call);
		TAILQ_INSERT_TAIL(&pool->running, call, entry);
		http_call_start(call, connection, spares_take(&pool->spares),
		    pool->params.keep_headers);
	}
	return may;
}

/* Sends what waits, as far as there is room. */
static void
http_pool_pump(void *arg)
{
	struct http_pool *pool = arg;
	struct http_call *call;
	struct http_connection *connection;

	while ((call = TAILQ_FIRST(&pool->waiting_alone)) != NULL &&
	    (connection = http_pool_choose_lane(pool)) != NULL &&
	    http_pool_start(pool, call, connection))
		;
	if (pool->lane != NULL && pool->lane->in_flight == 0 &&
	    TAILQ_EMPTY(&pool->waiting_alone))
		http_pool_end_lane(pool);
	while ((call = TAILQ_FIRST(&pool->waiting)) != NULL &&
	    (connection = http_pool_choose(pool)) != NULL &&
	    http_pool_start(pool, call, connection))
		;
}

/* Takes a running call off its connection; its handle becomes a spare one. */
static void
http_pool_stop(struct http_pool *pool, struct http_call *call)
{
	struct http_connection *connection = call->connection;
	CURL *easy = call->easy;

	TAILQ_REMOVE(&pool->running, call, entry);
	http_call_stop(call);
	if (connection->draining && connection->in_flight == 0)
		loop_timer_start(pool->tidy, 0);
	spares_give(&pool->spares, easy);
	budget_give_call(&pool->member);
	if (TAILQ_EMPTY(&pool->running)) {
		budget_rest(&pool->member);
		pool->rested_ms = clock_monotonic_ms();
		loop_timer_start(pool->rest, HTTP_REST_MS);
	}
}

static void
http_call_unlink(struct http_call *call)
{
	if (call->connection == NULL)
		http_pool_take_from_queue(call->pool, call);
	else
		http_pool_stop(call->pool, call);
}

/* Takes it off its connection: it waits again, in its old place. */
static void
http_call_put_back(struct http_call *call)
{
	http_pool_stop(call->pool, call);
	call->sent = call->refused = false;
	http_pool_put_in_queue(call->pool, call);
}

/* Its connection takes no more. */
static void
http_call_leave_full(struct http_call *call)
{
	struct http_connection *connection = call->connection;

	http_call_put_back(call);
	if (!http_connection_refused(connection))
		http_pool_drain(call->pool, connection);
}

/*
 * A connection that works has refused it: so providers close one in the middle
 * of a burst, by GOAWAY.  It was not processed, which is no failed attempt.
 * False if that has happened too often.
 */
static bool
http_call_waits_again(struct http_call *call)
{
	struct http_pool *pool = call->pool;
	struct http_connection *connection = call->connection;

	if (!call->refused || !connection->proven ||
	    call->refusals == HTTP_REFUSALS_MAX)
		return false;
	http_call_note_refusal(call);
	http_call_put_back(call);
	if (++connection->stream_errors == HTTP_STREAM_ERRORS_MAX)
		http_pool_fail(pool, connection);
	http_pool_drain(pool, connection);
	return true;
}

/*
 * What the end of a request says about its connection.  One stream that fails
 * says nothing yet: the others go on.  curl uses none on which a stream was
 * refused for others.
 */
static void
http_call_judge_connection(struct http_call *call, CURLcode code)
{
	struct http_pool *pool = call->pool;
	struct http_connection *connection = call->connection;
	struct http_reply *reply = &call->reply;
	bool failed = false;

	if (reply->failure == HTTP_FAILURE_NONE) {
		http_connection_answered(connection,
		    http_call_was_multiplexed(call));
		if (connection->number == pool->epoch)
			pacing_answered(&pool->pacing);
		if (connection == pool->lane)
			pool->lane_answered++;
	} else if (code == CURLE_HTTP2_STREAM ||
	    (call->refused && connection->proven))
		failed = ++connection->stream_errors >=
		    HTTP_STREAM_ERRORS_MAX;
	else
		failed = reply->failure != HTTP_FAILURE_TIMEOUT &&
		    reply->failure != HTTP_FAILURE_REFUSED;
	reply->connection_failed = failed;
	if (failed)
		http_pool_fail(pool, connection);
	if (failed || call->refused || reply->failure == HTTP_FAILURE_TIMEOUT)
		http_pool_drain(pool, connection);
}

static void
http_call_finish(struct http_call *call, CURLcode code)
{
	struct http_pool *pool = call->pool;
	struct http_connection *connection = call->connection;
	struct http_reply *reply = &call->reply;

	http_call_read_result(call, code, pool->params.http2_only);
	http_call_judge_connection(call, code);
	if (reply->failure == HTTP_FAILURE_NONE && reply->status < 500 &&
	    reply->status != 401 && reply->status != 403)
		connection->warm = true;
	/* For http_drain. */
	http_pool_stop(pool, call);
	call->connection = connection;
	call->done(call->arg, reply);
	http_call_free(call);
}

static void
http_pool_on_ended(void *arg, CURL *easy, CURLcode code)
{
	struct http_call *call;

	(void)arg;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&call);
	if (http_call_found_no_room(call))
		http_call_leave_full(call);
	else if (!http_call_waits_again(call))
		http_call_finish(call, code);
}

/* --- waiting in vain ------------------------------------------------------ */

static struct http_call *
http_call_list_find_unsent(const struct http_call_list *list, uint64_t until)
{
	struct http_call *call;

	TAILQ_FOREACH(call, list, entry) {
		if (call->number <= until && !call->sent)
			break;
	}
	return call;
}

static struct http_call *
http_pool_find_unsent(const struct http_pool *pool, uint64_t until)
{
	struct http_call *call = http_call_list_find_unsent(&pool->waiting,
	    until);

	if (call == NULL)
		call = http_call_list_find_unsent(&pool->waiting_alone, until);
	if (call == NULL)
		call = http_call_list_find_unsent(&pool->running, until);
	return call;
}

static void
http_pool_abort(struct http_pool *pool)
{
	struct http_call *call;

	while ((call = http_pool_find_unsent(pool, pool->abort_until)) !=
	    NULL) {
		http_call_unlink(call);
		call->reply.failure = HTTP_FAILURE_NOT_SENT;
		call->reply.failure_words = "all connections are full";
		call->reply.connection = 0;
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

/* What must not happen within a callback of curl's, or in mid-list. */
static void
http_pool_tidy(void *arg)
{
	struct http_pool *pool = arg;
	struct http_connection *connection, *next;

	http_pool_abort(pool);
	for (connection = TAILQ_FIRST(&pool->connections); connection != NULL;
	     connection = next) {
		next = TAILQ_NEXT(connection, entry);
		if (connection->draining && connection->in_flight == 0)
			http_pool_drop_connection(pool, connection);
	}
	http_pool_pump(pool);
}

/* --- what others see ------------------------------------------------------ */

unsigned int
http_pool_connections(const struct http_pool *pool)
{
	const struct http_connection *connection;
	unsigned int count = 0;

	TAILQ_FOREACH(connection, &pool->connections, entry)
		count++;
	return count;
}

struct http_call *
http_send(struct http_pool *pool, struct http_request *request,
    int64_t timeout_ms, http_done_fn done, void *arg)
{
	struct http_call *call = http_call_create(request);

	call->pool = pool;
	if (!pool->params.is_local)
		call->reply.proxy = pool->http->params.proxy->url;
	/* Through a proxy it is the proxy that is connected to. */
	if (call->reply.proxy == NULL)
		call->addresses = pool->params.addresses;
	if (pool->params.reply_size > 0)
		call->reply.body.limit = pool->params.reply_size;
	call->number = ++pool->calls_made;
	call->timeout_ms = timeout_ms;
	call->done = done;
	call->arg = arg;
	http_pool_put_in_queue(pool, call);
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

void
http_drain(struct http_call *call)
{
	if (call->connection != NULL) {
		http_pool_fail(call->pool, call->connection);
		http_pool_drain(call->pool, call->connection);
	}
}

/* Gives up the connections that nothing is in flight on. */
static void
http_pool_yield(void *arg)
{
	struct http_pool *pool = arg;
	struct http_connection *connection;

	TAILQ_FOREACH(connection, &pool->connections, entry) {
		if (connection->in_flight == 0)
			http_pool_drain(pool, connection);
	}
}

/* What has been idle for so long is not reused: it goes, with its memory. */
static void
http_pool_on_rest(void *arg)
{
	struct http_pool *pool = arg;
	int64_t left_ms = pool->rested_ms + pool->params.idle_s * 1000 -
	    clock_monotonic_ms();

	spares_drop(&pool->spares);
	if (TAILQ_EMPTY(&pool->running) && left_ms > 0)
		loop_timer_start(pool->rest, left_ms);
	else if (TAILQ_EMPTY(&pool->running))
		http_pool_yield(pool);
}

static void
http_pool_init_spares(struct http_pool *pool)
{
	const struct http_params *params = &pool->http->params;

	spares_init(&pool->spares, &(struct http_handle_params){
		.cas = params->cas,
		.ca_file = params->ca_file,
		.proxy = params->proxy,
		.connect_timeout_ms = pool->params.connect_timeout_ms,
		.idle_s = pool->params.idle_s,
		.age_s = pool->params.age_s,
		.certificate = pool->params.certificate,
		.key = pool->params.key,
		.keep_headers = pool->params.keep_headers,
		.is_local = pool->params.is_local
	}, pool->params.is_one_of_many ? 1 : HTTP_SPARE_HANDLES);
}

struct http_pool *
http_pool_create(struct http *http, const struct http_pool_params *params)
{
	struct http_pool *pool = xcalloc(1, sizeof *pool);

	pool->http = http;
	pool->loop = http->loop;
	pool->params = *params;
	pool->ended = http_pool_on_ended;
	pool->settled = http_pool_pump;
	pool->pacing.apart_ms = params->apart_ms;
	pool->epoch = 1;
	TAILQ_INIT(&pool->waiting);
	TAILQ_INIT(&pool->waiting_alone);
	TAILQ_INIT(&pool->running);
	TAILQ_INIT(&pool->connections);
	pool->tidy = loop_timer_create(http->loop, http_pool_tidy, pool);
	pool->pace = loop_timer_create(http->loop, http_pool_pump, pool);
	pool->rest = loop_timer_create(http->loop, http_pool_on_rest, pool);
	http_pool_init_spares(pool);
	pool->member.yield = http_pool_yield;
	pool->member.go = http_pool_pump;
	pool->member.arg = pool;
	if (params->is_one_of_many)
		budget_join(http->budget, &pool->member);
	return pool;
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
	http_call_list_drop(&pool->waiting_alone);
	http_call_list_drop(&pool->running);
	while ((connection = TAILQ_FIRST(&pool->connections)) != NULL)
		http_pool_drop_connection(pool, connection);
	budget_leave(&pool->member);
	spares_free(&pool->spares);
	loop_timer_free(pool->tidy);
	loop_timer_free(pool->pace);
	loop_timer_free(pool->rest);
	free(pool);
}
