/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LISTENER_H
#define LISTENER_H

#include "world.h"

/*
 * Takes a port (0: any free one) of a numeric address for the endpoint, and
 * listens; ends the program with words if that cannot be done.
 */
void
listener_open(struct endpoint *endpoint, const char *address,
    unsigned port);

/* Stops or starts listening as the endpoint's control wants it.  The port
 * stays ours in either case. */
void
listener_apply_control(struct endpoint *endpoint);

void
listener_close(struct endpoint *endpoint);

#endif
