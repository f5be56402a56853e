/* SPDX-License-Identifier: Apache-2.0 */
#include "state/metrics.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "state/shared-table.h"
#include "state/worker-slot.h"

enum {
	/* Which numbers of a series are what: a histogram has one for each
	 * bucket and +Inf, and the sum. */
	METRICS_VALUE = 0,
	METRICS_SHOWN = 1,		/* of a gauge: is it set? */
	METRICS_CHANGED = 1,		/* of a counter: when, in seconds */
	METRICS_SUM_MS = METRICS_BOUNDS + 1,
	/* A worker's slot as the last part of a series' text, with the NUL. */
	METRICS_SLOT_SIZE = 8
};

#define METRICS_FILE "metrics"

static_assert((int)METRICS_SUM_MS < (int)SHARED_TABLE_VALUES &&
    METRICS_LABELS * METRICS_VALUE_SIZE <= (int)SHARED_TABLE_TEXT_SIZE &&
    (METRICS_LABELS - 1) * METRICS_VALUE_SIZE + METRICS_SLOT_SIZE <=
    (int)SHARED_TABLE_TEXT_SIZE,
    "a series holds a histogram and all labels");

struct metrics {
	char *directory;
	struct shared_table *table;
	struct worker_slot *slot;	/* NULL: no gauges of this worker */
};

static bool
metrics_is_of_worker(enum metrics_name name)
{
	return metrics_infos[name].share != METRICS_SHARE_HOST;
}

/* --- counting ------------------------------------------------------------ */

/*
 * The series of a name and the values of its labels, each of which stands in
 * the text with a NUL after it, and after them, if it is a worker's, its slot;
 * NULL if there is no room for it.
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

	if (metrics == NULL ||
	    (metrics_is_of_worker(name) && metrics->slot == NULL))
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
	if (metrics_is_of_worker(name))
		size += 1 + (size_t)snprintf(text + size, METRICS_SLOT_SIZE,
		    "%u", worker_slot_number(metrics->slot));
	series = shared_table_find(metrics->table, (uint16_t)name, text, size);
	if (series == NULL && name != METRICS_DROPPED)
		metrics_add(metrics, METRICS_DROPPED, 1, NULL);
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
	atomic_fetch_add_explicit(&series->values[METRICS_SUM_MS],
	    (uint64_t)duration_ms, memory_order_relaxed);
}

/* Copies a row of the table; false if it is not one of our series. */
static bool
metrics_copy(struct shared_table *table, size_t place,
    struct shared_row *series)
{
	size_t parts = 0, ends = 0, i;

	if (!shared_table_copy(table, place, series) ||
	    series->kind >= METRICS_NAME__MAX)
		return false;
	while (parts < METRICS_LABELS &&
	    metrics_infos[series->kind].labels[parts].name != NULL)
		parts++;
	parts += metrics_is_of_worker((enum metrics_name)series->kind);
	for (i = 0; i < series->size; i++)
		ends += series->text[i] == '\0';
	return ends == parts && (series->size == 0 ||
	    series->text[series->size - 1] == '\0');
}

/* The size of the labels' values in the text of a series. */
static size_t
metrics_labels_size(const struct shared_row *row)
{
	size_t size = row->size;

	if (!metrics_is_of_worker((enum metrics_name)row->kind))
		return size;
	do
		size--;
	while (size > 0 && row->text[size - 1] != '\0');
	return size;
}

/* The slot of a worker's series; WORKER_SLOT_MAX of any other. */
static unsigned long
metrics_slot_of(const struct shared_row *row)
{
	unsigned long number = WORKER_SLOT_MAX;

	if (metrics_is_of_worker((enum metrics_name)row->kind))
		number = strtoul(row->text + metrics_labels_size(row), NULL,
		    10);
	return number < WORKER_SLOT_MAX ? number : WORKER_SLOT_MAX;
}

/* Hides the gauges of a slot; those of the host, if it is WORKER_SLOT_MAX. */
static void
metrics_hide(struct metrics *metrics, unsigned long slot)
{
	struct shared_row series;
	size_t i;

	for (i = 0; i < METRICS_ROWS; i++) {
		if (metrics_copy(metrics->table, i, &series) &&
		    metrics_infos[series.kind].type == METRICS_GAUGE &&
		    metrics_slot_of(&series) == slot)
			atomic_store_explicit(&shared_table_at(metrics->table,
			    i)->values[METRICS_SHOWN], 0,
			    memory_order_relaxed);
	}
}

void
metrics_clear_gauges(struct metrics *metrics)
{
	metrics_hide(metrics, WORKER_SLOT_MAX);
}

void
metrics_clear_own_gauges(struct metrics *metrics)
{
	if (metrics->slot != NULL)
		metrics_hide(metrics, worker_slot_number(metrics->slot));
}

/* --- the file ------------------------------------------------------------ */

struct metrics *
metrics_open(const char *directory)
{
	struct metrics *metrics = xcalloc(1, sizeof *metrics);

	metrics->directory = xstrdup(directory);
	metrics->table = shared_table_open(&(struct shared_table_params){
		.directory = metrics->directory,
		.file = METRICS_FILE,
		.layout = metrics_list_layout(),
		.rows = METRICS_ROWS
	});
	/* While there is room. */
	metrics_add(metrics, METRICS_DROPPED, 0, NULL);
	metrics->slot = worker_slot_take(directory);
	/* Who had the slot before may not have lived to do so. */
	metrics_clear_own_gauges(metrics);
	return metrics;
}

void
metrics_close(struct metrics *metrics)
{
	if (metrics == NULL)
		return;
	metrics_clear_own_gauges(metrics);
	worker_slot_release(metrics->slot);
	shared_table_close(metrics->table);
	free(metrics->directory);
	free(metrics);
}

/* --- looking ------------------------------------------------------------- */

static uint64_t
metrics_value(const struct shared_row *row, size_t index)
{
	return atomic_load_explicit(&row->values[index], memory_order_relaxed);
}

static bool
metrics_is_shown(const struct shared_row *row,
    const bool living[WORKER_SLOT_MAX])
{
	unsigned long slot = metrics_slot_of(row);

	return (metrics_infos[row->kind].type != METRICS_GAUGE ||
	    metrics_value(row, METRICS_SHOWN) != 0) &&
	    (!metrics_is_of_worker((enum metrics_name)row->kind) ||
	    (slot < WORKER_SLOT_MAX && living[slot]));
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

/* The values of labels stand in `text`, each with a NUL after it. */
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
		series->sum_ms = (int64_t)metrics_value(row, METRICS_SUM_MS);
}

/* True if two of the sorted rows are shares of the same series. */
static bool
metrics_is_same(const struct shared_row *one, const struct shared_row *other)
{
	size_t size = metrics_labels_size(one);

	return one->kind == other->kind &&
	    size == metrics_labels_size(other) &&
	    memcmp(one->text, other->text, size) == 0;
}

static void
metrics_join(const struct shared_row *row, struct metrics_series *series)
{
	int64_t value = (int64_t)metrics_value(row, METRICS_VALUE);

	switch (metrics_infos[series->name].share) {
	case METRICS_SHARE_HOST:
		break;
	case METRICS_SHARE_SUM:
		series->value += value;
		break;
	case METRICS_SHARE_LEAST:
		if (value < series->value)
			series->value = value;
		break;
	case METRICS_SHARE_GREATEST:
		if (value > series->value)
			series->value = value;
		break;
	}
}

/* Rows, sorted, become series; those of several workers become one. */
static void
metrics_look_at_rows(const struct shared_row *const *rows, size_t count,
    struct metrics_snapshot *snapshot)
{
	struct metrics_series *series = snapshot->series;
	char *text = snapshot->text;
	size_t size, i;

	for (i = 0; i < count; i++) {
		if (i > 0 && metrics_is_same(rows[i - 1], rows[i])) {
			metrics_join(rows[i], series - 1);
			continue;
		}
		size = metrics_labels_size(rows[i]);
		memcpy(text, rows[i]->text, size);
		series->name = (enum metrics_name)rows[i]->kind;
		metrics_look_at_labels(text, size, series);
		metrics_look_at_values(rows[i], series);
		text += size;
		series++;
	}
	snapshot->count = (size_t)(series - snapshot->series);
}

static struct metrics_snapshot *
metrics_look(struct shared_table *table, const char *directory)
{
	struct metrics_snapshot *snapshot = xcalloc(1, sizeof *snapshot);
	struct shared_row *copies = xcalloc(METRICS_ROWS, sizeof *copies);
	const struct shared_row *rows[METRICS_ROWS];
	bool living[WORKER_SLOT_MAX];
	size_t count = 0, size = 0, i;

	worker_slot_look(directory, living);
	for (i = 0; i < METRICS_ROWS; i++) {
		struct shared_row *row = &copies[count];

		if (!metrics_copy(table, i, row) ||
		    !metrics_is_shown(row, living))
			continue;
		rows[count++] = row;
		size += row->size;
	}
	qsort(rows, count, sizeof *rows, metrics_compare);
	snapshot->series = xcalloc(count + 1, sizeof *snapshot->series);
	snapshot->text = xcalloc(size + 1, 1);
	metrics_look_at_rows(rows, count, snapshot);
	free(copies);
	return snapshot;
}

struct metrics_snapshot *
metrics_snapshot_take(const struct metrics *metrics)
{
	return metrics_look(metrics->table, metrics->directory);
}

struct metrics_snapshot *
metrics_snapshot_read(const char *directory, struct error *error)
{
	struct metrics_snapshot *snapshot = NULL;
	struct shared_table *table = shared_table_open_to_read(
	    &(struct shared_table_params){
		.directory = directory,
		.file = METRICS_FILE,
		.layout = metrics_list_layout(),
		.rows = METRICS_ROWS
	    }, error);

	if (table != NULL)
		snapshot = metrics_look(table, directory);
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
