/* SPDX-License-Identifier: Apache-2.0 */
#include "command/message.h"

#include <string.h>

#include "api/decode.h"

/* More than any command makes. */
static const struct decode_limits message_limits = {
	.max_batch_size = 1,
	.max_notification_size_kb = 64
};

static struct json_object *
message_device(const char *app_id, const char *pushkey,
    struct json_object *data)
{
	struct json_object *device = json_object_new_object();

	json_object_object_add(device, "app_id",
	    json_object_new_string(app_id));
	json_object_object_add(device, "pushkey",
	    json_object_new_string(pushkey));
	if (data != NULL)
		json_object_object_add(device, "data", json_object_get(data));
	return device;
}

/* As a batch, which only encrypted ones come in. */
static struct json_object *
message_encrypted(struct json_object *notification)
{
	struct json_object *item = json_object_new_object();
	struct json_object *items = json_object_new_array();
	struct json_object *body = json_object_new_object();

	json_object_object_add(item, "id", json_object_new_string("1"));
	json_object_object_add(item, "notification", notification);
	json_object_array_add(items, item);
	json_object_object_add(body, "notifications", items);
	return body;
}

static struct json_object *
message_plain(struct json_object *notification)
{
	struct json_object *body = json_object_new_object();

	json_object_object_add(body, "notification", notification);
	return body;
}

struct batch *
message_make(struct json_object *notification, const char *app_id,
    const char *pushkey, struct json_object *data, struct error *error)
{
	bool is_encrypted = json_object_object_get_ex(notification,
	    "ciphertext", NULL);
	struct json_object *device = message_device(app_id, pushkey, data);
	struct json_object *devices = json_object_new_array();
	struct decode_error why = { .duplicate_ids = NULL };
	struct json_object *body;
	struct batch *batch = NULL;
	const char *text;

	if (is_encrypted)
		json_object_object_add(notification, "device", device);
	else {
		json_object_array_add(devices, device);
		json_object_object_add(notification, "devices",
		    json_object_get(devices));
	}
	json_object_put(devices);
	body = is_encrypted ? message_encrypted(notification) :
	    message_plain(notification);
	text = json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN);
	if (decode_request(is_encrypted ? DECODE_ENCRYPTED_BATCH :
	    DECODE_NOTIFY, text, strlen(text), &message_limits, &batch,
	    &why) != DECODE_OK) {
		error_set(error, "the notification is not valid: %s %s",
		    why.violation.location, why.violation.reason);
		batch = NULL;
	}
	json_object_put(body);
	return batch;
}
