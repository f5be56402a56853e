/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/permits.h"

#include <string.h>

#include "fake-loop.h"
#include "tap.h"

enum {
	WHO_MAX = 400
};

/* Who asks for a permit, and what came of it. */
struct who {
	struct permit permit;
	int told;	/* the how manieth to be told to go; 0: never */
};

static struct who whos[WHO_MAX];
static int told;

static void
go(void *arg)
{
	struct who *who = arg;

	who->told = ++told;
}

static void
reset(void)
{
	size_t i;

	memset(whos, 0, sizeof whos);
	told = 0;
	for (i = 0; i < WHO_MAX; i++) {
		whos[i].permit.go = go;
		whos[i].permit.arg = &whos[i];
	}
}

/* Lets the loop do what is due now. */
static void
settle(struct loop *loop)
{
	fake_loop_pass(loop, 0);
}

/* Asks for permits for `first` to before `end`; how many are taken at once. */
static int
take(struct permit_holder *holder, int first, int end)
{
	int i, taken = 0;

	for (i = first; i < end; i++)
		taken += permit_acquire(holder, &whos[i].permit);
	return taken;
}

static void
leave(int first, int end)
{
	int i;

	for (i = first; i < end; i++)
		permit_release(&whos[i].permit);
}

static void
check_counts(struct loop *loop)
{
	struct permits *permits = permits_create(loop, 4);
	struct permit_holder *holder = permit_holder_create(permits);

	reset();
	take(holder, 0, 2);
	tap_is_int(permits_count(permits), 4, "there are four");
	tap_is_int(permits_granted(permits), 2, "two are granted");
	leave(0, 2);
	tap_is_int(permits_granted(permits), 0, "both are given back");
	permit_holder_free(holder);
	permits_free(permits);
}

static void
check_room_for_others(struct loop *loop)
{
	struct permits *permits = permits_create(loop, 100);
	struct permit_holder *big = permit_holder_create(permits);
	struct permit_holder *small = permit_holder_create(permits);

	reset();
	tap_is_int(take(big, 0, 300), 75, "one alone gets three of four");
	tap_is_int(take(small, 300, 310), 10, "another one is not held up");
	settle(loop);
	tap_is_int(told, 0, "nobody is told without a permit");
	leave(0, 10);
	settle(loop);
	tap_is_int(told, 3, "what the big one gives back it gets back only "
	    "as far as enough is left");
	leave(300, 310);
	settle(loop);
	tap_is_int(told, 10, "and the rest when it is alone again");
	tap_is_int(whos[75].told, 1, "in the order of asking");
	leave(0, 310);
	settle(loop);
	permit_holder_free(big);
	permit_holder_free(small);
	permits_free(permits);
}

static void
check_fair_turns(struct loop *loop)
{
	struct permits *permits = permits_create(loop, 1);
	struct permit_holder *one = permit_holder_create(permits);
	struct permit_holder *other = permit_holder_create(permits);
	int i;

	reset();
	tap_is_int(take(one, 0, 4), 1, "there is one permit");
	tap_is_int(take(other, 10, 12), 0, "the other one comes later");
	for (i = 0; i < 5; i++) {
		static const int order[] = { 0, 1, 10, 2, 11 };

		tap_is_int(whos[order[i]].permit.state, PERMIT_GRANTED,
		    "permit %d is taken by permits", i + 1);
		permit_release(&whos[order[i]].permit);
		settle(loop);
	}
	tap_is_int(
	    whos[3].permit.state, PERMIT_GRANTED, "the last one has one");
	permit_release(&whos[3].permit);
	permit_holder_free(one);
	permit_holder_free(other);
	permits_free(permits);
}

static void
check_newcomers(struct loop *loop)
{
	struct permits *permits = permits_create(loop, 1);
	struct permit_holder *one = permit_holder_create(permits);
	struct permit_holder *other = permit_holder_create(permits);
	struct permit_holder *newcomer = permit_holder_create(permits);

	reset();
	take(one, 0, 1);
	take(other, 10, 11);
	leave(0, 1);
	tap_is_int(take(newcomer, 20, 21), 0,
	    "who comes as a permit is given back does not overtake");
	settle(loop);
	tap_is_int(whos[10].permit.state, PERMIT_GRANTED,
	    "it goes to who has waited");
	leave(10, 11);
	settle(loop);
	tap_is_int(
	    whos[20].permit.state, PERMIT_GRANTED, "then it is the newcomer's");
	leave(20, 21);
	permit_holder_free(one);
	permit_holder_free(other);
	permit_holder_free(newcomer);
	permits_free(permits);
}

static void
check_recall(struct loop *loop)
{
	struct permits *permits = permits_create(loop, 4);
	struct permit_holder *holder = permit_holder_create(permits);
	int i, none = 0;

	reset();
	take(holder, 0, 200);
	permits_recall(permits);
	permit_release(&whos[150].permit);
	settle(loop);
	tap_is_int(told, 196, "all who wait are told, but who has left");
	for (i = 0; i < 200; i++)
		none += whos[i].permit.state == PERMIT_NONE;
	tap_is_int(none, 197, "they have no permit");
	tap_is_int(
	    whos[0].permit.state, PERMIT_GRANTED, "who had one keeps it");
	take(holder, 200, 202);
	permits_recall(permits);
	settle(loop);
	tap_is_int(told, 198, "who waits after that can be recalled, too");
	leave(0, 3);
	tap_is_int(take(holder, 202, 203), 1, "and there are permits again");
	leave(202, 203);
	permit_holder_free(holder);
	permits_free(permits);
}

/* How long the pace says to wait. */
static int64_t
wait_ms(void *arg)
{
	return *(int64_t *)arg;
}

static void
check_pace(struct loop *loop)
{
	struct permits *permits = permits_create(loop, 8);
	struct permit_holder *holder = permit_holder_create(permits);
	struct permit_holder *newcomer = permit_holder_create(permits);
	int64_t pace_ms = 0;

	reset();
	permits_pace(permits, wait_ms, &pace_ms);
	tap_is_int(take(holder, 0, 1), 1, "the pace allows one");
	tap_ok(!permits_are_paced(permits), "and holds nobody up");
	pace_ms = 5;
	tap_is_int(take(holder, 1, 2), 0, "the next one is too early");
	tap_ok(permits_are_paced(permits), "it is the pace that holds it up");
	pace_ms = 0;
	tap_is_int(take(newcomer, 10, 11), 0,
	    "who comes meanwhile waits, too");
	fake_loop_pass(loop, 4);
	tap_is_int(told, 0, "nobody has a permit before the pace allows it");
	fake_loop_pass(loop, 1);
	tap_is_int(whos[1].told, 1, "then who came first has one");
	tap_is_int(whos[10].told, 2, "and the other one after that");
	tap_ok(!permits_are_paced(permits), "and nothing is held up");
	pace_ms = 1;
	tap_is_int(take(holder, 2, 3), 0, "a millisecond is too early, too");
	pace_ms = 0;
	fake_loop_pass(loop, 1);
	tap_is_int(whos[2].told, 3, "and then no more");
	leave(0, 3);
	leave(10, 11);
	permit_holder_free(holder);
	permit_holder_free(newcomer);
	permits_free(permits);
}

/* --- the loop is not held up ---------------------------------------------- */

static struct {
	struct loop_timer *timer;
	int seen;
	int most;	/* told between two of its turns */
} others;

static void
let_others_run(void *arg)
{
	(void)arg;
	if (told - others.seen > others.most)
		others.most = told - others.seen;
	others.seen = told;
	if (told < 199)
		loop_timer_start(others.timer, 0);
}

static void
check_bursts(struct loop *loop)
{
	struct permits *permits = permits_create(loop, 1);
	struct permit_holder *holder = permit_holder_create(permits);

	reset();
	memset(&others, 0, sizeof others);
	others.timer = loop_timer_create(loop, let_others_run, NULL);
	loop_timer_start(others.timer, 0);
	take(holder, 0, 200);
	permits_recall(permits);
	settle(loop);
	tap_is_int(told, 199, "199 that wait are told");
	tap_is_int(others.most, 64, "64 of them before others have their turn");
	leave(0, 1);
	loop_timer_free(others.timer);
	permit_holder_free(holder);
	permits_free(permits);
}

int
main(void)
{
	struct loop *loop = loop_create();

	check_counts(loop);
	check_room_for_others(loop);
	check_fair_turns(loop);
	check_newcomers(loop);
	check_recall(loop);
	check_pace(loop);
	check_bursts(loop);
	loop_free(loop);
	return tap_done();
}
