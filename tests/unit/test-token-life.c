/* SPDX-License-Identifier: Apache-2.0 */
/* Provider tokens over time: renewed, refused, failed, and waited for. */
#include "provider/token.h"

#include <string.h>

#include "base/clock.h"
#include "fixture.h"
#include "tap.h"
#include "token-worker.h"

static void
set_age(int64_t age_s)
{
	clock_fake(
	    TOKEN_WORKER_NOW_MS + age_s * 1000, TOKEN_WORKER_NOW_S + age_s);
}

/* --- renewal ------------------------------------------------------------- */

/* When a token of that life is renewed, if nobody waits. */
static void
check_renewal(int64_t life_s, int64_t due_s)
{
	const char *name = fixture_format("a life of %lld s",
	    (long long)life_s);
	const char *first;
	struct token_worker worker;

	set_age(0);
	token_worker_open(&worker, token_worker_directory(), "one");
	worker.life_s = life_s;
	first = token_worker_ask(&worker);
	set_age(due_s - 1);
	tap_is_string(token_worker_current(&worker), first,
	    "%s: it is used a second before it is due", name);
	token_worker_turn();
	tap_is_int(worker.mints, 1, "%s: it is not renewed then", name);
	set_age(due_s);
	tap_is_string(token_worker_current(&worker), first,
	    "%s: it is used when it is due", name);
	tap_is_int(worker.mints, 1, "%s: nothing is done from within", name);
	token_worker_turn();
	tap_is_int(worker.mints, 2, "%s: it is renewed as the loop turns",
	    name);
	tap_ok(strcmp(token_worker_current(&worker), first) != 0,
	    "%s: the new one is used", name);
	set_age(due_s + life_s - 1);
	tap_ok(token_worker_current(&worker) != NULL,
	    "%s: it is used to its last second", name);
	set_age(due_s + life_s);
	tap_ok(token_worker_current(&worker) == NULL,
	    "%s: it is not used when it has expired", name);
	token_worker_turn();
	token_worker_close(&worker);
}

/* A renewal that takes its time disturbs nobody. */
static void
check_slow_renewal(void)
{
	const char *first;
	struct token_worker worker;

	set_age(0);
	token_worker_open(&worker, token_worker_directory(), "one");
	first = token_worker_ask(&worker);
	set_age(3000);
	worker.delay_ms = TOKEN_WORKER_WHEN_TOLD;
	token_worker_current(&worker);
	token_worker_turn();
	tap_is_int(worker.mints, 2, "the renewal began");
	tap_is_string(token_worker_current(&worker), first,
	    "the old one is used meanwhile");
	token_worker_turn();
	tap_is_int(worker.mints, 2, "it is not begun twice");
	token_worker_finish(&worker);
	tap_ok(strcmp(token_worker_current(&worker), first) != 0,
	    "then the new one is used");
	token_worker_close(&worker);
}

/* One worker renews, the other reads. */
static void
check_shared_renewal(void)
{
	const char *directory = token_worker_directory();
	struct token_worker a, b;

	set_age(0);
	token_worker_open(&a, directory, "one");
	token_worker_open(&b, directory, "one");
	token_worker_ask(&a);
	token_worker_ask(&b);
	set_age(3000);
	token_worker_current(&a);
	token_worker_turn();
	token_worker_current(&b);
	token_worker_turn();
	tap_is_string(token_worker_current(&b), token_worker_current(&a),
	    "a renewed token is shared");
	tap_is_int(a.mints + b.mints, 2, "it is renewed by one worker");
	token_worker_close(&a);
	token_worker_close(&b);
}

/* --- a clock that jumps -------------------------------------------------- */

/* Set back: what was issued in the future is of no use to any provider. */
static void
check_clock_set_back(int64_t back_s, bool kept)
{
	const char *directory = token_worker_directory(), *first, *second;
	const char *name = fixture_format("set back by %lld s",
	    (long long)back_s);
	struct token_worker a, b;

	set_age(0);
	token_worker_open(&a, directory, "one");
	token_worker_open(&b, directory, "one");
	first = token_worker_ask(&a);
	token_worker_ask(&b);
	clock_fake(TOKEN_WORKER_NOW_MS + 1000, TOKEN_WORKER_NOW_S - back_s);
	tap_ok((token_worker_current(&a) != NULL) == kept,
	    "%s: the token is %s", name, kept ? "kept" : "given up");
	second = token_worker_ask(&a);
	tap_ok((strcmp(second, first) == 0) == kept, "%s: there is %s", name,
	    kept ? "no other" : "another");
	tap_is_string(token_worker_ask(&b), second,
	    "%s: the other worker has the same", name);
	tap_is_int(a.mints + b.mints, kept ? 1 : 2,
	    "%s: no worker mints for itself", name);
	token_worker_close(&a);
	token_worker_close(&b);
}

/* Set forward and back: what was minted meanwhile goes, too. */
static void
check_clock_jump(void)
{
	const char *directory = token_worker_directory(), *ahead, *last;
	struct token_worker worker;

	set_age(0);
	token_worker_open(&worker, directory, "one");
	token_worker_ask(&worker);
	set_age(86400);
	ahead = token_worker_ask(&worker);
	tap_is_int(worker.mints, 2, "set forward by a day: another token");
	set_age(10);
	last = token_worker_ask(&worker);
	tap_ok(strcmp(last, ahead) != 0,
	    "set right again: the token of tomorrow is not used");
	token_worker_close(&worker);
}

/* --- failure ------------------------------------------------------------- */

static void
check_failure(void)
{
	struct token_worker worker;

	clock_fake(TOKEN_WORKER_NOW_MS, TOKEN_WORKER_NOW_S);
	token_worker_open(&worker, token_worker_directory(), "one");
	worker.fails = true;
	tap_ok(token_worker_ask(&worker) == NULL, "a failure is no token");
	tap_is_int(worker.mints, 1, "it was tried");
	tap_ok(token_worker_ask(&worker) == NULL, "there is still none");
	tap_is_int(worker.mints, 1, "and it is not tried again at once");
	clock_fake(TOKEN_WORKER_NOW_MS + 999, TOKEN_WORKER_NOW_S + 1);
	tap_ok(token_worker_ask(&worker) == NULL && worker.mints == 1,
	    "nor after 999 ms");
	clock_fake(TOKEN_WORKER_NOW_MS + 1000, TOKEN_WORKER_NOW_S + 1);
	tap_ok(token_worker_ask(&worker) == NULL && worker.mints == 2,
	    "but after a second");
	worker.fails = false;
	clock_fake(TOKEN_WORKER_NOW_MS + 2000, TOKEN_WORKER_NOW_S + 2);
	tap_ok(token_worker_ask(&worker) != NULL && worker.mints == 3,
	    "and then it goes well");
	token_worker_close(&worker);
}

static void
check_failed_renewal(void)
{
	const char *first;
	struct token_worker worker;

	set_age(0);
	token_worker_open(&worker, token_worker_directory(), "one");
	first = token_worker_ask(&worker);
	worker.fails = true;
	set_age(3000);
	tap_is_string(token_worker_ask(&worker), first,
	    "who waits while the renewal fails gets the old one");
	token_worker_turn();
	tap_is_int(worker.mints, 2, "the renewal was tried");
	tap_is_string(
	    token_worker_current(&worker), first, "the old one stays");
	token_worker_turn();
	tap_is_int(worker.mints, 2, "it is not tried again at once");
	set_age(3001);
	token_worker_current(&worker);
	token_worker_turn();
	tap_is_int(worker.mints, 3, "but after a second");
	set_age(3600);
	tap_ok(token_worker_ask(&worker) == NULL,
	    "when the old one has expired there is none");
	token_worker_close(&worker);
}

/* A lock is given back by a failure, so another worker can try. */
static void
check_failing_neighbour(void)
{
	const char *directory = token_worker_directory();
	unsigned int missing = 2;
	struct token_worker_answer of_a = { .missing = &missing };
	struct token_worker_answer of_b = { .missing = &missing };
	struct token_worker a, b;

	set_age(0);
	token_worker_open(&a, directory, "one");
	token_worker_open(&b, directory, "one");
	a.fails = true;
	a.delay_ms = 50;
	token_worker_wait(&a, &of_a);
	token_worker_wait(&b, &of_b);
	token_worker_run();
	tap_ok(of_a.text == NULL, "the one that failed has none");
	tap_ok(of_b.text != NULL && b.mints == 1,
	    "the other one minted for itself");
	set_age(1);
	tap_is_string(token_worker_ask(&a), of_b.text, "and shared it");
	tap_is_int(a.mints, 1, "without another try");
	token_worker_close(&a);
	token_worker_close(&b);
}

/* --- refusal ------------------------------------------------------------- */

static void
check_refusal(void)
{
	const char *directory = token_worker_directory(), *first, *second;
	unsigned int of_first, of_b;
	struct token_worker a, b, c;

	set_age(0);
	token_worker_open(&a, directory, "one");
	token_worker_open(&b, directory, "one");
	first = token_worker_ask(&a);
	token_worker_ask(&b);
	of_first = token_serial(a.source);
	of_b = token_serial(b.source);
	set_age(1199);
	tap_ok(!token_refuse(a.source, of_first),
	    "a token younger than 20 minutes is kept");
	tap_is_string(token_worker_current(&a), first, "it is still used");
	set_age(1200);
	tap_ok(token_refuse(a.source, of_first),
	    "a token of 20 minutes is given up");
	tap_ok(token_worker_current(&a) == NULL, "it is not used again");
	second = token_worker_ask(&a);
	tap_ok(second != NULL && strcmp(second, first) != 0,
	    "the next one is another, although the file holds the old one");
	tap_ok(token_serial(a.source) != of_first, "it has another serial");
	tap_ok(token_refuse(a.source, of_first) &&
	    token_worker_current(&a) != NULL,
	    "who comes late with the old one does no harm");
	tap_is_string(token_worker_current(&b), first,
	    "another worker does not know yet");
	tap_ok(token_refuse(b.source, of_b), "it gives up the old one too");
	tap_is_string(
	    token_worker_ask(&b), second, "and takes over the new one");
	tap_is_int(a.mints + b.mints, 2, "which was minted once");
	token_worker_open(&c, directory, "one");
	tap_is_string(
	    token_worker_ask(&c), second, "a new worker gets the new one");
	token_worker_close(&a);
	token_worker_close(&b);
	token_worker_close(&c);
}

/* With a least age of 0, as for access tokens. */
static void
check_refusal_at_once(void)
{
	struct token_worker worker;
	const char *first;

	set_age(0);
	token_worker_open(&worker, token_worker_directory(), "one");
	token_worker_set_min_age(&worker, 0);
	first = token_worker_ask(&worker);
	tap_ok(token_refuse(worker.source, token_serial(worker.source)),
	    "a token just minted is given up if no age is set");
	tap_ok(
	    strcmp(token_worker_ask(&worker), first) != 0 && worker.mints == 2,
	    "and another is minted");
	token_worker_close(&worker);
}

/* --- the former one ------------------------------------------------------ */

static void
check_former(void)
{
	const char *directory = token_worker_directory(), *first, *second;
	struct token_worker a, b;
	unsigned int serial;

	set_age(0);
	token_worker_open(&a, directory, "one");
	first = token_worker_ask(&a);
	tap_ok(!token_fall_back(a.source, token_serial(a.source)),
	    "there is none before the first one");
	set_age(3000);
	token_worker_current(&a);
	token_worker_turn();
	second = token_worker_current(&a);
	serial = token_serial(a.source);
	tap_ok(strcmp(second, first) != 0 && token_fall_back(a.source, serial),
	    "the new one is not taken yet");
	tap_is_string(token_worker_current(&a), first,
	    "the former one is used");
	tap_ok(token_fall_back(a.source, serial) &&
	    strcmp(token_worker_current(&a), first) == 0,
	    "who comes late with the new one does no harm");
	tap_ok(!token_fall_back(a.source, token_serial(a.source)),
	    "there is none before the former one");
	set_age(3010);
	token_worker_open(&b, directory, "one");
	tap_is_string(token_worker_ask(&b), second,
	    "a worker that begins has the new one");
	tap_ok(token_fall_back(b.source, token_serial(b.source)) &&
	    strcmp(token_worker_current(&b), first) == 0,
	    "and falls back to the former one, too");
	set_age(3599);
	token_worker_turn();
	tap_is_string(token_worker_current(&a), first,
	    "it is used to its last second");
	set_age(3600);
	tap_ok(token_worker_current(&a) == NULL, "and no longer");
	tap_is_string(token_worker_ask(&a), second,
	    "then the new one is used again");
	tap_ok(!token_fall_back(a.source, token_serial(a.source)),
	    "one that has expired is not fallen back to");
	tap_is_int(a.mints + b.mints, 2, "no other is minted for that");
	token_worker_close(&a);
	token_worker_close(&b);
}

/* Access tokens have no floor: they are not kept on disk for longer. */
static void
check_no_former(void)
{
	struct token_worker worker;

	set_age(0);
	token_worker_open(&worker, token_worker_directory(), "one");
	token_worker_set_min_age(&worker, 0);
	token_worker_ask(&worker);
	set_age(3000);
	token_worker_current(&worker);
	token_worker_turn();
	tap_ok(worker.mints == 2 && !token_fall_back(worker.source,
	    token_serial(worker.source)),
	    "without a floor the former one is not kept");
	token_worker_close(&worker);
}

/* --- waiting ------------------------------------------------------------- */

static void
check_together(void)
{
	const char *directory = token_worker_directory();
	struct token_worker_answer answers[6];
	struct token_worker a, b;
	unsigned int missing = 6, good = 0;
	size_t i;

	set_age(0);
	token_worker_open(&a, directory, "one");
	token_worker_open(&b, directory, "one");
	a.delay_ms = 50;
	b.delay_ms = 50;
	for (i = 0; i < 6; i++) {
		answers[i] =
		    (struct token_worker_answer){ .missing = &missing };
		token_worker_wait(i % 2 == 0 ? &a : &b, &answers[i]);
	}
	token_worker_run();
	token_worker_turn();
	tap_is_int(a.mints + b.mints, 1, "six waits in two workers mint once");
	for (i = 0; i < 6; i++)
		good += answers[i].times == 1 && answers[i].text != NULL &&
		    strcmp(answers[i].text, answers[0].text) == 0;
	tap_is_int(good, 6, "each gets the same token, one time");
	token_worker_close(&a);
	token_worker_close(&b);
}

static void
check_cancel(void)
{
	unsigned int missing = 1, others = 100;
	struct token_worker_answer kept = { .missing = &missing };
	struct token_worker_answer cancelled = { .missing = &others };
	struct token_wait *first;
	struct token_worker worker;

	set_age(0);
	token_worker_open(&worker, token_worker_directory(), "one");
	worker.delay_ms = TOKEN_WORKER_WHEN_TOLD;
	first = token_worker_wait(&worker, &cancelled);
	token_worker_wait(&worker, &kept);
	token_worker_turn();
	token_wait_cancel(first);
	token_worker_finish(&worker);
	tap_is_int(kept.times, 1, "who waits is answered");
	tap_is_int(cancelled.times, 0, "who cancelled is not");
	token_worker_close(&worker);
}

/* A wait that begins while others are answered is answered after them. */
struct again {
	struct token_worker *worker;
	unsigned int answers;
};

static void
again_ready(void *arg, const struct token *token)
{
	struct again *again = arg;

	(void)token;
	if (++again->answers < 3)
		token_wait(again->worker->source, again_ready, again);
}

static void
check_again(bool fails)
{
	struct token_worker worker;
	struct again again = { .worker = &worker };
	unsigned int turns;

	set_age(0);
	token_worker_open(&worker, token_worker_directory(), "one");
	worker.fails = fails;
	worker.delay_ms = TOKEN_WORKER_WHEN_TOLD;
	token_wait(worker.source, again_ready, &again);
	token_worker_turn();
	token_worker_finish(&worker);
	tap_is_int(again.answers, 1, "who waits again, %s a token, is not "
	    "answered in the same breath", fails ? "without" : "with");
	for (turns = 0; turns < 100 && again.answers < 3; turns++)
		token_worker_turn();
	tap_is_int(again.answers, 3, "but is answered");
	tap_is_int(worker.mints, 1, "and nothing more is minted");
	token_worker_close(&worker);
}

int
main(void)
{
	token_worker_begin();
	check_renewal(3600, 3000);
	check_renewal(1200, 600);
	check_renewal(100, 50);
	check_renewal(10000, 9400);
	check_slow_renewal();
	check_shared_renewal();
	check_clock_set_back(60, true);
	check_clock_set_back(61, false);
	check_clock_set_back(7200, false);
	check_clock_jump();
	check_failure();
	check_failed_renewal();
	check_failing_neighbour();
	check_refusal();
	check_refusal_at_once();
	check_former();
	check_no_former();
	check_together();
	check_cancel();
	check_again(false);
	check_again(true);
	token_worker_end();
	return tap_done();
}
