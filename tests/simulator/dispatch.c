/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch.h"

#include "connection.h"
#include "decide.h"

/* Does with the request what was decided. */
static void
perform(struct request *request)
{
	struct connection *connection = request->connection;
	const struct protocol *protocol = connection->protocol;
	bool goaway = request->answer.goaway;

	switch (request->answer.act) {
	case ANSWER_SEND:
		protocol->answer(connection, request);
		break;
	case ANSWER_HANG:
		break;
	case ANSWER_CUT:
		connection_cut(connection, 0);
		break;
	case ANSWER_REFUSE:
		connection->endpoint->counters.streams_refused++;
		protocol->reset(connection, request, true);
		break;
	case ANSWER_RESET:
		protocol->reset(connection, request, false);
		break;
	}
	if (goaway)
		protocol->retire(connection);
}

static void
on_delay(evutil_socket_t fd, short what, void *argument)
{
	struct request *request = argument;
	struct connection *connection = request->connection;

	(void)fd;
	(void)what;
	perform(request);
	connection_write_soon(connection);
}

void
dispatch_request(struct request *request)
{
	struct connection *connection = request->connection;
	struct endpoint *endpoint = connection->endpoint;
	const struct control *control = &endpoint->control;
	struct timeval delay;

	connection->requests_seen++;
	endpoint->counters.requests++;
	decide(endpoint, request);
	if (control->cut_after_ms > 0 && control->cut_next < 0)
		connection_cut(connection, (unsigned)control->cut_after_ms);
	if (control->goaway_every > 0 &&
	    connection->requests_seen >= control->goaway_every)
		connection->protocol->retire(connection);
	if (request->answer.delay_ms > 0) {
		delay.tv_sec = request->answer.delay_ms / 1000;
		delay.tv_usec = request->answer.delay_ms % 1000 * 1000;
		evtimer_assign(&request->delay, endpoint->world->base,
		    on_delay, request);
		request->delayed = true;
		evtimer_add(&request->delay, &delay);
	} else {
		perform(request);
	}
}
