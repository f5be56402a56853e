/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/channel.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xmalloc.h"

static struct health *
channel_create_health(const struct channel *channel,
    const struct channel_params *params, const struct app_settings *settings)
{
	return health_create(&(struct health_params){
		.loop = params->loop,
		.name = channel->name,
		.metrics = params->metrics,
		.labels = &channel->labels,
		/* What one origin does concerns no other worker. */
		.accounts = params->shared == NULL ? params->accounts : NULL,
		.permits = channel->permits,
		.pool = channel->pool,
		.breaker = {
			.failures = (unsigned int)settings->breaker_failures,
			.pause_ms = settings->breaker_pause_s * 1000
		},
		.shared = params->shared
	});
}

static struct minting *
channel_create_minting(const struct channel *channel,
    const struct channel_params *params, const struct app *app,
    const struct provider_channel *described)
{
	return minting_create(&(struct minting_params){
		.loop = params->loop,
		.http = params->http,
		/* A file's name would say which servers there are. */
		.store = channel->origin[0] != '\0' ? NULL : params->store,
		.provider = app->provider,
		.account = app->account,
		.described = described,
		.health = channel->health,
		.metrics = params->metrics,
		.labels = &channel->labels
	});
}

static int64_t
channel_take(void *arg)
{
	return rate_take(arg, clock_monotonic_ms());
}

static void
channel_pace(struct channel *channel, const struct channel_params *params,
    int64_t per_minute)
{
	if (per_minute == 0)
		return;
	rate_init(&channel->rate, &(struct rate_params){
		.accounts = params->accounts,
		.name = channel->name,
		.per_minute = per_minute
	});
	permits_pace(channel->permits, channel_take, &channel->rate);
}

struct channel *
channel_create(const struct channel_params *params, const struct app *app,
    const struct provider_channel *described)
{
	struct channel *channel = xcalloc(1, sizeof *channel);
	struct http_pool_params pool = described->pool;

	memcpy(channel->name, described->name, sizeof channel->name);
	memcpy(channel->origin, described->origin, sizeof channel->origin);
	channel->labels = (struct metrics_labels){
		.provider = app->provider->name, .account = channel->name
	};
	if (app->settings.max_connections != 0)
		pool.max_connections =
		    (unsigned int)app->settings.max_connections;
	channel->pool = http_pool_create(params->http, &pool);
	channel->permits = permits_create(params->loop, pool.max_connections *
	    pool.max_streams);
	channel_pace(channel, params, app->settings.max_rate_per_minute);
	channel->health = channel_create_health(channel, params,
	    &app->settings);
	if (!described->needs_no_token) {
		channel->minting = channel_create_minting(channel, params, app,
		    described);
		channel->tokens = minting_tokens(channel->minting);
	}
	return channel;
}

void
channel_measure(const struct channel *channel, struct channel_gauges *gauges)
{
	int64_t issued_s = channel->tokens == NULL ? 0 :
	    token_issued_s(channel->tokens);

	gauges->connections += http_pool_connections(channel->pool);
	gauges->in_flight += permits_granted(channel->permits);
	gauges->limit += permits_count(channel->permits);
	if (issued_s > gauges->token_issued_s)
		gauges->token_issued_s = issued_s;
}

void
channel_free(struct channel *channel)
{
	if (channel == NULL)
		return;
	minting_free(channel->minting);
	health_free(channel->health);
	permits_free(channel->permits);
	http_pool_free(channel->pool);
	free(channel);
}
