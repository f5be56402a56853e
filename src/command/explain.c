/* SPDX-License-Identifier: Apache-2.0 */
#include "command/explain.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/json-text.h"
#include "provider/hint.h"
#include "provider/provider-util.h"

enum {
	EXPLAIN_WORDS_SIZE = 300,	/* of the provider's own */
	EXPLAIN_CLOCK_S = 120		/* a clock may be off by so much */
};

/* What a provider says: APNs a word, Google a sentence; or NULL. */
static const char *
explain_find_words(struct json_object *body)
{
	struct json_object *error;
	const char *words = json_text_member(body, "reason");

	if (words == NULL &&
	    json_object_object_get_ex(body, "error", &error) &&
	    json_object_is_type(error, json_type_object))
		words = json_text_member(error, "message");
	return words;
}

/* Cut in the middle of a character it would not be UTF-8: ASCII alone. */
static void
explain_append_printable(struct buf *words, const char *text)
{
	size_t i;

	for (i = 0; i < EXPLAIN_WORDS_SIZE && text[i] != '\0'; i++) {
		if (text[i] >= 0x20 && text[i] < 0x7f)
			buf_append(words, text + i, 1);
	}
}

/* The provider's clock is right; tokens depend on ours. */
static void
explain_clock(const struct http_reply *reply, struct buf *words)
{
	const char *date = http_reply_header(reply, "date");
	struct tm tm = { .tm_sec = 0 };
	char span[DATE_SIZE];
	int64_t ahead_s;

	if (date == NULL ||
	    strptime(date, "%a, %d %b %Y %H:%M:%S", &tm) == NULL)
		return;
	ahead_s = clock_wall_s() - (int64_t)timegm(&tm);
	date_format_span(llabs(ahead_s), span);
	if (llabs(ahead_s) > EXPLAIN_CLOCK_S)
		buf_append_format(words, "; this host's clock is %s %s", span,
		    ahead_s > 0 ? "ahead" : "behind");
}

void
explain_reply(const struct http_reply *reply, const struct outcome *outcome,
    struct buf *words)
{
	struct json_object *body;
	const char *text, *hint;

	if (reply->failure != HTTP_FAILURE_NONE) {
		buf_append_text(words, "no answer: ");
		http_reply_describe_failure(reply, words);
		return;
	}
	if (reply->status == 0) {
		buf_append_format(words, "%s: %s", outcome->reason,
		    cause_phrase(outcome->cause));
		return;
	}
	body = provider_read_json(reply);
	text = explain_find_words(body);
	hint = hint_find(outcome->reason);
	buf_append_format(words, "%d %s", reply->status, outcome->reason);
	if (text != NULL && strcmp(text, outcome->reason) != 0) {
		buf_append_text(words, " (");
		explain_append_printable(words, text);
		buf_append_text(words, ")");
	}
	if (hint != NULL)
		buf_append_format(words, ": %s", hint);
	explain_clock(reply, words);
	json_object_put(body);
}

void
explain_error(const char *words, struct buf *text)
{
	const char *hint = hint_find_at_end(words);

	buf_append_text(text, words);
	if (hint != NULL)
		buf_append_format(text, ": %s", hint);
}
