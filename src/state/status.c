/* SPDX-License-Identifier: Apache-2.0 */
#include "state/status.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

/* --- by app -------------------------------------------------------------- */

/* The app of that name, which is made if it is not there. */
static struct status_app *
status_app(struct status *status, const char *name)
{
	size_t i = 0;

	while (i < status->app_count &&
	    strcmp(status->apps[i].app, name) != 0)
		i++;
	if (i == status->app_count) {
		status->app_count++;
		status->apps[i].app = name;
		status->apps[i].provider = "";
	}
	return &status->apps[i];
}

static void
status_add_verdict(struct status *status, const struct metrics_series *series)
{
	struct status_app *app = status_app(status, series->labels.app);
	const char *verdict = series->labels.verdict;

	if (*series->labels.provider != '\0')
		app->provider = series->labels.provider;
	if (strcmp(verdict, "delivered") == 0)
		app->delivered += series->value;
	else if (strcmp(verdict, "rejected") == 0)
		app->rejected += series->value;
	else if (strcmp(verdict, "later") == 0)
		app->later += series->value;
	else
		app->failed += series->value;
	if (strcmp(verdict, "delivered") != 0 &&
	    series->changed_s >= app->trouble_s) {
		app->trouble = verdict;
		app->reason = series->labels.reason;
		app->trouble_s = series->changed_s;
	}
	if ((strcmp(verdict, "later") == 0 ||
	    strcmp(verdict, "failed") == 0) &&
	    series->changed_s >= app->failure_s) {
		app->failure = verdict;
		app->failure_reason = series->labels.reason;
		app->failure_s = series->changed_s;
	}
}

/* True if the series is an app's. */
static bool
status_add_to_app(struct status *status, const struct metrics_series *series)
{
	struct status_app *app;

	switch (series->name) {
	case METRICS_VERDICTS:
		status_add_verdict(status, series);
		return true;
	case METRICS_GUARDED:
		status_app(status, series->labels.app)->withheld +=
		    series->value;
		return true;
	case METRICS_DEAD_SHARE_ALARM:
		app = status_app(status, series->labels.app);
		app->is_guarded = series->value != 0;
		return true;
	case METRICS_APP_USABLE:
		app = status_app(status, series->labels.app);
		app->is_unusable = series->value == 0;
		return true;
	case METRICS_CREDENTIALS_EXPIRY:
		status_app(status, series->labels.app)->expires_s =
		    series->value;
		return true;
	default:
		return false;
	}
}

/* --- by account ---------------------------------------------------------- */

static struct status_account *
status_account(struct status *status, const struct metrics_labels *labels)
{
	size_t i = 0;

	while (i < status->account_count &&
	    (strcmp(status->accounts[i].account, labels->account) != 0 ||
	    strcmp(status->accounts[i].provider, labels->provider) != 0))
		i++;
	if (i == status->account_count) {
		status->account_count++;
		status->accounts[i].account = labels->account;
		status->accounts[i].provider = labels->provider;
		status->accounts[i].token_age_s = -1;
	}
	return &status->accounts[i];
}

/* True if the series is an account's. */
static bool
status_add_to_account(struct status *status,
    const struct metrics_series *series)
{
	const struct metrics_labels *labels = &series->labels;

	switch (series->name) {
	case METRICS_ACCOUNT_OPEN:
		status_account(status, labels)->is_open = series->value != 0;
		return true;
	case METRICS_ACCOUNT_OPENED:
		status_account(status, labels)->opened = series->value;
		return true;
	case METRICS_CONNECTIONS_OPENED:
		status_account(status, labels)->connections = series->value;
		return true;
	case METRICS_TOKENS_MINTED:
		status_account(status, labels)->tokens = series->value;
		return true;
	case METRICS_TOKEN_FAILURES:
		status_account(status, labels)->token_failures = series->value;
		return true;
	case METRICS_TOKEN_AGE:
		status_account(status, labels)->token_age_s = series->value;
		return true;
	case METRICS_CALLS_IN_FLIGHT:
		status_account(status, labels)->in_flight = series->value;
		return true;
	default:
		return false;
	}
}

/* --- of the host --------------------------------------------------------- */

static void
status_add_version(struct status *status, const char *version)
{
	if (status->version == NULL)
		status->version = version;
	else
		status->other_version = version;
}

static void
status_add_request(struct status *status, const struct metrics_series *series)
{
	status->requests += series->value;
	if (*series->labels.status >= '5')
		status->requests_failed += series->value;
}

static void
status_add_to_host(struct status *status, const struct metrics_series *series)
{
	switch (series->name) {
	case METRICS_WORKERS:
		status->workers = series->value;
		break;
	case METRICS_BUILD_INFO:
		status_add_version(status, series->labels.version);
		break;
	case METRICS_REQUESTS_IN_FLIGHT:
		status->in_flight = series->value;
		break;
	case METRICS_REQUESTS_LIMIT:
		status->in_flight_limit = series->value;
		break;
	case METRICS_CONFIGURATION_IN_FORCE:
		status->is_refused = series->value == 0;
		break;
	case METRICS_CONFIGURATION_LOADED:
		status->loaded_s = series->value;
		break;
	case METRICS_REQUESTS:
		status_add_request(status, series);
		break;
	case METRICS_CLIENTS_REFUSED:
		status->clients_refused = series->value;
		break;
	default:
		break;
	}
}

struct status *
status_create(const struct metrics_snapshot *snapshot)
{
	struct status *status = xcalloc(1, sizeof *status);
	const struct metrics_series *series = snapshot->series;
	size_t i;

	/* Each has a series at least. */
	status->apps = xcalloc(snapshot->count + 1, sizeof *status->apps);
	status->accounts =
	    xcalloc(snapshot->count + 1, sizeof *status->accounts);
	for (i = 0; i < snapshot->count; i++, series++) {
		if (!status_add_to_app(status, series) &&
		    !status_add_to_account(status, series))
			status_add_to_host(status, series);
	}
	return status;
}

void
status_free(struct status *status)
{
	if (status == NULL)
		return;
	free(status->apps);
	free(status->accounts);
	free(status);
}
