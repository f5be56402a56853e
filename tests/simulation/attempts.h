/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEMPTS_H
#define ATTEMPTS_H

#include "ledger.h"

/*
 * What the attempts before say against the last one of a device, which has two
 * or more; or NULL.
 */
const char *attempts_find_fault(const struct ledger_device *device);

#endif
