/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TAKEN_H
#define TAKEN_H

#include "ledger.h"
#include "webserver.h"

/*
 * Whether an answer came through as it should: whole, however slowly it was
 * taken, unless the web server went away or has taken nothing, or not all, for
 * as long as it may.
 */
void taken_check(struct ledger *ledger, size_t request,
    const struct webserver_taken *taken);

#endif
