/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * HTTP requests to a provider and its replies, as plain data: composed and
 * judged without I/O.
 */
enum message_limits {
	MESSAGE_URL_SIZE = 2048,
	MESSAGE_HEADERS_SIZE = 8192,
	MESSAGE_BODY_SIZE = 40960,	/* 4096 bytes, all escaped */
	MESSAGE_REPLY_SIZE = 65536	/* what is longer is cut there */
};

/* A POST request, or a GET without a body. */
struct http_request {
	struct buf url;
	struct buf headers;	/* "name: value", each ended by a NUL byte */
	struct buf body;
	bool is_get;
	/*
	 * Nothing else is to be on its connection: the one that it was on has
	 * broken, and it may be why.
	 */
	bool alone;
};

/*
 * How far a request without an answer got.  What was not sent can be sent
 * again freely; what may have been is sent once more, since a message shown
 * twice (Apple collapses it into one) is better than one that is lost.
 */
enum http_failure {
	HTTP_FAILURE_NONE,	/* there is an answer: look at its status */
	HTTP_FAILURE_NOT_SENT,	/* certainly never reached the provider */
	HTTP_FAILURE_UNKNOWN,	/* may or may not have reached it */
	HTTP_FAILURE_TIMEOUT,	/* as UNKNOWN, but it took all of its time */
	HTTP_FAILURE_PROTOCOL,	/* not the HTTP version that is required */
	HTTP_FAILURE_REFUSED,	/* the server's address is not allowed */
	HTTP_FAILURE__MAX
};

struct http_reply {
	enum http_failure failure;
	const char *failure_words;	/* for the log; "" without a failure */
	const char *proxy;	/* the URL of one on the way, or NULL */
	int status;			/* 0 without an answer */
	int64_t retry_after_ms;		/* -1 if the header is not there */
	unsigned int connects;		/* connections opened for it */
	/* Which connection it was sent over, or would have been: a number.
	 * Those that were open when one of them failed may share one, so that
	 * what breaks all of them is one failure.  0: none. */
	uint64_t connection;
	bool connection_failed;		/* that one, and all that was on it */
	struct buf headers;	/* as of a request, where the pool keeps them */
	struct buf body;	/* overflowed: cut, by us or by the peer */
};

void http_request_init(struct http_request *request);
void http_request_free(struct http_request *request);

/*
 * Adds "name: value", where the value is in two parts, of which the first may
 * be "".  A value with control characters is not added, and marks the headers
 * as overflowed: nothing can forge a header.
 */
void http_request_append_header(struct http_request *request,
    const char *name, const char *start, const char *end);

/* The headers of another request. */
void http_request_append_headers(struct http_request *request,
    const struct buf *headers);

/* One header, printed. */
void http_request_add_header(struct http_request *request, const char *name,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Takes the headers of that name away. */
void http_request_drop_header(struct http_request *request, const char *name);

/* The value of the first header of that name, or NULL; for tests too. */
const char *http_request_header(const struct http_request *request,
    const char *name);

/* True if every part of it fitted. */
bool http_request_is_complete(const struct http_request *request);

/* The same of a reply's headers, where the pool keeps them. */
const char *http_reply_header(const struct http_reply *reply,
    const char *name);

void http_reply_init(struct http_reply *reply);
/* Appends the words of a failure, and which proxy was on the way. */
void http_reply_describe_failure(const struct http_reply *reply,
    struct buf *words);

void http_reply_free(struct http_reply *reply);

#endif
