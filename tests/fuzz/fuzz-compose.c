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
	COMPOSE_FRAME_SIZE = 400,	/* at most, around the texts */
	COMPOSE_DEVICES = 16		/* of one notification */
};

#define APNS "\"app_id\":\"de.example.app\",\"provider\":\"apns\"," \
    "\"key_file\":\"apns.p8\",\"key_id\":\"ABC1234567\"," \
    "\"team_id\":\"TEAM123456\""
#define FCM "\"app_id\":\"de.example.app\",\"provider\":\"fcm\"," \
    "\"service_account_file\":\"service-account.json\""

static void check_apns(const struct http_request *request,
    struct json_object *body, const struct notification *notification);
static void check_fcm(const struct http_request *request,
    struct json_object *body, const struct notification *notification);

static struct {
	const char *name;
	const char *section;
	void (*check)(const struct http_request *request,
	    struct json_object *body, const struct notification *notification);
	const struct provider *provider;
	void *account;
} accounts[] = {
	{ .name = "apns", .section = "{" APNS "}", .check = check_apns },
	{ .name = "apns", .section = "{" APNS ",\"alert_title\":\"Praxis\","
	    "\"sound\":\"default\",\"time_to_live_s\":0,"
	    "\"environment\":\"sandbox\"}", .check = check_apns },
	{ .name = "fcm", .section = "{" FCM "}", .check = check_fcm },
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
check_apns(const struct http_request *request, struct json_object *body,
    const struct notification *notification)
{
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
check_fcm(const struct http_request *request, struct json_object *body,
    const struct notification *notification)
{
	struct json_object *message = member(body, "message");
	struct json_object *data = member(message, "data");
	size_t size = 0;

	fuzz_require(strstr(buf_text(&request->url),
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

/* --- requests ------------------------------------------------------------ */

static void
check_headers(const struct http_request *request)
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
	fuzz_require(http_request_header(request, "authorization") != NULL,
	    "there is a token");
}

static void
check_request(size_t account, const struct http_request *request,
    const struct notification *notification)
{
	const char *text = buf_text(&request->body);
	struct fuzz_json found = fuzz_json_check(text, request->body.size);
	struct json_object *body = json_tokener_parse(text);

	fuzz_require(found.good && body != NULL, "the body is JSON: %s",
	    text);
	check_headers(request);
	accounts[account].check(request, body, notification);
	json_object_put(body);
}

/* The texts that are never left out: as they are, or as JSON with names. */
static size_t
least_size(const struct notification *notification, bool as_json)
{
	size_t sum = 0, size, i;

	for (i = 0; i < NOTIFICATION_TEXT__MAX; i++) {
		struct json_object *text = notification->texts[i];

		if (text == NULL ||
		    notification_texts[i].last != NOTIFICATION_WITHOUT_NAMES)
			continue;
		fuzz_json_text(text, &size);
		sum += strlen(notification_texts[i].name) + (as_json ?
		    size : (size_t)json_object_get_string_len(text));
	}
	return sum;
}

static void
check_refusal(size_t account, enum cause cause,
    const struct notification *notification)
{
	bool is_apns = accounts[account].check == check_apns;
	size_t limit = is_apns ? COMPOSE_APNS_BODY_SIZE :
	    COMPOSE_FCM_DATA_SIZE;

	fuzz_require(cause == CAUSE_PUSHKEY_MALFORMED ||
	    cause == CAUSE_TOO_LONG, "cause %d is a known one", cause);
	if (cause == CAUSE_TOO_LONG)
		fuzz_require(least_size(notification, is_apns) >
		    limit - COMPOSE_FRAME_SIZE,
		    "%s: only what cannot be shortened is too long",
		    accounts[account].name);
}

static void
compose(size_t account, const struct notification *notification,
    const struct device *device)
{
	struct provider_push push = {
		.token = &token,
		.message_id = "6f9619ff-8b86-4011-b42d-00c04fc964ff",
		.now_s = 1700000000
	};
	struct http_request request;
	enum cause cause;

	http_request_init(&request);
	cause = accounts[account].provider->compose(
	    accounts[account].account, notification, device, &push, &request);
	if (cause == CAUSE_NONE)
		check_request(account, &request, notification);
	else
		check_refusal(account, cause, notification);
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
