/* SPDX-License-Identifier: Apache-2.0 */
#include "fake-http.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "tap.h"

struct http {
	struct loop *loop;
	unsigned int number;
	unsigned int pools;
};

struct http_call {
	TAILQ_ENTRY(http_call) entry;
	struct http_pool *pool;
	struct loop_timer *timer;
	struct http_request request;
	struct fake_http_answer answer;
	http_done_fn done;
	void *arg;
	bool ending;		/* `done` is being called */
};

struct http_pool {
	struct http *http;
	struct http_pool_params params;
	TAILQ_HEAD(, http_call) calls;
};

static fake_http_script_fn fake_http_script;
static void *fake_http_script_arg;
static struct fake_http_counts fake_http_count;
static unsigned int fake_http_engines;

void
fake_http_begin(fake_http_script_fn script, void *arg)
{
	fake_http_script = script;
	fake_http_script_arg = arg;
	fake_http_count = (struct fake_http_counts){ .sent = 0 };
	fake_http_engines = 0;
}

const struct fake_http_counts *
fake_http_counts(void)
{
	return &fake_http_count;
}

struct http *
http_create(struct loop *loop, const struct http_params *params)
{
	struct http *http = xcalloc(1, sizeof *http);

	(void)params;
	http->loop = loop;
	http->number = fake_http_engines++;
	return http;
}

void
http_free(struct http *http)
{
	if (http == NULL)
		return;
	if (http->pools > 0)
		tap_bail_out("%u pools outlive the engine", http->pools);
	free(http);
}

struct http_pool *
http_pool_create(struct http *http, const struct http_pool_params *params)
{
	struct http_pool *pool = xcalloc(1, sizeof *pool);

	pool->http = http;
	pool->params = *params;
	http->pools++;
	TAILQ_INIT(&pool->calls);
	return pool;
}

unsigned int
http_pool_connections(const struct http_pool *pool)
{
	return TAILQ_EMPTY(&pool->calls) ? 0 : 1;
}

static void
fake_http_call_free(struct http_call *call)
{
	TAILQ_REMOVE(&call->pool->calls, call, entry);
	fake_http_count.in_flight--;
	loop_timer_free(call->timer);
	http_request_free(&call->request);
	free(call);
}

void
http_cancel(struct http_call *call)
{
	if (call->ending)
		tap_bail_out("a request is cancelled while it ends");
	fake_http_count.cancelled++;
	fake_http_call_free(call);
}

void
http_pool_free(struct http_pool *pool)
{
	struct http_call *call;

	if (pool == NULL)
		return;
	while ((call = TAILQ_FIRST(&pool->calls)) != NULL)
		http_cancel(call);
	pool->http->pools--;
	free(pool);
}

/* Nothing ever waits for room here. */
void
http_pool_abort_waiting(struct http_pool *pool)
{
	(void)pool;
}

void
http_drain(struct http_call *call)
{
	if (!call->ending)
		tap_bail_out("a connection is drained before the answer");
	fake_http_count.drained++;
}

static void
fake_http_on_timer(void *arg)
{
	struct http_call *call = arg;
	const struct fake_http_answer *answer = &call->answer;
	struct http_reply reply;

	http_reply_init(&reply);
	reply.failure = answer->failure;
	reply.connects = answer->connects;
	reply.connection = answer->connection;
	reply.connection_failed = answer->connection != 0;
	if (answer->failure != HTTP_FAILURE_NONE)
		reply.failure_words = "the script says so";
	else {
		reply.status = answer->status;
		if (answer->retry_after_ms > 0)
			reply.retry_after_ms = answer->retry_after_ms;
		if (answer->body != NULL)
			buf_append_text(&reply.body, answer->body);
		reply.body.overflowed = reply.body.overflowed || answer->cut;
	}
	fake_http_count.answered++;
	call->ending = true;
	call->done(call->arg, &reply);
	http_reply_free(&reply);
	fake_http_call_free(call);
}

static void
fake_http_schedule(struct http_call *call, int64_t timeout_ms)
{
	struct fake_http_answer *answer = &call->answer;

	if (timeout_ms > 0 && (answer->after_ms == FAKE_HTTP_NEVER ||
	    answer->after_ms >= timeout_ms)) {
		answer->after_ms = timeout_ms;
		answer->failure = HTTP_FAILURE_TIMEOUT;
	}
	if (answer->after_ms != FAKE_HTTP_NEVER)
		loop_timer_start(call->timer, answer->after_ms);
}

struct http_call *
http_send(struct http_pool *pool, struct http_request *request,
    int64_t timeout_ms, http_done_fn done, void *arg)
{
	struct http_call *call = xcalloc(1, sizeof *call);

	call->pool = pool;
	call->request = *request;
	http_request_init(request);
	call->done = done;
	call->arg = arg;
	call->timer = loop_timer_create(pool->http->loop, fake_http_on_timer,
	    call);
	call->answer.after_ms = FAKE_HTTP_NEVER;
	TAILQ_INSERT_TAIL(&pool->calls, call, entry);
	fake_http_count.sent++;
	fake_http_count.alone += call->request.alone;
	if (++fake_http_count.in_flight > fake_http_count.in_flight_max)
		fake_http_count.in_flight_max = fake_http_count.in_flight;
	if (fake_http_script != NULL) {
		call->answer.after_ms = 0;
		fake_http_script(fake_http_script_arg,
		    &(struct fake_http_request){
			.number = fake_http_count.sent,
			.sent_ms = clock_monotonic_ms(),
			.engine = pool->http->number,
			.pool = pool,
			.params = &pool->params,
			.request = &call->request
		    }, &call->answer);
	}
	fake_http_schedule(call, timeout_ms);
	return call;
}
