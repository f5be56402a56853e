/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_DELIVERY_H
#define DELIVERY_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "delivery/account.h"
#include "delivery/app.h"
#include "provider/notification.h"
#include "provider/outcome.h"
#include "state/metrics.h"

/*
 * A batch becomes outcomes: attempts, retries, the deadline, stale tokens.
 * All devices of all items are sent at once, as far as the providers'
 * connections carry them; several requests take turns.  Each item is reported
 * when the last of its devices is settled.
 */
struct delivery;

struct delivery_params {
	struct loop *loop;
	struct app_registry *apps;
	struct account_list *accounts;
	const char *state_directory;
	struct metrics *metrics;	/* NULL: none */
};

/*
 * Called once for each notification of a batch, in the order in which they
 * are settled, with an outcome for each of its devices.  The outcomes are the
 * delivery's and valid during the call.
 */
typedef void (*delivery_settled_fn)(void *arg, size_t index,
    const struct outcome *outcomes);

/* What the params name must outlive it. */
struct delivery *delivery_create(const struct delivery_params *params);

/* True if nothing is under way. */
bool delivery_is_idle(const struct delivery *delivery);

/* Settles all that is under way, as if its deadline had passed. */
void delivery_expire(struct delivery *delivery);

/* Drops what is under way without a report. */
void delivery_free(struct delivery *delivery);

/*
 * Delivers a batch of at least one notification, of a client of that name.  The
 * last one is settled after `timeout_ms` at the latest; until then the batch
 * and the name must be left alone.
 */
void delivery_start(struct delivery *delivery, const struct batch *batch,
    const char *client, int64_t timeout_ms, delivery_settled_fn settled,
    void *arg);

/*
 * Settles all of a batch at once, as later: the gateway is overloaded, and
 * nothing is done for it but to count it.  With the last notification the
 * batch may be freed.
 */
void delivery_refuse(struct delivery *delivery, const struct batch *batch,
    delivery_settled_fn settled, void *arg);

#endif
