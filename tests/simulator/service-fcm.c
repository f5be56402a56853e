/* SPDX-License-Identifier: Apache-2.0 */
#include <json-c/json.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "fcm-message.h"
#include "service.h"

#define PATH_START "/v1/projects/"
#define PATH_END "/messages:send"
#define PROJECT_SIZE 128
#define TYPE_PREFIX "type.googleapis.com/"

/* What google.rpc.Code calls a status. */
static const struct canonical {
	unsigned status;
	const char *name;
} canonical_names[] = {
	{ .status = 400, .name = "INVALID_ARGUMENT" },
	{ .status = 401, .name = "UNAUTHENTICATED" },
	{ .status = 403, .name = "PERMISSION_DENIED" },
	{ .status = 404, .name = "NOT_FOUND" },
	{ .status = 409, .name = "ABORTED" },
	{ .status = 429, .name = "RESOURCE_EXHAUSTED" },
	{ .status = 500, .name = "INTERNAL" },
	{ .status = 502, .name = "UNAVAILABLE" },
	{ .status = 503, .name = "UNAVAILABLE" },
	{ .status = 504, .name = "DEADLINE_EXCEEDED" },
	{ .status = 0, .name = "UNKNOWN" },
};

static const char sentence[] =
    "The registration token is not a valid FCM registration token";

/* The first of a status is its usual error; `reason` NULL is any other. */
static const struct fcm_error {
	unsigned status;
	const char *reason;
	const char *message;
	const char *field;
	bool has_error_code;
	const char *recorded;	/* instead of `reason` */
	enum body_shape shape;
} errors[] = {
	{ .status = 400, .reason = "INVALID_ARGUMENT", .message = sentence,
	    .field = "message.token", .has_error_code = true },
	{ .status = 401, .reason = "UNAUTHENTICATED", .message = "Request had "
	    "invalid authentication credentials. Expected OAuth 2 access "
	    "token, login cookie or other valid authentication credential." },
	{ .status = 401, .reason = "THIRD_PARTY_AUTH_ERROR",
	    .message = "Auth error from APNS or Web Push Service",
	    .has_error_code = true },
	{ .status = 403, .reason = "SENDER_ID_MISMATCH",
	    .message = "SenderId mismatch", .has_error_code = true },
	{ .status = 404, .reason = "UNREGISTERED",
	    .message = "Requested entity was not found.",
	    .has_error_code = true },
	{ .status = 421, .reason = "page", .message = "", .shape = BODY_HTML },
	{ .status = 425, .reason = "page", .message = "", .shape = BODY_HTML },
	{ .status = 429, .reason = "QUOTA_EXCEEDED",
	    .message = "Quota exceeded for quota metric 'Send requests'.",
	    .has_error_code = true },
	{ .status = 500, .reason = "INTERNAL",
	    .message = "Internal error encountered.", .has_error_code = true },
	{ .status = 502, .reason = "UNAVAILABLE", .message = "",
	    .shape = BODY_HTML },
	{ .status = 503, .reason = "UNAVAILABLE",
	    .message = "The service is currently unavailable.",
	    .has_error_code = true },
	/* The simulator's own words, for bodies that say it otherwise. */
	{ .status = 400, .reason = "sentence", .message = sentence,
	    .has_error_code = true, .recorded = "INVALID_ARGUMENT" },
	{ .status = 400, .reason = "data", .message = "Invalid value at "
	    "'message.data[0].value' (TYPE_STRING), 12",
	    .field = "message.data[0].value", .recorded = "INVALID_ARGUMENT" },
	{ .status = 0, .reason = NULL },
};

static const char *
find_canonical(unsigned status)
{
	const struct canonical *canonical = canonical_names;

	while (canonical->status != 0 && canonical->status != status)
		canonical++;
	return canonical->name;
}

/* A reason that is in no table is an errorCode that we do not know. */
static void
fill(struct verdict *verdict, unsigned status, const char *reason)
{
	const struct fcm_error *error = errors;

	while (error->reason != NULL && (error->status != status ||
	    (reason != NULL && strcmp(reason, error->reason) != 0)))
		error++;
	if (status == 200) {
		verdict_init(verdict, status, "");
	} else if (error->reason != NULL) {
		verdict_init(verdict, status, error->recorded != NULL
		    ? error->recorded : error->reason);
		string_copy(verdict->message, sizeof verdict->message,
		    error->message);
		if (error->field != NULL)
			string_copy(verdict->field, sizeof verdict->field,
			    error->field);
		verdict->has_error_code = error->has_error_code;
		verdict->shape = error->shape;
	} else if (reason != NULL && strcmp(reason, "bare") != 0) {
		verdict_init(verdict, status, reason);
		verdict->has_error_code = true;
	} else {
		verdict_init(verdict, status, find_canonical(status));
	}
}

/* The project of a path like /v1/projects/P/messages:send. */
static bool
find_project(const char *path, char project[PROJECT_SIZE])
{
	size_t start = strlen(PATH_START);
	size_t length = 0;
	bool good = path != NULL && strncmp(path, PATH_START, start) == 0;

	if (good) {
		length = strcspn(path + start, "/");
		good = length > 0 && length < PROJECT_SIZE &&
		    strcmp(path + start + length, PATH_END) == 0;
	}
	if (good) {
		memcpy(project, path + start, length);
		project[length] = '\0';
	}
	return good;
}

static bool
judge_authorization(const struct service_context *context,
    const struct request *request, const char *project,
    struct verdict *verdict)
{
	const char *value = request_get_header(request, "authorization");
	const struct access_token *token = NULL;
	bool good = false;

	if (value != NULL && strncasecmp(value, "bearer ", 7) == 0)
		token = access_tokens_find(context->access_tokens, value + 7);
	if (token == NULL || token->expires_at_ms <= request->at_ms) {
		fill(verdict, 401, NULL);
	} else if (!accounts_has_fcm_project(context->accounts, project)) {
		fill(verdict, 403, "bare");
		snprintf(verdict->message, sizeof verdict->message,
		    "Permission 'cloudmessaging.messages.create' denied on "
		    "resource '//cloudresourcemanager.googleapis.com/"
		    "projects/%s' (or it may not exist).", project);
	} else if (token->service_account != NULL ||
	    strcmp(token->project_id, project) != 0) {
		fill(verdict, 401, NULL);
	} else {
		good = true;
	}
	return good;
}

static void
judge(struct service_context *context, struct request *request,
    struct verdict *verdict)
{
	static const char json[] = "application/json";
	const char *method = request_get_header(request, ":method");
	const char *type = request_get_header(request, "content-type");
	const char *target;
	char project[PROJECT_SIZE];

	if (method == NULL || strcmp(method, "POST") != 0 ||
	    !find_project(request_get_header(request, ":path"), project)) {
		fill(verdict, 404, "bare");
		verdict->shape = BODY_HTML;
	} else if (!judge_authorization(context, request, project, verdict)) {
		;	/* judge_authorization has said it */
	} else if (type == NULL ||
	    strncasecmp(type, json, strlen(json)) != 0) {
		/* Google reads any other body as a form. */
		fill(verdict, 400, "bare");
		string_copy(verdict->message, sizeof verdict->message,
		    "Invalid JSON payload received. Unknown name: Cannot "
		    "bind query parameter.");
	} else {
		if (fcm_message_check(request_get_json(request), &target,
		    verdict))
			fill(verdict, 200, NULL);
		if (target != NULL)
			text_add_string(&request->text, target);
	}
}

static void
add_string(struct json_object *object, const char *name, const char *value)
{
	json_object_object_add(object, name, json_object_new_string(value));
}

/* The target may be called otherwise than in the table. */
static const char *
find_field(struct request *request, const struct verdict *verdict)
{
	struct json_object *body = request_get_json(request);
	const char *field = verdict->field;

	if (strcmp(field, "message.token") == 0 &&
	    json_object_is_type(body, json_type_object) &&
	    fcm_message_has_fid(body))
		field = "message.fid";
	return field;
}

static struct json_object *
make_details(const struct verdict *verdict, const char *field)
{
	struct json_object *details = json_object_new_array();
	struct json_object *detail;
	struct json_object *list;
	struct json_object *violation;

	if (verdict->has_error_code) {
		detail = json_object_new_object();
		add_string(detail, "@type", TYPE_PREFIX
		    "google.firebase.fcm.v1.FcmError");
		add_string(detail, "errorCode", verdict->reason);
		json_object_array_add(details, detail);
	}
	if (*field != '\0') {
		violation = json_object_new_object();
		add_string(violation, "field", field);
		add_string(violation, "description", verdict->message);
		list = json_object_new_array();
		json_object_array_add(list, violation);
		detail = json_object_new_object();
		add_string(detail, "@type", TYPE_PREFIX
		    "google.rpc.BadRequest");
		json_object_object_add(detail, "fieldViolations", list);
		json_object_array_add(details, detail);
	}
	return details;
}

static void
compose_error(struct request *request, const struct verdict *verdict)
{
	struct json_object *body = json_object_new_object();
	struct json_object *error = json_object_new_object();
	struct json_object *details = make_details(verdict,
	    find_field(request, verdict));

	json_object_object_add(error, "code",
	    json_object_new_int((int)verdict->status));
	add_string(error, "message", verdict->message[0] != '\0'
	    ? verdict->message : "Error.");
	add_string(error, "status", find_canonical(verdict->status));
	if (json_object_array_length(details) > 0)
		json_object_object_add(error, "details", details);
	else
		json_object_put(details);
	json_object_object_add(body, "error", error);
	text_add_string(&request->answer.body,
	    json_object_to_json_string_ext(body, JSON_C_TO_STRING_PRETTY |
	    JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(body);
}

/* What names a message that was sent, or was only checked. */
static void
compose_success(struct request *request)
{
	static uint64_t messages;
	char project[PROJECT_SIZE] = "";
	char id[64] = "fake_message_id";

	find_project(request_get_header(request, ":path"), project);
	if (!json_object_is_type(request_get_json(request),
	    json_type_object) ||
	    !fcm_message_is_test(request_get_json(request))) {
		messages++;
		snprintf(id, sizeof id, "0:%lld%06llu",
		    (long long)request->at_ms,
		    (unsigned long long)messages % 1000000);
	}
	text_add_format(&request->answer.body, "{\n  \"name\": "
	    "\"projects/%s/messages/%s\"\n}\n", project, id);
}

static void
compose(struct service_context *context, struct request *request,
    const struct verdict *verdict)
{
	struct answer *answer = &request->answer;

	(void)context;
	answer->content_type = "application/json; charset=UTF-8";
	if (verdict->status == 200)
		compose_success(request);
	else
		compose_error(request, verdict);
	if (verdict->status == 401 && !verdict->has_error_code)
		answer_add_header(answer, "www-authenticate",
		    "Bearer realm=\"https://accounts.google.com/\", "
		    "error=\"invalid_token\"");
}

const struct service service_fcm = {
	.max_streams = 100,
	.goaway_data = "session_timeout",
	.judge = judge,
	.fill = fill,
	.compose = compose,
};
