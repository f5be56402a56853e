/* SPDX-License-Identifier: Apache-2.0 */
#include "tokens.h"

enum {
	/* What was made with one may still wait for a connection. */
	TOKENS_LATE_MS = 12000,
	/* One that is so young, and follows one that was refused, is not
	 * what was wrong. */
	TOKENS_YOUNG_MS = 7000,
	/* So long an attempt needs. */
	TOKENS_LEAST_MS = 1000
};

static const struct ledger_attempt *
tokens_latest(const struct ledger_device *device)
{
	return &device->attempts[device->attempt_count - 1];
}

const char *
tokens_find_fault(const struct ledger *ledger,
    const struct ledger_device *device, const struct ledger_request *request)
{
	const struct ledger_attempt *attempt = tokens_latest(device);
	const struct ledger_token *token;
	int64_t late_ms = ledger_now_ms() - TOKENS_LATE_MS;

	if (attempt->token == (size_t)LEDGER_NONE)
		return signed_find_fault(&attempt->own_token);
	token = &ledger->tokens[attempt->token];
	if (late_ms > token->ends_ms)
		return "sent with a token that has ended";
	if (token->refused_ms != LEDGER_NONE && late_ms > token->refused_ms &&
	    token->refused_by == request->generation)
		return "sent with a token that was refused";
	return NULL;
}

/* One that the device's last attempt had, or that comes too late, is kept. */
void
tokens_note_answer(struct ledger *ledger, const struct ledger_device *device,
    const struct ledger_request *request)
{
	const struct ledger_attempt *attempt = tokens_latest(device);
	struct ledger_token *token;
	int64_t now_ms = ledger_now_ms();

	if (attempt->token == (size_t)LEDGER_NONE)
		return;
	token = &ledger->tokens[attempt->token];
	if (token->refused_ms != LEDGER_NONE ||
	    attempt->answer->retry != ANSWERS_TOKEN ||
	    device->attempt_count > 1 || device->refusals > 0 ||
	    now_ms < token->comes_ms + TOKENS_YOUNG_MS ||
	    now_ms + TOKENS_LEAST_MS > request->began_ms + request->timeout_ms)
		return;
	token->refused_ms = now_ms;
	token->refused_by = request->generation;
}
