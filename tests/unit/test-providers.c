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
		check_wishes(app);
		check_forms(app);
		check_token(app);
	}
	for (i = 0; i < sizeof hurries / sizeof *hurries; i++)
		check_hurries(i);
	for (i = 0; i < sizeof probes / sizeof *probes; i++)
		check_probe(i);
	return tap_done();
}
