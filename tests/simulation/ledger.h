/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "answers.h"
#include "signed.h"

/*
 * The truth: which requests there were, which devices they name, and what the
 * providers did with each attempt to reach one.  Callers and the network write
 * it, the oracle reads it.  The pushkey of a device is its index in here, so
 * that each attempt finds its device.
 */
enum ledger_limits {
	LEDGER_ATTEMPTS_MAX = 8,	/* of one device; more than allowed */
	LEDGER_NONE = -1
};

enum ledger_end {
	LEDGER_PENDING,
	LEDGER_ANSWERED,
	LEDGER_BROKEN,		/* no answer; it may have arrived */
	LEDGER_UNSENT,
	LEDGER_REFUSED,		/* by the provider, that did not look at it */
	LEDGER_CANCELLED	/* by the gateway */
};

/* That an endpoint gives out. */
struct ledger_token {
	int64_t comes_ms;
	int64_t ends_ms;
	int64_t refused_ms;	/* when it had to be replaced; or NONE */
	size_t refused_by;	/* the generation of the gateway that had to */
};

/* One that is refused is followed by the next in its place. */
struct ledger_attempt {
	int64_t sent_ms;
	int64_t ended_ms;
	int64_t accepts_ms;	/* from then on the provider has it; or NONE */
	int64_t retry_after_ms;	/* or NONE */
	size_t size;		/* of the request's body */
	size_t token;		/* that it had, or NONE */
	struct signed_token own_token;	/* or one of the gateway's own */
	enum ledger_end end;
	const struct answer *answer;	/* that is on its way, or came */
	bool accepted;		/* once it has ended */
	bool guarded;		/* the guard was up when it came */
};

struct ledger_device {
	size_t item;
	unsigned int app;
	unsigned int account;	/* of the network's */
	size_t pushkey;		/* the index of the first with the same */
	bool unreachable;	/* for the caller, or at all: it fails */
	bool lost;		/* its app has no credentials */
	bool malformed;		/* its pushkey is none of its provider's */
	bool unwanted;		/* by its pusher: nothing is sent */
	bool late;		/* its turn may not have come in time */
	bool held;		/* nor that of its whole request */
	int64_t pushkey_ts;	/* seconds, or 0 */
	unsigned int refusals;	/* of all its attempts */
	unsigned int attempt_count;
	struct ledger_attempt attempts[LEDGER_ATTEMPTS_MAX];
};

struct ledger_item {
	size_t request;
	size_t first_device;
	size_t device_count;
	bool has_event;		/* by its id, which all payloads have */
};

/* What a request must be told apart from what becomes of its devices. */
enum ledger_refusal {
	LEDGER_SERVED,
	LEDGER_BAD_REQUEST,	/* 400 */
	LEDGER_UNAUTHORISED,	/* 401 */
	LEDGER_NOT_FOUND,	/* 404 */
	LEDGER_WRONG_METHOD,	/* 405 */
	LEDGER_TOO_LARGE,	/* 413 */
	LEDGER_EXPIRED		/* 503: the worker ended before its body came */
};

struct ledger_request {
	size_t first_item;
	size_t item_count;
	bool single;
	enum ledger_refusal refusal;
	int64_t came_ms;
	int64_t body_ms;	/* when its body was there, or cut */
	int64_t began_ms;	/* the same, of one that is served; or NONE */
	int64_t served_ms;	/* when that began, of one that is not held */
	int64_t timeout_ms;	/* of the configuration that serves it */
	int64_t end_ms;		/* when it was answered, or NONE */
	int64_t memory;		/* that it takes at least, in bytes */
	bool gone;		/* the web server went away before */
	bool unserved;		/* nothing was said to it */
	bool unread;		/* its body was not even read */
	bool held;		/* limits, or places, may have held it up */
	bool narrow;		/* of the client of that name */
	bool small;		/* a few devices: it need not wait for others */
	bool started;		/* something of it was sent */
	bool expired;		/* the worker ended before its time */
	size_t generation;	/* of the gateway, that serves it */
};

struct ledger {
	struct ledger_device *devices;
	size_t device_count;
	size_t device_size;
	struct ledger_item *items;
	size_t item_count;
	size_t item_size;
	struct ledger_request *requests;
	size_t request_count;
	size_t request_size;
	struct ledger_token *tokens;
	size_t token_count;
	size_t token_size;
	char words[4096];	/* the first thing that is wrong, or "" */
	bool is_hampered;	/* something of the machine's fails: who waits,
				 * or is not sent, has a reason */
};

void ledger_init(struct ledger *ledger);
void ledger_free(struct ledger *ledger);

/* Each adds one that is zeroed; what it adds to must be the last. */
struct ledger_request *ledger_add_request(struct ledger *ledger);
struct ledger_item *ledger_add_item(struct ledger *ledger);
struct ledger_device *ledger_add_device(struct ledger *ledger);
struct ledger_token *ledger_add_token(struct ledger *ledger);

/* Milliseconds since the simulation began. */
int64_t ledger_now_ms(void);

/* Notes that something is wrong; only the first counts. */
void ledger_blame(struct ledger *ledger, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same, followed by all that is known of a device. */
void ledger_blame_device(struct ledger *ledger, size_t device,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
