/* SPDX-License-Identifier: Apache-2.0 */
#include "cgi/protocol.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/xmalloc.h"

struct cgi {
	enum protocol_state state;
	bool announced;		/* the length; else the end tells it */
	size_t length;
	struct buf body;
};

static void *
cgi_open(void)
{
	struct cgi *cgi = xcalloc(1, sizeof *cgi);
	int64_t length = protocol_content_length(getenv("CONTENT_LENGTH"));

	cgi->announced = length != -1;
	cgi->length = length == -1 ? 0 : (size_t)length;
	buf_init(&cgi->body, PROTOCOL_BODY_SIZE);
	cgi->state = cgi->announced && cgi->length == 0 ?
	    PROTOCOL_COMPLETE : PROTOCOL_BODY;
	return cgi;
}

static void
cgi_close(void *request)
{
	struct cgi *cgi = request;

	buf_free(&cgi->body);
	free(cgi);
}

static void
cgi_take(void *request, const char *data, size_t size)
{
	struct cgi *cgi = request;
	size_t wanted = cgi->length - cgi->body.size;

	if (cgi->state != PROTOCOL_BODY)
		return;
	if (size == 0)
		cgi->state = cgi->announced ? PROTOCOL_BROKEN :
		    PROTOCOL_COMPLETE;
	else if (!buf_append(&cgi->body, data,
	    cgi->announced && size > wanted ? wanted : size))
		cgi->state = PROTOCOL_BROKEN;
	else if (cgi->announced && cgi->body.size == cgi->length)
		cgi->state = PROTOCOL_COMPLETE;
}

static enum protocol_state
cgi_state(const void *request)
{
	const struct cgi *cgi = request;

	return cgi->state;
}

static bool
cgi_has_variables(const void *request)
{
	(void)request;
	return true;
}

/* The system refuses to start a program with more than it takes. */
static bool
cgi_variables_are_too_large(const void *request)
{
	(void)request;
	return false;
}

static const char *
cgi_variable(const void *request, const char *name)
{
	(void)request;
	return getenv(name);
}

static size_t
cgi_body_size(const void *request)
{
	const struct cgi *cgi = request;

	return cgi->body.size;
}

static bool
cgi_read_body(void *request, struct buf *body)
{
	struct cgi *cgi = request;

	return buf_move(body, &cgi->body);
}

static bool
cgi_write(void *request, const char *data, size_t size, struct buf *out)
{
	(void)request;
	return buf_append(out, data, size);
}

/* The end of the process is the end of the answer. */
static bool
cgi_finish(void *request, const char *data, size_t size, struct buf *out)
{
	return cgi_write(request, data, size, out);
}

const struct protocol protocol_cgi = {
	.open = cgi_open,
	.close = cgi_close,
	.take = cgi_take,
	.state = cgi_state,
	.has_variables = cgi_has_variables,
	.variables_are_too_large = cgi_variables_are_too_large,
	.variable = cgi_variable,
	.body_size = cgi_body_size,
	.read_body = cgi_read_body,
	.write = cgi_write,
	.finish = cgi_finish
};
