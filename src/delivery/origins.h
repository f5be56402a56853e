/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_ORIGINS_H
#define DELIVERY_ORIGINS_H

#include <stddef.h>

#include "delivery/app.h"
#include "delivery/channel.h"

/*
 * The channels to servers that devices name.  Each has its own connections,
 * permits, breaker and token, so that a server which is dead, slow or hostile
 * harms no other.  There are at most so many: of those that nobody uses, the
 * one that was given back first makes room for a new one.
 */
struct origins;

struct origins *origins_create(size_t limit);

/* Cancels what is under way; see channel_free. */
void origins_free(struct origins *origins);

/*
 * The channel of that name and origin, made if it is new; it stays until it
 * was given back as often as it was taken.  NULL if all are in use.  Never
 * from within a callback of http's.
 */
struct channel *origins_take(struct origins *origins,
    const struct channel_params *params, const struct app *app,
    const struct provider_channel *described);
void origins_give_back(struct origins *origins,
    const struct channel *channel);

/* Adds the gauges of an account's channels. */
void origins_measure(const struct origins *origins, const char *name,
    struct channel_gauges *gauges);

#endif
