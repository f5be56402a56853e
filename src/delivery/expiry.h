/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_EXPIRY_H
#define DELIVERY_EXPIRY_H

#include <stdint.h>

#include "base/loop.h"
#include "delivery/account.h"
#include "delivery/app.h"
#include "state/metrics.h"

/*
 * Credentials that expire: warns the operator in the log, at the start and
 * then as fewer than 30, 7 and 1 days are left, once each; an error follows
 * when they have expired.  The time is a metric, too.
 */
struct expiry;

/* What it is given must outlive it. */
struct expiry *expiry_create(struct loop *loop, struct app_registry *apps,
    const struct account_list *accounts, struct metrics *metrics);
void expiry_free(struct expiry *expiry);

/*
 * In how many days, at most, credentials expire that are valid for so long: 30,
 * 7, 1, 0 if they have expired, or -1 if it is longer.
 */
int expiry_days(int64_t left_s);

#endif
