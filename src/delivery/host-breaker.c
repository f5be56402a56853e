/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/host-breaker.h"

#include <stdatomic.h>
#include <unistd.h>

#include "base/hash.h"

enum {
	/* The bits of the word, from the lowest. */
	HOST_BREAKER_NUMBER_BITS = 40,
	HOST_BREAKER_WORKER_BITS = 14,
	HOST_BREAKER_KNOWN_BITS = 58,
	/* Longer than any pause and any request: nobody means such a time. */
	HOST_BREAKER_FAR_MS = 2 * 3600 * 1000
};

#define HOST_BREAKER_NUMBER ((UINT64_C(1) << HOST_BREAKER_NUMBER_BITS) - 1)
#define HOST_BREAKER_WORKER ((1U << HOST_BREAKER_WORKER_BITS) - 1)

/* What the word says. */
struct host_breaker_word {
	/* The consecutive failures; if it is open, when a probe may go. */
	int64_t number;
	unsigned int worker;	/* who failed last, or has the probe */
	bool is_open;
	bool is_probed;		/* the number is the end of the probe */
	bool is_second;		/* the probe, or a failure of it, is of another
				 * worker than the failures so far */
	bool is_shared;		/* more than one worker failed */
};

/* --- the word ------------------------------------------------------------ */

/* The upper bits check the others. */
static uint64_t
host_breaker_seal(uint64_t known)
{
	uint64_t hash = hash_add(HASH_START, &known, sizeof known);

	return hash << HOST_BREAKER_KNOWN_BITS | known;
}

static uint64_t
host_breaker_write(const struct host_breaker_word *word)
{
	unsigned int at = HOST_BREAKER_NUMBER_BITS;
	uint64_t known = (uint64_t)word->number & HOST_BREAKER_NUMBER;

	known |= (uint64_t)word->worker << at;
	at += HOST_BREAKER_WORKER_BITS;
	known |= (uint64_t)word->is_open << at++;
	known |= (uint64_t)word->is_probed << at++;
	known |= (uint64_t)word->is_second << at++;
	known |= (uint64_t)word->is_shared << at;
	return host_breaker_seal(known);
}

/* Rubbish, and what was written before the host was started, is closed. */
static struct host_breaker_word
host_breaker_read(uint64_t text, int64_t now_ms)
{
	uint64_t known = text & ((UINT64_C(1) << HOST_BREAKER_KNOWN_BITS) - 1);
	struct host_breaker_word word = { .number = 0 };

	if (host_breaker_seal(known) != text)
		return word;
	word.number = (int64_t)(known & HOST_BREAKER_NUMBER);
	known >>= HOST_BREAKER_NUMBER_BITS;
	word.worker = (unsigned int)known & HOST_BREAKER_WORKER;
	known >>= HOST_BREAKER_WORKER_BITS;
	word.is_open = known & 1;
	word.is_probed = known >> 1 & 1;
	word.is_second = known >> 2 & 1;
	word.is_shared = known >> 3 & 1;
	if (word.is_open && word.number > now_ms + HOST_BREAKER_FAR_MS)
		word = (struct host_breaker_word){ .number = 0 };
	return word;
}

/* --- what happens to it -------------------------------------------------- */

/* Takes the probe, if there is one to take. */
static enum host_breaker_state
host_breaker_take(struct host_breaker_word *word, unsigned int worker,
    int64_t now_ms, int64_t ends_ms)
{
	bool is_other = !word->is_shared && word->worker != worker;
	enum host_breaker_state state = HOST_BREAKER_OPEN;

	if (!word->is_open)
		state = HOST_BREAKER_CLOSED;
	else if (now_ms >= word->number || (is_other && !word->is_probed)) {
		state = HOST_BREAKER_PROBE;
		word->number = ends_ms;
		word->worker = worker;
		word->is_probed = true;
		word->is_second = is_other;
	}
	return state;
}

/* One more failure; those beside the probe show nothing new. */
static void
host_breaker_count(struct host_breaker_word *word,
    const struct host_breaker *breaker, int64_t now_ms, bool is_probe)
{
	bool opens = is_probe;

	if (!word->is_open) {
		if (word->number++ > 0 && word->worker != breaker->worker)
			word->is_shared = true;
		word->worker = breaker->worker;
		opens = word->number >= (int64_t)breaker->params.failures;
	}
	if (opens) {
		word->is_open = true;
		word->is_shared = word->is_shared || word->is_second;
		word->is_probed = word->is_second = false;
		word->number = now_ms + breaker->params.pause_ms;
	}
}

/* --- the shared numbers -------------------------------------------------- */

static _Atomic uint64_t *
host_breaker_numbers(struct host_breaker *breaker)
{
	return host_breaker_is_shared(breaker) ?
	    host_accounts_find(breaker->params.accounts,
	    breaker->params.name) : NULL;
}

static uint64_t
host_breaker_number(struct host_breaker *breaker,
    enum host_accounts_number number)
{
	_Atomic uint64_t *numbers = host_breaker_numbers(breaker);

	return numbers == NULL ? 0 :
	    atomic_load_explicit(&numbers[number], memory_order_relaxed);
}

void
host_breaker_init(struct host_breaker *breaker,
    const struct host_breaker_params *params)
{
	static unsigned int made;
	pid_t pid = getpid();
	uint64_t hash = hash_add(HASH_START, &pid, sizeof pid);

	/* No two of a process are the same; those of others hardly are. */
	*breaker = (struct host_breaker){
		.params = *params,
		.worker = ((unsigned int)hash + ++made) & HOST_BREAKER_WORKER
	};
}

bool
host_breaker_is_shared(const struct host_breaker *breaker)
{
	return breaker->params.accounts != NULL &&
	    breaker->params.failures > 0;
}

enum host_breaker_state
host_breaker_ask(struct host_breaker *breaker, int64_t now_ms,
    int64_t ends_ms, uint64_t *probe)
{
	_Atomic uint64_t *numbers = host_breaker_numbers(breaker);
	enum host_breaker_state state = HOST_BREAKER_CLOSED;
	struct host_breaker_word word;
	uint64_t before, after;

	*probe = 0;
	if (numbers == NULL)
		return state;
	before = atomic_load(&numbers[HOST_ACCOUNTS_BREAKER]);
	do {
		word = host_breaker_read(before, now_ms);
		state = host_breaker_take(&word, breaker->worker, now_ms,
		    ends_ms);
		after = host_breaker_write(&word);
	} while (state == HOST_BREAKER_PROBE && !atomic_compare_exchange_weak(
	    &numbers[HOST_ACCOUNTS_BREAKER], &before, after));
	if (state == HOST_BREAKER_PROBE)
		*probe = after;
	return state;
}

bool
host_breaker_is_open(struct host_breaker *breaker, int64_t now_ms)
{
	return host_breaker_read(host_breaker_number(breaker,
	    HOST_ACCOUNTS_BREAKER), now_ms).is_open;
}

bool
host_breaker_succeed(struct host_breaker *breaker, int64_t now_ms)
{
	_Atomic uint64_t *numbers = host_breaker_numbers(breaker);
	struct host_breaker_word word;

	if (numbers == NULL)
		return false;
	/* Most of the time nothing has to be written. */
	if (atomic_load_explicit(&numbers[HOST_ACCOUNTS_ANSWERED_MS],
	    memory_order_relaxed) != (uint64_t)now_ms)
		atomic_store_explicit(&numbers[HOST_ACCOUNTS_ANSWERED_MS],
		    (uint64_t)now_ms, memory_order_relaxed);
	if (atomic_load_explicit(&numbers[HOST_ACCOUNTS_BREAKER],
	    memory_order_relaxed) == 0)
		return false;
	word = host_breaker_read(atomic_exchange(
	    &numbers[HOST_ACCOUNTS_BREAKER], 0), now_ms);
	if (word.is_open && word.is_shared)
		atomic_store(&numbers[HOST_ACCOUNTS_RECOVERED_MS],
		    (uint64_t)now_ms);
	return word.is_open;
}

bool
host_breaker_fail(struct host_breaker *breaker, int64_t now_ms,
    uint64_t probe, unsigned int cause)
{
	_Atomic uint64_t *numbers = host_breaker_numbers(breaker);
	struct host_breaker_word word;
	uint64_t before;
	bool was_open;

	if (numbers == NULL)
		return false;
	atomic_store_explicit(&numbers[HOST_ACCOUNTS_CAUSE], cause,
	    memory_order_relaxed);
	before = atomic_load(&numbers[HOST_ACCOUNTS_BREAKER]);
	do {
		word = host_breaker_read(before, now_ms);
		was_open = word.is_open;
		host_breaker_count(&word, breaker, now_ms,
		    probe != 0 && probe == before);
	} while (!atomic_compare_exchange_weak(
	    &numbers[HOST_ACCOUNTS_BREAKER], &before,
	    host_breaker_write(&word)));
	return word.is_open && !was_open;
}

void
host_breaker_abandon(struct host_breaker *breaker, int64_t now_ms,
    uint64_t probe)
{
	_Atomic uint64_t *numbers = host_breaker_numbers(breaker);
	struct host_breaker_word word = host_breaker_read(probe, now_ms);

	if (numbers == NULL || !word.is_probed)
		return;
	/* Whoever comes next is the probe. */
	word.number = now_ms;
	/* Unless something else has happened to it since. */
	atomic_compare_exchange_strong(&numbers[HOST_ACCOUNTS_BREAKER],
	    &probe, host_breaker_write(&word));
}

unsigned int
host_breaker_cause(struct host_breaker *breaker)
{
	return (unsigned int)host_breaker_number(breaker,
	    HOST_ACCOUNTS_CAUSE);
}

/* A time of before the host was started says nothing. */
static int64_t
host_breaker_time(struct host_breaker *breaker,
    enum host_accounts_number number, int64_t now_ms)
{
	uint64_t time_ms = host_breaker_number(breaker, number);

	return time_ms > (uint64_t)now_ms ? 0 : (int64_t)time_ms;
}

int64_t
host_breaker_answered_ms(struct host_breaker *breaker, int64_t now_ms)
{
	return host_breaker_time(breaker, HOST_ACCOUNTS_ANSWERED_MS, now_ms);
}

int64_t
host_breaker_recovered_ms(struct host_breaker *breaker, int64_t now_ms)
{
	return host_breaker_time(breaker, HOST_ACCOUNTS_RECOVERED_MS, now_ms);
}

bool
host_breaker_note_logged(struct host_breaker *breaker, bool logged)
{
	_Atomic uint64_t *numbers = host_breaker_numbers(breaker);

	return numbers != NULL && (atomic_exchange(
	    &numbers[HOST_ACCOUNTS_LOGGED], logged) != 0) != logged;
}
