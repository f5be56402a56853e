/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CGI_PROTOCOL_H
#define CGI_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * How a web server passes a request on and wants its answer: what the bytes
 * mean, in both directions.  It does no I/O on the connection; `exchange`
 * does.
 */
enum {
	/* Of all variables, names and values, by FastCGI: what one record can
	 * hold. */
	PROTOCOL_VARIABLES_SIZE = 65535,
	/* More than the largest body that a configuration allows. */
	PROTOCOL_BODY_SIZE = 80 * 1024 * 1024
};

enum protocol_state {
	PROTOCOL_VARIABLES,	/* they are still coming */
	PROTOCOL_BODY,		/* they are there, the body is coming */
	PROTOCOL_COMPLETE,
	PROTOCOL_BROKEN		/* cut short, aborted or not the protocol */
};

struct protocol {
	/* One request; `close` gives it back. */
	void *(*open)(void);
	void (*close)(void *request);

	/*
	 * Takes what has arrived, in pieces of any size; none (NULL and 0) is
	 * the end of the connection.
	 */
	void (*take)(void *request, const char *data, size_t size);
	enum protocol_state (*state)(const void *request);

	/* True once they are there, even if what follows is broken. */
	bool (*has_variables)(const void *request);

	/* True if there were more than PROTOCOL_VARIABLES_SIZE: then none of
	 * them is there, and the body is not worth reading. */
	bool (*variables_are_too_large)(const void *request);

	/* Once they are there: the value, the request's own, or NULL. */
	const char *(*variable)(const void *request, const char *name);

	/* What has arrived of the body so far. */
	size_t (*body_size)(const void *request);
	/* Once it is complete: appends it, and drops it.  False if it does
	 * not fit or is not as it was announced. */
	bool (*read_body)(void *request, struct buf *body);

	/*
	 * Append a part of the answer, and then the last part (it may be
	 * empty) with the end, to `out` as they go over the connection.
	 * False if that is impossible.
	 */
	bool (*write)(void *request, const char *data, size_t size,
	    struct buf *out);
	bool (*finish)(void *request, const char *data, size_t size,
	    struct buf *out);
};

/*
 * FastCGI 1.0, one request with the role of a responder on each connection.
 * libfcgi reads the variables and writes the answer.  Records for other
 * requests and those about the connection itself are ignored.
 */
extern const struct protocol protocol_fastcgi;

/* The length that CONTENT_LENGTH announces; -1: none, or no number. */
int64_t protocol_content_length(const char *text);

/* CGI 1.1 (RFC 3875), over standard input and output. */
extern const struct protocol protocol_cgi;

#endif
