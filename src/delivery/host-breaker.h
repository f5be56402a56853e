/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_HOST_BREAKER_H
#define DELIVERY_HOST_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "delivery/host-accounts.h"

/*
 * The circuit breaker of an account for all workers of a host, and CGI
 * processes: what one learns all know.  So many failures in a row, whoever has
 * them, open it; any answer, to whomever, closes it and begins the count anew.
 * While it is open there is one probe at a time on the host.
 *
 * A worker may die at any instruction.  All that the breaker knows is one
 * word, which is changed at once, so it is never half changed.  And a probe
 * is a lease: whoever takes it moves the time of the next probe to when this
 * one must have ended.  If nothing is heard of it the next one goes then;
 * nobody has to find out that a worker is dead, or stopped.
 *
 * A worker's trouble may be its own: its connections, its descriptors, its
 * resolver.  It must not put the account out of order for the others.
 *
 * - While others are answered each answer begins the count anew, so that the
 *   failures of one worker alone do not open it on a busy host.
 * - If all failures that opened it were of one worker, any other one may ask
 *   for a second opinion at once: its first request is a probe.  So the others
 *   lose the time of one answer, and only those requests of it that come
 *   meanwhile.  Once that fails, too, the pause holds for all of them.
 * - The worker with the trouble has a breaker of its own beside this one (see
 *   health.h), which keeps its requests from waiting in vain.
 *
 * A dead account pays for this with one more request each time it dies.  Two
 * workers with such trouble at the same time are taken for the account's: then
 * the others wait for one pause, and the first of them closes it.
 */
struct host_breaker_params {
	struct host_accounts *accounts;	/* NULL: nothing is shared */
	const char *name;		/* of the account */
	unsigned int failures;	/* that open it; 0: it never opens */
	int64_t pause_ms;
};

/* Open, in its owner's memory; what is in it is its own business. */
struct host_breaker {
	struct host_breaker_params params;
	unsigned int worker;	/* tells this one from others, as good as */
};

/* What the params name must outlive it. */
void host_breaker_init(struct host_breaker *breaker,
    const struct host_breaker_params *params);

/* True if there is something shared to ask. */
bool host_breaker_is_shared(const struct host_breaker *breaker);

enum host_breaker_state {
	HOST_BREAKER_CLOSED,
	HOST_BREAKER_OPEN,
	HOST_BREAKER_PROBE	/* it is open, and the caller shall be the
				 * probe */
};

/*
 * May something be tried now?  A probe will have ended by `ends_ms`; `*probe`
 * is set then, and host_breaker_succeed, _fail or _abandon should follow.
 */
enum host_breaker_state host_breaker_ask(struct host_breaker *breaker,
    int64_t now_ms, int64_t ends_ms, uint64_t *probe);

/* As it is now. */
bool host_breaker_is_open(struct host_breaker *breaker, int64_t now_ms);

/* There was an answer.  True if that closed it. */
bool host_breaker_succeed(struct host_breaker *breaker, int64_t now_ms);

/*
 * There was none, or none of use, to the probe (0: to another request), for a
 * cause.  True if that opened it, for the first time since it was closed.
 */
bool host_breaker_fail(struct host_breaker *breaker, int64_t now_ms,
    uint64_t probe, unsigned int cause);

/* The probe showed nothing: the next one may go at once. */
void host_breaker_abandon(struct host_breaker *breaker, int64_t now_ms,
    uint64_t probe);

/* The cause of the last failure, or 0; it may be any number. */
unsigned int host_breaker_cause(struct host_breaker *breaker);

/* When there was the last answer to anybody on the host; 0: never. */
int64_t host_breaker_answered_ms(struct host_breaker *breaker,
    int64_t now_ms);

/*
 * When the account last recovered from what was not one worker's own trouble;
 * 0: never.
 */
int64_t host_breaker_recovered_ms(struct host_breaker *breaker,
    int64_t now_ms);

/*
 * Notes whether the log says that the account answers nobody: true if that is
 * new.  One worker writes it, and maybe another that it is over.
 */
bool host_breaker_note_logged(struct host_breaker *breaker, bool logged);

#endif
