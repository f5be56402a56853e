/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEMPTS_H
#define ATTEMPTS_H

#include "ledger.h"

/*
 * What the attempts before say against the last one of a device, which has two
 * or more; or NULL.
 */
const char *attempts_find_fault(const struct ledger_device *device);

/* Counts what kind of attempt its last one is, if that is not the first. */
void attempts_note(const struct ledger_device *device);

#endif
