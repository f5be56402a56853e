/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_INTAKE_H
#define API_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "access/client.h"
#include "base/loop.h"
#include "delivery/permits.h"

/*
 * When a request may go on: first to send its body, then, once it is whole, to
 * be served.  Each of the two has so many places and so much memory.  Callers
 * share the places fairly: the fewer are left, the fewer one may hold, and
 * those that wait are served in turn, caller by caller.  What a caller's own
 * limits do not admit waits.
 *
 * A caller whose requests have been waiting for two seconds without a break is
 * told at once that the gateway is overloaded, instead of queueing more; but
 * what it has sent is not refused since others wait to be sent.
 */
struct intake;

struct intake_params {
	struct loop *loop;
	unsigned int max_requests;	/* of each of the two */
	size_t max_memory;		/* bytes */
};

enum intake_stage {
	INTAKE_UPLOAD,
	INTAKE_SERVICE,
	INTAKE_STAGE__MAX
};

enum intake_result {
	INTAKE_GRANTED,
	INTAKE_WAITS,		/* `go` is called, from the loop */
	INTAKE_OVERLOADED
};

/* A request.  Zeroed at first; others' to read is nothing. */
struct intake_ticket {
	TAILQ_ENTRY(intake_ticket) entry;
	struct intake *intake;
	struct intake_client *client;
	enum intake_stage stage;
	enum {
		INTAKE_NOWHERE,
		INTAKE_WAITS_FOR_LIMIT,		/* the client's own */
		INTAKE_WAITS_FOR_PLACE,
		INTAKE_WAITS_FOR_MEMORY,
		INTAKE_HOLDS
	} state;
	struct permit permit;
	size_t memory;		/* what it wants, or holds */
	bool counted;		/* among the client's in flight */
	struct loop_timer *deadline;
	void (*go)(void *arg, bool granted);
	void *arg;
};

struct intake *intake_create(const struct intake_params *params);

/* All tickets must have left. */
void intake_free(struct intake *intake);

/*
 * Takes a client's request into a stage; it leaves the one that it was in.
 * `memory` is what it needs there.  `go` is called if it has to wait: granted,
 * or not by `deadline_ms` of the monotonic clock.
 */
enum intake_result intake_enter(struct intake *intake,
    struct intake_ticket *ticket, enum intake_stage stage,
    const struct client *client, size_t memory, int64_t deadline_ms,
    void (*go)(void *arg, bool granted), void *arg);

/* Gives back what it holds, or stops waiting.  It may enter again. */
void intake_leave(struct intake_ticket *ticket);

#endif
