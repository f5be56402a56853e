/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATEWAY_FIXTURE_H
#define GATEWAY_FIXTURE_H

#include "fake-exchange.h"
#include "fake-loop.h"
#include "provider-script.h"
#include "worker/generation.h"

/*
 * All that is between the web server and the providers, in virtual time: a
 * generation over the fake loop and the fake engine, and requests by fake
 * exchanges.  There is one at a time; times are counted from its opening.
 */
void gateway_fixture_open(const char *settings, fake_http_script_fn script,
    void *arg);

/* Requests that are not over are expired. */
void gateway_fixture_close(void);

/*
 * Takes the configuration with these members as a worker would after a change
 * of the file.  False if it is refused, and the one before stays.
 */
bool gateway_fixture_reload(const char *settings);

/* The one in force, and the one before it while requests are in that. */
struct generation *gateway_fixture_generation(void);
struct generation *gateway_fixture_previous(void);

/* The sum of all series of a metric. */
int64_t gateway_fixture_metric(const char *name);

void gateway_fixture_pass(int64_t ms);
int64_t gateway_fixture_now_ms(void);
struct loop *gateway_fixture_loop(void);

/* A POST to this path, by the one client, with JSON that must outlive it. */
struct exchange *gateway_fixture_post(const char *path, const char *body);

/* The same in another way: what is not given is as it is there. */
struct exchange *gateway_fixture_send(const char *path,
    const struct fake_exchange_params *params);

/* When something was passed on, and when all of it, from the opening; or -1. */
int64_t gateway_fixture_when_ms(const struct exchange *exchange,
    const char *part);
int64_t gateway_fixture_end_ms(const struct exchange *exchange);

/*
 * Bodies, the fixture's: one plain notification, and a batch of so many, to
 * devices of an app whose pushkeys are the numbers from `first` on.
 */
const char *gateway_fixture_single(const char *app_id, unsigned int first,
    size_t devices);
const char *gateway_fixture_batch(const char *app_id, unsigned int first,
    size_t items, size_t devices);

#endif
