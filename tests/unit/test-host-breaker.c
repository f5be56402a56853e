/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/host-breaker.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "tap.h"

/*
 * Stories of three workers of a host (3 failures, 10 s; a probe has two
 * seconds): who does what, when, and what the breaker says to it.
 */
enum happening {
	END,
	CLOSED,		/* asks: it is closed */
	OPEN,		/* asks: it is open */
	PROBE,		/* asks: it shall be the probe */
	FAIL,		/* a failure that opens nothing */
	OPENS,		/* a failure that opens it */
	PROBE_FAILS,	/* the one that this worker had last */
	SUCCEED,	/* an answer that closes nothing */
	CLOSES,		/* an answer that closes it */
	ABANDON,	/* the probe that this worker had last */
	RECOVERED	/* is this the time of the last recovery? */
};

enum {
	A,
	B,
	C,
	WORKERS
};

#define ALONE(at) { A, FAIL, at, "one failure" }, \
    { A, FAIL, at + 1, "two" }, { A, OPENS, at + 2, "the third opens it" }

struct step {
	unsigned int worker;
	enum happening happening;
	int64_t at_ms;
	const char *words;
};

static const struct {
	const char *name;
	struct step steps[24];
} stories[] = {
	{ "failures in a row", {
	    { A, CLOSED, 1, "closed at first" },
	    { A, FAIL, 2, "one of A" },
	    { B, FAIL, 3, "one of B" },
	    { C, SUCCEED, 4, "C is answered: the count begins anew" },
	    { A, FAIL, 5, "one of A again" },
	    { B, FAIL, 6, "one of B" },
	    { C, CLOSED, 7, "closed for all" },
	    { A, OPENS, 8, "the third in a row opens it" },
	    { A, OPEN, 9, "for A" },
	    { B, OPEN, 9, "for B" },
	    { C, OPEN, 9, "and for C, who had no failure: two had some" },
	    { C, FAIL, 10, "what was under way and fails is no news" },
	    { C, OPEN, 10007, "until its time" },
	    { C, PROBE, 10008, "then the first to come is the probe" },
	    { A, OPEN, 10009, "and nobody else" },
	    { C, PROBE_FAILS, 10010, "if that fails" },
	    { A, OPEN, 20009, "there is another pause" },
	    { A, PROBE, 20010, "and another probe" },
	    { B, CLOSES, 20020, "any answer closes it, to whomever" },
	    { C, CLOSED, 20021, "for all" },
	    { C, RECOVERED, 20020, "it has recovered" },
	    { A, PROBE_FAILS, 20022, "a probe of before counts as one" } } },
	{ "failures of two", {
	    { A, ABANDON, 9, "there is no probe yet: nothing happens" },
	    { A, FAIL, 1, "one of A" },
	    { B, FAIL, 2, "one of B" },
	    { B, OPENS, 3, "another one of B opens it" },
	    { C, OPEN, 4, "for C, too" },
	    { C, CLOSES, 5, "what was under way is answered" },
	    { A, RECOVERED, 5, "the account has recovered" } } },
	{ "a host that was started again", {
	    ALONE(10000000),
	    { A, OPEN, 2810002, "two hours ahead may be meant" },
	    { A, CLOSED, 2810001, "more is of before the start" },
	    ALONE(2800000) } },
	{ "a second opinion", {
	    ALONE(1),
	    { A, OPEN, 4, "A may not ask for one itself" },
	    { B, PROBE, 5, "B may, at once" },
	    { C, OPEN, 6, "only one at a time" },
	    { A, OPEN, 6, "not A either" },
	    { B, CLOSES, 7, "it was A's own trouble" },
	    { A, CLOSED, 8, "closed again" },
	    { A, RECOVERED, 0, "the account did not have to recover" } } },
	{ "a second opinion that is the same", {
	    ALONE(1),
	    { B, PROBE, 5, "B asks" },
	    { B, PROBE_FAILS, 100, "in vain" },
	    { C, OPEN, 101, "nobody asks for a third one" },
	    { C, OPEN, 10099, "until the pause is over, from then" },
	    { C, PROBE, 10100, "then there is a probe" },
	    { C, CLOSES, 10101, "and an answer" },
	    { A, RECOVERED, 10101, "the account has recovered" } } },
	{ "the worker whose trouble it is", {
	    ALONE(1),
	    { A, OPEN, 10002, "A waits for its pause" },
	    { A, PROBE, 10003, "then it is the probe, if nobody else is" },
	    { B, OPEN, 10004, "B waits for that" },
	    { A, PROBE_FAILS, 10005, "which fails" },
	    { A, OPEN, 10006, "A waits again" },
	    { B, PROBE, 10006, "B may ask at once" },
	    { B, CLOSES, 10007, "and is answered" } } },
	{ "a probe of which nothing is heard", {
	    ALONE(1),
	    { B, PROBE, 5, "B asks, and dies" },
	    { C, OPEN, 2004, "it had two seconds" },
	    { C, PROBE, 2005, "then the next one goes" },
	    { A, OPEN, 2006, "only one" },
	    { B, PROBE_FAILS, 2007, "B was only slow: too late" },
	    { A, OPEN, 2008, "the probe is still C's" },
	    { C, PROBE_FAILS, 2009, "which fails" },
	    { B, OPEN, 12008, "a pause from then" },
	    { B, PROBE, 12009, "and the next" } } },
	{ "a probe that shows nothing", {
	    ALONE(1),
	    { B, PROBE, 5, "B asks" },
	    { B, ABANDON, 6, "and goes away" },
	    { A, PROBE, 7, "whoever comes next is the probe" },
	    { B, ABANDON, 8, "B's is over: nothing happens" },
	    { B, OPEN, 9, "the probe is A's" },
	    { A, CLOSES, 10, "and is answered" },
	    { A, ABANDON, 11, "what is over cannot be abandoned" },
	    { A, CLOSED, 12, "closed" } } },
};

static struct host_breaker workers[WORKERS];
static uint64_t probes[WORKERS];
static struct host_accounts *accounts;

static void
open_workers(unsigned int failures)
{
	static unsigned int count;
	size_t i;

	/* Each story is another account. */
	const char *name = fixture_format("account-%u", ++count);

	for (i = 0; i < WORKERS; i++) {
		host_breaker_init(&workers[i], &(struct host_breaker_params){
			.accounts = accounts,
			.name = name,
			.failures = failures,
			.pause_ms = 10000
		});
		probes[i] = 0;
	}
}

static bool
step_is_right(const struct step *step)
{
	struct host_breaker *worker = &workers[step->worker];
	uint64_t *probe = &probes[step->worker], taken;
	int64_t at_ms = step->at_ms;
	bool right = true;

	switch (step->happening) {
	case END:
		break;
	case CLOSED:
		right = host_breaker_ask(worker, at_ms, at_ms + 2000,
		    &taken) == HOST_BREAKER_CLOSED && taken == 0 &&
		    !host_breaker_is_open(worker, at_ms);
		break;
	case OPEN:
		right = host_breaker_ask(worker, at_ms, at_ms + 2000,
		    &taken) == HOST_BREAKER_OPEN && taken == 0 &&
		    host_breaker_is_open(worker, at_ms);
		break;
	case PROBE:
		right = host_breaker_ask(worker, at_ms, at_ms + 2000,
		    probe) == HOST_BREAKER_PROBE && *probe != 0;
		break;
	case FAIL:
		right = !host_breaker_fail(worker, at_ms, 0, 7);
		break;
	case OPENS:
		right = host_breaker_fail(worker, at_ms, 0, 7) &&
		    host_breaker_cause(worker) == 7;
		break;
	case PROBE_FAILS:
		right = !host_breaker_fail(worker, at_ms, *probe, 8);
		break;
	case SUCCEED:
		right = !host_breaker_succeed(worker, at_ms) &&
		    host_breaker_answered_ms(worker, at_ms) == at_ms;
		break;
	case CLOSES:
		right = host_breaker_succeed(worker, at_ms);
		break;
	case ABANDON:
		host_breaker_abandon(worker, at_ms, *probe);
		break;
	case RECOVERED:
		right = host_breaker_recovered_ms(worker, 1000000) == at_ms;
		break;
	}
	return right;
}

static void
check_stories(void)
{
	size_t i, j;

	for (i = 0; i < sizeof stories / sizeof *stories; i++) {
		open_workers(3);
		for (j = 0; stories[i].steps[j].happening != END; j++)
			tap_ok(step_is_right(&stories[i].steps[j]),
			    "%s, %ld ms: %s", stories[i].name,
			    (long)stories[i].steps[j].at_ms,
			    stories[i].steps[j].words);
	}
}

static void
check_never(void)
{
	uint64_t probe;
	bool opened = false;
	int i;

	open_workers(0);
	for (i = 0; i < 1000; i++)
		opened = opened || host_breaker_fail(&workers[A], i, 0, 1);
	tap_ok(!opened && !host_breaker_is_shared(&workers[A]) &&
	    host_breaker_ask(&workers[B], i, i, &probe) ==
	    HOST_BREAKER_CLOSED, "with 0 it never opens");
	tap_ok(!host_breaker_succeed(&workers[A], i) &&
	    host_breaker_answered_ms(&workers[B], i) == 0 &&
	    host_breaker_cause(&workers[B]) == 0 &&
	    !host_breaker_note_logged(&workers[B], true),
	    "and nothing is known of other workers");
}

static void
check_first(void)
{
	open_workers(1);
	tap_ok(host_breaker_fail(&workers[A], 1, 0, 1),
	    "with 1 the first failure opens it");
}

/* Without a state directory each worker is alone. */
static void
check_alone(void)
{
	struct host_breaker breaker;

	host_breaker_init(&breaker, &(struct host_breaker_params){
		.failures = 1,
		.pause_ms = 10000
	});
	tap_ok(!host_breaker_is_shared(&breaker) &&
	    !host_breaker_fail(&breaker, 1, 0, 1) &&
	    !host_breaker_is_open(&breaker, 1),
	    "without a state directory nothing is shared");
}

static void
check_times(void)
{
	open_workers(3);
	tap_ok(!host_breaker_succeed(&workers[A], 5000),
	    "an answer closes nothing that never was open");
	tap_is_int(host_breaker_answered_ms(&workers[B], 5000), 5000,
	    "an answer of just now");
	tap_is_int(host_breaker_answered_ms(&workers[B], 4999), 0,
	    "one that is to come is of before the host was started");
}

static void
check_log(void)
{
	open_workers(3);
	tap_ok(host_breaker_note_logged(&workers[A], true),
	    "the first to write that it is open may");
	tap_ok(!host_breaker_note_logged(&workers[B], true),
	    "another worker need not");
	tap_ok(host_breaker_note_logged(&workers[C], false),
	    "whoever finds it closed may say so");
	tap_ok(!host_breaker_note_logged(&workers[B], false), "once");
}

/* Whatever stands in the file, it is open for a time that somebody means. */
static void
check_rubbish(void)
{
	const int64_t now_ms = 1000, far_ms = 2 * 3600 * 1000;
	uint64_t word = 0x9e3779b97f4a7c15, probe;
	unsigned int i, wrong = 0, open = 0;

	open_workers(3);
	for (i = 0; i < 100000; i++) {
		_Atomic uint64_t *numbers = host_accounts_find(accounts,
		    workers[A].params.name);

		word = word * 6364136223846793005 + 1442695040888963407;
		atomic_store(&numbers[HOST_ACCOUNTS_BREAKER],
		    word ^ word >> 29);
		atomic_store(&numbers[HOST_ACCOUNTS_CAUSE], word);
		atomic_store(&numbers[HOST_ACCOUNTS_ANSWERED_MS], word);
		open += host_breaker_is_open(&workers[A], now_ms);
		wrong += host_breaker_ask(&workers[A], now_ms + far_ms,
		    now_ms + far_ms, &probe) == HOST_BREAKER_OPEN ||
		    host_breaker_answered_ms(&workers[A], now_ms) > now_ms;
		host_breaker_fail(&workers[A], now_ms, word, 1);
		host_breaker_abandon(&workers[A], now_ms, word);
		host_breaker_succeed(&workers[A], now_ms);
		wrong += host_breaker_is_open(&workers[A], now_ms);
	}
	tap_ok(wrong == 0, "rubbish keeps nothing open");
	tap_ok(open < i / 50, "and is hardly ever taken for a word");
}

/* A worker that does anything, until it is killed. */
static void
live(void)
{
	struct host_breaker_params params = workers[A].params;
	struct host_breaker breaker;
	uint64_t probe = 0;
	int64_t i;

	params.accounts = host_accounts_open(fixture_directory());
	host_breaker_init(&breaker, &params);
	for (i = 1;; i++) {
		int64_t now_ms = i % 100000;

		host_breaker_ask(&breaker, now_ms, now_ms + 2000, &probe);
		if (i % 7 != 0)
			host_breaker_fail(&breaker, now_ms, probe, 1);
		else if (i % 3 == 0)
			host_breaker_abandon(&breaker, now_ms, probe);
		else if (i % 49 == 0)
			host_breaker_succeed(&breaker, now_ms);
	}
}

/* Three workers are killed somewhere in the midst; what is left works. */
static void
check_deaths(void)
{
	unsigned int round, i, wrong = 0;
	pid_t pids[WORKERS];
	uint64_t probe;

	open_workers(3);
	for (round = 0; round < 30; round++) {
		for (i = 0; i < WORKERS; i++) {
			if ((pids[i] = fork()) == 0)
				live();
		}
		usleep(2000 + 100 * round);
		for (i = 0; i < WORKERS; i++) {
			kill(pids[i], SIGKILL);
			waitpid(pids[i], NULL, 0);
		}
		/* All pauses and probes are over. */
		wrong += host_breaker_ask(&workers[B], 200000, 202000,
		    &probe) == HOST_BREAKER_OPEN;
		host_breaker_succeed(&workers[B], 200001);
		wrong += host_breaker_ask(&workers[C], 200002, 202000,
		    &probe) != HOST_BREAKER_CLOSED;
		wrong += host_breaker_fail(&workers[C], 200003, 0, 1);
		host_breaker_succeed(&workers[B], 200004);
	}
	tap_is_int(wrong, 0, "it outlives workers, wherever they are killed");
}

int
main(void)
{
	accounts = host_accounts_open(fixture_directory());
	check_stories();
	check_never();
	check_first();
	check_alone();
	check_times();
	check_log();
	check_rubbish();
	check_deaths();
	host_accounts_close(accounts);
	return tap_done();
}
