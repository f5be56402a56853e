/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a payload leaves out so that it fits: the content first, then the
 * names; at the limit of each provider and one byte past it.
 */
#include "provider/provider.h"

#include <string.h>

#include "api/decode.h"
#include "crypto/aes128gcm.h"
#include "fixture.h"
#include "provider-fixture.h"
#include "tap.h"

enum { SIZE_LIMIT = 4096 };

/* A provider, and how it counts. */
struct size_side {
	const char *name;
	const char *device;	/* its members */
	size_t limit;
	/* What the app gets, which the caller puts, and its size as the
	 * provider counts it. */
	struct json_object *(*read)(const struct http_request *request,
	    const struct buf *plain, size_t *size);
	const struct provider *provider;
	void *account;
};

static struct json_object *
member(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, name, &value);
	return value;
}

/* Apple counts the payload as it is sent. */
static struct json_object *
read_apns(const struct http_request *request, const struct buf *plain,
    size_t *size)
{
	(void)plain;
	*size = request->body.size;
	return fixture_json(buf_text(&request->body));
}

/* Google counts the names and values of the data. */
static struct json_object *
read_fcm(const struct http_request *request, const struct buf *plain,
    size_t *size)
{
	struct json_object *body = fixture_json(buf_text(&request->body));
	struct json_object *data = json_object_get(
	    member(member(body, "message"), "data"));

	(void)plain;
	*size = 0;
	json_object_object_foreach(data, name, value)
		*size += strlen(name) +
		    (size_t)json_object_get_string_len(value);
	json_object_put(body);
	return data;
}

#define HMS_TOKEN "token"

/* Huawei counts the body without the token. */
static struct json_object *
read_hms(const struct http_request *request, const struct buf *plain,
    size_t *size)
{
	struct json_object *body = fixture_json(buf_text(&request->body));
	struct json_object *data = fixture_json(json_object_get_string(
	    member(member(body, "message"), "data")));

	(void)plain;
	*size = request->body.size - strlen(HMS_TOKEN);
	json_object_put(body);
	return data;
}

/* Push services count what is encrypted. */
static struct json_object *
read_webpush(const struct http_request *request, const struct buf *plain,
    size_t *size)
{
	tap_ok(request->body.size <= SIZE_LIMIT, "it fits, encrypted");
	*size = plain->size;
	return fixture_json(buf_text(plain));
}

/* --- composing ----------------------------------------------------------- */

/* How many units each part of a plain notification has; 0: it is not there. */
struct size_parts {
	size_t content;
	size_t names;
	size_t event;
};

static const char *
plain_of(const struct size_side *side, const struct size_parts *parts,
    const char *unit)
{
	const char *content = fixture_format("\"content\":{\"body\":\"%s\"},",
	    fixture_repeat(unit, parts->content));
	const char *names = fixture_format("\"room_name\":\"%s\","
	    "\"sender_display_name\":\"S\",\"room_alias\":\"A\",",
	    fixture_repeat("x", parts->names));

	return fixture_format("{\"notification\":{%s%s\"room_id\":\"r\","
	    "\"event_id\":\"%s\",\"counts\":{\"unread\":1},\"devices\":["
	    "{\"app_id\":\"a\",%s}]}}",
	    parts->content > 0 ? content : "", parts->names > 0 ? names : "",
	    fixture_repeat("x", parts->event), side->device);
}

static const char *
encrypted_of(const struct size_side *side, const char *ciphertext,
    const char *key_identifier)
{
	return fixture_format("{\"notifications\":[{\"id\":\"0\","
	    "\"notification\":{\"ciphertext\":\"%s\","
	    "\"time_message_encrypted\":\"t\",\"key_identifier\":\"%s\","
	    "\"device\":{\"app_id\":\"a\",%s}}}]}", ciphertext,
	    key_identifier, side->device);
}

/* What the app gets, which the caller puts; NULL with the cause. */
static struct json_object *
compose(const struct size_side *side, enum decode_operation operation,
    const char *text, enum cause *cause, size_t *size)
{
	static const struct decode_limits limits = {
		.max_batch_size = 100, .max_notification_size_kb = 1024
	};
	struct token token = { .text = "t" };
	struct json_object *members = NULL;
	struct http_request request;
	struct decode_error error;
	struct batch *batch;
	struct buf plain;

	if (decode_request(operation, text, strlen(text), &limits, &batch,
	    &error) != DECODE_OK)
		tap_bail_out("%s: %s", error.violation.location,
		    error.violation.reason);
	http_request_init(&request);
	buf_init(&plain, MESSAGE_BODY_SIZE);
	*cause = side->provider->compose(side->account,
	    &batch->notifications[0], &batch->notifications[0].devices[0],
	    &(struct provider_push){ .token = &token, .message_id = "id",
		.plain = &plain }, &request);
	*size = 0;
	if (*cause == CAUSE_NONE)
		members = side->read(&request, &plain, size);
	http_request_free(&request);
	buf_free(&plain);
	batch_free(batch);
	return members;
}

static size_t
size_of(const struct size_side *side, enum decode_operation operation,
    const char *text)
{
	enum cause cause;
	size_t size;
	struct json_object *members = compose(side, operation, text, &cause,
	    &size);

	if (members == NULL)
		tap_bail_out("%s: it does not go out", side->name);
	json_object_put(members);
	return size;
}

/* --- plain --------------------------------------------------------------- */

/* Checks what is left: "content", "names", "event" or nothing. */
static void
check_left(const struct size_side *side, const char *text, const char *left,
    const char *sentence)
{
	const char *name = side->name;
	enum cause cause;
	size_t size;
	struct json_object *members = compose(side, DECODE_NOTIFY, text,
	    &cause, &size);
	bool content = member(members, "content") != NULL ||
	    member(members, "content_body") != NULL;
	bool names = member(members, "room_name") != NULL;

	if (left == NULL) {
		tap_is_int(cause, CAUSE_TOO_LONG, "%s: %s: too long", name,
		    sentence);
		json_object_put(members);
		return;
	}
	tap_is_int(cause, CAUSE_NONE, "%s: %s: it goes out", name, sentence);
	tap_ok(content == (strcmp(left, "content") == 0), "%s: %s: %s content",
	    name, sentence, strcmp(left, "content") == 0 ? "with" : "without");
	tap_ok(names == (strcmp(left, "event") != 0), "%s: %s: %s names",
	    name, sentence, strcmp(left, "event") != 0 ? "with" : "without");
	tap_ok((member(members, "sender_display_name") != NULL) == names &&
	    (member(members, "room_alias") != NULL) == names,
	    "%s: %s: the names stay or go together", name, sentence);
	tap_ok(member(members, "event_id") != NULL &&
	    member(members, "room_id") != NULL &&
	    member(members, "prio") != NULL &&
	    (member(members, "counts") != NULL ||
	    member(members, "unread") != NULL),
	    "%s: %s: what tells the event stays", name, sentence);
	tap_ok(members != NULL && size <= side->limit,
	    "%s: %s: it fits", name, sentence);
	json_object_put(members);
}

/* The room that is left beside these parts. */
static size_t
room_beside(const struct size_side *side, const struct size_parts *parts)
{
	return side->limit - size_of(side, DECODE_NOTIFY,
	    plain_of(side, parts, "x"));
}

static void
check_plain(const struct size_side *side)
{
	struct size_parts parts = { .content = 1, .names = 1, .event = 1 };

	parts.content += room_beside(side, &parts);
	check_left(side, plain_of(side, &parts, "x"), "content",
	    "content up to the limit");
	parts.content++;
	check_left(side, plain_of(side, &parts, "x"), "names",
	    "content one byte past it");
	parts.content = 20000;
	check_left(side, plain_of(side, &parts, "x"), "names",
	    "content far past it");
	parts = (struct size_parts){ .names = 1, .event = 1 };
	parts.names += room_beside(side, &parts);
	parts.content = 1;
	check_left(side, plain_of(side, &parts, "x"), "names",
	    "names up to the limit, and some content");
	parts.names++;
	check_left(side, plain_of(side, &parts, "x"), "event",
	    "names one byte past it, and some content");
	parts.content = 0;
	check_left(side, plain_of(side, &parts, "x"), "event",
	    "names one byte past it");
	parts.names = 20000;
	parts.content = 20000;
	check_left(side, plain_of(side, &parts, "x"), "event",
	    "names and content far past it");
	parts = (struct size_parts){ .event = 1 };
	parts.event += room_beside(side, &parts);
	parts.names = 1;
	parts.content = 1;
	check_left(side, plain_of(side, &parts, "x"), "event",
	    "the event up to the limit, names and content");
	parts.event++;
	check_left(side, plain_of(side, &parts, "x"), NULL,
	    "the event one byte past it");
	parts.event = 100000;
	check_left(side, plain_of(side, &parts, "x"), NULL,
	    "the event far past it");
}

/* Bytes count, not characters; nor do the escapes of the API's JSON. */
static void
check_units(const struct size_side *side)
{
	struct size_parts parts = { .content = 1, .names = 1, .event = 1 };
	size_t room = room_beside(side, &parts) + 1;
	struct json_object *members;
	enum cause cause;
	size_t size;

	parts.content = room / 2;
	check_left(side, plain_of(side, &parts, "\xc3\xa4"), "content",
	    "content of two bytes a character, up to the limit");
	parts.content = room / 2 + 1;
	check_left(side, plain_of(side, &parts, "\xc3\xa4"), "names",
	    "content of two bytes a character, past it");
	parts.content = room / 4;
	check_left(side, plain_of(side, &parts, "\\ud83d\\ude00"), "content",
	    "content of escapes that become four bytes, up to the limit");
	parts.content = room - 10;
	check_left(side, plain_of(side, &parts, "\\/"), "content",
	    "content of escapes that become one byte, up to the limit");
	/* Six bytes each in JSON: the request has limits of its own. */
	parts.content = 3500;
	members = compose(side, DECODE_NOTIFY,
	    plain_of(side, &parts, "\\u0001"), &cause, &size);
	tap_is_int(cause, CAUSE_NONE,
	    "%s: content of control characters does not stop the rest",
	    side->name);
	json_object_put(members);
}

/* --- encrypted ----------------------------------------------------------- */

static void
check_encrypted(const struct size_side *side)
{
	const char *ciphertext = fixture_repeat("c", 1404);
	size_t size, room = side->limit - size_of(side, DECODE_ENCRYPTED_BATCH,
	    encrypted_of(side, ciphertext, ""));
	enum cause cause;
	struct json_object *members = compose(side, DECODE_ENCRYPTED_BATCH,
	    encrypted_of(side, ciphertext, fixture_repeat("k", room)), &cause,
	    &size);

	tap_ok(members != NULL && size == side->limit,
	    "%s: an encrypted one up to the limit goes out",
	    side->name);
	tap_is_int(json_object_get_string_len(member(members,
	    "key_identifier")), (int64_t)room,
	    "%s: an encrypted one loses nothing", side->name);
	json_object_put(members);
	members = compose(side, DECODE_ENCRYPTED_BATCH, encrypted_of(side,
	    ciphertext, fixture_repeat("k", room + 1)), &cause, &size);
	tap_is_int(cause, CAUSE_TOO_LONG,
	    "%s: an encrypted one a byte past the limit is too long",
	    side->name);
	json_object_put(members);
	members = compose(side, DECODE_ENCRYPTED_BATCH, encrypted_of(side,
	    fixture_repeat("\xf0\x9f\x98\x80", 1404), "k"), &cause,
	    &size);
	tap_is_int(cause, CAUSE_TOO_LONG,
	    "%s: a ciphertext of 5616 bytes is too long",
	    side->name);
	json_object_put(members);
}

/* --- the providers ------------------------------------------------------- */

static struct size_side sides[] = {
	{ .name = "apns", .limit = SIZE_LIMIT, .read = read_apns },
	{ .name = "fcm", .limit = SIZE_LIMIT, .read = read_fcm },
	{ .name = "hms", .limit = SIZE_LIMIT, .read = read_hms },
	{ .name = "webpush", .limit = AES128GCM_TEXT_MAX,
	    .read = read_webpush },
	{ .name = "unifiedpush", .limit = AES128GCM_TEXT_MAX,
	    .read = read_webpush },
};

static const struct provider_app *
find_app(const char *name)
{
	const struct provider_app *app = provider_fixture_apps;

	while (app->provider != NULL && strcmp(app->provider, name) != 0)
		app++;
	if (app->provider == NULL)
		tap_bail_out("there is no app of %s", name);
	return app;
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof sides / sizeof *sides; i++) {
		struct size_side *side = &sides[i];

		side->provider = provider_find(side->name);
		side->device = find_app(side->name)->device;
		side->account = provider_fixture_load(find_app(side->name),
		    "");
		check_plain(side);
		check_units(side);
		check_encrypted(side);
		side->provider->close(side->account);
	}
	return tap_done();
}
