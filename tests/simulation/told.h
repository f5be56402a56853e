/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOLD_H
#define TOLD_H

#include "ledger.h"

/*
 * What a caller must be told, by what the providers did and the wire contract:
 * the status of each item, its rejected pushkeys, their order and sum.
 */

/* What may be told of a device: of enum answers_meaning, all that is right. */
unsigned int told_meaning(const struct ledger_device *device);

/*
 * Compares it with the answer to a request that was served.  What is wrong is
 * written into the ledger.
 */
void told_check(struct ledger *ledger, size_t request, int status,
    const char *body);

/* The same of an answer that was cut: each result that came is right. */
void told_check_part(struct ledger *ledger, size_t request, const char *body);

#endif
