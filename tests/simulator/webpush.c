/* SPDX-License-Identifier: Apache-2.0 */
#include "webpush.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encoding.h"

#define TTL_MAX_S 2419200
#define TOPIC_MAX 32
#define ORIGIN_SIZE 320

static void
set_error(struct verdict *verdict, const struct webpush_error *error)
{
	verdict_init(verdict, error->status, error->reason);
	string_copy(verdict->message, sizeof verdict->message,
	    error->words != NULL ? error->words : error->reason);
	verdict->number = error->number;
}

void
webpush_fill(struct verdict *verdict, const struct webpush_flavour *flavour,
    unsigned status, const char *reason)
{
	const struct webpush_error *error = flavour->errors;

	while (error->status != 0 && (error->status != status ||
	    (reason != NULL && strcmp(reason, error->reason) != 0)))
		error++;
	if (error->status != 0) {
		set_error(verdict, error);
	} else {
		if (reason == NULL)
			reason = status < 400 ? "" : "unknown";
		verdict_init(verdict, status, reason);
		string_copy(verdict->message, sizeof verdict->message,
		    reason);
	}
}

void
webpush_refuse(struct verdict *verdict, const struct webpush_flavour *flavour,
    enum webpush_fault fault)
{
	set_error(verdict, &flavour->errors[fault]);
}

bool
webpush_judge_path(struct request *request,
    const struct webpush_flavour *flavour, struct verdict *verdict)
{
	const char *method = request_get_header(request, ":method");
	const char *path = request_get_header(request, ":path");
	const char *token = NULL;

	for (const char *const *start = flavour->paths;
	    path != NULL && token == NULL && *start != NULL; start++) {
		if (strncmp(path, *start, strlen(*start)) == 0)
			token = path + strlen(*start);
	}
	if (token != NULL && !encoding_decode_percent(&request->text, token,
	    strcspn(token, "?&#")))
		token = NULL;
	if (!encoding_is_printable(&request->text))
		text_clear(&request->text);
	if (token == NULL || request->text.length == 0) {
		webpush_refuse(verdict, flavour, WEBPUSH_BAD_PATH);
		token = NULL;
	} else if (method == NULL || strcmp(method, "POST") != 0) {
		webpush_refuse(verdict, flavour, WEBPUSH_BAD_METHOD);
		token = NULL;
	}
	return token != NULL;
}

/* Digits alone; RFC 8030, 5.2, has 31 bits. */
static bool
is_ttl_good(const char *ttl)
{
	size_t length = strlen(ttl);

	return length > 0 && length <= 10 &&
	    strspn(ttl, "0123456789") == length &&
	    strtoll(ttl, NULL, 10) <= INT32_MAX;
}

static bool
is_urgency_good(const char *urgency)
{
	static const char *const names[] = {
		"very-low", "low", "normal", "high", NULL,
	};
	bool good = urgency == NULL;

	for (size_t i = 0; !good && names[i] != NULL; i++)
		good = strcmp(urgency, names[i]) == 0;
	return good;
}

/* RFC 8030, 5.4: at most 32 characters of base64url. */
static bool
is_topic_good(const char *topic, bool decodes)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t length = topic != NULL ? strlen(topic) : 0;

	return topic == NULL || (length > 0 && length <= TOPIC_MAX &&
	    strspn(topic, letters) == length &&
	    (!decodes || length % 4 != 1));
}

/* Without its header, Microsoft stores a message, which TTL 0 forbids. */
static bool
is_cache_policy_good(const struct request *request, const char *ttl)
{
	const char *policy = request_get_header(request,
	    "x-wns-cache-policy");

	return (strtoll(ttl, NULL, 10) == 0) ==
	    (policy != NULL && strcmp(policy, "no-cache") == 0);
}

static bool
judge_headers(const struct request *request,
    const struct webpush_flavour *flavour, struct verdict *verdict)
{
	const char *ttl = request_get_header(request, "ttl");
	const char *encoding = request_get_header(request,
	    "content-encoding");
	enum webpush_fault fault = WEBPUSH__MAX;

	if (ttl == NULL)
		fault = WEBPUSH_NO_TTL;
	else if (request_count_header(request, "ttl") != 1 ||
	    !is_ttl_good(ttl) || (flavour->checks_cache_policy &&
	    !is_cache_policy_good(request, ttl)))
		fault = WEBPUSH_BAD_TTL;
	else if (request_count_header(request, "urgency") > 1 ||
	    !is_urgency_good(request_get_header(request, "urgency")))
		fault = WEBPUSH_BAD_URGENCY;
	else if (request_count_header(request, "topic") > 1 ||
	    !is_topic_good(request_get_header(request, "topic"),
	    flavour->decodes_topic))
		fault = WEBPUSH_BAD_TOPIC;
	else if (encoding == NULL || strcmp(encoding, "aes128gcm") != 0 ||
	    request_count_header(request, "content-encoding") != 1 ||
	    request_get_header(request, "crypto-key") != NULL ||
	    request_get_header(request, "encryption") != NULL)
		fault = WEBPUSH_BAD_ENCODING;
	if (fault != WEBPUSH__MAX)
		webpush_refuse(verdict, flavour, fault);
	return fault == WEBPUSH__MAX;
}

static bool
judge_vapid(struct service_context *context, struct request *request,
    const struct webpush_flavour *flavour,
    const struct subscription *subscription, struct verdict *verdict)
{
	static const enum webpush_fault faults[] = {
		[VAPID_GOOD] = WEBPUSH__MAX,
		[VAPID_MISSING] = WEBPUSH_NO_VAPID,
		[VAPID_MALFORMED] = WEBPUSH_BAD_VAPID,
		[VAPID_BAD_KEY] = WEBPUSH_BAD_KEY,
		[VAPID_BAD_TOKEN] = WEBPUSH_BAD_TOKEN,
		[VAPID_BAD_AUDIENCE] = WEBPUSH_BAD_TOKEN,
		[VAPID_BAD_EXPIRY] = WEBPUSH_BAD_TOKEN,
		[VAPID_BAD_SUBJECT] = WEBPUSH_BAD_TOKEN,
	};
	const char *authority = request_get_header(request, ":authority");
	const struct vapid *vapid;
	enum webpush_fault fault;
	char origin[ORIGIN_SIZE];

	snprintf(origin, sizeof origin, "https://%s",
	    authority != NULL ? authority : "");
	fault = faults[vapid_check(context->vapid_cache,
	    request_get_header(request, "authorization"), origin,
	    request->at_ms / 1000, &vapid)];
	if (vapid != NULL)
		request_note(request, "vapid", vapid_describe(vapid));
	if (fault == WEBPUSH_NO_VAPID && !flavour->wants_vapid &&
	    subscription->vapid_key == NULL)
		fault = WEBPUSH__MAX;
	else if (fault == WEBPUSH__MAX && flavour->wants_public_subject &&
	    !vapid_has_public_subject(vapid))
		fault = WEBPUSH_BAD_TOKEN;
	else if (fault == WEBPUSH__MAX && subscription->vapid_key != NULL &&
	    !vapid_is_signed_by(vapid, subscription->vapid_key))
		fault = WEBPUSH_OTHER_KEY;
	if (fault != WEBPUSH__MAX)
		webpush_refuse(verdict, flavour, fault);
	return fault == WEBPUSH__MAX;
}

static bool
judge_body(struct request *request, const struct webpush_flavour *flavour,
    const struct subscription *subscription, struct verdict *verdict)
{
	struct text plaintext;
	const char *why = NULL;
	size_t padding = 0;
	bool good = false;

	text_init(&plaintext, REQUEST_BODY_MAX);
	if (request->body_size > WEBPUSH_BODY_MAX) {
		webpush_refuse(verdict, flavour, WEBPUSH_TOO_LARGE);
	} else if (!aes128gcm_decrypt(subscription->private_key,
	    subscription->auth, text_string(&request->body),
	    request->body.length, &plaintext, &padding, &why)) {
		webpush_refuse(verdict, flavour, WEBPUSH_UNDECRYPTABLE);
		request_note(request, "undecryptable",
		    json_object_new_string(why));
	} else {
		good = true;
		request_note_text(request, "plaintext", &plaintext);
		request_note(request, "padding",
		    json_object_new_int64((int64_t)padding));
	}
	text_clear(&plaintext);
	return good;
}

void
webpush_judge(struct service_context *context, struct request *request,
    const struct webpush_flavour *flavour, struct verdict *verdict)
{
	const struct subscription *subscription;

	if (webpush_judge_path(request, flavour, verdict)) {
		subscription = subscriptions_find(context->subscriptions,
		    text_string(&request->text));
		if (judge_headers(request, flavour, verdict) &&
		    judge_vapid(context, request, flavour, subscription,
		    verdict) &&
		    judge_body(request, flavour, subscription, verdict))
			verdict_init(verdict, 201, "");
	}
}

void
webpush_add_receipt(struct request *request)
{
	static uint64_t messages;
	const char *authority = request_get_header(request, ":authority");
	const char *ttl = request_get_header(request, "ttl");
	long long ttl_s = ttl != NULL ? strtoll(ttl, NULL, 10) : 0;
	char value[128];

	messages++;
	snprintf(value, sizeof value, "https://%.64s/m/%lld%06llu",
	    authority != NULL ? authority : "", (long long)request->at_ms,
	    (unsigned long long)messages % 1000000);
	answer_add_header(&request->answer, "location", value);
	/* RFC 8030, 5.2: it may be shorter than what was asked for. */
	snprintf(value, sizeof value, "%lld",
	    ttl_s < TTL_MAX_S ? ttl_s : TTL_MAX_S);
	answer_add_header(&request->answer, "ttl", value);
}
