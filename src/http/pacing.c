/* SPDX-License-Identifier: Apache-2.0 */
#include "http/pacing.h"

static int64_t
pacing_left_ms(int64_t since_ms, int64_t pause_ms, int64_t now_ms)
{
	int64_t left_ms = since_ms + pause_ms - now_ms;

	return left_ms > 0 ? left_ms : 0;
}

static int64_t
pacing_later(int64_t one_ms, int64_t other_ms)
{
	return one_ms > other_ms ? one_ms : other_ms;
}

int64_t
pacing_wait_ms(const struct pacing *pacing, bool others, bool trial,
    int64_t now_ms)
{
	int64_t wait_ms = 0;

	if (others)
		wait_ms = pacing_left_ms(pacing->opened_ms, pacing->apart_ms,
		    now_ms);
	if (trial && !pacing->works)
		wait_ms = pacing_later(wait_ms, pacing_left_ms(
		    pacing->opened_ms, pacing->failures == 0 ?
		    PACING_FIRST_MS : PACING_TRIAL_MS, now_ms));
	if (pacing->failures >= PACING_TRIALS)
		wait_ms = pacing_later(wait_ms, pacing_left_ms(
		    pacing->failed_ms, PACING_PAUSE_MS, now_ms));
	return wait_ms;
}

bool
pacing_is_cautious(const struct pacing *pacing)
{
	return pacing->failures > 0;
}

void
pacing_opened(struct pacing *pacing, int64_t now_ms)
{
	pacing->opened_ms = now_ms;
}

void
pacing_answered(struct pacing *pacing)
{
	pacing->works = true;
	pacing->failures = 0;
}

void
pacing_failed(struct pacing *pacing, int64_t now_ms)
{
	pacing->works = false;
	pacing->failures++;
	pacing->failed_ms = now_ms;
}
