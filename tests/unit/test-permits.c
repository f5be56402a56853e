/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/permits.h"

#include <string.h>

#include "tap.h"

enum {
	WHO_MAX = 400
};

/* Who asks for a turn, and what came of it. */
struct who {
	struct turn turn;
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
		whos[i].turn.go = go;
		whos[i].turn.arg = &whos[i];
	}
}

static void
stop(void *arg)
{
	loop_stop(arg);
}

/* Lets the loop do what is due. */
static void
settle(struct loop *loop)
{
	struct loop_timer *timer = loop_timer_create(loop, stop, loop);

	loop_timer_start(timer, 20);
	loop_run(loop);
	loop_timer_free(timer);
}

/* Asks for turns for `first` to before `end`; how many are taken at once. */
static int
take(struct turns_share *share, int first, int end)
{
	int i, taken = 0;

	for (i = first; i < end; i++)
		taken += turn_take(share, &whos[i].turn);
	return taken;
}

static void
leave(int first, int end)
{
	int i;

	for (i = first; i < end; i++)
		turn_leave(&whos[i].turn);
}

static void
check_room_for_others(struct loop *loop)
{
	struct turns *turns = turns_create(loop, 100);
	struct turns_share *big = turns_share_open(turns);
	struct turns_share *small = turns_share_open(turns);

	reset();
	tap_is_int(take(big, 0, 300), 75, "one alone gets three of four");
	tap_is_int(take(small, 300, 310), 10, "another one is not held up");
	settle(loop);
	tap_is_int(told, 0, "nobody is told without a turn");
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
	turns_share_close(big);
	turns_share_close(small);
	turns_free(turns);
}

static void
check_fair_turns(struct loop *loop)
{
	struct turns *turns = turns_create(loop, 1);
	struct turns_share *one = turns_share_open(turns);
	struct turns_share *other = turns_share_open(turns);
	int i;

	reset();
	tap_is_int(take(one, 0, 4), 1, "there is one turn");
	tap_is_int(take(other, 10, 12), 0, "the other one comes later");
	for (i = 0; i < 5; i++) {
		static const int order[] = { 0, 1, 10, 2, 11 };

		tap_is_int(whos[order[i]].turn.state, TURN_TAKEN,
		    "turn %d is taken by turns", i + 1);
		turn_leave(&whos[order[i]].turn);
		settle(loop);
	}
	tap_is_int(whos[3].turn.state, TURN_TAKEN, "the last one has one");
	turn_leave(&whos[3].turn);
	turns_share_close(one);
	turns_share_close(other);
	turns_free(turns);
}

static void
check_newcomers(struct loop *loop)
{
	struct turns *turns = turns_create(loop, 1);
	struct turns_share *one = turns_share_open(turns);
	struct turns_share *other = turns_share_open(turns);
	struct turns_share *newcomer = turns_share_open(turns);

	reset();
	take(one, 0, 1);
	take(other, 10, 11);
	leave(0, 1);
	tap_is_int(take(newcomer, 20, 21), 0,
	    "who comes as a turn is given back does not overtake");
	settle(loop);
	tap_is_int(whos[10].turn.state, TURN_TAKEN,
	    "it goes to who has waited");
	leave(10, 11);
	settle(loop);
	tap_is_int(
	    whos[20].turn.state, TURN_TAKEN, "then it is the newcomer's");
	leave(20, 21);
	turns_share_close(one);
	turns_share_close(other);
	turns_share_close(newcomer);
	turns_free(turns);
}

static void
check_recall(struct loop *loop)
{
	struct turns *turns = turns_create(loop, 4);
	struct turns_share *share = turns_share_open(turns);
	int i, none = 0;

	reset();
	take(share, 0, 200);
	turns_recall(turns);
	turn_leave(&whos[150].turn);
	settle(loop);
	tap_is_int(told, 196, "all who wait are told, but who has left");
	for (i = 0; i < 200; i++)
		none += whos[i].turn.state == TURN_NONE;
	tap_is_int(none, 197, "they have no turn");
	tap_is_int(whos[0].turn.state, TURN_TAKEN, "who had one keeps it");
	leave(0, 3);
	tap_is_int(take(share, 200, 201), 1, "and there are turns again");
	leave(200, 201);
	turns_share_close(share);
	turns_free(turns);
}

int
main(void)
{
	struct loop *loop = loop_create();

	check_room_for_others(loop);
	check_fair_turns(loop);
	check_newcomers(loop);
	check_recall(loop);
	loop_free(loop);
	return tap_done();
}
