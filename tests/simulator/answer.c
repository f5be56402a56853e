/* SPDX-License-Identifier: Apache-2.0 */
#include "answer.h"

#include <stdlib.h>
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
	}
}
