/* SPDX-License-Identifier: Apache-2.0 */
#include "http/budget.h"

#include <stdlib.h>

#include "base/xmalloc.h"

TAILQ_HEAD(budget_list, budget_member);

struct budget {
	struct budget_limits left;
	struct budget_list resting;	/* the first one for longest */
	struct budget_list waiting;
	struct loop_timer *timer;
};

static void
budget_on_timer(void *arg)
{
	struct budget *budget = arg;
	struct budget_member *last = TAILQ_LAST(&budget->waiting, budget_list);
	struct budget_member *member = NULL;

	/* Whoever is refused again waits behind the others. */
	while (member != last && budget->left.calls > 0) {
		member = TAILQ_FIRST(&budget->waiting);
		TAILQ_REMOVE(&budget->waiting, member, waiting_entry);
		member->is_waiting = false;
		member->go(member->arg);
	}
}

struct budget *
budget_create(struct loop *loop, const struct budget_limits *limits)
{
	struct budget *budget = xcalloc(1, sizeof *budget);

	budget->left = *limits;
	TAILQ_INIT(&budget->resting);
	TAILQ_INIT(&budget->waiting);
	budget->timer = loop_timer_create(loop, budget_on_timer, budget);
	return budget;
}

void
budget_free(struct budget *budget)
{
	if (budget == NULL)
		return;
	loop_timer_free(budget->timer);
	free(budget);
}

void
budget_join(struct budget *budget, struct budget_member *member)
{
	member->budget = budget;
}

/* It rests no longer. */
static void
budget_rouse(struct budget_member *member)
{
	if (member->is_resting)
		TAILQ_REMOVE(&member->budget->resting, member, resting_entry);
	member->is_resting = false;
}

void
budget_leave(struct budget_member *member)
{
	if (member->budget == NULL)
		return;
	budget_rouse(member);
	if (member->is_waiting)
		TAILQ_REMOVE(&member->budget->waiting, member, waiting_entry);
	member->is_waiting = false;
	member->budget = NULL;
}

void
budget_rest(struct budget_member *member)
{
	if (member->budget == NULL)
		return;
	budget_rouse(member);
	TAILQ_INSERT_TAIL(&member->budget->resting, member, resting_entry);
	member->is_resting = true;
	/* Whoever waits for a connection has somebody to ask now. */
	if (!TAILQ_EMPTY(&member->budget->waiting))
		loop_timer_start(member->budget->timer, 0);
}

static bool
budget_take(struct budget_member *member, unsigned int *left)
{
	if (*left > 0) {
		--*left;
		return true;
	}
	if (!member->is_waiting)
		TAILQ_INSERT_TAIL(&member->budget->waiting, member,
		    waiting_entry);
	member->is_waiting = true;
	return false;
}

static void
budget_give(struct budget_member *member, unsigned int *left)
{
	++*left;
	if (!TAILQ_EMPTY(&member->budget->waiting))
		loop_timer_start(member->budget->timer, 0);
}

bool
budget_take_connection(struct budget_member *member)
{
	struct budget *budget = member->budget;
	struct budget_member *other;

	if (budget == NULL)
		return true;
	other = TAILQ_FIRST(&budget->resting);
	if (other == member)
		other = TAILQ_NEXT(other, resting_entry);
	if (budget->left.connections == 0 && other != NULL) {
		budget_rouse(other);
		other->yield(other->arg);
	}
	return budget_take(member, &budget->left.connections);
}

void
budget_give_connection(struct budget_member *member)
{
	if (member->budget != NULL)
		budget_give(member, &member->budget->left.connections);
}

bool
budget_take_call(struct budget_member *member)
{
	if (member->budget == NULL)
		return true;
	budget_rouse(member);
	return budget_take(member, &member->budget->left.calls);
}

void
budget_give_call(struct budget_member *member)
{
	if (member->budget != NULL)
		budget_give(member, &member->budget->left.calls);
}
