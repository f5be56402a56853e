/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/webpush-account.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/xmalloc.h"
#include "http/url.h"
#include "provider/provider-util.h"

enum {
	WEBPUSH_ACCOUNT_KEY_FILE_SIZE = 65536,
	WEBPUSH_ACCOUNT_SUBJECT_SIZE = 255,
	WEBPUSH_ACCOUNT_REPLY_SIZE = 4096,
	/* Push services take a day at most. */
	WEBPUSH_ACCOUNT_JWT_LIFE_S = 43200,
	/* Apple does not want more than one in an hour. */
	WEBPUSH_ACCOUNT_JWT_MIN_AGE_S = 3600,
	WEBPUSH_ACCOUNT_TIME_TO_LIVE_S = 2419200,
	WEBPUSH_ACCOUNT_TIME_TO_LIVE_MAX_S = 2592000
};

#define WEBPUSH_ACCOUNT_SETTINGS(is_required) \
	{ SETTING(webpush_account, app_id, STRING), .required = true }, \
	{ SETTING(webpush_account, provider, STRING), .required = true }, \
	{ SETTING(webpush_account, vapid_key_file, PATH), \
	    .required = is_required }, \
	{ SETTING(webpush_account, vapid_previous_key_file, PATH) }, \
	{ SETTING(webpush_account, subject, STRING), \
	    .required = is_required }, \
	{ SETTING(webpush_account, allowed_endpoints, STRINGS) }, \
	{ SETTING(webpush_account, allowed_ports, INTEGERS), \
	    .minimum = 1, .maximum = 65535 }, \
	{ SETTING(webpush_account, allow_private, STRINGS) }, \
	PROVIDER_FORM_SETTINGS(webpush_account), \
	{ SETTING(webpush_account, time_to_live_s, INTEGER), \
	    .number = WEBPUSH_ACCOUNT_TIME_TO_LIVE_S, .minimum = 0, \
	    .maximum = WEBPUSH_ACCOUNT_TIME_TO_LIVE_MAX_S }, \
	{ .name = NULL }

const struct setting webpush_account_settings[] = {
	WEBPUSH_ACCOUNT_SETTINGS(true)
};

const struct setting webpush_account_unifiedpush_settings[] = {
	WEBPUSH_ACCOUNT_SETTINGS(false)
};

static void
webpush_account_unload(struct webpush_account *account)
{
	jwt_key_free(account->key);
	account->key = NULL;
	jwt_key_free(account->previous_key);
	account->previous_key = NULL;
}

void
webpush_account_close(void *arg)
{
	struct webpush_account *account = arg;

	if (account == NULL)
		return;
	webpush_account_unload(account);
	endpoint_rules_free(&account->rules);
	/* Both tables have the same fields. */
	setting_free(webpush_account_settings, account);
	free(account);
}

/* --- the subject --------------------------------------------------------- */

/* Apple refuses one at which nobody can be reached. */
static bool
webpush_account_is_public(const char *domain)
{
	static const char *const labels[] = {
		"localhost", "local", "invalid", "internal", "lan", NULL
	};
	const char *dot = strrchr(domain, '.');
	size_t i = 0;

	if (dot == NULL || dot == domain || dot[1] == '\0' ||
	    domain[strspn(domain, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
	    "pqrstuvwxyz0123456789-.")] != '\0')
		return false;
	while (labels[i] != NULL && strcasecmp(labels[i], dot + 1) != 0)
		i++;
	return labels[i] == NULL;
}

static bool
webpush_account_subject_is_good(const char *subject)
{
	const char *at = strrchr(subject, '@');
	bool good = false;
	struct url url;

	if (strlen(subject) > WEBPUSH_ACCOUNT_SUBJECT_SIZE ||
	    strpbrk(subject, " <>\"\\") != NULL)
		return false;
	if (strncmp(subject, "mailto:", 7) == 0)
		return at > subject + 7 && webpush_account_is_public(at + 1);
	if (url_read(&url, subject)) {
		good = strcmp(url.scheme, "https") == 0 && url.user == NULL &&
		    webpush_account_is_public(url.host);
		url_free(&url);
	}
	return good;
}

static bool
webpush_account_check(struct webpush_account *account, struct error *error)
{
	const char *wrong = NULL;

	if (account->subject != NULL &&
	    !webpush_account_subject_is_good(account->subject)) {
		error_set(error, "must be mailto: or https: with a public "
		    "domain, as in \"mailto:push@example.org\"");
		wrong = "subject";
	} else if (account->vapid_key_file != NULL &&
	    account->subject == NULL)
		error_set(error, "\"subject\" is missing, which "
		    "\"vapid_key_file\" needs");
	else if (account->vapid_key_file == NULL &&
	    account->vapid_previous_key_file != NULL) {
		error_set(error, "needs \"vapid_key_file\"");
		wrong = "vapid_previous_key_file";
	} else
		return endpoint_rules_read(&account->rules, error) &&
		    provider_check_payload(account->payload, error);
	if (wrong != NULL)
		error_prepend_name(error, wrong);
	return false;
}

void *
webpush_account_open_by(const struct setting *settings,
    struct json_object *section, const char *directory, struct error *error)
{
	struct webpush_account *account = xcalloc(1, sizeof *account);
	bool good = setting_read(settings, section, directory, account,
	    error);

	account->rules.hosts = account->allowed_endpoints;
	account->rules.ports = account->allowed_ports;
	account->rules.private_networks = account->allow_private;
	if (!good || !webpush_account_check(account, error)) {
		webpush_account_close(account);
		account = NULL;
	}
	return account;
}

void *
webpush_account_open(struct json_object *section, const char *directory,
    struct error *error)
{
	return webpush_account_open_by(webpush_account_settings, section,
	    directory, error);
}

void *
webpush_account_open_unifiedpush(struct json_object *section,
    const char *directory, struct error *error)
{
	return webpush_account_open_by(webpush_account_unifiedpush_settings,
	    section, directory, error);
}

bool
webpush_account_check_proxied(const void *arg, struct error *error)
{
	const struct webpush_account *account = arg;

	if (account->allowed_endpoints.count == 0)
		error_set(error, "\"allowed_endpoints\" is missing, which is "
		    "required with a proxy: the gateway cannot check which "
		    "address it connects to");
	return account->allowed_endpoints.count > 0;
}

/* --- keys ---------------------------------------------------------------- */

/* NULL with an error about the setting. */
static struct jwt_key *
webpush_account_load_key(const char *path, const char *name,
    struct error *error)
{
	struct jwt_key *key = NULL;
	struct error why;
	struct buf pem;

	buf_init(&pem, WEBPUSH_ACCOUNT_KEY_FILE_SIZE);
	if (!buf_read_file(&pem, path))
		error_set(error, "cannot read %s: %m", path);
	else if ((key = jwt_key_read(JWT_ES256, buf_text(&pem), pem.size,
	    &why)) == NULL)
		error_set(error, "%s: %.400s", path, why.words);
	if (key == NULL)
		error_prepend_name(error, name);
	buf_wipe(&pem);
	return key;
}

bool
webpush_account_load(void *arg, struct error *error)
{
	struct webpush_account *account = arg;
	const char *previous = account->vapid_previous_key_file;
	bool loaded = true;

	webpush_account_unload(account);
	if (account->vapid_key_file != NULL) {
		account->key = webpush_account_load_key(
		    account->vapid_key_file, "vapid_key_file", error);
		loaded = account->key != NULL;
	}
	if (loaded && previous != NULL) {
		account->previous_key = webpush_account_load_key(previous,
		    "vapid_previous_key_file", error);
		loaded = account->previous_key != NULL;
	}
	if (loaded && account->key != NULL)
		jwt_key_derive(account->key, "push-gateway Topic",
		    account->topic_key);
	return loaded;
}

const char *
webpush_account_credentials(const void *arg, size_t i)
{
	const struct webpush_account *account = arg;

	/* Without the first there is no second. */
	return i == 0 ? account->vapid_key_file :
	    i == 1 ? account->vapid_previous_key_file : NULL;
}

/* --- channels ------------------------------------------------------------ */

/* What channels of the same key may differ in, and must not share. */
static uint64_t
webpush_account_hash(const struct webpush_account *account)
{
	const struct setting_strings *networks = &account->allow_private;
	uint64_t hash = HASH_START;
	char key[17];
	size_t i;

	if (account->subject != NULL)
		hash = hash_add(hash, account->subject,
		    strlen(account->subject) + 1);
	for (i = 0; i < networks->count; i++)
		hash = hash_add(hash, networks->values[i],
		    strlen(networks->values[i]) + 1);
	if (account->previous_key != NULL) {
		jwt_key_fingerprint(account->previous_key, key);
		hash = hash_add(hash, key, sizeof key);
	}
	return hash;
}

enum cause
webpush_account_describe(const struct webpush_account *account,
    const char *endpoint, size_t size, struct provider_channel *channel)
{
	char key[17] = "none";

	*channel = (struct provider_channel){
		.is_by_origin = true,
		.pool = {
			.max_connections = 4,
			.max_streams = 100,
			.warm_up = true,
			.keep_headers = true,
			.connect_timeout_ms = 3000,
			.idle_s = 60,
			.age_s = 3300,
			.is_one_of_many = true,
			.reply_size = WEBPUSH_ACCOUNT_REPLY_SIZE,
			.addresses = &account->rules.addresses
		},
		.needs_no_token = account->key == NULL,
		.token_renew_ahead_s = WEBPUSH_ACCOUNT_JWT_LIFE_S / 2,
		.token_min_age_s = WEBPUSH_ACCOUNT_JWT_MIN_AGE_S
	};
	if (account->key != NULL)
		jwt_key_fingerprint(account->key, key);
	snprintf(channel->name, sizeof channel->name, "%.40s-%s-%016" PRIx64,
	    account->provider, key, webpush_account_hash(account));
	return endpoint == NULL || endpoint_read(&account->rules, endpoint,
	    size, channel->origin) ? CAUSE_NONE : CAUSE_ENDPOINT_REFUSED;
}

/* --- tokens -------------------------------------------------------------- */

static bool
webpush_account_append_line(const struct webpush_account *account,
    const struct jwt_key *key, const char *origin, int64_t expires_s,
    struct buf *text, struct error *error)
{
	struct json_object *claims = json_object_new_object();
	unsigned char point[JWT_POINT_SIZE];
	bool done;

	json_object_object_add(claims, "aud", json_object_new_string(origin));
	json_object_object_add(claims, "exp",
	    json_object_new_int64(expires_s));
	json_object_object_add(claims, "sub",
	    json_object_new_string(account->subject));
	jwt_key_point(key, point);
	done = buf_append_text(text, "vapid t=") && jwt_sign(key,
	    "{\"typ\":\"JWT\",\"alg\":\"ES256\"}",
	    json_object_to_json_string_ext(claims, JSON_C_TO_STRING_PLAIN |
	    JSON_C_TO_STRING_NOSLASHESCAPE), text, error) &&
	    buf_append_text(text, ", k=") &&
	    encoding_append_base64url(text, point, sizeof point);
	json_object_put(claims);
	return done;
}

enum provider_mint
webpush_account_mint(const void *arg, const char *origin, int64_t now_s,
    struct token *token, struct http_request *request, struct error *error)
{
	const struct webpush_account *account = arg;
	int64_t expires_s = now_s + WEBPUSH_ACCOUNT_JWT_LIFE_S;
	struct buf text;
	bool done;

	(void)request;
	error_set(error, "the token does not fit");
	buf_init(&text, sizeof token->text - 1);
	done = webpush_account_append_line(account, account->key, origin,
	    expires_s, &text, error);
	if (done && account->previous_key != NULL)
		done = buf_append_text(&text, "\n") &&
		    webpush_account_append_line(account,
		    account->previous_key, origin, expires_s, &text, error);
	if (done) {
		memcpy(token->text, buf_text(&text), text.size + 1);
		token->issued_s = now_s;
		token->expires_s = expires_s;
	}
	buf_free(&text);
	return done ? PROVIDER_MINT_DONE : PROVIDER_MINT_FAILED;
}
