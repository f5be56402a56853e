/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DECIDE_H
#define DECIDE_H

#include "world.h"

/*
 * Decides what becomes of a complete request, writes it into the request's
 * answer and records it.  The strict checks come first; a request that
 * passes them may be scripted by its pushkey; the control file has the last
 * word.
 */
void
decide(struct endpoint *endpoint, struct request *request);

#endif
