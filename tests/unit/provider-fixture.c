/* SPDX-License-Identifier: Apache-2.0 */
#include "provider-fixture.h"

#include <string.h>

#include "fixture.h"
#include "tap.h"

/* Of RFC 8291, appendix A. */
#define P256DH "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4" \
    "bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
#define AUTH "BTBZMqHH6r4Tts7J_aSIgg"
#define ENDPOINT "https://push.example/x"
#define APP(provider) "\"app_id\":\"a\",\"provider\":\"" provider "\""

const struct provider_app provider_fixture_apps[] = {
	{ "apns", APP("apns") ",\"key_file\":\"p256.pem\",\"key_id\":"
	    "\"ABC1234567\",\"team_id\":\"TEAM123456\"",
	    "\"pushkey\":\"abababababababababababababababab"
	    "abababababababababababababababab\"" },
	{ "fcm", APP("fcm") ",\"service_account_file\":\"sa.json\"",
	    "\"pushkey\":\"token\"" },
	{ "hms", APP("hms") ",\"version\":1,\"client_id\":\"c\","
	    "\"client_secret_file\":\"secret\",\"hms_app_id\":\"h\"",
	    "\"pushkey\":\"token\"" },
	{ "webpush", APP("webpush") ",\"vapid_key_file\":\"p256.pem\","
	    "\"subject\":\"mailto:push@example.org\"",
	    "\"pushkey\":\"" P256DH "\",\"data\":{\"endpoint\":"
	    "\"" ENDPOINT "\",\"auth\":\"" AUTH "\"}" },
	{ "unifiedpush", APP("unifiedpush"),
	    "\"pushkey\":\"" ENDPOINT "\",\"data\":{\"p256dh\":"
	    "\"" P256DH "\",\"auth\":\"" AUTH "\"}" },
	{ .provider = NULL }
};

static void
provider_fixture_write_credentials(void)
{
	struct json_object *file = fixture_json("{\"project_id\":\"p\","
	    "\"client_email\":\"e\"}");

	fixture_file("p256.pem",
	    fixture_pem(fixture_key(FIXTURE_KEY_P256), NULL));
	fixture_file("secret", "s");
	json_object_object_add(file, "private_key", json_object_new_string(
	    fixture_pem(fixture_key(FIXTURE_KEY_RSA_2048), NULL)));
	fixture_file("sa.json", json_object_to_json_string(file));
	json_object_put(file);
}

void *
provider_fixture_load(const struct provider_app *app, const char *more)
{
	const struct provider *provider = provider_find(app->provider);
	struct error error;
	void *account = provider == NULL ? NULL : provider_fixture_open(
	    provider, fixture_format("{%s%s}", app->settings, more), &error);

	if (account == NULL)
		tap_bail_out("%s: %s", app->provider, error.words);
	provider_fixture_write_credentials();
	if (!provider->load(account, &error))
		tap_bail_out("%s: %s", app->provider, error.words);
	return account;
}

void *
provider_fixture_open(const struct provider *provider, const char *section,
    struct error *error)
{
	struct json_object *object = fixture_json(section);
	void *account = provider->open(object, fixture_directory(), error);

	json_object_put(object);
	return account;
}

void
provider_fixture_check_section(const struct provider *provider,
    const struct provider_section *row)
{
	struct error error = { .words = "" };
	void *account = provider_fixture_open(provider, row->section, &error);

	tap_ok((account != NULL) == (row->pointer == NULL), "%s is %s",
	    row->section, row->pointer == NULL ? "accepted" : "refused");
	if (account == NULL && row->pointer == NULL)
		tap_note("%s: %s", error.pointer, error.words);
	else if (account == NULL) {
		tap_is_string(error.pointer, row->pointer, "%s: the place",
		    row->section);
		tap_contains(error.words, row->words, "%s: the words",
		    row->section);
	}
	provider->close(account);
}

struct outcome
provider_fixture_judge(const struct provider *provider, const void *account,
    const struct device *device, const struct provider_answer *answer)
{
	size_t size = strlen(answer->body);
	struct outcome outcome;
	struct http_reply reply;

	http_reply_init(&reply);
	reply.status = answer->status;
	reply.retry_after_ms = answer->retry_after_ms;
	buf_append(&reply.body, answer->body, size < reply.body.limit ? size :
	    reply.body.limit);
	reply.body.overflowed = size > reply.body.limit;
	if (answer->type != NULL) {
		buf_append_format(&reply.headers, "Content-Type: %s",
		    answer->type);
		buf_append(&reply.headers, "", 1);
	}
	/* Each member of it is to be set. */
	memset(&outcome, 0x55, sizeof outcome);
	provider->judge(account, device, &reply, &outcome);
	http_reply_free(&reply);
	return outcome;
}

bool
provider_fixture_is_judged(const struct outcome *outcome,
    enum verdict verdict, enum cause cause, enum retry retry,
    const char *name)
{
	bool good = tap_is_int(outcome->verdict, verdict, "%s: the verdict",
	    name);

	good &= tap_is_int(outcome->cause, cause, "%s: the cause", name);
	good &= tap_is_int(outcome->retry, retry, "%s: the retry", name);
	return good;
}
