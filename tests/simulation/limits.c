/* SPDX-License-Identifier: Apache-2.0 */
#include "limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "pace.h"

enum {
	LIMITS_MINUTE_MS = 60000,
	LIMITS_BURST_MS = 1000,
	/* Devices of one request that are under way at once. */
	LIMITS_ACTIVE_MAX = 1000,
	/* Who came before that has been served, or waits no longer. */
	LIMITS_LONG_MS = 16000,
	/* So long an account may be idle though somebody waits. */
	LIMITS_IDLE_MS = 2000,
	/* Of the memory for requests, three quarters are for those whose
	 * bodies have come; an object takes so much of it at least. */
	LIMITS_MEMORY_MB = 1024 * 1024 / 4 * 3,
	LIMITS_OBJECT_SIZE = 1000,
	/* The slowest rate has one in this time. */
	LIMITS_WASTED_MS = 2000
};

struct limits_account {
	struct pace pace;
	int64_t busy_ms;		/* its rate, until then */
	int64_t idle_from_ms;		/* when it last was not, for long */
	int64_t idle_until_ms;
};

/* Of one generation of a worker. */
struct limits_worker {
	int64_t in_flight[2];		/* of the other client, and the narrow
					 * one */
	int64_t memory;			/* of those together */
};

struct limits {
	const struct ledger *ledger;
	const struct gateway *gateway;
	struct limits_account accounts[NETWORK_ACCOUNT__MAX];
	struct limits_worker workers[GATEWAY_GENERATIONS_MAX];
};

struct limits *
limits_create(const struct ledger *ledger, const struct gateway *gateway)
{
	struct limits *limits = xcalloc(1, sizeof *limits);

	limits->ledger = ledger;
	limits->gateway = gateway;
	return limits;
}

void
limits_free(struct limits *limits)
{
	free(limits);
}

/* --- what is kept to ----------------------------------------------------- */

/* Twice its time: a permit is used up, too, by who is not sent after all. */
static void
limits_note_busy(struct limits_account *account, int64_t now_ms,
    int64_t per_minute)
{
	if (now_ms > account->busy_ms) {
		if (now_ms > account->busy_ms + LIMITS_IDLE_MS) {
			account->idle_from_ms = account->busy_ms;
			account->idle_until_ms = now_ms;
		}
		account->busy_ms = now_ms;
	}
	account->busy_ms += 2 * LIMITS_MINUTE_MS / per_minute;
}

int64_t
limits_estimate(const char *body)
{
	int64_t size = 2 * (int64_t)strlen(body);

	while ((body = strchr(body, '{')) != NULL) {
		size += LIMITS_OBJECT_SIZE;
		body++;
	}
	return size;
}

/* What is more than there is goes alone. */
static bool
limits_exceed_memory(const struct limits_worker *worker,
    const struct gateway_limits *most)
{
	return most->memory_mb > 0 &&
	    worker->in_flight[0] + worker->in_flight[1] > 1 &&
	    worker->memory > most->memory_mb * LIMITS_MEMORY_MB;
}

/* One more request is under way. */
static const char *
limits_note_started(struct limits_worker *worker,
    const struct gateway_limits *most, const struct ledger_request *request)
{
	bool narrow = request->narrow;
	int64_t own = ++worker->in_flight[narrow];

	worker->memory += request->memory;
	if (limits_exceed_memory(worker, most))
		return "sent beyond the memory of its worker";

	if (most->places > 0 &&
	    worker->in_flight[0] + worker->in_flight[1] > most->places)
		return "sent beyond the places of its worker";
	/* The more it has, the more must be left: three times that. */
	if (most->places > 0 && own > (3 * most->places + 3) / 4)
		return "sent beyond its client's share of the places";
	if (narrow && most->narrow_in_flight > 0 &&
	    own > most->narrow_in_flight)
		return "sent beyond the requests of its client";
	return NULL;
}

const char *
limits_note_sent(struct limits *limits, const struct ledger_device *device,
    struct ledger_request *request)
{
	const struct gateway_limits *most = gateway_limits(limits->gateway);
	struct limits_account *account = &limits->accounts[device->account];
	int64_t now_ms = ledger_now_ms();
	const char *fault = NULL;

	/* In the place of one that was refused it needs no other permit. */
	if (most->rate_per_minute > 0 && device->refusals == 0) {
		limits_note_busy(account, now_ms, most->rate_per_minute);
		if (pace_exceeds(&account->pace, now_ms,
		    most->rate_per_minute))
			fault = "sent beyond the rate of its account";
	}
	if (fault == NULL && !request->started)
		fault = limits_note_started(
		    &limits->workers[request->generation], most, request);
	request->started = true;
	return fault;
}

void
limits_note_end(struct limits *limits, const struct ledger_request *request)
{
	struct limits_worker *worker;

	if (!request->started)
		return;
	worker = &limits->workers[request->generation];
	worker->in_flight[request->narrow]--;
	worker->memory -= request->memory;
}

static int
limits_compare(const void *one, const void *other)
{
	const struct ledger_request *const *a = one, *const *b = other;

	return ((*a)->served_ms > (*b)->served_ms) -
	    ((*a)->served_ms < (*b)->served_ms);
}

/* What the rate admits comes evenly, but for what comes in a second. */
static void
limits_check_rate(struct ledger *ledger, int64_t per_minute,
    const struct ledger_request **requests, size_t count)
{
	int64_t full_ms = 0;
	size_t i;

	qsort(requests, count, sizeof *requests, limits_compare);
	for (i = 0; i < count; i++) {
		int64_t now_ms = requests[i]->served_ms;

		if (full_ms > now_ms + LIMITS_BURST_MS)
			ledger_blame(ledger, "request %zu is served at %"
			    PRId64 " ms, beyond the rate of its client",
			    (size_t)(requests[i] - ledger->requests), now_ms);
		if (full_ms < now_ms)
			full_ms = now_ms;
		full_ms += LIMITS_MINUTE_MS / per_minute;
	}
}

/* Who waits for room has been counted before it is served. */
void
limits_check_end(const struct limits *limits, struct ledger *ledger)
{
	int64_t per_minute =
	    gateway_limits(limits->gateway)->narrow_rate_per_minute;
	const struct ledger_request **requests;
	size_t i, j, count;

	if (per_minute == 0 || gateway_is_narrow(limits->gateway))
		return;
	requests = xcalloc(ledger->request_count, sizeof *requests);
	for (i = 0; i < GATEWAY_GENERATIONS_MAX; i++) {
		for (j = 0, count = 0; j < ledger->request_count; j++) {
			const struct ledger_request *request =
			    &ledger->requests[j];

			if (request->generation == i && request->narrow &&
			    request->started)
				requests[count++] = request;
		}
		limits_check_rate(ledger, per_minute, requests, count);
	}
	free(requests);
}

/* --- reasons ------------------------------------------------------------- */

/* True if so many are there with it that not each has room at once. */
static bool
limits_may_lack_room(const struct limits *limits,
    const struct ledger_request *request)
{
	const struct ledger *ledger = limits->ledger;
	const struct gateway_limits *most = gateway_limits(limits->gateway);
	int64_t open = 0;
	size_t i;

	if (!gateway_is_narrow(limits->gateway))
		return false;
	for (i = 0; i < ledger->request_count; i++) {
		const struct ledger_request *other = &ledger->requests[i];

		open += other != request &&
		    other->generation == request->generation &&
		    other->came_ms <= request->body_ms &&
		    (other->end_ms == LEDGER_NONE ||
		    other->end_ms >= request->body_ms);
	}
	return (most->places > 0 && 4 * open >= 3 * most->places) ||
	    (most->memory_mb > 0 && open > 0);
}

/* True if the limits of its client may not have admitted it at once. */
static bool
limits_may_lack_admission(const struct limits *limits,
    const struct ledger_request *request)
{
	const struct gateway_limits *most = gateway_limits(limits->gateway);
	const struct ledger *ledger = limits->ledger;
	int64_t each_ms = most->narrow_rate_per_minute == 0 ? 0 :
	    LIMITS_MINUTE_MS / most->narrow_rate_per_minute;
	int64_t came = 0, open = 0;
	size_t i;

	if (!request->narrow)
		return false;
	for (i = 0; i < ledger->request_count; i++) {
		const struct ledger_request *other = &ledger->requests[i];

		if (other == request || !other->narrow ||
		    other->generation != request->generation ||
		    other->body_ms > request->body_ms)
			continue;
		came += other->body_ms > request->body_ms - LIMITS_LONG_MS -
		    each_ms;
		open += other->end_ms == LEDGER_NONE ||
		    other->end_ms >= request->body_ms;
	}
	return (came > 0 && (came + 1) * each_ms > LIMITS_BURST_MS) ||
	    (most->narrow_in_flight > 0 && open >= most->narrow_in_flight);
}

bool
limits_may_hold(const struct limits *limits,
    const struct ledger_request *request)
{
	return limits_may_lack_room(limits, request) ||
	    limits_may_lack_admission(limits, request);
}

/* True if that is long, of the time between. */
static bool
limits_is_long(int64_t idle_from_ms, int64_t idle_until_ms, int64_t from_ms,
    int64_t until_ms)
{
	if (idle_from_ms < from_ms)
		idle_from_ms = from_ms;
	if (idle_until_ms > until_ms)
		idle_until_ms = until_ms;
	return idle_until_ms - idle_from_ms > LIMITS_IDLE_MS;
}

/*
 * True if there were pushkeys that are none: that is found out when it is their
 * turn, of which the rate has one less then.
 */
static bool
limits_are_wasted(const struct limits *limits, unsigned int account,
    int64_t from_ms, int64_t until_ms)
{
	const struct ledger *ledger = limits->ledger;
	size_t i;

	for (i = 0; i < ledger->device_count; i++) {
		const struct ledger_device *device = &ledger->devices[i];
		const struct ledger_request *request =
		    &ledger->requests[ledger->items[device->item].request];

		if (device->account == account && device->malformed &&
		    request->body_ms <= until_ms &&
		    (request->end_ms == LEDGER_NONE ||
		    request->end_ms > from_ms - LIMITS_WASTED_MS))
			return true;
	}
	return false;
}

bool
limits_may_delay(const struct limits *limits, unsigned int account,
    int64_t from_ms, int64_t until_ms)
{
	const struct limits_account *one = &limits->accounts[account];

	if (gateway_limits(limits->gateway)->rate_per_minute == 0)
		return false;
	return (one->busy_ms >= from_ms &&
	    !limits_is_long(one->idle_from_ms, one->idle_until_ms, from_ms,
	    until_ms) && !limits_is_long(one->busy_ms, until_ms, from_ms,
	    until_ms)) || limits_are_wasted(limits, account, from_ms,
	    until_ms);
}

bool
limits_may_crowd(const struct limits *limits, size_t index)
{
	const struct ledger *ledger = limits->ledger;
	const struct ledger_request *request =
	    &ledger->requests[ledger->items[ledger->devices[index].item].
	    request];
	size_t i = ledger->items[request->first_item].first_device;
	unsigned int open = 0;

	for (; i < index; i++) {
		const struct ledger_device *device = &ledger->devices[i];
		const struct ledger_attempt *last = &device->attempts[
		    device->attempt_count > 0 ? device->attempt_count - 1 : 0];

		open += last->end != LEDGER_ANSWERED || last->answer->trouble;
	}
	return open >= LIMITS_ACTIVE_MAX;
}
