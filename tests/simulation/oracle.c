/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "attempts.h"
#include "base/xmalloc.h"
#include "bodies.h"
#include "events.h"
#include "limits.h"
#include "probes.h"
#include "told.h"
#include "tokens.h"
#include "turns.h"
#include "untried.h"

enum {
	ORACLE_ATTEMPTS_MAX = 3,
	ORACLE_REFUSALS_MAX = 11,	/* of an attempt */
	ORACLE_WINDOW = 20,
	/* In which a small request must have its first attempt: this, and
	 * some answers of the slowest provider. */
	ORACLE_WAIT_MS = 4000,
	/* All pauses are over, and who was the probe is. */
	ORACLE_PAUSED_MS = 85000,
	/* Then the probe of a worker that was killed is another's. */
	ORACLE_LEASE_MS = 14000
};

/* The latest answers to a client's pushes to an app, by all workers. */
struct oracle_window {
	bool suspicious[ORACLE_WINDOW];
	unsigned int next;
	bool up;
};

/* What one generation has learnt. */
struct oracle_generation {
	/* The first good answer since an account was last not well. */
	int64_t healed_ms[NETWORK_ACCOUNT__MAX];
};

struct oracle {
	struct ledger *ledger;
	struct network *network;
	const struct gateway *gateway;
	struct oracle_window windows[BODIES_APPS][2];
	bool proven[BODIES_APPS];	/* something was delivered to it */
	struct probes *probes;
	struct limits *limits;
	struct turns *turns;
	struct untried untried[NETWORK_ACCOUNT__MAX];
	struct oracle_generation *generations[GATEWAY_GENERATIONS_MAX];
	struct oracle_counts counts;
};

struct oracle *
oracle_create(struct ledger *ledger, struct network *network)
{
	struct oracle *oracle = xcalloc(1, sizeof *oracle);
	size_t i;

	for (i = 0; i < NETWORK_ACCOUNT__MAX; i++)
		untried_init(&oracle->untried[i]);
	oracle->ledger = ledger;
	oracle->network = network;
	return oracle;
}

void
oracle_set_gateway(struct oracle *oracle, const struct gateway *gateway)
{
	oracle->gateway = gateway;
	oracle->limits = limits_create(oracle->ledger, gateway);
	oracle->probes = probes_create(oracle->ledger, oracle->network,
	    gateway);
	oracle->turns = turns_create(oracle->ledger, oracle->network, gateway);
}

void
oracle_free(struct oracle *oracle)
{
	size_t i;

	for (i = 0; i < GATEWAY_GENERATIONS_MAX; i++)
		free(oracle->generations[i]);
	limits_free(oracle->limits);
	probes_free(oracle->probes);
	turns_free(oracle->turns);
	free(oracle);
}

const struct oracle_counts *
oracle_counts(const struct oracle *oracle)
{
	return &oracle->counts;
}

void
oracle_counts_add(struct oracle_counts *sum,
    const struct oracle_counts *counts)
{
	sum->requests += counts->requests;
	sum->verdicts += counts->verdicts;
	sum->delivered += counts->delivered;
	sum->unsure += counts->unsure;
	sum->rejected += counts->rejected;
	sum->later += counts->later;
	sum->failed += counts->failed;
	sum->attempts += counts->attempts;
	sum->duplicates += counts->duplicates;
}

static struct ledger_request *
oracle_request(const struct oracle *oracle, const struct ledger_device *device)
{
	return &oracle->ledger->requests[
	    oracle->ledger->items[device->item].request];
}

/* --- each attempt -------------------------------------------------------- */

void
oracle_on_sent(void *arg, size_t index)
{
	struct oracle *oracle = arg;
	const struct ledger_device *device = &oracle->ledger->devices[index];
	struct ledger_request *request = oracle_request(oracle, device);
	int64_t now_ms = ledger_now_ms();
	const char *fault = limits_note_sent(oracle->limits, device, request);
	const char *unfair = turns_note_sent(oracle->turns, device);

	oracle->counts.attempts++;
	untried_note_sent(&oracle->untried[device->account], now_ms);
	probes_note_sent(oracle->probes, device, request);
	if (request->began_ms == LEDGER_NONE || now_ms < request->began_ms ||
	    request->end_ms != LEDGER_NONE)
		fault = "sent for a request that is not under way";
	else if (device->unreachable)
		fault = "sent to whom the caller may not";
	else if (device->unwanted)
		fault = "sent though the pusher does not want it";
	else if (device->malformed)
		fault = "sent to a pushkey that is none";
	else if (now_ms >= request->began_ms + request->timeout_ms)
		fault = "sent after the deadline";
	else if (device->attempt_count > ORACLE_ATTEMPTS_MAX)
		fault = "sent more than three times";
	else if (device->refusals > ORACLE_ATTEMPTS_MAX * ORACLE_REFUSALS_MAX)
		fault = "sent again and again though it is refused";
	else if (device->attempt_count > 1) {
		fault = attempts_find_fault(device);
		attempts_note(device);
	}
	if (fault == NULL)
		fault = tokens_find_fault(oracle->ledger, device, request);
	if (fault == NULL)
		fault = unfair;
	if (fault != NULL)
		ledger_blame_device(oracle->ledger, index, "%s", fault);
}

void
oracle_on_crashed(void *arg)
{
	struct oracle *oracle = arg;

	probes_note_crash(oracle->probes);
}

/* --- the guard ----------------------------------------------------------- */

void
oracle_on_began(void *arg, size_t generation, size_t previous)
{
	struct oracle *oracle = arg;

	/* What the host knows is not its. */
	(void)previous;
	oracle->generations[generation] = xcalloc(1,
	    sizeof **oracle->generations);
}

/* Up from ten of the latest twenty, until fewer than five are. */
static void
oracle_window_note(struct oracle_window *window, bool suspicious)
{
	unsigned int i, sum = 0;

	window->suspicious[window->next] = suspicious;
	window->next = (window->next + 1) % ORACLE_WINDOW;
	for (i = 0; i < ORACLE_WINDOW; i++)
		sum += window->suspicious[i];
	window->up = sum >= (window->up ? 5U : 10U);
}

void
oracle_on_ended(void *arg, size_t index)
{
	struct oracle *oracle = arg;
	struct ledger_device *device = &oracle->ledger->devices[index];
	const struct ledger_request *request = oracle_request(oracle, device);
	struct ledger_attempt *attempt =
	    &device->attempts[device->attempt_count - 1];
	struct oracle_generation *generation =
	    oracle->generations[request->generation];
	struct oracle_window *window = &oracle->windows[device->app][request->narrow];
	int64_t *healed_ms = &generation->healed_ms[device->account];

	probes_note_end(oracle->probes, device, attempt, request);
	turns_note_end(oracle->turns, device);
	if (attempt->end != LEDGER_ANSWERED)
		return;
	tokens_note_answer(oracle->ledger, device, request);
	if (!attempt->answer->trouble && *healed_ms <=
	    network_trouble_ms(oracle->network, device->account))
		*healed_ms = ledger_now_ms();
	if (attempt->answer->meaning != MEANS_DELIVERED &&
	    attempt->answer->meaning != MEANS_REJECTED)
		return;
	oracle_window_note(window, attempt->answer->suspicious);
	if (attempt->answer->meaning == MEANS_DELIVERED)
		oracle->proven[device->app] = true;
	attempt->guarded = attempt->answer->suspicious &&
	    (window->up || !oracle->proven[device->app]) &&
	    gateway_settings(oracle->gateway,
	    request->generation)->reject_guard;
	if (attempt->guarded)
		events_note(EVENT_GUARDED);
}

/* --- what a device comes to ---------------------------------------------- */

/* True if it comes to nothing that is sent. */
static bool
oracle_is_settled(const struct ledger_device *device)
{
	return device->unreachable || device->unwanted || device->malformed;
}

/* True if there is a reason for which it was not sent until then. */
static bool
oracle_is_excused(struct oracle *oracle, const struct ledger_device *device,
    const struct ledger_request *request, int64_t until_ms)
{
	const struct gateway_settings *settings = gateway_settings(
	    oracle->gateway, request->generation);
	int64_t since_ms = request->began_ms -
	    1000 * settings->breaker_pause_s - ORACLE_LEASE_MS;
	int64_t trouble_ms = network_trouble_ms(oracle->network,
	    device->account);
	int64_t healed_ms = oracle->generations[request->generation]->
	    healed_ms[device->account];

	return oracle->ledger->is_hampered || device->lost ||
	    request->expired || request->held ||
	    limits_may_delay(oracle->limits, device->account,
	    request->began_ms, until_ms) ||
	    (trouble_ms != LEDGER_NONE && (trouble_ms >= since_ms ||
	    trouble_ms > healed_ms || healed_ms >= request->began_ms)) ||
	    network_busy_ms(oracle->network, device->account) >=
	    request->began_ms - 1000;
}

static void
oracle_count(struct oracle *oracle, const struct ledger_device *device,
    unsigned int meaning)
{
	unsigned int i, accepted = 0;

	oracle->counts.verdicts++;
	oracle->counts.delivered += meaning == MEANS_DELIVERED;
	oracle->counts.unsure += meaning == (MEANS_DELIVERED | MEANS_LATER);
	oracle->counts.rejected += meaning == MEANS_REJECTED;
	oracle->counts.later += meaning == MEANS_LATER;
	oracle->counts.failed += meaning == MEANS_FAILED;
	for (i = 0; i < device->attempt_count; i++)
		accepted += device->attempts[i].accepted;
	oracle->counts.duplicates += accepted > 1 ? accepted - 1 : 0;
	if (accepted > 1)
		events_note(EVENT_DUPLICATE);
}

/*
 * A stream that is refused was never there: while time is left, no breaker can
 * be open and nothing else happens to the account, there is another attempt.
 */
static void
oracle_check_refused(struct oracle *oracle, size_t index)
{
	const struct ledger_device *device = &oracle->ledger->devices[index];
	const struct ledger_request *request = oracle_request(oracle, device);
	const struct ledger_attempt *last;

	if (device->attempt_count == 0)
		return;
	last = &device->attempts[device->attempt_count - 1];
	if (last->end != LEDGER_REFUSED || oracle->ledger->is_hampered ||
	    network_trouble_ms(oracle->network, device->account) >
	    last->ended_ms ||
	    device->attempt_count - 1 + device->refusals >=
	    ORACLE_ATTEMPTS_MAX || request->expired ||
	    limits_may_delay(oracle->limits, device->account, last->ended_ms,
	    request->end_ms) ||
	    gateway_settings(oracle->gateway,
	    request->generation)->breaker_failures > 0 ||
	    network_busy_ms(oracle->network, device->account) >=
	    request->began_ms - 1000)
		return;
	if (last->ended_ms + ORACLE_WAIT_MS <
	    request->began_ms + request->timeout_ms)
		ledger_blame_device(oracle->ledger, index,
		    "not sent again though its stream was refused");
}

/* Looks at one device whose item is settled. */
static void
oracle_check_device(struct oracle *oracle, size_t index)
{
	const struct ledger_device *device = &oracle->ledger->devices[index];
	const struct ledger_request *request = oracle_request(oracle, device);
	unsigned int meaning = told_meaning(device), i;

	oracle_count(oracle, device, meaning);
	if (device->attempt_count > 0 &&
	    device->attempts[device->attempt_count - 1].end == LEDGER_PENDING)
		ledger_blame_device(oracle->ledger, index, "settled while it is under way");
	if (device->attempt_count == 0 && !oracle_is_settled(device) &&
	    !oracle_is_excused(oracle, device, request, request->end_ms) &&
	    !limits_may_crowd(oracle->limits, index))
		ledger_blame_device(oracle->ledger, index, "never sent, for no reason");
	oracle_check_refused(oracle, index);
	/* Accepted twice only after an end that said nothing. */
	for (i = 0; i + 1 < device->attempt_count; i++) {
		if (device->attempts[i].accepted &&
		    device->attempts[i].end != LEDGER_BROKEN)
			ledger_blame_device(oracle->ledger, index, "a duplicate without need");
	}
	if (device->attempt_count > 0 && request->small &&
	    device->attempts[0].sent_ms - request->began_ms >
	    ORACLE_WAIT_MS && !oracle_is_excused(oracle, device, request,
	    device->attempts[0].sent_ms))
		ledger_blame_device(oracle->ledger, index, "waits for long, for no reason");
}

/* --- what a request comes to ---------------------------------------------- */

/*
 * An account that has long been well, and that nobody asks, is asked by the
 * first who comes, however bad it was before.
 */
static void
oracle_check_tried(struct oracle *oracle, size_t index)
{
	const struct ledger_device *device = &oracle->ledger->devices[index];
	const struct ledger_request *request = oracle_request(oracle, device);

	if (device->attempt_count > 0 || oracle_is_settled(device) ||
	    device->lost || request->expired || request->held ||
	    network_trouble_ms(oracle->network, device->account) >=
	    request->began_ms - ORACLE_PAUSED_MS)
		return;
	if (untried_is_long(&oracle->untried[device->account],
	    request->began_ms))
		ledger_blame_device(oracle->ledger, index,
		    "an account that is well is not tried again");
}

/* Nobody would hear of it: nothing of it is sent, nor counted. */
static void
oracle_check_unserved(struct oracle *oracle,
    const struct ledger_request *request)
{
	size_t i, j;

	if (!(request->gone && request->held))
		ledger_blame(oracle->ledger, "request %zu is not served, for "
		    "no reason", (size_t)(request - oracle->ledger->requests));
	for (i = 0; i < request->item_count; i++) {
		const struct ledger_item *item =
		    &oracle->ledger->items[request->first_item + i];

		for (j = item->first_device;
		    j < item->first_device + item->device_count; j++) {
			if (oracle->ledger->devices[j].attempt_count > 0)
				ledger_blame_device(oracle->ledger, j,
				    "sent though its caller is gone");
		}
	}
}

/* Its body was not asked for, in a long queue: 503, whatever it is. */
static void
oracle_check_unread(struct oracle *oracle, struct ledger_request *request)
{
	size_t index = (size_t)(request - oracle->ledger->requests);

	events_note(EVENT_OVERLOADED);
	request->refusal = LEDGER_EXPIRED;
	request->began_ms = LEDGER_NONE;
	if (!request->held || request->started)
		ledger_blame(oracle->ledger, "request %zu is not read, for no "
		    "reason", index);
	if (request->end_ms > request->body_ms + request->timeout_ms)
		ledger_blame(oracle->ledger, "request %zu has waited too long "
		    "for nothing", index);
}

/* Looks at all devices of a request that was served, or refused as a whole. */
static void
oracle_check_devices(struct oracle *oracle,
    const struct ledger_request *request)
{
	bool late = request->expired || request->end_ms >=
	    request->began_ms + request->timeout_ms;
	/* Who stands in a long queue is told so at once. */
	bool held = request->held && !request->started && (late ||
	    gateway_is_narrow(oracle->gateway));
	size_t i, j;

	for (i = 0; i < request->item_count; i++) {
		const struct ledger_item *item =
		    &oracle->ledger->items[request->first_item + i];

		for (j = item->first_device;
		    j < item->first_device + item->device_count; j++) {
			oracle->ledger->devices[j].late = late;
			oracle->ledger->devices[j].held = held;
			oracle_check_device(oracle, j);
			oracle_check_tried(oracle, j);
		}
	}
}

/* At once, unless all places are taken: then its time begins later. */
void
oracle_note_read(struct oracle *oracle, size_t index)
{
	struct ledger_request *request = &oracle->ledger->requests[index];
	int64_t now_ms = ledger_now_ms();

	request->unread = false;
	if (now_ms == request->body_ms)
		return;
	request->held = limits_may_hold(oracle->limits, request);
	if (!request->held)
		ledger_blame(oracle->ledger, "request %zu: its body is read "
		    "%" PRId64 " ms late", index, now_ms - request->body_ms);
	request->body_ms = now_ms;
	if (request->refusal == LEDGER_SERVED)
		request->began_ms = now_ms;
}

void
oracle_check_request(struct oracle *oracle, size_t index)
{
	struct ledger_request *request = &oracle->ledger->requests[index];

	oracle->counts.requests++;
	limits_note_end(oracle->limits, request);
	request->held = request->held ||
	    limits_may_hold(oracle->limits, request);
	if (request->held)
		events_note(EVENT_HELD);
	if (request->refusal != LEDGER_SERVED)
		return;
	if (request->unread) {
		oracle_check_unread(oracle, request);
		return;
	}
	if (request->unserved) {
		oracle_check_unserved(oracle, request);
		return;
	}
	if (request->end_ms > request->began_ms + request->timeout_ms)
		ledger_blame(oracle->ledger, "request %zu is answered after "
		    "its deadline: body at %" PRId64 " ms, timeout %" PRId64
		    " ms", index, request->began_ms, request->timeout_ms);
	oracle_check_devices(oracle, request);
}

void
oracle_check_answer(struct oracle *oracle, size_t index, int status,
    const char *body, bool is_whole)
{
	static const int refusals[] = {
		[LEDGER_BAD_REQUEST] = 400,
		[LEDGER_UNAUTHORISED] = 401,
		[LEDGER_NOT_FOUND] = 404,
		[LEDGER_WRONG_METHOD] = 405,
		[LEDGER_TOO_LARGE] = 413,
		[LEDGER_EXPIRED] = 503
	};
	const struct ledger_request *request =
	    &oracle->ledger->requests[index];

	if (request->refusal == LEDGER_SERVED && is_whole &&
	    !request->unserved)
		told_check(oracle->ledger, index, status, body);
	else if (request->refusal == LEDGER_SERVED)
		told_check_part(oracle->ledger, index, body);
	else if (is_whole && status != refusals[request->refusal] &&
	    !(request->refusal == LEDGER_BAD_REQUEST && request->unread &&
	    request->held && status == refusals[LEDGER_EXPIRED]))
		ledger_blame(oracle->ledger, "request %zu is answered by %d "
		    "in place of %d", index, status,
		    refusals[request->refusal]);
}

/* --- the end ------------------------------------------------------------- */

void
oracle_check_end(struct oracle *oracle)
{
	size_t i;

	for (i = 0; i < oracle->ledger->request_count; i++) {
		if (oracle->ledger->requests[i].end_ms == LEDGER_NONE)
			ledger_blame(oracle->ledger,
			    "request %zu is never answered", i);
	}
	probes_check_end(oracle->probes);
	limits_check_end(oracle->limits, oracle->ledger);
}
