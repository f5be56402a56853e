/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/generation.h"

#include <stdlib.h>

#include "access/caller-certificate.h"
#include "api/route.h"
#include "base/clock.h"
#include "base/xmalloc.h"
#include "delivery/channel.h"
#include "delivery/delivery.h"
#include "delivery/expiry.h"
#include "http/proxy.h"
#include "provider/token.h"
#include "state/metrics.h"

struct generation {
	struct conf *conf;
	struct http *http;
	struct token_store *store;
	struct metrics *metrics;
	struct channel_list *channels;
	struct delivery *delivery;
	struct expiry *expiry;
	struct caller_certificate_cache *identities;
	struct router *router;
};

struct generation *
generation_create(struct loop *loop, struct conf *conf, struct error *error)
{
	struct generation *service = xcalloc(1, sizeof *service);

	service->conf = conf;
	if (proxy_load(&conf->proxy, error))
		service->store = token_store_open(conf->state_directory,
		    error);
	if (service->store == NULL) {
		generation_free(service);
		return NULL;
	}
	service->metrics = metrics_open(conf->state_directory);
	service->http = http_create(loop, &conf->http);
	service->channels = channel_list_create(&(struct channel_params){
		.loop = loop,
		.http = service->http,
		.store = service->store,
		.metrics = service->metrics
	});
	service->delivery = delivery_create(&(struct delivery_params){
		.loop = loop,
		.apps = conf->apps,
		.channels = service->channels,
		.metrics = service->metrics
	});
	service->expiry = expiry_create(loop, conf->apps, service->channels,
	    service->metrics);
	service->identities = caller_certificate_cache_create();
	service->router = router_create(&(struct router_params){
		.clients = conf->clients,
		.identities = service->identities,
		.max_request_size_kb = conf->max_request_size_kb,
		.notify = {
			.limits = conf->limits,
			.request_timeout_ms = conf->request_timeout_ms,
			.delivery = service->delivery,
			.metrics = service->metrics
		}
	});
	return service;
}

void
generation_free(struct generation *service)
{
	if (service == NULL)
		return;
	expiry_free(service->expiry);
	delivery_free(service->delivery);
	router_free(service->router);
	channel_list_free(service->channels);
	http_free(service->http);
	metrics_close(service->metrics);
	token_store_close(service->store);
	caller_certificate_cache_free(service->identities);
	conf_free(service->conf);
	free(service);
}

void
generation_serve(struct generation *service, struct exchange *exchange)
{
	router_serve(service->router, exchange);
}

const struct conf *
generation_conf(const struct generation *service)
{
	return service->conf;
}

struct metrics *
generation_metrics(const struct generation *service)
{
	return service->metrics;
}

/* True if there is nothing to lose any more. */
static bool
service_app_has_expired(const struct app *app)
{
	int64_t expires_s = app->provider->expires_s == NULL ? 0 :
	    app->provider->expires_s(app->account);

	return expires_s != 0 && expires_s <= clock_wall_s();
}

bool
generation_keeps_apps(struct generation *service, struct generation *former,
    struct error *error)
{
	struct app *app, *before;
	size_t i;

	for (i = 0; (app = app_registry_at(service->conf->apps, i)) != NULL;
	    i++) {
		if (channel_of_app(service->channels, app) != NULL)
			continue;
		before = app_registry_find(former->conf->apps, app->app_id);
		if (before != NULL && channel_of_app(former->channels,
		    before) != NULL && !service_app_has_expired(before)) {
			error_set(error, "app %s has lost its credentials",
			    app->app_id);
			return false;
		}
	}
	return true;
}

void
generation_inherit(struct generation *service, const struct generation *former)
{
	app_registry_inherit(service->conf->apps, former->conf->apps);
}

bool
generation_is_idle(const struct generation *service)
{
	return router_is_idle(service->router) &&
	    delivery_is_idle(service->delivery);
}

void
generation_expire(struct generation *service)
{
	delivery_expire(service->delivery);
}
