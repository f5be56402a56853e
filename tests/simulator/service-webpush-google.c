/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "webpush.h"

/* Plain text; but a key that is not the subscription's may get a page. */
static const struct webpush_error errors[] = {
	[WEBPUSH_BAD_PATH] = { .status = 404, .reason = "NotFound",
	    .words = "A valid push subscription endpoint should be specified "
	    "in the URL as such: https://fcm.googleapis.com/wp/dHIoDxE7Hdg:"
	    "APA91bH1Zj0kNa" },
	[WEBPUSH_BAD_METHOD] = { .status = 405,
	    .reason = "MethodNotAllowed", .words = "Method not allowed" },
	[WEBPUSH_NO_TTL] = { .status = 400, .reason = "MissingTtl",
	    .words = "the TTL header is missing or is not a number" },
	[WEBPUSH_BAD_TTL] = { .status = 400, .reason = "InvalidTtl",
	    .words = "the TTL header is missing or is not a number" },
	[WEBPUSH_BAD_URGENCY] = { .status = 400, .reason = "InvalidUrgency",
	    .words = "the urgency header has an invalid value" },
	[WEBPUSH_BAD_TOPIC] = { .status = 400, .reason = "InvalidTopic",
	    .words = "the topic header has an invalid value" },
	[WEBPUSH_BAD_ENCODING] = { .status = 400,
	    .reason = "InvalidEncoding",
	    .words = "content-encoding must be aesgcm or aes128gcm" },
	[WEBPUSH_NO_VAPID] = { .status = 401, .reason = "Unauthorized",
	    .words = "authorization header must be specified." },
	[WEBPUSH_BAD_VAPID] = { .status = 401, .reason = "Unauthorized",
	    .words = "authorization header had invalid format. authorization "
	    "header should have the following format: t=jwtToken; "
	    "k=base64(publicApplicationServerKey)" },
	[WEBPUSH_BAD_KEY] = { .status = 401, .reason = "Unauthorized",
	    .words = "the key in the authorization header is invalid." },
	[WEBPUSH_BAD_TOKEN] = { .status = 403, .reason = "InvalidJwt",
	    .words = "invalid JWT provided" },
	[WEBPUSH_OTHER_KEY] = { .status = 403, .reason = "VapidMismatch",
	    .words = "the VAPID credentials in the authorization header do "
	    "not correspond to the credentials used to create the "
	    "subscriptions." },
	[WEBPUSH_TOO_LARGE] = { .status = 413, .reason = "PayloadTooLarge",
	    .words = "the payload is larger than 4096 bytes" },
	[WEBPUSH_UNDECRYPTABLE] = { .status = 400,
	    .reason = "Undecryptable", .words = "Undecryptable" },
	[WEBPUSH__MAX] = { .status = 400,
	    .reason = "UnauthorizedRegistration",
	    .words = "<HTML>\n<HEAD>\n<TITLE>UnauthorizedRegistration"
	    "</TITLE>\n</HEAD>\n<BODY BGCOLOR=\"#FFFFFF\" TEXT=\"#000000\">\n"
	    "<H1>UnauthorizedRegistration</H1>\n<H2>Error 400</H2>\n</BODY>\n"
	    "</HTML>" },
	{ .status = 403, .reason = "SenderId",
	    .words = "the key in the authorization header does not "
	    "correspond to the sender ID used to subscribe this user. Please "
	    "ensure you are using the correct sender ID and server Key from "
	    "the Firebase console." },
	{ .status = 410, .reason = "Unsubscribed",
	    .words = "push subscription has unsubscribed or expired." },
	{ .status = 429, .reason = "QuotaExceeded",
	    .words = "quota exceeded" },
	{ .status = 500, .reason = "Internal", .words = "internal error" },
	{ .status = 503, .reason = "Unavailable",
	    .words = "service unavailable" },
	{ .status = 0, .reason = "" },
};

static const char *const paths[] = { "/fcm/send/", "/wp/", NULL };

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
compose(struct service_context *context, struct request *request,
    const struct verdict *verdict)
{
	struct answer *answer = &request->answer;

	(void)context;
	answer->content_type = verdict->message[0] == '<'
	    ? "text/html; charset=UTF-8" : "text/plain; charset=utf-8";
	if (verdict->status < 300)
		webpush_add_receipt(request);
	else
		text_add_format(&answer->body, "%s\n", verdict->message);
}

const struct service service_webpush_google = {
	.max_streams = 100,
	.speaks_http1 = true,
	.goaway_data = "session_timeout",
	.judge = judge,
	.fill = fill,
	.compose = compose,
};
