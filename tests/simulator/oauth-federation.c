/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "jwt-verify.h"
#include "oauth.h"

#define GRANT_TYPE_EXCHANGE \
    "urn:ietf:params:oauth:grant-type:token-exchange"
#define SCOPE_PLATFORM "https://www.googleapis.com/auth/cloud-platform"
#define SCOPE_MESSAGING "https://www.googleapis.com/auth/firebase.messaging"
#define LIFETIME_MAX_S 3600
#define EMAIL_SIZE 256

enum exchange_field {
	FIELD_GRANT_TYPE,
	FIELD_AUDIENCE,
	FIELD_SCOPE,
	FIELD_REQUESTED_TYPE,
	FIELD_SUBJECT_TOKEN,
	FIELD_SUBJECT_TYPE,
	FIELD__MAX
};

static const char *const field_names[FIELD__MAX] = {
	[FIELD_GRANT_TYPE] = "grant_type",
	[FIELD_AUDIENCE] = "audience",
	[FIELD_SCOPE] = "scope",
	[FIELD_REQUESTED_TYPE] = "requested_token_type",
	[FIELD_SUBJECT_TOKEN] = "subject_token",
	[FIELD_SUBJECT_TYPE] = "subject_token_type",
};

static void
judge_fields(const struct service_context *context,
    const char *values[FIELD__MAX], struct verdict *verdict)
{
	const struct external_account *account = accounts_find_external(
	    context->accounts, values[FIELD_AUDIENCE],
	    values[FIELD_SUBJECT_TOKEN]);

	if (strcmp(values[FIELD_GRANT_TYPE], GRANT_TYPE_EXCHANGE) != 0)
		oauth_refuse(verdict, "unsupported_grant_type",
		    "Invalid grant_type");
	else if (strcmp(values[FIELD_REQUESTED_TYPE],
	    OAUTH_TOKEN_TYPE_ACCESS) != 0)
		oauth_refuse(verdict, "invalid_request",
		    "Invalid value for \"requested_token_type\"");
	else if (strcmp(values[FIELD_SCOPE], SCOPE_PLATFORM) != 0 &&
	    strcmp(values[FIELD_SCOPE], SCOPE_MESSAGING) != 0)
		oauth_refuse(verdict, "invalid_scope",
		    "Invalid OAuth scope provided.");
	else if (account == NULL)
		oauth_refuse(verdict, "invalid_grant", "The given credential "
		    "is rejected by the attribute condition, or the audience "
		    "is not that of a provider.");
	else if (strcmp(values[FIELD_SUBJECT_TYPE],
	    account->subject_token_type) != 0)
		oauth_refuse(verdict, "invalid_request",
		    "Invalid value for \"subject_token_type\"");
	else {
		verdict_init(verdict, 200, "");
		verdict->grant = GRANT_EXCHANGE;
		verdict->granted_project = account->project_id;
		verdict->granted_account = account->service_account;
	}
}

void
oauth_judge_exchange(const struct service_context *context,
    struct request *request, struct verdict *verdict)
{
	struct text fields[FIELD__MAX];
	const char *values[FIELD__MAX];
	bool good = oauth_is_form(request, verdict);

	for (unsigned i = 0; i < FIELD__MAX; i++) {
		text_init(&fields[i], JWT_LENGTH_MAX);
		good = good && oauth_read_field(request, field_names[i],
		    &fields[i], verdict);
		values[i] = text_string(&fields[i]);
	}
	if (good)
		judge_fields(context, values, verdict);
	for (unsigned i = 0; i < FIELD__MAX; i++)
		text_clear(&fields[i]);
}

bool
oauth_is_impersonation(const struct request *request)
{
	const char *path = request_get_header(request, ":path");

	return path != NULL && strncmp(path, OAUTH_IMPERSONATION_START,
	    strlen(OAUTH_IMPERSONATION_START)) == 0;
}

/* A scope that lets send, and at most an hour. */
static bool
is_body_good(struct json_object *body)
{
	struct json_object *scopes = NULL;
	struct json_object *lifetime = NULL;
	const char *scope = NULL;
	int life_s = LIFETIME_MAX_S;
	char end = 's';

	if (json_object_is_type(body, json_type_object)) {
		json_object_object_get_ex(body, "scope", &scopes);
		json_object_object_get_ex(body, "lifetime", &lifetime);
	}
	if (json_object_is_type(scopes, json_type_array) &&
	    json_object_array_length(scopes) > 0)
		scope = json_object_get_string(
		    json_object_array_get_idx(scopes, 0));
	return scope != NULL && (strcmp(scope, SCOPE_MESSAGING) == 0 ||
	    strcmp(scope, SCOPE_PLATFORM) == 0) &&
	    (lifetime == NULL ||
	    (json_object_is_type(lifetime, json_type_string) &&
	    sscanf(json_object_get_string(lifetime), "%d%c", &life_s,
	    &end) == 2 && end == 's' && life_s > 0 &&
	    life_s <= LIFETIME_MAX_S));
}

void
oauth_judge_impersonation(const struct service_context *context,
    struct request *request, struct verdict *verdict)
{
	const char *authorization = request_get_header(request,
	    "authorization");
	const char *path = request_get_header(request, ":path");
	const struct access_token *token = NULL;
	char email[EMAIL_SIZE];

	string_copy(email, sizeof email,
	    path + strlen(OAUTH_IMPERSONATION_START));
	email[strcspn(email, ":")] = '\0';
	if (authorization != NULL &&
	    strncasecmp(authorization, "bearer ", 7) == 0)
		token = access_tokens_find(context->access_tokens,
		    authorization + 7);
	if (token == NULL || token->expires_at_ms <= request->at_ms) {
		verdict_init(verdict, 401, "UNAUTHENTICATED");
		string_copy(verdict->message, sizeof verdict->message,
		    "Request had invalid authentication credentials.");
	} else if (token->service_account == NULL ||
	    strcmp(token->service_account, email) != 0) {
		verdict_init(verdict, 403, "PERMISSION_DENIED");
		string_copy(verdict->message, sizeof verdict->message,
		    "Permission 'iam.serviceAccounts.getAccessToken' denied "
		    "on resource (or it may not exist).");
	} else if (!is_body_good(request_get_json(request))) {
		verdict_init(verdict, 400, "INVALID_ARGUMENT");
		string_copy(verdict->message, sizeof verdict->message,
		    "Request contains an invalid argument.");
	} else {
		verdict_init(verdict, 200, "");
		verdict->grant = GRANT_IMPERSONATION;
		verdict->granted_project = token->project_id;
	}
}

void
oauth_add_google_error(struct json_object *body,
    const struct verdict *verdict)
{
	struct json_object *error = json_object_new_object();

	json_object_object_add(error, "code",
	    json_object_new_int((int)verdict->status));
	json_object_object_add(error, "message",
	    json_object_new_string(verdict->message));
	json_object_object_add(error, "status",
	    json_object_new_string(verdict->reason));
	json_object_object_add(body, "error", error);
}

/* What a cloud has at an address of the host's own. */
void
oauth_judge_source(const struct service_context *context,
    struct request *request, struct verdict *verdict)
{
	const char *metadata = request_get_header(request, "metadata");

	if (metadata == NULL || strcasecmp(metadata, "true") != 0) {
		oauth_refuse(verdict, "invalid_request",
		    "Required metadata header not specified");
	} else if (context->accounts->external_count == 0) {
		verdict_init(verdict, 404, "not_found");
	} else {
		verdict_init(verdict, 200, "");
		string_copy(verdict->message, sizeof verdict->message,
		    context->accounts->external[0].subject_token);
	}
}

void
oauth_compose_source(struct request *request, const struct verdict *verdict)
{
	const char *path = request_get_header(request, ":path");
	struct json_object *body;

	if (strcmp(path, "/subject-token.json") == 0) {
		body = json_object_new_object();
		json_object_object_add(body, "id_token",
		    json_object_new_string(verdict->message));
		text_add_string(&request->answer.body,
		    json_object_to_json_string_ext(body,
		    JSON_C_TO_STRING_PLAIN));
		json_object_put(body);
	} else {
		request->answer.content_type = "text/plain";
		text_add_string(&request->answer.body, verdict->message);
	}
}
