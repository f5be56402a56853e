/* SPDX-License-Identifier: Apache-2.0 */
#include "fake-loop.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/xmalloc.h"
#include "tap.h"

enum {
	/* More turns than that without the clock moving are an endless loop. */
	FAKE_LOOP_TURNS_MAX = 1000000
};

struct loop_timer {
	struct loop *loop;
	loop_fire_fn fire;
	void *arg;
	int64_t due_ms;
	uint64_t serial;	/* of its start */
	size_t place;		/* in the heap, from 1; 0: it is stopped */
};

struct loop_watch {
	struct loop *loop;
	int fd;
	unsigned int events;
	loop_ready_fn ready;
	void *arg;
};

struct loop {
	struct loop_timer **heap;	/* [1] is the next one */
	size_t heap_count;
	size_t heap_size;
	uint64_t serial;
	size_t timer_count;		/* also those that are stopped */
	struct loop_watch **watches;	/* NULL: it was freed */
	size_t watch_count;
	struct pollfd *polled;
	bool stopped;
};

static int64_t fake_monotonic_ms = FAKE_LOOP_START_MS;
static int64_t fake_wall_ms = FAKE_LOOP_START_S * INT64_C(1000);
static int64_t fake_look_cost_ms;

/* --- the clock ----------------------------------------------------------- */

static void
fake_clock_move(int64_t ms)
{
	fake_monotonic_ms += ms;
	fake_wall_ms += ms;
}

int64_t
clock_monotonic_ms(void)
{
	fake_clock_move(fake_look_cost_ms);
	return fake_monotonic_ms;
}

int64_t
clock_wall_s(void)
{
	return fake_wall_ms / 1000;
}

void
clock_fake(int64_t monotonic_ms, int64_t wall_s)
{
	fake_monotonic_ms = monotonic_ms;
	fake_wall_ms = wall_s * 1000;
}

void
fake_loop_set_look_cost(int64_t ms)
{
	fake_look_cost_ms = ms;
}

/* --- timers: a binary heap ----------------------------------------------- */

static bool
fake_timer_is_before(const struct loop_timer *one,
    const struct loop_timer *other)
{
	return one->due_ms != other->due_ms ? one->due_ms < other->due_ms :
	    one->serial < other->serial;
}

static void
fake_timer_put(struct loop_timer *timer, size_t place)
{
	timer->loop->heap[place] = timer;
	timer->place = place;
}

static void
fake_timer_rise(struct loop_timer *timer)
{
	struct loop_timer **heap = timer->loop->heap;
	size_t place = timer->place;

	for (; place > 1 && fake_timer_is_before(timer, heap[place / 2]);
	    place /= 2)
		fake_timer_put(heap[place / 2], place);
	fake_timer_put(timer, place);
}

static void
fake_timer_sink(struct loop_timer *timer)
{
	struct loop *loop = timer->loop;
	size_t place = timer->place, below;

	for (; (below = 2 * place) <= loop->heap_count; place = below) {
		if (below < loop->heap_count && fake_timer_is_before(
		    loop->heap[below + 1], loop->heap[below]))
			below++;
		if (fake_timer_is_before(timer, loop->heap[below]))
			break;
		fake_timer_put(loop->heap[below], place);
	}
	fake_timer_put(timer, place);
}

struct loop_timer *
loop_timer_create(struct loop *loop, loop_fire_fn fire, void *arg)
{
	struct loop_timer *timer = xcalloc(1, sizeof *timer);

	timer->loop = loop;
	timer->fire = fire;
	timer->arg = arg;
	loop->timer_count++;
	return timer;
}

void
loop_timer_stop(struct loop_timer *timer)
{
	struct loop *loop = timer->loop;
	struct loop_timer *last;
	size_t place = timer->place;

	if (place == 0)
		return;
	timer->place = 0;
	last = loop->heap[loop->heap_count--];
	if (last == timer)
		return;
	fake_timer_put(last, place);
	fake_timer_rise(last);
	fake_timer_sink(last);
}

void
loop_timer_start(struct loop_timer *timer, int64_t delay_ms)
{
	struct loop *loop = timer->loop;

	loop_timer_stop(timer);
	timer->due_ms = fake_monotonic_ms + (delay_ms < 0 ? 0 : delay_ms);
	timer->serial = ++loop->serial;
	if (++loop->heap_count >= loop->heap_size) {
		loop->heap_size = 2 * loop->heap_count;
		loop->heap = xreallocarray(loop->heap, loop->heap_size,
		    sizeof *loop->heap);
	}
	fake_timer_put(timer, loop->heap_count);
	fake_timer_rise(timer);
}

void
loop_timer_free(struct loop_timer *timer)
{
	if (timer == NULL)
		return;
	loop_timer_stop(timer);
	timer->loop->timer_count--;
	free(timer);
}

size_t
fake_loop_timers(const struct loop *loop)
{
	return loop->heap_count;
}

/* --- descriptors --------------------------------------------------------- */

struct loop_watch *
loop_watch_create(struct loop *loop, int fd, unsigned int events,
    loop_ready_fn ready, void *arg)
{
	struct loop_watch *watch = xcalloc(1, sizeof *watch);

	watch->loop = loop;
	watch->fd = fd;
	watch->events = events;
	watch->ready = ready;
	watch->arg = arg;
	loop->watches = xreallocarray(loop->watches, loop->watch_count + 1,
	    sizeof *loop->watches);
	loop->polled = xreallocarray(loop->polled, loop->watch_count + 1,
	    sizeof *loop->polled);
	loop->watches[loop->watch_count++] = watch;
	return watch;
}

void
loop_watch_change(struct loop_watch *watch, unsigned int events)
{
	watch->events = events;
}

void
loop_watch_free(struct loop_watch *watch)
{
	size_t i = 0;

	if (watch == NULL)
		return;
	while (watch->loop->watches[i] != watch)
		i++;
	watch->loop->watches[i] = NULL;
	free(watch);
}

bool
loop_unblock_accept(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags != -1 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) != -1;
}

/* Forgets the watches that were freed. */
static void
fake_loop_tidy(struct loop *loop)
{
	size_t i, kept = 0;

	for (i = 0; i < loop->watch_count; i++) {
		if (loop->watches[i] != NULL)
			loop->watches[kept++] = loop->watches[i];
	}
	loop->watch_count = kept;
}

/* True if somebody waits for one of the descriptors, and one is ready. */
static bool
fake_loop_poll(struct loop *loop)
{
	size_t i, count = loop->watch_count, waiting = 0;

	for (i = 0; i < count; i++) {
		const struct loop_watch *watch = loop->watches[i];

		loop->polled[i] = (struct pollfd){
			.fd = watch->events == 0 ? -1 : watch->fd,
			.events = (short)
			    ((watch->events & LOOP_READ ? POLLIN : 0) |
			    (watch->events & LOOP_WRITE ? POLLOUT : 0))
		};
		waiting += watch->events != 0;
	}
	return waiting > 0 && poll(loop->polled, count, 0) > 0;
}

static bool
fake_loop_serve_watches(struct loop *loop)
{
	size_t i, count;
	bool served = false;

	fake_loop_tidy(loop);
	count = loop->watch_count;
	if (!fake_loop_poll(loop))
		return false;
	for (i = 0; i < count && !loop->stopped; i++) {
		struct loop_watch *watch = loop->watches[i];
		short got = loop->polled[i].revents;
		unsigned int events = 0;

		if (got & (POLLIN | POLLHUP | POLLERR))
			events |= LOOP_READ;
		if (got & (POLLOUT | POLLERR))
			events |= LOOP_WRITE;
		/* It may have been changed by the one before. */
		if (watch == NULL || (events &= watch->events) == 0)
			continue;
		watch->ready(watch->arg, watch->fd, events);
		served = true;
	}
	return served;
}

/* --- the loop ------------------------------------------------------------ */

size_t
fake_loop_left(struct loop *loop)
{
	fake_loop_tidy(loop);
	return loop->timer_count + loop->watch_count;
}

struct loop *
loop_create(void)
{
	return xcalloc(1, sizeof(struct loop));
}

struct loop *
loop_create_for_files(void)
{
	return loop_create();
}

void
loop_free(struct loop *loop)
{
	if (fake_loop_left(loop) > 0)
		tap_bail_out("%zu timers and %zu watches outlive the loop",
		    loop->timer_count, loop->watch_count);
	free(loop->heap);
	free(loop->watches);
	free(loop->polled);
	free(loop);
}

void
loop_stop(struct loop *loop)
{
	loop->stopped = true;
}

/* Fires what is due; what is started meanwhile is for the next turn. */
static bool
fake_loop_fire(struct loop *loop)
{
	uint64_t last = loop->serial;
	struct loop_timer *timer;
	bool fired = false;

	while (!loop->stopped && loop->heap_count > 0 &&
	    (timer = loop->heap[1])->due_ms <= fake_monotonic_ms &&
	    timer->serial <= last) {
		loop_timer_stop(timer);
		timer->fire(timer->arg);
		fired = true;
	}
	return fired;
}

/* Runs until the clock would pass `end_ms`. */
static void
fake_loop_run_until(struct loop *loop, int64_t end_ms)
{
	unsigned int turns = 0;
	int64_t next_ms;

	loop->stopped = false;
	while (!loop->stopped) {
		bool served = fake_loop_serve_watches(loop);
		bool fired = fake_loop_fire(loop);

		if (served || fired) {
			if (++turns > FAKE_LOOP_TURNS_MAX)
				tap_bail_out("the loop turns without end");
			continue;
		}
		if (loop->heap_count == 0)
			break;
		next_ms = loop->heap[1]->due_ms;
		if (next_ms > end_ms)
			break;
		fake_clock_move(next_ms - fake_monotonic_ms);
		turns = 0;
	}
}

void
loop_run(struct loop *loop)
{
	fake_loop_run_until(loop, INT64_MAX);
}

void
fake_loop_pass(struct loop *loop, int64_t ms)
{
	int64_t end_ms = fake_monotonic_ms + ms;

	fake_loop_run_until(loop, end_ms);
	if (!loop->stopped && end_ms > fake_monotonic_ms)
		fake_clock_move(end_ms - fake_monotonic_ms);
}
