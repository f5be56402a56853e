/* SPDX-License-Identifier: Apache-2.0 */
/* The requests that go to FCM; their size is in test-provider-size.c. */
#include "provider/provider.h"

#include <string.h>

#include "compose.h"
#include "fixture.h"
#include "tap.h"

#define TOKEN "cXyz_-0:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx"
#define DEVICE(pushkey) "{\"app_id\":\"a\",\"pushkey\":\"" pushkey "\"," \
    "\"pushkey_ts\":5,\"data\":{\"format\":\"secret\",\"x\":\"secret\"}," \
    "\"tweaks\":{\"sound\":\"secret\",\"highlight\":true}}"

static const struct provider *fcm;

static void *
account_of(const char *more)
{
	struct json_object *file = fixture_json("{\"project_id\":"
	    "\"my-project-1\",\"private_key_id\":\"i\",\"client_email\":"
	    "\"e\"}");
	struct json_object *section;
	struct error error;
	void *account;

	json_object_object_add(file, "private_key", json_object_new_string(
	    fixture_pem(fixture_key(FIXTURE_KEY_RSA_2048), NULL)));
	section = fixture_json(fixture_format("{\"app_id\":\"a\","
	    "\"provider\":\"fcm\",\"service_account_file\":\"%s\"%s}",
	    fixture_file("sa.json", json_object_to_json_string(file)), more));
	account = fcm->open(section, "/", &error);
	if (account == NULL || !fcm->load(account, &error))
		tap_bail_out("%s: %s", more, error.words);
	json_object_put(section);
	json_object_put(file);
	return account;
}

static enum cause
compose(const void *account, enum decode_operation operation,
    const char *text, struct http_request *request)
{
	return compose_first(fcm, account, operation, text, request);
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

/* --- messages ------------------------------------------------------------ */

/* What the request holds, and the data and android parts of the message. */
static const struct message {
	const char *name;
	const char *members;
	const char *data;
	const char *priority;
} messages[] = {
	{ "nothing", "", "{\"prio\":\"high\"}", "HIGH" },
	{ "all", "\"event_id\":\"$e\",\"room_id\":\"!r\",\"type\":"
	    "\"m.room.message\",\"sender\":\"@s:h\",\"sender_display_name\":"
	    "\"S\",\"room_name\":\"R\",\"room_alias\":\"#r:h\","
	    "\"user_is_target\":true,\"prio\":\"low\",\"content\":{\"body\":"
	    "\"b \xc3\xa4\",\"msgtype\":\"m.text\"},\"counts\":{\"unread\":3,"
	    "\"missed_calls\":1},",
	    "{\"event_id\":\"$e\",\"room_id\":\"!r\",\"type\":"
	    "\"m.room.message\",\"sender\":\"@s:h\",\"sender_display_name\":"
	    "\"S\",\"room_name\":\"R\",\"room_alias\":\"#r:h\",\"prio\":"
	    "\"low\",\"content_body\":\"b \xc3\xa4\",\"content_msgtype\":"
	    "\"m.text\",\"unread\":\"3\",\"missed_calls\":\"1\"}", "NORMAL" },
	{ "an event alone", "\"event_id\":\"$e\",\"room_id\":\"!r\",",
	    "{\"prio\":\"high\",\"event_id\":\"$e\",\"room_id\":\"!r\"}",
	    "HIGH" },
	{ "empty texts", "\"event_id\":\"\",\"sender\":\"\",",
	    "{\"prio\":\"high\"}", "HIGH" },
	{ "unknown members", "\"secret\":\"x\",\"ciphertext\":\"y\",",
	    "{\"prio\":\"high\"}", "HIGH" },
	{ "a badge alone", "\"prio\":\"high\",\"counts\":{\"unread\":2},",
	    "{\"prio\":\"high\",\"unread\":\"2\"}", "NORMAL" },
	{ "a badge of 0 alone", "\"counts\":{\"unread\":0},",
	    "{\"prio\":\"high\",\"unread\":\"0\"}", "NORMAL" },
	{ "missed calls, and a negative count", "\"counts\":{\"unread\":-2,"
	    "\"missed_calls\":5},", "{\"prio\":\"high\",\"missed_calls\":"
	    "\"5\"}", "NORMAL" },
	{ "a large count", "\"counts\":{\"unread\":9223372036854775807},",
	    "{\"prio\":\"high\",\"unread\":\"9223372036854775807\"}",
	    "NORMAL" },
	{ "a badge with an event", "\"event_id\":\"$e\",\"counts\":"
	    "{\"unread\":1},", "{\"event_id\":\"$e\",\"prio\":\"high\","
	    "\"unread\":\"1\"}", "HIGH" },
	{ "content of every type", "\"content\":{\"s\":\"x\",\"e\":\"\","
	    "\"i\":-7,\"d\":1.50,\"x\":1e3,\"t\":true,\"f\":false,"
	    "\"n\":null,\"o\":{\"secret\":1},\"a\":[\"secret\"]},",
	    "{\"prio\":\"high\",\"content_s\":\"x\",\"content_e\":\"\","
	    "\"content_i\":\"-7\",\"content_d\":\"1.50\",\"content_x\":"
	    "\"1e3\",\"content_t\":\"true\",\"content_f\":\"false\"}",
	    "HIGH" },
	{ "empty content", "\"content\":{},", "{\"prio\":\"high\"}", "HIGH" },
	{ "content with names of ours", "\"type\":\"t\",\"content\":"
	    "{\"type\":\"u\",\"\":\"v\",\"m.relates_to/x\":\"w\","
	    "\"100%s%n\":\"y\"},", "{\"prio\":\"high\",\"type\":\"t\","
	    "\"content_type\":\"u\",\"content_\":\"v\","
	    "\"content_m.relates_to/x\":\"w\",\"content_100%s%n\":\"y\"}",
	    "HIGH" },
};

static const struct message encrypted_messages[] = {
	{ "the least", "", "{%s}", "HIGH" },
	{ "with an identifier", "\"identifier\":\"i\",\"prio\":\"high\",",
	    "{\"identifier\":\"i\",%s}", "HIGH" },
	{ "with an empty identifier", "\"identifier\":\"\",",
	    "{\"identifier\":\"\",%s}", "HIGH" },
	{ "of low priority", "\"prio\":\"low\",", "{%s}", "NORMAL" },
	{ "with members of a plain one", "\"event_id\":\"e\",\"content\":"
	    "{\"a\":\"b\"},\"room_name\":\"n\",", "{%s}", "HIGH" },
};

/* The expected data, with what every encrypted one has for "%s". */
static const char *
expected_data(const char *data, bool is_plain)
{
	const char *at = strstr(data, "%s");

	if (is_plain)
		return data;
	return fixture_format("%.*s\"ciphertext\":\"%s\","
	    "\"time_message_encrypted\":\"2024-11\",\"key_identifier\":"
	    "\"key\"%s", (int)(at - data), data, fixture_repeat("c", 1404),
	    at + 2);
}

static void
check_message(const void *account, const struct message *row, bool is_plain)
{
	struct http_request request;
	enum cause cause = compose(account, is_plain ? DECODE_NOTIFY :
	    DECODE_ENCRYPTED_BATCH, is_plain ? plain(row->members) :
	    encrypted(row->members), &request);
	const char *kind = is_plain ? "plain" : "encrypted";

	tap_is_int(cause, CAUSE_NONE, "%s, %s: it goes out", kind, row->name);
	fixture_is_json(buf_text(&request.body), fixture_format(
	    "{\"message\":{\"token\":\"" TOKEN "\",\"data\":%s,\"android\":"
	    "{\"priority\":\"%s\",\"ttl\":\"2419200s\"}}}",
	    expected_data(row->data, is_plain), row->priority),
	    "%s, %s: a message of data alone", kind, row->name);
	tap_lacks(buf_text(&request.body), "secret",
	    "%s, %s: neither data nor tweaks", kind, row->name);
	http_request_free(&request);
}

/* Content has many members there; a part of it would say something else. */
static void
check_whole_content(const void *account)
{
	size_t room = 4096 - strlen("prio" "high" "content_a");
	const char *fits = fixture_format("\"content\":{\"a\":\"%s\"",
	    fixture_repeat("x", room));
	struct http_request request;

	compose(account, DECODE_NOTIFY, plain(fixture_format("%s},", fits)),
	    &request);
	tap_contains(buf_text(&request.body), "\"content_a\":\"xx",
	    "content up to the limit is there");
	http_request_free(&request);
	tap_is_int(compose(account, DECODE_NOTIFY,
	    plain(fixture_format("%s,\"b\":\"\"},", fits)), &request),
	    CAUSE_NONE, "one more member of it, and it goes out");
	tap_lacks(buf_text(&request.body), "content_",
	    "one more member of it, and there is none of it");
	http_request_free(&request);
}

/* Its badge is nobody's business but the app's, which decrypts. */
static void
check_encrypted_counts(const void *account)
{
	struct http_request request;

	tap_is_int(compose(account, DECODE_ENCRYPTED_BATCH,
	    encrypted("\"counts\":{\"unread\":3,\"missed_calls\":4},"),
	    &request), CAUSE_NONE, "encrypted, with counts: it goes out");
	tap_contains(buf_text(&request.body), "\"ciphertext\":\"cc",
	    "encrypted, with counts: the ciphertext is there");
	tap_lacks(buf_text(&request.body), "\"unread\":3",
	    "encrypted, with counts: no value but strings");
	http_request_free(&request);
}

/* --- URL, headers and settings ------------------------------------------- */

static const struct {
	const char *account;
	const char *url;
	const char *ttl;
} settings[] = {
	{ "", "https://fcm.googleapis.com/v1/projects/my-project-1/"
	    "messages:send", "\"ttl\":\"2419200s\"" },
	{ ",\"time_to_live_s\":0", "https://fcm.googleapis.com/v1/projects/"
	    "my-project-1/messages:send", "\"ttl\":\"0s\"" },
	{ ",\"time_to_live_s\":60,\"url\":\"https://localhost:1/base/\"",
	    "https://localhost:1/base/v1/projects/my-project-1/messages:send",
	    "\"ttl\":\"60s\"" },
};

static void
check_settings(void)
{
	struct http_request request;
	size_t i;

	for (i = 0; i < sizeof settings / sizeof *settings; i++) {
		void *account = account_of(settings[i].account);

		compose(account, DECODE_NOTIFY, plain(""), &request);
		tap_is_string(buf_text(&request.url), settings[i].url,
		    "the URL with {%s}", settings[i].account);
		tap_contains(buf_text(&request.body), settings[i].ttl,
		    "the time to live with {%s}", settings[i].account);
		tap_is_string(http_request_header(&request, "authorization"),
		    "Bearer " COMPOSE_TOKEN, "authorization with {%s}",
		    settings[i].account);
		tap_is_string(http_request_header(&request, "content-type"),
		    "application/json", "content-type with {%s}",
		    settings[i].account);
		http_request_free(&request);
		fcm->close(account);
	}
}

/* --- pushkeys ------------------------------------------------------------ */

static const struct {
	const char *name;
	const char *pushkey;	/* as it stands in the request */
	bool possible;
} pushkeys[] = {
	{ "a registration token", TOKEN, true },
	{ "one character", "x", true },
	{ "visible ASCII", "!#$%&'()*+,-.\\/:;<=>?@[]^_`{|}~", true },
	{ "a quote and a backslash", "\\\"\\\\", true },
	{ "no characters", "", false },
	{ "a space", "a b", false },
	{ "a space at the end", TOKEN " ", false },
	{ "a newline", TOKEN "\\n", false },
	{ "a tab", "\\t" TOKEN, false },
	{ "a NUL", TOKEN "\\u0000", false },
	{ "a NUL and more", "a\\u0000b", false },
	{ "a delete character", "a\x7f", false },
	{ "a letter of two bytes", "\xc3\xa4", false },
	{ "a letter of four bytes", "\xf0\x9f\x98\x80", false },
};

static void
check_pushkey(const void *account, const char *name, const char *pushkey,
    bool possible)
{
	struct http_request request;
	enum cause cause = compose(account, DECODE_NOTIFY, fixture_format(
	    "{\"notification\":{\"devices\":[{\"app_id\":\"a\",\"pushkey\":"
	    "\"%s\"}]}}", pushkey), &request);

	tap_is_int(cause, possible ? CAUSE_NONE : CAUSE_PUSHKEY_MALFORMED,
	    "%s is %s", name, possible ? "a pushkey" : "no pushkey");
	if (cause == CAUSE_NONE && possible)
		fixture_is_json(buf_text(&request.body), fixture_format(
		    "{\"message\":{\"token\":\"%s\",\"data\":{\"prio\":"
		    "\"high\"},\"android\":{\"priority\":\"HIGH\",\"ttl\":"
		    "\"2419200s\"}}}", pushkey), "%s: it goes out as it is",
		    name);
	http_request_free(&request);
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
	bool composed = compose_variant(fcm, account, DECODE_NOTIFY,
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
	tap_is_int(compose_variant(fcm, account, DECODE_ENCRYPTED_BATCH,
	    encrypted(""), 1, &request), CAUSE_TOO_LONG,
	    "an encrypted one has no shorter form");
	http_request_free(&request);
	fcm->close(account);
}

/* --- what an app is set to ----------------------------------------------- */

/* What stands behind "message" in a request, beside the data. */
static const struct {
	const char *settings;
	const char *members;
	const char *message;
} blocks[] = {
	{ ",\"target\":\"fid\"", "", "\"fid\":\"" TOKEN "\",\"android\":{"
	    "\"priority\":\"HIGH\",\"ttl\":\"2419200s\"}" },
	{ ",\"android_block\":\"androidV2\"", "", "\"token\":\"" TOKEN "\","
	    "\"androidV2\":{\"ttl\":\"2419200s\",\"remoteNotification\":{"
	    "\"mutableContent\":true,\"useAsV1DataMessage\":true}}" },
	{ ",\"android_block\":\"androidV2\"", "\"prio\":\"low\",",
	    "\"token\":\"" TOKEN "\",\"androidV2\":{\"ttl\":\"2419200s\","
	    "\"backgroundSync\":{}}" },
	{ ",\"bandwidth_constrained_ok\":true", "", "\"token\":\"" TOKEN
	    "\",\"android\":{\"ttl\":\"2419200s\",\"priority\":\"HIGH\","
	    "\"bandwidthConstrainedOk\":true}" },
	{ ",\"restricted_satellite_ok\":true,\"android_block\":"
	    "\"androidV2\"", "\"prio\":\"low\",", "\"token\":\"" TOKEN
	    "\",\"androidV2\":{\"ttl\":\"2419200s\","
	    "\"restrictedSatelliteOk\":true,\"backgroundSync\":{}}" },
};

static void
check_block(size_t i)
{
	void *account = account_of(blocks[i].settings);
	const char *prio = *blocks[i].members == '\0' ? "high" : "low";
	struct http_request request;

	compose(account, DECODE_NOTIFY, plain(blocks[i].members), &request);
	fixture_is_json(buf_text(&request.body), fixture_format(
	    "{\"message\":{\"data\":{\"prio\":\"%s\"},%s}}", prio,
	    blocks[i].message), "the message with {%s} and {%s}",
	    blocks[i].settings, blocks[i].members);
	http_request_free(&request);
	fcm->close(account);
}

/* --- what an operator adds ----------------------------------------------- */

#define OPTIONS ",\"fcm_options\":{\"android\":{\"ttl\":\"60s\"," \
    "\"collapseKey\":\"k\"},\"apns\":{\"headers\":{\"apns-priority\":" \
    "\"5\"}},\"fcm_options\":{\"analytics_label\":\"l\"}}"

static void
check_options(void)
{
	void *account = account_of(OPTIONS);
	struct http_request request;
	unsigned int i;

	for (i = 1; i <= 2; i++) {
		compose(account, DECODE_NOTIFY, plain(""), &request);
		fixture_is_json(buf_text(&request.body), "{\"message\":{"
		    "\"token\":\"" TOKEN "\",\"data\":{\"prio\":\"high\"},"
		    "\"android\":{\"priority\":\"HIGH\",\"ttl\":\"60s\","
		    "\"collapseKey\":\"k\"},\"apns\":{\"headers\":{"
		    "\"apns-priority\":\"5\"}},\"fcm_options\":{"
		    "\"analytics_label\":\"l\"}}}",
		    "fcm_options are added, time %u", i);
		http_request_free(&request);
	}
	fcm->close(account);
	account = account_of(",\"send_badge_counts\":false");
	compose(account, DECODE_NOTIFY, plain("\"event_id\":\"e\","
	    "\"counts\":{\"unread\":1},"), &request);
	tap_lacks(buf_text(&request.body), "unread",
	    "without badge counts there are none");
	http_request_free(&request);
	fcm->close(account);
	account = account_of(",\"payload\":\"matrix\"");
	compose(account, DECODE_NOTIFY, plain("\"event_id\":\"e\",\"prio\":"
	    "\"low\",\"content\":{\"n\":1},"), &request);
	tap_contains(buf_text(&request.body), "\"data\":{\"event_id\":\"e\","
	    "\"prio\":\"normal\"}", "matrix: the data of Matrix clients");
	http_request_free(&request);
	compose(account, DECODE_ENCRYPTED_BATCH, encrypted(""), &request);
	tap_contains(buf_text(&request.body), "\"ciphertext\":\"cc",
	    "matrix: encrypted ones are the same");
	http_request_free(&request);
	fcm->close(account);
}

/* --- the last one of a room ---------------------------------------------- */

/* The block for Android of a message for an event in a room. */
static const char *
block_of(const char *more, const char *event, const char *room,
    const char *last)
{
	void *account = account_of(more);
	struct json_object *body, *message = NULL, *block = NULL;
	struct http_request request;
	const char *text;

	compose(account, DECODE_NOTIFY, fixture_format("{\"notification\":{"
	    "\"event_id\":\"%s\",\"room_id\":\"%s\",\"devices\":[{"
	    "\"app_id\":\"a\",\"pushkey\":\"" TOKEN "\",\"data\":{"
	    "\"only_last_per_room\":%s}}]}}", event, room, last), &request);
	body = fixture_json(buf_text(&request.body));
	json_object_object_get_ex(body, "message", &message);
	if (!json_object_object_get_ex(message, "android", &block))
		json_object_object_get_ex(message, "androidV2", &block);
	text = fixture_format("%s", json_object_to_json_string(block));
	json_object_put(body);
	http_request_free(&request);
	fcm->close(account);
	return text;
}

static void
check_last_of_room(void)
{
	const char *matrix = ",\"payload\":\"matrix\"";
	const char *one = block_of(matrix, "$e", "!r", "true");

	tap_contains(one, "\"collapse_key\"", "a room has its key: %s", one);
	tap_lacks(one, "!r", "nothing of the room is in it");
	tap_is_string(block_of(matrix, "$f", "!r", "true"), one,
	    "each event of it has the same");
	tap_ok(strcmp(block_of(matrix, "$e", "!s", "true"), one) != 0,
	    "another room has another one");
	tap_lacks(block_of(matrix, "$e", "!r", "1"), "collapse",
	    "there is none if the pusher does not say so");
	tap_lacks(block_of("", "$e", "!r", "true"), "collapse",
	    "nor for other payloads");
	tap_contains(block_of(",\"payload\":\"matrix\",\"android_block\":"
	    "\"androidV2\"", "$e", "!r", "true"), "\"collapse_key\"",
	    "the second block has it, too");
	tap_lacks(block_of(",\"payload\":\"matrix\",\"fcm_options\":{"
	    "\"android\":{\"collapseKey\":\"k\"}}", "$e", "!r", "true"),
	    "collapse_key", "the operator's own key stays");
	tap_contains(block_of(",\"payload\":\"matrix\",\"fcm_options\":{"
	    "\"android\":{\"collapse_key\":\"k\"}}", "$e", "!r", "true"),
	    "\"collapse_key\": \"k\"", "in its other spelling, too");
}

int
main(void)
{
	void *account;
	size_t i;

	fcm = provider_find("fcm");
	if (fcm == NULL)
		tap_bail_out("there is no provider fcm");
	account = account_of("");
	for (i = 0; i < sizeof messages / sizeof *messages; i++)
		check_message(account, &messages[i], true);
	for (i = 0; i < sizeof encrypted_messages /
	    sizeof *encrypted_messages; i++)
		check_message(account, &encrypted_messages[i], false);
	check_whole_content(account);
	check_encrypted_counts(account);
	check_settings();
	check_variants();
	for (i = 0; i < sizeof blocks / sizeof *blocks; i++)
		check_block(i);
	for (i = 0; i < sizeof pushkeys / sizeof *pushkeys; i++)
		check_pushkey(account, pushkeys[i].name, pushkeys[i].pushkey,
		    pushkeys[i].possible);
	check_pushkey(account, "4096 characters",
	    fixture_repeat("abcdefgh", 512), true);
	check_pushkey(account, "4097 characters", fixture_format("%sx",
	    fixture_repeat("abcdefgh", 512)), false);
	fcm->close(account);
	check_options();
	check_last_of_room();
	return tap_done();
}
