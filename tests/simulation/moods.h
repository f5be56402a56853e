/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOODS_H
#define MOODS_H

#include "dice.h"

/*
 * The moods of a provider: how it behaves towards one request, how likely
 * each is, and for how long it stays so.
 */
enum moods_behaviour {
	ACCEPTS,
	SAYS_DEAD,
	SAYS_SUSPICIOUS,
	IS_BUSY,
	SAYS_ANYTHING,
	FINDS_STALE,		/* the token, and from now on */
	HANGS,
	BREAKS_BEFORE,		/* the provider has it */
	BREAKS_AFTER,
	BREAKS_IN_ANSWER,	/* its status has come */
	BREAKS_ALL,		/* that is on the connection */
	IS_NOT_SENT,
	REFUSES,		/* the stream: it was not looked at */
	GOES_AWAY,		/* accepts it as the connection's last one */
	SPEAKS_OLD,		/* HTTP/1.1 */
	TALKS_WITHOUT_END,
	MOODS_BEHAVIOUR__MAX
};

struct mood {
	const char *name;
	unsigned int weight;		/* of the mood */
	int64_t least_ms;		/* until an answer */
	int64_t most_ms;
	bool is_dead;			/* nobody is answered, or of use */
	bool may_take_first;		/* of each connection, and refuse all
					 * others, in half of its phases */
	unsigned int weights[MOODS_BEHAVIOUR__MAX];
};

enum {
	MOODS_PHASES_MAX = 400
};

struct moods_phase {
	int64_t from_ms;
	int64_t until_ms;
	const struct mood *mood;
};

/* All phases of one provider; afterwards it is well. */
struct moods {
	struct moods_phase phases[MOODS_PHASES_MAX];
	size_t count;
};

void moods_plan(struct moods *moods, struct dice *dice, int64_t end_ms);

/* The phase now, or NULL behind the last; and the mood. */
const struct moods_phase *moods_phase(const struct moods *moods,
    int64_t now_ms);
const struct mood *moods_now(const struct moods *moods, int64_t now_ms);

#endif
