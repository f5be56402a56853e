/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include "delivery-fixture.h"

/*
 * A rule of delivery as a row of a table: which requests come when, what the
 * providers answer meanwhile, and what becomes of each request, to the
 * millisecond.  Times are counted from the opening of the fixture.
 */
enum {
	SCENARIO_REQUESTS_MAX = 10,
	SCENARIO_PHASES_MAX = 6,
	SCENARIO_REST_MS = 60000	/* in which what is left happens */
};

/* One request, and what is expected of it.  Zero: see each. */
struct scenario_request {
	int64_t at_ms;
	size_t worker;			/* of the host; 0 is the first */
	const char *app_id;		/* NULL: "ios" */
	size_t items;			/* 0: 1 */
	size_t devices;			/* of each item; 0: no such request */
	int64_t timeout_ms;		/* 0: 8 s */
	unsigned int delivered;		/* devices */
	unsigned int rejected;
	unsigned int later;
	unsigned int failed;
	enum cause cause;		/* of its first device; 0: any */
	int64_t settled_ms;		/* of its last item */
};

/* What the providers answer to what is sent from some moment on. */
struct scenario_phase {
	int64_t from_ms;
	size_t worker;		/* only to that one; 0: to all */
	const char *part;	/* only to requests whose URL has this part, or
				 * whose body; NULL: to all pushes.  The last
				 * phase that fits counts. */
	struct fake_http_answer answer;
};

struct scenario {
	const char *name;
	const char *settings;		/* members, each ended by a comma */
	struct scenario_request requests[SCENARIO_REQUESTS_MAX];
	struct scenario_phase phases[SCENARIO_PHASES_MAX];
	unsigned int sent;		/* requests to providers, in all */
	unsigned int token_requests;	/* to the token endpoint, in all */
	unsigned int in_flight_max;	/* 0: not looked at */
	unsigned int alone;		/* pushes; see struct http_request */
	unsigned int minted;		/* tokens; 0: not looked at */
	unsigned int connections;	/* opened, as the metrics say */
	unsigned int opened;		/* times that a breaker opened */
	bool still_open;		/* one is in the end */
	const char *logged;		/* a part of one line of the log */
	const char *logged_twice;	/* a part of two */
	const char *not_logged;		/* a part of none */
};

/*
 * Runs it and checks all that the row says.  The token endpoint answers by the
 * phases whose `part` is in its URL ("oauth.test"), else with a token.
 */
void scenario_check(const struct scenario *scenario);

#endif
