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
	SERVER_IO_TIMEOUT_MS = 5000,
	/* What a request takes beyond its deadline to be written out. */
	SERVER_STOP_GRACE_MS = 2000,
	SERVER_LOOK_MS = 1000,
	SERVER_BEHIND_LOOKS = 10
};

/* A service of a former configuration, until its last request is answered. */
struct server_former {
	TAILQ_ENTRY(server_former) entry;
	struct service *service;
};

struct server {
	struct loop *loop;
	const char *path;
	struct loop_watch *signals;
	struct loop_timer *patience;	/* ends a stop that takes too long */
	struct loop_timer *look;	/* at the files */
	struct watch *files;
	bool stopping;
	bool cgi;			/* there is one request and no more */
	bool behind;			/* the files say more than we do */
	unsigned int looks;		/* since then */
	uint64_t served;		/* requests, so far */
	uint64_t served_before;		/* the last look */
	uint64_t served_at_rest;	/* when memory was given back */
	struct service *service;
	TAILQ_HEAD(, server_former) formers;
	struct listener *listener;
};

/* --- stopping ------------------------------------------------------------ */

static void
server_on_drained(void *arg)
{
	struct server *server = arg;

	loop_stop(server->loop);
}

static void
server_on_impatience(void *arg)
{
	struct server *server = arg;
	struct server_former *former;

	log_warn("stopping: what is unfinished fails now");
	listener_expire(server->listener);
	TAILQ_FOREACH(former, &server->formers, entry)
		service_expire(former->service);
	service_expire(server->service);
}

/* The latest deadline that a request in flight can have, from now on. */
static int64_t
server_longest_timeout(const struct server *server)
{
	int64_t longest = service_conf(server->service)->request_timeout_ms;
	struct server_former *former;

	TAILQ_FOREACH(former, &server->formers, entry) {
		const struct conf *conf = service_conf(former->service);

		if (conf->request_timeout_ms > longest)
			longest = conf->request_timeout_ms;
	}
	return longest;
}

static void server_reload(struct server *server);

static void
server_on_signal(void *arg, int fd, unsigned int events)
{
	struct server *server = arg;
	struct signalfd_siginfo info;

	(void)events;
	if (read(fd, &info, sizeof info) != sizeof info)
		return;
	if (info.ssi_signo == SIGHUP) {
		if (!server->stopping && server->service != NULL)
			server_reload(server);
		return;
	}
	log_info("%s: finishing what is in flight",
	    strsignal((int)info.ssi_signo));
	if (!server->stopping && server->service != NULL)
		loop_timer_start(server->patience,
		    server_longest_timeout(server) + SERVER_STOP_GRACE_MS);
	server->stopping = true;
	listener_stop(server->listener, server_on_drained, server);
}

/*
 * Blocked for good and read as events: no system call is interrupted.
 */
static int
server_open_signals(void)
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
static struct service *
server_load(struct server *server, struct watch **files, struct fault *fault)
{
	struct service *service = NULL;
	struct conf *conf;
	const char *path;
	struct app *app;
	size_t i, k;

	*files = watch_create();
	watch_add(*files, server->path);
	conf = conf_load(server->path, fault);
	if (conf != NULL && server->service == NULL)
		log_open(&conf->log);
	if (conf != NULL && conf->ca_file != NULL)
		watch_add(*files, conf->ca_file);
	if (conf != NULL && conf->proxy.credentials_file != NULL)
		watch_add(*files, conf->proxy.credentials_file);
	for (i = 0; conf != NULL &&
	    (app = app_registry_at(conf->apps, i)) != NULL; i++) {
		for (k = 0; (path = app->provider->credentials(app->account,
		    k)) != NULL; k++)
			watch_add(*files, path);
	}
	if (conf != NULL)
		service = service_create(server->loop, conf, fault);
	if (service != NULL && server->service != NULL &&
	    !service_keeps_apps(service, server->service, fault)) {
		service_free(service);
		service = NULL;
	}
	if (service == NULL) {
		watch_free(*files);
		*files = NULL;
	} else if (!server->cgi)
		/* Only now: one that is not taken has nothing to say; nor has
		 * who is gone with the next answer. */
		metrics_clear_gauges(service_metrics(service));
	return service;
}

static void
server_count_reload(struct server *server, const char *result)
{
	metrics_add(service_metrics(server->service), METRICS_RELOADS, 1,
	    &(struct metrics_labels){ .result = result });
}

static void
server_reload(struct server *server)
{
	struct server_former *former;
	struct service *service;
	struct watch *files;
	struct fault fault;

	service = server_load(server, &files, &fault);
	server->behind = service == NULL;
	server->looks = 0;
	if (service == NULL) {
		log_error("the former configuration stays in force: %s",
		    fault.words);
		server_count_reload(server, "refused");
		return;
	}
	former = xcalloc(1, sizeof *former);
	former->service = server->service;
	service_inherit(service, former->service);
	TAILQ_INSERT_TAIL(&server->formers, former, entry);
	watch_free(server->files);
	server->files = files;
	server->service = service;
	log_open(&service_conf(service)->log);
	listener_limit(server->listener, (unsigned int)
	    service_conf(service)->max_requests_in_flight);
	server_count_reload(server, "taken");
	log_info("serving by a new configuration");
}

static void
server_former_free(struct server *server, struct server_former *former)
{
	TAILQ_REMOVE(&server->formers, former, entry);
	service_free(former->service);
	free(former);
}

/* After a second without a request, the memory of the last peak can go. */
static void
server_rest(struct server *server)
{
	if (server->served == server->served_before &&
	    server->served != server->served_at_rest &&
	    service_is_idle(server->service)) {
		server->served_at_rest = server->served;
		xmalloc_trim();
	}
	server->served_before = server->served;
}

static void
server_on_look(void *arg)
{
	struct server *server = arg;
	struct server_former *former = TAILQ_FIRST(&server->formers), *next;

	for (; former != NULL; former = next) {
		next = TAILQ_NEXT(former, entry);
		if (service_is_idle(former->service))
			server_former_free(server, former);
	}
	/* What kept a new configuration out may pass without a file changing:
	 * a directory's mode, say. */
	if (!server->stopping && (watch_changed(server->files) ||
	    (server->behind && ++server->looks >= SERVER_BEHIND_LOOKS)))
		server_reload(server);
	server_rest(server);
	loop_timer_start(server->look, SERVER_LOOK_MS);
}

/* --- running ------------------------------------------------------------- */

static void
server_on_request(void *arg, struct exchange *exchange)
{
	struct server *server = arg;

	server->served++;
	if (server->service != NULL)
		service_serve(server->service, exchange);
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
server_owns_socket(void)
{
	const char *text = getenv("PUSH_GATEWAY_SOCKET");

	return text != NULL && strcmp(text, "own") == 0;
}

static bool
server_start(struct server *server, int fd, struct fault *fault)
{
	struct listener_params params = {
		.fd = fd,
		.out_fd = STDOUT_FILENO,
		.max_in_flight = 1,
		.io_timeout_ms = SERVER_IO_TIMEOUT_MS,
		.owns_socket = server_owns_socket()
	};

	/* The socket first: without it nothing is made on disk. */
	server->listener = listener_create(server->loop, &params,
	    server_on_request, server, fault);
	if (server->listener != NULL)
		server->service = server_load(server, &server->files, fault);
	if (server->service == NULL)
		return false;
	listener_limit(server->listener, (unsigned int)
	    service_conf(server->service)->max_requests_in_flight);
	loop_timer_start(server->look, SERVER_LOOK_MS);
	return true;
}

static void
server_close(struct server *server)
{
	struct server_former *former;

	while ((former = TAILQ_FIRST(&server->formers)) != NULL)
		server_former_free(server, former);
	service_free(server->service);
	watch_free(server->files);
	listener_free(server->listener);
	loop_timer_free(server->patience);
	loop_timer_free(server->look);
	loop_watch_free(server->signals);
	loop_free(server->loop);
}

bool
server_run(const char *path, int fd, struct fault *fault)
{
	bool cgi = listener_is_cgi(fd), started;
	struct server server = {
		.loop = cgi ? loop_create_for_files() : loop_create(),
		.path = path,
		.cgi = cgi
	};
	int signal_fd = server_open_signals();

	TAILQ_INIT(&server.formers);
	server.signals = loop_watch_create(server.loop, signal_fd, LOOP_READ,
	    server_on_signal, &server);
	server.patience = loop_timer_create(server.loop, server_on_impatience,
	    &server);
	server.look = loop_timer_create(server.loop, server_on_look, &server);
	started = server_start(&server, fd, fault);
	if (cgi && server.listener != NULL) {
		/* Without a service it is answered, too: with 500. */
		listener_stop(server.listener, server_on_drained, &server);
		loop_run(server.loop);
	} else if (started) {
		log_info("serving");
		loop_run(server.loop);
		log_info("stopped");
	}
	server_close(&server);
	close(signal_fd);
	return started;
}
