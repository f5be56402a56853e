/* SPDX-License-Identifier: Apache-2.0 */
#include "api/response.h"

#include <stdio.h>
#include <string.h>

enum {
	RESPONSE_HEAD_SIZE = 512
};

#define RESPONSE_TYPE "application/json"

static const struct {
	int status;
	const char *text;
	const char *headers;
} response_errors[RESPONSE_ERROR__MAX] = {
	[RESPONSE_INVALID_DATA] = { .status = 400,
	    .text = "Invalid data format", .headers = "" },
	[RESPONSE_BATCH_TOO_LARGE] = { .status = 400,
	    .text = "Batch size exceeds maximum limit", .headers = "" },
	[RESPONSE_DUPLICATE_IDS] = { .status = 400,
	    .text = "Duplicate notification IDs in batch", .headers = "" },
	[RESPONSE_NOTIFICATION_TOO_LARGE] = { .status = 400,
	    .text = "Individual notification too large", .headers = "" },
	[RESPONSE_UNAUTHENTICATED] = { .status = 401,
	    .text = "Missing or invalid mutual TLS (mTLS) certificate.",
	    .headers = "" },
	[RESPONSE_UNKNOWN_PATH] = { .status = 404,
	    .text = "There is no such operation.", .headers = "" },
	[RESPONSE_UNKNOWN_METHOD] = { .status = 405,
	    .text = "The operation takes POST only.",
	    .headers = "Allow: POST\r\n" },
	[RESPONSE_UNKNOWN_MATRIX_METHOD] = { .status = 405,
	    .text = "The operation takes GET and POST only.",
	    .headers = "Allow: GET, POST\r\n" },
	[RESPONSE_SINGLE_BODY_TOO_LARGE] = { .status = 413,
	    .text = "Notification object is too large.", .headers = "" },
	[RESPONSE_BATCH_BODY_TOO_LARGE] = { .status = 413,
	    .text = "Batch request payload is too large.", .headers = "" },
	[RESPONSE_HEADERS_TOO_LARGE] = { .status = 431,
	    .text = "The request headers are too large.", .headers = "" },
	[RESPONSE_FAILURE] = { .status = 500,
	    .text = "Unexpected failure during processing.", .headers = "" },
	[RESPONSE_READ_ONLY] = { .status = 405,
	    .text = "The operation takes GET only.",
	    .headers = "Allow: GET, HEAD\r\n" },
	[RESPONSE_UNAVAILABLE] = { .status = 503,
	    .text = "Push Gateway under maintenance or overloaded.",
	    .headers = "Retry-After: 30\r\n" },
};

static const struct {
	int status;
	const char *words;
} response_statuses[] = {
	{ .status = 200, .words = "OK" },
	{ .status = 400, .words = "Bad Request" },
	{ .status = 401, .words = "Unauthorized" },
	{ .status = 404, .words = "Not Found" },
	{ .status = 405, .words = "Method Not Allowed" },
	{ .status = 413, .words = "Content Too Large" },
	{ .status = 431, .words = "Request Header Fields Too Large" },
	{ .status = 500, .words = "Internal Server Error" },
	{ .status = 503, .words = "Service Unavailable" },
};

static const char *
response_status_words(int status)
{
	size_t i, count = sizeof response_statuses / sizeof *response_statuses;

	for (i = 0; i < count; i++) {
		if (response_statuses[i].status == status)
			return response_statuses[i].words;
	}
	return "Unknown";
}

void
response_write(struct exchange *exchange, const char *text)
{
	exchange_write(exchange, text, strlen(text));
}

/* `size` is the body's; -1 if it is streamed. */
static void
response_send_head(struct exchange *exchange, int status, const char *type,
    const char *headers, long size)
{
	char length[64] = "", head[RESPONSE_HEAD_SIZE];

	if (size >= 0)
		snprintf(length, sizeof length, "Content-Length: %ld\r\n",
		    size);
	snprintf(head, sizeof head, "Status: %d %s\r\nContent-Type: %s\r\n"
	    "Cache-Control: no-store\r\nX-Request-ID: %s\r\n%s%s\r\n",
	    status, response_status_words(status), type,
	    exchange_id(exchange), length, headers);
	response_write(exchange, head);
}

/* HEAD wants none (RFC 3875, 4.3.3): HAProxy takes one for an error. */
static void
response_send_body(struct exchange *exchange, const char *text, size_t size)
{
	const char *method = exchange_variable(exchange, "REQUEST_METHOD");

	if (method == NULL || strcmp(method, "HEAD") != 0)
		exchange_write(exchange, text, size);
}

void
response_send_text(struct exchange *exchange, int status, const char *type,
    const char *text, size_t size)
{
	exchange_allow(exchange, size + RESPONSE_HEAD_SIZE);
	response_send_head(exchange, status, type, "", (long)size);
	response_send_body(exchange, text, size);
}

void
response_send(struct exchange *exchange, int status, const char *headers,
    struct json_object *body)
{
	size_t size;
	const char *text = json_object_to_json_string_length(body,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &size);

	response_send_head(exchange, status, RESPONSE_TYPE, headers,
	    (long)size);
	response_send_body(exchange, text, size);
	json_object_put(body);
}

void
response_send_error(struct exchange *exchange, enum response_error error,
    struct json_object *details)
{
	struct json_object *body = json_object_new_object();

	json_object_object_add(body, "error",
	    json_object_new_string(response_errors[error].text));
	if (details != NULL)
		json_object_object_add(body, "details", details);
	response_send(exchange, response_errors[error].status,
	    response_errors[error].headers, body);
}

void
response_send_matrix_error(struct exchange *exchange,
    enum response_error error)
{
	struct json_object *body = json_object_new_object();

	json_object_object_add(body, "errcode",
	    json_object_new_string("M_UNRECOGNIZED"));
	json_object_object_add(body, "error",
	    json_object_new_string(response_errors[error].text));
	response_send(exchange, response_errors[error].status,
	    response_errors[error].headers, body);
}

const char *
response_error_text(enum response_error error)
{
	return response_errors[error].text;
}

int
response_error_status(enum response_error error)
{
	return response_errors[error].status;
}

void
response_begin(struct exchange *exchange)
{
	response_send_head(exchange, 200, RESPONSE_TYPE, "", -1);
}

void
response_flush(struct exchange *exchange)
{
	exchange_flush(exchange);
}
