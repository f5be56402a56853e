/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Apple Push Notification service.
 *
 * Sources: Apple, "Sending notification requests to APNs", "Handling
 * notification responses from APNs", "Generating a remote notification".
 */
#include "provider/provider.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/encoding.h"
#include "base/json-text.h"
#include "base/json-write.h"
#include "provider/apns-account.h"
#include "provider/matrix.h"
#include "provider/provider-util.h"

enum {
	APNS_PAYLOAD_SIZE = 4096,
	APNS_PAYLOAD_REST = 400,	/* usual, beside the caller's texts */
	/* Tokens are 32 bytes today; Apple asks not to rely on it. */
	APNS_TOKEN_SIZE = 256,
	APNS_TOKEN_BASE64_MIN_SIZE = 32
};

/*
 * What each answer means.  A status with a reason that is not here is judged
 * by apns_classes.  Only rows that say REJECTED end a pushkey's life.
 */
struct apns_answer {
	int status;
	struct outcome outcome;	/* for that reason */
};

static const struct apns_answer apns_answers[] = {
#define APNS_BUG(word) { .reason = word, .verdict = VERDICT_FAILED, \
    .cause = CAUSE_REFUSED }
#define APNS_DEAD(word) { .reason = word, .verdict = VERDICT_REJECTED, \
    .cause = CAUSE_PUSHKEY_DEAD }
/* By keys of the other environment, or a wrong topic, it may be all devices. */
#define APNS_SUSPECT(word) { .reason = word, .verdict = VERDICT_REJECTED, \
    .cause = CAUSE_PUSHKEY_DEAD, .suspicious = true }
#define APNS_OPERATOR(word) { .reason = word, .verdict = VERDICT_LATER, \
    .cause = CAUSE_CREDENTIALS }
#define APNS_BUSY(word, what) { .reason = word, .verdict = VERDICT_LATER, \
    .cause = CAUSE_OVERLOADED, .retry = what }
#define APNS_CONNECTION(word) { .reason = word, .verdict = VERDICT_LATER, \
    .cause = CAUSE_UNREACHABLE, .retry = RETRY_AT_ONCE, \
    .fresh_connection = true }
	{ .status = 400, .outcome = APNS_BUG("BadCollapseId") },
	{ .status = 400, .outcome = APNS_BUG("BadExpirationDate") },
	{ .status = 400, .outcome = APNS_BUG("BadMessageId") },
	{ .status = 400, .outcome = APNS_BUG("BadPriority") },
	{ .status = 400, .outcome = APNS_BUG("DuplicateHeaders") },
	{ .status = 400, .outcome = APNS_BUG("InvalidPushType") },
	{ .status = 400, .outcome = APNS_BUG("MissingDeviceToken") },
	{ .status = 400, .outcome = APNS_BUG("MissingTopic") },
	{ .status = 400, .outcome = APNS_BUG("PayloadEmpty") },
	{ .status = 400, .outcome = APNS_SUSPECT("BadDeviceToken") },
	{ .status = 400, .outcome = APNS_SUSPECT("DeviceTokenNotForTopic") },
	{ .status = 400, .outcome = APNS_OPERATOR("BadTopic") },
	{ .status = 400, .outcome = APNS_OPERATOR("TopicDisallowed") },
	{ .status = 400, .outcome = APNS_CONNECTION("IdleTimeout") },
	{ .status = 403, .outcome = APNS_OPERATOR("BadCertificate") },
	{ .status = 403,
	    .outcome = APNS_OPERATOR("BadCertificateEnvironment") },
	{ .status = 403,
	    .outcome = APNS_OPERATOR("BadEnvironmentKeyIdInToken") },
	{ .status = 403, .outcome = APNS_OPERATOR("BadEnvironmentKeyInToken") },
	{ .status = 403, .outcome = { .reason = "ExpiredProviderToken",
	    .verdict = VERDICT_LATER, .cause = CAUSE_CREDENTIALS,
	    .retry = RETRY_TOKEN, .fresh_connection = true } },
	{ .status = 403, .outcome = APNS_OPERATOR("Forbidden") },
	{ .status = 403, .outcome = APNS_OPERATOR("InvalidProviderToken") },
	{ .status = 403, .outcome = APNS_OPERATOR("MissingProviderToken") },
	{ .status = 403, .outcome = { .reason = "UnrelatedKeyIdInToken",
	    .verdict = VERDICT_LATER, .cause = CAUSE_CREDENTIALS,
	    .retry = RETRY_ONCE, .fresh_connection = true } },
	{ .status = 404, .outcome = APNS_BUG("BadPath") },
	{ .status = 405, .outcome = APNS_BUG("MethodNotAllowed") },
	{ .status = 400, .outcome = APNS_DEAD("ExpiredToken") },
	{ .status = 410, .outcome = APNS_DEAD("ExpiredToken") },
	{ .status = 410, .outcome = APNS_DEAD("Unregistered") },
	{ .status = 413, .outcome = { .reason = "PayloadTooLarge",
	    .verdict = VERDICT_FAILED, .cause = CAUSE_TOO_LONG,
	    .retry = RETRY_VARIANT } },
	/* The connection is unusable for a time, and so is the token: Apple
	 * has first seen another one less than 20 minutes ago. */
	{ .status = 429, .outcome = { .reason = "TooManyProviderTokenUpdates",
	    .verdict = VERDICT_LATER, .cause = CAUSE_OVERLOADED,
	    .retry = RETRY_FORMER_TOKEN, .fresh_connection = true } },
	{ .status = 429, .outcome = APNS_BUSY("TooManyRequests", RETRY_NEVER) },
	{ .status = 500,
	    .outcome = APNS_BUSY("InternalServerError", RETRY_BACKOFF) },
	{ .status = 503,
	    .outcome = APNS_BUSY("ServiceUnavailable", RETRY_BACKOFF) },
	{ .status = 503, .outcome = APNS_CONNECTION("Shutdown") },
};

/*
 * The first row whose range includes the status; `reason` is the label.  A
 * proxy on the way answers 4xx, too, and a body that was cut short says
 * nothing about the message: only with a reason it is Apple's word.
 */
static const struct {
	int first;
	int last;
	bool with_reason;	/* not for an answer without one */
	struct outcome outcome;
} apns_classes[] = {
	{ .first = 200, .last = 299,
	    .outcome = { .reason = "ok", .verdict = VERDICT_DELIVERED } },
	{ .first = 401, .last = 401, .outcome = APNS_OPERATOR("other") },
	/* Not BadPath and the like: the URL is wrong, and Apple not there. */
	{ .first = 403, .last = 405, .outcome = APNS_OPERATOR("other") },
	{ .first = 407, .last = 407, .outcome = APNS_OPERATOR("other") },
	{ .first = 408, .last = 408,
	    .outcome = APNS_BUSY("other", RETRY_BACKOFF) },
	{ .first = 413, .last = 413, .with_reason = true,
	    .outcome = { .reason = "other", .verdict = VERDICT_FAILED,
	    .cause = CAUSE_TOO_LONG, .retry = RETRY_VARIANT } },
	/* The connection leads to a server for other names. */
	{ .first = 421, .last = 421, .outcome = { .reason = "other",
	    .verdict = VERDICT_LATER, .cause = CAUSE_UNREACHABLE,
	    .retry = RETRY_ONCE, .fresh_connection = true } },
	{ .first = 425, .last = 425, .outcome = { .reason = "other",
	    .verdict = VERDICT_LATER, .cause = CAUSE_UNREACHABLE } },
	{ .first = 429, .last = 429,
	    .outcome = APNS_BUSY("other", RETRY_AFTER_ONLY) },
	{ .first = 400, .last = 499, .with_reason = true,
	    .outcome = APNS_BUG("other") },
	{ .first = 400, .last = 499, .outcome = { .reason = "not APNs",
	    .verdict = VERDICT_LATER, .cause = CAUSE_UNREACHABLE } },
	{ .first = 500, .last = 599,
	    .outcome = APNS_BUSY("other", RETRY_BACKOFF) },
	{ .first = 0, .last = 999, .outcome = { .reason = "other",
	    .verdict = VERDICT_LATER, .cause = CAUSE_UNREACHABLE } },
};

/* False unless it is hex of whole bytes, which is then written in lower case.
 */
static bool
apns_read_hex(const char *text, size_t length, char *hex, size_t size)
{
	size_t i;

	if (length == 0 || length % 2 != 0 || length >= size)
		return false;
	for (i = 0; i <= length; i++)
		hex[i] = (char)tolower((unsigned char)text[i]);
	return true;
}

/*
 * The device token in lower-case hex.  Apps register it as hex, or as Base64
 * of the same bytes.  Apple would reject what is misread, and a phone fall
 * silent: what looks like hex is never Base64.
 */
static bool
apns_device_token(const struct device *device, char *hex, size_t size)
{
	unsigned char bytes[APNS_TOKEN_SIZE];
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *text = device->pushkey;
	size_t length = device->pushkey_size;
	long count;

	if (strspn(text, digits) == length)
		return apns_read_hex(text, length, hex, size);
	if (strncasecmp(text, "0x", 2) == 0 &&
	    strspn(text + 2, digits) + 2 == length)
		return false;
	count = encoding_read_base64(text, length, bytes, sizeof bytes);
	if (count < APNS_TOKEN_BASE64_MIN_SIZE || count % 4 != 0)
		return false;
	encoding_write_hex(bytes, (size_t)count, hex);
	return true;
}

static bool
apns_push_type_is(const struct apns_account *account, const char *type)
{
	return strcmp(account->push_type, type) == 0;
}

static void
apns_write_aps(const struct apns_account *account,
    const struct notification *notification, struct buf *body)
{
	int32_t badge = notification_badge(notification);

	json_write_name(body, "aps");
	buf_append_text(body, "{");
	/* Apple refuses anything else in what shows nothing. */
	if (apns_push_type_is(account, "background")) {
		json_write_name(body, "content-available");
		json_write_integer(body, 1);
	} else {
		if (badge != -1 && account->send_badge_counts) {
			json_write_name(body, "badge");
			json_write_integer(body, badge);
		}
		if (!notification_is_badge_only(notification) &&
		    apns_push_type_is(account, "alert")) {
			json_write_element(body);
			buf_append_text(body, account->alert);
		}
	}
	buf_append_text(body, "}");
}

/* A count that is there. */
static void
apns_write_count(struct buf *body, const char *name, int64_t count)
{
	if (count >= 0) {
		json_write_name(body, name);
		json_write_integer(body, count);
	}
}

static void
apns_write_plain(bool with_counts, const struct notification *notification,
    enum notification_detail detail, struct buf *body)
{
	json_write_name(body, "prio");
	json_write_text(body, notification_prio(notification));
	if (with_counts && (notification->unread >= 0 ||
	    notification->missed_calls >= 0)) {
		json_write_name(body, "counts");
		buf_append_text(body, "{");
		apns_write_count(body, "unread", notification->unread);
		apns_write_count(body, "missed_calls",
		    notification->missed_calls);
		buf_append_text(body, "}");
	}
	if (notification->content != NULL && detail == NOTIFICATION_FULL) {
		json_write_name(body, "content");
		json_write_value(body, notification->content);
	}
}

static bool
apns_compose_matrix(const struct apns_account *account,
    const struct notification *notification, const struct device *device,
    enum notification_detail detail, struct buf *body)
{
	return matrix_write_apns(&(struct matrix_apns_params){
		.alert_body = account->alert_body,
		.is_alert = apns_push_type_is(account, "alert"),
		.send_badge_counts = account->send_badge_counts,
		.limit = APNS_PAYLOAD_SIZE
	}, notification, device, detail, body);
}

static bool
apns_compose_payload(const struct apns_account *account,
    const struct notification *notification, enum notification_detail detail,
    struct buf *body)
{
	size_t i;

	buf_reset(body);
	/* At once, if nothing needs an escape. */
	buf_reserve(body, APNS_PAYLOAD_REST +
	    notification_texts_size(notification, detail));
	buf_append_text(body, "{");
	apns_write_aps(account, notification, body);
	for (i = 0; i < NOTIFICATION_TEXT__MAX; i++) {
		if (notification->texts[i] != NULL &&
		    detail <= notification_texts[i].last) {
			json_write_name(body, notification_texts[i].name);
			json_write_value(body, notification->texts[i]);
		}
	}
	if (notification->kind == NOTIFICATION_PLAIN)
		apns_write_plain(account->send_badge_counts, notification,
		    detail, body);
	buf_append_text(body, "}");
	return !body->overflowed && body->size <= APNS_PAYLOAD_SIZE;
}

static bool
apns_is_matrix(const struct apns_account *account,
    const struct notification *notification)
{
	return notification->kind == NOTIFICATION_PLAIN &&
	    provider_payload_is_matrix(account->payload);
}

/*
 * The body with the most detail that fits, or of those that fit and are
 * shorter the one after `variant` others; false if there is none.
 */
static bool
apns_compose_body(const struct apns_account *account,
    const struct notification *notification, const struct device *device,
    unsigned int variant, struct buf *body)
{
	bool is_matrix = apns_is_matrix(account, notification), found = false;
	enum notification_detail detail = NOTIFICATION_FULL;
	size_t last = SIZE_MAX;

	if (!is_matrix)
		detail = notification_start_detail(notification,
		    APNS_PAYLOAD_SIZE);
	if (!is_matrix && detail == NOTIFICATION_FULL &&
	    notification->content_size > APNS_PAYLOAD_SIZE)
		detail++;
	for (; !found && detail < NOTIFICATION_DETAIL__MAX; detail++) {
		bool fits = is_matrix ? apns_compose_matrix(account,
		    notification, device, detail, body) :
		    apns_compose_payload(account, notification, detail, body);

		if (fits && body->size < last) {
			last = body->size;
			found = variant-- == 0;
		}
	}
	return found;
}

static void
apns_consider(const void *arg, const struct notification *notification,
    const struct device *device, struct provider_advice *advice)
{
	const struct apns_account *account = arg;

	if (apns_is_matrix(account, notification))
		matrix_consider(notification, device,
		    account->send_badge_counts, advice);
	else
		advice->is_unwanted = !account->send_badge_counts &&
		    notification_is_badge_only(notification);
}

/* What a message is shown once for; NULL: nothing is known to name it. */
static struct json_object *
apns_collapse_text(const struct apns_account *account,
    const struct notification *notification, const struct device *device)
{
	enum notification_text text = NOTIFICATION_EVENT_ID;

	if (notification->kind == NOTIFICATION_ENCRYPTED)
		text = NOTIFICATION_CIPHERTEXT;
	else if (apns_is_matrix(account, notification) &&
	    matrix_only_last_per_room(device) &&
	    notification->texts[NOTIFICATION_ROOM_ID] != NULL)
		text = NOTIFICATION_ROOM_ID;
	return notification->texts[text];
}

/*
 * The same message sent twice shows once, be it by us or by its caller: it
 * collapses into itself, or if the pusher says so into the last one of its
 * room.  A hash of what names it, and of the device, tells Apple nothing.
 */
static void
apns_add_collapse_id(const struct apns_account *account,
    const struct notification *notification, const struct device *device,
    const struct provider_push *push, struct http_request *request)
{
	struct json_object *text = apns_collapse_text(account, notification,
	    device);
	unsigned char hash[KEYED_HASH_SHORT_SIZE];
	char hex[2 * KEYED_HASH_SHORT_SIZE + 1];	/* Apple takes 64 */

	if (text == NULL) {
		http_request_append_header(request, "apns-collapse-id", "",
		    push->message_id);
		return;
	}
	keyed_hash_short(account->collapse_key, device->pushkey,
	    device->pushkey_size, hash);
	keyed_hash_short(hash, json_object_get_string(text),
	    (size_t)json_object_get_string_len(text), hash);
	encoding_write_hex(hash, sizeof hash, hex);
	http_request_append_header(request, "apns-collapse-id", "", hex);
}

static enum cause
apns_compose(const void *arg, const struct notification *notification,
    const struct device *device, const struct provider_push *push,
    struct http_request *request)
{
	const struct apns_account *account = arg;
	char hex[2 * APNS_TOKEN_SIZE + 1];
	bool is_slow = notification->is_low ||
	    apns_push_type_is(account, "background");
	char expiration[24];

	if (!apns_device_token(device, hex, sizeof hex))
		return CAUSE_PUSHKEY_MALFORMED;
	if (!apns_compose_body(account, notification, device, push->variant,
	    &request->body))
		return CAUSE_TOO_LONG;
	buf_append_text(&request->url, account->url);
	buf_append_text(&request->url, "/3/device/");
	buf_append_text(&request->url, hex);
	snprintf(expiration, sizeof expiration, "%" PRId64,
	    account->time_to_live_s == 0 ? 0 :
	    push->now_s + account->time_to_live_s);
	if (push->token != NULL)
		http_request_append_header(request, "authorization", "bearer ",
		    push->token->text);
	http_request_append_headers(request, &account->headers);
	http_request_append_header(request, "apns-priority", "",
	    is_slow ? "5" : "10");
	http_request_append_header(request, "apns-expiration", "", expiration);
	http_request_append_header(request, "apns-id", "", push->message_id);
	apns_add_collapse_id(account, notification, device, push, request);
	return http_request_is_complete(request) ? CAUSE_NONE : CAUSE_REFUSED;
}

static const struct outcome *
apns_find_answer(int status, const char *reason)
{
	size_t i;

	for (i = 0; reason != NULL &&
	    i < sizeof apns_answers / sizeof *apns_answers; i++) {
		if (apns_answers[i].status == status &&
		    strcmp(apns_answers[i].outcome.reason, reason) == 0)
			return &apns_answers[i].outcome;
	}
	for (i = 0; status < apns_classes[i].first ||
	    status > apns_classes[i].last ||
	    (apns_classes[i].with_reason && reason == NULL); i++)
		;
	return &apns_classes[i].outcome;
}

/*
 * A 410 with a time speaks of the past: it ends the pushkey only if the app
 * has not registered it again since.  `timestamp` is in milliseconds,
 * pushkey_ts in seconds.
 */
static bool
apns_is_still_dead(const struct device *device, struct json_object *body)
{
	struct json_object *timestamp;

	if (device->pushkey_ts <= 0 ||
	    !json_object_object_get_ex(body, "timestamp", &timestamp) ||
	    timestamp == NULL)
		return true;
	return json_object_is_type(timestamp, json_type_int) &&
	    json_object_get_int64(timestamp) / 1000.0 >
	    (double)device->pushkey_ts;
}

static void
apns_judge(const void *arg, const struct device *device,
    const struct http_reply *reply, struct outcome *outcome)
{
	struct json_object *body = provider_read_json(reply);

	(void)arg;
	*outcome = *apns_find_answer(reply->status,
	    body == NULL ? NULL : json_text_member(body, "reason"));
	outcome->retry_after_ms = reply->retry_after_ms;
	if (reply->status == 410 && outcome->verdict == VERDICT_REJECTED &&
	    !apns_is_still_dead(device, body)) {
		outcome->verdict = VERDICT_LATER;
		outcome->cause = CAUSE_PUSHKEY_RENEWED;
	} else if (outcome->verdict == VERDICT_DELIVERED &&
	    provider_is_foreign(reply)) {
		outcome->verdict = VERDICT_LATER;
		outcome->cause = CAUSE_CREDENTIALS;
		outcome->reason = "not APNs";
	}
	json_object_put(body);
}

/* Apple answers an app that sends to many bad tokens more slowly. */
static const struct provider_probe apns_probe = {
	.pushkey = "00000000000000000000000000000000"
		   "00000000000000000000000000000000",
	.reasons = { "BadDeviceToken", "ok" },
	.is_counted = true
};

const struct provider provider_apns = {
	.name = "apns",
	.settings = apns_account_settings,
	.probe = &apns_probe,
	.open = apns_account_open,
	.close = apns_account_close,
	.load = apns_account_load,
	.credentials = apns_account_credentials,
	.expires_s = apns_account_expires_s,
	.describe = apns_account_describe,
	.is_sandbox = apns_account_is_sandbox,
	.mint = apns_account_mint,
	.consider = apns_consider,
	.compose = apns_compose,
	.judge = apns_judge
};
