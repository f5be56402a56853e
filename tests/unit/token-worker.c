/* SPDX-License-Identifier: Apache-2.0 */
#include "token-worker.h"

#include <stdio.h>

#include "base/clock.h"
#include "fixture.h"
#include "tap.h"

enum {
	TOKEN_WORKER_PATIENCE_MS = 10000,
	TOKEN_WORKER_TURN_MS = 60	/* some times as long as a look takes */
};

static struct loop *worker_loop;
static unsigned int token_worker_tokens;
static unsigned int token_worker_directories;

void
token_worker_begin(void)
{
	clock_fake(TOKEN_WORKER_NOW_MS, TOKEN_WORKER_NOW_S);
	worker_loop = loop_create();
}

void
token_worker_end(void)
{
	loop_free(worker_loop);
}

const char *
token_worker_directory(void)
{
	return fixture_path(
	    fixture_format("state-%u", ++token_worker_directories));
}

void
token_worker_finish(struct token_worker *worker)
{
	struct token token = { .issued_s = clock_wall_s(),
	    .expires_s = clock_wall_s() + worker->life_s };

	snprintf(
	    token.text, sizeof token.text, "token-%u", ++token_worker_tokens);
	if (worker->fails)
		token_failed(worker->source, CAUSE_CREDENTIALS);
	else
		token_minted(worker->source, &token);
}

static void
token_worker_fire(void *arg)
{
	token_worker_finish(arg);
}

static void
token_worker_mint(void *arg, struct token_source *source)
{
	struct token_worker *worker = arg;

	(void)source;
	worker->mints++;
	if (worker->delay_ms == TOKEN_WORKER_AT_ONCE)
		token_worker_finish(worker);
	else if (worker->delay_ms >= 0)
		loop_timer_start(worker->timer, worker->delay_ms);
}

void
token_worker_open(
    struct token_worker *worker, const char *directory, const char *name)
{
	struct error error;

	*worker = (struct token_worker){ .delay_ms = TOKEN_WORKER_AT_ONCE,
	    .life_s = TOKEN_WORKER_LIFE_S };
	worker->params = (struct token_params){ .renew_ahead_s = 600,
	    .min_age_s = 1200, .mint = token_worker_mint, .arg = worker };
	snprintf(worker->params.name, sizeof worker->params.name, "%s", name);
	if (directory != NULL)
		worker->store = token_store_open(directory, &error);
	if (directory != NULL && worker->store == NULL)
		tap_bail_out("%s", error.words);
	worker->timer =
	    loop_timer_create(worker_loop, token_worker_fire, worker);
	worker->source = token_source_create(worker->store, worker_loop,
	    &worker->params);
}

void
token_worker_close(struct token_worker *worker)
{
	loop_timer_free(worker->timer);
	token_source_free(worker->source);
	token_store_close(worker->store);
}

void
token_worker_set_min_age(struct token_worker *worker, int64_t min_age_s)
{
	token_source_free(worker->source);
	worker->params.min_age_s = min_age_s;
	worker->source = token_source_create(worker->store, worker_loop,
	    &worker->params);
}

/* --- waiting ------------------------------------------------------------- */

static void
token_worker_ready(void *arg, const struct token *token)
{
	struct token_worker_answer *answer = arg;

	answer->times++;
	answer->text = token == NULL ? NULL : fixture_format("%s",
	    token->text);
	if (--*answer->missing == 0)
		loop_stop(worker_loop);
}

struct token_wait *
token_worker_wait(
    struct token_worker *worker, struct token_worker_answer *answer)
{
	unsigned int times = answer->times;
	struct token_wait *wait = token_wait(worker->source, token_worker_ready,
	    answer);

	if (answer->times != times)
		tap_ok(false, "a wait is never answered from within");
	return wait;
}

const char *
token_worker_ask(struct token_worker *worker)
{
	unsigned int missing = 1;
	struct token_worker_answer answer = { .missing = &missing };

	token_worker_wait(worker, &answer);
	token_worker_run();
	return answer.text;
}

const char *
token_worker_current(struct token_worker *worker)
{
	const struct token *token = token_current(worker->source);

	return token == NULL ? NULL : fixture_format("%s", token->text);
}

/* --- the loop ------------------------------------------------------------ */

static void
token_worker_give_up(void *arg)
{
	(void)arg;
	tap_bail_out("nothing happened in %d ms", TOKEN_WORKER_PATIENCE_MS);
}

static void
token_worker_stop(void *arg)
{
	(void)arg;
	loop_stop(worker_loop);
}

void
token_worker_run(void)
{
	struct loop_timer *timer = loop_timer_create(worker_loop,
	    token_worker_give_up, NULL);

	loop_timer_start(timer, TOKEN_WORKER_PATIENCE_MS);
	loop_run(worker_loop);
	loop_timer_free(timer);
}

void
token_worker_turn(void)
{
	struct loop_timer *timer =
	    loop_timer_create(worker_loop, token_worker_stop, NULL);

	loop_timer_start(timer, TOKEN_WORKER_TURN_MS);
	token_worker_run();
	loop_timer_free(timer);
}
