/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/random.h>

#include "attempt.h"
#include "clock.h"
#include "log.h"
#include "xmalloc.h"

enum {
	DELIVERY_UUID_SIZE = 37,
	/* Devices of one request that are under way at once. */
	DELIVERY_ACTIVE_MAX = 1000,
	/* Devices of a request that are started before it is the next one's
	 * turn, and for how long the loop is held up by starting. */
	DELIVERY_SLICE = 16,
	DELIVERY_SLICE_MS = 5,
	/* One request with many dead devices must not flood the log. */
	DELIVERY_LOG_LINES_MAX = 20
};

/*
 * One device on its way.  It waits for a token, for its turn, for the answer
 * or for the next attempt: at most one of them at a time.
 */
struct delivery_push {
	TAILQ_ENTRY(delivery_push) entry;
	struct delivery_run *run;
	size_t index;			/* of its notification */
	const struct notification *notification;
	const struct device *device;
	struct outcome *outcome;
	struct app *app;
	struct channel *channel;
	struct attempt attempt;
	char message_id[DELIVERY_UUID_SIZE];
	unsigned int token_serial;
	struct token_wait *wait;
	struct channel_turn turn;
	struct http_call *call;
	struct loop_timer *pause;	/* NULL before the first retry */
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
	const struct client *client;
	int64_t deadline_ms;
	delivery_settled_fn settled;
	void *arg;
	struct delivery_item *items;
	struct outcome *outcomes;	/* of all devices */
	size_t pending;			/* items that are not settled */
	size_t next_item;		/* the first device not started yet */
	size_t next_device;
	TAILQ_HEAD(, delivery_push) active;
	size_t active_count;
	unsigned int log_lines;
	bool begun;
	bool hungry;			/* in the list of those */
	TAILQ_ENTRY(delivery_run) hungry_entry;
	struct loop_timer *timer;	/* begin, then the deadline, then end */
};

struct delivery {
	struct delivery_params params;
	TAILQ_HEAD(, delivery_run) runs;
	/* Runs with devices that can be started now. */
	TAILQ_HEAD(, delivery_run) hungry;
	struct loop_timer *feeder;
};

static const char *const delivery_verdicts[VERDICT__MAX] = {
	[VERDICT_DELIVERED] = "delivered",
	[VERDICT_REJECTED] = "rejected",
	[VERDICT_LATER] = "later",
	[VERDICT_FAILED] = "failed",
};

static void delivery_on_feeder(void *arg);

struct delivery *
delivery_create(const struct delivery_params *params)
{
	struct delivery *delivery = xcalloc(1, sizeof *delivery);
	struct app *app;
	size_t i;

	delivery->params = *params;
	TAILQ_INIT(&delivery->runs);
	TAILQ_INIT(&delivery->hungry);
	delivery->feeder = loop_timer_create(params->loop, delivery_on_feeder,
	    delivery);
	for (i = 0; (app = app_registry_at(params->apps, i)) != NULL; i++)
		channel_of_app(params->channels, app);
	return delivery;
}

/* A random UUID (RFC 9562, version 4) in lower case. */
static void
delivery_make_uuid(char uuid[DELIVERY_UUID_SIZE])
{
	unsigned char b[16];

	if (getrandom(b, sizeof b, 0) != sizeof b)
		fatal("no random numbers");
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(uuid, DELIVERY_UUID_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x"
	    "-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3],
	    b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
	    b[14], b[15]);
}

/* --- settling ------------------------------------------------------------ */

static void
delivery_push_free(struct delivery_push *push)
{
	if (push->wait != NULL)
		token_wait_cancel(push->wait);
	if (push->call != NULL)
		http_cancel(push->call);
	if (push->channel != NULL)
		channel_leave_turn(push->channel, &push->turn);
	loop_timer_free(push->pause);
	TAILQ_REMOVE(&push->run->active, push, entry);
	push->run->active_count--;
	free(push);
}

/* The run ends itself from the loop: its functions may still be at work. */
static void
delivery_item_settled(struct delivery_run *run, size_t index)
{
	run->settled(run->arg, index, run->items[index].outcomes);
	if (--run->pending == 0)
		loop_timer_start(run->timer, 0);
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
delivery_push_log(const struct delivery_push *push,
    const struct outcome *outcome)
{
	if (outcome->verdict == VERDICT_DELIVERED ||
	    push->run->log_lines++ >= DELIVERY_LOG_LINES_MAX)
		return;
	log_info("app %.100s: %s after %u attempt%s: %s (%s)",
	    push->app == NULL ? "unknown" : push->app->app_id,
	    delivery_verdicts[outcome->verdict], push->attempt.count,
	    push->attempt.count == 1 ? "" : "s",
	    cause_phrase(outcome->cause), outcome->reason);
}

static void delivery_run_feed(struct delivery_run *run);

static void
delivery_push_settle(struct delivery_push *push,
    const struct outcome *outcome)
{
	struct delivery_run *run = push->run;
	struct outcome *place = push->outcome;
	size_t index = push->index;

	delivery_push_log(push, outcome);
	delivery_push_free(push);
	delivery_settle(run, index, place, outcome);
	delivery_run_feed(run);
}

static void
delivery_push_give_up(struct delivery_push *push, enum verdict verdict,
    enum cause cause)
{
	struct outcome outcome = {
		.verdict = verdict, .cause = cause, .reason = "no attempt"
	};

	delivery_push_settle(push, &outcome);
}

/* --- attempts ------------------------------------------------------------ */

static void delivery_push_send(struct delivery_push *push);

static void
delivery_on_pause(void *arg)
{
	delivery_push_send(arg);
}

static void
delivery_push_again(struct delivery_push *push, int64_t pause_ms)
{
	if (push->pause == NULL)
		push->pause = loop_timer_create(
		    push->run->delivery->params.loop, delivery_on_pause, push);
	loop_timer_start(push->pause, pause_ms);
}

/* What the log should say of an answer that the operator has to mend. */
static void
delivery_complain(struct delivery_push *push, const struct http_reply *reply,
    const struct outcome *outcome)
{
	if (reply->failure != HTTP_FAILURE_NONE)
		channel_complain(push->channel, CHANNEL_NO_ANSWER,
		    "no answer: %s", reply->failure_words);
	else if (outcome->cause == CAUSE_CREDENTIALS)
		channel_complain(push->channel, CHANNEL_NOT_ACCEPTED,
		    "app %s: the provider does not accept us: %d %s",
		    push->app->app_id, reply->status, outcome->reason);
}

static void
delivery_on_reply(void *arg, const struct http_reply *reply)
{
	struct delivery_push *push = arg;
	struct token_source *tokens = channel_tokens(push->channel);
	enum attempt_step step;
	struct outcome outcome;
	int64_t pause_ms;
	uint32_t dice = 0;

	if (reply->failure != HTTP_FAILURE_NONE)
		attempt_judge_failure(reply->failure, &outcome);
	else
		push->app->provider->judge(push->app->account, push->device,
		    reply, &outcome);
	log_debug("app %.100s: attempt %u: %d %s", push->app->app_id,
	    push->attempt.count + 1, reply->status, outcome.reason);
	if (outcome.fresh_connection)
		http_distrust(push->call);
	push->call = NULL;
	channel_leave_turn(push->channel, &push->turn);
	if (getrandom(&dice, sizeof dice, GRND_NONBLOCK) == -1)
		dice = 0;
	step = attempt_decide(&push->attempt, &outcome,
	    push->run->deadline_ms - clock_monotonic_ms(), dice, &pause_ms);
	if (step == ATTEMPT_RENEW && (tokens == NULL ||
	    !token_refuse(tokens, push->token_serial)))
		step = ATTEMPT_SETTLE;
	if (step == ATTEMPT_SETTLE) {
		delivery_complain(push, reply, &outcome);
		delivery_push_settle(push, &outcome);
	} else
		delivery_push_again(push, pause_ms);
}

static void
delivery_on_token(void *arg, const struct token *token)
{
	struct delivery_push *push = arg;

	push->wait = NULL;
	if (token == NULL)
		delivery_push_give_up(push, VERDICT_LATER, CAUSE_CREDENTIALS);
	else
		delivery_push_send(push);
}

static void
delivery_push_compose(struct delivery_push *push, const struct token *token)
{
	struct provider_push details = {
		.token = token,
		.message_id = push->message_id,
		.now_s = clock_wall_s()
	};
	struct http_request request;
	enum cause cause;

	if (token != NULL)
		push->token_serial =
		    token_serial(channel_tokens(push->channel));
	http_request_init(&request);
	cause = push->app->provider->compose(push->app->account,
	    push->notification, push->device, &details, &request);
	if (cause == CAUSE_NONE)
		push->call = http_send(channel_pool(push->channel), &request,
		    0, delivery_on_reply, push);
	else
		delivery_push_give_up(push, VERDICT_FAILED, cause);
	http_request_free(&request);
}

/* Goes as far as it can: without a token, or a turn, it is called again. */
static void
delivery_push_send(struct delivery_push *push)
{
	struct token_source *tokens = channel_tokens(push->channel);
	const struct token *token = tokens == NULL ? NULL :
	    token_current(tokens);

	if (tokens != NULL && token == NULL) {
		channel_leave_turn(push->channel, &push->turn);
		push->wait = token_wait(tokens, delivery_on_token, push);
	} else if (push->turn.state == CHANNEL_TURN_TAKEN ||
	    channel_take_turn(push->channel, &push->turn))
		delivery_push_compose(push, token);
}

static void
delivery_on_turn(void *arg)
{
	delivery_push_send(arg);
}

static void
delivery_push_start(struct delivery_run *run, size_t index, size_t device)
{
	const struct delivery_params *params = &run->delivery->params;
	struct delivery_push *push = xcalloc(1, sizeof *push);

	push->run = run;
	push->index = index;
	push->notification = &run->batch->notifications[index];
	push->device = &push->notification->devices[device];
	push->outcome = &run->items[index].outcomes[device];
	push->turn.go = delivery_on_turn;
	push->turn.arg = push;
	TAILQ_INSERT_TAIL(&run->active, push, entry);
	run->active_count++;
	push->app = app_registry_find(params->apps, push->device->app_id);
	if (push->app == NULL)
		delivery_push_give_up(push, VERDICT_FAILED, CAUSE_APP_UNKNOWN);
	else if (!client_may_address(run->client, push->device->app_id))
		delivery_push_give_up(push, VERDICT_FAILED,
		    CAUSE_APP_FORBIDDEN);
	else if ((push->channel = channel_of_app(params->channels,
	    push->app)) == NULL)
		delivery_push_give_up(push, VERDICT_LATER, CAUSE_CREDENTIALS);
	else {
		delivery_make_uuid(push->message_id);
		delivery_push_send(push);
	}
}

/* --- runs ---------------------------------------------------------------- */

/* True if there are devices that may be started now. */
static bool
delivery_run_is_hungry(const struct delivery_run *run)
{
	/* With the last item settled the batch is gone. */
	return run->begun && run->pending > 0 &&
	    run->next_item < run->batch->count &&
	    run->active_count < DELIVERY_ACTIVE_MAX;
}

static void
delivery_run_feed(struct delivery_run *run)
{
	if (run->hungry || !delivery_run_is_hungry(run))
		return;
	run->hungry = true;
	TAILQ_INSERT_TAIL(&run->delivery->hungry, run, hungry_entry);
	loop_timer_start(run->delivery->feeder, 0);
}

static void
delivery_run_unfeed(struct delivery_run *run)
{
	if (run->hungry)
		TAILQ_REMOVE(&run->delivery->hungry, run, hungry_entry);
	run->hungry = false;
}

/* Starts the next device, or settles a notification that has none. */
static void
delivery_run_step(struct delivery_run *run)
{
	size_t index = run->next_item, device = run->next_device;
	size_t count = run->batch->notifications[index].device_count;

	if (device < count) {
		run->next_device++;
		delivery_push_start(run, index, device);
	} else {
		run->next_item++;
		run->next_device = 0;
		if (count == 0)
			delivery_item_settled(run, index);
	}
}

/* Lets the hungry runs start devices, in turns, for a short time. */
static void
delivery_on_feeder(void *arg)
{
	struct delivery *delivery = arg;
	int64_t end_ms = clock_monotonic_ms() + DELIVERY_SLICE_MS;
	struct delivery_run *run;
	unsigned int slice;

	while ((run = TAILQ_FIRST(&delivery->hungry)) != NULL &&
	    clock_monotonic_ms() <= end_ms) {
		for (slice = 0; slice < DELIVERY_SLICE &&
		    clock_monotonic_ms() <= end_ms &&
		    delivery_run_is_hungry(run); slice++)
			delivery_run_step(run);
		delivery_run_unfeed(run);
		delivery_run_feed(run);
	}
	if (!TAILQ_EMPTY(&delivery->hungry))
		loop_timer_start(delivery->feeder, 0);
}

static void
delivery_run_free(struct delivery_run *run)
{
	struct delivery_push *push;

	delivery_run_unfeed(run);
	while ((push = TAILQ_FIRST(&run->active)) != NULL)
		delivery_push_free(push);
	TAILQ_REMOVE(&run->delivery->runs, run, entry);
	loop_timer_free(run->timer);
	free(run->outcomes);
	free(run->items);
	free(run);
}

/* Whatever is under way or not even started has had its time. */
static void
delivery_run_expire(struct delivery_run *run)
{
	const struct outcome late = { .verdict = VERDICT_LATER,
	    .cause = CAUSE_DEADLINE, .reason = "deadline" };
	struct delivery_push *push;

	/* No new ones from here on. */
	delivery_run_unfeed(run);
	run->begun = false;
	while ((push = TAILQ_FIRST(&run->active)) != NULL)
		delivery_push_settle(push, &late);
	for (; run->pending > 0 && run->next_item < run->batch->count;
	    run->next_item++) {
		size_t index = run->next_item, count =
		    run->batch->notifications[index].device_count;

		if (count == 0)
			delivery_item_settled(run, index);
		for (; run->next_device < count; run->next_device++)
			delivery_settle(run, index, &run->items[index].
			    outcomes[run->next_device], &late);
		run->next_device = 0;
	}
}

static void
delivery_on_run_timer(void *arg)
{
	struct delivery_run *run = arg;

	if (run->pending == 0)
		delivery_run_free(run);
	else if (clock_monotonic_ms() < run->deadline_ms) {
		run->begun = true;
		loop_timer_start(run->timer,
		    run->deadline_ms - clock_monotonic_ms());
		delivery_run_feed(run);
	} else
		delivery_run_expire(run);
}

bool
delivery_is_idle(const struct delivery *delivery)
{
	return TAILQ_EMPTY(&delivery->runs);
}

void
delivery_expire(struct delivery *delivery)
{
	struct delivery_run *run = TAILQ_FIRST(&delivery->runs), *next;

	for (; run != NULL; run = next) {
		next = TAILQ_NEXT(run, entry);
		if (run->pending > 0)
			delivery_run_expire(run);
	}
}

void
delivery_start(struct delivery *delivery, const struct batch *batch,
    const struct client *client, int64_t timeout_ms,
    delivery_settled_fn settled, void *arg)
{
	struct delivery_run *run = xcalloc(1, sizeof *run);
	size_t i, devices = 0;

	run->delivery = delivery;
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
	run->timer = loop_timer_create(delivery->params.loop,
	    delivery_on_run_timer, run);
	loop_timer_start(run->timer, 0);
}

void
delivery_free(struct delivery *delivery)
{
	struct delivery_run *run;

	if (delivery == NULL)
		return;
	while ((run = TAILQ_FIRST(&delivery->runs)) != NULL)
		delivery_run_free(run);
	loop_timer_free(delivery->feeder);
	free(delivery);
}
