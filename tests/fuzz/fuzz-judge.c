/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the providers answer: their judges never tell a caller to give up a
 * pushkey which the provider did not say to be dead, and the token endpoint's
 * answer never becomes a token that is none.
 *
 * The first line of an input is "STATUS PUSHKEY_TS CUT", in decimal; the rest
 * is the body of the answer, of which more was cut off unless CUT is 0.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "provider/hms-account.h"
#include "provider/provider.h"
#include "provider/service-account.h"

enum {
	JUDGE_STATUSES = 1000,	/* an HTTP status has three digits */
	JUDGE_TOKEN_LIFE_MAX_S = 86400
};

#define JUDGE_NOW_S INT64_C(1700000000)
/* Within these, a double holds every millisecond. */
#define JUDGE_EXACT_S (INT64_C(1) << 42)
#define JUDGE_TYPE "type.googleapis.com/"

static struct json_object *
member(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, name, &value);
	return value;
}

static bool
is_text(struct json_object *value, const char *text)
{
	return json_object_is_type(value, json_type_string) &&
	    strcmp(json_object_get_string(value), text) == 0;
}

/* What the reply says, by the plain reading of json-c. */
static struct json_object *
reply_json(const struct http_reply *reply)
{
	return reply->body.overflowed ? NULL :
	    json_tokener_parse(buf_text(&reply->body));
}

/* --- APNs ---------------------------------------------------------------- */

static bool
apns_says_dead(const struct http_reply *reply, struct json_object *body,
    int64_t pushkey_ts)
{
	struct json_object *reason = member(body, "reason");
	struct json_object *timestamp = member(body, "timestamp");

	if (reply->status == 400)
		return is_text(reason, "BadDeviceToken") ||
		    is_text(reason, "DeviceTokenNotForTopic") ||
		    is_text(reason, "ExpiredToken");
	if (reply->status != 410 || (!is_text(reason, "Unregistered") &&
	    !is_text(reason, "ExpiredToken")))
		return false;
	if (pushkey_ts == 0 || pushkey_ts > JUDGE_EXACT_S || timestamp == NULL)
		return true;
	return json_object_is_type(timestamp, json_type_int) &&
	    json_object_get_int64(timestamp) > pushkey_ts * 1000;
}

/* --- FCM ----------------------------------------------------------------- */

static bool
detail_is(struct json_object *detail, const char *type)
{
	struct json_object *name = member(detail, "@type");

	return json_object_is_type(name, json_type_string) &&
	    strncmp(json_object_get_string(name), JUDGE_TYPE,
	    strlen(JUDGE_TYPE)) == 0 && strcmp(json_object_get_string(name) +
	    strlen(JUDGE_TYPE), type) == 0;
}

/* Adds up what an error's detail says of the fields of the request. */
static void
count_violations(struct json_object *detail, size_t *blamed, size_t *others)
{
	struct json_object *list = member(detail, "fieldViolations");
	size_t i, count = json_object_is_type(list, json_type_array) ?
	    json_object_array_length(list) : 0;

	for (i = 0; i < count; i++) {
		struct json_object *field = member(
		    json_object_array_get_idx(list, i), "field");

		if (is_text(field, "message.token") ||
		    is_text(field, "message.fid"))
			++*blamed;
		else
			++*others;
	}
}

static bool
fcm_says_dead(const struct http_reply *reply, struct json_object *body,
    int64_t pushkey_ts)
{
	struct json_object *details = member(member(body, "error"),
	    "details");
	size_t i, blamed = 0, others = 0, count =
	    json_object_is_type(details, json_type_array) ?
	    json_object_array_length(details) : 0;
	bool unregistered = false, mismatch = false;
	bool invalid = is_text(member(member(body, "error"), "status"),
	    "INVALID_ARGUMENT");

	(void)pushkey_ts;
	for (i = 0; i < count; i++) {
		struct json_object *detail = json_object_array_get_idx(
		    details, i);
		struct json_object *code = member(detail, "errorCode");

		if (detail_is(detail, "google.firebase.fcm.v1.FcmError")) {
			unregistered |= is_text(code, "UNREGISTERED");
			mismatch |= is_text(code, "SENDER_ID_MISMATCH");
			invalid |= is_text(code, "INVALID_ARGUMENT");
		}
		if (detail_is(detail, "google.rpc.BadRequest"))
			count_violations(detail, &blamed, &others);
	}
	if (reply->status == 404)
		return unregistered;
	if (reply->status == 403)
		return mismatch;
	return reply->status == 400 &&
	    (unregistered || (invalid && blamed > 0 && others == 0));
}

/* --- Huawei -------------------------------------------------------------- */

/* Of version 1, for the pushkey "k". */
static bool
hms_says_dead(const struct http_reply *reply, struct json_object *body,
    int64_t pushkey_ts)
{
	struct json_object *code = member(body, "code");
	const char *text = buf_text(&reply->body);

	(void)pushkey_ts;
	return (is_text(code, "80100000") &&
	    strstr(text, "illegal_tokens") != NULL) ||
	    (is_text(code, "80300007") &&
	    strcasestr(text, "all the tokens are invalid") != NULL);
}

/* --- Web Push ------------------------------------------------------------ */

static bool
webpush_says_dead(const struct http_reply *reply, struct json_object *body,
    int64_t pushkey_ts)
{
	const char *text = buf_text(&reply->body);

	(void)body;
	(void)pushkey_ts;
	return reply->status == 410 || (reply->status == 404 &&
	    text[strspn(text, " \t\r\n")] != '<');
}

/* --- all ---------------------------------------------------------------- */

static void
check_outcome(const struct outcome *outcome, const struct http_reply *reply)
{
	fuzz_require((unsigned int)outcome->verdict < VERDICT__MAX &&
	    (unsigned int)outcome->cause < CAUSE__MAX &&
	    (unsigned int)outcome->retry <= RETRY_VARIANT,
	    "verdict, cause and retry are ones that there are");
	fuzz_require(outcome->verdict != VERDICT_DELIVERED ||
	    (reply->status >= 200 && reply->status < 300),
	    "delivered only if the status says so");
	fuzz_require((outcome->verdict == VERDICT_DELIVERED) ==
	    (outcome->cause == CAUSE_NONE),
	    "a cause if and only if it is not delivered");
	fuzz_require((outcome->verdict == VERDICT_REJECTED) ==
	    (outcome->cause == CAUSE_PUSHKEY_DEAD),
	    "rejected if and only if the pushkey is dead");
	fuzz_require(!outcome->suspicious ||
	    outcome->verdict == VERDICT_REJECTED,
	    "suspicious only if it is rejected");
	fuzz_require(outcome->verdict != VERDICT_DELIVERED ||
	    !outcome->fresh_connection, "a delivery needs no connection");
	fuzz_require(outcome->retry == RETRY_NEVER ||
	    outcome->retry == RETRY_VARIANT ||
	    outcome->verdict == VERDICT_LATER, "a retry is for later");
	fuzz_require(outcome->retry != RETRY_VARIANT ||
	    outcome->verdict != VERDICT_DELIVERED,
	    "what was delivered is not sent in another form");
	fuzz_require(outcome->retry_after_ms == reply->retry_after_ms,
	    "Retry-After is handed on");
	fuzz_require(outcome->reason != NULL && *outcome->reason != '\0' &&
	    outcome->reason[strspn(outcome->reason, "ABCDEFGHIJKLMNOPQRSTUV"
	    "WXYZabcdefghijklmnopqrstuvwxyz_ 0123456789")] == '\0',
	    "a word for the log");
}

static void
check_judge(const char *name, const void *account,
    const struct http_reply *reply, int64_t pushkey_ts, bool (*says_dead)(const struct http_reply *reply,
    struct json_object *body, int64_t pushkey_ts))
{
	const struct provider *provider = provider_find(name);
	struct device device = { .app_id = "a", .pushkey = "k",
	    .pushkey_size = 1, .pushkey_ts = pushkey_ts,
	    .pushkey_json = json_object_new_string("k") };
	struct json_object *body = reply_json(reply);
	struct outcome outcome;

	memset(&outcome, 'x', sizeof outcome);
	provider->judge(account, &device, reply, &outcome);
	check_outcome(&outcome, reply);
	fuzz_require(outcome.verdict != VERDICT_REJECTED ||
	    says_dead(reply, body, pushkey_ts),
	    "%s: rejected only if the provider says so: %d %s", name,
	    reply->status, buf_text(&reply->body));
	json_object_put(device.pushkey_json);
	json_object_put(body);
}

static void
check_token(const struct http_reply *reply)
{
	struct json_object *body = reply_json(reply);
	struct json_object *secret = member(body, "access_token");
	struct error error;
	struct token token;
	bool good;

	memset(&error, 'x', sizeof error);
	memset(&token, 'x', sizeof token);
	good = service_account_read(reply, JUDGE_NOW_S, &token, &error);
	if (good) {
		fuzz_require_text(token.text, sizeof token.text, "the token");
		fuzz_require(token.text[0] != '\0' &&
		    strpbrk(token.text, " \t\r\n\"\\") == NULL &&
		    is_text(secret, token.text),
		    "the token is the one that came");
		fuzz_require(token.issued_s == JUDGE_NOW_S &&
		    token.expires_s > JUDGE_NOW_S && token.expires_s <=
		    JUDGE_NOW_S + JUDGE_TOKEN_LIFE_MAX_S,
		    "the token lives for a time that can be");
		fuzz_require(reply->status == 200, "only 200 gives a token");
	} else {
		fuzz_require_text(error.words, sizeof error.words,
		    "the error");
		fuzz_require(error.words[0] != '\0', "the error says why");
		fuzz_require(!json_object_is_type(secret, json_type_string) ||
		    json_object_get_string_len(secret) < 48 ||
		    strstr(error.words, json_object_get_string(secret)) ==
		    NULL, "the error holds no token");
	}
	json_object_put(body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *rest;
	size_t line = strcspn(text, "\n");
	const struct hms_account hms = { .version = 1 };
	struct http_reply reply;
	int64_t pushkey_ts;
	bool is_cut;

	http_reply_init(&reply);
	reply.status = (int)(strtoul(text, &rest, 10) % JUDGE_STATUSES);
	pushkey_ts = rest < text + line ? strtoll(rest, &rest, 10) : 0;
	if (pushkey_ts < 0)
		pushkey_ts = 0;
	is_cut = rest < text + line && strtoul(rest, NULL, 10) != 0;
	reply.retry_after_ms = pushkey_ts % 3 - 1;
	if (line < size)
		buf_append(&reply.body, text + line + 1, size - line - 1);
	free(text);
	if (is_cut)
		reply.body.overflowed = true;
	check_judge("apns", NULL, &reply, pushkey_ts, apns_says_dead);
	check_judge("fcm", NULL, &reply, pushkey_ts, fcm_says_dead);
	check_judge("webpush", NULL, &reply, pushkey_ts, webpush_says_dead);
	check_judge("unifiedpush", NULL, &reply, pushkey_ts, webpush_says_dead);
	check_judge("hms", &hms, &reply, pushkey_ts, hms_says_dead);
	check_token(&reply);
	http_reply_free(&reply);
	return 0;
}
