/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests wait, for a place or for memory, and for how long. */
#include "api/route.h"

#include <string.h>

#include "base/log.h"
#include "captured-log.h"
#include "fixture.h"
#include "gateway-fixture.h"
#include "tap.h"

#define NOTIFY "/push/v1/notify"

/* A body of that size, to a device. */
static const char *
padded(unsigned int pushkey, size_t size)
{
	const char *body = gateway_fixture_single("ios", pushkey, 1);

	return fixture_format("%s%s", body,
	    fixture_repeat(" ", size - strlen(body)));
}

/* --- requests that wait for a place -------------------------------------- */

/* With one place each the first sends its body for 5 s, and the others wait. */
static void
check_turns(void)
{
	static const struct fake_http_answer slow = { .after_ms = 1000,
	    .status = 200 };
	struct exchange *first, *second, *third;

	captured_log_begin();
	gateway_fixture_open("\"max_requests_in_flight\":1,",
	    provider_script_always, (void *)(uintptr_t)&slow);
	first = gateway_fixture_send(NOTIFY, &(struct fake_exchange_params){
	    .body = gateway_fixture_single("ios", 1, 1),
	    .body_after_ms = 5000 });
	second = gateway_fixture_send(NOTIFY, &(struct fake_exchange_params){
	    .body = gateway_fixture_single("ios", 2, 1),
	    .body_after_ms = 500 });
	gateway_fixture_pass(2001);
	third = gateway_fixture_post(NOTIFY,
	    gateway_fixture_single("ios", 3, 1));
	tap_is_int(fake_exchange_status(third), 503,
	    "where a caller's requests have waited for 2 s one more is told");
	tap_is_int(captured_log_count("notify by caller: 503: too many "
	    "requests of this client are waiting request_id=the-request"), 1,
	    "the log says so");
	log_info("between requests");
	tap_is_int(captured_log_count("between requests request_id"), 0,
	    "of this request alone");
	gateway_fixture_pass(10000);
	tap_is_int(gateway_fixture_end_ms(first), 6000,
	    "the first one is served when its body is there");
	tap_is_int(gateway_fixture_end_ms(second), 7000,
	    "the second one sends its own meanwhile, and is served after it");
	tap_is_int(provider_script_pushes(), 2, "both are sent");
	gateway_fixture_close();
}

/* Its turn to send a body, of the most there may be, does not come in time. */
static void
check_no_turn(void)
{
	struct exchange *exchange;

	captured_log_begin();
	gateway_fixture_open("\"max_requests_in_flight\":1,"
	    "\"max_request_size_kb\":1,\"max_notification_size_kb\":1,", NULL,
	    NULL);
	gateway_fixture_send(NOTIFY, &(struct fake_exchange_params){
	    .body = gateway_fixture_single("ios", 1, 1),
	    .body_after_ms = 20000 });
	exchange = gateway_fixture_post(NOTIFY, padded(2, 1024));
	gateway_fixture_pass(7999);
	tap_is_int(fake_exchange_status(exchange), 0, "it waits");
	gateway_fixture_pass(1);
	tap_is_int(fake_exchange_status(exchange), 503,
	    "until its deadline, and is told that there is no place");
	log_info("between requests");
	tap_is_int(captured_log_count("requests of this client are waiting "
	    "request_id=the-request"), 1, "the log says of which request");
	tap_is_int(captured_log_count("between requests request_id"), 0,
	    "and says it of no other");
	gateway_fixture_close();
}

/* What could not be read gives back its place. */
static void
check_cut(void)
{
	struct exchange *exchange;

	captured_log_begin();
	gateway_fixture_open("\"max_requests_in_flight\":1,", NULL, NULL);
	gateway_fixture_send(NOTIFY, &(struct fake_exchange_params){
	    .body = "{}", .body_after_ms = 100, .body_is_cut = true });
	exchange = gateway_fixture_post(NOTIFY, "{}");
	gateway_fixture_pass(1000);
	tap_is_int(gateway_fixture_end_ms(exchange), 100,
	    "one that waits has the place of one that is cut short");
	gateway_fixture_close();
}

/* --- requests that wait for memory --------------------------------------- */

static size_t
count_of(const char *text, char letter)
{
	size_t count = 0;

	while ((text = strchr(text, letter)) != NULL) {
		count++;
		text++;
	}
	return count;
}

/* 16 KiB, twice the text, 1600 bytes an object, and 256 each other value. */
static size_t
memory_of(const char *body)
{
	return 16384 + 2 * strlen(body) + 1600 * count_of(body, '{') +
	    256 * count_of(body, ',');
}

/*
 * Of two requests the second one is padded, to need so much with the first;
 * requests that are served have three quarters of the memory.
 */
static void
check_memory(size_t memory, int64_t end_ms)
{
	static const struct fake_http_answer slow = { .after_ms = 1000,
	    .status = 200 };
	const char *first = gateway_fixture_single("ios", 1, 1);
	const char *second = gateway_fixture_single("ios", 2, 1);
	struct exchange *exchange;

	second = padded(2, strlen(second) +
	    (memory - memory_of(first) - memory_of(second)) / 2);
	captured_log_begin();
	gateway_fixture_open("\"max_memory_in_flight_mb\":1,",
	    provider_script_always, (void *)(uintptr_t)&slow);
	gateway_fixture_post(NOTIFY, first);
	exchange = gateway_fixture_post(NOTIFY, second);
	gateway_fixture_pass(5000);
	tap_is_int(gateway_fixture_end_ms(exchange), end_ms,
	    "two that need %zu bytes of 768 KiB", memory);
	gateway_fixture_close();
}

/* An upload needs what it announces, or the most that there may be. */
static void
check_announced(int most_kb, bool unannounced, int64_t end_ms)
{
	const struct fake_exchange_params upload = { .body = "{}",
	    .body_after_ms = 100, .body_is_unannounced = unannounced };
	struct exchange *exchange;

	captured_log_begin();
	gateway_fixture_open(fixture_format("\"max_memory_in_flight_mb\":1,"
	    "\"max_request_size_kb\":%d,", most_kb), NULL, NULL);
	gateway_fixture_send(NOTIFY, &upload);
	exchange = gateway_fixture_send(NOTIFY, &upload);
	gateway_fixture_pass(5000);
	tap_is_int(gateway_fixture_end_ms(exchange), end_ms,
	    "two small bodies that are %sannounced, of %d KiB at most",
	    unannounced ? "not " : "", most_kb);
	gateway_fixture_close();
}

int
main(void)
{
	check_turns();
	check_no_turn();
	check_cut();
	check_memory(768 * 1024, 1000);
	check_memory(768 * 1024 + 2, 2000);
	check_announced(1000, false, 100);
	check_announced(1000, true, 200);
	check_announced(100, true, 100);
	return tap_done();
}
