/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "../unit/fixture.h"
#include "../unit/tap.h"
#include "base/buf.h"
#include "provider/provider.h"

enum {
	COMPOSE_APNS_BODY_SIZE = 4096,
	COMPOSE_FCM_DATA_SIZE = 4096,
	COMPOSE_HMS_BODY_SIZE = 4096,	/* without the token */
	COMPOSE_WEBPUSH_TEXT_SIZE = 3993,	/* RFC 8291, 4 */
	COMPOSE_WEBPUSH_BODY_SIZE = 4096,
	COMPOSE_FRAME_SIZE = 400,	/* at most, around the texts */
	COMPOSE_DEVICES = 16		/* of one notification */
};

#define APNS "\"app_id\":\"de.example.app\",\"provider\":\"apns\"," \
    "\"key_file\":\"apns.p8\",\"key_id\":\"ABC1234567\"," \
    "\"team_id\":\"TEAM123456\""
#define FCM "\"app_id\":\"de.example.app\",\"provider\":\"fcm\"," \
    "\"service_account_file\":\"service-account.json\""

#define HMS "\"app_id\":\"de.example.app\",\"provider\":\"hms\""
#define VAPID ",\"vapid_key_file\":\"apns.p8\"," \
    "\"subject\":\"mailto:push@example.org\""

/* What was composed. */
struct composed {
	const struct http_request *request;
	struct json_object *body;	/* before it is encrypted */
	size_t plain_size;		/* of that; 0: nothing is */
	const struct device *device;
	const struct notification *notification;
};

static void check_apns(const struct composed *composed);
static void check_fcm(const struct composed *composed);
static void check_hms(const struct composed *composed);
static void check_webpush(const struct composed *composed);
static void check_unifiedpush(const struct composed *composed);

/* How texts count. */
enum compose_count {
	COUNTS_TEXT,		/* as they are */
	COUNTS_JSON,		/* as JSON */
	COUNTS_JSON_IN_JSON	/* as JSON in a string of JSON */
};

static struct {
	const char *name;
	const char *section;
	void (*check)(const struct composed *composed);
	size_t limit;
	enum compose_count count;
	bool is_anonymous;	/* without credentials */
	const struct provider *provider;
	void *account;
} accounts[] = {
	{ .name = "apns", .section = "{" APNS "}", .check = check_apns,
	    .limit = COMPOSE_APNS_BODY_SIZE, .count = COUNTS_JSON },
	{ .name = "apns", .section = "{" APNS ",\"alert_title\":\"Praxis\","
	    "\"sound\":\"default\",\"time_to_live_s\":0,"
	    "\"environment\":\"sandbox\"}", .check = check_apns,
	    .limit = COMPOSE_APNS_BODY_SIZE, .count = COUNTS_JSON },
	{ .name = "fcm", .section = "{" FCM "}", .check = check_fcm,
	    .limit = COMPOSE_FCM_DATA_SIZE },
	{ .name = "hms", .section = "{" HMS ",\"version\":2,\"project_id\":"
	    "\"example\",\"client_id\":\"c\",\"client_secret_file\":"
	    "\"secret\"}", .check = check_hms,
	    .limit = COMPOSE_HMS_BODY_SIZE, .count = COUNTS_JSON_IN_JSON },
	{ .name = "hms", .section = "{" HMS ",\"version\":3,"
	    "\"service_account_file\":\"hms.json\"}", .check = check_hms,
	    .limit = COMPOSE_HMS_BODY_SIZE, .count = COUNTS_JSON_IN_JSON },
	{ .name = "webpush", .section = "{\"app_id\":\"de.example.app\","
	    "\"provider\":\"webpush\"" VAPID "}", .check = check_webpush,
	    .limit = COMPOSE_WEBPUSH_TEXT_SIZE, .count = COUNTS_JSON },
	{ .name = "unifiedpush", .section = "{\"app_id\":"
	    "\"de.example.app\",\"provider\":\"unifiedpush\"}",
	    .check = check_unifiedpush, .limit = COMPOSE_WEBPUSH_TEXT_SIZE,
	    .count = COUNTS_JSON, .is_anonymous = true },
};

static struct token token;

static void
close_accounts(void)
{
	size_t i;

	for (i = 0; i < sizeof accounts / sizeof *accounts; i++)
		accounts[i].provider->close(accounts[i].account);
}

static void
write_credentials(void)
{
	struct json_object *file = json_object_new_object();

	fixture_file("apns.p8", fixture_pem(fixture_key(FIXTURE_KEY_P256),
	    NULL));
	json_object_object_add(file, "project_id",
	    json_object_new_string("example"));
	json_object_object_add(file, "private_key_id",
	    json_object_new_string("1"));
	json_object_object_add(file, "client_email",
	    json_object_new_string("gateway@example.org"));
	json_object_object_add(file, "private_key", json_object_new_string(
	    fixture_pem(fixture_key(FIXTURE_KEY_RSA_2048), NULL)));
	fixture_file("service-account.json", json_object_to_json_string(file));
	json_object_object_add(file, "key_id", json_object_new_string("k"));
	json_object_object_add(file, "sub_account",
	    json_object_new_string("s"));
	fixture_file("hms.json", json_object_to_json_string(file));
	fixture_file("secret", "s");
	json_object_put(file);
}

/* Once, with keys made on the spot. */
static void
open_accounts(void)
{
	struct json_object *section;
	struct error error;
	size_t i;

	if (accounts[0].account != NULL)
		return;
	write_credentials();
	memset(token.text, 't', 1024);
	for (i = 0; i < sizeof accounts / sizeof *accounts; i++) {
		section = fixture_json(accounts[i].section);
		accounts[i].provider = provider_find(accounts[i].name);
		accounts[i].account = accounts[i].provider->open(section,
		    fixture_directory(), &error);
		if (accounts[i].account == NULL ||
		    !accounts[i].provider->load(accounts[i].account, &error))
			tap_bail_out("%s: %s", error.pointer, error.words);
		json_object_put(section);
	}
	atexit(close_accounts);
}

/* --- what may be in a body ----------------------------------------------- */

static struct json_object *
member(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, name, &value);
	return value;
}

/* However deep it is; NULL if it is none. */
static struct json_object *
parse(const char *text)
{
	struct json_tokener *tokener =
	    json_tokener_new_ex(FUZZ_JSON_DEPTH_MAX);
	struct json_object *value = json_tokener_parse_ex(tokener, text,
	    (int)strlen(text) + 1);

	json_tokener_free(tokener);
	return value;
}

/* The text of the notification that goes by that name, or NULL. */
static struct json_object *
text_named(const struct notification *notification, const char *name)
{
	size_t i = 0;

	while (i < NOTIFICATION_TEXT__MAX &&
	    strcmp(notification_texts[i].name, name) != 0)
		i++;
	return i == NOTIFICATION_TEXT__MAX ? NULL : notification->texts[i];
}

/* What no level of detail leaves out is there. */
static void
require_texts(struct json_object *sent, const struct notification *notification)
{
	size_t i;

	for (i = 0; i < NOTIFICATION_TEXT__MAX; i++) {
		if (notification->texts[i] != NULL &&
		    notification_texts[i].last == NOTIFICATION_WITHOUT_NAMES)
			fuzz_require(json_object_equal(member(sent,
			    notification_texts[i].name),
			    notification->texts[i]), "%s is sent as it came",
			    notification_texts[i].name);
	}
}

static void
check_apns(const struct composed *composed)
{
	const struct notification *notification = composed->notification;
	const struct http_request *request = composed->request;
	struct json_object *body = composed->body;
	const char *url = buf_text(&request->url);
	const char *tail = strrchr(url, '/') + 1;

	fuzz_require(request->body.size <= COMPOSE_APNS_BODY_SIZE,
	    "APNs takes the body");
	fuzz_require(strstr(url, "/3/device/") != NULL && *tail != '\0' &&
	    tail[strspn(tail, "0123456789abcdef")] == '\0' &&
	    strlen(tail) % 2 == 0, "a device token in hex: %s", url);
	fuzz_require(json_object_is_type(member(body, "aps"),
	    json_type_object), "there is an aps");
	json_object_object_foreach(body, name, value) {
		bool own = strcmp(name, "aps") == 0 ||
		    (notification->kind == NOTIFICATION_PLAIN &&
		    (strcmp(name, "prio") == 0 ||
		    strcmp(name, "counts") == 0));

		if (strcmp(name, "content") == 0)
			fuzz_require(json_object_equal(value,
			    notification->content), "the content");
		else
			fuzz_require(own || json_object_equal(value,
			    text_named(notification, name)),
			    "%s may be sent", name);
	}
	require_texts(body, notification);
	if (!notification_is_badge_only(notification))
		fuzz_require(member(member(member(body, "aps"), "alert"),
		    "body") != NULL, "there is an alert");
}

static void
check_registration_token(struct json_object *text)
{
	const char *c = json_object_get_string(text);

	fuzz_require(json_object_is_type(text, json_type_string) &&
	    *c != '\0', "there is a registration token");
	while (*c > 0x20 && *c < 0x7f)
		c++;
	fuzz_require(c == json_object_get_string(text) +
	    json_object_get_string_len(text),
	    "a registration token is visible ASCII");
}

/* Besides texts: prio, counts, and what is no container of the content. */
static bool
is_fcm_data(const char *name, struct json_object *content)
{
	struct json_object *value = NULL;

	if (strncmp(name, "content_", 8) == 0)
		value = member(content, name + 8);
	return (value != NULL && !json_object_is_type(value,
	    json_type_object) && !json_object_is_type(value,
	    json_type_array)) || strcmp(name, "prio") == 0 ||
	    strcmp(name, "unread") == 0 || strcmp(name, "missed_calls") == 0;
}

static void
check_fcm(const struct composed *composed)
{
	const struct notification *notification = composed->notification;
	struct json_object *body = composed->body;
	struct json_object *message = member(body, "message");
	struct json_object *data = member(message, "data");
	size_t size = 0;

	fuzz_require(strstr(buf_text(&composed->request->url),
	    "/v1/projects/example/messages:send") != NULL, "the URL");
	fuzz_require(json_object_object_length(body) == 1 &&
	    json_object_object_length(message) == 3 &&
	    member(message, "token") != NULL &&
	    member(message, "android") != NULL &&
	    json_object_is_type(data, json_type_object),
	    "token, data and android, and nothing else");
	check_registration_token(member(message, "token"));
	json_object_object_foreach(data, name, value) {
		fuzz_require(json_object_is_type(value, json_type_string),
		    "%s is a string", name);
		size += strlen(name) +
		    (size_t)json_object_get_string_len(value);
		fuzz_require(text_named(notification, name) != NULL ||
		    (notification->kind == NOTIFICATION_PLAIN &&
		    is_fcm_data(name, notification->content)),
		    "%s may be sent", name);
	}
	fuzz_require(size <= COMPOSE_FCM_DATA_SIZE, "FCM takes the data");
	require_texts(data, notification);
}

/* One object, with the members as they came. */
static void
check_form(struct json_object *form, const struct notification *notification)
{
	bool is_plain = notification->kind == NOTIFICATION_PLAIN;

	fuzz_require(json_object_is_type(form, json_type_object),
	    "there is a form");
	json_object_object_foreach(form, name, value) {
		if (is_plain && strcmp(name, "content") == 0)
			fuzz_require(json_object_equal(value,
			    notification->content), "the content");
		else
			fuzz_require((is_plain &&
			    (strcmp(name, "prio") == 0 ||
			    strcmp(name, "unread") == 0 ||
			    strcmp(name, "missed_calls") == 0)) ||
			    json_object_equal(value,
			    text_named(notification, name)),
			    "%s may be sent", name);
	}
	require_texts(form, notification);
}

/* Both forms of Huawei's: the one token, and a string of JSON. */
static void
check_hms(const struct composed *composed)
{
	struct json_object *message = member(composed->body, "message");
	bool is_old = message != NULL;
	struct json_object *tokens = member(is_old ? message :
	    member(composed->body, "target"), "token");
	struct json_object *data = is_old ? member(message, "data") :
	    member(member(composed->body, "payload"), "extraData");
	struct json_object *form;

	fuzz_require(json_object_is_type(tokens, json_type_array) &&
	    json_object_array_length(tokens) == 1 &&
	    json_object_equal(json_object_array_get_idx(tokens, 0),
	    composed->device->pushkey_json), "there is one token");
	check_registration_token(json_object_array_get_idx(tokens, 0));
	fuzz_require(composed->request->body.size <= COMPOSE_HMS_BODY_SIZE +
	    composed->device->pushkey_size, "Huawei takes the body");
	fuzz_require(json_object_is_type(data, json_type_string),
	    "the data are a string");
	form = parse(json_object_get_string(data));
	check_form(form, composed->notification);
	json_object_put(form);
}

/* That what is sent is this, encrypted, is for test-aes128gcm to say. */
static void
check_webpush(const struct composed *composed)
{
	const struct http_request *request = composed->request;

	fuzz_require(composed->plain_size > 0, "it is encrypted");
	fuzz_require(composed->plain_size <= COMPOSE_WEBPUSH_TEXT_SIZE &&
	    request->body.size <= COMPOSE_WEBPUSH_BODY_SIZE,
	    "push services take the body");
	fuzz_require(strncmp(buf_text(&request->url), "https://", 8) == 0,
	    "the URL");
	check_form(composed->body, composed->notification);
}

/* Without keys only what a distributor may read. */
static void
check_unifiedpush(const struct composed *composed)
{
	struct json_object *form = member(composed->body, "notification");

	if (composed->plain_size > 0) {
		check_webpush(composed);
		return;
	}
	fuzz_require(composed->notification->kind == NOTIFICATION_PLAIN,
	    "what is secret is not sent without keys");
	fuzz_require(json_object_object_length(composed->body) == 1 &&
	    json_object_is_type(form, json_type_object), "Matrix' form");
	json_object_object_foreach(form, name, value) {
		(void)value;
		fuzz_require(strcmp(name, "event_id") == 0 ||
		    strcmp(name, "room_id") == 0 ||
		    strcmp(name, "counts") == 0 ||
		    strcmp(name, "prio") == 0 ||
		    strcmp(name, "devices") == 0, "%s may be sent", name);
	}
	fuzz_require(composed->request->body.size <=
	    COMPOSE_WEBPUSH_BODY_SIZE, "distributors take the body");
}

/* --- requests ------------------------------------------------------------ */

static void
check_headers(const struct http_request *request, bool is_anonymous)
{
	const char *line = buf_text(&request->headers);
	const char *end = line + request->headers.size;

	fuzz_require(http_request_is_complete(request),
	    "the request is complete");
	fuzz_require(request->url.size == strlen(buf_text(&request->url)) &&
	    strpbrk(buf_text(&request->url), " \t\r\n\"<>\\") == NULL,
	    "the URL is one");
	for (; line < end; line += strlen(line) + 1)
		fuzz_require(strpbrk(line, "\r\n") == NULL &&
		    strstr(line, ": ") != NULL, "a header is one: %s", line);
	fuzz_require((http_request_header(request, "authorization") == NULL) ==
	    is_anonymous, "there is a token, or none");
}

static void
check_request(size_t account, const struct buf *plain,
    struct composed *composed)
{
	const struct buf *text = plain->size > 0 ? plain :
	    &composed->request->body;
	struct fuzz_json found = fuzz_json_check(buf_text(text), text->size);

	composed->plain_size = plain->size;
	composed->body = parse(buf_text(text));
	fuzz_require(found.good && composed->body != NULL,
	    "the body is JSON: %s", buf_text(text));
	check_headers(composed->request, accounts[account].is_anonymous);
	accounts[account].check(composed);
	json_object_put(composed->body);
}

/* The size of a text, as the provider counts it. */
static size_t
counted_size(struct json_object *text, enum compose_count count)
{
	struct json_object *again;
	const char *json;
	size_t size;

	if (count == COUNTS_TEXT)
		return (size_t)json_object_get_string_len(text);
	json = fuzz_json_text(text, &size);
	if (count == COUNTS_JSON_IN_JSON) {
		again = json_object_new_string_len(json, (int)size);
		fuzz_json_text(again, &size);
		json_object_put(again);
	}
	return size;
}

/* The texts that are never left out, with their names. */
static size_t
least_size(const struct notification *notification, enum compose_count count)
{
	size_t sum = 0, i;

	for (i = 0; i < NOTIFICATION_TEXT__MAX; i++) {
		struct json_object *text = notification->texts[i];

		if (text == NULL ||
		    notification_texts[i].last != NOTIFICATION_WITHOUT_NAMES)
			continue;
		sum += strlen(notification_texts[i].name) +
		    counted_size(text, count);
	}
	return sum;
}

static void
check_refusal(size_t account, enum cause cause,
    const struct notification *notification)
{
	fuzz_require(cause == CAUSE_PUSHKEY_MALFORMED ||
	    cause == CAUSE_ENDPOINT_REFUSED || cause == CAUSE_TOO_LONG,
	    "cause %d is a known one", cause);
	if (cause == CAUSE_TOO_LONG)
		fuzz_require(least_size(notification,
		    accounts[account].count) > accounts[account].limit -
		    COMPOSE_FRAME_SIZE,
		    "%s: only what cannot be shortened is too long",
		    accounts[account].name);
}

static void
compose(size_t account, const struct notification *notification,
    const struct device *device)
{
	struct http_request request;
	struct composed composed = {
		.request = &request, .device = device,
		.notification = notification
	};
	struct buf plain;
	struct provider_push push = {
		.token = accounts[account].is_anonymous ? NULL : &token,
		.message_id = "6f9619ff-8b86-4011-b42d-00c04fc964ff",
		.now_s = 1700000000,
		.plain = &plain
	};
	enum cause cause;

	http_request_init(&request);
	buf_init(&plain, MESSAGE_BODY_SIZE);
	cause = accounts[account].provider->compose(
	    accounts[account].account, notification, device, &push, &request);
	if (cause == CAUSE_NONE)
		check_request(account, &plain, &composed);
	else
		check_refusal(account, cause, notification);
	buf_free(&plain);
	http_request_free(&request);
}

void
fuzz_compose_check(const struct batch *batch)
{
	size_t i, j, k, count = sizeof accounts / sizeof *accounts;

	open_accounts();
	for (i = 0; i < batch->count; i++) {
		const struct notification *one = &batch->notifications[i];

		for (j = 0; j < one->device_count && j < COMPOSE_DEVICES;
		    j++) {
			for (k = 0; k < count; k++)
				compose(k, one, &one->devices[j]);
		}
	}
}
