/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why libfcgi reads and writes a file in memory: this project leaves the
 * FastCGI protocol to libfcgi, and libfcgi knows only a descriptor that it
 * blocks on, while a worker is one thread with hundreds of requests in flight
 * that must never wait for one of them.  So records are collected here as they
 * arrive, and shown to libfcgi once they are complete, in a file in memory,
 * where reading never waits.  What libfcgi writes goes to the same file; it is
 * taken out at once and sent as the connection allows.
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
	/* The most that FCGX_PutStr takes at once here. */
	FASTCGI_WRITE_SIZE = 1024 * 1024,
	/* A file that grew larger is cut, a smaller one overwritten: its pages
	 * would have to be given back and made again for each request. */
	FASTCGI_FILE_KEEP = 64 * 1024,
	/* Of a longer body so much is there before memory for all that was
	 * announced is taken: it is asked for by then. */
	FASTCGI_BODY_START = 32 * 1024
};

/* Nothing stays in it from one call to the next: all requests share it. */
static int fastcgi_file = -1;
static size_t fastcgi_file_size;

/*
 * Records as libfcgi is given them: those of our request only, without
 * padding, joined into as few as possible.
 */
struct fastcgi_records {
	struct buf buf;
	size_t last;		/* where the record that grows begins */
	size_t content;		/* of all, without headers */
};

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
	struct fastcgi_records *target;	/* of the content; NULL: none */
	unsigned int id;	/* of our request; 0: not begun */
	struct fastcgi_records variables;	/* with the beginning */
	struct fastcgi_records body;
	bool expected;		/* memory for all of it is taken */
};

/* --- records that are kept ----------------------------------------------- */

static void
fastcgi_records_init(struct fastcgi_records *records, size_t limit)
{
	memset(records, 0, sizeof *records);
	buf_init(&records->buf, limit);
}

static void
fastcgi_records_begin(struct fastcgi_records *records, unsigned char type,
    unsigned int id)
{
	FCGI_Header header = {
		.version = FCGI_VERSION_1,
		.type = type,
		.requestIdB1 = (unsigned char)(id >> 8),
		.requestIdB0 = (unsigned char)(id & 0xff)
	};

	records->last = records->buf.size;
	buf_append(&records->buf, &header, sizeof header);
}

static size_t
fastcgi_header_length(const unsigned char *header)
{
	return (size_t)header[4] << 8 | header[5];
}

/* Adds to the last record, and begins another of its kind when it is full. */
static void
fastcgi_records_add(struct fastcgi_records *records, const char *data,
    size_t size)
{
	records->content += size;
	while (size > 0 && !records->buf.overflowed) {
		unsigned char *header = (unsigned char *)
		    records->buf.data + records->last;
		size_t length = fastcgi_header_length(header), part = size;

		if (length == FCGI_MAX_LENGTH) {
			fastcgi_records_begin(records, header[1],
			    (unsigned int)header[2] << 8 | header[3]);
			continue;
		}
		if (part > FCGI_MAX_LENGTH - length)
			part = FCGI_MAX_LENGTH - length;
		length += part;
		header[4] = (unsigned char)(length >> 8);
		header[5] = (unsigned char)(length & 0xff);
		buf_append(&records->buf, data, part);
		data += part;
		size -= part;
	}
}

/* Adds the record that ends a stream; one without content is it already. */
static void
fastcgi_records_end(struct fastcgi_records *records, unsigned char type,
    unsigned int id)
{
	size_t length = records->buf.size - records->last;

	if (length != FCGI_HEADER_LEN)
		fastcgi_records_begin(records, type, id);
}

/* --- libfcgi's file ------------------------------------------------------ */

/* Lets libfcgi read this from the file, and then its end. */
static void
fastcgi_file_fill(const struct buf *buf)
{
	if (fastcgi_file == -1 &&
	    (fastcgi_file = memfd_create("fastcgi", MFD_CLOEXEC)) == -1)
		fatal("cannot create a memory file");
	if (pwrite(fastcgi_file, buf->data, buf->size, 0) !=
	    (ssize_t)buf->size ||
	    (fastcgi_file_size > buf->size &&
	    ftruncate(fastcgi_file, (off_t)buf->size) == -1) ||
	    lseek(fastcgi_file, 0, SEEK_SET) == -1)
		fatal("cannot write to the memory file");
	fastcgi_file_size = buf->size;
}

/* Nothing of a request stays in the file's first `size` bytes. */
static void
fastcgi_file_wipe(size_t size)
{
	static const char zeros[8192];
	size_t done;

	if (size > fastcgi_file_size)
		fastcgi_file_size = size;
	if (fastcgi_file_size > FASTCGI_FILE_KEEP) {
		if (ftruncate(fastcgi_file, 0) == -1)
			fatal("cannot empty the memory file");
		fastcgi_file_size = 0;
		return;
	}
	for (done = 0; done < size; done += sizeof zeros) {
		size_t part = size - done < sizeof zeros ? size - done :
		    sizeof zeros;

		if (pwrite(fastcgi_file, zeros, part, (off_t)done) !=
		    (ssize_t)part)
			fatal("cannot wipe the memory file");
	}
}

/* libfcgi writes from the file's beginning on. */
static void
fastcgi_file_rewind(void)
{
	if (lseek(fastcgi_file, 0, SEEK_SET) == -1)
		fatal("cannot rewind the memory file");
}

/* Moves what libfcgi wrote since the file was rewound. */
static bool
fastcgi_file_drain(struct buf *out)
{
	off_t left = lseek(fastcgi_file, 0, SEEK_CUR), done = 0;
	/* On the stack the compiler would clear it first. */
	static char chunk[8192];
	bool fits = true;

	while (done < left && fits) {
		size_t part = left - done < (off_t)sizeof chunk ?
		    (size_t)(left - done) : sizeof chunk;

		if (pread(fastcgi_file, chunk, part, done) != (ssize_t)part)
			fatal("cannot read from the memory file");
		fits = buf_append(out, chunk, part);
		explicit_bzero(chunk, part);
		done += (off_t)part;
	}
	fastcgi_file_wipe((size_t)left);
	return fits;
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
	    fastcgi->variables.buf.data + sizeof(FCGI_BeginRequestRecord) +
	    FCGI_HEADER_LEN;
	const unsigned char *end = p + fastcgi->variables.content;
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
	struct fastcgi_records *variables = &fastcgi->variables;

	fastcgi->too_large = true;
	variables->buf.size = sizeof(FCGI_BeginRequestRecord);
	variables->buf.overflowed = false;
	variables->content = 0;
	fastcgi_records_begin(variables, FCGI_PARAMS, fastcgi->id);
}

static void
fastcgi_accept(struct fastcgi *fastcgi)
{
	FCGX_Request *request = &fastcgi->request;

	fastcgi_records_end(&fastcgi->variables, FCGI_PARAMS, fastcgi->id);
	if (!fastcgi_variables_fit(fastcgi)) {
		fastcgi->state = PROTOCOL_BROKEN;
		return;
	}
	fastcgi_file_fill(&fastcgi->variables.buf);
	FCGX_InitRequest(request, -1, FCGI_FAIL_ACCEPT_ON_INTR);
	request->ipcFd = fastcgi_file;
	/* Else FCGX_Accept_r closes it before it reads. */
	request->keepConnection = 1;
	/* It would have closed the file that the others share. */
	if (FCGX_Accept_r(request) != 0)
		fatalx("libfcgi refused a complete request");
	fastcgi->accepted = true;
	fastcgi->state = PROTOCOL_BODY;
	fastcgi_file_wipe(fastcgi_file_size);
	buf_free(&fastcgi->variables.buf);
	fastcgi_records_begin(&fastcgi->body, FCGI_STDIN, fastcgi->id);
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
		fastcgi_records_begin(&fastcgi->variables, FCGI_BEGIN_REQUEST,
		    id);
		fastcgi->target = &fastcgi->variables;
	}
}

/* The content of the first record is complete: is it a request for us? */
static void
fastcgi_begun(struct fastcgi *fastcgi)
{
	const unsigned char *body = (const unsigned char *)
	    fastcgi->variables.buf.data + FCGI_HEADER_LEN;

	if ((body[0] << 8 | body[1]) != FCGI_RESPONDER)
		fastcgi->state = PROTOCOL_BROKEN;
	fastcgi->variables.content = 0;
	fastcgi_records_begin(&fastcgi->variables, FCGI_PARAMS, fastcgi->id);
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
	    (uint64_t)announced <= fastcgi->body.content;
}

/* A header is complete: where does what follows belong? */
static void
fastcgi_take_header(struct fastcgi *fastcgi)
{
	const unsigned char *header = fastcgi->header;
	unsigned int id = (unsigned int)header[2] << 8 | header[3];

	fastcgi->content_left = fastcgi_header_length(header);
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
	const struct fastcgi_records *body = &fastcgi->body;
	int64_t announced = fastcgi_announced(fastcgi);
	int64_t size = announced + FCGI_HEADER_LEN *
	    (announced / FCGI_MAX_LENGTH + 2);

	fastcgi->expected = true;
	if (announced > (int64_t)body->content && size <= PROTOCOL_BODY_SIZE)
		buf_reserve(&fastcgi->body.buf, (size_t)size - body->buf.size);
}

/* Takes what is there of a record's content, and says how much that was. */
static size_t
fastcgi_take_content(struct fastcgi *fastcgi, const char *data, size_t size)
{
	if (size > fastcgi->content_left)
		size = fastcgi->content_left;
	fastcgi->content_left -= size;
	if (fastcgi->target != NULL) {
		if (fastcgi->body.content > FASTCGI_BODY_START &&
		    !fastcgi->expected)
			fastcgi_expect_body(fastcgi);
		fastcgi_records_add(fastcgi->target, data, size);
		if (fastcgi->variables.buf.overflowed) {
			fastcgi_drop_variables(fastcgi);
			fastcgi->target = NULL;
		} else if (fastcgi->body.buf.overflowed)
			fastcgi->state = PROTOCOL_BROKEN;
		else if (fastcgi->content_left == 0 &&
		    fastcgi->header[1] == FCGI_BEGIN_REQUEST)
			fastcgi_begun(fastcgi);
	}
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
	/* Three records: the beginning, the variables and their end. */
	fastcgi_records_init(&fastcgi->variables, PROTOCOL_VARIABLES_SIZE +
	    sizeof(FCGI_BeginRequestRecord) + 2 * FCGI_HEADER_LEN);
	fastcgi_records_init(&fastcgi->body, PROTOCOL_BODY_SIZE);
	return fastcgi;
}

static void
fastcgi_close(void *request)
{
	struct fastcgi *fastcgi = request;

	if (fastcgi->accepted)
		FCGX_Free(&fastcgi->request, 0);
	buf_free(&fastcgi->variables.buf);
	buf_free(&fastcgi->body.buf);
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

	return fastcgi->body.content;
}

static bool
fastcgi_read_body(void *request, struct buf *body)
{
	struct fastcgi *fastcgi = request;
	FCGX_Stream *in = fastcgi->request.in;
	static char chunk[8192];	/* as in fastcgi_file_drain */
	bool fits, good;
	int got;

	fastcgi_records_end(&fastcgi->body, FCGI_STDIN, fastcgi->id);
	fastcgi_file_fill(&fastcgi->body.buf);
	buf_free(&fastcgi->body.buf);
	buf_reserve(body, fastcgi->body.content);
	do {
		got = FCGX_GetStr(chunk, sizeof chunk, in);
		fits = buf_append(body, chunk, (size_t)got);
	} while (got == (int)sizeof chunk && fits);
	explicit_bzero(chunk, sizeof chunk);
	fastcgi_file_wipe(fastcgi_file_size);
	good = fits && FCGX_GetError(in) == 0;
	/* 8 KB that each request in flight would hold for nothing. */
	FCGX_FreeStream(&fastcgi->request.in);
	return good;
}

/* A failed stream accepts everything silently: ask it each time. */
static bool
fastcgi_write(void *request, const char *data, size_t size, struct buf *out)
{
	struct fastcgi *fastcgi = request;
	FCGX_Stream *stream = fastcgi->request.out;
	bool good = true;

	while (good && size > 0) {
		size_t part = size < FASTCGI_WRITE_SIZE ? size :
		    FASTCGI_WRITE_SIZE;

		fastcgi_file_rewind();
		good = FCGX_PutStr(data, (int)part, stream) == (int)part &&
		    FCGX_FFlush(stream) == 0 && FCGX_GetError(stream) == 0 &&
		    fastcgi_file_drain(out);
		data += part;
		size -= part;
	}
	return good;
}

static bool
fastcgi_finish(void *request, struct buf *out)
{
	struct fastcgi *fastcgi = request;

	fastcgi_file_rewind();
	return FCGX_FClose(fastcgi->request.err) == 0 &&
	    FCGX_FClose(fastcgi->request.out) == 0 && fastcgi_file_drain(out);
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
