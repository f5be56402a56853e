/* SPDX-License-Identifier: Apache-2.0 */
/* One request over a connection, by the clock: peers that are slow, stop in
 * the middle or go away, and answers that nobody takes. */
#include "cgi/exchange.h"

#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "captured-log.h"
#include "fake-loop.h"
#include "fastcgi-peer.h"
#include "fixture.h"
#include "tap.h"

enum {
	IO_TIMEOUT_MS = 5000,
	PATIENCE_MS = 60000,
	LINGER_MS = 2000,
	BODY_LIMIT = 1000,
	ANSWER_LIMIT = 65536 + 2 * BODY_LIMIT,
	SLOW_SIZE = 256 * 1024
};

static const char *const variables[] = { "REQUEST_METHOD=POST",
	"CONTENT_LENGTH=4", NULL };
static const char *const no_length[] = { "REQUEST_METHOD=POST", NULL };

/* What has become of the one exchange; times from its creation, or -1. */
static struct {
	struct loop *loop;
	struct exchange *exchange;	/* NULL: it is gone */
	struct fastcgi_peer peer;
	int fd;
	bool asks;			/* for the body, as it arrives */
	size_t limit;			/* of the body */
	bool within;			/* a call that registers is at work */
	int64_t arrived_ms;
	int64_t body_ms;
	enum exchange_body result;
	char body[BODY_LIMIT + 1];
	int64_t answered_ms;
	int64_t closed_ms;
} world;

static int64_t
now_ms(void)
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
	world.body_ms = now_ms();
	world.result = result;
	if (body != NULL)
		memcpy(world.body, buf_text(body), body->size + 1);
	else if (result == EXCHANGE_BODY_OK)
		tap_ok(false, "there is a body if all is well");
}

static void
ask_for_body(void)
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
	world.arrived_ms = now_ms();
	if (world.asks)
		ask_for_body();
}

static void
on_answered(void *arg)
{
	(void)arg;
	world.answered_ms = now_ms();
}

static void
on_closed(void *arg)
{
	(void)arg;
	world.closed_ms = now_ms();
	world.exchange = NULL;
	close(world.fd);
	world.fd = -1;
}

static void
open_world(void)
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

static void
close_world(void)
{
	exchange_free(world.exchange);
	fastcgi_peer_free(&world.peer);
	loop_free(world.loop);
}

static void
pass(int64_t ms)
{
	fake_loop_pass(world.loop, ms);
}

/* --- the request --------------------------------------------------------- */

/* What a web server does at some moment. */
enum action {
	NOTHING,
	CONNECTS,		/* and no more */
	BEGINS,			/* its variables, all of them */
	TRICKLES,		/* a byte of them every four seconds */
	SENDS,			/* a piece of the body */
	ENDS,			/* the body */
	CLOSES,
	SENDS_RUBBISH
};

static const struct upload {
	const char *name;
	const char *const *variables;	/* NULL: with a length of 4 */
	struct {
		int64_t at_ms;
		enum action action;
		const char *text;
	} steps[6];
	/* Expected; times of -1: never. */
	int64_t arrived_ms;
	int64_t body_ms;
	enum exchange_body result;
	const char *body;
	int64_t closed_ms;
	const char *logged;
} uploads[] = {
	{ .name = "a request arrives when its variables are there",
	    .steps = { { 3000, BEGINS, NULL }, { 3000, SENDS, "body" },
	    { 3000, ENDS, NULL } }, .arrived_ms = 3000, .body_ms = 3000,
	    .body = "body", .closed_ms = -1 },
	{ .name = "a body is there when its end is",
	    .steps = { { 0, BEGINS, NULL }, { 1000, SENDS, "bo" },
	    { 2000, SENDS, "dy" }, { 3000, ENDS, NULL } }, .body_ms = 3000,
	    .body = "body", .closed_ms = -1 },
	{ .name = "without a length, too", .variables = no_length,
	    .steps = { { 0, BEGINS, NULL }, { 0, SENDS, "body" },
	    { 0, ENDS, NULL } }, .body = "body", .closed_ms = -1 },
	{ .name = "who connects and sends nothing is given up",
	    .steps = { { 0, CONNECTS, NULL } }, .arrived_ms = -1,
	    .body_ms = -1, .closed_ms = 5000,
	    .logged = "timed out reading a request" },
	{ .name = "who sends a byte now and then is given up after a minute",
	    .steps = { { 0, TRICKLES, NULL } }, .arrived_ms = -1,
	    .body_ms = -1, .closed_ms = 60000,
	    .logged = "timed out reading a request" },
	{ .name = "who goes away before its variables are there is forgotten",
	    .steps = { { 1000, CLOSES, NULL } }, .arrived_ms = -1,
	    .body_ms = -1, .closed_ms = 1000, .logged = "incomplete" },
	{ .name = "what is not the protocol is forgotten",
	    .steps = { { 1000, SENDS_RUBBISH, NULL } }, .arrived_ms = -1,
	    .body_ms = -1, .closed_ms = 1000, .logged = "invalid" },
	{ .name = "a body that stops is cut after five seconds",
	    .steps = { { 0, BEGINS, NULL }, { 1000, SENDS, "bo" } },
	    .body_ms = 6000, .result = EXCHANGE_BODY_CUT, .closed_ms = -1,
	    .logged = "timed out reading a request body" },
	{ .name = "a body that trickles is cut after a minute",
	    .steps = { { 0, BEGINS, NULL }, { 0, TRICKLES, NULL } },
	    .body_ms = 60000, .result = EXCHANGE_BODY_CUT, .closed_ms = -1,
	    .logged = "timed out reading a request body" },
	{ .name = "who goes away in the body has cut it",
	    .steps = { { 0, BEGINS, NULL }, { 1000, SENDS, "bo" },
	    { 2000, CLOSES, NULL } }, .body_ms = 2000,
	    .result = EXCHANGE_BODY_CUT, .closed_ms = -1 },
	{ .name = "a body shorter than announced is waited for, and cut",
	    .steps = { { 0, BEGINS, NULL }, { 1000, SENDS, "bod" },
	    { 1000, ENDS, NULL } }, .body_ms = 6000,
	    .result = EXCHANGE_BODY_CUT, .closed_ms = -1,
	    .logged = "timed out reading a request body" },
	{ .name = "an end before the body that was announced is none",
	    .steps = { { 0, BEGINS, NULL }, { 1000, ENDS, NULL },
	    { 2000, SENDS, "body" }, { 2000, ENDS, NULL } },
	    .body_ms = 2000, .body = "body", .closed_ms = -1 },
	{ .name = "a body longer than announced is cut",
	    .steps = { { 0, BEGINS, NULL }, { 1000, SENDS, "body!" },
	    { 1000, ENDS, NULL } }, .body_ms = 1000,
	    .result = EXCHANGE_BODY_CUT, .closed_ms = -1 },
	{ .name = "one announced as too large is not waited for",
	    .variables = (const char *const[]){ "CONTENT_LENGTH=1001",
	    NULL }, .steps = { { 0, BEGINS, NULL } },
	    .result = EXCHANGE_BODY_TOO_LARGE, .closed_ms = -1 },
	{ .name = "a length beyond all numbers is too large",
	    .variables = (const char *const[]){
	    "CONTENT_LENGTH=99999999999999999999", NULL },
	    .steps = { { 0, BEGINS, NULL } },
	    .result = EXCHANGE_BODY_TOO_LARGE, .closed_ms = -1 },
	{ .name = "a length that is no number is as if there were none",
	    .variables = (const char *const[]){ "CONTENT_LENGTH=4x", NULL },
	    .steps = { { 0, BEGINS, NULL }, { 0, SENDS, "longer" },
	    { 0, ENDS, NULL } }, .body = "longer", .closed_ms = -1 },
	{ .name = "a sign before it, too",
	    .variables = (const char *const[]){ "CONTENT_LENGTH=-1", NULL },
	    .steps = { { 0, BEGINS, NULL }, { 0, SENDS, "longer" },
	    { 0, ENDS, NULL } }, .body = "longer", .closed_ms = -1 },
};

static void
act(enum action action, const char *text, const char *const names[])
{
	static const char trickle[] = "\1\1\0\1\0\x08\0\0"
	    "\0\1\0\0\0\0\0\0\1\4\0\1\xff\xff\0\0";

	switch (action) {
	case NOTHING:
	case CONNECTS:
		break;
	case BEGINS:
		fastcgi_peer_begin(&world.peer, names);
		break;
	case TRICKLES:
		/* Bytes that are never a whole: the beginning of a record
		 * of parameters, or of a body. */
		if (world.arrived_ms == -1)
			fastcgi_peer_send(&world.peer, trickle,
			    sizeof trickle - 1);
		else
			fastcgi_peer_send(&world.peer,
			    "\1\5\0\1\xff\xff\0\0", 8);
		while (world.closed_ms == -1 && world.body_ms == -1) {
			pass(4000);
			if (world.closed_ms == -1)
				fastcgi_peer_send(&world.peer, "x", 1);
		}
		break;
	case SENDS:
		fastcgi_peer_body(&world.peer, text);
		break;
	case ENDS:
		fastcgi_peer_body(&world.peer, "");
		break;
	case CLOSES:
		fastcgi_peer_close(&world.peer);
		break;
	case SENDS_RUBBISH:
		fastcgi_peer_send(&world.peer, "GET / HTTP/1.1\r\n\r\n", 18);
		break;
	}
}

static void
check_upload(const struct upload *row)
{
	size_t i;

	captured_log_begin();
	open_world();
	for (i = 0; i < sizeof row->steps / sizeof *row->steps; i++) {
		if (row->steps[i].action == NOTHING)
			break;
		pass(row->steps[i].at_ms - now_ms());
		act(row->steps[i].action, row->steps[i].text,
		    row->variables == NULL ? variables : row->variables);
	}
	pass(100000 - now_ms());
	tap_is_int(world.arrived_ms, row->arrived_ms, "%s: it arrives",
	    row->name);
	tap_is_int(world.body_ms, row->body_ms, "%s: the body is told",
	    row->name);
	tap_is_int(world.result, row->result, "%s: what of it", row->name);
	tap_is_string(world.body, row->body == NULL ? "" : row->body,
	    "%s: the body", row->name);
	tap_is_int(world.closed_ms, row->closed_ms, "%s: it is closed",
	    row->name);
	if (row->logged != NULL)
		tap_is_int(captured_log_count(row->logged), 1,
		    "%s: the log says so", row->name);
	close_world();
}

/* Record after record of variables, of `size` bytes in all, and their end. */
static void
send_variables(size_t size)
{
	static const char begin[] = "\1\1\0\1\0\x08\0\0\0\1\0\0\0\0\0";

	fastcgi_peer_send(&world.peer, begin, sizeof begin);
	while (size > 0) {
		size_t part = size < 8192 ? size : 8192;
		size_t value = part - 6;
		/* The record's header, both lengths, and the name. */
		unsigned char head[] = { 1, 4, 0, 1,
		    (unsigned char)(part >> 8), (unsigned char)part, 0, 0,
		    1, 0x80, 0, (unsigned char)(value >> 8),
		    (unsigned char)value, 'H' };

		fastcgi_peer_send(&world.peer, head, sizeof head);
		fastcgi_peer_send(&world.peer, fixture_repeat("x", value),
		    value);
		pass(10);
		size -= part;
	}
	fastcgi_peer_send(&world.peer, "\1\4\0\1\0\0\0", 8);
	pass(10);
}

static void
check_answered(const char *name)
{
	tap_ok(world.arrived_ms != -1 && world.exchange != NULL &&
	    exchange_variables_are_too_large(world.exchange),
	    "%s: it is known", name);
	tap_ok(world.exchange != NULL &&
	    exchange_variable(world.exchange, "H") == NULL,
	    "%s: nothing of them is", name);
	exchange_write(world.exchange, "431", 3);
	exchange_finish(world.exchange);
	/* What still comes is read away, or it would reset the answer. */
	fastcgi_peer_send(&world.peer, fixture_repeat("x", 4096), 4096);
	pass(10);
	fastcgi_peer_read(&world.peer, FASTCGI_PEER_ANSWER_SIZE);
	tap_ok(world.peer.size == 3 && world.peer.ended,
	    "%s: it is answered", name);
}

static void
check_variables_over_limit(void)
{
	open_world();
	world.asks = false;
	send_variables(65535);
	tap_ok(world.arrived_ms != -1 &&
	    !exchange_variables_are_too_large(world.exchange),
	    "65535 bytes of variables arrive");
	close_world();
	open_world();
	world.asks = false;
	send_variables(65536);
	check_answered("one more");
	close_world();
}

static void
check_body_over_limit(void)
{
	open_world();
	fastcgi_peer_begin(&world.peer, no_length);
	fastcgi_peer_body(&world.peer, fixture_repeat("x", BODY_LIMIT));
	pass(1000);
	tap_is_int(world.body_ms, -1, "a body up to the limit is waited for");
	fastcgi_peer_body(&world.peer, "x");
	pass(1000);
	tap_is_int(world.result, EXCHANGE_BODY_TOO_LARGE,
	    "one byte more is too many");
	tap_is_int(world.body_ms, 1000, "as soon as it is there");
	close_world();
	open_world();
	fastcgi_peer_request(&world.peer, no_length,
	    fixture_repeat("x", BODY_LIMIT));
	pass(1000);
	tap_is_int((int64_t)strlen(world.body), BODY_LIMIT,
	    "a body of the limit is told whole");
	close_world();
}

static void
check_expire(void)
{
	open_world();
	fastcgi_peer_send(&world.peer, "\1\1\0\1", 4);
	pass(1000);
	exchange_expire(world.exchange);
	tap_is_int(world.closed_ms, 1000,
	    "told to wait no longer, a request that has not arrived is gone");
	close_world();
	open_world();
	fastcgi_peer_begin(&world.peer, variables);
	pass(1000);
	exchange_expire(world.exchange);
	tap_is_int(world.result, EXCHANGE_BODY_EXPIRED,
	    "one whose body is on its way is told so");
	exchange_expire(world.exchange);
	tap_is_int(world.closed_ms, -1, "one that is answered is left alone");
	close_world();
	open_world();
	fastcgi_peer_begin(&world.peer, variables);
	pass(1000);
	exchange_free(world.exchange);
	tap_is_int(world.body_ms, -1, "one that is dropped tells no body");
	tap_is_int(world.answered_ms, 1000, "but that it is over");
	tap_is_int(world.closed_ms, 1000, "and gone");
	close_world();
}

/* --- the answer ---------------------------------------------------------- */

/* A request whose body is there, with this limit. */
static void
open_answering(size_t limit)
{
	open_world();
	world.limit = limit;
	fastcgi_peer_request(&world.peer, variables, "body");
	pass(0);
	if (world.body_ms != 0)
		tap_bail_out("the request does not arrive");
}

static void
check_answer(void)
{
	open_answering(BODY_LIMIT);
	exchange_write(world.exchange, "one ", 4);
	pass(10);
	fastcgi_peer_read(&world.peer, SIZE_MAX);
	tap_is_string(world.peer.answer, "", "what is written waits");
	exchange_write(world.exchange, "two ", 4);
	exchange_flush(world.exchange);
	fastcgi_peer_read(&world.peer, SIZE_MAX);
	tap_is_string(world.peer.answer, "one two ",
	    "until it is passed on");
	exchange_write(world.exchange, "three", 5);
	exchange_finish(world.exchange);
	fastcgi_peer_read(&world.peer, SIZE_MAX);
	tap_is_string(world.peer.answer, "one two three",
	    "or the answer ends");
	tap_ok(world.peer.ended && world.peer.closed,
	    "which the peer is told");
	tap_is_int(world.answered_ms, 10, "then the request is over");
	pass(500);
	tap_is_int(world.closed_ms, -1, "and the peer closes first");
	fastcgi_peer_close(&world.peer);
	pass(0);
	tap_is_int(world.closed_ms, 510, "and then it is gone");
	close_world();
}

/* What has come over the connection and was not read. */
static int
unread(void)
{
	int size = -1;

	ioctl(world.fd, FIONREAD, &size);
	return size;
}

/* Memory for a body is its owner's to give. */
static void
check_unread(void)
{
	open_world();
	world.asks = false;
	fastcgi_peer_begin(&world.peer, variables);
	pass(0);
	fastcgi_peer_body(&world.peer, "body");
	fastcgi_peer_body(&world.peer, "");
	pass(1000);
	tap_is_int(unread(), 8 + 4 + 8, "a body is not read unasked");
	ask_for_body();
	pass(0);
	tap_is_string(world.body, "body", "but all of it once it is asked for");
	fastcgi_peer_send(&world.peer, fixture_repeat("x", 100), 100);
	pass(1000);
	tap_is_int(unread(), 100, "nor is anything while it is answered");
	exchange_finish(world.exchange);
	pass(0);
	tap_is_int(unread(), 0, "what came is read away after that");
	close_world();
}

static void
check_linger(void)
{
	open_answering(BODY_LIMIT);
	exchange_finish(world.exchange);
	pass(10000);
	tap_is_int(world.closed_ms, LINGER_MS,
	    "a peer that does not close is waited for for two seconds");
	close_world();
}

/* Without asking for the body, as for a path that is not there. */
static void
check_refusal(void)
{
	open_world();
	world.asks = false;
	fastcgi_peer_begin(&world.peer, variables);
	fastcgi_peer_body(&world.peer, "bo");
	pass(0);
	exchange_write(world.exchange, "no", 2);
	exchange_finish(world.exchange);
	fastcgi_peer_read(&world.peer, SIZE_MAX);
	tap_is_string(world.peer.answer, "no",
	    "an answer need not wait for the body");
	fastcgi_peer_body(&world.peer, "dy");
	fastcgi_peer_body(&world.peer, "");
	pass(1000);
	tap_is_int(world.closed_ms, -1, "which is read away");
	tap_is_int(world.body_ms, -1, "and not told");
	fastcgi_peer_close(&world.peer);
	pass(0);
	tap_is_int(world.closed_ms, 1000, "until the peer closes");
	close_world();
}

/* --- peers that take nothing --------------------------------------------- */

/* A connection that takes some KiB at a time, and an answer of 256 KiB. */
static void
open_slow(void)
{
	int size = 4096;

	open_answering(SLOW_SIZE);
	setsockopt(world.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	exchange_write(world.exchange, fixture_repeat("x", SLOW_SIZE),
	    SLOW_SIZE);
}

static void
check_slow_answers(void)
{
	captured_log_begin();
	open_slow();
	exchange_flush(world.exchange);
	pass(IO_TIMEOUT_MS - 1);
	tap_ok(exchange_write(world.exchange, "x", 1),
	    "a peer that takes nothing is waited for");
	pass(1);
	tap_ok(!exchange_write(world.exchange, "x", 1),
	    "for five seconds, then it is lost");
	tap_is_int(captured_log_count("timed out sending"), 1,
	    "the log says so");
	tap_is_int(world.answered_ms, -1, "who answers is not disturbed");
	exchange_finish(world.exchange);
	tap_is_int(world.closed_ms, IO_TIMEOUT_MS, "until it ends");
	close_world();
}

static void
check_slow_ends(void)
{
	open_slow();
	exchange_finish(world.exchange);
	tap_is_int(world.closed_ms, -1,
	    "an answer that has ended is still sent");
	while (!world.peer.ended && now_ms() < PATIENCE_MS) {
		fastcgi_peer_read(&world.peer, SIZE_MAX);
		pass(100);
	}
	tap_is_int((int64_t)world.peer.size, SLOW_SIZE,
	    "all of it, to a peer that takes it slowly");
	tap_ok(world.peer.ended, "and its end");
	close_world();

	open_slow();
	exchange_finish(world.exchange);
	while (world.closed_ms == -1 && now_ms() < 2 * PATIENCE_MS) {
		fastcgi_peer_read(&world.peer, SIZE_MAX);
		pass(4000);
	}
	tap_is_int(world.closed_ms, PATIENCE_MS,
	    "one that takes a minute is given up");
	close_world();

	open_slow();
	exchange_finish(world.exchange);
	pass(10000);
	tap_is_int(world.closed_ms, IO_TIMEOUT_MS,
	    "and one that takes nothing after five seconds");
	close_world();
}

static void
check_lost_peers(void)
{
	size_t i;

	open_answering(BODY_LIMIT);
	fastcgi_peer_close(&world.peer);
	pass(1000);
	exchange_write(world.exchange, "x", 1);
	tap_ok(!exchange_flush(world.exchange),
	    "who goes away is noticed when something is passed on");
	tap_ok(!exchange_write(world.exchange, "x", 1),
	    "and what is written then is dropped");
	exchange_finish(world.exchange);
	tap_is_int(world.closed_ms, 1000, "the exchange ends as ever");
	close_world();

	captured_log_begin();
	open_slow();
	for (i = 0; i < 10 && exchange_flush(world.exchange); i++)
		exchange_write(world.exchange, fixture_repeat("x", SLOW_SIZE),
		    SLOW_SIZE);
	tap_ok(i < 4, "an answer that grows and is not taken is given up");
	tap_is_int(captured_log_count("longer than its buffer"), 1,
	    "which the log says");
	exchange_finish(world.exchange);
	tap_is_int(world.closed_ms, 0, "and ends");
	close_world();

	open_answering(BODY_LIMIT);
	tap_ok(exchange_write(world.exchange, fixture_repeat("x",
	    ANSWER_LIMIT), ANSWER_LIMIT), "an answer may be as long as 64 "
	    "KiB and twice the limit of the body");
	tap_ok(!exchange_write(world.exchange, "x", 1), "but no longer");
	exchange_finish(world.exchange);
	close_world();
}

int
main(void)
{
	size_t i;

	captured_log_begin();
	for (i = 0; i < sizeof uploads / sizeof *uploads; i++)
		check_upload(&uploads[i]);
	check_body_over_limit();
	check_variables_over_limit();
	check_expire();
	check_answer();
	check_unread();
	check_linger();
	check_refusal();
	check_slow_answers();
	check_slow_ends();
	check_lost_peers();
	return tap_done();
}
