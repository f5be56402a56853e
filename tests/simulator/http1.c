/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "connection.h"
#include "dispatch.h"
#include "http-status.h"

#define HEAD_MAX 65536
#define IN_MAX (HEAD_MAX + ((size_t)2 << 20))

/* One request at a time; what comes while one is answered has to wait. */
struct http1 {
	struct text in;
	struct text out;
	struct text taken;		/* of `out`, on its way */
	struct request *request;	/* being answered, or NULL */
	bool closing;			/* no more requests */
	bool broken;			/* the answer ends in the middle */
};

static void
start(struct connection *connection)
{
	struct http1 *http1 = memory_new(sizeof *http1);

	text_init(&http1->in, IN_MAX);
	text_init(&http1->out, (size_t)-1);
	text_init(&http1->taken, (size_t)-1);
	connection->http1 = http1;
}

static void
stop(struct connection *connection)
{
	text_clear(&connection->http1->in);
	text_clear(&connection->http1->out);
	text_clear(&connection->http1->taken);
	free(connection->http1);
}

/* "NAME: VALUE" with its end cut off; the text is changed. */
static bool
read_field(struct request *request, char *line)
{
	char *colon = strchr(line, ':');
	char *value = colon != NULL ? colon + 1 : NULL;
	size_t length;

	if (colon == NULL || colon == line)
		return false;
	*colon = '\0';
	for (char *c = line; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	value += strspn(value, " \t");
	length = strlen(value);
	while (length > 0 && strchr(" \t", value[length - 1]) != NULL)
		value[--length] = '\0';
	return request_copy_header(request,
	    strcmp(line, "host") == 0 ? ":authority" : line, value);
}

/* "METHOD PATH HTTP/1.1"; the text is changed. */
static bool
read_request_line(struct request *request, char *line)
{
	char *path = strchr(line, ' ');
	char *version = path != NULL ? strchr(path + 1, ' ') : NULL;

	if (version == NULL || strcmp(version, " HTTP/1.1") != 0)
		return false;
	*path++ = '\0';
	*version = '\0';
	return request_copy_header(request, ":method", line) &&
	    request_copy_header(request, ":path", path) &&
	    request_copy_header(request, ":scheme", "https");
}

/* The lines of a head without the empty one at its end. */
static bool
read_head(struct request *request, char *head)
{
	char *rest = head;
	char *line;
	bool good = true;
	bool first = true;

	while (good && (line = strsep(&rest, "\n")) != NULL) {
		size_t length = strlen(line);

		if (length > 0 && line[length - 1] == '\r')
			line[length - 1] = '\0';
		good = first ? read_request_line(request, line)
		    : read_field(request, line);
		first = false;
	}
	return good && request_get_header(request, "transfer-encoding") ==
	    NULL;
}

/* The bytes of the body that the head says; -1 for none that can be. */
static long
find_body_size(const struct request *request)
{
	const char *length = request_get_header(request, "content-length");
	long size = 0;

	if (length != NULL) {
		size = strtol(length, NULL, 10);
		if (*length == '\0' || strlen(length) > 9 ||
		    strspn(length, "0123456789") != strlen(length))
			size = -1;
	}
	return size;
}

static struct request *
make_request(struct connection *connection, const char *bytes, size_t length)
{
	struct request *request = request_new(connection, &connection->peer,
	    0);
	char *head = memory_new(length + 1);

	request->connection_number = connection->number;
	memcpy(head, bytes, length);
	if (strlen(head) != length || !read_head(request, head) ||
	    find_body_size(request) < 0) {
		request_free(request);
		request = NULL;
	}
	free(head);
	return request;
}

static void
drop_from_start(struct text *text, size_t length)
{
	memmove(text->data, text->data + length, text->length - length + 1);
	text->length -= length;
}

/* A request that is all there is dealt with; false if it makes no sense. */
static bool
advance(struct connection *connection)
{
	struct http1 *http1 = connection->http1;
	const char *start_of = text_string(&http1->in);
	const char *end = strstr(start_of, "\r\n\r\n");
	struct request *request = NULL;
	size_t head;
	size_t size = 0;

	if (end == NULL)
		return http1->in.length < HEAD_MAX;
	head = (size_t)(end - start_of) + 4;
	request = make_request(connection, start_of, head - 4);
	if (request == NULL)
		return false;
	size = (size_t)find_body_size(request);
	if (http1->in.length - head < size) {
		request_free(request);
		return true;
	}
	text_add(&request->body, start_of + head,
	    size < REQUEST_BODY_MAX ? size : REQUEST_BODY_MAX);
	request->body_size = size;
	drop_from_start(&http1->in, head + size);
	TAILQ_INSERT_TAIL(&connection->requests, request, entry);
	http1->request = request;
	dispatch_request(request);
	return true;
}

static bool
receive(struct connection *connection, const uint8_t *bytes, size_t length)
{
	struct http1 *http1 = connection->http1;
	size_t before;
	bool good = true;

	if (!http1->closing)
		text_add(&http1->in, bytes, length);
	do {
		before = http1->in.length;
		if (http1->request == NULL && !http1->closing &&
		    http1->in.length > 0)
			good = advance(connection);
	} while (good && http1->in.length != before);
	return good && !http1->in.overrun;
}

static ssize_t
take(struct connection *connection, const uint8_t **bytes)
{
	struct http1 *http1 = connection->http1;
	struct text taken = http1->taken;
	size_t length = http1->out.length;

	/* Connections write no more than this at once. */
	if (length > CONNECTION_OUT_FULL)
		length = CONNECTION_OUT_FULL;
	if (length > 0) {
		text_clear(&taken);
		text_add(&taken, http1->out.data, length);
		drop_from_start(&http1->out, length);
		http1->taken = taken;
		*bytes = (const uint8_t *)http1->taken.data;
	}
	return (ssize_t)length;
}

static bool
is_over(const struct connection *connection)
{
	const struct http1 *http1 = connection->http1;

	return http1->closing && http1->out.length == 0 &&
	    http1->request == NULL;
}

static void
finish_request(struct connection *connection, struct request *request)
{
	TAILQ_REMOVE(&connection->requests, request, entry);
	connection->http1->request = NULL;
	request_free(request);
}

static bool
wants_close(const struct request *request)
{
	const char *value = request_get_header(request, "connection");

	return value != NULL && strcasecmp(value, "close") == 0;
}

static void
answer_request(struct connection *connection, struct request *request)
{
	struct http1 *http1 = connection->http1;
	const struct answer *answer = &request->answer;
	struct text *out = &http1->out;

	http1->closing = http1->closing || answer->goaway ||
	    answer->broken || wants_close(request);
	text_add_format(out, "HTTP/1.1 %u %s\r\n", answer->status,
	    http_status_get_phrase(answer->status));
	for (size_t i = 0; i < answer->header_count; i++)
		text_add_format(out, "%s: %s\r\n", answer->headers[i].name,
		    answer->headers[i].value);
	if (http1->closing)
		text_add_string(out, "connection: close\r\n");
	text_add_format(out, "content-length: %zu\r\n\r\n",
	    answer->broken && answer->body.length == 0 ? 2
	    : answer->body.length);
	text_add(out, text_string(&answer->body), answer->broken
	    ? answer->body.length / 2 : answer->body.length);
	finish_request(connection, request);
	receive(connection, NULL, 0);
}

/* Nothing but the connection can be broken off. */
static void
reset(struct connection *connection, struct request *request, bool refuse)
{
	(void)refuse;
	connection->http1->closing = true;
	finish_request(connection, request);
}

static void
retire(struct connection *connection)
{
	connection->http1->closing = true;
}

static void
update_limit(struct connection *connection)
{
	connection->stream_limit = 1;
}

const struct protocol protocol_http1 = {
	.start = start,
	.stop = stop,
	.receive = receive,
	.take = take,
	.is_over = is_over,
	.answer = answer_request,
	.reset = reset,
	.retire = retire,
	.update_limit = update_limit,
};
