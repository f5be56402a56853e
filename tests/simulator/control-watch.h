/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROL_WATCH_H
#define CONTROL_WATCH_H

#include "world.h"

/*
 * Looks whether the control file is another one than before (a stat(2), no
 * more), and if so reads it and does what it asks.  A file that makes no
 * sense is reported to stderr, and the former stays in force.
 */
void
control_watch_refresh(struct world *world);

#endif
