/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http.h"

#include <stdlib.h>
#include <sys/queue.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "http/call.h"
#include "http/pacing.h"

enum {
	/* A handle that was used holds some 50 KB: kept while there is much
	 * to do, given back when there is nothing. */
	HTTP_SPARE_HANDLES = 256,
	/* Streams that fail one after the other: it is the connection. */
	HTTP_STREAM_ERRORS_MAX = 3,
	/* Second attempts that go one by one: if so many are answered, what
	 * broke the connection was none of them, most likely. */
	HTTP_LANE_ALONE = 64,
	HTTP_SILENCE_MS = 1001,
	HTTP_REST_MS = 1000
};

struct http {
	struct loop *loop;
	struct http_params params;
};

TAILQ_HEAD(http_call_list, http_call);
TAILQ_HEAD(http_connection_list, http_connection);

struct http_pool {
	struct http *http;
	struct http_pool_params params;
	struct http_call_list waiting;
	unsigned int waiting_count;
	struct http_call_list waiting_alone;
	struct http_call_list running;
	struct http_connection_list connections;
	/* Those that are not draining, but for the lane. */
	unsigned int connection_count;
	/* The one for requests that are to be alone; NULL: none is open. */
	struct http_connection *lane;
	unsigned int lane_answered;	/* in a row */
	struct pacing pacing;
	uint64_t epoch;		/* ends when a connection of it fails */
	uint64_t calls_made;
	uint64_t abort_until;	/* calls up to that one are not to wait */
	struct loop_timer *tidy;
	struct loop_timer *pace;	/* until a connection may be opened */
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

	connection->number = pool->epoch;
	TAILQ_INSERT_TAIL(&pool->connections, connection, entry);
	pacing_opened(&pool->pacing, clock_monotonic_ms());
	return connection;
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
	if (connection == pool->lane) {
		pool->lane = NULL;
		pool->lane_answered = 0;
	} else
		pool->connection_count--;
	loop_timer_start(pool->tidy, 0);
}

/* What was opened until now is no news any more. */
static void
http_pool_fail(struct http_pool *pool,
    const struct http_connection *connection)
{
	if (connection->number != pool->epoch)
		return;
	pool->epoch++;
	pacing_failed(&pool->pacing, clock_monotonic_ms());
}

/*
 * True if another connection may be opened: not while those that are new can
 * take all that waits once they work.  One that takes no more may be going
 * away, and its place be taken.
 */
static bool
http_pool_may_open(struct http_pool *pool, bool is_lane)
{
	const struct http_connection *connection;
	bool others = false, trial = false;
	unsigned int prospect = 0, max = pool->params.max_connections;
	int64_t wait_ms;

	TAILQ_FOREACH(connection, &pool->connections, entry) {
		if (connection->draining)
			continue;
		trial = trial || !connection->proven;
		if (connection == pool->lane)
			continue;
		others = true;
		if (connection->full)
			max = pool->params.max_connections + 1;
		if (!http_connection_is_silent(connection))
			prospect += http_connection_prospect(connection);
	}
	if (!is_lane && pool->connection_count >= max)
		return false;
	wait_ms = pacing_wait_ms(&pool->pacing, others && !is_lane, trial,
	    clock_monotonic_ms());
	if (!is_lane && pool->waiting_count <= prospect)
		/* Until one of them is silent. */
		wait_ms = HTTP_SILENCE_MS;
	if (wait_ms > 0)
		loop_timer_start(pool->pace, wait_ms);
	return wait_ms == 0;
}

static bool
http_pool_has_room(const struct http_pool *pool,
    struct http_connection *connection)
{
	return !connection->draining && connection->in_flight <
	    http_connection_limit(connection,
	    pacing_is_cautious(&pool->pacing));
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
		if (now_ms - connection->born_ms > pool->params.age_s * 1000)
			http_pool_drain(pool, connection);
		if (connection != pool->lane &&
		    http_pool_has_room(pool, connection) &&
		    http_connection_is_better(connection, best))
			best = connection;
	}
	if ((best == NULL || http_connection_is_silent(best)) &&
	    http_pool_may_open(pool, false)) {
		best = http_pool_add_connection(pool);
		pool->connection_count++;
	}
	return best;
}

/*
 * The lane, if it may have one more: one at a time, and more with each answer
 * once many came.  One that is silent holds up nobody.
 */
static struct http_connection *
http_pool_choose_lane(struct http_pool *pool)
{
	unsigned int most = pool->lane_answered < HTTP_LANE_ALONE ? 1 :
	    pool->lane_answered - HTTP_LANE_ALONE + 1;
	struct http_connection *lane;

	if (pool->lane != NULL && http_connection_is_silent(pool->lane))
		http_pool_drain(pool, pool->lane);
	if (pool->lane == NULL && http_pool_may_open(pool, true))
		pool->lane = http_pool_add_connection(pool);
	lane = pool->lane;
	return lane != NULL && lane->in_flight < most &&
	    http_pool_has_room(pool, lane) ? lane : NULL;
}

/* Nobody needs it: it becomes a connection as the others. */
static void
http_pool_end_lane(struct http_pool *pool)
{
	struct http_connection *lane = pool->lane;

	pool->lane = NULL;
	pool->lane_answered = 0;
	if (++pool->connection_count > pool->params.max_connections)
		http_pool_drain(pool, lane);
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
		.cas = params->cas,
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

static void
http_pool_start(struct http_pool *pool, struct http_call *call,
    struct http_connection *connection)
{
	http_pool_take_from_queue(pool, call);
	TAILQ_INSERT_TAIL(&pool->running, call, entry);
	http_call_start(call, connection, http_pool_take_handle(pool),
	    pool->params.keep_headers);
}

/* Sends what waits, as far as there is room. */
static void
http_pool_pump(void *arg)
{
	struct http_pool *pool = arg;
	struct http_call *call;
	struct http_connection *connection;

	while ((call = TAILQ_FIRST(&pool->waiting_alone)) != NULL &&
	    (connection = http_pool_choose_lane(pool)) != NULL)
		http_pool_start(pool, call, connection);
	if (pool->lane != NULL && pool->lane->in_flight == 0 &&
	    TAILQ_EMPTY(&pool->waiting_alone))
		http_pool_end_lane(pool);
	while ((call = TAILQ_FIRST(&pool->waiting)) != NULL &&
	    (connection = http_pool_choose(pool)) != NULL)
		http_pool_start(pool, call, connection);
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
	if (pool->spare_count < HTTP_SPARE_HANDLES)
		pool->spare[pool->spare_count++] = easy;
	else
		curl_easy_cleanup(easy);
	if (TAILQ_EMPTY(&pool->running))
		loop_timer_start(pool->rest, HTTP_REST_MS);
}

static void
http_call_unlink(struct http_call *call)
{
	if (call->connection == NULL)
		http_pool_take_from_queue(call->pool, call);
	else
		http_pool_stop(call->pool, call);
}

/* Its connection takes no more: it waits again, in its old place. */
static void
http_call_put_back(struct http_call *call)
{
	struct http_pool *pool = call->pool;
	struct http_connection *connection = call->connection;

	http_pool_stop(pool, call);
	http_pool_put_in_queue(pool, call);
	if (!http_connection_refused(connection))
		http_pool_drain(pool, connection);
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
		failed = reply->failure != HTTP_FAILURE_TIMEOUT;
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
		http_call_put_back(call);
	else
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
		call->reply.failure_words = "no room on a connection";
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
		if (connection->draining && connection->in_flight == 0) {
			TAILQ_REMOVE(&pool->connections, connection, entry);
			http_connection_free(connection);
		}
	}
	http_pool_pump(pool);
}

/* --- what others see ------------------------------------------------------ */

struct http_call *
http_send(struct http_pool *pool, struct http_request *request,
    int64_t timeout_ms, http_done_fn done, void *arg)
{
	struct http_call *call = http_call_create(request);

	call->pool = pool;
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
	pool->pacing.apart_ms = params->apart_ms;
	pool->epoch = 1;
	TAILQ_INIT(&pool->waiting);
	TAILQ_INIT(&pool->waiting_alone);
	TAILQ_INIT(&pool->running);
	TAILQ_INIT(&pool->connections);
	pool->tidy = loop_timer_create(http->loop, http_pool_tidy, pool);
	pool->pace = loop_timer_create(http->loop, http_pool_pump, pool);
	pool->rest = loop_timer_create(http->loop,
	    http_pool_drop_spare_handles, pool);
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
	while ((connection = TAILQ_FIRST(&pool->connections)) != NULL) {
		TAILQ_REMOVE(&pool->connections, connection, entry);
		http_connection_free(connection);
	}
	http_pool_drop_spare_handles(pool);
	loop_timer_free(pool->tidy);
	loop_timer_free(pool->pace);
	loop_timer_free(pool->rest);
	free(pool);
}
