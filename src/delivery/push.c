/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/push.h"

#include <sys/random.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/log.h"
#include "provider/hint.h"

enum {
	PUSH_WORDS_SIZE = 512
};

static void push_send(struct push *push);

static void
push_on_settled(void *arg)
{
	struct push *push = arg;

	push->params.settled(push->params.arg, &push->outcome);
}

static void
push_settle(struct push *push, enum verdict verdict, enum cause cause,
    const char *reason)
{
	push->outcome = (struct outcome){
		.verdict = verdict, .cause = cause, .reason = reason
	};
	if (push->starting) {
		push->settled = loop_timer_create(push->params.loop,
		    push_on_settled, push);
		loop_timer_start(push->settled, 0);
	} else
		push_on_settled(push);
}

/* --- the answer ---------------------------------------------------------- */

static void
push_on_pause(void *arg)
{
	push_send(arg);
}

static void
push_again(struct push *push, int64_t pause_ms)
{
	if (push->pause == NULL)
		push->pause = loop_timer_create(push->params.loop,
		    push_on_pause, push);
	loop_timer_start(push->pause, pause_ms);
}

/* What only the operator can help with. */
static void
push_log_failure(struct push *push, const struct http_reply *reply,
    const struct outcome *outcome)
{
	struct health *health = push->params.channel->health;
	const char *hint = outcome->verdict == VERDICT_DELIVERED ? NULL :
	    hint_find(outcome->reason);
	struct buf words;

	if (reply->failure != HTTP_FAILURE_NONE) {
		/* The words name the server, which may be a person's. */
		if (push->params.channel->origin[0] == '\0') {
			buf_init(&words, PUSH_WORDS_SIZE);
			http_reply_describe_failure(reply, &words);
			health_log(health, HEALTH_NO_RESPONSE,
			    "no response: %s", buf_text(&words));
			buf_free(&words);
		}
	} else if (outcome->cause == CAUSE_CREDENTIALS)
		health_log(health, HEALTH_CREDENTIALS,
		    "app %s: provider rejected our credentials: %d %s%s%s",
		    push->params.app->app_id, reply->status, outcome->reason,
		    hint == NULL ? "" : ": ", hint == NULL ? "" : hint);
	else if (outcome->cause == CAUSE_OVERLOADED && hint != NULL)
		health_log(health, HEALTH_CREDENTIALS, "app %s: %s: %d %s: %s",
		    push->params.app->app_id, cause_phrase(outcome->cause),
		    reply->status, outcome->reason, hint);
}

/*
 * Reports to the channel's health.  A push that has attempts left has not
 * failed yet, but its connection may have; nor has it if it is the probe and
 * would pause, but others wait for what it shows.
 */
static void
push_report(struct push *push, const struct http_reply *reply,
    enum attempt_step step, int64_t pause_ms, const struct outcome *outcome)
{
	struct health *health = push->params.channel->health;
	/* An answer that costs the connection, each time, is as bad as none:
	 * Apple takes many connections for an attack. */
	bool connection_failed = reply->connection_failed ||
	    (outcome->fresh_connection && step != ATTEMPT_RENEW);
	bool failed = reply->failure != HTTP_FAILURE_NONE ||
	    (reply->status >= 500 && !outcome->server_is_well) ||
	    outcome->fresh_connection;

	if (!failed)
		health_succeed(health, &push->health);
	else if (step == ATTEMPT_SETTLE || connection_failed ||
	    (health_is_probe(&push->health) && pause_ms > 0))
		health_fail(health, &push->health, outcome->cause,
		    connection_failed ? reply->connection : 0);
}

/* An attempt is over. */
static void
push_count(const struct push *push, const struct http_reply *reply,
    const char *result)
{
	const struct metrics_labels labels = {
		.provider = push->params.app->provider->name,
		.app = push->params.app->app_id,
		.result = result
	};

	metrics_add(push->params.metrics, METRICS_ATTEMPTS, 1, &labels);
	if (reply == NULL)
		return;
	if (reply->failure == HTTP_FAILURE_NONE)
		metrics_observe(push->params.metrics,
		    METRICS_PROVIDER_SECONDS,
		    clock_monotonic_ms() - push->since_ms, &labels);
	if (reply->connects > 0)
		metrics_add(push->params.metrics, METRICS_CONNECTIONS_OPENED,
		    reply->connects, &push->params.channel->labels);
}

/* The permit is granted, or recalled. */
static void
push_count_wait(const struct push *push)
{
	metrics_observe(push->params.metrics, METRICS_PERMIT_WAIT_SECONDS,
	    clock_monotonic_ms() - push->since_ms,
	    &(struct metrics_labels){
	    .provider = push->params.app->provider->name });
}

/*
 * There is another token for the next attempt, or what is next without one.
 * One that is too young to be replaced is tried once more: another of the
 * provider's servers may know it already.
 */
static enum attempt_step
push_change_token(const struct push *push, const struct outcome *outcome)
{
	struct token_source *tokens = push->params.channel->tokens;
	enum attempt_step step = ATTEMPT_SETTLE;

	if (tokens != NULL && (outcome->retry == RETRY_FORMER_TOKEN ?
	    token_fall_back(tokens, push->token_serial) :
	    token_refuse(tokens, push->token_serial)))
		step = ATTEMPT_RENEW;
	else if (tokens != NULL && outcome->retry == RETRY_TOKEN &&
	    outcome->fresh_connection)
		step = ATTEMPT_AGAIN;
	return step;
}

static void
push_on_reply(void *arg, const struct http_reply *reply)
{
	struct push *push = arg;
	const struct app *app = push->params.app;
	struct channel *channel = push->params.channel;
	enum attempt_step step;
	struct outcome outcome;
	int64_t pause_ms;
	uint32_t dice = 0;

	if (reply->failure != HTTP_FAILURE_NONE)
		attempt_judge_failure(reply->failure, &outcome);
	else
		app->provider->judge(app->account, push->params.device, reply,
		    &outcome);
	log_debug("app %.100s: attempt %u: %d %s", app->app_id,
	    push->attempt.count + 1, reply->status, outcome.reason);
	push_count(push, reply, outcome.reason);
	if (reply->failure == HTTP_FAILURE_UNKNOWN && reply->connection_failed)
		push->alone = true;
	if (outcome.fresh_connection)
		http_drain(push->call);
	push->call = NULL;
	health_end_call(channel->health, &push->health,
	    reply->failure == HTTP_FAILURE_NONE);
	permit_release(&push->permit);
	if (outcome.verdict != VERDICT_DELIVERED &&
	    getrandom(&dice, sizeof dice, GRND_NONBLOCK) == -1)
		dice = 0;
	step = attempt_decide(&push->attempt, &outcome,
	    push->params.deadline_ms - clock_monotonic_ms(), dice, &pause_ms);
	if (step == ATTEMPT_RENEW)
		step = push_change_token(push, &outcome);
	push_report(push, reply, step, pause_ms, &outcome);
	push->refusal = outcome;
	if (step == ATTEMPT_SETTLE) {
		push_log_failure(push, reply, &outcome);
		push->params.settled(push->params.arg, &outcome);
	} else
		push_again(push, pause_ms);
}

/* --- attempts ------------------------------------------------------------ */

static void
push_on_token(void *arg, const struct token *token)
{
	struct push *push = arg;
	const struct channel *channel = push->params.channel;
	enum cause cause = token_failure(channel->tokens);

	push->wait = NULL;
	if (token != NULL)
		push_send(push);
	else {
		health_give_up(channel->health, &push->health, cause,
		    push->since_ms);
		push_settle(push, VERDICT_LATER, cause, "no token");
	}
}

static void
push_compose(struct push *push, const struct token *token)
{
	struct provider_push details = {
		.token = token,
		.message_id = push->message_id,
		.now_s = clock_wall_s(),
		.variant = push->attempt.variant
	};
	struct channel *channel = push->params.channel;
	const struct app *app = push->params.app;
	struct http_request request;
	enum cause cause;

	if (token != NULL)
		push->token_serial = token_serial(channel->tokens);
	http_request_init(&request);
	cause = app->provider->compose(app->account,
	    push->params.notification, push->params.device, &details,
	    &request);
	if (cause == CAUSE_NONE) {
		request.alone = push->alone;
		push->since_ms = clock_monotonic_ms();
		push->call = http_send(channel->pool, &request, 0,
		    push_on_reply, push);
		health_begin_call(channel->health, &push->health);
	} else if (details.variant > 0)
		push_settle(push, push->refusal.verdict, push->refusal.cause,
		    push->refusal.reason);
	else
		push_settle(push, VERDICT_FAILED, cause, "not sent");
	http_request_free(&request);
}

/*
 * Goes as far as it can: without a token, or a permit, it is called again.
 * While the circuit breaker is open nothing is tried.
 */
static void
push_send(struct push *push)
{
	struct channel *channel = push->params.channel;
	struct token_source *tokens = channel->tokens;
	const struct token *token = tokens == NULL ? NULL :
	    token_current(tokens);

	if (!health_admits(channel->health, &push->health,
	    push->params.deadline_ms))
		push_settle(push, VERDICT_LATER, health_cause(channel->health),
		    "circuit breaker open");
	else if (tokens != NULL && token == NULL) {
		permit_release(&push->permit);
		push->since_ms = clock_monotonic_ms();
		push->wait = token_wait(tokens, push_on_token, push);
	} else if (push->permit.state == PERMIT_GRANTED)
		push_compose(push, token);
	else {
		push->since_ms = clock_monotonic_ms();
		if (permit_acquire(push->params.holder, &push->permit)) {
			push_count_wait(push);
			push_compose(push, token);
		}
	}
}

static void
push_on_permit(void *arg)
{
	struct push *push = arg;

	push_count_wait(push);
	push_send(push);
}

void
push_start(struct push *push, const struct push_params *params)
{
	*push = (struct push){ .params = *params };
	push->permit.go = push_on_permit;
	push->permit.arg = push;
	encoding_make_uuid(push->message_id);
	push->starting = true;
	push_send(push);
	push->starting = false;
}

void
push_expire(struct push *push)
{
	if (push->settled != NULL) {
		push_on_settled(push);
		return;
	}
	if (push->call != NULL) {
		push_count(push, NULL, "deadline");
		push->attempt.count++;
	}
	if (push->call != NULL || push->wait != NULL)
		health_give_up(push->params.channel->health, &push->health,
		    CAUSE_DEADLINE, push->since_ms);
	if (push->permit.state == PERMIT_WAITING &&
	    permits_are_paced(push->params.channel->permits))
		push_settle(push, VERDICT_LATER, CAUSE_RATE,
		    "max_rate_per_minute");
	else
		push_settle(push, VERDICT_LATER, CAUSE_DEADLINE, "deadline");
}

void
push_end(struct push *push)
{
	if (push->wait != NULL)
		token_wait_cancel(push->wait);
	if (push->call != NULL) {
		http_cancel(push->call);
		health_end_call(push->params.channel->health, &push->health,
		    false);
	}
	health_leave(push->params.channel->health, &push->health);
	permit_release(&push->permit);
	loop_timer_free(push->pause);
	loop_timer_free(push->settled);
}

unsigned int
push_attempts(const struct push *push)
{
	return push->attempt.count;
}
