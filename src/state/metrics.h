/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATE_METRICS_H
#define STATE_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Counters in memory that all workers of a host map: the file `metrics` in
 * the state directory.  They outlive a worker, not the directory.
 *
 * No label may hold what a caller sent or who it is together with what it
 * uses: `app` is an app_id as the configuration writes it, `reason` a fixed
 * word.
 */
enum metrics_name {
	METRICS_REQUESTS,		/* operation, status */
	METRICS_REQUEST_SECONDS,	/* operation; a histogram */
	METRICS_CLIENTS_REFUSED,
	METRICS_NOTIFICATIONS,		/* operation, status */
	METRICS_VERDICTS,		/* provider, app, verdict, reason */
	METRICS_ATTEMPTS,		/* provider, app, result */
	METRICS_PROVIDER_SECONDS,	/* provider; a histogram */
	METRICS_CONNECTIONS_OPENED,	/* provider, account */
	METRICS_ACCOUNT_OPEN,		/* provider, account; a gauge */
	METRICS_ACCOUNT_OPENED,		/* provider, account */
	METRICS_DEAD_SHARE_ALARM,	/* app; a gauge */
	METRICS_GUARDED,		/* app */
	METRICS_TOKENS_MINTED,		/* provider, account */
	METRICS_TOKEN_FAILURES,		/* provider, account */
	METRICS_CREDENTIALS_EXPIRY,	/* app; a gauge */
	METRICS_RELOADS,		/* result */
	METRICS_DROPPED,		/* what found no room here */
	METRICS_NAME__MAX
};

enum metrics_limits {
	/* What one metric has at most. */
	METRICS_LABELS = 4,
	/* A longer value is cut; counts of values then equal are added. */
	METRICS_VALUE_SIZE = 128,
	/* Of a histogram's buckets; one more is for what is above. */
	METRICS_BOUNDS = 12
};

/* NULL is "".  A label that the metric does not have is passed over. */
struct metrics_labels {
	const char *operation;
	const char *status;
	const char *provider;
	const char *account;
	const char *app;
	const char *verdict;
	const char *reason;
	const char *result;
};

enum metrics_type {
	METRICS_COUNTER,
	METRICS_GAUGE,
	METRICS_HISTOGRAM
};

struct metrics_label {
	const char *name;
	size_t offset;		/* in struct metrics_labels */
};

struct metrics_info {
	const char *name;
	const char *help;
	enum metrics_type type;
	struct metrics_label labels[METRICS_LABELS];
};

/* doc/METRICS.md lists them; a test compares. */
extern const struct metrics_info metrics_infos[METRICS_NAME__MAX];

struct metrics_bound {
	int64_t ms;
	const char *seconds;
};

/* The upper bounds of a histogram's buckets. */
extern const struct metrics_bound metrics_bounds[METRICS_BOUNDS];

struct metrics;

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
 * Hides all gauges until they are set again: those of a former configuration
 * or of a worker that died say nothing any more.
 */
void metrics_clear_gauges(struct metrics *metrics);

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
