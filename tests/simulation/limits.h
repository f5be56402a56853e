/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIMITS_H
#define LIMITS_H

#include "gateway.h"
#include "ledger.h"

/*
 * The rates of accounts, the limits of one client, the places and the memory of a
 * worker, as the oracle sees them: that they are kept to and shared, and when they are a
 * reason to wait.
 */
struct limits;

struct limits *limits_create(const struct ledger *ledger,
    const struct gateway *gateway);
void limits_free(struct limits *limits);

/* What a body takes at least, with what is made of it. */
int64_t limits_estimate(const char *body);

/* A device of a request is sent.  What is wrong about that, or NULL. */
const char *limits_note_sent(struct limits *limits,
    const struct ledger_device *device, struct ledger_request *request);

/* A request is over: its place is free. */
void limits_note_end(struct limits *limits,
    const struct ledger_request *request);

/* The rates of the client, once all requests are over. */
void limits_check_end(const struct limits *limits, struct ledger *ledger);

/* True if a request may have had to wait before it was served. */
bool limits_may_hold(const struct limits *limits,
    const struct ledger_request *request);

/*
 * True if an account's rate may have kept something from being sent in all the
 * time between: it never had long to spare.
 */
bool limits_may_delay(const struct limits *limits, unsigned int account,
    int64_t from_ms, int64_t until_ms);

/*
 * True if so many devices of its request were before one, and not settled until
 * the end, that its turn may not have come.
 */
bool limits_may_crowd(const struct limits *limits, size_t device);

#endif
