/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_LOOP_H
#define FAKE_LOOP_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/loop.h"

/*
 * The loop and the clock for tests that must not wait.  A program that is
 * linked with this has it in the place of base/loop and base/clock: the clock
 * stands still while a callback runs, and moves to the next timer when nothing
 * else is left to do.  A minute passes in no time, and always in the same way.
 *
 * Timers fire in the order of their time, and those of one time in the order
 * in which they were started.  Descriptors are real ones: those that are ready
 * come before the timers, as in the real loop.
 *
 * clock_fake sets both clocks; they move together from there on.  loop_run
 * returns after loop_stop or, unlike the real one, when nothing is left that
 * could happen.  loop_free ends the program as failed if a watch or a timer of
 * the loop is left.
 */
enum {
	FAKE_LOOP_START_MS = 1000000,
	FAKE_LOOP_START_S = 1700000000
};

/* Lets so much time pass, and does all that is due until then. */
void fake_loop_pass(struct loop *loop, int64_t ms);

/*
 * The clock moves by so much whenever it is looked at: for what bounds its
 * own time at work.  0 at first.
 */
void fake_loop_set_look_cost(int64_t ms);

/* How many timers are running. */
size_t fake_loop_timers(const struct loop *loop);

/* How many timers and watches are not freed. */
size_t fake_loop_left(struct loop *loop);

#endif
