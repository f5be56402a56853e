/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/apns-account.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/setting.h"
#include "base/xmalloc.h"

enum {
	APNS_ACCOUNT_FILE_SIZE = 16384,
	/* Older than an hour is refused; more often than every 20 minutes
	 * too.  Renewed at 50 minutes. */
	APNS_ACCOUNT_JWT_LIFE_S = 3600,
	APNS_ACCOUNT_JWT_RENEW_AHEAD_S = 600,
	APNS_ACCOUNT_JWT_MIN_AGE_S = 1200,
	APNS_ACCOUNT_TIME_TO_LIVE_MAX_S = 2592000
};

#define APNS_FIELD(field) .name = #field, \
    .offset = offsetof(struct apns_account, field)

const struct setting apns_account_settings[] = {
	{ APNS_FIELD(app_id), .type = SETTING_STRING, .required = true },
	{ APNS_FIELD(provider), .type = SETTING_STRING, .required = true },
	{ APNS_FIELD(topic), .type = SETTING_STRING },
	{ APNS_FIELD(environment), .type = SETTING_STRING,
	    .text = "production" },
	{ APNS_FIELD(url), .type = SETTING_STRING },
	{ APNS_FIELD(key_file), .type = SETTING_PATH },
	{ APNS_FIELD(key_id), .type = SETTING_STRING },
	{ APNS_FIELD(team_id), .type = SETTING_STRING },
	{ APNS_FIELD(certificate_file), .type = SETTING_PATH },
	{ APNS_FIELD(certificate_password_file), .type = SETTING_PATH },
	{ APNS_FIELD(alert_title), .type = SETTING_STRING },
	{ APNS_FIELD(alert_body), .type = SETTING_STRING,
	    .text = "Neue Nachricht" },
	{ APNS_FIELD(sound), .type = SETTING_STRING },
	{ APNS_FIELD(time_to_live_s), .type = SETTING_INTEGER,
	    .number = 2419200, .minimum = 0,
	    .maximum = APNS_ACCOUNT_TIME_TO_LIVE_MAX_S },
	{ .name = NULL }
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
		error_set(error, "\"topic\" is missing: the pattern \"%s\" "
		    "implies none", account->app_id);
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
	return provider_check_url(account->url, error);
}

/* What belongs to either way to authenticate. */
static const struct {
	const char *name;
	size_t offset;
	bool by_certificate;
	bool optional;
} apns_auth_methods[] = {
#define APNS_ACCOUNT_WAY(field) .name = #field, \
    .offset = offsetof(struct apns_account, field)
	{ APNS_ACCOUNT_WAY(key_file) },
	{ APNS_ACCOUNT_WAY(key_id) },
	{ APNS_ACCOUNT_WAY(team_id) },
	{ APNS_ACCOUNT_WAY(certificate_file), .by_certificate = true },
	{ APNS_ACCOUNT_WAY(certificate_password_file), .by_certificate = true,
	    .optional = true },
	{ .name = NULL }
};

/* Exactly one of the ways, and all of it. */
static bool
apns_account_check_way(const struct apns_account *account,
    struct error *error)
{
	bool by_certificate = account->certificate_file != NULL ||
	    account->certificate_password_file != NULL;
	bool good = true;
	size_t i;

	for (i = 0; apns_auth_methods[i].name != NULL && good; i++) {
		const char *name = apns_auth_methods[i].name;
		char *const *place = (char *const *)((const char *)account +
		    apns_auth_methods[i].offset);
		bool wanted =
		    apns_auth_methods[i].by_certificate == by_certificate;

		good = (*place != NULL) == wanted ||
		    (*place == NULL && apns_auth_methods[i].optional);
		if (!good && wanted) {
			error_set(error, "\"%s\" is missing%s", name,
			    place != &account->key_file ? "" :
			    ", or \"certificate_file\" in place of a key");
		} else if (!good) {
			error_set(error, "\"%s\" and a certificate exclude "
			    "each other", name);
			error_prepend_name(error, name);
		}
	}
	return good;
}

void *
apns_account_open(struct json_object *section, const char *directory,
    struct error *error)
{
	struct apns_account *account = xcalloc(1, sizeof *account);

	if (!setting_read(apns_account_settings, section, directory, account,
	    error) || !apns_account_check_way(account, error) ||
	    (account->key_id != NULL &&
	    !provider_check_id(account->key_id, "key_id", error)) ||
	    (account->team_id != NULL &&
	    !provider_check_id(account->team_id, "team_id", error)) ||
	    !apns_account_set_topic(account, error) ||
	    !apns_account_set_url(account, error)) {
		apns_account_close(account);
		account = NULL;
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
		if (!buf_read_file(&file, path))
			error_set(error, "cannot read %s: %m", path);
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

void
apns_account_describe(const void *arg, struct provider_channel *channel)
{
	const struct apns_account *account = arg;
	const struct key_pair *certificate = account->certificate;
	const char *host = provider_url_host(account->url);
	char key[17];

	*channel = (struct provider_channel){
		.pool = {
			.max_connections = 2,
			.max_streams = 500,
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
}

enum provider_mint
apns_account_mint(const void *arg, int64_t now_s, struct token *token,
    struct http_request *request, struct error *error)
{
	const struct apns_account *account = arg;
	char header[128], claims[128];
	struct buf text;
	bool signed_well;

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
