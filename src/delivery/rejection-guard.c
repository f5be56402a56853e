/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/rejection-guard.h"

#include "base/hash.h"

/* The lower half is what is known, the upper one checks it. */
#define GUARD_ANSWERS ((UINT32_C(1) << REJECTION_GUARD_WINDOW) - 1)
#define GUARD_RAISED (UINT32_C(1) << REJECTION_GUARD_WINDOW)

static uint64_t
rejection_guard_seal(uint32_t known)
{
	uint64_t hash = hash_add(HASH_START, &known, sizeof known);

	return hash << 32 | known;
}

static uint32_t
rejection_guard_open(uint64_t word)
{
	uint32_t known = (uint32_t)word;

	return rejection_guard_seal(known) == word ? known : 0;
}

static unsigned int
rejection_guard_count(uint32_t known)
{
	uint32_t answers = known & GUARD_ANSWERS;
	unsigned int count = 0;

	for (; answers != 0; answers &= answers - 1)
		count++;
	return count;
}

uint64_t
rejection_guard_note(uint64_t word, bool suspicious)
{
	uint32_t known = rejection_guard_open(word);
	uint32_t answers = (known << 1 | suspicious) & GUARD_ANSWERS;
	unsigned int count = rejection_guard_count(answers);
	unsigned int least = known & GUARD_RAISED ? REJECTION_GUARD_LOWER :
	    REJECTION_GUARD_RAISE;

	return rejection_guard_seal(answers |
	    (count >= least ? GUARD_RAISED : 0));
}

bool
rejection_guard_is_raised(uint64_t word)
{
	return rejection_guard_open(word) & GUARD_RAISED;
}

unsigned int
rejection_guard_suspicious(uint64_t word)
{
	return rejection_guard_count(rejection_guard_open(word));
}
