/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_HOST_ACCOUNTS_H
#define DELIVERY_HOST_ACCOUNTS_H

#include <stdint.h>

/*
 * What all workers and CGI processes of a host know together of the accounts
 * with providers: the file `accounts` in the state directory, a few numbers for
 * each account.  A process may die between any two instructions: what belongs
 * together is one number, which is changed at once.
 */
struct host_accounts;

/* The numbers of an account, 0 at first; what each means is its user's. */
enum host_accounts_number {
	HOST_ACCOUNTS_BREAKER,		/* a word of host-breaker */
	HOST_ACCOUNTS_CAUSE,		/* of the last failure */
	HOST_ACCOUNTS_ANSWERED_MS,	/* when there was the last answer */
	HOST_ACCOUNTS_RECOVERED_MS,	/* when it last answered again */
	HOST_ACCOUNTS_LOGGED,		/* that it answers nobody */
	HOST_ACCOUNTS_RATE_FULL_US,	/* of rate: when its bucket is full */
	HOST_ACCOUNTS_NUMBER__MAX
};

/*
 * Never NULL: where the file cannot be shared that is logged, and this process
 * has numbers of its own.  The directory's name must outlive it.
 */
struct host_accounts *host_accounts_open(const char *state_directory);
void host_accounts_close(struct host_accounts *accounts);

/*
 * The numbers of the account of that name; of use until the next call.  NULL
 * if there is no room for it, or a process has kept the lock for over 10 ms,
 * which is only needed for an account that is new on the host.
 */
_Atomic uint64_t *host_accounts_find(struct host_accounts *accounts,
    const char *name);

#endif
