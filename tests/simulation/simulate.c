/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole gateway in simulation: see README.md.  Each seed is a world of its
 * own, and always the same one.  Prints TAP.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/exit-status.h"
#include "events.h"
#include "world.h"

enum {
	SIMULATE_JOBS_MAX = 64,
	SIMULATE_SEEDS_MAX = 1000000,
	/* So many times the new seeds that are asked for, until everything has
	 * happened. */
	SIMULATE_ROUNDS_MAX = 10,
	SIMULATE_DEVICES = 10000	/* of a seed, more or less */
};

static struct {
	uint64_t *seeds;
	size_t count;
	size_t known;			/* those of the file; they come first */
	size_t done;
	unsigned long fresh;		/* so many new ones are asked for */
	unsigned int jobs;
	unsigned int devices;
	bool is_hampered;
	bool is_verbose;
	bool is_complete;		/* everything is to happen */
	bool stops;			/* at the first seed that fails */
	enum log_level level;		/* LOG_LEVEL__MAX: no log */
} simulate = {
	.jobs = 1, .devices = SIMULATE_DEVICES, .level = LOG_LEVEL__MAX
};

/* What each job has done; shared with it and its children. */
struct simulate_job {
	struct oracle_counts counts;
	struct events events;
	unsigned int failures;
	unsigned int known_failures;
	char words[8192];		/* of the seed under way */
};

static struct simulate_job *simulate_jobs;

/* --- seeds --------------------------------------------------------------- */

static void
simulate_add_seed(uint64_t seed)
{
	static size_t size;

	if (simulate.count == size) {
		size = 2 * size + 64;
		simulate.seeds = realloc(simulate.seeds,
		    size * sizeof *simulate.seeds);
		if (simulate.seeds == NULL)
			exit(70);
	}
	simulate.seeds[simulate.count++] = seed;
}

/* A line each; what follows the number, and "#", is for people. */
static void
simulate_add_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[256];
	uint64_t seed;

	if (file == NULL) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(66);
	}
	while (fgets(line, sizeof line, file) != NULL) {
		if (sscanf(line, "%" SCNu64, &seed) == 1)
			simulate_add_seed(seed);
	}
	fclose(file);
	simulate.known = simulate.count;
}

static void
simulate_add_new(unsigned long count)
{
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	uint32_t seed;

	for (; count > 0; count--) {
		if (fd == -1 || read(fd, &seed, sizeof seed) != sizeof seed)
			exit(71);
		simulate_add_seed(seed);
	}
	close(fd);
}

/* --- jobs ---------------------------------------------------------------- */

static void
simulate_tell(uint64_t seed, const char *words)
{
	const char *line = words;

	printf("# seed %" PRIu64 ": ", seed);
	for (; *line != '\0'; line++) {
		putchar(*line);
		if (*line == '\n' && line[1] != '\0')
			printf("# ");
	}
	printf("\n# replay: make simulate SEED=%" PRIu64 "\n", seed);
	fflush(stdout);
}

/* A process of its own: what goes wrong in one seed harms no other. */
static void
simulate_run_seed(struct simulate_job *job, uint64_t seed)
{
	pid_t pid;
	int status;

	snprintf(job->words, sizeof job->words, "ended by itself");
	fflush(stdout);
	if ((pid = fork()) == -1)
		exit(71);
	if (pid == 0) {
		events_set(&job->events);
		world_run(seed, simulate.devices, simulate.is_hampered,
		    simulate.level, &job->counts, job->words,
		    sizeof job->words);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) == -1)
		exit(71);
	if (WIFSIGNALED(status))
		snprintf(job->words, sizeof job->words,
		    "died of signal %d", WTERMSIG(status));
	else if (simulate.is_hampered && (WEXITSTATUS(status) == 1 ||
	    WEXITSTATUS(status) == EXIT_STATUS_SOFTWARE))
		/* It did not start, or out of memory is fatal. */
		job->words[0] = '\0';
}

static bool
simulate_is_over(void)
{
	unsigned int i, failures = 0;

	for (i = 0; i < simulate.jobs; i++)
		failures += simulate_jobs[i].failures;
	return simulate.stops && failures > 0;
}

static void
simulate_run_job(unsigned int number)
{
	struct simulate_job *job = &simulate_jobs[number];
	size_t i;

	world_prepare();
	for (i = simulate.done + number; i < simulate.count &&
	    !simulate_is_over(); i += simulate.jobs) {
		simulate_run_seed(job, simulate.seeds[i]);
		if (job->words[0] == '\0')
			continue;
		simulate_tell(simulate.seeds[i], job->words);
		job->failures++;
		if (i < simulate.known)
			job->known_failures++;
	}
}

static void
simulate_run_seeds(void)
{
	unsigned int i;

	for (i = 0; i < simulate.jobs; i++) {
		pid_t pid = fork();

		if (pid == -1)
			exit(71);
		if (pid == 0) {
			simulate_run_job(i);
			exit(0);
		}
	}
	for (i = 0; i < simulate.jobs; i++) {
		if (wait(NULL) == -1)
			exit(71);
	}
	simulate.done = simulate.count;
}

static void
simulate_sum_events(struct events *events)
{
	unsigned int i;

	memset(events, 0, sizeof *events);
	for (i = 0; i < simulate.jobs; i++)
		events_add(events, &simulate_jobs[i].events);
}

/* What is rare may not have happened in the first seeds. */
static void
simulate_run(struct events *events)
{
	unsigned int round;

	for (round = 1; ; round++) {
		simulate_run_seeds();
		simulate_sum_events(events);
		if (!simulate.is_complete || simulate.fresh == 0 ||
		    round == SIMULATE_ROUNDS_MAX ||
		    events_missing(events) == 0)
			break;
		simulate_add_new(simulate.fresh);
	}
}

/* --- the report ---------------------------------------------------------- */

/* What has happened, and whether that is everything. */
static bool
simulate_report_events(const struct events *events, int number)
{
	bool held = !simulate.is_complete || events_missing(events) == 0;

	if (simulate.is_verbose || simulate.is_complete)
		events_print(events, simulate.is_verbose);
	if (simulate.is_complete)
		printf("%sok %d - everything that may happen has\n",
		    held ? "" : "not ", number);
	return held;
}

static bool
simulate_report(const struct events *events, double seconds)
{
	struct oracle_counts sum = { .requests = 0 };
	unsigned int i, failures = 0, known = 0;
	int number = 0;
	bool held;

	for (i = 0; i < simulate.jobs; i++) {
		const struct simulate_job *job = &simulate_jobs[i];

		oracle_counts_add(&sum, &job->counts);
		failures += job->failures;
		known += job->known_failures;
	}
	printf("# %u requests, %u verdicts: %u delivered, %u rejected, "
	    "%u later, %u failed; %u attempts, %u duplicates after an "
	    "unknown end; %.0f verdicts a minute\n", sum.requests,
	    sum.verdicts, sum.delivered, sum.rejected, sum.later, sum.failed,
	    sum.attempts, sum.duplicates, sum.verdicts / seconds * 60);
	if (simulate.known > 0)
		printf("%sok %d - %zu seeds that failed once hold\n",
		    known == 0 ? "" : "not ", ++number, simulate.known);
	if (simulate.count > simulate.known)
		printf("%sok %d - %zu other seeds hold, with %u verdicts\n",
		    failures == known ? "" : "not ", ++number,
		    simulate.count - simulate.known, sum.verdicts);
	held = simulate_report_events(events, number + 1);
	printf("1..%d\n", number + simulate.is_complete);
	return failures == 0 && held;
}

static double
simulate_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	static struct events events;
	double start = simulate_now();
	int option;
	bool held;

	while ((option = getopt(argc, argv, "cd:f:j:l:n:svx")) != -1) {
		switch (option) {
		case 'c':
			simulate.is_complete = true;
			break;
		case 'd':
			simulate.devices = (unsigned int)atoi(optarg);
			break;
		case 'f':
			/* The report knows them by their places. */
			if (simulate.count > 0)
				return 64;
			simulate_add_file(optarg);
			break;
		case 'j':
			simulate.jobs = (unsigned int)atoi(optarg);
			break;
		case 'l':
			simulate.level = log_level_find(optarg);
			break;
		case 'n':
			simulate.fresh = strtoul(optarg, NULL, 10);
			simulate_add_new(simulate.fresh);
			break;
		case 's':
			simulate.stops = true;
			break;
		case 'v':
			simulate.is_verbose = true;
			break;
		case 'x':
			simulate.is_hampered = true;
			break;
		default:
			fprintf(stderr, "usage: simulate [-csvx] [-d devices] "
			    "[-f file] [-j jobs] [-l level] [-n count] "
			    "[seed ...]\n");
			return 64;
		}
	}
	for (; optind < argc; optind++)
		simulate_add_seed(strtoull(argv[optind], NULL, 10));
	if (simulate.jobs < 1 || simulate.jobs > SIMULATE_JOBS_MAX ||
	    simulate.devices < 1 || simulate.count > SIMULATE_SEEDS_MAX)
		return 64;
	simulate_jobs = mmap(NULL, SIMULATE_JOBS_MAX * sizeof *simulate_jobs,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (simulate_jobs == MAP_FAILED)
		return 71;
	simulate_run(&events);
	held = simulate_report(&events, simulate_now() - start);
	free(simulate.seeds);
	return held ? 0 : 1;
}
