/* SPDX-License-Identifier: Apache-2.0 */
#include "api/decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

/* --- the schemas of the API ---------------------------------------------- */

enum {
	DECODE_ID_LENGTH = 64,
	DECODE_CIPHERTEXT_LENGTH = 1404
};

/* A later pushkey_ts is in milliseconds, as callers wrote it for years. */
#define DECODE_SECONDS_MAX INT64_C(100000000000)

static const struct schema decode_string = { .type = json_type_string };
static const struct schema decode_integer = { .type = json_type_int };
static const struct schema decode_boolean = { .type = json_type_boolean };
static const struct schema decode_object = { .type = json_type_object };

static const char *const decode_prio_values[] = { "high", "low", NULL };

static const struct schema decode_prio = {
	.type = json_type_string, .values = decode_prio_values
};

static const struct schema decode_id = {
	.type = json_type_string, .max_length = DECODE_ID_LENGTH
};

static const struct schema decode_ciphertext = {
	.type = json_type_string,
	.min_length = DECODE_CIPHERTEXT_LENGTH,
	.max_length = DECODE_CIPHERTEXT_LENGTH,
	.any_length = true
};

static const struct schema decode_content = {
	.type = json_type_object, .whole = true
};

static const struct schema decode_data = {
	.type = json_type_object,
	.whole = true,
	.members = (const struct schema_member[]){
		{ .name = "format", .schema = &decode_string,
		    .decorates = true },
		{ .name = NULL }
	}
};

static const struct schema decode_device = {
	.type = json_type_object,
	.members = (const struct schema_member[]){
		{ .name = "app_id", .schema = &decode_string,
		    .required = true },
		{ .name = "pushkey", .schema = &decode_string,
		    .required = true },
		{ .name = "pushkey_ts", .schema = &decode_integer },
		{ .name = "data", .schema = &decode_data, .decorates = true },
		{ .name = "tweaks", .schema = &decode_object,
		    .decorates = true },
		{ .name = NULL }
	}
};

static const struct schema decode_devices = {
	.type = json_type_array,
	.items = &decode_device,
	.limited = true,
	.unique_items = true
};

static const struct schema decode_counts = {
	.type = json_type_object,
	.members = (const struct schema_member[]){
		{ .name = "unread", .schema = &decode_integer },
		{ .name = "missed_calls", .schema = &decode_integer },
		{ .name = NULL }
	}
};

/* prio is not required: callers omit it, and mean high. */
static const struct schema decode_plain = {
	.type = json_type_object,
	.measured = true,
	.members = (const struct schema_member[]){
		{ .name = "event_id", .schema = &decode_string },
		{ .name = "room_id", .schema = &decode_string },
		{ .name = "type", .schema = &decode_string },
		{ .name = "sender", .schema = &decode_string },
		{ .name = "sender_display_name", .schema = &decode_string,
		    .decorates = true },
		{ .name = "room_name", .schema = &decode_string,
		    .decorates = true },
		{ .name = "room_alias", .schema = &decode_string,
		    .decorates = true },
		{ .name = "user_is_target", .schema = &decode_boolean,
		    .decorates = true },
		{ .name = "prio", .schema = &decode_prio },
		{ .name = "content", .schema = &decode_content,
		    .decorates = true },
		/* Matrix has it, the API has not. */
		{ .name = "membership", .schema = &decode_string,
		    .foreign = true },
		{ .name = "counts", .schema = &decode_counts },
		{ .name = "devices", .schema = &decode_devices,
		    .required = true },
		{ .name = NULL }
	}
};

static const struct schema decode_encrypted = {
	.type = json_type_object,
	.measured = true,
	.members = (const struct schema_member[]){
		{ .name = "ciphertext", .schema = &decode_ciphertext,
		    .required = true },
		{ .name = "time_message_encrypted", .schema = &decode_string,
		    .required = true },
		{ .name = "key_identifier", .schema = &decode_string,
		    .required = true },
		{ .name = "identifier", .schema = &decode_string },
		{ .name = "prio", .schema = &decode_prio },
		{ .name = "counts", .schema = &decode_counts },
		{ .name = "device", .schema = &decode_device,
		    .required = true },
		{ .name = NULL }
	}
};

static const struct schema decode_single = {
	.type = json_type_object,
	.members = (const struct schema_member[]){
		{ .name = "notification", .schema = &decode_plain,
		    .required = true },
		{ .name = NULL }
	}
};

/* An item of a batch of one kind of notification, and the batch. */
#define DECODE_ITEM_OF(kind) { \
	.type = json_type_object, \
	.members = (const struct schema_member[]){ \
		{ .name = "id", .schema = &decode_id, .required = true }, \
		{ .name = "notification", .schema = &(kind), \
		    .required = true }, \
		{ .name = NULL } \
	} \
}
#define DECODE_BATCH_OF(item) { \
	.type = json_type_object, \
	.members = (const struct schema_member[]){ \
		{ .name = "notifications", .required = true, \
		    .schema = &(const struct schema){ \
			.type = json_type_array, \
			.min_items = 1, \
			.items = &(item) \
		    } }, \
		{ .name = NULL } \
	} \
}

static const struct schema decode_plain_item = DECODE_ITEM_OF(decode_plain);
static const struct schema decode_encrypted_item =
    DECODE_ITEM_OF(decode_encrypted);
static const struct schema decode_batch = DECODE_BATCH_OF(decode_plain_item);
static const struct schema decode_encrypted_batch =
    DECODE_BATCH_OF(decode_encrypted_item);

static const struct {
	const struct schema *schema;
	const struct schema *item;	/* what holds one notification */
	const struct schema *notification;
	enum notification_kind kind;
	bool single;
	bool tolerant;
} decode_operations[DECODE_OPERATION__MAX] = {
	[DECODE_NOTIFY] = { .schema = &decode_single,
	    .item = &decode_single, .notification = &decode_plain,
	    .kind = NOTIFICATION_PLAIN, .single = true },
	[DECODE_MATRIX_NOTIFY] = { .schema = &decode_single,
	    .item = &decode_single, .notification = &decode_plain,
	    .kind = NOTIFICATION_PLAIN, .single = true, .tolerant = true },
	[DECODE_BATCH] = { .schema = &decode_batch,
	    .item = &decode_plain_item, .notification = &decode_plain,
	    .kind = NOTIFICATION_PLAIN },
	[DECODE_ENCRYPTED_BATCH] = { .schema = &decode_encrypted_batch,
	    .item = &decode_encrypted_item, .notification = &decode_encrypted,
	    .kind = NOTIFICATION_ENCRYPTED },
};

bool
decode_is_single(enum decode_operation operation)
{
	return decode_operations[operation].single;
}

/* --- the model, from a tree that is known to be valid -------------------- */

/* The length of the compact serialisation, in bytes. */
static size_t
decode_size(struct json_object *value)
{
	size_t size = 0;

	json_object_to_json_string_length(value, JSON_C_TO_STRING_PLAIN |
	    JSON_C_TO_STRING_NOSLASHESCAPE, &size);
	return size;
}

static int64_t
decode_count(struct json_object *counts, const char *name)
{
	struct json_object *count = schema_member(&decode_counts, counts,
	    name);

	return count == NULL || json_object_get_int64(count) < 0 ? -1 :
	    json_object_get_int64(count);
}

static void
decode_read_device(struct json_object *record, struct device *device)
{
	const struct schema *schema = &decode_device;
	int64_t pushkey_ts = json_object_get_int64(schema_member(schema,
	    record, "pushkey_ts"));

	if (pushkey_ts > DECODE_SECONDS_MAX)
		pushkey_ts /= 1000;

	device->app_id = json_object_get_string(schema_member(schema, record,
	    "app_id"));
	device->pushkey_json = schema_member(schema, record, "pushkey");
	device->pushkey = json_object_get_string(device->pushkey_json);
	device->pushkey_size =
	    (size_t)json_object_get_string_len(device->pushkey_json);
	device->pushkey_ts = pushkey_ts < 0 ? 0 : pushkey_ts;
	device->data = schema_member(schema, record, "data");
}

static void
decode_read_devices(struct json_object *record,
    struct notification *notification)
{
	bool encrypted = notification->kind == NOTIFICATION_ENCRYPTED;
	struct json_object *list = encrypted ? NULL :
	    schema_member(&decode_plain, record, "devices");
	size_t i;

	notification->device_count = encrypted ? 1 :
	    json_object_array_length(list);
	notification->devices = xcalloc(notification->device_count,
	    sizeof *notification->devices);
	for (i = 0; i < notification->device_count; i++)
		decode_read_device(encrypted ?
		    schema_member(&decode_encrypted, record, "device") :
		    json_object_array_get_idx(list, i),
		    &notification->devices[i]);
}

static void
decode_read_texts(const struct schema *schema, struct json_object *record,
    struct notification *notification)
{
	struct json_object *text;
	size_t i;

	for (i = 0; i < NOTIFICATION_TEXT__MAX; i++) {
		if (notification_texts[i].kind != notification->kind)
			continue;
		text = schema_member(schema, record,
		    notification_texts[i].name);
		/* Homeservers write "" for what a badge update lacks. */
		if (notification->kind == NOTIFICATION_ENCRYPTED ||
		    json_object_get_string_len(text) > 0)
			notification->texts[i] = text;
	}
}

/* What only a plain one has. */
static void
decode_read_plain(struct json_object *record,
    struct notification *notification)
{
	const struct schema *schema = &decode_plain;

	notification->content = schema_member(schema, record, "content");
	notification->user_is_target = json_object_get_boolean(
	    schema_member(schema, record, "user_is_target"));
	notification->membership = schema_member(schema, record,
	    "membership");
	if (notification->content != NULL)
		notification->content_size = decode_size(notification->content);
}

static void
decode_read_notification(const struct schema *schema,
    struct json_object *record, struct notification *notification)
{
	struct json_object *prio = schema_member(schema, record, "prio");
	struct json_object *counts = schema_member(schema, record, "counts");

	decode_read_texts(schema, record, notification);
	if (notification->kind == NOTIFICATION_PLAIN)
		decode_read_plain(record, notification);
	notification->is_low = prio != NULL &&
	    strcmp(json_object_get_string(prio), "low") == 0;
	notification->unread = decode_count(counts, "unread");
	notification->missed_calls = decode_count(counts, "missed_calls");
	decode_read_devices(record, notification);
}

static struct batch *
decode_read_batch(enum decode_operation operation, struct json_object *tree)
{
	const struct schema *schema = decode_operations[operation].schema;
	const struct schema *item = decode_operations[operation].item;
	bool single = decode_is_single(operation);
	struct batch *batch = xcalloc(1, sizeof *batch);
	struct json_object *list = single ? NULL :
	    schema_member(schema, tree, "notifications");
	size_t i;

	batch->tree = tree;
	batch->count = single ? 1 : json_object_array_length(list);
	batch->notifications = xcalloc(batch->count,
	    sizeof *batch->notifications);
	for (i = 0; i < batch->count; i++) {
		struct notification *notification = &batch->notifications[i];
		struct json_object *record = single ? tree :
		    json_object_array_get_idx(list, i);

		notification->kind = decode_operations[operation].kind;
		if (!single)
			notification->id = schema_member(item, record, "id");
		decode_read_notification(
		    decode_operations[operation].notification,
		    schema_member(item, record, "notification"),
		    notification);
	}
	return batch;
}

/* --- the precedence of errors -------------------------------------------- */

static int
decode_compare_ids(const void *a, const void *b)
{
	struct json_object *const *x = a, *const *y = b;
	int n = json_object_get_string_len(*x);
	int m = json_object_get_string_len(*y);
	int order = memcmp(json_object_get_string(*x),
	    json_object_get_string(*y), (size_t)(n < m ? n : m));

	return order != 0 ? order : n - m;
}

/* The ids that occur more than once, each once; NULL if there is none. */
static struct json_object *
decode_find_duplicates(const struct schema *item, struct json_object *items)
{
	size_t i, count = json_object_array_length(items);
	struct json_object **ids = xcalloc(count, sizeof *ids);
	struct json_object *duplicates = NULL;
	bool same, listed = false;

	for (i = 0; i < count; i++)
		ids[i] = schema_member(item,
		    json_object_array_get_idx(items, i), "id");
	qsort(ids, count, sizeof *ids, decode_compare_ids);
	for (i = 1; i < count; i++) {
		same = decode_compare_ids(&ids[i - 1], &ids[i]) == 0;
		if (same && !listed) {
			if (duplicates == NULL)
				duplicates = json_object_new_array();
			json_object_array_add(duplicates,
			    json_object_get(ids[i]));
		}
		listed = same;
	}
	free(ids);
	return duplicates;
}

/* What a batch that was read is refused for. */
static enum decode_result
decode_check_batch(enum decode_operation operation,
    const struct schema_reading *reading, const struct decode_limits *limits,
    struct decode_error *error)
{
	struct json_object *items = schema_member(
	    decode_operations[operation].schema, reading->tree,
	    "notifications");

	if (json_object_array_length(items) > (size_t)limits->max_batch_size)
		return DECODE_TOO_MANY;
	error->duplicate_ids = decode_find_duplicates(
	    decode_operations[operation].item, items);
	if (error->duplicate_ids != NULL)
		return DECODE_DUPLICATES;
	return reading->largest > (size_t)limits->max_notification_size_kb *
	    1024 ? DECODE_TOO_LARGE : DECODE_OK;
}

enum decode_result
decode_request(enum decode_operation operation, const char *text, size_t size,
    const struct decode_limits *limits, struct batch **batch,
    struct decode_error *error)
{
	struct schema_params params = {
		.tolerant = decode_operations[operation].tolerant,
		.max_items = (size_t)limits->max_devices_per_notification,
		.any_length = limits->any_ciphertext_length
	};
	enum decode_result result = DECODE_OK;
	struct schema_reading reading;

	memset(error, 0, sizeof *error);
	*batch = NULL;
	if (!schema_read(decode_operations[operation].schema, text, size,
	    &params, &reading, &error->violation))
		result = DECODE_INVALID;
	else if (!decode_is_single(operation))
		result = decode_check_batch(operation, &reading, limits,
		    error);
	if (result == DECODE_OK)
		*batch = decode_read_batch(operation, reading.tree);
	else
		json_object_put(reading.tree);
	return result;
}
