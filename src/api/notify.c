/* SPDX-License-Identifier: Apache-2.0 */
#include "api/notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/response.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"

enum notify_status {
	NOTIFY_SUCCESS,
	NOTIFY_FAILED,
	NOTIFY_PARTIAL,
	NOTIFY_STATUS__MAX
};

/* A batch on its way; gone when its last item is settled. */
struct notify_job {
	const struct notify_params *params;
	enum decode_operation operation;
	struct exchange *exchange;
	struct batch *batch;
	char *client_name;
	int64_t started_ms;
	char **results;		/* settled, but not their turn yet */
	size_t next;		/* the first item that is not written */
	unsigned int items[NOTIFY_STATUS__MAX];
	unsigned int devices[VERDICT__MAX];
};

/* What became of one notification's devices. */
struct notify_tally {
	unsigned int verdicts[VERDICT__MAX];
	enum cause causes[VERDICT__MAX];	/* of the first with each */
};

static const struct {
	const char *name;	/* as the answer says it */
	const char *counter;	/* as the summary says it */
} notify_statuses[NOTIFY_STATUS__MAX] = {
	[NOTIFY_SUCCESS] = { .name = "success", .counter = "successful" },
	[NOTIFY_FAILED] = { .name = "failed", .counter = "failed" },
	[NOTIFY_PARTIAL] = { .name = "partial", .counter = "partial" },
};

/*
 * The status table of the wire contract: the first row whose conditions all
 * hold.  NULL as prefix: no error; what stands in it comes before the phrase
 * of the weightiest cause.
 */
static const struct {
	bool delivered;		/* at least one */
	bool rejected;
	bool later;
	bool failed;
	enum notify_status status;
	const char *prefix;
} notify_rules[] = {
	{ .delivered = true, .rejected = true, .later = true,
	    .status = NOTIFY_PARTIAL,
	    .prefix = "not every device was reached: " },
	{ .delivered = true, .rejected = true, .failed = true,
	    .status = NOTIFY_PARTIAL,
	    .prefix = "not every device was reached: " },
	{ .delivered = true, .rejected = true, .status = NOTIFY_PARTIAL },
	{ .delivered = true, .later = true, .status = NOTIFY_FAILED,
	    .prefix = "not every device was reached, please try again: " },
	{ .delivered = true, .failed = true, .status = NOTIFY_PARTIAL,
	    .prefix = "not every device can be reached, another try would "
	    "only repeat what was delivered: " },
	{ .delivered = true, .status = NOTIFY_SUCCESS },
	{ .later = true, .status = NOTIFY_FAILED, .prefix = "" },
	{ .failed = true, .status = NOTIFY_FAILED, .prefix = "" },
	{ .rejected = true, .status = NOTIFY_FAILED, .prefix = "" },
	{ .status = NOTIFY_SUCCESS },		/* no devices at all */
};

static const char *const notify_operations[DECODE_OPERATION__MAX] = {
	[DECODE_NOTIFY] = "notify",
	[DECODE_BATCH] = "notify/batch",
	[DECODE_ENCRYPTED_BATCH] = "notifyEncrypted/batch",
};

void
notify_count_answer(const struct notify_params *params, const char *operation,
    int status)
{
	char text[16];

	snprintf(text, sizeof text, "%d", status);
	metrics_add(params->metrics, METRICS_REQUESTS, 1,
	    &(struct metrics_labels){ .operation = operation,
	    .status = text });
}

/* --- refusals ------------------------------------------------------------ */

static void
notify_log_access(enum decode_operation operation, const char *client_name,
    int status, const struct notify_job *job)
{
	if (job == NULL)
		log_info("%s by %s: %d", notify_operations[operation],
		    client_name, status);
	else
		log_info("%s by %s: %d items=%zu delivered=%u rejected=%u "
		    "later=%u failed=%u ms=%" PRId64,
		    notify_operations[operation], client_name, status,
		    job->batch->count, job->devices[VERDICT_DELIVERED],
		    job->devices[VERDICT_REJECTED],
		    job->devices[VERDICT_LATER],
		    job->devices[VERDICT_FAILED],
		    clock_monotonic_ms() - job->started_ms);
}

static void
notify_refuse(const struct notify_params *params, enum decode_result result,
    struct decode_error *decoded, struct exchange *exchange)
{
	struct json_object *details = json_object_new_object();
	enum response_error error = RESPONSE_INVALID_DATA;

	switch (result) {
	case DECODE_OK:
	case DECODE_INVALID:
		json_object_object_add(details, "location",
		    json_object_new_string(decoded->violation.location));
		json_object_object_add(details, "reason",
		    json_object_new_string(decoded->violation.reason));
		break;
	case DECODE_TOO_MANY:
		error = RESPONSE_BATCH_TOO_LARGE;
		json_object_object_add(details, "max_batch_size",
		    json_object_new_int64(params->limits.max_batch_size));
		break;
	case DECODE_DUPLICATES:
		error = RESPONSE_DUPLICATE_IDS;
		json_object_object_add(details, "duplicate_ids",
		    decoded->duplicate_ids);
		break;
	case DECODE_TOO_LARGE:
		error = RESPONSE_NOTIFICATION_TOO_LARGE;
		json_object_object_add(details, "max_notification_size_kb",
		    json_object_new_int64(
		    params->limits.max_notification_size_kb));
		break;
	}
	response_send_error(exchange, error, details);
}

/* --- answers ------------------------------------------------------------- */

/*
 * The pushkeys that may be alive in one entry of a notification while another
 * was rejected, under another app_id or registered anew since; NULL if there
 * are none.  Callers delete by pushkey: these must not be listed.
 */
static struct json_object *
notify_find_living(const struct notification *notification,
    const struct outcome *outcomes)
{
	struct json_object *living = NULL;
	bool rejected = false;
	size_t i;

	for (i = 0; i < notification->device_count && !rejected; i++)
		rejected = outcomes[i].verdict == VERDICT_REJECTED;
	for (i = 0; i < notification->device_count && rejected; i++) {
		if (outcomes[i].verdict == VERDICT_REJECTED)
			continue;
		if (living == NULL)
			living = json_object_new_object();
		json_object_object_add(living,
		    notification->devices[i].pushkey, NULL);
	}
	return living;
}

/* What the caller is told of an outcome. */
static struct outcome
notify_temper(struct json_object *living, const struct device *device,
    const struct outcome *outcome)
{
	struct outcome told = *outcome;

	if (outcome->verdict == VERDICT_REJECTED &&
	    json_object_object_get_ex(living, device->pushkey, NULL)) {
		told.verdict = VERDICT_FAILED;
		told.cause = CAUSE_PUSHKEY_MALFORMED;
	}
	return told;
}

/*
 * Counts the verdicts, and lists the rejected pushkeys as they were received,
 * each once.
 */
static struct json_object *
notify_count_devices(struct notify_job *job,
    const struct notification *notification,
    const struct outcome *outcomes, struct notify_tally *tally)
{
	struct json_object *living = notify_find_living(notification,
	    outcomes);
	struct json_object *rejected = json_object_new_array();
	struct json_object *listed = json_object_new_object();
	size_t i;

	memset(tally, 0, sizeof *tally);
	for (i = 0; i < notification->device_count; i++) {
		const struct device *device = &notification->devices[i];
		struct outcome told = notify_temper(living, device,
		    &outcomes[i]);

		if (tally->verdicts[told.verdict]++ == 0)
			tally->causes[told.verdict] = told.cause;
		job->devices[told.verdict]++;
		if (told.verdict != VERDICT_REJECTED ||
		    json_object_object_get_ex(listed, device->pushkey, NULL))
			continue;
		json_object_object_add(listed, device->pushkey, NULL);
		json_object_array_add(rejected,
		    json_object_get(device->pushkey_json));
	}
	json_object_put(listed);
	json_object_put(living);
	return rejected;
}

static size_t
notify_find_rule(const struct notify_tally *tally)
{
	size_t i = 0;

	while ((notify_rules[i].delivered &&
	    tally->verdicts[VERDICT_DELIVERED] == 0) ||
	    (notify_rules[i].rejected &&
	    tally->verdicts[VERDICT_REJECTED] == 0) ||
	    (notify_rules[i].later && tally->verdicts[VERDICT_LATER] == 0) ||
	    (notify_rules[i].failed && tally->verdicts[VERDICT_FAILED] == 0))
		i++;
	return i;
}

/* The cause to name: what a retry can mend first, then what it cannot. */
static enum cause
notify_weigh(const struct notify_tally *tally)
{
	static const enum verdict order[] = {
		VERDICT_LATER, VERDICT_FAILED, VERDICT_REJECTED
	};
	size_t i = 0;

	while (i < 2 && tally->verdicts[order[i]] == 0)
		i++;
	return tally->causes[order[i]];
}

static void
notify_count_item(struct notify_job *job, enum notify_status status)
{
	job->items[status]++;
	metrics_add(job->params->metrics, METRICS_NOTIFICATIONS, 1,
	    &(struct metrics_labels){
	    .operation = notify_operations[job->operation],
	    .status = notify_statuses[status].name });
}

/* One element of "results", as text that the caller frees. */
static char *
notify_compose_result(struct notify_job *job, size_t index,
    const struct outcome *outcomes)
{
	const struct notification *notification =
	    &job->batch->notifications[index];
	struct json_object *result = json_object_new_object(), *rejected;
	struct notify_tally tally;
	char phrase[256], *text;
	size_t rule;

	rejected = notify_count_devices(job, notification, outcomes, &tally);
	rule = notify_find_rule(&tally);
	notify_count_item(job, notify_rules[rule].status);
	json_object_object_add(result, "id",
	    json_object_get(notification->id));
	json_object_object_add(result, "status", json_object_new_string(
	    notify_statuses[notify_rules[rule].status].name));
	json_object_object_add(result, "rejected", rejected);
	if (notify_rules[rule].prefix != NULL) {
		snprintf(phrase, sizeof phrase, "%s%s",
		    notify_rules[rule].prefix,
		    cause_phrase(notify_weigh(&tally)));
		json_object_object_add(result, "error",
		    json_object_new_string(phrase));
	}
	text = xstrdup(json_object_to_json_string_ext(result,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(result);
	return text;
}

static void
notify_write_summary(struct notify_job *job)
{
	struct json_object *summary = json_object_new_object();
	const char *text;
	size_t i;

	json_object_object_add(summary, "total",
	    json_object_new_int64((int64_t)job->batch->count));
	for (i = 0; i < NOTIFY_STATUS__MAX; i++)
		json_object_object_add(summary, notify_statuses[i].counter,
		    json_object_new_int64(job->items[i]));
	text = json_object_to_json_string_ext(summary,
	    JSON_C_TO_STRING_PLAIN);
	response_write(job->exchange, "],\"summary\":", 12);
	response_write(job->exchange, text, strlen(text));
	response_write(job->exchange, "}\n", 2);
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

	notify_log_access(job->operation, job->client_name, status, job);
	notify_count_answer(job->params, operation, status);
	metrics_observe(job->params->metrics, METRICS_REQUEST_SECONDS,
	    clock_monotonic_ms() - job->started_ms,
	    &(struct metrics_labels){ .operation = operation });
	exchange_finish(job->exchange);
	notify_job_free(job);
}

/* Keeps a result until all before it are out, then writes what it can. */
static void
notify_on_item(void *arg, size_t index, const struct outcome *outcomes)
{
	struct notify_job *job = arg;
	size_t first = job->next;

	job->results[index] = notify_compose_result(job, index, outcomes);
	for (; job->next < job->batch->count &&
	    job->results[job->next] != NULL; job->next++) {
		const char *text = job->results[job->next];

		/* A line each: who reads by lines sees it at once. */
		if (job->next == 0) {
			response_begin(job->exchange);
			response_write(job->exchange, "{\"results\":[\n", 13);
		} else
			response_write(job->exchange, ",", 1);
		response_write(job->exchange, text, strlen(text));
		response_write(job->exchange, "\n", 1);
	}
	if (job->next == job->batch->count) {
		notify_write_summary(job);
		notify_finish(job, 200);
	} else if (job->next > first)
		response_flush(job->exchange);
}

/*
 * 503 makes the caller send again, to all devices: only if that repeats
 * nothing and can help.
 */
static void
notify_on_single(void *arg, size_t index, const struct outcome *outcomes)
{
	struct notify_job *job = arg;
	const struct notification *notification =
	    &job->batch->notifications[index];
	struct notify_tally tally;
	struct json_object *body, *rejected;
	int status = 200;

	rejected = notify_count_devices(job, notification, outcomes, &tally);
	notify_count_item(job, notify_rules[notify_find_rule(&tally)].status);
	if (tally.verdicts[VERDICT_DELIVERED] == 0 &&
	    tally.verdicts[VERDICT_LATER] > 0) {
		status = response_error_status(RESPONSE_UNAVAILABLE);
		json_object_put(rejected);
		response_send_error(job->exchange, RESPONSE_UNAVAILABLE, NULL);
	} else {
		body = json_object_new_object();
		json_object_object_add(body, "rejected", rejected);
		response_send(job->exchange, status, "", body);
	}
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

void
notify_serve(const struct notify_params *params,
    enum decode_operation operation, struct exchange *exchange,
    const struct client *client, const struct buf *body)
{
	enum decode_result result = DECODE_INVALID;
	struct decode_error error = { .violation = {
		.reason = "Content-Type must be application/json" } };
	struct notify_job *job;
	struct batch *batch = NULL;

	if (notify_type_is_json(exchange))
		result = decode_request(operation, buf_text(body), body->size,
		    &params->limits, &batch, &error);
	if (result != DECODE_OK) {
		notify_refuse(params, result, &error, exchange);
		notify_log_access(operation, client_name(client), 400, NULL);
		notify_count_answer(params, notify_operations[operation], 400);
		exchange_finish(exchange);
		return;
	}
	notify_mark_forbidden(batch, client);
	job = xcalloc(1, sizeof *job);
	job->params = params;
	job->operation = operation;
	job->exchange = exchange;
	job->batch = batch;
	job->client_name = xstrdup(client_name(client));
	job->started_ms = clock_monotonic_ms();
	job->results = xcalloc(batch->count, sizeof *job->results);
	delivery_start(params->delivery, batch, params->request_timeout_ms,
	    operation == DECODE_NOTIFY ? notify_on_single : notify_on_item,
	    job);
}
