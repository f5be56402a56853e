/* SPDX-License-Identifier: Apache-2.0 */
#include "encoding.h"
#include "webpush.h"

/* Its `reason` alone, as at APNs; those of web push are seen on the wire. */
static const struct webpush_error errors[] = {
	[WEBPUSH_BAD_PATH] = { .status = 404, .reason = "BadPath" },
	[WEBPUSH_BAD_METHOD] = { .status = 405,
	    .reason = "MethodNotAllowed" },
	[WEBPUSH_NO_TTL] = { .status = 400, .reason = "BadTtl" },
	[WEBPUSH_BAD_TTL] = { .status = 400, .reason = "BadTtl" },
	[WEBPUSH_BAD_URGENCY] = { .status = 400, .reason = "BadUrgency" },
	[WEBPUSH_BAD_TOPIC] = { .status = 400, .reason = "BadWebPushTopic" },
	[WEBPUSH_BAD_ENCODING] = { .status = 400,
	    .reason = "BadWebPushRequest" },
	[WEBPUSH_NO_VAPID] = { .status = 403, .reason = "BadJwtToken" },
	[WEBPUSH_BAD_VAPID] = { .status = 403, .reason = "BadJwtToken" },
	[WEBPUSH_BAD_KEY] = { .status = 403, .reason = "BadVapidPublicKey" },
	[WEBPUSH_BAD_TOKEN] = { .status = 403, .reason = "BadJwtToken" },
	[WEBPUSH_OTHER_KEY] = { .status = 400,
	    .reason = "VapidPkHashMismatch" },
	[WEBPUSH_TOO_LARGE] = { .status = 413, .reason = "PayloadTooLarge" },
	[WEBPUSH_UNDECRYPTABLE] = { .status = 400,
	    .reason = "Undecryptable" },
	[WEBPUSH__MAX] = { .status = 403, .reason = "VapidPkHashMismatch" },
	{ .status = 410, .reason = "Unregistered" },
	{ .status = 410, .reason = "ExpiredToken" },
	{ .status = 429, .reason = "TooManyRequests" },
	{ .status = 500, .reason = "InternalServerError" },
	{ .status = 503, .reason = "ServiceUnavailable" },
	{ .status = 0, .reason = "" },
};

static const char *const paths[] = { "/", NULL };

static const struct webpush_flavour flavour = {
	.errors = errors,
	.paths = paths,
	.wants_vapid = true,
	.wants_public_subject = true,
	.decodes_topic = true,
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
compose(struct service_context *context, struct request *request,
    const struct verdict *verdict)
{
	struct answer *answer = &request->answer;
	char id[37];

	(void)context;
	encoding_make_uuid(id);
	answer_add_header(answer, "apns-id", id);
	answer->content_type = "application/json";
	if (verdict->status < 300)
		webpush_add_receipt(request);
	else
		text_add_format(&answer->body, "{\"reason\":\"%s\"}",
		    verdict->reason);
}

const struct service service_webpush_apple = {
	.max_streams = 100,
	.speaks_http1 = true,
	.goaway_data = "{\"reason\":\"Shutdown\"}",
	.judge = judge,
	.fill = fill,
	.compose = compose,
};
