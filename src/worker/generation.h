/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_GENERATION_H
#define WORKER_GENERATION_H

#include <stdbool.h>

#include "base/error.h"
#include "base/loop.h"
#include "cgi/exchange.h"
#include "state/metrics.h"
#include "worker/conf.h"

/*
 * Everything that a configuration makes: clients, apps, connections, tokens,
 * deliveries.  A worker has one; while a new configuration takes over, the
 * former lives on until its last request is answered.
 */
struct service;

/*
 * Takes over the configuration, in any case.  NULL with a fault if the state
 * directory or the proxy's credentials cannot be used.  Those of apps that
 * cannot be read are logged.
 */
struct service *service_create(struct loop *loop, struct conf *conf,
    struct fault *fault);

/* Drops what is under way. */
void service_free(struct service *service);

/* Serves a request and ends it, now or later. */
void service_serve(struct service *service, struct exchange *exchange);

const struct conf *service_conf(const struct service *service);

/* What its parts count in; theirs until service_free. */
struct metrics *service_metrics(const struct service *service);

/*
 * False with a fault if an app cannot be used here for its credentials that
 * can be used in the other service and have not expired.
 */
bool service_keeps_apps(struct service *service, struct service *former,
    struct fault *fault);

/* Takes over what the former one has learnt of its apps. */
void service_inherit(struct service *service, const struct service *former);

/* True if no request is in it. */
bool service_is_idle(const struct service *service);

/* Answers all requests that are in it, as if their time were over. */
void service_expire(struct service *service);

#endif
