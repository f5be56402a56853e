/* SPDX-License-Identifier: Apache-2.0 */
#include "hms-message.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

#define TOKENS_MAX 1000
#define TEST_TOKENS_MAX 10
#define SIZE_MAX_WITHOUT_TOKENS 4096
#define TTL_MAX_S 1296000		/* 15 days */

#define CODE_PARAMETER "80100001"
#define CODE_STRUCTURE "80100003"
#define CODE_EXPIRY "80100004"
#define CODE_COLLAPSE_KEY "80100013"
#define CODE_SIZE "80300008"
#define CODE_TOKEN_COUNT "80300010"
#define CODE_TEST_TOKEN_COUNT "80300030"

/* The members that an object may have, and must. */
struct member {
	const char *name;
	enum json_type type;
	bool is_needed;
	const struct member *members;	/* of an object; NULL: any */
};

static const struct member android_members[] = {
	{ .name = "collapse_key", .type = json_type_int },
	{ .name = "urgency", .type = json_type_string },
	{ .name = "category", .type = json_type_string },
	{ .name = "ttl", .type = json_type_string },
	{ .name = "bi_tag", .type = json_type_string },
	{ .name = "receipt_id", .type = json_type_string },
	{ .name = "fast_app_target", .type = json_type_int },
	{ .name = "target_user_type", .type = json_type_int },
	{ .name = "data", .type = json_type_string },
	{ .name = "notification", .type = json_type_object },
	{ .name = NULL },
};

static const struct member notification_members[] = {
	{ .name = "title", .type = json_type_string },
	{ .name = "body", .type = json_type_string },
	{ .name = "image", .type = json_type_string },
	{ .name = NULL },
};

static const struct member message_members[] = {
	{ .name = "data", .type = json_type_string },
	{ .name = "notification", .type = json_type_object,
	    .members = notification_members },
	{ .name = "android", .type = json_type_object,
	    .members = android_members },
	{ .name = "apns", .type = json_type_object },
	{ .name = "webpush", .type = json_type_object },
	{ .name = "token", .type = json_type_array, .is_needed = true },
	{ .name = NULL },
};

static const struct member body_members[] = {
	{ .name = "validate_only", .type = json_type_boolean },
	{ .name = "message", .type = json_type_object, .is_needed = true,
	    .members = message_members },
	{ .name = NULL },
};

static const struct member click_members[] = {
	{ .name = "actionType", .type = json_type_int, .is_needed = true },
	{ .name = "action", .type = json_type_string },
	{ .name = "uri", .type = json_type_string },
	{ .name = "data", .type = json_type_object },
	{ .name = NULL },
};

static const struct member alert_members[] = {
	{ .name = "category", .type = json_type_string, .is_needed = true },
	{ .name = "title", .type = json_type_string, .is_needed = true },
	{ .name = "body", .type = json_type_string, .is_needed = true },
	{ .name = "clickAction", .type = json_type_object, .is_needed = true,
	    .members = click_members },
	{ .name = "style", .type = json_type_int },
	{ .name = "image", .type = json_type_string },
	{ .name = "notifyId", .type = json_type_int },
	{ .name = "appMessageId", .type = json_type_string },
	{ .name = "profileId", .type = json_type_string },
	{ .name = "inboxContent", .type = json_type_array },
	{ .name = "badge", .type = json_type_object },
	{ .name = "sound", .type = json_type_string },
	{ .name = "soundDuration", .type = json_type_int },
	{ .name = "foregroundShow", .type = json_type_boolean },
	{ .name = NULL },
};

static const struct member alert_payload_members[] = {
	{ .name = "notification", .type = json_type_object,
	    .is_needed = true, .members = alert_members },
	{ .name = NULL },
};

static const struct member extension_payload_members[] = {
	{ .name = "notification", .type = json_type_object,
	    .is_needed = true, .members = alert_members },
	{ .name = "extraData", .type = json_type_string, .is_needed = true },
	{ .name = NULL },
};

static const struct member data_payload_members[] = {
	{ .name = "extraData", .type = json_type_string, .is_needed = true },
	{ .name = NULL },
};

static const struct push_type {
	const char *number;
	const struct member *members;	/* of the payload; NULL: any */
} push_types[] = {
	{ .number = "0", .members = alert_payload_members },
	{ .number = "1" },
	{ .number = "2", .members = extension_payload_members },
	{ .number = "6", .members = data_payload_members },
	{ .number = "7" },
	{ .number = "10", .members = data_payload_members },
	{ .number = NULL },
};

static const struct member options_members[] = {
	{ .name = "testMessage", .type = json_type_boolean },
	{ .name = "ttl", .type = json_type_int },
	{ .name = "biTag", .type = json_type_string },
	{ .name = "receiptId", .type = json_type_string },
	{ .name = "collapseKey", .type = json_type_int },
	{ .name = "backgroundMode", .type = json_type_int },
	{ .name = NULL },
};

static const struct member target_members[] = {
	{ .name = "token", .type = json_type_array, .is_needed = true },
	{ .name = NULL },
};

static const struct member body_v3_members[] = {
	{ .name = "payload", .type = json_type_object, .is_needed = true },
	{ .name = "target", .type = json_type_object, .is_needed = true,
	    .members = target_members },
	{ .name = "pushOptions", .type = json_type_object,
	    .members = options_members },
	{ .name = NULL },
};

static bool
refuse(struct hms_message_fault *fault, const char *code, const char *words)
{
	fault->code = code;
	string_copy(fault->words, sizeof fault->words, words);
	return false;
}

static struct json_object *
find_member(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, name, &value);
	return value;
}

static bool
check_object(struct json_object *object, const struct member *members,
    struct hms_message_fault *fault)
{
	bool good = true;

	json_object_object_foreach(object, name, value) {
		const struct member *member = members;

		while (member->name != NULL && strcmp(member->name, name) != 0)
			member++;
		if (good && (member->name == NULL ||
		    !json_object_is_type(value, member->type)))
			good = refuse(fault, CODE_STRUCTURE, name);
		else if (good && member->members != NULL)
			good = check_object(value, member->members, fault);
	}
	for (; good && members->name != NULL; members++) {
		if (members->is_needed &&
		    find_member(object, members->name) == NULL)
			good = refuse(fault, CODE_STRUCTURE, members->name);
	}
	return good;
}

/* Strings, up to so many; the size of the rest of the body is limited. */
static bool
check_tokens(struct json_object *tokens, size_t most, size_t size,
    const char **token, struct hms_message_fault *fault)
{
	size_t count = json_object_array_length(tokens);
	size_t tokens_size = 0;
	bool good = true;

	for (size_t i = 0; good && i < count; i++) {
		struct json_object *one = json_object_array_get_idx(tokens, i);

		good = json_object_is_type(one, json_type_string);
		tokens_size += good
		    ? (size_t)json_object_get_string_len(one) : 0;
	}
	if (!good)
		refuse(fault, CODE_STRUCTURE, "token");
	else if (count < 1 || count > most)
		good = refuse(fault, most == TEST_TOKENS_MAX
		    ? CODE_TEST_TOKEN_COUNT : CODE_TOKEN_COUNT, "");
	else
		*token = json_object_get_string(
		    json_object_array_get_idx(tokens, 0));
	if (good && size - tokens_size > SIZE_MAX_WITHOUT_TOKENS)
		good = refuse(fault, CODE_SIZE, "");
	return good;
}

/* Digits and an s; 15 days at most. */
static bool
is_ttl_good(const char *ttl)
{
	size_t digits = ttl != NULL ? strspn(ttl, "0123456789") : 0;

	return ttl == NULL || (digits > 0 && digits < 10 &&
	    strcmp(ttl + digits, "s") == 0 &&
	    strtol(ttl, NULL, 10) <= TTL_MAX_S);
}

static bool
check_android(struct json_object *android, struct hms_message_fault *fault)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	const char *urgency = json_object_get_string(
	    find_member(android, "urgency"));
	const char *category = json_object_get_string(
	    find_member(android, "category"));
	const char *ttl = json_object_get_string(find_member(android, "ttl"));
	struct json_object *key = find_member(android, "collapse_key");
	bool good = true;

	if (urgency != NULL && strcmp(urgency, "HIGH") != 0 &&
	    strcmp(urgency, "NORMAL") != 0)
		good = refuse(fault, CODE_PARAMETER, "urgency");
	else if (category != NULL && (*category == '\0' ||
	    strspn(category, letters) != strlen(category)))
		good = refuse(fault, CODE_PARAMETER, "category");
	else if (!is_ttl_good(ttl))
		good = refuse(fault, CODE_PARAMETER, "ttl");
	else if (ttl != NULL && strtol(ttl, NULL, 10) == 0)
		good = refuse(fault, CODE_EXPIRY, "");
	else if (key != NULL && (json_object_get_int(key) < -1 ||
	    json_object_get_int(key) > 100))
		good = refuse(fault, CODE_COLLAPSE_KEY, "");
	return good;
}

bool
hms_message_check(struct json_object *body, size_t size, const char **token,
    struct hms_message_fault *fault)
{
	struct json_object *message;
	struct json_object *android;
	bool good = false;

	*token = NULL;
	if (!json_object_is_type(body, json_type_object))
		refuse(fault, CODE_STRUCTURE, "body");
	else
		good = check_object(body, body_members, fault);
	if (good) {
		message = find_member(body, "message");
		android = find_member(message, "android");
		good = check_tokens(find_member(message, "token"), TOKENS_MAX,
		    size, token, fault);
		if (good && find_member(message, "data") == NULL &&
		    find_member(message, "notification") == NULL &&
		    find_member(android, "notification") == NULL)
			good = refuse(fault, CODE_STRUCTURE,
			    "data and notification");
		good = good && check_android(android, fault);
	}
	return good;
}

static bool
check_options(struct json_object *options, struct hms_message_fault *fault)
{
	struct json_object *ttl = find_member(options, "ttl");

	return ttl == NULL || (json_object_get_int64(ttl) > 0 &&
	    json_object_get_int64(ttl) <= TTL_MAX_S) ||
	    refuse(fault, CODE_PARAMETER, "ttl");
}

bool
hms_message_check_v3(struct json_object *body, size_t size,
    const char *push_type, const char **token,
    struct hms_message_fault *fault)
{
	const struct push_type *type = push_types;
	struct json_object *options;
	size_t most;
	bool good = false;

	*token = NULL;
	while (type->number != NULL && (push_type == NULL ||
	    strcmp(type->number, push_type) != 0))
		type++;
	if (type->number == NULL)
		refuse(fault, CODE_PARAMETER, "push-type");
	else if (!json_object_is_type(body, json_type_object))
		refuse(fault, CODE_STRUCTURE, "body");
	else
		good = check_object(body, body_v3_members, fault);
	if (good && type->members != NULL)
		good = check_object(find_member(body, "payload"),
		    type->members, fault);
	if (good) {
		options = find_member(body, "pushOptions");
		most = json_object_get_boolean(find_member(options,
		    "testMessage")) ? TEST_TOKENS_MAX : TOKENS_MAX;
		good = check_tokens(find_member(find_member(body, "target"),
		    "token"), most, size, token, fault) &&
		    check_options(options, fault);
	}
	return good;
}
