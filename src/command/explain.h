/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_EXPLAIN_H
#define COMMAND_EXPLAIN_H

#include "base/buf.h"
#include "http/message.h"
#include "provider/outcome.h"

/*
 * Appends what a provider's reply means, in words for the operator: what came
 * back, what the provider says of it, and what can be done.  Of the provider's
 * words only printable ASCII is shown.  `outcome` is how it was
 * judged.
 */
void explain_reply(const struct http_reply *reply,
    const struct outcome *outcome, struct buf *words);

/* The same of an error in words that end with a provider's. */
void explain_error(const char *words, struct buf *text);

#endif
