/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/permits.h"

#include <stdlib.h>

#include "base/xmalloc.h"

enum {
	/* A holder may have so many times what is left: alone, 3 of 4. */
	PERMIT_HOLDER_FACTOR = 3,
	/* Granted before the loop turns to other things. */
	PERMITS_BURST = 64
};

TAILQ_HEAD(permit_list, permit);

struct permit_holder {
	TAILQ_ENTRY(permit_holder) entry; /* only while a permit waits in it */
	struct permits *permits;
	struct permit_list waiting;
	unsigned int granted;
};

struct permits {
	unsigned int count;
	unsigned int left;
	TAILQ_HEAD(, permit_holder) runnable;	/* the next one to be served */
	struct permit_list recalled;
	struct loop_timer *timer;
	bool serving;		/* the timer is about to serve those waiting */
	int64_t (*take)(void *arg);	/* NULL: nothing else is asked */
	void *take_arg;
	bool paced;		/* until it may be asked again */
};

static void permits_on_timer(void *arg);

struct permits *
permits_create(struct loop *loop, unsigned int count)
{
	struct permits *permits = xcalloc(1, sizeof *permits);

	permits->count = count;
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

void
permits_pace(struct permits *permits, int64_t (*take)(void *arg), void *arg)
{
	permits->take = take;
	permits->take_arg = arg;
}

bool
permits_are_paced(const struct permits *permits)
{
	return permits->paced;
}

/* True if the pace allows one now; else the timer serves those waiting. */
static bool
permits_take(struct permits *permits)
{
	int64_t wait_ms = permits->take == NULL ? 0 :
	    permits->take(permits->take_arg);

	permits->paced = wait_ms > 0;
	if (permits->paced)
		loop_timer_start(permits->timer, wait_ms);
	return !permits->paced;
}

static bool
permit_holder_may_have(const struct permit_holder *holder)
{
	return holder->granted < PERMIT_HOLDER_FACTOR * holder->permits->left;
}

static void
permit_holder_grant(struct permit_holder *holder, struct permit *permit)
{
	holder->permits->left--;
	holder->granted++;
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
}

static void
permits_serve_soon(struct permits *permits)
{
	permits->serving = true;
	loop_timer_start(permits->timer, 0);
}

bool
permit_acquire(struct permit_holder *holder, struct permit *permit)
{
	/* What was given back is for those waiting, not for newcomers. */
	bool granted = !holder->permits->serving && !holder->permits->paced &&
	    TAILQ_EMPTY(&holder->waiting) && permit_holder_may_have(holder) &&
	    permits_take(holder->permits);

	if (granted)
		permit_holder_grant(holder, permit);
	else
		permit_holder_add(holder, permit);
	return granted;
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
		permit->holder->granted--;
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

/* Grants the permit that is next, or returns NULL. */
static struct permit *
permits_next(struct permits *permits)
{
	struct permit_holder *holder = TAILQ_FIRST(&permits->runnable);
	struct permit *permit = NULL;

	while (holder != NULL && !permit_holder_may_have(holder))
		holder = TAILQ_NEXT(holder, entry);
	if (holder != NULL && permits_take(permits)) {
		permit = TAILQ_FIRST(&holder->waiting);
		permit_holder_remove(holder, permit);
		/* The others first, from now on. */
		if (!TAILQ_EMPTY(&holder->waiting)) {
			TAILQ_REMOVE(&permits->runnable, holder, entry);
			TAILQ_INSERT_TAIL(&permits->runnable, holder, entry);
		}
		permit_holder_grant(holder, permit);
	}
	return permit;
}

static void
permits_on_timer(void *arg)
{
	struct permits *permits = arg;
	unsigned int burst;

	permits->serving = permits->paced = false;
	for (burst = 0; burst < PERMITS_BURST; burst++) {
		struct permit *permit = TAILQ_FIRST(&permits->recalled);

		if (permit != NULL)
			permit_release(permit);
		else if ((permit = permits_next(permits)) == NULL)
			break;
		permit->go(permit->arg);
	}
	if (burst == PERMITS_BURST)
		permits_serve_soon(permits);
}

unsigned int
permits_count(const struct permits *permits)
{
	return permits->count;
}

unsigned int
permits_granted(const struct permits *permits)
{
	return permits->count - permits->left;
}
