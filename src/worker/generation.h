/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_GENERATION_H
#define WORKER_GENERATION_H

#include <stdbool.h>

#include "api/admin.h"
#include "base/error.h"
#include "base/loop.h"
#include "cgi/exchange.h"
#include "state/metrics.h"
#include "worker/conf.h"
#include "worker/gauges.h"

/*
 * Everything that is made from a configuration: clients, apps, connections,
 * tokens, deliveries.  A worker has one; while a new configuration takes over,
 * the previous one lives on until its last request is answered.
 */
struct generation;

/*
 * Takes over the configuration, even on failure.  NULL with an error if the
 * state directory or the proxy's credentials cannot be used, or apps of one
 * account do not agree on its rate.  Credentials of
 * apps that cannot be read are logged.
 */
struct generation *generation_create(struct loop *loop, struct conf *conf,
    struct error *error);

/* Drops what is in progress. */
void generation_free(struct generation *generation);

/* Serves a request and ends it, now or later. */
void generation_serve(struct generation *generation, struct exchange *exchange);

/* What the operator's pages say of the worker, which keeps it up to date. */
struct admin_status *generation_status(struct generation *generation);

const struct conf *generation_conf(const struct generation *generation);

/* Where its parts count; valid until generation_free. */
struct metrics *generation_metrics(const struct generation *generation);

/* Sets the gauges of a worker that serves by this generation; it fills in what
 * is the generation's. */
void generation_report(const struct generation *generation,
    struct gauges *gauges);

/* Logs what is wrong with its files, but does not keep it from serving. */
void generation_log_files(const struct generation *generation);

/*
 * False with an error if the credentials of an app are of no use here that are
 * of use in the previous generation and have not expired; the same for the
 * file of CAs.
 */
bool generation_keeps_apps(struct generation *generation,
    struct generation *previous, struct error *error);

/* True if no request is in it. */
bool generation_is_idle(const struct generation *generation);

/* Answers all requests that are in it, as if their deadline had passed. */
void generation_expire(struct generation *generation);

#endif
