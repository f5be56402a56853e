/* SPDX-License-Identifier: Apache-2.0 */
#include <json-c/json.h>

#include <string.h>

#include "oauth.h"

#define FIELD_MAX 1024

/* Huawei's token endpoint; its errors are numbers, two of them. */
static const struct hms_oauth_error {
	unsigned status;
	const char *reason;		/* "error" */
	int number;			/* "sub_error" */
	const char *words;
} errors[] = {
	{ .status = 400, .reason = "1101", .number = 20001,
	    .words = "invalid client_id or client_secret" },
	{ .status = 400, .reason = "1102", .number = 20044,
	    .words = "missing required parameter" },
	{ .status = 400, .reason = "1104", .number = 20152,
	    .words = "unsupported grant_type" },
	{ .status = 401, .reason = "1101", .number = 20001,
	    .words = "invalid client_id or client_secret" },
	{ .status = 429, .reason = "1203", .number = 60005,
	    .words = "too many requests" },
	{ .status = 500, .reason = "1301", .number = 60001,
	    .words = "internal error" },
	{ .status = 503, .reason = "1302", .number = 60002,
	    .words = "service unavailable" },
	{ .status = 0, .reason = "1301", .words = "error" },
};

static void
fill(struct verdict *verdict, unsigned status, const char *reason)
{
	const struct hms_oauth_error *error = errors;

	while (error->status != 0 && (error->status != status ||
	    (reason != NULL && strcmp(reason, error->reason) != 0)))
		error++;
	if (reason == NULL)
		reason = status == 200 ? "" : error->reason;
	verdict_init(verdict, status, reason);
	if (status != 200)
		string_copy(verdict->message, sizeof verdict->message,
		    error->words);
	verdict->number = error->number;
}

static void
judge_form(const struct service_context *context,
    const struct request *request, struct verdict *verdict)
{
	static const char *const names[] = {
		"grant_type", "client_id", "client_secret",
	};
	const struct hms_account *account = NULL;
	struct text fields[3];
	bool complete = true;

	for (unsigned i = 0; i < 3; i++) {
		text_init(&fields[i], FIELD_MAX);
		complete = complete && oauth_read_field(request, names[i],
		    &fields[i], verdict);
	}
	if (complete)
		account = hms_accounts_find_client(context->hms_accounts,
		    text_string(&fields[1]));
	if (!complete) {
		fill(verdict, 400, "1102");
	} else if (strcmp(text_string(&fields[0]),
	    "client_credentials") != 0) {
		fill(verdict, 400, "1104");
	} else if (account == NULL || strcmp(text_string(&fields[2]),
	    account->client_secret) != 0) {
		fill(verdict, 400, "1101");
	} else {
		fill(verdict, 200, NULL);
		verdict->grant = GRANT_TOKEN;
		verdict->granted_project = account->app_id;
	}
	for (unsigned i = 0; i < 3; i++)
		text_clear(&fields[i]);
}

static void
judge(struct service_context *context, struct request *request,
    struct verdict *verdict)
{
	const char *method = request_get_header(request, ":method");
	const char *path = request_get_header(request, ":path");

	if (path == NULL || strcmp(path, "/oauth2/v3/token") != 0 ||
	    method == NULL || strcmp(method, "POST") != 0) {
		fill(verdict, 404, NULL);
		verdict->shape = BODY_HTML;
	} else if (oauth_is_form(request, verdict)) {
		judge_form(context, request, verdict);
	} else {
		fill(verdict, 400, "1102");
	}
}

static void
compose(struct service_context *context, struct request *request,
    const struct verdict *verdict)
{
	struct json_object *body = json_object_new_object();
	int64_t life_s = context->hms_expires_in_s;

	if (verdict->grant != GRANT_NONE) {
		const struct access_token *token = access_tokens_issue(
		    context->hms_tokens, verdict->granted_project, NULL,
		    request->at_ms + life_s * 1000);

		json_object_object_add(body, "access_token",
		    json_object_new_string(token->token));
		json_object_object_add(body, "expires_in",
		    json_object_new_int64(life_s));
		json_object_object_add(body, "token_type",
		    json_object_new_string("Bearer"));
	} else if (verdict->status != 200) {
		json_object_object_add(body, "error", json_object_new_int(
		    (int)strtol(verdict->reason, NULL, 10)));
		json_object_object_add(body, "sub_error",
		    json_object_new_int(verdict->number));
		json_object_object_add(body, "error_description",
		    json_object_new_string(verdict->message));
	}
	/* It escapes the slash of a token, as Huawei does. */
	text_add_string(&request->answer.body,
	    json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN));
	request->answer.content_type = "application/json;charset=utf-8";
	json_object_put(body);
}

const struct service service_hms_oauth = {
	.max_streams = 100,
	.speaks_http1 = true,
	.goaway_data = "",
	.judge = judge,
	.fill = fill,
	.compose = compose,
};
