/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/external-account.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/json-text.h"
#include "base/json-write.h"
#include "base/setting.h"
#include "base/xmalloc.h"
#include "provider/provider-util.h"
#include "provider/service-account.h"

#define EXTERNAL_GRANT "urn:ietf:params:oauth:grant-type:token-exchange"
#define EXTERNAL_ACCESS_TOKEN "urn:ietf:params:oauth:token-type:access_token"
/* With which a token may impersonate. */
#define EXTERNAL_SCOPE_ALL "https://www.googleapis.com/auth/cloud-platform"
#define EXTERNAL_POOLS "//iam.googleapis.com/"
#define EXTERNAL_IMPERSONATION_END ":generateAccessToken"
#define EXTERNAL_EMAIL_END ".iam.gserviceaccount.com"

enum {
	/* Google's: the default, and its range. */
	EXTERNAL_LIFETIME_S = 3600,
	EXTERNAL_LIFETIME_MIN_S = 600,
	EXTERNAL_LIFETIME_MAX_S = 43200
};

static const struct setting external_account_settings[] = {
	{ SETTING(external_account, audience, STRING), .required = true },
	{ SETTING(external_account, subject_token_type, STRING),
	    .required = true },
	{ SETTING(external_account, token_url, STRING), .required = true },
	{ SETTING(external_account, service_account_impersonation_url,
	    STRING) },
	{ SETTING(external_account, project_id, STRING) },
	{ SETTING(external_account, quota_project_id, STRING) },
	{ SETTING(external_account, universe_domain, STRING),
	    .text = "googleapis.com" },
	{ .name = NULL }
};

static const struct setting external_lifetime_settings[] = {
	{ SETTING(external_account, token_lifetime_seconds, INTEGER),
	    .number = EXTERNAL_LIFETIME_S,
	    .minimum = EXTERNAL_LIFETIME_MIN_S,
	    .maximum = EXTERNAL_LIFETIME_MAX_S },
	{ .name = NULL }
};

void
external_account_unload(struct external_account *account)
{
	subject_source_unload(&account->source);
	setting_free(external_account_settings, account);
}

/* --- the file ------------------------------------------------------------- */

static bool
external_check_url(char *url, const char *name, struct error *error)
{
	bool good = provider_check_url(url, error);

	if (!good) {
		error_set(error, "must be an https:// URL without a query, "
		    "not %.200s", url);
		error_prepend_name(error, name);
	}
	return good;
}

/* What kind of token the source has; AWS signs requests instead. */
static bool
external_check_type(const struct external_account *account,
    struct error *error)
{
	static const char *const types[] = {
		"urn:ietf:params:oauth:token-type:jwt",
		"urn:ietf:params:oauth:token-type:id_token",
		"urn:ietf:params:oauth:token-type:saml2", NULL
	};
	struct error why;
	bool good = provider_check_choice(account->subject_token_type, types,
	    &why);

	if (!good) {
		error_set(error, "%s, not %.100s", why.words,
		    account->subject_token_type);
		error_prepend_name(error, "subject_token_type");
	}
	return good;
}

static bool
external_check_audience(const struct external_account *account,
    struct error *error)
{
	bool good = strncmp(account->audience, EXTERNAL_POOLS,
	    strlen(EXTERNAL_POOLS)) == 0;

	if (!good) {
		error_set(error, "must be the provider of a pool, "
		    EXTERNAL_POOLS "projects/..., not %.200s",
		    account->audience);
		error_prepend_name(error, "audience");
	}
	return good;
}

/* The impersonated account in its URL, without its end, or NULL. */
static const char *
external_find_email(const char *url, size_t *size)
{
	const char *slash = strrchr(url, '/');
	const char *end = slash == NULL ? NULL : strchr(slash, ':');

	if (end == NULL || end == slash + 1 ||
	    strcmp(end, EXTERNAL_IMPERSONATION_END) != 0)
		return NULL;
	*size = (size_t)(end - slash - 1);
	return slash + 1;
}

static bool
external_check_impersonation(const struct external_account *account,
    struct error *error)
{
	char *url = account->service_account_impersonation_url;
	bool good = url == NULL || external_check_url(url,
	    "service_account_impersonation_url", error);
	size_t size;

	if (good && url != NULL && external_find_email(url, &size) == NULL) {
		error_set(error, "must end with /serviceAccounts/EMAIL"
		    EXTERNAL_IMPERSONATION_END ", not %.200s", url);
		error_prepend_name(error, "service_account_impersonation_url");
		good = false;
	}
	return good;
}

static bool
external_check_project(const char *project_id, const char *name,
    struct error *error)
{
	bool good = project_id == NULL ||
	    provider_check_project(project_id, error);

	if (!good)
		error_prepend_name(error, name);
	return good;
}

/*
 * Such files name no project of Firebase.  Where nothing else does it is the
 * impersonated account's, which is its domain's first part.
 */
static void
external_guess_project(struct external_account *account)
{
	const char *url = account->service_account_impersonation_url;
	char *email, *project, *end;
	const char *found;
	struct error error;
	size_t size;

	if (account->project_id == NULL && account->quota_project_id != NULL)
		account->project_id = xstrdup(account->quota_project_id);
	if (account->project_id != NULL || url == NULL)
		return;
	found = external_find_email(url, &size);
	email = xasprintf("%.*s", (int)size, found);
	project = strchr(email, '@');
	end = project == NULL ? NULL : strchr(project, '.');
	/* That of a project of an organisation has more parts. */
	if (end != NULL && strcmp(end, EXTERNAL_EMAIL_END) == 0) {
		*end = '\0';
		if (provider_check_project(++project, &error))
			account->project_id = xstrdup(project);
	}
	free(email);
}

/* A member that is an object; NULL with an error if it is something else. */
static struct json_object *
external_member(struct json_object *object, const char *name,
    struct error *error)
{
	struct json_object *member = NULL;

	if (!json_object_object_get_ex(object, name, &member))
		error_set(error, "\"%s\" is missing", name);
	else if (!json_object_is_type(member, json_type_object)) {
		error_set(error, "must be an object");
		error_prepend_name(error, name);
		member = NULL;
	}
	return member;
}

static bool
external_load_lifetime(struct external_account *account,
    struct json_object *object, struct error *error)
{
	static const char name[] = "service_account_impersonation";
	struct json_object *member, *picked;
	bool good;

	account->token_lifetime_seconds = EXTERNAL_LIFETIME_S;
	if (!json_object_object_get_ex(object, name, NULL))
		return true;
	member = external_member(object, name, error);
	if (member == NULL)
		return false;
	picked = setting_pick(external_lifetime_settings, member);
	good = setting_read(external_lifetime_settings, picked, ".", account,
	    error);
	if (!good)
		error_prepend_name(error, name);
	json_object_put(picked);
	return good;
}

static bool
external_load_source(struct external_account *account,
    struct json_object *object, const char *directory, struct error *error)
{
	static const char name[] = "credential_source";
	struct json_object *member = external_member(object, name, error);
	bool good = member != NULL;

	if (good && !subject_source_load(&account->source, member, directory,
	    error)) {
		error_prepend_name(error, name);
		good = false;
	}
	return good;
}

bool
external_account_load(struct external_account *account,
    struct json_object *object, const char *directory, struct error *error)
{
	struct json_object *picked = setting_pick(external_account_settings,
	    object);
	bool loaded;

	external_account_unload(account);
	loaded = setting_read(external_account_settings, picked, ".", account,
	    error) && external_check_audience(account, error) &&
	    external_check_type(account, error) &&
	    external_check_url(account->token_url, "token_url", error) &&
	    external_check_impersonation(account, error) &&
	    external_check_project(account->project_id, "project_id", error) &&
	    external_check_project(account->quota_project_id,
	    "quota_project_id", error) &&
	    external_load_lifetime(account, object, error) &&
	    external_load_source(account, object, directory, error);
	if (loaded)
		external_guess_project(account);
	else
		external_account_unload(account);
	json_object_put(picked);
	return loaded;
}

/* --- who it is ------------------------------------------------------------ */

static const char *
external_text(const char *text)
{
	return text == NULL ? "" : text;
}

uint64_t
external_account_hash(const struct external_account *account)
{
	const char *const parts[] = {
		account->audience, account->subject_token_type,
		account->token_url,
		external_text(account->service_account_impersonation_url),
		external_text(account->source.file),
		external_text(account->source.url),
		external_text(account->source.field)
	};
	uint64_t hash = HASH_START;
	size_t i;

	for (i = 0; i < sizeof parts / sizeof *parts; i++)
		hash = hash_add(hash, parts[i], strlen(parts[i]) + 1);
	return hash;
}

void
external_account_derive(const struct external_account *account,
    const char *label, unsigned char key[KEYED_HASH_SIZE])
{
	const char *impersonated =
	    external_text(account->service_account_impersonation_url);

	keyed_hash(label, strlen(label), account->audience,
	    strlen(account->audience), key);
	keyed_hash(key, KEYED_HASH_SIZE, impersonated, strlen(impersonated),
	    key);
}

/* --- the way to a token --------------------------------------------------- */

static void
external_add_field(struct buf *body, const char *name, const char *value)
{
	if (body->size > 0)
		buf_append_text(body, "&");
	buf_append_text(body, name);
	buf_append_text(body, "=");
	encoding_append_form(body, value);
}

static enum provider_mint
external_finish(const struct http_request *request, struct error *error)
{
	bool complete = http_request_is_complete(request);

	if (!complete)
		error_set(error, "the token request does not fit");
	return complete ? PROVIDER_MINT_ASK : PROVIDER_MINT_FAILED;
}

/* RFC 8693, 2.1. */
static enum provider_mint
external_compose_exchange(const struct external_account *account,
    const char *scope, const struct buf *subject,
    struct http_request *request, struct error *error)
{
	struct buf *body = &request->body;

	buf_append_text(&request->url, account->token_url);
	http_request_add_header(request, "content-type",
	    "application/x-www-form-urlencoded");
	external_add_field(body, "grant_type", EXTERNAL_GRANT);
	external_add_field(body, "audience", account->audience);
	external_add_field(body, "scope",
	    account->service_account_impersonation_url == NULL ? scope :
	    EXTERNAL_SCOPE_ALL);
	external_add_field(body, "requested_token_type",
	    EXTERNAL_ACCESS_TOKEN);
	external_add_field(body, "subject_token_type",
	    account->subject_token_type);
	external_add_field(body, "subject_token", buf_text(subject));
	return external_finish(request, error);
}

static enum provider_mint
external_compose_impersonation(const struct external_account *account,
    const char *scope, const struct token *token,
    struct http_request *request, struct error *error)
{
	struct buf *body = &request->body;

	buf_append_text(&request->url,
	    account->service_account_impersonation_url);
	http_request_append_header(request, "authorization", "Bearer ",
	    token->text);
	http_request_add_header(request, "content-type", "application/json");
	buf_append_text(body, "{");
	json_write_name(body, "scope");
	buf_append_text(body, "[");
	json_write_text(body, scope);
	buf_append_text(body, "]");
	json_write_name(body, "lifetime");
	buf_append_format(body, "\"%" PRId64 "s\"}",
	    account->token_lifetime_seconds);
	return external_finish(request, error);
}

enum provider_mint
external_account_mint(const struct external_account *account,
    const char *scope, struct http_request *request, struct error *error)
{
	enum provider_mint result = PROVIDER_MINT_FAILED;
	struct buf subject;

	buf_init(&subject, SUBJECT_TOKEN_SIZE);
	if (account->source.url != NULL) {
		subject_source_compose(&account->source, request);
		result = external_finish(request, error);
	} else if (subject_source_read_file(&account->source, &subject, error))
		result = external_compose_exchange(account, scope, &subject,
		    request, error);
	buf_wipe(&subject);
	return result;
}

static enum provider_mint
external_read_subject(const struct external_account *account,
    const char *scope, const struct http_reply *reply,
    struct http_request *request, struct error *error)
{
	enum provider_mint result = PROVIDER_MINT_FAILED;
	struct buf subject;

	buf_init(&subject, SUBJECT_TOKEN_SIZE);
	if (subject_source_read_reply(&account->source, reply, &subject,
	    error))
		result = external_compose_exchange(account, scope, &subject,
		    request, error);
	buf_wipe(&subject);
	return result;
}

static enum provider_mint
external_read_exchange(const struct external_account *account,
    const char *scope, const struct http_reply *reply, int64_t now_s,
    struct token *token, struct http_request *request, struct error *error)
{
	enum provider_mint result = PROVIDER_MINT_FAILED;
	struct token exchanged = { .text = "" };
	struct error why;

	if (!service_account_read(reply, now_s, &exchanged, &why))
		error_set(error, "%s%s", why.words,
		    strstr(why.words, "invalid_grant") == NULL ? "" :
		    ": the subject token has expired, or is none for this "
		    "\"audience\"");
	else if (account->service_account_impersonation_url == NULL) {
		*token = exchanged;
		result = PROVIDER_MINT_DONE;
	} else
		result = external_compose_impersonation(account, scope,
		    &exchanged, request, error);
	explicit_bzero(&exchanged, sizeof exchanged);
	return result;
}

/* A status of Google's, in words, is fit for the log. */
static const char *
external_error_status(struct json_object *body)
{
	struct json_object *error = NULL;
	const char *status;

	json_object_object_get_ex(body, "error", &error);
	status = json_text_member(error, "status");
	if (status == NULL || strlen(status) > 40 ||
	    status[strspn(status, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_")] != '\0')
		status = "no known error";
	return status;
}

static enum provider_mint
external_read_impersonation(const struct http_reply *reply, int64_t now_s,
    struct token *token, struct error *error)
{
	struct json_object *body = provider_read_json(reply);
	const char *text = json_text_member(body, "accessToken");
	const char *end = json_text_member(body, "expireTime");
	enum provider_mint result = PROVIDER_MINT_FAILED;
	int64_t expires_s;

	if (reply->status != 200)
		error_set(error, "the service account is not impersonated "
		    "(%d, %s)%s", reply->status, external_error_status(body),
		    reply->status != 403 ? "" : ": has the pool's identity "
		    "the role roles/iam.workloadIdentityUser of it?");
	else if (text == NULL || end == NULL ||
	    !date_read_rfc3339(end, &expires_s) ||
	    !service_account_take(text, now_s, expires_s - now_s, token))
		error_set(error, "the impersonation sent no token");
	else
		result = PROVIDER_MINT_DONE;
	json_object_put(body);
	return result;
}

enum provider_mint
external_account_read(const struct external_account *account,
    const char *scope, unsigned int step, const struct http_reply *reply,
    int64_t now_s, struct token *token, struct http_request *request,
    struct error *error)
{
	enum provider_mint result;

	/* A file took the place of the first request. */
	if (account->source.url == NULL)
		step++;
	if (step == 0)
		result = external_read_subject(account, scope, reply, request,
		    error);
	else if (step == 1)
		result = external_read_exchange(account, scope, reply, now_s,
		    token, request, error);
	else
		result = external_read_impersonation(reply, now_s, token,
		    error);
	return result;
}
