/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATE_METRICS_LIST_H
#define STATE_METRICS_LIST_H

#include <stddef.h>
#include <stdint.h>

/*
 * Which metrics there are.
 *
 * No label may hold what a caller sent or who it is together with what it
 * uses: `app` is an app_id as the configuration writes it, `reason` a fixed
 * word.
 */
enum metrics_name {
	METRICS_REQUESTS,		/* operation, status */
	METRICS_REQUEST_SECONDS,	/* operation; a histogram */
	METRICS_CLIENTS_REFUSED,
	METRICS_CLIENT_REQUESTS,	/* client, result */
	METRICS_NOTIFICATIONS,		/* operation, status */
	METRICS_VERDICTS,		/* provider, app, verdict, reason */
	METRICS_ATTEMPTS,		/* provider, app, result */
	METRICS_PROVIDER_SECONDS,	/* provider; a histogram */
	METRICS_PERMIT_WAIT_SECONDS,	/* provider; a histogram */
	METRICS_CONNECTIONS_OPENED,	/* provider, account */
	METRICS_CONNECTIONS,		/* provider, account; a gauge */
	METRICS_CALLS_IN_FLIGHT,	/* provider, account; a gauge */
	METRICS_CALLS_LIMIT,		/* provider, account; a gauge */
	METRICS_ACCOUNT_OPEN,		/* provider, account; a gauge */
	METRICS_ACCOUNT_OPENED,		/* provider, account */
	METRICS_DEAD_SHARE_ALARM,	/* app; a gauge */
	METRICS_GUARDED,		/* app */
	METRICS_TOKENS_MINTED,		/* provider, account */
	METRICS_TOKEN_FAILURES,		/* provider, account */
	METRICS_TOKEN_AGE,		/* provider, account; a gauge */
	METRICS_CREDENTIALS_EXPIRY,	/* app; a gauge */
	METRICS_RELOADS,		/* result */
	METRICS_DROPPED,		/* what found no room here */
	METRICS_WORKERS,		/* this and the next are gauges */
	METRICS_BUILD_INFO,		/* version */
	METRICS_REQUESTS_IN_FLIGHT,
	METRICS_REQUESTS_LIMIT,
	METRICS_CONFIGURATION_IN_FORCE,
	METRICS_CONFIGURATION_LOADED,
	METRICS_APP_USABLE,		/* app */
	METRICS_TLS_EXPIRY,		/* file; a gauge */
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
	const char *client;	/* never of a metric that has an app, too */
	const char *status;
	const char *provider;
	const char *account;
	const char *app;
	const char *verdict;
	const char *reason;
	const char *result;
	const char *version;
	const char *file;
};

enum metrics_type {
	METRICS_COUNTER,
	METRICS_GAUGE,
	METRICS_HISTOGRAM
};

/* Whose number a gauge is, and what is made of those of several workers. */
enum metrics_share {
	METRICS_SHARE_HOST,	/* the host's, whoever set it last */
	METRICS_SHARE_SUM,	/* each worker's: the sum of those that live */
	METRICS_SHARE_LEAST,
	METRICS_SHARE_GREATEST
};

struct metrics_label {
	const char *name;
	size_t offset;		/* in struct metrics_labels */
};

struct metrics_info {
	const char *name;
	const char *help;
	enum metrics_type type;
	enum metrics_share share;
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

/* Differs where the numbers of a file mean something else. */
uint64_t metrics_list_layout(void);

#endif
