/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DICE_H
#define DICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Chance that follows from a seed.  Each part of the simulation has its own,
 * so that one more throw in one of them leaves the others as they were.
 */
struct dice {
	uint64_t state;
};

void dice_init(struct dice *dice, uint64_t seed, uint64_t part);

/* 0 to `count` - 1; 0 if that is 0. */
unsigned int dice_below(struct dice *dice, unsigned int count);

/* `least` to `most`; and the same, but small ones more often. */
int64_t dice_between(struct dice *dice, int64_t least, int64_t most);
int64_t dice_magnitude(struct dice *dice, int64_t least, int64_t most);

/* True `part` times in a thousand. */
bool dice_chance(struct dice *dice, unsigned int part);

/* One of `count` places, each with the chance that its weight has of all. */
size_t dice_weigh(struct dice *dice, const unsigned int *weights,
    size_t count);

#endif
