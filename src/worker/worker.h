/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include <stdbool.h>

#include "base/error.h"

/*
 * A worker: one thread, one event loop over the FastCGI socket and all
 * connections to providers.
 *
 * Serves requests on descriptor `fd` until SIGTERM, SIGINT or SIGUSR1; then
 * accepts no more, finishes what is in flight, and returns true.  False with
 * an error if it cannot start.  Blocks those signals, and opens the log.
 *
 * Started for a CGI request, it serves that one from `fd` and the environment
 * to standard output, and returns.  If it cannot start, it answers 500 first.
 *
 * The configuration at `path` and the files that it names are checked once a
 * second; new requests are served by what they say then.  A changed file with
 * a mistake is logged, and the previous configuration is kept.
 */
bool worker_run(const char *path, int fd, struct error *error);

#endif
