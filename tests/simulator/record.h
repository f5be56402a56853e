/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RECORD_H
#define RECORD_H

#include "verdict.h"
#include "world.h"

/*
 * Appends one line of JSON for the request and what was decided about it:
 * README.md describes it.  `violation` is the reason for which the strict
 * checks refused the request, or "".
 */
void
record_write(const struct endpoint *endpoint, struct request *request,
    const struct verdict *verdict, const char *violation);

/* One line of JSON with the counters of all services, the caller's to free
 * with json_object_put. */
struct json_object *
record_count(const struct world *world);

#endif
