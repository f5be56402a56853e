/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/log.h"
#include "base/xmalloc.h"

enum {
	LOOP_ACCEPT_US = 1000
};

struct loop {
	struct event_base *base;
};

/* Events within, not beside: several are made for each request. */
struct loop_watch {
	struct event event;
	struct event_base *base;
	int fd;
	unsigned int events;
	loop_ready_fn ready;
	void *arg;
};

struct loop_timer {
	struct event event;
	loop_fire_fn fire;
	void *arg;
};

static struct loop *
loop_create_with(int features)
{
	struct loop *loop = xcalloc(1, sizeof *loop);
	struct event_config *config = event_config_new();

	if (config != NULL) {
		event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
		event_config_require_features(config, features);
		loop->base = event_base_new_with_config(config);
		event_config_free(config);
	}
	if (loop->base == NULL)
		fatalx("cannot make an event loop");
	return loop;
}

struct loop *
loop_create(void)
{
	return loop_create_with(0);
}

struct loop *
loop_create_for_files(void)
{
	return loop_create_with(EV_FEATURE_FDS);
}

void
loop_free(struct loop *loop)
{
	event_base_free(loop->base);
	free(loop);
}

void
loop_run(struct loop *loop)
{
	if (event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY) == -1)
		fatal("the event loop failed");
}

void
loop_stop(struct loop *loop)
{
	event_base_loopbreak(loop->base);
}

static void
loop_watch_ready(evutil_socket_t fd, short what, void *arg)
{
	struct loop_watch *watch = arg;
	unsigned int events = 0;

	if (what & EV_READ)
		events |= LOOP_READ;
	if (what & EV_WRITE)
		events |= LOOP_WRITE;
	watch->ready(watch->arg, fd, events);
}

struct loop_watch *
loop_watch_create(struct loop *loop, int fd, unsigned int events,
    loop_ready_fn ready, void *arg)
{
	struct loop_watch *watch = xcalloc(1, sizeof *watch);

	watch->base = loop->base;
	watch->fd = fd;
	watch->ready = ready;
	watch->arg = arg;
	if (event_assign(&watch->event, loop->base, fd, 0, loop_watch_ready,
	    watch) == -1)
		fatalx("cannot watch a descriptor");
	loop_watch_change(watch, events);
	return watch;
}

void
loop_watch_change(struct loop_watch *watch, unsigned int events)
{
	short what = EV_PERSIST;

	if (events == watch->events)
		return;
	if (events & LOOP_READ)
		what |= EV_READ;
	if (events & LOOP_WRITE)
		what |= EV_WRITE;
	event_del(&watch->event);
	watch->events = events;
	if (events == 0)
		return;
	if (event_assign(&watch->event, watch->base, watch->fd, what,
	    loop_watch_ready, watch) == -1 ||
	    event_add(&watch->event, NULL) == -1)
		fatalx("cannot watch descriptor %d", watch->fd);
}

void
loop_watch_free(struct loop_watch *watch)
{
	if (watch == NULL)
		return;
	event_del(&watch->event);
	free(watch);
}

bool
loop_unblock_accept(int fd)
{
	struct timeval moment = { .tv_usec = LOOP_ACCEPT_US };
	int flags = fcntl(fd, F_GETFL);

	return flags != -1 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) != -1 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &moment,
	    sizeof moment) != -1;
}

static void
loop_timer_fire(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *timer = arg;

	(void)fd;
	(void)what;
	timer->fire(timer->arg);
}

struct loop_timer *
loop_timer_create(struct loop *loop, loop_fire_fn fire, void *arg)
{
	struct loop_timer *timer = xcalloc(1, sizeof *timer);

	timer->fire = fire;
	timer->arg = arg;
	if (event_assign(&timer->event, loop->base, -1, 0, loop_timer_fire,
	    timer) == -1)
		fatalx("cannot make a timer");
	return timer;
}

void
loop_timer_start(struct loop_timer *timer, int64_t delay_ms)
{
	struct timeval delay;

	if (delay_ms < 0)
		delay_ms = 0;
	delay.tv_sec = delay_ms / 1000;
	delay.tv_usec = delay_ms % 1000 * 1000;
	if (event_add(&timer->event, &delay) == -1)
		fatalx("cannot start a timer");
}

void
loop_timer_stop(struct loop_timer *timer)
{
	event_del(&timer->event);
}

void
loop_timer_free(struct loop_timer *timer)
{
	if (timer == NULL)
		return;
	event_del(&timer->event);
	free(timer);
}
