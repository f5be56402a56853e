/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP engine: what pools hold, and what those that are one of many have
 * together. */
#include "http/http.h"

#include <string.h>

#include "base/clock.h"
#include "fixture.h"
#include "http-fixture.h"
#include "tap.h"

enum {
	CONNECTIONS = 256,	/* of all that are one of many */
	CALLS = 1000,
	SPARES = 256		/* handles that are kept for the next ones */
};

/* A server that answers at once, unless its URL says that it hangs. */
static void
answer(void *arg, const struct fake_curl_request *request,
    struct fake_curl_answer *answer)
{
	(void)arg;
	if (strstr(request->url, "hangs") != NULL)
		answer->after_ms = FAKE_CURL_NEVER;
	else if (strstr(request->url, "late") != NULL)
		answer->after_ms = 500;
	answer->status = 200;
	if (strstr(request->url, "body") != NULL)
		answer->body = "0123456789";
}

static struct {
	unsigned int count;
	bool is_cut;		/* the latest one's body */
	const char *proxy;	/* its way */
} answered;

static void
on_answered(void *arg, const struct http_reply *reply)
{
	(void)arg;
	answered.count++;
	answered.is_cut = reply->body.overflowed;
	answered.proxy = reply->proxy;
}

static struct http_call *
send_over(struct http_pool *pool, const char *path)
{
	struct http_request request;

	http_request_init(&request);
	buf_append_format(&request.url, "https://provider.test/%s", path);
	return http_send(pool, &request, 0, on_answered, NULL);
}

static struct http_pool_params
params_of(bool is_one_of_many)
{
	return (struct http_pool_params){ .max_connections = 10,
		.max_streams = 2000, .idle_s = 60,
		.age_s = HTTP_FIXTURE_HOUR_S,
		.is_one_of_many = is_one_of_many };
}

static void
open_pool(const struct http_pool_params *params)
{
	memset(&answered, 0, sizeof answered);
	fake_curl_begin(&(struct fake_curl_hooks){ .sent = answer });
	http_fixture_open(params);
}

/* --- one pool ------------------------------------------------------------ */

static void
pass(int64_t ms)
{
	fake_loop_pass(http_fixture.loop, ms);
}

static void
check_idle(void)
{
	struct http_pool_params params = params_of(true);

	open_pool(&params);
	tap_is_int(http_pool_connections(http_fixture.pool), 0,
	    "a pool begins without a connection");
	send_over(http_fixture.pool, "");
	pass(0);
	tap_is_int(http_pool_connections(http_fixture.pool), 1,
	    "it has one for a request");
	pass(59999);
	tap_is_int(http_pool_connections(http_fixture.pool), 1,
	    "it keeps it for as long as it may be idle");
	pass(1);
	tap_is_int(http_pool_connections(http_fixture.pool), 0,
	    "and no longer");
	send_over(http_fixture.pool, "");
	pass(500);
	send_over(http_fixture.pool, "");
	pass(60000);
	tap_is_int(http_pool_connections(http_fixture.pool), 0,
	    "the latest answer counts");
	send_over(http_fixture.pool, "");
	pass(500);
	send_over(http_fixture.pool, "hangs");
	pass(100000);
	tap_is_int(http_pool_connections(http_fixture.pool), 1,
	    "with a request on it a connection stays");
	http_fixture_close();
	params = params_of(false);
	open_pool(&params);
	send_over(http_fixture.pool, "");
	pass(59999);
	tap_is_int(http_pool_connections(http_fixture.pool), 1,
	    "a pool that is not one of many keeps it as long");
	pass(1);
	tap_is_int(http_pool_connections(http_fixture.pool), 0,
	    "and no longer, either");
	http_fixture_close();
}

static void
check_second(void)
{
	struct http_pool_params params = params_of(true);

	params.idle_s = 1;
	open_pool(&params);
	send_over(http_fixture.pool, "");
	pass(999);
	tap_is_int(http_pool_connections(http_fixture.pool), 1,
	    "a second is a second");
	pass(1);
	tap_is_int(http_pool_connections(http_fixture.pool), 0,
	    "and not two");
	http_fixture_close();
}

/* What is drained, or going away, counts no longer than it has to. */
static void
check_drained(void)
{
	struct http_pool_params params = params_of(false);
	struct http_call *call;

	open_pool(&params);
	send_over(http_fixture.pool, "");
	pass(1);
	call = send_over(http_fixture.pool, "late");
	pass(100);
	send_over(http_fixture.pool, "late");
	pass(1);
	http_drain(call);
	pass(498);
	tap_is_int(answered.count, 2, "one of two is answered");
	tap_is_int(http_pool_connections(http_fixture.pool), 1,
	    "a connection that is drained stays for the other");
	pass(1);
	tap_is_int(answered.count, 3, "all of that is answered");
	tap_is_int(http_pool_connections(http_fixture.pool), 0,
	    "then it is gone at once");
	send_over(http_fixture.pool, "");
	pass(1);
	fake_curl_go_away(2);
	send_over(http_fixture.pool, "");
	pass(1);
	tap_is_int(answered.count, 5, "one that goes away is replaced");
	tap_is_int(http_pool_connections(http_fixture.pool), 1,
	    "and gone");
	http_fixture_close();
}

/* So many requests at the same time, and what is left of them. */
static void
check_spares(bool is_one_of_many, unsigned int requests, unsigned int kept)
{
	struct http_pool_params params = params_of(is_one_of_many);
	unsigned int i;

	open_pool(&params);
	send_over(http_fixture.pool, "");
	pass(1);
	send_over(http_fixture.pool, "");
	pass(1);
	tap_is_int(fake_curl_counts()->easy_handles, 1,
	    "one after the other they need one handle");
	answered.count = 0;
	for (i = 0; i < requests; i++)
		send_over(http_fixture.pool, "");
	pass(1);
	tap_is_int(answered.count, requests, "all are answered");
	tap_is_int(fake_curl_counts()->easy_handles, kept,
	    "of %u handles of a pool that is %s %u are kept", requests,
	    is_one_of_many ? "one of many" : "not one of many", kept);
	http_fixture_close();
}

static void
check_reply_size(size_t size, bool is_cut)
{
	struct http_pool_params params = params_of(false);

	params.reply_size = size;
	open_pool(&params);
	send_over(http_fixture.pool, "body");
	pass(1);
	tap_is_int(answered.is_cut, is_cut, "a body of 10 bytes where %zu are "
	    "allowed is %s", size, is_cut ? "cut" : "whole");
	http_fixture_close();
}

/* Whoever resolves the name judges where it leads. */
static void
check_proxy(bool is_local)
{
	static const char *const private[] = { "10.0.0.1", NULL };
	static const struct address_rules rules = { .count = 0 };
	const struct proxy proxy = {
		.url = (char[]){ "http://proxy.test:1" }
	};
	struct http_pool_params params = params_of(false);

	params.addresses = &rules;
	params.is_local = is_local;
	memset(&answered, 0, sizeof answered);
	fake_curl_begin(&(struct fake_curl_hooks){ .sent = answer });
	fake_curl_set_addresses(private);
	http_fixture_open_by(&proxy, &params);
	send_over(http_fixture.pool, "");
	pass(1);
	tap_is_string(answered.proxy, is_local ? NULL : proxy.url,
	    "a reply names the proxy on its way, if there is one");
	tap_is_int(fake_curl_counts()->sent, !is_local,
	    "through a proxy any address may be called, else not");
	http_fixture_close();
}

/* --- many pools ---------------------------------------------------------- */

static struct http_pool *pools[CONNECTIONS + 1];

static void
open_pools(void)
{
	struct http_pool_params params = params_of(true);
	size_t i;

	open_pool(&params);
	for (i = 0; i <= CONNECTIONS; i++)
		pools[i] = http_pool_create(http_fixture.http, &params);
}

static void
close_pools(void)
{
	size_t i;

	for (i = 0; i <= CONNECTIONS; i++)
		http_pool_free(pools[i]);
	http_fixture_close();
}

static void
check_connections(void)
{
	struct http_call *first = NULL;
	size_t i;

	open_pools();
	for (i = 0; i <= CONNECTIONS; i++) {
		struct http_call *call = send_over(pools[i], "hangs");

		if (i == 0)
			first = call;
	}
	pass(100);
	tap_is_int(fake_curl_counts()->sent, CONNECTIONS,
	    "so many pools have a connection");
	tap_is_int(http_pool_connections(pools[CONNECTIONS]), 0,
	    "the last one has none");
	http_cancel(first);
	pass(100);
	tap_is_int(fake_curl_counts()->sent, CONNECTIONS + 1,
	    "one that is at rest gives up its own");
	tap_is_int(http_pool_connections(pools[0]), 0,
	    "it has none then");
	tap_is_int(http_pool_connections(pools[CONNECTIONS]), 1,
	    "the last one has it");
	close_pools();
}

/* A pool that is freed at rest is not asked for what it had. */
static void
check_freed_at_rest(void)
{
	size_t i;

	open_pools();
	for (i = 0; i < CONNECTIONS; i++)
		send_over(pools[i], "");
	pass(1);
	http_pool_free(pools[0]);
	pools[0] = NULL;
	send_over(pools[CONNECTIONS], "hangs");
	send_over(http_fixture.pool, "hangs");
	pass(1);
	tap_is_int(fake_curl_counts()->in_flight, 2,
	    "those at rest give up theirs, one after the other");
	tap_is_int(http_pool_connections(pools[1]), 0,
	    "the first of them that is there gives up its own");
	close_pools();
}

/* A pool that is freed leaves its connection to the others. */
static void
check_freed(void)
{
	size_t i;

	open_pools();
	for (i = 0; i <= CONNECTIONS; i++)
		send_over(pools[i], "hangs");
	pass(100);
	http_pool_free(pools[0]);
	pools[0] = NULL;
	pass(100);
	tap_is_int(fake_curl_counts()->sent, CONNECTIONS + 1,
	    "what a pool had is for others once it is gone");
	close_pools();
}

static void
check_calls(void)
{
	struct http_call *first = NULL;
	unsigned int i;

	open_pools();
	send_over(pools[0], "");
	pass(1);
	for (i = 0; i < CALLS; i++) {
		struct http_call *call = send_over(pools[0], "hangs");

		if (i == 0)
			first = call;
	}
	pass(10);
	tap_is_int(fake_curl_counts()->in_flight, CALLS,
	    "so many requests may be in flight");
	send_over(pools[0], "hangs");
	send_over(pools[1], "hangs");
	pass(10);
	tap_is_int(fake_curl_counts()->in_flight, CALLS, "and no more");
	http_cancel(first);
	pass(10);
	tap_is_int(fake_curl_counts()->in_flight, CALLS,
	    "as one ends another goes");
	http_pool_free(pools[0]);
	pools[0] = NULL;
	pass(10);
	tap_is_int(fake_curl_counts()->in_flight, 1,
	    "what waits in another pool goes, too");
	close_pools();
}

/* One that is not one of many has no part in that. */
static void
check_alone(void)
{
	struct http_pool_params params = params_of(false);
	unsigned int i;

	open_pool(&params);
	send_over(http_fixture.pool, "");
	pass(1);
	for (i = 0; i <= CALLS; i++)
		send_over(http_fixture.pool, "hangs");
	pass(10);
	tap_is_int(fake_curl_counts()->in_flight, CALLS + 1,
	    "a pool that is not one of many has as many as it has room for");
	http_fixture_close();
}

int
main(void)
{
	check_idle();
	check_second();
	check_drained();
	check_spares(false, 300, SPARES);
	check_spares(true, 3, 1);
	check_reply_size(0, false);
	check_reply_size(1, true);
	check_reply_size(9, true);
	check_reply_size(10, false);
	check_proxy(false);
	check_proxy(true);
	check_connections();
	check_freed();
	check_freed_at_rest();
	check_calls();
	check_alone();
	return tap_done();
}
