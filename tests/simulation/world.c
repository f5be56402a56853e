/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bodies.h"
#include "callers.h"
#include "config-fixture.h"
#include "fake-curl.h"
#include "fake-loop.h"
#include "fake-random.h"
#include "fixture.h"
#include "gateway.h"
#include "network.h"
#include "sockets.h"

enum {
	WORLD_LEAST_MS = 30000,
	WORLD_MOST_MS = 7200000,
	WORLD_REST_MS = 120000,		/* in which all must be over */
	WORLD_STEP_MS = 1000
};

struct world {
	struct ledger ledger;
	struct loop *loop;
	struct network *network;
	struct oracle *oracle;
	struct gateway *gateway;
	struct callers *callers;
	int64_t end_ms;
};

static void
world_on_began(void *arg, size_t generation, size_t previous)
{
	struct world *world = arg;

	oracle_on_began(world->oracle, generation, previous);
}

static void
world_on_expires(void *arg, size_t generation)
{
	struct world *world = arg;

	callers_on_expires(world->callers, generation);
}

static void
world_on_crashed(void *arg)
{
	struct world *world = arg;

	oracle_on_crashed(world->oracle);
}

static void
world_open(struct world *world, uint64_t seed, unsigned int devices,
    bool is_hampered)
{
	struct dice dice;

	dice_init(&dice, seed, 0);
	fake_random_seed(seed | 1);
	clock_fake(FAKE_LOOP_START_MS, FAKE_LOOP_START_S);
	ledger_init(&world->ledger);
	world->ledger.is_hampered = is_hampered;
	world->end_ms = dice_magnitude(&dice, WORLD_LEAST_MS, WORLD_MOST_MS);
	world->loop = loop_create();
	world->network = network_create(&world->ledger, seed, world->end_ms);
	world->oracle = oracle_create(&world->ledger, world->network);
	network_set_hooks(world->network, &(struct network_hooks){
		.sent = oracle_on_sent,
		.ended = oracle_on_ended,
		.arg = world->oracle
	});
	world->gateway = gateway_create(world->loop, seed, world->end_ms,
	    &(struct gateway_hooks){
		.began = world_on_began,
		.expires = world_on_expires,
		.crashed = world_on_crashed,
		.arg = world
	});
	oracle_set_gateway(world->oracle, world->gateway);
	world->callers = callers_create(world->loop, &world->ledger,
	    world->gateway, world->oracle, seed, world->end_ms, devices);
}

/* The metrics count what the oracle does. */
static void
world_check_metrics(struct world *world)
{
	const struct oracle_counts *counts = oracle_counts(world->oracle);
	char *text = gateway_metrics(world->gateway), *line, *rest;
	unsigned long delivered = 0, all = 0;

	for (line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		unsigned long count = strtoul(strrchr(line, ' '), NULL, 10);

		if (strncmp(line, "push_gateway_verdicts_total{", 28) != 0)
			continue;
		all += count;
		if (strstr(line, "verdict=\"delivered\"") != NULL)
			delivered += count;
	}
	free(text);
	if (delivered < counts->delivered ||
	    delivered > counts->delivered + counts->unsure ||
	    all != counts->verdicts)
		ledger_blame(&world->ledger, "the metrics say %lu delivered "
		    "of %lu, the oracle %u of %u", delivered, all,
		    counts->delivered, counts->verdicts);
}

static void
world_close(struct world *world, char *words, size_t size)
{
	const struct fake_curl_counts *left = fake_curl_counts();

	callers_free(world->callers);
	gateway_free(world->gateway);
	if (left->easy_handles + left->multi_handles + left->in_flight > 0)
		ledger_blame(&world->ledger, "the engine leaves %u requests "
		    "and %u connections", left->easy_handles,
		    left->multi_handles);
	if (sockets_count() > 0)
		ledger_blame(&world->ledger, "%zu ends of connections are "
		    "left", sockets_count());
	oracle_free(world->oracle);
	network_free(world->network);
	if (fake_loop_left(world->loop) > 0)
		ledger_blame(&world->ledger, "%zu timers and watches are "
		    "left", fake_loop_left(world->loop));
	else
		loop_free(world->loop);
	snprintf(words, size, "%s", world->ledger.words);
	ledger_free(&world->ledger);
	fixture_remove(config_fixture_state_directory());
}

/* Of the address sanitizer, where it is linked in. */
extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

void
world_prepare(void)
{
	config_fixture_write("");
	bodies_prepare();
}

static void
world_set_log(enum log_level level)
{
	if (level == LOG_LEVEL__MAX) {
		level = LOG_LEVEL_ERROR;
		if (freopen("/dev/null", "w", stderr) == NULL)
			abort();
	}
	log_open(&(struct log_params){ .level = level });
}

void
world_run(uint64_t seed, unsigned int devices, bool is_hampered,
    enum log_level level, struct oracle_counts *counts, char *words,
    size_t size)
{
	struct world world = { .loop = NULL };

	world_set_log(level);
	world_open(&world, seed, devices, is_hampered);
	while (world.ledger.words[0] == '\0' &&
	    ledger_now_ms() < world.end_ms + WORLD_REST_MS &&
	    !(callers_are_done(world.callers) &&
	    gateway_is_idle(world.gateway)))
		fake_loop_pass(world.loop, WORLD_STEP_MS);
	oracle_check_end(world.oracle);
	if (!gateway_is_idle(world.gateway))
		ledger_blame(&world.ledger, "the gateway is never idle");
	if (!is_hampered)
		world_check_metrics(&world);
	oracle_counts_add(counts, oracle_counts(world.oracle));
	if (world.ledger.words[0] == '\0')
		world_close(&world, words, size);
	else
		snprintf(words, size, "%s", world.ledger.words);
	if (words[0] == '\0' && __lsan_do_recoverable_leak_check != NULL &&
	    __lsan_do_recoverable_leak_check() != 0)
		snprintf(words, size, "memory is left");
}
