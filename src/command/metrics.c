/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "command/command.h"
#include "state/metrics-text.h"
#include "worker/conf-text.h"

static const struct command_option metrics_options[] = {
	{ .name = NULL }
};

/* As it is in milliseconds: 0.009, not 0.0089999999999999993. */
static struct json_object *
metrics_seconds(int64_t ms)
{
	char text[32];

	snprintf(text, sizeof text, "%.3f", (double)ms / 1000);
	return json_object_new_double_s((double)ms / 1000, text);
}

static struct json_object *
metrics_json_labels(const struct metrics_series *series)
{
	const struct metrics_label *label =
	    metrics_infos[series->name].labels;
	struct json_object *labels = json_object_new_object();
	size_t i;

	for (i = 0; i < METRICS_LABELS && label[i].name != NULL; i++)
		json_object_object_add(labels, label[i].name,
		    json_object_new_string(*(const char *const *)
		    (const void *)((const char *)&series->labels +
		    label[i].offset)));
	return labels;
}

/* As in the text each bucket has what is in those below, too. */
static struct json_object *
metrics_json_buckets(const struct metrics_series *series)
{
	struct json_object *buckets = json_object_new_object();
	int64_t count = 0;
	size_t i;

	for (i = 0; i <= METRICS_BOUNDS; i++) {
		count += series->buckets[i];
		json_object_object_add(buckets, i == METRICS_BOUNDS ? "+Inf" :
		    metrics_bounds[i].seconds, json_object_new_int64(count));
	}
	return buckets;
}

static struct json_object *
metrics_json_series(const struct metrics_series *series)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "labels", metrics_json_labels(series));
	if (metrics_infos[series->name].type == METRICS_HISTOGRAM) {
		json_object_object_add(object, "count",
		    json_object_new_int64(series->value));
		json_object_object_add(object, "sum",
		    metrics_seconds(series->sum_ms));
		json_object_object_add(object, "buckets",
		    metrics_json_buckets(series));
	} else
		json_object_object_add(object, "value",
		    json_object_new_int64(series->value));
	return object;
}

/* An object for each metric, with all of its series. */
static struct json_object *
metrics_json(const struct metrics_snapshot *snapshot)
{
	struct json_object *metrics = json_object_new_array();
	struct json_object *metric, *all = NULL;
	size_t i;

	for (i = 0; i < snapshot->count; i++) {
		const struct metrics_series *series = &snapshot->series[i];

		if (i == 0 || series[-1].name != series->name) {
			metric = json_object_new_object();
			all = json_object_new_array();
			json_object_object_add(metric, "name",
			    json_object_new_string(
			    metrics_infos[series->name].name));
			json_object_object_add(metric, "series", all);
			json_object_array_add(metrics, metric);
		}
		json_object_array_add(all, metrics_json_series(series));
	}
	return metrics;
}

/* All or nothing: who reads it must not take a part for the whole. */
static void
metrics_print(const struct metrics_snapshot *snapshot, bool json)
{
	struct buf text;

	buf_init(&text, METRICS_TEXT_SIZE);
	if (json)
		command_print_json(metrics_json(snapshot));
	else {
		metrics_text_write(snapshot, &text);
		fputs(buf_text(&text), stdout);
	}
	buf_free(&text);
}

static enum exit_status
metrics_run(const struct command_arguments *arguments)
{
	struct metrics_snapshot *snapshot = NULL;
	struct error error;
	char *directory = conf_state_directory(conf_path(arguments->config),
	    &error);
	enum exit_status status = EXIT_STATUS_OK;

	if (directory == NULL || (snapshot = metrics_snapshot_read(directory,
	    &error)) == NULL)
		status = command_fail(EXIT_STATUS_CONFIG, "%s", error.words);
	else
		metrics_print(snapshot, arguments->json);
	metrics_snapshot_free(snapshot);
	free(directory);
	return status;
}

const struct command command_metrics = {
	.name = "metrics",
	.usage = "[-c FILE] [--json]",
	.summary = "print what the workers counted, for Prometheus",
	.details =
	    "Prints the metrics of all workers of this host in the text\n"
	    "format of Prometheus, and changes nothing.  Run it as root or as\n"
	    "the workers' user.",
	.options = metrics_options,
	.is_configured = true,
	.run = metrics_run
};
