/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CALLERS_H
#define CALLERS_H

#include "gateway.h"
#include "ledger.h"
#include "oracle.h"

/* What is wrong with a request, if anything. */
enum callers_fault {
	FAULT_NONE,
	FAULT_NO_JSON,
	FAULT_NO_DEVICES,
	FAULT_SAME_IDS,
	FAULT_ODD,
	FAULT_ODD_TIME,
	FAULT_TOO_LARGE,
	FAULT_CUT,
	FAULT_NEVER,		/* the body does not come */
	FAULT_NO_CERTIFICATE,
	FAULT_PATH,
	FAULT_METHOD,
	FAULT__MAX
};

/*
 * The callers, and the web server before the gateway: single notifies and
 * batches of all sizes, alone and in crowds, good ones and wrong ones, bodies
 * that come late or not at all, and web servers that take the answer slowly,
 * or no longer, or go away.
 */
struct callers;

/* So many devices, more or less, until `end_ms`. */
struct callers *callers_create(struct loop *loop, struct ledger *ledger,
    struct gateway *gateway, struct oracle *oracle, uint64_t seed,
    int64_t end_ms, unsigned int devices);

/* All requests must be over. */
void callers_free(struct callers *callers);

/* A hook of the gateway. */
void callers_on_expires(void *arg, size_t generation);

/* True if all has been sent and answered. */
bool callers_are_done(const struct callers *callers);

#endif
