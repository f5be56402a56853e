/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_REJECTIONS_H
#define DELIVERY_REJECTIONS_H

#include "delivery/app.h"
#include "provider/outcome.h"
#include "state/metrics.h"

/*
 * Holds back rejections that a mistake of the operator could cause, while most
 * answers to an app are such: one rejection guard for each app.
 */
struct rejections;

/* What it is given must outlive it; the metrics may be NULL: none. */
struct rejections *rejections_create(struct app_registry *apps,
    struct metrics *metrics);

/* What the metrics say of the apps is over. */
void rejections_free(struct rejections *rejections);

/*
 * Takes over what another one has learnt of apps whose entries in the
 * configuration are the same.
 */
void rejections_inherit(struct rejections *rejections,
    const struct rejections *previous);

/*
 * Notes a verdict by the provider of an app in the registry.  A suspicious
 * rejection is turned into a failure while the guard is up, unless the app's
 * reject_guard is off; that is logged once a minute.
 */
void rejections_judge(struct rejections *rejections, const struct app *app,
    struct outcome *outcome);

#endif
