/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXCHANGE_FIXTURE_H
#define EXCHANGE_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "cgi/exchange.h"
#include "fastcgi-peer.h"

/* One exchange in virtual time, with a web server at its other end. */
enum {
	IO_TIMEOUT_MS = 5000,
	PATIENCE_MS = 60000,
	LINGER_MS = 2000,
	BODY_LIMIT = 1000,
	ANSWER_LIMIT = 65536 + 2 * BODY_LIMIT
};

/* A POST with a body of four bytes, and with one whose length is not told. */
extern const char *const world_variables[];
extern const char *const world_no_length[];

/* What has become of the one exchange; times from its creation, or -1. */
struct exchange_world {
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
};

extern struct exchange_world world;

/* Opens a world, and what a test changes of it before time passes. */
void world_open(void);

void world_close(void);

/* Lets so much time pass. */
void world_pass(int64_t ms);

/* Since the world was opened. */
int64_t world_now_ms(void);

/* For a test that has set `asks` to false. */
void world_ask_for_body(void);

#endif
