/* SPDX-License-Identifier: Apache-2.0 */
#include <json-c/json.h>

#include <stdio.h>
#include <string.h>

#include "encoding.h"
#include "jwt-verify.h"
#include "oauth.h"

#define GRANT_TYPE "urn:ietf:params:oauth:grant-type:jwt-bearer"
#define SCOPE "https://www.googleapis.com/auth/firebase.messaging"
#define ASSERTION_LIFE_MAX_S 3600
#define CLOCK_SKEW_MAX_S 60

static const struct oauth_error {
	unsigned status;
	const char *error;
	const char *description;
} usual_errors[] = {
	{ .status = 400, .error = "invalid_grant",
	    .description = "Invalid JWT Signature." },
	{ .status = 401, .error = "invalid_client",
	    .description = "The OAuth client was not found." },
	{ .status = 403, .error = "access_denied",
	    .description = "Access is denied." },
	{ .status = 404, .error = "not_found",
	    .description = "The requested URL was not found." },
	{ .status = 429, .error = "rate_limit_exceeded",
	    .description = "Too many requests." },
	{ .status = 503, .error = "backend_error",
	    .description = "The service is unavailable." },
	{ .status = 0, .error = "internal_failure",
	    .description = "Internal failure." },
};

static void
fill(struct verdict *verdict, unsigned status, const char *reason)
{
	const struct oauth_error *usual = usual_errors;

	while (usual->status != 0 && usual->status != status)
		usual++;
	if (reason == NULL)
		reason = status == 200 ? "" : usual->error;
	verdict_init(verdict, status, reason);
	if (status != 200)
		string_copy(verdict->message, sizeof verdict->message,
		    usual->description);
}

/* https://HOST:PORT/token with one of the names of this machine. */
static bool
is_audience_good(const char *audience, unsigned port)
{
	static const char *const hosts[] = {
		"localhost", "127.0.0.1", "[::1]", NULL,
	};
	char right[64];
	bool good = false;

	for (size_t i = 0; !good && audience != NULL && hosts[i] != NULL;
	    i++) {
		snprintf(right, sizeof right, "https://%s:%u/token", hosts[i],
		    port);
		good = strcmp(right, audience) == 0;
	}
	return good;
}

static bool
are_times_good(const struct jwt *jwt, int64_t now_s)
{
	int64_t issued_s;
	int64_t expires_s;

	return jwt_get_integer(jwt, "iat", &issued_s) &&
	    jwt_get_integer(jwt, "exp", &expires_s) &&
	    issued_s >= now_s - CLOCK_SKEW_MAX_S &&
	    issued_s <= now_s + CLOCK_SKEW_MAX_S &&
	    expires_s > now_s &&
	    expires_s <= issued_s + ASSERTION_LIFE_MAX_S;
}

static void
judge_assertion(const struct service_context *context, const char *assertion,
    int64_t now_s, struct verdict *verdict)
{
	const struct fcm_account *account = NULL;
	const char *email = NULL;
	const char *key_id = NULL;
	const char *scope = NULL;
	struct jwt jwt;
	bool parsed = jwt_parse(&jwt, assertion);

	if (parsed) {
		email = jwt_get_string(jwt.claims, "iss");
		key_id = jwt_get_string(jwt.header, "kid");
		scope = jwt_get_string(jwt.claims, "scope");
	}
	if (email != NULL && key_id != NULL)
		account = accounts_find_fcm(context->accounts, email, key_id);
	if (!parsed)
		oauth_refuse(verdict, "invalid_grant",
		    "Invalid JWT: Failed to parse the assertion.");
	else if (email == NULL ||
	    !accounts_has_fcm_email(context->accounts, email))
		oauth_refuse(verdict, "invalid_grant",
		    "Invalid grant: account not found");
	else if (account == NULL ||
	    !jwt_is_signed_by(&jwt, "RS256", account->public_key))
		oauth_refuse(verdict, "invalid_grant",
		    "Invalid JWT Signature.");
	else if (!is_audience_good(jwt_get_string(jwt.claims, "aud"),
	    context->oauth_port))
		oauth_refuse(verdict, "invalid_grant",
		    "Invalid JWT: Failed audience check.");
	else if (!are_times_good(&jwt, now_s))
		oauth_refuse(verdict, "invalid_grant", "Invalid JWT: Token "
		    "must be a short-lived token (60 minutes) and in a "
		    "reasonable timeframe. Check your iat and exp values in "
		    "the JWT claim.");
	else if (scope == NULL || strcmp(scope, SCOPE) != 0)
		oauth_refuse(verdict, "invalid_scope",
		    "Invalid OAuth scope or ID token audience provided.");
	else {
		fill(verdict, 200, NULL);
		verdict->grant = GRANT_TOKEN;
		verdict->granted_project = account->project_id;
	}
	jwt_clear(&jwt);
}

static void
judge_form(const struct service_context *context,
    const struct request *request, struct verdict *verdict)
{
	struct text grant_type;
	struct text assertion;

	text_init(&grant_type, JWT_LENGTH_MAX);
	text_init(&assertion, JWT_LENGTH_MAX);
	if (oauth_read_field(request, "grant_type", &grant_type, verdict)) {
		if (strcmp(text_string(&grant_type), GRANT_TYPE) != 0)
			oauth_refuse(verdict, "unsupported_grant_type",
			    "Invalid grant_type");
		else if (oauth_read_field(request, "assertion", &assertion,
		    verdict))
			judge_assertion(context, text_string(&assertion),
			    request->at_ms / 1000, verdict);
	}
	text_clear(&grant_type);
	text_clear(&assertion);
}

static void
judge_token(const struct service_context *context, struct request *request,
    struct verdict *verdict)
{
	if (oauth_is_form(request, verdict))
		judge_form(context, request, verdict);
}

static const struct oauth_page {
	const char *method;
	const char *path;		/* or how it begins */
	const char *path_end;		/* NULL: it is the whole path */
	void (*judge)(const struct service_context *context,
	    struct request *request, struct verdict *verdict);
} pages[] = {
	{ .method = "POST", .path = "/token", .judge = judge_token },
	{ .method = "POST", .path = "/v1/token",
	    .judge = oauth_judge_exchange },
	{ .method = "POST", .path = OAUTH_IMPERSONATION_START,
	    .path_end = OAUTH_IMPERSONATION_END,
	    .judge = oauth_judge_impersonation },
	{ .method = "GET", .path = "/subject-token",
	    .judge = oauth_judge_source },
	{ .method = "GET", .path = "/subject-token.json",
	    .judge = oauth_judge_source },
	{ .judge = NULL },
};

static bool
is_page(const struct oauth_page *page, const char *method, const char *path)
{
	size_t start = strlen(page->path);
	size_t end = page->path_end != NULL ? strlen(page->path_end) : 0;
	size_t length = strlen(path);
	bool same;

	if (page->path_end == NULL)
		same = strcmp(path, page->path) == 0;
	else
		same = length > start + end &&
		    strncmp(path, page->path, start) == 0 &&
		    strcmp(path + length - end, page->path_end) == 0;
	return same && strcmp(method, page->method) == 0;
}

static void
judge(struct service_context *context, struct request *request,
    struct verdict *verdict)
{
	const char *method = request_get_header(request, ":method");
	const char *path = request_get_header(request, ":path");
	const struct oauth_page *page = pages;

	while (page->judge != NULL && (path == NULL || method == NULL ||
	    !is_page(page, method, path)))
		page++;
	if (page->judge != NULL) {
		page->judge(context, request, verdict);
	} else {
		fill(verdict, 404, NULL);
		verdict->shape = BODY_HTML;
	}
}

static void
add_string(struct json_object *object, const char *name, const char *value)
{
	json_object_object_add(object, name, json_object_new_string(value));
}

static struct json_object *
make_token(struct service_context *context, const struct request *request,
    const struct verdict *verdict)
{
	struct json_object *body = json_object_new_object();
	int64_t life_s = context->expires_in_s;
	const struct access_token *token = access_tokens_issue(
	    context->access_tokens, verdict->granted_project,
	    verdict->granted_account, request->at_ms + life_s * 1000);

	if (verdict->grant == GRANT_IMPERSONATION) {
		add_string(body, "accessToken", token->token);
		oauth_add_time(body, "expireTime",
		    request->at_ms / 1000 + life_s);
	} else {
		add_string(body, "access_token", token->token);
		if (verdict->grant == GRANT_EXCHANGE)
			add_string(body, "issued_token_type",
			    OAUTH_TOKEN_TYPE_ACCESS);
		json_object_object_add(body, "expires_in",
		    json_object_new_int64(life_s));
		add_string(body, "token_type", "Bearer");
	}
	return body;
}

static void
compose(struct service_context *context, struct request *request,
    const struct verdict *verdict)
{
	struct answer *answer = &request->answer;
	struct json_object *body = json_object_new_object();

	answer->content_type = "application/json; charset=utf-8";
	if (verdict->grant != GRANT_NONE) {
		json_object_put(body);
		body = make_token(context, request, verdict);
	} else if (verdict->status == 200 && verdict->message[0] != '\0') {
		oauth_compose_source(request, verdict);
	} else if (verdict->status != 200 && oauth_is_impersonation(request)) {
		oauth_add_google_error(body, verdict);
	} else if (verdict->status != 200) {
		add_string(body, "error", verdict->reason);
		add_string(body, "error_description", verdict->message);
	}
	if (answer->body.length == 0)
		text_add_string(&answer->body, json_object_to_json_string_ext(
		    body, JSON_C_TO_STRING_PLAIN));
	json_object_put(body);
}

const struct service service_oauth = {
	.max_streams = 100,
	.speaks_http1 = true,
	.goaway_data = "",
	.judge = judge,
	.fill = fill,
	.compose = compose,
};
