/* SPDX-License-Identifier: Apache-2.0 */
#include "taken.h"

#include <inttypes.h>

#include "told.h"

enum {
	/* For the rest of an answer that has ended. */
	TAKEN_PATIENCE_MS = 60000,
	/* To close after that. */
	TAKEN_LINGER_MS = 2000,
	TAKEN_AT_ONCE_MS = 50
};

void
taken_check(struct ledger *ledger, size_t index,
    const struct webserver_taken *taken)
{
	const struct ledger_request *request = &ledger->requests[index];
	int64_t since_ms = ledger_now_ms() - request->end_ms;

	if (taken->is_hoarded)
		ledger_blame(ledger, "request %zu: what has gone through is "
		    "kept", index);
	if (!ledger->is_hampered && taken->is_late)
		ledger_blame(ledger, "request %zu is served though its caller "
		    "is gone", index);
	if (!ledger->is_hampered && taken->held_ms > TAKEN_AT_ONCE_MS +
	    (taken->lingers ? TAKEN_LINGER_MS : 0))
		ledger_blame(ledger, "request %zu: the worker keeps its "
		    "connection for %" PRId64 " ms, for no reason", index,
		    taken->held_ms);
	if (since_ms > TAKEN_PATIENCE_MS + TAKEN_LINGER_MS)
		ledger_blame(ledger, "request %zu: its connection is closed %"
		    PRId64 " ms after its answer has ended", index, since_ms);
	if (taken->is_whole &&
	    taken->stalled_ms > WEBSERVER_IO_TIMEOUT_MS)
		ledger_blame(ledger, "request %zu: the worker has waited %"
		    PRId64 " ms for a web server that took nothing", index,
		    taken->stalled_ms);
	if (!taken->is_whole && !taken->is_gone && !ledger->is_hampered &&
	    taken->stalled_ms < WEBSERVER_IO_TIMEOUT_MS &&
	    since_ms < TAKEN_PATIENCE_MS)
		ledger_blame(ledger, "request %zu: its answer is cut after %"
		    PRId64 " ms, for no reason", index, since_ms);
}
