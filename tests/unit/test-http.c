/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP engine: what a request is made of, and what its end is called. */
#include "http/http.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "http/call.h"
#include "http-fixture.h"
#include "tap.h"

enum {
	HOUR_S = HTTP_FIXTURE_HOUR_S
};

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
	const char *words;		/* NULL: any, of a failure */
} endings[] = {
	{ .name = "an answer", .answer = { .status = 200, .body = "x" },
	    .status = 200 },
	{ .name = "an error of the server is an answer",
	    .answer = { .status = 503 }, .status = 503 },
	{ .name = "Retry-After is in milliseconds",
	    .answer = { .status = 503, .retry_after_s = 7 }, .status = 503,
	    .retry_after_ms = 7000 },
	{ .name = "a Retry-After of a second is one",
	    .answer = { .status = 503, .retry_after_s = 1 }, .status = 503,
	    .retry_after_ms = 1000 },
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
	{ .name = "up to the last status of success",
	    .answer = { .status = 299, .code = CURLE_RECV_ERROR },
	    .status = 299, .is_cut = true },
	{ .name = "with another status it does: it may have arrived",
	    .answer = { .status = 410, .code = CURLE_RECV_ERROR },
	    .failure = HTTP_FAILURE_UNKNOWN,
	    .words = "the script says so" },
	{ .name = "so it does with 300",
	    .answer = { .status = 300, .code = CURLE_RECV_ERROR },
	    .failure = HTTP_FAILURE_UNKNOWN },
	{ .name = "and with 199",
	    .answer = { .status = 199, .code = CURLE_RECV_ERROR },
	    .failure = HTTP_FAILURE_UNKNOWN },
	{ .name = "the least status", .answer = { .status = 100 },
	    .status = 100 },
	{ .name = "the greatest status", .answer = { .status = 999 },
	    .status = 999 },
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
	{ .name = "without words it has those of its code",
	    .answer = { .code = CURLE_GOT_NOTHING, .wordless = true },
	    .failure = HTTP_FAILURE_UNKNOWN,
	    .words = "Server returned nothing (no headers, no data)" },
	{ .name = "its own time is over",
	    .answer = { .after_ms = FAKE_CURL_NEVER }, .timeout_ms = 100,
	    .failure = HTTP_FAILURE_TIMEOUT },
	{ .name = "a time that is not its own is over: it may have arrived",
	    .answer = { .code = CURLE_OPERATION_TIMEDOUT },
	    .failure = HTTP_FAILURE_UNKNOWN },
	{ .name = "HTTP/1.1 where HTTP/2 is required",
	    .answer = { .status = 200, .version = CURL_HTTP_VERSION_1_1 },
	    .http2_only = true, .failure = HTTP_FAILURE_PROTOCOL,
	    .words = "the server does not speak HTTP/2" },
	{ .name = "a stream that is refused", .answer = { .refused = true },
	    .failure = HTTP_FAILURE_NOT_SENT,
	    .words = "the provider refused the HTTP/2 stream" },
	{ .name = "its own time of a millisecond is over",
	    .answer = { .after_ms = FAKE_CURL_NEVER }, .timeout_ms = 1,
	    .failure = HTTP_FAILURE_TIMEOUT },
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
	if (ending->words != NULL)
		tap_is_string(reply->failure_words, ending->words,
		    "%s: which words", ending->name);
	tap_is_int(reply->connects, 1,
	    "%s: one connection was opened for it", ending->name);
}

static void
check_ending(const struct ending *row)
{
	struct http_request request;

	ending = row;
	ends = 0;
	fake_curl_begin(&(struct fake_curl_hooks){ .sent = answer_ending });
	http_fixture_open(&(struct http_pool_params){ .max_connections = 1,
		.max_streams = 1, .http2_only = row->http2_only,
		.idle_s = HOUR_S, .age_s = HOUR_S });
	http_request_init(&request);
	buf_append_text(&request.url, "https://provider.test/");
	http_send(http_fixture.pool, &request, row->timeout_ms, on_ending, NULL);
	tap_is_int(ends, 0, "%s: not from within http_send", row->name);
	fake_loop_pass(http_fixture.loop, 1000);
	tap_is_int(ends, 1, "%s: it is told once", row->name);
	http_fixture_close();
}

/* --- the rest ------------------------------------------------------------ */

static void
answer_ok(void *arg, const struct fake_curl_request *request,
    struct fake_curl_answer *answer)
{
	(void)arg;
	(void)request;
	answer->status = 200;
}

static void
note_headers(void *arg, const struct fake_curl_request *request,
    struct fake_curl_answer *answer)
{
	/* Its own, and what curl would send otherwise, or twice. */
	static const char *const lines[] = {
		"one: 1", "two: 2", "Accept:", "User-Agent: push-gateway",
		"Accept-Encoding: identity"
	};
	const struct curl_slist *header = request->headers;
	size_t i;

	(void)arg;
	tap_is_string(request->url, "https://provider.test/3", "the URL");
	tap_ok(!request->is_get, "it is a POST");
	tap_is_string(request->protocols, "https", "over TLS alone");
	/* As Apple wants it, so that connections are spread. */
	tap_ok(request->shuffles, "to any of the name's addresses");
	tap_is_int(request->lookup_lasts_s, 0,
	    "... which each connection looks up anew");
	tap_is_string(request->body, "body", "the body");
	for (i = 0; i < sizeof lines / sizeof *lines; i++) {
		tap_is_string(header == NULL ? "none" : header->data,
		    lines[i], "header %zu", i + 1);
		header = header == NULL ? NULL : header->next;
	}
	tap_ok(header == NULL, "and there is no other");
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
	http_fixture_open(&(struct http_pool_params){ .max_connections = 1,
		.max_streams = 1, .idle_s = HOUR_S, .age_s = HOUR_S });
	http_request_init(&request);
	buf_append_text(&request.url, "https://provider.test/3");
	buf_append_text(&request.body, "body");
	http_request_add_header(&request, "one", "%d", 1);
	http_request_add_header(&request, "two", "%d", 2);
	http_send(http_fixture.pool, &request, 0, on_nothing, NULL);
	tap_is_int((int64_t)request.url.size, 0,
	    "what the request held is taken over");
	fake_loop_pass(http_fixture.loop, 10);
	tap_is_int(ends, 1, "it is answered");
	tap_is_int(fake_curl_counts()->easy_handles, 1,
	    "its handle is kept for the next one");
	fake_loop_pass(http_fixture.loop, 1000);
	tap_is_int(fake_curl_counts()->easy_handles, 0,
	    "until nothing was in flight for a second");
	http_fixture_close();
}

/* Whatever libcurl does to repeat it. */
static void
check_once(void)
{
	struct http_request request;
	struct http_call *call;

	fake_curl_begin(&(struct fake_curl_hooks){ .sent = NULL });
	http_fixture_open(&(struct http_pool_params){ .max_connections = 1,
		.max_streams = 1, .idle_s = HOUR_S, .age_s = HOUR_S });
	http_request_init(&request);
	buf_append_text(&request.url, "https://provider.test/");
	call = http_send(http_fixture.pool, &request, 0, on_nothing, NULL);
	tap_ok(!call->sent, "it is not sent from within http_send");
	fake_loop_pass(http_fixture.loop, 10);
	tap_ok(call->sent && !call->stopped, "then it is");
	tap_ok(!call->guard.sends(call->guard.arg),
	    "libcurl may not send it once more");
	tap_ok(call->stopped && call->refused,
	    "... and was refused, since it says nothing else");
	tap_ok(!call->guard.connects(call->guard.arg),
	    "nor may it open a connection for it");
	http_cancel(call);
	http_fixture_close();
}

static void
send_with_headers(size_t count)
{
	struct http_request request;
	size_t i;

	ends = 0;
	fake_curl_begin(&(struct fake_curl_hooks){ .sent = answer_ok });
	http_fixture_open(&(struct http_pool_params){ .max_connections = 1,
		.max_streams = 1, .idle_s = HOUR_S, .age_s = HOUR_S });
	http_request_init(&request);
	buf_append_text(&request.url, "https://provider.test/");
	for (i = 0; i < count; i++)
		http_request_add_header(&request, "name", "%zu", i);
	http_send(http_fixture.pool, &request, 0, on_nothing, NULL);
	fake_loop_pass(http_fixture.loop, 10);
	http_fixture_close();
}

static void
check_many_headers(void)
{
	pid_t child;
	int status = 0;

	send_with_headers(21);
	tap_is_int(ends, 1, "a request has room for 21 headers");
	child = fork();
	if (child == 0) {
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
		send_with_headers(22);
		_exit(0);
	}
	if (child == -1 || waitpid(child, &status, 0) != child)
		tap_bail_out("there is no child");
	tap_ok(WIFEXITED(status) && WEXITSTATUS(status) != 0,
	    "one more ends the program, and overwrites nothing");
}

/* A GET, and then a POST with the same handle. */
static void
note_method(void *arg, const struct fake_curl_request *request,
    struct fake_curl_answer *answer)
{
	(void)arg;
	tap_is_int(request->is_get, request->number == 1, "request %u is a %s",
	    request->number, request->number == 1 ? "GET" : "POST");
	if (request->is_get)
		tap_ok(request->body == NULL, "a GET has no body");
	answer->status = 200;
}

static void
check_methods(void)
{
	struct http_request request;
	unsigned int i;

	ends = 0;
	fake_curl_begin(&(struct fake_curl_hooks){ .sent = note_method });
	http_fixture_open(&(struct http_pool_params){ .max_connections = 1,
		.max_streams = 1, .idle_s = HOUR_S, .age_s = HOUR_S });
	for (i = 0; i < 2; i++) {
		http_request_init(&request);
		request.is_get = i == 0;
		buf_append_text(&request.url, "https://provider.test/");
		http_send(http_fixture.pool, &request, 0, on_nothing, NULL);
		fake_loop_pass(http_fixture.loop, 10);
	}
	tap_is_int(ends, 2, "both are answered");
	http_fixture_close();
}

/* A server of this host: past the proxy, and over plain HTTP if need be. */
static void
note_way(void *arg, const struct fake_curl_request *request,
    struct fake_curl_answer *answer)
{
	const bool *is_local = arg;

	tap_is_string(request->protocols, *is_local ? "https,http" : "https",
	    "%s pool: the protocols", *is_local ? "a local" : "another");
	tap_is_string(request->proxy, *is_local ? "" : "http://proxy.test:1",
	    "%s pool: the proxy", *is_local ? "a local" : "another");
	answer->status = 200;
}

static void
check_way(bool is_local)
{
	const struct proxy proxy = {
		.url = (char[]){ "http://proxy.test:1" }
	};
	struct http_request request;

	ends = 0;
	fake_curl_begin(&(struct fake_curl_hooks){ .sent = note_way,
		.arg = &is_local });
	http_fixture_open_by(&proxy, &(struct http_pool_params){
		.max_connections = 1, .max_streams = 1, .idle_s = HOUR_S,
		.age_s = HOUR_S, .is_local = is_local });
	http_request_init(&request);
	buf_append_text(&request.url, "http://127.0.0.1/");
	http_send(http_fixture.pool, &request, 0, on_nothing, NULL);
	fake_loop_pass(http_fixture.loop, 10);
	tap_is_int(ends, 1, "it is answered");
	http_fixture_close();
}

/* --- which addresses are connected to ------------------------------------ */

static struct http_reply judged;

static void
on_judged(void *arg, const struct http_reply *reply)
{
	(void)arg;
	ends++;
	judged.failure = reply->failure;
	judged.connection_failed = reply->connection_failed;
	judged.failure_words = reply->failure == HTTP_FAILURE_REFUSED ?
	    fixture_format("%s", reply->failure_words) : "";
}

static const struct {
	const char *name;
	const char *addresses[3];	/* that its name leads to */
	enum http_failure failure;
	bool is_closed;			/* nobody answers there */
} leads[] = {
	{ "a public address is connected to", { "192.31.196.1" },
	    HTTP_FAILURE_NONE, false },
	{ "this host is not", { "127.0.0.1" }, HTTP_FAILURE_REFUSED, false },
	{ "a private one is not, however many there are",
	    { "10.0.0.1", "192.168.0.1" }, HTTP_FAILURE_REFUSED, false },
	{ "of a private and a public one the public one is",
	    { "10.0.0.1", "192.31.196.1" }, HTTP_FAILURE_NONE, false },
	{ "if that does not answer it is not to blame on the private one",
	    { "10.0.0.1", "192.31.196.1" }, HTTP_FAILURE_NOT_SENT, true },
	{ "what the operator allows is", { "192.168.7.1" },
	    HTTP_FAILURE_NONE, false },
};

/* Sends one request, and says how it ended. */
static enum http_failure
send_one(void)
{
	struct http_request request;

	ends = 0;
	http_request_init(&request);
	buf_append_text(&request.url, "https://named.test/");
	http_send(http_fixture.pool, &request, 0, on_judged, NULL);
	fake_loop_pass(http_fixture.loop, 1000);
	tap_is_int(ends, 1, "it is told once");
	return judged.failure;
}

static void
answer_closed(void *arg, const struct fake_curl_request *request,
    struct fake_curl_answer *answer)
{
	(void)arg;
	(void)request;
	answer->unsent = true;
	answer->code = CURLE_COULDNT_CONNECT;
}

static void
open_judging_pool(bool is_closed)
{
	static struct network allowed;
	static const struct address_rules rules = {
		.allowed = &allowed, .count = 1
	};

	if (!network_read(&allowed, "192.168.7.0/24"))
		tap_bail_out("it is no network");
	fake_curl_begin(&(struct fake_curl_hooks){
		.sent = is_closed ? answer_closed : answer_ok });
	http_fixture_open(&(struct http_pool_params){ .max_connections = 1,
		.max_streams = 1, .idle_s = HOUR_S, .age_s = HOUR_S,
		.addresses = &rules });
}

static void
check_addresses(size_t row)
{
	bool refused = leads[row].failure == HTTP_FAILURE_REFUSED;

	open_judging_pool(leads[row].is_closed);
	fake_curl_set_addresses(leads[row].addresses);
	tap_is_int(send_one(), leads[row].failure, "%s", leads[row].name);
	tap_is_int(fake_curl_counts()->sent, !refused, "%s: %s is sent",
	    leads[row].name, refused ? "nothing" : "it");
	tap_is_int(judged.connection_failed, leads[row].is_closed,
	    "%s: whether a connection has failed", leads[row].name);
	tap_is_string(judged.failure_words, refused ? "the server's name leads "
	    "to an address that is not allowed" : "", "%s: the words",
	    leads[row].name);
	http_fixture_close();
}

/* A name that was good once is judged anew by what it leads to now. */
static void
check_rebinding(void)
{
	static const char *const private[] = { "169.254.169.254", NULL };
	static const char *const public[] = { "192.31.196.1", NULL };

	open_judging_pool(false);
	fake_curl_set_addresses(public);
	tap_is_int(send_one(), HTTP_FAILURE_NONE, "a name leads elsewhere");
	fake_curl_set_addresses(private);
	tap_is_int(send_one(), HTTP_FAILURE_NONE,
	    "a connection goes on where it leads");
	fake_curl_cut(1);
	tap_is_int(send_one(), HTTP_FAILURE_REFUSED,
	    "the next one is not opened to where the name leads by then");
	tap_is_int(fake_curl_counts()->sent, 2, "nothing is sent there");
	fake_curl_set_addresses(public);
	tap_is_int(send_one(), HTTP_FAILURE_NONE,
	    "as it leads elsewhere again, it is called again");
	http_fixture_close();
}

/* What curl is told to send, apart from the URL; "": the URL's own path. */
static const struct {
	const char *url;
	const char *target;
} targets[] = {
	{ "https://provider.test/", "/" },
	{ "https://provider.test:8443/3/a?b=/c", "/3/a?b=/c" },
	{ "https://provider.test", "" },
	{ "https://provider.test?b=/c", "" },
};

static void
note_target(void *arg, const struct fake_curl_request *request,
    struct fake_curl_answer *answer)
{
	size_t row = *(size_t *)arg;

	tap_is_string(request->target, targets[row].target,
	    "%s: the request's target", targets[row].url);
	tap_is_string(request->url, targets[row].url,
	    "%s: the URL and it together", targets[row].url);
	answer->status = 200;
}

static void
check_targets(void)
{
	struct http_request request;
	size_t row;

	ends = 0;
	fake_curl_begin(&(struct fake_curl_hooks){ .sent = note_target,
		.arg = &row });
	http_fixture_open(&(struct http_pool_params){ .max_connections = 1,
		.max_streams = 1, .idle_s = HOUR_S, .age_s = HOUR_S });
	for (row = 0; row < sizeof targets / sizeof *targets; row++) {
		http_request_init(&request);
		buf_append_text(&request.url, targets[row].url);
		http_send(http_fixture.pool, &request, 0, on_nothing, NULL);
		fake_loop_pass(http_fixture.loop, 10);
	}
	tap_is_int(ends, (int64_t)row, "all of them are answered");
	http_fixture_close();
}

/* What is in a pool that is freed is not told. */
static void
check_free(void)
{
	struct http_request request;
	size_t i;

	ends = 0;
	fake_curl_begin(&(struct fake_curl_hooks){ .sent = NULL });
	http_fixture_open(&(struct http_pool_params){ .max_connections = 1,
		.max_streams = 2, .idle_s = HOUR_S, .age_s = HOUR_S });
	for (i = 0; i < 5; i++) {
		http_request_init(&request);
		buf_append_text(&request.url, "https://provider.test/");
		http_send(http_fixture.pool, &request, 0, on_nothing, NULL);
	}
	fake_loop_pass(http_fixture.loop, 10);
	tap_is_int(fake_curl_counts()->in_flight, 2,
	    "two requests are in flight, and three wait");
	http_fixture_close();
	tap_is_int(ends, 0, "a pool that is freed cancels them all");
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof endings / sizeof *endings; i++)
		check_ending(&endings[i]);
	check_request();
	check_targets();
	check_once();
	check_many_headers();
	check_methods();
	check_way(false);
	check_way(true);
	for (i = 0; i < sizeof leads / sizeof *leads; i++)
		check_addresses(i);
	check_rebinding();
	check_free();
	return tap_done();
}
