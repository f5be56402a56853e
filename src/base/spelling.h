/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SPELLING_H
#define BASE_SPELLING_H

#include <stddef.h>

/*
 * Of the names that there are, the one that was meant by a word that is none
 * of them: at most a third of its letters are wrong, missing, too many, or
 * stand in each other's place.  The word and the names must outlive it.
 */
struct spelling {
	const char *word;
	const char *nearest;	/* NULL: none so far */
	size_t distance;	/* of that one */
};

void spelling_init(struct spelling *spelling, const char *word);

/* One of the names; of several that are equally near the first counts. */
void spelling_offer(struct spelling *spelling, const char *name);

#endif
