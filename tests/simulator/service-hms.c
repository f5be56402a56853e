/* SPDX-License-Identifier: Apache-2.0 */
#include <json-c/json.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "hms-message.h"
#include "jwt-verify.h"
#include "service.h"

#define PATH_END "/messages:send"
#define ID_SIZE 128
#define AUDIENCE "https://oauth-login.cloud.huawei.com/oauth2/v3/token"
#define JWT_LIFE_MAX_S 86400
#define CLOCK_SKEW_MAX_S 60

/*
 * Push Kit's result codes.  The documents fix no status for most of them; a
 * word of the pushkey can.  The first of a status is its usual one.
 */
static const struct hms_code {
	unsigned status;
	const char *code;
	const char *words;
} codes[] = {
	{ .status = 200, .code = "80000000", .words = "Success" },
	{ .status = 200, .code = "80100000",
	    .words = "Check Parameter Partial Success." },
	{ .status = 400, .code = "80100001",
	    .words = "Check Parameter Error." },
	{ .status = 400, .code = "80100002",
	    .words = "Token count should be one in sys message." },
	{ .status = 400, .code = "80100003", .words = "Illegal payload" },
	{ .status = 400, .code = "80100004",
	    .words = "Illegal expire time." },
	{ .status = 400, .code = "80100013",
	    .words = "Illegal collapse_key." },
	{ .status = 400, .code = "80100016",
	    .words = "The message contains sensitive information." },
	{ .status = 400, .code = "80100017",
	    .words = "A maximum of 100 topic-based messages can be sent at "
	    "the same time." },
	{ .status = 400, .code = "80100018", .words = "Invalid body." },
	{ .status = 400, .code = "80100022",
	    .words = "Anti-Spam: image not verify." },
	{ .status = 401, .code = "80200001",
	    .words = "Authentication Error." },
	{ .status = 401, .code = "80200003",
	    .words = "OAuth token expired." },
	{ .status = 401, .code = "80200005", .words = "Jwt token expired." },
	{ .status = 200, .code = "80300002",
	    .words = "No permission to send message to these tmIDs." },
	{ .status = 200, .code = "80300007",
	    .words = "All the tokens are invalid" },
	{ .status = 400, .code = "80300008",
	    .words = "Push message size is too long." },
	{ .status = 400, .code = "80300010",
	    .words = "token count should within 1 and 1000." },
	{ .status = 200, .code = "80300011", .words = "No permission to send "
	    "high-priority notification messages." },
	{ .status = 200, .code = "80300029", .words = "When send test "
	    "message, the api request exceed limit." },
	{ .status = 400, .code = "80300030", .words = "When send test "
	    "message, token count exceed limit." },
	{ .status = 401, .code = "80300036",
	    .words = "JWT expire period over threshold." },
	{ .status = 200, .code = "80300037", .words = "Disable send huawei "
	    "msg because of penalty." },
	{ .status = 500, .code = "81000001", .words = "Inner Error." },
	{ .status = 500, .code = "80600003",
	    .words = "Failed to request the OAuth service." },
	{ .status = 0, .code = "81000001", .words = "Inner Error." },
};

/* Without a status it is that of the code. */
static void
fill(struct verdict *verdict, unsigned status, const char *reason)
{
	const struct hms_code *code = codes;

	while (code->status != 0 && ((reason == NULL &&
	    code->status != status) ||
	    (reason != NULL && strcmp(code->code, reason) != 0)))
		code++;
	if (reason == NULL)
		reason = code->code;
	if (status == 0)
		status = code->status != 0 ? code->status : 200;
	verdict_init(verdict, status,
	    strcmp(reason, "80000000") == 0 ? "" : reason);
	string_copy(verdict->message, sizeof verdict->message, code->words);
	/* What is in front of Push Kit says these. */
	if (code->status == 0 && (status == 404 || status == 502))
		verdict->shape = BODY_HTML;
	else if (code->status == 0 && status == 503)
		verdict->shape = BODY_EMPTY;
}

/* The version of a path, and the id in it; 0 if it is no such path. */
static unsigned
read_path(const char *path, char id[ID_SIZE])
{
	unsigned version = 0;
	size_t length = 0;

	if (path != NULL && path[0] == '/' && path[1] == 'v' &&
	    path[2] >= '1' && path[2] <= '3' && path[3] == '/') {
		length = strcspn(path + 4, "/");
		if (length > 0 && length < ID_SIZE &&
		    strcmp(path + 4 + length, PATH_END) == 0)
			version = (unsigned)(path[2] - '0');
	}
	if (version != 0) {
		memcpy(id, path + 4, length);
		id[length] = '\0';
	}
	return version;
}

static bool
judge_access_token(const struct service_context *context,
    const struct request *request, unsigned version, const char *id,
    const char *value, struct verdict *verdict)
{
	const struct access_token *token = access_tokens_find(
	    context->hms_tokens, value);
	const struct hms_account *account = NULL;

	if (token != NULL)
		account = hms_accounts_find_app(context->hms_accounts,
		    token->project_id);
	if (account == NULL || strcmp(id, version == 1 ? account->app_id
	    : account->project_id) != 0)
		fill(verdict, 0, "80200001");
	else if (token->expires_at_ms <= request->at_ms)
		fill(verdict, 0, "80200003");
	else
		fill(verdict, 200, NULL);
	return verdict->reason[0] == '\0';
}

/* Huawei's, or the one that this simulator plays. */
static bool
is_audience_good(const char *audience, unsigned port)
{
	char own[128];

	snprintf(own, sizeof own, "https://localhost:%u/oauth2/v3/token",
	    port);
	return audience != NULL && (strcmp(audience, AUDIENCE) == 0 ||
	    strcmp(audience, own) == 0);
}

static void
judge_claims(const struct service_context *context, const struct jwt *jwt,
    int64_t now_s, struct verdict *verdict)
{
	int64_t issued_s = 0;
	int64_t expires_s = 0;

	if (!is_audience_good(jwt_get_string(jwt->claims, "aud"),
	    context->hms_oauth_port) ||
	    !jwt_get_integer(jwt, "iat", &issued_s) ||
	    !jwt_get_integer(jwt, "exp", &expires_s) ||
	    issued_s > now_s + CLOCK_SKEW_MAX_S)
		fill(verdict, 0, "80200001");
	else if (expires_s <= now_s)
		fill(verdict, 0, "80200005");
	else if (expires_s - issued_s > JWT_LIFE_MAX_S)
		fill(verdict, 0, "80300036");
	else
		fill(verdict, 200, NULL);
}

static bool
judge_jwt(const struct service_context *context,
    const struct request *request, const char *project, const char *value,
    struct verdict *verdict)
{
	const struct hms_account *account = NULL;
	const char *key_id = NULL;
	const char *issuer = NULL;
	const char *type = NULL;
	struct jwt jwt;

	if (jwt_parse(&jwt, value)) {
		key_id = jwt_get_string(jwt.header, "kid");
		type = jwt_get_string(jwt.header, "typ");
		issuer = jwt_get_string(jwt.claims, "iss");
	}
	if (key_id != NULL)
		account = hms_accounts_find_key(context->hms_accounts,
		    key_id);
	if (account == NULL || issuer == NULL || type == NULL ||
	    strcmp(type, "JWT") != 0 ||
	    strcmp(issuer, account->sub_account) != 0 ||
	    strcmp(project, account->project_id) != 0 ||
	    !jwt_is_signed_by(&jwt, "PS256", account->public_key))
		fill(verdict, 0, "80200001");
	else
		judge_claims(context, &jwt, request->at_ms / 1000, verdict);
	jwt_clear(&jwt);
	return verdict->reason[0] == '\0';
}

static bool
judge_authorization(const struct service_context *context,
    const struct request *request, unsigned version, const char *id,
    struct verdict *verdict)
{
	const char *value = request_get_header(request, "authorization");
	bool good = false;

	if (value == NULL || strncasecmp(value, "bearer ", 7) != 0)
		fill(verdict, 0, "80200001");
	else if (version == 3)
		good = judge_jwt(context, request, id, value + 7, verdict);
	else
		good = judge_access_token(context, request, version, id,
		    value + 7, verdict);
	return good;
}

static void
judge_message(struct request *request, unsigned version,
    struct verdict *verdict)
{
	struct hms_message_fault fault;
	const char *token;
	bool good;

	if (version == 3)
		good = hms_message_check_v3(request_get_json(request),
		    request->body_size, request_get_header(request,
		    "push-type"), &token, &fault);
	else
		good = hms_message_check(request_get_json(request),
		    request->body_size, &token, &fault);
	if (token != NULL)
		text_add_string(&request->text, token);
	if (good) {
		fill(verdict, 200, NULL);
	} else {
		fill(verdict, 0, fault.code);
		if (fault.words[0] != '\0')
			string_copy(verdict->detail, sizeof verdict->detail,
			    fault.words);
	}
}

static void
judge(struct service_context *context, struct request *request,
    struct verdict *verdict)
{
	static const char json[] = "application/json";
	const char *method = request_get_header(request, ":method");
	const char *type = request_get_header(request, "content-type");
	char id[ID_SIZE];
	unsigned version = read_path(request_get_header(request, ":path"),
	    id);

	if (version == 0 || method == NULL || strcmp(method, "POST") != 0)
		fill(verdict, 404, NULL);
	else if (!judge_authorization(context, request, version, id, verdict))
		;	/* judge_authorization has said it */
	else if (type == NULL || strncasecmp(type, json, strlen(json)) != 0)
		fill(verdict, 0, "80100018");
	else
		judge_message(request, version, verdict);
}

/* How many tokens were bad, and which, as JSON in a string. */
static void
add_partial_words(struct text *words, const struct request *request,
    const char *detail)
{
	struct json_object *body = json_object_new_object();
	struct json_object *tokens = json_object_new_array();

	json_object_array_add(tokens,
	    json_object_new_string(text_string(&request->text)));
	json_object_object_add(body, "success", json_object_new_int(0));
	json_object_object_add(body, "failure", json_object_new_int(1));
	json_object_object_add(body, "illegal_tokens", tokens);
	if (*detail != '\0')
		json_object_object_add(body, detail, json_object_get(tokens));
	text_add_string(words, json_object_to_json_string_ext(body,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(body);
}

static void
compose(struct service_context *context, struct request *request,
    const struct verdict *verdict)
{
	static unsigned requests;
	struct json_object *body = json_object_new_object();
	struct text words;
	char id[64];

	(void)context;
	text_init(&words, REQUEST_BODY_MAX);
	if (strcmp(verdict->reason, "80100000") == 0)
		add_partial_words(&words, request, verdict->detail);
	else if (verdict->detail[0] != '\0')
		text_add_format(&words, "%s, %s", verdict->message,
		    verdict->detail);
	else
		text_add_string(&words, verdict->message);
	snprintf(id, sizeof id, "%lld%08u", (long long)request->at_ms,
	    ++requests % 100000000);
	json_object_object_add(body, "code", json_object_new_string(
	    verdict->reason[0] != '\0' ? verdict->reason : "80000000"));
	json_object_object_add(body, "msg",
	    json_object_new_string(text_string(&words)));
	json_object_object_add(body, "requestId", json_object_new_string(id));
	text_add_string(&request->answer.body, json_object_to_json_string_ext(
	    body, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	request->answer.content_type = "application/json;charset=utf-8";
	json_object_put(body);
	text_clear(&words);
}

const struct service service_hms = {
	.max_streams = 100,
	.speaks_http1 = true,
	.goaway_data = "",
	.has_codes = true,
	.judge = judge,
	.fill = fill,
	.compose = compose,
};
