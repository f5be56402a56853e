/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORLD_H
#define WORLD_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <json-c/json.h>
#include <openssl/ssl.h>
#include <sys/queue.h>

#include <stdint.h>

#include "control.h"
#include "service.h"

struct connection;
TAILQ_HEAD(connection_list, connection);

struct counters {
	uint64_t requests;
	uint64_t connections_opened;
	uint64_t connections_open;
	uint64_t streams_refused;
};

/* One service at its port. */
struct endpoint {
	struct world *world;
	const char *name;
	const struct service *service;
	struct control control;
	struct counters counters;
	struct connection_list connections;
	unsigned port;
	int bound_fd;		/* keeps the port while nothing listens */
	int listen_fd;		/* -1: closed */
	struct event accept_event;
	struct event resume_event;	/* ends a pause in accepting */
};

/* Everything there is once. */
struct world {
	struct event_base *base;
	SSL_CTX *tls;
	struct service_context context;
	struct json_object *scripted;	/* uses of `once` by pushkey */
	int record_fd;			/* -1: nothing is recorded */
	uint64_t connections;		/* ever opened, for their numbers */
	struct endpoint endpoints[SERVICE__MAX];

	/* Called before anything is read from anyone, so that no request
	 * meets a control file older than itself. */
	void (*refresh)(struct world *world);
	const char *control_file;	/* or NULL */
};

#endif
