/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why libfcgi reads and writes a file in memory: this project leaves the
 * variables of a request and the records of its answer to libfcgi, and libfcgi
 * knows only a descriptor that it blocks on, while a worker is one thread with
 * hundreds of requests in flight that must never wait for one of them.  So the
 * variables are collected here as they arrive, and shown to libfcgi once they
 * are complete, in a file in memory, where reading never waits.  What libfcgi
 * writes goes to the same file; it is taken out at once and sent as the
 * connection allows.  The file is mapped, so that it costs no system calls but
 * those of libfcgi and a seek before each.
 *
 * Lengths are checked before libfcgi sees them, since it trusts them.
 */
#include "cgi/protocol.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fastcgi.h>
#include <fcgiapp.h>

#include "base/log.h"
#include "base/xmalloc.h"

enum {
	/* The most that FCGX_PutStr takes at once here; libfcgi makes records
	 * of 8 KB of it. */
	FASTCGI_WRITE_SIZE = 32 * 1024,
	/* Enough for that with its records, and for all variables. */
	FASTCGI_FILE_SIZE = 2 * PROTOCOL_VARIABLES_SIZE,
	/* Of a longer body so much is there before memory for all that was
	 * announced is taken: it is asked for by then. */
	FASTCGI_BODY_START = 32 * 1024
};

/* Nothing stays in it from one call to the next: all requests share it. */
static struct {
	int fd;
	char *map;		/* NULL: not made yet */
} fastcgi_file;

struct fastcgi {
	enum protocol_state state;
	FCGX_Request request;
	bool accepted;		/* libfcgi has the variables */
	bool too_large;		/* they were: none is kept */
	/* The record that is arriving. */
	unsigned char header[FCGI_HEADER_LEN];
	size_t header_size;	/* how much of it is there */
	size_t content_left;
	size_t padding_left;
	struct buf *target;	/* of the content; NULL: none */
	unsigned int id;	/* of our request; 0: not begun */
	FCGI_BeginRequestBody begin;
	bool begins;		/* that one is arriving */
	struct buf variables;	/* as they came, without headers */
	struct buf body;
	bool expected;		/* memory for all of it is taken */
};

/* --- libfcgi's file ------------------------------------------------------ */

static void
fastcgi_file_open(void)
{
	fastcgi_file.fd = memfd_create("fastcgi", MFD_CLOEXEC);
	if (fastcgi_file.fd == -1 ||
	    ftruncate(fastcgi_file.fd, FASTCGI_FILE_SIZE) == -1)
		fatal("cannot create a memory file");
	fastcgi_file.map = mmap(NULL, FASTCGI_FILE_SIZE,
	    PROT_READ | PROT_WRITE, MAP_SHARED, fastcgi_file.fd, 0);
	if (fastcgi_file.map == MAP_FAILED)
		fatal("cannot map the memory file");
}

/* Lets libfcgi read or write from the file's beginning on. */
static void
fastcgi_file_rewind(void)
{
	if (lseek(fastcgi_file.fd, 0, SEEK_SET) == -1)
		fatal("cannot rewind the memory file");
}

/* Moves what libfcgi wrote since the file was rewound. */
static bool
fastcgi_file_drain(struct buf *out)
{
	off_t size = lseek(fastcgi_file.fd, 0, SEEK_CUR);
	bool fits;

	if (size == -1 || size > FASTCGI_FILE_SIZE)
		fatalx("libfcgi wrote more than it was given");
	fits = buf_append(out, fastcgi_file.map, (size_t)size);
	explicit_bzero(fastcgi_file.map, (size_t)size);
	return fits;
}

/* Appends a record for libfcgi, and returns where it ends. */
static char *
fastcgi_file_add(char *at, const struct fastcgi *fastcgi, unsigned char type,
    const void *content, size_t size)
{
	FCGI_Header header = {
		.version = FCGI_VERSION_1,
		.type = type,
		.requestIdB1 = (unsigned char)(fastcgi->id >> 8),
		.requestIdB0 = (unsigned char)(fastcgi->id & 0xff),
		.contentLengthB1 = (unsigned char)(size >> 8),
		.contentLengthB0 = (unsigned char)(size & 0xff)
	};

	memcpy(at, &header, sizeof header);
	if (size > 0)
		memcpy(at + sizeof header, content, size);
	return at + sizeof header + size;
}

/* All that libfcgi is shown of a request; returns how much it is. */
static size_t
fastcgi_file_fill(const struct fastcgi *fastcgi)
{
	const struct buf *variables = &fastcgi->variables;
	char *end = fastcgi_file.map;

	end = fastcgi_file_add(end, fastcgi, FCGI_BEGIN_REQUEST,
	    &fastcgi->begin, sizeof fastcgi->begin);
	if (variables->size > 0)
		end = fastcgi_file_add(end, fastcgi, FCGI_PARAMS,
		    variables->data, variables->size);
	end = fastcgi_file_add(end, fastcgi, FCGI_PARAMS, NULL, 0);
	fastcgi_file_rewind();
	return (size_t)(end - fastcgi_file.map);
}

/* --- records that arrive ------------------------------------------------- */

/* One or four bytes that say how long a name or value is. */
static bool
fastcgi_take_length(const unsigned char **at, const unsigned char *end,
    size_t *length)
{
	const unsigned char *p = *at;
	size_t bytes = p < end && (*p & 0x80) != 0 ? 4 : 1;

	if ((size_t)(end - p) < bytes)
		return false;
	*length = bytes == 1 ? *p : (size_t)(p[0] & 0x7f) << 24 |
	    (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	*at = p + bytes;
	return true;
}

/*
 * Whether the names and values end where the variables do: libfcgi trusts
 * their lengths, and allocates so much memory.
 */
static bool
fastcgi_variables_fit(const struct fastcgi *fastcgi)
{
	const unsigned char *p = (const unsigned char *)
	    buf_text(&fastcgi->variables);
	const unsigned char *end = p + fastcgi->variables.size;
	size_t name, value;

	while (p < end) {
		if (!fastcgi_take_length(&p, end, &name) ||
		    !fastcgi_take_length(&p, end, &value) ||
		    name > (size_t)(end - p) ||
		    value > (size_t)(end - p) - name)
			return false;
		p += name + value;
	}
	return true;
}

/* More than we take: what there is is dropped, and what still comes, too. */
static void
fastcgi_drop_variables(struct fastcgi *fastcgi)
{
	fastcgi->too_large = true;
	buf_free(&fastcgi->variables);
}

static void
fastcgi_accept(struct fastcgi *fastcgi)
{
	FCGX_Request *request = &fastcgi->request;
	size_t size;

	if (!fastcgi_variables_fit(fastcgi)) {
		fastcgi->state = PROTOCOL_BROKEN;
		return;
	}
	size = fastcgi_file_fill(fastcgi);
	FCGX_InitRequest(request, -1, FCGI_FAIL_ACCEPT_ON_INTR);
	request->ipcFd = fastcgi_file.fd;
	/* Else FCGX_Accept_r closes it before it reads. */
	request->keepConnection = 1;
	/* It would have closed the file that the others share. */
	if (FCGX_Accept_r(request) != 0)
		fatalx("libfcgi refused a complete request");
	/* The body is not read by it: 8 KB that each request would hold for
	 * nothing. */
	FCGX_FreeStream(&request->in);
	explicit_bzero(fastcgi_file.map, size);
	buf_free(&fastcgi->variables);
	fastcgi->accepted = true;
	fastcgi->state = PROTOCOL_BODY;
}

/* The first record of our request; its content is checked when it is there. */
static void
fastcgi_begin(struct fastcgi *fastcgi, unsigned int id)
{
	if (fastcgi->id != 0) {
		/* Requests are not multiplexed: ignore another one. */
		if (id == fastcgi->id)
			fastcgi->state = PROTOCOL_BROKEN;
	} else if (id == 0 ||
	    fastcgi->content_left != sizeof(FCGI_BeginRequestBody))
		fastcgi->state = PROTOCOL_BROKEN;
	else {
		fastcgi->id = id;
		fastcgi->begins = true;
	}
}

/* Takes what is there of the first record's content: is it for us? */
static void
fastcgi_take_begin(struct fastcgi *fastcgi, const char *data, size_t size)
{
	FCGI_BeginRequestBody *begin = &fastcgi->begin;
	size_t done = sizeof *begin - fastcgi->content_left;

	memcpy((char *)begin + done, data, size);
	if (size == fastcgi->content_left) {
		fastcgi->begins = false;
		if ((begin->roleB1 << 8 | begin->roleB0) != FCGI_RESPONDER)
			fastcgi->state = PROTOCOL_BROKEN;
	}
}

static int64_t
fastcgi_announced(const struct fastcgi *fastcgi)
{
	return protocol_content_length(FCGX_GetParam("CONTENT_LENGTH",
	    fastcgi->request.envp));
}

/*
 * Apache's mod_fcgid sends an empty record before the body of a request over
 * HTTP/2 that does not say its length: what was announced decides whether such
 * a record ends the body.
 */
static bool
fastcgi_body_is_there(const struct fastcgi *fastcgi)
{
	int64_t announced = fastcgi_announced(fastcgi);

	return announced == -1 ||
	    (uint64_t)announced <= fastcgi->body.size;
}

/* A header is complete: where does what follows belong? */
static void
fastcgi_take_header(struct fastcgi *fastcgi)
{
	const unsigned char *header = fastcgi->header;
	unsigned int id = (unsigned int)header[2] << 8 | header[3];

	fastcgi->content_left = (size_t)header[4] << 8 | header[5];
	fastcgi->padding_left = header[6];
	fastcgi->target = NULL;
	if (header[0] != FCGI_VERSION_1)
		fastcgi->state = PROTOCOL_BROKEN;
	else if (header[1] == FCGI_BEGIN_REQUEST)
		fastcgi_begin(fastcgi, id);
	else if (id == 0 || id != fastcgi->id)
		return;
	else if (header[1] == FCGI_PARAMS &&
	    fastcgi->state == PROTOCOL_VARIABLES) {
		fastcgi->target = fastcgi->too_large ? NULL :
		    &fastcgi->variables;
		if (fastcgi->content_left == 0)
			fastcgi_accept(fastcgi);
	} else if (header[1] == FCGI_STDIN &&
	    fastcgi->state == PROTOCOL_BODY) {
		fastcgi->target = &fastcgi->body;
		if (fastcgi->content_left == 0 &&
		    fastcgi_body_is_there(fastcgi))
			fastcgi->state = PROTOCOL_COMPLETE;
	} else if (header[1] != FCGI_STDIN || fastcgi->content_left > 0 ||
	    fastcgi->state != PROTOCOL_COMPLETE)
		/* One more end of the body is harmless. */
		fastcgi->state = PROTOCOL_BROKEN;
}

/* So that a long body is not copied each time that its memory grows. */
static void
fastcgi_expect_body(struct fastcgi *fastcgi)
{
	struct buf *body = &fastcgi->body;
	int64_t announced = fastcgi_announced(fastcgi);

	fastcgi->expected = true;
	if (announced > (int64_t)body->size && announced <= PROTOCOL_BODY_SIZE)
		buf_reserve(body, (size_t)announced - body->size);
}

static void
fastcgi_keep_content(struct fastcgi *fastcgi, const char *data, size_t size)
{
	if (fastcgi->body.size > FASTCGI_BODY_START && !fastcgi->expected)
		fastcgi_expect_body(fastcgi);
	buf_append(fastcgi->target, data, size);
	if (fastcgi->variables.overflowed) {
		fastcgi_drop_variables(fastcgi);
		fastcgi->target = NULL;
	} else if (fastcgi->body.overflowed)
		fastcgi->state = PROTOCOL_BROKEN;
}

/* Takes what is there of a record's content, and says how much that was. */
static size_t
fastcgi_take_content(struct fastcgi *fastcgi, const char *data, size_t size)
{
	if (size > fastcgi->content_left)
		size = fastcgi->content_left;
	if (fastcgi->begins)
		fastcgi_take_begin(fastcgi, data, size);
	else if (fastcgi->target != NULL)
		fastcgi_keep_content(fastcgi, data, size);
	fastcgi->content_left -= size;
	return size;
}

static size_t
fastcgi_take_part(struct fastcgi *fastcgi, const char *data, size_t size)
{
	size_t room = FCGI_HEADER_LEN - fastcgi->header_size;

	if (room > 0) {
		if (size > room)
			size = room;
		memcpy(fastcgi->header + fastcgi->header_size, data, size);
		fastcgi->header_size += size;
		if (fastcgi->header_size == FCGI_HEADER_LEN)
			fastcgi_take_header(fastcgi);
	} else if (fastcgi->content_left > 0)
		size = fastcgi_take_content(fastcgi, data, size);
	else {
		if (size > fastcgi->padding_left)
			size = fastcgi->padding_left;
		fastcgi->padding_left -= size;
	}
	if (fastcgi->header_size == FCGI_HEADER_LEN &&
	    fastcgi->content_left == 0 && fastcgi->padding_left == 0)
		fastcgi->header_size = 0;
	return size;
}

/* --- the protocol -------------------------------------------------------- */

static void *
fastcgi_open(void)
{
	struct fastcgi *fastcgi = xcalloc(1, sizeof *fastcgi);

	if (FCGX_Init() != 0)
		fatalx("cannot initialise libfcgi");
	if (fastcgi_file.map == NULL)
		fastcgi_file_open();
	buf_init(&fastcgi->variables, PROTOCOL_VARIABLES_SIZE);
	buf_init(&fastcgi->body, PROTOCOL_BODY_SIZE);
	return fastcgi;
}

static void
fastcgi_close(void *request)
{
	struct fastcgi *fastcgi = request;

	if (fastcgi->accepted)
		FCGX_Free(&fastcgi->request, 0);
	buf_free(&fastcgi->variables);
	buf_free(&fastcgi->body);
	free(fastcgi);
}

static void
fastcgi_take(void *request, const char *data, size_t size)
{
	struct fastcgi *fastcgi = request;

	if (size == 0 && fastcgi->state != PROTOCOL_COMPLETE)
		fastcgi->state = PROTOCOL_BROKEN;
	while (size > 0 && fastcgi->state != PROTOCOL_BROKEN) {
		size_t taken = fastcgi_take_part(fastcgi, data, size);

		data += taken;
		size -= taken;
	}
}

static enum protocol_state
fastcgi_state(const void *request)
{
	const struct fastcgi *fastcgi = request;

	return fastcgi->state;
}

static bool
fastcgi_has_variables(const void *request)
{
	const struct fastcgi *fastcgi = request;

	return fastcgi->accepted;
}

static bool
fastcgi_variables_are_too_large(const void *request)
{
	const struct fastcgi *fastcgi = request;

	return fastcgi->too_large;
}

static const char *
fastcgi_variable(const void *request, const char *name)
{
	const struct fastcgi *fastcgi = request;

	return FCGX_GetParam(name, fastcgi->request.envp);
}

static size_t
fastcgi_body_size(const void *request)
{
	const struct fastcgi *fastcgi = request;

	return fastcgi->body.size;
}

static bool
fastcgi_read_body(void *request, struct buf *body)
{
	struct fastcgi *fastcgi = request;

	return buf_move(body, &fastcgi->body);
}

/* A failed stream accepts everything silently: ask it each time. */
static bool
fastcgi_write_part(FCGX_Stream *stream, const char *data, size_t size,
    struct buf *out)
{
	fastcgi_file_rewind();
	return FCGX_PutStr(data, (int)size, stream) == (int)size &&
	    FCGX_FFlush(stream) == 0 && FCGX_GetError(stream) == 0 &&
	    fastcgi_file_drain(out);
}

static bool
fastcgi_write(void *request, const char *data, size_t size, struct buf *out)
{
	struct fastcgi *fastcgi = request;
	bool good = true;

	while (good && size > 0) {
		size_t part = size < FASTCGI_WRITE_SIZE ? size :
		    FASTCGI_WRITE_SIZE;

		good = fastcgi_write_part(fastcgi->request.out, data, part,
		    out);
		data += part;
		size -= part;
	}
	return good;
}

/* The last part goes with the end: most answers are one part. */
static bool
fastcgi_finish(void *request, const char *data, size_t size, struct buf *out)
{
	struct fastcgi *fastcgi = request;
	FCGX_Stream *stream = fastcgi->request.out;
	size_t last = size % FASTCGI_WRITE_SIZE;

	if (!fastcgi_write(request, data, size - last, out))
		return false;
	fastcgi_file_rewind();
	return FCGX_PutStr(data + size - last, (int)last, stream) ==
	    (int)last && FCGX_FClose(fastcgi->request.err) == 0 &&
	    FCGX_FClose(stream) == 0 && fastcgi_file_drain(out);
}

const struct protocol protocol_fastcgi = {
	.open = fastcgi_open,
	.close = fastcgi_close,
	.take = fastcgi_take,
	.state = fastcgi_state,
	.has_variables = fastcgi_has_variables,
	.variables_are_too_large = fastcgi_variables_are_too_large,
	.variable = fastcgi_variable,
	.body_size = fastcgi_body_size,
	.read_body = fastcgi_read_body,
	.write = fastcgi_write,
	.finish = fastcgi_finish
};
