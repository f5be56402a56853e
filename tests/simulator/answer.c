/* SPDX-License-Identifier: Apache-2.0 */
#include "answer.h"

#include <zlib.h>

#include <err.h>
#include <string.h>

static const char html[] =
    "<!DOCTYPE html>\n<html lang=en>\n<title>Error</title>\n"
    "<p><b>That&rsquo;s an error.</b> <ins>The server encountered a "
    "temporary error and could not complete your request.<p>Please try "
    "again in 30 seconds.</ins>\n</html>\n";

void
answer_init(struct answer *answer)
{
	memset(answer, 0, sizeof *answer);
	text_init(&answer->body, ANSWER_BODY_MAX);
}

void
answer_clear(struct answer *answer)
{
	text_clear(&answer->body);
}

void
answer_add_header(struct answer *answer, const char *name, const char *value)
{
	struct answer_header *header = &answer->headers[answer->header_count];

	if (answer->header_count < ANSWER_HEADERS_MAX) {
		header->name = name;
		string_copy(header->value, sizeof header->value, value);
		answer->header_count++;
	}
}

static void
truncate_body(struct text *body)
{
	if (body->length == 0)
		text_add_string(body, "{\"truncated\":true}");
	body->length /= 2;
	body->data[body->length] = '\0';
}

/* White space behind JSON leaves it valid, so only its size is at fault. */
static void
pad_body(struct text *body)
{
	static const char spaces[] = "                                ";

	if (body->length == 0)
		text_add_string(body, "{}");
	while (body->length + sizeof spaces - 1 <= ANSWER_BODY_MAX)
		text_add(body, spaces, sizeof spaces - 1);
}

static void
code_body(struct text *body)
{
	static unsigned char coded[ANSWER_BODY_MAX];
	z_stream stream = {
		.next_in = (unsigned char *)body->data,
		.avail_in = (unsigned)body->length,
		.next_out = coded,
		.avail_out = sizeof coded,
	};

	/* 16 on top of the window's size asks for the form of gzip. */
	if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + 16,
	    MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK ||
	    deflate(&stream, Z_FINISH) != Z_STREAM_END)
		errx(1, "cannot code a body");
	text_clear(body);
	text_add(body, coded, stream.total_out);
	deflateEnd(&stream);
}

/* A member in front of the others, or the bytes in front of what is there. */
static void
add_beyond_ascii(struct text *body, const char *characters)
{
	struct text whole;
	const char *rest = text_string(body);

	text_init(&whole, ANSWER_BODY_MAX);
	if (*rest == '{' || *rest == '\0') {
		text_add_format(&whole, "{\"note\":\"%s\"", characters);
		if (*rest == '\0')
			rest = "}";
		else if (strspn(rest + 1, " \n}") != strlen(rest + 1))
			text_add_string(&whole, ",");
		text_add_string(&whole, *rest == '{' ? rest + 1 : rest);
	} else {
		text_add_format(&whole, "%s%s", characters, rest);
	}
	text_clear(body);
	*body = whole;
}

void
answer_shape_body(struct answer *answer, const struct verdict *verdict)
{
	switch (verdict->shape) {
	case BODY_NORMAL:
		break;
	case BODY_HTML:
		text_clear(&answer->body);
		text_add_string(&answer->body, html);
		answer->content_type = "text/html; charset=UTF-8";
		break;
	case BODY_EMPTY:
		text_clear(&answer->body);
		break;
	case BODY_TRUNCATED:
		truncate_body(&answer->body);
		break;
	case BODY_BIG:
		pad_body(&answer->body);
		break;
	case BODY_LITERAL:
		text_clear(&answer->body);
		text_add_string(&answer->body, verdict->literal);
		break;
	case BODY_GZIP:
		code_body(&answer->body);
		answer->content_encoding = "gzip";
		break;
	case BODY_BROTLI:
		if (answer->body.length == 0)
			text_add_string(&answer->body, "{}");
		answer->content_encoding = "br";
		break;
	case BODY_UMLAUT:
		add_beyond_ascii(&answer->body, "\303\274\346\216\250");
		break;
	case BODY_LATIN1:
		add_beyond_ascii(&answer->body, "\374\342\202");
		break;
	}
}
