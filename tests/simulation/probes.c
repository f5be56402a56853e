/* SPDX-License-Identifier: Apache-2.0 */
#include "probes.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/xmalloc.h"
#include "events.h"

enum {
	PROBES_ATTEMPTS_MAX = 3,	/* of a device */
	PROBES_SILENCE_MS = 500
};

/*
 * What the host sends to an account in a phase in which it answers nobody, by
 * workers whose breaker may open, and who wait long enough to learn anything.
 * What a push service does concerns one generation alone.
 */
struct probes_account {
	const struct moods_phase *phase;
	int64_t failures;		/* in a row, early enough to open the
					 * breaker */
	int64_t broken_ms;		/* when a connection last broke */
	size_t broken_generation;	/* and whose */
	int64_t breaks;			/* of that one's, in a row */
	bool answered;			/* somebody, still */
	bool opened;			/* for sure */
	int64_t pause_s;		/* the shortest that anyone makes */
	unsigned int sent;		/* when it must be open */
	unsigned int crashes;		/* of workers that may have had one */
	unsigned int under_way;		/* of those */
	int64_t next_ms;		/* the pause after the latest is over */
	unsigned int early;		/* before that */
	unsigned int unsure;		/* that showed nothing, maybe */
};

struct probes {
	struct ledger *ledger;
	const struct network *network;
	const struct gateway *gateway;
	struct probes_account accounts[NETWORK_ACCOUNT__MAX];
	struct probes_account *services[GATEWAY_GENERATIONS_MAX];
	/* One has opened, for sure, and nobody was answered since. */
	bool open[NETWORK_ACCOUNT__MAX];
};

struct probes *
probes_create(struct ledger *ledger, const struct network *network,
    const struct gateway *gateway)
{
	struct probes *probes = xcalloc(1, sizeof *probes);

	probes->ledger = ledger;
	probes->network = network;
	probes->gateway = gateway;
	return probes;
}

void
probes_free(struct probes *probes)
{
	size_t i;

	for (i = 0; i < GATEWAY_GENERATIONS_MAX; i++)
		free(probes->services[i]);
	free(probes);
}

static bool
probes_is_service(enum network_account account)
{
	return account == NETWORK_WEB || account == NETWORK_UNIFIED;
}

static struct probes_account *
probes_find(struct probes *probes, size_t generation,
    enum network_account account)
{
	struct probes_account **services = &probes->services[generation];

	if (!probes_is_service(account))
		return &probes->accounts[account];
	if (*services == NULL)
		*services = xcalloc(NETWORK_ACCOUNT__MAX, sizeof **services);
	return &(*services)[account];
}

/* --- a phase in which nobody is answered --------------------------------- */

/*
 * Little may have been sent: a probe after each pause, and a second opinion
 * where one worker had all failures.
 */
static void
probes_check(struct probes *probes, const struct probes_account *one,
    enum network_account account)
{
	const struct moods_phase *phase = one->phase;
	int64_t rest_ms, most;

	if (probes->ledger->is_hampered || phase == NULL || !one->opened ||
	    one->sent == 0)
		return;
	rest_ms = phase->until_ms - phase->from_ms - NETWORK_OPENED_MS;
	most = PROBES_ATTEMPTS_MAX * (rest_ms / 1000 / one->pause_s + 3 +
	    one->crashes);
	if (one->sent > most)
		ledger_blame(probes->ledger, "account %d is sent %u requests "
		    "from %" PRId64 " to %" PRId64 " ms, though it answers "
		    "nobody", (int)account, one->sent,
		    phase->from_ms + NETWORK_OPENED_MS, phase->until_ms);
	/* A second opinion, and another if that shows nothing. */
	most = 1 + one->unsure;
	if (one->early > most)
		ledger_blame(probes->ledger, "account %d is sent %u requests "
		    "before the pause of its breaker is over, from %" PRId64
		    " to %" PRId64 " ms", (int)account, one->early,
		    phase->from_ms + NETWORK_OPENED_MS, phase->until_ms);
}

/* That of now, or NULL if it is no such one, or no such worker. */
static struct probes_account *
probes_now(struct probes *probes, size_t generation,
    enum network_account account)
{
	const struct gateway_settings *settings = gateway_settings(
	    probes->gateway, generation);
	struct probes_account *one = probes_find(probes, generation, account);
	const struct moods_phase *phase = network_phase(probes->network,
	    account);

	if (phase == NULL || !phase->mood->is_dead ||
	    settings->breaker_failures == 0 ||
	    settings->request_timeout_ms < PROBES_SILENCE_MS)
		return NULL;
	if (phase != one->phase) {
		probes_check(probes, one, account);
		*one = (struct probes_account){
			.phase = phase, .broken_ms = LEDGER_NONE,
			.pause_s = settings->breaker_pause_s
		};
	}
	if (settings->breaker_pause_s < one->pause_s)
		one->pause_s = settings->breaker_pause_s;
	return one;
}

/* --- one after the other ------------------------------------------------- */

/* The breaker must be open: there is one probe at a time. */
static void
probes_begin(struct probes_account *one)
{
	int64_t now_ms = ledger_now_ms();

	one->sent++;
	one->early += one->under_way > 0 || now_ms < one->next_ms;
	one->under_way++;
}

/*
 * Who has been answered, or has waited until its deadline, has failed, and a
 * pause begins.  Another end shows nothing, or is one failure with others: the
 * next probe may go at once.
 */
static void
probes_end(struct probes_account *one, const struct ledger_attempt *attempt,
    const struct ledger_request *request, int64_t pause_ms)
{
	int64_t now_ms = ledger_now_ms();
	bool is_failure = attempt->end == LEDGER_ANSWERED ||
	    (attempt->end == LEDGER_CANCELLED && !request->expired &&
	    now_ms >= request->began_ms + request->timeout_ms &&
	    now_ms - attempt->sent_ms >= PROBES_SILENCE_MS);

	one->under_way--;
	one->unsure += !is_failure;
	one->next_ms = now_ms + (is_failure ? pause_ms : 0);
}

/* --- failures ------------------------------------------------------------ */

/*
 * True if a broken connection is a failure for the breaker, for sure: those of
 * one worker that are open when one of them breaks are one failure together.
 */
static bool
probes_note_break(struct probes_account *one, size_t generation,
    int64_t max_connections)
{
	int64_t now_ms = ledger_now_ms();
	bool is_other = generation != one->broken_generation ||
	    one->broken_ms == LEDGER_NONE;
	bool counts = false;

	if (is_other)
		one->breaks = 0;
	if (is_other || now_ms != one->broken_ms)
		counts = ++one->breaks % max_connections == 0;
	one->broken_ms = now_ms;
	one->broken_generation = generation;
	return counts;
}

/* True if the end of this attempt is a failure for the breaker, for sure. */
static bool
probes_is_failure(struct probes_account *one,
    const struct ledger_device *device, const struct ledger_attempt *attempt,
    const struct ledger_request *request, int64_t max_connections)
{
	switch (attempt->end) {
	case LEDGER_ANSWERED:
		return device->attempt_count == PROBES_ATTEMPTS_MAX;
	case LEDGER_CANCELLED:
		/* Who was killed tells nobody. */
		return !one->answered && !request->expired &&
		    ledger_now_ms() - attempt->sent_ms >= PROBES_SILENCE_MS;
	default:
		return probes_note_break(one, request->generation,
		    max_connections);
	}
}

/*
 * Counts what must be a failure for the breaker: all that a broken connection
 * takes along is one, a device that may be tried again has not failed yet, and
 * who waits for a moment only, or while others are answered, learns nothing.
 */
static void
probes_count(struct probes *probes, struct probes_account *one,
    const struct ledger_device *device, const struct ledger_attempt *attempt,
    const struct ledger_request *request)
{
	const struct gateway_settings *settings = gateway_settings(
	    probes->gateway, request->generation);

	if (!probes_is_failure(one, device, attempt, request,
	    settings->max_connections) ||
	    ++one->failures < settings->breaker_failures)
		return;
	one->opened = true;
	if (!probes->open[device->account])
		events_note(EVENT_BREAKER_OPENS);
	probes->open[device->account] = true;
}

void
probes_note_end(struct probes *probes, const struct ledger_device *device,
    const struct ledger_attempt *attempt,
    const struct ledger_request *request)
{
	struct probes_account *one = probes_now(probes, request->generation,
	    (enum network_account)device->account);
	bool is_well = attempt->end == LEDGER_ANSWERED &&
	    !attempt->answer->trouble;

	if (is_well && probes->open[device->account]) {
		events_note(EVENT_BREAKER_CLOSES);
		probes->open[device->account] = false;
	}
	if (one == NULL)
		return;
	if (attempt->sent_ms >= one->phase->from_ms + NETWORK_OPENED_MS)
		probes_end(one, attempt, request, 1000 * gateway_settings(
		    probes->gateway, request->generation)->breaker_pause_s);
	if (is_well) {
		one->failures = 0;
		one->answered = true;
		one->opened = false;
	} else if (ledger_now_ms() < one->phase->from_ms + NETWORK_FAILED_MS)
		probes_count(probes, one, device, attempt, request);
}

/* --- what is sent -------------------------------------------------------- */

void
probes_note_sent(struct probes *probes, const struct ledger_device *device,
    const struct ledger_request *request)
{
	struct probes_account *one = probes_now(probes, request->generation,
	    (enum network_account)device->account);

	if (one != NULL && ledger_now_ms() >= one->phase->from_ms +
	    NETWORK_OPENED_MS)
		probes_begin(one);
}

void
probes_note_crash(struct probes *probes)
{
	size_t i;

	for (i = 0; i < NETWORK_ACCOUNT__MAX; i++)
		probes->accounts[i].crashes++;
}

void
probes_check_end(struct probes *probes)
{
	size_t i, j;

	for (i = 0; i < NETWORK_TOKENS; i++) {
		probes_check(probes, &probes->accounts[i],
		    (enum network_account)i);
		for (j = 0; j < GATEWAY_GENERATIONS_MAX; j++) {
			if (probes->services[j] != NULL)
				probes_check(probes, &probes->services[j][i],
				    (enum network_account)i);
		}
	}
}
