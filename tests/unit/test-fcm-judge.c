/* SPDX-License-Identifier: Apache-2.0 */
/* What each answer of FCM means for a device. */
#include "provider/provider.h"

#include <string.h>

#include "fixture.h"
#include "provider-fixture.h"
#include "tap.h"

static const struct provider *fcm;

static struct outcome
judge(int status, const char *body, int64_t retry_after_ms)
{
	struct device device = { .app_id = "a", .pushkey = "k",
	    .pushkey_size = 1, .pushkey_ts = 1700000000 };

	return provider_fixture_judge(fcm, NULL, &device,
	    &(struct provider_answer){ .status = status, .body = body,
		.retry_after_ms = retry_after_ms });
}

/* --- error bodies -------------------------------------------------------- */

#define ERROR(status, details) "{\"error\":{\"code\":1,\"message\":\"m\"," \
    "\"status\":\"" status "\",\"details\":[" details "]}}"
#define CODE(word) "{\"@type\":\"type.googleapis.com/" \
    "google.firebase.fcm.v1.FcmError\",\"errorCode\":\"" word "\"}"
#define FIELDS(list) "{\"@type\":\"type.googleapis.com/" \
    "google.rpc.BadRequest\",\"fieldViolations\":[" list "]}"
#define FIELD(name) "{\"field\":\"" name "\",\"description\":\"d\"}"
#define TOKEN_FIELD FIELD("message.token")
#define QUOTA "{\"@type\":\"type.googleapis.com/google.rpc.QuotaFailure\"," \
    "\"violations\":[{\"subject\":\"s\"}]}"
#define APNS_ERROR "{\"@type\":\"type.googleapis.com/" \
    "google.firebase.fcm.v1.ApnsError\",\"statusCode\":403," \
    "\"reason\":\"InvalidProviderToken\"}"
#define HTML "<html><body>UNREGISTERED message.token</body></html>"

/* Kinds of outcomes. */
#define DELIVERED VERDICT_DELIVERED, CAUSE_NONE, RETRY_NEVER
#define BUG VERDICT_FAILED, CAUSE_REFUSED, RETRY_NEVER
#define DEAD VERDICT_REJECTED, CAUSE_PUSHKEY_DEAD, RETRY_NEVER
#define OPERATOR VERDICT_LATER, CAUSE_CREDENTIALS, RETRY_NEVER
#define FOREIGN VERDICT_LATER, CAUSE_UNREACHABLE, RETRY_NEVER
#define RENEW VERDICT_LATER, CAUSE_CREDENTIALS, RETRY_TOKEN
#define TOO_LONG VERDICT_FAILED, CAUSE_TOO_LONG, RETRY_VARIANT
#define BUSY(retry) VERDICT_LATER, CAUSE_OVERLOADED, retry

static const struct {
	int status;
	const char *body;
	enum verdict verdict;
	enum cause cause;
	enum retry retry;
} rows[] = {
	{ 200, "{\"name\":\"projects/p/messages/1\"}", DELIVERED },
	{ 200, "", DELIVERED },
	{ 200, "{\n  \"name\": \"projects/p/messages/1\"\n}\n", DELIVERED },
	{ 200, HTML, OPERATOR },
	{ 200, "[]", OPERATOR },
	/* Accepted, whatever we can make of the body. */
	{ 200, "{\"name\":", DELIVERED },
	{ 200, "{\"n\\u0000\":1}", DELIVERED },
	{ 200,
	    "{\"n\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]"
	    "]]"
	    "]]]]]]]]]]]]]]]]]]]]}",
	    DELIVERED },
	{ 204, "", DELIVERED },
	/* Google writes messages in any language. */
	{ 200, "{\"name\":\"projects/p/messages/ü\"}", DELIVERED },
	{ 404,
	    "{\"error\":{\"code\":404,\"message\":\"wurde gelöscht, "
	    "ungültig\",\"status\":\"NOT_FOUND\",\"details\":[" CODE(
		"UNREGISTERED") "]}}",
	    DEAD },
	/* Each code with its own status. */
	{ 400, ERROR("INVALID_ARGUMENT", CODE("INVALID_ARGUMENT")), BUG },
	{ 404, ERROR("NOT_FOUND", CODE("UNREGISTERED")), DEAD },
	{ 400, ERROR("INVALID_ARGUMENT", CODE("UNREGISTERED")), DEAD },
	{ 403, ERROR("PERMISSION_DENIED", CODE("SENDER_ID_MISMATCH")), DEAD },
	{ 429, ERROR("RESOURCE_EXHAUSTED", CODE("QUOTA_EXCEEDED") "," QUOTA),
	    BUSY(RETRY_AFTER_ONLY) },
	{ 503, ERROR("UNAVAILABLE", CODE("UNAVAILABLE")), BUSY(RETRY_BACKOFF) },
	{ 500, ERROR("INTERNAL", CODE("INTERNAL")), BUSY(RETRY_BACKOFF) },
	{ 401,
	    ERROR("UNAUTHENTICATED",
		CODE("THIRD_PARTY_AUTH_ERROR") "," APNS_ERROR),
	    OPERATOR },
	{ 401, ERROR("UNAUTHENTICATED", CODE("APNS_AUTH_ERROR")), OPERATOR },
	/* The code may stand behind other details. */
	{ 404, ERROR("NOT_FOUND", QUOTA "," CODE("UNREGISTERED")), DEAD },
	{ 404, ERROR("NOT_FOUND", "null,1,[]," CODE("UNREGISTERED")), DEAD },
	/* Without an FcmError it is our own trouble. */
	{ 401, ERROR("UNAUTHENTICATED", ""), RENEW },
	{ 401, "", RENEW },
	{ 401, HTML, RENEW },
	{ 403, ERROR("PERMISSION_DENIED", ""), OPERATOR },
	{ 403, "", OPERATOR },
	{ 403, HTML, OPERATOR },
	{ 404, ERROR("NOT_FOUND", ""), OPERATOR },
	{ 404, "", OPERATOR },
	{ 404, HTML, OPERATOR },
	{ 407, HTML, OPERATOR },
	{ 408, "", BUSY(RETRY_BACKOFF) },
	{ 413, HTML, FOREIGN },
	{ 413, "", FOREIGN },
	{ 413, ERROR("X", ""), TOO_LONG },
	{ 421, "", VERDICT_LATER, CAUSE_UNREACHABLE, RETRY_ONCE },
	{ 421, ERROR("X", ""), VERDICT_LATER, CAUSE_UNREACHABLE, RETRY_ONCE },
	{ 425, ERROR("X", ""), VERDICT_LATER, CAUSE_UNREACHABLE, RETRY_NEVER },
	{ 409, HTML, FOREIGN },
	{ 451, "", FOREIGN },
	{ 429, "", BUSY(RETRY_AFTER_ONLY) },
	{ 429, HTML, BUSY(RETRY_AFTER_ONLY) },
	{ 500, "", BUSY(RETRY_BACKOFF) },
	{ 502, HTML, BUSY(RETRY_BACKOFF) },
	{ 503, HTML, BUSY(RETRY_BACKOFF) },
	{ 504, "", BUSY(RETRY_BACKOFF) },
	{ 302, HTML, VERDICT_LATER, CAUSE_UNREACHABLE, RETRY_NEVER },
	/* Beside these statuses there is nothing of the kind. */
	{ 300, "", FOREIGN },
	{ 402, "", FOREIGN },
	{ 402, ERROR("X", CODE("THIRD_PARTY_AUTH_ERROR")), BUG },
	{ 402, ERROR("X", CODE("APNS_AUTH_ERROR")), BUG },
	{ 405, "", FOREIGN },
	{ 406, "", FOREIGN },
	{ 414, ERROR("X", ""), BUG },
	{ 422, "", FOREIGN },
	{ 426, "", FOREIGN },
	{ 426, ERROR("X", ""), BUG },
	{ 430, "", FOREIGN },
	{ 600, "", FOREIGN },
	/* Unknown codes: by the class of the status. */
	{ 400, ERROR("INVALID_ARGUMENT", CODE("UNSPECIFIED_ERROR")), BUG },
	{ 400, ERROR("FAILED_PRECONDITION", CODE("NEW_CODE")), BUG },
	{ 401, ERROR("UNAUTHENTICATED", CODE("NEW_CODE")), RENEW },
	{ 403, ERROR("PERMISSION_DENIED", CODE("NEW_CODE")), OPERATOR },
	{ 404, ERROR("NOT_FOUND", CODE("NEW_CODE")), OPERATOR },
	{ 409, ERROR("ABORTED", CODE("NEW_CODE")), BUG },
	{ 429, ERROR("RESOURCE_EXHAUSTED", CODE("NEW_CODE")),
	    BUSY(RETRY_AFTER_ONLY) },
	{ 500, ERROR("INTERNAL", CODE("UNSPECIFIED_ERROR")),
	    BUSY(RETRY_BACKOFF) },
	{ 599, ERROR("X", CODE("NEW_CODE")), BUSY(RETRY_BACKOFF) },
	/* A code counts only in an FcmError, as it is written. */
	{ 404, ERROR("UNREGISTERED", ""), OPERATOR },
	{ 404, ERROR("NOT_FOUND", CODE("unregistered")), OPERATOR },
	{ 404, ERROR("NOT_FOUND", CODE("UNREGISTERED\\u0000")), OPERATOR },
	{ 404, ERROR("NOT_FOUND", "{\"errorCode\":\"UNREGISTERED\"}"),
	    OPERATOR },
	{ 404,
	    ERROR("NOT_FOUND", "{\"@type\":\"x\",\"errorCode\":"
			       "\"UNREGISTERED\"}"),
	    OPERATOR },
	{ 404,
	    ERROR("NOT_FOUND",
		"{\"@type\":\"type.googleapis.com/"
		"google.rpc.BadRequest\",\"errorCode\":\"UNREGISTERED\"}"),
	    OPERATOR },
	{ 404,
	    ERROR("NOT_FOUND",
		"{\"@type\":\"type.googleapis.com/google."
		"firebase.fcm.v1.FcmError\",\"errorCode\":[\"UNREGISTERED\"]}"),
	    OPERATOR },
	{ 403, ERROR("SENDER_ID_MISMATCH", ""), OPERATOR },
	{ 404, "{\"details\":[" CODE("UNREGISTERED") "]}", OPERATOR },
	{ 404, "{\"error\":{\"details\":" CODE("UNREGISTERED") "}}", OPERATOR },
	{ 404, "[" ERROR("NOT_FOUND", CODE("UNREGISTERED")) "]", OPERATOR },
	{ 404, "{\"error\":\"UNREGISTERED\"}", OPERATOR },
	{ 404, "{\"error\":null}", OPERATOR },
	{ 404, "{\"error\":{\"details\":null}}", OPERATOR },
	{ 404, "{\"error\":{\"details\":[" CODE("UNREGISTERED"), OPERATOR },
	/* An invalid argument: by field violations alone. */
	{ 400,
	    ERROR("INVALID_ARGUMENT",
		CODE("INVALID_ARGUMENT") "," FIELDS(TOKEN_FIELD)),
	    DEAD },
	{ 400,
	    ERROR("INVALID_ARGUMENT",
		FIELDS(TOKEN_FIELD) "," CODE("INVALID_ARGUMENT")),
	    DEAD },
	{ 400,
	    ERROR("INVALID_ARGUMENT",
		CODE("INVALID_ARGUMENT") "," FIELDS(FIELD("message.fid"))),
	    DEAD },
	{ 400,
	    ERROR("INVALID_ARGUMENT",
		CODE("INVALID_ARGUMENT") "," FIELDS(FIELD("message.fids"))),
	    BUG },
	{ 400,
	    ERROR("INVALID_ARGUMENT", CODE("INVALID_ARGUMENT") "," FIELDS(
					  TOKEN_FIELD "," TOKEN_FIELD)),
	    DEAD },
	{ 400,
	    ERROR("INVALID_ARGUMENT",
		CODE("INVALID_ARGUMENT") "," FIELDS(
		    TOKEN_FIELD "," FIELD("message.data[0].value"))),
	    BUG },
	{ 400,
	    ERROR("INVALID_ARGUMENT",
		CODE("INVALID_ARGUMENT") "," FIELDS(
		    FIELD("message.data[0].value") "," TOKEN_FIELD)),
	    BUG },
	{ 400,
	    ERROR("INVALID_ARGUMENT",
		CODE("INVALID_ARGUMENT") "," FIELDS(TOKEN_FIELD) "," FIELDS(
		    FIELD("message"))),
	    BUG },
	{ 400,
	    ERROR("INVALID_ARGUMENT",
		CODE("INVALID_ARGUMENT") "," FIELDS(FIELD("message"))),
	    BUG },
	{ 400,
	    ERROR("INVALID_ARGUMENT",
		CODE("INVALID_ARGUMENT") "," FIELDS(FIELD("message.token.x"))),
	    BUG },
	{ 400,
	    ERROR("INVALID_ARGUMENT",
		CODE("INVALID_ARGUMENT") "," FIELDS(FIELD("Message.Token"))),
	    BUG },
	{ 400,
	    ERROR("INVALID_ARGUMENT", CODE("INVALID_ARGUMENT") "," FIELDS("")),
	    BUG },
	{ 400,
	    ERROR("INVALID_ARGUMENT",
		CODE("INVALID_ARGUMENT") "," FIELDS(
		    TOKEN_FIELD ",{\"description\":\"d\"}")),
	    BUG },
	{ 400,
	    ERROR("INVALID_ARGUMENT",
		CODE("INVALID_ARGUMENT") "," FIELDS(TOKEN_FIELD ",null")),
	    BUG },
	{ 400,
	    ERROR("INVALID_ARGUMENT", CODE("INVALID_ARGUMENT") "," FIELDS(
					  "{\"field\":[\"message.token\"]}")),
	    BUG },
	{ 400,
	    ERROR("INVALID_ARGUMENT",
		CODE("INVALID_ARGUMENT") ","
					 "{\"@type\":\"type.googleapis.com/"
					 "google.rpc.BadRequest\","
					 "\"fieldViolations\":" TOKEN_FIELD
					 "}"),
	    BUG },
	{ 400,
	    "{\"error\":{\"code\":400,\"status\":\"INVALID_ARGUMENT\","
	    "\"message\":\"The registration token is not a valid FCM "
	    "registration token\",\"details\":[" CODE("INVALID_ARGUMENT") "]}}",
	    BUG },
	{ 400,
	    ERROR("INVALID_ARGUMENT", FIELDS(FIELD("message.data[0].value"))),
	    BUG },
	{ 400,
	    "{\"error\":{\"code\":400,\"status\":\"INVALID_ARGUMENT\","
	    "\"message\":\"Android message is too big\"}}",
	    TOO_LONG },
	{ 400,
	    "{\"error\":{\"code\":400,\"status\":\"INVALID_ARGUMENT\","
	    "\"message\":\"Message too large\"}}",
	    TOO_LONG },
	{ 400,
	    "{\"error\":{\"code\":400,\"status\":\"NEW\","
	    "\"message\":\"Android message is too big\"}}",
	    BUG },
	{ 400, "{\"error\":{\"code\":400,\"status\":\"INVALID_ARGUMENT\"}}",
	    BUG },
	/* A violation that cannot be read could be of anything. */
	{ 400,
	    ERROR("INVALID_ARGUMENT",
		CODE("INVALID_ARGUMENT") "," FIELDS(
		    TOKEN_FIELD) ",{\"@type\":\"type.googleapis.com/"
				 "google.rpc.BadRequest\"}"),
	    BUG },
	{ 400,
	    ERROR("INVALID_ARGUMENT",
		CODE("INVALID_ARGUMENT") "," FIELDS(
		    TOKEN_FIELD) ",{\"@type\":\"type.googleapis.com/"
				 "google.rpc.BadRequest\",\"fieldViolations\":"
				 "\"x\"}"),
	    BUG },
	{ 400,
	    ERROR("INVALID_ARGUMENT",
		CODE("INVALID_ARGUMENT") "," FIELDS(TOKEN_FIELD)) HTML,
	    FOREIGN },
	{ 404, ERROR("NOT_FOUND", CODE("UNREGISTERED")) "x", OPERATOR },
	/* Another code is no INVALID_ARGUMENT, whatever fields it names. */
	{ 400,
	    ERROR("INVALID_ARGUMENT",
		CODE("QUOTA_EXCEEDED") "," FIELDS(TOKEN_FIELD)),
	    BUG },
	{ 400,
	    ERROR("INVALID_ARGUMENT",
		CODE("THIRD_PARTY_AUTH_ERROR") "," FIELDS(TOKEN_FIELD)),
	    BUG },
	{ 400, ERROR("FAILED_PRECONDITION", FIELDS(TOKEN_FIELD)), BUG },
	{ 400, "", FOREIGN },
	{ 400, HTML, FOREIGN },
	{ 400, "{}", FOREIGN },
	{ 400, "{\"error\":\"INVALID_ARGUMENT\"}", FOREIGN },
	{ 400, "{\"error\":{\"details\":[" FIELDS(TOKEN_FIELD), FOREIGN },
};

static void
check_row(size_t row)
{
	struct outcome outcome = judge(rows[row].status, rows[row].body, -1);
	const char *name = fixture_format("answer %zu, status %d", row,
	    rows[row].status);
	bool good = provider_fixture_is_judged(&outcome, rows[row].verdict,
	    rows[row].cause, rows[row].retry, name);

	good &= tap_is_int(outcome.fresh_connection,
	    rows[row].status == 421, "%s: the connection", name);
	good &= tap_ok(outcome.reason != NULL && *outcome.reason != '\0',
	    "%s: a word for the log", name);
	good &= tap_is_int(outcome.retry_after_ms, -1, "%s: no time is named",
	    name);
	if (!good)
		tap_note("%s: %s", name, rows[row].body);
}

/* --- never rejected ------------------------------------------------------ */

static const char *const rejecting[] = {
	ERROR("NOT_FOUND", CODE("UNREGISTERED")),
	ERROR("PERMISSION_DENIED", CODE("SENDER_ID_MISMATCH")),
	ERROR("INVALID_ARGUMENT", CODE("INVALID_ARGUMENT") ","
	    FIELDS(TOKEN_FIELD)),
};

/* Whether a body that rejects with its own status may do so with another. */
static bool
may_reject(int status)
{
	return status == 400 || status == 403 || status == 404;
}

static void
check_never(size_t row)
{
	int status, wrong = 0;

	for (status = 100; status < 1000; status++) {
		if (!may_reject(status) && judge(status, rejecting[row],
		    -1).verdict == VERDICT_REJECTED) {
			tap_note("status %d", status);
			wrong++;
		}
	}
	tap_is_int(wrong, 0, "%s rejects with 400, 403 and 404 at most",
	    rejecting[row]);
	tap_ok(judge(401, rejecting[row], 0).verdict == VERDICT_LATER,
	    "%s with 401 is for later", rejecting[row]);
}

/* --- what a wrong setting would do to every device ----------------------- */

static const struct {
	const char *name;
	int status;
	const char *body;
	bool suspicious;
} suspects[] = {
	{ "the project of another service account", 403,
	    ERROR("PERMISSION_DENIED", CODE("SENDER_ID_MISMATCH")), true },
	{ "a token that is none of FCM's", 400, ERROR("INVALID_ARGUMENT",
	    CODE("INVALID_ARGUMENT") "," FIELDS(TOKEN_FIELD)), true },
	{ "an app that is gone", 404,
	    ERROR("NOT_FOUND", CODE("UNREGISTERED")), false },
	{ "an app that is gone, in other words", 400,
	    ERROR("INVALID_ARGUMENT", CODE("UNREGISTERED")), false },
	{ "a wrong argument", 400,
	    ERROR("INVALID_ARGUMENT", CODE("INVALID_ARGUMENT")), false },
	{ "a delivery", 200, "{}", false },
};

static void
check_suspect(size_t row)
{
	tap_is_int(judge(suspects[row].status, suspects[row].body,
	    -1).suspicious, suspects[row].suspicious, "%s is %ssuspicious",
	    suspects[row].name, suspects[row].suspicious ? "" : "not ");
}

static void
check_crossed(void)
{
	tap_ok(judge(403, rejecting[0], -1).verdict == VERDICT_LATER,
	    "UNREGISTERED with 403 concerns our credentials");
	tap_ok(judge(404, rejecting[1], -1).verdict == VERDICT_LATER,
	    "SENDER_ID_MISMATCH with 404 is none");
	tap_ok(judge(403, rejecting[2], -1).verdict == VERDICT_LATER,
	    "a field violation with 403 rejects nobody");
	tap_ok(judge(404, rejecting[2], -1).verdict == VERDICT_LATER,
	    "a field violation with 404 rejects nobody");
}

/* --- a body of a megabyte ------------------------------------------------ */

/* Whatever a whole body would say, a part of it says nothing. */
static const struct {
	int status;
	const char *body;	/* it begins so */
	enum verdict verdict;
	enum cause cause;
} large[] = {
	{ 200, "{\"name\":\"projects/p/messages/1\"}", VERDICT_DELIVERED,
	    CAUSE_NONE },
	{ 200, "<html>", VERDICT_LATER, CAUSE_CREDENTIALS },
	{ 400, ERROR("INVALID_ARGUMENT", CODE("INVALID_ARGUMENT") ","
	    FIELDS(TOKEN_FIELD)), VERDICT_LATER, CAUSE_UNREACHABLE },
	{ 403, ERROR("PERMISSION_DENIED", CODE("SENDER_ID_MISMATCH")),
	    VERDICT_LATER, CAUSE_CREDENTIALS },
	{ 404, ERROR("NOT_FOUND", CODE("UNREGISTERED")), VERDICT_LATER,
	    CAUSE_CREDENTIALS },
	{ 503, "<html>", VERDICT_LATER, CAUSE_OVERLOADED },
};

static void
check_large(size_t row)
{
	struct outcome outcome = judge(large[row].status, fixture_format(
	    "%s%s", large[row].body, fixture_repeat(" ", 1 << 20)), -1);

	tap_is_int(outcome.verdict, large[row].verdict,
	    "a megabyte with %d is judged by the status", large[row].status);
	tap_is_int(outcome.cause, large[row].cause,
	    "a megabyte with %d: the cause", large[row].status);
}

/* --- labels -------------------------------------------------------------- */

/* Nothing but these words gets into logs and metrics. */
static const struct {
	int status;
	const char *body;
	const char *reason;
} labels[] = {
	{ 200, "", "ok" },
	{ 200, HTML, "not FCM" },
	{ 400, ERROR("INVALID_ARGUMENT", CODE("INVALID_ARGUMENT")),
	    "INVALID_ARGUMENT" },
	{ 400, ERROR("INVALID_ARGUMENT", CODE("INVALID_ARGUMENT") ","
	    FIELDS(TOKEN_FIELD)), "INVALID_ARGUMENT" },
	{ 400, ERROR("X", CODE("NEW_CODE")), "INVALID_ARGUMENT" },
	{ 400, HTML, "not FCM" },
	{ 404, ERROR("NOT_FOUND", CODE("UNREGISTERED")), "UNREGISTERED" },
	{ 403, ERROR("PERMISSION_DENIED", CODE("SENDER_ID_MISMATCH")),
	    "SENDER_ID_MISMATCH" },
	{ 429, ERROR("RESOURCE_EXHAUSTED", CODE("QUOTA_EXCEEDED")),
	    "QUOTA_EXCEEDED" },
	{ 503, ERROR("UNAVAILABLE", CODE("UNAVAILABLE")), "UNAVAILABLE" },
	{ 500, ERROR("INTERNAL", CODE("INTERNAL")), "INTERNAL" },
	{ 401, ERROR("UNAUTHENTICATED", CODE("THIRD_PARTY_AUTH_ERROR")),
	    "THIRD_PARTY_AUTH_ERROR" },
	{ 401, ERROR("UNAUTHENTICATED", CODE("APNS_AUTH_ERROR")),
	    "APNS_AUTH_ERROR" },
	{ 401, ERROR("UNAUTHENTICATED", ""), "UNAUTHENTICATED" },
	{ 403, ERROR("PERMISSION_DENIED", ""), "PERMISSION_DENIED" },
	{ 403, ERROR("X", CODE("PUSHKEY_IN_A_CODE")), "PERMISSION_DENIED" },
	{ 404, HTML, "NOT_FOUND" },
	{ 413, "", "not FCM" },
	{ 413, ERROR("X", ""), "other" },
	{ 418, ERROR("X", CODE("PUSHKEY_IN_A_CODE")), "other" },
	{ 501, "", "other" },
	{ 502, HTML, "other" },
	{ 504, "", "other" },
	{ 302, "", "other" },
};

static void
check_label(size_t row)
{
	tap_is_string(judge(labels[row].status, labels[row].body, -1).reason,
	    labels[row].reason, "label %zu, status %d", row,
	    labels[row].status);
}

int
main(void)
{
	size_t i;

	fcm = provider_find("fcm");
	if (fcm == NULL)
		tap_bail_out("there is no provider fcm");
	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		check_row(i);
	for (i = 0; i < sizeof rejecting / sizeof *rejecting; i++)
		check_never(i);
	for (i = 0; i < sizeof suspects / sizeof *suspects; i++)
		check_suspect(i);
	check_crossed();
	for (i = 0; i < sizeof large / sizeof *large; i++)
		check_large(i);
	for (i = 0; i < sizeof labels / sizeof *labels; i++)
		check_label(i);
	tap_is_int(judge(429, "", 60000).retry_after_ms, 60000,
	    "the time in Retry-After is handed on with 429");
	tap_is_int(judge(503, "", 0).retry_after_ms, 0,
	    "a time of 0 is a time");
	return tap_done();
}
