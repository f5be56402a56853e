/* SPDX-License-Identifier: Apache-2.0 */
/* Devices that wait for a token, and tokens that are refused, by the clock. */
#include "scenario.h"
#include "tap.h"

#define HANGS { .after_ms = FAKE_HTTP_NEVER }
#define SENT { .status = 200, .body = "{\"name\":\"projects/project/1\"}" }
#define STALE { .after_ms = 10, .status = 401, \
    .body = "{\"error\":{\"status\":\"UNAUTHENTICATED\"}}" }
#define EXPIRED { .status = 403, \
    .body = "{\"reason\":\"ExpiredProviderToken\"}" }
#define TOKEN(text) "{\"access_token\":\"" text "\",\"expires_in\":3600," \
    "\"token_type\":\"Bearer\"}"
#define ENDPOINT .part = "oauth.test"

#define ANDROID(when, count) .at_ms = when, .app_id = "android", \
    .devices = count

static const struct scenario scenarios[] = {
	/* --- waiting --- */
	{ .name = "a device waits for its app's first token",
	    .requests = { { ANDROID(0, 1), .delivered = 1,
	    .settled_ms = 300 } },
	    .phases = { { .answer = SENT }, { ENDPOINT, .answer = {
	    .after_ms = 300, .status = 200, .body = TOKEN("one") } } },
	    .sent = 1, .token_requests = 1 },
	{ .name = "however many wait, one token is asked for",
	    .requests = { { ANDROID(0, 100), .delivered = 100,
	    .settled_ms = 300 }, { ANDROID(150, 30), .delivered = 30,
	    .settled_ms = 300 }, { ANDROID(5000, 1), .delivered = 1,
	    .settled_ms = 5000 } },
	    .phases = { { .answer = SENT }, { ENDPOINT, .answer = {
	    .after_ms = 300, .status = 200, .body = TOKEN("one") } } },
	    .sent = 131, .token_requests = 1 },
	{ .name = "a token that is made here needs no request",
	    .requests = { { .devices = 3, .delivered = 3 },
	    { .at_ms = 10, .app_id = "ios-twin", .devices = 3,
	    .delivered = 3, .settled_ms = 10 } },
	    .sent = 6 },
	{ .name = "the deadline holds while a token is waited for",
	    .requests = { { ANDROID(0, 1), .timeout_ms = 1000, .later = 1,
	    .cause = CAUSE_DEADLINE, .settled_ms = 1000 },
	    { ANDROID(0, 1), .delivered = 1, .settled_ms = 3000 } },
	    .phases = { { .answer = SENT }, { ENDPOINT, .answer = {
	    .after_ms = 3000, .status = 200, .body = TOKEN("one") } } },
	    .sent = 1, .token_requests = 1 },
	{ .name = "the time for a token is the request's own, too",
	    .requests = { { ANDROID(0, 1), .delivered = 1,
	    .settled_ms = 7999 } },
	    .phases = { { .answer = { .after_ms = 4000, .status = 200,
	    .body = "{\"name\":\"projects/project/1\"}" } },
	    { ENDPOINT, .answer = { .after_ms = 3999, .status = 200,
	    .body = TOKEN("one") } } },
	    .sent = 1, .token_requests = 1 },

	/* --- an endpoint in trouble --- */
	{ .name = "an endpoint with a server error is asked once more",
	    .requests = { { ANDROID(0, 1), .delivered = 1,
	    .settled_ms = 100 } },
	    .phases = { { .answer = SENT }, { ENDPOINT, .answer = {
	    .after_ms = 100, .status = 500 } }, { .from_ms = 100, ENDPOINT,
	    .answer = { .status = 200, .body = TOKEN("one") } } },
	    .sent = 1, .token_requests = 2 },
	{ .name = "one that was not reached is asked once more",
	    .requests = { { ANDROID(0, 1), .delivered = 1,
	    .settled_ms = 100 } },
	    .phases = { { .answer = SENT }, { ENDPOINT, .answer = {
	    .after_ms = 100, .failure = HTTP_FAILURE_NOT_SENT } },
	    { .from_ms = 100, ENDPOINT,
	    .answer = { .status = 200, .body = TOKEN("one") } } },
	    .sent = 1, .token_requests = 2 },
	{ .name = "a second trouble makes it later",
	    .requests = { { ANDROID(0, 4), .later = 4,
	    .cause = CAUSE_CREDENTIALS, .settled_ms = 200 } },
	    .phases = { { .answer = SENT }, { ENDPOINT, .answer = {
	    .after_ms = 100, .status = 500 } } },
	    .token_requests = 2 },
	{ .name = "a refusal by the endpoint is not asked about twice",
	    .requests = { { ANDROID(0, 1), .later = 1,
	    .cause = CAUSE_CREDENTIALS, .settled_ms = 100 } },
	    .phases = { { ENDPOINT, .answer = { .after_ms = 100,
	    .status = 400, .body = "{\"error\":\"invalid_grant\"}" } } },
	    .token_requests = 1 },
	{ .name = "an endpoint that hangs is given up after 4 s, for good",
	    .requests = { { ANDROID(0, 4), .later = 4,
	    .cause = CAUSE_CREDENTIALS, .settled_ms = 4000 } },
	    .phases = { { ENDPOINT, .answer = HANGS } },
	    .token_requests = 1 },
	{ .name = "for a second after a failure it is not asked again",
	    .requests = { { ANDROID(0, 1), .later = 1,
	    .cause = CAUSE_CREDENTIALS, .settled_ms = 0 },
	    { ANDROID(999, 1), .later = 1, .cause = CAUSE_CREDENTIALS,
	    .settled_ms = 999 }, { ANDROID(1000, 1), .delivered = 1,
	    .settled_ms = 1000 } },
	    .phases = { { .answer = SENT }, { ENDPOINT, .answer = {
	    .status = 400 } }, { .from_ms = 1, ENDPOINT,
	    .answer = { .status = 200, .body = TOKEN("one") } } },
	    .sent = 1, .token_requests = 2 },
	{ .name = "five that waited for a token in vain open the breaker",
	    .requests = { { ANDROID(0, 5), .later = 5,
	    .cause = CAUSE_CREDENTIALS, .settled_ms = 4000 },
	    { ANDROID(5500, 1), .later = 1, .cause = CAUSE_CREDENTIALS,
	    .settled_ms = 5500 } },
	    .phases = { { ENDPOINT, .answer = HANGS },
	    { .from_ms = 5000, ENDPOINT, .answer = { .status = 200,
	    .body = TOKEN("one") } } },
	    .token_requests = 1, .opened = 1, .still_open = true },
	{ .name = "five that did not wait for long do not",
	    .requests = { { ANDROID(0, 20), .later = 20,
	    .cause = CAUSE_CREDENTIALS, .settled_ms = 499 },
	    { ANDROID(1500, 1), .delivered = 1, .settled_ms = 1500 } },
	    .phases = { { .answer = SENT }, { ENDPOINT, .answer = {
	    .after_ms = 499, .status = 400 } },
	    { .from_ms = 1500, ENDPOINT, .answer = { .status = 200,
	    .body = TOKEN("one") } } },
	    .sent = 1, .token_requests = 2 },
	{ .name = "a probe without a token has failed if it waited",
	    .requests = { { ANDROID(0, 5), .later = 5,
	    .cause = CAUSE_CREDENTIALS, .settled_ms = 4000 },
	    { ANDROID(14000, 1), .later = 1, .cause = CAUSE_CREDENTIALS,
	    .settled_ms = 18000 }, { ANDROID(27999, 1), .later = 1,
	    .cause = CAUSE_CREDENTIALS, .settled_ms = 27999 },
	    { ANDROID(28000, 1), .delivered = 1, .settled_ms = 28000 } },
	    .phases = { { .answer = SENT }, { ENDPOINT, .answer = HANGS },
	    { .from_ms = 20000, ENDPOINT, .answer = { .status = 200,
	    .body = TOKEN("one") } } },
	    .sent = 1, .token_requests = 3, .opened = 1 },

	{ .name = "an endpoint that hangs holds up no other account",
	    .requests = { { ANDROID(0, 1), .later = 1,
	    .cause = CAUSE_CREDENTIALS, .settled_ms = 4000 }, { .at_ms = 10,
	    .devices = 1, .delivered = 1, .settled_ms = 10 } },
	    .phases = { { .answer = { .status = 200 } },
	    { ENDPOINT, .answer = HANGS } },
	    .sent = 1, .token_requests = 1,
	    .logged = "no token: the token endpoint cannot be reached" },

	/* --- a token that is refused --- */
	{ .name = "a refused token is renewed, and the device tried again",
	    .requests = { { ANDROID(0, 1), .delivered = 1,
	    .settled_ms = 350 } },
	    .phases = { { .answer = { .after_ms = 50, .status = 401 } },
	    { .from_ms = 50, .answer = SENT }, { .from_ms = 50, ENDPOINT,
	    .answer = { .after_ms = 300, .status = 200,
	    .body = TOKEN("two") } } },
	    .sent = 2, .token_requests = 2 },
	{ .name = "however many find it refused, it is renewed once",
	    .requests = { { ANDROID(0, 50), .delivered = 50,
	    .settled_ms = 350 } },
	    .phases = { { .answer = { .after_ms = 50, .status = 401 } },
	    { .from_ms = 50, .answer = SENT }, { .from_ms = 50, ENDPOINT,
	    .answer = { .after_ms = 300, .status = 200,
	    .body = TOKEN("two") } } },
	    .sent = 100, .token_requests = 2 },
	{ .name = "a device does not find two tokens refused",
	    .requests = { { ANDROID(0, 1), .later = 1,
	    .cause = CAUSE_CREDENTIALS, .settled_ms = 400 } },
	    .phases = { { .answer = { .after_ms = 50, .status = 401 } },
	    { .from_ms = 50, ENDPOINT, .answer = { .after_ms = 300,
	    .status = 200, .body = TOKEN("two") } } },
	    .sent = 2, .token_requests = 2 },
	{ .name = "one that took the place of a refused one is kept for a "
	    "minute",
	    .requests = { { ANDROID(0, 1), .delivered = 1,
	    .settled_ms = 10 }, { ANDROID(59000, 1), .later = 1,
	    .cause = CAUSE_CREDENTIALS, .settled_ms = 59010 },
	    { ANDROID(61000, 1), .delivered = 1, .settled_ms = 61010 } },
	    .phases = { { .answer = STALE }, { .from_ms = 10,
	    .answer = SENT }, { .from_ms = 50000, .answer = STALE },
	    { .from_ms = 61010, .answer = SENT }, { .from_ms = 10, ENDPOINT,
	    .answer = { .status = 200, .body = TOKEN("two") } },
	    { .from_ms = 50000, ENDPOINT,
	    .answer = { .status = 200, .body = TOKEN("three") } } },
	    .sent = 5, .token_requests = 3 },
	{ .name = "Apple's token is renewed after 50 minutes",
	    .requests = { { .devices = 1, .delivered = 1 },
	    { .at_ms = 2999000, .devices = 1, .delivered = 1,
	    .settled_ms = 2999000 }, { .at_ms = 3000000, .devices = 1,
	    .delivered = 1, .settled_ms = 3000000 } },
	    .phases = { { .answer = { .status = 200 } } },
	    .sent = 3, .minted = 2 },
	{ .name = "Apple's token is kept for 20 minutes, though refused",
	    .requests = { { .devices = 1, .delivered = 1 },
	    { .at_ms = 1199000, .devices = 1, .later = 1,
	    .cause = CAUSE_CREDENTIALS, .settled_ms = 1199000 },
	    { .at_ms = 1200000, .devices = 1, .later = 1,
	    .cause = CAUSE_CREDENTIALS, .settled_ms = 1200000 } },
	    .phases = { { .answer = { .status = 200 } },
	    { .from_ms = 1, .answer = EXPIRED } },
	    .sent = 4 },

	/* --- a token's age --- */
	{ .name = "a token is used until five minutes before it expires",
	    .requests = { { ANDROID(0, 1), .delivered = 1 },
	    { ANDROID(3299000, 1), .delivered = 1, .settled_ms = 3299000 } },
	    .phases = { { .answer = SENT } },
	    .sent = 2, .token_requests = 1 },
	{ .name = "then it is renewed, while it is still used",
	    .requests = { { ANDROID(0, 1), .delivered = 1 },
	    { ANDROID(3300000, 1), .delivered = 1, .settled_ms = 3300000 },
	    { ANDROID(3300100, 1), .delivered = 1,
	    .settled_ms = 3300100 } },
	    .phases = { { .answer = SENT }, { .from_ms = 1, ENDPOINT,
	    .answer = { .after_ms = 3000, .status = 200,
	    .body = TOKEN("two") } } },
	    .sent = 3, .token_requests = 2 },
	{ .name = "a renewal that fails harms nobody while it lasts",
	    .requests = { { ANDROID(0, 1), .delivered = 1 },
	    { ANDROID(3300000, 1), .delivered = 1, .settled_ms = 3300000 },
	    { ANDROID(3599000, 1), .delivered = 1, .settled_ms = 3599000 },
	    { ANDROID(3600000, 1), .later = 1, .cause = CAUSE_CREDENTIALS,
	    .settled_ms = 3600000 } },
	    .phases = { { .answer = SENT }, { .from_ms = 1, ENDPOINT,
	    .answer = { .status = 400 } } },
	    .sent = 3, .token_requests = 4 },
	{ .name = "one that has expired is waited for",
	    .requests = { { ANDROID(0, 1), .delivered = 1 },
	    { ANDROID(3600000, 1), .delivered = 1, .settled_ms = 3600200 } },
	    .phases = { { .answer = SENT }, { .from_ms = 1, ENDPOINT,
	    .answer = { .after_ms = 200, .status = 200,
	    .body = TOKEN("two") } } },
	    .sent = 2, .token_requests = 2 },
};

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
		scenario_check(&scenarios[i]);
	return tap_done();
}
