/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources: the payloads that the clients of Matrix read, as Sygnal documents
 * them ("Notes for application developers"); Apple, "Generating a remote
 * notification"; Firebase, "REST Resource: projects.messages".
 */
#include "provider/matrix.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "provider/matrix-alert.h"
#include "provider/matrix-text.h"
#include "provider/provider-util.h"

enum {
	MATRIX_NAME_SIZE = 256,		/* longer members are left out */
	MATRIX_VALUE_SIZE = 1024	/* of what may be cut, for FCM */
};

/* --- what the pusher asks for -------------------------------------------- */

static struct json_object *
matrix_member(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	if (object != NULL)
		json_object_object_get_ex(object, name, &value);
	return value;
}

struct json_object *
matrix_default_payload(const struct device *device)
{
	struct json_object *payload = matrix_member(device->data,
	    "default_payload");

	return json_object_is_type(payload, json_type_object) ? payload : NULL;
}

static bool
matrix_asks_for(const struct device *device, const char *name)
{
	struct json_object *value = matrix_member(device->data, name);

	return json_object_is_type(value, json_type_boolean) &&
	    json_object_get_boolean(value);
}

bool
matrix_only_last_per_room(const struct device *device)
{
	return matrix_asks_for(device, "only_last_per_room");
}

/* Of a read receipt: counts alone. */
static bool
matrix_is_badge_only(const struct notification *notification)
{
	return notification->texts[NOTIFICATION_EVENT_ID] == NULL &&
	    notification_badge(notification) != -1;
}

void
matrix_consider(const struct notification *notification,
    const struct device *device, bool send_badge_counts,
    struct provider_advice *advice)
{
	bool has_event = notification->texts[NOTIFICATION_EVENT_ID] != NULL;

	if (notification->kind != NOTIFICATION_PLAIN)
		return;
	advice->is_unwanted = !has_event &&
	    (matrix_asks_for(device, "events_only") ||
	    (!send_badge_counts && matrix_is_badge_only(notification)));
	if (matrix_member(device->data, "default_payload") != NULL &&
	    matrix_default_payload(device) == NULL)
		advice->oddity = "a pusher's default_payload is not an object";
}

/* A deep copy of the base, or an empty object. */
static struct json_object *
matrix_copy_base(const struct device *device)
{
	struct json_object *base = matrix_default_payload(device);
	struct json_object *copy = NULL;

	if (base != NULL)
		json_object_deep_copy(base, &copy, NULL);
	return copy == NULL ? json_object_new_object() : copy;
}

/* --- APNs ---------------------------------------------------------------- */

/*
 * The members of aps whose types Apple fixes: one of another type, which the
 * device's data may hold, would have the whole notification refused.
 */
static const struct {
	const char *name;
	enum json_type types[2];
} matrix_aps_members[] = {
	{ "alert", { json_type_object, json_type_string } },
	{ "badge", { json_type_int, json_type_int } },
	{ "sound", { json_type_string, json_type_object } },
	{ "thread-id", { json_type_string, json_type_string } },
	{ "category", { json_type_string, json_type_string } },
	{ "content-available", { json_type_int, json_type_int } },
	{ "mutable-content", { json_type_int, json_type_int } },
	{ "target-content-id", { json_type_string, json_type_string } },
	{ "interruption-level", { json_type_string, json_type_string } },
	{ "relevance-score", { json_type_double, json_type_int } },
	{ "filter-criteria", { json_type_string, json_type_string } },
};

/* Leaves in the base only an aps that Apple takes; NULL if there is none. */
static struct json_object *
matrix_check_aps(struct json_object *payload)
{
	struct json_object *aps = matrix_member(payload, "aps"), *value;
	enum json_type type;
	size_t i;

	if (!json_object_is_type(aps, json_type_object)) {
		json_object_object_del(payload, "aps");
		return NULL;
	}
	for (i = 0; i < sizeof matrix_aps_members / sizeof *matrix_aps_members;
	    i++) {
		if (!json_object_object_get_ex(aps, matrix_aps_members[i].name,
		    &value))
			continue;
		type = json_object_get_type(value);
		if (type != matrix_aps_members[i].types[0] &&
		    type != matrix_aps_members[i].types[1])
			json_object_object_del(aps,
			    matrix_aps_members[i].name);
	}
	return aps;
}

/* The object `name` in `object`, made where there is none. */
static struct json_object *
matrix_object_in(struct json_object *object, const char *name)
{
	struct json_object *value = matrix_member(object, name);

	if (!json_object_is_type(value, json_type_object)) {
		value = json_object_new_object();
		json_object_object_add(object, name, value);
	}
	return value;
}

static void
matrix_add_text(struct json_object *object,
    const struct notification *notification, enum notification_text text)
{
	if (notification->texts[text] != NULL)
		json_object_object_add(object, notification_texts[text].name,
		    json_object_get(notification->texts[text]));
}

static void
matrix_add_count(struct json_object *object, const char *name, int64_t count)
{
	if (count >= 0)
		json_object_object_add(object, name,
		    json_object_new_int64(count));
}

static void
matrix_add_ids_and_counts(struct json_object *payload,
    const struct notification *notification, bool send_badge_counts)
{
	matrix_add_text(payload, notification, NOTIFICATION_ROOM_ID);
	matrix_add_text(payload, notification, NOTIFICATION_EVENT_ID);
	if (!send_badge_counts)
		return;
	matrix_add_count(payload, "unread_count", notification->unread);
	matrix_add_count(payload, "missed_calls", notification->missed_calls);
}

static void
matrix_add_badge(struct json_object *payload,
    const struct notification *notification, bool send_badge_counts)
{
	int32_t badge = notification_badge(notification);

	if (send_badge_counts && badge != -1)
		json_object_object_add(matrix_object_in(payload, "aps"),
		    "badge", json_object_new_int(badge));
}

/* A client asks its homeserver for the event, and shows that. */
static struct json_object *
matrix_make_ids_only(const struct matrix_apns_params *params,
    const struct notification *notification, struct json_object *base)
{
	struct json_object *aps = matrix_check_aps(base);

	if (aps == NULL && params->is_alert) {
		aps = matrix_object_in(base, "aps");
		json_object_object_add(aps, "mutable-content",
		    json_object_new_int(1));
		json_object_object_add(matrix_object_in(aps, "alert"), "body",
		    json_object_new_string(params->alert_body));
	}
	matrix_add_ids_and_counts(base, notification,
	    params->send_badge_counts);
	return base;
}

/* How long a payload is; it can be no longer than what was received. */
static size_t
matrix_size(struct json_object *payload)
{
	size_t size = 0;

	json_object_to_json_string_length(payload, JSON_C_TO_STRING_PLAIN |
	    JSON_C_TO_STRING_NOSLASHESCAPE, &size);
	return size;
}

static struct json_object *
matrix_make_full(const struct matrix_apns_params *params,
    const struct notification *notification, enum notification_detail detail,
    struct json_object *base)
{
	struct matrix_alert alert;
	struct json_object *object;
	size_t size;

	matrix_check_aps(base);
	matrix_add_badge(base, notification, params->send_badge_counts);
	matrix_add_ids_and_counts(base, notification,
	    params->send_badge_counts);
	if (!matrix_alert_read(notification, detail == NOTIFICATION_FULL,
	    &alert))
		return base;
	object = matrix_object_in(matrix_object_in(base, "aps"), "alert");
	json_object_object_add(object, "loc-key",
	    json_object_new_string(alert.loc_key));
	json_object_object_add(object, "loc-args", json_object_new_array());
	size = matrix_size(base);
	json_object_object_add(object, "loc-args", matrix_alert_arguments(
	    &alert, size < params->limit ? params->limit - size : 0));
	return base;
}

static bool
matrix_write(struct json_object *payload, size_t limit, struct buf *body)
{
	bool fits = provider_write_json(payload, limit, body);

	json_object_put(payload);
	return fits;
}

bool
matrix_write_apns(const struct matrix_apns_params *params,
    const struct notification *notification, const struct device *device,
    enum notification_detail detail, struct buf *body)
{
	struct json_object *payload;

	if (matrix_is_badge_only(notification)) {
		payload = json_object_new_object();
		matrix_add_badge(payload, notification, true);
		return matrix_write(payload, params->limit, body);
	}
	if (notification->texts[NOTIFICATION_TYPE] != NULL &&
	    detail < NOTIFICATION_WITHOUT_NAMES)
		return matrix_write(matrix_make_full(params, notification,
		    detail, matrix_copy_base(device)), params->limit, body);
	return matrix_write(matrix_make_ids_only(params, notification,
	    matrix_copy_base(device)), params->limit, body) ||
	    (detail == NOTIFICATION_WITHOUT_NAMES &&
	    matrix_write(matrix_make_ids_only(params, notification,
	    json_object_new_object()), params->limit, body));
}

/* --- FCM ----------------------------------------------------------------- */

/*
 * Names that FCM keeps for itself (Firebase, "REST Resource:
 * projects.messages", `data`): a message with one is refused.
 */
static bool
matrix_is_reserved(const char *name)
{
	return strcmp(name, "from") == 0 || strcmp(name, "message_type") == 0 ||
	    strncmp(name, "google.", 7) == 0 || strncmp(name, "gcm.", 4) == 0;
}

/* A number or a boolean as JSON writes it, a string as it is, else NULL. */
static struct json_object *
matrix_as_string(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_string:
		return json_object_get(value);
	case json_type_int:
	case json_type_double:
	case json_type_boolean:
		return json_object_new_string(json_object_to_json_string_ext(
		    value, JSON_C_TO_STRING_PLAIN));
	default:
		return NULL;
	}
}

static void
matrix_add_base(struct json_object *data, const struct device *device)
{
	struct json_object *base = matrix_default_payload(device), *text;

	if (base == NULL)
		return;
	json_object_object_foreach(base, name, value) {
		text = matrix_is_reserved(name) ? NULL :
		    matrix_as_string(value);
		if (text != NULL)
			json_object_object_add(data, name, text);
	}
}

static void
matrix_add_count_text(struct json_object *data, const char *name,
    int64_t count)
{
	char text[24];

	if (count < 0)
		return;
	snprintf(text, sizeof text, "%" PRId64, count);
	json_object_object_add(data, name, json_object_new_string(text));
}

/* What stays whole: the base, what tells the event, and the counts. */
static void
matrix_add_fcm_fixed(const struct matrix_fcm_params *params,
    const struct notification *notification, struct json_object *data)
{
	matrix_add_text(data, notification, NOTIFICATION_EVENT_ID);
	matrix_add_text(data, notification, NOTIFICATION_TYPE);
	matrix_add_text(data, notification, NOTIFICATION_SENDER);
	matrix_add_text(data, notification, NOTIFICATION_ROOM_ID);
	if (notification->membership != NULL)
		json_object_object_add(data, "membership",
		    json_object_get(notification->membership));
	json_object_object_add(data, "prio", json_object_new_string(
	    notification->is_low ? "normal" : "high"));
	if (!params->send_badge_counts)
		return;
	matrix_add_count_text(data, "unread", notification->unread);
	matrix_add_count_text(data, "missed_calls",
	    notification->missed_calls);
}

/* Strings that may be cut, by their names in the data. */
static struct json_object *
matrix_cuttable_texts(const struct notification *notification,
    enum notification_detail detail)
{
	struct json_object *texts = json_object_new_object();
	char name[MATRIX_NAME_SIZE];

	if (detail < NOTIFICATION_WITHOUT_NAMES) {
		matrix_add_text(texts, notification, NOTIFICATION_ROOM_NAME);
		matrix_add_text(texts, notification, NOTIFICATION_ROOM_ALIAS);
		matrix_add_text(texts, notification,
		    NOTIFICATION_SENDER_DISPLAY_NAME);
	}
	if (detail > NOTIFICATION_FULL || notification->content == NULL)
		return texts;
	json_object_object_foreach(notification->content, member, value) {
		if (!json_object_is_type(value, json_type_string) ||
		    (size_t)snprintf(name, sizeof name, "content_%s",
		    member) >= sizeof name)
			continue;
		json_object_object_add(texts, name, json_object_get(value));
	}
	return texts;
}

/* What FCM counts: names and values, in bytes. */
static size_t
matrix_data_size(struct json_object *data)
{
	size_t size = 0;

	json_object_object_foreach(data, name, value)
		size += strlen(name) +
		    (size_t)json_object_get_string_len(value);
	return size;
}

/* Adds the texts, each cut so far that all of them take `room` bytes. */
static void
matrix_add_cut(struct json_object *data, struct json_object *texts,
    size_t room)
{
	size_t count = (size_t)json_object_object_length(texts), i = 0;
	size_t *lengths = xcalloc(count, sizeof *lengths), names = 0, limit;

	json_object_object_foreach(texts, name, value) {
		names += strlen(name);
		lengths[i++] = (size_t)json_object_get_string_len(value);
	}
	limit = matrix_text_share(lengths, count,
	    room < names ? 0 : room - names);
	if (limit > MATRIX_VALUE_SIZE)
		limit = MATRIX_VALUE_SIZE;
	json_object_object_foreach(texts, key, text) {
		json_object_object_add(data, key, matrix_text_cut(
		    json_object_get_string(text),
		    (size_t)json_object_get_string_len(text), limit,
		    MATRIX_TEXT_PLAIN));
	}
	free(lengths);
}

/* With the base or without, whatever the size. */
static struct json_object *
matrix_make_data(const struct matrix_fcm_params *params,
    const struct notification *notification, const struct device *device,
    enum notification_detail detail)
{
	struct json_object *data = json_object_new_object(), *texts;
	size_t size;

	if (device != NULL)
		matrix_add_base(data, device);
	matrix_add_fcm_fixed(params, notification, data);
	texts = matrix_cuttable_texts(notification, detail);
	size = matrix_data_size(data);
	matrix_add_cut(data, texts,
	    size < params->limit ? params->limit - size : 0);
	json_object_put(texts);
	return data;
}

struct json_object *
matrix_make_fcm(const struct matrix_fcm_params *params,
    const struct notification *notification, const struct device *device,
    enum notification_detail detail)
{
	struct json_object *data = matrix_make_data(params, notification,
	    device, detail);

	if (matrix_data_size(data) > params->limit &&
	    detail == NOTIFICATION_WITHOUT_NAMES) {
		json_object_put(data);
		data = matrix_make_data(params, notification, NULL, detail);
	}
	if (matrix_data_size(data) > params->limit) {
		json_object_put(data);
		data = NULL;
	}
	return data;
}
