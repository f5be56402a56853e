/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources: Apple, "Handling notification responses from APNs"; Firebase,
 * "ErrorCode" and "Best practices when sending FCM messages at scale"; Huawei,
 * "Response Codes" of Push Kit's server; RFC 8030, RFC 8292, and what Apple,
 * Google, Microsoft and Mozilla say of their push services, ntfy of its own;
 * doc/contract.md, "Verdicts".
 */
#include "answers.h"

#include <string.h>

#define APNS(code, word) .provider = "apns", .status = code, \
    .body = "{\"reason\":\"" word "\"}"
#define FCM(code, state, error) .provider = "fcm", .status = code, \
    .body = "{\"error\":{\"code\":400,\"message\":\"Die \u00dcbergabe " \
    "schlug fehl.\",\"status\":\"" state "\",\"details\":[{\"@type\":" \
    "\"type.googleapis.com/google.firebase.fcm.v1.FcmError\"," \
    "\"errorCode\":\"" error "\"}]}}"
/* Without a word of FCM's own. */
#define GOOGLE(code, state) .provider = "fcm", .status = code, \
    .body = "{\"error\":{\"code\":400,\"status\":\"" state "\"}}"
#define HMS(http, code, words) .provider = "hms", .status = http, \
    .body = "{\"code\":\"" code "\",\"msg\":\"" words "\"," \
    "\"requestId\":\"1\"}"
#define HMS_3(http, code, words) .provider = "hms-3", .status = http, \
    .body = "{\"code\":\"" code "\",\"msg\":\"" words "\"," \
    "\"requestId\":\"1\"}"
#define WEB(code, words) .provider = "webpush", .status = code, \
    .body = words
#define PAGE "<html><body>Bitte melden Sie sich an.</body></html>"

static const struct answer answers[] = {
	/* --- APNs --- */
	{ .provider = "apns", .status = 200, .meaning = MEANS_DELIVERED },
	{ APNS(410, "Unregistered"), .meaning = MEANS_REJECTED },
	{ APNS(400, "BadDeviceToken"), .meaning = MEANS_REJECTED,
	    .suspicious = true },
	{ APNS(503, "ServiceUnavailable"), .meaning = MEANS_LATER,
	    .trouble = true, .retry = ANSWERS_PAUSE },
	{ APNS(403, "ExpiredProviderToken"), .meaning = MEANS_LATER,
	    .trouble = true, .retry = ANSWERS_TOKEN },
	{ APNS(410, "ExpiredToken"), .meaning = MEANS_REJECTED },
	{ .provider = "apns", .status = 410, .body =
	    "{\"reason\":\"Unregistered\",\"timestamp\":1700000000000,"
	    "\"note\":\"\u00fc\"}", .meaning = MEANS_REJECTED,
	    .dead_s = 1700000000 },
	{ .provider = "apns", .status = 410, .body =
	    "{\"reason\":\"ExpiredToken\",\"timestamp\":1700000000000}",
	    .meaning = MEANS_REJECTED, .dead_s = 1700000000 },
	{ APNS(400, "DeviceTokenNotForTopic"), .meaning = MEANS_REJECTED,
	    .suspicious = true },
	{ APNS(400, "BadCollapseId"), .meaning = MEANS_FAILED },
	{ APNS(400, "BadPriority"), .meaning = MEANS_FAILED },
	{ APNS(400, "PayloadEmpty"), .meaning = MEANS_FAILED },
	{ APNS(400, "NobodyKnowsThis"), .meaning = MEANS_FAILED },
	{ APNS(400, "BadTopic"), .meaning = MEANS_LATER },
	{ APNS(400, "TopicDisallowed"), .meaning = MEANS_LATER },
	{ APNS(400, "IdleTimeout"), .meaning = MEANS_LATER, .trouble = true,
	    .retry = ANSWERS_AGAIN },
	{ APNS(403, "BadCertificate"), .meaning = MEANS_LATER },
	{ APNS(403, "Forbidden"), .meaning = MEANS_LATER },
	{ APNS(403, "InvalidProviderToken"), .meaning = MEANS_LATER },
	{ APNS(403, "UnrelatedKeyIdInToken"), .meaning = MEANS_LATER,
	    .trouble = true, .retry = ANSWERS_AGAIN },
	{ APNS(404, "BadPath"), .meaning = MEANS_FAILED },
	{ APNS(405, "MethodNotAllowed"), .meaning = MEANS_FAILED },
	{ APNS(413, "PayloadTooLarge"), .meaning = MEANS_FAILED,
	    .retry = ANSWERS_SHORTER },
	{ .provider = "apns", .status = 413, .body = PAGE,
	    .meaning = MEANS_LATER },
	{ .provider = "apns", .status = 421, .body = PAGE,
	    .meaning = MEANS_LATER, .trouble = true, .retry = ANSWERS_AGAIN },
	{ .provider = "apns", .status = 425, .meaning = MEANS_LATER },
	{ APNS(400, "ExpiredToken"), .meaning = MEANS_REJECTED },
	{ APNS(429, "TooManyRequests"), .meaning = MEANS_LATER },
	{ APNS(429, "TooManyProviderTokenUpdates"), .meaning = MEANS_LATER,
	    .trouble = true, .retry = ANSWERS_TOKEN },
	{ APNS(500, "InternalServerError"), .meaning = MEANS_LATER,
	    .trouble = true, .retry = ANSWERS_PAUSE },
	{ APNS(503, "Shutdown"), .meaning = MEANS_LATER, .trouble = true,
	    .retry = ANSWERS_AGAIN },
	{ .provider = "apns", .status = 410, .body = "{\"reason\":\"Unreg",
	    .meaning = MEANS_LATER },
	{ .provider = "apns", .status = 400, .body = PAGE,
	    .meaning = MEANS_LATER },
	{ .provider = "apns", .status = 404, .body = PAGE,
	    .meaning = MEANS_LATER },
	{ .provider = "apns", .status = 502, .body = PAGE,
	    .meaning = MEANS_LATER, .trouble = true,
	    .retry = ANSWERS_PAUSE },
	{ .provider = "apns", .status = 200, .body = PAGE,
	    .meaning = MEANS_LATER },
	{ .provider = "apns", .status = 302, .body = PAGE,
	    .meaning = MEANS_LATER },
	{ .provider = "apns", .status = 407, .meaning = MEANS_LATER },
	{ .provider = "apns", .status = 408, .meaning = MEANS_LATER,
	    .retry = ANSWERS_PAUSE },
	{ APNS(400, "BadExpirationDate"), .meaning = MEANS_FAILED },
	{ APNS(400, "BadMessageId"), .meaning = MEANS_FAILED },
	{ APNS(400, "DuplicateHeaders"), .meaning = MEANS_FAILED },
	{ APNS(400, "InvalidPushType"), .meaning = MEANS_FAILED },
	{ APNS(400, "MissingDeviceToken"), .meaning = MEANS_FAILED },
	{ APNS(400, "MissingTopic"), .meaning = MEANS_FAILED },
	{ APNS(403, "BadCertificateEnvironment"), .meaning = MEANS_LATER },
	{ APNS(403, "BadEnvironmentKeyIdInToken"), .meaning = MEANS_LATER },
	{ APNS(403, "BadEnvironmentKeyInToken"), .meaning = MEANS_LATER },
	{ APNS(403, "MissingProviderToken"), .meaning = MEANS_LATER },
	{ .provider = "apns", .status = 401, .meaning = MEANS_LATER },
	{ .provider = "apns", .status = 403, .body = PAGE,
	    .meaning = MEANS_LATER },
	{ APNS(413, "NobodyKnowsThis"), .meaning = MEANS_FAILED,
	    .retry = ANSWERS_SHORTER },
	{ .provider = "apns", .status = 429, .body = PAGE,
	    .meaning = MEANS_LATER, .retry = ANSWERS_IF_TOLD },

	/* --- FCM --- */
	{ .provider = "fcm", .status = 200,
	    .body = "{\"name\":\"projects/p/messages/0:\u00fc\"}",
	    .meaning = MEANS_DELIVERED },
	{ FCM(404, "NOT_FOUND", "UNREGISTERED"), .meaning = MEANS_REJECTED },
	{ FCM(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"),
	    .meaning = MEANS_REJECTED, .suspicious = true },
	{ FCM(503, "UNAVAILABLE", "UNAVAILABLE"), .meaning = MEANS_LATER,
	    .trouble = true, .retry = ANSWERS_PAUSE },
	{ GOOGLE(401, "UNAUTHENTICATED"), .meaning = MEANS_LATER,
	    .retry = ANSWERS_TOKEN },
	{ FCM(400, "INVALID_ARGUMENT", "UNREGISTERED"),
	    .meaning = MEANS_REJECTED },
	{ FCM(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"),
	    .meaning = MEANS_FAILED },
	{ FCM(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"),
	    .meaning = MEANS_LATER },
	{ .provider = "fcm", .status = 400, .body = "{\"error\":{\"code\":400,"
	    "\"status\":\"INVALID_ARGUMENT\",\"details\":[{\"@type\":"
	    "\"type.googleapis.com/google.rpc.BadRequest\","
	    "\"fieldViolations\":[{\"field\":\"message.token\"}]}]}}",
	    .meaning = MEANS_REJECTED, .suspicious = true },
	{ .provider = "fcm", .status = 400, .body = "{\"error\":{\"code\":400,"
	    "\"status\":\"INVALID_ARGUMENT\",\"details\":[{\"@type\":"
	    "\"type.googleapis.com/google.rpc.BadRequest\","
	    "\"fieldViolations\":[{\"field\":\"message.data[0]\"}]}]}}",
	    .meaning = MEANS_FAILED },
	{ .provider = "fcm", .status = 400, .body = "{\"error\":{\"code\":400,"
	    "\"message\":\"Android message is too big\","
	    "\"status\":\"INVALID_ARGUMENT\"}}", .meaning = MEANS_FAILED,
	    .retry = ANSWERS_SHORTER },
	{ .provider = "fcm", .status = 413, .body = PAGE,
	    .meaning = MEANS_LATER },
	{ .provider = "fcm", .status = 421, .body = PAGE,
	    .meaning = MEANS_LATER, .trouble = true, .retry = ANSWERS_AGAIN },
	{ .provider = "fcm", .status = 425, .meaning = MEANS_LATER },
	{ GOOGLE(403, "PERMISSION_DENIED"), .meaning = MEANS_LATER },
	{ GOOGLE(404, "NOT_FOUND"), .meaning = MEANS_LATER },
	{ .provider = "fcm", .status = 404, .body = PAGE,
	    .meaning = MEANS_LATER },
	{ FCM(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"),
	    .meaning = MEANS_LATER, .retry = ANSWERS_IF_TOLD },
	{ FCM(500, "INTERNAL", "INTERNAL"), .meaning = MEANS_LATER,
	    .trouble = true, .retry = ANSWERS_PAUSE },
	{ .provider = "fcm", .status = 502, .body = PAGE,
	    .meaning = MEANS_LATER, .trouble = true,
	    .retry = ANSWERS_PAUSE },
	{ .provider = "fcm", .status = 200, .body = PAGE,
	    .meaning = MEANS_LATER },
	{ .provider = "fcm", .status = 400, .body = "{\"error\":{\"code\":4",
	    .meaning = MEANS_LATER },
	{ .provider = "fcm", .status = 307, .meaning = MEANS_LATER },
	{ FCM(401, "UNAUTHENTICATED", "APNS_AUTH_ERROR"),
	    .meaning = MEANS_LATER },
	{ .provider = "fcm", .status = 407, .meaning = MEANS_LATER },
	{ .provider = "fcm", .status = 408, .meaning = MEANS_LATER,
	    .retry = ANSWERS_PAUSE },
	{ GOOGLE(409, "ABORTED"), .meaning = MEANS_FAILED },
	{ GOOGLE(413, "INVALID_ARGUMENT"), .meaning = MEANS_FAILED,
	    .retry = ANSWERS_SHORTER },

	/* --- HMS, version 1 --- */
	{ HMS(200, "80000000", "Success"), .meaning = MEANS_DELIVERED },
	{ HMS(200, "80100000", "{\\\"success\\\":0,\\\"failure\\\":1,"
	    "\\\"illegal_tokens\\\":[\\\"@\\\"]}"),
	    .meaning = MEANS_REJECTED, .names_pushkey = true },
	{ HMS(200, "80300007", "All the tokens are invalid"),
	    .meaning = MEANS_REJECTED, .suspicious = true },
	{ HMS(500, "81000001", "System inner error."),
	    .meaning = MEANS_LATER, .trouble = true,
	    .retry = ANSWERS_PAUSE },
	{ HMS(200, "80200003", "OAuth token expired."),
	    .meaning = MEANS_LATER, .retry = ANSWERS_TOKEN },
	{ HMS(200, "80200001", "OAuth authentication error."),
	    .meaning = MEANS_LATER, .retry = ANSWERS_TOKEN },
	{ HMS(200, "80100000", "{\\\"illegal_tokens\\\":[\\\"x\\\"]}"),
	    .meaning = MEANS_LATER },
	{ HMS(200, "80100000", "Some tokens are right, others illegal"),
	    .meaning = MEANS_LATER },
	{ HMS(400, "80100003", "Illegal payload"),
	    .meaning = MEANS_FAILED },
	{ HMS(200, "80300007", "Permission denied"),
	    .meaning = MEANS_LATER },
	{ HMS(200, "80300002", "No permission to send message."),
	    .meaning = MEANS_LATER },
	{ HMS(200, "80300008", "The message body is too large"),
	    .meaning = MEANS_FAILED },
	{ HMS(200, "80300010", "Too many tokens"),
	    .meaning = MEANS_FAILED },
	{ HMS(200, "81000001", "System inner error."),
	    .meaning = MEANS_LATER, .retry = ANSWERS_PAUSE },
	{ HMS(400, "89999999", "Nobody knows this"),
	    .meaning = MEANS_FAILED },
	{ HMS(503, "", ""), .meaning = MEANS_LATER, .trouble = true,
	    .retry = ANSWERS_IF_TOLD },
	{ .provider = "hms", .status = 503, .body = PAGE,
	    .meaning = MEANS_LATER, .trouble = true,
	    .retry = ANSWERS_IF_TOLD },
	{ .provider = "hms", .status = 502, .body = PAGE,
	    .meaning = MEANS_LATER, .trouble = true,
	    .retry = ANSWERS_PAUSE },
	{ .provider = "hms", .status = 429, .meaning = MEANS_LATER,
	    .retry = ANSWERS_IF_TOLD },
	{ .provider = "hms", .status = 421, .body = PAGE,
	    .meaning = MEANS_LATER, .trouble = true, .retry = ANSWERS_AGAIN },
	{ .provider = "hms", .status = 404, .body = PAGE,
	    .meaning = MEANS_LATER },
	{ .provider = "hms", .status = 400, .body = PAGE,
	    .meaning = MEANS_LATER },
	{ .provider = "hms", .status = 200, .body = PAGE,
	    .meaning = MEANS_LATER },
	{ .provider = "hms", .status = 200, .body = "{\"code\":\"8000",
	    .meaning = MEANS_LATER },
	{ .provider = "hms", .status = 302, .meaning = MEANS_LATER },
	{ HMS(400, "80100001", "Some parameters are incorrect"),
	    .meaning = MEANS_FAILED },
	{ HMS(400, "80100002", "Wrong number of tokens"),
	    .meaning = MEANS_FAILED },
	{ HMS(400, "80100004", "Invalid expiry time"),
	    .meaning = MEANS_FAILED },
	{ HMS(400, "80100013", "Invalid collapse_key"),
	    .meaning = MEANS_FAILED },
	{ HMS(400, "80100016", "Sensitive words"),
	    .meaning = MEANS_FAILED },
	{ HMS(400, "80100017", "Too many topics"),
	    .meaning = MEANS_FAILED },
	{ HMS(400, "80100018", "Invalid message type"),
	    .meaning = MEANS_FAILED },
	{ HMS(200, "80200005", "OAuth token is not of this type"),
	    .meaning = MEANS_LATER, .retry = ANSWERS_TOKEN },
	{ HMS(200, "80300011", "Too many messages of this kind"),
	    .meaning = MEANS_LATER },
	{ HMS(200, "80300036", "No right to this kind"),
	    .meaning = MEANS_LATER },
	{ HMS(200, "80600003", "Failed to request the token service"),
	    .meaning = MEANS_LATER, .retry = ANSWERS_PAUSE },
	{ .provider = "hms", .status = 401, .meaning = MEANS_LATER,
	    .retry = ANSWERS_TOKEN },
	{ .provider = "hms", .status = 407, .meaning = MEANS_LATER },
	{ .provider = "hms", .status = 408, .meaning = MEANS_LATER,
	    .retry = ANSWERS_PAUSE },
	{ .provider = "hms", .status = 425, .meaning = MEANS_LATER },

	/* --- HMS, version 3, where it differs --- */
	{ HMS_3(200, "80000000", "Success"), .meaning = MEANS_DELIVERED },
	{ HMS_3(200, "80100000", "{\\\"failure\\\":1,\\\"reason\\\":"
	    "\\\"tokenFormatError\\\"}"), .meaning = MEANS_REJECTED },
	{ HMS_3(200, "80300007", "All tokens: TokenFormatError"),
	    .meaning = MEANS_REJECTED, .suspicious = true },
	{ HMS_3(500, "81000001", "System inner error."),
	    .meaning = MEANS_LATER, .trouble = true,
	    .retry = ANSWERS_PAUSE },
	{ HMS_3(200, "80200003", "OAuth token expired."),
	    .meaning = MEANS_LATER, .retry = ANSWERS_TOKEN },
	{ HMS_3(200, "80100000", "{\\\"illegal_tokens\\\":[\\\"@\\\"]}"),
	    .meaning = MEANS_LATER, .names_pushkey = true },
	{ HMS_3(200, "80300007", "All the tokens are invalid"),
	    .meaning = MEANS_LATER },
	{ HMS_3(400, "80100003", "Illegal payload"),
	    .meaning = MEANS_FAILED },

	/* --- Web Push, and UnifiedPush --- */
	{ .provider = "webpush", .status = 201, .meaning = MEANS_DELIVERED },
	{ .provider = "webpush", .status = 410, .meaning = MEANS_REJECTED },
	{ .provider = "webpush", .status = 404, .meaning = MEANS_REJECTED,
	    .suspicious = true },
	{ .provider = "webpush", .status = 503, .meaning = MEANS_LATER,
	    .trouble = true, .retry = ANSWERS_PAUSE },
	{ WEB(401, "{\"code\":401,\"errno\":109}"), .meaning = MEANS_LATER,
	    .retry = ANSWERS_TOKEN },
	{ WEB(403, "{\"reason\":\"BadJwtToken\"}"), .meaning = MEANS_LATER,
	    .retry = ANSWERS_TOKEN },
	{ WEB(400, "UnauthorizedRegistration"), .meaning = MEANS_FAILED,
	    .retry = ANSWERS_SHORTER },
	{ WEB(403, "the key in the authorization header does not correspond "
	    "to the sender ID used to subscribe this user."),
	    .meaning = MEANS_FAILED, .retry = ANSWERS_SHORTER },
	{ WEB(400, "{\"reason\":\"VapidPkHashMismatch\"}"),
	    .meaning = MEANS_FAILED, .retry = ANSWERS_SHORTER },
	{ WEB(403, "{\"reason\":\"BadVapidPublicKey\"}"),
	    .meaning = MEANS_LATER },
	{ WEB(404, PAGE), .meaning = MEANS_LATER },
	{ WEB(400, PAGE), .meaning = MEANS_LATER },
	{ WEB(400, "{\"code\":400,\"errno\":111}"),
	    .meaning = MEANS_FAILED },
	{ .provider = "webpush", .status = 413, .meaning = MEANS_FAILED },
	{ .provider = "webpush", .status = 406, .meaning = MEANS_LATER },
	{ .provider = "webpush", .status = 429, .meaning = MEANS_LATER,
	    .retry = ANSWERS_IF_TOLD },
	{ WEB(421, "misdirected"), .meaning = MEANS_LATER, .trouble = true,
	    .retry = ANSWERS_AGAIN },
	{ .provider = "webpush", .status = 307, .meaning = MEANS_FAILED },
	{ WEB(507, "{\"code\":50701}"), .meaning = MEANS_LATER },
	{ WEB(502, PAGE), .meaning = MEANS_LATER, .trouble = true,
	    .retry = ANSWERS_PAUSE },
	{ .provider = "webpush", .status = 200, .meaning = MEANS_DELIVERED },
	{ WEB(403, "{\"reason\":\"VapidPkHashMismatch\"}"),
	    .meaning = MEANS_FAILED, .retry = ANSWERS_SHORTER },
	{ WEB(401, "VAPID public key mismatch"),
	    .meaning = MEANS_FAILED, .retry = ANSWERS_SHORTER },
	{ WEB(403, "the VAPID credentials in the authorization header do not "
	    "correspond to the credentials used to create the subscriptions."),
	    .meaning = MEANS_FAILED, .retry = ANSWERS_SHORTER },
	{ WEB(403, "not you"), .meaning = MEANS_FAILED,
	    .retry = ANSWERS_SHORTER },
	{ WEB(400, "{\"reason\":\"BadTtl\"}"),
	    .meaning = MEANS_FAILED },
	{ WEB(400, "{\"reason\":\"BadUrgency\"}"),
	    .meaning = MEANS_FAILED },
	{ WEB(400, "{\"reason\":\"BadWebPushTopic\"}"),
	    .meaning = MEANS_FAILED },
	{ WEB(400, "{\"reason\":\"BadWebPushRequest\"}"),
	    .meaning = MEANS_FAILED },
	{ WEB(400, "{\"code\":400,\"errno\":101}"),
	    .meaning = MEANS_FAILED },
	{ WEB(400, "{\"code\":400,\"errno\":108}"),
	    .meaning = MEANS_FAILED },
	{ WEB(400, "{\"code\":400,\"errno\":110}"),
	    .meaning = MEANS_FAILED },
	{ WEB(400, "{\"code\":400,\"errno\":112}"),
	    .meaning = MEANS_FAILED },
	{ WEB(400, "{\"code\":400,\"errno\":113}"),
	    .meaning = MEANS_FAILED },
	{ .provider = "webpush", .status = 401, .meaning = MEANS_LATER,
	    .retry = ANSWERS_TOKEN },
	{ WEB(403, "invalid JWT provided"), .meaning = MEANS_LATER,
	    .retry = ANSWERS_TOKEN },
	{ .provider = "webpush", .status = 407, .meaning = MEANS_LATER },
	{ .provider = "webpush", .status = 408, .meaning = MEANS_LATER,
	    .retry = ANSWERS_PAUSE },
	{ .provider = "webpush", .status = 409, .meaning = MEANS_FAILED },
	{ .provider = "webpush", .status = 425, .meaning = MEANS_LATER },
	{ .provider = "webpush", .status = 600, .meaning = MEANS_LATER,
	    .trouble = true },
};

enum {
	ANSWERS_COUNT = sizeof answers / sizeof *answers,
	/* The places of those with a name, in the rows of a provider. */
	ANSWERS_ACCEPTED = 0,
	ANSWERS_DEAD,
	ANSWERS_SUSPICIOUS,
	ANSWERS_BUSY,
	ANSWERS_STALE
};

/* The rows of a provider stand together. */
static const struct answer *
answers_of(const char *provider, size_t *count)
{
	const struct answer *first = answers;

	while (strcmp(first->provider, provider) != 0)
		first++;
	*count = 1;
	while (first + *count < answers + ANSWERS_COUNT &&
	    strcmp(first[*count].provider, provider) == 0)
		++*count;
	return first;
}

const struct answer *
answers_any(const char *provider, size_t i)
{
	size_t count;
	const struct answer *first = answers_of(provider, &count);

	return &first[i % count];
}

size_t
answers_count(void)
{
	return ANSWERS_COUNT;
}

size_t
answers_find(const struct answer *answer)
{
	size_t place = ((uintptr_t)answer - (uintptr_t)answers) /
	    sizeof *answers;

	return place < ANSWERS_COUNT ? place : ANSWERS_COUNT;
}

const struct answer *
answers_at(size_t i)
{
	return &answers[i];
}

/* Where a pushkey was registered again since. */
static const struct answer answers_renewed = {
	.provider = "apns", .status = 410, .meaning = MEANS_LATER, .body =
	    "{\"reason\":\"Unregistered\",\"timestamp\":1700000000000}"
};

const struct answer *
answers_for(const struct answer *answer, int64_t pushkey_ts)
{
	return answer->dead_s > 0 && pushkey_ts >= answer->dead_s ?
	    &answers_renewed : answer;
}

const struct answer *
answers_accepted(const char *provider)
{
	return answers_any(provider, ANSWERS_ACCEPTED);
}

const struct answer *
answers_dead(const char *provider)
{
	return answers_any(provider, ANSWERS_DEAD);
}

const struct answer *
answers_suspicious(const char *provider)
{
	return answers_any(provider, ANSWERS_SUSPICIOUS);
}

const struct answer *
answers_busy(const char *provider)
{
	return answers_any(provider, ANSWERS_BUSY);
}

const struct answer *
answers_stale(const char *provider)
{
	return answers_any(provider, ANSWERS_STALE);
}
