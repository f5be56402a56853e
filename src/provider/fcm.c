/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firebase Cloud Messaging, HTTP v1, with credentials of Google Cloud.
 *
 * Sources: Firebase, "REST Resource: projects.messages", "ErrorCode",
 * "Best practices when sending FCM messages at scale"; Google, "Using OAuth
 * 2.0 for Server to Server Applications".
 */
#include "provider/provider.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/json-text.h"
#include "base/json-write.h"
#include "base/xmalloc.h"
#include "provider/fcm-account.h"
#include "provider/matrix.h"
#include "provider/provider-util.h"

enum {
	FCM_DATA_SIZE = 4096,		/* names and values together */
	FCM_BODY_REST = 300,		/* usual, beside what callers sent */
	FCM_PUSHKEY_SIZE = 4096
};

/*
 * What each answer means, by status and FcmError code; the first row that
 * fits.  A proxy on the way answers 4xx, too, and a body that was cut short
 * says nothing about the message: only with an "error" it is Google's word.
 * Only rows that say REJECTED end a pushkey's life.
 */
struct fcm_answer {
	int first;		/* the range of statuses it is for */
	int last;
	const char *code;	/* NULL: any, or none */
	bool with_error;	/* not for an answer without "error" */
	struct outcome outcome;
};

static const struct fcm_answer fcm_answers[] = {
#define FCM_OPERATOR(from, to, word, label) { .first = from, .last = to, \
    .code = word, .outcome = { .reason = label, .verdict = VERDICT_LATER, \
    .cause = CAUSE_CREDENTIALS } }
#define FCM_BUSY(from, to, word, label, what) { .first = from, .last = to, \
    .code = word, .outcome = { .reason = label, .verdict = VERDICT_LATER, \
    .cause = CAUSE_OVERLOADED, .retry = what } }
	{ .first = 200, .last = 299, .outcome = { .reason = "ok",
	    .verdict = VERDICT_DELIVERED } },
	{ .first = 400, .last = 400, .code = "UNREGISTERED",
	    .outcome = { .reason = "UNREGISTERED", .verdict = VERDICT_REJECTED,
	    .cause = CAUSE_PUSHKEY_DEAD } },
	{ .first = 404, .last = 404, .code = "UNREGISTERED",
	    .outcome = { .reason = "UNREGISTERED", .verdict = VERDICT_REJECTED,
	    .cause = CAUSE_PUSHKEY_DEAD } },
	{ .first = 403, .last = 403, .code = "SENDER_ID_MISMATCH",
	    .outcome = { .reason = "SENDER_ID_MISMATCH",
	    .verdict = VERDICT_REJECTED, .cause = CAUSE_PUSHKEY_DEAD,
	    .suspicious = true } },
	FCM_OPERATOR(401, 401, "THIRD_PARTY_AUTH_ERROR",
	    "THIRD_PARTY_AUTH_ERROR"),
	FCM_OPERATOR(401, 401, "APNS_AUTH_ERROR", "APNS_AUTH_ERROR"),
	{ .first = 401, .last = 401, .outcome = { .reason = "UNAUTHENTICATED",
	    .verdict = VERDICT_LATER, .cause = CAUSE_CREDENTIALS,
	    .retry = RETRY_TOKEN } },
	FCM_OPERATOR(403, 403, NULL, "PERMISSION_DENIED"),
	/* No FcmError: the URL or the project is wrong, not the pushkey. */
	FCM_OPERATOR(404, 404, NULL, "NOT_FOUND"),
	FCM_OPERATOR(407, 407, NULL, "other"),
	FCM_BUSY(408, 408, NULL, "other", RETRY_BACKOFF),
	{ .first = 413, .last = 413, .with_error = true,
	    .outcome = { .reason = "other", .verdict = VERDICT_FAILED,
	    .cause = CAUSE_TOO_LONG, .retry = RETRY_VARIANT } },
	/* The connection leads to a server for other names. */
	{ .first = 421, .last = 421, .outcome = { .reason = "other",
	    .verdict = VERDICT_LATER, .cause = CAUSE_UNREACHABLE,
	    .retry = RETRY_ONCE, .fresh_connection = true } },
	{ .first = 425, .last = 425, .outcome = { .reason = "other",
	    .verdict = VERDICT_LATER, .cause = CAUSE_UNREACHABLE } },
	FCM_BUSY(429, 429, NULL, "QUOTA_EXCEEDED", RETRY_AFTER_ONLY),
	{ .first = 400, .last = 400, .with_error = true,
	    .outcome = { .reason = "INVALID_ARGUMENT",
	    .verdict = VERDICT_FAILED, .cause = CAUSE_REFUSED } },
	{ .first = 400, .last = 499, .with_error = true,
	    .outcome = { .reason = "other", .verdict = VERDICT_FAILED,
	    .cause = CAUSE_REFUSED } },
	{ .first = 400, .last = 499, .outcome = { .reason = "not FCM",
	    .verdict = VERDICT_LATER, .cause = CAUSE_UNREACHABLE } },
	FCM_BUSY(500, 500, NULL, "INTERNAL", RETRY_BACKOFF),
	FCM_BUSY(503, 503, NULL, "UNAVAILABLE", RETRY_BACKOFF),
	FCM_BUSY(500, 599, NULL, "other", RETRY_BACKOFF),
	{ .first = 0, .last = 999, .outcome = { .reason = "other",
	    .verdict = VERDICT_LATER, .cause = CAUSE_UNREACHABLE } },
};

/* --- compose ------------------------------------------------------------- */

/* Data that is written, and what the provider counts of it. */
struct fcm_data {
	struct buf *buf;
	size_t size;		/* of names and values */
};

/* One pair, a string. */
static void
fcm_add(struct fcm_data *data, const char *name, const char *text, size_t size)
{
	data->size += strlen(name) + size;
	json_write_name(data->buf, name);
	json_write_string(data->buf, text, size);
}

static void
fcm_add_string(struct fcm_data *data, const char *name,
    struct json_object *string)
{
	fcm_add(data, name, json_object_get_string(string),
	    (size_t)json_object_get_string_len(string));
}

static void
fcm_add_text(struct fcm_data *data, const char *name, const char *text)
{
	fcm_add(data, name, text, strlen(text));
}

static void
fcm_add_count(struct fcm_data *data, const char *name, int64_t count)
{
	char text[24];

	if (count < 0)
		return;
	snprintf(text, sizeof text, "%" PRId64, count);
	fcm_add_text(data, name, text);
}

/* content's strings, numbers and booleans; FCM's data has no nesting. */
static void
fcm_add_content(struct fcm_data *data, struct json_object *content)
{
	json_object_object_foreach(content, member, value) {
		enum json_type type = json_object_get_type(value);
		char *name;

		if (data->size > FCM_DATA_SIZE)
			break;
		if (type != json_type_string && type != json_type_int &&
		    type != json_type_double && type != json_type_boolean)
			continue;
		name = xasprintf("content_%s", member);
		if (type == json_type_string)
			fcm_add_string(data, name, value);
		else
			fcm_add_text(data, name,
			    json_object_to_json_string_ext(value,
			    JSON_C_TO_STRING_PLAIN));
		free(name);
	}
}

static void
fcm_add_plain(struct fcm_data *data, const struct fcm_account *account,
    const struct notification *notification, enum notification_detail detail)
{
	fcm_add_text(data, "prio", notification_prio(notification));
	if (account->send_badge_counts) {
		fcm_add_count(data, "unread", notification->unread);
		fcm_add_count(data, "missed_calls",
		    notification->missed_calls);
	}
	if (notification->content != NULL && detail == NOTIFICATION_FULL)
		fcm_add_content(data, notification->content);
}

/* Writes the data of a message; false if it is too long. */
static bool
fcm_write_gematik(const struct fcm_account *account,
    const struct notification *notification, enum notification_detail detail,
    struct buf *body)
{
	struct fcm_data data = { .buf = body };
	size_t i;

	buf_append_text(body, "{");
	for (i = 0; i < NOTIFICATION_TEXT__MAX; i++) {
		if (notification->texts[i] != NULL &&
		    detail <= notification_texts[i].last)
			fcm_add_string(&data, notification_texts[i].name,
			    notification->texts[i]);
	}
	if (notification->kind == NOTIFICATION_PLAIN)
		fcm_add_plain(&data, account, notification, detail);
	buf_append_text(body, "}");
	return data.size <= FCM_DATA_SIZE;
}

/* Registration tokens are opaque, but always visible ASCII. */
static bool
fcm_pushkey_is_possible(const struct device *device)
{
	size_t i = 0;

	while (i < device->pushkey_size && device->pushkey[i] > 0x20 &&
	    device->pushkey[i] < 0x7f)
		i++;
	return i > 0 && i == device->pushkey_size && i <= FCM_PUSHKEY_SIZE;
}

static bool
fcm_is_matrix(const struct fcm_account *account,
    const struct notification *notification)
{
	return notification->kind == NOTIFICATION_PLAIN &&
	    provider_payload_is_matrix(account->payload);
}

static void
fcm_consider(const void *arg, const struct notification *notification,
    const struct device *device, struct provider_advice *advice)
{
	const struct fcm_account *account = arg;

	if (fcm_is_matrix(account, notification))
		matrix_consider(notification, device,
		    account->send_badge_counts, advice);
	else
		advice->is_unwanted = !account->send_badge_counts &&
		    notification_is_badge_only(notification);
}

static bool
fcm_write_matrix(const struct fcm_account *account,
    const struct notification *notification, const struct device *device,
    enum notification_detail detail, struct buf *body)
{
	const struct matrix_fcm_params params = {
		.send_badge_counts = account->send_badge_counts,
		.limit = FCM_DATA_SIZE
	};
	struct json_object *data = matrix_make_fcm(&params, notification,
	    device, detail);
	bool fits = data != NULL;

	if (fits)
		json_write_value(body, data);
	json_object_put(data);
	return fits;
}

/* Writes a message up to the end of its data; false if that is too long. */
static bool
fcm_write_start(const struct fcm_account *account,
    const struct notification *notification, const struct device *device,
    enum notification_detail detail, struct buf *body)
{
	buf_reset(body);
	/* At once, if nothing needs an escape. */
	buf_reserve(body, FCM_BODY_REST + device->pushkey_size +
	    notification_texts_size(notification, detail));
	buf_append_text(body, "{\"message\":{");
	json_write_name(body, account->target);
	json_write_value(body, device->pushkey_json);
	json_write_name(body, "data");
	return fcm_is_matrix(account, notification) ?
	    fcm_write_matrix(account, notification, device, detail, body) :
	    fcm_write_gematik(account, notification, detail, body);
}

/* True if the pusher asks for it, and the operator for nothing else. */
static bool
fcm_collapses(const struct fcm_account *account,
    const struct notification *notification, const struct device *device)
{
	struct json_object *own = NULL;

	json_object_object_get_ex(account->fcm_options, "android", &own);
	return notification->texts[NOTIFICATION_ROOM_ID] != NULL &&
	    fcm_is_matrix(account, notification) &&
	    matrix_only_last_per_room(device) &&
	    !json_object_object_get_ex(own, "collapse_key", NULL) &&
	    !json_object_object_get_ex(own, "collapseKey", NULL);
}

/*
 * The block for Android, in which a notification may replace the one before it
 * of its room: a hash of that tells Google nothing.
 */
static void
fcm_write_blocks(const struct fcm_account *account,
    const struct notification *notification, const struct device *device,
    bool is_slow, struct buf *body)
{
	struct json_object *room = notification->texts[NOTIFICATION_ROOM_ID];
	const char *blocks = account->blocks[is_slow];
	/* It is the first one, and never empty. */
	size_t start = strlen("\"\":{") + strlen(account->android_block);
	unsigned char hash[KEYED_HASH_SHORT_SIZE];
	char hex[2 * KEYED_HASH_SHORT_SIZE + 1];

	if (fcm_collapses(account, notification, device)) {
		keyed_hash_short(account->collapse_key,
		    json_object_get_string(room),
		    (size_t)json_object_get_string_len(room), hash);
		encoding_write_hex(hash, sizeof hash, hex);
		buf_append(body, blocks, start);
		json_write_name(body, "collapse_key");
		json_write_text(body, hex);
		buf_append_text(body, ",");
		blocks += start;
	}
	buf_append_text(body, blocks);
}

static void
fcm_write_end(const struct fcm_account *account,
    const struct notification *notification, const struct device *device,
    bool validate_only, struct buf *body)
{
	/* Google delays apps whose HIGH messages show nothing. */
	bool is_slow = notification->is_low ||
	    notification_is_badge_only(notification);

	json_write_element(body);
	fcm_write_blocks(account, notification, device, is_slow, body);
	buf_append_text(body, "}");
	if (validate_only) {
		json_write_name(body, "validate_only");
		buf_append_text(body, "true");
	}
	buf_append_text(body, "}");
}

/*
 * The body with the most detail that fits, or of those that fit and are
 * shorter the one after `variant` others; false if there is none.
 */
static bool
fcm_compose_body(const struct fcm_account *account,
    const struct notification *notification, const struct device *device,
    const struct provider_push *push, struct buf *body)
{
	enum notification_detail detail =
	    fcm_is_matrix(account, notification) ? NOTIFICATION_FULL :
	    notification_start_detail(notification, FCM_DATA_SIZE);
	unsigned int variant = push->variant;
	size_t last = SIZE_MAX;
	bool found = false;

	for (; !found && detail < NOTIFICATION_DETAIL__MAX; detail++) {
		if (fcm_write_start(account, notification, device, detail,
		    body) && body->size < last) {
			last = body->size;
			found = variant-- == 0;
		}
	}
	if (found)
		fcm_write_end(account, notification, device,
		    push->validate_only, body);
	return found;
}

static enum cause
fcm_compose(const void *arg, const struct notification *notification,
    const struct device *device, const struct provider_push *push,
    struct http_request *request)
{
	const struct fcm_account *account = arg;

	if (!fcm_pushkey_is_possible(device))
		return CAUSE_PUSHKEY_MALFORMED;
	if (!fcm_compose_body(account, notification, device, push,
	    &request->body))
		return CAUSE_TOO_LONG;
	buf_append_text(&request->url, account->url);
	buf_append_text(&request->url, "/v1/projects/");
	buf_append_text(&request->url, fcm_account_project(account));
	buf_append_text(&request->url, "/messages:send");
	http_request_append_header(request, "authorization", "Bearer ",
	    push->token->text);
	http_request_append_header(request, "content-type", "",
	    "application/json");
	return http_request_is_complete(request) ? CAUSE_NONE : CAUSE_TOO_LONG;
}

/* --- judge --------------------------------------------------------------- */

/* The i-th of error.details if it is of that type, or NULL. */
static struct json_object *
fcm_detail_at(struct json_object *details, size_t i, const char *type)
{
	struct json_object *detail = json_object_array_get_idx(details, i);
	const char *name = json_object_is_type(detail, json_type_object) ?
	    json_text_member(detail, "@type") : NULL;

	if (name == NULL || strncmp(name, "type.googleapis.com/", 20) != 0)
		return NULL;
	return strcmp(name + 20, type) == 0 ? detail : NULL;
}

/* A body's "error", or NULL. */
static struct json_object *
fcm_error(struct json_object *body)
{
	struct json_object *error;

	return json_object_object_get_ex(body, "error", &error) &&
	    json_object_is_type(error, json_type_object) ? error : NULL;
}

/* Its details, or NULL. */
static struct json_object *
fcm_details(struct json_object *error)
{
	struct json_object *details;

	return json_object_object_get_ex(error, "details", &details) &&
	    json_object_is_type(details, json_type_array) ? details : NULL;
}

/* The code of the FcmError, or "". */
static const char *
fcm_error_code(struct json_object *details)
{
	struct json_object *detail;
	const char *code = NULL;
	size_t i;

	for (i = 0; details != NULL && code == NULL &&
	    i < json_object_array_length(details); i++) {
		detail = fcm_detail_at(details, i,
		    "google.firebase.fcm.v1.FcmError");
		if (detail != NULL)
			code = json_text_member(detail, "errorCode");
	}
	return code == NULL ? "" : code;
}

/*
 * INVALID_ARGUMENT blames the pushkey only if there are field violations and
 * each of them names it; else the message is at error, and deleting the
 * pushkey would silence a phone for our own mistake.
 */
static bool
fcm_blames_pushkey(struct json_object *details)
{
	struct json_object *detail, *list;
	const char *field;
	bool blamed = false;
	size_t i, j;

	for (i = 0; details != NULL && i < json_object_array_length(details);
	    i++) {
		detail = fcm_detail_at(details, i, "google.rpc.BadRequest");
		if (detail == NULL)
			continue;
		if (!json_object_object_get_ex(detail, "fieldViolations",
		    &list) || !json_object_is_type(list, json_type_array))
			return false;
		for (j = 0; j < json_object_array_length(list); j++) {
			field = json_text_member(
			    json_object_array_get_idx(list, j), "field");
			if (field == NULL ||
			    (strcmp(field, "message.token") != 0 &&
			    strcmp(field, "message.fid") != 0))
				return false;
			blamed = true;
		}
	}
	return blamed;
}

/* By the FcmError, or if there is none by the status in words. */
static bool
fcm_is_invalid_argument(struct json_object *error, const char *code)
{
	const char *status = *code != '\0' ? code :
	    json_text_member(error, "status");

	return status != NULL && strcmp(status, "INVALID_ARGUMENT") == 0;
}

/* Google has no code for it ("Android message is too big"). */
static bool
fcm_is_too_big(struct json_object *error)
{
	const char *message = json_text_member(error, "message");

	return message != NULL && (strcasestr(message, "too big") != NULL ||
	    strcasestr(message, "too large") != NULL);
}

static const struct fcm_answer *
fcm_find_answer(int status, bool has_error, const char *code)
{
	const struct fcm_answer *answer = fcm_answers;

	while (status < answer->first || status > answer->last ||
	    (answer->with_error && !has_error) ||
	    (answer->code != NULL && strcmp(answer->code, code) != 0))
		answer++;
	return answer;
}

static void
fcm_judge(const void *arg, const struct device *device,
    const struct http_reply *reply, struct outcome *outcome)
{
	bool accepted = reply->status >= 200 && reply->status < 300;
	/* What is in the answer to a message that was taken is of no use. */
	struct json_object *body = accepted ? NULL : provider_read_json(reply);
	struct json_object *error = fcm_error(body);
	struct json_object *details = fcm_details(error);
	const char *code = fcm_error_code(details);
	const struct fcm_answer *answer = fcm_find_answer(reply->status,
	    error != NULL, code);

	(void)arg;
	(void)device;
	*outcome = answer->outcome;
	outcome->retry_after_ms = reply->retry_after_ms;
	if (reply->status == 400 && fcm_is_invalid_argument(error, code) &&
	    fcm_blames_pushkey(details)) {
		outcome->verdict = VERDICT_REJECTED;
		outcome->cause = CAUSE_PUSHKEY_DEAD;
		/* Pushkeys of another provider would bring it upon all, too. */
		outcome->suspicious = true;
	} else if (reply->status == 400 &&
	    fcm_is_invalid_argument(error, code) && fcm_is_too_big(error)) {
		outcome->cause = CAUSE_TOO_LONG;
		outcome->retry = RETRY_VARIANT;
	} else if (outcome->verdict == VERDICT_DELIVERED &&
	    provider_is_foreign(reply)) {
		outcome->verdict = VERDICT_LATER;
		outcome->cause = CAUSE_CREDENTIALS;
		outcome->reason = "not FCM";
	}
	json_object_put(body);
}

/* With validate_only; a request without permission comes not that far. */
static const struct provider_probe fcm_probe = {
	.pushkey = "push-gateway-probe",
	.reasons = { "ok", "INVALID_ARGUMENT", "UNREGISTERED" }
};

const struct provider provider_fcm = {
	.name = "fcm",
	.settings = fcm_account_settings,
	.probe = &fcm_probe,
	.open = fcm_account_open,
	.close = fcm_account_close,
	.load = fcm_account_load,
	.credentials = fcm_account_credentials,
	.describe = fcm_account_describe,
	.mint = fcm_account_mint,
	.read = fcm_account_read,
	.mint_files = fcm_account_mint_files,
	.consider = fcm_consider,
	.compose = fcm_compose,
	.judge = fcm_judge
};
