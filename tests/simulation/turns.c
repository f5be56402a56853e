/* SPDX-License-Identifier: Apache-2.0 */
#include "turns.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

enum {
	TURNS_MINUTE_MS = 60000,
	TURNS_MINUTE_S = 60,
	/* What is rounded up, and one that is there when nothing is missing. */
	TURNS_ROUNDED = 2
};

/* Streams of a connection, as many as the gateway uses of each provider. */
static const int64_t turns_streams[NETWORK_TOKENS] = {
	[NETWORK_APNS] = 500,
	[NETWORK_APNS_OTHER] = 500,
	[NETWORK_FCM] = 100,
	[NETWORK_HMS] = 100,
	[NETWORK_HMS_3] = 100,
	[NETWORK_WEB] = 100,
	[NETWORK_UNIFIED] = 100
};

struct turns_send {
	int64_t at_ms;
	size_t request;
	bool is_first;			/* of its device */
};

struct turns_account {
	struct turns_send *sends;	/* in the order of their times */
	size_t count;
	size_t size;
};

struct turns_request {
	unsigned int in_flight[NETWORK_TOKENS];
	bool sent[NETWORK_TOKENS];
	int64_t tally;			/* of its sends, for a moment */
};

struct turns {
	const struct ledger *ledger;
	const struct network *network;
	const struct gateway *gateway;
	struct turns_account accounts[NETWORK_TOKENS];
	struct turns_request *requests;	/* as many as the ledger's */
	size_t request_size;
};

struct turns *
turns_create(const struct ledger *ledger, const struct network *network,
    const struct gateway *gateway)
{
	struct turns *turns = xcalloc(1, sizeof *turns);

	turns->ledger = ledger;
	turns->network = network;
	turns->gateway = gateway;
	return turns;
}

void
turns_free(struct turns *turns)
{
	size_t i;

	if (turns == NULL)
		return;
	for (i = 0; i < NETWORK_TOKENS; i++)
		free(turns->accounts[i].sends);
	free(turns->requests);
	free(turns);
}

static size_t
turns_number(const struct turns *turns, const struct ledger_device *device)
{
	return turns->ledger->items[device->item].request;
}

static struct turns_request *
turns_find(struct turns *turns, size_t request)
{
	size_t size = turns->ledger->request_size;

	if (request >= turns->request_size) {
		turns->requests = xreallocarray(turns->requests, size,
		    sizeof *turns->requests);
		memset(turns->requests + turns->request_size, 0,
		    (size - turns->request_size) * sizeof *turns->requests);
		turns->request_size = size;
	}
	return &turns->requests[request];
}

static void
turns_add_send(struct turns_account *account, size_t request, bool is_first)
{
	if (account->count == account->size) {
		account->size = 2 * account->size + 1024;
		account->sends = xreallocarray(account->sends, account->size,
		    sizeof *account->sends);
	}
	account->sends[account->count++] = (struct turns_send){
		.at_ms = ledger_now_ms(), .request = request,
		.is_first = is_first
	};
}

/* --- what one may have ---------------------------------------------------- */

/* The more it has, the more must be left: a third of that. */
static bool
turns_exceed_share(const struct turns *turns, unsigned int in_flight,
    const struct ledger_device *device)
{
	const struct ledger_request *request =
	    &turns->ledger->requests[turns_number(turns, device)];
	int64_t permits = gateway_settings(turns->gateway,
	    request->generation)->max_connections *
	    turns_streams[device->account];

	return in_flight > (3 * permits + 3) / 4;
}

/* --- whose turn it is ----------------------------------------------------- */

/* Who waits for a token of an endpoint, or is told of a breaker, begins anew. */
static bool
turns_may_be_lost(const struct turns *turns,
    const struct ledger_device *device, const struct ledger_request *request)
{
	return turns->ledger->is_hampered ||
	    device->account == NETWORK_FCM || device->account == NETWORK_HMS ||
	    (gateway_settings(turns->gateway, request->generation)->
	    breaker_failures > 0 && network_trouble_ms(turns->network,
	    (enum network_account)device->account) >= request->served_ms);
}

/* A pushkey that is none is found out in its turn, which is lost then. */
static int64_t
turns_count_own(const struct turns *turns, const struct ledger_device *device,
    const struct ledger_request *request)
{
	const struct ledger *ledger = turns->ledger;
	size_t i = ledger->items[request->first_item].first_device;
	int64_t own = 1;

	for (; &ledger->devices[i] != device; i++)
		own += ledger->devices[i].account == device->account;
	return own;
}

/*
 * So many of another request may have had their permits when one came, and not
 * have been sent yet: what the rate has granted since the other came, but for
 * what was sent of those that came no earlier.
 */
static int64_t
turns_count_granted(const struct turns *turns,
    const struct turns_account *account, size_t other, int64_t came_ms)
{
	const struct ledger_request *requests = turns->ledger->requests;
	int64_t per_minute =
	    gateway_limits(turns->gateway)->rate_per_minute;
	int64_t since_ms = requests[other].served_ms;
	int64_t granted = per_minute / TURNS_MINUTE_S + TURNS_ROUNDED;
	size_t i = account->count;

	if (since_ms > came_ms)
		return granted;
	granted += (came_ms - since_ms) * per_minute / TURNS_MINUTE_MS;
	for (; i > 0 && account->sends[i - 1].at_ms >= since_ms; i--) {
		const struct turns_send *send = &account->sends[i - 1];

		granted -= send->at_ms <= came_ms &&
		    requests[send->request].served_ms >= since_ms;
	}
	return granted;
}

/* True if another request had more turns since this one waits for its own. */
static bool
turns_are_unfair(struct turns *turns, const struct ledger_device *device,
    size_t number)
{
	const struct ledger_request *requests = turns->ledger->requests;
	const struct ledger_request *request = &requests[number];
	struct turns_account *account = &turns->accounts[device->account];
	int64_t own = turns_count_own(turns, device, request);
	int64_t came_ms = request->served_ms;
	bool is_unfair = false;
	size_t first = account->count, i;

	while (first > 0 && account->sends[first - 1].at_ms > came_ms)
		first--;
	for (i = first; i < account->count; i++) {
		size_t other = account->sends[i].request;

		turns->requests[other].tally += account->sends[i].is_first &&
		    requests[other].generation == request->generation;
	}
	for (i = first; i < account->count; i++) {
		size_t other = account->sends[i].request;
		int64_t tally = turns->requests[other].tally;

		turns->requests[other].tally = 0;
		if (tally > own && tally > own + turns_count_granted(turns,
		    account, other, came_ms))
			is_unfair = true;
	}
	return is_unfair;
}

/* --- what is sent --------------------------------------------------------- */

const char *
turns_note_sent(struct turns *turns, const struct ledger_device *device)
{
	size_t number = turns_number(turns, device);
	const struct ledger_request *request =
	    &turns->ledger->requests[number];
	struct turns_request *one = turns_find(turns, number);
	bool is_first = !one->sent[device->account];
	const char *fault = NULL;

	one->sent[device->account] = true;
	if (turns_exceed_share(turns, ++one->in_flight[device->account],
	    device))
		fault = "sent beyond its request's share of the account";
	/* In the place of one that was refused it needs no other permit. */
	if (device->refusals > 0)
		return fault;
	if (is_first && request->small &&
	    gateway_limits(turns->gateway)->rate_per_minute > 0 &&
	    !turns_may_be_lost(turns, device, request) &&
	    turns_are_unfair(turns, device, number))
		fault = "waits while another request has turn after turn";
	turns_add_send(&turns->accounts[device->account], number,
	    device->attempt_count == 1);
	return fault;
}

void
turns_note_end(struct turns *turns, const struct ledger_device *device)
{
	turns->requests[turns_number(turns, device)].in_flight[
	    device->account]--;
}
