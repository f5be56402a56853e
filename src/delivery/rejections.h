/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_REJECTIONS_H
#define DELIVERY_REJECTIONS_H

#include <stdbool.h>

#include "delivery/app.h"
#include "provider/outcome.h"
#include "state/metrics.h"

/*
 * Holds back rejections that a mistake of the operator could cause
 * ("suspicious" ones): until an app has delivered for the first time, and
 * while most answers to what a client sends to it are such.
 *
 * What is known of them belongs to the host: the file `rejections` in the
 * state directory, which all workers and CGI processes share.  An app that is
 * written in another way is another one.
 */
struct rejections;

/* What it is given must outlive it; the metrics may be NULL: none. */
struct rejections *rejections_create(const char *state_directory,
    struct metrics *metrics);
void rejections_free(struct rejections *rejections);

/*
 * Notes a verdict of the provider's about an app of a client's, and turns a
 * suspicious rejection into a failure if it is to be held back, unless the
 * app's reject_guard is off.  The log says so once a minute.
 */
void rejections_judge(struct rejections *rejections, const struct app *app,
    const char *client, struct outcome *outcome);

#endif
