/* SPDX-License-Identifier: Apache-2.0 */
#include "attempts.h"

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
