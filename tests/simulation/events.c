/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"

#include <stdio.h>

static const char *const events_names[EVENT__MAX] = {
	[EVENT_BEHAVIOUR + ACCEPTS] = "a provider accepts",
	[EVENT_BEHAVIOUR + SAYS_DEAD] = "it says that a pushkey is dead",
	[EVENT_BEHAVIOUR + SAYS_SUSPICIOUS] = "it says so for its own reasons",
	[EVENT_BEHAVIOUR + IS_BUSY] = "it is busy",
	[EVENT_BEHAVIOUR + SAYS_ANYTHING] = "it says anything",
	[EVENT_BEHAVIOUR + FINDS_STALE] = "it finds a token stale",
	[EVENT_BEHAVIOUR + HANGS] = "it hangs",
	[EVENT_BEHAVIOUR + BREAKS_BEFORE] = "it breaks a stream",
	[EVENT_BEHAVIOUR + BREAKS_AFTER] = "it breaks one that it accepts",
	[EVENT_BEHAVIOUR + BREAKS_IN_ANSWER] = "it breaks in its answer",
	[EVENT_BEHAVIOUR + BREAKS_ALL] = "it breaks a connection",
	[EVENT_BEHAVIOUR + IS_NOT_SENT] = "it cannot be reached",
	[EVENT_BEHAVIOUR + REFUSES] = "it refuses a stream",
	[EVENT_BEHAVIOUR + GOES_AWAY] = "a connection goes away",
	[EVENT_BEHAVIOUR + SPEAKS_OLD] = "a provider speaks HTTP/1.1",
	[EVENT_BEHAVIOUR + TALKS_WITHOUT_END] = "it talks without end",
	[EVENT_FAULT + FAULT_NONE] = "a good request",
	[EVENT_FAULT + FAULT_NO_JSON] = "no JSON",
	[EVENT_FAULT + FAULT_NO_DEVICES] = "no devices",
	[EVENT_FAULT + FAULT_SAME_IDS] = "an id given twice",
	[EVENT_FAULT + FAULT_ODD] = "something odd",
	[EVENT_FAULT + FAULT_ODD_TIME] = "an odd pushkey_ts",
	[EVENT_FAULT + FAULT_TOO_LARGE] = "a body that is too large",
	[EVENT_FAULT + FAULT_CUT] = "a body that is cut",
	[EVENT_FAULT + FAULT_NEVER] = "a body that never comes",
	[EVENT_FAULT + FAULT_NO_CERTIFICATE] = "no certificate",
	[EVENT_FAULT + FAULT_PATH] = "an unknown path",
	[EVENT_FAULT + FAULT_METHOD] = "an unknown method",
	[EVENT_BODY_LATE] = "a body comes late",
	[EVENT_BODY_IN_PIECES] = "a body comes in pieces",
	[EVENT_BODY_GIVEN_UP] = "a worker gives up a body",
	[EVENT_GONE_BEFORE_BODY] = "a web server goes before the body is there",
	[EVENT_GONE_UNSERVED] = "it goes while its request waits",
	[EVENT_GONE_BEFORE_ANSWER] = "it goes before the answer has ended",
	[EVENT_GONE_IN_ANSWER] = "it goes before it has taken the answer",
	[EVENT_STALLED] = "a slow web server gets a whole answer",
	[EVENT_STALLED_TOO_LONG] = "one that takes nothing is dropped",
	[EVENT_LOST_BEFORE_ANSWER] = "one is lost before the answer has ended",
	[EVENT_TOO_SLOW] = "one needs more than a minute, and is dropped",
	[EVENT_WORKER_CLOSES] = "a worker closes first",
	[EVENT_RELOAD] = "a worker reloads",
	[EVENT_RELOAD_UNDER_WAY] = "it does so while requests are under way",
	[EVENT_WORKER_ENDS] = "a worker ends",
	[EVENT_WORKER_KILLED] = "a worker is killed",
	[EVENT_EXPIRED] = "a request is cut short by that",
	[EVENT_EXPIRED_BODY] = "one whose body is not there is",
	[EVENT_DEADLINE] = "a request comes to its deadline",
	[EVENT_HELD] = "limits, places or memory may hold up a request",
	[EVENT_OVERLOADED] = "so many wait that a body is not asked for",
	[EVENT_TOKEN] = "a token is given",
	[EVENT_TOKEN_REFUSED] = "no token is given",
	[EVENT_TOKEN_CHANGES] = "an account's token changes",
	[EVENT_TOKEN_CHANGES_MIDWAY] = "it does so within a request",
	[EVENT_AGAIN_PAUSED] = "another attempt after a pause",
	[EVENT_AGAIN_TOLD] = "one after Retry-After",
	[EVENT_AGAIN_ELSEWHERE] = "one over another connection",
	[EVENT_AGAIN_SHORTER] = "one with less in it",
	[EVENT_AGAIN_TOKEN] = "one with another token",
	[EVENT_AGAIN_UNKNOWN] = "one after an unknown end",
	[EVENT_DUPLICATE] = "a push is accepted twice",
	[EVENT_BREAKER_OPENS] = "a breaker opens",
	[EVENT_BREAKER_CLOSES] = "it closes",
	[EVENT_GUARDED] = "the guard holds back a rejection",
};

static struct events *events_now;

void
events_set(struct events *events)
{
	events_now = events;
}

void
events_note(enum event event)
{
	events_now->counts[event]++;
}

void
events_note_answer(const struct answer *answer)
{
	size_t i = answers_find(answer);

	if (i < answers_count())
		events_now->answers[i]++;
}

void
events_add(struct events *sum, const struct events *events)
{
	size_t i;

	for (i = 0; i < EVENT__MAX; i++)
		sum->counts[i] += events->counts[i];
	for (i = 0; i < EVENTS_ANSWERS_MAX; i++)
		sum->answers[i] += events->answers[i];
}

unsigned int
events_missing(const struct events *events)
{
	unsigned int missing = 0;
	size_t i;

	for (i = 0; i < EVENT__MAX; i++)
		missing += events->counts[i] == 0;
	for (i = 0; i < answers_count(); i++)
		missing += events->answers[i] == 0;
	return missing;
}

void
events_print(const struct events *events, bool all)
{
	size_t i;

	for (i = 0; i < EVENT__MAX; i++) {
		if (all || events->counts[i] == 0)
			printf("# %8u %s\n", events->counts[i],
			    events_names[i]);
	}
	for (i = 0; i < answers_count(); i++) {
		const struct answer *answer = answers_at(i);

		if (all || events->answers[i] == 0)
			printf("# %8u %s answers %d %.160s\n",
			    events->answers[i], answer->provider,
			    answer->status, answer->body == NULL ? "" :
			    answer->body);
	}
}
