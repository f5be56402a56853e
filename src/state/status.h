/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATE_STATUS_H
#define STATE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state/metrics.h"

/*
 * How a host does, for people: what its metrics say, by app and by account.
 * Texts are the snapshot's.
 */
struct status_app {
	const char *app;	/* "": app_ids that no entry has */
	const char *provider;	/* "" until something was sent */
	int64_t delivered;	/* devices, by verdict */
	int64_t rejected;
	int64_t later;
	int64_t failed;
	int64_t withheld;	/* rejections that callers were not told */
	bool is_guarded;	/* too many of its pushkeys look dead */
	bool is_unusable;	/* for its credentials */
	int64_t expires_s;	/* when these end; 0: never, or not known */
	/* The latest that was not delivered. */
	const char *trouble;	/* its verdict; NULL: there was none */
	const char *reason;
	int64_t trouble_s;
	/* The latest that is to be delivered later, or failed: likewise. */
	const char *failure;
	const char *failure_reason;
	int64_t failure_s;
};

struct status_account {
	const char *provider;
	const char *account;
	bool is_open;		/* the circuit breaker: nothing is sent */
	int64_t opened;		/* so many times */
	int64_t connections;	/* so many were made */
	int64_t tokens;		/* likewise */
	int64_t token_failures;
	int64_t token_age_s;	/* of the newest; -1: there was none */
	int64_t in_flight;	/* requests to the provider */
};

struct status {
	int64_t workers;
	const char *version;	/* NULL: no worker runs */
	const char *other_version;	/* NULL: all have the same */
	int64_t in_flight;
	int64_t in_flight_limit;
	bool is_refused;	/* the configuration on disk */
	int64_t loaded_s;	/* the one in force was; 0: not known */
	int64_t requests;
	int64_t requests_failed;	/* by a status of 500 or more */
	int64_t clients_refused;
	struct status_app *apps;
	size_t app_count;
	struct status_account *accounts;
	size_t account_count;
};

/* The snapshot must outlive it; the caller frees it.  NULL is passed over. */
struct status *status_create(const struct metrics_snapshot *snapshot);
void status_free(struct status *status);

#endif
