/* SPDX-License-Identifier: Apache-2.0 */
#include "dice.h"

/* Sebastiano Vigna's splitmix64. */
static uint64_t
dice_next(struct dice *dice)
{
	uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void
dice_init(struct dice *dice, uint64_t seed, uint64_t part)
{
	dice->state = seed;
	dice->state = dice_next(dice) + part;
	dice_next(dice);
}

unsigned int
dice_below(struct dice *dice, unsigned int count)
{
	return (unsigned int)(((dice_next(dice) >> 32) * count) >> 32);
}

int64_t
dice_between(struct dice *dice, int64_t least, int64_t most)
{
	return least +
	    (int64_t)(dice_next(dice) % (uint64_t)(most - least + 1));
}

int64_t
dice_magnitude(struct dice *dice, int64_t least, int64_t most)
{
	int64_t value = most;

	/* Half of them in the lower half, and so on. */
	while (value / 2 > least && dice_chance(dice, 500))
		value /= 2;
	return dice_between(dice, least, value);
}

bool
dice_chance(struct dice *dice, unsigned int part)
{
	return dice_below(dice, 1000) < part;
}

size_t
dice_weigh(struct dice *dice, const unsigned int *weights, size_t count)
{
	unsigned int sum = 0, thrown;
	size_t i;

	for (i = 0; i < count; i++)
		sum += weights[i];
	thrown = dice_below(dice, sum);
	for (i = 0; i < count && thrown >= weights[i]; i++)
		thrown -= weights[i];
	return i;
}
