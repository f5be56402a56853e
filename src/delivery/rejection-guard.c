/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/rejection-guard.h"

unsigned int
rejection_guard_recent(const struct rejection_guard *guard)
{
	unsigned int i, count = 0;

	/* What was never written is not suspicious. */
	for (i = 1; i <= REJECTION_GUARD_RECENT; i++)
		count += guard->suspicious[(guard->next +
					       REJECTION_GUARD_WINDOW - i) %
					   REJECTION_GUARD_WINDOW];
	return count;
}

static bool
rejection_guard_is_quarter(unsigned int part, unsigned int whole)
{
	return part * 100 >= whole * REJECTION_GUARD_LOWER_PERCENT;
}

void
rejection_guard_note(struct rejection_guard *guard, bool suspicious)
{
	unsigned int recent;

	if (guard->count < REJECTION_GUARD_WINDOW)
		guard->count++;
	else
		guard->suspicious_count -= guard->suspicious[guard->next];
	guard->suspicious[guard->next] = suspicious;
	guard->suspicious_count += suspicious;
	guard->next = (guard->next + 1) % REJECTION_GUARD_WINDOW;
	recent = rejection_guard_recent(guard);
	if (!guard->raised)
		guard->raised = recent >= REJECTION_GUARD_RAISE;
	else
		guard->raised = rejection_guard_is_quarter(
				    recent, REJECTION_GUARD_RECENT) ||
				rejection_guard_is_quarter(
				    guard->suspicious_count, guard->count);
}
