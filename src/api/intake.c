/* SPDX-License-Identifier: Apache-2.0 */
#include "api/intake.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xmalloc.h"

enum {
	/* A queue that has stood so long is one that does not go away. */
	INTAKE_STANDING_MS = 2000,
	/* Of max_memory, what uploads may take: a quarter. */
	INTAKE_UPLOAD_SHARE = 4,
	/* A rate is kept over such a time, so that short bursts pass. */
	INTAKE_BURST_MS = 1000
};

TAILQ_HEAD(intake_queue, intake_ticket);

/* A caller, from its first request on. */
struct intake_client {
	TAILQ_ENTRY(intake_client) entry;
	const struct client *client;
	struct permit_holder *holders[INTAKE_STAGE__MAX];
	unsigned int in_flight;
	struct intake_queue limited;	/* those that its limits hold up */
	int64_t next_ms;		/* by its rate */
	struct loop_timer *timer;	/* the rate admits one more */
	struct intake_backlog {
		unsigned int waiting;	/* for places or memory */
		int64_t since_ms;
	} backlogs[INTAKE_STAGE__MAX];
};

struct intake_room {
	struct permits *permits;
	struct intake_queue waiting;	/* for memory */
	size_t memory;			/* held */
	size_t max_memory;
	struct loop_timer *timer;	/* memory was given back */
};

struct intake {
	struct intake_params params;
	struct intake_room rooms[INTAKE_STAGE__MAX];
	TAILQ_HEAD(, intake_client) clients;
};

static void intake_on_place(void *arg);
static void intake_on_memory(void *arg);
static void intake_on_limit(void *arg);
static void intake_on_deadline(void *arg);

/* --- clients ------------------------------------------------------------- */

static struct intake_client *
intake_find_client(struct intake *intake, const struct client *client)
{
	struct intake_client *one;
	size_t i;

	TAILQ_FOREACH(one, &intake->clients, entry) {
		if (one->client == client)
			return one;
	}
	one = xcalloc(1, sizeof *one);
	one->client = client;
	for (i = 0; i < INTAKE_STAGE__MAX; i++)
		one->holders[i] = permit_holder_create(
		    intake->rooms[i].permits);
	TAILQ_INIT(&one->limited);
	one->timer = loop_timer_create(intake->params.loop, intake_on_limit,
	    one);
	TAILQ_INSERT_TAIL(&intake->clients, one, entry);
	return one;
}

static void
intake_client_free(struct intake_client *client)
{
	size_t i;

	for (i = 0; i < INTAKE_STAGE__MAX; i++)
		permit_holder_free(client->holders[i]);
	loop_timer_free(client->timer);
	free(client);
}

/* True if its own limits admit one more now, which they then count. */
static bool
intake_client_admits(struct intake_client *client)
{
	const struct client_limits limits = client_limits(client->client);
	int64_t now_ms = clock_monotonic_ms();

	if (limits.max_requests_in_flight > 0 &&
	    client->in_flight >= (uint64_t)limits.max_requests_in_flight)
		return false;
	if (limits.max_rate_per_minute > 0) {
		if (client->next_ms > now_ms + INTAKE_BURST_MS)
			return false;
		if (client->next_ms < now_ms)
			client->next_ms = now_ms;
		client->next_ms += 60000 / limits.max_rate_per_minute;
	}
	client->in_flight++;
	return true;
}

/* Looks at those that its limits hold up, when they may admit one. */
static void
intake_client_look(struct intake_client *client)
{
	int64_t wait_ms = client->next_ms - INTAKE_BURST_MS -
	    clock_monotonic_ms();

	if (!TAILQ_EMPTY(&client->limited))
		loop_timer_start(client->timer, wait_ms > 0 ? wait_ms : 0);
}

/* Those of its client that wait for the same as it does. */
static struct intake_backlog *
intake_backlog_of(const struct intake_ticket *ticket)
{
	return &ticket->client->backlogs[ticket->stage];
}

static void
intake_count_waiting(struct intake_backlog *backlog)
{
	if (backlog->waiting++ == 0)
		backlog->since_ms = clock_monotonic_ms();
}

static bool
intake_stands(const struct intake_backlog *backlog)
{
	return backlog->waiting > 0 && clock_monotonic_ms() -
	    backlog->since_ms > INTAKE_STANDING_MS;
}

/* Before it is sent a request is held up by what holds up either stage. */
static bool
intake_is_held_up(const struct intake_ticket *ticket)
{
	const struct intake_client *client = ticket->client;

	return intake_stands(&client->backlogs[INTAKE_SERVICE]) ||
	    (ticket->stage == INTAKE_UPLOAD &&
	    intake_stands(&client->backlogs[INTAKE_UPLOAD]));
}

/* --- memory -------------------------------------------------------------- */

/* What is more than all there is goes alone. */
static bool
intake_take_memory(struct intake_ticket *ticket)
{
	struct intake_room *room = &ticket->intake->rooms[ticket->stage];
	bool fits = room->memory == 0 || (room->memory <= room->max_memory &&
	    ticket->memory <= room->max_memory - room->memory);

	if (fits) {
		room->memory += ticket->memory;
		ticket->state = INTAKE_HOLDS;
	}
	return fits;
}

static void
intake_wait_for_memory(struct intake_ticket *ticket)
{
	struct intake_room *room = &ticket->intake->rooms[ticket->stage];

	ticket->state = INTAKE_WAITS_FOR_MEMORY;
	TAILQ_INSERT_TAIL(&room->waiting, ticket, entry);
}

/* --- going on ------------------------------------------------------------ */

/* It has waited, and waits no more. */
static void
intake_go(struct intake_ticket *ticket, bool granted)
{
	loop_timer_stop(ticket->deadline);
	ticket->go(ticket->arg, granted);
}

static void
intake_on_memory(void *arg)
{
	struct intake_room *room = arg;
	struct intake_ticket *ticket = TAILQ_FIRST(&room->waiting), *next;

	/* One at a time: its callback may change the list. */
	for (; ticket != NULL; ticket = next) {
		next = TAILQ_NEXT(ticket, entry);
		if (!intake_take_memory(ticket))
			continue;
		TAILQ_REMOVE(&room->waiting, ticket, entry);
		intake_backlog_of(ticket)->waiting--;
		intake_go(ticket, true);
		loop_timer_start(room->timer, 0);
		return;
	}
}

static void
intake_on_place(void *arg)
{
	struct intake_ticket *ticket = arg;

	if (!intake_take_memory(ticket))
		intake_wait_for_memory(ticket);
	else {
		intake_backlog_of(ticket)->waiting--;
		intake_go(ticket, true);
	}
}

/* The client's limits admit it: asks for a place, and memory. */
static bool
intake_seek_place(struct intake_ticket *ticket)
{
	struct permit_holder *holder =
	    ticket->client->holders[ticket->stage];

	ticket->permit.go = intake_on_place;
	ticket->permit.arg = ticket;
	if (!permit_acquire(holder, &ticket->permit))
		ticket->state = INTAKE_WAITS_FOR_PLACE;
	else if (!intake_take_memory(ticket))
		intake_wait_for_memory(ticket);
	if (ticket->state != INTAKE_HOLDS)
		intake_count_waiting(intake_backlog_of(ticket));
	return ticket->state == INTAKE_HOLDS;
}

static void
intake_on_limit(void *arg)
{
	struct intake_client *client = arg;
	struct intake_ticket *ticket = TAILQ_FIRST(&client->limited);

	if (ticket == NULL || !intake_client_admits(client))
		return;
	TAILQ_REMOVE(&client->limited, ticket, entry);
	ticket->counted = true;
	intake_client_look(client);
	if (intake_seek_place(ticket))
		intake_go(ticket, true);
}

static void
intake_on_deadline(void *arg)
{
	struct intake_ticket *ticket = arg;

	intake_leave(ticket);
	ticket->go(ticket->arg, false);
}

/* --- tickets ------------------------------------------------------------- */

/* True if it is granted; else it waits. */
static bool
intake_begin(struct intake_ticket *ticket)
{
	struct intake_client *client = ticket->client;

	if (ticket->stage == INTAKE_SERVICE) {
		if (!TAILQ_EMPTY(&client->limited) ||
		    !intake_client_admits(client)) {
			ticket->state = INTAKE_WAITS_FOR_LIMIT;
			TAILQ_INSERT_TAIL(&client->limited, ticket, entry);
			intake_client_look(client);
			return false;
		}
		ticket->counted = true;
	}
	return intake_seek_place(ticket);
}

enum intake_result
intake_enter(struct intake *intake, struct intake_ticket *ticket,
    enum intake_stage stage, const struct client *client, size_t memory,
    int64_t deadline_ms, void (*go)(void *arg, bool granted), void *arg)
{
	int64_t remaining_ms = deadline_ms - clock_monotonic_ms();

	intake_leave(ticket);
	ticket->intake = intake;
	ticket->client = intake_find_client(intake, client);
	ticket->stage = stage;
	ticket->memory = memory;
	ticket->go = go;
	ticket->arg = arg;
	if (remaining_ms <= 0 || intake_is_held_up(ticket))
		return INTAKE_OVERLOADED;
	if (intake_begin(ticket))
		return INTAKE_GRANTED;
	ticket->deadline = loop_timer_create(intake->params.loop,
	    intake_on_deadline, ticket);
	loop_timer_start(ticket->deadline, remaining_ms);
	return INTAKE_WAITS;
}

static void
intake_give_back(struct intake_ticket *ticket)
{
	struct intake_client *client = ticket->client;
	struct intake_room *room = &ticket->intake->rooms[ticket->stage];

	if (ticket->state == INTAKE_WAITS_FOR_LIMIT)
		TAILQ_REMOVE(&client->limited, ticket, entry);
	else if (ticket->state == INTAKE_WAITS_FOR_MEMORY)
		TAILQ_REMOVE(&room->waiting, ticket, entry);
	else if (ticket->state == INTAKE_HOLDS) {
		room->memory -= ticket->memory;
		if (!TAILQ_EMPTY(&room->waiting))
			loop_timer_start(room->timer, 0);
	}
	if (ticket->state == INTAKE_WAITS_FOR_PLACE ||
	    ticket->state == INTAKE_WAITS_FOR_MEMORY)
		intake_backlog_of(ticket)->waiting--;
	permit_release(&ticket->permit);
	if (ticket->counted) {
		client->in_flight--;
		intake_client_look(client);
	}
}

void
intake_leave(struct intake_ticket *ticket)
{
	if (ticket->state != INTAKE_NOWHERE)
		intake_give_back(ticket);
	loop_timer_free(ticket->deadline);
	ticket->deadline = NULL;
	ticket->counted = false;
	ticket->state = INTAKE_NOWHERE;
}

/* --- the whole ----------------------------------------------------------- */

struct intake *
intake_create(const struct intake_params *params)
{
	struct intake *intake = xcalloc(1, sizeof *intake);
	size_t i;

	intake->params = *params;
	TAILQ_INIT(&intake->clients);
	for (i = 0; i < INTAKE_STAGE__MAX; i++) {
		struct intake_room *room = &intake->rooms[i];

		room->permits = permits_create(params->loop,
		    params->max_requests);
		TAILQ_INIT(&room->waiting);
		room->max_memory = params->max_memory / INTAKE_UPLOAD_SHARE *
		    (i == INTAKE_UPLOAD ? 1 : INTAKE_UPLOAD_SHARE - 1);
		room->timer = loop_timer_create(params->loop,
		    intake_on_memory, room);
	}
	return intake;
}

void
intake_free(struct intake *intake)
{
	struct intake_client *client;
	size_t i;

	if (intake == NULL)
		return;
	while ((client = TAILQ_FIRST(&intake->clients)) != NULL) {
		TAILQ_REMOVE(&intake->clients, client, entry);
		intake_client_free(client);
	}
	for (i = 0; i < INTAKE_STAGE__MAX; i++) {
		permits_free(intake->rooms[i].permits);
		loop_timer_free(intake->rooms[i].timer);
	}
	free(intake);
}
