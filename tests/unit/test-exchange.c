/* SPDX-License-Identifier: Apache-2.0 */
/* One request over a connection, by the clock: peers that are slow, stop in
 * the middle or go away. */
#include <string.h>

#include "captured-log.h"
#include "exchange-fixture.h"
#include "fixture.h"
#include "tap.h"

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
	{ .name = "without a length, too", .variables = world_no_length,
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
	{ .name = "one is cut that was announced as empty",
	    .variables = (const char *const[]){ "CONTENT_LENGTH=0", NULL },
	    .steps = { { 0, BEGINS, NULL }, { 1000, SENDS, "x" },
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
			world_pass(4000);
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
	world_open();
	for (i = 0; i < sizeof row->steps / sizeof *row->steps; i++) {
		if (row->steps[i].action == NOTHING)
			break;
		world_pass(row->steps[i].at_ms - world_now_ms());
		act(row->steps[i].action, row->steps[i].text,
		    row->variables == NULL ? world_variables : row->variables);
	}
	world_pass(100000 - world_now_ms());
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
	world_close();
}

/* Record after record of variables, of `size` bytes in all. */
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
		world_pass(10);
		size -= part;
	}
}

static void
end_variables(void)
{
	fastcgi_peer_send(&world.peer, "\1\4\0\1\0\0\0", 8);
	world_pass(10);
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
	world_pass(10);
	fastcgi_peer_read(&world.peer, SIZE_MAX);
	tap_ok(world.peer.size == 3 && world.peer.ended,
	    "%s: it is answered", name);
}

static void
check_variables_over_limit(void)
{
	world_open();
	world.asks = false;
	send_variables(65535);
	end_variables();
	tap_ok(world.arrived_ms != -1 &&
	    !exchange_variables_are_too_large(world.exchange),
	    "65535 bytes of variables arrive");
	world_close();
	world_open();
	world.asks = false;
	send_variables(65536);
	end_variables();
	check_answered("one more");
	world_close();
	world_open();
	world.asks = false;
	send_variables(65535);
	fastcgi_peer_send(&world.peer, "\1\4\0\1\0\x8\0\0\0\0\0", 12);
	world_pass(10);
	fastcgi_peer_send(&world.peer, "\1\1Hx", 4);
	world_pass(10);
	end_variables();
	check_answered("more in the middle of a record");
	world_close();
}

static void
check_body_over_limit(void)
{
	world_open();
	fastcgi_peer_begin(&world.peer, world_no_length);
	fastcgi_peer_body(&world.peer, fixture_repeat("x", BODY_LIMIT));
	world_pass(1000);
	tap_is_int(world.body_ms, -1, "a body up to the limit is waited for");
	fastcgi_peer_body(&world.peer, "x");
	world_pass(1000);
	tap_is_int(world.result, EXCHANGE_BODY_TOO_LARGE,
	    "one byte more is too many");
	tap_is_int(world.body_ms, 1000, "as soon as it is there");
	world_close();
	world_open();
	fastcgi_peer_request(&world.peer, world_no_length,
	    fixture_repeat("x", BODY_LIMIT));
	world_pass(1000);
	tap_is_int((int64_t)strlen(world.body), BODY_LIMIT,
	    "a body of the limit is told whole");
	world_close();
	world_open();
	fastcgi_peer_request(&world.peer, (const char *const[]){
	    "CONTENT_LENGTH=1000", NULL }, fixture_repeat("x", BODY_LIMIT));
	world_pass(1000);
	tap_is_int((int64_t)strlen(world.body), BODY_LIMIT,
	    "one that was announced, too");
	world_close();
}

static void
check_expire(void)
{
	world_open();
	fastcgi_peer_send(&world.peer, "\1\1\0\1", 4);
	world_pass(1000);
	exchange_expire(world.exchange);
	tap_is_int(world.closed_ms, 1000,
	    "told to wait no longer, a request that has not arrived is gone");
	world_close();
	world_open();
	fastcgi_peer_begin(&world.peer, world_variables);
	world_pass(1000);
	exchange_expire(world.exchange);
	tap_is_int(world.result, EXCHANGE_BODY_EXPIRED,
	    "one whose body is on its way is told so");
	exchange_expire(world.exchange);
	tap_is_int(world.closed_ms, -1, "one that is answered is left alone");
	world_close();
	world_open();
	fastcgi_peer_begin(&world.peer, world_variables);
	world_pass(1000);
	exchange_free(world.exchange);
	tap_is_int(world.body_ms, -1, "one that is dropped tells no body");
	tap_is_int(world.answered_ms, 1000, "but that it is over");
	tap_is_int(world.closed_ms, 1000, "and gone");
	world_close();
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
	return tap_done();
}
