/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_FIXTURE_H
#define HTTP_FIXTURE_H

#include "fake-curl.h"
#include "fake-loop.h"
#include "http/http.h"

/*
 * The HTTP engine with one pool, in virtual time over a network that is not
 * there; and a rule of the engine as a row of a table: which request goes
 * when, over which connection, and what its end is called.
 */
enum {
	HTTP_ROW_CALLS_MAX = 8,
	HTTP_FIXTURE_HOUR_S = 3600
};

/* A request, what the server does, and what is expected.  Zero: see each. */
struct http_row_call {
	/* Given. */
	int64_t at_ms;
	int64_t timeout_ms;
	int64_t cancel_ms;		/* 0: never */
	bool alone;
	bool drains;			/* its connection, in `done` */
	struct fake_curl_answer answer;
	/* Expected. */
	unsigned int connection; /* that it goes over; 0: it is not sent */
	int64_t sent_ms;
	int64_t done_ms;
	enum http_failure failure;
};

struct http_row {
	const char *name;
	unsigned int max_connections;	/* 0: 1 */
	unsigned int max_streams;	/* 0: 2 */
	unsigned int streams;		/* of the server; 0: any number */
	bool warm_up;
	int64_t apart_ms;
	int64_t idle_s;			/* 0: an hour */
	int64_t age_s;			/* 0: an hour */
	int64_t go_away_ms;		/* connection 1; 0: never */
	/* The first without an answer is the end. */
	struct http_row_call calls[HTTP_ROW_CALLS_MAX];
};

#define OK_AFTER(ms) .answer = { .after_ms = ms, .status = 200 }
#define HANGS .answer = { .after_ms = FAKE_CURL_NEVER, .status = 200 }

/* Runs it and checks all that the row says. */
void http_fixture_check(const struct http_row *row);

/* For other tests: one pool, at the time 0. */
extern struct http_fixture {
	struct loop *loop;
	struct http *http;
	struct http_pool *pool;
} http_fixture;

void http_fixture_open(const struct http_pool_params *params);

/* The same through a proxy, which must outlive it. */
void http_fixture_open_by(const struct proxy *proxy,
    const struct http_pool_params *params);

/* Ends the program as failed if anything is left over. */
void http_fixture_close(void);

#endif
