/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DISPATCH_H
#define DISPATCH_H

struct request;

/*
 * Decides about a request that is complete, and has its connection's
 * protocol do it, now or later.  The request may be gone afterwards.
 */
void
dispatch_request(struct request *request);

#endif
