/* SPDX-License-Identifier: Apache-2.0 */
/* When requests of several callers may go on, by the clock. */
#include "api/intake.h"

#include <string.h>

#include "fake-loop.h"
#include "fixture.h"
#include "tap.h"

enum { VISITS_MAX = 8, PLACES = 4, MEMORY = 400, TIME_MS = 8000 };

/*
 * A request that enters a stage, and what becomes of it: it is granted, or
 * refused, at a time; and leaves so long after it was granted.
 */
struct visit {
	int64_t at_ms;
	enum intake_stage stage;
	const char *client;	/* NULL: "one"; the last visit has "" */
	size_t memory;
	int64_t time_ms;	/* until its deadline; 0: 8 s */
	int64_t holds_ms;	/* 0: to the end */
	enum intake_result result;
	bool is_refused;	/* after it waited */
	int64_t when_ms;	/* it is granted, or refused */
};

#define AT_ONCE(when) .at_ms = when, .result = INTAKE_GRANTED, .when_ms = when
#define WAITS(from, until) .at_ms = from, .result = INTAKE_WAITS, \
    .when_ms = until
#define OVERLOADED(when) .at_ms = when, .result = INTAKE_OVERLOADED, \
    .when_ms = when
#define SERVICE .stage = INTAKE_SERVICE
#define END { .client = "" }

/* Clients: without limits, of some requests, of some rates. */
static const char *const clients[] = {
	"{\"name\":\"one\",\"vouched\":true}",
	"{\"name\":\"other\",\"vouched\":true}",
	"{\"name\":\"two\",\"vouched\":true,\"max_requests_in_flight\":2}",
	"{\"name\":\"paced\",\"vouched\":true,\"max_rate_per_minute\":60}",
	"{\"name\":\"slow\",\"vouched\":true,\"max_rate_per_minute\":29}",
	"{\"name\":\"single\",\"vouched\":true,"
	    "\"max_requests_in_flight\":1}",
	"{\"name\":\"rare\",\"vouched\":true,\"max_rate_per_minute\":1}",
};

static const struct scenario {
	const char *name;
	struct visit visits[VISITS_MAX + 1];
} scenarios[] = {
	/* --- places --- */
	{ "a caller may have three of four places, and waits for more", {
	    { AT_ONCE(0), .holds_ms = 100 }, { AT_ONCE(0) }, { AT_ONCE(0) },
	    { WAITS(0, 100) }, END } },
	{ "another one finds the last", {
	    { AT_ONCE(0) }, { AT_ONCE(0) }, { AT_ONCE(0) },
	    { AT_ONCE(0), .client = "other" }, END } },
	{ "the two stages have places of their own", {
	    { AT_ONCE(0) }, { AT_ONCE(0) }, { AT_ONCE(0) },
	    { AT_ONCE(0), SERVICE }, END } },
	{ "what has waited until its deadline is refused", {
	    { AT_ONCE(0) }, { AT_ONCE(0) }, { AT_ONCE(0) },
	    { WAITS(0, 1500), .time_ms = 1500, .is_refused = true }, END } },
	{ "what comes at its deadline does not wait", {
	    { OVERLOADED(10), .time_ms = -1 }, { AT_ONCE(10), .time_ms = 1 },
	    END } },
	{ "who waits is told no more at its deadline once it goes on", {
	    { AT_ONCE(0), .holds_ms = 100 }, { AT_ONCE(0) }, { AT_ONCE(0) },
	    { WAITS(0, 100), .time_ms = 200 }, END } },

	/* --- a queue that stands --- */
	{ "for two seconds a caller queues, then it is told at once", {
	    { AT_ONCE(0) }, { AT_ONCE(0) }, { AT_ONCE(0) },
	    { WAITS(0, 8000), .is_refused = true },
	    { WAITS(2000, 10000), .is_refused = true }, { OVERLOADED(2001) },
	    { AT_ONCE(2001), .client = "other" }, END } },
	{ "a break of the queue begins the time anew", {
	    { AT_ONCE(0), .holds_ms = 1000 }, { AT_ONCE(0) }, { AT_ONCE(0) },
	    { WAITS(0, 1000) }, { WAITS(1500, 9500), .is_refused = true },
	    { WAITS(3500, 11500), .is_refused = true }, { OVERLOADED(3501) },
	    END } },
	{ "so does one by a deadline", {
	    { AT_ONCE(0) }, { AT_ONCE(0) }, { AT_ONCE(0) },
	    { WAITS(0, 1000), .time_ms = 1000, .is_refused = true },
	    { WAITS(1500, 9500), .is_refused = true },
	    { WAITS(3500, 11500), .is_refused = true }, { OVERLOADED(3501) },
	    END } },
	{ "what was sent is served, though others wait to be sent", {
	    { AT_ONCE(0) }, { AT_ONCE(0) }, { AT_ONCE(0) },
	    { WAITS(0, 8000), .is_refused = true },
	    { AT_ONCE(5000), SERVICE }, { OVERLOADED(5000) }, END } },
	{ "but nothing is sent while others wait to be served", {
	    { AT_ONCE(0), SERVICE }, { AT_ONCE(0), SERVICE },
	    { AT_ONCE(0), SERVICE },
	    { WAITS(0, 8000), SERVICE, .is_refused = true },
	    { AT_ONCE(2000) }, { OVERLOADED(2001) },
	    { OVERLOADED(2001), SERVICE }, END } },
	{ "a queue for memory stands, too", {
	    { AT_ONCE(0), .memory = 100 },
	    { WAITS(0, 8000), .memory = 1, .is_refused = true },
	    { WAITS(2000, 10000), .memory = 1, .is_refused = true },
	    { OVERLOADED(2001) }, END } },

	{ "a break of the queue for memory begins it anew", {
	    { AT_ONCE(0), .memory = 100, .holds_ms = 1000 },
	    { WAITS(0, 1000), .memory = 100 },
	    { WAITS(1500, 9500), .memory = 1, .is_refused = true },
	    { WAITS(3500, 11500), .memory = 1, .is_refused = true },
	    { OVERLOADED(3501) }, END } },

	/* --- memory --- */
	{ "uploads have a quarter of it", {
	    { AT_ONCE(0), .memory = 60, .holds_ms = 100 },
	    { AT_ONCE(0), .memory = 40 }, { WAITS(0, 100), .memory = 1 },
	    END } },
	{ "the rest is for what is served", {
	    { AT_ONCE(0), SERVICE, .memory = 200, .holds_ms = 100 },
	    { AT_ONCE(0), SERVICE, .memory = 100 },
	    { WAITS(0, 100), SERVICE, .memory = 1 }, END } },
	{ "what is more than all there is goes alone", {
	    { AT_ONCE(0), .memory = 1000, .holds_ms = 100 },
	    { WAITS(0, 100), .memory = 1, .holds_ms = 50 },
	    { WAITS(50, 150), .memory = 1000 }, END } },
	{ "so does what comes after the least", {
	    { AT_ONCE(0), .memory = 1, .holds_ms = 100 },
	    { WAITS(0, 100), .memory = 1000 }, END } },
	{ "what needs none has it when there is none left", {
	    { AT_ONCE(0), .memory = 100 }, { AT_ONCE(0) },
	    { WAITS(0, 8000), .memory = 1, .is_refused = true }, END } },
	{ "what needs little does not wait for one that needs much", {
	    { AT_ONCE(0), .memory = 90, .holds_ms = 1000 },
	    { AT_ONCE(0), .memory = 10, .holds_ms = 100 },
	    { WAITS(0, 1000), .memory = 50 },
	    { WAITS(0, 100), .memory = 10, .client = "other" }, END } },
	{ "all that fits into what is given back goes", {
	    { AT_ONCE(0), .memory = 100, .holds_ms = 100 },
	    { WAITS(0, 100), .memory = 50 },
	    { WAITS(0, 100), .memory = 50, .client = "other" }, END } },
	{ "who waits for memory has a place", {
	    { AT_ONCE(0), .memory = 100, .holds_ms = 100 },
	    { WAITS(0, 100), .memory = 1 }, { WAITS(0, 100), .memory = 1 },
	    { WAITS(0, 100), .memory = 1 }, END } },
	{ "and who gets a place may have to wait for memory", {
	    { AT_ONCE(0), .memory = 90 },
	    { AT_ONCE(0), .memory = 10, .holds_ms = 100 }, { AT_ONCE(0) },
	    { WAITS(0, 8000), .memory = 11, .is_refused = true }, END } },
	{ "a place that is free may be one without memory", {
	    { AT_ONCE(0), .memory = 90, .holds_ms = 200 },
	    { AT_ONCE(0), .memory = 1, .holds_ms = 100 },
	    { AT_ONCE(0), .memory = 1 }, { WAITS(0, 200), .memory = 50 },
	    END } },
	{ "what gave up waiting for memory takes none", {
	    { AT_ONCE(0), .memory = 100, .holds_ms = 200 },
	    { WAITS(0, 100), .memory = 100, .time_ms = 100,
	    .is_refused = true }, { WAITS(0, 200), .memory = 100 }, END } },

	/* --- a caller's own limits --- */
	{ "of two requests the third waits for one of them", {
	    { AT_ONCE(0), SERVICE, .client = "two", .holds_ms = 100 },
	    { AT_ONCE(0), SERVICE, .client = "two" },
	    { WAITS(0, 100), SERVICE, .client = "two" },
	    { AT_ONCE(0), SERVICE }, END } },
	{ "one that has waited for it counts like the others", {
	    { AT_ONCE(0), SERVICE, .client = "two", .holds_ms = 100 },
	    { AT_ONCE(0), SERVICE, .client = "two", .holds_ms = 300 },
	    { WAITS(0, 100), SERVICE, .client = "two", .holds_ms = 100 },
	    { WAITS(0, 200), SERVICE, .client = "two" },
	    { WAITS(0, 300), SERVICE, .client = "two" }, END } },
	{ "uploads are not limited by it", {
	    { AT_ONCE(0), .client = "two" }, { AT_ONCE(0), .client = "two" },
	    { AT_ONCE(0), .client = "two" }, END } },
	{ "who waits for it is not told that the gateway is overloaded", {
	    { AT_ONCE(0), SERVICE, .client = "two" },
	    { AT_ONCE(0), SERVICE, .client = "two", .holds_ms = 3000 },
	    { WAITS(0, 3000), SERVICE, .client = "two" },
	    { WAITS(2500, 10500), SERVICE, .client = "two",
	    .is_refused = true }, END } },
	{ "a deadline there gives nothing back", {
	    { AT_ONCE(0), SERVICE, .client = "two" },
	    { AT_ONCE(0), SERVICE, .client = "two" },
	    { WAITS(0, 100), SERVICE, .client = "two", .time_ms = 100,
	    .is_refused = true },
	    { WAITS(200, 8200), SERVICE, .client = "two",
	    .is_refused = true }, END } },
	{ "a rate is kept over a second", {
	    { AT_ONCE(0), SERVICE, .client = "paced", .holds_ms = 1 },
	    { AT_ONCE(0), SERVICE, .client = "paced", .holds_ms = 1 },
	    { WAITS(0, 1000), SERVICE, .client = "paced", .holds_ms = 1 },
	    { WAITS(0, 2000), SERVICE, .client = "paced", .holds_ms = 1 },
	    { WAITS(1000, 3000), SERVICE, .client = "paced",
	    .holds_ms = 1 }, END } },
	{ "it goes on while nothing ends", {
	    { AT_ONCE(0), SERVICE, .client = "paced", .holds_ms = 1 },
	    { AT_ONCE(0), SERVICE, .client = "paced", .holds_ms = 1 },
	    { WAITS(0, 1000), SERVICE, .client = "paced" },
	    { WAITS(0, 2000), SERVICE, .client = "paced" }, END } },
	{ "time without requests saves none for later", {
	    { AT_ONCE(0), SERVICE, .client = "paced", .holds_ms = 1 },
	    { AT_ONCE(60000), SERVICE, .client = "paced", .holds_ms = 1 },
	    { AT_ONCE(60000), SERVICE, .client = "paced", .holds_ms = 1 },
	    { WAITS(60000, 61000), SERVICE, .client = "paced",
	    .holds_ms = 1 }, END } },
	{ "the second request of a slow rate waits but for that second", {
	    { AT_ONCE(0), SERVICE, .client = "slow", .holds_ms = 1 },
	    { WAITS(0, 1068), SERVICE, .client = "slow", .holds_ms = 1 },
	    END } },
	{ "one request may be all", {
	    { AT_ONCE(0), SERVICE, .client = "single", .holds_ms = 100 },
	    { WAITS(0, 100), SERVICE, .client = "single" }, END } },
	{ "so may one in a minute", {
	    { AT_ONCE(0), SERVICE, .client = "rare", .holds_ms = 1 },
	    { WAITS(0, 59000), SERVICE, .client = "rare",
	    .time_ms = 60000 }, END } },
	{ "the rate is waited for to the millisecond", {
	    { AT_ONCE(0), SERVICE, .client = "paced", .holds_ms = 1 },
	    { AT_ONCE(0), SERVICE, .client = "paced", .holds_ms = 1 },
	    { WAITS(999, 1000), SERVICE, .client = "paced" }, END } },
	{ "what gave up waiting for it takes none", {
	    { AT_ONCE(0), SERVICE, .client = "paced", .holds_ms = 1 },
	    { AT_ONCE(0), SERVICE, .client = "paced", .holds_ms = 1 },
	    { WAITS(0, 500), SERVICE, .client = "paced", .time_ms = 500,
	    .is_refused = true },
	    { WAITS(600, 1000), SERVICE, .client = "paced" },
	    { AT_ONCE(2000), SERVICE, .client = "paced" }, END } },
	{ "what is admitted by the limit still needs a place", {
	    { AT_ONCE(0), SERVICE, .client = "other" },
	    { AT_ONCE(0), SERVICE, .client = "other" },
	    { AT_ONCE(0), SERVICE, .client = "other", .holds_ms = 300 },
	    { AT_ONCE(0), SERVICE, .client = "two", .holds_ms = 100 },
	    { WAITS(0, 100), SERVICE, .client = "two" },
	    { WAITS(0, 300), SERVICE, .client = "two" }, END } },
};

static struct loop *loop;
static struct intake *intake;
static struct {
	const struct visit *visit;
	struct intake_ticket ticket;
	struct loop_timer *leaves;
	unsigned int told;
	bool granted;
	int64_t when_ms;
} guests[VISITS_MAX];

static int64_t
now_ms(void)
{
	return clock_monotonic_ms() - FAKE_LOOP_START_MS;
}

static void
on_leave(void *arg)
{
	intake_leave(arg);
}

static void
stay(size_t i, bool granted)
{
	guests[i].told++;
	guests[i].granted = granted;
	guests[i].when_ms = now_ms();
	if (granted && guests[i].visit->holds_ms > 0)
		loop_timer_start(guests[i].leaves,
		    guests[i].visit->holds_ms);
}

static void
on_go(void *arg, bool granted)
{
	stay((size_t)(uintptr_t)arg, granted);
}

static void
enter(size_t i, const struct client_list *list)
{
	const struct visit *visit = guests[i].visit;
	const char *name = visit->client == NULL ? "one" : visit->client;
	int64_t time_ms = visit->time_ms == 0 ? TIME_MS :
	    visit->time_ms == -1 ? 0 : visit->time_ms;
	enum intake_result result = intake_enter(intake, &guests[i].ticket,
	    visit->stage, client_list_find_vouched(list, name),
	    visit->memory, clock_monotonic_ms() + time_ms, on_go,
	    (void *)(uintptr_t)i);

	tap_is_int(result, visit->result, "request %zu: how it enters",
	    i + 1);
	if (result != INTAKE_WAITS)
		stay(i, result == INTAKE_GRANTED);
	else
		tap_is_int(guests[i].told, 0, "request %zu: not told yet",
		    i + 1);
}

static struct client_list *
make_clients(void)
{
	struct client_list *list = client_list_create();
	struct error error;
	size_t i;

	for (i = 0; i < sizeof clients / sizeof *clients; i++) {
		struct json_object *section = fixture_json(clients[i]);

		if (!client_list_add(list, section, &error))
			tap_bail_out("%s", error.words);
		json_object_put(section);
	}
	return list;
}

static void
check_scenario(const struct scenario *scenario)
{
	struct client_list *list = make_clients();
	const struct visit *visit = scenario->visits;
	size_t i, count = 0;

	clock_fake(FAKE_LOOP_START_MS, FAKE_LOOP_START_S);
	memset(guests, 0, sizeof guests);
	loop = loop_create();
	intake = intake_create(&(struct intake_params){ .loop = loop,
	    .max_requests = PLACES, .max_memory = MEMORY });
	tap_note("%s", scenario->name);
	for (; visit->client == NULL || visit->client[0] != '\0'; visit++) {
		guests[count].visit = visit;
		guests[count].leaves = loop_timer_create(loop, on_leave,
		    &guests[count].ticket);
		fake_loop_pass(loop, visit->at_ms - now_ms());
		enter(count++, list);
	}
	fake_loop_pass(loop, 100000);
	for (i = 0; i < count; i++) {
		visit = guests[i].visit;
		tap_is_int(guests[i].told, 1, "%s: request %zu is told once",
		    scenario->name, i + 1);
		tap_is_int(guests[i].granted, !visit->is_refused &&
		    visit->result != INTAKE_OVERLOADED,
		    "%s: request %zu, whether it goes on", scenario->name,
		    i + 1);
		tap_is_int(guests[i].when_ms, visit->when_ms,
		    "%s: request %zu, when", scenario->name, i + 1);
		intake_leave(&guests[i].ticket);
		loop_timer_free(guests[i].leaves);
	}
	intake_free(intake);
	loop_free(loop);
	client_list_free(list);
}

/* The same request, from one stage to the next, and once more. */
static void
check_stages(void)
{
	struct client_list *list = make_clients();
	const struct client *two = client_list_find_vouched(list, "two");
	struct intake_ticket tickets[4];
	size_t i;

	memset(tickets, 0, sizeof tickets);
	clock_fake(FAKE_LOOP_START_MS, FAKE_LOOP_START_S);
	loop = loop_create();
	intake = intake_create(&(struct intake_params){ .loop = loop,
	    .max_requests = PLACES, .max_memory = MEMORY });
#define ENTER(i, stage) intake_enter(intake, &tickets[i], stage, two, 100, \
    clock_monotonic_ms() + TIME_MS, NULL, NULL)
	tap_is_int(ENTER(0, INTAKE_UPLOAD), INTAKE_GRANTED, "it is sent");
	tap_is_int(ENTER(0, INTAKE_SERVICE), INTAKE_GRANTED, "and served");
	tap_is_int(ENTER(1, INTAKE_UPLOAD), INTAKE_GRANTED,
	    "while it is served it holds nothing of what it was sent in");
	intake_leave(&tickets[1]);
	intake_leave(&tickets[0]);
	tap_is_int(ENTER(0, INTAKE_UPLOAD), INTAKE_GRANTED, "it may return");
	intake_leave(&tickets[0]);
	for (i = 0; i < 3; i++)
		tap_is_int(ENTER(i, INTAKE_SERVICE), i < 2 ?
		    INTAKE_GRANTED : INTAKE_WAITS,
		    "its client's limit counts it once (%zu)", i + 1);
	for (i = 0; i < 4; i++)
		intake_leave(&tickets[i]);
	fake_loop_pass(loop, 0);
	tap_is_int((int64_t)fake_loop_timers(loop), 0, "no timer runs on");
	intake_free(intake);
	intake_free(NULL);
	loop_free(loop);
	client_list_free(list);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
		check_scenario(&scenarios[i]);
	check_stages();
	return tap_done();
}
