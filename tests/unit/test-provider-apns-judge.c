/* SPDX-License-Identifier: Apache-2.0 */
/* What each answer of APNs means for a device. */
#include "provider.h"

#include <string.h>

#include "fixture.h"
#include "tap.h"

static const struct provider *apns;

/* Judges an answer; `pushkey_ts` is 0 if the caller gave none. */
static struct outcome
judge(int status, const char *body, int64_t pushkey_ts,
    int64_t retry_after_ms)
{
	struct device device = { .app_id = "a", .pushkey = "k",
	    .pushkey_size = 1, .pushkey_ts = pushkey_ts };
	struct outcome outcome;
	struct http_reply reply;

	http_reply_init(&reply);
	reply.status = status;
	reply.retry_after_ms = retry_after_ms;
	buf_append_text(&reply.body, body);
	memset(&outcome, 0x55, sizeof outcome);
	apns->judge(NULL, &device, &reply, &outcome);
	http_reply_free(&reply);
	return outcome;
}

#define REASON(word) "{\"reason\":\"" word "\"}"
#define HTML "<html><body>BadDeviceToken Unregistered</body></html>"

/* Kinds of outcomes. */
#define DELIVERED VERDICT_DELIVERED, CAUSE_NONE, RETRY_NEVER, false
#define BUG VERDICT_FAILED, CAUSE_REFUSED, RETRY_NEVER, false
#define DEAD VERDICT_REJECTED, CAUSE_PUSHKEY_DEAD, RETRY_NEVER, false
#define OPERATOR VERDICT_LATER, CAUSE_CREDENTIALS, RETRY_NEVER, false
#define TOO_LONG VERDICT_FAILED, CAUSE_TOO_LONG, RETRY_NEVER, false
#define BUSY(retry) VERDICT_LATER, CAUSE_OVERLOADED, retry, false
#define RECONNECT VERDICT_LATER, CAUSE_UNREACHABLE, RETRY_AT_ONCE, true

static const struct {
	int status;
	const char *body;
	enum verdict verdict;
	enum cause cause;
	enum retry retry;
	bool fresh_connection;
} rows[] = {
	{ 200, "", DELIVERED },
	{ 200, HTML, DELIVERED },
	{ 400, REASON("BadCollapseId"), BUG },
	{ 400, REASON("BadDeviceToken"), DEAD },
	{ 400, REASON("BadExpirationDate"), BUG },
	{ 400, REASON("BadMessageId"), BUG },
	{ 400, REASON("BadPriority"), BUG },
	{ 400, REASON("BadTopic"), OPERATOR },
	{ 400, REASON("InvalidPushType"), BUG },
	{ 400, REASON("DeviceTokenNotForTopic"), DEAD },
	{ 400, REASON("DuplicateHeaders"), BUG },
	{ 400, REASON("MissingDeviceToken"), BUG },
	{ 400, REASON("MissingTopic"), BUG },
	{ 400, REASON("PayloadEmpty"), BUG },
	{ 400, REASON("IdleTimeout"), RECONNECT },
	{ 400, REASON("TopicDisallowed"), OPERATOR },
	{ 403, REASON("BadCertificate"), OPERATOR },
	{ 403, REASON("BadCertificateEnvironment"), OPERATOR },
	{ 403, REASON("ExpiredProviderToken"), VERDICT_LATER,
	    CAUSE_CREDENTIALS, RETRY_TOKEN, true },
	{ 403, REASON("InvalidProviderToken"), OPERATOR },
	{ 403, REASON("MissingProviderToken"), OPERATOR },
	{ 403, REASON("UnrelatedKeyIdInToken"), VERDICT_LATER,
	    CAUSE_CREDENTIALS, RETRY_ONCE, true },
	{ 403, REASON("BadEnvironmentKeyIdInToken"), OPERATOR },
	{ 403, REASON("BadEnvironmentKeyInToken"), OPERATOR },
	{ 403, REASON("Forbidden"), OPERATOR },
	{ 404, REASON("BadPath"), BUG },
	{ 405, REASON("MethodNotAllowed"), BUG },
	{ 410, REASON("ExpiredToken"), DEAD },
	{ 410, REASON("Unregistered"), DEAD },
	{ 413, REASON("PayloadTooLarge"), TOO_LONG },
	{ 429, REASON("TooManyProviderTokenUpdates"), BUSY(RETRY_NEVER) },
	{ 429, REASON("TooManyRequests"), BUSY(RETRY_NEVER) },
	{ 500, REASON("InternalServerError"), BUSY(RETRY_BACKOFF) },
	{ 503, REASON("ServiceUnavailable"), BUSY(RETRY_BACKOFF) },
	{ 503, REASON("Shutdown"), RECONNECT },
	/* Unknown reasons: by the class of the status. */
	{ 400, REASON("NewReason"), BUG },
	{ 401, REASON("NewReason"), OPERATOR },
	{ 403, REASON("NewReason"), OPERATOR },
	{ 404, REASON("NewReason"), BUG },
	{ 410, REASON("NewReason"), BUG },
	{ 413, REASON("NewReason"), TOO_LONG },
	{ 429, REASON("NewReason"), BUSY(RETRY_IF_TOLD) },
	{ 451, REASON("NewReason"), BUG },
	{ 500, REASON("NewReason"), BUSY(RETRY_BACKOFF) },
	{ 502, REASON("NewReason"), BUSY(RETRY_BACKOFF) },
	{ 503, REASON("NewReason"), BUSY(RETRY_BACKOFF) },
	{ 504, REASON("NewReason"), BUSY(RETRY_BACKOFF) },
	{ 599, REASON("NewReason"), BUSY(RETRY_BACKOFF) },
	/* A reason counts only with its own status. */
	{ 400, REASON("Unregistered"), BUG },
	{ 400, REASON("ExpiredToken"), BUG },
	{ 410, REASON("BadDeviceToken"), BUG },
	{ 410, REASON("DeviceTokenNotForTopic"), BUG },
	{ 400, REASON("ExpiredProviderToken"), BUG },
	{ 500, REASON("Shutdown"), BUSY(RETRY_BACKOFF) },
	/* No body, or not Apple's: somebody else answered. */
	{ 204, "", DELIVERED },
	{ 301, HTML, VERDICT_LATER, CAUSE_UNREACHABLE, RETRY_NEVER, false },
	{ 400, "", BUG },
	{ 400, HTML, BUG },
	{ 401, "", OPERATOR },
	{ 403, HTML, OPERATOR },
	{ 404, HTML, BUG },
	{ 407, HTML, OPERATOR },
	{ 408, "", BUSY(RETRY_BACKOFF) },
	{ 410, "", BUG },
	{ 410, HTML, BUG },
	{ 413, HTML, TOO_LONG },
	{ 429, "", BUSY(RETRY_IF_TOLD) },
	{ 502, HTML, BUSY(RETRY_BACKOFF) },
	{ 503, "", BUSY(RETRY_BACKOFF) },
	/* What is not the JSON that it should be. */
	{ 400, "{\"reason\":\"BadDeviceToken\"", BUG },
	{ 400, "{\"reason\":\"BadDeviceTok", BUG },
	{ 400, "\"BadDeviceToken\"", BUG },
	{ 400, "[{\"reason\":\"BadDeviceToken\"}]", BUG },
	{ 400, "{\"reason\":[\"BadDeviceToken\"]}", BUG },
	{ 400, "{\"reason\":null}", BUG },
	{ 400, "{\"reason\":400}", BUG },
	{ 400, "{\"Reason\":\"BadDeviceToken\"}", BUG },
	{ 400, REASON("baddevicetoken"), BUG },
	{ 400, REASON("BadDeviceToken "), BUG },
	{ 400, REASON("BadDeviceToken\\u0000"), BUG },
	{ 400, REASON(""), BUG },
	{ 410, "null", BUG },
	{ 410, "410", BUG },
	{ 410, "{\"error\":" REASON("Unregistered") "}", BUG },
};

static void
check_row(size_t row)
{
	struct outcome outcome = judge(rows[row].status, rows[row].body, 0,
	    -1);
	const char *name = fixture_format("%d %s", rows[row].status,
	    rows[row].body);

	tap_is_int(outcome.verdict, rows[row].verdict, "%s: the verdict",
	    name);
	tap_is_int(outcome.cause, rows[row].cause, "%s: the cause", name);
	tap_is_int(outcome.retry, rows[row].retry, "%s: the retry", name);
	tap_is_int(outcome.fresh_connection, rows[row].fresh_connection,
	    "%s: the connection", name);
	tap_ok(outcome.reason != NULL && *outcome.reason != '\0',
	    "%s: a word for the log", name);
	tap_is_int(outcome.retry_after_ms, -1, "%s: no time is named", name);
}

/* --- rejected, over all statuses ----------------------------------------- */

static const struct {
	const char *reason;
	int status;
} rejecting[] = {
	{ "BadDeviceToken", 400 },
	{ "DeviceTokenNotForTopic", 400 },
	{ "Unregistered", 410 },
	{ "ExpiredToken", 410 },
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
		    (status == rejecting[row].status)) {
			tap_note("status %d", status);
			wrong++;
		}
	}
	tap_is_int(wrong, 0, "%s rejects with %d and no other status",
	    rejecting[row].reason, rejecting[row].status);
}

/* Whatever a whole body would say, a part of it says nothing. */
static void
check_overflowed(void)
{
	struct device device = { .app_id = "a", .pushkey = "k" };
	struct outcome outcome;
	struct http_reply reply;

	http_reply_init(&reply);
	reply.status = 400;
	buf_append_text(&reply.body, REASON("BadDeviceToken"));
	buf_append_text(&reply.body, fixture_repeat("x", MESSAGE_REPLY_SIZE));
	apns->judge(NULL, &device, &reply, &outcome);
	tap_is_int(outcome.verdict, VERDICT_FAILED,
	    "an overflowed body does not reject");
	tap_is_int(outcome.cause, CAUSE_REFUSED,
	    "an overflowed body is judged by the status");
	http_reply_free(&reply);
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
	{ "missing, with pushkey_ts", 1000, "", false },
	{ "null, with pushkey_ts", 1000, ",\"timestamp\":null", false },
	{ "a string", 1000, ",\"timestamp\":\"1700000000000\"", false },
	{ "an object", 1000, ",\"timestamp\":{}", false },
	{ "true", 1000, ",\"timestamp\":true", false },
	{ "negative", 1000, ",\"timestamp\":-1", false },
	{ "0", 1000, ",\"timestamp\":0", false },
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
	check_overflowed();
	check_retry_after();
	for (i = 0; i < sizeof times / sizeof *times; i++) {
		check_time(i, "Unregistered");
		check_time(i, "ExpiredToken");
	}
	check_time_of_400();
	return tap_done();
}
