/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TURNS_H
#define TURNS_H

#include "gateway.h"
#include "ledger.h"
#include "network.h"

/*
 * How the requests of a worker share an account: none has more than its share
 * in flight, and while a small one waits for its first turn, as the account's
 * rate has it, each of the others has one, however many devices it names.
 */
struct turns;

struct turns *turns_create(const struct ledger *ledger,
    const struct network *network, const struct gateway *gateway);
void turns_free(struct turns *turns);

/* A device's attempt goes out.  What is wrong about that, or NULL. */
const char *turns_note_sent(struct turns *turns,
    const struct ledger_device *device);

/* It is over. */
void turns_note_end(struct turns *turns, const struct ledger_device *device);

#endif
