/* SPDX-License-Identifier: Apache-2.0 */
/* Web Push and UnifiedPush: the requests. */
#include "provider/provider.h"

#include <string.h>

#include "api/decode.h"
#include "crypto/aes128gcm.h"
#include "fixture.h"
#include "tap.h"

/* Of RFC 8291, appendix A. */
#define P256DH "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bj" \
    "yPjs7Vd8pZGH6SRpkNtoIAiw4"
#define AUTH "BTBZMqHH6r4Tts7J_aSIgg"
#define ENDPOINT "https://push.example/send/x?y=z"

#define WEB_DATA "\"endpoint\":\"" ENDPOINT "\",\"auth\":\"" AUTH "\""
#define WEB(more) "{\"app_id\":\"a\",\"pushkey\":\"" P256DH \
    "\",\"data\":{" WEB_DATA more "}}"
#define UP(data) "{\"app_id\":\"a\",\"pushkey\":\"" ENDPOINT "\"" data "}"

static void *
open_account(const char *provider, const char *more)
{
	struct json_object *section = fixture_json(fixture_format(
	    "{\"app_id\":\"a\",\"provider\":\"%s\",\"vapid_key_file\":"
	    "\"one.pem\",\"subject\":\"mailto:push@example.org\"%s}",
	    provider, more));
	struct error error;
	void *account;

	fixture_file("one.pem",
	    fixture_pem(fixture_key(FIXTURE_KEY_P256), NULL));
	account = provider_find(provider)->open(section, fixture_directory(),
	    &error);
	if (account == NULL || !provider_find(provider)->load(account, &error))
		tap_bail_out("%s", error.words);
	json_object_put(section);
	return account;
}

static const char *
plain_of(const char *members, const char *device)
{
	return fixture_format("{\"notification\":{%s\"devices\":[%s]}}",
	    members, device);
}

static const char *
encrypted_of(const char *device)
{
	return fixture_format("{\"notifications\":[{\"id\":\"0\","
	    "\"notification\":{\"ciphertext\":\"%s\","
	    "\"time_message_encrypted\":\"2026-11\",\"key_identifier\":"
	    "\"k\",\"identifier\":\"i\",\"counts\":{\"unread\":3},"
	    "\"device\":%s}}]}", fixture_repeat("c", 1404), device);
}

/* What was composed; the caller frees it by `release`. */
struct composed {
	struct http_request request;
	struct buf plain;
};

/* With credentials, or without them (NULL). */
static enum cause
compose_by(const struct token *token, const char *provider, void *account,
    const char *text, unsigned int variant, struct composed *composed)
{
	static const struct decode_limits limits = {
		.max_batch_size = 100, .max_notification_size_kb = 1024
	};
	struct provider_push push = { .token = token, .message_id = "id",
	    .now_s = 1700000000, .variant = variant,
	    .plain = &composed->plain };
	struct decode_error error;
	struct batch *batch;
	enum cause cause;

	http_request_init(&composed->request);
	buf_init(&composed->plain, MESSAGE_BODY_SIZE);
	if (decode_request(strstr(text, "\"notifications\"") != NULL ?
	    DECODE_ENCRYPTED_BATCH : DECODE_NOTIFY, text, strlen(text),
	    &limits, &batch, &error) != DECODE_OK)
		tap_bail_out("%s: %s", error.violation.location,
		    error.violation.reason);
	cause = provider_find(provider)->compose(account,
	    &batch->notifications[0], &batch->notifications[0].devices[0],
	    &push, &composed->request);
	batch_free(batch);
	return cause;
}

static enum cause
compose(const char *provider, void *account, const char *text,
    unsigned int variant, struct composed *composed)
{
	static const struct token token = {
		.text = "vapid t=one, k=1\nvapid t=two, k=2"
	};

	return compose_by(&token, provider, account, text, variant, composed);
}

static void
release(struct composed *composed)
{
	http_request_free(&composed->request);
	buf_free(&composed->plain);
}

static void
header_is(const struct composed *composed, const char *name,
    const char *value)
{
	const char *got = http_request_header(&composed->request, name);

	tap_is_string(got == NULL ? "none" : got,
	    value == NULL ? "none" : value, "the header %s", name);
}

/* --- what is in it ------------------------------------------------------- */

#define NEST "\"content\":{\"msgtype\":\"m.text\",\"body\":\"b\"," \
    "\"formatted_body\":\"<b>b</b>\",\"a\":{\"b\":[1]}},"

static const struct {
	const char *name;
	const char *settings;
	const char *text;	/* NULL: the encrypted one */
	const char *device;
	const char *plain;
	const char *urgency;
} messages[] = {
	{ "gematik's", "", "\"event_id\":\"e\",\"room_id\":\"r\",\"type\":"
	    "\"t\",\"sender\":\"s\",\"room_name\":\"n\",\"counts\":{"
	    "\"unread\":0,\"missed_calls\":2}," NEST,
	    WEB(",\"default_payload\":{\"cs\":1}"),
	    "{\"event_id\":\"e\",\"room_id\":\"r\",\"type\":\"t\","
	    "\"sender\":\"s\",\"room_name\":\"n\",\"prio\":\"high\","
	    "\"unread\":0,\"missed_calls\":2,\"content\":{\"msgtype\":"
	    "\"m.text\",\"body\":\"b\",\"formatted_body\":\"<b>b</b>\","
	    "\"a\":{\"b\":[1]}}}", "high" },
	{ "a low one", "", "\"event_id\":\"e\",\"prio\":\"low\",", WEB(""),
	    "{\"event_id\":\"e\",\"prio\":\"low\"}", "low" },
	{ "a badge", "", "\"counts\":{\"unread\":0},", WEB(""),
	    "{\"prio\":\"high\",\"unread\":0}", "low" },
	{ "Matrix'", ",\"payload\":\"matrix\"", "\"event_id\":\"e\","
	    "\"room_id\":\"r\",\"type\":\"m.room.member\",\"membership\":"
	    "\"invite\",\"user_is_target\":true,\"room_name\":\"n\","
	    "\"counts\":{\"unread\":1}," NEST,
	    WEB(",\"default_payload\":{\"cs\":1,\"event_id\":\"x\"}"),
	    "{\"cs\":1,\"event_id\":\"e\",\"room_id\":\"r\",\"type\":"
	    "\"m.room.member\",\"membership\":\"invite\",\"room_name\":"
	    "\"n\",\"user_is_target\":true,\"unread\":1,\"content\":{"
	    "\"msgtype\":\"m.text\",\"body\":\"b\",\"a\":{\"b\":[1]}}}",
	    "high" },
	{ "without counts", ",\"payload\":\"matrix\",\"send_badge_counts\":"
	    "false", "\"event_id\":\"e\",\"counts\":{\"unread\":1},",
	    WEB(""), "{\"event_id\":\"e\"}", "high" },
};

static void
check_message(size_t i)
{
	void *account = open_account("webpush", messages[i].settings);
	struct composed composed;
	size_t padded;

	tap_is_int(compose("webpush", account, plain_of(messages[i].text,
	    messages[i].device), 0, &composed), CAUSE_NONE,
	    "%s is composed", messages[i].name);
	fixture_is_json(buf_text(&composed.plain), messages[i].plain,
	    "%s: what is encrypted", messages[i].name);
	tap_is_string(buf_text(&composed.request.url), ENDPOINT,
	    "%s: the URL", messages[i].name);
	header_is(&composed, "ttl", "2419200");
	header_is(&composed, "urgency", messages[i].urgency);
	header_is(&composed, "topic", NULL);
	header_is(&composed, "content-encoding", "aes128gcm");
	header_is(&composed, "content-type", "application/octet-stream");
	header_is(&composed, "authorization", "vapid t=one, k=1");
	padded = composed.request.body.size - 103;
	tap_is_int(padded, 512, "%s: it is padded to a whole step",
	    messages[i].name);
	release(&composed);
	provider_find("webpush")->close(account);
}

static void
check_encrypted(void)
{
	void *account = open_account("webpush", ",\"payload\":\"matrix\","
	    "\"time_to_live_s\":0");
	struct composed composed;

	tap_is_int(compose("webpush", account, encrypted_of(
	    WEB(",\"default_payload\":{\"cs\":1},\"only_last_per_room\":"
	    "true")), 0, &composed), CAUSE_NONE, "an encrypted one");
	fixture_is_json(buf_text(&composed.plain), fixture_format("{"
	    "\"ciphertext\":\"%s\",\"time_message_encrypted\":\"2026-11\","
	    "\"key_identifier\":\"k\",\"identifier\":\"i\"}",
	    fixture_repeat("c", 1404)), "is its texts, and nothing else");
	tap_is_int(composed.request.body.size, 1536 + 103,
	    "its length is one of few");
	header_is(&composed, "ttl", "0");
	header_is(&composed, "x-wns-cache-policy", "no-cache");
	header_is(&composed, "topic", NULL);
	release(&composed);
	provider_find("webpush")->close(account);
}

/* --- lengths ------------------------------------------------------------- */

/* `length` is that of the plaintext: {"event_id":"…","prio":"high"}. */
static void
check_length(void *account, size_t length, size_t padded)
{
	size_t frame = strlen("{\"event_id\":\"\",\"prio\":\"high\"}");
	struct composed composed;
	enum cause cause = compose("webpush", account, plain_of(
	    fixture_format("\"event_id\":\"%s\",", fixture_repeat("e",
	    length - frame)), WEB("")), 0, &composed);

	tap_is_int(cause, padded == 0 ? CAUSE_TOO_LONG : CAUSE_NONE,
	    "%zu bytes are composed", length);
	if (cause == CAUSE_NONE)
		tap_is_int(composed.request.body.size - 103, padded,
		    "%zu bytes become so many", length);
	release(&composed);
}

static void
check_lengths(void)
{
	void *account = open_account("webpush", "");
	struct composed composed;

	check_length(account, 511, 512);
	check_length(account, 512, 512);
	check_length(account, 513, 1024);
	check_length(account, 3584, 3584);
	check_length(account, 3585, AES128GCM_TEXT_MAX);
	check_length(account, AES128GCM_TEXT_MAX, AES128GCM_TEXT_MAX);
	check_length(account, AES128GCM_TEXT_MAX + 1, 0);
	compose("webpush", account, plain_of(fixture_format("\"event_id\":"
	    "\"e\",\"room_name\":\"n\",\"content\":{\"body\":\"%s\"},",
	    fixture_repeat("x", 4000)), WEB("")), 0, &composed);
	fixture_is_json(buf_text(&composed.plain), "{\"event_id\":\"e\","
	    "\"room_name\":\"n\",\"prio\":\"high\"}",
	    "content that is too long is left out");
	release(&composed);
	provider_find("webpush")->close(account);
}

/* --- what Sygnal cuts ---------------------------------------------------- */

static void
check_cut(const char *unit)
{
	void *account = open_account("webpush", ",\"payload\":\"matrix\"");
	struct composed composed;

	compose("webpush", account, plain_of(fixture_format("\"event_id\":"
	    "\"e\",\"content\":{\"body\":\"%s\",\"ciphertext\":\"%s\","
	    "\"x\":\"y\"},", fixture_repeat(unit, 1001), fixture_repeat("c",
	    2001)), WEB("")), 0, &composed);
	fixture_is_json(buf_text(&composed.plain), fixture_format("{"
	    "\"event_id\":\"e\",\"content\":{\"body\":\"%s\xe2\x80\xa6\","
	    "\"x\":\"y\"}}", fixture_repeat(unit, 999)),
	    "of 1001 times %s a thousand characters are left", unit);
	release(&composed);
	compose("webpush", account, plain_of(fixture_format("\"event_id\":"
	    "\"e\",\"content\":{\"body\":\"%s\",\"ciphertext\":\"c\"},",
	    fixture_repeat(unit, 1000)), WEB("")), 0, &composed);
	fixture_is_json(buf_text(&composed.plain), fixture_format("{"
	    "\"event_id\":\"e\",\"content\":{\"body\":\"%s\",\"ciphertext\":"
	    "\"c\"}}", fixture_repeat(unit, 1000)), "a thousand stay");
	release(&composed);
	provider_find("webpush")->close(account);
}

/* --- Topic --------------------------------------------------------------- */

static const char *
topic_of(void *account, const char *room, const char *data)
{
	struct composed composed;
	const char *topic;

	compose("webpush", account, plain_of(fixture_format("\"event_id\":"
	    "\"e\",%s", room), fixture_format("{\"app_id\":\"a\","
	    "\"pushkey\":\"" P256DH "\",\"data\":{" WEB_DATA "%s}}", data)),
	    0, &composed);
	topic = http_request_header(&composed.request, "topic");
	topic = topic == NULL ? "none" : fixture_format("%s", topic);
	release(&composed);
	return topic;
}

static void
check_topic(void)
{
	void *account = open_account("webpush", "");
	const char *last = ",\"only_last_per_room\":true";
	const char *one = topic_of(account, "\"room_id\":\"!r:h\",", last);

	tap_ok(strlen(one) == 32 && strspn(one, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_") == 32,
	    "a Topic is 32 characters that all services take: %s", one);
	tap_is_string(topic_of(account, "\"room_id\":\"!r:h\",", last), one,
	    "a room has always the same");
	tap_ok(strcmp(topic_of(account, "\"room_id\":\"!s:h\",", last),
	    one) != 0, "another room another one");
	tap_is_string(topic_of(account, "", last), "none",
	    "without a room there is none");
	tap_is_string(topic_of(account, "\"room_id\":\"!r:h\",",
	    ",\"only_last_per_room\":\"true\""), "none",
	    "a string is not true");
	provider_find("webpush")->close(account);
}

/* --- keys and endpoints -------------------------------------------------- */

static const struct {
	const char *provider;
	const char *device;
	enum cause cause;
} devices[] = {
	{ "webpush", WEB(""), CAUSE_NONE },
	{ "webpush", "{\"app_id\":\"a\",\"pushkey\":\"" P256DH "=\","
	    "\"data\":{" WEB_DATA "}}", CAUSE_NONE },
	{ "webpush", "{\"app_id\":\"a\",\"pushkey\":\"BCVxsr7N/eNgVRqvHtD0zT"
	    "ZsEc6+VV+JvLexhqUzORcxaOzi6+AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIA"
	    "iw4=\",\"data\":{\"endpoint\":\"" ENDPOINT "\",\"auth\":"
	    "\"BTBZMqHH6r4Tts7J/aSIgg==\"}}", CAUSE_NONE },
	{ "webpush", "{\"app_id\":\"a\",\"pushkey\":\"" P256DH "\"}",
	    CAUSE_PUSHKEY_MALFORMED },
	{ "webpush", "{\"app_id\":\"a\",\"pushkey\":\"" P256DH "\",\"data\":"
	    "{\"endpoint\":\"" ENDPOINT "\"}}", CAUSE_PUSHKEY_MALFORMED },
	{ "webpush", "{\"app_id\":\"a\",\"pushkey\":\"" P256DH "\",\"data\":"
	    "{\"auth\":\"" AUTH "\"}}", CAUSE_PUSHKEY_MALFORMED },
	{ "webpush", "{\"app_id\":\"a\",\"pushkey\":\"" P256DH "\",\"data\":"
	    "{\"endpoint\":1,\"auth\":\"" AUTH "\"}}",
	    CAUSE_PUSHKEY_MALFORMED },
	{ "webpush", "{\"app_id\":\"a\",\"pushkey\":\"" P256DH "\",\"data\":"
	    "{\"endpoint\":\"" ENDPOINT "\",\"auth\":\"BTBZMqHH6r4Tts7J_aSI"
	    "\"}}", CAUSE_PUSHKEY_MALFORMED },
	{ "webpush", "{\"app_id\":\"a\",\"pushkey\":\"" P256DH "\",\"data\":"
	    "{\"endpoint\":\"" ENDPOINT "\",\"auth\":5}}",
	    CAUSE_PUSHKEY_MALFORMED },
	/* 64 bytes; a point that is compressed; one that is none. */
	{ "webpush", "{\"app_id\":\"a\",\"pushkey\":\"BCVxsr7N_eNgVRqvHtD0zT"
	    "ZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIA"
	    "iw\",\"data\":{" WEB_DATA "}}", CAUSE_PUSHKEY_MALFORMED },
	{ "webpush", "{\"app_id\":\"a\",\"pushkey\":\"AiVxsr7N_eNgVRqvHtD0zT"
	    "ZsEc6-VV-JvLexhqUzORcx\",\"data\":{" WEB_DATA "}}",
	    CAUSE_PUSHKEY_MALFORMED },
	{ "webpush", "{\"app_id\":\"a\",\"pushkey\":\"BCVxsr7N_eNgVRqvHtD0zT"
	    "ZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIA"
	    "iw8\",\"data\":{" WEB_DATA "}}", CAUSE_PUSHKEY_MALFORMED },
	{ "webpush", "{\"app_id\":\"a\",\"pushkey\":\"" P256DH "\",\"data\":"
	    "{\"endpoint\":\"http://push.example/x\",\"auth\":\"" AUTH
	    "\"}}", CAUSE_ENDPOINT_REFUSED },
	{ "webpush", "{\"app_id\":\"a\",\"pushkey\":\"" P256DH "\",\"data\":"
	    "{\"endpoint\":\"https://127.0.0.1/x\",\"auth\":\"" AUTH
	    "\"}}", CAUSE_ENDPOINT_REFUSED },
	{ "unifiedpush", UP(""), CAUSE_NONE },
	{ "unifiedpush", UP(",\"data\":{}"), CAUSE_NONE },
	{ "unifiedpush", UP(",\"data\":{\"p256dh\":\"" P256DH
	    "\",\"auth\":\"" AUTH "\"}"), CAUSE_NONE },
	{ "unifiedpush", UP(",\"data\":{\"p256dh\":\"" P256DH "\"}"),
	    CAUSE_PUSHKEY_MALFORMED },
	{ "unifiedpush", UP(",\"data\":{\"auth\":\"" AUTH "\"}"),
	    CAUSE_PUSHKEY_MALFORMED },
	{ "unifiedpush", UP(",\"data\":{\"p256dh\":\"x\",\"auth\":\"" AUTH
	    "\"}"), CAUSE_PUSHKEY_MALFORMED },
	{ "unifiedpush", "{\"app_id\":\"a\",\"pushkey\":\"x\"}",
	    CAUSE_ENDPOINT_REFUSED },
	{ "unifiedpush", "{\"app_id\":\"a\",\"pushkey\":"
	    "\"https://push.example:22/\"}", CAUSE_ENDPOINT_REFUSED },
};

static void
check_device(size_t i)
{
	void *account = open_account(devices[i].provider, "");
	struct composed composed;

	tap_is_int(compose(devices[i].provider, account, plain_of(
	    "\"event_id\":\"e\",", devices[i].device), 0, &composed),
	    devices[i].cause, "%s: %s", devices[i].provider,
	    devices[i].device);
	release(&composed);
	provider_find(devices[i].provider)->close(account);
}

static void
check_variants(void)
{
	void *account = open_account("webpush", "");
	struct composed composed;

	compose("webpush", account, plain_of("", WEB("")), 1, &composed);
	header_is(&composed, "authorization", "vapid t=two, k=2");
	release(&composed);
	tap_is_int(compose("webpush", account, plain_of("", WEB("")), 2,
	    &composed), CAUSE_TOO_LONG, "there is no third key");
	release(&composed);
	provider_find("webpush")->close(account);
}

/* A push service that does not know who we are. */
static void
check_nameless(void)
{
	void *account = open_account("unifiedpush", "");
	const char *text = plain_of("\"event_id\":\"e\",",
	    UP(",\"data\":{\"p256dh\":\"" P256DH "\",\"auth\":\"" AUTH
	    "\"}"));
	struct composed composed;

	tap_is_int(compose_by(NULL, "unifiedpush", account, text, 0,
	    &composed), CAUSE_NONE, "without credentials it goes");
	header_is(&composed, "authorization", NULL);
	release(&composed);
	tap_is_int(compose_by(NULL, "unifiedpush", account, text, 1,
	    &composed), CAUSE_TOO_LONG, "and there are no former ones");
	release(&composed);
	provider_find("unifiedpush")->close(account);
}

/* --- UnifiedPush without keys -------------------------------------------- */

static void
check_plain(void)
{
	void *account = open_account("unifiedpush",
	    ",\"payload\":\"matrix\"");
	struct composed composed;

	tap_is_int(compose("unifiedpush", account, plain_of("\"event_id\":"
	    "\"e\",\"room_id\":\"r\",\"sender\":\"s\",\"type\":\"t\",\"prio\":"
	    "\"low\",\"counts\":{\"unread\":2,\"missed_calls\":0}," NEST,
	    UP(",\"data\":{\"default_payload\":{\"cs\":1}}")), 0, &composed),
	    CAUSE_NONE, "without keys it is the form of Matrix");
	fixture_is_json(buf_text(&composed.request.body), "{\"notification\":"
	    "{\"event_id\":\"e\",\"room_id\":\"r\",\"counts\":{\"unread\":2,"
	    "\"missed_calls\":0},\"prio\":\"low\",\"devices\":[]}}",
	    "with ids and counts alone");
	header_is(&composed, "content-type", "application/json");
	header_is(&composed, "content-encoding", NULL);
	header_is(&composed, "authorization", NULL);
	header_is(&composed, "ttl", "2419200");
	header_is(&composed, "urgency", "low");
	release(&composed);
	tap_is_int(compose("unifiedpush", account, plain_of("\"counts\":{"
	    "\"unread\":0},", UP("")), 0, &composed), CAUSE_NONE,
	    "counts alone go, too");
	fixture_is_json(buf_text(&composed.request.body), "{\"notification\":"
	    "{\"counts\":{\"unread\":0},\"prio\":\"high\",\"devices\":[]}}",
	    "as they are");
	release(&composed);
	tap_is_int(compose("unifiedpush", account, encrypted_of(UP("")), 0,
	    &composed), CAUSE_PUSHKEY_MALFORMED,
	    "an encrypted one needs the keys");
	release(&composed);
	tap_is_int(compose("unifiedpush", account, plain_of(fixture_format(
	    "\"event_id\":\"%s\",", fixture_repeat("e", 4100)), UP("")), 0,
	    &composed), CAUSE_TOO_LONG, "ids can be too long");
	release(&composed);
	provider_find("unifiedpush")->close(account);
}

/* To the byte, and without what need not be there. */
static void
check_plain_form(const char *settings, const char *members, const char *form)
{
	void *account = open_account("unifiedpush", settings);
	struct composed composed;

	compose("unifiedpush", account, plain_of(members, UP("")), 0,
	    &composed);
	fixture_is_json(buf_text(&composed.request.body), form,
	    "without keys, {%s} with {%s}", members, settings);
	release(&composed);
	provider_find("unifiedpush")->close(account);
}

static void
check_plain_size(void)
{
	void *account = open_account("unifiedpush", "");
	size_t frame = strlen("{\"notification\":{\"event_id\":\"\","
	    "\"prio\":\"high\",\"devices\":[]}}");
	const char *longest = fixture_repeat("e", 4096 - frame);
	struct composed composed;

	tap_is_int(compose("unifiedpush", account, plain_of(fixture_format(
	    "\"event_id\":\"%s\",", longest), UP("")), 0, &composed),
	    CAUSE_NONE, "4096 bytes go");
	tap_is_int((int64_t)composed.request.body.size, 4096, "all of them");
	release(&composed);
	tap_is_int(compose("unifiedpush", account, plain_of(fixture_format(
	    "\"event_id\":\"%se\",", longest), UP("")), 0, &composed),
	    CAUSE_TOO_LONG, "one more does not");
	release(&composed);
	tap_is_int(compose("unifiedpush", account, plain_of(
	    "\"event_id\":\"e\",", UP("")), 1, &composed), CAUSE_TOO_LONG,
	    "there is no shorter form");
	release(&composed);
	provider_find("unifiedpush")->close(account);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof messages / sizeof *messages; i++)
		check_message(i);
	check_encrypted();
	check_lengths();
	check_cut("a");
	check_cut("\xc3\xa4");
	check_topic();
	for (i = 0; i < sizeof devices / sizeof *devices; i++)
		check_device(i);
	check_variants();
	check_nameless();
	check_plain();
	check_plain_size();
	check_plain_form("", "\"event_id\":\"e\",", "{\"notification\":{"
	    "\"event_id\":\"e\",\"prio\":\"high\",\"devices\":[]}}");
	check_plain_form(",\"send_badge_counts\":false", "\"event_id\":"
	    "\"e\",\"counts\":{\"unread\":1},", "{\"notification\":{"
	    "\"event_id\":\"e\",\"prio\":\"high\",\"devices\":[]}}");
	return tap_done();
}
