/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/gauges.h"

static void
gauges_report_apps(const struct gauges *gauges)
{
	const struct app *app;
	size_t i;

	for (i = 0; (app = app_registry_at(gauges->apps, i)) != NULL; i++)
		metrics_set(gauges->metrics, METRICS_APP_USABLE,
		    account_is_usable(gauges->accounts, app),
		    &(struct metrics_labels){ .app = app->app_id });
}

void
gauges_report(const struct gauges *gauges)
{
	struct metrics *metrics = gauges->metrics;

	metrics_set(metrics, METRICS_WORKERS, 1, NULL);
	metrics_set(metrics, METRICS_BUILD_INFO, 1,
	    &(struct metrics_labels){ .version = VERSION });
	metrics_set(metrics, METRICS_REQUESTS_IN_FLIGHT,
	    gauges->requests_in_flight, NULL);
	metrics_set(metrics, METRICS_REQUESTS_LIMIT, gauges->requests_limit,
	    NULL);
	metrics_set(metrics, METRICS_CONFIGURATION_IN_FORCE,
	    gauges->is_in_force, NULL);
	metrics_set(metrics, METRICS_CONFIGURATION_LOADED, gauges->loaded_s,
	    NULL);
	gauges_report_apps(gauges);
	account_list_report(gauges->accounts, metrics);
}
