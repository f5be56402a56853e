/* SPDX-License-Identifier: Apache-2.0 */
#include "control.h"

#include <json-c/json.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define CONTROL_FILE_MAX ((size_t)2 << 20)
#define NUMBER_MAX ((int64_t)1 << 53)

/* Where the words for a fault go. */
struct fault {
	char *words;
	size_t size;
};

const char *const service_names[SERVICE__MAX] = {
	[SERVICE_APNS] = "apns",
	[SERVICE_FCM] = "fcm",
	[SERVICE_OAUTH] = "oauth",
	[SERVICE_HMS] = "hms",
	[SERVICE_HMS_OAUTH] = "hms_oauth",
	[SERVICE_WEBPUSH_APPLE] = "webpush_apple",
	[SERVICE_WEBPUSH_MOZILLA] = "webpush_mozilla",
	[SERVICE_WEBPUSH_GOOGLE] = "webpush_google",
	[SERVICE_WEBPUSH_MICROSOFT] = "webpush_microsoft",
	[SERVICE_UNIFIEDPUSH] = "unifiedpush",
};

enum member_kind {
	MEMBER_NUMBER,
	MEMBER_FLAG,
	MEMBER_STRING,
	MEMBER_BODY,
	MEMBER_ANSWER,
};

struct member {
	const char *name;
	enum member_kind kind;
	size_t offset;
	int64_t least;
};

static const struct member answer_members[] = {
	{ .name = "status", .kind = MEMBER_NUMBER, .least = 200,
	    .offset = offsetof(struct control_answer, status) },
	{ .name = "reason", .kind = MEMBER_STRING,
	    .offset = offsetof(struct control_answer, reason) },
	{ .name = "retry_after", .kind = MEMBER_NUMBER,
	    .offset = offsetof(struct control_answer, retry_after_s) },
	{ .name = "timestamp", .kind = MEMBER_NUMBER,
	    .offset = offsetof(struct control_answer, timestamp_ms) },
	{ .name = "times", .kind = MEMBER_NUMBER,
	    .offset = offsetof(struct control_answer, times) },
	{ .name = "body", .kind = MEMBER_BODY },
	{ .name = NULL },
};

static const struct member members[] = {
	{ .name = "latency_ms", .kind = MEMBER_NUMBER,
	    .offset = offsetof(struct control, latency_ms) },
	{ .name = "max_streams", .kind = MEMBER_NUMBER, .least = 1,
	    .offset = offsetof(struct control, max_streams) },
	{ .name = "streams_before_auth", .kind = MEMBER_NUMBER, .least = 1,
	    .offset = offsetof(struct control, streams_before_auth) },
	{ .name = "answer", .kind = MEMBER_ANSWER },
	{ .name = "goaway_every", .kind = MEMBER_NUMBER,
	    .offset = offsetof(struct control, goaway_every) },
	{ .name = "refuse_next", .kind = MEMBER_NUMBER,
	    .offset = offsetof(struct control, refuse_next) },
	{ .name = "cut_next", .kind = MEMBER_NUMBER,
	    .offset = offsetof(struct control, cut_next) },
	{ .name = "cut_after_ms", .kind = MEMBER_NUMBER,
	    .offset = offsetof(struct control, cut_after_ms) },
	{ .name = "reset_guard", .kind = MEMBER_NUMBER,
	    .offset = offsetof(struct control, reset_guard) },
	{ .name = "expires_in", .kind = MEMBER_NUMBER,
	    .offset = offsetof(struct control, expires_in_s) },
	{ .name = "hang", .kind = MEMBER_FLAG,
	    .offset = offsetof(struct control, hang) },
	{ .name = "black_hole", .kind = MEMBER_FLAG,
	    .offset = offsetof(struct control, black_hole) },
	{ .name = "closed", .kind = MEMBER_FLAG,
	    .offset = offsetof(struct control, closed) },
	{ .name = "cut_connections", .kind = MEMBER_FLAG,
	    .offset = offsetof(struct control, cut_connections) },
	{ .name = "rubbish", .kind = MEMBER_FLAG,
	    .offset = offsetof(struct control, rubbish) },
	{ .name = "token_floor", .kind = MEMBER_NUMBER,
	    .offset = offsetof(struct control, token_floor_s) },
	{ .name = "token_floor_per_key", .kind = MEMBER_FLAG,
	    .offset = offsetof(struct control, token_floor_per_key) },
	{ .name = "limit_falls", .kind = MEMBER_FLAG,
	    .offset = offsetof(struct control, limit_falls) },
	{ .name = "http1", .kind = MEMBER_FLAG,
	    .offset = offsetof(struct control, http1) },
	{ .name = "unrecorded", .kind = MEMBER_FLAG,
	    .offset = offsetof(struct control, unrecorded) },
	{ .name = "goaway_at_start", .kind = MEMBER_FLAG,
	    .offset = offsetof(struct control, goaway_at_start) },
	{ .name = NULL },
};

static const struct body_name {
	const char *name;
	enum body_shape shape;
} body_names[] = {
	{ .name = "html", .shape = BODY_HTML },
	{ .name = "empty", .shape = BODY_EMPTY },
	{ .name = "truncated", .shape = BODY_TRUNCATED },
	{ .name = "big", .shape = BODY_BIG },
	{ .name = "gzip", .shape = BODY_GZIP },
	{ .name = "br", .shape = BODY_BROTLI },
	{ .name = "umlaut", .shape = BODY_UMLAUT },
	{ .name = "latin1", .shape = BODY_LATIN1 },
	{ .name = NULL },
};

void
control_init(struct control *control)
{
	memset(control, 0, sizeof *control);
	control->max_streams = -1;
	control->streams_before_auth = -1;
	control->cut_next = -1;
	control->expires_in_s = CONTROL_EXPIRES_IN_S;
	control->token_floor_s = CONTROL_TOKEN_FLOOR_S;
}

void
control_clear(struct control *control)
{
	free(control->answer.reason);
	free(control->answer.body);
	control_init(control);
}

static bool
read_object(void *to, const struct member *table,
    struct json_object *object, struct fault *fault);

static bool
read_number(int64_t *to, const struct member *member,
    struct json_object *value)
{
	bool good = json_object_is_type(value, json_type_int);

	if (good) {
		*to = json_object_get_int64(value);
		good = *to >= member->least && *to <= NUMBER_MAX;
	}
	return good;
}

/* One of the named shapes, or the text (or JSON) to send literally. */
static void
read_body(struct control_answer *answer, struct json_object *value)
{
	const char *body = json_object_is_type(value, json_type_string)
	    ? json_object_get_string(value)
	    : json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);

	answer->shape = BODY_LITERAL;
	for (const struct body_name *name = body_names;
	    answer->shape == BODY_LITERAL && name->name != NULL; name++) {
		if (strcmp(body, name->name) == 0)
			answer->shape = name->shape;
	}
	free(answer->body);
	answer->body = memory_copy_string(body);
}

static bool
read_answer(struct control_answer *answer, struct json_object *value,
    struct fault *fault)
{
	answer->set = true;
	answer->status = 200;
	answer->retry_after_s = -1;
	answer->timestamp_ms = -1;
	answer->times = -1;
	return json_object_is_type(value, json_type_object) &&
	    read_object(answer, answer_members, value, fault) &&
	    answer->status <= 599;
}

static bool
read_member(void *to, const struct member *member,
    struct json_object *value, struct fault *fault)
{
	void *place = (char *)to + member->offset;
	bool good = true;

	switch (member->kind) {
	case MEMBER_NUMBER:
		good = read_number(place, member, value);
		break;
	case MEMBER_FLAG:
		good = json_object_is_type(value, json_type_boolean);
		*(bool *)place = json_object_get_boolean(value);
		break;
	case MEMBER_STRING:
		good = json_object_is_type(value, json_type_string);
		if (good) {
			free(*(char **)place);
			*(char **)place = memory_copy_string(
			    json_object_get_string(value));
		}
		break;
	case MEMBER_BODY:
		read_body(to, value);
		break;
	case MEMBER_ANSWER:
		good = read_answer(&((struct control *)to)->answer, value,
		    fault);
		break;
	}
	if (!good && fault->words[0] == '\0')
		snprintf(fault->words, fault->size,
		    "\"%s\" has a value that makes no sense", member->name);
	return good;
}

/* Unknown names are refused: in a test they are always a mistake. */
static bool
read_object(void *to, const struct member *table,
    struct json_object *object, struct fault *fault)
{
	bool good = true;

	json_object_object_foreach(object, name, value) {
		const struct member *member = table;

		while (member->name != NULL && strcmp(member->name, name) != 0)
			member++;
		if (!good) {
			break;
		} else if (member->name == NULL) {
			snprintf(fault->words, fault->size,
			    "unknown member \"%s\"", name);
			good = false;
		} else {
			good = read_member(to, member, value, fault);
		}
	}
	return good;
}

static bool
read_services(struct control controls[SERVICE__MAX],
    struct json_object *tree, struct fault *fault)
{
	bool good = true;

	json_object_object_foreach(tree, name, value) {
		unsigned i = 0;

		while (i < SERVICE__MAX && strcmp(service_names[i], name) != 0)
			i++;
		if (!good) {
			break;
		} else if (i == SERVICE__MAX ||
		    !json_object_is_type(value, json_type_object)) {
			snprintf(fault->words, fault->size,
			    "\"%s\" is no service or no object", name);
			good = false;
		} else {
			good = read_object(&controls[i], members, value,
			    fault);
		}
	}
	return good;
}

bool
control_parse(struct control controls[SERVICE__MAX], const char *text,
    char *fault, size_t fault_size)
{
	struct fault where = { .words = fault, .size = fault_size };
	struct control fresh[SERVICE__MAX];
	enum json_tokener_error error;
	struct json_object *tree = json_tokener_parse_verbose(text, &error);
	bool good = false;

	fault[0] = '\0';
	for (unsigned i = 0; i < SERVICE__MAX; i++)
		control_init(&fresh[i]);
	if (tree == NULL && error != json_tokener_success)
		snprintf(fault, fault_size, "%s",
		    json_tokener_error_desc(error));
	else if (!json_object_is_type(tree, json_type_object))
		snprintf(fault, fault_size, "no JSON object");
	else
		good = read_services(fresh, tree, &where);
	for (unsigned i = 0; i < SERVICE__MAX; i++) {
		control_clear(good ? &controls[i] : &fresh[i]);
		if (good)
			controls[i] = fresh[i];
	}
	json_object_put(tree);
	return good;
}

bool
control_read(struct control controls[SERVICE__MAX], const char *file,
    char *fault, size_t fault_size)
{
	FILE *stream = fopen(file, "r");
	struct text text;
	char chunk[4096];
	size_t length;
	bool good = false;

	text_init(&text, CONTROL_FILE_MAX);
	while (stream != NULL &&
	    (length = fread(chunk, 1, sizeof chunk, stream)) > 0)
		text_add(&text, chunk, length);
	if (stream == NULL && errno == ENOENT)
		good = control_parse(controls, "{}", fault, fault_size);
	else if (stream == NULL || ferror(stream) || text.overrun)
		snprintf(fault, fault_size, "%s",
		    text.overrun ? "too long" : strerror(errno));
	else
		good = control_parse(controls, text_string(&text), fault,
		    fault_size);
	if (stream != NULL)
		fclose(stream);
	text_clear(&text);
	return good;
}
