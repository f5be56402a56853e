/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/hms-account.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/json-text.h"
#include "base/secret.h"
#include "base/xmalloc.h"
#include "provider/provider-util.h"
#include "provider/service-account.h"

enum {
	HMS_ACCOUNT_FILE_SIZE = 65536,
	HMS_ACCOUNT_TOKEN_RENEW_AHEAD_S = 300,
	/* Huawei advises an hour, and allows a day. */
	HMS_ACCOUNT_JWT_LIFE_S = 3600,
	HMS_ACCOUNT_TIME_TO_LIVE_MAX_S = 1296000
};

/* The versions a setting is for, as bits; it is required in these. */
enum {
	HMS_ACCOUNT_V1 = 1 << 1,
	HMS_ACCOUNT_V2 = 1 << 2,
	HMS_ACCOUNT_V3 = 1 << 3,
	HMS_ACCOUNT_OPTIONAL = 1 << 4
};

const struct setting hms_account_settings[] = {
	{ SETTING(hms_account, app_id, STRING), .required = true },
	{ SETTING(hms_account, provider, STRING), .required = true },
	{ SETTING(hms_account, version, INTEGER), .required = true,
	    .minimum = 1, .maximum = 3 },
	{ SETTING(hms_account, url, STRING),
	    .text = "https://push-api.cloud.huawei.com" },
	{ SETTING(hms_account, token_url, STRING),
	    .text = "https://oauth-login.cloud.huawei.com/oauth2/v3/token" },
	{ SETTING(hms_account, client_id, STRING),
	    .tag = HMS_ACCOUNT_V1 | HMS_ACCOUNT_V2 },
	{ SETTING(hms_account, client_secret_file, PATH),
	    .tag = HMS_ACCOUNT_V1 | HMS_ACCOUNT_V2 },
	{ SETTING(hms_account, service_account_file, PATH),
	    .tag = HMS_ACCOUNT_V3 },
	{ SETTING(hms_account, hms_app_id, STRING), .tag = HMS_ACCOUNT_V1 },
	{ SETTING(hms_account, project_id, STRING),
	    .tag = HMS_ACCOUNT_V2 | HMS_ACCOUNT_V3 | HMS_ACCOUNT_OPTIONAL },
	{ SETTING(hms_account, category, STRING) },
	PROVIDER_FORM_SETTINGS(hms_account),
	{ SETTING(hms_account, time_to_live_s, INTEGER),
	    .number = HMS_ACCOUNT_TIME_TO_LIVE_MAX_S, .minimum = 1,
	    .maximum = HMS_ACCOUNT_TIME_TO_LIVE_MAX_S },
	{ .name = NULL }
};

static void
hms_account_unload(struct hms_account *account)
{
	buf_wipe(&account->secret);
	jwt_key_free(account->key);
	account->key = NULL;
	free(account->key_id);
	account->key_id = NULL;
	free(account->sub_account);
	account->sub_account = NULL;
	free(account->file_project_id);
	account->file_project_id = NULL;
}

void
hms_account_close(void *arg)
{
	struct hms_account *account = arg;

	if (account == NULL)
		return;
	hms_account_unload(account);
	setting_free(hms_account_settings, account);
	free(account);
}

/* Each version has settings of its own. */
static bool
hms_account_check_version(const struct hms_account *account,
    struct error *error)
{
	const struct setting *setting = hms_account_settings;
	int bit = 1 << account->version;

	for (; setting->name != NULL; setting++) {
		bool given;

		if (setting->tag == 0)
			continue;
		given = setting_text(setting, account) != NULL;
		if (given && (setting->tag & bit) == 0) {
			error_set(error, "is not for version %d",
			    (int)account->version);
			error_prepend_name(error, setting->name);
			return false;
		}
		/* Version 3 finds its project in the file. */
		if (!given && (setting->tag & bit) != 0 &&
		    !((setting->tag & HMS_ACCOUNT_OPTIONAL) != 0 &&
		    bit == HMS_ACCOUNT_V3)) {
			error_set(error, "\"%s\" is missing, which version "
			    "%d needs", setting->name, (int)account->version);
			error_point_to_missing(error, setting->name);
			return false;
		}
	}
	return true;
}

/* False with an error about the setting; NULL is good. */
static bool
hms_account_check_id(const char *id, const char *name, struct error *error)
{
	bool good = id == NULL || id[strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabc"
	    "defghijklmnopqrstuvwxyz0123456789-_.")] == '\0';

	if (!good) {
		error_set(error, "must be letters, digits, \"-\", \"_\" and "
		    "\".\"");
		error_prepend_name(error, name);
	}
	return good;
}

static bool
hms_account_check_origin(char *url, const char *name, struct error *error)
{
	bool good = provider_check_url(url, error);

	if (!good)
		error_prepend_name(error, name);
	return good;
}

void *
hms_account_open(struct json_object *section, const char *directory,
    struct error *error)
{
	struct hms_account *account = xcalloc(1, sizeof *account);

	buf_init(&account->secret, SECRET_SIZE);
	if (!setting_read(hms_account_settings, section, directory, account,
	    error) || !hms_account_check_version(account, error) ||
	    !hms_account_check_id(account->hms_app_id, "hms_app_id", error) ||
	    !hms_account_check_id(account->project_id, "project_id", error) ||
	    !hms_account_check_origin(account->url, "url", error) ||
	    !hms_account_check_origin(account->token_url, "token_url",
	    error) || !provider_check_payload(account->payload, error)) {
		hms_account_close(account);
		account = NULL;
	}
	return account;
}

static char *
hms_account_copy(struct json_object *object, const char *name,
    struct error *error)
{
	const char *text = json_text_member(object, name);

	if (text == NULL || *text == '\0') {
		error_set(error, "\"%s\" is missing", name);
		return NULL;
	}
	return xstrdup(text);
}

static bool
hms_account_read_file(struct hms_account *account, struct json_object *object,
    struct error *error)
{
	const char *pem = json_text_member(object, "private_key");
	struct error why;

	account->key_id = hms_account_copy(object, "key_id", error);
	if (account->key_id != NULL)
		account->sub_account = hms_account_copy(object, "sub_account",
		    error);
	if (account->sub_account != NULL)
		account->file_project_id = hms_account_copy(object,
		    "project_id", error);
	if (account->file_project_id == NULL || !hms_account_check_id(
	    account->file_project_id, "project_id", error))
		return false;
	account->key = jwt_key_read(JWT_PS256, pem == NULL ? "" : pem,
	    pem == NULL ? 0 : strlen(pem), &why);
	if (account->key == NULL)
		error_set(error, "\"private_key\" %.400s", why.words);
	return account->key != NULL;
}

static bool
hms_account_load_file(struct hms_account *account, struct error *error)
{
	const char *path = account->service_account_file;
	struct json_object *object = NULL;
	struct error why;
	struct buf text;
	size_t offset;
	bool loaded = false;

	buf_init(&text, HMS_ACCOUNT_FILE_SIZE);
	if (!secret_read_file(&text, path, error))
		;
	else if ((object = setting_parse(buf_text(&text), text.size, &offset,
	    &why)) == NULL || !hms_account_read_file(account, object, &why))
		error_set(error, "%s: %.400s", path, why.words);
	else
		loaded = true;
	if (!loaded)
		error_prepend_name(error, "service_account_file");
	json_object_put(object);
	buf_wipe(&text);
	return loaded;
}

static bool
hms_account_load_secret(struct hms_account *account, struct error *error)
{
	bool loaded = secret_read(&account->secret,
	    account->client_secret_file, error);

	if (loaded && account->secret.size == 0) {
		error_set(error, "%s is empty", account->client_secret_file);
		loaded = false;
	}
	if (!loaded)
		error_prepend_name(error, "client_secret_file");
	return loaded;
}

bool
hms_account_load(void *arg, struct error *error)
{
	struct hms_account *account = arg;
	bool loaded;

	hms_account_unload(account);
	loaded = account->version == 3 ?
	    hms_account_load_file(account, error) :
	    hms_account_load_secret(account, error);
	if (!loaded)
		hms_account_unload(account);
	return loaded;
}

const char *
hms_account_credentials(const void *arg, size_t i)
{
	const struct hms_account *account = arg;

	return i > 0 ? NULL : account->version == 3 ?
	    account->service_account_file : account->client_secret_file;
}

const char *
hms_account_path_id(const struct hms_account *account)
{
	if (account->version == 1)
		return account->hms_app_id;
	return account->project_id != NULL ? account->project_id :
	    account->file_project_id;
}

enum cause
hms_account_describe(const void *arg, const struct device *device,
    struct provider_channel *channel)
{
	const struct hms_account *account = arg;
	char key[17];
	uint64_t hash;

	(void)device;
	*channel = (struct provider_channel){
		.pool = {
			.max_connections = 4,
			.max_streams = 100,
			.connect_timeout_ms = 3000,
			.idle_s = 60,
			.age_s = 3300
		},
		.token_renew_ahead_s = HMS_ACCOUNT_TOKEN_RENEW_AHEAD_S
	};
	if (account->version == 3)
		jwt_key_fingerprint(account->key, key);
	else {
		/* Tells clients apart, and says nothing of the secret. */
		hash = hash_add(HASH_START, account->client_id,
		    strlen(account->client_id) + 1);
		hash = hash_add(hash, account->token_url,
		    strlen(account->token_url));
		snprintf(key, sizeof key, "%016" PRIx64, hash);
	}
	snprintf(channel->name, sizeof channel->name, "hms%d-%.40s-%s-%s",
	    (int)account->version, hms_account_path_id(account), key,
	    provider_url_host(account->url));
	return CAUSE_NONE;
}

/* --- tokens -------------------------------------------------------------- */

static bool
hms_account_sign(const struct hms_account *account, int64_t now_s,
    struct buf *text, struct error *error)
{
	struct json_object *header = json_object_new_object();
	struct json_object *claims = json_object_new_object();
	bool done;

	json_object_object_add(header, "kid",
	    json_object_new_string(account->key_id));
	json_object_object_add(header, "typ", json_object_new_string("JWT"));
	json_object_object_add(header, "alg", json_object_new_string("PS256"));
	json_object_object_add(claims, "iss",
	    json_object_new_string(account->sub_account));
	json_object_object_add(claims, "aud",
	    json_object_new_string(account->token_url));
	json_object_object_add(claims, "iat", json_object_new_int64(now_s));
	json_object_object_add(claims, "exp",
	    json_object_new_int64(now_s + HMS_ACCOUNT_JWT_LIFE_S));
	done = jwt_sign(account->key, json_object_to_json_string_ext(header,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	    json_object_to_json_string_ext(claims,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE), text,
	    error);
	json_object_put(header);
	json_object_put(claims);
	return done;
}

static enum provider_mint
hms_account_make_token(const struct hms_account *account, int64_t now_s,
    struct token *token, struct error *error)
{
	struct buf text;
	bool done;

	buf_init(&text, sizeof token->text - 1);
	done = hms_account_sign(account, now_s, &text, error);
	if (done) {
		memcpy(token->text, buf_text(&text), text.size + 1);
		token->issued_s = now_s;
		token->expires_s = now_s + HMS_ACCOUNT_JWT_LIFE_S;
	}
	buf_free(&text);
	return done ? PROVIDER_MINT_DONE : PROVIDER_MINT_FAILED;
}

enum provider_mint
hms_account_mint(const void *arg, const char *origin, int64_t now_s,
    struct token *token, struct http_request *request, struct error *error)
{
	const struct hms_account *account = arg;

	(void)origin;
	if (account->version == 3)
		return hms_account_make_token(account, now_s, token, error);
	buf_append_text(&request->url, account->token_url);
	http_request_add_header(request, "content-type",
	    "application/x-www-form-urlencoded");
	buf_append_text(&request->body, "grant_type=client_credentials"
	    "&client_id=");
	encoding_append_form(&request->body, account->client_id);
	buf_append_text(&request->body, "&client_secret=");
	encoding_append_form(&request->body, buf_text(&account->secret));
	if (http_request_is_complete(request))
		return PROVIDER_MINT_ASK;
	error_set(error, "the token request does not fit");
	return PROVIDER_MINT_FAILED;
}

enum provider_mint
hms_account_read(const void *arg, unsigned int step,
    const struct http_reply *reply, int64_t now_s, struct token *token,
    struct http_request *request, struct error *error)
{
	(void)arg;
	(void)step;
	(void)request;
	return service_account_read(reply, now_s, token, error) ?
	    PROVIDER_MINT_DONE : PROVIDER_MINT_FAILED;
}
