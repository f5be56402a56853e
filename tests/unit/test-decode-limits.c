/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of a request, at each and one past it, and the errors' rank. */
#include "api/decode.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "fixture.h"
#include "tap.h"

static const struct decode_limits defaults = {
	.max_batch_size = 100, .max_notification_size_kb = 64
};

/* How a batch to be built is wrong; in the order of the rank. */
enum mistake {
	MISTAKE_INVALID = 1,
	MISTAKE_TOO_MANY = 2,
	MISTAKE_DUPLICATES = 4,
	MISTAKE_TOO_LARGE = 8,
	MISTAKE__MAX = 16
};

static enum decode_result
decode(enum decode_operation operation, const char *text,
    const struct decode_limits *limits, struct decode_error *error)
{
	struct batch *batch;
	enum decode_result result = decode_request(operation, text,
	    strlen(text), limits, &batch, error);

	batch_free(batch);
	return result;
}

/* Only the result; the rest of the error is given back. */
static enum decode_result
decode_result_of(enum decode_operation operation, const char *text)
{
	struct decode_error error;
	enum decode_result result = decode(operation, text, &defaults,
	    &error);

	json_object_put(error.duplicate_ids);
	return result;
}

static const char *
plain_item(const char *id, const char *members)
{
	return fixture_format("{\"id\":\"%s\",\"notification\":{%s"
	    "\"devices\":[]}}", id, members);
}

static const char *
encrypted_item(const char *id, const char *ciphertext, const char *members)
{
	return fixture_format("{\"id\":\"%s\",\"notification\":{%s"
	    "\"ciphertext\":\"%s\",\"time_message_encrypted\":\"t\","
	    "\"key_identifier\":\"k\",\"device\":{\"app_id\":\"a\","
	    "\"pushkey\":\"p\"}}}", id, members, ciphertext);
}

static const char *
item(enum decode_operation operation, const char *id, const char *members)
{
	return operation == DECODE_BATCH ? plain_item(id, members) :
	    encrypted_item(id, fixture_repeat("c", 1404), members);
}

/* A batch of so many items, made wrong in the last of them. */
static const char *
batch_of(enum decode_operation operation, size_t count, unsigned int mistakes)
{
	const char *id, *members = "", *text;
	struct buf buf;
	size_t i;

	buf_init(&buf, 4 * 1024 * 1024);
	buf_append_text(&buf, "{\"notifications\":[");
	for (i = 0; i < count; i++) {
		bool last = i + 1 == count;

		id = fixture_format("%zu",
		    last && mistakes & MISTAKE_DUPLICATES ? 0 : i);
		if (last && mistakes & MISTAKE_TOO_LARGE)
			members = fixture_format("\"x\":\"%s\",",
			    fixture_repeat("y", 65536));
		if (last && mistakes & MISTAKE_INVALID)
			members = fixture_format("%s\"prio\":1,", members);
		buf_append_text(&buf, i == 0 ? "" : ",");
		buf_append_text(&buf, item(operation, id, members));
	}
	buf_append_text(&buf, "]}");
	text = fixture_format("%s", buf_text(&buf));
	buf_free(&buf);
	return text;
}

/* --- the number of items ------------------------------------------------- */

static void
check_batch_size(enum decode_operation operation)
{
	struct decode_limits two = { .max_batch_size = 2,
	    .max_notification_size_kb = 64 };
	struct decode_error error;

	tap_is_int(decode_result_of(operation, batch_of(operation, 100, 0)),
	    DECODE_OK, "operation %d: 100 items are accepted", operation);
	tap_is_int(decode_result_of(operation, batch_of(operation, 101, 0)),
	    DECODE_TOO_MANY, "operation %d: 101 items are too many",
	    operation);
	tap_is_int(decode(operation, batch_of(operation, 2, 0), &two, &error),
	    DECODE_OK, "operation %d: 2 items of 2 are accepted", operation);
	tap_is_int(decode(operation, batch_of(operation, 3, 0), &two, &error),
	    DECODE_TOO_MANY, "operation %d: 3 items of 2 are too many",
	    operation);
}

/* --- the number of devices ----------------------------------------------- */

static void
check_device_count(enum decode_operation operation)
{
	struct decode_limits two = { .max_batch_size = 100,
	    .max_notification_size_kb = 64,
	    .max_devices_per_notification = 2 };
	const char *devices = "", *notification;
	struct decode_error error;
	size_t i;

	for (i = 0; i < 4; i++) {
		devices = fixture_format("%s%s{\"app_id\":\"a\","
		    "\"pushkey\":\"%zu\"}", devices, i == 0 ? "" : ",", i);
		notification = fixture_format("{\"devices\":[%s]}", devices);
		tap_is_int(decode(operation, decode_is_single(operation) ?
		    fixture_format("{\"notification\":%s}", notification) :
		    fixture_format("{\"notifications\":[{\"id\":\"0\","
		    "\"notification\":%s}]}", notification), &two, &error),
		    i < 2 ? DECODE_OK : DECODE_INVALID,
		    "operation %d: %zu devices of 2", operation, i + 1);
	}
	tap_is_string(error.violation.location, decode_is_single(operation) ?
	    "/notification/devices" : "/notifications/0/notification/devices",
	    "operation %d: the location", operation);
	tap_is_string(error.violation.reason, "must hold at most 2 elements",
	    "operation %d: the reason", operation);
}

/* --- lengths, in characters ---------------------------------------------- */

static const struct {
	const char *name;
	const char *unit;
	size_t count;
	bool accepted;
} ids[] = {
	{ "64 characters", "i", 64, true },
	{ "65 characters", "i", 65, false },
	{ "64 characters of two bytes", "\xc3\xa4", 64, true },
	{ "65 characters of two bytes", "\xc3\xa4", 65, false },
	{ "64 characters of four bytes", "\xf0\x9f\x98\x80", 64, true },
	{ "65 characters of four bytes", "\xf0\x9f\x98\x80", 65, false },
	{ "64 escaped characters", "\\u00e4", 64, true },
	{ "65 escaped characters", "\\u00e4", 65, false },
	{ "64 escaped pairs of surrogates", "\\ud83d\\ude00", 64, true },
	{ "65 escaped pairs of surrogates", "\\ud83d\\ude00", 65, false },
	{ "64 NULs", "\\u0000", 64, true },
	{ "65 NULs", "\\u0000", 65, false },
	{ "no characters", "", 0, true },
};

static const struct {
	const char *name;
	const char *unit;
	size_t count;
	bool accepted;
} ciphertexts[] = {
	{ "1403 characters", "c", 1403, false },
	{ "1404 characters", "c", 1404, true },
	{ "1405 characters", "c", 1405, false },
	{ "1403 characters of two bytes", "\xc3\xa4", 1403, false },
	{ "1404 characters of two bytes", "\xc3\xa4", 1404, true },
	{ "1405 characters of two bytes", "\xc3\xa4", 1405, false },
	{ "1404 bytes, which are 702 characters", "\xc3\xa4", 702, false },
	{ "1404 characters that are no Base64", "_", 1404, true },
	{ "1404 escaped characters", "\\u0041", 1404, true },
	{ "1404 NULs", "\\u0000", 1404, true },
	{ "1404 characters of UTF-16, which are 702", "\\ud83d\\ude00", 702,
	    false },
	{ "no characters", "", 0, false },
};

static void
check_id(size_t row, enum decode_operation operation)
{
	struct decode_error error;
	const char *text = fixture_format("{\"notifications\":[%s]}",
	    item(operation, fixture_repeat(ids[row].unit, ids[row].count),
	    ""));
	enum decode_result result = decode(operation, text, &defaults, &error);

	tap_is_int(result, ids[row].accepted ? DECODE_OK : DECODE_INVALID,
	    "operation %d: an id of %s", operation, ids[row].name);
	if (result != DECODE_INVALID)
		return;
	tap_is_string(error.violation.location, "/notifications/0/id",
	    "an id of %s: the location", ids[row].name);
	tap_is_string(error.violation.reason,
	    "must be at most 64 characters long", "an id of %s: the reason",
	    ids[row].name);
}

static void
check_ciphertext(size_t row)
{
	struct decode_error error;
	const char *text = fixture_format("{\"notifications\":[%s]}",
	    encrypted_item("0", fixture_repeat(ciphertexts[row].unit,
	    ciphertexts[row].count), ""));
	enum decode_result result = decode(DECODE_ENCRYPTED_BATCH, text,
	    &defaults, &error);

	tap_is_int(result, ciphertexts[row].accepted ? DECODE_OK :
	    DECODE_INVALID, "a ciphertext of %s", ciphertexts[row].name);
	if (result != DECODE_INVALID)
		return;
	tap_is_string(error.violation.location,
	    "/notifications/0/notification/ciphertext",
	    "a ciphertext of %s: the location", ciphertexts[row].name);
	tap_is_string(error.violation.reason,
	    "must be 1404 characters long", "a ciphertext of %s: the reason",
	    ciphertexts[row].name);
}

/* The limits say that any length will do; but there must be something. */
static void
check_any_ciphertext(size_t row)
{
	struct decode_limits limits = defaults;
	struct decode_error error;
	size_t count = ciphertexts[row].count;
	const char *text = fixture_format("{\"notifications\":[%s]}",
	    encrypted_item("0", fixture_repeat(ciphertexts[row].unit, count),
	    ""));

	limits.any_ciphertext_length = true;
	tap_is_int(decode(DECODE_ENCRYPTED_BATCH, text, &limits, &error),
	    count > 0 ? DECODE_OK : DECODE_INVALID,
	    "of any length: a ciphertext of %s", ciphertexts[row].name);
	if (count == 0)
		tap_is_string(error.violation.reason, "must not be empty",
		    "an empty ciphertext: the reason");
}

/* --- duplicate ids ------------------------------------------------------- */

static const struct {
	const char *name;
	const char *ids[8];
	const char *duplicates;		/* NULL: there are none */
	const char *reversed;		/* the same in the other order */
} duplicates[] = {
	{ "two equal ones", { "a", "a" }, "[\"a\"]", NULL },
	{ "three equal ones", { "a", "a", "a" }, "[\"a\"]", NULL },
	{ "two pairs, far apart", { "b", "a", "c", "b", "d", "a" },
	    "[\"a\",\"b\"]", "[\"b\",\"a\"]" },
	{ "a pair and three", { "a", "b", "a", "b", "a" },
	    "[\"a\",\"b\"]", "[\"b\",\"a\"]" },
	{ "two empty ones", { "", "" }, "[\"\"]", NULL },
	{ "one written with an escape", { "a", "\\u0061" }, "[\"a\"]", NULL },
	{ "two of several bytes", { "\xc3\xa4", "\\u00e4" },
	    "[\"\xc3\xa4\"]", NULL },
	{ "one that begins with another", { "a", "ab", "abc" }, NULL, NULL },
	{ "upper and lower case", { "a", "A" }, NULL, NULL },
	{ "white space", { "a", "a ", " a" }, NULL, NULL },
	{ "two that differ behind a NUL", { "a\\u0000b", "a\\u0000c" }, NULL,
	    NULL },
	{ "one that goes on with a NUL", { "a", "a\\u0000" }, NULL, NULL },
	{ "two equal ones with a NUL", { "a\\u0000b", "a\\u0000b" },
	    "[\"a\\u0000b\"]", NULL },
	{ "two forms of one letter", { "\xc3\xa4", "a\xcc\x88" }, NULL, NULL },
};

static void
check_duplicates(size_t row)
{
	struct decode_error error;
	const char *items = "", *got;
	enum decode_result result;
	size_t i;

	for (i = 0; duplicates[row].ids[i] != NULL; i++)
		items = fixture_format("%s%s%s", items, i == 0 ? "" : ",",
		    plain_item(duplicates[row].ids[i], ""));
	result = decode(DECODE_BATCH, fixture_format(
	    "{\"notifications\":[%s]}", items), &defaults, &error);
	tap_is_int(result, duplicates[row].duplicates == NULL ? DECODE_OK :
	    DECODE_DUPLICATES, "ids: %s", duplicates[row].name);
	if (result == DECODE_DUPLICATES) {
		got = json_object_to_json_string_ext(error.duplicate_ids,
		    JSON_C_TO_STRING_PLAIN);
		if (duplicates[row].reversed == NULL ||
		    strcmp(got, duplicates[row].reversed) != 0)
			tap_is_string(got, duplicates[row].duplicates,
			    "ids: %s: each is listed once",
			    duplicates[row].name);
	}
	json_object_put(error.duplicate_ids);
}

/* --- the size of a notification ------------------------------------------ */

/*
 * {"x":"…","devices":[]} with so much in it that its compact form has
 * `size` bytes; in the text, each unit is as it is written.
 */
static const char *
notification_of_size(size_t size, const char *unit, size_t unit_size,
    const char *space)
{
	size_t frame = strlen("{\"x\":\"\",\"devices\":[]}");
	size_t units = (size - frame) / unit_size;

	return fixture_format("{%s\"x\":%s\"%s%s\",\"devices\":[%s]%s}",
	    space, space, fixture_repeat(unit, units),
	    fixture_repeat("z", size - frame - units * unit_size), space,
	    space);
}

static const struct {
	const char *name;
	const char *unit;
	size_t unit_size;	/* in the compact form */
	const char *space;
} sizes[] = {
	{ "letters", "y", 1, "" },
	{ "letters and white space", "y", 1, " \t\r\n  " },
	{ "escaped letters", "\\u0079", 1, "" },
	{ "escaped slashes", "\\/", 1, " " },
	{ "slashes", "/", 1, "" },
	{ "letters of two bytes", "\xc3\xa4", 2, "" },
	{ "escaped letters of two bytes", "\\u00e4", 2, " " },
	{ "escaped letters of four bytes", "\\ud83d\\ude00", 4, "" },
	{ "escaped quotes", "\\\"", 2, "" },
	{ "newlines", "\\n", 2, "" },
	{ "newlines in the long form", "\\u000a", 2, "" },
};

static void
check_size(size_t row)
{
	size_t over;

	for (over = 0; over < 2; over++) {
		const char *one = notification_of_size(65536 + over,
		    sizes[row].unit, sizes[row].unit_size, sizes[row].space);

		tap_is_int(decode_result_of(DECODE_BATCH, fixture_format(
		    "{\"notifications\":[{\"id\":\"0\",\"notification\":"
		    "{\"devices\":[]}},{\"id\":\"1\",\"notification\":%s}]}",
		    one)), over ? DECODE_TOO_LARGE : DECODE_OK,
		    "%s: 64 KiB %s", sizes[row].name, over ?
		    "and a byte is too large" : "is accepted");
		tap_is_int(decode_result_of(DECODE_NOTIFY, fixture_format(
		    "{\"notification\":%s}", one)), DECODE_OK,
		    "%s: a single notify has no such limit",
		    sizes[row].name);
	}
}

static void
check_size_of_others(void)
{
	struct decode_limits one = { .max_batch_size = 100,
	    .max_notification_size_kb = 1 };
	const char *large = fixture_repeat("y", 65536);
	struct decode_error error;

	tap_is_int(decode_result_of(DECODE_BATCH, fixture_format(
	    "{\"x\":\"%s\",\"notifications\":[{\"y\":\"%s\",\"id\":\"0\","
	    "\"notification\":{\"devices\":[]}}]}", large, large)), DECODE_OK,
	    "what is beside the notification does not count");
	tap_is_int(decode(DECODE_BATCH, fixture_format("{\"notifications\":"
	    "[{\"id\":\"0\",\"notification\":%s}]}", notification_of_size(
	    1024, "y", 1, " ")), &one, &error), DECODE_OK,
	    "1 KiB of 1 KiB is accepted");
	tap_is_int(decode(DECODE_BATCH, fixture_format("{\"notifications\":"
	    "[{\"id\":\"0\",\"notification\":%s}]}", notification_of_size(
	    1025, "y", 1, " ")), &one, &error), DECODE_TOO_LARGE,
	    "1 KiB and a byte of 1 KiB is too large");
}

/* --- the rank ------------------------------------------------------------ */

static const struct {
	enum mistake mistake;
	enum decode_result result;
	const char *name;
} ranks[] = {
	{ MISTAKE_INVALID, DECODE_INVALID, "invalid" },
	{ MISTAKE_TOO_MANY, DECODE_TOO_MANY, "too many" },
	{ MISTAKE_DUPLICATES, DECODE_DUPLICATES, "duplicates" },
	{ MISTAKE_TOO_LARGE, DECODE_TOO_LARGE, "too large" },
};

static void
check_rank(enum decode_operation operation, unsigned int mistakes)
{
	const char *names = "";
	size_t i, first = 4;

	for (i = 4; i-- > 0;) {
		if ((mistakes & ranks[i].mistake) == 0)
			continue;
		first = i;
		names = fixture_format("%s%s%s", ranks[i].name,
		    *names == '\0' ? "" : " and ", names);
	}
	tap_is_int(decode_result_of(operation, batch_of(operation,
	    mistakes & MISTAKE_TOO_MANY ? 101 : 100, mistakes)),
	    ranks[first].result, "operation %d: %s: it is %s", operation,
	    names, ranks[first].name);
}

int
main(void)
{
	static const enum decode_operation batches[] = {
		DECODE_BATCH, DECODE_ENCRYPTED_BATCH
	};
	unsigned int mistakes;
	size_t i, row;

	for (i = 0; i < sizeof batches / sizeof *batches; i++) {
		check_batch_size(batches[i]);
		for (row = 0; row < sizeof ids / sizeof *ids; row++)
			check_id(row, batches[i]);
		for (mistakes = 1; mistakes < MISTAKE__MAX; mistakes++)
			check_rank(batches[i], mistakes);
	}
	check_device_count(DECODE_NOTIFY);
	check_device_count(DECODE_MATRIX_NOTIFY);
	check_device_count(DECODE_BATCH);
	for (row = 0; row < sizeof ciphertexts / sizeof *ciphertexts; row++) {
		check_ciphertext(row);
		check_any_ciphertext(row);
	}
	for (row = 0; row < sizeof duplicates / sizeof *duplicates; row++)
		check_duplicates(row);
	for (row = 0; row < sizeof sizes / sizeof *sizes; row++)
		check_size(row);
	check_size_of_others();
	return tap_done();
}
