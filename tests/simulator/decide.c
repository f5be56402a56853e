/* SPDX-License-Identifier: Apache-2.0 */
#include "decide.h"

#include <err.h>
#include <stdio.h>

#include "clock.h"
#include "connection.h"
#include "record.h"
#include "script.h"

#define SCRIPTED_MAX 100000	/* pushkeys whose uses are counted */
#define DELAY_MAX_MS 86400000
#define STREAMS_MAX 1000000

/* Counts a use of a pushkey with `once`; true while the script applies. */
static bool
count_use(struct endpoint *endpoint, const char *pushkey, int64_t once)
{
	struct json_object *scripted = endpoint->world->scripted;
	struct json_object *uses = NULL;
	struct text key;
	bool applies = false;

	text_init(&key, REQUEST_BODY_MAX);
	text_add_format(&key, "%s %s", endpoint->name, pushkey);
	if (json_object_object_get_ex(scripted, text_string(&key), &uses)) {
		applies = json_object_get_int64(uses) < once;
		json_object_int_inc(uses, 1);
	} else if (json_object_object_length(scripted) < SCRIPTED_MAX) {
		applies = once > 0;
		json_object_object_add(scripted, text_string(&key),
		    json_object_new_int64(1));
	} else {
		warnx("too many pushkeys with `once`");
	}
	text_clear(&key);
	return applies;
}

static void
fill_by_script(const struct service *service, const struct script *script,
    struct verdict *verdict)
{
	if (service->has_codes && script->code[0] != '\0') {
		service->fill(verdict, script->status, script->code);
		string_copy(verdict->detail, sizeof verdict->detail,
		    script->detail);
	} else if (script->status != 0) {
		service->fill(verdict, script->status,
		    script->reason[0] != '\0' ? script->reason : NULL);
	}
}

static void
apply_script(struct endpoint *endpoint, struct request *request,
    struct verdict *verdict)
{
	struct answer *answer = &request->answer;
	const char *pushkey = text_string(&request->text);
	struct script script;

	script_parse(&script, pushkey);
	if (script.once == 0 ||
	    count_use(endpoint, pushkey, script.once)) {
		fill_by_script(endpoint->service, &script, verdict);
		if (script.hang)
			answer->act = ANSWER_HANG;
		else if (script.cut)
			answer->act = ANSWER_CUT;
		else if (script.refuse)
			answer->act = ANSWER_REFUSE;
		else if (script.reset)
			answer->act = ANSWER_RESET;
		if (script.shape != BODY_NORMAL)
			verdict->shape = script.shape;
		verdict->timestamp_ms = script.timestamp_ms;
		verdict->retry_after_s = script.retry_after_s;
		answer->goaway = script.goaway;
		answer->broken = script.broken;
		answer->streams = script.streams < STREAMS_MAX
		    ? (unsigned)script.streams : STREAMS_MAX;
		answer->delay_ms = script.slow_ms < DELAY_MAX_MS
		    ? (unsigned)script.slow_ms : DELAY_MAX_MS;
	}
}

static void
apply_control_answer(struct endpoint *endpoint, struct request *request,
    struct verdict *verdict)
{
	struct control_answer *answer = &endpoint->control.answer;

	endpoint->service->fill(verdict, (unsigned)answer->status,
	    answer->reason);
	verdict->retry_after_s = answer->retry_after_s;
	verdict->timestamp_ms = answer->timestamp_ms;
	if (answer->shape != BODY_NORMAL)
		verdict->shape = answer->shape;
	verdict->literal = answer->body;
	request->answer.act = ANSWER_SEND;
	if (answer->times > 0)
		answer->times--;
}

static void
apply_control(struct endpoint *endpoint, struct request *request,
    struct verdict *verdict)
{
	struct control *control = &endpoint->control;
	struct answer *answer = &request->answer;
	int64_t delay_ms;

	if (control->answer.set && control->answer.times != 0)
		apply_control_answer(endpoint, request, verdict);
	if (control->rubbish) {
		endpoint->service->fill(verdict, 200, NULL);
		verdict->shape = BODY_HTML;
	}
	if (control->hang)
		answer->act = ANSWER_HANG;
	delay_ms = answer->delay_ms + control->latency_ms;
	if (control->refuse_next > 0) {
		control->refuse_next--;
		answer->act = ANSWER_REFUSE;
	} else if (control->cut_next > 0) {
		control->cut_next--;
		answer->act = ANSWER_CUT;
		delay_ms = control->cut_after_ms;
	}
	answer->delay_ms = delay_ms < DELAY_MAX_MS ? (unsigned)delay_ms
	    : DELAY_MAX_MS;
}

/* Whoever follows it is recorded with a path that nobody else has. */
static void
add_location(struct request *request)
{
	const char *authority = request_get_header(request, ":authority");
	char location[128];

	snprintf(location, sizeof location, "https://%.64s/redirected",
	    authority != NULL ? authority : "");
	answer_add_header(&request->answer, "location", location);
}

static void
compose(struct endpoint *endpoint, struct request *request,
    const struct verdict *verdict)
{
	struct answer *answer = &request->answer;
	char digits[32];

	answer->status = verdict->status;
	endpoint->service->compose(&endpoint->world->context, request,
	    verdict);
	answer_shape_body(answer, verdict);
	if (verdict->retry_after_s >= 0) {
		snprintf(digits, sizeof digits, "%lld",
		    (long long)verdict->retry_after_s);
		answer_add_header(answer, "retry-after", digits);
	}
	if (verdict->status >= 300 && verdict->status < 400)
		add_location(request);
	if (answer->body.length > 0)
		answer_add_header(answer, "content-type",
		    answer->content_type);
	if (answer->content_encoding != NULL)
		answer_add_header(answer, "content-encoding",
		    answer->content_encoding);
}

void
decide(struct endpoint *endpoint, struct request *request)
{
	struct verdict verdict;
	char violation[REASON_SIZE];

	request->at_ms = clock_now_ms();
	verdict_init(&verdict, 500, "");
	endpoint->service->judge(&endpoint->world->context, request,
	    &verdict);
	string_copy(violation, sizeof violation, verdict.reason);
	if (verdict.status < 300 && request->text.length > 0)
		apply_script(endpoint, request, &verdict);
	apply_control(endpoint, request, &verdict);
	if (request->answer.act == ANSWER_SEND)
		compose(endpoint, request, &verdict);
	if (request->answer.streams > 0)
		request->connection->scripted_limit = request->answer.streams;
	request->connection->protocol->update_limit(request->connection);
	if (endpoint->world->record_fd >= 0 &&
	    !endpoint->control.unrecorded)
		record_write(endpoint, request, &verdict, violation);
}
