/* SPDX-License-Identifier: Apache-2.0 */
/* The requests that go to APNs; their size is in test-provider-size.c. */
#include "provider/provider.h"

#include <string.h>

#include "compose.h"
#include "fixture.h"
#include "tap.h"

#define TOKEN "00112233445566778899aabbccddeeff" \
    "0123456789abcdef0123456789abcdef"
#define DEVICE(pushkey) "{\"app_id\":\"a\",\"pushkey\":\"" pushkey "\"," \
    "\"pushkey_ts\":5,\"data\":{\"format\":\"secret\",\"x\":\"secret\"}," \
    "\"tweaks\":{\"sound\":\"secret\",\"highlight\":true}}"

static const struct provider *apns;

static void *
account_of(const char *more)
{
	struct json_object *section = fixture_json(fixture_format(
	    "{\"app_id\":\"de.example.ios.apns\",\"provider\":\"apns\","
	    "\"key_file\":\"key.p8\",\"key_id\":\"ABC1234567\","
	    "\"team_id\":\"TEAM123456\"%s}", more));
	struct error error;
	void *account = apns->open(section, fixture_directory(), &error);

	json_object_put(section);
	if (account == NULL)
		tap_bail_out("%s: %s", more, error.words);
	return account;
}

static enum cause
compose(const void *account, enum decode_operation operation,
    const char *text, struct http_request *request)
{
	return compose_first(apns, account, operation, text, request);
}

static const char *
plain(const char *members)
{
	return fixture_format("{\"notification\":{%s\"devices\":["
	    DEVICE(TOKEN) "]}}", members);
}

static const char *
encrypted(const char *members)
{
	return fixture_format("{\"notifications\":[{\"id\":\"0\","
	    "\"notification\":{%s\"ciphertext\":\"%s\","
	    "\"time_message_encrypted\":\"2024-11\",\"key_identifier\":"
	    "\"key\",\"device\":" DEVICE(TOKEN) "}}]}", members,
	    fixture_repeat("c", 1404));
}

/* --- payloads ------------------------------------------------------------ */

#define ALERT "\"alert\":{\"body\":\"Neue Nachricht\"},\"mutable-content\":1"

static const struct payload {
	const char *name;
	const char *account;
	const char *members;
	const char *payload;	/* "@": the ciphertext and what is with it */
} payloads[] = {
	{ "nothing", "", "", "{\"aps\":{" ALERT "},\"prio\":\"high\"}" },
	{ "all", "", "\"event_id\":\"$e\",\"room_id\":\"!r\",\"type\":"
	    "\"m.room.message\",\"sender\":\"@s:h\",\"sender_display_name\":"
	    "\"S\",\"room_name\":\"R\",\"room_alias\":\"#r:h\","
	    "\"user_is_target\":true,\"prio\":\"low\",\"content\":{\"body\":"
	    "\"b\",\"n\":{\"x\":[1,2.50,null]}},\"counts\":{\"unread\":3,"
	    "\"missed_calls\":1},",
	    "{\"aps\":{" ALERT ",\"badge\":4},\"event_id\":\"$e\","
	    "\"room_id\":\"!r\",\"type\":\"m.room.message\",\"sender\":"
	    "\"@s:h\",\"sender_display_name\":\"S\",\"room_name\":\"R\","
	    "\"room_alias\":\"#r:h\",\"prio\":\"low\",\"content\":{\"body\":"
	    "\"b\",\"n\":{\"x\":[1,2.50,null]}},\"counts\":{\"unread\":3,"
	    "\"missed_calls\":1}}" },
	{ "an event alone", "", "\"event_id\":\"$e\",",
	    "{\"aps\":{" ALERT "},\"prio\":\"high\",\"event_id\":\"$e\"}" },
	{ "empty texts", "", "\"event_id\":\"\",\"room_name\":\"\",",
	    "{\"aps\":{" ALERT "},\"prio\":\"high\"}" },
	{ "unknown members", "", "\"secret\":\"x\",\"ciphertext\":\"y\",",
	    "{\"aps\":{" ALERT "},\"prio\":\"high\"}" },
	{ "empty content", "", "\"content\":{},",
	    "{\"aps\":{" ALERT "},\"prio\":\"high\",\"content\":{}}" },
	{ "a badge alone", ",\"sound\":\"default\"",
	    "\"counts\":{\"unread\":2},",
	    "{\"aps\":{\"badge\":2},\"prio\":\"high\",\"counts\":"
	    "{\"unread\":2}}" },
	{ "a badge of 0 alone", "", "\"counts\":{\"unread\":0},",
	    "{\"aps\":{\"badge\":0},\"prio\":\"high\",\"counts\":"
	    "{\"unread\":0}}" },
	{ "missed calls alone", "", "\"counts\":{\"missed_calls\":5},"
	    "\"event_id\":\"\",", "{\"aps\":{\"badge\":5},\"prio\":\"high\","
	    "\"counts\":{\"missed_calls\":5}}" },
	{ "missed calls of 0 alone", "", "\"counts\":{\"missed_calls\":0},",
	    "{\"aps\":{\"badge\":0},\"prio\":\"high\",\"counts\":"
	    "{\"missed_calls\":0}}" },
	{ "a negative count", "", "\"counts\":{\"unread\":-1},",
	    "{\"aps\":{" ALERT "},\"prio\":\"high\"}" },
	{ "counts and an event", "", "\"counts\":{\"unread\":2,"
	    "\"missed_calls\":-3},\"event_id\":\"e\",",
	    "{\"aps\":{" ALERT ",\"badge\":2},\"prio\":\"high\",\"counts\":"
	    "{\"unread\":2},\"event_id\":\"e\"}" },
	{ "counts that are not sent", ",\"send_badge_counts\":false",
	    "\"event_id\":\"e\",\"counts\":{\"unread\":2},",
	    "{\"aps\":{" ALERT "},\"prio\":\"high\",\"event_id\":\"e\"}" },
	{ "a background push", ",\"push_type\":\"background\"",
	    "\"event_id\":\"e\",\"counts\":{\"unread\":2},",
	    "{\"aps\":{\"content-available\":1},\"prio\":\"high\","
	    "\"event_id\":\"e\",\"counts\":{\"unread\":2}}" },
	{ "a call", ",\"push_type\":\"voip\"", "\"event_id\":\"e\",",
	    "{\"aps\":{},\"prio\":\"high\",\"event_id\":\"e\"}" },
	{ "Matrix clients' form", ",\"payload\":\"matrix\"",
	    "\"event_id\":\"e\",\"counts\":{\"unread\":2},",
	    "{\"aps\":{" ALERT "},\"event_id\":\"e\",\"unread_count\":2}" },
	{ "an alert of the account", ",\"alert_title\":\"T\","
	    "\"alert_body\":\"B \xc3\xa4\",\"sound\":\"ping.caf\"",
	    "\"event_id\":\"e\",", "{\"aps\":{\"alert\":{\"title\":\"T\","
	    "\"body\":\"B \xc3\xa4\"},\"mutable-content\":1,\"sound\":"
	    "\"ping.caf\"},\"prio\":\"high\",\"event_id\":\"e\"}" },
};

static const struct payload encrypted_payloads[] = {
	{ "the least", "", "", "{\"aps\":{" ALERT "},%s}" },
	{ "with an identifier", "", "\"identifier\":\"i\",",
	    "{\"aps\":{" ALERT "},\"identifier\":\"i\",%s}" },
	{ "with an empty identifier", "", "\"identifier\":\"\",",
	    "{\"aps\":{" ALERT "},\"identifier\":\"\",%s}" },
	{ "with counts", "", "\"counts\":{\"unread\":3,\"missed_calls\":4},",
	    "{\"aps\":{" ALERT ",\"badge\":7},%s}" },
	{ "with missed calls", "", "\"counts\":{\"missed_calls\":4},",
	    "{\"aps\":{" ALERT ",\"badge\":4},%s}" },
	{ "for Matrix clients", ",\"payload\":\"matrix\"", "",
	    "{\"aps\":{" ALERT "},%s}" },
	{ "with a sound and a title", ",\"sound\":\"default\","
	    "\"alert_title\":\"T\"", "\"prio\":\"low\",",
	    "{\"aps\":{\"alert\":{\"title\":\"T\",\"body\":"
	    "\"Neue Nachricht\"},\"mutable-content\":1,\"sound\":"
	    "\"default\"},%s}" },
	{ "with members of a plain one", "", "\"event_id\":\"e\","
	    "\"content\":{},\"room_name\":\"n\",", "{\"aps\":{" ALERT
	    "},%s}" },
};

/* The expected payload, with the members of every encrypted one for "%s". */
static const char *
expected_encrypted(const char *payload)
{
	const char *at = strstr(payload, "%s");

	return fixture_format("%.*s\"ciphertext\":\"%s\","
	    "\"time_message_encrypted\":\"2024-11\",\"key_identifier\":"
	    "\"key\"%s", (int)(at - payload), payload,
	    fixture_repeat("c", 1404), at + 2);
}

static void
check_payload(const struct payload *row, enum decode_operation operation)
{
	bool is_plain = operation == DECODE_NOTIFY;
	void *account = account_of(row->account);
	struct http_request request;
	enum cause cause = compose(account, operation, is_plain ?
	    plain(row->members) : encrypted(row->members), &request);
	const char *kind = is_plain ? "plain" : "encrypted";

	tap_is_int(cause, CAUSE_NONE, "%s, %s: it goes out", kind, row->name);
	fixture_is_json(buf_text(&request.body), is_plain ? row->payload :
	    expected_encrypted(row->payload), "%s, %s: the payload", kind,
	    row->name);
	tap_lacks(buf_text(&request.body), "secret",
	    "%s, %s: neither data nor tweaks", kind, row->name);
	http_request_free(&request);
	apns->close(account);
}

/* --- URL and headers ----------------------------------------------------- */

static const struct {
	const char *account;
	const char *members;
	const char *header;
	const char *value;
} headers[] = {
	{ "", "", "authorization", "bearer provider.token" },
	{ "", "", "content-type", "application/json" },
	{ "", "", "apns-topic", "de.example.ios" },
	{ ",\"topic\":\"other.topic\"", "", "apns-topic", "other.topic" },
	{ ",\"app_id\":\"de.example.ios\"", "", "apns-topic",
	    "de.example.ios" },
	{ ",\"app_id\":\"x.apns\"", "", "apns-topic", "x" },
	{ ",\"app_id\":\"x\"", "", "apns-topic", "x" },
	/* No app has a topic without a character. */
	{ ",\"app_id\":\".apns\"", "", "apns-topic", ".apns" },
	{ "", "", "apns-push-type", "alert" },
	{ ",\"push_type\":\"voip\"", "", "apns-push-type", "voip" },
	{ ",\"push_type\":\"voip\"", "", "apns-priority", "10" },
	{ ",\"push_type\":\"background\"", "", "apns-priority", "5" },
	{ "", "", "apns-priority", "10" },
	{ "", "\"prio\":\"high\",", "apns-priority", "10" },
	{ "", "\"prio\":\"low\",", "apns-priority", "5" },
	{ "", "", "apns-expiration", "1702419200" },
	{ ",\"time_to_live_s\":60", "", "apns-expiration", "1700000060" },
	{ ",\"time_to_live_s\":0", "", "apns-expiration", "0" },
	{ "", "", "apns-id", COMPOSE_MESSAGE_ID },
	{ "", "", "apns-collapse-id", COMPOSE_MESSAGE_ID },
};

static const struct {
	const char *account;
	const char *url;
} urls[] = {
	{ "", "https://api.push.apple.com/3/device/" TOKEN },
	{ ",\"environment\":\"production\"",
	    "https://api.push.apple.com/3/device/" TOKEN },
	{ ",\"environment\":\"sandbox\"",
	    "https://api.sandbox.push.apple.com/3/device/" TOKEN },
	{ ",\"url\":\"https://localhost:2197\"",
	    "https://localhost:2197/3/device/" TOKEN },
	{ ",\"environment\":\"sandbox\",\"url\":\"https://h/base//\"",
	    "https://h/base/3/device/" TOKEN },
};

static void
check_headers(void)
{
	struct http_request request;
	void *account;
	size_t i;

	for (i = 0; i < sizeof headers / sizeof *headers; i++) {
		account = account_of(headers[i].account);
		compose(account, DECODE_NOTIFY, plain(headers[i].members),
		    &request);
		tap_is_string(http_request_header(&request,
		    headers[i].header), headers[i].value,
		    "%s with {%s} and {%s}", headers[i].header,
		    headers[i].account, headers[i].members);
		http_request_free(&request);
		if (strcmp(headers[i].header, "apns-collapse-id") == 0) {
			apns->close(account);
			continue;
		}
		compose(account, DECODE_ENCRYPTED_BATCH,
		    encrypted(headers[i].members), &request);
		tap_is_string(http_request_header(&request,
		    headers[i].header), headers[i].value,
		    "%s of an encrypted one with {%s} and {%s}",
		    headers[i].header, headers[i].account,
		    headers[i].members);
		http_request_free(&request);
		apns->close(account);
	}
	for (i = 0; i < sizeof urls / sizeof *urls; i++) {
		account = account_of(urls[i].account);
		compose(account, DECODE_NOTIFY, plain(""), &request);
		tap_is_string(buf_text(&request.url), urls[i].url,
		    "the URL with {%s}", urls[i].account);
		http_request_free(&request);
		apns->close(account);
	}
}

/* --- apns-collapse-id ---------------------------------------------------- */

#define OTHER_TOKEN "ff112233445566778899aabbccddeeff" \
    "0123456789abcdef0123456789abcdef"

/* The id of a message of such a body. */
static const char *
collapse_id(const void *account, enum decode_operation operation,
    const char *body)
{
	struct http_request request;
	const char *id;

	compose(account, operation, body, &request);
	id = fixture_format("%s", http_request_header(&request,
	    "apns-collapse-id"));
	http_request_free(&request);
	return id;
}

static void *
loaded_account(EVP_PKEY *key)
{
	void *account = account_of("");
	struct error error;

	fixture_file("key.p8", fixture_pem(key, NULL));
	if (!apns->load(account, &error))
		tap_bail_out("%s", error.words);
	return account;
}

static void
check_collapse_id(void)
{
	EVP_PKEY *other_key = fixture_key_create(FIXTURE_KEY_P256);
	void *account = loaded_account(fixture_key(FIXTURE_KEY_P256));
	void *same = loaded_account(fixture_key(FIXTURE_KEY_P256));
	void *other = loaded_account(other_key);
	const char *event = "\"event_id\":\"$e\",";
	const char *id = collapse_id(account, DECODE_NOTIFY, plain(event));
	const char *secret = collapse_id(account, DECODE_ENCRYPTED_BATCH,
	    encrypted(""));

	tap_ok(strlen(id) == 32 &&
	    strspn(id, "0123456789abcdef") == 32, "it is hex: %s", id);
	tap_lacks(id, "$e", "nothing of the event is in it");
	tap_is_string(collapse_id(account, DECODE_NOTIFY,
	    plain("\"event_id\":\"$e\",\"counts\":{\"unread\":2},")), id,
	    "the same event, sent again");
	tap_is_string(collapse_id(same, DECODE_NOTIFY, plain(event)), id,
	    "another host with the same key");
	tap_ok(strcmp(collapse_id(other, DECODE_NOTIFY, plain(event)),
	    id) != 0, "another key, another id");
	tap_ok(strcmp(collapse_id(account, DECODE_NOTIFY,
	    plain("\"event_id\":\"$f\",")), id) != 0,
	    "another event, another id");
	tap_ok(strcmp(collapse_id(account, DECODE_NOTIFY, fixture_format(
	    "{\"notification\":{%s\"devices\":[" DEVICE(OTHER_TOKEN)
	    "]}}", event)), id) != 0, "another device, another id");
	tap_is_string(collapse_id(account, DECODE_ENCRYPTED_BATCH,
	    encrypted("\"counts\":{\"unread\":1},")), secret,
	    "the same ciphertext, sent again");
	tap_ok(strcmp(secret, COMPOSE_MESSAGE_ID) != 0,
	    "it is the ciphertext's own");
	apns->close(account);
	apns->close(same);
	apns->close(other);
	EVP_PKEY_free(other_key);
}

/* --- the last one of a room ---------------------------------------------- */

static const char *
of_room(const char *event, const char *room, const char *last)
{
	return fixture_format("{\"notification\":{\"event_id\":\"%s\",%s"
	    "\"devices\":[{\"app_id\":\"a\",\"pushkey\":\"" TOKEN "\","
	    "\"data\":{\"only_last_per_room\":%s}}]}}", event, room, last);
}

static void
check_last_of_room(void)
{
	void *matrix = account_of(",\"payload\":\"matrix\"");
	void *gematik = account_of("");
	const char *room = "\"room_id\":\"!r\",";
	const char *one = collapse_id(matrix, DECODE_NOTIFY,
	    of_room("$e", room, "true"));

	tap_is_string(collapse_id(matrix, DECODE_NOTIFY, of_room("$f", room,
	    "true")), one, "events of a room collapse, if the pusher says so");
	tap_ok(strcmp(collapse_id(matrix, DECODE_NOTIFY, of_room("$e",
	    "\"room_id\":\"!s\",", "true")), one) != 0,
	    "not with those of another room");
	tap_ok(strcmp(collapse_id(matrix, DECODE_NOTIFY, of_room("$e", room,
	    "false")), collapse_id(matrix, DECODE_NOTIFY, of_room("$f", room,
	    "false"))) != 0, "nor without its word");
	tap_ok(strcmp(collapse_id(matrix, DECODE_NOTIFY, of_room("$e", "",
	    "true")), collapse_id(matrix, DECODE_NOTIFY, of_room("$f", "",
	    "true"))) != 0, "nor without a room");
	tap_ok(strcmp(collapse_id(gematik, DECODE_NOTIFY, of_room("$e", room,
	    "true")), collapse_id(gematik, DECODE_NOTIFY, of_room("$f", room,
	    "true"))) != 0, "nor for other payloads");
	apns->close(matrix);
	apns->close(gematik);
}

/* --- shorter forms ------------------------------------------------------- */

#define CONTENT "\"content\":{\"body\":\"said\"},"
#define NAMES "\"room_name\":\"called\","

/* What is left of a notification in each of its forms. */
static const struct {
	const char *name;
	const char *members;
	unsigned int variant;
	bool composed;
	bool has_content;
	bool has_names;
} variants[] = {
	{ "all", CONTENT NAMES, 0, true, true, true },
	{ "all", CONTENT NAMES, 1, true, false, true },
	{ "all", CONTENT NAMES, 2, true, false, false },
	{ "all", CONTENT NAMES, 3, false, false, false },
	{ "content alone", CONTENT, 1, true, false, false },
	{ "content alone", CONTENT, 2, false, false, false },
	{ "names alone", NAMES, 0, true, false, true },
	{ "names alone", NAMES, 1, true, false, false },
	{ "names alone", NAMES, 2, false, false, false },
	{ "neither", "", 0, true, false, false },
	{ "neither", "", 1, false, false, false },
};

static void
check_variant(const void *account, size_t i)
{
	struct http_request request;
	bool composed = compose_variant(apns, account, DECODE_NOTIFY,
	    plain(variants[i].members), variants[i].variant, &request) ==
	    CAUSE_NONE;
	const char *body = buf_text(&request.body);

	tap_ok(composed == variants[i].composed, "%s has %s form %u",
	    variants[i].name, variants[i].composed ? "a" : "no",
	    variants[i].variant);
	if (composed && variants[i].composed)
		tap_ok((strstr(body, "said") != NULL) ==
		    variants[i].has_content && (strstr(body, "called") !=
		    NULL) == variants[i].has_names, "%s in form %u: %s",
		    variants[i].name, variants[i].variant, body);
	http_request_free(&request);
}

static void
check_variants(void)
{
	void *account = account_of("");
	struct http_request request;
	size_t i;

	for (i = 0; i < sizeof variants / sizeof *variants; i++)
		check_variant(account, i);
	tap_is_int(compose_variant(apns, account, DECODE_ENCRYPTED_BATCH,
	    encrypted(""), 1, &request), CAUSE_TOO_LONG,
	    "an encrypted one has no shorter form");
	http_request_free(&request);
	apns->close(account);
}

/* --- pushkeys ------------------------------------------------------------ */

#define BYTES32 "fbffbe0102030405060708090a0b0c0d" \
    "0e0f101112131415161718191a1b1cff"

static const struct {
	const char *name;
	const char *pushkey;
	const char *token;	/* NULL: it is malformed */
} pushkeys[] = {
	{ "lower-case hex", TOKEN, TOKEN },
	{ "upper-case hex", "00112233445566778899AABBCCDDEEFF"
	    "0123456789ABCDEF0123456789ABCDEF", TOKEN },
	{ "hex in both cases", "00112233445566778899AabBcCddEeFF"
	    "0123456789abcdeF0123456789ABCDEF", TOKEN },
	{ "80 bytes of hex", TOKEN TOKEN "00112233445566778899aabbccddeeff",
	    TOKEN TOKEN "00112233445566778899aabbccddeeff" },
	{ "Base64 with a NUL", "+---\\u0000", NULL },
	{ "Base64 with padding",
	    "+\\/++AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHP8=", BYTES32 },
	{ "Base64 without padding",
	    "+\\/++AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHP8", BYTES32 },
	{ "Base64url with padding",
	    "-_--AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHP8=", BYTES32 },
	{ "Base64url without padding",
	    "-_--AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHP8", BYTES32 },
	{ "Base64url that is hex but for its start",
	    "-_1234567890abcdef1234567890abcdef123456788",
	    "fbfd76df8e7aefcf7469b71d79fd76df"
	    "8e7aefcf7469b71d79fd76df8e7aefcf" },
	{ "64 digits, which could be Base64 too",
	    "1234567812345678123456781234567812345678123456781234567812345678",
	    "1234567812345678123456781234567812345678123456781234567812345678"
	    },
	{ "36 bytes of Base64",
	    "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMk",
	    "0102030405060708090a0b0c0d0e0f101112"
	    "131415161718191a1b1c1d1e1f2021222324" },
	{ "33 bytes of Base64",
	    "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAh", NULL },
	{ "Base64 with bits that are left over",
	    "-_--AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHP9", NULL },
	{ "Base64 with padding and bits that are left over",
	    "-_--AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHP9=", NULL },
	{ "Base64 of a length that is impossible",
	    "-_--AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHP8AA", NULL },
	{ "63 digits of hex", "00112233445566778899aabbccddeeff"
	    "0123456789abcdef0123456789abcde", NULL },
	{ "65 digits of hex", TOKEN "0", NULL },
	{ "44 digits that could be Base64 of 33 bytes",
	    "12345678123456781234567812345678123456781234",
	    "12345678123456781234567812345678123456781234" },
	{ "43 digits that could be Base64 of 32 bytes",
	    "1234567812345678123456781234567812345678123", NULL },
	{ "0x and hex", "0x" TOKEN, NULL },
	{ "0X and hex", "0X" TOKEN, NULL },
	{ "0x and 41 digits, which could be Base64 of 32 bytes",
	    "0x12345678123456781234567812345678123456780", NULL },
	{ "a token of FCM without a colon", "APA91bHun4MxP5egoKMwt2KZFBaFUH-"
	    "1RYqx_cXyz0123456789abcdef0123456789abcdefghijklmnopqrstuvw",
	    NULL },
	{ "no characters", "", NULL },
	{ "31 bytes of Base64",
	    "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw==", NULL },
	{ "hex with a space", TOKEN " ", NULL },
	{ "hex as Apple once showed it", "<00112233 44556677 8899aabb "
	    "ccddeeff 01234567 89abcdef 01234567 89abcdef>", NULL },
	{ "hex with a NUL", TOKEN "\\u0000", NULL },
	{ "hex with a NUL in it", "0011\\u0000", NULL },
	{ "a token of FCM", "cXyz:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx_"
	    "cXyz0123456789abcdef0123456789abcdef", NULL },
	{ "a path", "..\\/..\\/3\\/device\\/" TOKEN, NULL },
	{ "a query", TOKEN "?x=y", NULL },
	{ "a newline", TOKEN "\\r\\nx: y", NULL },
	{ "letters of two bytes", "\xc3\xa4" TOKEN, NULL },
	{ "Base64 with padding too long",
	    "-_--AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHP8==", NULL },
};

static void
check_pushkey(const void *account, const char *name, const char *pushkey,
    const char *token)
{
	struct http_request request;
	enum cause cause = compose(account, DECODE_NOTIFY, fixture_format(
	    "{\"notification\":{\"devices\":[{\"app_id\":\"a\",\"pushkey\":"
	    "\"%s\"}]}}", pushkey), &request);

	tap_is_int(cause, token == NULL ? CAUSE_PUSHKEY_MALFORMED :
	    CAUSE_NONE, "%s is %s", name, token == NULL ? "no pushkey" :
	    "a pushkey");
	if (cause == CAUSE_NONE && token != NULL)
		tap_is_string(buf_text(&request.url), fixture_format(
		    "https://api.push.apple.com/3/device/%s", token),
		    "%s: the URL holds it in lower-case hex", name);
	http_request_free(&request);
}

static void
check_pushkeys(void)
{
	void *account = account_of("");
	size_t i;

	for (i = 0; i < sizeof pushkeys / sizeof *pushkeys; i++)
		check_pushkey(account, pushkeys[i].name, pushkeys[i].pushkey,
		    pushkeys[i].token);
	check_pushkey(account, "256 bytes of hex", fixture_repeat("ab", 256),
	    fixture_repeat("ab", 256));
	check_pushkey(account, "257 bytes of hex", fixture_repeat("ab", 257),
	    NULL);
	check_pushkey(account, "a megabyte of hex",
	    fixture_repeat("ab", 500000), NULL);
	apns->close(account);
}

int
main(void)
{
	size_t i;

	apns = provider_find("apns");
	if (apns == NULL)
		tap_bail_out("there is no provider apns");
	for (i = 0; i < sizeof payloads / sizeof *payloads; i++)
		check_payload(&payloads[i], DECODE_NOTIFY);
	for (i = 0; i < sizeof encrypted_payloads /
	    sizeof *encrypted_payloads; i++)
		check_payload(&encrypted_payloads[i], DECODE_ENCRYPTED_BATCH);
	check_headers();
	check_collapse_id();
	check_last_of_room();
	check_variants();
	check_pushkeys();
	return tap_done();
}
