/* SPDX-License-Identifier: Apache-2.0 */
#include "webpush.h"

/* No bodies; the words are a header.  Too many are 406, not 429. */
static const struct webpush_error errors[] = {
	[WEBPUSH_BAD_PATH] = { .status = 404, .reason = "ChannelNotFound",
	    .words = "The channel URI is not valid or is not recognized by "
	    "WNS." },
	[WEBPUSH_BAD_METHOD] = { .status = 405,
	    .reason = "MethodNotAllowed", .words = "Invalid method." },
	[WEBPUSH_NO_TTL] = { .status = 400, .reason = "MissingTtl",
	    .words = "Ttl value is missing." },
	[WEBPUSH_BAD_TTL] = { .status = 400, .reason = "CachePolicy",
	    .words = "Ttl value conflicts with X-WNS-Cache-Policy." },
	[WEBPUSH_BAD_URGENCY] = { .status = 400, .reason = "Urgency",
	    .words = "Urgency value is not valid." },
	[WEBPUSH_BAD_TOPIC] = { .status = 400, .reason = "Topic",
	    .words = "Topic value is not valid." },
	[WEBPUSH_BAD_ENCODING] = { .status = 400,
	    .reason = "ContentEncoding",
	    .words = "Content-Encoding value is not valid." },
	[WEBPUSH_NO_VAPID] = { .status = 401, .reason = "Unauthorized",
	    .words = "The cloud service did not present a valid "
	    "authentication ticket." },
	[WEBPUSH_BAD_VAPID] = { .status = 401, .reason = "Unauthorized",
	    .words = "Invalid authentication header." },
	[WEBPUSH_BAD_KEY] = { .status = 401, .reason = "Unauthorized",
	    .words = "Invalid public key." },
	[WEBPUSH_BAD_TOKEN] = { .status = 401, .reason = "Unauthorized",
	    .words = "Invalid JWT token." },
	[WEBPUSH_OTHER_KEY] = { .status = 403, .reason = "Forbidden",
	    .words = "The cloud service is not authorized to send a "
	    "notification to this URI." },
	[WEBPUSH_TOO_LARGE] = { .status = 413, .reason = "TooLarge",
	    .words = "The notification payload exceeds the size limit." },
	[WEBPUSH_UNDECRYPTABLE] = { .status = 400,
	    .reason = "Undecryptable", .words = "Undecryptable" },
	[WEBPUSH__MAX] = { .status = 406, .reason = "Throttled",
	    .words = "The cloud service exceeded its throttle limit." },
	{ .status = 410, .reason = "ChannelExpired",
	    .words = "The channel expired." },
	{ .status = 500, .reason = "Internal",
	    .words = "An internal failure caused notification delivery to "
	    "fail." },
	{ .status = 503, .reason = "Unavailable",
	    .words = "The server is currently unavailable." },
	{ .status = 0, .reason = "" },
};

static const char *const paths[] = { "/w/?token=", NULL };

static const struct webpush_flavour flavour = {
	.errors = errors,
	.paths = paths,
	.wants_vapid = true,
	.checks_cache_policy = true,
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
	bool good = verdict->status < 300;

	(void)context;
	answer->content_type = "text/plain";
	if (good)
		webpush_add_receipt(request);
	else
		answer_add_header(answer, "x-wns-error-description",
		    verdict->message);
	answer_add_header(answer, "x-wns-status",
	    good ? "received" : "dropped");
	answer_add_header(answer, "x-wns-notificationstatus",
	    good ? "received" : "dropped");
}

const struct service service_webpush_microsoft = {
	.max_streams = 100,
	.speaks_http1 = true,
	.goaway_data = "",
	.judge = judge,
	.fill = fill,
	.compose = compose,
};
