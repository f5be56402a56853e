/* SPDX-License-Identifier: Apache-2.0 */
/* What goes to the web server: each refusal, texts, and answers in parts. */
#include "api/response.h"

#include <string.h>

#include "fake-exchange.h"
#include "fake-loop.h"
#include "fixture.h"
#include "tap.h"

static const struct {
	enum response_error error;
	const char *status;
	const char *headers;
	const char *text;
} errors[RESPONSE_ERROR__MAX] = {
	{ RESPONSE_INVALID_DATA, "400 Bad Request", "",
	    "Invalid data format" },
	{ RESPONSE_BATCH_TOO_LARGE, "400 Bad Request", "",
	    "Batch size exceeds maximum limit" },
	{ RESPONSE_DUPLICATE_IDS, "400 Bad Request", "",
	    "Duplicate notification IDs in batch" },
	{ RESPONSE_NOTIFICATION_TOO_LARGE, "400 Bad Request", "",
	    "Individual notification too large" },
	{ RESPONSE_UNAUTHENTICATED, "401 Unauthorized", "",
	    "Missing or invalid mutual TLS (mTLS) certificate." },
	{ RESPONSE_UNKNOWN_PATH, "404 Not Found", "",
	    "There is no such operation." },
	{ RESPONSE_UNKNOWN_METHOD, "405 Method Not Allowed",
	    "Allow: POST\r\n", "The operation takes POST only." },
	{ RESPONSE_UNKNOWN_MATRIX_METHOD, "405 Method Not Allowed",
	    "Allow: GET, POST\r\n", "The operation takes GET and POST only." },
	{ RESPONSE_SINGLE_BODY_TOO_LARGE, "413 Content Too Large", "",
	    "Notification object is too large." },
	{ RESPONSE_BATCH_BODY_TOO_LARGE, "413 Content Too Large", "",
	    "Batch request payload is too large." },
	{ RESPONSE_HEADERS_TOO_LARGE, "431 Request Header Fields Too Large",
	    "", "The request headers are too large." },
	{ RESPONSE_FAILURE, "500 Internal Server Error", "",
	    "Unexpected failure during processing." },
	{ RESPONSE_READ_ONLY, "405 Method Not Allowed",
	    "Allow: GET, HEAD\r\n", "The operation takes GET only." },
	{ RESPONSE_UNAVAILABLE, "503 Service Unavailable",
	    "Retry-After: 30\r\n",
	    "Push Gateway under maintenance or overloaded." },
};

#define HEAD(status, type) "Status: " status "\r\nContent-Type: " type \
    "\r\nCache-Control: no-store\r\nX-Request-ID: the-request\r\n"

static struct loop *loop;
static struct exchange *exchange;

static void
begin(const char *method)
{
	static struct fake_exchange_variable variables[2];

	variables[0].name = method == NULL ? NULL : "REQUEST_METHOD";
	variables[0].value = method;
	clock_fake(FAKE_LOOP_START_MS, FAKE_LOOP_START_S);
	loop = loop_create();
	exchange = fake_exchange_create(&(struct fake_exchange_params){
	    .loop = loop, .variables = variables, .body = "" });
}

/* Ends it, and compares all of what was sent. */
static void
is_sent(const char *expected, const char *name)
{
	exchange_finish(exchange);
	tap_is_string(fake_exchange_answer(exchange), expected, "%s", name);
	fake_exchange_free(exchange);
	loop_free(loop);
}

static void
check_error(size_t i)
{
	const char *body = fixture_format("{\"error\":\"%s\"}",
	    errors[i].text);
	const char *more = fixture_format(
	    "{\"error\":\"%s\",\"details\":{\"a\":1}}", errors[i].text);
	const char *head = fixture_format("Status: %s\r\n"
	    "Content-Type: application/json\r\nCache-Control: no-store\r\n"
	    "X-Request-ID: the-request\r\n", errors[i].status);

	begin("POST");
	response_send_error(exchange, errors[i].error, NULL);
	is_sent(fixture_format("%sContent-Length: %zu\r\n%s\r\n%s", head,
	    strlen(body), errors[i].headers, body), errors[i].text);
	begin("POST");
	response_send_error(exchange, errors[i].error,
	    fixture_json("{\"a\":1}"));
	is_sent(fixture_format("%sContent-Length: %zu\r\n%s\r\n%s", head,
	    strlen(more), errors[i].headers, more), "the same with details");
	tap_is_string(response_error_text(errors[i].error), errors[i].text,
	    "its text");
	tap_is_int(response_error_status(errors[i].error),
	    (errors[i].status[0] - '0') * 100 +
	    (errors[i].status[1] - '0') * 10 + errors[i].status[2] - '0',
	    "its status");
}

static void
check_rest(void)
{
	const char *long_text;

	begin("POST");
	response_send_matrix_error(exchange, RESPONSE_UNKNOWN_PATH);
	is_sent(HEAD("404 Not Found", "application/json")
	    "Content-Length: 66\r\n\r\n{\"errcode\":\"M_UNRECOGNIZED\","
	    "\"error\":\"There is no such operation.\"}", "Matrix's form");
	begin("GET");
	response_send_text(exchange, 200, "text/plain", "abc", 3);
	is_sent(HEAD("200 OK", "text/plain") "Content-Length: 3\r\n\r\nabc",
	    "a text");
	begin("GET");
	response_send_text(exchange, 200, "text/plain", "", 0);
	is_sent(HEAD("200 OK", "text/plain") "Content-Length: 0\r\n\r\n",
	    "no text");
	begin("HEAD");
	response_send_text(exchange, 200, "text/plain", "abc", 3);
	is_sent(HEAD("200 OK", "text/plain") "Content-Length: 3\r\n\r\n",
	    "a text that is not asked for");
	begin(NULL);
	response_send_text(exchange, 299, "text/plain", "abc", 3);
	is_sent(HEAD("299 Unknown", "text/plain")
	    "Content-Length: 3\r\n\r\nabc", "a status that is none of ours");
	long_text = fixture_repeat("a", 100000);
	begin("GET");
	response_send_text(exchange, 200, "text/plain", long_text, 100000);
	is_sent(fixture_format("%sContent-Length: 100000\r\n\r\n%s",
	    HEAD("200 OK", "text/plain"), long_text), "a long text");
	begin("POST");
	response_begin(exchange);
	response_write(exchange, "[1");
	response_flush(exchange);
	tap_is_string(fake_exchange_body(exchange), "[1",
	    "a part leaves when it is told to");
	response_write(exchange, ",2]");
	is_sent(HEAD("200 OK", "application/json") "\r\n[1,2]",
	    "an answer in parts has no length");
}

int
main(void)
{
	size_t i;

	for (i = 0; i < RESPONSE_ERROR__MAX; i++)
		check_error(i);
	check_rest();
	return tap_done();
}
