/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of several workers of a host, and of those that have died. */
#include "state/metrics.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "fixture.h"
#include "metrics-fixture.h"
#include "state/metrics-text.h"
#include "state/shared-table.h"
#include "state/worker-slot.h"
#include "tap.h"

/* --- gauges of workers ---------------------------------------------------- */

/* What a worker says of itself: so many requests, and whether app "a" can be
 * used. */
static void
set_share(struct metrics *metrics, int64_t requests, bool is_usable)
{
	metrics_set(metrics, METRICS_WORKERS, 1, NULL);
	metrics_set(metrics, METRICS_REQUESTS_IN_FLIGHT, requests, NULL);
	metrics_set(metrics, METRICS_APP_USABLE, is_usable,
	    &(struct metrics_labels){ .app = "a" });
}

static void
check_shares_are(const char *directory, int64_t workers, int64_t requests,
    int64_t usable, const char *when)
{
	const char *text = read_text(directory);

	tap_is_int(value_of(text, "push_gateway_workers"), workers,
	    "%s: the workers", when);
	tap_is_int(value_of(text, "push_gateway_requests_in_flight"), requests,
	    "%s: the sum of their requests", when);
	tap_is_int(value_of(text, "push_gateway_app_usable{app=\"a\"}"),
	    usable, "%s: the least", when);
}

/* Another worker, which says the same and waits to be killed. */
static pid_t
start_worker(const char *directory, int64_t requests, bool is_usable)
{
	int pipes[2];
	pid_t child;
	char byte;

	if (pipe(pipes) == -1 || (child = fork()) == -1)
		tap_bail_out("cannot start a process");
	if (child == 0) {
		set_share(metrics_open(directory), requests, is_usable);
		if (write(pipes[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	if (read(pipes[0], &byte, 1) != 1)
		tap_bail_out("a process does not begin");
	close(pipes[0]);
	close(pipes[1]);
	return child;
}

static void
kill_worker(pid_t worker)
{
	kill(worker, SIGKILL);
	waitpid(worker, NULL, 0);
}

static void
check_shares(void)
{
	const char *directory = directory_new();
	struct metrics *one = metrics_open(directory), *other;
	pid_t killed, last;

	fflush(NULL);
	check_shares_are(directory, -1, -1, -1, "before any says something");
	set_share(one, 3, true);
	check_shares_are(directory, 1, 3, 1, "one worker");
	killed = start_worker(directory, 40, false);
	check_shares_are(directory, 2, 43, 0, "two workers");
	set_share(one, 5, true);
	check_shares_are(directory, 2, 45, 0, "two, one of which says more");
	kill_worker(killed);
	check_shares_are(directory, 1, 5, 1, "one that was killed");
	other = metrics_open(directory);
	check_shares_are(directory, 1, 5, 1, "a new one in its place, silent");
	set_share(other, 7, true);
	check_shares_are(directory, 2, 12, 1, "a new one in its place");
	metrics_clear_gauges(one);
	check_shares_are(directory, 2, 12, 1, "the host's gauges hidden");
	metrics_clear_own_gauges(one);
	check_shares_are(directory, 1, 7, 1, "one who hides his");
	set_share(one, 1, true);
	metrics_close(other);
	check_shares_are(directory, 1, 1, 1, "one who has left");
	last = start_worker(directory, 2, true);
	metrics_close(one);
	check_shares_are(directory, 1, 2, 1, "the first has left");
	kill_worker(last);
	check_shares_are(directory, -1, -1, -1, "nobody is left");
}

/* More than there are slots. */
static void
check_many_workers(void)
{
	struct metrics *workers[WORKER_SLOT_MAX + 2];
	const size_t count = sizeof workers / sizeof *workers;
	const char *directory = directory_new();
	size_t i;

	for (i = 0; i < count; i++) {
		workers[i] = metrics_open(directory);
		metrics_set(workers[i], METRICS_WORKERS, 1, NULL);
		metrics_add(workers[i], METRICS_CLIENTS_REFUSED, 1, NULL);
	}
	tap_is_int(value_of(read_text(directory), "push_gateway_workers"),
	    WORKER_SLOT_MAX, "gauges are those of as many as there are slots");
	tap_is_int(value_of(read_text(directory),
	    "push_gateway_clients_refused_total"), (int64_t)count,
	    "all of them count");
	for (i = 0; i < count; i++)
		metrics_close(workers[i]);
	tap_is_int(value_of(read_text(directory), "push_gateway_workers"), -1,
	    "slots are given back");
}

/* --- processes ----------------------------------------------------------- */

enum {
	CHILDREN = 8,
	ROUNDS = 20000,
	APPS = 300
};

static void
child_count(const char *directory)
{
	struct metrics *metrics = metrics_open(directory);
	int i;

	for (i = 0; i < ROUNDS; i++) {
		char app[32];

		snprintf(app, sizeof app, "app-%d", i % APPS);
		metrics_add(metrics, METRICS_GUARDED, 1,
		    &(struct metrics_labels){ .app = app });
	}
	metrics_close(metrics);
	_exit(0);
}

static void
check_processes(void)
{
	const char *directory = directory_new(), *text, *line;
	int64_t sum = 0, count = 0;
	int i, status, good = 0;

	fflush(NULL);
	for (i = 0; i < CHILDREN; i++) {
		if (fork() == 0)
			child_count(directory);
	}
	for (i = 0; i < CHILDREN; i++)
		good += wait(&status) != -1 && status == 0;
	tap_is_int(good, CHILDREN, "many processes count at once");
	text = read_text(directory);
	for (line = text; (line = strstr(line, "\npush_gateway_guarded")) !=
	    NULL; line++) {
		sum += strtoll(strchr(line, '}') + 2, NULL, 10);
		count++;
	}
	tap_is_int(count, APPS, "each series is there once");
	tap_is_int(sum + value_of(text, "push_gateway_metrics_dropped_total"),
	    CHILDREN * ROUNDS, "no count is lost");
}

/* Nobody waits long for who holds the lock and stands still. */
static void
check_lock(void)
{
	const char *directory = directory_new(), *text;
	struct metrics *metrics = metrics_open(directory);
	int fd = open(fixture_format("%s/metrics.lock", directory), O_RDWR);
	struct timespec begin, end;

	metrics_add(metrics, METRICS_GUARDED, 1, &(struct metrics_labels){
	    .app = "old" });
	if (fd == -1 || flock(fd, LOCK_EX) == -1)
		tap_bail_out("cannot lock");
	clock_gettime(CLOCK_MONOTONIC, &begin);
	metrics_add(metrics, METRICS_GUARDED, 1, &(struct metrics_labels){
	    .app = "old" });
	metrics_add(metrics, METRICS_GUARDED, 1, &(struct metrics_labels){
	    .app = "new" });
	clock_gettime(CLOCK_MONOTONIC, &end);
	tap_ok(end.tv_sec - begin.tv_sec < 5,
	    "a lock that is not given back holds nobody up");
	text = read_text(directory);
	tap_is_int(value_of(text, "push_gateway_guarded_total{app=\"old\"}"),
	    2, "what has a place needs no lock");
	tap_is_int(value_of(text, "push_gateway_metrics_dropped_total"), 1,
	    "a new series is dropped then");
	close(fd);
	metrics_add(metrics, METRICS_GUARDED, 1, &(struct metrics_labels){
	    .app = "new" });
	tap_is_int(value_of(read_text(directory),
	    "push_gateway_guarded_total{app=\"new\"}"), 1,
	    "and made when the holder is gone");
	metrics_close(metrics);
}

/* Two who have it open: a replaced file harms neither. */
static void
check_replaced(void)
{
	const char *directory = directory_new();
	struct metrics *former = metrics_open(directory);
	struct metrics *metrics;

	if (unlink(fixture_format("%s/metrics", directory)) == -1)
		tap_bail_out("cannot remove the file");
	metrics = metrics_open(directory);
	metrics_add(former, METRICS_GUARDED, 1, &(struct metrics_labels){
	    .app = "former" });
	metrics_add(metrics, METRICS_GUARDED, 1, &(struct metrics_labels){
	    .app = "now" });
	tap_lacks(read_text(directory), "former",
	    "who has a file that was replaced keeps counting there");
	tap_contains(read_text(directory), "now",
	    "who comes later counts in the new one");
	metrics_close(former);
	metrics_close(metrics);
}

int
main(void)
{
	check_shares();
	check_many_workers();
	check_processes();
	check_lock();
	check_replaced();
	return tap_done();
}
