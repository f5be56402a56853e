/* SPDX-License-Identifier: Apache-2.0 */
#include "network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xmalloc.h"
#include "behaviour.h"
#include "bodies.h"
#include "events.h"
#include "fake-curl.h"

enum {
	NETWORK_BUSY = 100,		/* in flight */
	NETWORK_STREAMS = 100,		/* at most, where there is a limit */
	NETWORK_HUNG_MS = 3000,
	/* Who waits for a token for so long, and in vain, counts as a failure
	 * of the account. */
	NETWORK_SLOW_TOKEN_MS = 500
};

/* Where each is, and what stands before the pushkey of a push to it. */
static const struct {
	const char *host;
	const char *provider;
	const char *before;
	bool in_url;
} network_hosts[NETWORK_ACCOUNT__MAX] = {
	[NETWORK_APNS] = { "//apns.test/", "apns", "/3/device/", true },
	[NETWORK_APNS_OTHER] = { "//other.test/", "apns", "/3/device/",
	    true },
	[NETWORK_FCM] = { "//fcm.test/", "fcm", "\"token\":\"", false },
	[NETWORK_HMS] = { "//hms.test/", "hms", "\"token\":[\"", false },
	[NETWORK_HMS_3] = { "//hms-3.test/", "hms-3", "\"token\":[\"", false },
	[NETWORK_WEB] = { "//push.example.net/", "webpush",
	    "//push.example.net/", true },
	[NETWORK_UNIFIED] = { "//up.example.net/", "webpush",
	    "//up.example.net/", true },
	[NETWORK_TOKENS] = { "//oauth.test/", "oauth", NULL, false },
	[NETWORK_HMS_TOKENS] = { "//hms-oauth.test/", "oauth", NULL, false },
};

/* A request on its way. */
struct network_call {
	enum network_account account;
	size_t device;
	unsigned int attempt;
	CURLcode code;			/* as planned */
	int64_t end_ms;
	bool answers;			/* as planned */
	bool refused;			/* likewise */
	char *body;			/* NULL, or of its own */
};

struct network_state {
	struct moods moods;
	unsigned int in_flight;
	int64_t trouble_ms;
	int64_t busy_ms;
	uint64_t stale;			/* the token's hash, or 0 */
	uint64_t token;			/* likewise, of the latest request */
	struct signed_token own;	/* likewise, if it is the gateway's */
	size_t request;			/* that this was of */
	unsigned int row;		/* the next one of anything */
};

struct network {
	struct ledger *ledger;
	struct dice dice;
	struct network_state accounts[NETWORK_ACCOUNT__MAX];
	struct network_call *calls;	/* by number */
	size_t call_size;
	unsigned int busy;		/* with so many in flight */
	struct network_hooks hooks;
};

const struct moods_phase *
network_phase(const struct network *network, enum network_account account)
{
	return moods_phase(&network->accounts[account].moods, ledger_now_ms());
}

/* --- what is not well ---------------------------------------------------- */

int64_t
network_trouble_ms(const struct network *network,
    enum network_account account)
{
	int64_t own_ms = network->accounts[account].trouble_ms;
	int64_t tokens_ms = LEDGER_NONE;

	if (account == NETWORK_FCM)
		tokens_ms = network->accounts[NETWORK_TOKENS].trouble_ms;
	else if (account == NETWORK_HMS)
		tokens_ms = network->accounts[NETWORK_HMS_TOKENS].trouble_ms;
	return tokens_ms > own_ms ? tokens_ms : own_ms;
}

int64_t
network_busy_ms(const struct network *network, enum network_account account)
{
	return network->accounts[account].busy_ms;
}

static void
network_note_trouble(struct network_state *state, int64_t at_ms)
{
	if (at_ms > state->trouble_ms)
		state->trouble_ms = at_ms;
}

/* --- a request ----------------------------------------------------------- */

static enum network_account
network_find_account(const char *url)
{
	size_t i = 0;

	while (strstr(url, network_hosts[i].host) == NULL)
		i++;
	return (enum network_account)i;
}

/* The device that a push is for, or LEDGER_NONE. */
static size_t
network_find_device(const struct network *network,
    const struct fake_curl_request *request, enum network_account account)
{
	const struct ledger *ledger = network->ledger;
	const char *before = network_hosts[account].before;
	const char *text = strstr(network_hosts[account].in_url ?
	    request->url : request->body, before);
	size_t number, i;

	if (text == NULL || strlen(text) < strlen(before) + 16)
		return (size_t)LEDGER_NONE;
	number = strtoul(text + strlen(before), NULL, 16);
	/* One pushkey may stand under an app of each provider. */
	for (i = number; i < ledger->device_count; i++) {
		if (ledger->devices[i].pushkey == number &&
		    ledger->devices[i].account == account)
			return i;
	}
	return (size_t)LEDGER_NONE;
}

static const char *
network_find_token(const struct fake_curl_request *request)
{
	const struct curl_slist *header = request->headers;

	while (header != NULL &&
	    strncmp(header->data, "authorization:", 14) != 0)
		header = header->next;
	return header == NULL ? "" : header->data;
}

/* Which one of an endpoint that is. */
static size_t
network_number_token(const char *text)
{
	size_t number;

	return sscanf(text, "authorization: Bearer ya29.%zu", &number) == 1 ?
	    number : (size_t)LEDGER_NONE;
}

/* The text of a new one, which ends some time after it comes. */
static char *
network_make_token(struct network *network, int64_t comes_ms)
{
	int life_s = (int)dice_between(&network->dice, 30, 4000);
	struct ledger_token *token = ledger_add_token(network->ledger);

	events_note(EVENT_TOKEN);
	token->comes_ms = comes_ms;
	token->ends_ms = comes_ms + 1000 * life_s;
	return xasprintf("{\"access_token\":\"ya29.%zu\","
	    "\"expires_in\":%d,\"token_type\":\"Bearer\"}",
	    network->ledger->token_count - 1, life_s);
}

static struct network_call *
network_add_call(struct network *network, unsigned int number)
{
	while (number >= network->call_size) {
		size_t size = 2 * network->call_size + 1024;

		network->calls = xreallocarray(network->calls, size,
		    sizeof *network->calls);
		memset(network->calls + network->call_size, 0,
		    (size - network->call_size) * sizeof *network->calls);
		network->call_size = size;
	}
	return &network->calls[number];
}

static struct ledger_attempt *
network_attempt(struct network *network, const struct network_call *call)
{
	return call->device == (size_t)LEDGER_NONE ? NULL :
	    &network->ledger->devices[call->device].attempts[call->attempt];
}

/* The text of an answer with the pushkey in its place; the caller's. */
static char *
network_name_pushkey(const struct ledger_device *device, const char *text)
{
	char pushkey[BODIES_PUSHKEY_SIZE];
	int place = (int)strcspn(text, "@");

	bodies_name_pushkey(device, pushkey);
	return xasprintf("%.*s%s%s", place, text, pushkey, text + place + 1);
}

static void
network_note_token(struct network *network, enum network_account account,
    uint64_t token, const struct signed_token *own, size_t request)
{
	struct network_state *state = &network->accounts[account];
	bool is_apple = account == NETWORK_APNS ||
	    account == NETWORK_APNS_OTHER;

	if (state->token != 0 && token != state->token) {
		events_note(request == state->request ?
		    EVENT_TOKEN_CHANGES_MIDWAY : EVENT_TOKEN_CHANGES);
		if (is_apple && signed_is_too_soon(own, &state->own))
			ledger_blame(network->ledger, "a token for Apple "
			    "follows another one too soon");
	}
	state->token = token;
	state->own = *own;
	state->request = request;
}

/* True if a connection has one request, and refuses those after it. */
static bool
network_takes_first(const struct network *network,
    enum network_account account)
{
	const struct moods_phase *phase = network_phase(network, account);

	return phase != NULL && phase->mood->may_take_first &&
	    phase->from_ms % 2 == 0;
}

static void
network_push(struct network *network, struct network_state *state,
    const struct fake_curl_request *request, struct network_call *call,
    struct fake_curl_answer *answer)
{
	const struct mood *mood = moods_now(&state->moods, ledger_now_ms());
	enum moods_behaviour behaviour = (enum moods_behaviour)
	    dice_weigh(&network->dice, mood->weights, MOODS_BEHAVIOUR__MAX);
	const char *text = network_find_token(request);
	uint64_t token = *text == '\0' ? 0 : hash_add(HASH_START, text,
	    strlen(text));
	struct ledger_device *device = &network->ledger->devices[call->device];
	struct ledger_attempt *attempt;

	if (device->attempt_count == LEDGER_ATTEMPTS_MAX) {
		ledger_blame(network->ledger, "device %zu is tried without "
		    "end", call->device);
		return;
	}
	call->attempt = device->attempt_count;
	if (device->attempt_count > 0 && device->attempts[
	    device->attempt_count - 1].end == LEDGER_REFUSED)
		call->attempt--;
	else
		device->attempt_count++;
	attempt = &device->attempts[call->attempt];
	*attempt = (struct ledger_attempt){
		.sent_ms = ledger_now_ms(),
		.ended_ms = LEDGER_NONE,
		.accepts_ms = LEDGER_NONE,
		.retry_after_ms = LEDGER_NONE,
		.size = strlen(request->body),
		.token = network_number_token(text),
		.own_token = signed_read(text)
	};
	network_note_token(network, call->account, token, &attempt->own_token,
	    network->ledger->items[device->item].request);
	if (network_takes_first(network, call->account))
		behaviour = request->opens ? ACCEPTS : REFUSES;
	if (behaviour == FINDS_STALE)
		state->stale = token;
	else if (behaviour == ACCEPTS && token != 0 && token == state->stale)
		behaviour = FINDS_STALE;
	answer->after_ms = dice_between(&network->dice, mood->least_ms,
	    mood->most_ms);
	behaviour_plan(behaviour, network_hosts[call->account].provider,
	    &state->row, &network->dice, attempt, answer);
	if (attempt->answer != NULL && attempt->answer->dead_s > 0) {
		attempt->answer = answers_for(attempt->answer,
		    device->pushkey_ts);
		behaviour_give(answer, attempt->answer);
	}
	if (attempt->answer != NULL && attempt->answer->names_pushkey)
		answer->body = call->body = network_name_pushkey(device,
		    attempt->answer->body);
	call->refused = answer->refused;
	device->refusals += answer->refused;
	if (behaviour == GOES_AWAY)
		fake_curl_go_away(request->connection);
	call->answers = attempt->answer != NULL &&
	    (answer->code == CURLE_OK || attempt->answer->status / 100 == 2);
	if (network->hooks.sent != NULL)
		network->hooks.sent(network->hooks.arg, call->device);
}

/* A phone that is woken must know what for. */
static void
network_check_payload(const struct network *network,
    const struct network_call *call, const char *body)
{
	struct ledger *ledger = network->ledger;

	const struct ledger_item *item;

	/* A browser's is for itself alone. */
	if (call->device == (size_t)LEDGER_NONE ||
	    call->account == NETWORK_WEB)
		return;
	item = &ledger->items[ledger->devices[call->device].item];
	if (item->has_event != (strstr(body, BODIES_EVENT) != NULL))
		ledger_blame_device(ledger, call->device,
		    "a payload without the event, or with one: %.200s", body);
}

/* The endpoint that Google's tokens come from. */
static void
network_give_token(struct network *network, struct network_state *state,
    struct network_call *call, struct fake_curl_answer *answer)
{
	static const struct answer refused = { .status = 400,
		.body = "{\"error\":\"invalid_grant\"}" };
	static const struct answer page = { .status = 200,
		.body = "<html></html>" };
	static const struct answer busy = { .status = 503 };
	const struct mood *mood = moods_now(&state->moods, ledger_now_ms());
	struct ledger_attempt unused = { .sent_ms = 0 };
	enum moods_behaviour behaviour = (enum moods_behaviour)
	    dice_weigh(&network->dice, mood->weights, MOODS_BEHAVIOUR__MAX);

	answer->after_ms = dice_between(&network->dice, mood->least_ms,
	    mood->most_ms);
	switch (behaviour) {
	case ACCEPTS:
	case SAYS_DEAD:
		answer->status = 200;
		answer->body = call->body = network_make_token(network,
		    ledger_now_ms() + answer->after_ms);
		break;
	case SAYS_SUSPICIOUS:
	case FINDS_STALE:
		events_note(EVENT_TOKEN_REFUSED);
		behaviour_give(answer, &refused);
		break;
	case IS_BUSY:
		behaviour_give(answer, &busy);
		break;
	case SAYS_ANYTHING:
	case SPEAKS_OLD:
	case TALKS_WITHOUT_END:
		behaviour_give(answer, &page);
		break;
	default:
		behaviour_plan(behaviour, "fcm", &state->row, &network->dice,
		    &unused, answer);
		break;
	}
	/* From the beginning until it is over, if it is not well. */
	if (behaviour != ACCEPTS && behaviour != SAYS_DEAD)
		network_note_trouble(state, ledger_now_ms() +
		    (answer->after_ms < 0 ? 10000 : answer->after_ms));
	else if (answer->after_ms >= NETWORK_SLOW_TOKEN_MS)
		network_note_trouble(state, ledger_now_ms() +
		    answer->after_ms);
}

/* What its caller will not wait for. */
static void
network_note_late(const struct network *network, struct network_state *state,
    const struct network_call *call)
{
	const struct ledger *ledger = network->ledger;
	const struct ledger_request *request = &ledger->requests[
	    ledger->items[ledger->devices[call->device].item].request];
	int64_t until_ms = request->began_ms + request->timeout_ms;

	if (call->end_ms >= until_ms)
		network_note_trouble(state, until_ms);
}

static void
network_on_sent(void *arg, const struct fake_curl_request *request,
    struct fake_curl_answer *answer)
{
	struct network *network = arg;
	struct network_call *call = network_add_call(network,
	    request->number);
	struct network_state *state;

	*call = (struct network_call){
		.account = network_find_account(request->url),
		.device = (size_t)LEDGER_NONE
	};
	state = &network->accounts[call->account];
	if (++state->in_flight >= network->busy)
		state->busy_ms = ledger_now_ms();
	if (call->account >= NETWORK_TOKENS)
		network_give_token(network, state, call, answer);
	else if ((call->device = network_find_device(network, request,
	    call->account)) == (size_t)LEDGER_NONE)
		ledger_blame(network->ledger, "a push to %s is for no device "
		    "of any request", request->url);
	else
		network_push(network, state, request, call, answer);
	network_check_payload(network, call, request->body);
	call->code = answer->code;
	call->end_ms = ledger_now_ms() + answer->after_ms;
	if (answer->after_ms < 0 || answer->after_ms >= NETWORK_HUNG_MS)
		network_note_trouble(state, ledger_now_ms() + 10000);
	/* The first request of a connection goes alone: others wait for it. */
	if (call->device != (size_t)LEDGER_NONE)
		network_note_late(network, state, call);
}

/* --- its end ------------------------------------------------------------- */

static void
network_end_call(struct network *network, struct network_call *call,
    enum ledger_end end)
{
	struct network_state *state = &network->accounts[call->account];
	struct ledger_attempt *attempt = network_attempt(network, call);
	int64_t now_ms = ledger_now_ms();

	free(call->body);
	call->body = NULL;
	if (state->in_flight-- >= network->busy)
		state->busy_ms = now_ms;
	if (attempt == NULL)
		return;
	attempt->end = end;
	attempt->ended_ms = now_ms;
	attempt->accepted = attempt->accepts_ms != LEDGER_NONE &&
	    attempt->accepts_ms <= now_ms;
	if (end != LEDGER_ANSWERED || attempt->answer->trouble ||
	    attempt->answer->retry == ANSWERS_TOKEN)
		network_note_trouble(state, now_ms);
	if (network->hooks.ended != NULL)
		network->hooks.ended(network->hooks.arg, call->device);
}

static void
network_on_ended(void *arg, unsigned int number, CURLcode code)
{
	struct network *network = arg;
	struct network_call *call = &network->calls[number];
	bool planned = code == call->code && ledger_now_ms() >= call->end_ms;

	/* More than is read of it is an answer all the same. */
	if (code == CURLE_WRITE_ERROR)
		planned = true;
	if (planned && call->answers)
		network_end_call(network, call, LEDGER_ANSWERED);
	else if (planned && call->refused)
		network_end_call(network, call, LEDGER_REFUSED);
	else if (planned && call->code == CURLE_COULDNT_CONNECT)
		network_end_call(network, call, LEDGER_UNSENT);
	else
		network_end_call(network, call, LEDGER_BROKEN);
}

static void
network_on_cancelled(void *arg, unsigned int number)
{
	struct network *network = arg;
	struct network_call *call = &network->calls[number];

	network_end_call(network, call, call->code == CURLE_COULDNT_CONNECT ?
	    LEDGER_UNSENT : LEDGER_CANCELLED);
}

/* --- the whole ----------------------------------------------------------- */

void
network_set_hooks(struct network *network, const struct network_hooks *hooks)
{
	network->hooks = *hooks;
}

struct network *
network_create(struct ledger *ledger, uint64_t seed, int64_t end_ms)
{
	struct network *network = xcalloc(1, sizeof *network);
	struct dice dice;
	unsigned int streams = 0;
	size_t i;

	network->ledger = ledger;
	dice_init(&network->dice, seed, 1);
	dice_init(&dice, seed, 2);
	if (dice_chance(&dice, 300))
		streams = (unsigned int)dice_magnitude(&dice, 1,
		    NETWORK_STREAMS);
	network->busy = streams > 0 ? streams : NETWORK_BUSY;
	for (i = 0; i < NETWORK_ACCOUNT__MAX; i++) {
		moods_plan(&network->accounts[i].moods, &dice, end_ms);
		network->accounts[i].trouble_ms = LEDGER_NONE;
		network->accounts[i].busy_ms = LEDGER_NONE;
		network->accounts[i].row = dice_below(&dice, 10000);
	}
	fake_curl_begin(&(struct fake_curl_hooks){
		.sent = network_on_sent,
		.ended = network_on_ended,
		.cancelled = network_on_cancelled,
		.arg = network
	});
	fake_curl_set_streams(streams);
	return network;
}

void
network_free(struct network *network)
{
	size_t i;

	for (i = 0; i < network->call_size; i++)
		free(network->calls[i].body);
	free(network->calls);
	free(network);
}
