/* SPDX-License-Identifier: Apache-2.0 */
#include "attempts.h"

#include "events.h"

enum {
	ATTEMPTS_PAUSE_MS = 200
};

const char *
attempts_find_fault(const struct ledger_device *device)
{
	const struct ledger_attempt *attempt =
	    &device->attempts[device->attempt_count - 1];
	const struct ledger_attempt *before = attempt - 1;
	const struct answer *answer = before->answer;
	int64_t pause_ms = attempt->sent_ms - before->ended_ms;
	unsigned int i, unknown = 0;

	for (i = 0; i + 1 < device->attempt_count; i++)
		unknown += device->attempts[i].end == LEDGER_BROKEN;
	if (before->end == LEDGER_PENDING || before->end == LEDGER_CANCELLED)
		return "sent again while it is under way";
	if (unknown > 1)
		return "sent again after two unknown ends";
	if (before->end != LEDGER_ANSWERED)
		return NULL;
	if (before->accepted)
		return "sent again though it is accepted";
	if (answer->retry == ANSWERS_FINAL ||
	    (answer->retry == ANSWERS_IF_TOLD &&
	    before->retry_after_ms == LEDGER_NONE))
		return "sent again after an answer that is final";
	if (answer->retry == ANSWERS_SHORTER && attempt->size >= before->size)
		return "sent again though it is too long";
	if (before->retry_after_ms != LEDGER_NONE &&
	    answer->retry != ANSWERS_AGAIN && answer->retry != ANSWERS_TOKEN &&
	    pause_ms < before->retry_after_ms)
		return "sent before Retry-After";
	if (answer->retry == ANSWERS_PAUSE && before->retry_after_ms ==
	    LEDGER_NONE && pause_ms < ATTEMPTS_PAUSE_MS)
		return "sent again without a pause";
	return NULL;
}

void
attempts_note(const struct ledger_device *device)
{
	static const enum event events[] = {
		[ANSWERS_FINAL] = EVENT__MAX,
		[ANSWERS_PAUSE] = EVENT_AGAIN_PAUSED,
		[ANSWERS_IF_TOLD] = EVENT_AGAIN_TOLD,
		[ANSWERS_AGAIN] = EVENT_AGAIN_ELSEWHERE,
		[ANSWERS_SHORTER] = EVENT_AGAIN_SHORTER,
		[ANSWERS_TOKEN] = EVENT_AGAIN_TOKEN
	};
	const struct ledger_attempt *before =
	    &device->attempts[device->attempt_count - 2];
	enum event event = EVENT__MAX;

	if (before->end == LEDGER_ANSWERED)
		event = events[before->answer->retry];
	else if (before->end == LEDGER_BROKEN)
		event = EVENT_AGAIN_UNKNOWN;
	if (event == EVENT_AGAIN_PAUSED &&
	    before->retry_after_ms != LEDGER_NONE)
		event = EVENT_AGAIN_TOLD;
	if (event != EVENT__MAX)
		events_note(event);
}
