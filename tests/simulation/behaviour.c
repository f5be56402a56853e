/* SPDX-License-Identifier: Apache-2.0 */
#include "behaviour.h"

#include <string.h>

#include "events.h"

enum {
	BEHAVIOUR_ENDLESS_SIZE = 70000
};

static const struct answer behaviour_endless = {
	.status = 200, .meaning = MEANS_DELIVERED
};
/* Huawei's word is in the body: without it nothing is known. */
static const struct answer behaviour_cut = {
	.status = 200, .meaning = MEANS_LATER
};
static const struct answer behaviour_old = {
	.status = 505, .meaning = MEANS_LATER, .trouble = true
};

void
behaviour_give(struct fake_curl_answer *answer, const struct answer *given)
{
	answer->status = given->status;
	answer->body = given->body;
}

/* The answer of one row, and in some of them a time to wait for. */
static void
behaviour_answer(struct dice *dice, struct ledger_attempt *attempt,
    struct fake_curl_answer *answer, const struct answer *given)
{
	behaviour_give(answer, given);
	attempt->answer = given;
	events_note_answer(given);
	if ((given->status == 429 || given->status >= 500) &&
	    dice_chance(dice, 400)) {
		answer->retry_after_s = dice_magnitude(dice, 1, 30);
		attempt->retry_after_ms = answer->retry_after_s * 1000;
	}
}

static bool
behaviour_is_hms(const char *provider)
{
	return strncmp(provider, "hms", strlen("hms")) == 0;
}

static const char *
behaviour_endless_body(void)
{
	static char body[BEHAVIOUR_ENDLESS_SIZE];

	if (body[0] == '\0') {
		memset(body, 'x', sizeof body);
		memcpy(body, "{\"name\":\"", 9);
	}
	return body;
}

/* --- what comes of it ---------------------------------------------------- */

/* Which row it answers by, or NULL: it does not. */
static const struct answer *
behaviour_choose(enum moods_behaviour behaviour, const char *provider,
    unsigned int *row, struct dice *dice)
{
	switch (behaviour) {
	case ACCEPTS:
	case GOES_AWAY:
		return answers_accepted(provider);
	case SAYS_DEAD:
		return answers_dead(provider);
	case SAYS_SUSPICIOUS:
		return answers_suspicious(provider);
	case IS_BUSY:
		return answers_busy(provider);
	case SAYS_ANYTHING:
		return answers_any(provider, (*row)++);
	case FINDS_STALE:
		return answers_stale(provider);
	case BREAKS_IN_ANSWER:
		if (behaviour_is_hms(provider))
			return &behaviour_cut;
		return dice_chance(dice, 500) ? answers_accepted(provider) :
		    answers_dead(provider);
	case SPEAKS_OLD:
		return strcmp(provider, "apns") == 0 ? &behaviour_old :
		    answers_accepted(provider);
	case TALKS_WITHOUT_END:
		return behaviour_is_hms(provider) ? &behaviour_cut :
		    &behaviour_endless;
	default:
		return NULL;
	}
}

/* What is wrong with the answer, or in its place. */
static void
behaviour_break(enum moods_behaviour behaviour,
    struct fake_curl_answer *answer)
{
	static const struct {
		CURLcode code;
		bool unsent;
		bool refused;
		bool cuts;
	} breaks[MOODS_BEHAVIOUR__MAX] = {
		[BREAKS_BEFORE] = { .code = CURLE_HTTP2_STREAM },
		[BREAKS_AFTER] = { .code = CURLE_RECV_ERROR },
		[BREAKS_IN_ANSWER] = { .code = CURLE_PARTIAL_FILE },
		[BREAKS_ALL] = { .code = CURLE_SEND_ERROR, .cuts = true },
		[IS_NOT_SENT] = { .code = CURLE_COULDNT_CONNECT,
		    .unsent = true, .cuts = true },
		[REFUSES] = { .code = CURLE_SEND_ERROR, .refused = true },
	};

	answer->code = breaks[behaviour].code;
	answer->unsent = breaks[behaviour].unsent;
	answer->refused = breaks[behaviour].refused;
	answer->cuts = breaks[behaviour].cuts;
	if (behaviour == HANGS)
		answer->after_ms = FAKE_CURL_NEVER;
	else if (behaviour == SPEAKS_OLD)
		answer->version = CURL_HTTP_VERSION_1_1;
	else if (behaviour == TALKS_WITHOUT_END) {
		answer->body = behaviour_endless_body();
		answer->body_size = BEHAVIOUR_ENDLESS_SIZE;
	}
}

void
behaviour_plan(enum moods_behaviour behaviour, const char *provider,
    unsigned int *row, struct dice *dice, struct ledger_attempt *attempt,
    struct fake_curl_answer *answer)
{
	const struct answer *given = behaviour_choose(behaviour, provider,
	    row, dice);
	int64_t half_ms = answer->after_ms / 2;

	events_note((enum event)(EVENT_BEHAVIOUR + behaviour));
	if (given != NULL)
		behaviour_answer(dice, attempt, answer, given);
	behaviour_break(behaviour, answer);
	/* The provider takes it on the way to its answer. */
	if (behaviour == BREAKS_AFTER ||
	    (given != NULL && given->meaning == MEANS_DELIVERED))
		attempt->accepts_ms = ledger_now_ms() + half_ms;
	else if (behaviour == HANGS && dice_chance(dice, 500))
		attempt->accepts_ms = ledger_now_ms() + 100;
}
