/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/rejection-guard.h"

unsigned int
guard_recent(const struct guard *guard)
{
	unsigned int i, count = 0;

	/* What was never written is not suspicious. */
	for (i = 1; i <= GUARD_RECENT; i++)
		count += guard->suspicious[(guard->next + GUARD_WINDOW - i) %
		    GUARD_WINDOW];
	return count;
}

static bool
guard_is_quarter(unsigned int part, unsigned int whole)
{
	return part * 100 >= whole * GUARD_LOWER_PERCENT;
}

void
guard_note(struct guard *guard, bool suspicious)
{
	unsigned int recent;

	if (guard->count < GUARD_WINDOW)
		guard->count++;
	else
		guard->suspicious_count -= guard->suspicious[guard->next];
	guard->suspicious[guard->next] = suspicious;
	guard->suspicious_count += suspicious;
	guard->next = (guard->next + 1) % GUARD_WINDOW;
	recent = guard_recent(guard);
	if (!guard->raised)
		guard->raised = recent >= GUARD_RAISE;
	else
		guard->raised = guard_is_quarter(recent, GUARD_RECENT) ||
		    guard_is_quarter(guard->suspicious_count, guard->count);
}
