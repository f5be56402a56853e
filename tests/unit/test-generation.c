/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration takes the place of another while requests are under way. */
#include "worker/generation.h"

#include "captured-log.h"
#include "config-fixture.h"
#include "gateway-fixture.h"
#include "tap.h"

#define SINGLE "/push/v1/notify"

static void
answer_as_told(void *arg, const struct fake_http_request *request,
    struct fake_http_answer *answer)
{
	(void)request;
	*answer = *(const struct fake_http_answer *)arg;
}

static struct exchange *
post(const char *app_id, size_t devices)
{
	return gateway_fixture_post(SINGLE,
	    gateway_fixture_single(app_id, 1, devices));
}

/* --- requests ------------------------------------------------------------ */

static void
check_requests(void)
{
	struct fake_http_answer answer = { .after_ms = 1000, .status = 200 };
	struct exchange *before, *after;

	gateway_fixture_open("\"request_timeout_ms\":500,", answer_as_told,
	    &answer);
	before = post("ios", 1);
	gateway_fixture_pass(100);
	tap_ok(gateway_fixture_reload("\"request_timeout_ms\":2000,"),
	    "a new configuration is taken while a request is under way");
	after = post("ios", 1);
	tap_ok(!generation_is_idle(gateway_fixture_previous()),
	    "the previous one is not idle while its request is");
	gateway_fixture_pass(400);
	tap_is_int(fake_exchange_status(before), 503,
	    "what came before is answered by the previous configuration");
	tap_ok(generation_is_idle(gateway_fixture_previous()),
	    "and then that is idle");
	gateway_fixture_pass(1000);
	tap_is_int(fake_exchange_status(after), 200,
	    "what came after by the new one");
	gateway_fixture_close();
}

/* The body comes after the reload. */
static void
check_upload(void)
{
	struct fake_http_answer answer = { .after_ms = 100, .status = 200 };
	struct exchange *exchange;

	gateway_fixture_open("", answer_as_told, &answer);
	exchange = gateway_fixture_send(SINGLE, &(struct fake_exchange_params){
		.body = gateway_fixture_single("ios", 1, 1),
		.body_after_ms = 1000
	});
	gateway_fixture_reload("");
	tap_ok(!generation_is_idle(gateway_fixture_previous()),
	    "a configuration is not idle while a body is on its way to it");
	gateway_fixture_pass(1050);
	tap_ok(!generation_is_idle(gateway_fixture_previous()),
	    "nor while it is delivered");
	gateway_fixture_pass(50);
	tap_is_int(fake_exchange_status(exchange), 200,
	    "which the reload does not disturb");
	tap_ok(generation_is_idle(gateway_fixture_previous()),
	    "and then it is");
	gateway_fixture_close();
}

static void
check_expire(void)
{
	struct fake_http_answer answer = { .after_ms = FAKE_HTTP_NEVER };
	struct exchange *exchange;

	gateway_fixture_open("", answer_as_told, &answer);
	exchange = post("ios", 3);
	gateway_fixture_pass(100);
	generation_expire(gateway_fixture_generation());
	tap_is_int(gateway_fixture_end_ms(exchange), 100,
	    "a worker that must end answers all requests");
	tap_is_int(fake_exchange_status(exchange), 503,
	    "as if their time were over");
	gateway_fixture_pass(0);
	tap_ok(generation_is_idle(gateway_fixture_generation()),
	    "and nothing is left");
	gateway_fixture_close();
}

/* --- credentials --------------------------------------------------------- */

static void
check_credentials(void)
{
	struct fake_http_answer answer = { .status = 200 };
	struct exchange *exchange;

	gateway_fixture_open("", answer_as_told, &answer);
	exchange = post("lost", 1);
	gateway_fixture_pass(0);
	tap_is_int(fake_exchange_status(exchange), 503,
	    "an app without credentials is for later");
	tap_ok(gateway_fixture_reload(""),
	    "what had no credentials before may have none now");
	config_fixture_find_lost_key();
	tap_ok(gateway_fixture_reload(""), "credentials that came are taken");
	exchange = post("lost", 1);
	gateway_fixture_pass(0);
	tap_is_int(fake_exchange_status(exchange), 200, "and used");
	config_fixture_lose_key();
	tap_ok(!gateway_fixture_reload(""),
	    "a configuration that loses credentials is refused");
	exchange = post("lost", 1);
	gateway_fixture_pass(0);
	tap_is_int(fake_exchange_status(exchange), 200,
	    "and those in force are used on");
	tap_ok(!gateway_fixture_reload("\"no_such_setting\":1,"),
	    "so is one with a mistake");
	tap_ok(!gateway_fixture_reload("\"fastcgi_secret_file\":\"none\","),
	    "and one with a secret that cannot be read");
	gateway_fixture_close();
}

/* Without a reload; a key is looked for again after a second. */
static void
check_second_look(void)
{
	struct fake_http_answer answer = { .status = 200 };
	struct exchange *exchange;

	gateway_fixture_open("", answer_as_told, &answer);
	exchange = post("lost", 1);
	config_fixture_find_lost_key();
	gateway_fixture_pass(999);
	exchange = post("lost", 1);
	gateway_fixture_pass(0);
	tap_is_int(fake_exchange_status(exchange), 503,
	    "a key that came is not looked for all the time");
	gateway_fixture_pass(1);
	exchange = post("lost", 1);
	gateway_fixture_pass(0);
	tap_is_int(fake_exchange_status(exchange), 200,
	    "but after a second it is found");
	config_fixture_lose_key();
	gateway_fixture_close();
}

/* --- what was learnt ----------------------------------------------------- */

static void
check_guard(void)
{
	struct fake_http_answer answer = { .status = 400,
		.body = "{\"reason\":\"BadDeviceToken\"}" };
	struct exchange *exchange;

	gateway_fixture_open("", answer_as_told, &answer);
	post("ios", 20);
	gateway_fixture_pass(0);
	exchange = post("ios", 1);
	gateway_fixture_pass(0);
	tap_is_string(fake_exchange_body(exchange), "{\"rejected\":[]}",
	    "the guard of an app is raised");
	gateway_fixture_reload("\"max_batch_size\":7,");
	exchange = post("ios", 1);
	gateway_fixture_pass(0);
	tap_is_string(fake_exchange_body(exchange), "{\"rejected\":[]}",
	    "it stays so over a reload that leaves the app as it was");
	gateway_fixture_reload("\"max_batch_size\":7,\"max_connections\":3,");
	exchange = post("ios", 1);
	gateway_fixture_pass(0);
	tap_is_string(fake_exchange_body(exchange), "{\"rejected\":[]}",
	    "and over one that changes what all apps have in common");
	gateway_fixture_close();
}

/* What the host knows of an account holds for the next configuration. */
static void
check_breaker(void)
{
	struct fake_http_answer answer = {
		.failure = HTTP_FAILURE_PROTOCOL
	};
	struct exchange *exchange;

	gateway_fixture_open("", answer_as_told, &answer);
	post("ios", 5);
	gateway_fixture_pass(0);
	tap_is_int(gateway_fixture_metric("push_gateway_account_open"), 1,
	    "a breaker that opens shows");
	gateway_fixture_reload("");
	post("ios", 1);
	gateway_fixture_pass(0);
	tap_is_int(provider_script_pushes(), 6,
	    "a new configuration has new connections: it may try one");
	answer = (struct fake_http_answer){ .status = 200 };
	gateway_fixture_reload("");
	exchange = post("ios", 1);
	gateway_fixture_pass(0);
	tap_is_int(fake_exchange_status(exchange), 503,
	    "after that the breaker is open for the next one, too");
	tap_is_int(provider_script_pushes(), 6, "which tries nothing");
	tap_is_int(gateway_fixture_metric("push_gateway_account_open"), 1,
	    "and that shows");
	gateway_fixture_pass(10000);
	exchange = post("ios", 20);
	gateway_fixture_pass(0);
	exchange = post("ios", 20);
	gateway_fixture_pass(0);
	tap_is_int(fake_exchange_status(exchange), 200,
	    "until there is an answer");
	tap_is_int(gateway_fixture_metric("push_gateway_account_open"), 0,
	    "which shows, too");
	gateway_fixture_close();
}

int
main(void)
{
	captured_log_begin();
	check_requests();
	check_upload();
	check_expire();
	check_credentials();
	check_second_look();
	check_guard();
	check_breaker();
	return tap_done();
}
