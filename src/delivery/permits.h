/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_PERMITS_H
#define DELIVERY_PERMITS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/loop.h"

/*
 * Permits to have a request in flight: a fair semaphore.  There is a fixed
 * number of them.  Each of the competitors (the callers' requests) has a
 * holder: holders are served in turn, however many permits each waits for, and
 * the fewer permits are left the fewer a holder may have, so that one with
 * thousands of slow requests always leaves some to the others.
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
		PERMIT_RECALLED,	/* `go` will be called without it */
		PERMIT_GRANTED
	} state;
	/* Called when it is granted later, or recalled (PERMIT_NONE). */
	void (*go)(void *arg);
	void *arg;
};

struct permits *permits_create(struct loop *loop, unsigned int count);

/*
 * From now on a permit is granted only if `take` agrees, too: it returns 0, or
 * after how many ms it may be asked again.  Until then all wait, in their turn.
 */
void permits_pace(struct permits *permits, int64_t (*take)(void *arg),
    void *arg);

/* True if all wait for that. */
bool permits_are_paced(const struct permits *permits);

/* All holders must be closed before. */
void permits_free(struct permits *permits);

struct permit_holder *permit_holder_create(struct permits *permits);

/* Its permits must be released before. */
void permit_holder_free(struct permit_holder *holder);

/* True if it is granted at once, without `go`; else that is called later. */
bool permit_acquire(struct permit_holder *holder, struct permit *permit);

/* Gives the permit back, or stops waiting for it. */
void permit_release(struct permit *permit);

/* How many there are, and how many are granted. */
unsigned int permits_count(const struct permits *permits);
unsigned int permits_granted(const struct permits *permits);

/* Ends all waiting: `go` is called for each permit that is waited for. */
void permits_recall(struct permits *permits);

#endif
