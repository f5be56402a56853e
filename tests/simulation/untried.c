/* SPDX-License-Identifier: Apache-2.0 */
#include "untried.h"

enum {
	UNTRIED_LONG_MS = 15000,
	UNTRIED_NONE = -1
};

void
untried_init(struct untried *untried)
{
	*untried = (struct untried){
		.first_ms = UNTRIED_NONE, .sent_ms = UNTRIED_NONE
	};
}

void
untried_note_sent(struct untried *untried, int64_t now_ms)
{
	untried->first_ms = UNTRIED_NONE;
	untried->sent_ms = now_ms;
}

bool
untried_is_long(struct untried *untried, int64_t began_ms)
{
	if (began_ms <= untried->sent_ms)
		return false;
	if (untried->first_ms == UNTRIED_NONE ||
	    began_ms - untried->latest_ms > UNTRIED_LONG_MS)
		untried->first_ms = began_ms;
	untried->latest_ms = began_ms;
	return began_ms - untried->first_ms > UNTRIED_LONG_MS;
}
