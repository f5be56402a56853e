/* SPDX-License-Identifier: Apache-2.0 */
#include "api/result.h"

#include <stdio.h>
#include <string.h>

#include "base/json-write.h"

static const struct {
	const char *name;	/* as a result says it */
	const char *counter;	/* as the summary says it */
} result_statuses[RESULT_STATUS__MAX] = {
	[RESULT_SUCCESS] = { .name = "success", .counter = "successful" },
	[RESULT_FAILED] = { .name = "failed", .counter = "failed" },
	[RESULT_PARTIAL] = { .name = "partial", .counter = "partial" },
};

/*
 * The status table of the wire contract: the first row whose conditions all
 * hold.  NULL as prefix: no error; else it precedes the phrase of the cause
 * that matters most.
 */
static const struct {
	bool delivered;		/* at least one */
	bool rejected;
	bool later;
	bool failed;
	enum result_status status;
	const char *prefix;
} result_rules[] = {
	{ .delivered = true, .rejected = true, .later = true,
	    .status = RESULT_PARTIAL,
	    .prefix = "some devices were not reached: " },
	{ .delivered = true, .rejected = true, .failed = true,
	    .status = RESULT_PARTIAL,
	    .prefix = "some devices were not reached: " },
	{ .delivered = true, .rejected = true, .status = RESULT_PARTIAL },
	{ .delivered = true, .later = true, .status = RESULT_FAILED,
	    .prefix = "some devices were not reached, retry: " },
	{ .delivered = true, .failed = true, .status = RESULT_PARTIAL,
	    .prefix = "some devices cannot be reached, a retry would only "
	    "repeat what was delivered: " },
	{ .later = true, .status = RESULT_FAILED, .prefix = "" },
	{ .failed = true, .status = RESULT_FAILED, .prefix = "" },
	{ .rejected = true, .status = RESULT_FAILED, .prefix = "" },
	{ .status = RESULT_SUCCESS },	/* all delivered, or none given */
};

/*
 * The pushkeys that may be alive in one entry of a notification while another
 * was rejected, under another app_id or registered again since; NULL if there
 * are none.  Callers delete by pushkey: these must not be listed.
 */
static struct json_object *
result_find_living(const struct notification *notification,
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
result_temper(struct json_object *living, const struct device *device,
    const struct outcome *outcome)
{
	struct outcome tempered = *outcome;

	if (outcome->verdict == VERDICT_REJECTED &&
	    json_object_object_get_ex(living, device->pushkey, NULL)) {
		tempered.verdict = VERDICT_FAILED;
		tempered.cause = CAUSE_PUSHKEY_MALFORMED;
	}
	return tempered;
}

/* Counts the verdicts, with the first cause of each, and lists the rejected. */
static void
result_count_devices(struct result *result,
    const struct notification *notification, const struct outcome *outcomes,
    enum cause causes[VERDICT__MAX])
{
	struct json_object *living = result_find_living(notification,
	    outcomes);
	struct json_object *listed = NULL;
	size_t i;

	for (i = 0; i < notification->device_count; i++) {
		const struct device *device = &notification->devices[i];
		struct outcome outcome = result_temper(living, device,
		    &outcomes[i]);

		if (result->devices[outcome.verdict]++ == 0)
			causes[outcome.verdict] = outcome.cause;
		if (outcome.verdict != VERDICT_REJECTED ||
		    json_object_object_get_ex(listed, device->pushkey, NULL))
			continue;
		if (listed == NULL) {
			listed = json_object_new_object();
			result->rejected = json_object_new_array();
		}
		json_object_object_add(listed, device->pushkey, NULL);
		json_object_array_add(result->rejected,
		    json_object_get(device->pushkey_json));
	}
	json_object_put(listed);
	json_object_put(living);
}

static size_t
result_find_rule(const unsigned int devices[VERDICT__MAX])
{
	size_t i = 0;

	while ((result_rules[i].delivered &&
	    devices[VERDICT_DELIVERED] == 0) ||
	    (result_rules[i].rejected && devices[VERDICT_REJECTED] == 0) ||
	    (result_rules[i].later && devices[VERDICT_LATER] == 0) ||
	    (result_rules[i].failed && devices[VERDICT_FAILED] == 0))
		i++;
	return i;
}

/* The verdict to explain: what a retry can change first. */
static enum verdict
result_weigh(const unsigned int devices[VERDICT__MAX])
{
	if (devices[VERDICT_LATER] > 0)
		return VERDICT_LATER;
	return devices[VERDICT_FAILED] > 0 ? VERDICT_FAILED :
	    VERDICT_REJECTED;
}

void
result_init(struct result *result, const struct notification *notification,
    const struct outcome *outcomes)
{
	enum cause causes[VERDICT__MAX] = { CAUSE_NONE };
	size_t rule;

	memset(result, 0, sizeof *result);
	result_count_devices(result, notification, outcomes, causes);
	rule = result_find_rule(result->devices);
	result->status = result_rules[rule].status;
	if (result_rules[rule].prefix != NULL)
		snprintf(result->error, sizeof result->error, "%s%s",
		    result_rules[rule].prefix,
		    cause_phrase(causes[result_weigh(result->devices)]));
}

void
result_free(struct result *result)
{
	json_object_put(result->rejected);
	result->rejected = NULL;
}

bool
result_wants_retry(const struct result *result)
{
	return result->devices[VERDICT_DELIVERED] == 0 &&
	    result->devices[VERDICT_LATER] > 0;
}

void
result_write(const struct result *result, struct json_object *id,
    struct buf *buf)
{
	buf_append_text(buf, "{\"id\":");
	json_write_value(buf, id);
	buf_append_text(buf, ",\"status\":\"");
	buf_append_text(buf, result_status_name(result->status));
	buf_append_text(buf, "\",\"rejected\":");
	if (result->rejected == NULL)
		buf_append_text(buf, "[]");
	else
		json_write_value(buf, result->rejected);
	if (result->error[0] != '\0') {
		json_write_name(buf, "error");
		json_write_text(buf, result->error);
	}
	buf_append_text(buf, "}");
}

struct json_object *
result_summary(const unsigned int items[RESULT_STATUS__MAX])
{
	struct json_object *summary = json_object_new_object();
	int64_t total = 0;
	size_t i;

	for (i = 0; i < RESULT_STATUS__MAX; i++)
		total += items[i];
	json_object_object_add(summary, "total",
	    json_object_new_int64(total));
	for (i = 0; i < RESULT_STATUS__MAX; i++)
		json_object_object_add(summary, result_statuses[i].counter,
		    json_object_new_int64(items[i]));
	return summary;
}

const char *
result_status_name(enum result_status status)
{
	return result_statuses[status].name;
}
