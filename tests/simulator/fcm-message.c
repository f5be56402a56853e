/* SPDX-License-Identifier: Apache-2.0 */
#include "fcm-message.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text.h"

#define DATA_MAX 4096
#define TIME_TO_LIVE_MAX_S 2419200.0

enum kind {
	KIND_STRING,
	KIND_BOOLEAN,
	KIND_OBJECT,
	KIND_DATA,		/* strings by name */
	KIND_ANY,
};

/* The members of an object of the API, by their names in the proto; JSON
 * may spell them in lowerCamelCase too. */
struct member {
	const char *name;
	enum kind kind;
	const struct member *members;	/* of an object; NULL: any */
};

static const struct member fcm_options_members[] = {
	{ .name = "analytics_label", .kind = KIND_STRING },
	{ .name = NULL },
};

static const struct member notification_members[] = {
	{ .name = "title", .kind = KIND_STRING },
	{ .name = "body", .kind = KIND_STRING },
	{ .name = "image", .kind = KIND_STRING },
	{ .name = NULL },
};

static const struct member android_notification_members[] = {
	{ .name = "title", .kind = KIND_STRING },
	{ .name = "body", .kind = KIND_STRING },
	{ .name = "icon", .kind = KIND_STRING },
	{ .name = "color", .kind = KIND_STRING },
	{ .name = "sound", .kind = KIND_STRING },
	{ .name = "tag", .kind = KIND_STRING },
	{ .name = "click_action", .kind = KIND_STRING },
	{ .name = "body_loc_key", .kind = KIND_STRING },
	{ .name = "body_loc_args", .kind = KIND_ANY },
	{ .name = "title_loc_key", .kind = KIND_STRING },
	{ .name = "title_loc_args", .kind = KIND_ANY },
	{ .name = "channel_id", .kind = KIND_STRING },
	{ .name = "ticker", .kind = KIND_STRING },
	{ .name = "sticky", .kind = KIND_BOOLEAN },
	{ .name = "event_time", .kind = KIND_STRING },
	{ .name = "local_only", .kind = KIND_BOOLEAN },
	{ .name = "notification_priority", .kind = KIND_STRING },
	{ .name = "default_sound", .kind = KIND_BOOLEAN },
	{ .name = "default_vibrate_timings", .kind = KIND_BOOLEAN },
	{ .name = "default_light_settings", .kind = KIND_BOOLEAN },
	{ .name = "vibrate_timings", .kind = KIND_ANY },
	{ .name = "visibility", .kind = KIND_STRING },
	{ .name = "notification_count", .kind = KIND_ANY },
	{ .name = "light_settings", .kind = KIND_ANY },
	{ .name = "image", .kind = KIND_STRING },
	{ .name = "proxy", .kind = KIND_STRING },
	{ .name = "bypass_proxy_notification", .kind = KIND_BOOLEAN },
	{ .name = NULL },
};

static const struct member android_members[] = {
	{ .name = "collapse_key", .kind = KIND_STRING },
	{ .name = "priority", .kind = KIND_STRING },
	{ .name = "ttl", .kind = KIND_STRING },
	{ .name = "restricted_package_name", .kind = KIND_STRING },
	{ .name = "data", .kind = KIND_DATA },
	{ .name = "notification", .kind = KIND_OBJECT,
	    .members = android_notification_members },
	{ .name = "fcm_options", .kind = KIND_OBJECT,
	    .members = fcm_options_members },
	{ .name = "direct_boot_ok", .kind = KIND_BOOLEAN },
	{ .name = "bandwidth_constrained_ok", .kind = KIND_BOOLEAN },
	{ .name = "restricted_satellite_ok", .kind = KIND_BOOLEAN },
	{ .name = NULL },
};

/* Of AndroidNotificationV2 the type alone is checked. */
static const struct member remote_notification_members[] = {
	{ .name = "mutable_content", .kind = KIND_BOOLEAN },
	{ .name = "use_as_v1_data_message", .kind = KIND_BOOLEAN },
	{ .name = "notification", .kind = KIND_OBJECT },
	{ .name = NULL },
};

static const struct member no_members[] = {
	{ .name = NULL },
};

static const struct member android_v2_members[] = {
	{ .name = "background_sync", .kind = KIND_OBJECT,
	    .members = no_members },
	{ .name = "remote_notification", .kind = KIND_OBJECT,
	    .members = remote_notification_members },
	{ .name = "collapse_key", .kind = KIND_STRING },
	{ .name = "ttl", .kind = KIND_STRING },
	{ .name = "restricted_package_name", .kind = KIND_STRING },
	{ .name = "data", .kind = KIND_DATA },
	{ .name = "fcm_options", .kind = KIND_OBJECT,
	    .members = fcm_options_members },
	{ .name = "direct_boot_ok", .kind = KIND_BOOLEAN },
	{ .name = "bandwidth_constrained_ok", .kind = KIND_BOOLEAN },
	{ .name = "restricted_satellite_ok", .kind = KIND_BOOLEAN },
	{ .name = NULL },
};

static const struct member apns_members[] = {
	{ .name = "headers", .kind = KIND_OBJECT },
	{ .name = "payload", .kind = KIND_OBJECT },
	{ .name = "fcm_options", .kind = KIND_OBJECT },
	{ .name = "live_activity_token", .kind = KIND_STRING },
	{ .name = NULL },
};

static const struct member webpush_members[] = {
	{ .name = "headers", .kind = KIND_OBJECT },
	{ .name = "data", .kind = KIND_DATA },
	{ .name = "notification", .kind = KIND_OBJECT },
	{ .name = "fcm_options", .kind = KIND_OBJECT },
	{ .name = NULL },
};

static const struct member message_members[] = {
	{ .name = "name", .kind = KIND_STRING },
	{ .name = "data", .kind = KIND_DATA },
	{ .name = "notification", .kind = KIND_OBJECT,
	    .members = notification_members },
	{ .name = "android", .kind = KIND_OBJECT,
	    .members = android_members },
	{ .name = "android_v2", .kind = KIND_OBJECT,
	    .members = android_v2_members },
	{ .name = "webpush", .kind = KIND_OBJECT,
	    .members = webpush_members },
	{ .name = "apns", .kind = KIND_OBJECT, .members = apns_members },
	{ .name = "fcm_options", .kind = KIND_OBJECT,
	    .members = fcm_options_members },
	{ .name = "token", .kind = KIND_STRING },
	{ .name = "fid", .kind = KIND_STRING },
	{ .name = "topic", .kind = KIND_STRING },
	{ .name = "condition", .kind = KIND_STRING },
	{ .name = NULL },
};

static const struct member body_members[] = {
	{ .name = "validate_only", .kind = KIND_BOOLEAN },
	{ .name = "message", .kind = KIND_OBJECT,
	    .members = message_members },
	{ .name = NULL },
};

/* A fault of the JSON's shape: a field violation, but no errorCode. */
static bool __attribute__((format(printf, 3, 4)))
refuse_shape(struct verdict *verdict, const char *field, const char *format,
    ...)
{
	va_list list;

	verdict_init(verdict, 400, "INVALID_ARGUMENT");
	string_copy(verdict->field, sizeof verdict->field, field);
	va_start(list, format);
	vsnprintf(verdict->message, sizeof verdict->message, format, list);
	va_end(list);
	return false;
}

/* A fault of the meaning: errorCode INVALID_ARGUMENT. */
static bool
refuse_meaning(struct verdict *verdict, const char *field,
    const char *message)
{
	verdict_init(verdict, 400, "INVALID_ARGUMENT");
	string_copy(verdict->field, sizeof verdict->field, field);
	string_copy(verdict->message, sizeof verdict->message, message);
	verdict->has_error_code = true;
	return false;
}

static bool
is_same_name(const char *proto, const char *json)
{
	const char *camel = json;
	bool same = strcmp(proto, json) == 0;

	if (!same) {
		for (; *proto != '\0' && *camel != '\0'; proto++, camel++) {
			if (*proto == '_' && islower((unsigned char)proto[1]) &&
			    toupper((unsigned char)proto[1]) == *camel)
				proto++;
			else if (*proto != *camel)
				break;
		}
		same = *proto == '\0' && *camel == '\0';
	}
	return same;
}

static struct json_object *
find_member(struct json_object *object, const char *proto)
{
	struct json_object *found = NULL;

	if (object != NULL) {
		json_object_object_foreach(object, name, value) {
			if (found == NULL && is_same_name(proto, name))
				found = value;
		}
	}
	return found;
}

static bool
check_data_values(struct json_object *data, const char *field,
    struct verdict *verdict)
{
	unsigned index = 0;
	bool good = true;

	json_object_object_foreach(data, name, value) {
		char where[sizeof verdict->field];

		(void)name;
		snprintf(where, sizeof where, "%.200s[%u].value", field,
		    index);
		if (good && !json_object_is_type(value, json_type_string))
			good = refuse_shape(verdict, where, "Invalid value "
			    "at '%s' (TYPE_STRING), %.200s", where,
			    json_object_to_json_string_ext(value,
			    JSON_C_TO_STRING_PLAIN));
		index++;
	}
	return good;
}

static bool
check_object(struct json_object *object, const char *field,
    const struct member *members, struct verdict *verdict);

static bool
check_member(struct json_object *value, const char *field,
    const struct member *member, struct verdict *verdict)
{
	static const char *const type_names[] = {
		[KIND_STRING] = "TYPE_STRING",
		[KIND_BOOLEAN] = "TYPE_BOOL",
		[KIND_OBJECT] = "TYPE_MESSAGE",
		[KIND_DATA] = "TYPE_MESSAGE",
		[KIND_ANY] = "",
	};
	static const enum json_type types[] = {
		[KIND_STRING] = json_type_string,
		[KIND_BOOLEAN] = json_type_boolean,
		[KIND_OBJECT] = json_type_object,
		[KIND_DATA] = json_type_object,
		[KIND_ANY] = json_type_null,
	};
	bool good = true;

	if (value == NULL || member->kind == KIND_ANY)
		good = true;	/* null is absence, as in all proto JSON */
	else if (!json_object_is_type(value, types[member->kind]))
		good = refuse_shape(verdict, field, "Invalid value at '%s' "
		    "(%s), %.200s", field, type_names[member->kind],
		    json_object_to_json_string_ext(value,
		    JSON_C_TO_STRING_PLAIN));
	else if (member->kind == KIND_DATA)
		good = check_data_values(value, field, verdict);
	else if (member->kind == KIND_OBJECT && member->members != NULL)
		good = check_object(value, field, member->members, verdict);
	return good;
}

/* Names and types, down to the depth that the tables know. */
static bool
check_object(struct json_object *object, const char *field,
    const struct member *members, struct verdict *verdict)
{
	bool good = true;

	json_object_object_foreach(object, name, value) {
		const struct member *member = members;
		char where[sizeof verdict->field];

		while (member->name != NULL &&
		    !is_same_name(member->name, name))
			member++;
		snprintf(where, sizeof where, "%.150s%s%s", field,
		    *field != '\0' ? "." : "",
		    member->name != NULL ? member->name : "");
		if (good && member->name == NULL)
			good = refuse_shape(verdict, field, "Invalid JSON "
			    "payload received. Unknown name \"%.100s\"%s%s%s: "
			    "Cannot find field.", name,
			    *field != '\0' ? " at '" : "", field,
			    *field != '\0' ? "'" : "");
		else if (good)
			good = check_member(value, where, member, verdict);
	}
	return good;
}

static bool
is_reserved(const char *key)
{
	return strcmp(key, "from") == 0 || strcmp(key, "message_type") == 0 ||
	    strncmp(key, "google.", 7) == 0 || strncmp(key, "gcm", 3) == 0;
}

/* Reserved keys, and the size of keys and values together. */
static bool
check_data(struct json_object *data, const char *field,
    struct verdict *verdict)
{
	size_t size = 0;
	bool good = true;

	if (data != NULL) {
		json_object_object_foreach(data, key, value) {
			char message[256];

			size += strlen(key);
			size += (size_t)json_object_get_string_len(value);
			if (good && is_reserved(key)) {
				snprintf(message, sizeof message,
				    "Invalid data payload key: %.100s", key);
				good = refuse_meaning(verdict, field, message);
			}
		}
	}
	if (good && size > DATA_MAX) {
		verdict_init(verdict, 400, "INVALID_ARGUMENT");
		string_copy(verdict->message, sizeof verdict->message,
		    "Android message is too big");
		good = false;
	}
	return good;
}

/* Digits, perhaps a point and digits, and an s; four weeks at most. */
static bool
check_time_to_live(const char *text, const char *field,
    struct verdict *verdict)
{
	size_t whole = strspn(text, "0123456789");
	size_t fraction = text[whole] == '.'
	    ? strspn(text + whole + 1, "0123456789") : 0;
	const char *end = text + whole + (fraction > 0 ? fraction + 1 : 0);
	bool good = true;

	if (whole == 0 || strcmp(end, "s") != 0)
		good = refuse_shape(verdict, field, "Invalid value at '%s' "
		    "(type.googleapis.com/google.protobuf.Duration), Field "
		    "'ttl', Illegal duration format; duration must end with "
		    "'s'", field);
	else if (strtod(text, NULL) > TIME_TO_LIVE_MAX_S)
		good = refuse_meaning(verdict, field,
		    "Invalid ttl: must be from 0 to 2419200 seconds");
	return good;
}

static bool
check_android(struct json_object *android, struct verdict *verdict)
{
	const char *priority = json_object_get_string(
	    find_member(android, "priority"));
	const char *ttl = json_object_get_string(find_member(android, "ttl"));
	bool good = true;

	if (priority != NULL && strcasecmp(priority, "HIGH") != 0 &&
	    strcasecmp(priority, "NORMAL") != 0)
		good = refuse_shape(verdict, "message.android.priority",
		    "Invalid value at 'message.android.priority' "
		    "(type.googleapis.com/google.firebase.fcm.v1."
		    "AndroidConfig.AndroidMessagePriority), \"%.100s\"",
		    priority);
	if (good && ttl != NULL)
		good = check_time_to_live(ttl, "message.android.ttl",
		    verdict);
	if (good)
		good = check_data(find_member(android, "data"),
		    "message.android.data", verdict);
	return good;
}

static bool
check_android_v2(struct json_object *message, struct verdict *verdict)
{
	struct json_object *android = find_member(message, "android_v2");
	const char *ttl = json_object_get_string(find_member(android, "ttl"));
	bool good = true;

	if (android != NULL && find_member(message, "android") != NULL)
		good = refuse_meaning(verdict, "message.android_v2",
		    "Only one of android and android_v2 may be set.");
	else if (android != NULL &&
	    (find_member(android, "background_sync") != NULL) ==
	    (find_member(android, "remote_notification") != NULL))
		good = refuse_meaning(verdict, "message.android_v2",
		    "One of background_sync and remote_notification must be "
		    "set.");
	else if (ttl != NULL)
		good = check_time_to_live(ttl, "message.android_v2.ttl",
		    verdict);
	return good && check_data(find_member(android, "data"),
	    "message.android_v2.data", verdict);
}

/* A registration token or a Firebase Installation ID, and nothing else. */
static bool
check_target(struct json_object *message, const char **target,
    struct verdict *verdict)
{
	const char *token = json_object_get_string(
	    find_member(message, "token"));
	const char *fid = json_object_get_string(find_member(message, "fid"));
	bool good = true;

	*target = token != NULL ? token : fid;
	if (find_member(message, "topic") != NULL ||
	    find_member(message, "condition") != NULL)
		good = refuse_meaning(verdict, "message",
		    "The simulator delivers to phones only.");
	else if (token != NULL && fid != NULL)
		good = refuse_meaning(verdict, "message",
		    "Exactly one of token, fid, topic, condition is required.");
	else if (*target == NULL)
		good = refuse_meaning(verdict, "message",
		    "Recipient of the message is not set.");
	else if (**target == '\0')
		good = refuse_meaning(verdict,
		    token != NULL ? "message.token" : "message.fid", "The "
		    "registration token is not a valid FCM registration "
		    "token");
	return good;
}

bool
fcm_message_check(struct json_object *body, const char **target,
    struct verdict *verdict)
{
	struct json_object *message = NULL;
	bool good = false;

	*target = NULL;
	if (!json_object_is_type(body, json_type_object))
		refuse_shape(verdict, "", "Invalid JSON payload received. "
		    "Unexpected token.");
	else
		good = check_object(body, "", body_members, verdict);
	if (good) {
		message = find_member(body, "message");
		good = check_target(message, target, verdict);
	}
	return good && check_data(find_member(message, "data"),
	    "message.data", verdict) &&
	    check_android(find_member(message, "android"), verdict) &&
	    check_android_v2(message, verdict);
}

bool
fcm_message_has_fid(struct json_object *body)
{
	return find_member(find_member(body, "message"), "fid") != NULL;
}

bool
fcm_message_is_test(struct json_object *body)
{
	return json_object_get_boolean(find_member(body, "validate_only"));
}
