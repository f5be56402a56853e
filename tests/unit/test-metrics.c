/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of one worker: what is counted, written and kept. */
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

/* What this process counts. */
static const char *
own_text(const struct metrics *metrics)
{
	struct metrics_snapshot *snapshot = metrics_snapshot_take(metrics);
	const char *text;
	struct buf buf;

	buf_init(&buf, METRICS_TEXT_SIZE);
	metrics_text_write(snapshot, &buf);
	metrics_snapshot_free(snapshot);
	text = fixture_format("%s", buf_text(&buf));
	buf_free(&buf);
	return text;
}

/* --- the text ------------------------------------------------------------ */

static void
check_text(void)
{
	const char *directory = directory_new();
	struct metrics *metrics = metrics_open(directory);

	tap_is_string(read_text(directory),
	    "# HELP push_gateway_metrics_dropped_total "
	    "Updates lost because the table of metrics was full.\n"
	    "# TYPE push_gateway_metrics_dropped_total counter\n"
	    "push_gateway_metrics_dropped_total 0\n",
	    "at first there is nothing but that nothing was dropped");
	metrics_add(metrics, METRICS_REQUESTS, 2, &(struct metrics_labels){
	    .operation = "notify", .status = "503" });
	metrics_add(metrics, METRICS_REQUESTS, 40, &(struct metrics_labels){
	    .operation = "notify", .status = "200", .app = "not its label" });
	metrics_add(metrics, METRICS_REQUESTS, 1, &(struct metrics_labels){
	    .operation = "notify", .status = "200" });
	metrics_set(metrics, METRICS_ACCOUNT_OPEN, 1,
	    &(struct metrics_labels){ .provider = "fcm" });
	metrics_set(metrics, METRICS_CREDENTIALS_EXPIRY, -5,
	    &(struct metrics_labels){ .app = "a" });
	tap_is_string(read_text(directory),
	    "# HELP push_gateway_account_open "
	    "1 while the circuit breaker of an account is open.\n"
	    "# TYPE push_gateway_account_open gauge\n"
	    "push_gateway_account_open{provider=\"fcm\",account=\"\"} 1\n"
	    "# HELP push_gateway_credentials_expiry_seconds "
	    "Unix time when an app's certificate expires.\n"
	    "# TYPE push_gateway_credentials_expiry_seconds gauge\n"
	    "push_gateway_credentials_expiry_seconds{app=\"a\"} -5\n"
	    "# HELP push_gateway_metrics_dropped_total "
	    "Updates lost because the table of metrics was full.\n"
	    "# TYPE push_gateway_metrics_dropped_total counter\n"
	    "push_gateway_metrics_dropped_total 0\n"
	    "# HELP push_gateway_requests_total "
	    "Requests answered, by operation and HTTP status.\n"
	    "# TYPE push_gateway_requests_total counter\n"
	    "push_gateway_requests_total"
	    "{operation=\"notify\",status=\"200\"} 41\n"
	    "push_gateway_requests_total"
	    "{operation=\"notify\",status=\"503\"} 2\n",
	    "it is sorted, each metric with its help and type");
	metrics_clear_gauges(metrics);
	tap_lacks(read_text(directory), "gauge", "gauges can be hidden");
	metrics_set(metrics, METRICS_ACCOUNT_OPEN, 0,
	    &(struct metrics_labels){ .provider = "fcm" });
	tap_contains(read_text(directory), "account_open{provider=\"fcm\","
	    "account=\"\"} 0\n", "a gauge that is set is shown again");
	metrics_add(NULL, METRICS_DROPPED, 1, NULL);
	metrics_close(metrics);
	metrics_close(NULL);
}

static void
check_histogram(void)
{
	static const int64_t durations_ms[] = { -1, 0, 5, 6, 8000, 8001,
		10000, 10001, 99999 };
	const char *directory = directory_new(), *text;
	struct metrics *metrics = metrics_open(directory);
	size_t i;

	for (i = 0; i < sizeof durations_ms / sizeof *durations_ms; i++)
		metrics_observe(metrics, METRICS_PROVIDER_SECONDS,
		    durations_ms[i], &(struct metrics_labels){
		    .provider = "apns" });
	text = read_text(directory);
	tap_contains(text, "# TYPE push_gateway_provider_seconds histogram\n"
	    "push_gateway_provider_seconds_bucket"
	    "{provider=\"apns\",le=\"0.005\"} 3\n"
	    "push_gateway_provider_seconds_bucket"
	    "{provider=\"apns\",le=\"0.01\"} 4\n",
	    "a duration is counted up to its bound, and in all above");
	tap_contains(text,
	    "push_gateway_provider_seconds_bucket"
	    "{provider=\"apns\",le=\"8\"} 5\n"
	    "push_gateway_provider_seconds_bucket"
	    "{provider=\"apns\",le=\"10\"} 7\n"
	    "push_gateway_provider_seconds_bucket"
	    "{provider=\"apns\",le=\"+Inf\"} 9\n"
	    "push_gateway_provider_seconds_sum{provider=\"apns\"} 136.012\n"
	    "push_gateway_provider_seconds_count{provider=\"apns\"} 9\n",
	    "the end of a histogram is their sum and number");
	metrics_close(metrics);
}

static void
check_labels(void)
{
	static const struct {
		const char *what;
		const char *value;
		const char *text;
	} labels[] = {
		{ "a quote, a backslash, a line's end", "a\"b\\c\nd",
		    "a\\\"b\\\\c\\nd" },
		{ "a letter beyond ASCII", "\xc3\xa4\xf0\x9f\x99\x82",
		    "\xc3\xa4\xf0\x9f\x99\x82" },
		{ "what is not UTF-8", "a\xff\xc3", "a\xef\xbf\xbd"
		    "\xef\xbf\xbd" },
		{ "nothing", NULL, "" },
		{ "braces, commas, blanks", "a} b,c=\"d", "a} b,c=\\\"d" },
	};
	const char *directory = directory_new(), *text;
	struct metrics *metrics = metrics_open(directory);
	size_t i;

	for (i = 0; i < sizeof labels / sizeof *labels; i++) {
		metrics_add(metrics, METRICS_GUARDED, i + 1,
		    &(struct metrics_labels){ .app = labels[i].value });
		tap_is_int(value_of(read_text(directory), fixture_format(
		    "push_gateway_guarded_total{app=\"%s\"}",
		    labels[i].text)), (int64_t)i + 1, "a label may be %s",
		    labels[i].what);
	}
	for (i = 0; i < 2; i++)
		metrics_add(metrics, METRICS_VERDICTS, 1,
		    &(struct metrics_labels){
		    .provider = fixture_repeat("p", 1000),
		    .app = fixture_repeat("a", 127 + i),
		    .verdict = fixture_repeat("v", 1000),
		    .reason = fixture_repeat("r", 1000) });
	text = read_text(directory);
	tap_contains(text, fixture_format("app=\"%s\",",
	    fixture_repeat("a", 127)), "127 bytes of a label are kept");
	tap_contains(text, fixture_format("reason=\"%s\"} 2\n",
	    fixture_repeat("r", 127)), "what is longer is cut, and added");
	metrics_close(metrics);
}

/* --- the table ----------------------------------------------------------- */

static void
check_full(void)
{
	const char *directory = directory_new(), *text, *line;
	struct metrics *metrics = metrics_open(directory);
	int64_t shown = 0, dropped, total = 2 * METRICS_ROWS;
	int64_t i;

	for (i = 0; i < total; i++)
		metrics_add(metrics, METRICS_GUARDED, 1,
		    &(struct metrics_labels){ .app = fixture_format("app-%d",
		    (int)i) });
	text = read_text(directory);
	dropped = value_of(text, "push_gateway_metrics_dropped_total");
	for (line = text; (line = strstr(line, "\npush_gateway_guarded")) !=
	    NULL; line++)
		shown++;
	tap_ok(shown > METRICS_ROWS * 8 / 10 && shown < METRICS_ROWS,
	    "a table takes nearly as many series as it has places");
	tap_is_int(shown + dropped, total,
	    "what finds no room is counted as dropped");
	metrics_add(metrics, METRICS_GUARDED, 5, &(struct metrics_labels){
	    .app = "app-0" });
	text = read_text(directory);
	tap_is_int(value_of(text, "push_gateway_guarded_total{app=\"app-0\"}"),
	    6, "what has a place keeps counting in a full table");
	tap_is_int(value_of(text, "push_gateway_metrics_dropped_total"),
	    dropped, "that is not dropped");
	metrics_close(metrics);
}

/* A file is in the directory; what does a worker make of it? */
static void
check_file(const char *what, const char *directory, bool is_kept)
{
	struct metrics *metrics = metrics_open(directory);
	const char *path = fixture_format("%s/metrics", directory);
	struct stat st;

	metrics_add(metrics, METRICS_GUARDED, 1, &(struct metrics_labels){
	    .app = "a" });
	tap_is_int(value_of(read_text(directory),
	    "push_gateway_guarded_total{app=\"a\"}"), is_kept ? 2 : 1,
	    "%s is %s", what, is_kept ? "kept" : "replaced");
	tap_ok(lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & 07777) == 0600, "%s: its mode is 0600 then", what);
	tap_ok(access(fixture_format("%s/metrics.new", directory), F_OK) ==
	    -1, "%s: nothing else is left", what);
	metrics_close(metrics);
}

/* A directory whose file says that app "a" was guarded once. */
static const char *
directory_counted(void)
{
	const char *directory = directory_new();
	struct metrics *metrics = metrics_open(directory);

	metrics_add(metrics, METRICS_GUARDED, 1, &(struct metrics_labels){
	    .app = "a" });
	metrics_close(metrics);
	return directory;
}

static const char *
directory_with(const char *text)
{
	const char *directory = directory_new();
	const char *file = fixture_file("any", text);

	if (mkdir(directory, 0700) == -1 || rename(file,
	    fixture_format("%s/metrics", directory)) == -1)
		tap_bail_out("cannot make %s", directory);
	return directory;
}

/* Writes over a part of a good file. */
static const char *
directory_damaged(off_t offset, const void *data, size_t size)
{
	const char *directory = directory_counted();
	int fd = open(fixture_format("%s/metrics", directory), O_WRONLY);

	if (fd == -1 || pwrite(fd, data, size, offset) != (ssize_t)size)
		tap_bail_out("cannot damage the file");
	close(fd);
	return directory;
}

static void
check_files(void)
{
	const char *directory, *path, *target;
	struct stat st;

	check_file("a good file", directory_counted(), true);
	check_file("an empty file", directory_with(""), false);
	check_file("any text", directory_with("rubbish\n"), false);
	check_file("another magic", directory_damaged(0, "x", 1), false);
	/* The number behind the magic. */
	check_file("another layout", directory_damaged(24, "12345678", 8),
	    false);
	directory = directory_counted();
	path = fixture_format("%s/metrics", directory);
	if (stat(path, &st) == -1 || truncate(path, st.st_size - 1) == -1)
		tap_bail_out("cannot cut %s", path);
	check_file("a file that is cut", directory, false);
	directory = directory_counted();
	path = fixture_format("%s/metrics", directory);
	if (truncate(path, st.st_size + 1) == -1)
		tap_bail_out("cannot lengthen %s", path);
	check_file("a file that is too long", directory, false);
	directory = directory_counted();
	if (chmod(fixture_format("%s/metrics", directory), 0640) == -1)
		tap_bail_out("cannot change a mode");
	check_file("a file that the group may read", directory, false);
	directory = directory_with("");
	path = fixture_format("%s/metrics", directory);
	target = fixture_file("target", "text");
	if (unlink(path) == -1 || symlink(target, path) == -1)
		tap_bail_out("cannot make a link");
	check_file("a symbolic link", directory, false);
	tap_ok(stat(target, &st) == 0 && st.st_size == 4,
	    "what a link leads to is left alone");
	directory = directory_with("");
	path = fixture_format("%s/metrics", directory);
	if (unlink(path) == -1 || mkfifo(path, 0600) == -1)
		tap_bail_out("cannot make a pipe");
	check_file("a pipe", directory, false);
}

/* Rubbish behind a good header must do no harm. */
static void
check_rubbish_rows(void)
{
	size_t size = sizeof(struct shared_row) * METRICS_ROWS, i;
	unsigned char *rubbish = malloc(size);
	unsigned int seed = 1;
	const char *directory;
	struct metrics *metrics;

	for (i = 0; rubbish != NULL && i < size; i++)
		rubbish[i] = (unsigned char)(rand_r(&seed) >> 3);
	directory = directory_damaged(32, rubbish, size);
	metrics = metrics_open(directory);
	metrics_add(metrics, METRICS_GUARDED, 1, NULL);
	metrics_clear_gauges(metrics);
	tap_is_string(read_text(directory), "",
	    "rows that are not ours are passed over");
	metrics_close(metrics);
	free(rubbish);
}

/* Where nothing can be shared a worker counts for itself. */
static void
check_alone(const char *what, const char *directory)
{
	struct metrics *metrics = metrics_open(directory);

	metrics_add(metrics, METRICS_GUARDED, 7, &(struct metrics_labels){
	    .app = "alone" });
	tap_is_int(value_of(own_text(metrics),
	    "push_gateway_guarded_total{app=\"alone\"}"), 7,
	    "%s: it counts for itself", what);
	metrics_close(metrics);
}

/* As on a disk that is full; a write must not be found out by a signal. */
static void
check_no_room(void)
{
	const char *directory = directory_new();
	struct rlimit limit, little;

	signal(SIGXFSZ, SIG_IGN);
	if (getrlimit(RLIMIT_FSIZE, &limit) == -1)
		tap_bail_out("no limits");
	little = limit;
	little.rlim_cur = 4096;
	setrlimit(RLIMIT_FSIZE, &little);
	check_alone("no room for the file", directory);
	setrlimit(RLIMIT_FSIZE, &limit);
	tap_ok(access(fixture_format("%s/metrics", directory), F_OK) == -1 &&
	    access(fixture_format("%s/metrics.new", directory), F_OK) == -1,
	    "no half of a file is left");
}

static void
check_unshared(void)
{
	const char *directory = directory_with(""), *path;
	struct error error = { .words = "" };
	struct stat st;
	struct buf buf;

	path = fixture_format("%s/metrics", directory);
	if (unlink(path) == -1 || mkdir(path, 0700) == -1)
		tap_bail_out("cannot make %s", path);
	check_alone("a directory in its place", directory);
	directory = directory_counted();
	path = fixture_format("%s/metrics", directory);
	if (geteuid() == 0 && chown(path, 1, 1) == 0) {
		check_alone("a file of another user", directory);
		tap_ok(stat(path, &st) == 0 && st.st_uid == 1,
		    "a file of another user is left alone");
		tap_is_int(value_of(read_text(directory),
		    "push_gateway_guarded_total{app=\"alone\"}"), -1,
		    "nothing is counted in it");
	}
	directory = directory_counted();
	if (chmod(directory, 0755) == -1)
		tap_bail_out("cannot change a mode");
	check_alone("a directory that is open to others", directory);
	check_alone("no directory", fixture_path("none/state"));
	tap_is_string(read_text(fixture_path("none/state")), "",
	    "to read, no directory is no series");
	tap_ok(access(fixture_path("none"), F_OK) == -1, "none is made");
	buf_init(&buf, METRICS_TEXT_SIZE);
	tap_ok(!metrics_text_read(fixture_file("file", "x"), &buf, &error),
	    "a file is no directory to read");
	tap_contains(error.words, "cannot read", "the error says so");
	buf_free(&buf);
}

/* --- looking ------------------------------------------------------------- */

static void
check_snapshot(void)
{
	struct metrics *metrics = metrics_open(directory_new());
	struct metrics_snapshot *snapshot;
	const struct metrics_series *series;

	clock_fake(0, 1900000000);
	metrics_add(metrics, METRICS_VERDICTS, 3, &(struct metrics_labels){
	    .provider = "fcm", .app = "a", .verdict = "later",
	    .reason = "UNAVAILABLE" });
	metrics_observe(metrics, METRICS_PROVIDER_SECONDS, 11,
	    &(struct metrics_labels){ .provider = "apns" });
	clock_fake(0, 1900000060);
	metrics_add(metrics, METRICS_VERDICTS, 1, &(struct metrics_labels){
	    .provider = "apns", .app = "a", .verdict = "delivered" });
	clock_fake(-1, -1);
	snapshot = metrics_snapshot_take(metrics);
	metrics_close(metrics);
	tap_is_int((int64_t)snapshot->count, 4, "all series are there");
	series = snapshot->series;
	tap_is_int(series[0].name, METRICS_DROPPED, "they are sorted by name");
	tap_is_int(series[1].value, 1, "of a histogram it is their number");
	tap_is_int(series[1].sum_ms, 11, "and their sum");
	tap_is_int(series[1].buckets[2], 1, "and each bucket alone");
	tap_is_string(series[2].labels.provider, "apns",
	    "they are sorted by labels, too");
	tap_is_string(series[2].labels.reason, "", "a label may be empty");
	tap_ok(series[2].labels.account == NULL,
	    "a label that the metric has not is none");
	tap_is_int(series[2].changed_s, 1900000060,
	    "it is known when a counter last counted");
	tap_is_int(series[3].changed_s, 1900000000, "of each series");
	tap_is_string(series[3].labels.reason, "UNAVAILABLE",
	    "labels outlive the metrics");
	metrics_snapshot_free(snapshot);
	metrics_snapshot_free(NULL);
}

/* Only told: it depends on the machine. */
static void
note_cost(void)
{
	enum { COUNTS = 1000000 };
	struct metrics *metrics = metrics_open(directory_new());
	struct timespec begin, end;
	int i;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	for (i = 0; i < COUNTS; i++)
		metrics_add(metrics, METRICS_VERDICTS, 1,
		    &(struct metrics_labels){ .provider = "apns",
		    .app = "de.gematik.erezept.ios.apns",
		    .verdict = "rejected", .reason = "Unregistered" });
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	tap_note("a count takes %.0f ns", ((double)(end.tv_sec -
	    begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec)) /
	    COUNTS);
	metrics_close(metrics);
}

int
main(void)
{
	check_text();
	check_histogram();
	check_labels();
	check_full();
	check_files();
	check_rubbish_rows();
	check_unshared();
	check_no_room();
	check_snapshot();
	note_cost();
	return tap_done();
}
