/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_HEALTH_H
#define DELIVERY_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log-limit.h"
#include "base/loop.h"
#include "delivery/breaker.h"
#include "delivery/permits.h"
#include "http/http.h"
#include "provider/outcome.h"
#include "state/metrics.h"

/*
 * How well a channel answers: its circuit breaker, the watch for its silence,
 * what the metrics say of both, and what the operator is told.
 */
struct health;

/* What the operator is told; each is limited apart from the others. */
enum health_line {
	HEALTH_NO_TOKEN,
	HEALTH_NO_RESPONSE,
	HEALTH_CREDENTIALS,
	HEALTH_BREAKER,
	HEALTH_LINE__MAX
};

/* The limits of channels that are told of together; zeroed at first. */
struct health_lines {
	struct log_limit limits[HEALTH_LINE__MAX];
};

struct health_params {
	struct loop *loop;
	const char *name;		/* the channel's, for the log */
	struct metrics *metrics;	/* NULL: none */
	const struct metrics_labels *labels;	/* the channel's */
	/* What waits there waits no longer when the breaker opens. */
	struct permits *permits;
	struct http_pool *pool;
	struct breaker_params breaker;
	/*
	 * The lines of an account with many channels.  Its own breaker says
	 * nothing of the account then: neither a gauge nor the log shows it.
	 * NULL: it is the account's only one.
	 */
	struct health_lines *shared;
};

/* What the params name must outlive it. */
struct health *health_create(const struct health_params *params);
void health_free(struct health *health);

/*
 * False while the breaker is open: what would be sent is settled at once then,
 * instead of holding up requests.  With `*probe` this is the request that
 * shows whether there are answers again: health_succeed, health_fail or
 * health_abandon_probe must follow.
 */
bool health_admits(struct health *health, bool *probe);
void health_abandon_probe(struct health *health);

/*
 * A call begins, and is over.  If as many calls as open the breaker wait for
 * an answer and none comes for four seconds, it opens: nobody needs to wait
 * until the first of them has had all of its time.
 */
void health_begin_call(struct health *health);
void health_end_call(struct health *health, bool answered);

/* There was an answer. */
void health_succeed(struct health *health);

/*
 * There was none, or none of any use.  With a connection (its number) that one
 * has failed: all that was on it is one failure.
 */
void health_fail(struct health *health, enum cause cause,
    uint64_t connection);

/* The cause of the last failure. */
enum cause health_cause(const struct health *health);

/* When there was the last answer, by the monotonic clock; 0: never. */
int64_t health_answered_ms(const struct health *health);

/*
 * Writes an error into the log, with the channel's name, at most once in ten
 * seconds for each kind of line.  True if it did.
 */
bool health_log(struct health *health, enum health_line line,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
