/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "encoding.h"
#include "service.h"

#define PATH_DEVICE "/3/device"
#define TOKEN_AGE_MAX_S 3600
#define TOKEN_FUTURE_MAX_S 60
#define COLLAPSE_ID_MAX 64
#define COLLAPSED_MAX 100000
#define PAYLOAD_MAX 4096
#define PAYLOAD_VOIP_MAX 5120

/* The first of a status is its usual reason.  BadPayload is ours: Apple
 * names no reason for a payload that is no JSON. */
static const struct apns_reason {
	unsigned status;
	const char *reason;
} usual_reasons[] = {
	{ .status = 400, .reason = "BadDeviceToken" },
	{ .status = 403, .reason = "ExpiredProviderToken" },
	{ .status = 404, .reason = "BadPath" },
	{ .status = 405, .reason = "MethodNotAllowed" },
	{ .status = 410, .reason = "Unregistered" },
	{ .status = 413, .reason = "PayloadTooLarge" },
	{ .status = 429, .reason = "TooManyRequests" },
	{ .status = 500, .reason = "InternalServerError" },
	{ .status = 503, .reason = "ServiceUnavailable" },
	{ .reason = NULL },
};

static const char *const single_headers[] = {
	"authorization", "apns-topic", "apns-push-type", "apns-priority",
	"apns-expiration", "apns-id", "apns-collapse-id", NULL,
};

static const char *const push_types[] = {
	"alert", "background", "complication", "controls", "fileprovider",
	"liveactivity", "location", "mdm", "pushtotalk", "voip", "widgets",
	NULL,
};

/* Apple has no reason for 421 and 425: what is on the way says those. */
static void
fill(struct verdict *verdict, unsigned status, const char *reason)
{
	bool is_foreign;

	for (const struct apns_reason *usual = usual_reasons;
	    reason == NULL && usual->reason != NULL; usual++) {
		if (usual->status == status)
			reason = usual->reason;
	}
	is_foreign = reason == NULL && (status == 421 || status == 425);
	if (reason == NULL)
		reason = status == 200 ? "" : "InternalServerError";
	verdict_init(verdict, status, is_foreign ? "page" : reason);
	if (is_foreign)
		verdict->shape = BODY_HTML;
}

static bool
is_listed(const char *const *list, const char *string)
{
	while (*list != NULL && strcmp(*list, string) != 0)
		list++;
	return *list != NULL;
}

/* Method and path; the device token, or NULL with a verdict. */
static const char *
judge_path(const struct request *request, struct verdict *verdict)
{
	const char *method = request_get_header(request, ":method");
	const char *path = request_get_header(request, ":path");
	const char *token = NULL;

	if (path == NULL || strncmp(path, PATH_DEVICE,
	    strlen(PATH_DEVICE)) != 0)
		fill(verdict, 404, "BadPath");
	else if (path[strlen(PATH_DEVICE)] != '/' &&
	    path[strlen(PATH_DEVICE)] != '\0')
		fill(verdict, 404, "BadPath");
	else if (method == NULL || strcmp(method, "POST") != 0)
		fill(verdict, 405, "MethodNotAllowed");
	else if (path[strlen(PATH_DEVICE)] == '\0')
		token = path + strlen(PATH_DEVICE);
	else
		token = path + strlen(PATH_DEVICE) + 1;
	return token;
}

/* Each request on the connection gets the same answer from now on. */
static void
wedge(struct peer *peer, struct verdict *verdict, unsigned status,
    const char *reason)
{
	peer->wedged_status = status;
	peer->wedged_reason = reason;
	fill(verdict, status, reason);
}

/*
 * Apple counts from when it first saw a token: on this connection, or, for
 * who believes the stricter reading, on any.
 */
static bool
is_update_too_early(struct service_context *context,
    const struct request *request, const struct provider_token *token)
{
	struct token_history *history = context->token_floor_per_key
	    ? &context->token_history : &request->peer->tokens;

	return !token_history_add(history, token, request->at_ms,
	    context->token_floor_s);
}

static const struct provider_token *
find_provider_token(struct service_context *context,
    const struct request *request)
{
	const char *value = request_get_header(request, "authorization");
	const struct provider_token *token = NULL;

	if (value != NULL && strncasecmp(value, "bearer ", 7) == 0)
		token = provider_tokens_verify(context->provider_tokens,
		    value + 7);
	return token;
}

/* The provider token's account, or NULL with a verdict. */
static const struct apns_account *
judge_provider_token(struct service_context *context,
    struct request *request, struct verdict *verdict)
{
	const char *value = request_get_header(request, "authorization");
	const struct provider_token *token = find_provider_token(context,
	    request);
	const struct apns_account *account = NULL;
	struct peer *peer = request->peer;
	int64_t age_s = 0;

	if (token != NULL)
		age_s = request->at_ms / 1000 - token->issued_at_s;
	if (peer->wedged_status != 0) {
		fill(verdict, peer->wedged_status, peer->wedged_reason);
	} else if (value == NULL || strncasecmp(value, "bearer ", 7) != 0) {
		fill(verdict, 403, "MissingProviderToken");
	} else if (token == NULL || age_s < -TOKEN_FUTURE_MAX_S) {
		fill(verdict, 403, "InvalidProviderToken");
	} else if (age_s > TOKEN_AGE_MAX_S) {
		wedge(peer, verdict, 403, "ExpiredProviderToken");
	} else if (peer->team_id != NULL &&
	    strcmp(peer->team_id, token->account->team_id) != 0) {
		fill(verdict, 403, "InvalidProviderToken");
	} else if (is_update_too_early(context, request, token)) {
		wedge(peer, verdict, 429, "TooManyProviderTokenUpdates");
	} else {
		account = token->account;
		peer->team_id = account->team_id;
	}
	if (account != NULL)
		peer->authenticated = true;
	else if (context->limit_falls)
		peer->authenticated = false;
	return account;
}

/*
 * Who sends: a known certificate, on whose connection an authorization is
 * ignored, else a provider token.  NULL with a verdict.
 */
static const struct apns_account *
judge_authorization(struct service_context *context,
    struct request *request, struct verdict *verdict)
{
	const struct apns_account *account = request->peer->account;

	if (account != NULL)
		;
	else if (request->peer->certificate_sha256[0] != '\0' &&
	    request_count_header(request, "authorization") == 0)
		fill(verdict, 403, "BadCertificate");
	else
		account = judge_provider_token(context, request, verdict);
	return account;
}

/* An even number of hexadecimal digits; what they spell is the pushkey. */
static bool
judge_device_token(struct request *request, const char *token,
    struct verdict *verdict)
{
	bool good = false;

	if (*token == '\0') {
		fill(verdict, 400, "MissingDeviceToken");
	} else if (!encoding_decode_hex(&request->text, token,
	    strlen(token))) {
		fill(verdict, 400, "BadDeviceToken");
		text_clear(&request->text);
	} else {
		good = true;
		if (!encoding_is_printable(&request->text))
			text_clear(&request->text);
	}
	return good;
}

static bool
has_duplicates(const struct request *request)
{
	bool found = false;

	for (size_t i = 0; !found && single_headers[i] != NULL; i++)
		found = request_count_header(request, single_headers[i]) > 1;
	return found;
}

/* Priority 10, which is also the default, is an error for `background`. */
static bool
is_priority_good(const char *priority, const char *push_type)
{
	bool good = true;

	if (priority != NULL)
		good = strcmp(priority, "10") == 0 ||
		    strcmp(priority, "5") == 0 || strcmp(priority, "1") == 0;
	if (push_type != NULL && strcmp(push_type, "background") == 0 &&
	    (priority == NULL || strcmp(priority, "10") == 0))
		good = false;
	return good;
}

static bool
is_expiration_good(const char *expiration)
{
	size_t length = expiration != NULL ? strlen(expiration) : 1;

	return expiration == NULL || (length > 0 && length <= 18 &&
	    strspn(expiration, "0123456789") == length);
}

static bool
judge_headers(const struct request *request,
    const struct apns_account *account, struct verdict *verdict)
{
	const char *topic = request_get_header(request, "apns-topic");
	const char *type = request_get_header(request, "apns-push-type");
	const char *id = request_get_header(request, "apns-id");
	const char *collapse = request_get_header(request,
	    "apns-collapse-id");
	bool good = false;

	if (topic == NULL && account->certificate_sha256 != NULL &&
	    json_object_array_length(account->topics) == 1)
		topic = json_object_get_string(json_object_array_get_idx(
		    account->topics, 0));
	if (topic == NULL || *topic == '\0')
		fill(verdict, 400, "MissingTopic");
	else if (!apns_account_has_topic(account, topic))
		fill(verdict, 400, "TopicDisallowed");
	else if (type != NULL && !is_listed(push_types, type))
		fill(verdict, 400, "InvalidPushType");
	else if (!is_priority_good(request_get_header(request,
	    "apns-priority"), type))
		fill(verdict, 400, "BadPriority");
	else if (!is_expiration_good(request_get_header(request,
	    "apns-expiration")))
		fill(verdict, 400, "BadExpirationDate");
	else if (id != NULL && !encoding_is_uuid(id))
		fill(verdict, 400, "BadMessageId");
	else if (collapse != NULL && (*collapse == '\0' ||
	    strlen(collapse) > COLLAPSE_ID_MAX))
		fill(verdict, 400, "BadCollapseId");
	else
		good = true;
	return good;
}

static bool
judge_payload(struct request *request, struct verdict *verdict)
{
	const char *type = request_get_header(request, "apns-push-type");
	size_t limit = type != NULL && strcmp(type, "voip") == 0
	    ? PAYLOAD_VOIP_MAX : PAYLOAD_MAX;
	struct json_object *payload = request_get_json(request);
	struct json_object *aps;
	bool good = false;

	if (request->body_size == 0)
		fill(verdict, 400, "PayloadEmpty");
	else if (request->body_size > limit)
		fill(verdict, 413, "PayloadTooLarge");
	else if (!json_object_is_type(payload, json_type_object) ||
	    !json_object_object_get_ex(payload, "aps", &aps) ||
	    !json_object_is_type(aps, json_type_object))
		fill(verdict, 400, "BadPayload");
	else
		good = true;
	return good;
}

static void
judge(struct service_context *context, struct request *request,
    struct verdict *verdict)
{
	const char *token = judge_path(request, verdict);
	const struct apns_account *account = NULL;

	if (token == NULL)
		;	/* judge_path has said it */
	else if (has_duplicates(request))
		fill(verdict, 400, "DuplicateHeaders");
	else
		account = judge_authorization(context, request, verdict);
	if (account != NULL && judge_device_token(request, token, verdict) &&
	    judge_headers(request, account, verdict) &&
	    judge_payload(request, verdict))
		fill(verdict, 200, NULL);
}

/* Whether the phone shows the message in the place of a former one. */
static void
note_collapse(struct service_context *context, struct request *request)
{
	const char *id = request_get_header(request, "apns-collapse-id");
	const char *topic = request_get_header(request, "apns-topic");
	struct json_object *shown = context->collapsed;
	struct text key;

	if (id != NULL) {
		text_init(&key, REQUEST_BODY_MAX);
		text_add_format(&key, "%s %s %s",
		    request_get_header(request, ":path"),
		    topic != NULL ? topic : "", id);
		request_note(request, "replaces", json_object_new_boolean(
		    json_object_object_get_ex(shown, text_string(&key),
		    NULL)));
		if (json_object_object_length(shown) < COLLAPSED_MAX)
			json_object_object_add(shown, text_string(&key),
			    json_object_new_boolean(1));
		text_clear(&key);
	}
}

/* A success has no body, and neither has a content-length. */
static void
compose(struct service_context *context, struct request *request,
    const struct verdict *verdict)
{
	const char *id = request_get_header(request, "apns-id");
	struct answer *answer = &request->answer;
	struct json_object *body;
	int64_t timestamp_ms = verdict->timestamp_ms;
	char made[37];

	if (verdict->status == 200)
		note_collapse(context, request);
	if (id == NULL || !encoding_is_uuid(id)) {
		encoding_make_uuid(made);
		id = made;
	}
	answer_add_header(answer, "apns-id", id);
	answer->content_type = "application/json";
	if (verdict->status != 200) {
		body = json_object_new_object();
		json_object_object_add(body, "reason",
		    json_object_new_string(verdict->reason));
		if (verdict->status == 410)
			json_object_object_add(body, "timestamp",
			    json_object_new_int64(timestamp_ms >= 0
			    ? timestamp_ms : clock_now_ms()));
		text_add_string(&answer->body, json_object_to_json_string_ext(
		    body, JSON_C_TO_STRING_PLAIN));
		json_object_put(body);
	}
}

const struct service service_apns = {
	.max_streams = 1000,
	.streams_before_auth = 1,
	.wants_certificate = true,
	.goaway_data = "{\"reason\":\"Shutdown\"}",
	.judge = judge,
	.fill = fill,
	.compose = compose,
};
