/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"

void
guard_note(struct guard *guard, bool suspicious)
{
	unsigned int percent;

	if (guard->count < GUARD_WINDOW)
		guard->count++;
	else
		guard->suspicious_count -= guard->suspicious[guard->next];
	guard->suspicious[guard->next] = suspicious;
	guard->suspicious_count += suspicious;
	guard->next = (guard->next + 1) % GUARD_WINDOW;
	percent = guard->suspicious_count * 100 / guard->count;
	if (guard->raised)
		guard->raised = percent >= GUARD_LOWER_PERCENT;
	else
		guard->raised = percent >= GUARD_RAISE_PERCENT &&
		    guard->suspicious_count >= GUARD_LEAST;
}
