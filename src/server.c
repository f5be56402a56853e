/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "channel.h"
#include "delivery.h"
#include "exchange.h"
#include "loop.h"
#include "route.h"
#include "token.h"

enum {
	/* A web server that stalls in the middle of a request or an answer
	 * holds up every other one: a few seconds, no more. */
	SERVER_IO_TIMEOUT_MS = 5000,
	/* What a request takes beyond its deadline to be written out. */
	SERVER_STOP_GRACE_MS = 2000
};

struct server {
	struct loop *loop;
	struct loop_watch *signals;
	struct loop_timer *patience;	/* ends a stop that takes too long */
	bool stopping;
	int64_t request_timeout_ms;
	struct http *http;
	struct token_store *store;
	struct channel_list *channels;
	struct delivery *delivery;
	struct exchange_listener *listener;
	struct identity_cache *identities;
	struct route_params route;
};

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

	log_warn("stopping: what is unfinished fails now");
	delivery_expire(server->delivery);
}

static void
server_on_signal(void *arg, int fd, unsigned int events)
{
	struct server *server = arg;
	struct signalfd_siginfo info;

	(void)events;
	if (read(fd, &info, sizeof info) != sizeof info)
		return;
	log_info("%s: finishing what is in flight",
	    strsignal((int)info.ssi_signo));
	if (!server->stopping)
		loop_timer_start(server->patience,
		    server->request_timeout_ms + SERVER_STOP_GRACE_MS);
	server->stopping = true;
	exchange_listener_stop(server->listener, server_on_drained, server);
}

static void
server_on_request(void *arg, struct exchange *exchange)
{
	struct server *server = arg;

	route_serve(&server->route, exchange);
}

/*
 * Blocked for good and read as events: libfcgi's blocking calls must not be
 * interrupted.
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
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1 ||
	    (fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) == -1)
		fatal("cannot receive signals");
	return fd;
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
server_start(struct server *server, const struct conf *conf, int fd,
    struct fault *fault)
{
	const struct exchange_params exchange = {
		.fd = fd,
		.max_in_flight = (unsigned int)conf->max_requests_in_flight,
		.io_timeout_ms = SERVER_IO_TIMEOUT_MS,
		.owns_socket = server_owns_socket()
	};

	server->store = token_store_open(conf->state_directory, fault);
	if (server->store == NULL)
		return false;
	server->listener = exchange_listen(server->loop, &exchange,
	    server_on_request, server, fault);
	if (server->listener == NULL)
		return false;
	server->http = http_create(server->loop, &conf->http);
	server->channels = channel_list_create(&(struct channel_params){
		.loop = server->loop,
		.http = server->http,
		.store = server->store
	});
	server->delivery = delivery_create(&(struct delivery_params){
		.loop = server->loop,
		.apps = conf->apps,
		.channels = server->channels
	});
	server->identities = identity_cache_create();
	server->request_timeout_ms = conf->request_timeout_ms;
	server->route = (struct route_params){
		.clients = conf->clients,
		.identities = server->identities,
		.max_request_size_kb = conf->max_request_size_kb,
		.notify = {
			.limits = conf->limits,
			.request_timeout_ms = conf->request_timeout_ms,
			.delivery = server->delivery
		}
	};
	return true;
}

bool
server_run(const struct conf *conf, int fd, struct fault *fault)
{
	struct server server = { .loop = loop_create() };
	int signal_fd = server_open_signals();
	bool started;

	server.signals = loop_watch_create(server.loop, signal_fd, LOOP_READ,
	    server_on_signal, &server);
	server.patience = loop_timer_create(server.loop, server_on_impatience,
	    &server);
	started = server_start(&server, conf, fd, fault);
	if (started) {
		log_info("serving");
		loop_run(server.loop);
		log_info("stopped");
	}
	delivery_free(server.delivery);
	channel_list_free(server.channels);
	http_free(server.http);
	identity_cache_free(server.identities);
	exchange_listener_free(server.listener);
	token_store_close(server.store);
	loop_timer_free(server.patience);
	loop_watch_free(server.signals);
	close(signal_fd);
	loop_free(server.loop);
	return started;
}
