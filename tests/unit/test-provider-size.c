/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a payload leaves out so that it fits: the content first, then the
 * names; at the limit of each provider and one byte past it.
 */
#include "provider/provider.h"

#include <string.h>

#include "api/decode.h"
#include "fixture.h"
#include "tap.h"

enum { SIZE_LIMIT = 4096 };

/* A provider, and how it counts. */
struct size_side {
	const struct provider *provider;
	void *account;
	const char *pushkey;
	size_t (*measure)(struct json_object *body);
	struct json_object *(*members)(struct json_object *body);
};

static struct json_object *
member(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, name, &value);
	return value;
}

/* Apple counts the payload as it is sent. */
static size_t
measure_apns(struct json_object *body)
{
	return strlen(json_object_to_json_string_ext(body,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

static struct json_object *
members_apns(struct json_object *body)
{
	return body;
}

static struct json_object *
members_fcm(struct json_object *body)
{
	return member(member(body, "message"), "data");
}

/* Google counts the names and values of the data. */
static size_t
measure_fcm(struct json_object *body)
{
	size_t size = 0;

	json_object_object_foreach(members_fcm(body), name, value)
		size += strlen(name) +
		    (size_t)json_object_get_string_len(value);
	return size;
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
	    "{\"app_id\":\"a\",\"pushkey\":\"%s\"}]}}",
	    parts->content > 0 ? content : "", parts->names > 0 ? names : "",
	    fixture_repeat("x", parts->event), side->pushkey);
}

static const char *
encrypted_of(const struct size_side *side, const char *ciphertext,
    const char *key_identifier)
{
	return fixture_format("{\"notifications\":[{\"id\":\"0\","
	    "\"notification\":{\"ciphertext\":\"%s\","
	    "\"time_message_encrypted\":\"t\",\"key_identifier\":\"%s\","
	    "\"device\":{\"app_id\":\"a\",\"pushkey\":\"%s\"}}}]}",
	    ciphertext, key_identifier, side->pushkey);
}

/* The body as JSON, which the caller puts; NULL with the cause. */
static struct json_object *
compose(const struct size_side *side, enum decode_operation operation,
    const char *text, enum cause *cause)
{
	static const struct decode_limits limits = {
		.max_batch_size = 100, .max_notification_size_kb = 1024
	};
	struct token token = { .text = "t" };
	struct provider_push push = { .token = &token, .message_id = "id" };
	struct json_object *body = NULL;
	struct http_request request;
	struct decode_error error;
	struct batch *batch;

	if (decode_request(operation, text, strlen(text), &limits, &batch,
	    &error) != DECODE_OK)
		tap_bail_out("%s: %s", error.violation.location,
		    error.violation.reason);
	http_request_init(&request);
	*cause = side->provider->compose(side->account,
	    &batch->notifications[0], &batch->notifications[0].devices[0],
	    &push, &request);
	if (*cause == CAUSE_NONE)
		body = fixture_json(buf_text(&request.body));
	http_request_free(&request);
	batch_free(batch);
	return body;
}

static size_t
size_of(const struct size_side *side, enum decode_operation operation,
    const char *text)
{
	enum cause cause;
	struct json_object *body = compose(side, operation, text, &cause);
	size_t size;

	if (body == NULL)
		tap_bail_out("%s: it does not go out", side->provider->name);
	size = side->measure(body);
	json_object_put(body);
	return size;
}

/* --- plain --------------------------------------------------------------- */

/* Checks what is left: "content", "names", "event" or nothing. */
static void
check_left(const struct size_side *side, const char *text, const char *left,
    const char *sentence)
{
	const char *name = side->provider->name;
	enum cause cause;
	struct json_object *body = compose(side, DECODE_NOTIFY, text, &cause);
	struct json_object *members = side->members(body);
	bool content = member(members, "content") != NULL ||
	    member(members, "content_body") != NULL;
	bool names = member(members, "room_name") != NULL;

	if (left == NULL) {
		tap_is_int(cause, CAUSE_TOO_LONG, "%s: %s: too long", name,
		    sentence);
		json_object_put(body);
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
	tap_ok(body != NULL && side->measure(body) <= SIZE_LIMIT,
	    "%s: %s: it fits", name, sentence);
	json_object_put(body);
}

/* The room that is left beside these parts. */
static size_t
room_beside(const struct size_side *side, const struct size_parts *parts)
{
	return SIZE_LIMIT - size_of(side, DECODE_NOTIFY,
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
	struct json_object *body;
	enum cause cause;

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
	body = compose(side, DECODE_NOTIFY, plain_of(side, &parts, "\\u0001"),
	    &cause);
	tap_is_int(cause, CAUSE_NONE,
	    "%s: content of control characters does not stop the rest",
	    side->provider->name);
	json_object_put(body);
}

/* --- encrypted ----------------------------------------------------------- */

static void
check_encrypted(const struct size_side *side)
{
	const char *ciphertext = fixture_repeat("c", 1404);
	size_t room = SIZE_LIMIT - size_of(side, DECODE_ENCRYPTED_BATCH,
	    encrypted_of(side, ciphertext, ""));
	enum cause cause;
	struct json_object *body = compose(side, DECODE_ENCRYPTED_BATCH,
	    encrypted_of(side, ciphertext, fixture_repeat("k", room)), &cause);

	tap_ok(body != NULL && side->measure(body) == SIZE_LIMIT,
	    "%s: an encrypted one up to the limit goes out",
	    side->provider->name);
	tap_is_int(json_object_get_string_len(member(side->members(body),
	    "key_identifier")), (int64_t)room,
	    "%s: an encrypted one loses nothing", side->provider->name);
	json_object_put(body);
	body = compose(side, DECODE_ENCRYPTED_BATCH, encrypted_of(side,
	    ciphertext, fixture_repeat("k", room + 1)), &cause);
	tap_is_int(cause, CAUSE_TOO_LONG,
	    "%s: an encrypted one a byte past the limit is too long",
	    side->provider->name);
	json_object_put(body);
	body = compose(side, DECODE_ENCRYPTED_BATCH, encrypted_of(side,
	    fixture_repeat("\xf0\x9f\x98\x80", 1404), "k"), &cause);
	tap_is_int(cause, CAUSE_TOO_LONG,
	    "%s: a ciphertext of 5616 bytes is too long",
	    side->provider->name);
	json_object_put(body);
}

/* --- the two sides ------------------------------------------------------- */

static void *
open_account(const struct provider *provider, const char *section)
{
	struct json_object *object = fixture_json(section);
	struct error error;
	void *account = provider->open(object, "/", &error);

	json_object_put(object);
	if (account == NULL)
		tap_bail_out("%s", error.words);
	return account;
}

static void *
open_fcm(const struct provider *provider)
{
	struct json_object *file = json_object_new_object();
	struct error error;
	void *account;

	json_object_object_add(file, "project_id",
	    json_object_new_string("p"));
	json_object_object_add(file, "private_key_id",
	    json_object_new_string("i"));
	json_object_object_add(file, "client_email",
	    json_object_new_string("e"));
	json_object_object_add(file, "private_key", json_object_new_string(
	    fixture_pem(fixture_key(FIXTURE_KEY_RSA_2048), NULL)));
	account = open_account(provider, fixture_format("{\"app_id\":\"a\","
	    "\"provider\":\"fcm\",\"service_account_file\":\"%s\"}",
	    fixture_file("sa.json", json_object_to_json_string(file))));
	json_object_put(file);
	if (!provider->load(account, &error))
		tap_bail_out("%s", error.words);
	return account;
}

int
main(void)
{
	struct size_side sides[] = {
		{ .provider = provider_find("apns"),
		    .pushkey = fixture_repeat("ab", 32),
		    .measure = measure_apns, .members = members_apns },
		{ .provider = provider_find("fcm"), .pushkey = "token",
		    .measure = measure_fcm, .members = members_fcm },
	};
	size_t i;

	sides[0].account = open_account(sides[0].provider, "{\"app_id\":"
	    "\"a\",\"provider\":\"apns\",\"key_file\":\"k\",\"key_id\":"
	    "\"ABC1234567\",\"team_id\":\"TEAM123456\"}");
	sides[1].account = open_fcm(sides[1].provider);
	for (i = 0; i < sizeof sides / sizeof *sides; i++) {
		check_plain(&sides[i]);
		check_units(&sides[i]);
		check_encrypted(&sides[i]);
		sides[i].provider->close(sides[i].account);
	}
	return tap_done();
}
