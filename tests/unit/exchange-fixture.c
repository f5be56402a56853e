/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange-fixture.h"

#include <string.h>
#include <unistd.h>

#include "fake-loop.h"
#include "tap.h"

const char *const world_variables[] = { "REQUEST_METHOD=POST",
	"CONTENT_LENGTH=4", NULL };
const char *const world_no_length[] = { "REQUEST_METHOD=POST", NULL };
struct exchange_world world;

int64_t
world_now_ms(void)
{
	return clock_monotonic_ms() - FAKE_LOOP_START_MS;
}

static void
on_body(void *arg, enum exchange_body result, const struct buf *body)
{
	(void)arg;
	if (world.within)
		tap_ok(false, "a body is told from within");
	if (world.body_ms != -1)
		tap_ok(false, "a body is told twice");
	world.body_ms = world_now_ms();
	world.result = result;
	if (body != NULL)
		memcpy(world.body, buf_text(body), body->size + 1);
	else if (result == EXCHANGE_BODY_OK)
		tap_ok(false, "there is a body if all is well");
}

void
world_ask_for_body(void)
{
	world.within = true;
	exchange_read_body(world.exchange, world.limit, on_body, NULL);
	world.within = false;
}

static void
on_arrival(void *arg, struct exchange *exchange)
{
	(void)arg;
	if (world.within)
		tap_ok(false, "a request arrives from within");
	world.exchange = exchange;
	world.arrived_ms = world_now_ms();
	if (world.asks)
		world_ask_for_body();
}

static void
on_answered(void *arg)
{
	(void)arg;
	world.answered_ms = world_now_ms();
}

static void
on_closed(void *arg)
{
	(void)arg;
	world.closed_ms = world_now_ms();
	world.exchange = NULL;
	close(world.fd);
	world.fd = -1;
}

void
world_open(void)
{
	memset(&world, 0, sizeof world);
	world.arrived_ms = world.body_ms = world.answered_ms =
	    world.closed_ms = -1;
	world.asks = true;
	world.limit = BODY_LIMIT;
	clock_fake(FAKE_LOOP_START_MS, FAKE_LOOP_START_S);
	world.loop = loop_create();
	fastcgi_peer_open(&world.peer, &world.fd);
	world.within = true;
	world.exchange = exchange_create(&(struct exchange_params){
		.loop = world.loop,
		.protocol = &protocol_fastcgi,
		.in_fd = world.fd,
		.out_fd = world.fd,
		.lingers = true,
		.io_timeout_ms = IO_TIMEOUT_MS,
		.arrived = on_arrival,
		.answered = on_answered,
		.closed = on_closed
	});
	world.within = false;
}

void
world_close(void)
{
	exchange_free(world.exchange);
	fastcgi_peer_free(&world.peer);
	loop_free(world.loop);
}

void
world_pass(int64_t ms)
{
	fake_loop_pass(world.loop, ms);
}
