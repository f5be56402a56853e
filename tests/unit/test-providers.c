/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for each provider. */
#include "provider/provider.h"

#include <string.h>

#include "compose.h"
#include "fixture.h"
#include "provider-fixture.h"
#include "tap.h"

#define EVENT "\"event_id\":\"e\","
#define COUNTS "\"counts\":{\"unread\":1},"
#define UNCOUNTED ",\"send_badge_counts\":false"
#define MATRIX ",\"payload\":\"matrix\""

/* Of an app, with more members of its device. */
static const char *
plain(const struct provider_app *app, const char *members)
{
	return fixture_format("{\"notification\":{%s\"devices\":[{"
	    "\"app_id\":\"a\",%s}]}}", members, app->device);
}

static const char *
encrypted(const struct provider_app *app, const char *members)
{
	return fixture_format("{\"notifications\":[{\"id\":\"0\","
	    "\"notification\":{%s\"ciphertext\":\"%s\","
	    "\"time_message_encrypted\":\"t\",\"key_identifier\":\"k\","
	    "\"device\":{\"app_id\":\"a\",%s}}}]}", members,
	    fixture_repeat("c", 1404), app->device);
}

/* --- settings and files -------------------------------------------------- */

/* The settings of an app but for one. */
static const char *
settings_without(const struct provider_app *app, const char *name)
{
	return fixture_json_with(fixture_format("{%s}", app->settings),
	    fixture_format("{\"%s\":null}", name));
}

static void
check_required(const struct provider_app *app)
{
	static const char *const names[] = { "app_id", "provider" };
	size_t i;

	for (i = 0; i < sizeof names / sizeof *names; i++)
		provider_fixture_check_section(provider_find(app->provider),
		    &(struct provider_section){
			.section = settings_without(app, names[i]),
			.pointer = "", .words = fixture_format(
			"\"%s\" is missing", names[i]) });
}

/* --- channels ------------------------------------------------------------ */

/* How connections are kept, and tokens; in the order of the apps. */
static const struct {
	const char *file;	/* of its credentials; NULL: none */
	unsigned int max_connections;
	unsigned int max_streams;
	int64_t apart_ms;
	int64_t idle_s;
	int64_t age_s;
	bool http2_only;
	bool warm_up;
	bool keep_headers;
	bool is_one_of_many;
	bool needs_no_token;
	int64_t token_renew_ahead_s;
	int64_t token_min_age_s;
} channels[] = {
	{ .file = "p256.pem", .max_connections = 2, .max_streams = 500,
	    .apart_ms = 2000, .idle_s = 3600, .age_s = 86400,
	    .http2_only = true, .warm_up = true, .token_renew_ahead_s = 600,
	    .token_min_age_s = 1200 },
	{ .file = "sa.json", .max_connections = 10, .max_streams = 100,
	    .idle_s = 220, .age_s = 3300, .token_renew_ahead_s = 300 },
	{ .file = "secret", .max_connections = 4, .max_streams = 100,
	    .idle_s = 60, .age_s = 3300, .token_renew_ahead_s = 300 },
	{ .file = "p256.pem", .max_connections = 4, .max_streams = 100,
	    .idle_s = 60, .age_s = 3300, .warm_up = true,
	    .keep_headers = true, .is_one_of_many = true,
	    .token_renew_ahead_s = 21600, .token_min_age_s = 3600 },
	{ .file = NULL, .max_connections = 4, .max_streams = 100,
	    .idle_s = 60, .age_s = 3300, .warm_up = true,
	    .keep_headers = true, .is_one_of_many = true,
	    .needs_no_token = true, .token_renew_ahead_s = 21600,
	    .token_min_age_s = 3600 },
};

static void
check_pool(size_t i, const struct http_pool_params *pool)
{
	const char *name = provider_fixture_apps[i].provider;

	tap_is_int(pool->max_connections, channels[i].max_connections,
	    "%s: how many connections", name);
	tap_is_int(pool->max_streams, channels[i].max_streams,
	    "%s: how many requests on each", name);
	tap_is_int(pool->apart_ms, channels[i].apart_ms,
	    "%s: how far apart they are opened", name);
	tap_is_int(pool->connect_timeout_ms, 3000,
	    "%s: three seconds to connect", name);
	tap_is_int(pool->idle_s, channels[i].idle_s,
	    "%s: how long one is kept unused", name);
	tap_is_int(pool->age_s, channels[i].age_s,
	    "%s: how old one may become", name);
	tap_ok(pool->http2_only == channels[i].http2_only &&
	    pool->warm_up == channels[i].warm_up &&
	    pool->keep_headers == channels[i].keep_headers &&
	    pool->is_one_of_many == channels[i].is_one_of_many,
	    "%s: what else holds for them", name);
}

static void
check_channel(size_t i)
{
	const struct provider_app *app = &provider_fixture_apps[i];
	const struct provider *provider = provider_find(app->provider);
	void *account = provider_fixture_load(app, "");
	const char *file = channels[i].file;
	struct provider_channel channel;

	tap_is_int(provider->describe(account, NULL, &channel), CAUSE_NONE,
	    "%s: there is a channel", app->provider);
	check_pool(i, &channel.pool);
	tap_is_int(channel.needs_no_token, channels[i].needs_no_token,
	    "%s: are tokens needed", app->provider);
	tap_is_int(channel.token_renew_ahead_s,
	    channels[i].token_renew_ahead_s, "%s: when they are renewed",
	    app->provider);
	tap_is_int(channel.token_min_age_s, channels[i].token_min_age_s,
	    "%s: how long they are kept though refused", app->provider);
	tap_is_string(provider->credentials(account, 0), file == NULL ? NULL :
	    fixture_path(file), "%s: the file of its credentials",
	    app->provider);
	tap_is_string(provider->credentials(account, 1), NULL,
	    "%s: it has no other", app->provider);
	provider->close(account);
}

/* --- what is not sent at all --------------------------------------------- */

static const struct {
	const char *name;
	const char *settings;
	const char *members;
	bool is_encrypted;
	bool unwanted;
} wishes[] = {
	{ "an event", "", EVENT, false, false },
	{ "an event and counts", "", EVENT COUNTS, false, false },
	{ "counts alone", "", COUNTS, false, false },
	{ "an event where counts are not sent", UNCOUNTED, EVENT, false,
	    false },
	{ "an event and counts that are not sent", UNCOUNTED, EVENT COUNTS,
	    false, false },
	{ "counts alone that are not sent", UNCOUNTED, COUNTS, false, true },
	{ "nothing where counts are not sent", UNCOUNTED, "", false, false },
	/* What Matrix clients ask for is in test-matrix.c. */
	{ "a room and counts that are not sent, for Matrix",
	    MATRIX UNCOUNTED, "\"room_id\":\"r\"," COUNTS, false, true },
	{ "a room and counts that are not sent", UNCOUNTED,
	    "\"room_id\":\"r\"," COUNTS, false, false },
	{ "an encrypted one and counts that are not sent", UNCOUNTED, COUNTS,
	    true, false },
	{ "the same for Matrix", MATRIX UNCOUNTED, COUNTS, true, false },
};

static bool
is_unwanted(const struct provider *provider, const void *account,
    enum decode_operation operation, const char *text)
{
	struct provider_advice advice = { .oddity = NULL };
	struct batch *batch = compose_decode(operation, text);

	provider->consider(account, &batch->notifications[0],
	    &batch->notifications[0].devices[0], &advice);
	batch_free(batch);
	return advice.is_unwanted;
}

static void
check_wishes(const struct provider_app *app)
{
	const struct provider *provider = provider_find(app->provider);
	size_t i;

	for (i = 0; i < sizeof wishes / sizeof *wishes; i++) {
		void *account = provider_fixture_load(app,
		    wishes[i].settings);

		tap_is_int(wishes[i].is_encrypted ? is_unwanted(provider,
		    account, DECODE_ENCRYPTED_BATCH, encrypted(app,
		    wishes[i].members)) : is_unwanted(provider, account,
		    DECODE_NOTIFY, plain(app, wishes[i].members)),
		    wishes[i].unwanted, "%s: %s: %swanted", app->provider,
		    wishes[i].name, wishes[i].unwanted ? "not " : "");
		provider->close(account);
	}
}

/* --- how fast it is to be ------------------------------------------------ */

/* What is low, and what nobody sees, may wait. */
static const struct {
	const char *provider;
	const char *header;	/* NULL: it is in the body */
	const char *fast;
	const char *slow;
	const char *counts;	/* of a badge alone */
} hurries[] = {
	/* Apple shows a badge, too. */
	{ "apns", "apns-priority", "10", "5", "10" },
	{ "fcm", NULL, "\"priority\":\"HIGH\"", "\"priority\":\"NORMAL\"",
	    "\"priority\":\"NORMAL\"" },
	{ "hms", NULL, "\"urgency\":\"HIGH\"", "\"urgency\":\"NORMAL\"",
	    "\"urgency\":\"NORMAL\"" },
	{ "webpush", "urgency", "high", "low", "low" },
	{ "unifiedpush", "urgency", "high", "low", "low" },
};

static void
check_hurry(size_t i, const char *name, const char *members,
    const char *expected)
{
	const struct provider_app *app = &provider_fixture_apps[i];
	const struct provider *provider = provider_find(app->provider);
	void *account = provider_fixture_load(app, "");
	const char *header = hurries[i].header;
	struct http_request request;

	compose_first(provider, account, DECODE_NOTIFY, plain(app, members),
	    &request);
	if (header == NULL)
		tap_contains(buf_text(&request.body), expected, "%s: %s: %s",
		    app->provider, name, expected);
	else
		tap_is_string(http_request_header(&request, header), expected,
		    "%s: %s: %s", app->provider, name, header);
	http_request_free(&request);
	provider->close(account);
}

static void
check_hurries(size_t i)
{
	if (strcmp(hurries[i].provider, provider_fixture_apps[i].provider) !=
	    0)
		tap_bail_out("rows are not in the order of apps");
	check_hurry(i, "an event", EVENT, hurries[i].fast);
	check_hurry(i, "an event of low priority", EVENT "\"prio\":\"low\",",
	    hurries[i].slow);
	check_hurry(i, "an event and counts", EVENT COUNTS, hurries[i].fast);
	check_hurry(i, "counts alone", COUNTS, hurries[i].counts);
	check_hurry(i, "counts alone of low priority",
	    COUNTS "\"prio\":\"low\",", hurries[i].slow);
}

/* --- forms --------------------------------------------------------------- */

/* What the app gets of an encrypted one, with more settings. */
static const char *
encrypted_form(const struct provider_app *app, const char *more)
{
	const struct provider *provider = provider_find(app->provider);
	void *account = provider_fixture_load(app, more);
	struct http_request request;
	const char *text;
	struct buf form;

	buf_init(&form, MESSAGE_BODY_SIZE);
	if (compose_push(provider, account, DECODE_ENCRYPTED_BATCH,
	    encrypted(app, ""), &(struct provider_push){ .plain = &form },
	    &request) != CAUSE_NONE)
		tap_bail_out("%s: it does not go out", app->provider);
	text = fixture_format("%s", buf_text(form.size > 0 ? &form :
	    &request.body));
	buf_free(&form);
	http_request_free(&request);
	provider->close(account);
	return text;
}

static void
check_forms(const struct provider_app *app)
{
	const struct provider *provider = provider_find(app->provider);
	void *account = provider_fixture_load(app, "");
	struct http_request request;

	tap_is_string(encrypted_form(app, MATRIX), encrypted_form(app, ""),
	    "%s: an encrypted one is the same for Matrix", app->provider);
	tap_is_int(compose_variant(provider, account, DECODE_NOTIFY,
	    plain(app, EVENT), 1, &request), CAUSE_TOO_LONG,
	    "%s: an event alone has no shorter form", app->provider);
	http_request_free(&request);
	provider->close(account);
}

/* --- nothing forges a header --------------------------------------------- */

static void
check_token(const struct provider_app *app)
{
	const struct provider *provider = provider_find(app->provider);
	void *account = provider_fixture_load(app, "");
	struct token token = { .text = "t\rx-forged: y" };
	struct http_request request;
	enum cause cause = compose_push(provider, account, DECODE_NOTIFY,
	    plain(app, EVENT), &(struct provider_push){ .token = &token },
	    &request);

	tap_ok(cause == CAUSE_REFUSED || cause == CAUSE_TOO_LONG,
	    "%s: a token that would forge a header is not sent, and no "
	    "pushkey is blamed", app->provider);
	http_request_free(&request);
	provider->close(account);
}

/* --- the probe of credentials -------------------------------------------- */

/* What the provider says of a device that cannot be. */
static const struct {
	size_t app;
	bool is_counted;	/* it minds */
	int status;
	const char *body;
} probes[] = {
	{ 0, true, 400, "{\"reason\":\"BadDeviceToken\"}" },
	{ 0, true, 200, "" },
	{ 1, false, 400, "{\"error\":{\"status\":\"INVALID_ARGUMENT\","
	    "\"details\":[{\"@type\":\"type.googleapis.com/"
	    "google.rpc.BadRequest\",\"fieldViolations\":[{\"field\":"
	    "\"message.token\"}]}]}}" },
	{ 1, false, 404, "{\"error\":{\"status\":\"NOT_FOUND\","
	    "\"details\":[{\"@type\":\"type.googleapis.com/"
	    "google.firebase.fcm.v1.FcmError\",\"errorCode\":"
	    "\"UNREGISTERED\"}]}}" },
	{ 1, false, 200, "{}" },
};

static bool
names_reason(const struct provider_probe *probe, const char *reason)
{
	size_t i = 0;

	while (probe->reasons[i] != NULL &&
	    strcmp(probe->reasons[i], reason) != 0)
		i++;
	return probe->reasons[i] != NULL;
}

static void
check_probe(size_t i)
{
	const struct provider_app *app = &provider_fixture_apps[probes[i].app];
	const struct provider *provider = provider_find(app->provider);
	void *account = provider_fixture_load(app, "");
	struct device device = { .app_id = "a",
	    .pushkey = provider->probe->pushkey };
	struct http_request request;
	struct outcome outcome = provider_fixture_judge(provider, account,
	    &device, &(struct provider_answer){ .status = probes[i].status,
		.body = probes[i].body, .retry_after_ms = -1 });

	tap_is_int(compose_push(provider, account, DECODE_NOTIFY,
	    fixture_format("{\"notification\":{\"devices\":[{\"app_id\":"
	    "\"a\",\"pushkey\":\"%s\"}]}}", provider->probe->pushkey),
	    &(struct provider_push){ .validate_only = true }, &request),
	    CAUSE_NONE, "%s: the pushkey of the probe can be sent",
	    app->provider);
	if (strcmp(app->provider, "fcm") == 0)
		tap_contains(buf_text(&request.body),
		    "\"validate_only\":true",
		    "fcm: the probe is validated alone");
	tap_ok(names_reason(provider->probe, outcome.reason),
	    "%s: %s to the probe: the credentials are good", app->provider,
	    outcome.reason);
	tap_is_int(provider->probe->is_counted, probes[i].is_counted,
	    "%s: is it counted", app->provider);
	http_request_free(&request);
	provider->close(account);
}

int
main(void)
{
	const struct provider_app *app;
	size_t i;

	for (app = provider_fixture_apps; app->provider != NULL; app++) {
		check_required(app);
		check_wishes(app);
		check_forms(app);
		check_token(app);
	}
	for (i = 0; i < sizeof channels / sizeof *channels; i++)
		check_channel(i);
	for (i = 0; i < sizeof hurries / sizeof *hurries; i++)
		check_hurries(i);
	for (i = 0; i < sizeof probes / sizeof *probes; i++)
		check_probe(i);
	return tap_done();
}
