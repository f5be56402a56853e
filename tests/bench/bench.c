/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <event2/event.h>

#include <dirent.h>
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ANSWER_MAX (256 * 1024)
#define PATIENCE_S 30
#define GROUPS_MAX 8

struct call {
	struct bench *bench;
	CURL *easy;
	double started_ms;
	double first_ms;	/* 0 until the first byte of the body */
	size_t answer_size;
	bool measured;
};

/* A socket of libcurl's that the loop watches. */
struct watch {
	struct bench *bench;
	struct event *event;
};

struct group {
	char name[32];
	char pids[4096];
	uint64_t cpu_ns;	/* when measuring began */
	uint64_t pss_kb;	/* in the middle of it */
};

struct bench {
	const struct bench_transfers *transfers;
	struct event_base *loop;
	struct event *timer;
	CURLM *multi;
	struct call *calls;
	size_t begun;
	size_t done;
	size_t failed;
	size_t answer_size;	/* of the first good one */
	struct bench_times times;
	double measuring_ms;	/* since when */
	double measured_ms;	/* how long */
	struct group groups[GROUPS_MAX];
	size_t group_count;
};

static double
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

char *
bench_read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	char *content;
	long length;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 ||
	    (length = ftell(file)) < 0 || fseek(file, 0, SEEK_SET) != 0 ||
	    (content = calloc(1, (size_t)length + 1)) == NULL)
		err(1, "%s", path);
	*size = fread(content, 1, (size_t)length, file);
	fclose(file);
	return content;
}

/* --- what processes use --------------------------------------------------- */

/* All threads' time on a CPU: the kernel has it in nanoseconds. */
static uint64_t
read_cpu_ns(const char *pid)
{
	char path[512];
	DIR *directory;
	struct dirent *entry;
	uint64_t sum = 0;

	snprintf(path, sizeof path, "/proc/%.20s/task", pid);
	directory = opendir(path);
	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		unsigned long long ns = 0;
		FILE *file;

		snprintf(path, sizeof path, "/proc/%.20s/task/%.20s/schedstat",
		    pid, entry->d_name);
		file = entry->d_name[0] != '.' ? fopen(path, "r") : NULL;
		if (file != NULL) {
			if (fscanf(file, "%llu", &ns) == 1)
				sum += ns;
			fclose(file);
		}
	}
	if (directory != NULL)
		closedir(directory);
	return sum;
}

static uint64_t
read_pss_kb(const char *pid)
{
	char line[256];
	unsigned long long kb = 0;
	FILE *file;

	snprintf(line, sizeof line, "/proc/%.20s/smaps_rollup", pid);
	file = fopen(line, "r");
	while (file != NULL && fgets(line, sizeof line, file) != NULL) {
		if (sscanf(line, "Pss: %llu kB", &kb) == 1)
			break;
	}
	if (file != NULL)
		fclose(file);
	return kb;
}

/* The sum over the processes of a group. */
static uint64_t
sum_up(const struct group *group, uint64_t (*read_one)(const char *pid))
{
	char pids[sizeof group->pids];
	char *rest = pids;
	char *pid;
	uint64_t sum = 0;

	memcpy(pids, group->pids, sizeof pids);
	while ((pid = strsep(&rest, ",")) != NULL)
		sum += read_one(pid);
	return sum;
}

static void
read_groups(struct bench *bench)
{
	char *copy = strdup(bench->transfers->groups);
	char *rest = copy;
	char *one;

	while (copy != NULL && (one = strsep(&rest, " ")) != NULL) {
		char *equals = strchr(one, '=');
		struct group *group = &bench->groups[bench->group_count];

		if (equals != NULL && bench->group_count < GROUPS_MAX) {
			*equals = '\0';
			snprintf(group->name, sizeof group->name, "%s", one);
			snprintf(group->pids, sizeof group->pids, "%s",
			    equals + 1);
			bench->group_count++;
		}
	}
	free(copy);
}

static void
begin_measuring(struct bench *bench)
{
	for (size_t i = 0; i < bench->group_count; i++)
		bench->groups[i].cpu_ns = sum_up(&bench->groups[i],
		    read_cpu_ns);
	bench->measuring_ms = now_ms();
}

static void
note_memory(struct bench *bench)
{
	for (size_t i = 0; i < bench->group_count; i++)
		bench->groups[i].pss_kb = sum_up(&bench->groups[i],
		    read_pss_kb);
}

/* --- transfers ------------------------------------------------------------ */

static size_t
on_body(char *data, size_t size, size_t count, void *argument)
{
	struct call *call = argument;

	(void)data;
	if (call->first_ms == 0)
		call->first_ms = now_ms();
	call->answer_size += size * count;
	return size * count;
}

static void
begin(struct bench *bench, struct call *call)
{
	size_t all = bench->transfers->count + bench->transfers->warm_up;

	if (bench->begun < all) {
		call->measured = bench->begun >= bench->transfers->warm_up;
		if (bench->begun == bench->transfers->warm_up)
			begin_measuring(bench);
		bench->begun++;
		call->started_ms = now_ms();
		call->first_ms = 0;
		call->answer_size = 0;
		curl_multi_add_handle(bench->multi, call->easy);
	}
}

static bool
is_good(struct bench *bench, const struct call *call, CURLcode result)
{
	long status = 0;

	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	if (bench->answer_size == 0)
		bench->answer_size = call->answer_size;
	return result == CURLE_OK && status == bench->transfers->good_status &&
	    call->answer_size == bench->answer_size;
}

static void
finish(struct bench *bench, struct call *call, CURLcode result)
{
	double ended_ms = now_ms();
	struct bench_times *times = &bench->times;

	if (!is_good(bench, call, result)) {
		bench->failed++;
		if (bench->failed == 1)
			warnx("failed: %s, %zu bytes",
			    curl_easy_strerror(result), call->answer_size);
	}
	if (call->measured) {
		times->first_ms[times->count] = (call->first_ms != 0
		    ? call->first_ms : ended_ms) - call->started_ms;
		times->all_ms[times->count++] = ended_ms - call->started_ms;
	}
	bench->done++;
	if (times->count == bench->transfers->count / 2)
		note_memory(bench);
}

static void
collect(struct bench *bench)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(bench->multi, &left)) != NULL) {
		CURLcode result = message->data.result;
		CURL *easy = message->easy_handle;
		struct call *call = NULL;

		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&call);
		finish(bench, call, result);
		curl_multi_remove_handle(bench->multi, easy);
		begin(bench, call);
	}
	if (bench->done ==
	    bench->transfers->count + bench->transfers->warm_up)
		event_base_loopbreak(bench->loop);
}

/* --- the loop ------------------------------------------------------------- */

static void
on_event(evutil_socket_t fd, short what, void *argument)
{
	struct watch *watch = argument;
	struct bench *bench = watch->bench;
	int running;

	curl_multi_socket_action(bench->multi, fd,
	    ((what & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
	    ((what & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0), &running);
	collect(bench);
}

static void
on_timer(evutil_socket_t fd, short what, void *argument)
{
	struct bench *bench = argument;
	int running;

	(void)fd;
	(void)what;
	curl_multi_socket_action(bench->multi, CURL_SOCKET_TIMEOUT, 0,
	    &running);
	collect(bench);
}

static int
set_timer(CURLM *multi, long timeout_ms, void *argument)
{
	struct bench *bench = argument;
	struct timeval timeout = {
		.tv_sec = timeout_ms / 1000,
		.tv_usec = timeout_ms % 1000 * 1000,
	};

	(void)multi;
	if (timeout_ms < 0)
		event_del(bench->timer);
	else
		event_add(bench->timer, &timeout);
	return 0;
}

static int
set_socket(CURL *easy, curl_socket_t fd, int what, void *argument,
    void *of_socket)
{
	struct bench *bench = argument;
	struct watch *watch = of_socket;
	short wanted = EV_PERSIST;

	(void)easy;
	if (watch != NULL) {
		event_free(watch->event);
	} else {
		watch = calloc(1, sizeof *watch);
		if (watch == NULL)
			err(1, "out of memory");
		watch->bench = bench;
	}
	if (what == CURL_POLL_REMOVE) {
		free(watch);
		watch = NULL;
	} else {
		if ((what & CURL_POLL_IN) != 0)
			wanted |= EV_READ;
		if ((what & CURL_POLL_OUT) != 0)
			wanted |= EV_WRITE;
		watch->event = event_new(bench->loop, fd, wanted, on_event,
		    watch);
		event_add(watch->event, NULL);
	}
	curl_multi_assign(bench->multi, fd, watch);
	return 0;
}

/* --- results -------------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void
print_times(const char *name, double *values, size_t count)
{
	qsort(values, count, sizeof *values, compare);
	printf(",\"%s\":{\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}", name,
	    values[(count - 1) / 2], values[(count - 1) * 99 / 100],
	    values[count - 1]);
}

static void
print_results(struct bench *bench, const uint64_t cpu_ns[GROUPS_MAX],
    double own_cpu_ms)
{
	struct bench_times *times = &bench->times;

	printf("{\"requests\":%zu,\"failed\":%zu,\"ms\":%.3f", times->count,
	    bench->failed, bench->measured_ms);
	print_times("first_ms", times->first_ms, times->count);
	print_times("all_ms", times->all_ms, times->count);
	printf(",\"own_cpu_ms\":%.3f,\"cpu_ms\":{", own_cpu_ms);
	for (size_t i = 0; i < bench->group_count; i++)
		printf("%s\"%s\":%.3f", i > 0 ? "," : "",
		    bench->groups[i].name,
		    (double)(cpu_ns[i] - bench->groups[i].cpu_ns) / 1e6);
	printf("},\"pss_kb\":{");
	for (size_t i = 0; i < bench->group_count; i++)
		printf("%s\"%s\":%llu", i > 0 ? "," : "",
		    bench->groups[i].name,
		    (unsigned long long)bench->groups[i].pss_kb);
	printf("}}\n");
}

static void
make_calls(struct bench *bench)
{
	const struct bench_transfers *transfers = bench->transfers;

	bench->calls = calloc(transfers->at_once, sizeof *bench->calls);
	bench->times.first_ms = calloc(transfers->count, sizeof(double));
	bench->times.all_ms = calloc(transfers->count, sizeof(double));
	if (bench->calls == NULL || bench->times.first_ms == NULL ||
	    bench->times.all_ms == NULL)
		err(1, "out of memory");
	for (size_t i = 0; i < transfers->at_once; i++) {
		struct call *call = &bench->calls[i];

		call->bench = bench;
		call->easy = curl_easy_init();
		curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, on_body);
		curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
		curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call);
		curl_easy_setopt(call->easy, CURLOPT_NOSIGNAL, 1L);
		curl_easy_setopt(call->easy, CURLOPT_TIMEOUT,
		    (long)PATIENCE_S);
		transfers->prepare(call->easy, transfers->argument);
	}
}

static void
make_loop(struct bench *bench)
{
	bench->loop = event_base_new();
	bench->timer = evtimer_new(bench->loop, on_timer, bench);
	bench->multi = curl_multi_init();
	curl_multi_setopt(bench->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(bench->multi, CURLMOPT_SOCKETDATA, bench);
	curl_multi_setopt(bench->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(bench->multi, CURLMOPT_TIMERDATA, bench);
	curl_multi_setopt(bench->multi, CURLMOPT_MAX_CONCURRENT_STREAMS,
	    1000L);
	curl_multi_setopt(bench->multi, CURLMOPT_MAXCONNECTS,
	    (long)bench->transfers->at_once + 8);
	if (bench->transfers->multiplexed > 0)
		curl_multi_setopt(bench->multi,
		    CURLMOPT_MAX_HOST_CONNECTIONS,
		    bench->transfers->multiplexed);
}

int
bench_run(const struct bench_transfers *transfers)
{
	struct bench bench = { .transfers = transfers };
	uint64_t cpu_ns[GROUPS_MAX] = { 0 };
	uint64_t own_ns;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	read_groups(&bench);
	make_loop(&bench);
	make_calls(&bench);
	for (size_t i = 0; i < transfers->at_once; i++)
		begin(&bench, &bench.calls[i]);
	own_ns = read_cpu_ns("self");
	event_base_dispatch(bench.loop);
	bench.measured_ms = now_ms() - bench.measuring_ms;
	for (size_t i = 0; i < bench.group_count; i++)
		cpu_ns[i] = sum_up(&bench.groups[i], read_cpu_ns);
	print_results(&bench, cpu_ns,
	    (double)(read_cpu_ns("self") - own_ns) / 1e6);
	for (size_t i = 0; i < transfers->at_once; i++)
		curl_easy_cleanup(bench.calls[i].easy);
	curl_multi_cleanup(bench.multi);
	event_free(bench.timer);
	event_base_free(bench.loop);
	free(bench.calls);
	free(bench.times.first_ms);
	free(bench.times.all_ms);
	return bench.failed == 0 ? 0 : 1;
}
