/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a web server sends over FastCGI: read by protocol-fastcgi in pieces,
 * and here at once.  The two must agree on how far the request came, and on
 * its body; an answer comes back from its records as it was written.
 *
 * The first byte of an input is the size of the pieces (0: 256); the rest are
 * the bytes of a connection.
 */
#include "fuzz.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/xmalloc.h"
#include "cgi/protocol.h"

enum {
	BODY_SIZE = 4 * 1024 * 1024,
	RECORD_BEGIN = 1,
	RECORD_END = 3,
	RECORD_PARAMS = 4,
	RECORD_STDIN = 5,
	RECORD_STDOUT = 6
};

/* How far a connection comes, by a reader that has all of it. */
struct expected {
	enum protocol_state state;
	unsigned int id;
	struct buf variables;
	struct buf body;
	bool announced;		/* its length */
	unsigned long long length;
};

struct record {
	unsigned int type;
	unsigned int id;
	size_t length;
	size_t present;		/* less than `length` at the end */
	const uint8_t *content;
};

/* Takes a record off the front; false if not even the header is there. */
static bool
next_record(const uint8_t **data, size_t *size, struct record *record)
{
	size_t whole;

	if (*size < 8)
		return false;
	record->type = (*data)[1];
	record->id = (unsigned int)(*data)[2] * 256 + (*data)[3];
	record->length = (size_t)(*data)[4] * 256 + (*data)[5];
	record->content = *data + 8;
	record->present = record->length < *size - 8 ? record->length :
	    *size - 8;
	whole = 8 + record->length + (*data)[6];
	if (whole > *size)
		whole = *size;
	*data += whole;
	*size -= whole;
	return true;
}

static size_t
take_length(const struct buf *text, size_t *at)
{
	const uint8_t *p = (const uint8_t *)buf_text(text) + *at;

	if (*at >= text->size)
		return SIZE_MAX / 4;
	if (*p < 128) {
		*at += 1;
		return *p;
	}
	*at += 4;
	return *at > text->size ? SIZE_MAX / 4 :
	    ((size_t)(*p - 128) << 24) + p[1] * 65536u + p[2] * 256u + p[3];
}

/* Looks at each variable, or only whether they are what they say. */
static bool
check_variables(const struct buf *text, void *request)
{
	size_t at = 0, name, value;

	while (at < text->size) {
		name = take_length(text, &at);
		value = take_length(text, &at);
		if (at > text->size || name + value > text->size - at)
			return false;
		if (request != NULL && name > 0 &&
		    memchr(text->data + at, '\0', name) == NULL) {
			char *key = fuzz_text(text->data + at, name);
			const char *found = protocol_fastcgi.variable(request,
			    key);

			/* The first of a name counts, and a name may hold
			 * what ends it elsewhere. */
			fuzz_require(found != NULL || strchr(key, '=') != NULL,
			    "a variable is there");
			free(key);
		}
		at += name + value;
	}
	return true;
}

/* The first variable that libfcgi takes for CONTENT_LENGTH. */
static void
expect_length(struct expected *expected)
{
	static const char name[] = "CONTENT_LENGTH=";
	const struct buf *text = &expected->variables;
	size_t at = 0, key, value;
	bool found = false;

	while (!found && at < text->size) {
		char *both, *end, *pair;

		key = take_length(text, &at);
		value = take_length(text, &at);
		both = fuzz_text(text->data + at, key + value);
		pair = xcalloc(key + value + 2, 1);
		memcpy(pair, both, key);
		pair[key] = '=';
		memcpy(pair + key + 1, both + key, value);
		pair[key + value + 1] = '\0';
		found = strncmp(pair, name, strlen(name)) == 0;
		if (found && isdigit((unsigned char)pair[strlen(name)])) {
			expected->length = strtoull(pair + strlen(name), &end,
			    10);
			expected->announced = *end == '\0';
		}
		free(both);
		free(pair);
		at += key + value;
	}
}

static void
expect_record(struct expected *expected, const struct record *record)
{
	bool whole = record->present == record->length;

	if (record->type == RECORD_BEGIN && expected->id == 0) {
		if (record->id == 0 || record->length != 8)
			expected->state = PROTOCOL_BROKEN;
		else if (whole && (record->content[0] != 0 ||
		    record->content[1] != 1))
			expected->state = PROTOCOL_BROKEN;
		else
			expected->id = record->id;
	} else if (record->id == 0 || record->id != expected->id)
		return;
	else if (record->type == RECORD_PARAMS &&
	    expected->state == PROTOCOL_VARIABLES) {
		if (!buf_append(&expected->variables, record->content,
		    record->present))
			expected->state = PROTOCOL_BROKEN;
		else if (record->length == 0)
			expected->state = check_variables(
			    &expected->variables, NULL) ? PROTOCOL_BODY :
			    PROTOCOL_BROKEN;
		if (expected->state == PROTOCOL_BODY)
			expect_length(expected);
	} else if (record->type == RECORD_STDIN &&
	    expected->state == PROTOCOL_BODY) {
		buf_append(&expected->body, record->content, record->present);
		if (record->length == 0 && (!expected->announced ||
		    expected->length <= expected->body.size))
			expected->state = PROTOCOL_COMPLETE;
	} else if (record->type != RECORD_STDIN || record->length > 0 ||
	    expected->state != PROTOCOL_COMPLETE)
		expected->state = PROTOCOL_BROKEN;
}

static void
expect(struct expected *expected, const uint8_t *data, size_t size)
{
	struct record record;

	expected->state = PROTOCOL_VARIABLES;
	expected->id = 0;
	expected->announced = false;
	buf_init(&expected->variables, PROTOCOL_VARIABLES_SIZE);
	buf_init(&expected->body, BODY_SIZE);
	while (expected->state != PROTOCOL_BROKEN && size >= 8) {
		if (data[0] != 1)
			expected->state = PROTOCOL_BROKEN;
		else if (next_record(&data, &size, &record))
			expect_record(expected, &record);
	}
}

/* What was written comes back, and then the end. */
static void
check_answer(const struct expected *expected, void *request)
{
	struct buf out, text;
	struct record record = { .type = 0 };
	const uint8_t *data;
	size_t size;

	buf_init(&out, 2 * BODY_SIZE);
	buf_init(&text, BODY_SIZE);
	fuzz_require(protocol_fastcgi.write(request,
	    buf_text(&expected->body), expected->body.size, &out) &&
	    protocol_fastcgi.finish(request, "end", 3, &out),
	    "an answer is written");
	data = (const uint8_t *)buf_text(&out);
	size = out.size;
	while (next_record(&data, &size, &record)) {
		fuzz_require(record.id == expected->id &&
		    record.present == record.length, "a whole record of ours");
		if (record.type == RECORD_STDOUT)
			buf_append(&text, record.content, record.length);
	}
	fuzz_require(size == 0 && record.type == RECORD_END,
	    "the end is the last record");
	fuzz_require(text.size == expected->body.size + 3 &&
	    memcmp(text.data, buf_text(&expected->body),
	    expected->body.size) == 0, "the answer is what was written");
	buf_free(&out);
	buf_free(&text);
}

static void
check_request(const struct expected *expected, void *request)
{
	enum protocol_state state = protocol_fastcgi.state(request);
	struct buf body;

	fuzz_require(state == expected->state, "state %d is %d", state,
	    expected->state);
	if (state != PROTOCOL_BODY && state != PROTOCOL_COMPLETE)
		return;
	check_variables(&expected->variables, request);
	fuzz_require(protocol_fastcgi.body_size(request) ==
	    expected->body.size, "the body is as long as it is");
	if (state == PROTOCOL_BODY)
		return;
	buf_init(&body, BODY_SIZE);
	fuzz_require(protocol_fastcgi.read_body(request, &body) &&
	    body.size == expected->body.size &&
	    memcmp(buf_text(&body), buf_text(&expected->body), body.size) == 0,
	    "the body is the same");
	buf_free(&body);
	check_answer(expected, request);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct expected expected;
	size_t piece, part;
	void *request;

	if (size == 0 || size > BODY_SIZE)
		return 0;
	piece = data[0] == 0 ? 256 : data[0];
	data++;
	size--;
	expect(&expected, data, size);
	request = protocol_fastcgi.open();
	for (; size > 0; size -= part) {
		part = size < piece ? size : piece;
		protocol_fastcgi.take(request, (const char *)data, part);
		data += part;
	}
	check_request(&expected, request);
	/* The end of the connection ends what is not complete. */
	protocol_fastcgi.take(request, NULL, 0);
	fuzz_require(protocol_fastcgi.state(request) ==
	    (expected.state == PROTOCOL_COMPLETE ? PROTOCOL_COMPLETE :
	    PROTOCOL_BROKEN), "the end is seen");
	protocol_fastcgi.close(request);
	buf_free(&expected.variables);
	buf_free(&expected.body);
	return 0;
}
