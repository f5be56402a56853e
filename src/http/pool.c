/* SPDX-License-Identifier: Apache-2.0 */
#include "http/pool.h"

#include "base/clock.h"

enum {
	/* Second attempts that go one by one: if so many are answered, what
	 * broke the connection was none of them, most likely. */
	HTTP_POOL_LANE_ALONE = 64,
	HTTP_POOL_SILENCE_MS = 1001
};

static struct http_connection *
http_pool_add_connection(struct http_pool *pool)
{
	struct http_connection *connection = http_connection_create(
	    &(struct http_connection_params){ .loop = pool->loop,
		.max_streams = pool->params.max_streams,
		.warm_up = pool->params.warm_up,
		.ended = pool->ended,
		.settled = pool->settled,
		.arg = pool });

	connection->number = pool->epoch;
	TAILQ_INSERT_TAIL(&pool->connections, connection, entry);
	pacing_opened(&pool->pacing, clock_monotonic_ms());
	return connection;
}

void
http_pool_drop_connection(struct http_pool *pool,
    struct http_connection *connection)
{
	TAILQ_REMOVE(&pool->connections, connection, entry);
	http_connection_free(connection);
	budget_give_connection(&pool->member);
}

void
http_pool_drain(struct http_pool *pool, struct http_connection *connection)
{
	if (connection->draining)
		return;
	connection->draining = true;
	if (connection == pool->lane) {
		pool->lane = NULL;
		pool->lane_answered = 0;
	} else
		pool->connection_count--;
	loop_timer_start(pool->tidy, 0);
}

void
http_pool_fail(struct http_pool *pool,
    const struct http_connection *connection)
{
	if (connection->number != pool->epoch)
		return;
	pool->epoch++;
	pacing_failed(&pool->pacing, clock_monotonic_ms());
}

/*
 * True if another connection may be opened: not while those that are new can
 * take all that waits once they work.  One that takes no more may be going
 * away, and its place be taken.
 */
static bool
http_pool_may_open(struct http_pool *pool, bool is_lane)
{
	const struct http_connection *connection;
	bool others = false, trial = false;
	unsigned int prospect = 0, max = pool->params.max_connections;
	int64_t wait_ms;

	TAILQ_FOREACH(connection, &pool->connections, entry) {
		if (connection->draining)
			continue;
		trial = trial || !connection->proven;
		if (connection == pool->lane)
			continue;
		others = true;
		if (connection->full)
			max = pool->params.max_connections + 1;
		if (!http_connection_is_silent(connection))
			prospect += http_connection_prospect(connection);
	}
	if (!is_lane && pool->connection_count >= max)
		return false;
	wait_ms = pacing_wait_ms(&pool->pacing, others && !is_lane, trial,
	    clock_monotonic_ms());
	if (!is_lane && pool->waiting_count <= prospect)
		/* Until one of them is silent. */
		wait_ms = HTTP_POOL_SILENCE_MS;
	if (wait_ms > 0)
		loop_timer_start(pool->pace, wait_ms);
	return wait_ms == 0 && budget_take_connection(&pool->member);
}

static bool
http_pool_has_room(const struct http_pool *pool,
    struct http_connection *connection)
{
	return !connection->draining && connection->in_flight <
	    http_connection_limit(connection,
	    pacing_is_cautious(&pool->pacing));
}

struct http_connection *
http_pool_choose(struct http_pool *pool)
{
	struct http_connection *connection, *next, *best = NULL;
	int64_t now_ms = clock_monotonic_ms();

	for (connection = TAILQ_FIRST(&pool->connections); connection != NULL;
	     connection = next) {
		next = TAILQ_NEXT(connection, entry);
		if (now_ms - connection->born_ms > pool->params.age_s * 1000)
			http_pool_drain(pool, connection);
		if (connection != pool->lane &&
		    http_pool_has_room(pool, connection) &&
		    http_connection_is_better(connection, best))
			best = connection;
	}
	if ((best == NULL || http_connection_is_silent(best)) &&
	    http_pool_may_open(pool, false)) {
		best = http_pool_add_connection(pool);
		pool->connection_count++;
	}
	return best;
}

struct http_connection *
http_pool_choose_lane(struct http_pool *pool)
{
	unsigned int most = pool->lane_answered < HTTP_POOL_LANE_ALONE ? 1 :
	    pool->lane_answered - HTTP_POOL_LANE_ALONE + 1;
	struct http_connection *lane;

	if (pool->lane != NULL && http_connection_is_silent(pool->lane))
		http_pool_drain(pool, pool->lane);
	if (pool->lane == NULL && http_pool_may_open(pool, true))
		pool->lane = http_pool_add_connection(pool);
	lane = pool->lane;
	return lane != NULL && lane->in_flight < most &&
	    http_pool_has_room(pool, lane) ? lane : NULL;
}

void
http_pool_end_lane(struct http_pool *pool)
{
	struct http_connection *lane = pool->lane;

	pool->lane = NULL;
	pool->lane_answered = 0;
	if (++pool->connection_count > pool->params.max_connections)
		http_pool_drain(pool, lane);
}
