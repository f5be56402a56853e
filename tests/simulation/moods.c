/* SPDX-License-Identifier: Apache-2.0 */
#include "moods.h"

static const struct mood moods_all[] = {
	/* The first is for the time after the phases. */
	{ .name = "well", .weight = 400, .least_ms = 5, .most_ms = 200,
	    .weights = { [ACCEPTS] = 930, [SAYS_DEAD] = 50,
	    [SAYS_SUSPICIOUS] = 5, [IS_BUSY] = 5, [SAYS_ANYTHING] = 10 } },
	{ .name = "perfect", .weight = 150, .least_ms = 1, .most_ms = 50,
	    .weights = { [ACCEPTS] = 1 } },
	{ .name = "slow", .weight = 80, .least_ms = 300, .most_ms = 4000,
	    .weights = { [ACCEPTS] = 95, [SAYS_DEAD] = 5 } },
	{ .name = "busy", .weight = 80, .least_ms = 5, .most_ms = 500,
	    .weights = { [ACCEPTS] = 40, [IS_BUSY] = 60 } },
	{ .name = "odd", .weight = 80, .least_ms = 1, .most_ms = 300,
	    .weights = { [ACCEPTS] = 30, [SAYS_ANYTHING] = 60,
	    [BREAKS_IN_ANSWER] = 5, [SPEAKS_OLD] = 2,
	    [TALKS_WITHOUT_END] = 3 } },
	{ .name = "breaking", .weight = 80, .least_ms = 5, .most_ms = 400,
	    .weights = { [ACCEPTS] = 70, [SAYS_DEAD] = 5, [BREAKS_BEFORE] = 6,
	    [BREAKS_AFTER] = 6, [BREAKS_IN_ANSWER] = 4, [BREAKS_ALL] = 3,
	    [IS_NOT_SENT] = 6, [REFUSES] = 3, [GOES_AWAY] = 3 } },
	{ .name = "moving", .weight = 40, .least_ms = 5, .most_ms = 300,
	    .weights = { [ACCEPTS] = 85, [SAYS_DEAD] = 3, [REFUSES] = 8,
	    [GOES_AWAY] = 4 } },
	{ .name = "full", .weight = 20, .least_ms = 5, .most_ms = 300,
	    .may_take_first = true, .weights = { [ACCEPTS] = 10, [REFUSES] = 90 } },
	{ .name = "stale", .weight = 30, .least_ms = 5, .most_ms = 200,
	    .weights = { [ACCEPTS] = 970, [FINDS_STALE] = 30 } },
	{ .name = "suspicious", .weight = 40, .least_ms = 5, .most_ms = 200,
	    .weights = { [ACCEPTS] = 25, [SAYS_SUSPICIOUS] = 60,
	    [SAYS_DEAD] = 15 } },
	{ .name = "hanging now and then", .weight = 40, .least_ms = 5,
	    .most_ms = 200,
	    .weights = { [ACCEPTS] = 95, [HANGS] = 5 } },
	{ .name = "a black hole", .weight = 40, .least_ms = 5, .most_ms = 200,
	    .is_dead = true, .weights = { [HANGS] = 1 } },
	{ .name = "away", .weight = 30, .least_ms = 0, .most_ms = 3000,
	    .is_dead = true, .weights = { [IS_NOT_SENT] = 1 } },
	{ .name = "failing", .weight = 30, .least_ms = 5, .most_ms = 200,
	    .is_dead = true, .weights = { [IS_BUSY] = 1 } },
};

enum {
	MOODS_COUNT = sizeof moods_all / sizeof *moods_all
};

void
moods_plan(struct moods *moods, struct dice *dice, int64_t end_ms)
{
	unsigned int weights[MOODS_COUNT];
	int64_t at_ms = 0;
	size_t i;

	for (i = 0; i < MOODS_COUNT; i++)
		weights[i] = moods_all[i].weight;
	while (at_ms < end_ms && moods->count < MOODS_PHASES_MAX) {
		struct moods_phase *phase = &moods->phases[moods->count++];

		phase->from_ms = at_ms;
		at_ms += dice_between(dice, 2000, 60000);
		phase->until_ms = at_ms < end_ms ? at_ms : end_ms;
		phase->mood = &moods_all[dice_weigh(dice, weights,
		    MOODS_COUNT)];
	}
}

const struct moods_phase *
moods_phase(const struct moods *moods, int64_t now_ms)
{
	size_t i = 0;

	while (i < moods->count && moods->phases[i].until_ms <= now_ms)
		i++;
	return i < moods->count ? &moods->phases[i] : NULL;
}

const struct mood *
moods_now(const struct moods *moods, int64_t now_ms)
{
	const struct moods_phase *phase = moods_phase(moods, now_ms);

	return phase == NULL ? &moods_all[0] : phase->mood;
}
