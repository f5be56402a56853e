/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BEHAVIOUR_H
#define BEHAVIOUR_H

#include "dice.h"
#include "fake-curl.h"
#include "ledger.h"
#include "moods.h"

/*
 * What becomes of a request by a provider's behaviour: fills the answer, whose
 * time is set, and notes in the attempt what it means.  Who says anything says
 * the row of that number next, and counts it.
 */
void behaviour_plan(enum moods_behaviour behaviour, const char *provider,
    unsigned int *row, struct dice *dice, struct ledger_attempt *attempt,
    struct fake_curl_answer *answer);

/* The status and body of a row. */
void behaviour_give(struct fake_curl_answer *answer,
    const struct answer *given);

#endif
