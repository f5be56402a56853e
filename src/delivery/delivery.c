/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/delivery.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/log-limit.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "delivery/push.h"
#include "delivery/rejections.h"

enum {
	/* Devices of one request that are under way at once. */
	DELIVERY_ACTIVE_MAX = 1000,
	/* Devices of a request that are started before the next request's,
	 * and for how long starting may hold up the loop. */
	DELIVERY_SLICE = 16,
	DELIVERY_SLICE_MS = 5,
	/* One request with many dead devices must not flood the log. */
	DELIVERY_LOG_LINES_MAX = 20
};

/* A device of a batch that is under way. */
struct delivery_device {
	TAILQ_ENTRY(delivery_device) entry;
	struct delivery_run *run;
	size_t index;			/* of its notification */
	struct outcome *outcome;
	const struct app *app;
	struct channel *channel;
	struct push push;
};

/* The holder that one batch has in the permits of a channel. */
struct delivery_permits {
	struct channel *channel;
	struct permit_holder *holder;
	size_t users;			/* devices under way */
};

/* One notification of a batch. */
struct delivery_item {
	size_t pending;
	struct outcome *outcomes;
};

/* One batch on its way. */
struct delivery_run {
	TAILQ_ENTRY(delivery_run) entry;
	struct delivery *delivery;
	const struct batch *batch;
	const char *client;
	int64_t deadline_ms;
	delivery_settled_fn settled;
	void *arg;
	struct delivery_item *items;
	struct outcome *outcomes;	/* of all devices */
	size_t pending;			/* items that are not settled */
	size_t next_item;		/* the first device not started yet */
	size_t next_device;
	TAILQ_HEAD(, delivery_device) active;
	size_t active_count;
	struct delivery_permits *permits;
	size_t permits_count;
	struct log_limit lines;
	bool runnable;			/* in the list of those */
	TAILQ_ENTRY(delivery_run) runnable_entry;
	struct loop_timer *deadline;
};

struct delivery {
	struct delivery_params params;
	struct rejections *rejections;
	bool *logged_odd;		/* by the places of apps */
	TAILQ_HEAD(delivery_run_list, delivery_run) runs;
	struct delivery_run_list settled;	/* freed by the reaper */
	/* Runs with devices that can be started now. */
	TAILQ_HEAD(, delivery_run) runnable;
	struct loop_timer *scheduler;
	struct loop_timer *reaper;
};

static void delivery_on_scheduler(void *arg);
static void delivery_on_reaper(void *arg);

struct delivery *
delivery_create(const struct delivery_params *params)
{
	struct delivery *delivery = xcalloc(1, sizeof *delivery);

	delivery->params = *params;
	delivery->rejections = rejections_create(
	    params->state_directory, params->metrics);
	delivery->logged_odd = xcalloc(app_registry_count(params->apps),
	    sizeof *delivery->logged_odd);
	TAILQ_INIT(&delivery->runs);
	TAILQ_INIT(&delivery->settled);
	TAILQ_INIT(&delivery->runnable);
	delivery->scheduler =
	    loop_timer_create(params->loop, delivery_on_scheduler, delivery);
	delivery->reaper =
	    loop_timer_create(params->loop, delivery_on_reaper, delivery);
	return delivery;
}

/* --- settling ------------------------------------------------------------ */

/* Its functions may still be at work: it is freed by the loop's next turn. */
static void
delivery_run_finish(struct delivery_run *run)
{
	struct delivery *delivery = run->delivery;

	TAILQ_REMOVE(&delivery->runs, run, entry);
	TAILQ_INSERT_TAIL(&delivery->settled, run, entry);
	loop_timer_start(delivery->reaper, 0);
}

static void
delivery_item_settled(struct delivery_run *run, size_t index)
{
	run->settled(run->arg, index, run->items[index].outcomes);
	if (--run->pending == 0)
		delivery_run_finish(run);
}

static void
delivery_settle(struct delivery_run *run, size_t index,
    struct outcome *place, const struct outcome *outcome)
{
	*place = *outcome;
	if (--run->items[index].pending == 0)
		delivery_item_settled(run, index);
}

static void
delivery_log(const struct delivery_run *run, const char *app_id,
    unsigned int attempts, const struct outcome *outcome)
{
	const char *verdict = verdict_name(outcome->verdict);
	const struct log_field fields[] = {
		{ .name = "app", .text = app_id },
		{ .name = "verdict", .text = verdict },
		{ .name = "cause", .text = cause_phrase(outcome->cause) },
		{ .name = "reason", .text = outcome->reason },
		{ .name = NULL }
	};

	log_set_request(run->batch->request_id);
	log_info_fields(fields, "app %.100s: %s after %u attempt%s: %s (%s)",
	    app_id, verdict, attempts, attempts == 1 ? "" : "s",
	    cause_phrase(outcome->cause), outcome->reason);
	log_set_request(NULL);
}

/* An app that is not configured is NULL. */
static void
delivery_count(struct delivery *delivery, const struct app *app,
    const struct outcome *outcome)
{
	metrics_add(delivery->params.metrics, METRICS_VERDICTS, 1,
	    &(struct metrics_labels){
		.provider = app == NULL ? NULL : app->provider->name,
		.app = app == NULL ? NULL : app->app_id,
		.verdict = verdict_name(outcome->verdict),
		.reason = outcome->reason
	});
}

/* Likewise; then `app_id` is the caller's. */
static void
delivery_note(struct delivery_run *run, const struct app *app,
    const char *app_id, unsigned int attempts, const struct outcome *outcome)
{
	delivery_count(run->delivery, app, outcome);
	if (outcome->verdict != VERDICT_DELIVERED &&
	    log_limit_admits(&run->lines))
		delivery_log(run, app == NULL ?
		    app_id_loggable(app_id) : app->app_id, attempts,
		    outcome);
}

/* The place of a channel among those that the run has permits of. */
static size_t
delivery_run_find_permits(const struct delivery_run *run,
    const struct channel *channel)
{
	size_t i = 0;

	while (i < run->permits_count && run->permits[i].channel != channel)
		i++;
	return i;
}

/* A server's channel is only kept for those who use it. */
static void
delivery_run_leave_channel(struct delivery_run *run,
    const struct channel *channel)
{
	struct delivery_permits *permits =
	    &run->permits[delivery_run_find_permits(run, channel)];

	if (--permits->users == 0 && channel->origin[0] != '\0') {
		permit_holder_free(permits->holder);
		*permits = run->permits[--run->permits_count];
	}
	account_give_back(run->delivery->params.accounts, channel);
}

static void
delivery_device_free(struct delivery_device *device)
{
	push_end(&device->push);
	delivery_run_leave_channel(device->run, device->channel);
	TAILQ_REMOVE(&device->run->active, device, entry);
	device->run->active_count--;
	free(device);
}

static void delivery_run_enqueue(struct delivery_run *run);

static void
delivery_on_settled(void *arg, const struct outcome *found)
{
	struct delivery_device *device = arg;
	struct delivery_run *run = device->run;
	struct outcome *place = device->outcome, outcome = *found;
	size_t index = device->index;

	rejections_judge(run->delivery->rejections, device->app, run->client,
	    &outcome);
	delivery_note(run, device->app, device->app->app_id,
	    push_attempts(&device->push), &outcome);
	delivery_device_free(device);
	delivery_settle(run, index, place, &outcome);
	delivery_run_enqueue(run);
}

/* --- starting ------------------------------------------------------------ */

static struct permit_holder *
delivery_run_permits(struct delivery_run *run, struct channel *channel)
{
	size_t i = delivery_run_find_permits(run, channel);

	if (i == run->permits_count) {
		run->permits = xreallocarray(run->permits, i + 1,
		    sizeof *run->permits);
		run->permits[run->permits_count++] = (struct delivery_permits){
			.channel = channel,
			.holder = permit_holder_create(channel->permits)
		};
	}
	run->permits[i].users++;
	return run->permits[i].holder;
}

static void
delivery_device_start(struct delivery_run *run, size_t index, size_t i,
    const struct app *app, struct channel *channel)
{
	const struct notification *notification =
	    &run->batch->notifications[index];
	struct delivery_device *device = xcalloc(1, sizeof *device);

	device->run = run;
	device->index = index;
	device->outcome = &run->items[index].outcomes[i];
	device->app = app;
	device->channel = channel;
	TAILQ_INSERT_TAIL(&run->active, device, entry);
	run->active_count++;
	push_start(&device->push, &(struct push_params){
		.loop = run->delivery->params.loop,
		.metrics = run->delivery->params.metrics,
		.notification = notification,
		.device = &notification->devices[i],
		.app = app,
		.channel = channel,
		.holder = delivery_run_permits(run, channel),
		.deadline_ms = run->deadline_ms,
		.settled = delivery_on_settled,
		.arg = device
	});
}

static const struct device *
delivery_run_device(const struct delivery_run *run, size_t index, size_t i)
{
	return &run->batch->notifications[index].devices[i];
}

/* True if its provider has something to send to the device. */
static bool
delivery_is_wanted(struct delivery *delivery, const struct app *app,
    const struct notification *notification, const struct device *device)
{
	struct provider_advice advice = { .oddity = NULL };

	app->provider->consider(app->account, notification, device, &advice);
	if (advice.oddity != NULL && !delivery->logged_odd[app->place]) {
		delivery->logged_odd[app->place] = true;
		log_warn("app %.100s: %s", app->app_id, advice.oddity);
	}
	return !advice.is_unwanted;
}

/*
 * The channel to send to the i-th device of a notification, which must be
 * given back; NULL with the outcome if nothing is to be sent.
 */
static struct channel *
delivery_take_channel(struct delivery_run *run, size_t index, size_t i,
    const struct app *app, struct outcome *outcome)
{
	const struct delivery_params *params = &run->delivery->params;
	const struct notification *notification =
	    &run->batch->notifications[index];
	const struct device *device = &notification->devices[i];
	struct channel *channel = NULL;
	struct account *account;

	*outcome = (struct outcome){ .verdict = VERDICT_FAILED };
	if (app == NULL) {
		outcome->cause = CAUSE_APP_UNKNOWN;
		outcome->reason = "app unknown";
	} else if (device->is_forbidden) {
		outcome->cause = CAUSE_APP_FORBIDDEN;
		outcome->reason = "app not allowed";
	} else if (!delivery_is_wanted(run->delivery, app, notification,
	    device)) {
		outcome->verdict = VERDICT_DELIVERED;
		outcome->reason = "not wanted";
	} else if ((account = account_open(params->accounts, app)) == NULL) {
		outcome->verdict = VERDICT_LATER;
		outcome->cause = CAUSE_NO_CREDENTIALS;
		outcome->reason = "no credentials";
	} else if ((channel = account_take_channel(params->accounts, account,
	    app, device, &outcome->cause)) == NULL) {
		if (outcome->cause == CAUSE_GATEWAY_OVERLOADED)
			outcome->verdict = VERDICT_LATER;
		outcome->reason = "not sent";
	}
	return channel;
}

/* Starts the i-th device of a notification, or settles it at once. */
static void
delivery_start_device(struct delivery_run *run, size_t index, size_t i)
{
	const struct device *device = delivery_run_device(run, index, i);
	const struct app *app = app_registry_find_for(
	    run->delivery->params.apps, device, run->batch->path_prefix);
	struct outcome outcome;
	struct channel *channel = delivery_take_channel(run, index, i, app,
	    &outcome);

	if (channel != NULL)
		delivery_device_start(run, index, i, app, channel);
	else {
		delivery_note(run, app, device->app_id, 0, &outcome);
		delivery_settle(run, index,
		    &run->items[index].outcomes[i], &outcome);
	}
}

/* --- runs ---------------------------------------------------------------- */

/* True if there are devices that may be started now. */
static bool
delivery_run_is_runnable(const struct delivery_run *run)
{
	/* With the last item settled the batch is gone. */
	return run->pending > 0 && run->next_item < run->batch->count &&
	    run->active_count < DELIVERY_ACTIVE_MAX &&
	    clock_monotonic_ms() < run->deadline_ms;
}

static void
delivery_run_enqueue(struct delivery_run *run)
{
	if (run->runnable || !delivery_run_is_runnable(run))
		return;
	run->runnable = true;
	TAILQ_INSERT_TAIL(&run->delivery->runnable, run, runnable_entry);
	loop_timer_start(run->delivery->scheduler, 0);
}

static void
delivery_run_dequeue(struct delivery_run *run)
{
	if (run->runnable)
		TAILQ_REMOVE(&run->delivery->runnable, run, runnable_entry);
	run->runnable = false;
}

/* Starts the next device, or settles a notification that has none. */
static void
delivery_run_step(struct delivery_run *run)
{
	size_t index = run->next_item, device = run->next_device;
	size_t count = run->batch->notifications[index].device_count;

	if (device < count) {
		run->next_device++;
		delivery_start_device(run, index, device);
	} else {
		run->next_item++;
		run->next_device = 0;
		if (count == 0)
			delivery_item_settled(run, index);
	}
}

/* Lets the runnable runs start devices, in turn, for a short time. */
static void
delivery_on_scheduler(void *arg)
{
	struct delivery *delivery = arg;
	int64_t end_ms = clock_monotonic_ms() + DELIVERY_SLICE_MS;
	struct delivery_run *run;
	unsigned int slice;

	while ((run = TAILQ_FIRST(&delivery->runnable)) != NULL &&
	    clock_monotonic_ms() <= end_ms) {
		for (slice = 0; slice < DELIVERY_SLICE &&
		    clock_monotonic_ms() <= end_ms &&
		    delivery_run_is_runnable(run); slice++)
			delivery_run_step(run);
		delivery_run_dequeue(run);
		delivery_run_enqueue(run);
	}
	if (!TAILQ_EMPTY(&delivery->runnable))
		loop_timer_start(delivery->scheduler, 0);
}

static void
delivery_run_list_free(struct delivery_run_list *list)
{
	struct delivery_run *run;

	while ((run = TAILQ_FIRST(list)) != NULL) {
		struct delivery_device *device;

		TAILQ_REMOVE(list, run, entry);
		delivery_run_dequeue(run);
		while ((device = TAILQ_FIRST(&run->active)) != NULL)
			delivery_device_free(device);
		while (run->permits_count > 0)
			permit_holder_free(
			    run->permits[--run->permits_count].holder);
		free(run->permits);
		loop_timer_free(run->deadline);
		free(run->outcomes);
		free(run->items);
		free(run);
	}
}

static void
delivery_on_reaper(void *arg)
{
	struct delivery *delivery = arg;

	delivery_run_list_free(&delivery->settled);
}

/* The deadline of a device that was not even started has passed. */
static void
delivery_expire_device(struct delivery_run *run, size_t index, size_t i)
{
	const struct outcome late = { .verdict = VERDICT_LATER,
	    .cause = CAUSE_DEADLINE, .reason = "deadline" };
	const struct device *device = delivery_run_device(run, index, i);

	delivery_note(run, app_registry_find_for(run->delivery->params.apps,
	    device, run->batch->path_prefix), device->app_id, 0, &late);
	delivery_settle(run, index, &run->items[index].outcomes[i], &late);
}

static void
delivery_on_deadline(void *arg)
{
	struct delivery_run *run = arg;
	struct delivery_device *device;

	/* No new ones from here on. */
	delivery_run_dequeue(run);
	run->deadline_ms = clock_monotonic_ms();
	while ((device = TAILQ_FIRST(&run->active)) != NULL)
		push_expire(&device->push);
	for (; run->pending > 0 && run->next_item < run->batch->count;
	    run->next_item++) {
		size_t index = run->next_item, count =
		    run->batch->notifications[index].device_count;

		if (count == 0)
			delivery_item_settled(run, index);
		for (; run->next_device < count; run->next_device++)
			delivery_expire_device(run, index, run->next_device);
		run->next_device = 0;
	}
}

bool
delivery_is_idle(const struct delivery *delivery)
{
	return TAILQ_EMPTY(&delivery->runs) && TAILQ_EMPTY(&delivery->settled);
}

void
delivery_expire(struct delivery *delivery)
{
	struct delivery_run *run = TAILQ_FIRST(&delivery->runs), *next;

	for (; run != NULL; run = next) {
		next = TAILQ_NEXT(run, entry);
		delivery_on_deadline(run);
	}
}

void
delivery_start(struct delivery *delivery, const struct batch *batch,
    const char *client, int64_t timeout_ms, delivery_settled_fn settled,
    void *arg)
{
	struct delivery_run *run = xcalloc(1, sizeof *run);
	size_t i, devices = 0;

	run->delivery = delivery;
	run->lines.burst = DELIVERY_LOG_LINES_MAX;
	run->batch = batch;
	run->client = client;
	run->deadline_ms = clock_monotonic_ms() + timeout_ms;
	run->settled = settled;
	run->arg = arg;
	run->pending = batch->count;
	TAILQ_INIT(&run->active);
	TAILQ_INSERT_TAIL(&delivery->runs, run, entry);
	for (i = 0; i < batch->count; i++)
		devices += batch->notifications[i].device_count;
	run->outcomes = xcalloc(devices, sizeof *run->outcomes);
	run->items = xcalloc(batch->count, sizeof *run->items);
	for (i = 0, devices = 0; i < batch->count; i++) {
		run->items[i].pending = batch->notifications[i].device_count;
		run->items[i].outcomes = run->outcomes + devices;
		devices += batch->notifications[i].device_count;
	}
	run->deadline = loop_timer_create(delivery->params.loop,
	    delivery_on_deadline, run);
	loop_timer_start(run->deadline, timeout_ms);
	delivery_run_enqueue(run);
}

void
delivery_refuse(struct delivery *delivery, const struct batch *batch,
    delivery_settled_fn settled, void *arg)
{
	static const struct outcome refused = { .verdict = VERDICT_LATER,
	    .cause = CAUSE_GATEWAY_OVERLOADED,
	    .reason = "gateway overloaded" };
	size_t i, j, count = batch->count;

	for (i = 0; i < count; i++) {
		const struct notification *item = &batch->notifications[i];
		struct outcome *outcomes = xcalloc(item->device_count + 1,
		    sizeof *outcomes);

		for (j = 0; j < item->device_count; j++) {
			outcomes[j] = refused;
			delivery_count(delivery, app_registry_find_for(
			    delivery->params.apps, &item->devices[j],
			    batch->path_prefix), &refused);
		}
		settled(arg, i, outcomes);
		free(outcomes);
	}
}

void
delivery_free(struct delivery *delivery)
{
	if (delivery == NULL)
		return;
	delivery_run_list_free(&delivery->runs);
	delivery_run_list_free(&delivery->settled);
	rejections_free(delivery->rejections);
	free(delivery->logged_odd);
	loop_timer_free(delivery->scheduler);
	loop_timer_free(delivery->reaper);
	free(delivery);
}
