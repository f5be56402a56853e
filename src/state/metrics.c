/* SPDX-License-Identifier: Apache-2.0 */
#include "state/metrics.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/xmalloc.h"
#include "state/shared-table.h"

enum {
	/* Grows when what follows changes. */
	METRICS_LAYOUT_VERSION = 2,
	/* Which numbers of a series are what: a histogram has one for each
	 * bucket and +Inf, and the sum. */
	METRICS_VALUE = 0,
	METRICS_SHOWN = 1,		/* of a gauge: is it set? */
	METRICS_CHANGED = 1,		/* of a counter: when, in seconds */
	METRICS_SUM = METRICS_BOUNDS + 1
};

static_assert((int)METRICS_SUM < (int)SHARED_TABLE_VALUES &&
    METRICS_LABELS * METRICS_VALUE_SIZE <= (int)SHARED_TABLE_TEXT_SIZE,
    "a series holds a histogram and all labels");

#define LABEL(label) \
	{ .name = #label, .offset = offsetof(struct metrics_labels, label) }

const struct metrics_info metrics_infos[METRICS_NAME__MAX] = {
	[METRICS_REQUESTS] = {
		.name = "push_gateway_requests_total",
		.help = "Requests answered, by operation and HTTP status.",
		.type = METRICS_COUNTER,
		.labels = { LABEL(operation), LABEL(status) } },
	[METRICS_REQUEST_SECONDS] = {
		.name = "push_gateway_request_seconds",
		.help = "Time from a request's whole body to its whole answer.",
		.type = METRICS_HISTOGRAM,
		.labels = { LABEL(operation) } },
	[METRICS_CLIENTS_REFUSED] = {
		.name = "push_gateway_clients_refused_total",
		.help = "Requests without a certificate that a client has.",
		.type = METRICS_COUNTER },
	[METRICS_NOTIFICATIONS] = {
		.name = "push_gateway_notifications_total",
		.help = "Notifications settled, by what became of them.",
		.type = METRICS_COUNTER,
		.labels = { LABEL(operation), LABEL(status) } },
	[METRICS_VERDICTS] = {
		.name = "push_gateway_verdicts_total",
		.help = "Devices settled, by verdict and reason.",
		.type = METRICS_COUNTER,
		.labels = { LABEL(provider), LABEL(app), LABEL(verdict),
		    LABEL(reason) } },
	[METRICS_ATTEMPTS] = {
		.name = "push_gateway_attempts_total",
		.help = "Requests to providers, by what came of them.",
		.type = METRICS_COUNTER,
		.labels = { LABEL(provider), LABEL(app), LABEL(result) } },
	[METRICS_PROVIDER_SECONDS] = {
		.name = "push_gateway_provider_seconds",
		.help = "Time from a request to a provider to its answer.",
		.type = METRICS_HISTOGRAM,
		.labels = { LABEL(provider) } },
	[METRICS_CONNECTIONS_OPENED] = {
		.name = "push_gateway_connections_opened_total",
		.help = "Connections opened to providers.",
		.type = METRICS_COUNTER,
		.labels = { LABEL(provider), LABEL(account) } },
	[METRICS_ACCOUNT_OPEN] = {
		.name = "push_gateway_account_open",
		.help = "1 while an account is not sent to for its failures.",
		.type = METRICS_GAUGE,
		.labels = { LABEL(provider), LABEL(account) } },
	[METRICS_ACCOUNT_OPENED] = {
		.name = "push_gateway_account_opened_total",
		.help = "Times that an account was left alone for a while.",
		.type = METRICS_COUNTER,
		.labels = { LABEL(provider), LABEL(account) } },
	[METRICS_DEAD_SHARE_ALARM] = {
		.name = "push_gateway_dead_share_alarm",
		.help = "1 while too many of an app's pushkeys are dead.",
		.type = METRICS_GAUGE,
		.labels = { LABEL(app) } },
	[METRICS_GUARDED] = {
		.name = "push_gateway_guarded_total",
		.help = "Rejections that were withheld from callers.",
		.type = METRICS_COUNTER,
		.labels = { LABEL(app) } },
	[METRICS_TOKENS_MINTED] = {
		.name = "push_gateway_tokens_minted_total",
		.help = "Provider tokens made or fetched.",
		.type = METRICS_COUNTER,
		.labels = { LABEL(provider), LABEL(account) } },
	[METRICS_TOKEN_FAILURES] = {
		.name = "push_gateway_token_failures_total",
		.help = "Provider tokens that were not to be had.",
		.type = METRICS_COUNTER,
		.labels = { LABEL(provider), LABEL(account) } },
	[METRICS_CREDENTIALS_EXPIRY] = {
		.name = "push_gateway_credentials_expiry_seconds",
		.help = "Unix time when an app's certificate expires.",
		.type = METRICS_GAUGE,
		.labels = { LABEL(app) } },
	[METRICS_RELOADS] = {
		.name = "push_gateway_configuration_reloads_total",
		.help = "Reloads of the configuration, by worker.",
		.type = METRICS_COUNTER,
		.labels = { LABEL(result) } },
	[METRICS_DROPPED] = {
		.name = "push_gateway_metrics_dropped_total",
		.help = "Counts of series for which there was no room.",
		.type = METRICS_COUNTER },
};

/* A request's deadline is 8 s by default. */
const struct metrics_bound metrics_bounds[METRICS_BOUNDS] = {
	{ .ms = 10, .seconds = "0.01" },
	{ .ms = 25, .seconds = "0.025" },
	{ .ms = 50, .seconds = "0.05" },
	{ .ms = 100, .seconds = "0.1" },
	{ .ms = 250, .seconds = "0.25" },
	{ .ms = 500, .seconds = "0.5" },
	{ .ms = 1000, .seconds = "1" },
	{ .ms = 2000, .seconds = "2" },
	{ .ms = 4000, .seconds = "4" },
	{ .ms = 6000, .seconds = "6" },
	{ .ms = 8000, .seconds = "8" },
	{ .ms = 10000, .seconds = "10" },
};

struct metrics {
	struct shared_table *table;
	struct shared_row *dropped;
};

/* Differs where the numbers of a file mean something else. */
static uint64_t
metrics_layout(void)
{
	uint64_t layout = sizeof(struct shared_row) + METRICS_LAYOUT_VERSION;
	size_t i, j;

	for (i = 0; i < METRICS_NAME__MAX; i++) {
		const struct metrics_info *info = &metrics_infos[i];

		layout = hash_add(layout, info->name, strlen(info->name) + 1);
		layout = hash_add(layout, &info->type, sizeof info->type);
		for (j = 0; j < METRICS_LABELS &&
		    info->labels[j].name != NULL; j++)
			layout = hash_add(layout, info->labels[j].name,
			    strlen(info->labels[j].name) + 1);
	}
	for (i = 0; i < METRICS_BOUNDS; i++)
		layout = hash_add(layout, &metrics_bounds[i].ms,
		    sizeof metrics_bounds[i].ms);
	return layout;
}

struct metrics *
metrics_open(const char *directory)
{
	struct metrics *metrics = xcalloc(1, sizeof *metrics);

	metrics->table = shared_table_open(directory, metrics_layout());
	metrics->dropped =
	    shared_table_find(metrics->table, METRICS_DROPPED, "", 0);
	return metrics;
}

void
metrics_close(struct metrics *metrics)
{
	if (metrics == NULL)
		return;
	shared_table_close(metrics->table);
	free(metrics);
}

/* --- counting ------------------------------------------------------------ */

/*
 * The series of a name and the values of its labels, each of which stands in
 * the text with a NUL behind it; NULL if there is no room for it.
 */
static struct shared_row *
metrics_find(struct metrics *metrics, enum metrics_name name,
    const struct metrics_labels *labels)
{
	static const struct metrics_labels none = { .app = NULL };
	const struct metrics_info *info = &metrics_infos[name];
	const char *base = (const char *)(labels == NULL ? &none : labels);
	char text[SHARED_TABLE_TEXT_SIZE];
	struct shared_row *series;
	size_t size = 0, i;

	if (metrics == NULL)
		return NULL;
	for (i = 0; i < METRICS_LABELS && info->labels[i].name != NULL; i++) {
		const char *value = *(const char *const *)(const void *)
		    (base + info->labels[i].offset);
		size_t length = value == NULL ? 0 :
		    strnlen(value, METRICS_VALUE_SIZE - 1);

		if (length > 0)
			memcpy(text + size, value, length);
		size += length;
		text[size++] = '\0';
	}
	series = shared_table_find(metrics->table, (uint16_t)name, text, size);
	if (series == NULL && metrics->dropped != NULL)
		atomic_fetch_add_explicit(&metrics->dropped->values[
		    METRICS_VALUE], 1, memory_order_relaxed);
	return series;
}

void
metrics_add(struct metrics *metrics, enum metrics_name name, uint64_t count,
    const struct metrics_labels *labels)
{
	struct shared_row *series = metrics_find(metrics, name, labels);

	if (series == NULL)
		return;
	atomic_fetch_add_explicit(&series->values[METRICS_VALUE], count,
	    memory_order_relaxed);
	atomic_store_explicit(&series->values[METRICS_CHANGED],
	    (uint64_t)clock_wall_s(), memory_order_relaxed);
}

void
metrics_set(struct metrics *metrics, enum metrics_name name, int64_t value,
    const struct metrics_labels *labels)
{
	struct shared_row *series = metrics_find(metrics, name, labels);

	if (series == NULL)
		return;
	atomic_store_explicit(&series->values[METRICS_VALUE], (uint64_t)value,
	    memory_order_relaxed);
	atomic_store_explicit(&series->values[METRICS_SHOWN], 1,
	    memory_order_release);
}

void
metrics_observe(struct metrics *metrics, enum metrics_name name,
    int64_t duration_ms, const struct metrics_labels *labels)
{
	struct shared_row *series = metrics_find(metrics, name, labels);
	size_t i = 0;

	if (series == NULL)
		return;
	if (duration_ms < 0)
		duration_ms = 0;
	while (i < METRICS_BOUNDS && duration_ms > metrics_bounds[i].ms)
		i++;
	atomic_fetch_add_explicit(&series->values[i], 1,
	    memory_order_relaxed);
	atomic_fetch_add_explicit(&series->values[METRICS_SUM],
	    (uint64_t)duration_ms, memory_order_relaxed);
}

/* A row of the table that is one of our series, or NULL. */
static struct shared_row *
metrics_at(struct shared_table *table, size_t place)
{
	struct shared_row *series = shared_table_at(table, place);
	size_t labels = 0, ends = 0, i;

	if (series == NULL || series->kind >= METRICS_NAME__MAX)
		return NULL;
	while (labels < METRICS_LABELS &&
	    metrics_infos[series->kind].labels[labels].name != NULL)
		labels++;
	for (i = 0; i < series->size; i++)
		ends += series->text[i] == '\0';
	return ends == labels && (series->size == 0 ||
	    series->text[series->size - 1] == '\0') ? series : NULL;
}

void
metrics_clear_gauges(struct metrics *metrics)
{
	struct shared_row *series;
	size_t i;

	for (i = 0; i < SHARED_TABLE_MAX; i++) {
		series = metrics_at(metrics->table, i);
		if (series != NULL &&
		    metrics_infos[series->kind].type == METRICS_GAUGE)
			atomic_store_explicit(&series->values[METRICS_SHOWN],
			    0, memory_order_relaxed);
	}
}

/* --- looking ------------------------------------------------------------- */

static uint64_t
metrics_value(const struct shared_row *row, size_t index)
{
	return atomic_load_explicit(&row->values[index], memory_order_relaxed);
}

static bool
metrics_is_shown(const struct shared_row *row)
{
	return metrics_infos[row->kind].type != METRICS_GAUGE ||
	    metrics_value(row, METRICS_SHOWN) != 0;
}

static int
metrics_compare(const void *one, const void *other)
{
	const struct shared_row *a = *(const struct shared_row *const *)one;
	const struct shared_row *b = *(const struct shared_row *const *)other;
	int order = strcmp(metrics_infos[a->kind].name,
	    metrics_infos[b->kind].name);

	if (order == 0)
		order = memcmp(a->text, b->text,
		    a->size < b->size ? a->size : b->size);
	return order;
}

/* The values of labels stand in `text`, each with a NUL behind it. */
static void
metrics_look_at_labels(const char *text, size_t size,
    struct metrics_series *series)
{
	const struct metrics_label *label =
	    metrics_infos[series->name].labels;
	const char *end = text + size;

	for (; text < end; text += strlen(text) + 1, label++)
		*(const char **)(void *)((char *)&series->labels +
		    label->offset) = text;
}

static void
metrics_look_at_values(const struct shared_row *row,
    struct metrics_series *series)
{
	enum metrics_type type = metrics_infos[series->name].type;
	size_t i;

	if (type != METRICS_HISTOGRAM)
		series->value = (int64_t)metrics_value(row, METRICS_VALUE);
	if (type == METRICS_COUNTER)
		series->changed_s =
		    (int64_t)metrics_value(row, METRICS_CHANGED);
	for (i = 0; type == METRICS_HISTOGRAM && i <= METRICS_BOUNDS; i++) {
		series->buckets[i] = (int64_t)metrics_value(row, i);
		series->value += series->buckets[i];
	}
	if (type == METRICS_HISTOGRAM)
		series->sum_ms = (int64_t)metrics_value(row, METRICS_SUM);
}

static struct metrics_snapshot *
metrics_look(struct shared_table *table)
{
	struct metrics_snapshot *snapshot = xcalloc(1, sizeof *snapshot);
	const struct shared_row *sorted[SHARED_TABLE_MAX], *row;
	size_t size = 1, i;
	char *text;

	for (i = 0; i < SHARED_TABLE_MAX; i++) {
		row = metrics_at(table, i);
		if (row == NULL || !metrics_is_shown(row))
			continue;
		sorted[snapshot->count++] = row;
		size += row->size;
	}
	qsort(sorted, snapshot->count, sizeof *sorted, metrics_compare);
	snapshot->series = xcalloc(snapshot->count + 1,
	    sizeof *snapshot->series);
	snapshot->text = text = xcalloc(1, size);
	for (i = 0; i < snapshot->count; i++, text += row->size) {
		row = sorted[i];
		snapshot->series[i].name = (enum metrics_name)row->kind;
		memcpy(text, row->text, row->size);
		metrics_look_at_labels(text, row->size, &snapshot->series[i]);
		metrics_look_at_values(row, &snapshot->series[i]);
	}
	return snapshot;
}

struct metrics_snapshot *
metrics_snapshot_take(const struct metrics *metrics)
{
	return metrics_look(metrics->table);
}

struct metrics_snapshot *
metrics_snapshot_read(const char *directory, struct error *error)
{
	struct metrics_snapshot *snapshot = NULL;
	struct shared_table *table =
	    shared_table_read(directory, metrics_layout(), error);

	if (table != NULL)
		snapshot = metrics_look(table);
	shared_table_close(table);
	return snapshot;
}

void
metrics_snapshot_free(struct metrics_snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	free(snapshot->series);
	free(snapshot->text);
	free(snapshot);
}
