/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORLD_H
#define WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "oracle.h"

/* Makes keys, which takes a while, for all worlds of this process. */
void world_prepare(void);

/*
 * One world: callers, a gateway, providers and an oracle, from beginning to
 * end.  All that happens in it follows from the seed.  Adds to the counts;
 * `words` is the first thing that is wrong, or "".  With LOG_LEVEL__MAX the
 * gateway logs nothing, else to standard error.  If it is hampered, by
 * something of the machine's that fails, who waits or is not sent has a reason.
 */
void world_run(uint64_t seed, unsigned int devices, bool is_hampered,
    enum log_level level, struct oracle_counts *counts, char *words,
    size_t size);

#endif
