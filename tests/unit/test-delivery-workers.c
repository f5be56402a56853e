/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the workers of a host learn from each other of an account, by the
 * clock.  (Who may be the probe, and when: test-host-breaker.c.)
 */
#include "scenario.h"
#include "tap.h"

#define HANGS { .after_ms = FAKE_HTTP_NEVER }
#define ACCEPTED { .status = 200 }
/* No answer, and no other attempt. */
#define BROKEN { .failure = HTTP_FAILURE_PROTOCOL }

/* So many devices that fail at once, in a worker; five open the breaker. */
#define FAILING(number, count, when) { .worker = number, .at_ms = when, \
    .devices = count, .later = count, .cause = CAUSE_UNREACHABLE, \
    .settled_ms = when }
/* A device that is settled at once; whether it is sent is told by `sent`. */
#define REFUSED(number, when, why) { .worker = number, .at_ms = when, \
    .devices = 1, .later = 1, .cause = why, .settled_ms = when }
#define DELIVERED(number, count, when) { .worker = number, .at_ms = when, \
    .devices = count, .delivered = count, .settled_ms = when }
#define HANGING(number, count, when) { .worker = number, .at_ms = when, \
    .devices = count, .later = count, .cause = CAUSE_DEADLINE, \
    .settled_ms = when + 8000 }

static const struct scenario scenarios[] = {
	{ .name = "what one worker learns all know",
	    .requests = { FAILING(0, 3, 0), FAILING(1, 2, 10),
	    REFUSED(0, 20, CAUSE_UNREACHABLE),
	    REFUSED(1, 20, CAUSE_UNREACHABLE),
	    REFUSED(2, 20, CAUSE_UNREACHABLE) },
	    .phases = { { .answer = BROKEN } },
	    .sent = 5, .opened = 1, .still_open = true,
	    .logged = "circuit breaker open: provider cannot be reached, 5 "
	    "consecutive failures; next probe in 10 s" },
	{ .name = "an answer to one begins the count anew for all",
	    .requests = { FAILING(0, 4, 0), DELIVERED(1, 1, 10),
	    FAILING(2, 4, 20), DELIVERED(1, 1, 30) },
	    .phases = { { .answer = BROKEN },
	    { .worker = 1, .answer = ACCEPTED } },
	    .sent = 10 },
	{ .name = "one worker's probe is the host's",
	    .requests = { FAILING(0, 3, 0), FAILING(1, 2, 10),
	    REFUSED(2, 10009, CAUSE_UNREACHABLE),
	    { .worker = 2, .at_ms = 10010, .devices = 3, .delivered = 1,
	    .later = 2, .settled_ms = 10110 },
	    REFUSED(0, 10050, CAUSE_UNREACHABLE),
	    REFUSED(1, 10050, CAUSE_UNREACHABLE),
	    { .worker = 0, .at_ms = 10111, .devices = 20,
	    .delivered = 20, .settled_ms = 10211 } },
	    .phases = { { .answer = BROKEN }, { .from_ms = 10010,
	    .answer = { .after_ms = 100, .status = 200 } } },
	    .sent = 26, .opened = 1, .logged = ": recovered" },
	{ .name = "a probe that fails means another 10 s for all",
	    .requests = { FAILING(0, 3, 0), FAILING(1, 2, 10),
	    FAILING(2, 1, 10010), REFUSED(0, 20009, CAUSE_UNREACHABLE),
	    DELIVERED(0, 1, 20010) },
	    .phases = { { .answer = BROKEN },
	    { .from_ms = 20000, .answer = ACCEPTED } },
	    .sent = 7, .opened = 1 },
	{ .name = "a worker that had failures of its own goes on with all",
	    .requests = { FAILING(0, 5, 0), FAILING(1, 1, 10),
	    DELIVERED(1, 1, 10010), DELIVERED(0, 20, 10011) },
	    .phases = { { .answer = BROKEN },
	    { .from_ms = 10000, .answer = ACCEPTED } },
	    .sent = 27, .opened = 1 },

	/* --- trouble of one worker --- */
	{ .name = "another worker asks for a second opinion at once",
	    .requests = { FAILING(0, 5, 0), { .worker = 1, .at_ms = 10,
	    .devices = 3, .delivered = 1, .later = 2, .settled_ms = 60 },
	    REFUSED(2, 50, CAUSE_UNREACHABLE), { .worker = 1, .at_ms = 70,
	    .devices = 20, .delivered = 20, .settled_ms = 120 },
	    { .worker = 2, .at_ms = 70, .devices = 20, .delivered = 20,
	    .settled_ms = 120 } },
	    .phases = { { .answer = BROKEN }, { .worker = 1,
	    .answer = { .after_ms = 50, .status = 200 } }, { .worker = 2,
	    .answer = { .after_ms = 50, .status = 200 } } },
	    .sent = 46, .opened = 1 },
	{ .name = "but the worker with the trouble waits for its pause",
	    .requests = { FAILING(0, 5, 0), DELIVERED(1, 1, 10),
	    REFUSED(0, 20, CAUSE_UNREACHABLE), DELIVERED(1, 20, 30),
	    REFUSED(0, 9999, CAUSE_UNREACHABLE),
	    DELIVERED(0, 1, 10000), DELIVERED(0, 20, 10001) },
	    .phases = { { .answer = BROKEN },
	    { .worker = 1, .answer = ACCEPTED },
	    { .from_ms = 10000, .answer = ACCEPTED } },
	    .sent = 47, .opened = 1 },
	{ .name = "nor does it tell the others to wait while they are answered",
	    .requests = { FAILING(0, 4, 0), DELIVERED(1, 1, 10),
	    FAILING(0, 1, 20), REFUSED(0, 30, CAUSE_UNREACHABLE),
	    DELIVERED(1, 20, 40), REFUSED(0, 10019, CAUSE_UNREACHABLE),
	    DELIVERED(0, 1, 10020), DELIVERED(0, 20, 10021) },
	    .phases = { { .answer = BROKEN },
	    { .worker = 1, .answer = ACCEPTED },
	    { .from_ms = 10000, .answer = ACCEPTED } },
	    .sent = 47,
	    .logged = "circuit breaker open in this worker: provider cannot "
	    "be reached, 5 consecutive failures; next probe in 10 s" },
	{ .name = "a second opinion that is the same means the pause",
	    .requests = { FAILING(0, 5, 0), FAILING(1, 1, 10),
	    REFUSED(2, 20, CAUSE_UNREACHABLE),
	    REFUSED(2, 10009, CAUSE_UNREACHABLE), DELIVERED(2, 1, 10010) },
	    .phases = { { .answer = BROKEN },
	    { .from_ms = 10000, .answer = ACCEPTED } },
	    .sent = 7, .opened = 1 },

	/* --- silence --- */
	{ .name = "five that hang for 4 s open it, in whichever workers",
	    .requests = { HANGING(0, 2, 0), HANGING(1, 2, 100),
	    HANGING(2, 1, 200), { .worker = 0, .at_ms = 4199, .devices = 1,
	    .later = 1, .cause = CAUSE_DEADLINE, .settled_ms = 12199 },
	    REFUSED(0, 4201, CAUSE_DEADLINE),
	    REFUSED(1, 4201, CAUSE_DEADLINE) },
	    .phases = { { .answer = HANGS } },
	    .sent = 6, .opened = 1, .still_open = true },
	{ .name = "what was silent and then fails is one failure",
	    .requests = { HANGING(0, 2, 0), HANGING(1, 2, 0),
	    DELIVERED(2, 1, 8500) },
	    .phases = { { .answer = HANGS },
	    { .worker = 2, .answer = ACCEPTED } },
	    .sent = 5 },
	{ .name = "those that hang while another worker is answered are none",
	    .requests = { HANGING(0, 2, 0), HANGING(1, 2, 0),
	    HANGING(2, 2, 0), { .worker = 1, .at_ms = 10, .devices = 1,
	    .delivered = 1, .settled_ms = 3510 }, { .worker = 1,
	    .at_ms = 3600, .devices = 1, .delivered = 1,
	    .settled_ms = 7100 }, { .worker = 2, .at_ms = 8100,
	    .devices = 1, .delivered = 1, .settled_ms = 11600 } },
	    .phases = { { .answer = HANGS }, { .from_ms = 10,
	    .answer = { .after_ms = 3500, .status = 200 } } },
	    .sent = 9 },
	{ .name = "who waits for a permit elsewhere hears of it in a second",
	    .settings = "\"max_connections\":1,\"breaker_failures\":750,",
	    .requests = { HANGING(1, 375, 0), { .worker = 1, .at_ms = 10,
	    .devices = 200, .later = 200, .settled_ms = 8010 },
	    { .worker = 1, .at_ms = 20, .devices = 100, .later = 100,
	    .settled_ms = 8020 }, { .worker = 1, .at_ms = 30,
	    .devices = 20, .later = 20, .settled_ms = 8030 },
	    { .worker = 1, .at_ms = 40, .devices = 20, .later = 20,
	    .settled_ms = 8040 }, { .worker = 1, .at_ms = 50, .devices = 1,
	    .later = 1, .settled_ms = 5040 }, HANGING(0, 250, 100) },
	    .phases = { { .answer = HANGS } },
	    .sent = 750, .opened = 1, .still_open = true },

	/* --- max_rate_per_minute --- */
	{ .name = "two workers share one bucket, of a second",
	    .settings = "\"max_rate_per_minute\":300,",
	    .requests = { DELIVERED(0, 3, 0), DELIVERED(1, 2, 0),
	    { .worker = 0, .at_ms = 10, .devices = 1, .delivered = 1,
	    .settled_ms = 200 }, { .worker = 1, .at_ms = 210,
	    .devices = 1, .delivered = 1, .settled_ms = 400 } },
	    .phases = { { .answer = ACCEPTED } }, .sent = 7 },
	{ .name = "what is more waits, and is for later if it waits too long",
	    .settings = "\"max_rate_per_minute\":60,",
	    .requests = { { .devices = 9, .delivered = 8, .later = 1,
	    .settled_ms = 8000 } },
	    .phases = { { .answer = ACCEPTED } }, .sent = 8,
	    .logged = "rate limit for this app is reached (max_rate" },
	{ .name = "apps of an account share its rate, another has its own",
	    .settings = "\"max_rate_per_minute\":60,",
	    .requests = { DELIVERED(0, 1, 0), { .worker = 1, .at_ms = 0,
	    .app_id = "ios-twin", .devices = 1, .delivered = 1,
	    .settled_ms = 1000 }, { .worker = 1, .at_ms = 0,
	    .app_id = "ios-other", .devices = 1, .delivered = 1,
	    .settled_ms = 0 } },
	    .phases = { { .answer = ACCEPTED } }, .sent = 3 },
	{ .name = "another attempt counts, too",
	    .settings = "\"max_rate_per_minute\":60,",
	    .requests = { { .devices = 1, .delivered = 1,
	    .settled_ms = 1000 } },
	    .phases = { { .answer = { .status = 503 } }, { .from_ms = 1,
	    .answer = ACCEPTED } }, .sent = 2 },
	{ .name = "callers take turns at the rate",
	    .settings = "\"max_rate_per_minute\":60,",
	    .requests = { { .devices = 100, .delivered = 6, .later = 94,
	    .settled_ms = 8000 }, { .at_ms = 10, .devices = 2,
	    .delivered = 2, .settled_ms = 4000 } },
	    .phases = { { .answer = ACCEPTED } }, .sent = 8 },
};

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
		scenario_check(&scenarios[i]);
	return tap_done();
}
