/* SPDX-License-Identifier: Apache-2.0 */
#include "command/explain.h"

#include <string.h>

#include "base/clock.h"
#include "fixture.h"
#include "tap.h"

/* Sun, 29 Nov 2026 12:00:00 GMT */
#define NOW 1795953600

static const struct {
	const char *name;
	int status;
	const char *reason;
	const char *date;	/* NULL: the reply has none */
	const char *body;
	const char *words;
} replies[] = {
	{ "a word of Apple's", 403, "InvalidProviderToken", NULL,
	  "{\"reason\":\"InvalidProviderToken\"}",
	  "403 InvalidProviderToken: key_id, team_id or key_file is wrong, the "
	  "key was revoked, or this host's clock is ahead" },
	{ "a word of Apple's that is not known", 400, "other", NULL,
	  "{\"reason\":\"BrandNew\"}", "400 other (BrandNew)" },
	{ "a sentence of Google's", 429, "QUOTA_EXCEEDED", NULL,
	  "{\"error\":{\"message\":\"Quota exceeded.\"}}",
	  "429 QUOTA_EXCEEDED (Quota exceeded.): more is sent than the "
	  "project's quota allows" },
	{ "control characters and what is not ASCII", 500, "other", NULL,
	  "{\"error\":{\"message\":\"a\\u001b[1m\\nb\\u00e4c\"}}",
	  "500 other (a[1mbc)" },
	{ "no body", 503, "other", NULL, "", "503 other" },
	{ "a page", 502, "other", NULL, "<html>", "502 other" },
	{ "words of another type", 400, "other", NULL,
	  "{\"reason\":1,\"error\":\"x\"}", "400 other" },
	{ "the same time", 500, "other", "Sun, 29 Nov 2026 12:00:00 GMT", "",
	  "500 other" },
	{ "nearly the same time", 500, "other",
	  "Sun, 29 Nov 2026 11:58:00 GMT", "", "500 other" },
	{ "a clock that is ahead", 403, "ExpiredProviderToken",
	  "Sun, 29 Nov 2026 10:00:00 GMT",
	  "{\"reason\":\"ExpiredProviderToken\"}",
	  "403 ExpiredProviderToken: is this host's clock right?; this host's "
	  "clock is 2 h ahead" },
	{ "a clock that is behind", 500, "other",
	  "Sun, 29 Nov 2026 12:10:00 GMT", "",
	  "500 other; this host's clock is 10 min behind" },
	{ "a date that is none", 500, "other", "yesterday", "", "500 other" },
};

static void
check_replies(void)
{
	struct http_reply reply;
	struct buf words;
	size_t i;

	for (i = 0; i < sizeof replies / sizeof *replies; i++) {
		http_reply_init(&reply);
		buf_init(&words, 1024);
		reply.status = replies[i].status;
		buf_append_text(&reply.body, replies[i].body);
		if (replies[i].date != NULL) {
			buf_append_format(&reply.headers, "date: %s",
			    replies[i].date);
			buf_append(&reply.headers, "", 1);
		}
		explain_reply(&reply, &(struct outcome){
		    .reason = replies[i].reason }, &words);
		tap_is_string(buf_text(&words), replies[i].words, "%s",
		    replies[i].name);
		buf_free(&words);
		http_reply_free(&reply);
	}
}

static void
check_failures(void)
{
	static const char *const proxies[] = {
		NULL, "http://proxy.example:3128/"
	};
	static const char *const expected[] = {
		"no answer: it is dark",
		"no answer: it is dark (through the proxy "
		"proxy.example:3128)"
	};
	struct http_reply reply;
	struct buf words;
	size_t i;

	for (i = 0; i < 2; i++) {
		http_reply_init(&reply);
		buf_init(&words, 1024);
		reply.failure = HTTP_FAILURE_NOT_SENT;
		reply.failure_words = "it is dark";
		reply.proxy = proxies[i];
		explain_reply(&reply, &(struct outcome){ .reason = "" },
		    &words);
		tap_is_string(buf_text(&words), expected[i], "no answer");
		buf_free(&words);
		http_reply_free(&reply);
	}
}

static void
check_errors(void)
{
	struct buf words;

	buf_init(&words, 1024);
	explain_error("the token endpoint answered 400, invalid_grant",
	    &words);
	tap_contains(buf_text(&words), "400, invalid_grant: the service "
	    "account's key was deleted", "an error of a token endpoint");
	buf_reset(&words);
	explain_error("alone", &words);
	tap_is_string(buf_text(&words), "alone", "an error of one word");
	buf_free(&words);
}

int
main(void)
{
	clock_fake(0, NOW);
	check_replies();
	check_failures();
	check_errors();
	return tap_done();
}
