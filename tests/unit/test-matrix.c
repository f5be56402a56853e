/* SPDX-License-Identifier: Apache-2.0 */
/* What the clients of Matrix are sent: payloads for APNs, data for FCM. */
#include "provider/matrix.h"

#include <string.h>

#include "api/decode.h"
#include "fixture.h"
#include "tap.h"

enum {
	LIMIT = 4096
};

static const struct decode_limits limits = {
	.max_batch_size = 100, .max_notification_size_kb = 64
};

static const struct matrix_apns_params apns = {
	.alert_body = "New message", .is_alert = true,
	.send_badge_counts = true, .limit = LIMIT
};

static const struct matrix_fcm_params fcm = {
	.send_badge_counts = true, .limit = LIMIT
};

/* A notification with these members, to a device with this data. */
static struct batch *
decode(const char *members, const char *data)
{
	const char *text = fixture_format("{\"notification\":{%s\"devices\":"
	    "[{\"app_id\":\"a\",\"pushkey\":\"k\",\"data\":%s}]}}", members,
	    data);
	struct decode_error error;
	struct batch *batch;

	if (decode_request(DECODE_NOTIFY, text, strlen(text), &limits, &batch,
	    &error) != DECODE_OK)
		tap_bail_out("%s: %s in %s", error.violation.location,
		    error.violation.reason, text);
	return batch;
}

/* The payload for APNs, or NULL if it is too long; gone at the next call. */
static const char *
apns_of(const struct matrix_apns_params *params, const char *members,
    const char *data, enum notification_detail detail)
{
	static struct buf body;
	struct batch *batch = decode(members, data);
	bool fits;

	buf_free(&body);
	buf_init(&body, 1024 * 1024);
	fits = matrix_write_apns(params, &batch->notifications[0],
	    &batch->notifications[0].devices[0], detail, &body);
	batch_free(batch);
	return fits ? buf_text(&body) : NULL;
}

static const char *
fcm_of(const struct matrix_fcm_params *params, const char *members,
    const char *data, enum notification_detail detail)
{
	struct batch *batch = decode(members, data);
	struct json_object *object = matrix_make_fcm(params,
	    &batch->notifications[0], &batch->notifications[0].devices[0],
	    detail);
	const char *text = object == NULL ? NULL : fixture_format("%s",
	    json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));

	json_object_put(object);
	batch_free(batch);
	return text;
}

/* --- APNs ---------------------------------------------------------------- */

#define IDS "\"event_id\":\"$e\",\"room_id\":\"!r\","
#define SENT "\"room_id\":\"!r\",\"event_id\":\"$e\""
#define NAMED "\"sender\":\"@s:h\",\"sender_display_name\":\"Sam\"," \
    "\"room_name\":\"Den\","
#define MESSAGE(content) IDS NAMED "\"type\":\"m.room.message\"," \
    "\"content\":" content ","
#define ALERT(key, ...) "{\"aps\":{\"alert\":{\"loc-key\":\"" key \
    "\",\"loc-args\":[" __VA_ARGS__ "]}}," SENT "}"

#define TYPED "\"aps\":{\"alert\":{\"title\":\"T\"},\"badge\":1," \
    "\"sound\":\"s\",\"thread-id\":\"t\",\"category\":\"c\"," \
    "\"content-available\":1,\"mutable-content\":1," \
    "\"target-content-id\":\"t\",\"interruption-level\":\"i\"," \
    "\"relevance-score\":0.5,\"filter-criteria\":\"f\"}"

static const struct {
	const char *name;
	const char *members;
	const char *data;
	const char *payload;
} payloads[] = {
	{ "counts alone are a badge", "\"counts\":{\"unread\":2,"
	    "\"missed_calls\":1},", "{\"default_payload\":{\"a\":1}}",
	    "{\"aps\":{\"badge\":3}}" },
	{ "counts of 0 take the badge back",
	    "\"event_id\":\"\",\"counts\":{\"unread\":0},", "{}",
	    "{\"aps\":{\"badge\":0}}" },
	{ "an event without a type is its ids, over the base",
	    IDS "\"counts\":{\"unread\":2},",
	    "{\"default_payload\":{\"aps\":{\"mutable-content\":1},"
	    "\"pusher_notification_client_identifier\":\"c\"}}",
	    "{\"aps\":{\"mutable-content\":1},"
	    "\"pusher_notification_client_identifier\":\"c\"," SENT
	    ",\"unread_count\":2}" },
	{ "a type of null is none", IDS "\"type\":null,", "{\"default_payload\""
	    ":{\"aps\":{\"content-available\":1}}}",
	    "{\"aps\":{\"content-available\":1}," SENT "}" },
	{ "without a base it has our static alert", IDS, "{}",
	    "{\"aps\":{\"mutable-content\":1,\"alert\":{\"body\":"
	    "\"New message\"}}," SENT "}" },
	{ "a base that is no object is as if absent", IDS,
	    "{\"default_payload\":\"x\"}",
	    "{\"aps\":{\"mutable-content\":1,\"alert\":{\"body\":"
	    "\"New message\"}}," SENT "}" },
	{ "an aps that is no object is as if absent", IDS,
	    "{\"default_payload\":{\"aps\":3,\"b\":true}}",
	    "{\"b\":true,\"aps\":{\"mutable-content\":1,\"alert\":{\"body\":"
	    "\"New message\"}}," SENT "}" },
	{ "without even an event it has that, too", "", "{}",
	    "{\"aps\":{\"mutable-content\":1,\"alert\":{\"body\":"
	    "\"New message\"}}}" },
	{ "members of aps of a wrong type are left out", IDS,
	    "{\"default_payload\":{\"aps\":{\"alert\":1,\"badge\":1.5,"
	    "\"sound\":[],\"thread-id\":1,\"category\":{},"
	    "\"content-available\":\"1\",\"mutable-content\":true,"
	    "\"target-content-id\":1,\"interruption-level\":1,"
	    "\"relevance-score\":\"1\",\"filter-criteria\":null,\"x\":[]}}}",
	    "{\"aps\":{\"x\":[]}," SENT "}" },
	{ "those of a right type stay", IDS,
	    "{\"default_payload\":{" TYPED "}}", "{" TYPED "," SENT "}" },
	{ "so do those of the other one", IDS,
	    "{\"default_payload\":{\"aps\":{\"alert\":\"x\",\"sound\":{},"
	    "\"relevance-score\":1}}}", "{\"aps\":{\"alert\":\"x\","
	    "\"sound\":{},\"relevance-score\":1}," SENT "}" },
	{ "those of a wrong type are left out beside an alert, too",
	    IDS NAMED "\"type\":\"m.sticker\",",
	    "{\"default_payload\":{\"aps\":{\"sound\":1}}}",
	    ALERT("MSG_FROM_USER", "\"Sam\"") },
	{ "an aps that is no object is left out without an alert", IDS NAMED
	    "\"type\":\"m.room.member\",\"membership\":\"join\",",
	    "{\"default_payload\":{\"aps\":3}}", "{" SENT "}" },
	{ "what belongs to the event wins over the base", IDS,
	    "{\"default_payload\":{\"event_id\":\"x\",\"room_id\":{},"
	    "\"aps\":{}}}", "{\"aps\":{}," SENT "}" },
	{ "an event without room or sender", "\"event_id\":\"$e\",\"type\":"
	    "\"m.other\",", "{}", "{\"aps\":{\"alert\":{\"loc-key\":"
	    "\"MSG_FROM_USER\",\"loc-args\":[\" \"]}},\"event_id\":\"$e\"}" },
	{ "a text in a room", MESSAGE("{\"msgtype\":\"m.text\",\"body\":"
	    "\"Hi\"}"), "{}", ALERT("MSG_FROM_USER_IN_ROOM_WITH_CONTENT",
	    "\"Sam\",\"Den\",\"Hi\"") },
	{ "a notice in a room", MESSAGE("{\"msgtype\":\"m.notice\",\"body\":"
	    "\"Hi\"}"), "{}", ALERT("MSG_FROM_USER_IN_ROOM_WITH_CONTENT",
	    "\"Sam\",\"Den\",\"Hi\"") },
	{ "an emote in a room", MESSAGE("{\"msgtype\":\"m.emote\",\"body\":"
	    "\"waves\"}"), "{}", ALERT("ACTION_FROM_USER_IN_ROOM",
	    "\"Den\",\"Sam\",\"waves\"") },
	{ "an image in a room", MESSAGE("{\"msgtype\":\"m.image\",\"body\":"
	    "\"a.png\"}"), "{}", ALERT("IMAGE_FROM_USER_IN_ROOM",
	    "\"Sam\",\"a.png\",\"Den\"") },
	{ "a message without a body", MESSAGE("{\"msgtype\":\"m.text\"}"),
	    "{}", ALERT("MSG_FROM_USER_IN_ROOM", "\"Sam\",\"Den\"") },
	{ "a message whose body is no string", MESSAGE("{\"msgtype\":"
	    "\"m.text\",\"body\":{}}"), "{}",
	    ALERT("MSG_FROM_USER_IN_ROOM", "\"Sam\",\"Den\"") },
	{ "a message whose body is empty", MESSAGE("{\"msgtype\":"
	    "\"m.text\",\"body\":\"\"}"), "{}",
	    ALERT("MSG_FROM_USER_IN_ROOM", "\"Sam\",\"Den\"") },
	{ "a message of one character", MESSAGE("{\"msgtype\":\"m.text\","
	    "\"body\":\"H\"}"), "{}", ALERT(
	    "MSG_FROM_USER_IN_ROOM_WITH_CONTENT", "\"Sam\",\"Den\",\"H\"") },
	{ "a message without a msgtype", MESSAGE("{\"body\":\"Hi\"}"), "{}",
	    ALERT("MSG_FROM_USER_IN_ROOM", "\"Sam\",\"Den\"") },
	{ "an encrypted message", IDS NAMED "\"type\":\"m.room.encrypted\","
	    "\"content\":{\"ciphertext\":\"x\"},", "{}",
	    ALERT("MSG_FROM_USER_IN_ROOM", "\"Sam\",\"Den\"") },
	{ "a text in a room without a name", IDS "\"sender\":\"@s:h\","
	    "\"type\":\"m.room.message\",\"content\":{\"msgtype\":\"m.text\","
	    "\"body\":\"Hi\"},", "{}", ALERT("MSG_FROM_USER_WITH_CONTENT",
	    "\"@s:h\",\"Hi\"") },
	{ "an emote in a room without a name", IDS "\"sender\":\"@s:h\","
	    "\"type\":\"m.room.message\",\"content\":{\"msgtype\":"
	    "\"m.emote\",\"body\":\"waves\"},", "{}",
	    ALERT("ACTION_FROM_USER", "\"@s:h\",\"waves\"") },
	{ "an image in a room without a name", IDS "\"sender\":\"@s:h\","
	    "\"type\":\"m.room.message\",\"content\":{\"msgtype\":"
	    "\"m.image\",\"body\":\"a.png\"},", "{}",
	    ALERT("IMAGE_FROM_USER", "\"@s:h\",\"a.png\"") },
	{ "a room with an alias", IDS "\"sender\":\"@s:h\",\"room_alias\":"
	    "\"#r:h\",\"type\":\"m.room.message\",", "{}",
	    ALERT("MSG_FROM_USER_IN_ROOM", "\"@s:h\",\"#r:h\"") },
	{ "a voice call", IDS NAMED "\"type\":\"m.call.invite\",\"content\":"
	    "{\"offer\":{\"sdp\":\"m=audio\"}},", "{}",
	    ALERT("VOICE_CALL_FROM_USER", "\"Sam\"") },
	{ "a call without an offer", IDS NAMED "\"type\":\"m.call.invite\",",
	    "{}", ALERT("VOICE_CALL_FROM_USER", "\"Sam\"") },
	{ "a call whose offer is no object", IDS NAMED
	    "\"type\":\"m.call.invite\",\"content\":{\"offer\":"
	    "\"m=video\"},", "{}",
	    ALERT("VOICE_CALL_FROM_USER", "\"Sam\"") },
	{ "a call whose offer is no text", IDS NAMED
	    "\"type\":\"m.call.invite\",\"content\":{\"offer\":{\"sdp\":"
	    "[\"m=video\"]}},", "{}",
	    ALERT("VOICE_CALL_FROM_USER", "\"Sam\"") },
	{ "a video call", IDS NAMED "\"type\":\"m.call.invite\",\"content\":"
	    "{\"offer\":{\"sdp\":\"m=audio m=video\"}},", "{}",
	    ALERT("VIDEO_CALL_FROM_USER", "\"Sam\"") },
	{ "an invite to a room with a name", IDS NAMED
	    "\"type\":\"m.room.member\",\"membership\":\"invite\","
	    "\"user_is_target\":true,", "{}",
	    ALERT("USER_INVITE_TO_NAMED_ROOM", "\"Sam\",\"Den\"") },
	{ "an invite to a chat", IDS "\"sender\":\"@s:h\","
	    "\"type\":\"m.room.member\",\"membership\":\"invite\","
	    "\"user_is_target\":true,", "{}",
	    ALERT("USER_INVITE_TO_CHAT", "\"@s:h\"") },
	{ "somebody else's invite is no alert", IDS NAMED
	    "\"type\":\"m.room.member\",\"membership\":\"invite\","
	    "\"counts\":{\"unread\":1},", "{}",
	    "{\"aps\":{\"badge\":1}," SENT ",\"unread_count\":1}" },
	{ "a join is no alert", IDS NAMED "\"type\":\"m.room.member\","
	    "\"membership\":\"join\",\"user_is_target\":true,", "{}",
	    "{" SENT "}" },
	{ "an event of another type", IDS NAMED "\"type\":\"m.sticker\",",
	    "{}", ALERT("MSG_FROM_USER", "\"Sam\"") },
	{ "badge and counts of an event", IDS NAMED "\"type\":\"m.sticker\","
	    "\"counts\":{\"unread\":0,\"missed_calls\":2},", "{}",
	    "{\"aps\":{\"badge\":2,\"alert\":{\"loc-key\":\"MSG_FROM_USER\","
	    "\"loc-args\":[\"Sam\"]}}," SENT ",\"unread_count\":0,"
	    "\"missed_calls\":2}" },
	{ "the alert of the base keeps its other members", IDS NAMED
	    "\"type\":\"m.sticker\",", "{\"default_payload\":{\"aps\":{"
	    "\"mutable-content\":1,\"alert\":{\"title\":\"T\",\"loc-key\":"
	    "\"x\",\"loc-args\":[1]}}}}", "{\"aps\":{\"mutable-content\":1,"
	    "\"alert\":{\"title\":\"T\",\"loc-key\":\"MSG_FROM_USER\","
	    "\"loc-args\":[\"Sam\"]}}," SENT "}" },
	{ "an alert of the base that is a text gives way", IDS NAMED
	    "\"type\":\"m.sticker\",", "{\"default_payload\":{\"aps\":{"
	    "\"alert\":\"x\"}}}", ALERT("MSG_FROM_USER", "\"Sam\"") },
};

static void
check_payloads(void)
{
	size_t i;

	for (i = 0; i < sizeof payloads / sizeof *payloads; i++)
		fixture_is_json(apns_of(&apns, payloads[i].members,
		    payloads[i].data, NOTIFICATION_FULL), payloads[i].payload,
		    "APNs: %s", payloads[i].name);
}

static void
check_settings(void)
{
	struct matrix_apns_params silent = apns, background = apns;
	struct matrix_fcm_params silent_fcm = fcm;

	silent.send_badge_counts = false;
	background.is_alert = false;
	silent_fcm.send_badge_counts = false;
	fixture_is_json(apns_of(&silent, IDS "\"counts\":{\"unread\":1},",
	    "{\"default_payload\":{\"aps\":{}}}", NOTIFICATION_FULL),
	    "{\"aps\":{}," SENT "}",
	    "without badge counts an event is its ids");
	fixture_is_json(apns_of(&silent, IDS NAMED "\"type\":\"m.sticker\","
	    "\"counts\":{\"unread\":1},", "{}", NOTIFICATION_FULL),
	    ALERT("MSG_FROM_USER", "\"Sam\""), "or its alert");
	fixture_is_json(apns_of(&background, IDS, "{}", NOTIFICATION_FULL),
	    "{" SENT "}", "another push type has no static alert");
	fixture_is_json(fcm_of(&silent_fcm, IDS "\"counts\":{\"unread\":1},",
	    "{}", NOTIFICATION_FULL), "{\"event_id\":\"$e\",\"room_id\":"
	    "\"!r\",\"prio\":\"high\"}", "nor has FCM its counts then");
}

/* --- what is not wanted -------------------------------------------------- */

static const struct {
	const char *name;
	const char *members;
	const char *data;
	bool send_badge_counts;
	bool unwanted;
	bool odd;
} wishes[] = {
	{ "an event", IDS, "{}", true, false, false },
	{ "an event, events only", IDS, "{\"events_only\":true}", true,
	    false, false },
	{ "counts", "\"counts\":{\"unread\":1},", "{}", true, false, false },
	{ "counts, events only", "\"counts\":{\"unread\":1},",
	    "{\"events_only\":true}", true, true, false },
	{ "counts, events only in words", "\"counts\":{\"unread\":1},",
	    "{\"events_only\":\"true\"}", true, false, false },
	{ "counts that are not sent", "\"counts\":{\"unread\":1},", "{}",
	    false, true, false },
	{ "an event with counts that are not sent", IDS
	    "\"counts\":{\"unread\":1},", "{}", false, false, false },
	{ "no data", IDS, "null", true, false, false },
	{ "a base", IDS, "{\"default_payload\":{}}", true, false, false },
	{ "a base that is none", IDS, "{\"default_payload\":[]}", true, false,
	    true },
};

static void
check_wishes(void)
{
	size_t i;

	for (i = 0; i < sizeof wishes / sizeof *wishes; i++) {
		struct batch *batch = decode(wishes[i].members,
		    wishes[i].data);

		struct provider_advice advice = { .oddity = NULL };

		matrix_consider(&batch->notifications[0],
		    &batch->notifications[0].devices[0],
		    wishes[i].send_badge_counts, &advice);
		tap_ok(advice.is_unwanted == wishes[i].unwanted, "%s: %s",
		    wishes[i].name,
		    wishes[i].unwanted ? "not wanted" : "wanted");
		tap_ok((advice.oddity != NULL) == wishes[i].odd, "%s: %s",
		    wishes[i].name, wishes[i].odd ? "odd" : "not odd");
		batch_free(batch);
	}
}

/* --- texts that are too long --------------------------------------------- */

/* A message of this body, between these names. */
static const char *
long_message(const char *name, const char *body)
{
	return fixture_format(IDS "\"type\":\"m.room.message\",\"sender\":"
	    "\"%s\",\"room_name\":\"%s\",\"content\":{\"msgtype\":\"m.text\","
	    "\"body\":\"%s\"},", name, name, body);
}

static size_t
count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)) != NULL; text += strlen(part))
		count++;
	return count;
}

static void
check_apns_length(const char *what, const char *members, size_t ellipses)
{
	const char *payload = apns_of(&apns, members, "{}",
	    NOTIFICATION_FULL);
	size_t size = payload == NULL ? 0 : strlen(payload);

	tap_ok(size <= LIMIT && size > LIMIT - 10,
	    "%s: the payload is as long as may be: %zu", what, size);
	tap_is_int(payload == NULL ? 0 : (int64_t)count_of(payload,
	    "\xe2\x80\xa6"), (int64_t)ellipses, "%s: so many are cut", what);
	json_object_put(fixture_json(payload == NULL ? "{}" : payload));
}

/* Of letters alone, which are cut anywhere, not a byte is left over. */
static void
check_exact_lengths(void)
{
	const char *letters = fixture_repeat("a", 6000);
	const char *text = apns_of(&apns, long_message("short", letters),
	    "{}", NOTIFICATION_FULL);

	tap_is_int(text == NULL ? 0 : (int64_t)strlen(text), LIMIT,
	    "three arguments, one of them cut, fill the payload");
	text = apns_of(&apns, fixture_format(IDS "\"sender\":\"%s\","
	    "\"type\":\"m.sticker\",", letters), "{}", NOTIFICATION_FULL);
	tap_is_int(text == NULL ? 0 : (int64_t)strlen(text), LIMIT,
	    "so does one alone");
}

static void
check_lengths(void)
{
	static const struct {
		const char *name;
		const char *unit;
	} kinds[] = {
		{ "letters", "a" },
		{ "characters of four bytes", "\xf0\x9f\x98\x80" },
		{ "quotes", "\\\"" },
		{ "control characters", "\\u0001" },
	};
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		check_apns_length(kinds[i].name, long_message("short",
		    fixture_repeat(kinds[i].unit, 6000)), 1);
		check_apns_length(fixture_format("%s everywhere",
		    kinds[i].name), long_message(fixture_repeat(kinds[i].unit,
		    6000), fixture_repeat(kinds[i].unit, 6000)), 3);
	}
}

/* What has no room for even the names comes down to its ids. */
static void
check_details(void)
{
	const char *base = fixture_format("{\"default_payload\":{\"x\":"
	    "\"%s\",\"aps\":{}}}", fixture_repeat("x", LIMIT));
	const char *members = long_message("n", "b");

	tap_ok(apns_of(&apns, members, base, NOTIFICATION_FULL) == NULL,
	    "a base as long as the limit leaves no room");
	tap_ok(apns_of(&apns, members, base, NOTIFICATION_WITHOUT_CONTENT) ==
	    NULL, "nor without content");
	fixture_is_json(apns_of(&apns, members, base,
	    NOTIFICATION_WITHOUT_NAMES), "{\"aps\":{\"mutable-content\":1,"
	    "\"alert\":{\"body\":\"New message\"}}," SENT "}",
	    "the least is the ids, without the base");
	fixture_is_json(apns_of(&apns, members, "{}",
	    NOTIFICATION_WITHOUT_CONTENT), ALERT("MSG_FROM_USER_IN_ROOM",
	    "\"n\",\"n\""), "without content there is a sender and a room");
	tap_ok(apns_of(&apns, IDS, base, NOTIFICATION_FULL) == NULL,
	    "a base stays as long as there is anything else to leave out");
	fixture_is_json(apns_of(&apns, members,
	    "{\"default_payload\":{\"x\":1,\"aps\":{}}}",
	    NOTIFICATION_WITHOUT_NAMES), "{\"x\":1,\"aps\":{}," SENT "}",
	    "and where it fits");
	tap_ok(fcm_of(&fcm, members, base, NOTIFICATION_FULL) == NULL,
	    "FCM: the base leaves no room");
	fixture_is_json(fcm_of(&fcm, members, "{\"default_payload\":{"
	    "\"x\":1}}", NOTIFICATION_WITHOUT_NAMES), "{\"x\":\"1\","
	    "\"event_id\":\"$e\",\"type\":\"m.room.message\","
	    "\"sender\":\"n\",\"room_id\":\"!r\",\"prio\":\"high\"}",
	    "FCM: the base stays where it fits");
	fixture_is_json(fcm_of(&fcm, members, base,
	    NOTIFICATION_WITHOUT_NAMES), "{\"event_id\":\"$e\",\"type\":"
	    "\"m.room.message\",\"sender\":\"n\",\"room_id\":\"!r\","
	    "\"prio\":\"high\"}", "FCM: the least is without the base");
}

/* --- FCM ----------------------------------------------------------------- */

static const struct {
	const char *name;
	const char *members;
	const char *data;
	const char *sent;
} messages[] = {
	{ "all of an event", IDS NAMED "\"room_alias\":\"#r:h\",\"type\":"
	    "\"m.room.member\",\"membership\":\"join\",\"prio\":\"low\","
	    "\"counts\":{\"unread\":0,\"missed_calls\":2},\"content\":{"
	    "\"body\":\"b\",\"n\":1,\"o\":{}},", "{\"default_payload\":{"
	    "\"cs\":\"secret\",\"n\":1,\"d\":1.5,\"t\":true,\"z\":null,"
	    "\"l\":[],\"o\":{},\"from\":\"x\",\"message_type\":\"x\","
	    "\"google.x\":\"x\",\"gcm.x\":\"x\",\"event_id\":\"x\"}}",
	    "{\"cs\":\"secret\",\"n\":\"1\",\"d\":\"1.5\",\"t\":\"true\","
	    "\"event_id\":\"$e\",\"type\":\"m.room.member\",\"sender\":"
	    "\"@s:h\",\"room_id\":\"!r\",\"membership\":\"join\",\"prio\":"
	    "\"normal\",\"unread\":\"0\",\"missed_calls\":\"2\","
	    "\"room_name\":\"Den\",\"room_alias\":\"#r:h\","
	    "\"sender_display_name\":\"Sam\",\"content_body\":\"b\"}" },
	{ "counts alone", "\"counts\":{\"unread\":0},", "{}",
	    "{\"prio\":\"high\",\"unread\":\"0\"}" },
	{ "a base that is no object", IDS, "{\"default_payload\":[1]}",
	    "{\"event_id\":\"$e\",\"room_id\":\"!r\",\"prio\":\"high\"}" },
};

static void
check_messages(void)
{
	struct json_object *data;
	const char *text;
	size_t i, size = 0;

	for (i = 0; i < sizeof messages / sizeof *messages; i++)
		fixture_is_json(fcm_of(&fcm, messages[i].members,
		    messages[i].data, NOTIFICATION_FULL), messages[i].sent,
		    "FCM: %s", messages[i].name);
	text = fcm_of(&fcm, fixture_format(IDS "\"content\":{\"a\":\"%s\","
	    "\"b\":\"%s\",\"c\":\"%s\",\"d\":\"%s\",\"e\":\"short\"},",
	    fixture_repeat("a", 3000), fixture_repeat("\xc3\xa4", 1000),
	    fixture_repeat("c", 3000), fixture_repeat("d", 3000)), "{}",
	    NOTIFICATION_FULL);
	data = fixture_json(text == NULL ? "{}" : text);
	json_object_object_foreach(data, name, value) {
		size += strlen(name) +
		    (size_t)json_object_get_string_len(value);
		tap_ok(json_object_get_string_len(value) <= 1024,
		    "FCM: %s is no longer than 1024 bytes", name);
	}
	tap_ok(size <= LIMIT && size > LIMIT - 20,
	    "FCM: long contents are cut until they fit: %zu", size);
	tap_contains(text, "\"content_e\":\"short\"",
	    "FCM: short ones stay whole");
	json_object_put(data);
}

/* --- FCM's limits -------------------------------------------------------- */

/* The data of an event with such content, in so many bytes. */
static const char *
content_in(size_t limit, const char *name, const char *text, const char *data)
{
	const struct matrix_fcm_params params = { .limit = limit };

	return fcm_of(&params, fixture_format("\"event_id\":\"e\","
	    "\"content\":{\"%s\":\"%s\"},", name, text), data,
	    NOTIFICATION_FULL);
}

static void
check_fcm_limits(void)
{
	/* Beside the content. */
	size_t used = strlen("event_id" "e" "prio" "high");
	const char *letters = fixture_repeat("a", 3000);
	const char *name = fixture_repeat("n", 255 - strlen("content_"));
	const char *base = fixture_format("{\"default_payload\":{\"x\":"
	    "\"%s\"}}", fixture_repeat("x", 100 - used - strlen("x")));

	tap_contains(content_in(LIMIT, "b", letters, "{}"),
	    fixture_format("\"content_b\":\"%s\xe2\x80\xa6\"",
	    fixture_repeat("a", 1021)), "FCM: a text has 1024 bytes at most");
	tap_contains(content_in(used + strlen("content_b") + 50, "b", letters,
	    "{}"), fixture_format("\"content_b\":\"%s\xe2\x80\xa6\"",
	    fixture_repeat("a", 47)), "FCM: it fills what there is");
	tap_contains(content_in(LIMIT, name, "x", "{}"), name,
	    "FCM: a name of 255 bytes is taken");
	tap_lacks(content_in(LIMIT, fixture_format("%sn", name), "x", "{}"),
	    "content_", "FCM: a longer one is left out");
	tap_ok(fcm_of(&(struct matrix_fcm_params){ .limit = 100 },
	    "\"event_id\":\"e\",", base, NOTIFICATION_FULL) != NULL,
	    "FCM: a base up to the limit fits");
	tap_ok(fcm_of(&(struct matrix_fcm_params){ .limit = 99 },
	    "\"event_id\":\"e\",", base, NOTIFICATION_FULL) == NULL,
	    "FCM: a byte more does not");
	tap_contains(fcm_of(&(struct matrix_fcm_params){ .limit = 100 },
	    "\"event_id\":\"e\",", base, NOTIFICATION_WITHOUT_NAMES),
	    "\"x\":\"xx", "FCM: what fits to the byte stays");
}

int
main(void)
{
	check_payloads();
	check_settings();
	check_wishes();
	check_lengths();
	check_exact_lengths();
	check_details();
	check_messages();
	check_fcm_limits();
	return tap_done();
}
