/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The worker's one event loop, on libevent: descriptors and timers.
 *
 * Everything runs in one thread; a callback runs to its end before the next
 * is called.  Any watch or timer may be changed or freed in any callback,
 * its own too.  The loop must outlive its watches and timers.
 *
 * The rule for every callback in this program: it is never called from within
 * the call that registers it, but later, from the loop.  What is known at once
 * is returned by that call, or comes by a timer of 0 ms.  So nobody has to
 * expect, in the middle of his own function, that what he just started is over
 * and gone.
 */
struct loop;
struct loop_watch;
struct loop_timer;

enum loop_event {
	LOOP_READ = 1,
	LOOP_WRITE = 2
};

typedef void (*loop_ready_fn)(void *arg, int fd, unsigned int events);
typedef void (*loop_fire_fn)(void *arg);

struct loop *loop_create(void);

/* The same for a few descriptors of any kind, files too. */
struct loop *loop_create_for_files(void);

void loop_free(struct loop *loop);

/* Runs until loop_stop; loop_stop lets the callback under way finish. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/*
 * Calls `ready` whenever `fd` is readable or writable, as `events` (an OR of
 * enum loop_event, or 0 to pause) asks.  The descriptor stays the caller's
 * and must be closed only after the watch is freed.
 */
struct loop_watch *loop_watch_create(struct loop *loop, int fd,
    unsigned int events, loop_ready_fn ready, void *arg);
void loop_watch_change(struct loop_watch *watch, unsigned int events);
void loop_watch_free(struct loop_watch *watch);

/*
 * Makes accepting from a listening socket return at once if nobody waits, and
 * keeps it from blocking for long if another process that shares the socket,
 * and so its flags, takes O_NONBLOCK away (systemd does so when it starts one
 * more worker).  False with errno.
 */
bool loop_unblock_accept(int fd);

/* A stopped timer; it fires once for each loop_timer_start. */
struct loop_timer *loop_timer_create(struct loop *loop, loop_fire_fn fire,
    void *arg);

/* Fires in `delay_ms` (0: as soon as the loop turns), instead of before. */
void loop_timer_start(struct loop_timer *timer, int64_t delay_ms);
void loop_timer_stop(struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer);

#endif
