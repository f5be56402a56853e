/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include <err.h>
#include <unistd.h>

#include "connection.h"

static const char *const act_names[] = {
	[ANSWER_SEND] = "",
	[ANSWER_HANG] = "hang",
	[ANSWER_CUT] = "cut",
	[ANSWER_REFUSE] = "refuse",
	[ANSWER_RESET] = "reset",
};

static void
add_string(struct json_object *object, const char *name, const char *value)
{
	json_object_object_add(object, name, value != NULL && *value != '\0'
	    ? json_object_new_string(value) : NULL);
}

/* A header that is there twice becomes an array. */
static struct json_object *
make_headers(const struct request *request)
{
	struct json_object *headers = json_object_new_object();

	for (size_t i = 0; i < request->header_count; i++) {
		const char *name = request->headers[i].name;
		struct json_object *value = json_object_new_string(
		    request->headers[i].value);
		struct json_object *former = NULL;
		struct json_object *list;

		if (name[0] == ':') {
			json_object_put(value);
		} else if (!json_object_object_get_ex(headers, name,
		    &former)) {
			json_object_object_add(headers, name, value);
		} else if (json_object_is_type(former, json_type_array)) {
			json_object_array_add(former, value);
		} else {
			list = json_object_new_array();
			json_object_array_add(list, json_object_get(former));
			json_object_array_add(list, value);
			json_object_object_add(headers, name, list);
		}
	}
	return headers;
}

static struct json_object *
make_body(struct request *request)
{
	struct json_object *body = request_get_json(request);

	return body != NULL ? json_object_get(body)
	    : request_make_value(&request->body);
}

static void
add_notes(struct json_object *line, struct json_object *notes)
{
	if (notes != NULL) {
		json_object_object_foreach(notes, name, value)
			json_object_object_add(line, name,
			    json_object_get(value));
	}
}

void
record_write(const struct endpoint *endpoint, struct request *request,
    const struct verdict *verdict, const char *violation)
{
	const struct answer *answer = &request->answer;
	bool sent = answer->act == ANSWER_SEND;
	struct json_object *line = json_object_new_object();
	struct text text;

	json_object_object_add(line, "at_ms",
	    json_object_new_int64(request->at_ms));
	add_string(line, "service", endpoint->name);
	json_object_object_add(line, "connection",
	    json_object_new_int64((int64_t)request->connection_number));
	add_string(line, "http",
	    request->connection->protocol == &protocol_http1 ? "1.1" : "2");
	json_object_object_add(line, "stream",
	    json_object_new_int(request->stream));
	json_object_object_add(line, "max_streams", json_object_new_int64(
	    (int64_t)request->connection->stream_limit));
	add_string(line, "method", request_get_header(request, ":method"));
	add_string(line, "path", request_get_header(request, ":path"));
	json_object_object_add(line, "headers", make_headers(request));
	json_object_object_add(line, "body", make_body(request));
	json_object_object_add(line, "body_size",
	    json_object_new_int64((int64_t)request->body_size));
	add_string(line, "certificate",
	    request->peer->certificate_sha256[0] == '\0' ? NULL
	    : request->peer->certificate_sha256);
	add_string(line, "text", text_string(&request->text));
	json_object_object_add(line, "status", sent
	    ? json_object_new_int((int)verdict->status) : NULL);
	add_string(line, "reason", sent ? verdict->reason
	    : act_names[answer->act]);
	add_string(line, "violation", violation);
	json_object_object_add(line, "delay_ms",
	    json_object_new_int64(answer->delay_ms));
	add_notes(line, request->notes);

	text_init(&text, (size_t)1 << 20);
	text_add_string(&text, json_object_to_json_string_ext(line,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	text_add_string(&text, "\n");
	if (write(endpoint->world->record_fd, text.data, text.length) !=
	    (ssize_t)text.length)
		warn("record");
	text_clear(&text);
	json_object_put(line);
}

struct json_object *
record_count(const struct world *world)
{
	struct json_object *line = json_object_new_object();

	for (unsigned i = 0; i < SERVICE__MAX; i++) {
		const struct endpoint *endpoint = &world->endpoints[i];
		const struct counters *counters = &endpoint->counters;
		struct json_object *one = json_object_new_object();

		json_object_object_add(one, "requests",
		    json_object_new_int64((int64_t)counters->requests));
		json_object_object_add(one, "connections_opened",
		    json_object_new_int64(
		    (int64_t)counters->connections_opened));
		json_object_object_add(one, "connections_open",
		    json_object_new_int64(
		    (int64_t)counters->connections_open));
		json_object_object_add(one, "streams_refused",
		    json_object_new_int64(
		    (int64_t)counters->streams_refused));
		json_object_object_add(line, endpoint->name, one);
	}
	return line;
}
