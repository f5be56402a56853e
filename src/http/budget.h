/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_BUDGET_H
#define HTTP_BUDGET_H

#include <stdbool.h>
#include <sys/queue.h>

#include "base/loop.h"

/*
 * What many pools may have together: connections, and requests in flight.
 * Where there is nothing left a pool waits for its turn, and the pool that has
 * rested for longest gives up its connections.
 */
struct budget;

struct budget_limits {
	unsigned int connections;
	unsigned int calls;
};

/* A pool's part of it, zeroed at first, in the pool's memory. */
struct budget_member {
	TAILQ_ENTRY(budget_member) resting_entry;
	TAILQ_ENTRY(budget_member) waiting_entry;
	bool is_resting;
	bool is_waiting;
	struct budget *budget;
	/* It is to give back its connections, soon. */
	void (*yield)(void *arg);
	/* It was refused something, and there may be some now. */
	void (*go)(void *arg);
	void *arg;
};

struct budget *budget_create(struct loop *loop,
    const struct budget_limits *limits);

/* All members must have left. */
void budget_free(struct budget *budget);

/* One that never joins has no limits. */
void budget_join(struct budget *budget, struct budget_member *member);

/* It must have given back what it had. */
void budget_leave(struct budget_member *member);

/*
 * False if there is none left: `go` is called once there is.  What was taken
 * must be given back.
 */
bool budget_take_connection(struct budget_member *member);
void budget_give_connection(struct budget_member *member);
bool budget_take_call(struct budget_member *member);
void budget_give_call(struct budget_member *member);

/* It has connections, and nothing in flight on them. */
void budget_rest(struct budget_member *member);

#endif
