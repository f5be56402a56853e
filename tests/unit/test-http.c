/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP engine's policy, over a network that is not there: which request
 * goes when, over which connection, and what its end is called. */
#include "http/http.h"

#include <stdio.h>
#include <string.h>

#include "fake-curl.h"
#include "fake-loop.h"
#include "fixture.h"
#include "tap.h"

enum {
	CALLS_MAX = 8,
	HOUR_S = 3600
};

/* A request, what the server does, and what is expected.  Zero: see each. */
struct call {
	/* Given. */
	int64_t at_ms;
	int64_t timeout_ms;
	int64_t cancel_ms;		/* 0: never */
	bool drains;			/* its connection, in `done` */
	struct fake_curl_answer answer;
	/* Expected. */
	unsigned int connection; /* that it goes over; 0: it is not sent */
	int64_t sent_ms;
	int64_t done_ms;
	enum http_failure failure;
};

static const struct row {
	const char *name;
	unsigned int max_connections;	/* 0: 1 */
	unsigned int max_streams;	/* 0: 2 */
	bool warm_up;
	int64_t idle_s;			/* 0: an hour */
	int64_t age_s;			/* 0: an hour */
	struct call calls[CALLS_MAX];	/* the first without an answer is the
					 * end */
} rows[] = {
#define OK_AFTER(ms) .answer = { .after_ms = ms, .status = 200 }
#define HANGS .answer = { .after_ms = FAKE_CURL_NEVER, .status = 200 }

	/* --- the queue --- */
	{ .name = "a request that finds no room waits until one is answered",
	    .calls = { { OK_AFTER(100), .connection = 1, .done_ms = 100 },
	    { OK_AFTER(200), .connection = 1, .done_ms = 200 },
	    { OK_AFTER(10), .connection = 1, .sent_ms = 100,
	    .done_ms = 110 } } },
	{ .name = "those that wait go in the order of their coming",
	    .max_streams = 1,
	    .calls = { { OK_AFTER(10), .connection = 1, .done_ms = 10 },
	    { OK_AFTER(10), .connection = 1, .sent_ms = 10, .done_ms = 20 },
	    { OK_AFTER(10), .connection = 1, .sent_ms = 20, .done_ms = 30 },
	    { OK_AFTER(10), .connection = 1, .sent_ms = 30,
	    .done_ms = 40 } } },
	{ .name = "a newcomer does not overtake them",
	    .max_streams = 1,
	    .calls = { { OK_AFTER(10), .connection = 1, .done_ms = 10 },
	    { OK_AFTER(10), .connection = 1, .sent_ms = 10, .done_ms = 20 },
	    { .at_ms = 10, OK_AFTER(10), .connection = 1, .sent_ms = 20,
	    .done_ms = 30 } } },
	{ .name = "one that is cancelled while it waits is never sent, and "
	    "lets the next one pass",
	    .max_streams = 1,
	    .calls = { { OK_AFTER(100), .connection = 1, .done_ms = 100 },
	    { .cancel_ms = 50, HANGS },
	    { OK_AFTER(10), .connection = 1, .sent_ms = 100,
	    .done_ms = 110 } } },
	{ .name = "one that is cancelled in flight makes room",
	    .max_streams = 1,
	    .calls = { { .cancel_ms = 50, HANGS, .connection = 1 },
	    { OK_AFTER(10), .connection = 1, .sent_ms = 50,
	    .done_ms = 60 } } },

	/* --- which connection --- */
	{ .name = "a second connection is opened when the first is full",
	    .max_connections = 2,
	    .calls = { { OK_AFTER(100), .connection = 1, .done_ms = 100 },
	    { OK_AFTER(100), .connection = 1, .done_ms = 100 },
	    { OK_AFTER(100), .connection = 2, .done_ms = 100 },
	    { OK_AFTER(100), .connection = 2, .done_ms = 100 },
	    { OK_AFTER(100), .connection = 1, .sent_ms = 100,
	    .done_ms = 200 } } },
	{ .name = "of two with room the one with fewer requests is taken",
	    .max_connections = 2, .max_streams = 3,
	    .calls = { { OK_AFTER(500), .connection = 1, .done_ms = 500 },
	    { OK_AFTER(500), .connection = 1, .done_ms = 500 },
	    { OK_AFTER(100), .connection = 1, .done_ms = 100 },
	    { OK_AFTER(500), .connection = 2, .done_ms = 500 },
	    { .at_ms = 200, OK_AFTER(10), .connection = 2, .sent_ms = 200,
	    .done_ms = 210 } } },
	{ .name = "one that owes an answer for a second has another beside it",
	    .max_connections = 2,
	    .calls = { { HANGS, .connection = 1 },
	    { .at_ms = 1000, OK_AFTER(10), .connection = 1,
	    .sent_ms = 1000, .done_ms = 1010 },
	    { .at_ms = 2011, OK_AFTER(10), .connection = 2,
	    .sent_ms = 2011, .done_ms = 2021 },
	    { .at_ms = 2030, OK_AFTER(10), .connection = 2,
	    .sent_ms = 2030, .done_ms = 2040 } } },
	{ .name = "without another it is used all the same",
	    .calls = { { HANGS, .connection = 1 },
	    { .at_ms = 1500, OK_AFTER(10), .connection = 1,
	    .sent_ms = 1500, .done_ms = 1510 } } },
	{ .name = "a connection is not used when it is too old",
	    .age_s = 60,
	    .calls = { { OK_AFTER(10), .connection = 1, .done_ms = 10 },
	    { .at_ms = 60000, OK_AFTER(10), .connection = 1,
	    .sent_ms = 60000, .done_ms = 60010 },
	    { .at_ms = 60100, OK_AFTER(10), .connection = 2,
	    .sent_ms = 60100, .done_ms = 60110 } } },
	{ .name = "what is in flight on it then is finished there",
	    .age_s = 60,
	    .calls = { { .at_ms = 0, OK_AFTER(70000), .connection = 1,
	    .done_ms = 70000 }, { .at_ms = 60001, OK_AFTER(10),
	    .connection = 2, .sent_ms = 60001, .done_ms = 60011 } } },
	{ .name = "one that was idle for too long is opened anew",
	    .idle_s = 60,
	    .calls = { { OK_AFTER(10), .connection = 1, .done_ms = 10 },
	    { .at_ms = 60010, OK_AFTER(10), .connection = 1,
	    .sent_ms = 60010, .done_ms = 60020 },
	    { .at_ms = 120021, OK_AFTER(10), .connection = 2,
	    .sent_ms = 120021, .done_ms = 120031 } } },

	/* --- warming up --- */
	{ .name = "a new connection is warmed up by one request alone",
	    .warm_up = true, .max_streams = 3,
	    .calls = { { OK_AFTER(50), .connection = 1, .done_ms = 50 },
	    { OK_AFTER(50), .connection = 1, .sent_ms = 50,
	    .done_ms = 100 }, { OK_AFTER(50), .connection = 1,
	    .sent_ms = 50, .done_ms = 100 }, { OK_AFTER(50),
	    .connection = 1, .sent_ms = 50, .done_ms = 100 },
	    { OK_AFTER(50), .connection = 1, .sent_ms = 100,
	    .done_ms = 150 } } },
	{ .name = "a refusal of the token does not warm it up",
	    .warm_up = true,
	    .calls = { { .answer = { .after_ms = 50, .status = 403 },
	    .connection = 1, .done_ms = 50 }, { OK_AFTER(50),
	    .connection = 1, .sent_ms = 50, .done_ms = 100 },
	    { OK_AFTER(50), .connection = 1, .sent_ms = 100,
	    .done_ms = 150 } } },
	{ .name = "nor does a 401",
	    .warm_up = true,
	    .calls = { { .answer = { .after_ms = 50, .status = 401 },
	    .connection = 1, .done_ms = 50 }, { OK_AFTER(50),
	    .connection = 1, .sent_ms = 50, .done_ms = 100 },
	    { OK_AFTER(50), .connection = 1, .sent_ms = 100,
	    .done_ms = 150 } } },
	{ .name = "nor does a server error",
	    .warm_up = true,
	    .calls = { { .answer = { .after_ms = 50, .status = 500 },
	    .connection = 1, .done_ms = 50 }, { OK_AFTER(50),
	    .connection = 1, .sent_ms = 50, .done_ms = 100 },
	    { OK_AFTER(50), .connection = 1, .sent_ms = 100,
	    .done_ms = 150 } } },
	{ .name = "the rejection of a pushkey does",
	    .warm_up = true,
	    .calls = { { .answer = { .after_ms = 50, .status = 410 },
	    .connection = 1, .done_ms = 50 }, { OK_AFTER(50),
	    .connection = 1, .sent_ms = 50, .done_ms = 100 },
	    { OK_AFTER(50), .connection = 1, .sent_ms = 50,
	    .done_ms = 100 } } },
	{ .name = "a connection that was idle for a second stays warm",
	    .warm_up = true,
	    .calls = { { OK_AFTER(50), .connection = 1, .done_ms = 50 },
	    { .at_ms = 1050, OK_AFTER(50), .connection = 1,
	    .sent_ms = 1050, .done_ms = 1100 }, { .at_ms = 1050,
	    OK_AFTER(50), .connection = 1, .sent_ms = 1050,
	    .done_ms = 1100 } } },
	{ .name = "after that it is warmed up anew",
	    .warm_up = true,
	    .calls = { { OK_AFTER(50), .connection = 1, .done_ms = 50 },
	    { .at_ms = 1051, OK_AFTER(50), .connection = 1,
	    .sent_ms = 1051, .done_ms = 1101 }, { .at_ms = 1051,
	    OK_AFTER(50), .connection = 1, .sent_ms = 1101,
	    .done_ms = 1151 } } },

	/* --- draining --- */
	{ .name = "a drained connection takes no more, and finishes what is "
	    "on it",
	    .calls = { { .drains = true, OK_AFTER(50), .connection = 1,
	    .done_ms = 50 }, { OK_AFTER(500), .connection = 1,
	    .done_ms = 500 }, { .at_ms = 60, OK_AFTER(10),
	    .connection = 2, .sent_ms = 60, .done_ms = 70 } } },
	{ .name = "it does not count among those that may be open",
	    .calls = { { .drains = true, OK_AFTER(50), .connection = 1,
	    .done_ms = 50 }, { HANGS, .connection = 1 },
	    { .drains = true, OK_AFTER(60), .connection = 2, .sent_ms = 50,
	    .done_ms = 110 }, { HANGS, .connection = 2, .sent_ms = 50 },
	    { OK_AFTER(10), .connection = 3, .sent_ms = 110,
	    .done_ms = 120 } } },
	{ .name = "one that broke takes no more",
	    .calls = { { .answer = { .after_ms = 50,
	    .code = CURLE_RECV_ERROR, .cuts = true }, .connection = 1,
	    .done_ms = 50, .failure = HTTP_FAILURE_UNKNOWN },
	    { .at_ms = 60, OK_AFTER(10), .connection = 2, .sent_ms = 60,
	    .done_ms = 70 } } },
	{ .name = "what is in flight on one that breaks may have arrived",
	    .calls = { { .answer = { .after_ms = 50,
	    .code = CURLE_RECV_ERROR, .cuts = true }, .connection = 1,
	    .done_ms = 50, .failure = HTTP_FAILURE_UNKNOWN },
	    { HANGS, .connection = 1, .done_ms = 50,
	    .failure = HTTP_FAILURE_UNKNOWN }, { OK_AFTER(10),
	    .connection = 2, .sent_ms = 50, .done_ms = 60 } } },
	{ .name = "one that could not be opened is tried again",
	    .calls = { { .answer = { .after_ms = 50, .unsent = true,
	    .code = CURLE_COULDNT_CONNECT, .cuts = true }, .connection = 1,
	    .done_ms = 50, .failure = HTTP_FAILURE_NOT_SENT },
	    { .at_ms = 60, OK_AFTER(10), .connection = 2, .sent_ms = 60,
	    .done_ms = 70 } } },
	{ .name = "a stream that fails does not end the connection",
	    .calls = { { .answer = { .after_ms = 50,
	    .code = CURLE_HTTP2_STREAM }, .connection = 1, .done_ms = 50,
	    .failure = HTTP_FAILURE_UNKNOWN }, { .at_ms = 60,
	    .answer = { .code = CURLE_HTTP2_STREAM }, .connection = 1,
	    .sent_ms = 60, .done_ms = 60, .failure = HTTP_FAILURE_UNKNOWN },
	    { .at_ms = 70, OK_AFTER(10), .connection = 1, .sent_ms = 70,
	    .done_ms = 80 }, { .at_ms = 90,
	    .answer = { .code = CURLE_HTTP2_STREAM }, .connection = 1,
	    .sent_ms = 90, .done_ms = 90, .failure = HTTP_FAILURE_UNKNOWN },
	    { .at_ms = 100, OK_AFTER(10), .connection = 1, .sent_ms = 100,
	    .done_ms = 110 } } },
	{ .name = "but three in a row do",
	    .calls = { { .answer = { .code = CURLE_HTTP2_STREAM },
	    .connection = 1, .failure = HTTP_FAILURE_UNKNOWN },
	    { .at_ms = 10, .answer = { .code = CURLE_HTTP2_STREAM },
	    .connection = 1, .sent_ms = 10, .done_ms = 10,
	    .failure = HTTP_FAILURE_UNKNOWN }, { .at_ms = 20,
	    .answer = { .code = CURLE_HTTP2_STREAM }, .connection = 1,
	    .sent_ms = 20, .done_ms = 20, .failure = HTTP_FAILURE_UNKNOWN },
	    { .at_ms = 30, OK_AFTER(10), .connection = 2, .sent_ms = 30,
	    .done_ms = 40 } } },
	{ .name = "one on which a request took all its time takes no more",
	    .calls = { { .timeout_ms = 300, HANGS, .connection = 1,
	    .done_ms = 300, .failure = HTTP_FAILURE_TIMEOUT },
	    { .at_ms = 310, OK_AFTER(10), .connection = 2, .sent_ms = 310,
	    .done_ms = 320 } } },
	{ .name = "one that owes an answer for a second is not used after a "
	    "request was cancelled",
	    .calls = { { .cancel_ms = 1001, HANGS, .connection = 1 },
	    { .at_ms = 1010, OK_AFTER(10), .connection = 2,
	    .sent_ms = 1010, .done_ms = 1020 } } },
	{ .name = "but is before that",
	    .calls = { { .cancel_ms = 1000, HANGS, .connection = 1 },
	    { .at_ms = 1010, OK_AFTER(10), .connection = 1,
	    .sent_ms = 1010, .done_ms = 1020 } } },
	{ .name = "and is if it has answered others meanwhile",
	    .calls = { { .cancel_ms = 1500, HANGS, .connection = 1 },
	    { .at_ms = 600, OK_AFTER(10), .connection = 1, .sent_ms = 600,
	    .done_ms = 610 }, { .at_ms = 1510, OK_AFTER(10),
	    .connection = 1, .sent_ms = 1510, .done_ms = 1520 } } },
};

static struct {
	struct loop *loop;
	struct http *http;
	struct http_pool *pool;
	const struct row *row;
	struct http_call *calls[CALLS_MAX];
	struct call seen[CALLS_MAX];
	int status[CALLS_MAX];
} world;

static int64_t
now_ms(void)
{
	return clock_monotonic_ms() - FAKE_LOOP_START_MS;
}

/* The number of a call stands at the end of its URL. */
static void
answer_call(void *arg, const struct fake_curl_request *request,
    struct fake_curl_answer *answer)
{
	size_t i = (size_t)(strrchr(request->url, '/')[1] - '0');

	(void)arg;
	world.seen[i].connection = request->connection;
	world.seen[i].sent_ms = now_ms();
	*answer = world.row->calls[i].answer;
}

static void
on_done(void *arg, const struct http_reply *reply)
{
	struct http_call **call = arg;
	size_t i = (size_t)(call - world.calls);

	world.seen[i].done_ms = now_ms();
	world.seen[i].failure = reply->failure;
	world.status[i] = reply->status;
	if (world.row->calls[i].drains)
		http_drain(*call);
	*call = NULL;
}

static bool
is_end(const struct call *call)
{
	static const struct fake_curl_answer none;

	return memcmp(&call->answer, &none, sizeof none) == 0;
}

static void
send_call(size_t i)
{
	struct http_request request;

	http_request_init(&request);
	buf_append_format(&request.url, "https://provider.test/%zu", i);
	world.calls[i] = http_send(world.pool, &request,
	    world.row->calls[i].timeout_ms, on_done, &world.calls[i]);
	http_request_free(&request);
}

/* Sends and cancels what is due until `end_ms`, in the order of time. */
static void
run_calls(int64_t end_ms)
{
	const struct call *calls = world.row->calls;
	int64_t next_ms = 0;
	size_t i;

	while (next_ms <= end_ms) {
		int64_t at_ms = next_ms;

		fake_loop_pass(world.loop, at_ms - now_ms());
		next_ms = INT64_MAX;
		for (i = 0; i < CALLS_MAX && !is_end(&calls[i]); i++) {
			if (calls[i].at_ms == at_ms)
				send_call(i);
			if (calls[i].cancel_ms == at_ms && at_ms > 0)
				http_cancel(world.calls[i]);
			if (calls[i].at_ms > at_ms && calls[i].at_ms < next_ms)
				next_ms = calls[i].at_ms;
			if (calls[i].cancel_ms > at_ms &&
			    calls[i].cancel_ms < next_ms)
				next_ms = calls[i].cancel_ms;
		}
	}
	fake_loop_pass(world.loop, end_ms - now_ms());
}

static void
open_world(const struct http_pool_params *params)
{
	static const struct proxy no_proxy;

	clock_fake(FAKE_LOOP_START_MS, FAKE_LOOP_START_S);
	world.loop = loop_create();
	world.http = http_create(world.loop,
	    &(struct http_params){ .proxy = &no_proxy });
	world.pool = http_pool_create(world.http, params);
}

static void
close_world(void)
{
	http_pool_free(world.pool);
	http_free(world.http);
	loop_free(world.loop);
}

static void
check_row(const struct row *row)
{
	size_t i;

	memset(&world, 0, sizeof world);
	world.row = row;
	fake_curl_begin(&(struct fake_curl_hooks){ .sent = answer_call });
	open_world(&(struct http_pool_params){
		.max_connections = row->max_connections == 0 ? 1 :
		    row->max_connections,
		.max_streams = row->max_streams == 0 ? 2 : row->max_streams,
		.warm_up = row->warm_up,
		.idle_s = row->idle_s == 0 ? HOUR_S : row->idle_s,
		.age_s = row->age_s == 0 ? HOUR_S : row->age_s,
		.connect_timeout_ms = 3000
	});
	run_calls(200000);
	for (i = 0; i < CALLS_MAX && !is_end(&row->calls[i]); i++) {
		const struct call *call = &row->calls[i];

		tap_is_int(world.seen[i].connection, call->connection,
		    "%s: request %zu, the connection", row->name, i + 1);
		tap_is_int(world.seen[i].sent_ms, call->sent_ms,
		    "%s: request %zu, when it is sent", row->name, i + 1);
		tap_is_int(world.seen[i].done_ms, call->done_ms,
		    "%s: request %zu, when it is over", row->name, i + 1);
		tap_is_int(world.seen[i].failure, call->failure,
		    "%s: request %zu, the failure", row->name, i + 1);
	}
	close_world();
	if (fake_curl_counts()->easy_handles > 0 ||
	    fake_curl_counts()->multi_handles > 0)
		tap_ok(false, "%s: handles are left", row->name);
}

/* --- what an end is called ----------------------------------------------- */

static const struct ending {
	const char *name;
	struct fake_curl_answer answer;
	bool http2_only;
	int64_t timeout_ms;
	enum http_failure failure;
	int status;
	int64_t retry_after_ms;		/* 0: none was named */
	bool is_cut;			/* the body */
} endings[] = {
	{ .name = "an answer", .answer = { .status = 200, .body = "x" },
	    .status = 200 },
	{ .name = "an error of the server is an answer",
	    .answer = { .status = 503 }, .status = 503 },
	{ .name = "Retry-After is in milliseconds",
	    .answer = { .status = 503, .retry_after_s = 7 }, .status = 503,
	    .retry_after_ms = 7000 },
	{ .name = "a Retry-After of years is one of a year",
	    .answer = { .status = 503, .retry_after_s = 1000000000 },
	    .status = 503, .retry_after_ms = INT64_C(366) * 86400 * 1000 },
	{ .name = "a body without end is cut",
	    .answer = { .status = 503, .body_size = 65537 },
	    .status = 503, .is_cut = true },
	{ .name = "one that just fits is not",
	    .answer = { .status = 503, .body_size = 65536 },
	    .status = 503 },
	{ .name = "with a status of success the rest does not matter",
	    .answer = { .status = 200, .code = CURLE_RECV_ERROR },
	    .status = 200, .is_cut = true },
	{ .name = "with another status it does: it may have arrived",
	    .answer = { .status = 410, .code = CURLE_RECV_ERROR },
	    .failure = HTTP_FAILURE_UNKNOWN },
	{ .name = "a status of 99 is none", .answer = { .status = 99 } },
	{ .name = "a status of 1000 is none", .answer = { .status = 1000 } },
	{ .name = "no connection: it was not sent",
	    .answer = { .code = CURLE_COULDNT_CONNECT, .unsent = true },
	    .failure = HTTP_FAILURE_NOT_SENT },
	{ .name = "no connection in time: it was not sent",
	    .answer = { .code = CURLE_OPERATION_TIMEDOUT, .unsent = true },
	    .failure = HTTP_FAILURE_NOT_SENT },
	{ .name = "its own time is over, but it was never sent",
	    .answer = { .code = CURLE_OPERATION_TIMEDOUT, .unsent = true },
	    .timeout_ms = 100, .failure = HTTP_FAILURE_NOT_SENT },
	{ .name = "a broken connection: it may have arrived",
	    .answer = { .code = CURLE_GOT_NOTHING },
	    .failure = HTTP_FAILURE_UNKNOWN },
	{ .name = "its own time is over",
	    .answer = { .after_ms = FAKE_CURL_NEVER }, .timeout_ms = 100,
	    .failure = HTTP_FAILURE_TIMEOUT },
	{ .name = "a time that is not its own is over: it may have arrived",
	    .answer = { .code = CURLE_OPERATION_TIMEDOUT },
	    .failure = HTTP_FAILURE_UNKNOWN },
	{ .name = "HTTP/1.1 where HTTP/2 is required",
	    .answer = { .status = 200, .version = CURL_HTTP_VERSION_1_1 },
	    .http2_only = true, .failure = HTTP_FAILURE_PROTOCOL },
	{ .name = "HTTP/1.1 where it is not",
	    .answer = { .status = 200, .version = CURL_HTTP_VERSION_1_1 },
	    .status = 200 },
	{ .name = "HTTP/2 where it is required", .answer = { .status = 200 },
	    .http2_only = true, .status = 200 },
};

static const struct ending *ending;
static unsigned int ends;

static void
answer_ending(void *arg, const struct fake_curl_request *request,
    struct fake_curl_answer *answer)
{
	(void)arg;
	(void)request;
	*answer = ending->answer;
	if (answer->body_size > 0)
		answer->body = fixture_repeat("x", answer->body_size);
}

static void
on_ending(void *arg, const struct http_reply *reply)
{
	(void)arg;
	ends++;
	tap_is_int(reply->failure, ending->failure, "%s: the failure",
	    ending->name);
	tap_is_int(reply->status, ending->status, "%s: the status",
	    ending->name);
	tap_is_int(reply->retry_after_ms, ending->retry_after_ms == 0 ? -1 :
	    ending->retry_after_ms, "%s: Retry-After", ending->name);
	tap_is_int(reply->body.overflowed, ending->is_cut,
	    "%s: whether the body is cut", ending->name);
	tap_ok((reply->failure == HTTP_FAILURE_NONE) ==
	    (*reply->failure_words == '\0'), "%s: words for a failure",
	    ending->name);
}

static void
check_ending(const struct ending *row)
{
	struct http_request request;

	ending = row;
	ends = 0;
	fake_curl_begin(&(struct fake_curl_hooks){ .sent = answer_ending });
	open_world(&(struct http_pool_params){ .max_connections = 1,
		.max_streams = 1, .http2_only = row->http2_only,
		.idle_s = HOUR_S, .age_s = HOUR_S });
	http_request_init(&request);
	buf_append_text(&request.url, "https://provider.test/");
	http_send(world.pool, &request, row->timeout_ms, on_ending, NULL);
	tap_is_int(ends, 0, "%s: not from within http_send", row->name);
	fake_loop_pass(world.loop, 1000);
	tap_is_int(ends, 1, "%s: it is told once", row->name);
	close_world();
}

/* --- the rest ------------------------------------------------------------ */

static void
note_headers(void *arg, const struct fake_curl_request *request,
    struct fake_curl_answer *answer)
{
	const struct curl_slist *header = request->headers;

	(void)arg;
	tap_is_string(request->url, "https://provider.test/3", "the URL");
	tap_is_string(request->body, "body", "the body");
	tap_is_string(header->data, "one: 1", "the first header");
	tap_is_string(header->next->data, "two: 2", "the second header");
	answer->status = 200;
}

static void
on_nothing(void *arg, const struct http_reply *reply)
{
	(void)arg;
	(void)reply;
	ends++;
}

static void
check_request(void)
{
	struct http_request request;

	ends = 0;
	fake_curl_begin(&(struct fake_curl_hooks){ .sent = note_headers });
	open_world(&(struct http_pool_params){ .max_connections = 1,
		.max_streams = 1, .idle_s = HOUR_S, .age_s = HOUR_S });
	http_request_init(&request);
	buf_append_text(&request.url, "https://provider.test/3");
	buf_append_text(&request.body, "body");
	http_request_add_header(&request, "one", "%d", 1);
	http_request_add_header(&request, "two", "%d", 2);
	http_send(world.pool, &request, 0, on_nothing, NULL);
	tap_is_int((int64_t)request.url.size, 0,
	    "what the request held is taken over");
	fake_loop_pass(world.loop, 10);
	tap_is_int(ends, 1, "it is answered");
	tap_is_int(fake_curl_counts()->easy_handles, 1,
	    "its handle is kept for the next one");
	fake_loop_pass(world.loop, 1000);
	tap_is_int(fake_curl_counts()->easy_handles, 0,
	    "until nothing was in flight for a second");
	close_world();
}

/* --- connections that fail ------------------------------------------------ */

enum {
	REPLIES_MAX = 8
};

static struct {
	uint64_t connections[REPLIES_MAX];
	bool failed[REPLIES_MAX];
	size_t count;
} replies;

static void
keep_reply(void *arg, const struct http_reply *reply)
{
	(void)arg;
	replies.connections[replies.count] = reply->connection;
	replies.failed[replies.count++] = reply->connection_failed;
}

static void
send_to(const char *url)
{
	struct http_request request;

	http_request_init(&request);
	buf_append_text(&request.url, url);
	http_send(world.pool, &request, 0, keep_reply, NULL);
}

static void
answer_failures(void *arg, const struct fake_curl_request *request,
    struct fake_curl_answer *answer)
{
	(void)arg;
	*answer = (struct fake_curl_answer){ .after_ms = 10, .cuts = true,
	    .code = CURLE_RECV_ERROR };
	if (strstr(request->url, "closed") != NULL) {
		answer->unsent = true;
		answer->code = CURLE_COULDNT_CONNECT;
	} else if (strstr(request->url, "good") != NULL)
		*answer = (struct fake_curl_answer){ .status = 200 };
	else if (strstr(request->url, "slow") != NULL)
		*answer = (struct fake_curl_answer){
			.after_ms = FAKE_CURL_NEVER };
}

static void
check_failures(void)
{
	memset(&replies, 0, sizeof replies);
	fake_curl_begin(&(struct fake_curl_hooks){ .sent = answer_failures });
	open_world(&(struct http_pool_params){ .max_connections = 1,
		.max_streams = 2, .idle_s = HOUR_S, .age_s = HOUR_S });
	send_to("https://provider.test/good");
	fake_loop_pass(world.loop, 10);
	send_to("https://provider.test/cut");
	send_to("https://provider.test/slow");
	fake_loop_pass(world.loop, 20);
	send_to("https://provider.test/closed");
	fake_loop_pass(world.loop, 20);
	send_to("https://provider.test/closed");
	fake_loop_pass(world.loop, 20);
	tap_is_int((int64_t)replies.count, 5, "all of them ended");
	tap_ok(!replies.failed[0], "with an answer the connection is good");
	tap_ok(replies.failed[1] && replies.failed[2] &&
	    replies.connections[1] == replies.connections[2] &&
	    replies.connections[1] == replies.connections[0],
	    "all that is on a connection that breaks names this one");
	tap_ok(replies.failed[3] && replies.failed[4] &&
	    replies.connections[3] != replies.connections[1] &&
	    replies.connections[4] != replies.connections[3],
	    "each one that cannot be opened is another one");
	close_world();
}

static void
check_abort(void)
{
	memset(&replies, 0, sizeof replies);
	fake_curl_begin(&(struct fake_curl_hooks){ .sent = answer_failures });
	open_world(&(struct http_pool_params){ .max_connections = 1,
		.max_streams = 1, .idle_s = HOUR_S, .age_s = HOUR_S });
	send_to("https://provider.test/slow");
	send_to("https://provider.test/good");
	send_to("https://provider.test/good");
	http_pool_abort_waiting(world.pool);
	tap_is_int((int64_t)replies.count, 0, "nothing ends from within");
	send_to("https://provider.test/good");
	fake_loop_pass(world.loop, 10);
	tap_is_int((int64_t)replies.count, 2,
	    "what waited ends; what is sent, or came later, does not");
	tap_ok(!replies.failed[0] && replies.connections[0] == 0,
	    "no connection is to blame");
	close_world();
}

/* What is in a pool that is freed is not told. */
static void
check_free(void)
{
	struct http_request request;
	size_t i;

	ends = 0;
	fake_curl_begin(&(struct fake_curl_hooks){ .sent = NULL });
	open_world(&(struct http_pool_params){ .max_connections = 1,
		.max_streams = 2, .idle_s = HOUR_S, .age_s = HOUR_S });
	for (i = 0; i < 5; i++) {
		http_request_init(&request);
		buf_append_text(&request.url, "https://provider.test/");
		http_send(world.pool, &request, 0, on_nothing, NULL);
	}
	fake_loop_pass(world.loop, 10);
	tap_is_int(fake_curl_counts()->in_flight, 2,
	    "two requests are in flight, and three wait");
	close_world();
	tap_is_int(ends, 0, "a pool that is freed cancels them all");
	tap_is_int(fake_curl_counts()->easy_handles +
	    fake_curl_counts()->multi_handles, 0, "and leaves no handle");
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		check_row(&rows[i]);
	for (i = 0; i < sizeof endings / sizeof *endings; i++)
		check_ending(&endings[i]);
	check_request();
	check_failures();
	check_abort();
	check_free();
	return tap_done();
}
