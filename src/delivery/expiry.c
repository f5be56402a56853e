/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/expiry.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/log.h"
#include "base/xmalloc.h"

enum {
	EXPIRY_LOOK_MS = 3600 * 1000,
	EXPIRY_DAY_S = 86400
};

/* From the last to the first. */
static const int expiry_thresholds[] = { 0, 1, 7, 30 };

struct expiry {
	struct app_registry *apps;
	const struct account_list *accounts;
	struct metrics *metrics;
	struct loop_timer *timer;
	int *logged;		/* the days that were logged of each app */
};

int
expiry_days(int64_t left_s)
{
	size_t i, count = sizeof expiry_thresholds / sizeof *expiry_thresholds;

	for (i = 0; i < count; i++) {
		if (left_s <= (int64_t)expiry_thresholds[i] * EXPIRY_DAY_S)
			return expiry_thresholds[i];
	}
	return -1;
}

static void
expiry_log(const struct app *app, int64_t expires_s, int days)
{
	char date[DATE_SIZE];

	date_format_utc(expires_s, date);
	if (days == 0)
		log_error("app %s: its credentials expired at %s", app->app_id,
		    date);
	else
		log_warn("app %s: its credentials expire in less than %d "
		    "day%s, at %s", app->app_id, days,
		    days == 1 ? "" : "s", date);
}

static void
expiry_look(void *arg)
{
	struct expiry *expiry = arg;
	struct app *app;
	size_t i;

	for (i = 0; (app = app_registry_at(expiry->apps, i)) != NULL; i++) {
		int64_t expires_s = app->provider->expires_s == NULL ||
		    !account_is_open(expiry->accounts, app) ? 0 :
		    app->provider->expires_s(app->account);
		int days = expires_s == 0 ? -1 :
		    expiry_days(expires_s - clock_wall_s());

		if (expires_s != 0)
			metrics_set(expiry->metrics,
			    METRICS_CREDENTIALS_EXPIRY, expires_s,
			    &(struct metrics_labels){ .app = app->app_id });
		if (days != -1 && days != expiry->logged[i])
			expiry_log(app, expires_s, days);
		expiry->logged[i] = days;
	}
	loop_timer_start(expiry->timer, EXPIRY_LOOK_MS);
}

struct expiry *
expiry_create(struct loop *loop, struct app_registry *apps,
    const struct account_list *accounts, struct metrics *metrics)
{
	struct expiry *expiry = xcalloc(1, sizeof *expiry);
	size_t i, count = app_registry_count(apps);

	expiry->apps = apps;
	expiry->accounts = accounts;
	expiry->metrics = metrics;
	expiry->logged = xcalloc(count, sizeof *expiry->logged);
	for (i = 0; i < count; i++)
		expiry->logged[i] = -1;
	expiry->timer = loop_timer_create(loop, expiry_look, expiry);
	loop_timer_start(expiry->timer, 0);
	return expiry;
}

void
expiry_free(struct expiry *expiry)
{
	if (expiry == NULL)
		return;
	loop_timer_free(expiry->timer);
	free(expiry->logged);
	free(expiry);
}
