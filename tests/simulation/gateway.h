/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATEWAY_H
#define GATEWAY_H

#include "base/loop.h"
#include "cgi/exchange.h"
#include "ledger.h"
#include "network.h"

/*
 * The gateway: some workers of one host, which share a state directory.  Now
 * and then one takes another configuration, and one ends and is followed by
 * another, as a real worker does it: what is under way is finished by what it
 * began with.  Or one is killed, and gives back nothing that it has of the
 * host.
 */
enum {
	GATEWAY_WORKERS_MAX = 3,
	GATEWAY_GENERATIONS_MAX = 4000
};

/* What a configuration says, as far as others must know it. */
struct gateway_settings {
	int64_t request_timeout_ms;
	int64_t max_batch_size;
	int64_t max_connections;
	int64_t breaker_failures;
	int64_t breaker_pause_s;
	bool reject_guard;
};

/* The same in all configurations of a world; 0: no limit. */
struct gateway_limits {
	int64_t rate_per_minute;	/* of each account */
	int64_t narrow_rate_per_minute;	/* of that client, by each worker */
	int64_t narrow_in_flight;
	int64_t places;			/* requests in flight in a worker */
	int64_t memory_mb;		/* for them */
};

struct gateway;

struct gateway_hooks {
	/* A generation begins with what another one has learnt, or nothing
	 * (LEDGER_NONE). */
	void (*began)(void *arg, size_t generation, size_t previous);
	/* A worker that must end waits no longer for what is on its way. */
	void (*expires)(void *arg, size_t generation);
	/* A worker was killed, and all of its generations have expired. */
	void (*crashed)(void *arg);
	void *arg;
};

struct gateway *gateway_create(struct loop *loop, uint64_t seed,
    int64_t end_ms, const struct gateway_hooks *hooks);

/* All requests must be over; ends the program as failed if anything is left. */
void gateway_free(struct gateway *gateway);

/* Gives a request to a worker, and says which of its generations serves it. */
size_t gateway_choose(struct gateway *gateway, size_t worker);
void gateway_serve(struct gateway *gateway, size_t generation,
    struct exchange *exchange);

const struct gateway_settings *gateway_settings(const struct gateway *gateway,
    size_t generation);

const struct gateway_limits *gateway_limits(const struct gateway *gateway);

/* True if a request may have to wait until others are over, whoever's. */
bool gateway_is_narrow(const struct gateway *gateway);

size_t gateway_workers(const struct gateway *gateway);

/* True if no request is in any generation. */
bool gateway_is_idle(const struct gateway *gateway);

/* The metrics as text, the caller's. */
char *gateway_metrics(const struct gateway *gateway);

#endif
