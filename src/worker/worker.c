/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/worker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "api/response.h"
#include "base/clock.h"
#include "base/file-watch.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/service-manager.h"
#include "base/xmalloc.h"
#include "cgi/listener.h"
#include "state/metrics.h"
#include "worker/conf-text.h"
#include "worker/generation.h"
#include "worker/sandbox.h"

#define WORKER_OUTGROWN_WORDS "the sandbox forbids what it needs"

enum {
	/* A web server that stalls in the middle of a request or an answer
	 * holds one of the places in flight. */
	WORKER_IO_TIMEOUT_MS = 5000,
	/* What a request takes beyond its deadline to be written out. */
	WORKER_STOP_GRACE_MS = 2000,
	WORKER_HOUSEKEEPING_MS = 1000,
	WORKER_RETRY_CHECKS = 10,
	/* Connections for each request in flight, so that those of a caller
	 * who must wait do not keep out the others'. */
	WORKER_CONNECTIONS_FACTOR = 4,
	WORKER_CONNECTIONS_MIN = 64,
	/* How often the log says that a mistake is still there. */
	WORKER_REMIND_MS = 3600 * 1000
};

/* Of a previous configuration, until its last request is answered. */
struct worker_previous {
	TAILQ_ENTRY(worker_previous) entry;
	struct generation *generation;
};

struct worker {
	struct loop *loop;
	const char *path;
	struct loop_watch *signals;
	struct loop_timer *shutdown_timeout;
	struct loop_timer *housekeeping;	/* once a second */
	struct file_watch *files;
	bool stopping;
	bool cgi;			/* it serves one request */
	bool tcp;			/* the socket is on a network */
	bool reload_failed;		/* the files say something else */
	unsigned int checks;		/* since then */
	char refused[512];		/* why; "": it was not */
	int64_t refused_logged_ms;
	bool outgrown;			/* it needs what the sandbox forbids */
	struct sandbox *sandbox;	/* NULL: not entered */
	uint64_t served;		/* requests, so far */
	uint64_t served_before;		/* a second ago */
	unsigned int quiet_s;		/* seconds without a request */
	struct generation *generation;
	TAILQ_HEAD(, worker_previous) previous_generations;
	struct listener *listener;
};

/* What the operator's pages say. */
static void
worker_update_status(struct worker *worker)
{
	struct admin_status *status;

	if (worker->generation == NULL)
		return;
	status = generation_status(worker->generation);
	status->stopping = worker->stopping;
	status->configuration_refused = worker->reload_failed;
}

/* --- stopping ------------------------------------------------------------ */

static void
worker_on_drained(void *arg)
{
	struct worker *worker = arg;

	loop_stop(worker->loop);
}

static void
worker_on_shutdown_timeout(void *arg)
{
	struct worker *worker = arg;
	struct worker_previous *previous;

	log_warn("shutdown timeout: failing unfinished requests");
	listener_expire(worker->listener);
	TAILQ_FOREACH(previous, &worker->previous_generations, entry)
		generation_expire(previous->generation);
	generation_expire(worker->generation);
}

/* The latest deadline that a request in flight can have, from now on. */
static int64_t
worker_longest_timeout(const struct worker *worker)
{
	const struct conf *conf = generation_conf(worker->generation);
	int64_t longest = conf->request_timeout_ms;
	struct worker_previous *previous;

	TAILQ_FOREACH(previous, &worker->previous_generations, entry) {
		conf = generation_conf(previous->generation);
		if (conf->request_timeout_ms > longest)
			longest = conf->request_timeout_ms;
	}
	return longest;
}

/* Accepts no more, and ends the loop when all is answered. */
static void
worker_stop(struct worker *worker)
{
	if (!worker->stopping && worker->generation != NULL)
		loop_timer_start(worker->shutdown_timeout,
		    worker_longest_timeout(worker) + WORKER_STOP_GRACE_MS);
	worker->stopping = true;
	service_manager_notify("STOPPING=1");
	worker_update_status(worker);
	listener_stop(worker->listener, worker_on_drained, worker);
}

static void worker_reload(struct worker *worker);

static void
worker_on_signal(void *arg, int fd, unsigned int events)
{
	struct worker *worker = arg;
	struct signalfd_siginfo info;

	(void)events;
	if (read(fd, &info, sizeof info) != sizeof info)
		return;
	if (info.ssi_signo == SIGHUP) {
		if (!worker->stopping && worker->generation != NULL) {
			service_manager_notify_reloading();
			worker_reload(worker);
			service_manager_notify("READY=1");
		}
		return;
	}
	log_info("received SIG%s: finishing requests in flight",
	    sigabbrev_np((int)info.ssi_signo));
	worker_stop(worker);
}

/*
 * They stay blocked and are read as events: no system call is interrupted.
 */
static int
worker_open_signals(void)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1 ||
	    (fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) == -1)
		fatal("cannot receive signals");
	return fd;
}

/* --- metrics ------------------------------------------------------------- */

/* A CGI process is gone before anybody reads its gauges. */
static void
worker_report(struct worker *worker)
{
	if (!worker->cgi)
		generation_report(worker->generation, &(struct gauges){
		    .is_in_force = !worker->reload_failed,
		    .requests_in_flight = listener_in_flight(worker->listener)
		});
}

static void
worker_count_reload(struct worker *worker, const char *result)
{
	metrics_add(generation_metrics(worker->generation), METRICS_RELOADS, 1,
	    &(struct metrics_labels){ .result = result });
	worker_report(worker);
}

/* --- reloading ----------------------------------------------------------- */

/*
 * True if this worker's sandbox keeps it from what a configuration needs, and
 * a new worker could have that.
 */
static bool
worker_is_outgrown(const struct worker *worker, const struct conf *conf)
{
	bool outgrown = worker->sandbox != NULL && !conf->sandbox;
	const char *path;
	size_t i;

	for (i = 0; worker->sandbox != NULL && i < conf->tls_watch.count; i++)
		outgrown |= !sandbox_allows(worker->sandbox,
		    conf->tls_watch.values[i]);
	for (i = 0; worker->sandbox != NULL &&
	    (path = conf_files(conf, i)) != NULL; i++) {
		if (sandbox_allows(worker->sandbox, path))
			continue;
		/* The sandbox lets it ask that much. */
		if (access(path, R_OK) == -1)
			return false;
		outgrown = true;
	}
	return outgrown;
}

/* The same of what its apps' credentials, which were loaded, name. */
static bool
worker_is_outgrown_by_credentials(const struct worker *worker,
    const struct conf *conf)
{
	bool outgrown = false;
	const char *path;
	size_t i;

	for (i = 0; worker->sandbox != NULL && !outgrown &&
	    (path = conf_mint_files(conf, i)) != NULL; i++)
		outgrown = !sandbox_allows(worker->sandbox, path) &&
		    access(path, R_OK) == 0;
	return outgrown;
}

/* Whoever connects to a worker can claim to be any caller. */
static bool
worker_is_exposed(const struct worker *worker, const struct conf *conf,
    struct error *error)
{
	bool exposed = worker->tcp && conf->fastcgi_secret_file == NULL &&
	    !conf->allow_tcp_without_secret;

	if (exposed)
		error_set(error, "the FastCGI socket is on a network: that "
		    "needs fastcgi_secret_file, or allow_tcp_without_secret");
	return exposed;
}

/* Takes over the configuration, in any case. */
static struct generation *
worker_make_generation(struct worker *worker, struct conf *conf,
    struct error *error)
{
	struct generation *generation;

	worker->outgrown = worker_is_outgrown(worker, conf);
	if (worker->outgrown) {
		error_set(error, WORKER_OUTGROWN_WORDS);
		conf_free(conf);
		return NULL;
	}
	if (worker_is_exposed(worker, conf, error)) {
		conf_free(conf);
		return NULL;
	}
	/* At the start what goes wrong is logged as the configuration says. */
	if (worker->generation == NULL)
		log_open(&conf->log);
	generation = generation_create(worker->loop, conf, error);
	if (generation != NULL && worker->generation != NULL &&
	    !generation_keeps_apps(generation, worker->generation, error)) {
		generation_free(generation);
		generation = NULL;
	}
	if (generation != NULL && worker_is_outgrown_by_credentials(worker,
	    generation_conf(generation))) {
		error_set(error, WORKER_OUTGROWN_WORDS);
		worker->outgrown = true;
		generation_free(generation);
		generation = NULL;
	}
	return generation;
}

/*
 * Reads the configuration and makes a generation of it.  The files are watched
 * before they are read: a change in between is seen.
 */
static struct generation *
worker_load(struct worker *worker, struct file_watch **files,
    struct error *error)
{
	struct generation *generation = NULL;
	struct conf *conf;
	const char *path;
	size_t i;

	*files = file_watch_create();
	file_watch_add(*files, worker->path);
	conf = conf_load(worker->path, error);
	for (i = 0; conf != NULL && (path = conf_files(conf, i)) != NULL; i++)
		file_watch_add(*files, path);
	if (conf != NULL)
		generation = worker_make_generation(worker, conf, error);
	if (generation == NULL) {
		file_watch_free(*files);
		*files = NULL;
	}
	return generation;
}

/* Once, when the configuration in force asks for it. */
static void
worker_enter_sandbox(struct worker *worker)
{
	const struct conf *conf = generation_conf(worker->generation);
	const char *path;
	size_t i;

	if (!conf->sandbox || worker->sandbox != NULL)
		return;
	worker->sandbox = sandbox_create();
	sandbox_add_file(worker->sandbox, worker->path);
	for (i = 0; (path = conf_files(conf, i)) != NULL; i++)
		sandbox_add_file(worker->sandbox, path);
	for (i = 0; (path = conf_mint_files(conf, i)) != NULL; i++)
		sandbox_add_file(worker->sandbox, path);
	for (i = 0; i < conf->tls_watch.count; i++)
		sandbox_add_file(worker->sandbox, conf->tls_watch.values[i]);
	sandbox_enter(worker->sandbox, conf->state_directory);
}

/* Serves new requests by this generation from now on. */
static void
worker_take(struct worker *worker, struct generation *generation,
    struct file_watch *files)
{
	const struct conf *conf = generation_conf(generation);

	file_watch_free(worker->files);
	worker->files = files;
	worker->generation = generation;
	log_open(&conf->log);
	listener_limit(worker->listener, WORKER_CONNECTIONS_MIN +
	    WORKER_CONNECTIONS_FACTOR *
	    (unsigned int)conf->max_requests_in_flight);
	if (!worker->cgi)
		metrics_clear_gauges(generation_metrics(generation));
	worker_report(worker);
	generation_log_files(generation);
	worker_enter_sandbox(worker);
}

/* The same mistake is said again once an hour. */
static void
worker_log_refusal(struct worker *worker, const struct error *error)
{
	int64_t now_ms = clock_monotonic_ms();

	if (strcmp(worker->refused, error->words) == 0 &&
	    now_ms - worker->refused_logged_ms < WORKER_REMIND_MS)
		return;
	snprintf(worker->refused, sizeof worker->refused, "%s", error->words);
	worker->refused_logged_ms = now_ms;
	log_error("keeping the previous configuration: %s", error->words);
}

static void
worker_reload(struct worker *worker)
{
	struct worker_previous *previous;
	struct generation *generation;
	struct file_watch *files;
	struct error error;

	generation = worker_load(worker, &files, &error);
	worker->reload_failed = generation == NULL;
	worker_update_status(worker);
	worker->checks = 0;
	if (worker->outgrown) {
		log_info("the new configuration needs files outside of the "
		    "sandbox: stopping, so that another worker can start");
		worker_stop(worker);
		return;
	}
	if (generation == NULL) {
		worker_log_refusal(worker, &error);
		worker_count_reload(worker, "failure");
		return;
	}
	worker->refused[0] = '\0';
	previous = xcalloc(1, sizeof *previous);
	previous->generation = worker->generation;
	metrics_clear_own_gauges(generation_metrics(previous->generation));
	TAILQ_INSERT_TAIL(&worker->previous_generations, previous, entry);
	worker_take(worker, generation, files);
	worker_count_reload(worker, "success");
	log_info("configuration reloaded");
}

static void
worker_previous_free(struct worker *worker, struct worker_previous *previous)
{
	TAILQ_REMOVE(&worker->previous_generations, previous, entry);
	generation_free(previous->generation);
	free(previous);
}

/*
 * While there is no request, gives free memory back: after one second, two,
 * four and so on, since what requests leave behind (spare handles, idle
 * connections, tokens) is freed in its own time.
 */
static void
worker_trim_memory(struct worker *worker)
{
	if (worker->served != worker->served_before ||
	    listener_in_flight(worker->listener) > 0 ||
	    !generation_is_idle(worker->generation))
		worker->quiet_s = 0;
	else {
		worker->quiet_s++;
		if ((worker->quiet_s & (worker->quiet_s - 1)) == 0)
			xmalloc_trim();
	}
	worker->served_before = worker->served;
}

static void
worker_on_housekeeping(void *arg)
{
	struct worker *worker = arg;
	struct worker_previous *previous, *next;

	for (previous = TAILQ_FIRST(&worker->previous_generations);
	    previous != NULL; previous = next) {
		next = TAILQ_NEXT(previous, entry);
		if (generation_is_idle(previous->generation))
			worker_previous_free(worker, previous);
	}
	/* What made a reload fail may be fixed without a change of a file: a
	 * directory's mode, say. */
	if (!worker->stopping && (file_watch_changed(worker->files) ||
	    (worker->reload_failed && ++worker->checks >= WORKER_RETRY_CHECKS)))
		worker_reload(worker);
	worker_report(worker);
	worker_trim_memory(worker);
	loop_timer_start(worker->housekeeping, WORKER_HOUSEKEEPING_MS);
}

/* --- running ------------------------------------------------------------- */

static void
worker_on_request(void *arg, struct exchange *exchange)
{
	struct worker *worker = arg;

	worker->served++;
	if (worker->generation != NULL)
		generation_serve(worker->generation, exchange);
	else {
		response_send_error(exchange, RESPONSE_FAILURE, NULL);
		exchange_finish(exchange);
	}
}

static void
worker_log_start(const struct worker *worker)
{
	const struct conf *conf = generation_conf(worker->generation);
	size_t apps = app_registry_count(conf->apps);
	size_t clients = client_list_count(conf->clients);

	log_info("serving: version %s, configuration %.300s, %zu client%s, "
	    "%zu app%s", VERSION, worker->path, clients,
	    clients == 1 ? "" : "s", apps, apps == 1 ? "" : "s");
}

/*
 * A worker cannot see whether others share its socket (a pool) or it is the
 * only one (lighttpd gives each worker its own): the environment says so.
 */
static bool
worker_owns_socket(void)
{
	const char *text = getenv("PUSH_GATEWAY_SOCKET");

	return text != NULL && strcmp(text, "own") == 0;
}

static bool
worker_start(struct worker *worker, int fd, struct error *error)
{
	struct listener_params params = {
		.fd = fd,
		.out_fd = STDOUT_FILENO,
		.max_in_flight = 1,
		.io_timeout_ms = WORKER_IO_TIMEOUT_MS,
		.owns_socket = worker_owns_socket()
	};
	struct generation *generation = NULL;
	struct file_watch *files;

	/* The socket first: without it nothing is created on disk. */
	worker->listener = listener_create(worker->loop, &params,
	    worker_on_request, worker, error);
	if (worker->listener != NULL)
		generation = worker_load(worker, &files, error);
	if (generation == NULL)
		return false;
	worker_take(worker, generation, files);
	loop_timer_start(worker->housekeeping, WORKER_HOUSEKEEPING_MS);
	return true;
}

static void
worker_close(struct worker *worker)
{
	struct worker_previous *previous;

	while ((previous = TAILQ_FIRST(&worker->previous_generations)) != NULL)
		worker_previous_free(worker, previous);
	generation_free(worker->generation);
	sandbox_free(worker->sandbox);
	file_watch_free(worker->files);
	listener_free(worker->listener);
	loop_timer_free(worker->shutdown_timeout);
	loop_timer_free(worker->housekeeping);
	loop_watch_free(worker->signals);
	loop_free(worker->loop);
}

bool
worker_run(const char *path, int fd, struct error *error)
{
	bool cgi = listener_is_cgi(fd), started;
	struct worker worker = {
		.loop = cgi ? loop_create_for_files() : loop_create(),
		.path = path,
		.cgi = cgi,
		.tcp = !cgi && listener_is_tcp(fd)
	};
	int signal_fd;

	sandbox_hide_memory();
	signal_fd = worker_open_signals();

	TAILQ_INIT(&worker.previous_generations);
	worker.signals = loop_watch_create(worker.loop, signal_fd, LOOP_READ,
	    worker_on_signal, &worker);
	worker.shutdown_timeout =
	    loop_timer_create(worker.loop, worker_on_shutdown_timeout,
	    &worker);
	worker.housekeeping =
	    loop_timer_create(worker.loop, worker_on_housekeeping,
	    &worker);
	started = worker_start(&worker, fd, error);
	if (cgi && worker.listener != NULL) {
		/* Without a generation it is answered, too: with 500. */
		listener_stop(worker.listener, worker_on_drained, &worker);
		loop_run(worker.loop);
	} else if (started) {
		worker_log_start(&worker);
		service_manager_notify("READY=1\nSTATUS=serving");
		loop_run(worker.loop);
		log_info("stopped");
	}
	worker_close(&worker);
	close(signal_fd);
	return started;
}
