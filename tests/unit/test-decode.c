/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which requests are refused, with which error, and where: the rules of the
 * API row by row.  What becomes of a valid one is in test-decode-model.c.
 */
#include "api/decode.h"

#include <string.h>

#include "fixture.h"
#include "tap.h"

static const struct decode_limits limits = {
	.max_batch_size = 100, .max_notification_size_kb = 64
};

static const char *const operation_names[DECODE_OPERATION__MAX] = {
	[DECODE_NOTIFY] = "notify",
	[DECODE_MATRIX_NOTIFY] = "notify by Matrix",
	[DECODE_BATCH] = "batch",
	[DECODE_ENCRYPTED_BATCH] = "encrypted batch",
};

/* A valid request of each operation; "@" is a ciphertext. */
#define DEVICE "{\"app_id\":\"a\",\"pushkey\":\"k\",\"pushkey_ts\":1," \
    "\"data\":{\"format\":\"f\"},\"tweaks\":{}}"
#define PLAIN "{\"event_id\":\"e\",\"room_id\":\"r\",\"type\":\"t\"," \
    "\"sender\":\"s\",\"sender_display_name\":\"d\",\"room_name\":\"n\"," \
    "\"room_alias\":\"l\",\"user_is_target\":true,\"prio\":\"low\"," \
    "\"content\":{},\"counts\":{\"unread\":1,\"missed_calls\":2}," \
    "\"devices\":[" DEVICE "]}"
#define ENCRYPTED "{\"ciphertext\":\"@\",\"time_message_encrypted\":" \
    "\"2024-11\",\"key_identifier\":\"i\",\"identifier\":\"j\"," \
    "\"prio\":\"high\",\"counts\":{\"unread\":1,\"missed_calls\":2}," \
    "\"device\":" DEVICE "}"
#define TWO(one) "{\"notifications\":[{\"id\":\"0\",\"notification\":" one \
    "},{\"id\":\"1\",\"notification\":" one "}]}"

static const char *const requests[DECODE_OPERATION__MAX] = {
	[DECODE_NOTIFY] = "{\"notification\":" PLAIN "}",
	[DECODE_MATRIX_NOTIFY] = "{\"notification\":" PLAIN "}",
	[DECODE_BATCH] = TWO(PLAIN),
	[DECODE_ENCRYPTED_BATCH] = TWO(ENCRYPTED),
};

/* The text with a ciphertext of 1404 characters for each "@". */
static const char *
expand(const char *text)
{
	const char *at = strchr(text, '@');

	if (at == NULL)
		return text;
	return fixture_format("%.*s%s%s", (int)(at - text), text,
	    fixture_repeat("c", 1404), expand(at + 1));
}

/* The result, of a text that a NUL byte follows. */
static enum decode_result
decode(enum decode_operation operation, const char *text,
    struct decode_error *error)
{
	struct batch *batch = NULL;
	enum decode_result result = decode_request(operation, text,
	    strlen(text), &limits, &batch, error);

	if ((batch != NULL) != (result == DECODE_OK))
		tap_ok(false, "there is a batch if and only if all is well");
	batch_free(batch);
	json_object_put(error->duplicate_ids);
	error->duplicate_ids = NULL;
	return result;
}

/* Checks that it is accepted (no location), or refused there as invalid. */
static void
check(enum decode_operation operation, const char *text, const char *location,
    const char *reason, const char *sentence)
{
	struct decode_error error;
	enum decode_result result = decode(operation, text, &error);

	if (location == NULL) {
		if (!tap_is_int(result, DECODE_OK, "%s: %s is accepted",
		    operation_names[operation], sentence))
			tap_note("%s: %s", error.violation.location,
			    error.violation.reason);
	} else if (tap_is_int(result, DECODE_INVALID, "%s: %s is refused",
	    operation_names[operation], sentence)) {
		tap_is_string(error.violation.location, location,
		    "%s: %s: the location", operation_names[operation],
		    sentence);
		tap_is_string(error.violation.reason, reason,
		    "%s: %s: the reason", operation_names[operation],
		    sentence);
	}
}

/* --- each member with a value of each type ------------------------------- */

struct member_row {
	enum decode_operation operation;
	const char *location;
	enum json_type type;
	bool required;
	bool decorates;		/* on Matrix's path */
};

#define MEMBER(kind, where, what) { .operation = DECODE_##kind, \
    .location = where, .type = json_type_##what }
#define DECORATION(kind, where, what) { .operation = DECODE_##kind, \
    .location = where, .type = json_type_##what, .decorates = true }
#define REQUIRED(kind, where, what) { .operation = DECODE_##kind, \
    .location = where, .type = json_type_##what, .required = true }
#define DEVICE_ROWS(kind, where) \
	REQUIRED(kind, where, object), \
	REQUIRED(kind, where "/app_id", string), \
	REQUIRED(kind, where "/pushkey", string), \
	MEMBER(kind, where "/pushkey_ts", int), \
	DECORATION(kind, where "/data", object), \
	DECORATION(kind, where "/data/format", string), \
	DECORATION(kind, where "/tweaks", object)
#define COMMON_ROWS(kind, where) \
	MEMBER(kind, where "/prio", string), \
	MEMBER(kind, where "/counts", object), \
	MEMBER(kind, where "/counts/unread", int), \
	MEMBER(kind, where "/counts/missed_calls", int)
#define PLAIN_ROWS(kind, where) \
	REQUIRED(kind, where, object), \
	MEMBER(kind, where "/event_id", string), \
	MEMBER(kind, where "/room_id", string), \
	MEMBER(kind, where "/type", string), \
	MEMBER(kind, where "/sender", string), \
	DECORATION(kind, where "/sender_display_name", string), \
	DECORATION(kind, where "/room_name", string), \
	DECORATION(kind, where "/room_alias", string), \
	DECORATION(kind, where "/user_is_target", boolean), \
	DECORATION(kind, where "/content", object), \
	REQUIRED(kind, where "/devices", array), \
	COMMON_ROWS(kind, where), \
	DEVICE_ROWS(kind, where "/devices/0")
#define ENCRYPTED_ROWS(kind, where) \
	REQUIRED(kind, where, object), \
	REQUIRED(kind, where "/ciphertext", string), \
	REQUIRED(kind, where "/time_message_encrypted", string), \
	REQUIRED(kind, where "/key_identifier", string), \
	MEMBER(kind, where "/identifier", string), \
	COMMON_ROWS(kind, where), \
	DEVICE_ROWS(kind, where "/device")
#define ITEM_ROWS(kind) \
	REQUIRED(kind, "/notifications", array), \
	REQUIRED(kind, "/notifications/0", object), \
	REQUIRED(kind, "/notifications/1", object), \
	REQUIRED(kind, "/notifications/0/id", string), \
	REQUIRED(kind, "/notifications/1/id", string)

static const struct member_row members[] = {
	REQUIRED(NOTIFY, "", object),
	PLAIN_ROWS(NOTIFY, "/notification"),
	REQUIRED(MATRIX_NOTIFY, "", object),
	PLAIN_ROWS(MATRIX_NOTIFY, "/notification"),
	REQUIRED(BATCH, "", object),
	ITEM_ROWS(BATCH),
	PLAIN_ROWS(BATCH, "/notifications/1/notification"),
	REQUIRED(ENCRYPTED_BATCH, "", object),
	ITEM_ROWS(ENCRYPTED_BATCH),
	ENCRYPTED_ROWS(ENCRYPTED_BATCH, "/notifications/1/notification"),
};

static const struct {
	enum json_type type;
	const char *text;
	const char *words;	/* of a member that must be such */
} values[] = {
	{ json_type_null, "null", NULL },
	{ json_type_boolean, "true", "true or false" },
	{ json_type_boolean, "false", "true or false" },
	{ json_type_int, "1", "an integer" },
	{ json_type_double, "1.0", NULL },
	{ json_type_double, "1e0", NULL },
	{ json_type_string, "\"1\"", "a string" },
	{ json_type_array, "[]", "an array" },
	{ json_type_object, "{}", "an object" },
};

static const char *
type_words(enum json_type type)
{
	size_t i = 0;

	while (values[i].type != type)
		i++;
	return values[i].words;
}

/* The valid request with another value at that place. */
static const char *
request_with(const struct member_row *row, const char *value)
{
	struct json_object *tree = fixture_json(expand(
	    requests[row->operation]));
	struct json_object *new_value = strcmp(value, "null") == 0 ? NULL :
	    fixture_json(value);
	const char *text;

	if (json_pointer_set(&tree, row->location, new_value) != 0)
		tap_bail_out("no place %s in the request", row->location);
	text = fixture_format("%s", json_object_to_json_string_ext(tree,
	    JSON_C_TO_STRING_PLAIN));
	json_object_put(tree);
	return text;
}

static void
check_values(const struct member_row *row)
{
	size_t i;

	for (i = 0; i < sizeof values / sizeof *values; i++) {
		bool is_null = values[i].type == json_type_null;
		bool accepted = (is_null && !row->required) ||
		    (row->decorates && row->operation == DECODE_MATRIX_NOTIFY);

		if (values[i].type == row->type)
			continue;
		check(row->operation, request_with(row, values[i].text),
		    accepted ? NULL : row->location,
		    fixture_format("must be %s%s", type_words(row->type),
		    is_null ? ", not null" : ""),
		    fixture_format("%s in %s", values[i].text,
		    row->location[0] == '\0' ? "place of all" :
		    row->location));
	}
}

/* The valid request without the member. */
static void
check_absence(const struct member_row *row)
{
	struct json_object *tree = fixture_json(expand(
	    requests[row->operation])), *parent;
	const char *name = strrchr(row->location, '/');
	const char *above;

	if (name != NULL) {
		above = fixture_format("%.*s", (int)(name - row->location),
		    row->location);
		if (json_pointer_get(tree, above, &parent) != 0)
			tap_bail_out("no place %s in the request", above);
		if (json_object_is_type(parent, json_type_object)) {
			json_object_object_del(parent, name + 1);
			check(row->operation, json_object_to_json_string(tree),
			    row->required ? row->location : NULL,
			    "is required", fixture_format("no %s",
			    row->location));
		}
	}
	json_object_put(tree);
}

/* --- rows of their own --------------------------------------------------- */

#define NOTIFY(members) "{\"notification\":{" members "\"devices\":[]}}"
#define DEVICES(list) "{\"notification\":{\"devices\":[" list "]}}"
#define ITEMS(list) "{\"notifications\":[" list "]}"
#define ITEM(id, one) "{\"id\":\"" id "\",\"notification\":" one "}"
#define BARE "{\"devices\":[]}"
#define BARE_ENCRYPTED(more) "{\"ciphertext\":\"@\"," \
    "\"time_message_encrypted\":\"\",\"key_identifier\":\"\"," more \
    "\"device\":{\"app_id\":\"\",\"pushkey\":\"\"}}"
#define EQUAL "must not hold two equal elements"
#define NO_PRIO "must be \"high\" or \"low\""

static const struct {
	enum decode_operation operation;
	const char *name;
	const char *text;
	const char *location;	/* NULL: accepted */
	const char *reason;
} rows[] = {
	{ DECODE_NOTIFY, "the least", NOTIFY(""), NULL, NULL },
	{ DECODE_BATCH, "the least", ITEMS(ITEM("", BARE)), NULL, NULL },
	{ DECODE_ENCRYPTED_BATCH, "the least",
	    ITEMS(ITEM("", BARE_ENCRYPTED(""))), NULL, NULL },
	{ DECODE_NOTIFY, "a batch", ITEMS(ITEM("0", BARE)), "/notification",
	    "is required" },
	{ DECODE_BATCH, "a single one", NOTIFY(""), "/notifications",
	    "is required" },
	{ DECODE_ENCRYPTED_BATCH, "a plain one", ITEMS(ITEM("0", BARE)),
	    "/notifications/0/notification/ciphertext", "is required" },
	{ DECODE_BATCH, "no item", ITEMS(""), "/notifications",
	    "must hold at least 1 element" },
	{ DECODE_ENCRYPTED_BATCH, "no item", ITEMS(""), "/notifications",
	    "must hold at least 1 element" },
	{ DECODE_NOTIFY, "no prio", NOTIFY(""), NULL, NULL },
	{ DECODE_NOTIFY, "prio high", NOTIFY("\"prio\":\"high\","), NULL,
	    NULL },
	{ DECODE_NOTIFY, "prio low", NOTIFY("\"prio\":\"low\","), NULL, NULL },
	{ DECODE_NOTIFY, "prio empty", NOTIFY("\"prio\":\"\","),
	    "/notification/prio", NO_PRIO },
	{ DECODE_NOTIFY, "prio in capitals", NOTIFY("\"prio\":\"HIGH\","),
	    "/notification/prio", NO_PRIO },
	{ DECODE_NOTIFY, "prio normal", NOTIFY("\"prio\":\"normal\","),
	    "/notification/prio", NO_PRIO },
	{ DECODE_NOTIFY, "prio with a NUL behind it",
	    NOTIFY("\"prio\":\"low\\u0000\","), "/notification/prio",
	    NO_PRIO },
	{ DECODE_ENCRYPTED_BATCH, "prio medium",
	    ITEMS(ITEM("0", BARE_ENCRYPTED("\"prio\":\"medium\","))),
	    "/notifications/0/notification/prio", NO_PRIO },
	{ DECODE_NOTIFY, "negative counts",
	    NOTIFY("\"counts\":{\"unread\":-1,\"missed_calls\":-2},"), NULL,
	    NULL },
	{ DECODE_NOTIFY, "a negative pushkey_ts",
	    DEVICES("{\"app_id\":\"a\",\"pushkey\":\"k\",\"pushkey_ts\":-1}"),
	    NULL, NULL },
	{ DECODE_NOTIFY, "two devices that differ",
	    DEVICES("{\"app_id\":\"a\",\"pushkey\":\"k\"},"
	    "{\"app_id\":\"a\",\"pushkey\":\"l\"}"), NULL, NULL },
	{ DECODE_NOTIFY, "two devices that differ only in their tweaks",
	    DEVICES("{\"app_id\":\"a\",\"pushkey\":\"k\",\"tweaks\":"
	    "{\"a\":\"1\"}},{\"app_id\":\"a\",\"pushkey\":\"k\",\"tweaks\":"
	    "{\"a\":1}}"), NULL, NULL },
	{ DECODE_NOTIFY, "two devices, one with a member more",
	    DEVICES("{\"app_id\":\"a\",\"pushkey\":\"k\"},"
	    "{\"app_id\":\"a\",\"pushkey\":\"k\",\"x\":null}"), NULL, NULL },
	{ DECODE_NOTIFY, "two identical devices", DEVICES(DEVICE "," DEVICE),
	    "/notification/devices", EQUAL },
	{ DECODE_NOTIFY, "two identical devices, members in another order",
	    DEVICES("{\"app_id\":\"a\",\"pushkey\":\"k\",\"data\":"
	    "{\"a\":[1],\"b\":2}},{\"data\":{\"b\":2,\"a\":[1]},"
	    "\"pushkey\":\"k\",\"app_id\":\"a\"}"),
	    "/notification/devices", EQUAL },
	{ DECODE_NOTIFY, "two identical devices, written differently",
	    DEVICES("{\"app_id\":\"a\",\"pushkey\":\"k\"},"
	    "{ \"app_id\":\"\\u0061\", \"pushkey\":\"k\" }"),
	    "/notification/devices", EQUAL },
	{ DECODE_NOTIFY, "the first and the last of three devices identical",
	    DEVICES("{\"app_id\":\"a\",\"pushkey\":\"k\"},"
	    "{\"app_id\":\"a\",\"pushkey\":\"l\"},"
	    "{\"app_id\":\"a\",\"pushkey\":\"k\"}"),
	    "/notification/devices", EQUAL },
	{ DECODE_BATCH, "two identical devices in the second item",
	    ITEMS(ITEM("0", BARE) "," ITEM("1", "{\"devices\":[" DEVICE ","
	    DEVICE "]}")), "/notifications/1/notification/devices", EQUAL },
	{ DECODE_BATCH, "the same device in two items",
	    ITEMS(ITEM("0", "{\"devices\":[" DEVICE "]}") ","
	    ITEM("1", "{\"devices\":[" DEVICE "]}")), NULL, NULL },
	{ DECODE_NOTIFY, "unknown members on every level",
	    "{\"x\":null,\"notification\":{\"x\":[1.0],\"content\":{\"x\":1},"
	    "\"counts\":{\"x\":\"1\"},\"devices\":[{\"app_id\":\"a\","
	    "\"pushkey\":\"k\",\"x\":{},\"data\":{\"x\":true},\"tweaks\":"
	    "{\"x\":1}}]},\"y\":{\"notification\":1}}", NULL, NULL },
	{ DECODE_ENCRYPTED_BATCH, "unknown members on every level",
	    "{\"x\":1,\"notifications\":[{\"x\":1,\"id\":\"0\","
	    "\"notification\":" BARE_ENCRYPTED("\"devices\":1,\"x\":[{}],")
	    "}]}", NULL, NULL },
	{ DECODE_NOTIFY, "a member in other letters",
	    NOTIFY("\"Prio\":1,\"PRIO\":2,"), NULL, NULL },
	{ DECODE_NOTIFY, "the first of two violations, by the document",
	    NOTIFY("\"sender\":1,\"event_id\":2,"), "/notification/sender",
	    "must be a string" },
	{ DECODE_NOTIFY, "the same two the other way round",
	    NOTIFY("\"event_id\":2,\"sender\":1,"), "/notification/event_id",
	    "must be a string" },
	{ DECODE_NOTIFY, "a missing member behind a wrong one",
	    "{\"notification\":{\"devices\":[{\"pushkey\":1}]}}",
	    "/notification/devices/0/pushkey", "must be a string" },
	{ DECODE_BATCH, "a missing member before a wrong one",
	    ITEMS("{\"id\":\"0\"}," ITEM("1", "1")),
	    "/notifications/0/notification", "is required" },
	{ DECODE_NOTIFY, "U+0000 in an unknown name",
	    NOTIFY("\"a\\u0000\":1,\"x\":[{\"\\u0000\":{}}],"), NULL, NULL },
	{ DECODE_NOTIFY, "U+0000 in a name in content",
	    NOTIFY("\"content\":{\"a\\u0000\":1},"), NULL, NULL },
	{ DECODE_BATCH, "U+0000 in a name in content",
	    ITEMS(ITEM("0", "{\"content\":{\"\\u0000\":1},"
	    "\"devices\":[]}")), NULL, NULL },
	{ DECODE_NOTIFY, "an odd membership",
	    NOTIFY("\"membership\":[1],"), NULL, NULL },
	/* On Matrix's path. */
	{ DECODE_MATRIX_NOTIFY, "all decorations odd at once",
	    "{\"notification\":{\"event_id\":\"e\",\"room_name\":[\"x\"],"
	    "\"room_alias\":1,\"sender_display_name\":{\"a\":1},"
	    "\"user_is_target\":\"yes\",\"membership\":5,"
	    "\"content\":[],\"devices\":[{\"app_id\":\"a\","
	    "\"pushkey\":\"k\",\"data\":\"d\",\"tweaks\":[1]}]}}",
	    NULL, NULL },
	{ DECODE_MATRIX_NOTIFY, "an odd decoration and an odd sender",
	    NOTIFY("\"room_name\":1,\"sender\":1,"),
	    "/notification/sender", "must be a string" },
	{ DECODE_MATRIX_NOTIFY, "a body that is no JSON",
	    NOTIFY("\"room_name\":[}],"), "", "is not JSON near byte 30" },
	{ DECODE_MATRIX_NOTIFY, "two identical devices",
	    DEVICES(DEVICE "," DEVICE), "/notification/devices", EQUAL },
	{ DECODE_NOTIFY, "an empty body", "", "",
	    "is not JSON: it ends too early" },
	{ DECODE_NOTIFY, "bytes behind the end", NOTIFY("") "x", "",
	    "is not JSON near byte 31" },
	{ DECODE_NOTIFY, "a body cut short", "{\"notification\":{", "",
	    "is not JSON: it ends too early" },
	{ DECODE_NOTIFY, "a byte that is not UTF-8",
	    NOTIFY("\"type\":\"\xff\","), "", "is not UTF-8 at byte 25" },
};

/* --- nesting ------------------------------------------------------------- */

static const char *
nested(const char *name, size_t levels)
{
	return fixture_format("{\"notification\":{\"%s\":{\"a\":%s1%s},"
	    "\"devices\":[]}}", name, fixture_repeat("[", levels - 1),
	    fixture_repeat("]", levels - 1));
}

static void
check_nesting(void)
{
	const char *reason =
	    "contains a value nested more than 128 levels deep";

	check(DECODE_NOTIFY, nested("content", 128), NULL, NULL,
	    "content of 128 levels");
	check(DECODE_NOTIFY, nested("content", 129), "/notification/content",
	    reason, "content of 129 levels");
	check(DECODE_NOTIFY, nested("x", 128), NULL, NULL,
	    "an unknown member of 128 levels");
	check(DECODE_NOTIFY, nested("x", 129), "/notification", reason,
	    "an unknown member of 129 levels");
	check(DECODE_MATRIX_NOTIFY, nested("content", 100000), NULL, NULL,
	    "content of 100000 levels");
	check(DECODE_MATRIX_NOTIFY, nested("x", 100000), NULL, NULL,
	    "an unknown member of 100000 levels");
}

int
main(void)
{
	size_t i;

	for (i = 0; i < DECODE_OPERATION__MAX; i++)
		check(i, expand(requests[i]), NULL, NULL, "all members");
	for (i = 0; i < sizeof members / sizeof *members; i++) {
		check_values(&members[i]);
		check_absence(&members[i]);
	}
	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		check(rows[i].operation, expand(rows[i].text),
		    rows[i].location, rows[i].reason, rows[i].name);
	check_nesting();
	return tap_done();
}
