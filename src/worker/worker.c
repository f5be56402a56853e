/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/worker.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "api/response.h"
#include "base/file-watch.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/xmalloc.h"
#include "cgi/listener.h"
#include "state/metrics.h"
#include "worker/generation.h"

enum {
	/* A web server that stalls in the middle of a request or an answer
	 * holds one of the places in flight. */
	WORKER_IO_TIMEOUT_MS = 5000,
	/* What a request takes beyond its deadline to be written out. */
	WORKER_STOP_GRACE_MS = 2000,
	WORKER_LOOK_MS = 1000,
	WORKER_BEHIND_LOOKS = 10
};

/* A service of a former configuration, until its last request is answered. */
struct worker_previous {
	TAILQ_ENTRY(worker_previous) entry;
	struct generation *service;
};

struct worker {
	struct loop *loop;
	const char *path;
	struct loop_watch *signals;
	struct loop_timer *patience;	/* ends a stop that takes too long */
	struct loop_timer *look;	/* at the files */
	struct file_watch *files;
	bool stopping;
	bool cgi;			/* there is one request and no more */
	bool behind;			/* the files say more than we do */
	unsigned int looks;		/* since then */
	uint64_t served;		/* requests, so far */
	uint64_t served_before;		/* the last look */
	uint64_t served_at_rest;	/* when memory was given back */
	struct generation *service;
	TAILQ_HEAD(, worker_previous) previous_generations;
	struct listener *listener;
};

/* --- stopping ------------------------------------------------------------ */

static void
worker_on_drained(void *arg)
{
	struct worker *server = arg;

	loop_stop(server->loop);
}

static void
worker_on_impatience(void *arg)
{
	struct worker *server = arg;
	struct worker_previous *former;

	log_warn("stopping: what is unfinished fails now");
	listener_expire(server->listener);
	TAILQ_FOREACH(former, &server->previous_generations, entry)
		generation_expire(former->service);
	generation_expire(server->service);
}

/* The latest deadline that a request in flight can have, from now on. */
static int64_t
worker_longest_timeout(const struct worker *server)
{
	int64_t longest = generation_conf(server->service)->request_timeout_ms;
	struct worker_previous *former;

	TAILQ_FOREACH(former, &server->previous_generations, entry) {
		const struct conf *conf = generation_conf(former->service);

		if (conf->request_timeout_ms > longest)
			longest = conf->request_timeout_ms;
	}
	return longest;
}

static void worker_reload(struct worker *server);

static void
worker_on_signal(void *arg, int fd, unsigned int events)
{
	struct worker *server = arg;
	struct signalfd_siginfo info;

	(void)events;
	if (read(fd, &info, sizeof info) != sizeof info)
		return;
	if (info.ssi_signo == SIGHUP) {
		if (!server->stopping && server->service != NULL)
			worker_reload(server);
		return;
	}
	log_info("%s: finishing what is in flight",
	    strsignal((int)info.ssi_signo));
	if (!server->stopping && server->service != NULL)
		loop_timer_start(server->patience,
		    worker_longest_timeout(server) + WORKER_STOP_GRACE_MS);
	server->stopping = true;
	listener_stop(server->listener, worker_on_drained, server);
}

/*
 * Blocked for good and read as events: no system call is interrupted.
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

/* --- reloading ----------------------------------------------------------- */

/*
 * Reads the configuration and makes a service of it.  The files are looked at
 * before they are read: what changes meanwhile is seen as a change.
 */
static struct generation *
worker_load(
    struct worker *server, struct file_watch **files, struct error *error)
{
	struct generation *service = NULL;
	struct conf *conf;
	const char *path;
	struct app *app;
	size_t i, k;

	*files = file_watch_create();
	file_watch_add(*files, server->path);
	conf = conf_load(server->path, error);
	if (conf != NULL && server->service == NULL)
		log_open(&conf->log);
	if (conf != NULL && conf->ca_file != NULL)
		file_watch_add(*files, conf->ca_file);
	if (conf != NULL && conf->proxy.credentials_file != NULL)
		file_watch_add(*files, conf->proxy.credentials_file);
	for (i = 0; conf != NULL &&
	    (app = app_registry_at(conf->apps, i)) != NULL; i++) {
		for (k = 0; (path = app->provider->credentials(app->account,
		    k)) != NULL; k++)
			file_watch_add(*files, path);
	}
	if (conf != NULL)
		service = generation_create(server->loop, conf, error);
	if (service != NULL && server->service != NULL &&
	    !generation_keeps_apps(service, server->service, error)) {
		generation_free(service);
		service = NULL;
	}
	if (service == NULL) {
		file_watch_free(*files);
		*files = NULL;
	} else if (!server->cgi)
		/* Only now: one that is not taken has nothing to say; nor has
		 * who is gone with the next answer. */
		metrics_clear_gauges(generation_metrics(service));
	return service;
}

static void
worker_count_reload(struct worker *server, const char *result)
{
	metrics_add(generation_metrics(server->service), METRICS_RELOADS, 1,
	    &(struct metrics_labels){ .result = result });
}

static void
worker_reload(struct worker *server)
{
	struct worker_previous *former;
	struct generation *service;
	struct file_watch *files;
	struct error error;

	service = worker_load(server, &files, &error);
	server->behind = service == NULL;
	server->looks = 0;
	if (service == NULL) {
		log_error("the former configuration stays in force: %s",
		    error.words);
		worker_count_reload(server, "refused");
		return;
	}
	former = xcalloc(1, sizeof *former);
	former->service = server->service;
	generation_inherit(service, former->service);
	TAILQ_INSERT_TAIL(&server->previous_generations, former, entry);
	file_watch_free(server->files);
	server->files = files;
	server->service = service;
	log_open(&generation_conf(service)->log);
	listener_limit(server->listener, (unsigned int)
	    generation_conf(service)->max_requests_in_flight);
	worker_count_reload(server, "taken");
	log_info("serving by a new configuration");
}

static void
worker_former_free(struct worker *server, struct worker_previous *former)
{
	TAILQ_REMOVE(&server->previous_generations, former, entry);
	generation_free(former->service);
	free(former);
}

/* After a second without a request, the memory of the last peak can go. */
static void
worker_rest(struct worker *server)
{
	if (server->served == server->served_before &&
	    server->served != server->served_at_rest &&
	    generation_is_idle(server->service)) {
		server->served_at_rest = server->served;
		xmalloc_trim();
	}
	server->served_before = server->served;
}

static void
worker_on_look(void *arg)
{
	struct worker *server = arg;
	struct worker_previous *former =
				   TAILQ_FIRST(&server->previous_generations),
			       *next;

	for (; former != NULL; former = next) {
		next = TAILQ_NEXT(former, entry);
		if (generation_is_idle(former->service))
			worker_former_free(server, former);
	}
	/* What kept a new configuration out may pass without a file changing:
	 * a directory's mode, say. */
	if (!server->stopping && (file_watch_changed(server->files) ||
	    (server->behind && ++server->looks >= WORKER_BEHIND_LOOKS)))
		worker_reload(server);
	worker_rest(server);
	loop_timer_start(server->look, WORKER_LOOK_MS);
}

/* --- running ------------------------------------------------------------- */

static void
worker_on_request(void *arg, struct exchange *exchange)
{
	struct worker *server = arg;

	server->served++;
	if (server->service != NULL)
		generation_serve(server->service, exchange);
	else {
		response_send_error(exchange, RESPONSE_FAILURE, NULL);
		exchange_finish(exchange);
	}
}

/*
 * A worker cannot see whether others share its socket (a pool) or it is the
 * only one (lighttpd gives each worker its own): it must be told.
 */
static bool
worker_owns_socket(void)
{
	const char *text = getenv("PUSH_GATEWAY_SOCKET");

	return text != NULL && strcmp(text, "own") == 0;
}

static bool
worker_start(struct worker *server, int fd, struct error *error)
{
	struct listener_params params = {
		.fd = fd,
		.out_fd = STDOUT_FILENO,
		.max_in_flight = 1,
		.io_timeout_ms = WORKER_IO_TIMEOUT_MS,
		.owns_socket = worker_owns_socket()
	};

	/* The socket first: without it nothing is made on disk. */
	server->listener = listener_create(server->loop, &params,
	    worker_on_request, server, error);
	if (server->listener != NULL)
		server->service = worker_load(server, &server->files, error);
	if (server->service == NULL)
		return false;
	listener_limit(server->listener, (unsigned int)
	    generation_conf(server->service)->max_requests_in_flight);
	loop_timer_start(server->look, WORKER_LOOK_MS);
	return true;
}

static void
worker_close(struct worker *server)
{
	struct worker_previous *former;

	while ((former = TAILQ_FIRST(&server->previous_generations)) != NULL)
		worker_former_free(server, former);
	generation_free(server->service);
	file_watch_free(server->files);
	listener_free(server->listener);
	loop_timer_free(server->patience);
	loop_timer_free(server->look);
	loop_watch_free(server->signals);
	loop_free(server->loop);
}

bool
worker_run(const char *path, int fd, struct error *error)
{
	bool cgi = listener_is_cgi(fd), started;
	struct worker server = {
		.loop = cgi ? loop_create_for_files() : loop_create(),
		.path = path,
		.cgi = cgi
	};
	int signal_fd = worker_open_signals();

	TAILQ_INIT(&server.previous_generations);
	server.signals = loop_watch_create(server.loop, signal_fd, LOOP_READ,
	    worker_on_signal, &server);
	server.patience = loop_timer_create(server.loop, worker_on_impatience,
	    &server);
	server.look = loop_timer_create(server.loop, worker_on_look, &server);
	started = worker_start(&server, fd, error);
	if (cgi && server.listener != NULL) {
		/* Without a service it is answered, too: with 500. */
		listener_stop(server.listener, worker_on_drained, &server);
		loop_run(server.loop);
	} else if (started) {
		log_info("serving");
		loop_run(server.loop);
		log_info("stopped");
	}
	worker_close(&server);
	close(signal_fd);
	return started;
}
