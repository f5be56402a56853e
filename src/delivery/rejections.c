/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/rejections.h"

#include <stdlib.h>
#include <string.h>

#include "base/log-limit.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "delivery/rejection-guard.h"

enum {
	REJECTIONS_LOG_MS = 60000
};

struct rejections_app {
	struct rejection_guard guard;
	struct log_limit lines;
};

struct rejections {
	struct app_registry *registry;
	struct metrics *metrics;
	struct rejections_app *apps;	/* by their places in the registry */
};

struct rejections *
rejections_create(struct app_registry *apps, struct metrics *metrics)
{
	struct rejections *rejections = xcalloc(1, sizeof *rejections);
	size_t i, count = app_registry_count(apps);

	rejections->registry = apps;
	rejections->metrics = metrics;
	rejections->apps = xcalloc(count, sizeof *rejections->apps);
	for (i = 0; i < count; i++)
		rejections->apps[i].lines = (struct log_limit){
			.burst = 1, .interval_ms = REJECTIONS_LOG_MS
		};
	return rejections;
}

static void
rejections_set_alarm(struct rejections *rejections, const struct app *app,
    bool raised)
{
	metrics_set(rejections->metrics, METRICS_DEAD_SHARE_ALARM, raised,
	    &(struct metrics_labels){ .app = app->app_id });
}

void
rejections_free(struct rejections *rejections)
{
	const struct app *app;
	size_t i;

	if (rejections == NULL)
		return;
	for (i = 0; (app = app_registry_at(rejections->registry, i)) != NULL;
	    i++) {
		if (rejections->apps[i].guard.raised)
			rejections_set_alarm(rejections, app, false);
	}
	free(rejections->apps);
	free(rejections);
}

void
rejections_inherit(struct rejections *rejections,
    const struct rejections *previous)
{
	const struct app *app, *before;
	size_t i, j;

	for (i = 0; (app = app_registry_at(rejections->registry, i)) != NULL;
	    i++) {
		for (j = 0; (before = app_registry_at(previous->registry,
		    j)) != NULL; j++) {
			if (strcmp(app->text, before->text) == 0)
				rejections->apps[i].guard =
				    previous->apps[j].guard;
		}
	}
}

void
rejections_judge(struct rejections *rejections, const struct app *app,
    struct outcome *outcome)
{
	struct rejections_app *answers = &rejections->apps[app->place];
	bool raised = answers->guard.raised;

	if (outcome->verdict != VERDICT_DELIVERED &&
	    outcome->verdict != VERDICT_REJECTED)
		return;
	rejection_guard_note(&answers->guard, outcome->suspicious);
	if (answers->guard.raised != raised)
		rejections_set_alarm(rejections, app, !raised);
	if (!answers->guard.raised || !outcome->suspicious)
		return;
	if (log_limit_admits(&answers->lines)) {
		/* Again: another worker may have taken it back. */
		rejections_set_alarm(rejections, app, true);
		log_error("app %s: %u of the last %d pushkeys were rejected "
		    "(%s): is a setting of this app wrong?%s", app->app_id,
		    rejection_guard_recent(&answers->guard),
		    REJECTION_GUARD_RECENT, outcome->reason,
		    app->settings.reject_guard ?
		    " Reporting none as rejected meanwhile" : "");
	}
	if (app->settings.reject_guard) {
		outcome->verdict = VERDICT_FAILED;
		outcome->cause = CAUSE_GUARDED;
		metrics_add(rejections->metrics, METRICS_GUARDED, 1,
		    &(struct metrics_labels){ .app = app->app_id });
	}
}
