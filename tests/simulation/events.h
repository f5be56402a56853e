/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVENTS_H
#define EVENTS_H

#include <stdbool.h>

#include "answers.h"
#include "callers.h"
#include "moods.h"

/*
 * How often each kind of thing has happened in the worlds: what never does is
 * not tested, whatever the code of this simulation says.
 */
enum event {
	EVENT_BEHAVIOUR,	/* of a provider: one for each */
	EVENT_FAULT = EVENT_BEHAVIOUR + MOODS_BEHAVIOUR__MAX,
				/* of a caller: likewise */
	EVENT_BODY_LATE = EVENT_FAULT + FAULT__MAX,
	EVENT_BODY_IN_PIECES,
	EVENT_BODY_GIVEN_UP,
	EVENT_GONE_BEFORE_BODY,
	EVENT_GONE_UNSERVED,
	EVENT_GONE_BEFORE_ANSWER,
	EVENT_GONE_IN_ANSWER,
	EVENT_STALLED,
	EVENT_STALLED_TOO_LONG,
	EVENT_LOST_BEFORE_ANSWER,
	EVENT_TOO_SLOW,
	EVENT_WORKER_CLOSES,
	EVENT_RELOAD,
	EVENT_RELOAD_UNDER_WAY,
	EVENT_WORKER_ENDS,
	EVENT_WORKER_KILLED,
	EVENT_EXPIRED,
	EVENT_EXPIRED_BODY,
	EVENT_DEADLINE,
	EVENT_HELD,
	EVENT_OVERLOADED,
	EVENT_TOKEN,
	EVENT_TOKEN_REFUSED,
	EVENT_TOKEN_CHANGES,
	EVENT_TOKEN_CHANGES_MIDWAY,
	EVENT_AGAIN_PAUSED,
	EVENT_AGAIN_TOLD,
	EVENT_AGAIN_ELSEWHERE,
	EVENT_AGAIN_SHORTER,
	EVENT_AGAIN_TOKEN,
	EVENT_AGAIN_UNKNOWN,
	EVENT_DUPLICATE,
	EVENT_BREAKER_OPENS,
	EVENT_BREAKER_CLOSES,
	EVENT_GUARDED,
	EVENT__MAX
};

enum {
	EVENTS_ANSWERS_MAX = 300
};

struct events {
	unsigned int counts[EVENT__MAX];
	unsigned int answers[EVENTS_ANSWERS_MAX];	/* by their rows */
};

/* Where they are counted from now on. */
void events_set(struct events *events);

void events_note(enum event event);
void events_note_answer(const struct answer *answer);

void events_add(struct events *sum, const struct events *events);

/* How many have never happened. */
unsigned int events_missing(const struct events *events);

/* Prints each as a comment, or only those that never happened. */
void events_print(const struct events *events, bool all);

#endif
