/* SPDX-License-Identifier: Apache-2.0 */
#include "api/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/access-log.h"
#include "api/response.h"
#include "api/result.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"

/* A batch in progress; freed when its last item is settled. */
struct notify_job {
	const struct notify_params *params;
	enum decode_operation operation;
	struct exchange *exchange;
	struct batch *batch;
	char *client_name;
	int64_t started_ms;
	void (*finished)(void *arg);
	void *arg;
	char **results;		/* settled, not written before `next` is */
	size_t next;		/* the first item that is not written */
	unsigned int items[RESULT_STATUS__MAX];
	unsigned int devices[VERDICT__MAX];
};

static const char *const notify_operations[DECODE_OPERATION__MAX] = {
	[DECODE_NOTIFY] = "notify",
	[DECODE_MATRIX_NOTIFY] = "notify",
	[DECODE_BATCH] = "notify/batch",
	[DECODE_ENCRYPTED_BATCH] = "notifyEncrypted/batch",
};

void
notify_count_answer(const struct notify_params *params, const char *operation,
    const char *client, int status)
{
	const char *result = status < 400 ? "answered" :
	    status < 500 ? "refused" : "unavailable";
	char text[16];

	snprintf(text, sizeof text, "%d", status);
	metrics_add(params->metrics, METRICS_REQUESTS, 1,
	    &(struct metrics_labels){ .operation = operation,
	    .status = text });
	if (client != NULL)
		metrics_add(params->metrics, METRICS_CLIENT_REQUESTS, 1,
		    &(struct metrics_labels){ .client = client,
		    .result = result });
}

/* --- refusals ------------------------------------------------------------ */

static const enum response_error notify_errors[] = {
	[DECODE_INVALID] = RESPONSE_INVALID_DATA,
	[DECODE_TOO_MANY] = RESPONSE_BATCH_TOO_LARGE,
	[DECODE_DUPLICATES] = RESPONSE_DUPLICATE_IDS,
	[DECODE_TOO_LARGE] = RESPONSE_NOTIFICATION_TOO_LARGE,
};

/* What the caller needs to change. */
static struct json_object *
notify_explain(const struct notify_params *params, enum decode_result result,
    const struct decode_error *error)
{
	struct json_object *details = json_object_new_object();

	switch (result) {
	case DECODE_OK:
	case DECODE_INVALID:
		json_object_object_add(details, "location",
		    json_object_new_string(error->violation.location));
		json_object_object_add(details, "reason",
		    json_object_new_string(error->violation.reason));
		break;
	case DECODE_TOO_MANY:
		json_object_object_add(details, "max_batch_size",
		    json_object_new_int64(params->limits.max_batch_size));
		break;
	case DECODE_DUPLICATES:
		json_object_object_add(details, "duplicate_ids",
		    error->duplicate_ids);
		break;
	case DECODE_TOO_LARGE:
		json_object_object_add(details, "max_notification_size_kb",
		    json_object_new_int64(
		    params->limits.max_notification_size_kb));
		break;
	}
	return details;
}

static void
notify_refuse(const struct notify_params *params,
    enum decode_operation operation, const char *client_name,
    enum decode_result result, const struct decode_error *error,
    struct exchange *exchange)
{
	enum response_error refusal = notify_errors[result];
	int status = response_error_status(refusal);
	bool invalid = result == DECODE_INVALID;

	response_send_error(exchange, refusal, notify_explain(params, result,
	    error));
	access_log_write(&(struct access_log_entry){
		.operation = notify_operations[operation],
		.client = client_name,
		.status = status,
		.location = invalid ? error->violation.location : NULL,
		.reason = invalid ? error->violation.reason :
		    response_error_text(refusal)
	});
	notify_count_answer(params, notify_operations[operation], client_name,
	    status);
	exchange_finish(exchange);
}

/* --- answers ------------------------------------------------------------- */

static const char *
notify_json_text(struct json_object *value)
{
	return json_object_to_json_string_ext(value,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

static void
notify_count_item(struct notify_job *job, const struct result *result)
{
	size_t i;

	job->items[result->status]++;
	for (i = 0; i < VERDICT__MAX; i++)
		job->devices[i] += result->devices[i];
	metrics_add(job->params->metrics, METRICS_NOTIFICATIONS, 1,
	    &(struct metrics_labels){
	    .operation = notify_operations[job->operation],
	    .status = result_status_name(result->status) });
}

/* One element of "results", as text that the caller frees. */
static char *
notify_compose_result(struct notify_job *job, size_t index,
    const struct outcome *outcomes)
{
	const struct notification *notification =
	    &job->batch->notifications[index];
	struct result result;
	struct buf text;

	result_init(&result, notification, outcomes);
	notify_count_item(job, &result);
	buf_init(&text, SIZE_MAX - 1);
	result_write(&result, notification->id, &text);
	result_free(&result);
	return text.data;
}

static void
notify_write_summary(struct notify_job *job)
{
	struct json_object *summary = result_summary(job->items);

	response_write(job->exchange, "],\"summary\":");
	response_write(job->exchange, notify_json_text(summary));
	response_write(job->exchange, "}\n");
	json_object_put(summary);
}

static void
notify_job_free(struct notify_job *job)
{
	size_t i;

	for (i = 0; i < job->batch->count; i++)
		free(job->results[i]);
	free(job->results);
	batch_free(job->batch);
	free(job->client_name);
	free(job);
}

static void
notify_finish(struct notify_job *job, int status)
{
	const char *operation = notify_operations[job->operation];
	struct access_log_entry entry = {
		.operation = operation,
		.client = job->client_name,
		.status = status,
		.items = job->batch->count,
		.duration_ms = clock_monotonic_ms() - job->started_ms
	};

	memcpy(entry.devices, job->devices, sizeof entry.devices);
	log_set_request(exchange_id(job->exchange));
	access_log_write(&entry);
	log_set_request(NULL);
	notify_count_answer(job->params, operation, job->client_name, status);
	metrics_observe(job->params->metrics, METRICS_REQUEST_SECONDS,
	    entry.duration_ms,
	    &(struct metrics_labels){ .operation = operation });
	exchange_finish(job->exchange);
	if (job->finished != NULL)
		job->finished(job->arg);
	notify_job_free(job);
}

/* Keeps a result until all before it are written. */
static void
notify_on_item(void *arg, size_t index, const struct outcome *outcomes)
{
	struct notify_job *job = arg;
	size_t first = job->next;

	job->results[index] = notify_compose_result(job, index, outcomes);
	for (; job->next < job->batch->count &&
	    job->results[job->next] != NULL; job->next++) {
		const char *text = job->results[job->next];

		/* A line each: a caller that reads by lines sees it at once. */
		if (job->next == 0) {
			response_begin(job->exchange);
			response_write(job->exchange, "{\"results\":[\n");
		} else
			response_write(job->exchange, ",");
		response_write(job->exchange, text);
		response_write(job->exchange, "\n");
	}
	if (job->next == job->batch->count) {
		notify_write_summary(job);
		notify_finish(job, 200);
	} else if (job->next > first)
		response_flush(job->exchange);
}

/*
 * 503 makes the caller send to all devices again: only if that repeats nothing
 * and may help.
 */
static void
notify_on_single(void *arg, size_t index, const struct outcome *outcomes)
{
	struct notify_job *job = arg;
	struct json_object *body;
	struct result result;
	int status = 200;

	result_init(&result, &job->batch->notifications[index], outcomes);
	notify_count_item(job, &result);
	if (result_wants_retry(&result)) {
		status = response_error_status(RESPONSE_UNAVAILABLE);
		response_send_error(job->exchange, RESPONSE_UNAVAILABLE, NULL);
	} else {
		body = json_object_new_object();
		json_object_object_add(body, "rejected",
		    result.rejected == NULL ? json_object_new_array() :
		    json_object_get(result.rejected));
		response_send(job->exchange, status, "", body);
	}
	result_free(&result);
	notify_finish(job, status);
}

static bool
notify_type_is_json(const struct exchange *exchange)
{
	const char *type = exchange_variable(exchange, "CONTENT_TYPE");
	size_t length = strlen("application/json");

	return type != NULL && strncasecmp(type, "application/json",
	    length) == 0 && strchr("; \t", type[length]) != NULL;
}

/* Delivery knows no callers. */
static void
notify_mark_forbidden(struct batch *batch, const struct client *client)
{
	size_t i, j;

	for (i = 0; i < batch->count; i++) {
		struct notification *notification = &batch->notifications[i];

		for (j = 0; j < notification->device_count; j++)
			notification->devices[j].is_forbidden =
			    !client_may_address(client,
			    notification->devices[j].app_id);
	}
}

/* What is wrong with the headers of the request, or NULL. */
static const char *
notify_check_headers(const struct exchange *exchange)
{
	const char *coding = exchange_variable(exchange,
	    "HTTP_CONTENT_ENCODING");

	if (!notify_type_is_json(exchange))
		return "Content-Type must be application/json";
	if (coding != NULL && *coding != '\0' &&
	    strcasecmp(coding, "identity") != 0)
		return "Content-Encoding must be identity";
	return NULL;
}

static struct notify_job *
notify_job_create(const struct notify_params *params,
    const struct notify_request *request, struct batch *batch)
{
	struct notify_job *job = xcalloc(1, sizeof *job);

	job->params = params;
	job->operation = request->operation;
	job->exchange = request->exchange;
	job->batch = batch;
	job->client_name = xstrdup(client_name(request->client));
	job->started_ms = clock_monotonic_ms();
	job->finished = request->finished;
	job->arg = request->arg;
	job->results = xcalloc(batch->count, sizeof *job->results);
	return job;
}

bool
notify_serve(const struct notify_params *params,
    const struct notify_request *request)
{
	enum decode_result result = DECODE_INVALID;
	const char *mistake = notify_check_headers(request->exchange);
	struct decode_error error = { .duplicate_ids = NULL };
	delivery_settled_fn settled = notify_on_item;
	struct notify_job *job;
	struct batch *batch = NULL;

	if (mistake != NULL)
		snprintf(error.violation.reason, sizeof error.violation.reason,
		    "%s", mistake);
	else
		result = decode_request(request->operation,
		    buf_text(request->body), request->body->size,
		    &params->limits, &batch, &error);
	if (result != DECODE_OK) {
		notify_refuse(params, request->operation,
		    client_name(request->client), result, &error,
		    request->exchange);
		return false;
	}
	batch->path_prefix = xstrdup(request->path_prefix);
	batch->request_id = xstrdup(exchange_id(request->exchange));
	notify_mark_forbidden(batch, request->client);
	job = notify_job_create(params, request, batch);
	if (decode_is_single(request->operation))
		settled = notify_on_single;
	if (request->overloaded) {
		job->finished = NULL;
		delivery_refuse(params->delivery, batch, settled, job);
	} else
		delivery_start(params->delivery, batch, job->client_name,
		    request->deadline_ms - clock_monotonic_ms(), settled, job);
	return !request->overloaded;
}
