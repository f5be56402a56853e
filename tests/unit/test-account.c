/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts of apps, over a provider of the test's own, and their gauges. */
#include "delivery/account.h"

#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "captured-log.h"
#include "fake-http.h"
#include "fake-loop.h"
#include "fixture.h"
#include "metrics-fixture.h"
#include "tap.h"

enum { APPS_MAX = 5, SERVERS_MAX = 1024 };

/* What stands in the place of a provider's account. */
struct credentials {
	const char *name;	/* NULL: there is no such app */
	bool is_lost;		/* they cannot be read */
	bool is_by_origin;
	bool has_tokens;
	int64_t expires_s;
	int64_t per_minute;
	unsigned int read;	/* so often */
};

static struct loop *loop;
static struct http *http;
static const char *directory;
static struct metrics *metrics;
static struct token_store *store;
static struct host_accounts *host_accounts;
static struct app_registry *apps;
static struct account_list *accounts;
static struct credentials all[APPS_MAX];
static const struct provider *real;
static void *real_accounts[APPS_MAX];

static bool
stub_load(void *account, struct error *error)
{
	struct credentials *own = account;

	own->read++;
	if (own->is_lost)
		error_set(error, "no such file");
	return !own->is_lost;
}

static enum cause
stub_describe(const void *account, const struct device *device,
    struct provider_channel *channel)
{
	const struct credentials *own = account;

	*channel = (struct provider_channel){
		.is_by_origin = own->is_by_origin,
		.needs_no_token = !own->has_tokens,
		.pool = { .max_connections = 2, .max_streams = 10 }
	};
	strcpy(channel->name, own->name);
	if (device != NULL && strcmp(device->pushkey, "bad") == 0)
		return CAUSE_ENDPOINT_REFUSED;
	if (device != NULL && own->is_by_origin)
		strcpy(channel->origin, device->pushkey);
	return CAUSE_NONE;
}

static enum provider_mint
stub_mint(const void *account, const char *origin, int64_t now_s,
    struct token *token, struct http_request *request, struct error *error)
{
	(void)account;
	(void)origin;
	(void)request;
	(void)error;
	strcpy(token->text, "token");
	token->issued_s = now_s;
	token->expires_s = now_s + 3600;
	return PROVIDER_MINT_DONE;
}

static int64_t
stub_expires_s(const void *account)
{
	const struct credentials *own = account;

	return own->expires_s;
}

static const struct provider stub = { .name = "stub", .load = stub_load,
    .describe = stub_describe, .mint = stub_mint,
    .expires_s = stub_expires_s };
static const struct provider lasting = { .name = "lasting",
    .load = stub_load, .describe = stub_describe, .mint = stub_mint };

static struct app *
app(size_t i)
{
	return app_registry_at(apps, i);
}

static void
add_app(size_t i)
{
	struct json_object *section = fixture_json(fixture_format(
	    "{\"app_id\":\"%c\",\"provider\":\"unifiedpush\","
	    "\"max_rate_per_minute\":%d}", (char)('a' + i),
	    (int)all[i].per_minute));
	struct error error;

	if (!app_registry_add(apps, section, "/", &error))
		tap_bail_out("%s", error.words);
	json_object_put(section);
	real = app(i)->provider;
	real_accounts[i] = app(i)->account;
	app(i)->provider = &stub;
	app(i)->account = &all[i];
}

static void
begin(const struct credentials *wanted)
{
	static const struct proxy no_proxy;
	struct error error;
	size_t i;

	captured_log_begin();
	clock_fake(FAKE_LOOP_START_MS, FAKE_LOOP_START_S);
	fake_http_begin(NULL, NULL);
	memcpy(all, wanted, sizeof all);
	loop = loop_create();
	http = http_create(loop, &(struct http_params){ .proxy = &no_proxy });
	directory = directory_new();
	metrics = metrics_open(directory);
	store = token_store_open(directory, &error);
	host_accounts = host_accounts_open(directory);
	apps = app_registry_create();
	for (i = 0; i < APPS_MAX && all[i].name != NULL; i++)
		add_app(i);
	accounts = account_list_create(apps, &(struct channel_params){
		.loop = loop, .http = http, .store = store,
		.metrics = metrics, .accounts = host_accounts });
}

static void
end(void)
{
	size_t i;

	account_list_free(accounts);
	for (i = 0; app(i) != NULL; i++) {
		app(i)->provider = real;
		app(i)->account = real_accounts[i];
	}
	app_registry_free(apps);
	host_accounts_close(host_accounts);
	token_store_close(store);
	metrics_close(metrics);
	http_free(http);
	loop_free(loop);
}

static struct channel *
take(size_t i, const char *server, enum cause *cause)
{
	struct device device = { .app_id = "a", .pushkey = server,
	    .pushkey_size = strlen(server) };

	return account_take_channel(accounts, account_open(accounts, app(i)),
	    app(i), &device, cause);
}

static void
on_token(void *arg, const struct token *token)
{
	(void)arg;
	(void)token;
}

/* Has the channel of a device make a token. */
static void
make_token(size_t i, const char *server)
{
	enum cause cause;

	token_wait(take(i, server, &cause)->tokens, on_token, NULL);
	fake_loop_pass(loop, 0);
}

static int64_t
gauge(const char *name, const char *account)
{
	return value_of(read_text(directory), fixture_format(
	    "push_gateway_%s{provider=\"stub\",account=\"%s\"}", name,
	    account));
}

/* --- who has which ------------------------------------------------------- */

static void
check_sharing(void)
{
	static const struct credentials wanted[APPS_MAX] = {
		{ .name = "one" }, { .name = "two" }, { .name = "one" } };
	enum cause cause;

	begin(wanted);
	tap_ok(account_open(accounts, app(0)) != NULL &&
	    account_open(accounts, app(0)) == account_open(accounts, app(2)),
	    "apps with the same credentials share an account");
	tap_ok(account_open(accounts, app(1)) !=
	    account_open(accounts, app(0)), "others have another one");
	tap_ok(take(0, "x", &cause) == take(2, "y", &cause),
	    "devices of both have one channel");
	tap_is_int(cause, CAUSE_NONE, "for which there is no cause");
	tap_is_int(all[0].read, 1, "what was read is not read again");
	end();
}

static void
check_lost(void)
{
	static const struct credentials wanted[APPS_MAX] = {
		{ .name = "one" }, { .name = "two", .is_lost = true } };

	begin(wanted);
	tap_is_int(captured_log_count("app b: no such file"), 1,
	    "credentials that cannot be read are logged");
	tap_ok(account_is_open(accounts, app(0)) &&
	    !account_is_open(accounts, app(1)), "and those of others are");
	tap_ok(!account_is_usable(accounts, app(1)),
	    "an app without credentials is not usable");
	fake_loop_pass(loop, 999);
	tap_ok(account_open(accounts, app(1)) == NULL, "it has no account");
	tap_is_int(all[1].read, 1, "for a second they are not read again");
	fake_loop_pass(loop, 1);
	account_open(accounts, app(1));
	tap_is_int(all[1].read, 2, "after it they are");
	all[1].is_lost = false;
	fake_loop_pass(loop, 1000);
	tap_ok(account_open(accounts, app(1)) != NULL &&
	    account_is_open(accounts, app(1)),
	    "once they are there it has one");
	end();
}

static void
check_usable(void)
{
	static const struct credentials wanted[APPS_MAX] = {
		{ .name = "one" },
		{ .name = "two", .expires_s = FAKE_LOOP_START_S },
		{ .name = "three", .expires_s = FAKE_LOOP_START_S + 1 },
		{ .name = "four", .expires_s = 1 } };

	begin(wanted);
	tap_ok(account_is_usable(accounts, app(0)),
	    "what does not expire is usable");
	tap_ok(!account_is_usable(accounts, app(1)),
	    "what expires now is not");
	tap_ok(account_is_usable(accounts, app(2)), "until then it is");
	tap_ok(!account_is_usable(accounts, app(3)),
	    "what expired long ago is not");
	app(3)->provider = &lasting;
	tap_ok(account_is_usable(accounts, app(3)),
	    "where nothing can expire all is");
	end();
}

/* --- one rate ------------------------------------------------------------ */

static void
check_rates(void)
{
	static const struct credentials wanted[APPS_MAX] = {
		{ .name = "one", .per_minute = 60 },
		{ .name = "one", .per_minute = 60 },
		{ .name = "two", .per_minute = 30 },
		{ .name = "one", .per_minute = 30, .is_lost = true },
		{ .name = "two", .per_minute = 30 } };
	struct error error = { .words = "" };

	begin(wanted);
	tap_ok(account_rates_agree(app(0), app(1), &error),
	    "apps of an account with one rate agree");
	tap_ok(account_rates_agree(app(0), app(2), &error),
	    "so do those of two with two");
	tap_ok(!account_rates_agree(app(3), app(0), &error),
	    "those of one with two do not");
	tap_is_string(error.pointer, "/max_rate_per_minute",
	    "the place is the rate");
	tap_contains(error.words, "must be the same for all apps of an "
	    "account, and is 60 for \"a\"", "the words say why");
	app(0)->provider = &lasting;
	tap_ok(account_rates_agree(app(3), app(0), &error),
	    "those of two providers do");
	app(0)->provider = &stub;
	tap_ok(account_list_rates_agree(accounts, apps, &error),
	    "what is not read is not compared");
	tap_is_int(captured_log_count("max_rate_per_minute"), 0,
	    "nor is anything said of it");
	app(4)->settings.max_rate_per_minute = 0;
	tap_ok(!account_list_rates_agree(accounts, apps, &error),
	    "of those that are read all have to agree, the last one, too");
	tap_contains(error.words, "app e: max_rate_per_minute: must be the "
	    "same", "the words say which does not");
	all[3].is_lost = false;
	fake_loop_pass(loop, 1000);
	account_open(accounts, app(3));
	tap_is_int(captured_log_count("app d: max_rate_per_minute must be "
	    "the same for all apps of an account, and is 60 for \"a\""), 1,
	    "one that is read later is logged");
	end();
}

/* The first app's credentials were read after those of the second. */
static void
check_late_rate(void)
{
	static const struct credentials wanted[APPS_MAX] = {
		{ .name = "one", .per_minute = 30, .is_lost = true },
		{ .name = "one", .per_minute = 60 } };
	struct error error = { .words = "" };

	begin(wanted);
	all[0].is_lost = false;
	fake_loop_pass(loop, 1000);
	account_open(accounts, app(0));
	tap_ok(!account_list_rates_agree(accounts, apps, &error),
	    "the first app has to agree, too");
	tap_contains(error.words, "app a: ", "and is named");
	end();
}

/* --- channels of servers ------------------------------------------------- */

static void
check_servers(void)
{
	static const struct credentials wanted[APPS_MAX] = {
		{ .name = "one", .is_by_origin = true },
		{ .name = "two", .is_by_origin = true } };
	struct channel *first, *channel;
	enum cause cause;
	size_t i;

	begin(wanted);
	first = take(0, "server", &cause);
	tap_ok(first != NULL && take(0, "server", &cause) == first,
	    "devices of a server have one channel");
	tap_ok(take(1, "server", &cause) != first,
	    "those of another account have another");
	tap_ok(take(0, "bad", &cause) == NULL, "what is refused has none");
	tap_is_int(cause, CAUSE_ENDPOINT_REFUSED, "for that cause");
	for (i = 2; i < SERVERS_MAX; i++)
		take(i % 2, fixture_format("server-%zu", i), &cause);
	tap_is_int(cause, CAUSE_NONE, "there is room for 1,024");
	tap_ok(take(0, "more", &cause) == NULL, "for one more there is none");
	tap_is_int(cause, CAUSE_GATEWAY_OVERLOADED, "while all are in use");
	account_give_back(accounts, first);
	tap_ok(take(0, "more", &cause) == NULL,
	    "until one is given back as often as it was taken");
	account_give_back(accounts, first);
	channel = take(0, "more", &cause);
	tap_ok(channel != NULL && cause == CAUSE_NONE, "then there is");
	end();
}

/* A name whose servers stand beside those of another one's. */
static const char *
name_beside(const char *name)
{
	unsigned char place = (unsigned char)hash_add(HASH_START, name,
	    strlen(name) + 1);
	const char *other = "";
	unsigned int i;

	for (i = 0; other[0] == '\0' || place != (unsigned char)hash_add(
	    HASH_START, other, strlen(other) + 1); i++)
		other = fixture_format("two-%u", i);
	return other;
}

/* Two accounts send to the same servers. */
static void
check_many_servers(void)
{
	const char *other = name_beside("one");
	const struct credentials wanted[APPS_MAX] = {
		{ .name = "one", .is_by_origin = true },
		{ .name = other, .is_by_origin = true } };
	unsigned int i, shared = 0;
	enum cause cause;

	begin(wanted);
	for (i = 0; i < SERVERS_MAX / 2; i++) {
		const char *server = fixture_format("server-%u", i);

		shared += take(0, server, &cause) == take(1, server, &cause);
	}
	tap_is_int(shared, 0, "no two accounts share a channel");
	account_list_report(accounts, metrics);
	tap_is_int(gauge("provider_requests_in_flight_limit", "one"),
	    SERVERS_MAX / 2 * 20, "each is measured with all of its servers");
	tap_is_int(gauge("provider_requests_in_flight_limit", other),
	    SERVERS_MAX / 2 * 20, "so is the other one");
	end();
}

/* A file's name would say which servers there are. */
static void
check_token_files(void)
{
	static const struct credentials wanted[APPS_MAX] = {
		{ .name = "one", .has_tokens = true },
		{ .name = "two", .has_tokens = true, .is_by_origin = true } };

	begin(wanted);
	make_token(0, "x");
	make_token(1, "server");
	tap_ok(access(fixture_format("%s/one.token", directory), F_OK) == 0,
	    "an account's token is in a file, for all workers");
	tap_ok(access(fixture_format("%s/two.token", directory), F_OK) == -1,
	    "that of one server is not");
	end();
}

/* --- gauges -------------------------------------------------------------- */

static void
hold(struct channel *channel, struct permit_holder **holder,
    struct permit *permit)
{
	struct http_request request;

	*permit = (struct permit){ .state = PERMIT_NONE };
	*holder = permit_holder_create(channel->permits);
	permit_acquire(*holder, permit);
	http_request_init(&request);
	http_send(channel->pool, &request, 0, NULL, NULL);
}

static void
check_gauges(void)
{
	static const struct credentials wanted[APPS_MAX] = {
		{ .name = "one", .has_tokens = true },
		{ .name = "two", .is_by_origin = true, .has_tokens = true },
		{ .name = "three" } };
	struct permit_holder *holders[3];
	struct permit permits[3];
	enum cause cause;
	size_t i;

	begin(wanted);
	make_token(0, "x");
	make_token(1, "server-1");
	fake_loop_pass(loop, 60000);
	make_token(1, "server-2");
	hold(take(0, "x", &cause), &holders[0], &permits[0]);
	hold(take(1, "server-1", &cause), &holders[1], &permits[1]);
	hold(take(1, "server-2", &cause), &holders[2], &permits[2]);
	fake_loop_pass(loop, 30000);
	account_list_report(accounts, metrics);
	tap_is_int(gauge("provider_connections", "one"), 1,
	    "the connections of an account");
	tap_is_int(gauge("provider_connections", "two"), 2,
	    "are those to all of its servers");
	tap_is_int(gauge("provider_connections", "three"), 0,
	    "or none at all");
	tap_is_int(gauge("provider_requests_in_flight", "one"), 1,
	    "so are the requests in flight");
	tap_is_int(gauge("provider_requests_in_flight", "two"), 2,
	    "to all servers");
	tap_is_int(gauge("provider_requests_in_flight_limit", "one"), 20,
	    "the limit is what the connections carry");
	tap_is_int(gauge("provider_requests_in_flight_limit", "two"), 40,
	    "to each server");
	tap_is_int(gauge("token_age_seconds", "one"), 90,
	    "the age of a token is known");
	tap_is_int(gauge("token_age_seconds", "two"), 30,
	    "of several that of the newest");
	tap_is_int(gauge("token_age_seconds", "three"), -1,
	    "and none where there is no token");
	tap_is_int(gauge("account_open", "one"), 0,
	    "whether the breaker is open is shown");
	tap_is_int(gauge("account_open", "two"), -1,
	    "but not for one with many servers");
	for (i = 0; i < 3; i++) {
		permit_release(&permits[i]);
		permit_holder_free(holders[i]);
	}
	end();
}

int
main(void)
{
	check_sharing();
	check_lost();
	check_usable();
	check_rates();
	check_late_rate();
	check_servers();
	check_many_servers();
	check_token_files();
	check_gauges();
	account_list_free(NULL);
	return tap_done();
}
