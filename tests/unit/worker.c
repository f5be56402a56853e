/* SPDX-License-Identifier: Apache-2.0 */
#include "worker.h"

#include <stdio.h>

#include "base/clock.h"
#include "fixture.h"
#include "tap.h"

enum {
	WORKER_PATIENCE_MS = 10000,
	WORKER_TURN_MS = 60	/* some times as long as a look takes */
};

static struct loop *worker_loop;
static unsigned int worker_tokens;
static unsigned int worker_directories;

void
worker_begin(void)
{
	clock_fake(WORKER_NOW_MS, WORKER_NOW_S);
	worker_loop = loop_create();
}

void
worker_end(void)
{
	loop_free(worker_loop);
}

const char *
worker_directory(void)
{
	return fixture_path(fixture_format("state-%u", ++worker_directories));
}

void
worker_finish(struct worker *worker)
{
	struct token token = { .issued_s = clock_wall_s(),
	    .expires_s = clock_wall_s() + worker->life_s };

	snprintf(token.text, sizeof token.text, "token-%u", ++worker_tokens);
	if (worker->fails)
		token_failed(worker->source);
	else
		token_minted(worker->source, &token);
}

static void
worker_fire(void *arg)
{
	worker_finish(arg);
}

static void
worker_mint(void *arg, struct token_source *source)
{
	struct worker *worker = arg;

	(void)source;
	worker->mints++;
	if (worker->delay_ms == WORKER_AT_ONCE)
		worker_finish(worker);
	else if (worker->delay_ms >= 0)
		loop_timer_start(worker->timer, worker->delay_ms);
}

void
worker_open(struct worker *worker, const char *directory, const char *name)
{
	struct fault fault;

	*worker = (struct worker){ .delay_ms = WORKER_AT_ONCE,
	    .life_s = WORKER_LIFE_S };
	worker->params = (struct token_params){ .renew_ahead_s = 600,
	    .min_age_s = 1200, .mint = worker_mint, .arg = worker };
	snprintf(worker->params.name, sizeof worker->params.name, "%s", name);
	worker->store = token_store_open(directory, &fault);
	if (worker->store == NULL)
		tap_bail_out("%s", fault.words);
	worker->timer = loop_timer_create(worker_loop, worker_fire, worker);
	worker->source = token_source_create(worker->store, worker_loop,
	    &worker->params);
}

void
worker_close(struct worker *worker)
{
	loop_timer_free(worker->timer);
	token_source_free(worker->source);
	token_store_close(worker->store);
}

void
worker_set_min_age(struct worker *worker, int64_t min_age_s)
{
	token_source_free(worker->source);
	worker->params.min_age_s = min_age_s;
	worker->source = token_source_create(worker->store, worker_loop,
	    &worker->params);
}

/* --- waiting ------------------------------------------------------------- */

static void
worker_ready(void *arg, const struct token *token)
{
	struct worker_answer *answer = arg;

	answer->times++;
	answer->text = token == NULL ? NULL : fixture_format("%s",
	    token->text);
	if (--*answer->missing == 0)
		loop_stop(worker_loop);
}

struct token_wait *
worker_wait(struct worker *worker, struct worker_answer *answer)
{
	unsigned int times = answer->times;
	struct token_wait *wait = token_wait(worker->source, worker_ready,
	    answer);

	if (answer->times != times)
		tap_ok(false, "a wait is never answered from within");
	return wait;
}

const char *
worker_ask(struct worker *worker)
{
	unsigned int missing = 1;
	struct worker_answer answer = { .missing = &missing };

	worker_wait(worker, &answer);
	worker_run();
	return answer.text;
}

const char *
worker_current(struct worker *worker)
{
	const struct token *token = token_current(worker->source);

	return token == NULL ? NULL : fixture_format("%s", token->text);
}

/* --- the loop ------------------------------------------------------------ */

static void
worker_give_up(void *arg)
{
	(void)arg;
	tap_bail_out("nothing happened in %d ms", WORKER_PATIENCE_MS);
}

static void
worker_stop(void *arg)
{
	(void)arg;
	loop_stop(worker_loop);
}

void
worker_run(void)
{
	struct loop_timer *timer = loop_timer_create(worker_loop,
	    worker_give_up, NULL);

	loop_timer_start(timer, WORKER_PATIENCE_MS);
	loop_run(worker_loop);
	loop_timer_free(timer);
}

void
worker_turn(void)
{
	struct loop_timer *timer = loop_timer_create(worker_loop, worker_stop,
	    NULL);

	loop_timer_start(timer, WORKER_TURN_MS);
	worker_run();
	loop_timer_free(timer);
}
