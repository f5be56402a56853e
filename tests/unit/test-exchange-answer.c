/* SPDX-License-Identifier: Apache-2.0 */
/* The answer to a request, by the clock: when it goes out, and peers that do
 * not take it. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "captured-log.h"
#include "exchange-fixture.h"
#include "fixture.h"
#include "tap.h"

enum {
	SLOW_SIZE = 256 * 1024
};

/* --- the answer ---------------------------------------------------------- */

/* A request whose body is there, with this limit. */
static void
open_answering(size_t limit)
{
	world_open();
	world.limit = limit;
	fastcgi_peer_request(&world.peer, world_variables, "body");
	world_pass(0);
	if (world.body_ms != 0)
		tap_bail_out("the request does not arrive");
}

/* Writes a text and passes it on, and looks at what the peer has then. */
static void
check_passed_on(const char *text, const char *expected, const char *sentence)
{
	exchange_write(world.exchange, text, strlen(text));
	exchange_flush(world.exchange);
	fastcgi_peer_read(&world.peer, SIZE_MAX);
	tap_is_string(world.peer.answer, expected, "%s", sentence);
}

static void
check_answer(void)
{
	open_answering(BODY_LIMIT);
	exchange_write(world.exchange, "one ", 4);
	world_pass(10);
	fastcgi_peer_read(&world.peer, SIZE_MAX);
	tap_is_string(world.peer.answer, "", "what is written waits");
	check_passed_on("two ", "one two ", "until it is passed on");
	exchange_write(world.exchange, "three", 5);
	exchange_finish(world.exchange);
	fastcgi_peer_read(&world.peer, SIZE_MAX);
	tap_is_string(world.peer.answer, "one two three",
	    "or the answer ends");
	tap_ok(world.peer.ended && world.peer.closed,
	    "which the peer is told");
	tap_is_int(world.answered_ms, 10, "then the request is over");
	world_pass(500);
	tap_is_int(world.closed_ms, -1, "and the peer closes first");
	fastcgi_peer_close(&world.peer);
	world_pass(0);
	tap_is_int(world.closed_ms, 510, "and then it is gone");
	world_close();
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
	world_open();
	world.asks = false;
	fastcgi_peer_begin(&world.peer, world_variables);
	world_pass(0);
	fastcgi_peer_body(&world.peer, "body");
	fastcgi_peer_body(&world.peer, "");
	world_pass(1000);
	tap_is_int(unread(), 8 + 4 + 8, "a body is not read unasked");
	world_ask_for_body();
	world_pass(0);
	tap_is_string(world.body, "body", "but all of it once it is asked for");
	fastcgi_peer_send(&world.peer, fixture_repeat("x", 100), 100);
	world_pass(1000);
	tap_is_int(unread(), 100, "nor is anything while it is answered");
	exchange_finish(world.exchange);
	world_pass(0);
	tap_is_int(unread(), 0, "what came is read away after that");
	world_close();
}

static void
check_linger(void)
{
	open_answering(BODY_LIMIT);
	exchange_finish(world.exchange);
	world_pass(10000);
	tap_is_int(world.closed_ms, LINGER_MS,
	    "a peer that does not close is waited for for two seconds");
	world_close();
}

/* Without asking for the body, as for a path that is not there. */
static void
check_refusal(void)
{
	world_open();
	world.asks = false;
	fastcgi_peer_begin(&world.peer, world_variables);
	fastcgi_peer_body(&world.peer, "bo");
	world_pass(0);
	exchange_write(world.exchange, "no", 2);
	exchange_finish(world.exchange);
	fastcgi_peer_read(&world.peer, SIZE_MAX);
	tap_is_string(world.peer.answer, "no",
	    "an answer need not wait for the body");
	fastcgi_peer_body(&world.peer, "dy");
	fastcgi_peer_body(&world.peer, "");
	world_pass(1000);
	tap_is_int(world.closed_ms, -1, "which is read away");
	tap_is_int(world.body_ms, -1, "and not told");
	fastcgi_peer_close(&world.peer);
	world_pass(0);
	tap_is_int(world.closed_ms, 1000, "until the peer closes");
	world_close();
}

/* What is passed on soon after waits for what else there is in a turn. */
static void
check_flush(void)
{
	open_answering(BODY_LIMIT);
	check_passed_on("a", "a", "what is written first is passed on at once");
	world_pass(4);
	check_passed_on("b", "a", "what comes within five milliseconds waits");
	exchange_write(world.exchange, "c", 1);
	world_pass(0);
	fastcgi_peer_read(&world.peer, SIZE_MAX);
	tap_is_string(world.peer.answer, "abc",
	    "for the end of the turn, with what came since");
	world_pass(5);
	check_passed_on("d", "abcd", "and no longer after five");
	check_passed_on("e", "abcd", "then the next waits again");
	exchange_write(world.exchange, "f", 1);
	exchange_finish(world.exchange);
	world_pass(0);
	fastcgi_peer_read(&world.peer, SIZE_MAX);
	tap_is_string(world.peer.answer, "abcdef", "until the answer ends");
	world_close();
}

static void
check_late_answer(void)
{
	captured_log_begin();
	world_open();
	fastcgi_peer_begin(&world.peer, world_variables);
	world_pass(10);
	fastcgi_peer_body(&world.peer, "body");
	world_pass(10);
	fastcgi_peer_body(&world.peer, "");
	world_pass(PATIENCE_MS + 1000);
	check_passed_on("late", "late",
	    "an answer may take more than a minute");
	exchange_finish(world.exchange);
	world_close();

	world_open();
	world.asks = false;
	fastcgi_peer_begin(&world.peer, world_variables);
	world_pass(2 * IO_TIMEOUT_MS);
	world_ask_for_body();
	fastcgi_peer_body(&world.peer, "body");
	fastcgi_peer_body(&world.peer, "");
	world_pass(0);
	tap_is_string(world.body, "body",
	    "a body may be asked for more than five seconds late");
	tap_is_int(captured_log_count("timed out"), 0,
	    "and nothing of either has timed out");
	exchange_finish(world.exchange);
	world_close();
}

static void
check_limit_time(void)
{
	world_open();
	fastcgi_peer_begin(&world.peer, world_variables);
	world_pass(1000);
	exchange_limit_time(world.exchange, 3000);
	fastcgi_peer_body(&world.peer, "b");
	world_pass(10000);
	tap_is_int(world.body_ms, 4000,
	    "a body is waited for no longer than its time");
	tap_is_int(world.result, EXCHANGE_BODY_CUT, "and then cut");
	world_close();
}

static void
check_gone(void)
{
	open_answering(BODY_LIMIT);
	tap_ok(!exchange_is_gone(world.exchange), "a peer that waits is there");
	shutdown(world.peer.fd, SHUT_WR);
	tap_ok(!exchange_is_gone(world.exchange),
	    "so is one that has sent its last");
	fastcgi_peer_close(&world.peer);
	tap_ok(exchange_is_gone(world.exchange), "one that closes is gone");
	exchange_write(world.exchange, "x", 1);
	exchange_flush(world.exchange);
	tap_ok(exchange_is_gone(world.exchange),
	    "and so it is once something was passed on");
	exchange_finish(world.exchange);
	world_close();
}

/* --- its id --------------------------------------------------------------- */

static const struct {
	const char *given;	/* NULL: none */
	bool taken;
} ids[] = {
	{ "X=1", false },
	{ "HTTP_X_REQUEST_ID=5f0c", true },
	{ "HTTP_X_REQUEST_ID=", false },
	{ "HTTP_X_REQUEST_ID=two words", false },
	{ "HTTP_X_REQUEST_ID=\x01", false },
};

static void
check_ids(void)
{
	char first[80];
	size_t i;

	for (i = 0; i < sizeof ids / sizeof *ids; i++) {
		const char *given = strchr(ids[i].given, '=') + 1;

		world_open();
		fastcgi_peer_begin(&world.peer,
		    (const char *const[]){ ids[i].given, NULL });
		world_pass(0);
		snprintf(first, sizeof first, "%s",
		    exchange_id(world.exchange));
		if (ids[i].taken)
			tap_is_string(first, given, "%s: the request's id",
			    ids[i].given);
		else
			tap_is_int((int64_t)strlen(first), 36,
			    "\"%s\": an id of our own", ids[i].given);
		tap_is_string(exchange_id(world.exchange), first,
		    "\"%s\": which it keeps", ids[i].given);
		world_close();
	}
}

/* --- peers that take nothing --------------------------------------------- */

/* 256 KiB in which no two pieces are alike. */
static const char *
long_text(void)
{
	static char text[SLOW_SIZE + 1];
	size_t i;

	for (i = 0; i < SLOW_SIZE; i += 8)
		snprintf(text + i, 9, "%08zx", i);
	return text;
}

/* A connection that takes some KiB at a time, and an answer of 256 KiB. */
static void
open_slow(void)
{
	int size = 4096;

	open_answering(SLOW_SIZE);
	setsockopt(world.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	exchange_write(world.exchange, long_text(), SLOW_SIZE);
}

/* The peer reads until it has so much, or the end. */
static void
read_slowly(size_t size)
{
	while (world.peer.size < size && !world.peer.ended &&
	    world_now_ms() < PATIENCE_MS) {
		fastcgi_peer_read(&world.peer, SIZE_MAX);
		world_pass(100);
	}
}

static void
check_slow_answers(void)
{
	captured_log_begin();
	open_slow();
	exchange_flush(world.exchange);
	world_pass(IO_TIMEOUT_MS - 1);
	tap_ok(exchange_write(world.exchange, "x", 1),
	    "a peer that takes nothing is waited for");
	world_pass(1);
	tap_ok(!exchange_write(world.exchange, "x", 1),
	    "for five seconds, then it is lost");
	tap_is_int(captured_log_count("timed out sending"), 1,
	    "the log says so");
	tap_is_int(world.answered_ms, -1, "who answers is not disturbed");
	exchange_finish(world.exchange);
	tap_is_int(world.closed_ms, IO_TIMEOUT_MS, "until it ends");
	world_close();
}

/* What is passed on again meanwhile gives it no more time. */
static void
check_slow_again(void)
{
	open_slow();
	world_pass(PATIENCE_MS + 1000);
	exchange_flush(world.exchange);
	world_pass(IO_TIMEOUT_MS - 1);
	tap_ok(!exchange_is_gone(world.exchange),
	    "after a minute, too, a peer has five seconds");
	exchange_finish(world.exchange);
	world_close();

	captured_log_begin();
	open_slow();
	exchange_flush(world.exchange);
	world_pass(3000);
	exchange_write(world.exchange, "x", 1);
	exchange_flush(world.exchange);
	world_pass(IO_TIMEOUT_MS - 3000);
	tap_ok(exchange_is_gone(world.exchange),
	    "a peer that takes nothing has no more time for more to take");
	exchange_finish(world.exchange);
	world_close();

	captured_log_begin();
	open_slow();
	exchange_flush(world.exchange);
	fastcgi_peer_close(&world.peer);
	world_pass(2 * IO_TIMEOUT_MS);
	tap_ok(exchange_is_gone(world.exchange),
	    "one that goes away while it takes nothing is gone");
	tap_is_int(captured_log_count("timed out"), 0,
	    "and has not timed out");
	exchange_finish(world.exchange);
	world_close();
}

static void
check_slow_parts(void)
{
	captured_log_begin();
	open_slow();
	exchange_flush(world.exchange);
	read_slowly(SLOW_SIZE);
	tap_is_string(world.peer.answer, long_text(),
	    "a part is taken slowly, and is as it was written");
	world_pass(2 * IO_TIMEOUT_MS);
	tap_ok(!exchange_is_gone(world.exchange) && world.closed_ms == -1,
	    "then the peer waits for the next");
	exchange_write(world.exchange, long_text(), SLOW_SIZE);
	exchange_flush(world.exchange);
	read_slowly(2 * SLOW_SIZE);
	tap_is_string(world.peer.answer + SLOW_SIZE, long_text(),
	    "which is taken slowly, too");
	tap_is_int(captured_log_count("timed out"), 0,
	    "without anything that times out");
	exchange_finish(world.exchange);
	fastcgi_peer_read(&world.peer, SIZE_MAX);
	tap_ok(world.peer.ended, "and then the end");
	world_close();
}

static void
check_slow_ends(void)
{
	open_slow();
	exchange_finish(world.exchange);
	tap_is_int(world.closed_ms, -1,
	    "an answer that has ended is still sent");
	read_slowly(SIZE_MAX);
	tap_is_string(world.peer.answer, long_text(),
	    "all of it, to a peer that takes it slowly");
	tap_ok(world.peer.ended, "and its end");
	fastcgi_peer_close(&world.peer);
	world_pass(0);
	tap_ok(world.closed_ms != -1, "and it is gone once the peer closes");
	world_close();

	open_slow();
	exchange_finish(world.exchange);
	while (world.closed_ms == -1 && world_now_ms() < 2 * PATIENCE_MS) {
		fastcgi_peer_read(&world.peer, SIZE_MAX);
		world_pass(4000);
	}
	tap_is_int(world.closed_ms, PATIENCE_MS,
	    "one that takes a minute is given up");
	world_close();

	open_slow();
	exchange_finish(world.exchange);
	world_pass(10000);
	tap_is_int(world.closed_ms, IO_TIMEOUT_MS,
	    "and one that takes nothing after five seconds");
	world_close();
}

static void
check_lost_peers(void)
{
	size_t i;

	open_answering(BODY_LIMIT);
	fastcgi_peer_close(&world.peer);
	world_pass(1000);
	exchange_write(world.exchange, "x", 1);
	tap_ok(!exchange_flush(world.exchange),
	    "who goes away is noticed when something is passed on");
	tap_ok(!exchange_write(world.exchange, "x", 1),
	    "and what is written then is dropped");
	exchange_finish(world.exchange);
	tap_is_int(world.closed_ms, 1000, "the exchange ends as ever");
	world_close();

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
	world_close();

	open_answering(BODY_LIMIT);
	tap_ok(exchange_write(world.exchange, fixture_repeat("x",
	    ANSWER_LIMIT), ANSWER_LIMIT), "an answer may be as long as 64 "
	    "KiB and twice the limit of the body");
	tap_ok(!exchange_write(world.exchange, "x", 1), "but no longer");
	exchange_finish(world.exchange);
	world_close();
}

int
main(void)
{
	captured_log_begin();
	check_answer();
	check_unread();
	check_linger();
	check_refusal();
	check_flush();
	check_late_answer();
	check_limit_time();
	check_gone();
	check_ids();
	check_slow_answers();
	check_slow_again();
	check_slow_parts();
	check_slow_ends();
	check_lost_peers();
	return tap_done();
}
