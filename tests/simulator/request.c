/* SPDX-License-Identifier: Apache-2.0 */
#include "request.h"

#include <stdlib.h>
#include <string.h>

#include "encoding.h"

struct request *
request_new(struct connection *connection, struct peer *peer, int32_t stream)
{
	struct request *request = memory_new(sizeof *request);

	request->connection = connection;
	request->peer = peer;
	request->stream = stream;
	text_init(&request->body, REQUEST_BODY_MAX);
	text_init(&request->text, REQUEST_BODY_MAX);
	answer_init(&request->answer);
	return request;
}

void
request_free(struct request *request)
{
	for (size_t i = 0; i < request->header_count; i++) {
		if (request->headers[i].copy == NULL) {
			nghttp2_rcbuf_decref(request->headers[i].name_buffer);
			nghttp2_rcbuf_decref(
			    request->headers[i].value_buffer);
		}
		free(request->headers[i].copy);
	}
	if (request->delayed)
		event_del(&request->delay);
	text_clear(&request->body);
	text_clear(&request->text);
	answer_clear(&request->answer);
	json_object_put(request->json);
	json_object_put(request->notes);
	free(request);
}

/* nghttp2 promises a NUL behind the bytes, and refuses NUL among them. */
bool
request_add_header(struct request *request, nghttp2_rcbuf *name,
    nghttp2_rcbuf *value)
{
	bool fits = request->header_count < REQUEST_HEADERS_MAX;
	struct request_header *header;

	if (fits) {
		header = &request->headers[request->header_count++];
		nghttp2_rcbuf_incref(name);
		nghttp2_rcbuf_incref(value);
		header->name_buffer = name;
		header->value_buffer = value;
		header->name = (const char *)nghttp2_rcbuf_get_buf(name).base;
		header->value =
		    (const char *)nghttp2_rcbuf_get_buf(value).base;
	}
	return fits;
}

bool
request_copy_header(struct request *request, const char *name,
    const char *value)
{
	bool fits = request->header_count < REQUEST_HEADERS_MAX;
	size_t size = strlen(name) + 1;
	struct request_header *header;

	if (fits) {
		header = &request->headers[request->header_count++];
		header->copy = memory_new(size + strlen(value) + 1);
		memcpy(header->copy, name, size);
		strcpy(header->copy + size, value);
		header->name = header->copy;
		header->value = header->copy + size;
	}
	return fits;
}

const char *
request_get_header(const struct request *request, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; value == NULL && i < request->header_count; i++) {
		if (strcmp(request->headers[i].name, name) == 0)
			value = request->headers[i].value;
	}
	return value;
}

unsigned
request_count_header(const struct request *request, const char *name)
{
	unsigned count = 0;

	for (size_t i = 0; i < request->header_count; i++) {
		if (strcmp(request->headers[i].name, name) == 0)
			count++;
	}
	return count;
}

/* Parses text that ends with a NUL; the tokener is made once and kept. */
static struct json_object *
request_parse(struct json_tokener **tokener, int flags, const char *text,
    size_t length)
{
	if (*tokener == NULL) {
		*tokener = json_tokener_new();
		json_tokener_set_flags(*tokener, flags);
	}
	json_tokener_reset(*tokener);
	/* With its NUL, or a number at the end would not be over. */
	return json_tokener_parse_ex(*tokener, text, (int)length + 1);
}

/*
 * json-c 0.18 takes no character beyond ASCII in its strict mode: there the
 * grammar is checked on a copy that has an x in the place of each.
 */
static bool
request_is_strict_json(const struct text *body)
{
	static struct json_tokener *tokener;
	char *copy = strdup(body->data);
	struct json_object *json;
	bool strict;

	if (copy == NULL)
		return false;
	for (char *c = copy; *c != '\0'; c++) {
		if ((unsigned char)*c >= 0x80)
			*c = 'x';
	}
	json = request_parse(&tokener, JSON_TOKENER_STRICT, copy,
	    body->length);
	strict = json != NULL;
	json_object_put(json);
	free(copy);
	return strict;
}

/* The bytes as strict JSON in UTF-8, or NULL. */
static struct json_object *
request_parse_text(const struct text *text)
{
	static struct json_tokener *tokener;
	struct json_object *json = NULL;

	if (text->length > 0 && !text->overrun &&
	    strlen(text->data) == text->length &&
	    request_is_strict_json(text))
		json = request_parse(&tokener, JSON_TOKENER_VALIDATE_UTF8,
		    text->data, text->length);
	return json;
}

struct json_object *
request_get_json(struct request *request)
{
	if (!request->json_parsed)
		request->json = request_parse_text(&request->body);
	request->json_parsed = true;
	return request->json;
}

struct json_object *
request_make_value(const struct text *text)
{
	struct json_object *value = request_parse_text(text);
	struct text encoded;

	text_init(&encoded, (size_t)-1);
	if (value == NULL && text->length > 0) {
		if (!encoding_is_utf8(text)) {
			encoding_add_base64url(&encoded, text->data,
			    text->length);
			text = &encoded;
		}
		value = json_object_new_string_len(text->data,
		    (int)text->length);
	}
	text_clear(&encoded);
	return value;
}

void
request_note(struct request *request, const char *name,
    struct json_object *value)
{
	if (request->notes == NULL)
		request->notes = json_object_new_object();
	json_object_object_add(request->notes, name, value);
}

void
request_note_text(struct request *request, const char *name,
    const struct text *text)
{
	request_note(request, name, request_make_value(text));
}
