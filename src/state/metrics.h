/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATE_METRICS_H
#define STATE_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "state/metrics-list.h"

/*
 * Counters in memory that all workers of a host map: the file `metrics` in
 * the state directory.  They outlive a worker, not the directory.
 *
 * A gauge that is a worker's is set by each struct for itself, and ends with
 * it, or with the process.
 */
struct metrics;

enum {
	METRICS_ROWS = 4096	/* series, at most */
};

/* A series as it was when it was looked at. */
struct metrics_series {
	enum metrics_name name;
	struct metrics_labels labels;	/* NULL: the metric has none such */
	int64_t value;			/* of a histogram: how many */
	int64_t changed_s;		/* of a counter: Unix time; 0: never */
	int64_t sum_ms;			/* of a histogram */
	int64_t buckets[METRICS_BOUNDS + 1];
};

/* All of them, sorted by name and labels. */
struct metrics_snapshot {
	struct metrics_series *series;
	size_t count;
	char *text;		/* the values of their labels */
};

/*
 * Never NULL: where the file cannot be shared it is logged, and this process
 * counts for itself.  A damaged file, or one of another version of this
 * program, is replaced; one of another user is left alone.
 */
struct metrics *metrics_open(const char *directory);
void metrics_close(struct metrics *metrics);

/*
 * To a counter, a gauge and a histogram.  No system call but for the first
 * count of a series, which may wait 10 ms for a lock.  A NULL for `metrics`
 * counts nothing, one for `labels` is no labels.
 */
void metrics_add(struct metrics *metrics, enum metrics_name name,
    uint64_t count, const struct metrics_labels *labels);
void metrics_set(struct metrics *metrics, enum metrics_name name,
    int64_t value, const struct metrics_labels *labels);
void metrics_observe(struct metrics *metrics, enum metrics_name name,
    int64_t duration_ms, const struct metrics_labels *labels);

/*
 * Hides the host's gauges until they are set again: those of a previous
 * configuration say nothing any more.
 */
void metrics_clear_gauges(struct metrics *metrics);

/* Hides the worker's gauges that were set by this struct. */
void metrics_clear_own_gauges(struct metrics *metrics);

/* The caller frees it.  NULL is passed over. */
struct metrics_snapshot *metrics_snapshot_take(const struct metrics *metrics);
void metrics_snapshot_free(struct metrics_snapshot *snapshot);

/*
 * The same from a state directory, for any user who may read it: nothing is
 * made or changed.  No file, or none of this version, is no series.  NULL
 * with an error if it cannot be read.
 */
struct metrics_snapshot *metrics_snapshot_read(const char *directory,
    struct error *error);

#endif
