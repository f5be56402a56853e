/* SPDX-License-Identifier: Apache-2.0 */
/* The status table of the wire contract, line by line. */
#include "api/result.h"

#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "tap.h"

enum { TEXT_SIZE = 10000 };

enum { DEVICES_MAX = 6 };

static const enum cause causes[VERDICT__MAX] = {
	[VERDICT_DELIVERED] = CAUSE_NONE,
	[VERDICT_REJECTED] = CAUSE_PUSHKEY_DEAD,
	[VERDICT_LATER] = CAUSE_OVERLOADED,
	[VERDICT_FAILED] = CAUSE_APP_UNKNOWN,
};

/*
 * A letter for each device: delivered, rejected, later or failed; its pushkey
 * is its number.  `error` is what precedes the phrase of the cause that
 * `weighs`; NULL: there is none.
 */
static const struct row {
	const char *name;
	const char *devices;
	enum result_status status;
	const char *rejected;
	const char *error;
	enum verdict weighs;
	bool retry;
} rows[] = {
	/* all delivered, or none given */
	{ .name = "one delivered", .devices = "d",
	    .status = RESULT_SUCCESS, .rejected = "[]" },
	{ .name = "all delivered", .devices = "ddd",
	    .status = RESULT_SUCCESS, .rejected = "[]" },
	{ .name = "no devices", .devices = "",
	    .status = RESULT_SUCCESS, .rejected = "[]" },
	/* at least one delivered and at least one rejected */
	{ .name = "delivered and rejected", .devices = "dr",
	    .status = RESULT_PARTIAL, .rejected = "[\"1\"]" },
	{ .name = "two rejected, in their order", .devices = "rdr",
	    .status = RESULT_PARTIAL, .rejected = "[\"0\",\"2\"]" },
	{ .name = "delivered, rejected and later", .devices = "drl",
	    .status = RESULT_PARTIAL, .rejected = "[\"1\"]",
	    .error = "some devices were not reached: ",
	    .weighs = VERDICT_LATER },
	{ .name = "delivered, rejected and failed", .devices = "frd",
	    .status = RESULT_PARTIAL, .rejected = "[\"1\"]",
	    .error = "some devices were not reached: ",
	    .weighs = VERDICT_FAILED },
	{ .name = "one of each", .devices = "drfl",
	    .status = RESULT_PARTIAL, .rejected = "[\"1\"]",
	    .error = "some devices were not reached: ",
	    .weighs = VERDICT_LATER },
	/* at least one delivered, none rejected, at least one later */
	{ .name = "delivered and later", .devices = "ld",
	    .status = RESULT_FAILED, .rejected = "[]",
	    .error = "some devices were not reached, retry: ",
	    .weighs = VERDICT_LATER },
	{ .name = "delivered, failed and later", .devices = "dfl",
	    .status = RESULT_FAILED, .rejected = "[]",
	    .error = "some devices were not reached, retry: ",
	    .weighs = VERDICT_LATER },
	/* at least one delivered, none rejected or later, one failed */
	{ .name = "delivered and failed", .devices = "df",
	    .status = RESULT_PARTIAL, .rejected = "[]",
	    .error = "some devices cannot be reached, a retry would only "
	    "repeat what was delivered: ", .weighs = VERDICT_FAILED },
	/* none delivered */
	{ .name = "one rejected", .devices = "r",
	    .status = RESULT_FAILED, .rejected = "[\"0\"]", .error = "",
	    .weighs = VERDICT_REJECTED },
	{ .name = "one later", .devices = "l",
	    .status = RESULT_FAILED, .rejected = "[]", .error = "",
	    .weighs = VERDICT_LATER, .retry = true },
	{ .name = "one failed", .devices = "f",
	    .status = RESULT_FAILED, .rejected = "[]", .error = "",
	    .weighs = VERDICT_FAILED },
	{ .name = "rejected and later", .devices = "rl",
	    .status = RESULT_FAILED, .rejected = "[\"0\"]", .error = "",
	    .weighs = VERDICT_LATER, .retry = true },
	{ .name = "rejected and failed", .devices = "rf",
	    .status = RESULT_FAILED, .rejected = "[\"0\"]", .error = "",
	    .weighs = VERDICT_FAILED },
	{ .name = "failed and later", .devices = "fl",
	    .status = RESULT_FAILED, .rejected = "[]", .error = "",
	    .weighs = VERDICT_LATER, .retry = true },
};

static const enum verdict verdicts[] = {
	['d'] = VERDICT_DELIVERED,
	['r'] = VERDICT_REJECTED,
	['l'] = VERDICT_LATER,
	['f'] = VERDICT_FAILED,
};

/* A notification to these devices, and their outcomes. */
struct case_of {
	struct notification notification;
	struct device devices[DEVICES_MAX];
	struct outcome outcomes[DEVICES_MAX];
};

static void
case_init(struct case_of *it, const char *devices)
{
	size_t i;

	memset(it, 0, sizeof *it);
	it->notification.devices = it->devices;
	it->notification.device_count = strlen(devices);
	for (i = 0; devices[i] != '\0'; i++) {
		enum verdict verdict = verdicts[(unsigned char)devices[i]];

		it->devices[i].pushkey_json = json_object_new_string(
		    fixture_format("%zu", i));
		it->devices[i].pushkey = json_object_get_string(
		    it->devices[i].pushkey_json);
		it->outcomes[i].verdict = verdict;
		it->outcomes[i].cause = causes[verdict];
	}
}

static void
case_free(struct case_of *it)
{
	size_t i;

	for (i = 0; i < it->notification.device_count; i++)
		json_object_put(it->devices[i].pushkey_json);
}

/* The same pushkey in both entries. */
static void
case_join(struct case_of *it, size_t a, size_t b)
{
	json_object_put(it->devices[b].pushkey_json);
	it->devices[b].pushkey_json =
	    json_object_get(it->devices[a].pushkey_json);
	it->devices[b].pushkey = it->devices[a].pushkey;
}

static void
check_counts(const struct row *row, const struct result *result)
{
	const char *letter;

	for (letter = "drlf"; *letter != '\0'; letter++) {
		unsigned int count = 0;
		const char *device;

		for (device = row->devices; *device != '\0'; device++)
			count += *device == *letter;
		tap_is_int(result->devices[verdicts[(unsigned char)*letter]],
		    count, "%s: how many are %c", row->name, *letter);
	}
}

static void
check_row(const struct row *row)
{
	struct json_object *id = json_object_new_string("an id");
	struct result result;
	struct buf text;
	struct case_of it;
	const char *error;

	case_init(&it, row->devices);
	/* Whatever was there before is gone. */
	memset(&result, 1, sizeof result);
	result_init(&result, &it.notification, it.outcomes);
	error = row->error == NULL ? "" : fixture_format("%s%s", row->error,
	    cause_phrase(causes[row->weighs]));
	tap_is_string(result.error, error, "%s: the error", row->name);
	buf_init(&text, TEXT_SIZE);
	result_write(&result, id, &text);
	tap_is_string(buf_text(&text), row->error == NULL ?
	    fixture_format("{\"id\":\"an id\",\"status\":\"%s\","
	    "\"rejected\":%s}", result_status_name(row->status),
	    row->rejected) : fixture_format("{\"id\":\"an id\","
	    "\"status\":\"%s\",\"rejected\":%s,\"error\":\"%s\"}",
	    result_status_name(row->status), row->rejected, error),
	    "%s: the result", row->name);
	check_counts(row, &result);
	tap_is_int(result_wants_retry(&result), row->retry,
	    "%s: whether a retry of the whole makes sense", row->name);
	buf_free(&text);
	json_object_put(id);
	result_free(&result);
	tap_ok(result.rejected == NULL, "%s: a result is freed once",
	    row->name);
	case_free(&it);
}

/* --- one pushkey in two entries ------------------------------------------ */

/* Callers delete by pushkey: one that may be alive must not be listed. */
static void
check_pair(const char *devices, enum result_status status,
    const char *rejected, const char *error)
{
	struct result result;
	struct case_of it;

	case_init(&it, devices);
	case_join(&it, 0, 1);
	result_init(&result, &it.notification, it.outcomes);
	tap_is_string(result_status_name(result.status),
	    result_status_name(status), "a pushkey twice, %s: the status",
	    devices);
	fixture_is_json(result.rejected == NULL ? "[]" :
	    json_object_to_json_string(result.rejected), rejected,
	    "a pushkey twice, %s: what is rejected", devices);
	tap_is_string(result.error, error, "a pushkey twice, %s: the error",
	    devices);
	result_free(&result);
	case_free(&it);
}

static void
check_pairs(void)
{
	check_pair("rr", RESULT_FAILED, "[\"0\"]",
	    cause_phrase(CAUSE_PUSHKEY_DEAD));
	check_pair("rd", RESULT_PARTIAL, "[]", fixture_format(
	    "some devices cannot be reached, a retry would only repeat "
	    "what was delivered: %s", cause_phrase(CAUSE_PUSHKEY_MALFORMED)));
	check_pair("lr", RESULT_FAILED, "[]", cause_phrase(CAUSE_OVERLOADED));
	check_pair("rf", RESULT_FAILED, "[]",
	    cause_phrase(CAUSE_PUSHKEY_MALFORMED));
}

/* --- the summary --------------------------------------------------------- */

static void
check_summary(void)
{
	static const unsigned int items[RESULT_STATUS__MAX] = {
		[RESULT_SUCCESS] = 4, [RESULT_FAILED] = 2, [RESULT_PARTIAL] = 1
	};
	struct json_object *summary = result_summary(items);

	fixture_is_json(json_object_to_json_string(summary), "{\"total\":7,"
	    "\"successful\":4,\"failed\":2,\"partial\":1}",
	    "the summary adds up");
	json_object_put(summary);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		check_row(&rows[i]);
	check_pairs();
	check_summary();
	return tap_done();
}
