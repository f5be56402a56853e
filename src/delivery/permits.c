/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/permits.h"

#include <stdlib.h>

#include "base/xmalloc.h"

enum {
	/* A holder may hold so many times what is left: alone, 3 of 4. */
	PERMIT_HOLDER_FACTOR = 3,
	/* Handed out before the loop looks after others. */
	TURNS_BURST = 64
};

TAILQ_HEAD(permit_list, permit);

struct permit_holder {
	TAILQ_ENTRY(permit_holder) entry; /* only while somebody waits in it */
	struct permits *permits;
	struct permit_list waiting;
	unsigned int taken;
};

struct permits {
	unsigned int left;
	TAILQ_HEAD(, permit_holder) runnable;	/* the next one to be served */
	struct permit_list recalled;
	struct loop_timer *timer;
	bool due;		/* those who wait are served by the timer */
};

static void permits_on_timer(void *arg);

struct permits *
permits_create(struct loop *loop, unsigned int count)
{
	struct permits *permits = xcalloc(1, sizeof *permits);

	permits->left = count;
	TAILQ_INIT(&permits->runnable);
	TAILQ_INIT(&permits->recalled);
	permits->timer = loop_timer_create(loop, permits_on_timer, permits);
	return permits;
}

void
permits_free(struct permits *permits)
{
	if (permits == NULL)
		return;
	loop_timer_free(permits->timer);
	free(permits);
}

struct permit_holder *
permit_holder_create(struct permits *permits)
{
	struct permit_holder *holder = xcalloc(1, sizeof *holder);

	holder->permits = permits;
	TAILQ_INIT(&holder->waiting);
	return holder;
}

void
permit_holder_free(struct permit_holder *holder)
{
	free(holder);
}

static bool
permit_holder_may_take(const struct permit_holder *holder)
{
	return holder->taken < PERMIT_HOLDER_FACTOR * holder->permits->left;
}

static void
permit_holder_take(struct permit_holder *holder, struct permit *permit)
{
	holder->permits->left--;
	holder->taken++;
	permit->holder = holder;
	permit->state = PERMIT_GRANTED;
}

static void
permit_holder_add(struct permit_holder *holder, struct permit *permit)
{
	if (TAILQ_EMPTY(&holder->waiting))
		TAILQ_INSERT_TAIL(&holder->permits->runnable, holder, entry);
	TAILQ_INSERT_TAIL(&holder->waiting, permit, entry);
	permit->holder = holder;
	permit->state = PERMIT_WAITING;
}

static void
permit_holder_remove(struct permit_holder *holder, struct permit *permit)
{
	TAILQ_REMOVE(&holder->waiting, permit, entry);
	if (TAILQ_EMPTY(&holder->waiting))
		TAILQ_REMOVE(&holder->permits->runnable, holder, entry);
	permit->state = PERMIT_NONE;
}

static void
permits_serve_soon(struct permits *permits)
{
	permits->due = true;
	loop_timer_start(permits->timer, 0);
}

bool
permit_acquire(struct permit_holder *holder, struct permit *permit)
{
	/* What was given back is for those who wait, not for who comes. */
	bool taken = !holder->permits->due && TAILQ_EMPTY(&holder->waiting) &&
	    permit_holder_may_take(holder);

	if (taken)
		permit_holder_take(holder, permit);
	else
		permit_holder_add(holder, permit);
	return taken;
}

void
permit_release(struct permit *permit)
{
	struct permits *permits;

	switch (permit->state) {
	case PERMIT_NONE:
		break;
	case PERMIT_WAITING:
		permit_holder_remove(permit->holder, permit);
		break;
	case PERMIT_RECALLED:
		TAILQ_REMOVE(&permit->holder->permits->recalled, permit, entry);
		break;
	case PERMIT_GRANTED:
		permits = permit->holder->permits;
		permits->left++;
		permit->holder->taken--;
		if (!TAILQ_EMPTY(&permits->runnable))
			permits_serve_soon(permits);
		break;
	}
	permit->state = PERMIT_NONE;
}

void
permits_recall(struct permits *permits)
{
	struct permit_holder *holder;
	struct permit *permit;

	while ((holder = TAILQ_FIRST(&permits->runnable)) != NULL) {
		TAILQ_FOREACH(permit, &holder->waiting, entry)
			permit->state = PERMIT_RECALLED;
		TAILQ_CONCAT(&permits->recalled, &holder->waiting, entry);
		TAILQ_REMOVE(&permits->runnable, holder, entry);
	}
	if (!TAILQ_EMPTY(&permits->recalled))
		permits_serve_soon(permits);
}

/* The permit that is next to be taken, or NULL if none may be. */
static struct permit *
permits_next(struct permits *permits)
{
	struct permit_holder *holder = TAILQ_FIRST(&permits->runnable);
	struct permit *permit = NULL;

	while (holder != NULL && !permit_holder_may_take(holder))
		holder = TAILQ_NEXT(holder, entry);
	if (holder != NULL) {
		permit = TAILQ_FIRST(&holder->waiting);
		permit_holder_remove(holder, permit);
		/* The others first, from now on. */
		if (!TAILQ_EMPTY(&holder->waiting)) {
			TAILQ_REMOVE(&permits->runnable, holder, entry);
			TAILQ_INSERT_TAIL(&permits->runnable, holder, entry);
		}
		permit_holder_take(holder, permit);
	}
	return permit;
}

static void
permits_on_timer(void *arg)
{
	struct permits *permits = arg;
	unsigned int burst;

	permits->due = false;
	for (burst = 0; burst < TURNS_BURST; burst++) {
		struct permit *permit = TAILQ_FIRST(&permits->recalled);

		if (permit != NULL)
			permit_release(permit);
		else if ((permit = permits_next(permits)) == NULL)
			break;
		permit->go(permit->arg);
	}
	if (burst == TURNS_BURST)
		permits_serve_soon(permits);
}
