/* SPDX-License-Identifier: Apache-2.0 */
#include <json-c/json.h>

#include "http-status.h"
#include "webpush.h"

#define MORE_INFO \
    "http://autopush.readthedocs.io/en/latest/http.html#error-codes"

/* The numbers are those of autopush's documentation, "Error Codes". */
static const struct webpush_error errors[] = {
	[WEBPUSH_BAD_PATH] = { .status = 404, .number = 102,
	    .reason = "errno102", .words = "Invalid token" },
	[WEBPUSH_BAD_METHOD] = { .status = 405,
	    .reason = "MethodNotAllowed", .words = "Method not allowed" },
	[WEBPUSH_NO_TTL] = { .status = 400, .number = 111,
	    .reason = "errno111", .words = "Missing TTL value" },
	[WEBPUSH_BAD_TTL] = { .status = 400, .number = 112,
	    .reason = "errno112", .words = "Invalid TTL header value" },
	[WEBPUSH_BAD_URGENCY] = { .status = 400, .number = 0,
	    .reason = "Urgency", .words = "Invalid Urgency header value" },
	[WEBPUSH_BAD_TOPIC] = { .status = 400, .number = 113,
	    .reason = "errno113", .words = "Topic must be no greater than 32 "
	    "characters" },
	[WEBPUSH_BAD_ENCODING] = { .status = 400, .number = 110,
	    .reason = "errno110",
	    .words = "Unknown Content-Encoding header" },
	[WEBPUSH_NO_VAPID] = { .status = 401, .number = 109,
	    .reason = "errno109", .words = "Missing VAPID token" },
	[WEBPUSH_BAD_VAPID] = { .status = 401, .number = 109,
	    .reason = "errno109", .words = "Request did not validate Invalid "
	    "Authorization Header" },
	[WEBPUSH_BAD_KEY] = { .status = 401, .number = 109,
	    .reason = "errno109", .words = "VAPID public key is invalid" },
	[WEBPUSH_BAD_TOKEN] = { .status = 401, .number = 109,
	    .reason = "errno109", .words = "Request did not validate Invalid "
	    "bearer token: Auth expired" },
	[WEBPUSH_OTHER_KEY] = { .status = 401, .number = 109,
	    .reason = "mismatch", .words = "VAPID public key mismatch" },
	[WEBPUSH_TOO_LARGE] = { .status = 413, .number = 104,
	    .reason = "errno104",
	    .words = "This message is intended for a constrained device and "
	    "is limited in size" },
	[WEBPUSH_UNDECRYPTABLE] = { .status = 400, .number = 0,
	    .reason = "Undecryptable", .words = "Undecryptable" },
	[WEBPUSH__MAX] = { .status = 400, .number = 101,
	    .reason = "errno101", .words = "Missing necessary crypto keys" },
	{ .status = 400, .number = 108, .reason = "errno108",
	    .words = "Invalid router type" },
	{ .status = 410, .number = 106, .reason = "errno106",
	    .words = "No such subscription" },
	{ .status = 410, .number = 103, .reason = "errno103",
	    .words = "UAID not found" },
	{ .status = 410, .number = 105, .reason = "errno105",
	    .words = "Endpoint became unavailable during request" },
	{ .status = 429, .reason = "TooManyRequests",
	    .words = "Too many requests" },
	{ .status = 500, .number = 999, .reason = "errno999",
	    .words = "Unknown error" },
	{ .status = 502, .reason = "BridgeError",
	    .words = "Bridge is unavailable" },
	{ .status = 503, .number = 201, .reason = "errno201",
	    .words = "Use exponential back-off" },
	{ .status = 503, .number = 202, .reason = "errno202",
	    .words = "Immediate retry is fine" },
	{ .status = 0, .reason = "" },
};

static const char *const paths[] = { "/wpush/v2/", NULL };

static const struct webpush_flavour flavour = {
	.errors = errors,
	.paths = paths,
	.wants_vapid = true,
};

static void
judge(struct service_context *context, struct request *request,
    struct verdict *verdict)
{
	webpush_judge(context, request, &flavour, verdict);
}

static void
fill(struct verdict *verdict, unsigned status, const char *reason)
{
	webpush_fill(verdict, &flavour, status, reason);
}

static void
compose_error(struct answer *answer, const struct verdict *verdict)
{
	struct json_object *body = json_object_new_object();

	json_object_object_add(body, "code",
	    json_object_new_int((int)verdict->status));
	json_object_object_add(body, "errno", verdict->number != 0
	    ? json_object_new_int(verdict->number) : NULL);
	json_object_object_add(body, "error", json_object_new_string(
	    http_status_get_phrase(verdict->status)));
	json_object_object_add(body, "message",
	    json_object_new_string(verdict->message));
	json_object_object_add(body, "more_info",
	    json_object_new_string(MORE_INFO));
	text_add_string(&answer->body, json_object_to_json_string_ext(body,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(body);
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
		compose_error(answer, verdict);
	if (verdict->status == 410)
		answer_add_header(answer, "cache-control", "max-age=86400");
	else if (verdict->status == 503 && verdict->retry_after_s < 0)
		answer_add_header(answer, "retry-after", "120");
}

const struct service service_webpush_mozilla = {
	.max_streams = 100,
	.speaks_http1 = true,
	.goaway_data = "",
	.judge = judge,
	.fill = fill,
	.compose = compose,
};
