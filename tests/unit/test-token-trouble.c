/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Provider tokens where workers get into each other's way, one after the
 * other is refused, or there is nothing to share them by.
 */
#include "provider/token.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "fixture.h"
#include "tap.h"
#include "token-worker.h"

static void
set_age(int64_t age_s)
{
	clock_fake(
	    TOKEN_WORKER_NOW_MS + age_s * 1000, TOKEN_WORKER_NOW_S + age_s);
}

static const char *
token_path(const char *directory)
{
	return fixture_format("%s/one.token", directory);
}

/* Puts a file in the place of the shared token. */
static void
share(const char *directory, const char *text)
{
	if (rename(fixture_file("any", text), token_path(directory)) == -1)
		tap_bail_out("cannot write a token");
}

/* --- between the look and the lock --------------------------------------- */

/* What another worker does just before a lock is taken; NULL: nothing. */
static const char *meanwhile;
static const char *meanwhile_directory;

int
flock(int fd, int operation)
{
	if (meanwhile != NULL)
		share(meanwhile_directory, meanwhile);
	meanwhile = NULL;
	return (int)syscall(SYS_flock, fd, operation);
}

static void
check_race(void)
{
	const char *directory = token_worker_directory();
	struct token_worker a, b;

	set_age(0);
	token_worker_open(&a, directory, "one");
	token_worker_open(&b, directory, "one");
	meanwhile_directory = directory;
	meanwhile = "push-gateway token 1700000000 1700003600\nshared\n";
	tap_is_string(token_worker_ask(&a), "shared",
	    "a token that came before the lock is taken over");
	tap_is_int(a.mints, 0, "and none is minted");
	set_age(3000);
	token_worker_ask(&b);
	token_worker_turn();
	tap_is_int(b.mints, 1,
	    "the lock is given back: another worker mints the next one");
	token_worker_close(&a);
	token_worker_close(&b);
}

/* --- descriptors --------------------------------------------------------- */

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

static void
check_descriptors(void)
{
	const char *directory = token_worker_directory();
	struct token_worker a, b;
	int fd;

	if (!is_open(STDIN_FILENO) && open("/dev/null", O_RDONLY) == -1)
		tap_bail_out("cannot open /dev/null");
	set_age(0);
	token_worker_open(&a, directory, "one");
	token_worker_open(&b, directory, "one");
	token_worker_close(&a);
	tap_ok(is_open(STDIN_FILENO),
	    "who never had a lock closes no descriptor");
	token_worker_ask(&b);
	/* It has the number that the lock had. */
	fd = open("/dev/null", O_RDONLY);
	token_worker_ask(&b);
	tap_ok(is_open(fd), "a lock is closed once");
	close(fd);
	token_worker_close(&b);
}

/* A worker that stops while it mints. */
static void
check_stopped(void)
{
	const char *directory = token_worker_directory();
	unsigned int missing = 2;
	struct token_worker_answer answer = { .missing = &missing };
	struct token_worker a, b;
	struct token_wait *wait;

	set_age(0);
	token_worker_open(&a, directory, "one");
	token_worker_open(&b, directory, "one");
	a.delay_ms = TOKEN_WORKER_WHEN_TOLD;
	wait = token_worker_wait(&a, &answer);
	token_worker_turn();
	token_wait_cancel(wait);
	token_worker_close(&a);
	tap_ok(token_worker_ask(&b) != NULL && b.mints == 1,
	    "who stops while it mints gives the lock back");
	token_worker_close(&b);
}

/* --- what is taken over -------------------------------------------------- */

/* Rubbish in the file takes no good token away. */
static void
check_rubbish(void)
{
	const char *directory = token_worker_directory(), *first;
	unsigned int missing = 1;
	struct token_worker_answer answer = { .missing = &missing };
	struct token_worker worker;

	set_age(0);
	token_worker_open(&worker, directory, "one");
	first = token_worker_ask(&worker);
	share(directory, "push-gateway token 1700009999 1700010000\nx\n");
	set_age(3000);
	worker.delay_ms = TOKEN_WORKER_WHEN_TOLD;
	token_worker_wait(&worker, &answer);
	token_worker_turn();
	tap_is_string(answer.text, first, "who waits gets the good token, "
	    "though that in the file is none");
	tap_is_int(worker.mints, 2, "while another is minted");
	token_worker_finish(&worker);
	token_worker_close(&worker);
}

/* Each push asks for the token; a file is not read each time. */
static void
check_not_due(void)
{
	const char *directory = token_worker_directory(), *first;
	struct token_worker worker;

	set_age(0);
	token_worker_open(&worker, directory, "one");
	first = token_worker_ask(&worker);
	share(directory, "push-gateway token 1700000010 1700003610\nnew\n");
	set_age(2999);
	token_worker_current(&worker);
	token_worker_turn();
	tap_is_string(token_worker_current(&worker), first,
	    "one that is not due is not looked for elsewhere");
	set_age(3000);
	token_worker_current(&worker);
	token_worker_turn();
	tap_is_string(token_worker_current(&worker), "new",
	    "one that is due is");
	tap_is_int(worker.mints, 1, "and found there");
	token_worker_close(&worker);
}

/* Both refused, and renewed within one second. */
static void
check_same_second(void)
{
	const char *directory = token_worker_directory(), *second;
	struct token_worker a, b;

	set_age(0);
	token_worker_open(&a, directory, "one");
	token_worker_open(&b, directory, "one");
	token_worker_set_min_age(&a, 0);
	token_worker_set_min_age(&b, 0);
	token_worker_ask(&a);
	token_worker_ask(&b);
	token_refuse(a.source, token_serial(a.source));
	token_refuse(b.source, token_serial(b.source));
	second = token_worker_ask(&a);
	tap_is_string(token_worker_ask(&b), second,
	    "one that is as young as the refused one is taken over");
	tap_is_int(a.mints + b.mints, 2, "and not minted again");
	token_worker_close(&a);
	token_worker_close(&b);
}

/* --- refused ------------------------------------------------------------- */

static void
check_same_serial(void)
{
	struct token_worker worker;
	unsigned int serial;

	set_age(0);
	token_worker_open(&worker, token_worker_directory(), "one");
	token_worker_ask(&worker);
	serial = token_serial(worker.source);
	token_worker_ask(&worker);
	tap_is_int(token_serial(worker.source), serial,
	    "the same token has the same serial, though read again");
	set_age(1200);
	token_refuse(worker.source, serial);
	set_age(0);
	tap_ok(token_refuse(worker.source, serial),
	    "a refused one stays refused, though the clock was set back");
	tap_ok(token_current(worker.source) == NULL, "and is not used");
	token_worker_close(&worker);
}

/* One that takes the place of a refused one, at that age. */
static void
check_replaced(int64_t age_s, bool given_up)
{
	struct token_worker worker;

	set_age(0);
	token_worker_open(&worker, token_worker_directory(), "one");
	token_worker_set_min_age(&worker, 0);
	token_worker_ask(&worker);
	token_refuse(worker.source, token_serial(worker.source));
	token_worker_ask(&worker);
	set_age(age_s);
	tap_is_int(token_refuse(worker.source, token_serial(worker.source)),
	    given_up, "in place of a refused one, refused after %lld s: it "
	    "is %s", (long long)age_s, given_up ? "given up" : "kept");
	token_worker_close(&worker);
}

static void
check_after_replaced(void)
{
	struct token_worker worker;

	set_age(0);
	token_worker_open(&worker, token_worker_directory(), "one");
	token_worker_set_min_age(&worker, 0);
	token_worker_ask(&worker);
	token_refuse(worker.source, token_serial(worker.source));
	token_worker_ask(&worker);
	set_age(3000);
	token_worker_current(&worker);
	token_worker_turn();
	tap_ok(worker.mints == 3 && token_refuse(worker.source,
	    token_serial(worker.source)), "the next one after that, refused "
	    "at once: it is given up");
	token_worker_close(&worker);
}

/* --- the former one ------------------------------------------------------ */

/* A worker that still has the one that others have replaced. */
static void
check_late_worker(void)
{
	const char *directory = token_worker_directory();
	struct token_worker a, b;

	set_age(0);
	token_worker_open(&a, directory, "one");
	token_worker_open(&b, directory, "one");
	token_worker_ask(&a);
	token_worker_ask(&b);
	set_age(3000);
	token_worker_current(&a);
	token_worker_turn();
	tap_ok(!token_fall_back(b.source, token_serial(b.source)),
	    "the current one is not the one before it");
	token_worker_close(&a);
	token_worker_close(&b);
}

/* With a floor of a second, too; and the new one is renewed in its time. */
static void
check_after_former(void)
{
	struct token_worker worker;
	const char *first;

	set_age(0);
	token_worker_open(&worker, token_worker_directory(), "one");
	token_worker_set_min_age(&worker, 1);
	first = token_worker_ask(&worker);
	set_age(3000);
	token_worker_current(&worker);
	token_worker_turn();
	tap_ok(token_fall_back(worker.source, token_serial(worker.source)),
	    "with a floor of a second there is a former one");
	tap_is_string(token_worker_ask(&worker), first,
	    "who waits gets the former one, too");
	token_worker_turn();
	tap_is_int(worker.mints, 2, "and none is minted for that");
	set_age(3600);
	token_worker_ask(&worker);
	tap_is_int(worker.mints, 2, "the new one is used after it");
	set_age(6000);
	token_worker_current(&worker);
	token_worker_turn();
	tap_is_int(worker.mints, 3, "and is renewed in its time");
	token_worker_close(&worker);
}

/* --- what is known ------------------------------------------------------- */

static void
check_failure(void)
{
	struct token_worker worker;

	set_age(0);
	token_worker_open(&worker, token_worker_directory(), "one");
	tap_is_int(token_failure(worker.source), CAUSE_CREDENTIALS,
	    "without a failure there are no good credentials");
	tap_is_int(token_issued_s(worker.source), 0,
	    "without a token none was issued");
	token_worker_ask(&worker);
	tap_is_int(token_issued_s(worker.source), TOKEN_WORKER_NOW_S,
	    "with one it is known when");
	token_failed(worker.source, CAUSE_UNREACHABLE);
	tap_is_int(token_failure(worker.source), CAUSE_UNREACHABLE,
	    "of a failure the cause is known");
	token_worker_close(&worker);
}

/* --- nothing is shared --------------------------------------------------- */

static void
check_alone(void)
{
	struct token_worker a, b;
	const char *first;

	set_age(0);
	token_worker_open(&a, NULL, "one");
	token_worker_open(&b, NULL, "one");
	first = token_worker_ask(&a);
	tap_ok(first != NULL && a.mints == 1, "without a store it mints");
	tap_is_string(token_worker_ask(&a), first, "one time");
	tap_ok(token_worker_ask(&b) != NULL && b.mints == 1,
	    "so does each worker");
	set_age(3000);
	token_worker_current(&a);
	token_worker_turn();
	tap_ok(a.mints == 2 &&
	    !token_fall_back(a.source, token_serial(a.source)),
	    "there is nothing to fall back to");
	token_worker_close(&a);
	token_worker_close(&b);
}

/* No lock keeps a worker from minting while it mints. */
static void
check_alone_and_slow(void)
{
	unsigned int missing = 3;
	struct token_worker_answer answer = { .missing = &missing };
	struct token_worker worker;

	set_age(0);
	token_worker_open(&worker, NULL, "one");
	worker.delay_ms = TOKEN_WORKER_WHEN_TOLD;
	token_worker_wait(&worker, &answer);
	token_worker_turn();
	token_worker_wait(&worker, &answer);
	token_worker_turn();
	tap_is_int(worker.mints, 1, "without a store, too, one is minted for "
	    "all that wait");
	token_worker_finish(&worker);
	tap_is_int(answer.times, 2, "and all are answered");
	token_worker_close(&worker);
}

int
main(void)
{
	token_worker_begin();
	check_race();
	check_descriptors();
	check_stopped();
	check_rubbish();
	check_not_due();
	check_same_second();
	check_same_serial();
	check_replaced(0, false);
	check_replaced(4, false);
	check_replaced(5, true);
	check_after_replaced();
	check_late_worker();
	check_after_former();
	check_failure();
	check_alone();
	check_alone_and_slow();
	token_worker_end();
	return tap_done();
}
