/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/account.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "delivery/origins.h"

enum {
	ACCOUNT_LOAD_PAUSE_MS = 1000,
	/* Servers that devices name, of all accounts. */
	ACCOUNT_ORIGINS_MAX = 1024
};

struct account {
	TAILQ_ENTRY(account) entry;
	char name[TOKEN_NAME_SIZE];
	struct metrics_labels labels;	/* its provider and its name */
	const struct app *first;	/* of its apps */
	struct channel *channel;	/* NULL: there is one by origin */
	struct health_lines lines;	/* of those */
};

/* What an app has to do with its account. */
struct account_binding {
	struct account *account;	/* NULL: no credentials yet */
	int64_t load_again_ms;
};

struct account_list {
	struct channel_params params;
	TAILQ_HEAD(, account) accounts;
	struct origins *origins;
	struct account_binding *bindings;	/* by the places of apps */
};

struct account_list *
account_list_create(struct app_registry *apps,
    const struct channel_params *params)
{
	struct account_list *list = xcalloc(1, sizeof *list);
	const struct app *app;
	size_t i;

	list->params = *params;
	TAILQ_INIT(&list->accounts);
	list->origins = origins_create(ACCOUNT_ORIGINS_MAX);
	list->bindings = xcalloc(app_registry_count(apps),
	    sizeof *list->bindings);
	for (i = 0; (app = app_registry_at(apps, i)) != NULL; i++)
		account_open(list, app);
	return list;
}

void
account_list_free(struct account_list *list)
{
	struct account *account;

	if (list == NULL)
		return;
	origins_free(list->origins);
	while ((account = TAILQ_FIRST(&list->accounts)) != NULL) {
		TAILQ_REMOVE(&list->accounts, account, entry);
		channel_free(account->channel);
		free(account);
	}
	free(list->bindings);
	free(list);
}

/* The account with these credentials, which are loaded; it is made if new. */
static struct account *
account_list_find(struct account_list *list, const struct app *app)
{
	struct provider_channel described;
	struct account *account;

	app->provider->describe(app->account, NULL, &described);
	TAILQ_FOREACH(account, &list->accounts, entry) {
		if (strcmp(account->name, described.name) == 0)
			return account;
	}
	account = xcalloc(1, sizeof *account);
	account->first = app;
	memcpy(account->name, described.name, sizeof account->name);
	account->labels = (struct metrics_labels){
		.provider = app->provider->name, .account = account->name
	};
	if (!described.is_by_origin)
		account->channel = channel_create(&list->params, app,
		    &described);
	TAILQ_INSERT_TAIL(&list->accounts, account, entry);
	return account;
}

bool
account_rates_agree(const struct app *app, const struct app *other,
    struct error *error)
{
	int64_t rate = app->settings.max_rate_per_minute;
	int64_t other_rate = other->settings.max_rate_per_minute;
	struct provider_channel described, its;
	bool agree = true;

	if (rate != other_rate && app->provider == other->provider) {
		app->provider->describe(app->account, NULL, &described);
		other->provider->describe(other->account, NULL, &its);
		agree = strcmp(described.name, its.name) != 0;
	}
	if (!agree) {
		error_set(error, "must be the same for all apps of an account, "
		    "and is %" PRId64 " for \"%.200s\"", other_rate,
		    other->app_id);
		error_prepend_name(error, "max_rate_per_minute");
	}
	return agree;
}

bool
account_list_rates_agree(const struct account_list *list,
    struct app_registry *apps, struct error *error)
{
	const struct app *app;
	bool agree = true;
	size_t i;

	for (i = 0; agree && (app = app_registry_at(apps, i)) != NULL; i++) {
		const struct account *account = list->bindings[i].account;
		struct error why;

		agree = account == NULL || account_rates_agree(app,
		    account->first, &why);
		if (!agree) {
			error_put_pointer_in_words(&why);
			error_set(error, "app %.200s: %s", app->app_id,
			    why.words);
		}
	}
	return agree;
}

struct account *
account_open(struct account_list *list, const struct app *app)
{
	struct account_binding *binding = &list->bindings[app->place];
	int64_t now_ms = clock_monotonic_ms();
	struct error error;

	if (binding->account != NULL || now_ms < binding->load_again_ms)
		return binding->account;
	if (app->provider->load(app->account, &error)) {
		binding->account = account_list_find(list, app);
		/* Too late to refuse the configuration. */
		if (!account_rates_agree(app, binding->account->first, &error))
			log_error("app %s: max_rate_per_minute %s",
			    app->app_id, error.words);
	} else {
		binding->load_again_ms = now_ms + ACCOUNT_LOAD_PAUSE_MS;
		log_error("app %s: %s", app->app_id, error.words);
	}
	return binding->account;
}

bool
account_is_open(const struct account_list *list, const struct app *app)
{
	return list->bindings[app->place].account != NULL;
}

bool
account_is_usable(const struct account_list *list, const struct app *app)
{
	int64_t expires_s = 0;

	if (!account_is_open(list, app))
		return false;
	if (app->provider->expires_s != NULL)
		expires_s = app->provider->expires_s(app->account);
	return expires_s == 0 || expires_s > clock_wall_s();
}

static void
account_report(const struct account *account, const struct origins *origins,
    struct metrics *metrics)
{
	struct channel_gauges gauges = { .connections = 0 };

	if (account->channel != NULL) {
		channel_measure(account->channel, &gauges);
		health_show(account->channel->health);
	} else
		origins_measure(origins, account->name, &gauges);
	metrics_set(metrics, METRICS_CONNECTIONS, gauges.connections,
	    &account->labels);
	metrics_set(metrics, METRICS_CALLS_IN_FLIGHT, gauges.in_flight,
	    &account->labels);
	metrics_set(metrics, METRICS_CALLS_LIMIT, gauges.limit,
	    &account->labels);
	if (gauges.token_issued_s > 0)
		metrics_set(metrics, METRICS_TOKEN_AGE,
		    clock_wall_s() - gauges.token_issued_s, &account->labels);
}

void
account_list_report(const struct account_list *list, struct metrics *metrics)
{
	const struct account *account;

	TAILQ_FOREACH(account, &list->accounts, entry)
		account_report(account, list->origins, metrics);
}

struct channel *
account_take_channel(struct account_list *list, struct account *account,
    const struct app *app, const struct device *device, enum cause *cause)
{
	struct channel_params params = list->params;
	struct channel *channel = account->channel;
	struct provider_channel described;

	*cause = CAUSE_NONE;
	if (channel != NULL)
		return channel;
	params.shared = &account->lines;
	*cause = app->provider->describe(app->account, device, &described);
	if (*cause == CAUSE_NONE && (channel = origins_take(list->origins,
	    &params, app, &described)) == NULL)
		*cause = CAUSE_GATEWAY_OVERLOADED;
	return channel;
}

void
account_give_back(struct account_list *list, const struct channel *channel)
{
	if (channel->origin[0] != '\0')
		origins_give_back(list->origins, channel);
}
