/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP engine when connections break, or are none: how many are tried,
 * and who goes over them. */
#include "http/http.h"

#include <string.h>

#include "base/clock.h"
#include "http-fixture.h"
#include "tap.h"

enum {
	HOUR_S = HTTP_FIXTURE_HOUR_S
};

#define CUT_AFTER(ms) .answer = { .after_ms = ms, \
    .code = CURLE_RECV_ERROR, .cuts = true }
#define REFUSED_AFTER(ms) .answer = { .after_ms = ms, .refused = true }
#define CLOSED .answer = { .code = CURLE_COULDNT_CONNECT, .unsent = true, \
    .cuts = true }

static const struct http_row rows[] = {
	/* --- what libcurl would repeat by itself --- */
	{ .name = "a stream that is refused was not sent",
	    .calls = { { REFUSED_AFTER(10), .connection = 1, .done_ms = 10,
	    .failure = HTTP_FAILURE_NOT_SENT }, { .at_ms = 20,
	    OK_AFTER(10), .connection = 2, .sent_ms = 20,
	    .done_ms = 30 } } },
	{ .name = "one that a working connection refuses goes over another; "
	    "those with it go on",
	    .max_streams = 3,
	    .calls = { { OK_AFTER(10), .connection = 1, .done_ms = 10 },
	    { .at_ms = 20, REFUSED_AFTER(10), .connection = 2,
	    .sent_ms = 30, .done_ms = 40,
	    .failure = HTTP_FAILURE_NOT_SENT },
	    { .at_ms = 20, OK_AFTER(100), .connection = 1, .sent_ms = 20,
	    .done_ms = 120 }, { .at_ms = 40, OK_AFTER(10),
	    .connection = 3, .sent_ms = 40, .done_ms = 50 } } },
	{ .name = "over HTTP/1.1 nobody knows: it may have arrived",
	    .calls = { { .answer = { .after_ms = 10, .status = 200,
	    .version = CURL_HTTP_VERSION_1_1 }, .connection = 1,
	    .done_ms = 10 }, { .at_ms = 20, REFUSED_AFTER(10),
	    .connection = 1, .sent_ms = 20, .done_ms = 30,
	    .failure = HTTP_FAILURE_UNKNOWN } } },
	{ .name = "what got no byte over a connection that is not new is not "
	    "repeated: it may have arrived",
	    .calls = { { OK_AFTER(10), .connection = 1, .done_ms = 10 },
	    { .at_ms = 20, CUT_AFTER(10), .connection = 1, .sent_ms = 20,
	    .done_ms = 30, .failure = HTTP_FAILURE_UNKNOWN } } },

	/* --- one by one after a failure --- */
	{ .name = "after a failure a connection is tried with one request",
	    .max_connections = 3,
	    .calls = { { CUT_AFTER(10), .connection = 1, .done_ms = 10,
	    .failure = HTTP_FAILURE_UNKNOWN }, { .at_ms = 20,
	    OK_AFTER(100), .connection = 2, .sent_ms = 20,
	    .done_ms = 120 }, { .at_ms = 20, OK_AFTER(100),
	    .connection = 2, .sent_ms = 120, .done_ms = 220 },
	    { .at_ms = 20, OK_AFTER(100), .connection = 2,
	    .sent_ms = 120, .done_ms = 220 }, { .at_ms = 20,
	    OK_AFTER(100), .connection = 3, .sent_ms = 120,
	    .done_ms = 220 } } },
	{ .name = "another one after a second without an answer",
	    .max_connections = 3,
	    .calls = { { CUT_AFTER(10), .connection = 1, .done_ms = 10,
	    .failure = HTTP_FAILURE_UNKNOWN }, { .at_ms = 20, HANGS,
	    .connection = 2, .sent_ms = 20 }, { .at_ms = 20,
	    OK_AFTER(10), .connection = 3, .sent_ms = 1021,
	    .done_ms = 1031 } } },
	{ .name = "five may fail, the others wait for a second each",
	    .calls = {
#define FAILS(ms) { CLOSED, .connection = ms / 1000 + 5, .sent_ms = ms, \
    .done_ms = ms, .failure = HTTP_FAILURE_NOT_SENT }
	    { CLOSED, .connection = 1, .failure = HTTP_FAILURE_NOT_SENT },
	    { CLOSED, .connection = 2, .failure = HTTP_FAILURE_NOT_SENT },
	    { CLOSED, .connection = 3, .failure = HTTP_FAILURE_NOT_SENT },
	    { CLOSED, .connection = 4, .failure = HTTP_FAILURE_NOT_SENT },
	    FAILS(0), FAILS(1000), FAILS(2000), FAILS(3000) } },

	/* --- second attempts --- */
	{ .name = "requests that are to be alone go one by one, beside the "
	    "others", .max_streams = 3,
	    .calls = { { .alone = true, OK_AFTER(10), .connection = 1,
	    .done_ms = 10 }, { .alone = true, OK_AFTER(10),
	    .connection = 1, .sent_ms = 10, .done_ms = 20 },
	    { OK_AFTER(10), .connection = 2, .sent_ms = 10,
	    .done_ms = 20 }, { .alone = true, OK_AFTER(10),
	    .connection = 1, .sent_ms = 20, .done_ms = 30 },
	    { OK_AFTER(10), .connection = 2, .sent_ms = 10,
	    .done_ms = 20 } } },
	{ .name = "one that breaks its connection again harms no other",
	    .max_streams = 3,
	    .calls = { { .alone = true, OK_AFTER(10), .connection = 1,
	    .done_ms = 10 }, { .alone = true, CUT_AFTER(10),
	    .connection = 1, .sent_ms = 10, .done_ms = 20,
	    .failure = HTTP_FAILURE_UNKNOWN }, { .alone = true,
	    OK_AFTER(10), .connection = 2, .sent_ms = 20,
	    .done_ms = 30 } } },
	{ .name = "one that owes its answer for a second holds up nobody",
	    .max_streams = 3,
	    .calls = { { .alone = true, OK_AFTER(5000), .connection = 1,
	    .done_ms = 5000 }, { .at_ms = 1001, .alone = true,
	    OK_AFTER(10), .connection = 2, .sent_ms = 1001,
	    .done_ms = 1011 } } },
	{ .name = "their connection is one as the others when they are gone",
	    .max_streams = 3,
	    .calls = { { .alone = true, OK_AFTER(10), .connection = 1,
	    .done_ms = 10 }, { .at_ms = 20, OK_AFTER(10),
	    .connection = 1, .sent_ms = 20, .done_ms = 30 },
	    { .at_ms = 20, OK_AFTER(10), .connection = 1,
	    .sent_ms = 20, .done_ms = 30 } } },
};

enum {
	REPLIES_MAX = 128
};

static struct {
	uint64_t connections[REPLIES_MAX];
	bool failed[REPLIES_MAX];
	enum http_failure failure;	/* the latest one's */
	const char *words;
	size_t count;
} replies;

static void
keep_reply(void *arg, const struct http_reply *reply)
{
	(void)arg;
	if (replies.count == REPLIES_MAX)
		tap_bail_out("more replies than there is room for");
	replies.connections[replies.count] = reply->connection;
	replies.failed[replies.count++] = reply->connection_failed;
	replies.failure = reply->failure;
	replies.words = reply->failure_words;
}

static void
send_to(const char *url)
{
	struct http_request request;

	http_request_init(&request);
	buf_append_text(&request.url, url);
	request.alone = strstr(url, "alone") != NULL;
	http_send(http_fixture.pool, &request, 0, keep_reply, NULL);
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
	} else if (strstr(request->url, "connecting") != NULL) {
		answer->unsent = true;
		answer->after_ms = FAKE_CURL_NEVER;
	} else if (strstr(request->url, "good") != NULL)
		*answer = (struct fake_curl_answer){ .status = 200 };
	else if (strstr(request->url, "slow") != NULL)
		*answer = (struct fake_curl_answer){
			.after_ms = FAKE_CURL_NEVER };
}

static void
open_failing(unsigned int max_streams)
{
	memset(&replies, 0, sizeof replies);
	fake_curl_begin(&(struct fake_curl_hooks){ .sent = answer_failures });
	http_fixture_open(&(struct http_pool_params){ .max_connections = 1,
		.max_streams = max_streams, .idle_s = HOUR_S,
		.age_s = HOUR_S });
}

static void
check_failures(void)
{
	size_t i;

	open_failing(2);
	send_to("https://provider.test/good");
	fake_loop_pass(http_fixture.loop, 10);
	send_to("https://provider.test/cut");
	send_to("https://provider.test/slow");
	fake_loop_pass(http_fixture.loop, 20);
	send_to("https://provider.test/closed");
	fake_loop_pass(http_fixture.loop, 20);
	send_to("https://provider.test/closed");
	fake_loop_pass(http_fixture.loop, 20);
	tap_is_int((int64_t)replies.count, 5, "all of them ended");
	tap_ok(!replies.failed[0], "with an answer the connection is good");
	for (i = 0; i < 5; i++)
		tap_ok(replies.connections[i] != 0,
		    "the connection of request %zu has a number", i + 1);
	tap_ok(replies.failed[1] && replies.failed[2] &&
	    replies.connections[1] == replies.connections[2] &&
	    replies.connections[1] == replies.connections[0],
	    "all that is on a connection that breaks names this one");
	tap_ok(replies.failed[3] && replies.failed[4] &&
	    replies.connections[3] != replies.connections[1] &&
	    replies.connections[4] != replies.connections[3],
	    "each one that cannot be opened is another one");
	http_fixture_close();
}

static void
check_abort(void)
{
	open_failing(1);
	send_to("https://provider.test/slow");
	send_to("https://provider.test/good");
	send_to("https://provider.test/good");
	http_pool_abort_waiting(http_fixture.pool);
	tap_is_int((int64_t)replies.count, 0, "nothing ends from within");
	send_to("https://provider.test/good");
	fake_loop_pass(http_fixture.loop, 10);
	tap_is_int((int64_t)replies.count, 2,
	    "what waited ends; what is sent, or came later, does not");
	tap_ok(!replies.failed[0] && replies.connections[0] == 0,
	    "no connection is to blame");
	http_fixture_close();
}

/* One whose connection is not open yet, and those behind it. */
static void
check_abort_connecting(void)
{
	size_t i;

	open_failing(1);
	send_to("https://provider.test/connecting");
	send_to("https://provider.test/good");
	send_to("https://provider.test/alone/connecting");
	send_to("https://provider.test/alone/good");
	fake_loop_pass(http_fixture.loop, 100);
	tap_is_int((int64_t)replies.count, 0, "all wait for a connection");
	http_pool_abort_waiting(http_fixture.pool);
	fake_loop_pass(http_fixture.loop, 0);
	tap_is_int((int64_t)replies.count, 4, "all of them end at once");
	for (i = 0; i < 4; i++)
		tap_ok(!replies.failed[i] && replies.connections[i] == 0,
		    "no connection is to blame for the end of request %zu",
		    i + 1);
	tap_is_int(replies.failure, HTTP_FAILURE_NOT_SENT,
	    "they were not sent");
	tap_is_string(replies.words, "all connections are full",
	    "... in words");
	http_fixture_close();
}

/* --- who refuses again and again ----------------------------------------- */

static struct {
	unsigned int sent;
	unsigned int connects;
	enum http_failure failure;
	unsigned int ends;
	int64_t end_ms;		/* of the latest one */
} refused;

static void
answer_refusals(void *arg, const struct fake_curl_request *request,
    struct fake_curl_answer *answer)
{
	(void)arg;
	if (strstr(request->url, "refused") != NULL) {
		refused.sent++;
		*answer = (struct fake_curl_answer){ .after_ms = 50,
			.refused = true };
	} else if (strstr(request->url, "cut") != NULL)
		*answer = (struct fake_curl_answer){ .after_ms = 10,
			.code = CURLE_RECV_ERROR, .cuts = true };
	else if (strstr(request->url, "moves") != NULL &&
	    request->connection == 1)
		*answer = (struct fake_curl_answer){ .after_ms = 50,
			.refused = true };
	else
		*answer = (struct fake_curl_answer){ .after_ms = 10,
			.status = 200 };
}

static void
on_refused(void *arg, const struct http_reply *reply)
{
	(void)arg;
	refused.connects = reply->connects;
	refused.failure = reply->failure;
	refused.ends++;
	refused.end_ms = clock_monotonic_ms() - FAKE_LOOP_START_MS;
}

/* With so many connections that work, or none. */
static void
refuse(unsigned int connections)
{
	struct http_request request;
	unsigned int i;

	memset(&refused, 0, sizeof refused);
	memset(&replies, 0, sizeof replies);
	fake_curl_begin(&(struct fake_curl_hooks){ .sent = answer_refusals });
	http_fixture_open(&(struct http_pool_params){ .max_connections = 12,
		.max_streams = connections == 0 ? 2 : 1, .idle_s = HOUR_S,
		.age_s = HOUR_S });
	for (i = 0; i < connections; i++) {
		send_to("https://provider.test/good");
		if (i == 0)
			fake_loop_pass(http_fixture.loop, 10);
		replies.count = 0;
	}
	if (connections > 0)
		send_to("https://provider.test/good");
	fake_loop_pass(http_fixture.loop, 20);
	replies.count = 0;
	http_request_init(&request);
	buf_append_text(&request.url, "https://provider.test/refused");
	http_send(http_fixture.pool, &request, 0, on_refused, NULL);
	if (connections == 0)
		send_to("https://provider.test/good");
	fake_loop_pass(http_fixture.loop, 2000);
	tap_is_int(refused.ends, 1, "what is refused everywhere ends");
	tap_is_int(refused.failure, HTTP_FAILURE_NOT_SENT,
	    "... as what was not sent");
	http_fixture_close();
}

/* So many that a connection refuses together, and another one takes. */
static void
check_moved(unsigned int count, int64_t end_ms, const char *name)
{
	struct http_request request;
	unsigned int i;

	memset(&refused, 0, sizeof refused);
	memset(&replies, 0, sizeof replies);
	fake_curl_begin(&(struct fake_curl_hooks){ .sent = answer_refusals });
	http_fixture_open(&(struct http_pool_params){ .max_connections = 1,
		.max_streams = 10, .idle_s = HOUR_S, .age_s = HOUR_S });
	send_to("https://provider.test/good");
	fake_loop_pass(http_fixture.loop, 100);
	for (i = 0; i < count; i++) {
		http_request_init(&request);
		buf_append_text(&request.url, "https://provider.test/moves");
		http_send(http_fixture.pool, &request, 0, on_refused, NULL);
	}
	fake_loop_pass(http_fixture.loop, 1000);
	tap_is_int(refused.ends, count, "%u refused streams %s", count, name);
	tap_is_int(refused.failure, HTTP_FAILURE_NONE, "... to be answered");
	tap_is_int(refused.end_ms, end_ms, "... by then");
	tap_is_int(http_pool_connections(http_fixture.pool), 1,
	    "... and leave no connection behind");
	http_fixture_close();
}

static void
check_refusals(void)
{
	refuse(12);
	tap_is_int(fake_curl_counts()->opened, 12, "twelve connections work");
	tap_is_int(refused.sent, 11,
	    "a request that ten of them refuse goes over one more");
	tap_is_int(refused.connects, 0, "none was opened for it");
	refuse(0);
	tap_is_int(refused.sent, 2,
	    "one that its own connection refuses goes over another");
	tap_is_int(refused.connects, 2, "both were opened for it");
	check_moved(1, 160, "go over another connection");
	check_moved(2, 160, "go over another one together");
	check_moved(3, 170, "go over another one after one of them");
	check_moved(4, 170, "do, too, however many");
}

/* How many are answered one by one, before there are two at a time. */
static unsigned int
count_alone(void)
{
	unsigned int count = 0;

	fake_loop_pass(http_fixture.loop, 5);
	while (fake_curl_counts()->in_flight == 1) {
		fake_loop_pass(http_fixture.loop, 10);
		replies.count = 0;
		count++;
	}
	tap_is_int(fake_curl_counts()->in_flight, 2, "then there are two");
	return count;
}

static void
send_alone(unsigned int count)
{
	while (count-- > 0)
		send_to("https://provider.test/alone/good");
}

static void
check_lane(void)
{
	memset(&replies, 0, sizeof replies);
	fake_curl_begin(&(struct fake_curl_hooks){ .sent = answer_refusals });
	http_fixture_open(&(struct http_pool_params){ .max_connections = 1,
		.max_streams = 10, .idle_s = HOUR_S, .age_s = HOUR_S });
	send_to("https://provider.test/good");
	fake_loop_pass(http_fixture.loop, 100);
	send_alone(70);
	tap_is_int(count_alone(), 65, "second attempts go one by one");
	fake_loop_pass(http_fixture.loop, 10);
	tap_is_int(fake_curl_counts()->in_flight, 3, "then three, and so on");
	fake_loop_pass(http_fixture.loop, 100);
	tap_is_int(http_pool_connections(http_fixture.pool), 1,
	    "their connection is gone with them: there is another");
	replies.count = 0;
	send_alone(66);
	send_to("https://provider.test/alone/cut");
	send_alone(70);
	tap_is_int(count_alone(), 65, "later ones do so anew");
	fake_loop_pass(http_fixture.loop, 5);
	replies.count = 0;
	tap_is_int(count_alone(), 65, "and once more where that broke");
	fake_loop_pass(http_fixture.loop, 100);
	http_fixture_close();
}

/* --- a provider that is no good, and many devices ------------------------- */

/* What delivery does: three attempts, and a breaker. */
enum {
	STORM_CALLS_MAX = 500,
	STORM_ATTEMPTS = 3,
	STORM_FAILURES = 5
};

static const struct storm {
	const char *name;
	struct fake_curl_answer answer;
	bool has_worked;	/* until then */
	bool warm_up;
} storms[] = {
	{ .name = "refused streams", .answer = { .refused = true } },
	{ .name = "refused streams, and before all was well",
	    .answer = { .refused = true }, .has_worked = true },
	{ .name = "refused streams at Apple",
	    .answer = { .after_ms = 20, .refused = true }, .warm_up = true },
	{ .name = "cut connections", .answer = { .code = CURLE_RECV_ERROR,
	    .cuts = true } },
	{ .name = "closed ports", .answer = { .code = CURLE_COULDNT_CONNECT,
	    .unsent = true, .cuts = true } },
	{ .name = "another protocol", .answer = { .status = 200,
	    .version = CURL_HTTP_VERSION_1_1 } },
};

static struct {
	const struct storm *storm;
	bool good;
	unsigned int attempts[STORM_CALLS_MAX];
	unsigned int settled;
	unsigned int failures;
	uint64_t failed;	/* connection */
} storm;

static void storm_send(unsigned int *attempts, bool alone);

static void
storm_answer(void *arg, const struct fake_curl_request *request,
    struct fake_curl_answer *answer)
{
	(void)arg;
	(void)request;
	if (storm.good)
		answer->status = 200;
	else
		*answer = storm.storm->answer;
}

static void
storm_on_done(void *arg, const struct http_reply *reply)
{
	unsigned int *attempts = arg;

	if (reply->connection_failed && reply->connection != storm.failed) {
		storm.failed = reply->connection;
		if (++storm.failures == STORM_FAILURES)
			http_pool_abort_waiting(http_fixture.pool);
	}
	if (reply->failure == HTTP_FAILURE_NONE ||
	    storm.failures >= STORM_FAILURES || ++*attempts == STORM_ATTEMPTS)
		storm.settled++;
	else
		storm_send(attempts, reply->failure == HTTP_FAILURE_UNKNOWN);
}

static void
storm_send(unsigned int *attempts, bool alone)
{
	struct http_request request;

	http_request_init(&request);
	buf_append_text(&request.url, "https://provider.test/");
	request.alone = alone;
	http_send(http_fixture.pool, &request, 0, storm_on_done, attempts);
}

static void
check_storm(const struct storm *row, unsigned int devices)
{
	unsigned int i, before;

	memset(&storm, 0, sizeof storm);
	storm.storm = row;
	fake_curl_begin(&(struct fake_curl_hooks){ .sent = storm_answer });
	http_fixture_open(&(struct http_pool_params){ .max_connections = 10,
		.max_streams = 100, .warm_up = row->warm_up,
		.http2_only = true, .idle_s = HOUR_S, .age_s = HOUR_S });
	storm.good = true;
	for (i = 0; row->has_worked && i < STORM_CALLS_MAX; i++)
		storm_send(&storm.attempts[i], false);
	fake_loop_pass(http_fixture.loop, 100);
	before = fake_curl_counts()->opened;
	memset(&storm, 0, sizeof storm);
	storm.storm = row;
	for (i = 0; i < devices; i++)
		storm_send(&storm.attempts[i], false);
	fake_loop_pass(http_fixture.loop, 2000);
	tap_is_int(storm.settled, devices, "%s: %u devices, all settled",
	    row->name, devices);
	tap_ok(fake_curl_counts()->opened - before <= 10,
	    "%s: %u devices, %u connections", row->name, devices,
	    fake_curl_counts()->opened - before);
	http_fixture_close();
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		http_fixture_check(&rows[i]);
	for (i = 0; i < sizeof storms / sizeof *storms; i++) {
		check_storm(&storms[i], 1);
		check_storm(&storms[i], 20);
		check_storm(&storms[i], 100);
		check_storm(&storms[i], STORM_CALLS_MAX);
	}
	check_failures();
	check_abort();
	check_abort_connecting();
	check_refusals();
	check_lane();
	return tap_done();
}
