/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/service-account.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/json-text.h"
#include "base/setting.h"
#include "provider/provider-util.h"

enum {
	SERVICE_ACCOUNT_ASSERTION_LIFE_S = 3600,
	SERVICE_ACCOUNT_TOKEN_LIFE_MAX_S = 86400
};

/* The members of the file that are strings we need. */
static const struct setting service_account_settings[] = {
	{ SETTING(service_account, universe_domain, STRING),
	    .text = "googleapis.com" },
	{ SETTING(service_account, project_id, STRING), .required = true },
	{ SETTING(service_account, private_key_id, STRING) },
	{ SETTING(service_account, client_email, STRING), .required = true },
	{ SETTING(service_account, token_uri, STRING),
	    .text = "https://oauth2.googleapis.com/token" },
	{ .name = NULL }
};

void
service_account_unload(struct service_account *account)
{
	jwt_key_free(account->key);
	account->key = NULL;
	setting_free(service_account_settings, account);
}

static bool
service_account_check_project(const struct service_account *account,
    struct error *error)
{
	bool good = provider_check_project(account->project_id, error);

	if (!good)
		error_prepend_name(error, "project_id");
	return good;
}

static bool
service_account_check_token_uri(const struct service_account *account,
    struct error *error)
{
	bool good = provider_check_url(account->token_uri, error);

	if (!good)
		error_prepend_name(error, "token_uri");
	return good;
}

static bool
service_account_read_key(struct service_account *account,
    struct json_object *object, struct error *error)
{
	const char *pem = json_text_member(object, "private_key");

	account->key = jwt_key_read(JWT_RS256, pem == NULL ? "" : pem,
	    pem == NULL ? 0 : strlen(pem), error);
	if (account->key == NULL)
		error_prepend_name(error, "private_key");
	return account->key != NULL;
}

bool
service_account_load(struct service_account *account,
    struct json_object *object, struct error *error)
{
	struct json_object *picked = setting_pick(service_account_settings,
	    object);
	bool loaded;

	service_account_unload(account);
	loaded = setting_read(service_account_settings, picked, ".", account,
	    error) && service_account_check_project(account, error) &&
	    service_account_check_token_uri(account, error) &&
	    service_account_read_key(account, object, error);
	if (!loaded)
		service_account_unload(account);
	json_object_put(picked);
	return loaded;
}

static bool
service_account_sign(const struct service_account *account,
    const char *scope, int64_t now_s, struct buf *assertion,
    struct error *error)
{
	struct json_object *header = json_object_new_object();
	struct json_object *claims = json_object_new_object();
	bool done;

	json_object_object_add(header, "alg", json_object_new_string("RS256"));
	json_object_object_add(header, "typ", json_object_new_string("JWT"));
	if (account->private_key_id != NULL)
		json_object_object_add(header, "kid",
		    json_object_new_string(account->private_key_id));
	json_object_object_add(claims, "iss",
	    json_object_new_string(account->client_email));
	json_object_object_add(claims, "scope", json_object_new_string(scope));
	json_object_object_add(claims, "aud",
	    json_object_new_string(account->token_uri));
	json_object_object_add(claims, "iat", json_object_new_int64(now_s));
	json_object_object_add(claims, "exp",
	    json_object_new_int64(now_s + SERVICE_ACCOUNT_ASSERTION_LIFE_S));
	done = jwt_sign(account->key, json_object_to_json_string_ext(header,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	    json_object_to_json_string_ext(claims,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	    assertion, error);
	json_object_put(header);
	json_object_put(claims);
	return done;
}

bool
service_account_compose(const struct service_account *account,
    const char *scope, int64_t now_s, struct http_request *request,
    struct error *error)
{
	struct buf assertion;
	bool done = false;

	buf_init(&assertion, MESSAGE_BODY_SIZE);
	if (service_account_sign(account, scope, now_s, &assertion, error)) {
		buf_append_text(&request->url, account->token_uri);
		http_request_add_header(request, "content-type",
		    "application/x-www-form-urlencoded");
		buf_append_format(&request->body, "grant_type="
		    "urn%%3Aietf%%3Aparams%%3Aoauth%%3Agrant-type%%3A"
		    "jwt-bearer&assertion=%s", buf_text(&assertion));
		done = http_request_is_complete(request);
		if (!done)
			error_set(error, "the token request does not fit");
	}
	buf_free(&assertion);
	return done;
}

/* An error word of the token endpoint (RFC 6749, 5.2) is fit for the log. */
static const char *
service_account_error_word(struct json_object *body)
{
	const char *word = json_text_member(body, "error");

	if (word == NULL || strlen(word) > 40 ||
	    word[strspn(word, "abcdefghijklmnopqrstuvwxyz_")] != '\0')
		word = "no known error";
	return word;
}

/*
 * Of the endpoint's own sentences, which may repeat what it was sent, only
 * these beginnings (Google, "Using OAuth 2.0 for Server to Server
 * Applications") are told.
 */
static const char *
service_account_describe(struct json_object *body)
{
	static const char *const sentences[] = {
		"Invalid JWT Signature",
		"Invalid JWT: Token must be a short-lived token",
		"Invalid grant: account not found"
	};
	const size_t count = sizeof sentences / sizeof *sentences;
	const char *text = json_text_member(body, "error_description");
	size_t i = 0;

	while (text != NULL && i < count && strncmp(text, sentences[i],
	    strlen(sentences[i])) != 0)
		i++;
	return text == NULL || i == count ? NULL : sentences[i];
}

bool
service_account_take(const char *text, int64_t now_s, int64_t life_s,
    struct token *token)
{
	size_t length = strlen(text);
	bool good = length > 0 && length < sizeof token->text &&
	    strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvw"
	    "xyz0123456789-._~+/=") == length && life_s > 0 &&
	    life_s <= SERVICE_ACCOUNT_TOKEN_LIFE_MAX_S;

	if (good) {
		memcpy(token->text, text, length + 1);
		token->issued_s = now_s;
		token->expires_s = now_s + life_s;
	}
	return good;
}

bool
service_account_read(const struct http_reply *reply, int64_t now_s,
    struct token *token, struct error *error)
{
	struct json_object *body = provider_read_json(reply), *expires_in;
	const char *text = json_text_member(body, "access_token");
	bool good = false;

	if (reply->status != 200) {
		text = service_account_describe(body);
		error_set(error, "the token endpoint answered %d, %s%s%s",
		    reply->status, service_account_error_word(body),
		    text == NULL ? "" : ": ", text == NULL ? "" : text);
	} else if (text == NULL ||
	    !json_object_object_get_ex(body, "expires_in", &expires_in) ||
	    !service_account_take(text, now_s,
	    json_object_get_int64(expires_in), token))
		error_set(error, "the token endpoint sent no token");
	else
		good = true;
	json_object_put(body);
	return good;
}
