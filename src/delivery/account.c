/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/account.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"

enum {
	ACCOUNT_LOAD_PAUSE_MS = 1000
};

struct account {
	TAILQ_ENTRY(account) entry;
	struct channel *channel;	/* whose name is the account's */
};

/* What an app has to do with its account. */
struct account_binding {
	struct account *account;	/* NULL: no credentials yet */
	int64_t load_again_ms;
};

struct account_list {
	struct channel_params params;
	TAILQ_HEAD(, account) accounts;
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

	app->provider->describe(app->account, &described);
	TAILQ_FOREACH(account, &list->accounts, entry) {
		if (strcmp(account->channel->name, described.name) == 0)
			return account;
	}
	account = xcalloc(1, sizeof *account);
	account->channel = channel_create(&list->params, app, &described);
	TAILQ_INSERT_TAIL(&list->accounts, account, entry);
	return account;
}

struct account *
account_open(struct account_list *list, const struct app *app)
{
	struct account_binding *binding = &list->bindings[app->place];
	int64_t now_ms = clock_monotonic_ms();
	struct error error;

	if (binding->account != NULL || now_ms < binding->load_again_ms)
		return binding->account;
	if (app->provider->load(app->account, &error))
		binding->account = account_list_find(list, app);
	else {
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

struct channel *
account_channel(struct account *account)
{
	return account->channel;
}
