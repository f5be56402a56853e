/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOKENS_H
#define TOKENS_H

#include "ledger.h"

/*
 * Whether the tokens of endpoints are used no longer than they may be, and
 * replaced when a provider refuses one.
 */

/* What is wrong about that of the latest attempt, which is sent now; or NULL. */
const char *tokens_find_fault(const struct ledger *ledger,
    const struct ledger_device *device, const struct ledger_request *request);

/* That attempt was answered. */
void tokens_note_answer(struct ledger *ledger,
    const struct ledger_device *device, const struct ledger_request *request);

#endif
