/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/apns-account.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json-write.h"
#include "base/secret.h"
#include "base/setting.h"
#include "base/xmalloc.h"
#include "provider/provider-util.h"

enum {
	APNS_ACCOUNT_FILE_SIZE = 16384,
	APNS_ACCOUNT_ID_SIZE = 10,	/* of a key and of a team */
	/* Older than an hour is refused; more often than every 20 minutes
	 * too.  Renewed at 50 minutes. */
	APNS_ACCOUNT_JWT_LIFE_S = 3600,
	APNS_ACCOUNT_JWT_RENEW_AHEAD_S = 600,
	APNS_ACCOUNT_JWT_MIN_AGE_S = 1200,
	APNS_ACCOUNT_TIME_TO_LIVE_MAX_S = 2592000
};

#define APNS_ACCOUNT_COLLAPSE "push-gateway: apns-collapse-id"

/* Which way to authenticate a setting belongs to. */
enum apns_auth {
	APNS_AUTH_ANY,
	APNS_AUTH_KEY,
	APNS_AUTH_CERTIFICATE,
	APNS_AUTH_PASSWORD	/* of the certificate; optional */
};

const struct setting apns_account_settings[] = {
	{ SETTING(apns_account, app_id, STRING), .required = true },
	{ SETTING(apns_account, provider, STRING), .required = true },
	{ SETTING(apns_account, topic, STRING) },
	{ SETTING(apns_account, environment, STRING), .text = "production" },
	{ SETTING(apns_account, url, STRING) },
	{ SETTING(apns_account, key_file, PATH), .tag = APNS_AUTH_KEY },
	{ SETTING(apns_account, key_id, STRING), .tag = APNS_AUTH_KEY },
	{ SETTING(apns_account, team_id, STRING), .tag = APNS_AUTH_KEY },
	{ SETTING(apns_account, certificate_file, PATH),
	    .tag = APNS_AUTH_CERTIFICATE },
	{ SETTING(apns_account, certificate_password_file, PATH),
	    .tag = APNS_AUTH_PASSWORD },
	{ SETTING(apns_account, alert_title, STRING) },
	{ SETTING(apns_account, alert_body, STRING), .text = "Neue Nachricht" },
	{ SETTING(apns_account, sound, STRING) },
	PROVIDER_FORM_SETTINGS(apns_account),
	{ SETTING(apns_account, push_type, STRING), .text = "alert" },
	{ SETTING(apns_account, time_to_live_s, INTEGER), .number = 2419200,
	    .minimum = 0, .maximum = APNS_ACCOUNT_TIME_TO_LIVE_MAX_S },
	{ .name = NULL }
};

/* Apple, "Sending notification requests to APNs", apns-push-type. */
static const char *const apns_account_push_types[] = {
	"alert", "background", "controls", "complication", "fileprovider",
	"liveactivity", "location", "mdm", "pushtotalk", "voip", "widgets",
	NULL
};

static const struct {
	const char *name;
	const char *url;
} apns_account_environments[] = {
	{ .name = "production", .url = "https://api.push.apple.com" },
	{ .name = "sandbox", .url = "https://api.sandbox.push.apple.com" },
};

void
apns_account_close(void *arg)
{
	struct apns_account *account = arg;

	if (account == NULL)
		return;
	jwt_key_free(account->key);
	key_pair_free(account->certificate);
	setting_free(apns_account_settings, account);
	free(account->alert);
	buf_free(&account->headers);
	free(account);
}

/* The topic that an app_id implies: the bundle id, in front of ".apns". */
static bool
apns_account_set_topic(struct apns_account *account, struct error *error)
{
	size_t length = strlen(account->app_id), ending = strlen(".apns");

	if (account->topic != NULL)
		return true;
	if (strpbrk(account->app_id, "*?[") != NULL) {
		error_set(error, "\"topic\" is missing: the pattern "
		    "\"%.200s\" implies none", account->app_id);
		error_point_to_missing(error, "topic");
		return false;
	}
	account->topic = xstrdup(account->app_id);
	if (length > ending &&
	    strcmp(account->app_id + length - ending, ".apns") == 0)
		account->topic[length - ending] = '\0';
	return true;
}

static bool
apns_account_set_url(struct apns_account *account, struct error *error)
{
	size_t i, count = sizeof apns_account_environments /
	    sizeof *apns_account_environments;

	for (i = 0; i < count && strcmp(apns_account_environments[i].name,
	    account->environment) != 0; i++)
		;
	if (i == count) {
		error_set(error, "must be \"production\" or \"sandbox\"");
		error_prepend_name(error, "environment");
		return false;
	}
	if (account->url == NULL)
		account->url = xstrdup(apns_account_environments[i].url);
	if (!provider_check_url(account->url, error)) {
		error_prepend_name(error, "url");
		return false;
	}
	return true;
}

/* Exactly one way to authenticate, and all of it. */
static bool
apns_account_check_auth(const struct apns_account *account,
    struct error *error)
{
	bool by_certificate = account->certificate_file != NULL ||
	    account->certificate_password_file != NULL;
	const struct setting *setting = apns_account_settings;
	bool good = true;

	for (; setting->name != NULL && good; setting++) {
		bool given = setting_text(setting, account) != NULL;
		bool wanted = (setting->tag == APNS_AUTH_KEY) !=
		    by_certificate;

		if (setting->tag == APNS_AUTH_ANY)
			continue;
		good = given == wanted ||
		    (!given && setting->tag == APNS_AUTH_PASSWORD);
		if (!good && wanted)
			error_set_missing(error, setting->name,
			    account->key_file != NULL || by_certificate ? "" :
			    ", or \"certificate_file\" in place of a key");
		else if (!good) {
			error_set(error, "\"%s\" and a certificate exclude "
			    "each other", setting->name);
			error_prepend_name(error, setting->name);
		}
	}
	return good;
}

/* NULL is good. */
static bool
apns_account_check_id(const char *id, const char *name, struct error *error)
{
	bool good = id == NULL || (strlen(id) == APNS_ACCOUNT_ID_SIZE &&
	    id[strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")] == '\0');

	if (!good) {
		error_set(error, "must be ten capital letters and digits, as "
		    "Apple's developer site shows it");
		error_prepend_name(error, name);
	}
	return good;
}

static bool
apns_account_check_push_type(const struct apns_account *account,
    struct error *error)
{
	bool good = provider_check_choice(account->push_type,
	    apns_account_push_types, error);

	if (!good)
		error_prepend_name(error, "push_type");
	return good;
}

/* Once, as with the alert. */
static void
apns_account_write_headers(struct apns_account *account)
{
	struct http_request request;

	http_request_init(&request);
	http_request_append_header(&request, "content-type", "",
	    "application/json");
	http_request_append_header(&request, "apns-topic", "",
	    account->topic);
	http_request_append_header(&request, "apns-push-type", "",
	    account->push_type);
	account->headers = request.headers;
}

/*
 * Once, since it is the same for all messages.  The extension that decrypts
 * runs only for a visible alert; its text is what the person sees if
 * decryption fails.
 */
static void
apns_account_write_alert(struct apns_account *account)
{
	struct buf alert;

	buf_init(&alert, SIZE_MAX - 1);
	json_write_name(&alert, "alert");
	buf_append_text(&alert, "{");
	if (account->alert_title != NULL) {
		json_write_name(&alert, "title");
		json_write_text(&alert, account->alert_title);
	}
	json_write_name(&alert, "body");
	json_write_text(&alert, account->alert_body);
	buf_append_text(&alert, "}");
	json_write_name(&alert, "mutable-content");
	json_write_integer(&alert, 1);
	if (account->sound != NULL) {
		json_write_name(&alert, "sound");
		json_write_text(&alert, account->sound);
	}
	account->alert = xstrdup(buf_text(&alert));
	buf_free(&alert);
}

void *
apns_account_open(struct json_object *section, const char *directory,
    struct error *error)
{
	struct apns_account *account = xcalloc(1, sizeof *account);

	if (!setting_read(apns_account_settings, section, directory, account,
	    error) || !apns_account_check_auth(account, error) ||
	    !apns_account_check_id(account->key_id, "key_id", error) ||
	    !apns_account_check_id(account->team_id, "team_id", error) ||
	    !provider_check_payload(account->payload, error) ||
	    !apns_account_check_push_type(account, error) ||
	    !apns_account_set_topic(account, error) ||
	    !apns_account_set_url(account, error)) {
		apns_account_close(account);
		account = NULL;
	} else {
		apns_account_write_alert(account);
		apns_account_write_headers(account);
	}
	return account;
}

static bool
apns_account_load_key(struct apns_account *account, const struct buf *file,
    struct error *error)
{
	jwt_key_free(account->key);
	account->key = jwt_key_read(JWT_ES256, buf_text(file), file->size,
	    error);
	if (account->key != NULL)
		jwt_key_derive(account->key, APNS_ACCOUNT_COLLAPSE,
		    account->collapse_key);
	return account->key != NULL;
}

static bool
apns_account_load_certificate(struct apns_account *account,
    const struct buf *file, const struct buf *password, struct error *error)
{
	key_pair_free(account->certificate);
	account->certificate = key_pair_read(buf_text(file), file->size,
	    password == NULL ? NULL : buf_text(password), clock_wall_s(),
	    error);
	if (account->certificate != NULL)
		keyed_hash(account->certificate->key,
		    strlen(account->certificate->key), APNS_ACCOUNT_COLLAPSE,
		    strlen(APNS_ACCOUNT_COLLAPSE), account->collapse_key);
	return account->certificate != NULL;
}

bool
apns_account_load(void *arg, struct error *error)
{
	struct apns_account *account = arg;
	bool by_key = account->key_file != NULL, has_password;
	const char *path = by_key ? account->key_file :
	    account->certificate_file;
	struct buf file, password;
	struct error why;
	bool loaded = false;

	has_password = account->certificate_password_file != NULL;
	buf_init(&file, APNS_ACCOUNT_FILE_SIZE);
	buf_init(&password, SECRET_SIZE);
	if (has_password && !secret_read(&password,
	    account->certificate_password_file, error))
		error_prepend_name(error, "certificate_password_file");
	else {
		if (!secret_read_file(&file, path, error))
			;
		else if (!(by_key ? apns_account_load_key(account, &file,
		    &why) : apns_account_load_certificate(account, &file,
		    has_password ? &password : NULL, &why)))
			error_set(error, "%s %.400s", path, why.words);
		else
			loaded = true;
		if (!loaded)
			error_prepend_name(error, by_key ? "key_file" :
			    "certificate_file");
	}
	buf_wipe(&password);
	buf_wipe(&file);
	return loaded;
}

const char *
apns_account_credentials(const void *arg, size_t i)
{
	const struct apns_account *account = arg;
	const char *const files[] = {
		account->key_file != NULL ? account->key_file :
		    account->certificate_file,
		account->certificate_password_file
	};

	return i < sizeof files / sizeof *files ? files[i] : NULL;
}

int64_t
apns_account_expires_s(const void *arg)
{
	const struct apns_account *account = arg;

	return account->certificate == NULL ? 0 :
	    account->certificate->expires_s;
}

enum cause
apns_account_describe(const void *arg, const struct device *device,
    struct provider_channel *channel)
{
	const struct apns_account *account = arg;
	const struct key_pair *certificate = account->certificate;
	const char *host = provider_url_host(account->url);
	char key[17];

	(void)device;
	*channel = (struct provider_channel){
		.pool = {
			.max_connections = 2,
			.max_streams = 500,
			/* As Apple asks for: "seconds apart". */
			.apart_ms = 2000,
			.http2_only = true,
			.connect_timeout_ms = 3000,
			/* Apple wants connections kept. */
			.idle_s = 3600,
			.age_s = 24 * 3600
		},
	};
	if (certificate != NULL) {
		channel->needs_no_token = true;
		channel->pool.certificate = certificate->chain;
		channel->pool.key = certificate->key;
		snprintf(channel->name, sizeof channel->name, "apns-%s-%s",
		    certificate->fingerprint, host);
	} else {
		/* One stream until a good token was seen. */
		channel->pool.warm_up = true;
		channel->token_renew_ahead_s = APNS_ACCOUNT_JWT_RENEW_AHEAD_S;
		channel->token_min_age_s = APNS_ACCOUNT_JWT_MIN_AGE_S;
		jwt_key_fingerprint(account->key, key);
		snprintf(channel->name, sizeof channel->name,
		    "apns-%.20s-%.20s-%s-%s", account->team_id,
		    account->key_id, key, host);
	}
	return CAUSE_NONE;
}

bool
apns_account_is_sandbox(const void *arg)
{
	const struct apns_account *account = arg;

	return strcmp(account->environment, "sandbox") == 0;
}

enum provider_mint
apns_account_mint(const void *arg, const char *origin, int64_t now_s,
    struct token *token, struct http_request *request, struct error *error)
{
	const struct apns_account *account = arg;
	char header[128], claims[128];
	struct buf text;
	bool signed_well;

	(void)origin;
	(void)request;
	snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"kid\":\"%.40s\"}",
	    account->key_id);
	snprintf(claims, sizeof claims, "{\"iss\":\"%.40s\",\"iat\":%" PRId64
	    "}", account->team_id, now_s);
	buf_init(&text, sizeof token->text - 1);
	signed_well = jwt_sign(account->key, header, claims, &text, error);
	if (signed_well) {
		memcpy(token->text, buf_text(&text), text.size + 1);
		token->issued_s = now_s;
		token->expires_s = now_s + APNS_ACCOUNT_JWT_LIFE_S;
	}
	buf_free(&text);
	return signed_well ? PROVIDER_MINT_DONE : PROVIDER_MINT_FAILED;
}
