/* SPDX-License-Identifier: Apache-2.0 */
#include "fake-exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "tap.h"

enum {
	FAKE_EXCHANGE_ANSWER_SIZE = 65536	/* and twice the body's limit */
};

/* What was passed on at once. */
struct fake_exchange_piece {
	int64_t at_ms;
	size_t end;		/* in the answer */
};

struct exchange {
	struct fake_exchange_params params;
	struct loop_timer *body_timer;
	struct loop_timer *gone_timer;
	size_t body_limit;
	exchange_body_fn body_done;
	void *body_arg;
	struct buf text;		/* written, and not passed on */
	struct buf answer;
	struct fake_exchange_piece *pieces;
	size_t piece_count;
	int64_t created_ms;
	int64_t end_ms;
	bool gone;
	bool written;
};

static void
fake_exchange_end_body(struct exchange *exchange, enum exchange_body result)
{
	exchange_body_fn done = exchange->body_done;
	struct buf body;

	exchange->body_done = NULL;
	loop_timer_stop(exchange->body_timer);
	buf_init(&body, exchange->body_limit);
	if (result == EXCHANGE_BODY_OK &&
	    !buf_append_text(&body, exchange->params.body))
		result = EXCHANGE_BODY_TOO_LARGE;
	done(exchange->body_arg, result,
	    result == EXCHANGE_BODY_OK ? &body : NULL);
	buf_free(&body);
}

static void
fake_exchange_on_body(void *arg)
{
	struct exchange *exchange = arg;

	fake_exchange_end_body(exchange, exchange->params.body_is_cut ?
	    EXCHANGE_BODY_CUT : EXCHANGE_BODY_OK);
}

static void
fake_exchange_on_gone(void *arg)
{
	struct exchange *exchange = arg;

	exchange->gone = true;
}

struct exchange *
fake_exchange_create(const struct fake_exchange_params *params)
{
	struct exchange *exchange = xcalloc(1, sizeof *exchange);

	exchange->params = *params;
	exchange->created_ms = clock_monotonic_ms();
	exchange->end_ms = -1;
	buf_init(&exchange->text, FAKE_EXCHANGE_ANSWER_SIZE);
	buf_init(&exchange->answer, SIZE_MAX / 2);
	exchange->body_timer = loop_timer_create(params->loop,
	    fake_exchange_on_body, exchange);
	exchange->gone_timer = loop_timer_create(params->loop,
	    fake_exchange_on_gone, exchange);
	if (params->gone_after_ms > 0)
		loop_timer_start(exchange->gone_timer, params->gone_after_ms);
	return exchange;
}

void
fake_exchange_free(struct exchange *exchange)
{
	if (exchange == NULL)
		return;
	loop_timer_free(exchange->body_timer);
	loop_timer_free(exchange->gone_timer);
	buf_free(&exchange->text);
	buf_free(&exchange->answer);
	free(exchange->pieces);
	free(exchange);
}

/* --- for the gateway ----------------------------------------------------- */

static void
fake_exchange_check(const struct exchange *exchange, const char *what)
{
	if (exchange->end_ms != -1)
		tap_bail_out("an exchange that has ended is asked to %s",
		    what);
}

const char *
exchange_variable(const struct exchange *exchange, const char *name)
{
	const struct fake_exchange_variable *variable =
	    exchange->params.variables;

	fake_exchange_check(exchange, "name a variable");
	while (variable->name != NULL && strcmp(variable->name, name) != 0)
		variable++;
	return variable->value;
}

bool
exchange_variables_are_too_large(const struct exchange *exchange)
{
	fake_exchange_check(exchange, "say whether its variables fit");
	return exchange->params.variables_are_too_large;
}

const char *
exchange_id(struct exchange *exchange)
{
	fake_exchange_check(exchange, "say its id");
	return "the-request";
}

int64_t
exchange_came_ms(const struct exchange *exchange)
{
	return exchange->created_ms - exchange->params.stood_ms;
}

bool
exchange_is_gone(const struct exchange *exchange)
{
	return fake_exchange_is_gone(exchange);
}

int64_t
exchange_announced(const struct exchange *exchange)
{
	return exchange->params.body_is_unannounced ? -1 :
	    (int64_t)strlen(exchange->params.body);
}

void
exchange_limit_time(struct exchange *exchange, int64_t time_ms)
{
	(void)time_ms;
	fake_exchange_check(exchange, "limit its time");
}

void
exchange_allow(struct exchange *exchange, size_t answer_size)
{
	fake_exchange_check(exchange, "allow a long answer");
	if (exchange->text.limit < answer_size)
		exchange->text.limit = answer_size;
}

void
exchange_read_body(struct exchange *exchange, size_t limit,
    exchange_body_fn done, void *arg)
{
	fake_exchange_check(exchange, "read its body");
	exchange->body_limit = limit;
	exchange->body_done = done;
	exchange->body_arg = arg;
	exchange->text.limit = FAKE_EXCHANGE_ANSWER_SIZE + 2 * limit;
	if (exchange->params.body_after_ms != -1)
		loop_timer_start(exchange->body_timer,
		    exchange->params.body_after_ms);
}

void
exchange_expire(struct exchange *exchange)
{
	if (exchange->body_done != NULL)
		fake_exchange_end_body(exchange, EXCHANGE_BODY_EXPIRED);
}

bool
exchange_write(struct exchange *exchange, const char *data, size_t size)
{
	fake_exchange_check(exchange, "write");
	exchange->written = true;
	if (!exchange->gone && !buf_append(&exchange->text, data, size))
		tap_bail_out("an answer is too long");
	return !exchange->gone;
}

bool
exchange_flush(struct exchange *exchange)
{
	struct fake_exchange_piece *piece;

	fake_exchange_check(exchange, "pass on what is written");
	if (!exchange->gone && exchange->text.size > 0) {
		buf_append(&exchange->answer, exchange->text.data,
		    exchange->text.size);
		exchange->pieces = xreallocarray(exchange->pieces,
		    exchange->piece_count + 1, sizeof *exchange->pieces);
		piece = &exchange->pieces[exchange->piece_count++];
		piece->at_ms = clock_monotonic_ms();
		piece->end = exchange->answer.size;
	}
	buf_reset(&exchange->text);
	return !exchange->gone;
}

void
exchange_finish(struct exchange *exchange)
{
	exchange_flush(exchange);
	if (exchange->body_done != NULL)
		tap_bail_out("an exchange ends while it reads its body");
	exchange->end_ms = clock_monotonic_ms();
	loop_timer_stop(exchange->gone_timer);
	if (exchange->params.finished != NULL)
		exchange->params.finished(exchange->params.arg);
}

/* --- for the test -------------------------------------------------------- */

const char *
fake_exchange_answer(const struct exchange *exchange)
{
	return buf_text(&exchange->answer);
}

int
fake_exchange_status(const struct exchange *exchange)
{
	int status = 0;

	if (sscanf(fake_exchange_answer(exchange), "Status: %d", &status) != 1)
		status = 0;
	return status;
}

const char *
fake_exchange_body(const struct exchange *exchange)
{
	const char *body = strstr(fake_exchange_answer(exchange),
	    "\r\n\r\n");

	return body == NULL ? NULL : body + 4;
}

bool
fake_exchange_is_answered(const struct exchange *exchange)
{
	return exchange->written;
}

bool
fake_exchange_is_gone(const struct exchange *exchange)
{
	return exchange->gone;
}

int64_t
fake_exchange_end_ms(const struct exchange *exchange)
{
	return exchange->end_ms;
}

int64_t
fake_exchange_when_ms(const struct exchange *exchange, const char *part)
{
	const char *answer = fake_exchange_answer(exchange);
	const char *found = strstr(answer, part);
	size_t i = 0;

	if (found == NULL)
		return -1;
	while (exchange->pieces[i].end <= (size_t)(found - answer))
		i++;
	return exchange->pieces[i].at_ms;
}
