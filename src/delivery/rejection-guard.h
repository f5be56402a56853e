/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_REJECTION_GUARD_H
#define DELIVERY_REJECTION_GUARD_H

#include <stdbool.h>

/*
 * Tells dead pushkeys from a mistake of the operator.  Now and then a pushkey
 * is dead; when most answers to an app say so, then rather the environment,
 * the topic or the project is wrong, and to reject them all would silence
 * everybody.  The guard looks at an app's latest answers.
 */
enum rejection_guard_limits {
	REJECTION_GUARD_WINDOW = 100,	/* answers that are looked at */
	REJECTION_GUARD_RECENT = 20,	/* the latest of them */
	REJECTION_GUARD_RAISE = 10,	/* of the latest: half of them */
	REJECTION_GUARD_LOWER_PERCENT = 25
};

/* Zeroed at first. */
struct rejection_guard {
	bool suspicious[REJECTION_GUARD_WINDOW];	/* a ring */
	unsigned int next;
	unsigned int count;		/* answers in the ring */
	unsigned int suspicious_count;
	bool raised;
};

/*
 * Notes an answer, and whether it could come of such a mistake.  The guard is
 * raised once ten of the latest twenty answers are so, and lowered when fewer
 * than a quarter are, of those and of all.
 */
void rejection_guard_note(struct rejection_guard *guard, bool suspicious);

/* How many of the latest answers are so. */
unsigned int rejection_guard_recent(const struct rejection_guard *guard);

#endif
