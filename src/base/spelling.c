/* SPDX-License-Identifier: Apache-2.0 */
#include "base/spelling.h"

#include <string.h>

enum {
	SPELLING_SIZE = 64	/* longer words are near to nothing */
};

static size_t
spelling_least(size_t one, size_t other)
{
	return one < other ? one : other;
}

/*
 * How many letters must be changed, left out or added, or swapped with the one
 * beside them, to make the one of the other (optimal string alignment).
 */
static size_t
spelling_distance(const char *one, const char *other)
{
	size_t rows[3][SPELLING_SIZE], length = strlen(other), i, j;
	size_t *before = rows[0], *last = rows[1], *row = rows[2], *free_row;

	for (j = 0; j <= length; j++)
		row[j] = j;
	for (i = 1; i <= strlen(one); i++) {
		free_row = before;
		before = last;
		last = row;
		row = free_row;
		row[0] = i;
		for (j = 1; j <= length; j++) {
			row[j] = spelling_least(spelling_least(last[j],
			    row[j - 1]) + 1,
			    last[j - 1] + (one[i - 1] != other[j - 1]));
			if (i > 1 && j > 1 && one[i - 1] == other[j - 2] &&
			    one[i - 2] == other[j - 1])
				row[j] = spelling_least(row[j],
				    before[j - 2] + 1);
		}
	}
	return row[length];
}

void
spelling_init(struct spelling *spelling, const char *word)
{
	*spelling = (struct spelling){
		.word = word,
		.distance = (strlen(word) + 2) / 3 + 1
	};
}

void
spelling_offer(struct spelling *spelling, const char *name)
{
	size_t distance;

	if (strlen(spelling->word) >= SPELLING_SIZE ||
	    strlen(name) >= SPELLING_SIZE)
		return;
	distance = spelling_distance(spelling->word, name);
	if (distance < spelling->distance) {
		spelling->distance = distance;
		spelling->nearest = name;
	}
}
