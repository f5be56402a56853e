/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/attempt.h"

static const struct outcome attempt_failures[HTTP_FAILURE__MAX] = {
	[HTTP_FAILURE_NOT_SENT] = { .verdict = VERDICT_LATER,
	    .cause = CAUSE_UNREACHABLE, .retry = RETRY_AT_ONCE,
	    .reason = "not sent" },
	[HTTP_FAILURE_UNKNOWN] = { .verdict = VERDICT_LATER,
	    .cause = CAUSE_UNREACHABLE, .retry = RETRY_ONCE,
	    .reason = "connection broken" },
	[HTTP_FAILURE_TIMEOUT] = { .verdict = VERDICT_LATER,
	    .cause = CAUSE_DEADLINE, .retry = RETRY_NEVER,
	    .reason = "no response" },
	[HTTP_FAILURE_PROTOCOL] = { .verdict = VERDICT_LATER,
	    .cause = CAUSE_UNREACHABLE, .retry = RETRY_NEVER,
	    .reason = "not HTTP/2" },
	[HTTP_FAILURE_REFUSED] = { .verdict = VERDICT_FAILED,
	    .cause = CAUSE_ENDPOINT_REFUSED, .retry = RETRY_NEVER,
	    .reason = "address not allowed" },
};

void
attempt_judge_failure(enum http_failure failure, struct outcome *outcome)
{
	*outcome = attempt_failures[failure];
	outcome->retry_after_ms = -1;
}

enum attempt_step
attempt_decide(struct attempt *attempt, const struct outcome *outcome,
    int64_t remaining_ms, uint32_t dice, int64_t *pause_ms)
{
	enum attempt_step step = ATTEMPT_SETTLE;
	int64_t backoff_ms = (int64_t)ATTEMPT_PAUSE_MS << attempt->count;

	*pause_ms = 0;
	attempt->count++;
	switch (outcome->retry) {
	case RETRY_NEVER:
		break;
	case RETRY_AT_ONCE:
		/* The first time really at once, then not in a tight loop. */
		step = ATTEMPT_AGAIN;
		if (attempt->count > 1)
			*pause_ms = backoff_ms + dice % ATTEMPT_PAUSE_MS;
		break;
	case RETRY_ONCE:
		if (!attempt->repeated)
			step = ATTEMPT_AGAIN;
		attempt->repeated = true;
		break;
	case RETRY_BACKOFF:
		step = ATTEMPT_AGAIN;
		*pause_ms = outcome->retry_after_ms >= 0 ?
		    outcome->retry_after_ms :
		    backoff_ms + (int64_t)(dice % (uint32_t)backoff_ms);
		break;
	case RETRY_AFTER_ONLY:
		if (outcome->retry_after_ms >= 0)
			step = ATTEMPT_AGAIN;
		*pause_ms = outcome->retry_after_ms;
		break;
	case RETRY_TOKEN:
	case RETRY_FORMER_TOKEN:
		if (!attempt->renewed)
			step = ATTEMPT_RENEW;
		attempt->renewed = true;
		break;
	case RETRY_VARIANT:
		step = ATTEMPT_AGAIN;
		attempt->variant++;
		break;
	}
	if (step != ATTEMPT_SETTLE && (attempt->count >= ATTEMPT_MAX ||
	    *pause_ms > remaining_ms - ATTEMPT_LEAST_MS))
		step = ATTEMPT_SETTLE;
	return step;
}
