/* SPDX-License-Identifier: Apache-2.0 */
#include "http/message.h"

#include <string.h>

#include "fixture.h"
#include "tap.h"

/* A value in two parts, and whether it is a header's. */
static const struct {
	const char *start;
	const char *end;
	bool is_good;
} rows[] = {
	{ "", "", true },
	{ "", "application/json", true },
	{ "bearer ", "a.b-c_d", true },
	{ "", "\xc3\xa4 \x80~", true },
	{ "", "a\r\napns-priority: 10", false },
	{ "", "a\n", false },
	{ "a\r", "b", false },
	{ "", "a\tb", false },
	{ "", "0123456789abcdef\x7f", false },
	{ "0123456789abcdef\x1f", "", false },
};

static void
check_row(size_t i)
{
	struct http_request request;
	const char *value;

	http_request_init(&request);
	http_request_append_header(&request, "first", "", "1");
	http_request_append_header(&request, "name", rows[i].start,
	    rows[i].end);
	value = http_request_header(&request, "name");
	tap_is_string(http_request_header(&request, "first"), "1",
	    "value %zu: the header before it", i);
	if (rows[i].is_good)
		tap_is_string(value, fixture_format("%s%s", rows[i].start,
		    rows[i].end), "value %zu: it is there", i);
	else
		tap_ok(value == NULL, "value %zu: nothing of it is there", i);
	tap_is_int(http_request_is_complete(&request), rows[i].is_good,
	    "value %zu: whether the request can be sent", i);
	http_request_free(&request);
}

static void
check_too_long(void)
{
	struct http_request request;
	const char *value = fixture_repeat("x", MESSAGE_HEADERS_SIZE);

	http_request_init(&request);
	http_request_append_header(&request, "first", "", "1");
	http_request_append_header(&request, "name", "", value);
	tap_ok(http_request_header(&request, "name") == NULL &&
	    !http_request_is_complete(&request),
	    "what is too long is not there, and shows");
	tap_is_int((int64_t)request.headers.size, (int64_t)sizeof "first: 1",
	    "nor is a part of it");
	http_request_free(&request);
}

static void
check_init(void)
{
	struct http_request request;

	memset(&request, 1, sizeof request);
	http_request_init(&request);
	tap_ok(!request.is_get && !request.alone,
	    "a request is a POST, on a connection with others");
	tap_is_int((int64_t)(request.url.limit + request.headers.limit +
	    request.body.limit), 2048 + 8192 + 40960,
	    "with room for what providers take");
	http_request_free(&request);
}

static void
check_printed(void)
{
	struct http_request request;

	http_request_init(&request);
	http_request_add_header(&request, "number", "%d", 7);
	http_request_add_header(&request, "empty", "%s", "");
	tap_is_string(http_request_header(&request, "number"), "7",
	    "a header is printed");
	tap_is_string(http_request_header(&request, "empty"), "",
	    "an empty one, too");
	http_request_add_header(&request, "long", "%s",
	    fixture_repeat("x", MESSAGE_HEADERS_SIZE));
	tap_ok(http_request_header(&request, "long") == NULL &&
	    !http_request_is_complete(&request),
	    "one that is too long is not there, and shows");
	http_request_free(&request);
}

/* The headers of a request, one to a line. */
static const char *
lines_of(const struct http_request *request)
{
	const char *line = buf_text(&request->headers);
	const char *end = line + request->headers.size, *text = "";

	for (; line < end; line += strlen(line) + 1)
		text = fixture_format("%s%s\n", text, line);
	return text;
}

static void
make(struct http_request *request)
{
	http_request_init(request);
	http_request_append_header(request, "one", "", "1");
	http_request_append_header(request, "two", "", "2");
	http_request_append_header(request, "twofold", "", "3");
	http_request_append_header(request, "four", "", "two: 4");
}

static const struct {
	const char *name;
	const char *value;	/* NULL: there is none */
	const char *rest;	/* when it is dropped */
} drops[] = {
	{ "one", "1", "two: 2\ntwofold: 3\nfour: two: 4\n" },
	{ "two", "2", "one: 1\ntwofold: 3\nfour: two: 4\n" },
	{ "TWO", "2", "one: 1\ntwofold: 3\nfour: two: 4\n" },
	{ "twofold", "3", "one: 1\ntwo: 2\nfour: two: 4\n" },
	{ "four", "two: 4", "one: 1\ntwo: 2\ntwofold: 3\n" },
	{ "fou", NULL, "one: 1\ntwo: 2\ntwofold: 3\nfour: two: 4\n" },
	{ "five", NULL, "one: 1\ntwo: 2\ntwofold: 3\nfour: two: 4\n" },
};

static void
check_drop(size_t i)
{
	struct http_request request, other;

	make(&request);
	tap_is_string(http_request_header(&request, drops[i].name),
	    drops[i].value, "the value of %s", drops[i].name);
	http_request_drop_header(&request, drops[i].name);
	tap_is_string(lines_of(&request), drops[i].rest,
	    "what is left without %s", drops[i].name);
	http_request_append_header(&request, "last", "", "5");
	tap_is_string(lines_of(&request), fixture_format("%slast: 5\n",
	    drops[i].rest), "another one is behind that");
	http_request_init(&other);
	http_request_append_headers(&other, &request.headers);
	tap_is_string(lines_of(&other), lines_of(&request),
	    "another request may have them, too");
	http_request_drop_header(&other, "nothing");
	request.headers.overflowed = true;
	http_request_append_headers(&other, &request.headers);
	tap_ok(!http_request_is_complete(&other) &&
	    strcmp(lines_of(&other), lines_of(&request)) == 0,
	    "what is not whole adds nothing, and shows");
	http_request_free(&request);
	http_request_free(&other);
}

static void
check_dropped_twice(void)
{
	struct http_request request;

	http_request_init(&request);
	http_request_drop_header(&request, "one");
	tap_is_string(lines_of(&request), "", "of nothing nothing is dropped");
	http_request_append_header(&request, "one", "", "1");
	http_request_append_header(&request, "one", "", "2");
	http_request_append_header(&request, "two", "", "3");
	http_request_append_header(&request, "one", "", "4");
	http_request_drop_header(&request, "one");
	tap_is_string(lines_of(&request), "two: 3\n",
	    "all of that name are dropped");
	http_request_free(&request);
}

static const struct {
	const char *proxy;
	const char *words;
} failures[] = {
	{ NULL, "it broke" },
	{ "http://proxy.test:3128", "it broke (through the proxy "
	    "proxy.test:3128)" },
	{ "http://proxy.test:3128/path", "it broke (through the proxy "
	    "proxy.test:3128)" },
};

static void
check_failure(size_t i)
{
	struct http_reply reply;
	struct buf words;

	memset(&reply, 0xff, sizeof reply);
	http_reply_init(&reply);
	tap_ok(reply.retry_after_ms == -1 && reply.status == 0 &&
	    reply.connects == 0 && reply.failure == HTTP_FAILURE_NONE &&
	    *reply.failure_words == '\0' && reply.body.limit == 65536 &&
	    reply.headers.limit == 8192, "a reply begins as none");
	reply.proxy = failures[i].proxy;
	reply.failure_words = "it broke";
	buf_init(&words, 200);
	http_reply_describe_failure(&reply, &words);
	tap_is_string(buf_text(&words), failures[i].words,
	    "the words name a proxy, if there is one");
	buf_free(&words);
	http_reply_free(&reply);
}

int
main(void)
{
	size_t i;

	check_init();
	check_printed();
	for (i = 0; i < sizeof drops / sizeof *drops; i++)
		check_drop(i);
	check_dropped_twice();
	for (i = 0; i < sizeof failures / sizeof *failures; i++)
		check_failure(i);

	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		check_row(i);
	check_too_long();
	return tap_done();
}
