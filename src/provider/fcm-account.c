/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/fcm-account.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json-write.h"
#include "base/xmalloc.h"
#include "provider/fcm-options.h"
#include "provider/provider-util.h"

#define FCM_ACCOUNT_SCOPE "https://www.googleapis.com/auth/firebase.messaging"
#define FCM_ACCOUNT_URL "https://fcm.googleapis.com"

enum {
	FCM_ACCOUNT_TOKEN_RENEW_AHEAD_S = 300,
	FCM_ACCOUNT_TIME_TO_LIVE_MAX_S = 2419200
};

const struct setting fcm_account_settings[] = {
	{ SETTING(fcm_account, app_id, STRING), .required = true },
	{ SETTING(fcm_account, provider, STRING), .required = true },
	{ SETTING(fcm_account, url, STRING),
	    .text = FCM_ACCOUNT_URL },
	{ SETTING(fcm_account, service_account_file, PATH), .required = true },
	{ SETTING(fcm_account, project_id, STRING) },
	{ SETTING(fcm_account, time_to_live_s, INTEGER),
	    .number = FCM_ACCOUNT_TIME_TO_LIVE_MAX_S, .minimum = 0,
	    .maximum = FCM_ACCOUNT_TIME_TO_LIVE_MAX_S },
	PROVIDER_FORM_SETTINGS(fcm_account),
	{ SETTING(fcm_account, fcm_options, OBJECT) },
	{ SETTING(fcm_account, target, STRING), .text = "token" },
	{ SETTING(fcm_account, android_block, STRING), .text = "android" },
	{ SETTING(fcm_account, bandwidth_constrained_ok, BOOLEAN) },
	{ SETTING(fcm_account, restricted_satellite_ok, BOOLEAN) },
	{ .name = NULL }
};

void
fcm_account_close(void *arg)
{
	struct fcm_account *account = arg;

	if (account == NULL)
		return;
	google_credentials_unload(&account->credentials);
	json_object_put(account->fcm_options);
	free(account->blocks[false]);
	free(account->blocks[true]);
	setting_free(fcm_account_settings, account);
	free(account);
}

static bool
fcm_account_has_second_block(const struct fcm_account *account)
{
	return strcmp(account->android_block, "androidV2") == 0;
}

static bool
fcm_account_check(struct fcm_account *account, struct error *error)
{
	static const char *const targets[] = { "token", "fid", NULL };
	static const char *const blocks[] = { "android", "androidV2", NULL };
	const char *wrong = NULL;

	if (!provider_check_url(account->url, error))
		wrong = "url";
	else if (account->project_id != NULL &&
	    !provider_check_project(account->project_id, error))
		wrong = "project_id";
	else if (!provider_check_choice(account->target, targets, error))
		wrong = "target";
	else if (!provider_check_choice(account->android_block, blocks,
	    error))
		wrong = "android_block";
	else if (!fcm_options_check(account->fcm_options, error))
		wrong = "fcm_options";
	else if (fcm_account_has_second_block(account) &&
	    json_object_object_get_ex(account->fcm_options, "android",
	    NULL)) {
		error_set(error, "excludes \"android_block\": \"androidV2\"");
		error_prepend_name(error, "android");
		wrong = "fcm_options";
	}
	if (wrong != NULL)
		error_prepend_name(error, wrong);
	return wrong == NULL &&
	    provider_check_payload(account->payload, error);
}

/*
 * How Android is to handle a message.  The second block is for apps that
 * decrypt what is shown, as an extension does at Apple; what shows nothing may
 * wait.
 */
static struct json_object *
fcm_account_make_android(const struct fcm_account *account, bool is_slow)
{
	struct json_object *android = json_object_new_object(), *remote;
	char ttl[24];

	if (!fcm_account_has_second_block(account))
		json_object_object_add(android, "priority",
		    json_object_new_string(is_slow ? "NORMAL" : "HIGH"));
	else if (is_slow)
		json_object_object_add(android, "backgroundSync",
		    json_object_new_object());
	else {
		remote = json_object_new_object();
		json_object_object_add(remote, "mutableContent",
		    json_object_new_boolean(true));
		json_object_object_add(remote, "useAsV1DataMessage",
		    json_object_new_boolean(true));
		json_object_object_add(android, "remoteNotification", remote);
	}
	snprintf(ttl, sizeof ttl, "%" PRId64 "s", account->time_to_live_s);
	json_object_object_add(android, "ttl", json_object_new_string(ttl));
	if (account->bandwidth_constrained_ok)
		json_object_object_add(android, "bandwidthConstrainedOk",
		    json_object_new_boolean(true));
	if (account->restricted_satellite_ok)
		json_object_object_add(android, "restrictedSatelliteOk",
		    json_object_new_boolean(true));
	return android;
}

/* Once, since it is the same for all messages. */
static void
fcm_account_write_blocks(struct fcm_account *account, bool is_slow)
{
	struct json_object *message = json_object_new_object();
	struct buf buf;

	json_object_object_add(message, account->android_block,
	    fcm_account_make_android(account, is_slow));
	fcm_options_apply(account->fcm_options, message);
	buf_init(&buf, SIZE_MAX - 1);
	json_object_object_foreach(message, name, value) {
		json_write_name(&buf, name);
		json_write_value(&buf, value);
	}
	account->blocks[is_slow] = xstrdup(buf_text(&buf));
	buf_free(&buf);
	json_object_put(message);
}

void *
fcm_account_open(struct json_object *section, const char *directory,
    struct error *error)
{
	struct fcm_account *account = xcalloc(1, sizeof *account);
	bool good = setting_read(fcm_account_settings, section, directory,
	    account, error);

	/* The setting is borrowed. */
	json_object_get(account->fcm_options);
	if (!good || !fcm_account_check(account, error)) {
		fcm_account_close(account);
		account = NULL;
	} else {
		fcm_account_write_blocks(account, false);
		fcm_account_write_blocks(account, true);
	}
	return account;
}

const char *
fcm_account_project(const struct fcm_account *account)
{
	return account->project_id != NULL ? account->project_id :
	    google_credentials_project(&account->credentials);
}

/* What the file and the settings have to say together. */
static bool
fcm_account_check_credentials(const struct fcm_account *account,
    struct error *error)
{
	const char *path = account->service_account_file;
	const char *universe =
	    google_credentials_universe(&account->credentials);
	bool good = false;

	if (strcmp(universe, "googleapis.com") != 0 &&
	    strcmp(account->url, FCM_ACCOUNT_URL) == 0)
		error_set(error, "%s: is of the universe %.100s: \"url\" must "
		    "name its FCM", path, universe);
	else if (fcm_account_project(account) == NULL)
		error_set(error, "%s: names no project: set \"project_id\" "
		    "here to that of Firebase", path);
	else
		good = true;
	return good;
}

bool
fcm_account_load(void *arg, struct error *error)
{
	struct fcm_account *account = arg;
	bool loaded = google_credentials_load(&account->credentials,
	    account->service_account_file, error) &&
	    fcm_account_check_credentials(account, error);

	if (loaded)
		google_credentials_derive(&account->credentials,
		    "push-gateway: collapse_key", account->collapse_key);
	else {
		google_credentials_unload(&account->credentials);
		error_prepend_name(error, "service_account_file");
	}
	return loaded;
}

const char *
fcm_account_credentials(const void *arg, size_t i)
{
	const struct fcm_account *account = arg;

	return i == 0 ? account->service_account_file : NULL;
}

enum cause
fcm_account_describe(const void *arg, const struct device *device,
    struct provider_channel *channel)
{
	const struct fcm_account *account = arg;
	char key[GOOGLE_FINGERPRINT_SIZE];

	(void)device;
	google_credentials_fingerprint(&account->credentials, key);
	*channel = (struct provider_channel){
		.pool = {
			/* The limit on streams is Google's, as its own SDKs
			 * state it; they open up to 100 connections. */
			.max_connections = 10,
			.max_streams = 100,
			.connect_timeout_ms = 3000,
			/* FCM says GOAWAY after 4 minutes idle and 1 hour. */
			.idle_s = 220,
			.age_s = 3300
		},
		.token_renew_ahead_s = FCM_ACCOUNT_TOKEN_RENEW_AHEAD_S
	};
	snprintf(channel->name, sizeof channel->name, "fcm-%.40s-%s-%s",
	    fcm_account_project(account), key,
	    provider_url_host(account->url));
	return CAUSE_NONE;
}

enum provider_mint
fcm_account_mint(const void *arg, const char *origin, int64_t now_s,
    struct token *token, struct http_request *request, struct error *error)
{
	const struct fcm_account *account = arg;

	(void)origin;
	(void)token;
	return google_credentials_mint(&account->credentials,
	    FCM_ACCOUNT_SCOPE, now_s, request, error);
}

enum provider_mint
fcm_account_read(const void *arg, unsigned int step,
    const struct http_reply *reply, int64_t now_s, struct token *token,
    struct http_request *request, struct error *error)
{
	const struct fcm_account *account = arg;

	return google_credentials_read(&account->credentials,
	    FCM_ACCOUNT_SCOPE, step, reply, now_s, token, request, error);
}

const char *
fcm_account_mint_files(const void *arg, size_t i)
{
	const struct fcm_account *account = arg;

	return i == 0 ? google_credentials_mint_file(&account->credentials) :
	    NULL;
}
