/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NETWORK_H
#define NETWORK_H

#include "dice.h"
#include "ledger.h"
#include "moods.h"

/*
 * The providers and the way to them, below the HTTP engine: in each phase each
 * of them has a mood, from well over slow and busy to a black hole.  What it
 * does with a request is written into the ledger.
 */
enum network_account {
	NETWORK_APNS,		/* of "ios" and "ios-twin" */
	NETWORK_APNS_OTHER,	/* of "ios-other" */
	NETWORK_FCM,		/* of "android" */
	NETWORK_HMS,		/* of "huawei" */
	NETWORK_HMS_3,		/* of "huawei-3" */
	NETWORK_WEB,		/* of "web": the one push service there is */
	NETWORK_UNIFIED,	/* of "unified": likewise */
	NETWORK_TOKENS,		/* the endpoint that FCM's tokens come from */
	NETWORK_HMS_TOKENS,	/* that of HMS */
	NETWORK_ACCOUNT__MAX
};

enum {
	/* After so much of a phase in which nobody is answered the breaker
	 * is open: the deadlines of those before it have passed. */
	NETWORK_OPENED_MS = 25000,
	/* What fails before this is settled, and counted, by then. */
	NETWORK_FAILED_MS = 12000
};

struct network;

/* The phases last until `end_ms`; afterwards all are well. */
struct network *network_create(struct ledger *ledger, uint64_t seed,
    int64_t end_ms);
void network_free(struct network *network);

/* When an account last was not well, or had hundreds in flight; or NONE. */
int64_t network_trouble_ms(const struct network *network,
    enum network_account account);
int64_t network_busy_ms(const struct network *network,
    enum network_account account);

/* The phase that an account is in, or NULL behind the last. */
const struct moods_phase *network_phase(const struct network *network,
    enum network_account account);

/* For the oracle: what it may look at while it happens. */
struct network_hooks {
	/* An attempt of a device, its last one, goes out. */
	void (*sent)(void *arg, size_t device);
	/* The same is over. */
	void (*ended)(void *arg, size_t device);
	void *arg;
};
void network_set_hooks(struct network *network,
    const struct network_hooks *hooks);

#endif
