/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_H
#define SERVER_H

#include "conf.h"
#include "fault.h"

/*
 * A worker: one thread, one event loop over the FastCGI socket and all
 * connections to providers.
 *
 * Serves requests on descriptor `fd` until SIGTERM, SIGINT or SIGUSR1; then
 * accepts no more, finishes what is in flight, and returns true.  False with
 * a fault if it cannot start.  Blocks those signals.
 */
bool server_run(const struct conf *conf, int fd, struct fault *fault);

#endif
