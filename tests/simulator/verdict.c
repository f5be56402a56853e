/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict.h"

#include <string.h>

#include "text.h"

void
verdict_init(struct verdict *verdict, unsigned status, const char *reason)
{
	memset(verdict, 0, sizeof *verdict);
	verdict->status = status;
	string_copy(verdict->reason, sizeof verdict->reason, reason);
	verdict->timestamp_ms = -1;
	verdict->retry_after_s = -1;
}
