/* SPDX-License-Identifier: Apache-2.0 */
/* What many pools have together. */
#include "http/budget.h"

#include "fake-loop.h"
#include "tap.h"

enum {
	BUDGET_CONNECTIONS = 3,
	BUDGET_CALLS = 5,
	BUDGET_MEMBERS = 4
};

struct member {
	struct budget_member member;
	unsigned int connections;
	unsigned int gone;	/* times that it was told to go */
	unsigned int yielded;
	bool greedy;		/* takes a connection when told to go */
	bool calling;		/* takes a call when told to go */
};

static struct loop *loop;
static struct budget *budget;
static struct member members[BUDGET_MEMBERS];
static unsigned int order;	/* of being told, as digits from 1 */

static bool
take(struct member *member)
{
	bool taken = budget_take_connection(&member->member);

	member->connections += taken;
	return taken;
}

static void
give_all(struct member *member)
{
	while (member->connections > 0) {
		member->connections--;
		budget_give_connection(&member->member);
	}
}

static void
on_yield(void *arg)
{
	struct member *member = arg;

	member->yielded++;
	give_all(member);
}

static void
on_go(void *arg)
{
	struct member *member = arg;

	member->gone++;
	order = order * 10 + (unsigned int)(member - members) + 1;
	if (member->greedy)
		take(member);
	if (member->calling)
		budget_take_call(&member->member);
}

static void
begin(void)
{
	size_t i;

	loop = loop_create();
	budget = budget_create(loop, &(struct budget_limits){
		.connections = BUDGET_CONNECTIONS, .calls = BUDGET_CALLS });
	order = 0;
	for (i = 0; i < BUDGET_MEMBERS; i++) {
		members[i] = (struct member){ .member = {
			.yield = on_yield, .go = on_go, .arg = &members[i] } };
		budget_join(budget, &members[i].member);
	}
}

static void
end(void)
{
	size_t i;

	for (i = 0; i < BUDGET_MEMBERS; i++)
		budget_leave(&members[i].member);
	budget_free(budget);
	loop_free(loop);
}

static void
check_turns(void)
{
	begin();
	tap_ok(take(&members[0]) && take(&members[0]) && take(&members[1]),
	    "as many connections as there are can be taken");
	tap_ok(!take(&members[2]) && !take(&members[3]) && !take(&members[2]),
	    "and no more");
	fake_loop_pass(loop, 1000);
	tap_is_int(order, 0, "nobody is told while there is none");
	members[2].greedy = members[3].greedy = true;
	give_all(&members[1]);
	tap_is_int(order, 0, "nor from within the call that gives one back");
	fake_loop_pass(loop, 0);
	tap_is_int(order, 34, "then those that waited, in their order");
	tap_is_int(members[2].connections, 1, "the first one gets it");
	tap_is_int(members[3].connections, 0, "the other waits on");
	order = 0;
	give_all(&members[0]);
	fake_loop_pass(loop, 0);
	tap_is_int(order, 4, "and is told again");
	tap_is_int(members[3].connections, 1, "and has one, too");
	end();
}

static void
check_resting(void)
{
	begin();
	take(&members[0]);
	take(&members[1]);
	take(&members[2]);
	budget_rest(&members[1].member);
	budget_rest(&members[0].member);
	budget_take_call(&members[1].member);
	members[3].greedy = true;
	take(&members[3]);
	fake_loop_pass(loop, 0);
	tap_is_int(members[0].yielded, 1,
	    "the one that rests gives up its connections");
	tap_is_int(members[1].yielded + members[2].yielded, 0,
	    "those with something in flight do not");
	tap_is_int(members[3].connections, 1, "and another one has it");
	budget_rest(&members[3].member);
	tap_ok(!take(&members[3]), "its own are no help to it");
	tap_is_int(members[3].yielded, 0, "so it keeps them");
	end();
}

static void
check_yielding(void)
{
	begin();
	take(&members[0]);
	budget_rest(&members[0].member);
	take(&members[1]);
	take(&members[1]);
	tap_is_int(members[0].yielded, 0,
	    "while there are connections left nobody gives up one");
	take(&members[2]);
	tap_is_int(members[0].yielded, 1, "then the one that rests does");
	take(&members[3]);
	tap_is_int(members[0].yielded, 1, "but not again");
	members[3].greedy = true;
	budget_rest(&members[2].member);
	fake_loop_pass(loop, 0);
	tap_is_int(members[2].yielded, 1,
	    "who waits asks the next one that comes to rest");
	tap_is_int(members[3].connections, 1, "and has its connection");
	budget_take_call(&members[1].member);
	budget_rest(&members[1].member);
	budget_take_call(&members[1].member);
	budget_rest(&members[1].member);
	budget_rest(&members[3].member);
	take(&members[2]);
	tap_is_int(members[1].yielded, 1,
	    "who rested, worked and rests again is asked, too");
	end();
}

/* Whoever rests for longest is asked, and work or a new rest ends a rest. */
static void
check_order_of_rest(void)
{
	begin();
	take(&members[0]);
	take(&members[1]);
	take(&members[2]);
	budget_rest(&members[0].member);
	budget_take_call(&members[0].member);
	budget_rest(&members[1].member);
	budget_rest(&members[0].member);
	take(&members[3]);
	tap_is_int(members[1].yielded, 1, "who worked rests anew, and later");
	budget_rest(&members[2].member);
	budget_rest(&members[0].member);
	take(&members[3]);
	tap_is_int(members[2].yielded, 1, "so does who comes to rest again");
	end();
}

static void
check_calls(void)
{
	unsigned int i, taken = 0;
	struct budget_member free_one = { .budget = NULL };

	begin();
	for (i = 0; i < BUDGET_CALLS + 2; i++)
		taken += budget_take_call(&members[i % 2].member);
	tap_is_int(taken, BUDGET_CALLS, "requests in flight have a bound");
	members[1].calling = true;
	budget_give_call(&members[0].member);
	fake_loop_pass(loop, 0);
	tap_is_int(order, 2, "who was refused first is told when one ends, "
	    "and nobody else once that one is taken");
	tap_ok(budget_take_call(&free_one) &&
	    budget_take_connection(&free_one),
	    "one that never joined has no limits");
	budget_give_call(&free_one);
	budget_give_connection(&free_one);
	budget_rest(&free_one);
	budget_leave(&free_one);
	end();
}

static void
check_leaving(void)
{
	begin();
	take(&members[0]);
	take(&members[0]);
	take(&members[0]);
	take(&members[1]);
	budget_leave(&members[1].member);
	give_all(&members[0]);
	fake_loop_pass(loop, 1000);
	tap_is_int(members[1].gone, 0, "one that has left is not told");
	tap_is_int(take(&members[1]) + take(&members[1]) + take(&members[1]) +
	    take(&members[1]), 4, "and has no limits");
	members[1].connections = 0;
	budget_join(budget, &members[1].member);
	take(&members[0]);
	take(&members[0]);
	take(&members[0]);
	take(&members[1]);
	give_all(&members[0]);
	fake_loop_pass(loop, 0);
	tap_is_int(members[1].gone, 1, "it may join again");
	take(&members[0]);
	take(&members[0]);
	take(&members[0]);
	budget_rest(&members[0].member);
	budget_leave(&members[0].member);
	take(&members[2]);
	tap_is_int(members[0].yielded, 0,
	    "one that left while it rested is not asked for anything");
	end();
}

int
main(void)
{
	clock_fake(FAKE_LOOP_START_MS, FAKE_LOOP_START_S);
	check_turns();
	check_resting();
	check_yielding();
	check_order_of_rest();
	check_calls();
	check_leaving();
	return tap_done();
}
