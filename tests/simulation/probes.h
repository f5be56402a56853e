/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBES_H
#define PROBES_H

#include "gateway.h"
#include "ledger.h"
#include "network.h"

/*
 * The circuit breakers, as the oracle sees them: an account that answers nobody
 * is sent few requests, once that must be known.
 */
struct probes;

struct probes *probes_create(struct ledger *ledger,
    const struct network *network, const struct gateway *gateway);
void probes_free(struct probes *probes);

/* A device's attempt goes out, or is over. */
void probes_note_sent(struct probes *probes,
    const struct ledger_device *device, const struct ledger_request *request);
void probes_note_end(struct probes *probes,
    const struct ledger_device *device, const struct ledger_attempt *attempt,
    const struct ledger_request *request);

/* A worker was killed, which may have had a probe under way. */
void probes_note_crash(struct probes *probes);

/* Looks at what has not been looked at yet. */
void probes_check_end(struct probes *probes);

#endif
