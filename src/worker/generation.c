/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/generation.h"

#include <stdlib.h>
#include <string.h>

#include "access/admission.h"
#include "api/route.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/xmalloc.h"
#include "delivery/account.h"
#include "delivery/delivery.h"
#include "delivery/expiry.h"
#include "delivery/host-accounts.h"
#include "http/proxy.h"
#include "provider/token.h"
#include "state/metrics.h"
#include "worker/tls-watch.h"

struct generation {
	struct conf *conf;
	int64_t loaded_s;
	struct http *http;
	struct token_store *store;
	struct metrics *metrics;
	struct host_accounts *host_accounts;
	struct account_list *accounts;
	struct delivery *delivery;
	struct expiry *expiry;
	struct tls_watch *tls_watch;
	bool has_cas;			/* of ca_file, or the system */
	struct error ca_error;		/* else */
	struct admission *admission;
	struct admin_status status;
	struct router *router;
};

/* Warns of secrets that others may read, once of each. */
static void
generation_log_secrets(const struct conf *conf)
{
	const char *path;
	size_t i, k;

	for (i = 0; (path = conf_files(conf, i)) != NULL; i++) {
		for (k = 0; strcmp(conf_files(conf, k), path) != 0; k++)
			;
		if (k == i && path != conf->ca_file &&
		    secret_exposure(path) == SECRET_READABLE)
			log_warn("%s may be read by everybody: chmod o-r %s",
			    path, path);
	}
}

void
generation_log_files(const struct generation *generation)
{
	struct error error = generation->ca_error;

	if (!generation->has_cas) {
		error_put_pointer_in_words(&error);
		log_error("no provider can be reached: %s", error.words);
	}
	generation_log_secrets(generation->conf);
}

struct generation *
generation_create(struct loop *loop, struct conf *conf, struct error *error)
{
	struct generation *generation = xcalloc(1, sizeof *generation);

	generation->conf = conf;
	generation->loaded_s = clock_wall_s();
	if (proxy_load(&conf->proxy, error))
		generation->admission = admission_create(
		    &(struct admission_params){
			.clients = conf->clients,
			.secret_file = conf->fastcgi_secret_file
		    }, error);
	if (generation->admission != NULL)
		generation->store = token_store_open(conf->state_directory,
		    error);
	if (generation->store == NULL) {
		error_put_pointer_in_words(error);
		generation_free(generation);
		return NULL;
	}
	generation->has_cas = conf_load_cas(conf, &generation->ca_error);
	generation->metrics = metrics_open(conf->state_directory);
	generation->host_accounts = host_accounts_open(conf->state_directory);
	generation->http = http_create(loop, &conf->http);
	generation->accounts = account_list_create(conf->apps,
	    &(struct channel_params){
		.loop = loop,
		.http = generation->http,
		.store = generation->store,
		.metrics = generation->metrics,
		.accounts = generation->host_accounts
	});
	if (!account_list_rates_agree(generation->accounts, conf->apps,
	    error)) {
		generation_free(generation);
		return NULL;
	}
	generation->delivery = delivery_create(&(struct delivery_params){
		.loop = loop,
		.apps = conf->apps,
		.accounts = generation->accounts,
		.state_directory = conf->state_directory,
		.metrics = generation->metrics
	});
	generation->expiry = expiry_create(loop, conf->apps,
	    generation->accounts, generation->metrics);
	generation->tls_watch = tls_watch_create(loop, &conf->tls_watch,
	    generation->metrics);
	generation->router = router_create(&(struct router_params){
		.admission = generation->admission,
		.loop = loop,
		.max_request_size_kb = conf->max_request_size_kb,
		.max_requests_in_flight =
		    (unsigned int)conf->max_requests_in_flight,
		.max_memory =
		    (size_t)conf->max_memory_in_flight_mb * 1024 * 1024,
		.notify = {
			.limits = conf->limits,
			.request_timeout_ms = conf->request_timeout_ms,
			.delivery = generation->delivery,
			.metrics = generation->metrics
		},
		.admin = {
			.metrics = generation->metrics,
			.apps = conf->apps,
			.accounts = generation->accounts,
			.loaded_s = generation->loaded_s,
			.status = &generation->status
		}
	});
	return generation;
}

void
generation_free(struct generation *generation)
{
	if (generation == NULL)
		return;
	tls_watch_free(generation->tls_watch);
	expiry_free(generation->expiry);
	delivery_free(generation->delivery);
	router_free(generation->router);
	account_list_free(generation->accounts);
	http_free(generation->http);
	host_accounts_close(generation->host_accounts);
	metrics_close(generation->metrics);
	token_store_close(generation->store);
	admission_free(generation->admission);
	conf_free(generation->conf);
	free(generation);
}

void
generation_serve(struct generation *generation, struct exchange *exchange)
{
	router_serve(generation->router, exchange);
}

struct admin_status *
generation_status(struct generation *generation)
{
	return &generation->status;
}

const struct conf *
generation_conf(const struct generation *generation)
{
	return generation->conf;
}

struct metrics *
generation_metrics(const struct generation *generation)
{
	return generation->metrics;
}

void
generation_report(const struct generation *generation, struct gauges *gauges)
{
	gauges->metrics = generation->metrics;
	gauges->apps = generation->conf->apps;
	gauges->accounts = generation->accounts;
	gauges->loaded_s = generation->loaded_s;
	gauges->requests_limit = generation->conf->max_requests_in_flight;
	gauges_report(gauges);
}

bool
generation_keeps_apps(struct generation *generation,
    struct generation *previous, struct error *error)
{
	struct app *app, *before;
	size_t i;

	if (!generation->has_cas && previous->has_cas) {
		*error = generation->ca_error;
		error_put_pointer_in_words(error);
		return false;
	}
	for (i = 0; (app = app_registry_at(generation->conf->apps, i)) != NULL;
	    i++) {
		if (account_is_open(generation->accounts, app))
			continue;
		before = app_registry_find_same(previous->conf->apps, app);
		/* Expired credentials are no loss. */
		if (before != NULL && account_is_usable(previous->accounts,
		    before)) {
			error_set(error, "the credentials of app %s can no "
			    "longer be used", app->app_id);
			return false;
		}
	}
	return true;
}

bool
generation_is_idle(const struct generation *generation)
{
	return router_is_idle(generation->router) &&
	    delivery_is_idle(generation->delivery);
}

void
generation_expire(struct generation *generation)
{
	delivery_expire(generation->delivery);
}
