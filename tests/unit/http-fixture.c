/* SPDX-License-Identifier: Apache-2.0 */
#include "http-fixture.h"

#include <string.h>

#include "base/clock.h"
#include "tap.h"

struct http_fixture http_fixture;

static struct {
	const struct http_row *row;
	struct http_call *calls[HTTP_ROW_CALLS_MAX];
	struct http_row_call seen[HTTP_ROW_CALLS_MAX];
} http_run;

void
http_fixture_open(const struct http_pool_params *params)
{
	static const struct proxy no_proxy;

	http_fixture_open_by(&no_proxy, params);
}

void
http_fixture_open_by(const struct proxy *proxy,
    const struct http_pool_params *params)
{
	clock_fake(FAKE_LOOP_START_MS, FAKE_LOOP_START_S);
	http_fixture.loop = loop_create();
	http_fixture.http = http_create(http_fixture.loop,
	    &(struct http_params){ .proxy = proxy });
	http_fixture.pool = http_pool_create(http_fixture.http, params);
}

void
http_fixture_close(void)
{
	http_pool_free(http_fixture.pool);
	http_free(http_fixture.http);
	loop_free(http_fixture.loop);
	if (fake_curl_counts()->easy_handles > 0 ||
	    fake_curl_counts()->multi_handles > 0)
		tap_bail_out("handles are left");
}

static int64_t
http_run_now_ms(void)
{
	return clock_monotonic_ms() - FAKE_LOOP_START_MS;
}

/* The number of a call stands at the end of its URL. */
static void
http_run_answer(void *arg, const struct fake_curl_request *request,
    struct fake_curl_answer *answer)
{
	size_t i = (size_t)(strrchr(request->url, '/')[1] - '0');

	(void)arg;
	http_run.seen[i].connection = request->connection;
	http_run.seen[i].sent_ms = http_run_now_ms();
	*answer = http_run.row->calls[i].answer;
}

static void
http_run_on_done(void *arg, const struct http_reply *reply)
{
	struct http_call **call = arg;
	size_t i = (size_t)(call - http_run.calls);

	http_run.seen[i].done_ms = http_run_now_ms();
	http_run.seen[i].failure = reply->failure;
	if (http_run.row->calls[i].drains)
		http_drain(*call);
	*call = NULL;
}

static bool
http_row_is_end(const struct http_row_call *call)
{
	static const struct fake_curl_answer none;

	return memcmp(&call->answer, &none, sizeof none) == 0;
}

static void
http_run_send(size_t i)
{
	const struct http_row_call *call = &http_run.row->calls[i];
	struct http_request request;

	http_request_init(&request);
	buf_append_format(&request.url, "https://provider.test/%zu", i);
	request.alone = call->alone;
	http_run.calls[i] = http_send(http_fixture.pool, &request,
	    call->timeout_ms, http_run_on_done, &http_run.calls[i]);
	http_request_free(&request);
}

static void
http_run_note_next(int64_t at_ms, int64_t then_ms, int64_t *next_ms)
{
	if (then_ms > at_ms && then_ms < *next_ms)
		*next_ms = then_ms;
}

/* Sends and cancels what is due until `end_ms`, in the order of time. */
static void
http_run_calls(int64_t end_ms)
{
	const struct http_row_call *calls = http_run.row->calls;
	int64_t next_ms = 0;
	size_t i;

	while (next_ms <= end_ms) {
		int64_t at_ms = next_ms;

		fake_loop_pass(http_fixture.loop, at_ms - http_run_now_ms());
		next_ms = INT64_MAX;
		if (http_run.row->go_away_ms == at_ms && at_ms > 0)
			fake_curl_go_away(1);
		http_run_note_next(at_ms, http_run.row->go_away_ms, &next_ms);
		for (i = 0; i < HTTP_ROW_CALLS_MAX &&
		    !http_row_is_end(&calls[i]); i++) {
			if (calls[i].at_ms == at_ms)
				http_run_send(i);
			if (calls[i].cancel_ms == at_ms && at_ms > 0)
				http_cancel(http_run.calls[i]);
			http_run_note_next(at_ms, calls[i].at_ms, &next_ms);
			http_run_note_next(at_ms, calls[i].cancel_ms,
			    &next_ms);
		}
	}
	fake_loop_pass(http_fixture.loop, end_ms - http_run_now_ms());
}

void
http_fixture_check(const struct http_row *row)
{
	size_t i;

	memset(&http_run, 0, sizeof http_run);
	http_run.row = row;
	fake_curl_begin(&(struct fake_curl_hooks){ .sent = http_run_answer });
	fake_curl_set_streams(row->streams);
	http_fixture_open(&(struct http_pool_params){
		.max_connections = row->max_connections == 0 ? 1 :
		    row->max_connections,
		.max_streams = row->max_streams == 0 ? 2 : row->max_streams,
		.warm_up = row->warm_up,
		.apart_ms = row->apart_ms,
		.idle_s = row->idle_s == 0 ? HTTP_FIXTURE_HOUR_S : row->idle_s,
		.age_s = row->age_s == 0 ? HTTP_FIXTURE_HOUR_S : row->age_s,
		.connect_timeout_ms = 3000
	});
	http_run_calls(200000);
	for (i = 0; i < HTTP_ROW_CALLS_MAX && !http_row_is_end(&row->calls[i]);
	     i++) {
		const struct http_row_call *call = &row->calls[i];
		const struct http_row_call *seen = &http_run.seen[i];

		tap_is_int(seen->connection, call->connection,
		    "%s: request %zu, the connection", row->name, i + 1);
		tap_is_int(seen->sent_ms, call->sent_ms,
		    "%s: request %zu, when it is sent", row->name, i + 1);
		tap_is_int(seen->done_ms, call->done_ms,
		    "%s: request %zu, when it is over", row->name, i + 1);
		tap_is_int(seen->failure, call->failure,
		    "%s: request %zu, the failure", row->name, i + 1);
	}
	http_fixture_close();
}
