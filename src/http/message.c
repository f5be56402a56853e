/* SPDX-License-Identifier: Apache-2.0 */
#include "http/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/octets.h"

enum {
	/* So that they need not grow. */
	MESSAGE_HEADERS_USUAL_SIZE = 1000
};

void
http_request_init(struct http_request *request)
{
	buf_init(&request->url, MESSAGE_URL_SIZE);
	buf_init(&request->headers, MESSAGE_HEADERS_SIZE);
	buf_init(&request->body, MESSAGE_BODY_SIZE);
	request->is_get = false;
	request->alone = false;
}

void
http_request_free(struct http_request *request)
{
	buf_free(&request->url);
	buf_free(&request->headers);
	buf_free(&request->body);
}

static void
http_request_add_part(struct buf *headers, const char *part)
{
	size_t size = strlen(part);

	if (octets_printable(part, size) != size)
		headers->overflowed = true;
	else
		buf_append(headers, part, size);
}

static struct buf *
http_request_reserve(struct http_request *request)
{
	if (request->headers.allocated == 0)
		buf_reserve(&request->headers, MESSAGE_HEADERS_USUAL_SIZE);
	return &request->headers;
}

void
http_request_append_headers(struct http_request *request,
    const struct buf *headers)
{
	struct buf *own = http_request_reserve(request);

	if (headers->overflowed)
		own->overflowed = true;
	else
		buf_append(own, headers->data, headers->size);
}

void
http_request_append_header(struct http_request *request, const char *name,
    const char *start, const char *end)
{
	struct buf *headers = http_request_reserve(request);
	size_t size = headers->size;

	buf_append_text(headers, name);
	buf_append(headers, ": ", 2);
	http_request_add_part(headers, start);
	http_request_add_part(headers, end);
	buf_append(headers, "", 1);
	/* All of it, or nothing. */
	if (headers->overflowed && headers->data != NULL) {
		headers->size = size;
		headers->data[size] = '\0';
	}
}

void
http_request_add_header(struct http_request *request, const char *name,
    const char *format, ...)
{
	char value[MESSAGE_HEADERS_SIZE];
	va_list ap;
	int length;

	va_start(ap, format);
	length = vsnprintf(value, sizeof value, format, ap);
	va_end(ap);
	if (length < 0 || (size_t)length >= sizeof value)
		request->headers.overflowed = true;
	else
		http_request_append_header(request, name, "", value);
}

void
http_request_drop_header(struct http_request *request, const char *name)
{
	struct buf *headers = &request->headers;
	size_t length = strlen(name), place = 0, size;

	while (place < headers->size) {
		char *line = headers->data + place;

		size = strlen(line) + 1;
		if (strncasecmp(line, name, length) == 0 &&
		    strncmp(line + length, ": ", 2) == 0) {
			headers->size -= size;
			/* With the NUL behind the last one. */
			memmove(line, line + size, headers->size - place + 1);
		} else
			place += size;
	}
}

static const char *
http_find_header(const struct buf *headers, const char *name)
{
	const char *line = buf_text(headers), *end = line + headers->size;
	size_t length = strlen(name);

	for (; line < end; line += strlen(line) + 1) {
		if (strncasecmp(line, name, length) == 0 &&
		    strncmp(line + length, ": ", 2) == 0)
			return line + length + 2;
	}
	return NULL;
}

const char *
http_request_header(const struct http_request *request, const char *name)
{
	return http_find_header(&request->headers, name);
}

const char *
http_reply_header(const struct http_reply *reply, const char *name)
{
	return http_find_header(&reply->headers, name);
}

bool
http_request_is_complete(const struct http_request *request)
{
	return !request->url.overflowed && !request->headers.overflowed &&
	    !request->body.overflowed;
}

void
http_reply_init(struct http_reply *reply)
{
	memset(reply, 0, sizeof *reply);
	reply->failure_words = "";
	reply->retry_after_ms = -1;
	buf_init(&reply->headers, MESSAGE_HEADERS_SIZE);
	buf_init(&reply->body, MESSAGE_REPLY_SIZE);
}

void
http_reply_describe_failure(const struct http_reply *reply, struct buf *words)
{
	const char *host = reply->proxy == NULL ? NULL :
	    strstr(reply->proxy, "://");

	buf_append_text(words, reply->failure_words);
	if (host != NULL) {
		host += strlen("://");
		buf_append_format(words, " (through the proxy %.*s)",
		    (int)strcspn(host, "/"), host);
	}
}

void
http_reply_free(struct http_reply *reply)
{
	buf_free(&reply->headers);
	buf_free(&reply->body);
}
