/* SPDX-License-Identifier: Apache-2.0 */
#include "state/metrics-list.h"

#include <string.h>

#include "base/hash.h"

enum {
	/* Grows when a series' numbers in a file change. */
	METRICS_LIST_VERSION = 4
};

#define LABEL(label) \
	{ .name = #label, .offset = offsetof(struct metrics_labels, label) }

const struct metrics_info metrics_infos[METRICS_NAME__MAX] = {
	[METRICS_REQUESTS] = {
		.name = "push_gateway_requests_total",
		.help = "Requests answered, by operation and HTTP status.",
		.type = METRICS_COUNTER,
		.labels = { LABEL(operation), LABEL(status) } },
	[METRICS_REQUEST_SECONDS] = {
		.name = "push_gateway_request_seconds",
		.help = "Time from a request's whole body to its whole answer.",
		.type = METRICS_HISTOGRAM,
		.labels = { LABEL(operation) } },
	[METRICS_CLIENTS_REFUSED] = {
		.name = "push_gateway_clients_refused_total",
		.help = "Requests that no configured client made.",
		.type = METRICS_COUNTER },
	[METRICS_CLIENT_REQUESTS] = {
		.name = "push_gateway_client_requests_total",
		.help = "Requests of a client: answered, refused, unavailable.",
		.type = METRICS_COUNTER,
		.labels = { LABEL(client), LABEL(result) } },
	[METRICS_NOTIFICATIONS] = {
		.name = "push_gateway_notifications_total",
		.help = "Notifications settled, by operation and status.",
		.type = METRICS_COUNTER,
		.labels = { LABEL(operation), LABEL(status) } },
	[METRICS_VERDICTS] = {
		.name = "push_gateway_verdicts_total",
		.help = "Devices settled, by verdict and reason.",
		.type = METRICS_COUNTER,
		.labels = { LABEL(provider), LABEL(app), LABEL(verdict),
		    LABEL(reason) } },
	[METRICS_ATTEMPTS] = {
		.name = "push_gateway_attempts_total",
		.help = "Requests to providers, by result.",
		.type = METRICS_COUNTER,
		.labels = { LABEL(provider), LABEL(app), LABEL(result) } },
	[METRICS_PROVIDER_SECONDS] = {
		.name = "push_gateway_provider_seconds",
		.help = "Time from a request to a provider to its answer.",
		.type = METRICS_HISTOGRAM,
		.labels = { LABEL(provider) } },
	[METRICS_PERMIT_WAIT_SECONDS] = {
		.name = "push_gateway_permit_wait_seconds",
		.help = "Time that a request to a provider waited for others.",
		.type = METRICS_HISTOGRAM,
		.labels = { LABEL(provider) } },
	[METRICS_CONNECTIONS_OPENED] = {
		.name = "push_gateway_connections_opened_total",
		.help = "Connections opened to providers.",
		.type = METRICS_COUNTER,
		.labels = { LABEL(provider), LABEL(account) } },
	[METRICS_CONNECTIONS] = {
		.name = "push_gateway_provider_connections",
		.help = "Connections to providers that are open.",
		.type = METRICS_GAUGE,
		.share = METRICS_SHARE_SUM,
		.labels = { LABEL(provider), LABEL(account) } },
	[METRICS_CALLS_IN_FLIGHT] = {
		.name = "push_gateway_provider_requests_in_flight",
		.help = "Requests to providers without an answer yet.",
		.type = METRICS_GAUGE,
		.share = METRICS_SHARE_SUM,
		.labels = { LABEL(provider), LABEL(account) } },
	[METRICS_CALLS_LIMIT] = {
		.name = "push_gateway_provider_requests_in_flight_limit",
		.help = "Beyond so many to a provider, requests wait.",
		.type = METRICS_GAUGE,
		.share = METRICS_SHARE_SUM,
		.labels = { LABEL(provider), LABEL(account) } },
	[METRICS_ACCOUNT_OPEN] = {
		.name = "push_gateway_account_open",
		.help = "1 while the circuit breaker of an account is open.",
		.type = METRICS_GAUGE,
		.labels = { LABEL(provider), LABEL(account) } },
	[METRICS_ACCOUNT_OPENED] = {
		.name = "push_gateway_account_opened_total",
		.help = "Times that the circuit breaker of an account opened.",
		.type = METRICS_COUNTER,
		.labels = { LABEL(provider), LABEL(account) } },
	[METRICS_DEAD_SHARE_ALARM] = {
		.name = "push_gateway_dead_share_alarm",
		.help = "1 while rejections of an app look like a mistake.",
		.type = METRICS_GAUGE,
		.labels = { LABEL(app) } },
	[METRICS_GUARDED] = {
		.name = "push_gateway_guarded_total",
		.help = "Rejections that were withheld from callers.",
		.type = METRICS_COUNTER,
		.labels = { LABEL(app) } },
	[METRICS_TOKENS_MINTED] = {
		.name = "push_gateway_tokens_minted_total",
		.help = "Provider tokens obtained.",
		.type = METRICS_COUNTER,
		.labels = { LABEL(provider), LABEL(account) } },
	[METRICS_TOKEN_FAILURES] = {
		.name = "push_gateway_token_failures_total",
		.help = "Failed attempts to obtain a provider token.",
		.type = METRICS_COUNTER,
		.labels = { LABEL(provider), LABEL(account) } },
	[METRICS_TOKEN_AGE] = {
		.name = "push_gateway_token_age_seconds",
		.help = "Age of the newest token; a request renews an old one.",
		.type = METRICS_GAUGE,
		.share = METRICS_SHARE_LEAST,
		.labels = { LABEL(provider), LABEL(account) } },
	[METRICS_CREDENTIALS_EXPIRY] = {
		.name = "push_gateway_credentials_expiry_seconds",
		.help = "Unix time when an app's certificate expires.",
		.type = METRICS_GAUGE,
		.labels = { LABEL(app) } },
	[METRICS_RELOADS] = {
		.name = "push_gateway_configuration_reloads_total",
		.help = "Reloads of the configuration, by worker.",
		.type = METRICS_COUNTER,
		.labels = { LABEL(result) } },
	[METRICS_DROPPED] = {
		.name = "push_gateway_metrics_dropped_total",
		.help = "Updates lost because the table of metrics was full.",
		.type = METRICS_COUNTER },
	[METRICS_WORKERS] = {
		.name = "push_gateway_workers",
		.help = "Workers that run.",
		.type = METRICS_GAUGE,
		.share = METRICS_SHARE_SUM },
	[METRICS_BUILD_INFO] = {
		.name = "push_gateway_build_info",
		.help = "1 for each version of which workers run.",
		.type = METRICS_GAUGE,
		.share = METRICS_SHARE_GREATEST,
		.labels = { LABEL(version) } },
	[METRICS_REQUESTS_IN_FLIGHT] = {
		.name = "push_gateway_requests_in_flight",
		.help = "Requests that are not answered yet.",
		.type = METRICS_GAUGE,
		.share = METRICS_SHARE_SUM },
	[METRICS_REQUESTS_LIMIT] = {
		.name = "push_gateway_requests_in_flight_limit",
		.help = "Beyond so many in flight, requests wait.",
		.type = METRICS_GAUGE,
		.share = METRICS_SHARE_SUM },
	[METRICS_CONFIGURATION_IN_FORCE] = {
		.name = "push_gateway_configuration_in_force",
		.help = "0 while a worker refuses the configuration on disk.",
		.type = METRICS_GAUGE,
		.share = METRICS_SHARE_LEAST },
	[METRICS_CONFIGURATION_LOADED] = {
		.name = "push_gateway_configuration_loaded_timestamp_seconds",
		.help = "Unix time since which the configuration holds.",
		.type = METRICS_GAUGE,
		.share = METRICS_SHARE_LEAST },
	[METRICS_APP_USABLE] = {
		.name = "push_gateway_app_usable",
		.help = "0 while an app's credentials cannot be used.",
		.type = METRICS_GAUGE,
		.share = METRICS_SHARE_LEAST,
		.labels = { LABEL(app) } },
	[METRICS_TLS_EXPIRY] = {
		.name = "push_gateway_tls_expiry_seconds",
		.help = "Unix time when the first of a watched file ends.",
		.type = METRICS_GAUGE,
		.labels = { LABEL(file) } },
};

/* A request's deadline is 8 s by default. */
const struct metrics_bound metrics_bounds[METRICS_BOUNDS] = {
	{ .ms = 5, .seconds = "0.005" },
	{ .ms = 10, .seconds = "0.01" },
	{ .ms = 25, .seconds = "0.025" },
	{ .ms = 50, .seconds = "0.05" },
	{ .ms = 100, .seconds = "0.1" },
	{ .ms = 250, .seconds = "0.25" },
	{ .ms = 500, .seconds = "0.5" },
	{ .ms = 1000, .seconds = "1" },
	{ .ms = 2000, .seconds = "2" },
	{ .ms = 4000, .seconds = "4" },
	{ .ms = 8000, .seconds = "8" },
	{ .ms = 10000, .seconds = "10" },
};

uint64_t
metrics_list_layout(void)
{
	uint64_t layout = HASH_START + METRICS_LIST_VERSION;
	size_t i, j;

	for (i = 0; i < METRICS_NAME__MAX; i++) {
		const struct metrics_info *info = &metrics_infos[i];

		layout = hash_add(layout, info->name, strlen(info->name) + 1);
		layout = hash_add(layout, &info->type, sizeof info->type);
		layout = hash_add(layout, &info->share, sizeof info->share);
		for (j = 0; j < METRICS_LABELS &&
		    info->labels[j].name != NULL; j++)
			layout = hash_add(layout, info->labels[j].name,
			    strlen(info->labels[j].name) + 1);
	}
	for (i = 0; i < METRICS_BOUNDS; i++)
		layout = hash_add(layout, &metrics_bounds[i].ms,
		    sizeof metrics_bounds[i].ms);
	return layout;
}
