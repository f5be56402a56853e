/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_REJECTION_GUARD_H
#define DELIVERY_REJECTION_GUARD_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Tells dead pushkeys from a mistake of the operator.  Now and then a pushkey
 * is dead; when most answers to an app say so, then rather the environment,
 * the topic or the project is wrong, and to reject them all would silence
 * everybody.  The guard looks at the latest answers.
 *
 * All that it knows is one word, so that it can be changed at once in memory
 * that others share: 0 is a new one, and so is what is not such a word.
 */
enum rejection_guard_limits {
	REJECTION_GUARD_WINDOW = 20,	/* answers that are looked at */
	REJECTION_GUARD_RAISE = 10,	/* half of them */
	REJECTION_GUARD_LOWER = 5	/* a quarter */
};

/*
 * The word after one more answer, which may come of such a mistake.  The guard
 * is raised by half of the window, and lowered when fewer than a quarter of
 * the answers in there are such.
 */
uint64_t rejection_guard_note(uint64_t word, bool suspicious);

bool rejection_guard_is_raised(uint64_t word);

/* How many of the latest answers are suspicious. */
unsigned int rejection_guard_suspicious(uint64_t word);

#endif
