/* SPDX-License-Identifier: Apache-2.0 */
/* Source: Sygnal, "apnspushkin.py": which event has which loc-key. */
#include "provider/matrix-alert.h"

#include <string.h>

#include "provider/matrix-text.h"

/* What an alert is made of. */
enum matrix_alert_part {
	MATRIX_ALERT_NONE,
	MATRIX_ALERT_FROM,
	MATRIX_ALERT_ROOM,
	MATRIX_ALERT_BODY
};

enum matrix_alert_kind {
	MATRIX_ALERT_MESSAGE,
	MATRIX_ALERT_TEXT,
	MATRIX_ALERT_EMOTE,
	MATRIX_ALERT_IMAGE,
	MATRIX_ALERT_VOICE_CALL,
	MATRIX_ALERT_VIDEO_CALL,
	MATRIX_ALERT_INVITE,
	MATRIX_ALERT_EVENT,	/* of any other type */
	MATRIX_ALERT_KIND__MAX
};

struct matrix_alert_form {
	const char *loc_key;
	enum matrix_alert_part parts[MATRIX_ALERT_ARGUMENTS];
};

#define MATRIX_ALERT_FORM(key, ...) { .loc_key = key, \
    .parts = { __VA_ARGS__ } }
#define FROM MATRIX_ALERT_FROM
#define ROOM MATRIX_ALERT_ROOM
#define BODY MATRIX_ALERT_BODY

/* Where the room has a name, and where it has none. */
static const struct {
	struct matrix_alert_form in_room;
	struct matrix_alert_form alone;
} matrix_alert_forms[MATRIX_ALERT_KIND__MAX] = {
	[MATRIX_ALERT_MESSAGE] = {
		MATRIX_ALERT_FORM("MSG_FROM_USER_IN_ROOM", FROM, ROOM),
		MATRIX_ALERT_FORM("MSG_FROM_USER", FROM)
	},
	[MATRIX_ALERT_TEXT] = {
		MATRIX_ALERT_FORM("MSG_FROM_USER_IN_ROOM_WITH_CONTENT", FROM,
		    ROOM, BODY),
		MATRIX_ALERT_FORM("MSG_FROM_USER_WITH_CONTENT", FROM, BODY)
	},
	[MATRIX_ALERT_EMOTE] = {
		MATRIX_ALERT_FORM("ACTION_FROM_USER_IN_ROOM", ROOM, FROM,
		    BODY),
		MATRIX_ALERT_FORM("ACTION_FROM_USER", FROM, BODY)
	},
	[MATRIX_ALERT_IMAGE] = {
		MATRIX_ALERT_FORM("IMAGE_FROM_USER_IN_ROOM", FROM, BODY,
		    ROOM),
		MATRIX_ALERT_FORM("IMAGE_FROM_USER", FROM, BODY)
	},
	[MATRIX_ALERT_VOICE_CALL] = {
		MATRIX_ALERT_FORM("VOICE_CALL_FROM_USER", FROM),
		MATRIX_ALERT_FORM("VOICE_CALL_FROM_USER", FROM)
	},
	[MATRIX_ALERT_VIDEO_CALL] = {
		MATRIX_ALERT_FORM("VIDEO_CALL_FROM_USER", FROM),
		MATRIX_ALERT_FORM("VIDEO_CALL_FROM_USER", FROM)
	},
	[MATRIX_ALERT_INVITE] = {
		MATRIX_ALERT_FORM("USER_INVITE_TO_NAMED_ROOM", FROM, ROOM),
		MATRIX_ALERT_FORM("USER_INVITE_TO_CHAT", FROM)
	},
	[MATRIX_ALERT_EVENT] = {
		MATRIX_ALERT_FORM("MSG_FROM_USER", FROM),
		MATRIX_ALERT_FORM("MSG_FROM_USER", FROM)
	},
};

#undef FROM
#undef ROOM
#undef BODY

/* A string member of content, or NULL if there is none or it is empty; what is
 * no string has no length. */
static struct json_object *
matrix_alert_content(const struct notification *notification,
    const char *name)
{
	struct json_object *value = NULL;

	if (notification->content == NULL ||
	    !json_object_object_get_ex(notification->content, name, &value) ||
	    json_object_get_string_len(value) == 0)
		return NULL;
	return value;
}

static bool
matrix_alert_is(struct json_object *string, const char *text)
{
	return string != NULL &&
	    strcmp(json_object_get_string(string), text) == 0;
}

static enum matrix_alert_kind
matrix_alert_message_kind(const struct notification *notification)
{
	struct json_object *type = matrix_alert_content(notification,
	    "msgtype");

	if (type == NULL || matrix_alert_content(notification, "body") == NULL)
		return MATRIX_ALERT_MESSAGE;
	if (matrix_alert_is(type, "m.image"))
		return MATRIX_ALERT_IMAGE;
	return matrix_alert_is(type, "m.emote") ? MATRIX_ALERT_EMOTE :
	    MATRIX_ALERT_TEXT;
}

static enum matrix_alert_kind
matrix_alert_call_kind(const struct notification *notification)
{
	struct json_object *offer = NULL, *sdp = NULL;

	if (notification->content != NULL &&
	    json_object_object_get_ex(notification->content, "offer",
	    &offer) && json_object_is_type(offer, json_type_object) &&
	    json_object_object_get_ex(offer, "sdp", &sdp) &&
	    json_object_is_type(sdp, json_type_string) &&
	    strstr(json_object_get_string(sdp), "m=video") != NULL)
		return MATRIX_ALERT_VIDEO_CALL;
	return MATRIX_ALERT_VOICE_CALL;
}

/* MATRIX_ALERT_KIND__MAX: none. */
static enum matrix_alert_kind
matrix_alert_kind(const struct notification *notification, bool content)
{
	struct json_object *type = notification->texts[NOTIFICATION_TYPE];

	if (type == NULL)
		return MATRIX_ALERT_KIND__MAX;
	if (matrix_alert_is(type, "m.call.invite"))
		return matrix_alert_call_kind(notification);
	if (matrix_alert_is(type, "m.room.member"))
		return notification->user_is_target &&
		    matrix_alert_is(notification->membership, "invite") ?
		    MATRIX_ALERT_INVITE : MATRIX_ALERT_KIND__MAX;
	if (!matrix_alert_is(type, "m.room.message") &&
	    !matrix_alert_is(type, "m.room.encrypted"))
		return MATRIX_ALERT_EVENT;
	return content ? matrix_alert_message_kind(notification) :
	    MATRIX_ALERT_MESSAGE;
}

/* The first of the two that there is, or NULL. */
static struct json_object *
matrix_alert_name(const struct notification *notification,
    enum notification_text first, enum notification_text second)
{
	return notification->texts[first] != NULL ?
	    notification->texts[first] : notification->texts[second];
}

static struct matrix_alert_text
matrix_alert_text(struct json_object *string, const char *fallback)
{
	if (string == NULL)
		return (struct matrix_alert_text){ .text = fallback,
		    .size = strlen(fallback) };
	return (struct matrix_alert_text){
		.text = json_object_get_string(string),
		.size = (size_t)json_object_get_string_len(string)
	};
}

bool
matrix_alert_read(const struct notification *notification, bool content,
    struct matrix_alert *alert)
{
	enum matrix_alert_kind kind = matrix_alert_kind(notification, content);
	struct json_object *room = matrix_alert_name(notification,
	    NOTIFICATION_ROOM_NAME, NOTIFICATION_ROOM_ALIAS);
	struct json_object *from = matrix_alert_name(notification,
	    NOTIFICATION_SENDER_DISPLAY_NAME, NOTIFICATION_SENDER);
	const struct matrix_alert_form *form;

	if (kind == MATRIX_ALERT_KIND__MAX)
		return false;
	form = room != NULL ? &matrix_alert_forms[kind].in_room :
	    &matrix_alert_forms[kind].alone;
	alert->loc_key = form->loc_key;
	for (alert->count = 0; alert->count < MATRIX_ALERT_ARGUMENTS &&
	    form->parts[alert->count] != MATRIX_ALERT_NONE; alert->count++)
		alert->arguments[alert->count] =
		    form->parts[alert->count] == MATRIX_ALERT_FROM ?
		    matrix_alert_text(from, " ") :
		    form->parts[alert->count] == MATRIX_ALERT_ROOM ?
		    matrix_alert_text(room, "") :
		    matrix_alert_text(matrix_alert_content(notification,
			"body"), "");
	return true;
}

struct json_object *
matrix_alert_arguments(const struct matrix_alert *alert, size_t room)
{
	struct json_object *array = json_object_new_array();
	size_t lengths[MATRIX_ALERT_ARGUMENTS], limit, i;
	/* Their quotes, and the commas between them; there is at least one. */
	size_t marks = 3 * alert->count - 1;

	for (i = 0; i < alert->count; i++)
		lengths[i] = matrix_text_length(alert->arguments[i].text,
		    alert->arguments[i].size, MATRIX_TEXT_JSON);
	limit = matrix_text_share(lengths, alert->count,
	    room < marks ? 0 : room - marks);
	for (i = 0; i < alert->count; i++)
		json_object_array_add(array, matrix_text_cut(
		    alert->arguments[i].text, alert->arguments[i].size, limit,
		    MATRIX_TEXT_JSON));
	return array;
}
