/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_PERMITS_H
#define DELIVERY_PERMITS_H

#include <stdbool.h>
#include <sys/queue.h>

#include "base/loop.h"

/*
 * Turns: leave to have a request in flight.  There are so many and no more;
 * who has none waits.  Each of those who compete (the requests of callers)
 * has a share: shares are served in turn, however many wait in each, and the
 * fewer turns are left the fewer a share may hold, so that one with thousands
 * of slow requests always leaves some to the others.
 */
struct turns;
struct turns_share;

/* Zeroed at first. */
struct turn {
	TAILQ_ENTRY(turn) entry;
	struct turns_share *share;
	enum {
		TURN_NONE,
		TURN_WAITING,
		TURN_RECALLED,	/* it will be told to go without one */
		TURN_TAKEN
	} state;
	/* Called from the loop when it is taken, or recalled (TURN_NONE). */
	void (*go)(void *arg);
	void *arg;
};

struct turns *turns_create(struct loop *loop, unsigned int count);

/* All shares must be closed before. */
void turns_free(struct turns *turns);

struct turns_share *turns_share_open(struct turns *turns);

/* Its turns must be left before. */
void turns_share_close(struct turns_share *share);

/* True if the turn is taken at once; else `go` is called when it is. */
bool turn_take(struct turns_share *share, struct turn *turn);

/* Gives a turn back, or stops waiting for one. */
void turn_leave(struct turn *turn);

/* Nobody who waits now waits any longer: all are told to go, without one. */
void turns_recall(struct turns *turns);

#endif
