/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each worker makes of a channel's answers, asked directly; three
 * failures open a breaker, for ten seconds.  (By whole requests:
 * test-delivery-breaker.c and test-delivery-workers.c.)
 */
#include "delivery/health.h"

#include "captured-log.h"
#include "fake-loop.h"
#include "fixture.h"
#include "metrics-fixture.h"
#include "tap.h"

enum {
	A,
	B,
	C,
	WORKERS
};

/* All that is done here to a pool is to end the waiting in it. */
struct http_pool {
	unsigned int aborted;
};

static struct loop *loop;
static struct metrics *metrics;
static struct host_accounts *accounts;
static struct permits *permits;
static const char *directory, *name;
static struct metrics_labels labels;
static struct http_pool pools[WORKERS];
static struct health *workers[WORKERS];

void
http_pool_abort_waiting(struct http_pool *pool)
{
	pool->aborted++;
}

/* Each time for another account. */
static void
workers_open(struct host_accounts *shared, struct health_lines *lines)
{
	static unsigned int count;
	size_t i;

	name = fixture_format("account-%u", ++count);
	labels = (struct metrics_labels){
		.provider = "apns",
		.account = name
	};
	for (i = 0; i < WORKERS; i++) {
		pools[i].aborted = 0;
		workers[i] = health_create(&(struct health_params){
			.loop = loop,
			.name = name,
			.metrics = metrics,
			.labels = &labels,
			.accounts = shared,
			.permits = permits,
			.pool = &pools[i],
			.breaker = { .failures = 3, .pause_ms = 10000 },
			.shared = lines
		});
	}
	captured_log_begin();
}

static void
workers_close(void)
{
	size_t i;

	for (i = 0; i < WORKERS; i++)
		health_free(workers[i]);
}

static void
fail(unsigned int worker, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		struct health_push push = { .since_ms = 0 };

		health_fail(workers[worker], &push, CAUSE_UNREACHABLE, 0);
	}
}

static void
succeed(unsigned int worker)
{
	struct health_push push = { .since_ms = 0 };

	health_succeed(workers[worker], &push);
}

static bool
asks(unsigned int worker, struct health_push *push)
{
	*push = (struct health_push){ .since_ms = 0 };
	return health_admits(workers[worker], push,
	    clock_monotonic_ms() + 2000);
}

static bool
is_admitted(unsigned int worker)
{
	struct health_push push;
	bool admitted = asks(worker, &push);

	health_leave(workers[worker], &push);
	return admitted;
}

static void
pass(int64_t ms)
{
	fake_loop_pass(loop, ms);
}

/* -1: there is none. */
static int64_t
gauge(void)
{
	return value_of(read_text(directory), fixture_format(
	    "push_gateway_account_open{provider=\"apns\",account=\"%s\"}",
	    name));
}

/* --- what is said of it -------------------------------------------------- */

static void
check_gauge_alone(void)
{
	workers_open(NULL, NULL);
	fail(A, 2);
	health_show(workers[A]);
	tap_is_int(gauge(), -1, "of its own breaker, closed, no worker speaks");
	fail(A, 1);
	tap_is_int(gauge(), 1, "it says that it is open");
	health_show(workers[B]);
	tap_is_int(gauge(), 1, "a worker whose own is closed says nothing");
	succeed(A);
	tap_is_int(gauge(), 0, "who said that it is open says when it closes");
	fail(B, 3);
	health_show(workers[A]);
	tap_is_int(gauge(), 1, "and nothing after that");
	health_free(workers[B]);
	workers[B] = NULL;
	tap_is_int(gauge(), 0, "one that ends open leaves nothing open behind");
	workers_close();
}

static void
check_gauge_shared(void)
{
	workers_open(accounts, NULL);
	health_show(workers[A]);
	tap_is_int(gauge(), 0, "the host's breaker is shown closed, too");
	fail(A, 2);
	fail(B, 1);
	tap_is_int(gauge(), 1, "and open");
	health_free(workers[A]);
	workers[A] = NULL;
	tap_is_int(gauge(), 1, "a worker that ends does not close the host's");
	succeed(C);
	tap_is_int(gauge(), 0, "whoever closes it shows that");
	workers_close();
}

static void
check_many_channels(void)
{
	struct health_lines lines = { .limits = { { .burst = 0 } } };

	workers_open(NULL, &lines);
	fail(A, 3);
	tap_ok(!is_admitted(A), "one of an account's many channels is open");
	tap_is_int(gauge(), -1, "which the account's gauge does not show");
	tap_lacks(captured_log_text(), "circuit breaker", "nor the log");
	workers_close();
}

static void
check_log_alone(void)
{
	workers_open(NULL, NULL);
	fail(A, 3);
	tap_contains(captured_log_text(), ": circuit breaker open: ",
	    "of a breaker that no other worker has it is not said whose it is");
	succeed(A);
	tap_is_int(captured_log_count(": recovered"), 1,
	    "the recovery is logged");
	fail(A, 3);
	succeed(A);
	tap_is_int(captured_log_count(": recovered"), 1,
	    "of one whose opening was not logged neither is the recovery");
	workers_close();
}

/* --- whether anything is tried ------------------------------------------- */

static void
check_waiting(void)
{
	workers_open(accounts, NULL);
	fail(A, 2);
	fail(B, 1);
	tap_is_int(pools[B].aborted, 1,
	    "whose failure opens the host's breaker ends all waiting");
	tap_is_int(pools[A].aborted, 0, "another worker has not heard of it");
	tap_ok(!is_admitted(A) && pools[A].aborted == 1,
	    "and does the same when it asks");
	is_admitted(A);
	is_admitted(B);
	tap_ok(pools[A].aborted == 1 && pools[B].aborted == 1,
	    "once: who waits since may be the probe");
	succeed(B);
	tap_ok(is_admitted(A), "it closes for both");
	tap_ok(pools[A].aborted == 1 && pools[B].aborted == 1,
	    "and nobody's waiting ends by that");
	fail(A, 2);
	fail(C, 1);
	is_admitted(A);
	is_admitted(B);
	tap_is_int(pools[A].aborted, 2,
	    "when it opens again, who had seen it closed ends all waiting");
	tap_is_int(pools[B].aborted, 2, "so does who had closed it");
	workers_close();
}

static void
check_waiting_own(void)
{
	workers_open(accounts, NULL);
	fail(A, 2);
	succeed(B);
	fail(A, 1);
	tap_ok(!is_admitted(A) && is_admitted(B),
	    "a worker's own breaker opens for that one alone");
	tap_ok(pools[A].aborted == 1 && pools[B].aborted == 0,
	    "so does it end the waiting");
	workers_close();
}

/* What the host's breaker shows goes before what the own one says. */
static void
check_host_probe(void)
{
	struct health_push probe;

	workers_open(accounts, NULL);
	fail(A, 2);
	fail(B, 1);
	pass(5000);
	fail(B, 2);
	pass(5000);
	tap_ok(asks(B, &probe) && health_is_probe(&probe),
	    "a worker is the host's probe, even if its own is still open");
	tap_ok(health_admits(workers[B], &probe, clock_monotonic_ms() + 2000),
	    "and may go on trying");
	pass(2999);
	tap_ok(!is_admitted(C), "a probe may end a second late");
	pass(1);
	tap_ok(is_admitted(C), "not later");
	health_succeed(workers[B], &probe);
	tap_ok(!health_is_probe(&probe), "once it is answered it is a probe no "
	    "more");
	workers_close();
}

static void
check_own_probe(void)
{
	struct health_push probe;

	workers_open(NULL, NULL);
	fail(A, 3);
	pass(10000);
	tap_ok(asks(A, &probe) && health_is_probe(&probe) && !is_admitted(A),
	    "one push is the probe of its own breaker");
	tap_ok(health_admits(workers[A], &probe, clock_monotonic_ms() + 2000),
	    "and may go on trying");
	health_leave(workers[A], &probe);
	tap_ok(asks(A, &probe) && health_is_probe(&probe),
	    "if it leaves, and showed nothing, the next one is");
	health_fail(workers[A], &probe, CAUSE_UNREACHABLE, 0);
	tap_ok(!health_is_probe(&probe) && !is_admitted(A),
	    "by its failure it is a probe no more");
	pass(10000);
	tap_ok(asks(A, &probe) && health_is_probe(&probe),
	    "after the pause there is another one");
	health_succeed(workers[A], &probe);
	tap_ok(!health_is_probe(&probe) && is_admitted(A),
	    "nor is that one any more once it is answered");
	workers_close();
}

static void
check_recovery(void)
{
	workers_open(accounts, NULL);
	fail(A, 2);
	fail(B, 1);
	pass(3000);
	fail(A, 1);
	succeed(B);
	tap_ok(is_admitted(A), "when the host's closes, after failures of two, "
	    "a worker's own does, even if it opened just now");
	pass(1);
	fail(A, 3);
	succeed(B);
	tap_ok(!is_admitted(A), "not after those of this worker alone");
	workers_close();
}

static void
check_connections(void)
{
	static const uint64_t numbers[] = { 7, 7, 7, 8, 8 };
	size_t i;

	workers_open(NULL, NULL);
	for (i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		struct health_push push = { .since_ms = 0 };

		health_fail(workers[A], &push, CAUSE_UNREACHABLE, numbers[i]);
	}
	tap_ok(is_admitted(A), "all that was on a connection is one failure");
	health_fail(workers[A], &(struct health_push){ .since_ms = 0 },
	    CAUSE_UNREACHABLE, 9);
	tap_ok(!is_admitted(A), "three connections are three");
	workers_close();
}

/* --- silence ------------------------------------------------------------- */

static struct health_push calls[8];

static void
begin(unsigned int worker, unsigned int first, unsigned int count)
{
	unsigned int i;

	for (i = first; i < first + count; i++)
		health_begin_call(workers[worker], &calls[i]);
}

static void
end(unsigned int worker, unsigned int first, unsigned int count,
    bool answered)
{
	unsigned int i;

	for (i = first; i < first + count; i++)
		health_end_call(workers[worker], &calls[i], answered);
}

static void
check_silence_alone(void)
{
	workers_open(NULL, NULL);
	begin(A, 0, 1);
	end(A, 0, 1, false);
	tap_is_int((int64_t)fake_loop_timers(loop), 0,
	    "with no call in flight nobody looks");
	begin(A, 0, 2);
	pass(2000);
	begin(A, 2, 1);
	pass(2000);
	begin(A, 3, 1);
	pass(1999);
	tap_ok(is_admitted(A), "silence is counted from the third call on");
	pass(1);
	tap_ok(!is_admitted(A), "four seconds of it open the breaker");
	tap_is_int(health_cause(workers[A]), CAUSE_DEADLINE,
	    "for want of an answer");
	end(A, 0, 4, false);
	workers_close();
}

static void
check_silence_answered(void)
{
	workers_open(NULL, NULL);
	begin(A, 0, 4);
	pass(1);
	end(A, 3, 1, true);
	pass(3999);
	tap_ok(is_admitted(A), "an answer begins the four seconds anew");
	pass(1);
	tap_ok(!is_admitted(A), "to the millisecond");
	end(A, 0, 3, false);
	workers_close();
}

static void
check_silence_of_host(void)
{
	workers_open(accounts, NULL);
	begin(A, 0, 1);
	begin(B, 1, 2);
	end(B, 2, 1, false);
	pass(1);
	begin(A, 3, 1);
	pass(3999);
	tap_ok(is_admitted(C), "two calls of two workers are silent for long");
	pass(1);
	tap_ok(!is_admitted(C), "the third opens the host's breaker");
	end(A, 0, 1, false);
	end(A, 3, 1, false);
	end(B, 1, 1, false);
	workers_close();
}

static void
check_silence_again(void)
{
	unsigned int i;

	workers_open(accounts, NULL);
	for (i = 0; i < 3; i++) {
		tap_ok(is_admitted(A), "%u silent calls open nothing", i);
		begin(A, 0, 1);
		pass(4000);
		end(A, 0, 1, false);
	}
	tap_ok(!is_admitted(A), "another call of a push is another silence");
	workers_close();
}

/* By two workers, so that nobody may ask for a second opinion. */
static void
check_give_up(struct host_accounts *shared, unsigned int other)
{
	struct health_push push = { .since_ms = 0 };
	int64_t since_ms = clock_monotonic_ms();

	workers_open(shared, NULL);
	succeed(A);
	pass(600);
	health_give_up(workers[A], &push, CAUSE_DEADLINE, since_ms);
	health_give_up(workers[other], &push, CAUSE_DEADLINE, since_ms);
	health_give_up(workers[other], &push, CAUSE_DEADLINE, since_ms);
	tap_ok(!is_admitted(A), "an answer of when the wait began is of "
	    "before it");
	workers_close();
}

static void
check_cause(void)
{
	_Atomic uint64_t *numbers;

	workers_open(accounts, NULL);
	health_fail(workers[A], &(struct health_push){ .since_ms = 0 },
	    CAUSE_OVERLOADED, 0);
	fail(B, 1);
	tap_is_int(health_cause(workers[A]), CAUSE_OVERLOADED,
	    "while the host's breaker is closed a worker knows its own cause");
	fail(B, 1);
	tap_is_int(health_cause(workers[A]), CAUSE_UNREACHABLE,
	    "once that is open the host's");
	numbers = host_accounts_find(accounts, name);
	numbers[HOST_ACCOUNTS_CAUSE] = CAUSE_NONE;
	tap_is_int(health_cause(workers[A]), CAUSE_OVERLOADED,
	    "unless there is none");
	numbers[HOST_ACCOUNTS_CAUSE] = CAUSE__MAX;
	tap_is_int(health_cause(workers[A]), CAUSE_OVERLOADED,
	    "or what is no cause");
	workers_close();
}

int
main(void)
{
	clock_fake(FAKE_LOOP_START_MS, FAKE_LOOP_START_S);
	loop = loop_create();
	directory = directory_new();
	metrics = metrics_open(directory);
	accounts = host_accounts_open(directory);
	permits = permits_create(loop, 1);
	check_gauge_alone();
	check_gauge_shared();
	check_many_channels();
	check_log_alone();
	check_waiting();
	check_waiting_own();
	check_host_probe();
	check_own_probe();
	check_recovery();
	check_connections();
	check_silence_alone();
	check_silence_answered();
	check_silence_of_host();
	check_silence_again();
	check_give_up(NULL, A);
	check_give_up(accounts, B);
	check_cause();
	permits_free(permits);
	host_accounts_close(accounts);
	metrics_close(metrics);
	loop_free(loop);
	return tap_done();
}
