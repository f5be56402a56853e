/* SPDX-License-Identifier: Apache-2.0 */
/* What push services answer: Apple's, Mozilla's, Google's, Microsoft's and
 * those of UnifiedPush. */
#include "provider/provider.h"

#include <string.h>

#include "fixture.h"
#include "provider-fixture.h"
#include "tap.h"

#define APPLE(reason) "{\"reason\":\"" reason "\"}"
#define MOZILLA(number, words) "{\"code\":1,\"errno\":" number \
    ",\"error\":\"E\",\"message\":\"" words "\"}"
#define NTFY(words) "{\"code\":1,\"http\":1,\"error\":\"" words "\"}"

#define DELIVERED VERDICT_DELIVERED, CAUSE_NONE, RETRY_NEVER, false
#define BUG VERDICT_FAILED, CAUSE_REFUSED, RETRY_NEVER, false
#define OTHER_KEY VERDICT_FAILED, CAUSE_REFUSED, RETRY_VARIANT, false
#define DEAD VERDICT_REJECTED, CAUSE_PUSHKEY_DEAD, RETRY_NEVER, false
#define SUSPECT VERDICT_REJECTED, CAUSE_PUSHKEY_DEAD, RETRY_NEVER, true
#define OPERATOR(what) VERDICT_LATER, CAUSE_CREDENTIALS, what, false
#define BUSY(what) VERDICT_LATER, CAUSE_OVERLOADED, what, false
#define FOREIGN VERDICT_LATER, CAUSE_UNREACHABLE, RETRY_NEVER, false
#define TOO_LONG VERDICT_FAILED, CAUSE_TOO_LONG, RETRY_NEVER, false

static const struct {
	int status;
	const char *body;
	enum verdict verdict;
	enum cause cause;
	enum retry retry;
	bool suspicious;
	const char *reason;
	const char *type;	/* content-type; NULL: none */
} answers[] = {
	{ 200, "", DELIVERED, "ok", NULL },
	{ 201, "", DELIVERED, "ok", NULL },
	{ 202, "", DELIVERED, "ok", NULL },
	{ 204, "", DELIVERED, "ok", NULL },
	{ 201, "<html>", DELIVERED, "ok", "text/html" },
	/* Apple. */
	{ 400, APPLE("BadTtl"), BUG, "BadTtl", NULL },
	{ 400, APPLE("BadUrgency"), BUG, "BadUrgency", NULL },
	{ 400, APPLE("BadWebPushTopic"), BUG, "BadWebPushTopic", NULL },
	{ 400, APPLE("BadWebPushRequest"), BUG, "BadWebPushRequest", NULL },
	{ 400, APPLE("VapidPkHashMismatch"), OTHER_KEY, "VAPID key mismatch",
	    NULL },
	{ 403, APPLE("VapidPkHashMismatch"), OTHER_KEY, "VAPID key mismatch",
	    NULL },
	{ 403, APPLE("BadJwtToken"), OPERATOR(RETRY_TOKEN), "BadJwtToken",
	    NULL },
	{ 403, APPLE("BadVapidPublicKey"), OPERATOR(RETRY_NEVER),
	    "BadVapidPublicKey", NULL },
	{ 404, APPLE("BadPath"), SUSPECT, "not found", NULL },
	{ 405, APPLE("MethodNotAllowed"), BUG, "other", NULL },
	{ 410, APPLE("Unregistered"), DEAD, "gone", NULL },
	{ 410, APPLE("ExpiredToken"), DEAD, "gone", NULL },
	{ 413, APPLE("PayloadTooLarge"), TOO_LONG, "too large", NULL },
	{ 429, APPLE("TooManyRequests"), BUSY(RETRY_AFTER_ONLY),
	    "too many requests", NULL },
	{ 500, APPLE("InternalServerError"), BUSY(RETRY_BACKOFF), "other",
	    NULL },
	{ 503, APPLE("ServiceUnavailable"), BUSY(RETRY_BACKOFF), "other",
	    NULL },
	/* Mozilla. */
	{ 400, MOZILLA("101", "Missing necessary crypto keys"), BUG,
	    "errno 101", NULL },
	{ 400, MOZILLA("108", "Invalid router type"), BUG, "errno 108",
	    NULL },
	{ 400, MOZILLA("110", "Invalid crypto keys"), BUG, "errno 110",
	    NULL },
	{ 400, MOZILLA("111", "Missing TTL"), BUG, "errno 111", NULL },
	{ 400, MOZILLA("112", "Invalid TTL"), BUG, "errno 112", NULL },
	{ 400, MOZILLA("113", "Topic"), BUG, "errno 113", NULL },
	{ 401, MOZILLA("109", "Request did not validate"),
	    OPERATOR(RETRY_TOKEN), "errno 109", NULL },
	{ 401, MOZILLA("109", "VAPID public key mismatch"), OTHER_KEY,
	    "VAPID key mismatch", NULL },
	{ 404, MOZILLA("102", "Invalid URL endpoint"), SUSPECT, "not found",
	    "application/json" },
	{ 410, MOZILLA("103", "Expired URL endpoint"), DEAD, "gone", NULL },
	{ 410, MOZILLA("105", "Endpoint became unavailable"), DEAD, "gone",
	    NULL },
	{ 410, MOZILLA("106", "Invalid subscription"), DEAD, "gone", NULL },
	{ 413, MOZILLA("104", "Data payload too large"), TOO_LONG,
	    "too large", NULL },
	{ 429, MOZILLA("null", "Too many"), BUSY(RETRY_AFTER_ONLY),
	    "too many requests", NULL },
	{ 500, MOZILLA("999", "Unknown"), BUSY(RETRY_BACKOFF), "other",
	    NULL },
	{ 502, MOZILLA("null", "Bridge"), BUSY(RETRY_BACKOFF), "other",
	    NULL },
	{ 503, MOZILLA("201", "Use exponential back-off"),
	    BUSY(RETRY_BACKOFF), "other", NULL },
	{ 503, MOZILLA("202", "Immediate retry is fine"),
	    BUSY(RETRY_BACKOFF), "other", NULL },
	{ 400, MOZILLA("\"111\"", "a text"), BUG, "other", NULL },
	/* Google. */
	{ 400, "<HTML>\n<TITLE>UnauthorizedRegistration</TITLE>\n</HTML>",
	    OTHER_KEY, "VAPID key mismatch", "text/html" },
	{ 400, "the TTL header is missing", BUG, "other", "text/plain" },
	{ 401, "authorization header must be specified.",
	    OPERATOR(RETRY_TOKEN), "unauthorized", "text/plain" },
	{ 403, "invalid JWT provided", OPERATOR(RETRY_TOKEN), "invalid JWT",
	    "text/plain" },
	{ 403, "the VAPID credentials in the authorization header do not "
	    "correspond to the credentials used to create the "
	    "subscriptions.", OTHER_KEY, "VAPID key mismatch", NULL },
	{ 403, "the key in the authorization header does not correspond to "
	    "the sender ID used to subscribe this user.", OTHER_KEY,
	    "VAPID key mismatch", NULL },
	/* As a page, too. */
	{ 403, APPLE("VapidPkHashMismatch"), OTHER_KEY, "VAPID key mismatch",
	    "text/html" },
	{ 403, "they do not correspond", OTHER_KEY, "VAPID key mismatch",
	    "text/html" },
	{ 403, "the sender ID used", OTHER_KEY, "VAPID key mismatch",
	    "text/html" },
	{ 404, "A valid push subscription endpoint should be specified",
	    SUSPECT, "not found", "text/plain" },
	{ 410, "push subscription has unsubscribed or expired.", DEAD,
	    "gone", "text/plain" },
	{ 413, "the payload is larger than 4096 bytes", TOO_LONG,
	    "too large", NULL },
	{ 429, "quota exceeded", BUSY(RETRY_AFTER_ONLY), "too many requests",
	    NULL },
	/* Microsoft: no bodies. */
	{ 400, "", BUG, "other", NULL },
	{ 401, "", OPERATOR(RETRY_TOKEN), "unauthorized", NULL },
	{ 403, "", OTHER_KEY, "VAPID key mismatch", NULL },
	{ 404, "", SUSPECT, "not found", NULL },
	{ 406, "", BUSY(RETRY_AFTER_ONLY), "throttled", NULL },
	{ 410, "", DEAD, "gone", NULL },
	{ 413, "", TOO_LONG, "too large", NULL },
	{ 500, "", BUSY(RETRY_BACKOFF), "other", NULL },
	{ 503, "", BUSY(RETRY_BACKOFF), "other", NULL },
	/* UnifiedPush. */
	{ 404, NTFY("page not found"), SUSPECT, "not found",
	    "application/json" },
	{ 410, NTFY("gone"), DEAD, "gone", "application/json" },
	{ 429, NTFY("limit reached"), BUSY(RETRY_AFTER_ONLY),
	    "too many requests", "application/json" },
	{ 507, NTFY("no subscriber"), BUSY(RETRY_NEVER), "no subscriber",
	    "application/json" },
	/* What stands in front of a push service. */
	{ 404, "<html>nginx</html>", FOREIGN, "not Web Push", NULL },
	{ 404, "\r\n <!DOCTYPE html>", FOREIGN, "not Web Push", NULL },
	{ 404, "not found", FOREIGN, "not Web Push", "text/html" },
	{ 404, "", FOREIGN, "not Web Push", "Text/HTML; charset=utf-8" },
	{ 403, "<html>", FOREIGN, "not Web Push", NULL },
	{ 400, "<html>", FOREIGN, "not Web Push", NULL },
	{ 401, "<html>", FOREIGN, "not Web Push", NULL },
	{ 429, "<html>", FOREIGN, "not Web Push", NULL },
	{ 410, "<html>", DEAD, "gone", "text/html" },
	{ 407, "", OPERATOR(RETRY_NEVER), "other", NULL },
	{ 408, "", BUSY(RETRY_BACKOFF), "other", NULL },
	{ 421, "", VERDICT_LATER, CAUSE_UNREACHABLE, RETRY_ONCE, false,
	    "other", NULL },
	{ 425, "", FOREIGN, "other", NULL },
	{ 500, "<html>", BUSY(RETRY_BACKOFF), "other", NULL },
	{ 502, "<html>", BUSY(RETRY_BACKOFF), "other", NULL },
	{ 504, "", BUSY(RETRY_BACKOFF), "other", NULL },
	/* Redirections are not followed. */
	{ 300, "", BUG, "redirection", NULL },
	{ 301, "", BUG, "redirection", NULL },
	{ 302, "", BUG, "redirection", NULL },
	{ 307, "", BUG, "redirection", NULL },
	{ 308, "", BUG, "redirection", NULL },
	/* What nobody says. */
	{ 0, "", FOREIGN, "other", NULL },
	{ 199, "", FOREIGN, "other", NULL },
	{ 418, "", BUG, "other", NULL },
	{ 600, "", FOREIGN, "other", NULL },
	{ 400, "{\"reason\":\"VapidPkHash", BUG, "other", NULL },
	{ 400, "{\"reason\":1}", BUG, "other", NULL },
	{ 404, "[]", SUSPECT, "not found", NULL },
};

static void
check_answer(const struct provider *provider, size_t i)
{
	struct device device = { .app_id = "a", .pushkey = "k",
	    .pushkey_size = 1 };
	const char *name = fixture_format("%s: %d %s", provider->name,
	    answers[i].status, answers[i].body);
	struct outcome outcome = provider_fixture_judge(provider, NULL,
	    &device, &(struct provider_answer){ .status = answers[i].status,
		.body = answers[i].body, .type = answers[i].type,
		.retry_after_ms = 7 });

	provider_fixture_is_judged(&outcome, answers[i].verdict,
	    answers[i].cause, answers[i].retry, name);
	tap_is_int(outcome.suspicious, answers[i].suspicious,
	    "%s: is it suspicious", name);
	tap_is_string(outcome.reason, answers[i].reason, "%s: the reason",
	    name);
	tap_is_int(outcome.server_is_well, answers[i].status == 507,
	    "%s: is the server well all the same", name);
	tap_is_int(outcome.fresh_connection, answers[i].status == 421,
	    "%s: is the connection spent", name);
	tap_is_int(outcome.retry_after_ms, 7, "%s: Retry-After", name);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof answers / sizeof *answers; i++) {
		check_answer(provider_find("webpush"), i);
		check_answer(provider_find("unifiedpush"), i);
	}
	return tap_done();
}
