/* SPDX-License-Identifier: Apache-2.0 */
/* What each answer of APNs means for a device. */
#include "provider/provider.h"

#include <string.h>

#include "fixture.h"
#include "provider-fixture.h"
#include "tap.h"

static const struct provider *apns;

/* Judges an answer; `pushkey_ts` is 0 if the caller gave none. */
static struct outcome
judge(int status, const char *body, int64_t pushkey_ts,
    int64_t retry_after_ms)
{
	struct device device = { .app_id = "a", .pushkey = "k",
	    .pushkey_size = 1, .pushkey_ts = pushkey_ts };

	return provider_fixture_judge(apns, NULL, &device,
	    &(struct provider_answer){ .status = status, .body = body,
		.retry_after_ms = retry_after_ms });
}

#define REASON(word) "{\"reason\":\"" word "\"}"
#define HTML "<html><body>BadDeviceToken Unregistered</body></html>"

/* Kinds of outcomes. */
#define DELIVERED VERDICT_DELIVERED, CAUSE_NONE, RETRY_NEVER, false
#define BUG VERDICT_FAILED, CAUSE_REFUSED, RETRY_NEVER, false
#define DEAD VERDICT_REJECTED, CAUSE_PUSHKEY_DEAD, RETRY_NEVER, false
#define OPERATOR VERDICT_LATER, CAUSE_CREDENTIALS, RETRY_NEVER, false
#define TOO_LONG VERDICT_FAILED, CAUSE_TOO_LONG, RETRY_VARIANT, false
#define BUSY(retry) VERDICT_LATER, CAUSE_OVERLOADED, retry, false
#define FOREIGN VERDICT_LATER, CAUSE_UNREACHABLE, RETRY_NEVER, false, \
    "not APNs"
#define RECONNECT VERDICT_LATER, CAUSE_UNREACHABLE, RETRY_AT_ONCE, true

/* A reason of Apple's is its own label. */
#define KNOWN(status, word, ...) { status, REASON(word), __VA_ARGS__, word }

static const struct {
	int status;
	const char *body;
	enum verdict verdict;
	enum cause cause;
	enum retry retry;
	bool fresh_connection;
	const char *reason;	/* for logs and metrics */
} rows[] = {
	{ 200, "", DELIVERED, "ok" },
	{ 200, " \n", DELIVERED, "ok" },
	{ 200, "{}", DELIVERED, "ok" },
	{ 200, "{\"new\":1}\r\n", DELIVERED, "ok" },
	/* Apple sends no pages; who does took nothing from us. */
	{ 200, HTML, OPERATOR, "not APNs" },
	{ 200, "OK", OPERATOR, "not APNs" },
	{ 200, "[]", OPERATOR, "not APNs" },
	/* Accepted, whatever we can make of the body. */
	{ 200, "{\"new\":", DELIVERED, "ok" },
	{ 200, "{\"new\\u0000\":1}", DELIVERED, "ok" },
	KNOWN(400, "BadCollapseId", BUG),
	KNOWN(400, "BadDeviceToken", DEAD),
	KNOWN(400, "BadExpirationDate", BUG),
	KNOWN(400, "ExpiredToken", DEAD),
	KNOWN(400, "BadMessageId", BUG),
	KNOWN(400, "BadPriority", BUG),
	KNOWN(400, "BadTopic", OPERATOR),
	KNOWN(400, "InvalidPushType", BUG),
	KNOWN(400, "DeviceTokenNotForTopic", DEAD),
	KNOWN(400, "DuplicateHeaders", BUG),
	KNOWN(400, "MissingDeviceToken", BUG),
	KNOWN(400, "MissingTopic", BUG),
	KNOWN(400, "PayloadEmpty", BUG),
	KNOWN(400, "IdleTimeout", RECONNECT),
	KNOWN(400, "TopicDisallowed", OPERATOR),
	KNOWN(403, "BadCertificate", OPERATOR),
	KNOWN(403, "BadCertificateEnvironment", OPERATOR),
	KNOWN(403, "ExpiredProviderToken", VERDICT_LATER, CAUSE_CREDENTIALS,
	    RETRY_TOKEN, true),
	KNOWN(403, "InvalidProviderToken", OPERATOR),
	KNOWN(403, "MissingProviderToken", OPERATOR),
	KNOWN(403, "UnrelatedKeyIdInToken", VERDICT_LATER, CAUSE_CREDENTIALS,
	    RETRY_ONCE, true),
	KNOWN(403, "BadEnvironmentKeyIdInToken", OPERATOR),
	KNOWN(403, "BadEnvironmentKeyInToken", OPERATOR),
	KNOWN(403, "Forbidden", OPERATOR),
	KNOWN(404, "BadPath", BUG),
	KNOWN(405, "MethodNotAllowed", BUG),
	KNOWN(410, "ExpiredToken", DEAD),
	KNOWN(410, "Unregistered", DEAD),
	/* What Apple adds may be in any language. */
	{ 410, "{\"reason\":\"Unregistered\",\"note\":\"ungültig\"}",
	    DEAD, "Unregistered" },
	{ 200, "{\"note\":\"zugestellt für 📱\"}", DELIVERED, "ok" },
	KNOWN(413, "PayloadTooLarge", TOO_LONG),
	KNOWN(429, "TooManyProviderTokenUpdates", VERDICT_LATER,
	    CAUSE_OVERLOADED, RETRY_FORMER_TOKEN, true),
	KNOWN(429, "TooManyRequests", BUSY(RETRY_NEVER)),
	KNOWN(500, "InternalServerError", BUSY(RETRY_BACKOFF)),
	KNOWN(503, "ServiceUnavailable", BUSY(RETRY_BACKOFF)),
	KNOWN(503, "Shutdown", RECONNECT),
	/* Unknown reasons: by the class of the status. */
	{ 400, REASON("NewReason"), BUG, "other" },
	{ 401, REASON("NewReason"), OPERATOR, "other" },
	{ 403, REASON("NewReason"), OPERATOR, "other" },
	{ 404, REASON("NewReason"), OPERATOR, "other" },
	{ 405, REASON("NewReason"), OPERATOR, "other" },
	{ 410, REASON("NewReason"), BUG, "other" },
	{ 413, REASON("NewReason"), TOO_LONG, "other" },
	{ 429, REASON("NewReason"), BUSY(RETRY_AFTER_ONLY), "other" },
	{ 451, REASON("NewReason"), BUG, "other" },
	{ 500, REASON("NewReason"), BUSY(RETRY_BACKOFF), "other" },
	{ 502, REASON("NewReason"), BUSY(RETRY_BACKOFF), "other" },
	{ 503, REASON("NewReason"), BUSY(RETRY_BACKOFF), "other" },
	{ 504, REASON("NewReason"), BUSY(RETRY_BACKOFF), "other" },
	{ 599, REASON("NewReason"), BUSY(RETRY_BACKOFF), "other" },
	/* A reason counts only with its own status. */
	{ 400, REASON("Unregistered"), BUG, "other" },
	{ 410, REASON("BadDeviceToken"), BUG, "other" },
	{ 410, REASON("DeviceTokenNotForTopic"), BUG, "other" },
	{ 400, REASON("ExpiredProviderToken"), BUG, "other" },
	{ 500, REASON("Shutdown"), BUSY(RETRY_BACKOFF), "other" },
	/* Beside these statuses there is nothing of the kind. */
	{ 300, "", VERDICT_LATER, CAUSE_UNREACHABLE, RETRY_NEVER, false,
	    "other" },
	{ 402, "", FOREIGN },
	{ 406, "", FOREIGN },
	{ 414, REASON("NewReason"), BUG, "other" },
	{ 422, "", FOREIGN },
	{ 426, "", FOREIGN },
	{ 430, "", FOREIGN },
	{ 600, "", VERDICT_LATER, CAUSE_UNREACHABLE, RETRY_NEVER, false,
	    "other" },
	/* No body, or not Apple's: somebody else answered. */
	{ 204, "", DELIVERED, "ok" },
	{ 421, "", VERDICT_LATER, CAUSE_UNREACHABLE, RETRY_ONCE, true,
	    "other" },
	{ 421, REASON("NewReason"), VERDICT_LATER, CAUSE_UNREACHABLE,
	    RETRY_ONCE, true, "other" },
	{ 425, "", VERDICT_LATER, CAUSE_UNREACHABLE, RETRY_NEVER, false,
	    "other" },
	{ 409, HTML, FOREIGN },
	{ 451, HTML, FOREIGN },
	{ 301, HTML, VERDICT_LATER, CAUSE_UNREACHABLE, RETRY_NEVER, false,
	    "other" },
	{ 400, "", FOREIGN },
	{ 400, HTML, FOREIGN },
	{ 401, "", OPERATOR, "other" },
	{ 403, HTML, OPERATOR, "other" },
	{ 404, HTML, OPERATOR, "other" },
	{ 404, "", OPERATOR, "other" },
	{ 405, HTML, OPERATOR, "other" },
	{ 407, HTML, OPERATOR, "other" },
	{ 408, "", BUSY(RETRY_BACKOFF), "other" },
	{ 410, "", FOREIGN },
	{ 410, HTML, FOREIGN },
	{ 413, HTML, FOREIGN },
	{ 429, "", BUSY(RETRY_AFTER_ONLY), "other" },
	{ 500, "", BUSY(RETRY_BACKOFF), "other" },
	{ 502, HTML, BUSY(RETRY_BACKOFF), "other" },
	{ 503, "", BUSY(RETRY_BACKOFF), "other" },
	/* What is not the JSON that it should be. */
	{ 400, "{\"reason\":\"BadDeviceToken\"", FOREIGN },
	{ 400, "{\"reason\":\"BadDeviceTok", FOREIGN },
	{ 410, "{\"reason\":\"Unregis", FOREIGN },
	{ 400, "\"BadDeviceToken\"", FOREIGN },
	{ 400, "[{\"reason\":\"BadDeviceToken\"}]", FOREIGN },
	{ 400, "{\"reason\":[\"BadDeviceToken\"]}", FOREIGN },
	{ 400, "{\"reason\":null}", FOREIGN },
	{ 400, "{\"reason\":400}", FOREIGN },
	{ 400, "{\"Reason\":\"BadDeviceToken\"}", FOREIGN },
	{ 400, REASON("baddevicetoken"), BUG, "other" },
	{ 400, REASON("BadDeviceToken "), BUG, "other" },
	{ 400, REASON("BadDeviceToken\\u0000"), FOREIGN },
	{ 400, REASON(""), BUG, "other" },
	{ 400, REASON("BadDeviceToken") "\n", DEAD, "BadDeviceToken" },
	{ 400, REASON("BadDeviceToken") " x", FOREIGN },
	{ 400, REASON("BadDeviceToken") HTML, FOREIGN },
	{ 400, REASON("BadDeviceToken") REASON("BadDeviceToken"), FOREIGN },
	{ 400, "{'reason':'BadDeviceToken'}", FOREIGN },
	{ 400, "/* */" REASON("BadDeviceToken"), FOREIGN },
	{ 400, "\xff\xfe", FOREIGN },
	{ 400, REASON("\xff\xfe"), FOREIGN },
	{ 400, "{\"reason\":{\"reason\":\"BadDeviceToken\"}}", FOREIGN },
	{ 400, "{\"reason\":true}", FOREIGN },
	{ 400, "{}", FOREIGN },
	{ 410, "null", FOREIGN },
	{ 410, "410", FOREIGN },
	{ 410, "{\"error\":" REASON("Unregistered") "}", FOREIGN },
};

static void
check_row(size_t row)
{
	struct outcome outcome = judge(rows[row].status, rows[row].body, 0,
	    -1);
	const char *name = fixture_format("%d %s", rows[row].status,
	    rows[row].body);

	provider_fixture_is_judged(&outcome, rows[row].verdict,
	    rows[row].cause, rows[row].retry, name);
	tap_is_int(outcome.fresh_connection, rows[row].fresh_connection,
	    "%s: the connection", name);
	tap_is_string(outcome.reason, rows[row].reason, "%s: the label",
	    name);
	tap_is_int(outcome.retry_after_ms, -1, "%s: no time is named", name);
}

/* --- rejected, over all statuses ----------------------------------------- */

static const struct {
	const char *reason;
	int status;
	int other_status;	/* 0: none */
} rejecting[] = {
	{ "BadDeviceToken", 400, 0 },
	{ "DeviceTokenNotForTopic", 400, 0 },
	{ "Unregistered", 410, 0 },
	{ "ExpiredToken", 410, 400 },
};

static void
check_rejecting(size_t row)
{
	const char *body = fixture_format("{\"reason\":\"%s\",\"timestamp\":"
	    "1700000000000}", rejecting[row].reason);
	int status, wrong = 0;

	for (status = 100; status < 1000; status++) {
		struct outcome outcome = judge(status, body, 0, -1);

		if ((outcome.verdict == VERDICT_REJECTED) !=
		    (status == rejecting[row].status ||
		    status == rejecting[row].other_status)) {
			tap_note("status %d", status);
			wrong++;
		}
	}
	tap_is_int(wrong, 0, "%s rejects with %d and no other status",
	    rejecting[row].reason, rejecting[row].status);
}

/* --- a body of a megabyte ------------------------------------------------ */

/* Whatever a whole body would say, a part of it says nothing. */
static const struct {
	int status;
	const char *body;	/* it begins so */
	enum verdict verdict;
	enum cause cause;
} large[] = {
	{ 200, "{", VERDICT_DELIVERED, CAUSE_NONE },
	{ 200, "<html>", VERDICT_LATER, CAUSE_CREDENTIALS },
	{ 400, REASON("BadDeviceToken"), VERDICT_LATER, CAUSE_UNREACHABLE },
	{ 410, REASON("Unregistered"), VERDICT_LATER, CAUSE_UNREACHABLE },
	{ 403, REASON("ExpiredProviderToken"), VERDICT_LATER,
	    CAUSE_CREDENTIALS },
	{ 503, "<html>", VERDICT_LATER, CAUSE_OVERLOADED },
};

static void
check_large(size_t row)
{
	struct outcome outcome = judge(large[row].status, fixture_format(
	    "%s%s", large[row].body, fixture_repeat(" ", 1 << 20)), 0, -1);

	tap_is_int(outcome.verdict, large[row].verdict,
	    "a megabyte with %d is judged by the status", large[row].status);
	tap_is_int(outcome.cause, large[row].cause,
	    "a megabyte with %d: the cause", large[row].status);
}

/* --- what a wrong setting would do to every device ----------------------- */

static const struct {
	int status;
	const char *reason;
	bool suspicious;
} suspects[] = {
	{ 400, "BadDeviceToken", true },
	{ 400, "DeviceTokenNotForTopic", true },
	{ 410, "Unregistered", false },
	{ 410, "ExpiredToken", false },
	{ 400, "ExpiredToken", false },
	{ 400, "BadTopic", false },
	{ 403, "BadDeviceToken", false },
	{ 200, "BadDeviceToken", false },
};

static void
check_suspect(size_t row)
{
	const char *body = fixture_format("{\"reason\":\"%s\"}",
	    suspects[row].reason);

	tap_is_int(judge(suspects[row].status, body, 0, -1).suspicious,
	    suspects[row].suspicious, "%d %s is %ssuspicious",
	    suspects[row].status, suspects[row].reason,
	    suspects[row].suspicious ? "" : "not ");
}

static void
check_retry_after(void)
{
	tap_is_int(judge(429, REASON("NewReason"), 0, 3000).retry_after_ms,
	    3000, "the time in Retry-After is handed on with 429");
	tap_is_int(judge(503, REASON("ServiceUnavailable"), 0,
	    0).retry_after_ms, 0, "a time of 0 is a time");
}

/* --- the time of a 410 --------------------------------------------------- */

static const struct {
	const char *name;
	int64_t pushkey_ts;
	const char *timestamp;	/* as a member, or "" */
	bool rejected;
} times[] = {
	{ "before pushkey_ts", 1000, ",\"timestamp\":999999", false },
	{ "long before pushkey_ts", 1000, ",\"timestamp\":1", false },
	{ "equal to pushkey_ts", 1000, ",\"timestamp\":1000000", false },
	{ "equal to the least pushkey_ts", 1, ",\"timestamp\":1000", false },
	{ "a millisecond after pushkey_ts", 1000, ",\"timestamp\":1000001",
	    true },
	{ "a second after pushkey_ts", 1000, ",\"timestamp\":1001000", true },
	{ "of today, before pushkey_ts", 1700000001,
	    ",\"timestamp\":1700000000999", false },
	{ "of today, after pushkey_ts", 1700000000,
	    ",\"timestamp\":1700000000001", true },
	{ "in seconds, which is long ago", 1700000000,
	    ",\"timestamp\":1700000001", false },
	{ "any, without pushkey_ts", 0, ",\"timestamp\":1", true },
	{ "missing, without pushkey_ts", 0, "", true },
	{ "null, without pushkey_ts", 0, ",\"timestamp\":null", true },
	{ "missing, with pushkey_ts", 1000, "", true },
	{ "null, with pushkey_ts", 1000, ",\"timestamp\":null", true },
	{ "a string", 1000, ",\"timestamp\":\"1700000000000\"", false },
	{ "an object", 1000, ",\"timestamp\":{}", false },
	{ "true", 1000, ",\"timestamp\":true", false },
	{ "negative", 1000, ",\"timestamp\":-1", false },
	{ "0", 1000, ",\"timestamp\":0", false },
	{ "a fraction", 1000, ",\"timestamp\":1700000000000.5", false },
	{ "a list", 1000, ",\"timestamp\":[1700000000000]", false },
	{ "false", 1000, ",\"timestamp\":false", false },
	{ "of 64 bits", 1000, ",\"timestamp\":9223372036854775807", true },
	{ "of today, against a pushkey_ts in milliseconds", 1700000000000,
	    ",\"timestamp\":1700000000001", false },
	{ "missing, with a negative pushkey_ts", -1, "", true },
	{ "negative, with a negative pushkey_ts", -1,
	    ",\"timestamp\":-5000", true },
	{ "of 64 bits, without pushkey_ts", 0,
	    ",\"timestamp\":9223372036854775807", true },
	{ "a string, without pushkey_ts", 0, ",\"timestamp\":\"x\"", true },
	{ "of a pushkey_ts of 64 bits", INT64_MAX,
	    ",\"timestamp\":9223372036854775807", false },
};

static void
check_time(size_t row, const char *reason)
{
	const char *body = fixture_format("{\"reason\":\"%s\"%s}", reason,
	    times[row].timestamp);
	struct outcome outcome = judge(410, body, times[row].pushkey_ts, -1);

	tap_is_int(outcome.verdict, times[row].rejected ? VERDICT_REJECTED :
	    VERDICT_LATER, "%s, timestamp %s: it is %s", reason,
	    times[row].name, times[row].rejected ? "rejected" : "alive");
	tap_is_int(outcome.cause, times[row].rejected ? CAUSE_PUSHKEY_DEAD :
	    CAUSE_PUSHKEY_RENEWED, "%s, timestamp %s: the cause", reason,
	    times[row].name);
	tap_is_int(outcome.retry, RETRY_NEVER,
	    "%s, timestamp %s: it is not tried again", reason,
	    times[row].name);
}

/* Only a 410 speaks of the past. */
static void
check_time_of_400(void)
{
	tap_is_int(judge(400, "{\"reason\":\"BadDeviceToken\",\"timestamp\":"
	    "1}", 1000, -1).verdict, VERDICT_REJECTED,
	    "BadDeviceToken rejects whatever pushkey_ts is");
	tap_is_int(judge(400, REASON("DeviceTokenNotForTopic"), 1000,
	    -1).verdict, VERDICT_REJECTED,
	    "DeviceTokenNotForTopic rejects whatever pushkey_ts is");
	tap_is_int(judge(410, "{\"reason\":\"NewReason\",\"timestamp\":"
	    "1700000000000}", 1000, -1).verdict, VERDICT_FAILED,
	    "a 410 of an unknown reason does not reject");
}

/* json-c clamps such numbers (0.16) or finds no JSON in them (0.18). */
static void
check_time_beyond_numbers(void)
{
	enum verdict late = judge(410, "{\"reason\":\"Unregistered\","
	    "\"timestamp\":99999999999999999999999}", 1000, -1).verdict;
	enum verdict early = judge(410, "{\"reason\":\"Unregistered\","
	    "\"timestamp\":-99999999999999999999999}", 1000, -1).verdict;

	tap_ok(late == VERDICT_REJECTED || late == VERDICT_LATER,
	    "a timestamp of more than 64 bits is late, or none");
	tap_is_int(early, VERDICT_LATER,
	    "a timestamp of less than -64 bits does not reject");
}

int
main(void)
{
	size_t i;

	apns = provider_find("apns");
	if (apns == NULL)
		tap_bail_out("there is no provider apns");
	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		check_row(i);
	for (i = 0; i < sizeof rejecting / sizeof *rejecting; i++)
		check_rejecting(i);
	for (i = 0; i < sizeof suspects / sizeof *suspects; i++)
		check_suspect(i);
	for (i = 0; i < sizeof large / sizeof *large; i++)
		check_large(i);
	check_retry_after();
	for (i = 0; i < sizeof times / sizeof *times; i++) {
		check_time(i, "Unregistered");
		check_time(i, "ExpiredToken");
	}
	check_time_of_400();
	check_time_beyond_numbers();
	return tap_done();
}
