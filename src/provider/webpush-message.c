/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/webpush-message.h"

#include <inttypes.h>
#include <string.h>

#include "base/encoding.h"
#include "crypto/keyed-hash.h"
#include "provider/matrix.h"
#include "provider/plain-form.h"
#include "provider/provider-util.h"

enum {
	/* Texts are padded to a multiple, so that their length tells little. */
	WEBPUSH_MESSAGE_STEP = 512,
	/* 32 characters, which push services take and nobody need pad. */
	WEBPUSH_MESSAGE_TOPIC_SIZE = 24,
	WEBPUSH_MESSAGE_TOPIC_TEXT_SIZE = 32
};

/* --- subscriptions ------------------------------------------------------- */

static bool
webpush_message_read_bytes(struct json_object *text, unsigned char *bytes,
    size_t size)
{
	return json_object_is_type(text, json_type_string) &&
	    encoding_read_base64(json_object_get_string(text),
	    (size_t)json_object_get_string_len(text), bytes, size) ==
	    (long)size;
}

bool
webpush_message_read_keys(struct json_object *p256dh,
    struct json_object *auth, struct aes128gcm_subscription *subscription)
{
	return webpush_message_read_bytes(p256dh, subscription->public_key,
	    sizeof subscription->public_key) &&
	    subscription->public_key[0] == 4 &&
	    webpush_message_read_bytes(auth, subscription->auth,
	    sizeof subscription->auth);
}

struct json_object *
webpush_message_data(const struct device *device, const char *name)
{
	struct json_object *value = NULL;

	if (device->data != NULL)
		json_object_object_get_ex(device->data, name, &value);
	return value;
}

/* --- headers ------------------------------------------------------------- */

static bool
webpush_message_is_matrix(const struct webpush_account *account,
    const struct notification *notification)
{
	return notification->kind == NOTIFICATION_PLAIN &&
	    provider_payload_is_matrix(account->payload);
}

void
webpush_message_consider(const struct webpush_account *account,
    const struct notification *notification, const struct device *device,
    struct provider_advice *advice)
{
	if (webpush_message_is_matrix(account, notification))
		matrix_consider(notification, device,
		    account->send_badge_counts, advice);
	else
		advice->is_unwanted = !account->send_badge_counts &&
		    notification_is_badge_only(notification);
}

/* The last message of a room replaces those before it, if the pusher says so;
 * a hash of the room tells the push service nothing. */
static void
webpush_message_add_topic(const struct webpush_account *account,
    const struct notification *notification, const struct device *device,
    struct http_request *request)
{
	struct json_object *room = notification->texts[NOTIFICATION_ROOM_ID];
	unsigned char hash[KEYED_HASH_SIZE];
	struct buf topic;

	if (room == NULL || account->key == NULL ||
	    !matrix_only_last_per_room(device))
		return;
	keyed_hash(account->topic_key, sizeof account->topic_key,
	    json_object_get_string(room),
	    (size_t)json_object_get_string_len(room), hash);
	buf_init(&topic, WEBPUSH_MESSAGE_TOPIC_TEXT_SIZE);
	encoding_append_base64url(&topic, hash, WEBPUSH_MESSAGE_TOPIC_SIZE);
	http_request_add_header(request, "topic", "%s", buf_text(&topic));
	buf_free(&topic);
}

void
webpush_message_address(const struct webpush_account *account,
    const char *endpoint, const struct notification *notification,
    const struct device *device, struct http_request *request)
{
	bool is_slow = notification->is_low ||
	    notification_is_badge_only(notification);

	buf_append_text(&request->url, endpoint);
	http_request_add_header(request, "ttl", "%" PRId64,
	    account->time_to_live_s);
	/* Else Microsoft stores it, which a TTL of 0 contradicts. */
	if (account->time_to_live_s == 0)
		http_request_add_header(request, "x-wns-cache-policy",
		    "no-cache");
	http_request_add_header(request, "urgency", "%s",
	    is_slow ? "low" : "high");
	webpush_message_add_topic(account, notification, device, request);
}

/* --- the message --------------------------------------------------------- */

/* False if there is more of it than fits with so much detail. */
static bool
webpush_message_write(const struct webpush_account *account,
    const struct notification *notification, const struct device *device,
    enum notification_detail detail, struct buf *text)
{
	struct json_object *form =
	    webpush_message_is_matrix(account, notification) ?
	    plain_form_make_matrix(notification, device, detail,
	    account->send_badge_counts) : plain_form_make(notification,
	    detail, account->send_badge_counts);
	bool fits = provider_write_json(form, AES128GCM_TEXT_MAX, text);

	json_object_put(form);
	return fits;
}

/* Where a whole step more does not fit, all there is. */
static size_t
webpush_message_padded(size_t size)
{
	size_t padded = (size + WEBPUSH_MESSAGE_STEP - 1) /
	    WEBPUSH_MESSAGE_STEP * WEBPUSH_MESSAGE_STEP;

	return padded < AES128GCM_TEXT_MAX ? padded : AES128GCM_TEXT_MAX;
}

/* The line of the token for a variant; false if there is no such key. */
static bool
webpush_message_add_credentials(const struct provider_push *push,
    struct http_request *request)
{
	const char *line;
	unsigned int i;

	/* A push service that does not know who we are has no other key. */
	if (push->token == NULL)
		return push->variant == 0;
	line = push->token->text;
	for (i = 0; i < push->variant && line != NULL; i++) {
		line = strchr(line, '\n');
		if (line != NULL)
			line++;
	}
	if (line != NULL)
		http_request_add_header(request, "authorization", "%.*s",
		    (int)strcspn(line, "\n"), line);
	return line != NULL;
}

enum cause
webpush_message_compose(const struct webpush_account *account,
    const struct aes128gcm_subscription *subscription,
    const struct notification *notification, const struct device *device,
    const struct provider_push *push, struct http_request *request)
{
	enum notification_detail detail = NOTIFICATION_FULL;
	enum cause cause = CAUSE_NONE;
	struct buf text;

	buf_init(&text, AES128GCM_TEXT_MAX);
	while (detail < NOTIFICATION_DETAIL__MAX && !webpush_message_write(
	    account, notification, device, detail, &text))
		detail++;
	if (detail == NOTIFICATION_DETAIL__MAX ||
	    !webpush_message_add_credentials(push, request))
		cause = CAUSE_TOO_LONG;
	else if (!aes128gcm_encrypt(subscription, NULL, buf_text(&text),
	    text.size, webpush_message_padded(text.size), &request->body))
		cause = CAUSE_PUSHKEY_MALFORMED;
	else {
		http_request_add_header(request, "content-encoding",
		    "aes128gcm");
		http_request_add_header(request, "content-type",
		    "application/octet-stream");
		if (!http_request_is_complete(request))
			cause = CAUSE_TOO_LONG;
	}
	if (push->plain != NULL)
		buf_append(push->plain, buf_text(&text), text.size);
	buf_free(&text);
	return cause;
}
