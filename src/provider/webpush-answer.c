/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources: RFC 8030, RFC 8292; Apple, "Sending web push notifications in web
 * apps and browsers"; Mozilla, "Autopush HTTP Endpoints"; Microsoft, "Push
 * notification service request and response headers"; UnifiedPush,
 * "Specifications"; ntfy, "Known issues".
 */
#include "provider/webpush-answer.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>

#include "base/json-text.h"
#include "provider/provider-util.h"

/*
 * The first row that fits.  Only rows that say REJECTED end a pushkey's life.
 */
struct webpush_answer {
	int first;		/* the range of statuses it is for */
	int last;
	bool is_page;		/* only for a page: a proxy's, for example */
	const char *word;	/* Apple's `reason`; NULL: any */
	int number;		/* Mozilla's `errno`; 0: any */
	const char *words;	/* in the body, in any case; NULL: any */
	struct outcome outcome;
};

static const struct webpush_answer webpush_answers[] = {
/* The subscription was made with another VAPID key: the former one, maybe. */
#define WEBPUSH_OTHER_KEY .outcome = { .reason = "VAPID key mismatch", \
    .verdict = VERDICT_FAILED, .cause = CAUSE_REFUSED, .retry = RETRY_VARIANT }
#define WEBPUSH_OPERATOR(what) .verdict = VERDICT_LATER, \
    .cause = CAUSE_CREDENTIALS, .retry = what
#define WEBPUSH_BUG .verdict = VERDICT_FAILED, .cause = CAUSE_REFUSED
#define WEBPUSH_BUSY(what) .verdict = VERDICT_LATER, \
    .cause = CAUSE_OVERLOADED, .retry = what
#define WEBPUSH_UNREACHABLE .verdict = VERDICT_LATER, \
    .cause = CAUSE_UNREACHABLE
#define WEBPUSH_STATUS(status) .first = status, .last = status
	{ .first = 200, .last = 299, .outcome = { .reason = "ok",
	    .verdict = VERDICT_DELIVERED } },
	/* Apple has it with both. */
	{ WEBPUSH_STATUS(400), .word = "VapidPkHashMismatch",
	    WEBPUSH_OTHER_KEY },
	{ WEBPUSH_STATUS(403), .word = "VapidPkHashMismatch",
	    WEBPUSH_OTHER_KEY },
	{ WEBPUSH_STATUS(400), .words = "UnauthorizedRegistration",
	    WEBPUSH_OTHER_KEY },
	{ WEBPUSH_STATUS(401), .words = "public key mismatch",
	    WEBPUSH_OTHER_KEY },
	{ WEBPUSH_STATUS(403), .words = "do not correspond",
	    WEBPUSH_OTHER_KEY },
	{ WEBPUSH_STATUS(403), .words = "sender ID", WEBPUSH_OTHER_KEY },
	{ WEBPUSH_STATUS(410), .outcome = { .reason = "gone",
	    .verdict = VERDICT_REJECTED, .cause = CAUSE_PUSHKEY_DEAD } },
	/* A page is not the push service's word, whatever it says. */
	{ .first = 400, .last = 499, .is_page = true,
	    .outcome = { .reason = "not Web Push", WEBPUSH_UNREACHABLE } },
	{ WEBPUSH_STATUS(404), .outcome = { .reason = "not found",
	    .verdict = VERDICT_REJECTED, .cause = CAUSE_PUSHKEY_DEAD,
	    .suspicious = true } },
	{ WEBPUSH_STATUS(400), .word = "BadTtl",
	    .outcome = { .reason = "BadTtl", WEBPUSH_BUG } },
	{ WEBPUSH_STATUS(400), .word = "BadUrgency",
	    .outcome = { .reason = "BadUrgency", WEBPUSH_BUG } },
	{ WEBPUSH_STATUS(400), .word = "BadWebPushTopic",
	    .outcome = { .reason = "BadWebPushTopic", WEBPUSH_BUG } },
	{ WEBPUSH_STATUS(400), .word = "BadWebPushRequest",
	    .outcome = { .reason = "BadWebPushRequest", WEBPUSH_BUG } },
	{ WEBPUSH_STATUS(400), .number = 101,
	    .outcome = { .reason = "errno 101", WEBPUSH_BUG } },
	{ WEBPUSH_STATUS(400), .number = 108,
	    .outcome = { .reason = "errno 108", WEBPUSH_BUG } },
	{ WEBPUSH_STATUS(400), .number = 110,
	    .outcome = { .reason = "errno 110", WEBPUSH_BUG } },
	{ WEBPUSH_STATUS(400), .number = 111,
	    .outcome = { .reason = "errno 111", WEBPUSH_BUG } },
	{ WEBPUSH_STATUS(400), .number = 112,
	    .outcome = { .reason = "errno 112", WEBPUSH_BUG } },
	{ WEBPUSH_STATUS(400), .number = 113,
	    .outcome = { .reason = "errno 113", WEBPUSH_BUG } },
	{ WEBPUSH_STATUS(401), .number = 109,
	    .outcome = { .reason = "errno 109",
	    WEBPUSH_OPERATOR(RETRY_TOKEN) } },
	{ WEBPUSH_STATUS(401), .outcome = { .reason = "unauthorized",
	    WEBPUSH_OPERATOR(RETRY_TOKEN) } },
	{ WEBPUSH_STATUS(403), .word = "BadJwtToken",
	    .outcome = { .reason = "BadJwtToken",
	    WEBPUSH_OPERATOR(RETRY_TOKEN) } },
	{ WEBPUSH_STATUS(403), .word = "BadVapidPublicKey",
	    .outcome = { .reason = "BadVapidPublicKey",
	    WEBPUSH_OPERATOR(RETRY_NEVER) } },
	{ WEBPUSH_STATUS(403), .words = "invalid JWT",
	    .outcome = { .reason = "invalid JWT",
	    WEBPUSH_OPERATOR(RETRY_TOKEN) } },
	/* RFC 8292, section 4.2: the subscription is another server's. */
	{ WEBPUSH_STATUS(403), WEBPUSH_OTHER_KEY },
	/* Microsoft's word for too many. */
	{ WEBPUSH_STATUS(406), .outcome = { .reason = "throttled",
	    WEBPUSH_BUSY(RETRY_AFTER_ONLY) } },
	{ WEBPUSH_STATUS(407), .outcome = { .reason = "other",
	    WEBPUSH_OPERATOR(RETRY_NEVER) } },
	{ WEBPUSH_STATUS(408), .outcome = { .reason = "other",
	    WEBPUSH_BUSY(RETRY_BACKOFF) } },
	{ WEBPUSH_STATUS(413), .outcome = { .reason = "too large",
	    .verdict = VERDICT_FAILED, .cause = CAUSE_TOO_LONG } },
	{ WEBPUSH_STATUS(421), .outcome = { .reason = "other",
	    WEBPUSH_UNREACHABLE, .retry = RETRY_ONCE,
	    .fresh_connection = true } },
	{ WEBPUSH_STATUS(425), .outcome = { .reason = "other",
	    WEBPUSH_UNREACHABLE } },
	/* With UnifiedPush it may be about this endpoint alone. */
	{ WEBPUSH_STATUS(429), .outcome = { .reason = "too many requests",
	    WEBPUSH_BUSY(RETRY_AFTER_ONLY) } },
	/* It is not followed: it could lead anywhere. */
	{ .first = 300, .last = 399, .outcome = { .reason = "redirection",
	    WEBPUSH_BUG } },
	{ .first = 400, .last = 499, .outcome = { .reason = "other",
	    WEBPUSH_BUG } },
	/* ntfy's, for an endpoint that nobody listens to yet. */
	{ WEBPUSH_STATUS(507), .outcome = { .reason = "no subscriber",
	    WEBPUSH_BUSY(RETRY_NEVER), .server_is_well = true } },
	{ .first = 500, .last = 599, .outcome = { .reason = "other",
	    WEBPUSH_BUSY(RETRY_BACKOFF) } },
	{ .first = 0, .last = 999, .outcome = { .reason = "other",
	    WEBPUSH_UNREACHABLE } },
};

static bool
webpush_answer_is_page(const struct http_reply *reply)
{
	const char *type = http_reply_header(reply, "content-type");
	const char *text = buf_text(&reply->body);

	text += strspn(text, " \t\r\n");
	return *text == '<' || (type != NULL &&
	    strncasecmp(type, "text/html", strlen("text/html")) == 0);
}

static int
webpush_answer_number(struct json_object *body)
{
	struct json_object *number = NULL;

	json_object_object_get_ex(body, "errno", &number);
	return json_object_is_type(number, json_type_int) ?
	    json_object_get_int(number) : 0;
}

static bool
webpush_answer_fits(const struct webpush_answer *answer,
    const struct http_reply *reply, struct json_object *body)
{
	const char *word = json_text_member(body, "reason");

	return reply->status >= answer->first &&
	    reply->status <= answer->last &&
	    (!answer->is_page || webpush_answer_is_page(reply)) &&
	    (answer->word == NULL || (word != NULL &&
	    strcmp(word, answer->word) == 0)) &&
	    (answer->number == 0 ||
	    answer->number == webpush_answer_number(body)) &&
	    (answer->words == NULL ||
	    strcasestr(buf_text(&reply->body), answer->words) != NULL);
}

void
webpush_answer_judge(const struct http_reply *reply, struct outcome *outcome)
{
	struct json_object *body = provider_read_json(reply);
	const struct webpush_answer *answer = webpush_answers;

	while (!webpush_answer_fits(answer, reply, body))
		answer++;
	*outcome = answer->outcome;
	outcome->retry_after_ms = reply->retry_after_ms;
	json_object_put(body);
}
