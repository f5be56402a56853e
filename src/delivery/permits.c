/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/permits.h"

#include <stdlib.h>

#include "base/xmalloc.h"

enum {
	/* A share may hold so many times what is left: alone, 3 of 4. */
	TURNS_SHARE_FACTOR = 3,
	/* Handed out before the loop looks after others. */
	TURNS_BURST = 64
};

TAILQ_HEAD(turn_list, turn);

struct turns_share {
	TAILQ_ENTRY(turns_share) entry;	/* only while somebody waits in it */
	struct turns *turns;
	struct turn_list waiting;
	unsigned int taken;
};

struct turns {
	unsigned int left;
	TAILQ_HEAD(, turns_share) hungry;	/* the next one to be served */
	struct turn_list recalled;
	struct loop_timer *timer;
	bool due;		/* those who wait are served by the timer */
};

static void turns_on_timer(void *arg);

struct turns *
turns_create(struct loop *loop, unsigned int count)
{
	struct turns *turns = xcalloc(1, sizeof *turns);

	turns->left = count;
	TAILQ_INIT(&turns->hungry);
	TAILQ_INIT(&turns->recalled);
	turns->timer = loop_timer_create(loop, turns_on_timer, turns);
	return turns;
}

void
turns_free(struct turns *turns)
{
	if (turns == NULL)
		return;
	loop_timer_free(turns->timer);
	free(turns);
}

struct turns_share *
turns_share_open(struct turns *turns)
{
	struct turns_share *share = xcalloc(1, sizeof *share);

	share->turns = turns;
	TAILQ_INIT(&share->waiting);
	return share;
}

void
turns_share_close(struct turns_share *share)
{
	free(share);
}

static bool
turns_share_may_take(const struct turns_share *share)
{
	return share->taken < TURNS_SHARE_FACTOR * share->turns->left;
}

static void
turns_share_take(struct turns_share *share, struct turn *turn)
{
	share->turns->left--;
	share->taken++;
	turn->share = share;
	turn->state = TURN_TAKEN;
}

static void
turns_share_add(struct turns_share *share, struct turn *turn)
{
	if (TAILQ_EMPTY(&share->waiting))
		TAILQ_INSERT_TAIL(&share->turns->hungry, share, entry);
	TAILQ_INSERT_TAIL(&share->waiting, turn, entry);
	turn->share = share;
	turn->state = TURN_WAITING;
}

static void
turns_share_remove(struct turns_share *share, struct turn *turn)
{
	TAILQ_REMOVE(&share->waiting, turn, entry);
	if (TAILQ_EMPTY(&share->waiting))
		TAILQ_REMOVE(&share->turns->hungry, share, entry);
	turn->state = TURN_NONE;
}

static void
turns_serve_soon(struct turns *turns)
{
	turns->due = true;
	loop_timer_start(turns->timer, 0);
}

bool
turn_take(struct turns_share *share, struct turn *turn)
{
	/* What was given back is for those who wait, not for who comes. */
	bool taken = !share->turns->due && TAILQ_EMPTY(&share->waiting) &&
	    turns_share_may_take(share);

	if (taken)
		turns_share_take(share, turn);
	else
		turns_share_add(share, turn);
	return taken;
}

void
turn_leave(struct turn *turn)
{
	struct turns *turns;

	switch (turn->state) {
	case TURN_NONE:
		break;
	case TURN_WAITING:
		turns_share_remove(turn->share, turn);
		break;
	case TURN_RECALLED:
		TAILQ_REMOVE(&turn->share->turns->recalled, turn, entry);
		break;
	case TURN_TAKEN:
		turns = turn->share->turns;
		turns->left++;
		turn->share->taken--;
		if (!TAILQ_EMPTY(&turns->hungry))
			turns_serve_soon(turns);
		break;
	}
	turn->state = TURN_NONE;
}

void
turns_recall(struct turns *turns)
{
	struct turns_share *share;
	struct turn *turn;

	while ((share = TAILQ_FIRST(&turns->hungry)) != NULL) {
		TAILQ_FOREACH(turn, &share->waiting, entry)
			turn->state = TURN_RECALLED;
		TAILQ_CONCAT(&turns->recalled, &share->waiting, entry);
		TAILQ_REMOVE(&turns->hungry, share, entry);
	}
	if (!TAILQ_EMPTY(&turns->recalled))
		turns_serve_soon(turns);
}

/* The turn that is next to be taken, or NULL if none may be. */
static struct turn *
turns_next(struct turns *turns)
{
	struct turns_share *share = TAILQ_FIRST(&turns->hungry);
	struct turn *turn = NULL;

	while (share != NULL && !turns_share_may_take(share))
		share = TAILQ_NEXT(share, entry);
	if (share != NULL) {
		turn = TAILQ_FIRST(&share->waiting);
		turns_share_remove(share, turn);
		/* The others first, from now on. */
		if (!TAILQ_EMPTY(&share->waiting)) {
			TAILQ_REMOVE(&turns->hungry, share, entry);
			TAILQ_INSERT_TAIL(&turns->hungry, share, entry);
		}
		turns_share_take(share, turn);
	}
	return turn;
}

static void
turns_on_timer(void *arg)
{
	struct turns *turns = arg;
	unsigned int burst;

	turns->due = false;
	for (burst = 0; burst < TURNS_BURST; burst++) {
		struct turn *turn = TAILQ_FIRST(&turns->recalled);

		if (turn != NULL)
			turn_leave(turn);
		else if ((turn = turns_next(turns)) == NULL)
			break;
		turn->go(turn->arg);
	}
	if (burst == TURNS_BURST)
		turns_serve_soon(turns);
}
