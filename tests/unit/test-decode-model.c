/* SPDX-License-Identifier: Apache-2.0 */
/* What a valid request becomes. */
#include "api/decode.h"

#include <inttypes.h>
#include <string.h>

#include "fixture.h"
#include "tap.h"

static const struct decode_limits limits = {
	.max_batch_size = 100, .max_notification_size_kb = 64
};

static struct batch *
decode(enum decode_operation operation, const char *text)
{
	struct decode_error error;
	struct batch *batch;

	if (decode_request(operation, text, strlen(text), &limits, &batch,
	    &error) != DECODE_OK)
		tap_bail_out("%s: %s in %s", error.violation.location,
		    error.violation.reason, text);
	return batch;
}

/* The only notification of a plain one with these members. */
static struct batch *
decode_plain(const char *members)
{
	return decode(DECODE_NOTIFY, fixture_format("{\"notification\":"
	    "{%s\"devices\":[]}}", members));
}

static struct batch *
decode_encrypted(const char *members)
{
	return decode(DECODE_ENCRYPTED_BATCH, fixture_format(
	    "{\"notifications\":[{\"id\":\"0\",\"notification\":{"
	    "\"ciphertext\":\"%s\",\"time_message_encrypted\":\"\","
	    "\"key_identifier\":\"\",%s\"device\":{\"app_id\":\"a\","
	    "\"pushkey\":\"k\"}}}]}", fixture_repeat("c", 1404), members));
}

/* --- texts --------------------------------------------------------------- */

static const char *
text_of(const struct notification *notification, enum notification_text text)
{
	return notification->texts[text] == NULL ? NULL :
	    json_object_get_string(notification->texts[text]);
}

/* Of one kind, each text alone: present, empty, null and absent. */
static void
check_text(enum notification_text text)
{
	static const struct {
		const char *value;
		const char *plain;
		const char *encrypted;
	} rows[] = {
		{ "\"value\"", "value", "value" },
		{ "\"\"", NULL, "" },
		{ "\" \"", " ", " " },
		{ "null", NULL, NULL },
	};
	const struct notification_text_info *info = &notification_texts[text];
	bool plain = info->kind == NOTIFICATION_PLAIN;
	size_t i, other;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *members = fixture_format("\"%s\":%s,", info->name,
		    rows[i].value);
		struct batch *batch = plain ? decode_plain(members) :
		    decode_encrypted(members);

		tap_is_string(text_of(&batch->notifications[0], text),
		    plain ? rows[i].plain : rows[i].encrypted,
		    "%s: %s", info->name, rows[i].value);
		for (other = 0; plain && other < NOTIFICATION_TEXT__MAX;
		    other++) {
			if (other != text &&
			    batch->notifications[0].texts[other] != NULL)
				tap_ok(false, "%s alone gives no %s",
				    info->name,
				    notification_texts[other].name);
		}
		batch_free(batch);
	}
}

static void
check_required_texts(void)
{
	struct batch *batch = decode_encrypted("");
	const struct notification *one = &batch->notifications[0];

	tap_is_int(one->kind, NOTIFICATION_ENCRYPTED, "the kind: encrypted");
	tap_is_int((int64_t)strlen(text_of(one, NOTIFICATION_CIPHERTEXT)),
	    1404, "the ciphertext is whole");
	tap_is_string(text_of(one, NOTIFICATION_TIME_MESSAGE_ENCRYPTED), "",
	    "an empty time_message_encrypted stays");
	tap_is_string(text_of(one, NOTIFICATION_KEY_IDENTIFIER), "",
	    "an empty key_identifier stays");
	tap_is_string(text_of(one, NOTIFICATION_IDENTIFIER), NULL,
	    "no identifier");
	batch_free(batch);
	batch = decode_encrypted("\"event_id\":\"e\",\"content\":{},"
	    "\"sender\":\"s\",");
	one = &batch->notifications[0];
	tap_ok(one->content == NULL && text_of(one, NOTIFICATION_EVENT_ID) ==
	    NULL && text_of(one, NOTIFICATION_SENDER) == NULL,
	    "an encrypted one has none of a plain one's members");
	batch_free(batch);
	batch = decode_plain("\"ciphertext\":\"x\",\"identifier\":\"y\",");
	one = &batch->notifications[0];
	tap_ok(text_of(one, NOTIFICATION_CIPHERTEXT) == NULL &&
	    text_of(one, NOTIFICATION_IDENTIFIER) == NULL,
	    "a plain one has none of an encrypted one's members");
	batch_free(batch);
}

/* --- prio, counts, content ----------------------------------------------- */

static void
check_prio(void)
{
	static const struct {
		const char *members;
		const char *prio;
	} rows[] = {
		{ "", "high" },
		{ "\"prio\":null,", "high" },
		{ "\"prio\":\"high\",", "high" },
		{ "\"prio\":\"low\",", "low" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct batch *batch = decode_plain(rows[i].members);

		tap_is_string(notification_prio(&batch->notifications[0]),
		    rows[i].prio, "prio of a plain one with {%s}",
		    rows[i].members);
		batch_free(batch);
		batch = decode_encrypted(rows[i].members);
		tap_is_string(notification_prio(&batch->notifications[0]),
		    rows[i].prio, "prio of an encrypted one with {%s}",
		    rows[i].members);
		batch_free(batch);
	}
}

#define COUNTS(members) "\"counts\":{" members "},"

static const struct {
	const char *members;
	int64_t unread;
	int64_t missed_calls;
	int64_t badge;
} counts[] = {
	{ "", -1, -1, -1 },
	{ "\"counts\":null,", -1, -1, -1 },
	{ COUNTS(""), -1, -1, -1 },
	{ COUNTS("\"unread\":null,\"missed_calls\":null"), -1, -1, -1 },
	{ COUNTS("\"unread\":0"), 0, -1, 0 },
	{ COUNTS("\"missed_calls\":0"), -1, 0, 0 },
	{ COUNTS("\"unread\":3,\"missed_calls\":4"), 3, 4, 7 },
	{ COUNTS("\"unread\":-1,\"missed_calls\":4"), -1, 4, 4 },
	{ COUNTS("\"unread\":3,\"missed_calls\":-4"), 3, -1, 3 },
	{ COUNTS("\"unread\":-2,\"missed_calls\":-9"), -1, -1, -1 },
	{ COUNTS("\"unread\":-9223372036854775808"), -1, -1, -1 },
	{ COUNTS("\"unread\":2147483647"), INT32_MAX, -1, INT32_MAX },
	{ COUNTS("\"unread\":2147483647,\"missed_calls\":1"), INT32_MAX, 1,
	    INT32_MAX },
	{ COUNTS("\"unread\":9223372036854775807,"
	    "\"missed_calls\":9223372036854775807"), INT64_MAX, INT64_MAX,
	    INT32_MAX },
};

static void
check_counts(size_t row, bool plain)
{
	struct batch *batch = plain ? decode_plain(counts[row].members) :
	    decode_encrypted(counts[row].members);
	const struct notification *one = &batch->notifications[0];
	const char *name = fixture_format("%s with {%s}", plain ?
	    "a plain one" : "an encrypted one", counts[row].members);

	tap_is_int(one->unread, counts[row].unread, "unread of %s", name);
	tap_is_int(one->missed_calls, counts[row].missed_calls,
	    "missed_calls of %s", name);
	tap_is_int(notification_badge(one), counts[row].badge,
	    "the badge of %s", name);
	batch_free(batch);
}

static void
check_badge_only(void)
{
	static const struct {
		const char *members;
		bool badge_only;
	} rows[] = {
		{ "", false },
		{ COUNTS("\"unread\":0"), true },
		{ COUNTS("\"unread\":-1"), false },
		{ COUNTS("\"missed_calls\":2") "\"event_id\":\"\","
		    "\"room_id\":\"\",\"type\":\"\",\"sender\":\"\",", true },
		{ COUNTS("\"unread\":1") "\"prio\":\"low\","
		    "\"user_is_target\":true,", true },
		{ COUNTS("\"unread\":1") "\"event_id\":\"e\",", false },
		{ COUNTS("\"unread\":1") "\"room_name\":\"n\",", false },
		{ COUNTS("\"unread\":1") "\"content\":{\"body\":\"b\"},",
		    false },
		{ COUNTS("\"unread\":1") "\"content\":null,", true },
	};
	struct batch *batch;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		batch = decode_plain(rows[i].members);
		tap_is_int(notification_is_badge_only(
		    &batch->notifications[0]), rows[i].badge_only,
		    "{%s} is %sfor the badge alone", rows[i].members,
		    rows[i].badge_only ? "" : "not ");
		batch_free(batch);
	}
	batch = decode_encrypted(COUNTS("\"unread\":1"));
	tap_ok(!notification_is_badge_only(&batch->notifications[0]),
	    "an encrypted one is not for the badge alone");
	batch_free(batch);
}

static void
check_content(void)
{
	struct batch *batch = decode_plain("\"content\":{\"body\":\"b\","
	    "\"n\":1},");

	fixture_is_json(json_object_to_json_string(
	    batch->notifications[0].content), "{\"body\":\"b\",\"n\":1}",
	    "content is there as it came");
	tap_is_int((int64_t)batch->notifications[0].content_size,
	    (int64_t)strlen("{\"body\":\"b\",\"n\":1}"),
	    "the size of content, as it is sent");
	batch_free(batch);
	batch = decode_plain("");
	tap_ok(batch->notifications[0].content == NULL, "no content");
	batch_free(batch);
	batch = decode_plain("\"content\":null,");
	tap_ok(batch->notifications[0].content == NULL,
	    "null in place of content");
	batch_free(batch);
}

/* --- devices ------------------------------------------------------------- */

static const struct {
	const char *name;
	const char *pushkey_ts;
	int64_t expected;
} timestamps[] = {
	{ "absent", "", 0 },
	{ "null", ",\"pushkey_ts\":null", 0 },
	{ "0", ",\"pushkey_ts\":0", 0 },
	{ "-1", ",\"pushkey_ts\":-1", 0 },
	{ "1700000000", ",\"pushkey_ts\":1700000000", 1700000000 },
	{ "of the latest second", ",\"pushkey_ts\":100000000000",
	    INT64_C(100000000000) },
	/* Beyond it, milliseconds were meant. */
	{ "in milliseconds", ",\"pushkey_ts\":1700000000999", 1700000000 },
	{ "of 64 bits", ",\"pushkey_ts\":9223372036854775807",
	    INT64_C(9223372036854775) },
};

static void
check_pushkey_ts(size_t row)
{
	struct batch *batch = decode(DECODE_NOTIFY, fixture_format(
	    "{\"notification\":{\"devices\":[{\"app_id\":\"a\","
	    "\"pushkey\":\"k\"%s}]}}", timestamps[row].pushkey_ts));

	tap_is_int(batch->notifications[0].devices[0].pushkey_ts,
	    timestamps[row].expected, "pushkey_ts %s", timestamps[row].name);
	batch_free(batch);
}

static void
check_devices(void)
{
	struct batch *batch = decode(DECODE_NOTIFY, "{\"notification\":"
	    "{\"devices\":[{\"app_id\":\"a\",\"pushkey\":\"k\\u0000l\"},"
	    "{\"app_id\":\"b\",\"pushkey\":\"\",\"data\":null,"
	    "\"tweaks\":null}]}}");
	const struct notification *one = &batch->notifications[0];

	tap_is_int((int64_t)batch->count, 1, "a single notify is one");
	tap_is_int(one->kind, NOTIFICATION_PLAIN, "the kind: plain");
	tap_ok(one->id == NULL, "a single notify has no id");
	tap_is_int((int64_t)one->device_count, 2, "two devices");
	tap_is_string(one->devices[0].app_id, "a", "the first app_id");
	tap_is_string(one->devices[1].app_id, "b", "the second app_id");
	tap_is_int((int64_t)one->devices[0].pushkey_size, 3,
	    "a pushkey's size counts a NUL");
	tap_ok(memcmp(one->devices[0].pushkey, "k\0l", 4) == 0,
	    "a pushkey with a NUL is whole");
	tap_is_string(json_object_to_json_string(
	    one->devices[0].pushkey_json), "\"k\\u0000l\"",
	    "a pushkey with a NUL as JSON");
	tap_is_int((int64_t)one->devices[1].pushkey_size, 0,
	    "an empty pushkey");
	batch_free(batch);
	batch = decode_plain("");
	tap_is_int((int64_t)batch->notifications[0].device_count, 0,
	    "no devices");
	batch_free(batch);
	batch = decode_encrypted("");
	tap_is_int((int64_t)batch->notifications[0].device_count, 1,
	    "an encrypted one has one device");
	tap_is_string(batch->notifications[0].devices[0].pushkey, "k",
	    "the pushkey of an encrypted one");
	batch_free(batch);
}

/* What only Matrix clients and homeservers make use of. */
static void
check_matrix(void)
{
	static const struct {
		const char *members;
		const char *membership;
		bool user_is_target;
	} rows[] = {
		{ "", NULL, false },
		{ "\"membership\":\"invite\",\"user_is_target\":true,",
		    "invite", true },
		{ "\"membership\":1,\"user_is_target\":null,", NULL,
		    false },
	};
	struct batch *batch;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		batch = decode_plain(rows[i].members);
		tap_is_string(json_object_get_string(
		    batch->notifications[0].membership), rows[i].membership,
		    "membership of {%s}", rows[i].members);
		tap_ok(batch->notifications[0].user_is_target ==
		    rows[i].user_is_target, "user_is_target of {%s}",
		    rows[i].members);
		batch_free(batch);
	}
	batch = decode(DECODE_NOTIFY, "{\"notification\":{\"devices\":["
	    "{\"app_id\":\"a\",\"pushkey\":\"k\",\"data\":{\"x\":1}},"
	    "{\"app_id\":\"a\",\"pushkey\":\"l\",\"data\":null}]}}");
	tap_is_string(json_object_to_json_string_ext(
	    batch->notifications[0].devices[0].data, JSON_C_TO_STRING_PLAIN),
	    "{\"x\":1}", "a device's data");
	tap_ok(batch->notifications[0].devices[1].data == NULL,
	    "data of null is none");
	batch_free(batch);
	batch = decode(DECODE_MATRIX_NOTIFY, "{\"notification\":{\"devices\":["
	    "{\"app_id\":\"a\",\"pushkey\":\"k\","
	    "\"data\":{\"format\":5,\"x\":1}}]}}");
	tap_is_string(json_object_to_json_string_ext(
	    batch->notifications[0].devices[0].data, JSON_C_TO_STRING_PLAIN),
	    "{\"x\":1}", "an odd format takes nothing else of data along");
	batch_free(batch);
}

static void
check_order(void)
{
	struct batch *batch = decode(DECODE_BATCH, "{\"notifications\":["
	    "{\"notification\":{\"type\":\"0\",\"devices\":[]},\"id\":\"z\"},"
	    "{\"id\":\"\",\"notification\":{\"type\":\"1\",\"devices\":[]}},"
	    "{\"id\":\"a\\u0000b\",\"notification\":{\"type\":\"2\","
	    "\"devices\":[]}}]}");
	size_t i;

	tap_is_int((int64_t)batch->count, 3, "a batch of three");
	for (i = 0; i < batch->count; i++)
		tap_is_string(text_of(&batch->notifications[i],
		    NOTIFICATION_TYPE), fixture_format("%zu", i),
		    "notification %zu stands in its place", i);
	tap_is_string(json_object_to_json_string(batch->notifications[0].id),
	    "\"z\"", "an id");
	tap_is_string(json_object_to_json_string(batch->notifications[1].id),
	    "\"\"", "an empty id");
	tap_is_string(json_object_to_json_string(batch->notifications[2].id),
	    "\"a\\u0000b\"", "an id with a NUL is whole");
	batch_free(batch);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < NOTIFICATION_TEXT__MAX; i++) {
		if (notification_texts[i].kind == NOTIFICATION_PLAIN ||
		    i == NOTIFICATION_IDENTIFIER)
			check_text(i);
	}
	check_required_texts();
	check_prio();
	for (i = 0; i < sizeof counts / sizeof *counts; i++) {
		check_counts(i, true);
		check_counts(i, false);
	}
	check_badge_only();
	check_content();
	for (i = 0; i < sizeof timestamps / sizeof *timestamps; i++)
		check_pushkey_ts(i);
	check_devices();
	check_matrix();
	check_order();
	return tap_done();
}
