/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_FIXTURE_H
#define DELIVERY_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "delivery/delivery.h"
#include "fake-loop.h"
#include "provider-script.h"

/*
 * A delivery with all that it stands on, in virtual time: real apps, accounts,
 * tokens and providers over the fake loop and the fake engine.  There is one
 * at a time; times are counted from the moment it was opened.  Its apps are
 * those of config-fixture, its providers those of provider-script.
 */
enum {
	DELIVERY_FIXTURE_TIMEOUT_MS = 8000,
	DELIVERY_FIXTURE_ITEMS_MAX = 100,
	DELIVERY_FIXTURE_WORKERS_MAX = 3
};

/*
 * Opens it with further members of the configuration, each ended by a comma,
 * or "", and a script for the providers.
 */
void delivery_fixture_open(const char *settings, fake_http_script_fn script,
    void *arg);

/* Ends the program as failed if anything is left over. */
void delivery_fixture_close(void);

struct delivery *delivery_fixture_delivery(void);
struct loop *delivery_fixture_loop(void);

/* Lets so much time pass. */
void delivery_fixture_pass(int64_t ms);

/* How long it has been open. */
int64_t delivery_fixture_now_ms(void);

/* The sum of all series of a metric whose labels have this part. */
int64_t delivery_fixture_metric(const char *name, const char *part);

/* A batch under way, and what has become of it. */
struct delivery_fixture_item {
	int64_t settled_ms;		/* -1: not yet */
	unsigned int place;		/* in the order of settling, from 1 */
	unsigned int verdicts[VERDICT__MAX];
	struct outcome first;		/* of its first device */
};

struct delivery_fixture_run {
	struct batch *batch;
	unsigned int settled;		/* items */
	int64_t settled_ms;		/* the last; -1: not yet */
	unsigned int verdicts[VERDICT__MAX];
	struct delivery_fixture_item items[DELIVERY_FIXTURE_ITEMS_MAX];
};

/*
 * Starts `items` notifications to `devices` devices each of an app.  Their
 * pushkeys are numbers, counted on from run to run.  The run is the caller's
 * and must stay until it is settled or the fixture is closed.
 */
void delivery_fixture_start(struct delivery_fixture_run *run,
    const char *app_id, size_t items, size_t devices);

/* From now on all devices have this pushkey; NULL: the numbers again. */
void delivery_fixture_set_pushkey(const char *pushkey);

/* The same with another deadline. */
void delivery_fixture_start_within(struct delivery_fixture_run *run,
    const char *app_id, size_t items, size_t devices, int64_t timeout_ms);

/* The gateway is overloaded: nothing is done for it. */
void delivery_fixture_refuse(struct delivery_fixture_run *run,
    const char *app_id, size_t items, size_t devices);

/*
 * The same in another worker of the host, which begins with it; 0 is the first
 * one, which all others above are for.  Their engines are numbered as they are.
 */
void delivery_fixture_start_in(size_t worker,
    struct delivery_fixture_run *run, const char *app_id, size_t items,
    size_t devices, int64_t timeout_ms);

#endif
