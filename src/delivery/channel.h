/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_CHANNEL_H
#define DELIVERY_CHANNEL_H

#include "base/loop.h"
#include "delivery/app.h"
#include "delivery/health.h"
#include "delivery/host-accounts.h"
#include "delivery/minting.h"
#include "delivery/permits.h"
#include "delivery/rate.h"
#include "http/http.h"
#include "provider/provider.h"
#include "provider/token.h"
#include "state/metrics.h"

/*
 * The way to one origin for one account: what it takes to send a request
 * there.  Channels share nothing, so none can harm another.
 */
struct channel_params {
	struct loop *loop;
	struct http *http;
	struct token_store *store;
	struct metrics *metrics;	/* NULL: none */
	struct health_lines *shared;	/* see struct health_params */
	struct host_accounts *accounts;	/* NULL: other workers know nothing */
};

/* Read-only to others. */
struct channel {
	char name[TOKEN_NAME_SIZE];
	char origin[PROVIDER_ORIGIN_SIZE];	/* "": the provider's own */
	struct metrics_labels labels;	/* its provider and its account */
	struct http_pool *pool;
	/* To have a request in flight: as many as the connections can carry,
	 * so that none is composed before it can be sent. */
	struct permits *permits;
	struct rate rate;		/* the account's; unless it has none */
	struct health *health;
	struct minting *minting;
	struct token_source *tokens;	/* NULL: it needs none */
};

/*
 * The channel of an app whose credentials are loaded, as its provider
 * describes it.  What the params name, and the app, must outlive it.
 */
struct channel *channel_create(const struct channel_params *params,
    const struct app *app, const struct provider_channel *described);

/* Of the channels of an account. */
struct channel_gauges {
	unsigned int connections;	/* open, or opening */
	unsigned int in_flight;		/* requests */
	unsigned int limit;		/* of these */
	int64_t token_issued_s;		/* the newest; 0: none */
};

/* Adds the channel's. */
void channel_measure(const struct channel *channel,
    struct channel_gauges *gauges);

/* Cancels what is under way; nobody may wait for a token or a permit. */
void channel_free(struct channel *channel);

#endif
