/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/notification.h"

#include <stdlib.h>

#include "base/json-text.h"

#define NOTIFICATION_TEXT(text, of, until) { \
	.name = text, .kind = NOTIFICATION_##of, \
	.last = NOTIFICATION_WITHOUT_##until }

const struct notification_text_info
notification_texts[NOTIFICATION_TEXT__MAX] = {
	[NOTIFICATION_EVENT_ID] =
	    NOTIFICATION_TEXT("event_id", PLAIN, NAMES),
	[NOTIFICATION_ROOM_ID] =
	    NOTIFICATION_TEXT("room_id", PLAIN, NAMES),
	[NOTIFICATION_TYPE] =
	    NOTIFICATION_TEXT("type", PLAIN, NAMES),
	[NOTIFICATION_SENDER] =
	    NOTIFICATION_TEXT("sender", PLAIN, NAMES),
	[NOTIFICATION_SENDER_DISPLAY_NAME] =
	    NOTIFICATION_TEXT("sender_display_name", PLAIN, CONTENT),
	[NOTIFICATION_ROOM_NAME] =
	    NOTIFICATION_TEXT("room_name", PLAIN, CONTENT),
	[NOTIFICATION_ROOM_ALIAS] =
	    NOTIFICATION_TEXT("room_alias", PLAIN, CONTENT),
	[NOTIFICATION_CIPHERTEXT] =
	    NOTIFICATION_TEXT("ciphertext", ENCRYPTED, NAMES),
	[NOTIFICATION_TIME_MESSAGE_ENCRYPTED] =
	    NOTIFICATION_TEXT("time_message_encrypted", ENCRYPTED, NAMES),
	[NOTIFICATION_KEY_IDENTIFIER] =
	    NOTIFICATION_TEXT("key_identifier", ENCRYPTED, NAMES),
	[NOTIFICATION_IDENTIFIER] =
	    NOTIFICATION_TEXT("identifier", ENCRYPTED, NAMES),
};

void
batch_free(struct batch *batch)
{
	size_t i;

	if (batch == NULL)
		return;
	for (i = 0; i < batch->count; i++)
		free(batch->notifications[i].devices);
	free(batch->notifications);
	json_object_put(batch->tree);
	free(batch->path_prefix);
	free(batch->request_id);
	free(batch);
}

const char *
device_platform(const struct device *device)
{
	return device->data == NULL ? NULL :
	    json_text_member(device->data, "platform");
}

const char *
notification_prio(const struct notification *notification)
{
	return notification->is_low ? "low" : "high";
}

static int64_t
notification_count(int64_t count)
{
	if (count < 0)
		return 0;
	return count > INT32_MAX ? INT32_MAX : count;
}

int32_t
notification_badge(const struct notification *notification)
{
	int64_t badge = notification_count(notification->unread) +
	    notification_count(notification->missed_calls);

	if (notification->unread < 0 && notification->missed_calls < 0)
		return -1;
	return badge > INT32_MAX ? INT32_MAX : (int32_t)badge;
}

size_t
notification_texts_size(const struct notification *notification,
    enum notification_detail detail)
{
	size_t i, size = 0;

	for (i = 0; i < NOTIFICATION_TEXT__MAX; i++) {
		if (notification->texts[i] != NULL &&
		    detail <= notification_texts[i].last)
			size += (size_t)json_object_get_string_len(
			    notification->texts[i]);
	}
	return size;
}

enum notification_detail
notification_start_detail(const struct notification *notification,
    size_t limit)
{
	enum notification_detail detail = NOTIFICATION_FULL;

	/* With NOTIFICATION_DETAIL__MAX there are no texts, which fit. */
	while (notification_texts_size(notification, detail) > limit)
		detail++;
	return detail;
}

bool
notification_is_badge_only(const struct notification *notification)
{
	size_t i = 0;

	while (i < NOTIFICATION_TEXT__MAX && notification->texts[i] == NULL)
		i++;
	return i == NOTIFICATION_TEXT__MAX && notification->content == NULL &&
	    notification_badge(notification) != -1;
}
