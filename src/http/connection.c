/* SPDX-License-Identifier: Apache-2.0 */
#include "http/connection.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"

enum {
	/* A lane that was idle for longer is warmed up anew: the provider
	 * may have closed its connection, which only the next request shows. */
	HTTP_LANE_WARM_MS = 1000,
	/* A connection that owes answers for so long has a bad name. */
	HTTP_LANE_SILENCE_MS = 1000
};

static void
http_lane_check(struct http_lane *lane)
{
	const struct http_lane_params *params = &lane->params;
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(lane->multi, &left)) != NULL) {
		if (message->msg == CURLMSG_DONE)
			params->ended(params->arg, message->easy_handle,
			    message->data.result);
	}
	params->settled(params->arg);
}

static void
http_lane_on_ready(void *arg, int fd, unsigned int events)
{
	struct http_lane *lane = arg;
	int action, running;

	action = (events & LOOP_READ ? CURL_CSELECT_IN : 0) |
	    (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0);
	curl_multi_socket_action(lane->multi, fd, action, &running);
	http_lane_check(lane);
}

static void
http_lane_on_timer(void *arg)
{
	struct http_lane *lane = arg;
	int running;

	curl_multi_socket_action(lane->multi, CURL_SOCKET_TIMEOUT, 0,
	    &running);
	http_lane_check(lane);
}

/* curl says which events of a socket it waits for. */
static int
http_lane_on_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
    void *socket_arg)
{
	struct http_lane *lane = arg;
	struct loop_watch *watch = socket_arg;
	unsigned int events;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		loop_watch_free(watch);
		curl_multi_assign(lane->multi, fd, NULL);
		return 0;
	}
	events = (what & CURL_POLL_IN ? LOOP_READ : 0) |
	    (what & CURL_POLL_OUT ? LOOP_WRITE : 0);
	if (watch != NULL)
		loop_watch_change(watch, events);
	else {
		watch = loop_watch_create(lane->params.loop, fd, events,
		    http_lane_on_ready, lane);
		curl_multi_assign(lane->multi, fd, watch);
	}
	return 0;
}

/* curl says when it wants to be called without an event. */
static int
http_lane_on_timeout(CURLM *multi, long timeout_ms, void *arg)
{
	struct http_lane *lane = arg;

	(void)multi;
	if (timeout_ms == -1)
		loop_timer_stop(lane->timer);
	else
		loop_timer_start(lane->timer, timeout_ms);
	return 0;
}

struct http_lane *
http_lane_create(const struct http_lane_params *params)
{
	struct http_lane *lane = xcalloc(1, sizeof *lane);
	CURLM *multi = curl_multi_init();

	if (multi == NULL)
		fatalx("cannot make a curl multi handle");
	lane->params = *params;
	lane->multi = multi;
	lane->timer = loop_timer_create(params->loop, http_lane_on_timer,
	    lane);
	lane->born_ms = lane->used_ms = clock_monotonic_ms();
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, http_lane_on_socket);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, lane);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, http_lane_on_timeout);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, lane);
	/* Two: after a GOAWAY the old connection lives until its last stream
	 * ends, and the new one must not wait for that. */
	curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, 2L);
	curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS,
	    (long)params->max_streams);
	return lane;
}

void
http_lane_free(struct http_lane *lane)
{
	curl_multi_cleanup(lane->multi);
	loop_timer_free(lane->timer);
	free(lane);
}

unsigned int
http_lane_limit(struct http_lane *lane)
{
	if (lane->in_flight == 0 &&
	    clock_monotonic_ms() - lane->used_ms > HTTP_LANE_WARM_MS)
		lane->warm = false;
	return lane->params.warm_up && !lane->warm ? 1 :
	    lane->params.max_streams;
}

void
http_lane_add(struct http_lane *lane, CURL *easy)
{
	lane->in_flight++;
	lane->used_ms = clock_monotonic_ms();
	if (lane->silent_ms == 0)
		lane->silent_ms = lane->used_ms;
	if (curl_multi_add_handle(lane->multi, easy) != CURLM_OK)
		fatalx("cannot start a request");
}

void
http_lane_remove(struct http_lane *lane, CURL *easy)
{
	curl_multi_remove_handle(lane->multi, easy);
	lane->in_flight--;
	lane->used_ms = clock_monotonic_ms();
}

void
http_lane_answered(struct http_lane *lane)
{
	lane->silent_ms = lane->in_flight > 1 ? clock_monotonic_ms() : 0;
}

bool
http_lane_is_silent(const struct http_lane *lane)
{
	return lane->silent_ms != 0 &&
	    clock_monotonic_ms() - lane->silent_ms > HTTP_LANE_SILENCE_MS;
}
