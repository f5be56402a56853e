/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_PERMITS_H
#define DELIVERY_PERMITS_H

#include <stdbool.h>
#include <sys/queue.h>

#include "base/loop.h"

/*
 * Permits (a fair semaphore): leave to have a request in flight.  There are so
 * many and no more; who has none waits.  Each of those who compete (the
 * requests of callers) has a holder: holders are served in turn, however many
 * wait in each, and the fewer permits are left the fewer a holder may hold, so
 * that one with thousands of slow requests always leaves some to the others.
 */
struct permits;
struct permit_holder;

/* Zeroed at first. */
struct permit {
	TAILQ_ENTRY(permit) entry;
	struct permit_holder *holder;
	enum {
		PERMIT_NONE,
		PERMIT_WAITING,
		PERMIT_RECALLED,	/* it will be told to go without one */
		PERMIT_GRANTED
	} state;
	/* Called when it is granted later, or recalled (PERMIT_NONE). */
	void (*go)(void *arg);
	void *arg;
};

struct permits *permits_create(struct loop *loop, unsigned int count);

/* All holders must be closed before. */
void permits_free(struct permits *permits);

struct permit_holder *permit_holder_create(struct permits *permits);

/* Its permits must be left before. */
void permit_holder_free(struct permit_holder *holder);

/* True if it is granted at once, without `go`; else that is called later. */
bool permit_acquire(struct permit_holder *holder, struct permit *permit);

/* Gives a permit back, or stops waiting for one. */
void permit_release(struct permit *permit);

/* Nobody who waits now waits any longer: all are told to go, without one. */
void permits_recall(struct permits *permits);

#endif
