/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of a request: what the decoder says of it is true, and what it
 * accepts can be used, written down and accepted again.
 *
 * The first byte of an input is the operation, in the order of enum
 * decode_operation and modulo their number: "0" is a single notify, "1" a
 * batch, "2" an encrypted batch, "3" a notify by Matrix.  The rest is the body.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <unistr.h>

#include "api/decode.h"
#include "base/json-text.h"

enum {
	DECODE_DEVICES_COMPARED = 64,
	DECODE_CIPHERTEXT_CHARACTERS = 1404,
	DECODE_ID_CHARACTERS = 64
};

static const struct decode_limits default_limits = {
	.max_batch_size = 100, .max_notification_size_kb = 64
};

/* So that short inputs reach them. */
static const struct decode_limits small_limits = {
	.max_batch_size = 2, .max_notification_size_kb = 1
};

struct decoded {
	enum decode_result result;
	struct batch *batch;
	struct decode_error error;
};

static struct decoded
decode(enum decode_operation operation, const char *text, size_t size,
    const struct decode_limits *limits)
{
	struct decoded decoded;

	memset(&decoded, 'x', sizeof decoded);
	decoded.result = decode_request(operation, text, size, limits,
	    &decoded.batch, &decoded.error);
	return decoded;
}

static void
decoded_free(struct decoded *decoded)
{
	batch_free(decoded->batch);
	json_object_put(decoded->error.duplicate_ids);
}

static struct json_object *
member(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, name, &value);
	return value;
}

static size_t
characters(struct json_object *string)
{
	return u8_mbsnlen((const uint8_t *)json_object_get_string(string),
	    (size_t)json_object_get_string_len(string));
}

/* --- errors -------------------------------------------------------------- */

/*
 * The value at a place; false if there is none.  json-c's own finds no null
 * in an array.  The gateway's names need no escapes.
 */
static bool
find_place(struct json_object *value, const char *location,
    struct json_object **found)
{
	bool there = true;

	while (there && *location == '/') {
		size_t length = strcspn(++location, "/");
		char *token = fuzz_text(location, length);
		size_t index = strtoul(token, NULL, 10);

		if (json_object_is_type(value, json_type_array)) {
			there = index < json_object_array_length(value);
			value = json_object_array_get_idx(value, index);
		} else
			there = json_object_object_get_ex(value, token,
			    &value);
		free(token);
		location += length;
	}
	*found = value;
	return there && *location == '\0';
}

/* A place in the text, or a member that is missing from one. */
static void
check_location(const struct schema_violation *violation,
    struct json_object *tree)
{
	const char *location = violation->location;
	const char *name = strrchr(location, '/');
	struct json_object *found;
	char *parent;

	if (*location == '\0')
		return;
	fuzz_require(*location == '/' && tree != NULL,
	    "a place in a text that is JSON: %s", location);
	if (strcmp(violation->reason, "is required") == 0) {
		parent = fuzz_text(location, (size_t)(name - location));
		fuzz_require(find_place(tree, parent, &found) &&
		    json_object_is_type(found, json_type_object) &&
		    !json_object_object_get_ex(found, name + 1, NULL),
		    "what is required is missing: %s", location);
		free(parent);
	} else
		fuzz_require(find_place(tree, location, &found),
		    "the place is there: %s", location);
}

/* How many items have the id. */
static size_t
count_id(struct json_object *items, struct json_object *id)
{
	size_t i, count = 0;

	for (i = 0; i < json_object_array_length(items); i++)
		count += json_object_equal(id, member(
		    json_object_array_get_idx(items, i), "id")) == 1;
	return count;
}

static void
check_duplicates(struct json_object *duplicates, struct json_object *tree)
{
	size_t i, j, count = json_object_array_length(duplicates);
	struct json_object *items = member(tree, "notifications");

	fuzz_require(count > 0, "there are duplicates");
	for (i = 0; i < count; i++) {
		struct json_object *id = json_object_array_get_idx(duplicates,
		    i);

		fuzz_require(count_id(items, id) > 1, "%s is there twice",
		    json_object_get_string(id));
		for (j = 0; j < i; j++)
			fuzz_require(!json_object_equal(id,
			    json_object_array_get_idx(duplicates, j)),
			    "%s is listed once", json_object_get_string(id));
	}
}

/* The result for a request of which no part is wrong by itself. */
static enum decode_result
expected_result(enum decode_operation operation, struct json_object *tree,
    const struct decode_limits *limits)
{
	struct json_object *items = member(tree, "notifications");
	enum decode_result result = DECODE_OK;
	size_t i, size, count;

	if (decode_is_single(operation))
		return DECODE_OK;
	count = json_object_array_length(items);
	if (count > (size_t)limits->max_batch_size)
		return DECODE_TOO_MANY;
	for (i = 0; i < count && result != DECODE_DUPLICATES; i++) {
		struct json_object *item = json_object_array_get_idx(items,
		    i);

		fuzz_json_text(member(item, "notification"), &size);
		if (size > (size_t)limits->max_notification_size_kb * 1024)
			result = DECODE_TOO_LARGE;
		if (count_id(items, member(item, "id")) > 1)
			result = DECODE_DUPLICATES;
	}
	return result;
}

/*
 * The tree is NULL where it does not hold all that the text says: names with
 * U+0000, two members of one name, very deep values.
 */
static void
check_result(enum decode_operation operation, const struct decoded *decoded,
    const struct decode_limits *limits, const struct fuzz_json *found,
    struct json_object *tree)
{
	const struct decode_error *error = &decoded->error;

	fuzz_require((decoded->batch != NULL) ==
	    (decoded->result == DECODE_OK),
	    "a batch if and only if all is well");
	fuzz_require((error->duplicate_ids != NULL) ==
	    (decoded->result == DECODE_DUPLICATES),
	    "duplicates if and only if that is the error");
	fuzz_require_text(error->violation.location,
	    sizeof error->violation.location, "the location");
	fuzz_require_text(error->violation.reason,
	    sizeof error->violation.reason, "the reason");
	fuzz_require(found->good || decoded->result == DECODE_INVALID ||
	    found->depth > FUZZ_JSON_DEPTH_MAX, "what is valid is JSON");
	fuzz_require(decoded->result != DECODE_INVALID ||
	    error->violation.reason[0] != '\0', "a reason is given");
	if (decoded->result == DECODE_INVALID && (tree != NULL ||
	    !found->good))
		check_location(&error->violation, tree);
	if (decoded->result == DECODE_INVALID || tree == NULL)
		return;
	fuzz_require(decoded->result == expected_result(operation, tree,
	    limits), "%d is the first error that applies", decoded->result);
	if (error->duplicate_ids != NULL)
		check_duplicates(error->duplicate_ids, tree);
}

/* --- the model ----------------------------------------------------------- */

static void
check_text(const struct notification *one, enum notification_text which)
{
	struct json_object *text = one->texts[which];
	const struct notification_text_info *info = &notification_texts[which];
	bool required = which == NOTIFICATION_CIPHERTEXT ||
	    which == NOTIFICATION_TIME_MESSAGE_ENCRYPTED ||
	    which == NOTIFICATION_KEY_IDENTIFIER;

	if (text == NULL) {
		fuzz_require(!required || one->kind == NOTIFICATION_PLAIN,
		    "%s is there", info->name);
		return;
	}
	fuzz_require(info->kind == one->kind &&
	    json_object_is_type(text, json_type_string) &&
	    u8_check((const uint8_t *)json_object_get_string(text),
	    (size_t)json_object_get_string_len(text)) == NULL,
	    "%s is a text of this kind", info->name);
	fuzz_require(one->kind == NOTIFICATION_ENCRYPTED ||
	    json_object_get_string_len(text) > 0, "%s is not empty",
	    info->name);
	fuzz_require(which != NOTIFICATION_CIPHERTEXT ||
	    characters(text) == DECODE_CIPHERTEXT_CHARACTERS,
	    "the ciphertext has the length");
}

static void
check_device(const struct device *device)
{
	fuzz_require(device->app_id != NULL && device->pushkey != NULL &&
	    json_object_is_type(device->pushkey_json, json_type_string),
	    "a device has an app_id and a pushkey");
	fuzz_require(u8_check((const uint8_t *)device->app_id,
	    strlen(device->app_id)) == NULL, "the app_id is UTF-8");
	fuzz_require(device->pushkey_size ==
	    (size_t)json_object_get_string_len(device->pushkey_json) &&
	    memcmp(device->pushkey, json_object_get_string(
	    device->pushkey_json), device->pushkey_size + 1) == 0,
	    "the pushkey is the one in the tree");
	fuzz_require(device->pushkey_ts >= 0, "pushkey_ts is not negative");
}

static void
check_notification(const struct notification *one)
{
	int32_t badge = notification_badge(one);
	size_t i;

	for (i = 0; i < NOTIFICATION_TEXT__MAX; i++)
		check_text(one, i);
	fuzz_require(one->content == NULL || (one->kind ==
	    NOTIFICATION_PLAIN && json_object_is_type(one->content,
	    json_type_object)), "content is an object of a plain one");
	fuzz_require(one->unread >= -1 && one->missed_calls >= -1,
	    "counts are -1 or more");
	fuzz_require(badge >= -1 && (badge == -1) ==
	    (one->unread == -1 && one->missed_calls == -1),
	    "there is a badge if and only if there are counts");
	fuzz_require(!notification_is_badge_only(one) || badge != -1,
	    "a badge alone is a badge");
	fuzz_require(one->kind == NOTIFICATION_PLAIN ||
	    one->device_count == 1, "an encrypted one has one device");
	for (i = 0; i < one->device_count; i++)
		check_device(&one->devices[i]);
}

/* What the tree says of it: its prio, and that no two devices are equal. */
static void
check_against_tree(const struct notification *one, struct json_object *tree)
{
	struct json_object *devices = member(tree, "devices");
	struct json_object *prio = member(tree, "prio");
	size_t i, j, count = one->kind == NOTIFICATION_ENCRYPTED ? 0 :
	    json_object_array_length(devices);

	fuzz_require(strcmp(notification_prio(one), prio == NULL ? "high" :
	    json_object_get_string(prio)) == 0, "prio is the one that came");
	fuzz_require(one->kind == NOTIFICATION_ENCRYPTED ||
	    one->device_count == count, "all devices are there");
	for (i = 0; i < count && i < DECODE_DEVICES_COMPARED; i++) {
		for (j = 0; j < i; j++)
			fuzz_require(!json_object_equal(
			    json_object_array_get_idx(devices, i),
			    json_object_array_get_idx(devices, j)),
			    "devices %zu and %zu differ", j, i);
	}
}

static bool
texts_are_equal(const struct notification *a, const struct notification *b)
{
	size_t i = 0;

	while (i < NOTIFICATION_TEXT__MAX &&
	    json_object_equal(a->texts[i], b->texts[i]))
		i++;
	return i == NOTIFICATION_TEXT__MAX &&
	    json_object_equal(a->content, b->content) &&
	    json_object_equal(a->id, b->id);
}

static void
require_equal(const struct notification *a, const struct notification *b)
{
	size_t i;

	fuzz_require(texts_are_equal(a, b), "texts and content are equal");
	fuzz_require(a->kind == b->kind && a->is_low == b->is_low &&
	    a->unread == b->unread && a->missed_calls == b->missed_calls &&
	    a->device_count == b->device_count,
	    "kind, prio, counts and number of devices are equal");
	for (i = 0; i < a->device_count; i++) {
		const struct device *x = &a->devices[i], *y = &b->devices[i];

		fuzz_require(strcmp(x->app_id, y->app_id) == 0 &&
		    json_object_equal(x->pushkey_json, y->pushkey_json) &&
		    x->pushkey_ts == y->pushkey_ts, "device %zu is equal", i);
	}
}

/*
 * What was accepted as the i-th, written down and sent alone, is accepted and
 * means the same.
 */
static void
check_again(enum decode_operation operation, const struct batch *batch,
    struct json_object *tree, size_t i)
{
	struct json_object *items = member(tree, "notifications");
	struct json_object *request, *alone;
	struct decoded again;
	const char *written;
	size_t size;
	char *text;

	if (decode_is_single(operation))
		request = json_object_get(tree);
	else {
		request = json_object_new_object();
		alone = json_object_new_array();
		json_object_array_add(alone, json_object_get(
		    json_object_array_get_idx(items, i)));
		json_object_object_add(request, "notifications", alone);
	}
	written = fuzz_json_text(request, &size);
	text = fuzz_text(written, size);
	again = decode(operation, text, size, &default_limits);
	fuzz_require(again.result == DECODE_OK,
	    "what was accepted is accepted again: %d, %s %s: %s",
	    again.result, again.error.violation.location,
	    again.error.violation.reason, text);
	require_equal(&batch->notifications[i],
	    &again.batch->notifications[0]);
	decoded_free(&again);
	free(text);
	json_object_put(request);
}

static void
check_batch(enum decode_operation operation, const struct batch *batch,
    struct json_object *tree)
{
	struct json_object *items = member(tree, "notifications");
	size_t i;

	fuzz_require(tree == NULL || batch->count == (decode_is_single(
	    operation) ? 1 : json_object_array_length(items)),
	    "the batch is complete");
	for (i = 0; i < batch->count; i++) {
		const struct notification *one = &batch->notifications[i];

		fuzz_require((one->kind == NOTIFICATION_ENCRYPTED) ==
		    (operation == DECODE_ENCRYPTED_BATCH), "the kind");
		fuzz_require((one->id == NULL) ==
		    decode_is_single(operation) && (one->id == NULL ||
		    characters(one->id) <= DECODE_ID_CHARACTERS), "the id");
		check_notification(one);
		if (tree == NULL)
			continue;
		check_against_tree(one, member(decode_is_single(operation) ?
		    tree : json_object_array_get_idx(items, i),
		    "notification"));
		check_again(operation, batch, tree, i);
	}
	fuzz_compose_check(batch);
}

/* What the text says, if a tree can say all of it; else NULL. */
static struct json_object *
read_tree(const char *text, size_t size, const struct fuzz_json *found)
{
	char reason[JSON_TEXT_REASON_SIZE];
	struct json_object *tree = found->has_wide_integer ? NULL :
	    json_text_parse(text, size, reason);
	size_t tree_size;

	if (tree != NULL) {
		fuzz_json_text(tree, &tree_size);
		if (tree_size != fuzz_json_compact_size(text, size)) {
			json_object_put(tree);
			tree = NULL;
		}
	}
	return tree;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct decode_limits *const all_limits[] = {
		&default_limits, &small_limits
	};
	enum decode_operation operation;
	struct decoded decoded[2];
	struct fuzz_json found;
	struct json_object *tree;
	char *text;
	size_t i;

	if (size == 0)
		return 0;
	operation = data[0] % DECODE_OPERATION__MAX;
	text = fuzz_text(data + 1, size - 1);
	found = fuzz_json_check(text, size - 1);
	tree = read_tree(text, size - 1, &found);
	for (i = 0; i < 2; i++) {
		decoded[i] = decode(operation, text, size - 1, all_limits[i]);
		check_result(operation, &decoded[i], all_limits[i], &found,
		    tree);
	}
	/* Nothing may need the text any more. */
	free(text);
	fuzz_require((decoded[0].result == DECODE_INVALID) ==
	    (decoded[1].result == DECODE_INVALID) &&
	    (decoded[0].result != DECODE_INVALID ||
	    memcmp(&decoded[0].error, &decoded[1].error,
	    sizeof decoded[0].error) == 0),
	    "validity does not depend on limits");
	if (decoded[0].batch != NULL)
		check_batch(operation, decoded[0].batch, tree);
	for (i = 0; i < 2; i++)
		decoded_free(&decoded[i]);
	json_object_put(tree);
	return 0;
}
