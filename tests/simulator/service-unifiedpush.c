/* SPDX-License-Identifier: Apache-2.0 */
#include <json-c/json.h>

#include <string.h>
#include <strings.h>

#include "webpush.h"

/*
 * A distributor's server.  There are many, and the specification fixes
 * statuses alone; the words are as ntfy has them, in JSON.
 */
static const struct webpush_error errors[] = {
	[WEBPUSH_BAD_PATH] = { .status = 404, .number = 40401,
	    .reason = "NotFound", .words = "page not found" },
	[WEBPUSH_BAD_METHOD] = { .status = 405, .number = 40501,
	    .reason = "MethodNotAllowed", .words = "method not allowed" },
	[WEBPUSH_NO_TTL] = { .status = 400, .number = 40001,
	    .reason = "MissingTtl", .words = "invalid request: TTL missing" },
	[WEBPUSH_BAD_TTL] = { .status = 400, .number = 40001,
	    .reason = "InvalidTtl", .words = "invalid request: TTL" },
	[WEBPUSH_BAD_URGENCY] = { .status = 400, .number = 40001,
	    .reason = "InvalidUrgency",
	    .words = "invalid request: Urgency" },
	[WEBPUSH_BAD_TOPIC] = { .status = 400, .number = 40001,
	    .reason = "InvalidTopic", .words = "invalid request: Topic" },
	[WEBPUSH_BAD_ENCODING] = { .status = 400, .number = 40001,
	    .reason = "InvalidEncoding",
	    .words = "invalid request: neither aes128gcm nor JSON" },
	[WEBPUSH_NO_VAPID] = { .status = 401, .number = 40101,
	    .reason = "Unauthorized", .words = "unauthorized" },
	[WEBPUSH_BAD_VAPID] = { .status = 401, .number = 40101,
	    .reason = "Unauthorized", .words = "unauthorized" },
	[WEBPUSH_BAD_KEY] = { .status = 401, .number = 40101,
	    .reason = "Unauthorized", .words = "unauthorized" },
	[WEBPUSH_BAD_TOKEN] = { .status = 401, .number = 40101,
	    .reason = "Unauthorized", .words = "unauthorized" },
	[WEBPUSH_OTHER_KEY] = { .status = 403, .number = 40301,
	    .reason = "Forbidden", .words = "forbidden" },
	[WEBPUSH_TOO_LARGE] = { .status = 413, .number = 41303,
	    .reason = "TooLarge", .words = "message too large" },
	[WEBPUSH_UNDECRYPTABLE] = { .status = 400, .number = 40001,
	    .reason = "Undecryptable", .words = "Undecryptable" },
	[WEBPUSH__MAX] = { .status = 400, .number = 40017,
	    .reason = "InvalidJson",
	    .words = "invalid request: request body must be message JSON" },
	{ .status = 410, .number = 41001, .reason = "Gone",
	    .words = "gone" },
	{ .status = 429, .number = 42901, .reason = "TooManyRequests",
	    .words = "limit reached: too many requests" },
	{ .status = 500, .number = 50001, .reason = "Internal",
	    .words = "internal server error" },
	{ .status = 502, .reason = "BadGateway", .words = "bad gateway" },
	{ .status = 503, .reason = "Unavailable",
	    .words = "service unavailable" },
	{ .status = 507, .number = 50701, .reason = "NoSubscriber",
	    .words = "cannot publish to UnifiedPush topic without previously "
	    "active subscriber" },
	{ .status = 0, .reason = "" },
};

static const char *const paths[] = { "/up/", NULL };

static const struct webpush_flavour flavour = {
	.errors = errors,
	.paths = paths,
};

/* Absent, or of its type, which null is not. */
static bool
is_member_good(struct json_object *notification, const char *name,
    enum json_type type)
{
	struct json_object *value;

	return !json_object_object_get_ex(notification, name, &value) ||
	    json_object_is_type(value, type);
}

/* The Matrix push gateway API's notification, with no devices in it. */
static bool
is_matrix_good(struct json_object *body)
{
	struct json_object *notification;
	struct json_object *devices;

	return json_object_is_type(body, json_type_object) &&
	    json_object_object_length(body) == 1 &&
	    json_object_object_get_ex(body, "notification", &notification) &&
	    json_object_is_type(notification, json_type_object) &&
	    json_object_object_get_ex(notification, "devices", &devices) &&
	    json_object_is_type(devices, json_type_array) &&
	    json_object_array_length(devices) == 0 &&
	    is_member_good(notification, "event_id", json_type_string) &&
	    is_member_good(notification, "room_id", json_type_string) &&
	    is_member_good(notification, "prio", json_type_string) &&
	    is_member_good(notification, "counts", json_type_object);
}

/* What old distributors pass on to their apps as it is. */
static void
judge_plain(struct request *request, struct verdict *verdict)
{
	static const char json[] = "application/json";
	const char *type = request_get_header(request, "content-type");

	if (!webpush_judge_path(request, &flavour, verdict))
		;	/* webpush_judge_path has said it */
	else if (request->body_size > WEBPUSH_BODY_MAX)
		webpush_refuse(verdict, &flavour, WEBPUSH_TOO_LARGE);
	else if (type == NULL ||
	    strncasecmp(type, json, strlen(json)) != 0)
		webpush_refuse(verdict, &flavour, WEBPUSH_BAD_ENCODING);
	else if (!is_matrix_good(request_get_json(request)))
		webpush_fill(verdict, &flavour, 400, "InvalidJson");
	else
		verdict_init(verdict, 200, "");
}

static void
judge(struct service_context *context, struct request *request,
    struct verdict *verdict)
{
	if (request_get_header(request, "content-encoding") != NULL)
		webpush_judge(context, request, &flavour, verdict);
	else
		judge_plain(request, verdict);
}

static void
fill(struct verdict *verdict, unsigned status, const char *reason)
{
	webpush_fill(verdict, &flavour, status, reason);
}

static void
compose(struct service_context *context, struct request *request,
    const struct verdict *verdict)
{
	struct answer *answer = &request->answer;

	(void)context;
	answer->content_type = "application/json";
	if (verdict->status < 300)
		webpush_add_receipt(request);
	else
		text_add_format(&answer->body,
		    "{\"code\":%d,\"http\":%u,\"error\":\"%s\"}\n",
		    verdict->number, verdict->status, verdict->message);
}

const struct service service_unifiedpush = {
	.max_streams = 100,
	.speaks_http1 = true,
	.goaway_data = "",
	.judge = judge,
	.fill = fill,
	.compose = compose,
};
