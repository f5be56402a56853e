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

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		check_row(i);
	check_too_long();
	return tap_done();
}
