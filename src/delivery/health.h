/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_HEALTH_H
#define DELIVERY_HEALTH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/log-limit.h"
#include "base/loop.h"
#include "delivery/breaker.h"
#include "delivery/host-accounts.h"
#include "delivery/permits.h"
#include "http/http.h"
#include "provider/outcome.h"
#include "state/metrics.h"

/*
 * How well a channel answers: its circuit breakers, the watch for its silence,
 * what the metrics say of both, and what the operator is told.
 *
 * There are two breakers where the host's accounts are shared: the host's, and
 * one of this worker alone, for trouble that the others do not have.  While
 * the host's is open it is the one that counts; and when that closes after
 * more than one worker had failed, this worker's closes with it.
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
	/* NULL: nothing of this channel concerns other workers. */
	struct host_accounts *accounts;
	/* What waits there waits no longer when a breaker opens. */
	struct permits *permits;
	struct http_pool *pool;
	struct breaker_params breaker;
	/*
	 * The lines of an account with many channels.  Their breakers say
	 * nothing of the account then: neither a gauge nor the log shows them.
	 * NULL: it is the account's only one.
	 */
	struct health_lines *shared;
};

/* What the params name must outlive it. */
struct health *health_create(const struct health_params *params);
void health_free(struct health *health);

/*
 * What is known here of one push; zeroed at first, and in its owner's memory.
 * What is in it is the health's own business.
 */
struct health_push {
	TAILQ_ENTRY(health_push) entry;	/* while a call is in flight */
	int64_t since_ms;		/* of the call */
	int64_t silent_ms;	/* when its silence was counted; 0: not yet */
	bool is_own_probe;
	uint64_t host_probe;		/* the host breaker's; 0: it is none */
};

/*
 * False while a breaker is open: what would be sent is settled at once then,
 * instead of holding up requests.  The push may become the probe, which shows
 * whether there are answers again; it is over by its deadline.
 */
bool health_admits(struct health *health, struct health_push *push,
    int64_t deadline_ms);

/* True if others wait for what this push shows. */
bool health_is_probe(const struct health_push *push);

/*
 * A call begins, and is over.  If as many calls as open the breaker wait for
 * an answer and none comes for four seconds, it opens: nobody needs to wait
 * until the first of them has had all of its time.  For the host's breaker
 * these may be calls of several workers.
 */
void health_begin_call(struct health *health, struct health_push *push);
void health_end_call(struct health *health, struct health_push *push,
    bool answered);

/* There was an answer. */
void health_succeed(struct health *health, struct health_push *push);

/*
 * There was none, or none of any use.  With a connection (its number) that one
 * has failed: all that was on it is one failure.
 */
void health_fail(struct health *health, struct health_push *push,
    enum cause cause, uint64_t connection);

/*
 * The push has waited since then, in vain.  That is a failure if it was for
 * some time, and nobody else got an answer meanwhile.
 */
void health_give_up(struct health *health, struct health_push *push,
    enum cause cause, int64_t since_ms);

/* The push is over: if it was the probe, and showed nothing, the next one may
 * go at once. */
void health_leave(struct health *health, struct health_push *push);

/* The cause of the last failure. */
enum cause health_cause(struct health *health);

/* Says in the metrics whether the account's breaker is open. */
void health_show(struct health *health);

/*
 * Writes an error into the log, with the channel's name, at most once in ten
 * seconds for each kind of line.  True if it did.
 */
bool health_log(struct health *health, enum health_line line,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
