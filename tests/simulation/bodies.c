/* SPDX-License-Identifier: Apache-2.0 */
#include "bodies.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/encoding.h"
#include "base/xmalloc.h"
#include "fixture.h"
#include "network.h"

enum {
	BODIES_CIPHERTEXT = 1404,
	BODIES_TOO_LARGE_SIZE = 257 * 1024,	/* one more than is allowed */
	/* More than an item has devices, so that each has another. */
	BODIES_BROWSERS = 64,
	BODIES_BROWSER_SIZE = 65,
	BODIES_DEEP = 200,		/* deeper than what is kept */
	BODIES_WIDE = 70000		/* longer than that */
};

static const struct {
	const char *app_id;
	unsigned int weight;
	unsigned int account;
	bool narrow;		/* may be addressed by "narrow" */
	bool matrix;		/* has payloads of Matrix */
	bool unknown;
	bool lost;
} bodies_apps[BODIES_APPS] = {
	{ .app_id = "ios", .weight = 300, .account = NETWORK_APNS,
	    .narrow = true },
	{ .app_id = "ios-twin", .weight = 100, .account = NETWORK_APNS,
	    .narrow = true },
	{ .app_id = "ios-other", .weight = 150,
	    .account = NETWORK_APNS_OTHER, .narrow = true },
	{ .app_id = "ios-matrix", .weight = 100, .account = NETWORK_APNS,
	    .narrow = true, .matrix = true },
	{ .app_id = "android", .weight = 250, .account = NETWORK_FCM },
	{ .app_id = "huawei", .weight = 100, .account = NETWORK_HMS },
	{ .app_id = "huawei-3", .weight = 50, .account = NETWORK_HMS_3 },
	{ .app_id = "web", .weight = 25, .account = NETWORK_WEB },
	{ .app_id = "unified", .weight = 50, .account = NETWORK_UNIFIED },
	{ .app_id = "lost", .weight = 15, .lost = true },
	{ .app_id = "unknown", .weight = 15, .unknown = true },
};

/* How pushkey_ts is written, and the seconds that it means; 0: none. */
static const struct {
	const char *text;
	int64_t seconds;
} bodies_times[] = {
	{ "null", 0 },
	{ "0", 0 },
	{ "-1700000000", 0 },
	{ "-9223372036854775808", 0 },
	{ "1", 1 },
	{ "1699999999", 1699999999 },
	{ "1700000000", 1700000000 },
	{ "1700000001", 1700000001 },
	{ "1699999999999", 1699999999 },
	{ "1700000000000", 1700000000 },
	{ "1700000123456", 1700000123 },
	{ "100000000000", INT64_C(100000000000) },
	{ "100000000001", 100000000 },
	{ "9223372036854775807", INT64_MAX / 1000 },
};

/* What only decorates, and is right everywhere. */
static const char *const bodies_decorations[] = {
	"\"room_name\":\"Die K\u00fcche\"",
	"\"room_name\":\"a\\u0000b\"",
	"\"room_alias\":null",
	"\"sender_display_name\":\"\\ud83d\\ude00\"",
	"\"user_is_target\":true",
	"\"membership\":{\"a\":[1]}",
	"\"membership\":\"invite\"",
	"\"content\":{\"msgtype\":\"m.text\",\"body\":\"a\\u0000b\"}",
	"\"content\":{\"a\\u0000b\":1,\"body\":[{\"a\":[[],{}]}]}",
	"\"content\":null",
	"\"unknown\":[[[{\"a\\u0000b\":1e999}]]]",
	"\"counts\":{\"unread\":-3,\"missed_calls\":2,\"a\":[]}",
	"\"prio\":\"low\"",
};

/* What is odd, and absent on Matrix's path. */
static const char *const bodies_oddities[] = {
	"\"room_name\":[\"a\",\"b\"]",
	"\"room_name\":{\"a\":{}}",
	"\"room_alias\":7",
	"\"sender_display_name\":[[\"a\"]]",
	"\"sender_display_name\":false",
	"\"user_is_target\":\"yes\"",
	"\"content\":\"text\"",
	"\"content\":[{\"body\":\"a\"}]",
};

#define BODIES_COUNT(list) (sizeof (list) / sizeof *(list))

static const char *
bodies_choose(struct dice *dice, const char *const *texts, size_t count)
{
	return texts[dice_below(dice, (unsigned int)count)];
}

/* --- devices ------------------------------------------------------------- */

/* The public keys of browsers, in Base64url. */
static char bodies_browsers[BODIES_BROWSERS][BODIES_PUSHKEY_SIZE];

void
bodies_prepare(void)
{
	unsigned char bytes[BODIES_BROWSER_SIZE];
	size_t i, size;
	struct buf text;

	for (i = 0; i < BODIES_BROWSERS; i++) {
		EVP_PKEY *key = fixture_key_create(FIXTURE_KEY_P256);

		if (EVP_PKEY_get_octet_string_param(key, "pub", bytes,
		    sizeof bytes, &size) != 1)
			abort();
		buf_init(&text, BODIES_PUSHKEY_SIZE - 1);
		encoding_append_base64url(&text, bytes, size);
		snprintf(bodies_browsers[i], BODIES_PUSHKEY_SIZE, "%s",
		    buf_text(&text));
		buf_free(&text);
		EVP_PKEY_free(key);
	}
}

void
bodies_name_pushkey(const struct ledger_device *device,
    char text[BODIES_PUSHKEY_SIZE])
{
	if (device->account == NETWORK_WEB)
		snprintf(text, BODIES_PUSHKEY_SIZE, "%s",
		    bodies_browsers[device->pushkey % BODIES_BROWSERS]);
	else if (device->account == NETWORK_UNIFIED)
		snprintf(text, BODIES_PUSHKEY_SIZE,
		    "https://up.example.net/%016zx", device->pushkey);
	else
		snprintf(text, BODIES_PUSHKEY_SIZE, "%016zx%s",
		    device->pushkey, device->malformed ? "!" : "");
}

/* What the app has told its homeserver, or somebody else. */
static void
bodies_add_data(struct bodies *bodies, struct ledger_device *device,
    bool has_event)
{
	static const char *const all[] = {
		",\"data\":{\"format\":\"event_id_only\"}",
		(",\"data\":{\"default_payload\":{\"aps\":{\"alert\":7,"
		    "\"mutable-content\":1}}}"),
		",\"data\":{\"default_payload\":[1]}",
		",\"data\":{\"a\\u0000b\":[]},\"tweaks\":{\"sound\":[]}",
		",\"data\":null,\"unknown\":{}",
	};
	static const char *const odd[] = {
		",\"data\":7",
		",\"data\":{\"format\":{}},\"tweaks\":[1]",
		",\"tweaks\":\"a\"",
	};

	if (device->account == NETWORK_WEB)
		buf_append_format(bodies->text, ",\"data\":{\"endpoint\":"
		    "\"https://push.example.net/%016zx\",\"auth\":"
		    "\"AAAAAAAAAAAAAAAAAAAAAA\"}", device->pushkey);
	else if (bodies_apps[device->app].matrix && !device->unreachable &&
	    dice_chance(bodies->dice, 300)) {
		buf_append_text(bodies->text,
		    ",\"data\":{\"events_only\":true}");
		device->unwanted = !has_event;
	} else if (bodies->tolerant && dice_chance(bodies->dice, 100))
		buf_append_text(bodies->text, bodies_choose(bodies->dice, odd,
		    BODIES_COUNT(odd)));
	else if (dice_chance(bodies->dice, 200))
		buf_append_text(bodies->text, bodies_choose(bodies->dice, all,
		    BODIES_COUNT(all)));
}

static void
bodies_add_time(struct bodies *bodies, struct ledger_device *device)
{
	unsigned int i = dice_below(bodies->dice,
	    (unsigned int)BODIES_COUNT(bodies_times));

	device->pushkey_ts = bodies_times[i].seconds;
	buf_append_format(bodies->text, ",\"pushkey_ts\":%s",
	    bodies_times[i].text);
}

/* A device that is new to the ledger, of an app by chance. */
static struct ledger_device *
bodies_create_device(struct bodies *bodies)
{
	struct ledger_device *device = ledger_add_device(bodies->ledger);
	const struct ledger_item *item =
	    &bodies->ledger->items[device->item];
	unsigned int weights[BODIES_APPS];
	size_t i;

	for (i = 0; i < BODIES_APPS; i++)
		weights[i] = bodies_apps[i].weight;
	device->app = (unsigned int)dice_weigh(bodies->dice, weights,
	    BODIES_APPS);
	device->account = bodies_apps[device->app].account;
	device->lost = bodies_apps[device->app].lost;
	device->unreachable = bodies_apps[device->app].unknown ||
	    (bodies->narrow && !bodies_apps[device->app].narrow);
	device->malformed = device->account == NETWORK_APNS &&
	    !device->lost && !device->unreachable &&
	    dice_chance(bodies->dice, 10);
	/* Nobody between could be kept from reading it. */
	if (device->account == NETWORK_UNIFIED && !device->unreachable)
		device->malformed = bodies->encrypted;
	/* The pushkey of the one before, under an app of another account. */
	if (item->device_count > 1 && dice_chance(bodies->dice, 20) &&
	    device[-1].account != device->account &&
	    device[-1].account < NETWORK_WEB &&
	    device->account < NETWORK_WEB && !device->malformed &&
	    !device[-1].malformed &&
	    device[-1].pushkey == item->first_device + item->device_count - 2)
		device->pushkey = device[-1].pushkey;
	return device;
}

static void
bodies_add_device(struct bodies *bodies, bool has_event)
{
	const char *last = bodies->text->data + bodies->text->size - 1;
	struct ledger_device *device = bodies_create_device(bodies);
	char pushkey[BODIES_PUSHKEY_SIZE];

	bodies_name_pushkey(device, pushkey);
	buf_append_format(bodies->text, "%s{\"app_id\":\"%s\","
	    "\"pushkey\":\"%s\"", *last == '}' ? "," : "",
	    bodies_apps[device->app].app_id, pushkey);
	if (dice_chance(bodies->dice, 250))
		bodies_add_time(bodies, device);
	bodies_add_data(bodies, device, has_event);
	buf_append_text(bodies->text, "}");
}

/* --- notifications ------------------------------------------------------- */

/* A content that is too deep, or too long, to be kept. */
static void
bodies_add_monster(struct bodies *bodies)
{
	char *filling;
	unsigned int i;

	buf_append_text(bodies->text, "\"content\":");
	if (bodies->tolerant && dice_chance(bodies->dice, 500)) {
		for (i = 0; i < BODIES_DEEP; i++)
			buf_append_text(bodies->text, "{\"a\":");
		buf_append_text(bodies->text, "1");
		for (i = 0; i < BODIES_DEEP; i++)
			buf_append_text(bodies->text, "}");
	} else {
		filling = xcalloc(BODIES_WIDE + 1, 1);
		memset(filling, 'a', BODIES_WIDE);
		buf_append_format(bodies->text, "{\"body\":\"%s\"}", filling);
		free(filling);
	}
	buf_append_text(bodies->text, ",");
}

static void
bodies_add_decorations(struct bodies *bodies, bool may_be_large)
{
	while (dice_chance(bodies->dice, 400)) {
		bool odd = bodies->tolerant && dice_chance(bodies->dice, 500);

		buf_append_text(bodies->text, odd ? bodies_choose(bodies->dice,
		    bodies_oddities, BODIES_COUNT(bodies_oddities)) :
		    bodies_choose(bodies->dice, bodies_decorations,
		    BODIES_COUNT(bodies_decorations)));
		buf_append_text(bodies->text, ",");
	}
	if (may_be_large && dice_chance(bodies->dice, 5))
		bodies_add_monster(bodies);
}

/* A message, its id alone, or counts alone. */
static void
bodies_add_plain(struct bodies *bodies, size_t devices, bool may_be_large)
{
	struct ledger_item *item = &bodies->ledger->items[
	    bodies->ledger->item_count - 1];
	bool is_message = dice_chance(bodies->dice, 750);
	bool has_event = is_message || dice_chance(bodies->dice, 500);
	size_t i;

	item->has_event = has_event;
	buf_append_text(bodies->text, "{");
	if (has_event)
		buf_append_text(bodies->text, "\"event_id\":\"" BODIES_EVENT
		    "\",\"room_id\":\"!room\",");
	else if (dice_chance(bodies->dice, 500))
		buf_append_text(bodies->text, "\"event_id\":\"\","
		    "\"room_id\":\"\",\"type\":null,");
	if (is_message)
		buf_append_text(bodies->text, "\"type\":\"m.room.message\","
		    "\"sender\":\"@a:test\",\"content\":{\"msgtype\":"
		    "\"m.text\",\"body\":\"Gr\u00fc\u00dfe\"},");
	buf_append_text(bodies->text, "\"counts\":{\"unread\":2},");
	bodies_add_decorations(bodies, may_be_large);
	buf_append_text(bodies->text, "\"devices\":[");
	for (i = 0; i < devices; i++)
		bodies_add_device(bodies, has_event);
	buf_append_text(bodies->text, "]}");
}

static void
bodies_add_encrypted(struct bodies *bodies)
{
	static char ciphertext[BODIES_CIPHERTEXT + 1];

	memset(ciphertext, 'c', BODIES_CIPHERTEXT);
	buf_append_format(bodies->text, "{\"ciphertext\":\"%s\","
	    "\"time_message_encrypted\":\"2026-11\",\"key_identifier\":"
	    "\"key\",\"prio\":\"high\",\"device\":", ciphertext);
	bodies_add_device(bodies, true);
	buf_append_text(bodies->text, "}");
}

/* --- requests ------------------------------------------------------------ */

static void
bodies_add_batch(struct bodies *bodies, size_t items, int64_t devices,
    bool encrypted)
{
	size_t i;

	buf_append_text(bodies->text, "{\"notifications\":[");
	for (i = 0; i < items; i++) {
		ledger_add_item(bodies->ledger);
		buf_append_format(bodies->text, "%s{\"id\":\"" BODIES_ID
		    "\",\"notification\":", i == 0 ? "" : ",", i);
		if (encrypted)
			bodies_add_encrypted(bodies);
		else
			bodies_add_plain(bodies, (size_t)dice_magnitude(
			    bodies->dice, 0, devices), false);
		buf_append_text(bodies->text, "}");
	}
	buf_append_text(bodies->text, "]}");
}

void
bodies_write(struct bodies *bodies, enum bodies_operation operation)
{
	int64_t devices = dice_chance(bodies->dice, 30) ? 60 : 4;

	bodies->encrypted = operation == BODIES_ENCRYPTED_BATCH;
	bodies->tolerant = operation == BODIES_MATRIX_NOTIFY;
	if (operation == BODIES_NOTIFY || operation == BODIES_MATRIX_NOTIFY) {
		ledger_add_item(bodies->ledger);
		buf_append_text(bodies->text, "{\"notification\":");
		bodies_add_plain(bodies, (size_t)dice_magnitude(bodies->dice,
		    0, devices), true);
		buf_append_text(bodies->text, "}");
	} else
		bodies_add_batch(bodies, (size_t)dice_magnitude(bodies->dice,
		    1, 100), devices, operation == BODIES_ENCRYPTED_BATCH);
}

/* One notification with these members, as the operation has it. */
static void
bodies_add_wrong(struct bodies *bodies, enum bodies_operation operation,
    const char *members)
{
	bool single = operation == BODIES_NOTIFY ||
	    operation == BODIES_MATRIX_NOTIFY;

	buf_append_format(bodies->text, single ? "{\"notification\":{%s}}" :
	    "{\"notifications\":[{\"id\":\"a\",\"notification\":{%s}}]}",
	    members);
}

void
bodies_write_fault(struct bodies *bodies, enum bodies_operation operation,
    enum bodies_fault fault)
{
	static const char *const times[] = {
		"\"1700000000\"", "1700000000.0", "1.7e9", "true", "[]",
		"{\"a\":1}"
	};
	char members[256];
	char *filling;

	switch (fault) {
	case BODIES_NO_JSON:
		buf_append_text(bodies->text, "{\"notification\":");
		break;
	case BODIES_SAME_IDS:
		/* The only thing that is wrong with a batch. */
		buf_append_format(bodies->text, "{%s\"notifications\":",
		    operation == BODIES_BATCH ? "" : "\"notification\":[],");
		buf_append_text(bodies->text,
		    "[{\"id\":\"a\",\"notification\":{\"devices\":[]}},"
		    "{\"id\":\"a\",\"notification\":{\"devices\":[]}}]}");
		break;
	case BODIES_TOO_LARGE:
		filling = xcalloc(BODIES_TOO_LARGE_SIZE + 1, 1);
		memset(filling, ' ', BODIES_TOO_LARGE_SIZE);
		buf_append(bodies->text, filling, BODIES_TOO_LARGE_SIZE);
		free(filling);
		break;
	case BODIES_ODD:
		snprintf(members, sizeof members, "%s,\"devices\":%s",
		    bodies_choose(bodies->dice, bodies_oddities,
		    BODIES_COUNT(bodies_oddities)),
		    operation == BODIES_MATRIX_NOTIFY ? "{}" : "[]");
		bodies_add_wrong(bodies, operation, members);
		break;
	case BODIES_ODD_TIME:
		snprintf(members, sizeof members, "\"devices\":[{\"app_id\":"
		    "\"ios\",\"pushkey\":\"aa\",\"pushkey_ts\":%s}]",
		    bodies_choose(bodies->dice, times, BODIES_COUNT(times)));
		bodies_add_wrong(bodies, operation, members);
		break;
	case BODIES_NO_DEVICES:
		buf_append_text(bodies->text, "{\"notification\":{},"
		    "\"notifications\":[]}");
		break;
	case BODIES_EMPTY:
		buf_append_text(bodies->text, "{}");
		break;
	}
}
