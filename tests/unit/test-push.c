/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One push over a provider of the test's own, by the clock: what is sent, what
 * its owner is told and when, what is counted and what is logged.
 */
#include "delivery/push.h"

#include <string.h>

#include "base/log.h"
#include "captured-log.h"
#include "fake-http.h"
#include "fake-loop.h"
#include "fake-random.h"
#include "fixture.h"
#include "metrics-fixture.h"
#include "tap.h"

enum { ANSWERS_MAX = 3, SENT_MAX = 8, PUSHES_MAX = 3 };

#define LATER(why, what) .verdict = VERDICT_LATER, .cause = why, \
    .reason = what
#define DELIVERED { .verdict = VERDICT_DELIVERED, .reason = "ok" }
#define TOO_LONG(what) { LATER(CAUSE_TOO_LONG, what), \
    .retry = RETRY_VARIANT }

/* What the provider and its servers do, and what the channel is like. */
struct world {
	const char *origin;		/* NULL: the provider's own */
	unsigned int breaker;		/* failures that open it; 0: never */
	unsigned int permits;		/* 0: as many as are wanted */
	int64_t per_minute;		/* 0: no limit */
	bool has_tokens;		/* of 2 s each, made at once */
	int64_t next_token_ms;		/* how long the second one takes */
	unsigned int variants;		/* 0: there is always another */
	enum cause no_variant;		/* why there is no more of them */
	struct fake_http_answer answers[ANSWERS_MAX];
	struct outcome outcomes[ANSWERS_MAX];
};

static const struct world *world;
static struct {
	struct loop *loop;
	struct http *http;
	const char *directory;		/* of the metrics */
	struct metrics *metrics;
	struct app app;
	struct channel *channel;
	struct permit_holder *holder;
	unsigned int tokens;
	unsigned int judged;
	struct {
		char message_id[ENCODING_UUID_SIZE];
		unsigned int variant;
	} composed[SENT_MAX];
	unsigned int composed_count;
	struct {
		struct push push;
		unsigned int told;
		struct outcome outcome;
		unsigned int attempts;
		int64_t told_ms;
	} pushes[PUSHES_MAX];
} state;

/* --- the provider -------------------------------------------------------- */

static enum provider_mint
stub_mint(const void *account, const char *origin, int64_t now_s,
    struct token *token, struct http_request *request, struct error *error)
{
	(void)account;
	(void)origin;
	(void)error;
	if (state.tokens++ > 0) {
		buf_append_text(&request->url, "https://token.test/");
		return PROVIDER_MINT_ASK;
	}
	strcpy(token->text, "token");
	token->issued_s = now_s;
	token->expires_s = now_s + 2;
	return PROVIDER_MINT_DONE;
}

static enum provider_mint
stub_read(const void *account, unsigned int step,
    const struct http_reply *reply, int64_t now_s, struct token *token,
    struct http_request *request, struct error *error)
{
	(void)account;
	(void)step;
	(void)reply;
	(void)request;
	(void)error;
	strcpy(token->text, "another");
	token->issued_s = now_s;
	token->expires_s = now_s + 2;
	return PROVIDER_MINT_DONE;
}

static enum cause
stub_compose(const void *account, const struct notification *notification,
    const struct device *device, const struct provider_push *push,
    struct http_request *request)
{
	(void)account;
	(void)notification;
	(void)device;
	if (world->no_variant != CAUSE_NONE &&
	    push->variant >= world->variants)
		return world->no_variant;
	buf_append_text(&request->url, "https://push.test/");
	strcpy(state.composed[state.composed_count].message_id,
	    push->message_id);
	state.composed[state.composed_count++].variant = push->variant;
	return CAUSE_NONE;
}

static void
stub_judge(const void *account, const struct device *device,
    const struct http_reply *reply, struct outcome *outcome)
{
	(void)account;
	(void)device;
	(void)reply;
	*outcome = world->outcomes[state.judged++];
	outcome->retry_after_ms = -1;
}

static void
on_request(void *arg, const struct fake_http_request *request,
    struct fake_http_answer *answer)
{
	(void)arg;
	if (strstr(buf_text(&request->request->url), "token") != NULL)
		*answer = (struct fake_http_answer){ .status = 200,
		    .after_ms = world->next_token_ms };
	else
		*answer = world->answers[state.composed_count - 1];
}

/* --- the world ----------------------------------------------------------- */

static void
world_open(const struct world *wanted)
{
	static const struct proxy no_proxy;
	static const struct provider stub = { .name = "stub",
	    .mint = stub_mint, .read = stub_read, .compose = stub_compose,
	    .judge = stub_judge };
	static struct health_lines lines;
	struct provider_channel described = { .name = "account",
	    .needs_no_token = !wanted->has_tokens,
	    .pool = { .max_connections = 1, .max_streams =
	    wanted->permits == 0 ? 100 : wanted->permits } };

	captured_log_begin();
	clock_fake(FAKE_LOOP_START_MS, FAKE_LOOP_START_S);
	fake_http_begin(on_request, NULL);
	world = wanted;
	memset(&state, 0, sizeof state);
	memset(&lines, 0, sizeof lines);
	if (wanted->origin != NULL)
		strcpy(described.origin, wanted->origin);
	state.app = (struct app){ .app_id = (char *)(uintptr_t)"app",
	    .provider = &stub, .settings = {
	    .breaker_failures = wanted->breaker, .breaker_pause_s = 10,
	    .max_rate_per_minute = wanted->per_minute } };
	state.loop = loop_create();
	state.http = http_create(state.loop,
	    &(struct http_params){ .proxy = &no_proxy });
	state.directory = directory_new();
	state.metrics = metrics_open(state.directory);
	state.channel = channel_create(&(struct channel_params){
	    .loop = state.loop, .http = state.http,
	    .metrics = state.metrics, .shared = wanted->origin == NULL ?
	    NULL : &lines }, &state.app, &described);
	state.holder = permit_holder_create(state.channel->permits);
}

static void
world_close(void)
{
	permit_holder_free(state.holder);
	channel_free(state.channel);
	metrics_close(state.metrics);
	http_free(state.http);
	loop_free(state.loop);
}

static void
on_told(void *arg, const struct outcome *outcome)
{
	size_t i = (size_t)(uintptr_t)arg;

	state.pushes[i].told++;
	state.pushes[i].outcome = *outcome;
	state.pushes[i].attempts = push_attempts(&state.pushes[i].push);
	state.pushes[i].told_ms = clock_monotonic_ms() - FAKE_LOOP_START_MS;
	push_end(&state.pushes[i].push);
}

static void
start(size_t i)
{
	push_start(&state.pushes[i].push, &(struct push_params){
	    .loop = state.loop, .metrics = state.metrics, .app = &state.app,
	    .channel = state.channel, .holder = state.holder,
	    .deadline_ms = clock_monotonic_ms() + 20000,
	    .settled = on_told, .arg = (void *)(uintptr_t)i });
}

static int64_t
counted(const char *series)
{
	return value_of(read_text(state.directory), series);
}

#define OPENED "push_gateway_account_opened_total{provider=\"stub\"," \
    "account=\"account\"}"

/* --- one push ------------------------------------------------------------ */

static const struct row {
	const char *name;
	struct world world;
	const char *reason;		/* that the owner is told */
	enum verdict verdict;
	enum cause cause;
	const char *sent;		/* the variants */
	unsigned int alone;		/* of them */
	unsigned int opened;		/* breakers */
	const char *logged;		/* a part of a line, or NULL */
	const char *not_logged;
} rows[] = {
	/* --- variants --- */
	{ .name = "after one that is too long a shorter one is sent",
	    .world = { .answers = { { .status = 413 }, { .status = 413 },
	    { .status = 200 } }, .outcomes = { TOO_LONG("long"),
	    TOO_LONG("long still"), DELIVERED } },
	    .reason = "ok", .verdict = VERDICT_DELIVERED, .sent = "012" },
	{ .name = "without a shorter one the answer stands",
	    .world = { .variants = 1, .no_variant = CAUSE_REFUSED,
	    .answers = { { .status = 413 } },
	    .outcomes = { TOO_LONG("long") } },
	    .reason = "long", .verdict = VERDICT_LATER,
	    .cause = CAUSE_TOO_LONG, .sent = "0" },
	{ .name = "the last answer, that is",
	    .world = { .variants = 2, .no_variant = CAUSE_REFUSED,
	    .answers = { { .status = 413 }, { .status = 413 } },
	    .outcomes = { TOO_LONG("long"), TOO_LONG("long still") } },
	    .reason = "long still", .verdict = VERDICT_LATER,
	    .cause = CAUSE_TOO_LONG, .sent = "01" },
	{ .name = "what can never be sent fails for that",
	    .world = { .no_variant = CAUSE_PUSHKEY_MALFORMED },
	    .reason = "not sent", .verdict = VERDICT_FAILED,
	    .cause = CAUSE_PUSHKEY_MALFORMED, .sent = "" },

	/* --- connections --- */
	{ .name = "who was on a connection that broke goes alone",
	    .world = { .answers = { { .failure = HTTP_FAILURE_UNKNOWN,
	    .connection = 7 }, { .status = 200 } },
	    .outcomes = { DELIVERED } },
	    .reason = "ok", .sent = "00", .alone = 1 },
	{ .name = "who was not sent yet is not what broke it",
	    .world = { .answers = { { .failure = HTTP_FAILURE_NOT_SENT,
	    .connection = 7 }, { .status = 200 } },
	    .outcomes = { DELIVERED } },
	    .reason = "ok", .sent = "00" },

	/* --- what counts as a failure --- */
	{ .name = "a server error that is none of the server's is no failure",
	    .world = { .breaker = 1, .answers = { { .status = 500 } },
	    .outcomes = { { LATER(CAUSE_OVERLOADED, "busy"),
	    .server_is_well = true } } },
	    .reason = "busy", .verdict = VERDICT_LATER,
	    .cause = CAUSE_OVERLOADED, .sent = "0" },
	{ .name = "the least server error is one",
	    .world = { .breaker = 1, .answers = { { .status = 500 } },
	    .outcomes = { { LATER(CAUSE_OVERLOADED, "busy") } } },
	    .reason = "busy", .verdict = VERDICT_LATER,
	    .cause = CAUSE_OVERLOADED, .sent = "0", .opened = 1,
	    .logged = "circuit breaker open" },
	{ .name = "what is no server error is none",
	    .world = { .breaker = 1, .answers = { { .status = 499 } },
	    .outcomes = { { LATER(CAUSE_OVERLOADED, "busy") } } },
	    .reason = "busy", .verdict = VERDICT_LATER,
	    .cause = CAUSE_OVERLOADED, .sent = "0",
	    .not_logged = "circuit breaker" },
	{ .name = "an answer that costs the connection is one at once",
	    .world = { .breaker = 1, .answers = { { .status = 400 } },
	    .outcomes = { { LATER(CAUSE_UNREACHABLE, "odd"),
	    .retry = RETRY_ONCE, .fresh_connection = true } } },
	    .reason = "circuit breaker open", .verdict = VERDICT_LATER,
	    .cause = CAUSE_UNREACHABLE, .sent = "0", .opened = 1 },
	{ .name = "one that has attempts left is none yet",
	    .world = { .breaker = 1, .answers = { { .status = 500 },
	    { .status = 200 } }, .outcomes = { { LATER(CAUSE_OVERLOADED,
	    "busy"), .retry = RETRY_BACKOFF }, DELIVERED } },
	    .reason = "ok", .sent = "00" },

	/* --- the log --- */
	{ .name = "credentials that are rejected, and what to do about it",
	    .world = { .answers = { { .status = 403 } },
	    .outcomes = { { LATER(CAUSE_CREDENTIALS,
	    "InvalidProviderToken") } } },
	    .reason = "InvalidProviderToken", .verdict = VERDICT_LATER,
	    .cause = CAUSE_CREDENTIALS, .sent = "0",
	    .logged = "account: app app: provider rejected our credentials: "
	    "403 InvalidProviderToken: key_id, team_id or key_file is " },
	{ .name = "credentials that are rejected for who knows what",
	    .world = { .answers = { { .status = 403 } },
	    .outcomes = { { LATER(CAUSE_CREDENTIALS, "Whatever") } } },
	    .reason = "Whatever", .verdict = VERDICT_LATER,
	    .cause = CAUSE_CREDENTIALS, .sent = "0",
	    .logged = "provider rejected our credentials: 403 Whatever",
	    .not_logged = "Whatever:" },
	{ .name = "a limit that the operator can do something about",
	    .world = { .answers = { { .status = 429 } },
	    .outcomes = { { LATER(CAUSE_OVERLOADED, "QUOTA_EXCEEDED") } } },
	    .reason = "QUOTA_EXCEEDED", .verdict = VERDICT_LATER,
	    .cause = CAUSE_OVERLOADED, .sent = "0",
	    .logged = "account: app app: provider is overloaded: 429 "
	    "QUOTA_EXCEEDED: more is sent than the project's quota allows" },
	{ .name = "a provider that is busy is not the operator's business",
	    .world = { .answers = { { .status = 429 } },
	    .outcomes = { { LATER(CAUSE_OVERLOADED, "busy") } } },
	    .reason = "busy", .verdict = VERDICT_LATER,
	    .cause = CAUSE_OVERLOADED, .sent = "0",
	    .not_logged = "error" },
	{ .name = "nor is one device, though there is a hint",
	    .world = { .answers = { { .status = 410 } },
	    .outcomes = { { .verdict = VERDICT_REJECTED,
	    .cause = CAUSE_PUSHKEY_DEAD, .reason = "Unregistered" } } },
	    .reason = "Unregistered", .verdict = VERDICT_REJECTED,
	    .cause = CAUSE_PUSHKEY_DEAD, .sent = "0",
	    .not_logged = "Unregistered:" },
	{ .name = "no answer",
	    .world = { .answers = { { .failure = HTTP_FAILURE_PROTOCOL } } },
	    .reason = "not HTTP/2", .verdict = VERDICT_LATER,
	    .cause = CAUSE_UNREACHABLE, .sent = "0",
	    .logged = "account: no response: the script says so" },
	{ .name = "no answer of a server that may be a person's",
	    .world = { .origin = "https://a.test",
	    .answers = { { .failure = HTTP_FAILURE_PROTOCOL } } },
	    .reason = "not HTTP/2", .verdict = VERDICT_LATER,
	    .cause = CAUSE_UNREACHABLE, .sent = "0",
	    .not_logged = "response" },
	{ .name = "in detail, each attempt",
	    .world = { .answers = { { .status = 500 }, { .status = 200 } },
	    .outcomes = { { LATER(CAUSE_OVERLOADED, "busy"),
	    .retry = RETRY_BACKOFF }, DELIVERED } },
	    .reason = "ok", .sent = "00",
	    .logged = "app app: attempt 2: 200 ok" },
};

static void
check_row(const struct row *row)
{
	char sent[SENT_MAX + 1] = "";
	unsigned int i;

	world_open(&row->world);
	start(0);
	tap_is_int(state.pushes[0].told, 0,
	    "%s: its owner is not told from within push_start", row->name);
	fake_loop_pass(state.loop, 10000);
	for (i = 0; i < state.composed_count; i++)
		sent[i] = (char)('0' + state.composed[i].variant);
	tap_is_string(sent, row->sent, "%s: what is sent", row->name);
	tap_is_int(state.pushes[0].told, 1, "%s: told once", row->name);
	tap_is_int(state.pushes[0].outcome.verdict, row->verdict,
	    "%s: the verdict", row->name);
	tap_is_int(state.pushes[0].outcome.cause, row->cause, "%s: the cause",
	    row->name);
	tap_is_string(state.pushes[0].outcome.reason, row->reason,
	    "%s: the reason", row->name);
	tap_is_int(state.pushes[0].attempts, (int64_t)strlen(row->sent),
	    "%s: the attempts", row->name);
	tap_is_int(fake_http_counts()->alone, row->alone,
	    "%s: what goes alone", row->name);
	tap_is_int(counted(OPENED) > 0, row->opened > 0,
	    "%s: whether the breaker opens", row->name);
	if (row->logged != NULL)
		tap_is_int(captured_log_count(row->logged), 1,
		    "%s: the log says \"%s\"", row->name, row->logged);
	if (row->not_logged != NULL)
		tap_lacks(captured_log_text(), row->not_logged,
		    "%s: the log does not say \"%s\"", row->name,
		    row->not_logged);
	world_close();
}

/* --- several ------------------------------------------------------------- */

/* By its id Apple finds a message again, and shows it once. */
static void
check_message_id(void)
{
	static const struct world busy = {
		.answers = { { .status = 500 }, { .status = 200 },
		    { .status = 200 } },
		.outcomes = { { LATER(CAUSE_OVERLOADED, "busy"),
		    .retry = RETRY_BACKOFF }, DELIVERED, DELIVERED }
	};

	world_open(&busy);
	start(0);
	fake_loop_pass(state.loop, 1000);
	start(1);
	fake_loop_pass(state.loop, 1000);
	tap_is_int(state.composed_count, 3, "three requests are sent");
	tap_is_int((int64_t)strlen(state.composed[0].message_id), 36,
	    "a message has an id");
	tap_is_string(state.composed[1].message_id,
	    state.composed[0].message_id, "that all of its attempts have");
	tap_ok(strcmp(state.composed[2].message_id,
	    state.composed[0].message_id) != 0, "and no other message");
	world_close();
}

/* One permit: the second push has it when the first one was answered. */
static void
check_times(void)
{
	static const struct world slow = {
		.permits = 1,
		.answers = { { .after_ms = 3000, .status = 200 },
		    { .after_ms = 2000, .status = 200, .connects = 2 } },
		.outcomes = { DELIVERED, DELIVERED }
	};

	world_open(&slow);
	start(0);
	start(1);
	fake_loop_pass(state.loop, 3000);
	tap_lacks(read_text(state.directory), "connections_opened_total{",
	    "where no connection was opened none is counted");
	fake_loop_pass(state.loop, 2000);
	tap_is_int(state.pushes[1].told_ms, 5000, "one goes after the other");
	tap_is_int(counted("push_gateway_provider_seconds_sum"
	    "{provider=\"stub\"}"), 5, "an answer's time is from its request");
	tap_is_int(counted("push_gateway_permit_wait_seconds_sum"
	    "{provider=\"stub\"}"), 3, "the wait before it is counted apart");
	tap_is_int(counted("push_gateway_permit_wait_seconds_count"
	    "{provider=\"stub\"}"), 2, "for each request");
	tap_is_int(counted("push_gateway_connections_opened_total"
	    "{provider=\"stub\",account=\"account\"}"), 2,
	    "connections are counted for the account");
	world_close();
}

/* The token expires while the first push is in flight. */
static void
check_token_wait(void)
{
	static const struct world slow = {
		.permits = 1,
		.has_tokens = true,
		.next_token_ms = 3000,
		.answers = { { .after_ms = 3000, .status = 200 },
		    { .status = 200 } },
		.outcomes = { DELIVERED, DELIVERED }
	};

	world_open(&slow);
	start(0);
	start(1);
	fake_loop_pass(state.loop, 2999);
	tap_is_int(permits_granted(state.channel->permits), 1,
	    "a request in flight has its permit");
	fake_loop_pass(state.loop, 1);
	tap_is_int(permits_granted(state.channel->permits), 0,
	    "who waits for a token has none");
	fake_loop_pass(state.loop, 3000);
	tap_is_int(state.pushes[1].told_ms, 6000,
	    "it goes as soon as there is one");
	tap_is_int(permits_granted(state.channel->permits), 0,
	    "in the end all permits are back");
	world_close();
}

/* --- the deadline -------------------------------------------------------- */

/*
 * Two pushes, and what the one that expires is told.  With a breaker of one
 * failure it shows whether that counts as one.
 */
static const struct expiry {
	const char *name;
	struct world world;
	size_t which;
	int64_t after_ms;
	enum verdict verdict;
	enum cause cause;
	const char *reason;
	unsigned int attempts;
	bool opens;
} expiries[] = {
	{ .name = "in flight",
	    .world = { .breaker = 1,
	    .answers = { { .after_ms = FAKE_HTTP_NEVER },
	    { .after_ms = FAKE_HTTP_NEVER } } }, .after_ms = 500,
	    .verdict = VERDICT_LATER, .cause = CAUSE_DEADLINE,
	    .reason = "deadline", .attempts = 1, .opens = true },
	{ .name = "in flight for a moment",
	    .world = { .breaker = 1,
	    .answers = { { .after_ms = FAKE_HTTP_NEVER },
	    { .after_ms = FAKE_HTTP_NEVER } } }, .after_ms = 499,
	    .verdict = VERDICT_LATER, .cause = CAUSE_DEADLINE,
	    .reason = "deadline", .attempts = 1 },
	{ .name = "waiting for a permit",
	    .world = { .breaker = 1, .permits = 1,
	    .answers = { { .after_ms = FAKE_HTTP_NEVER } } },
	    .which = 1, .after_ms = 500, .verdict = VERDICT_LATER,
	    .cause = CAUSE_DEADLINE, .reason = "deadline" },
	{ .name = "waiting for the rate",
	    .world = { .breaker = 1, .per_minute = 6,
	    .answers = { { .after_ms = FAKE_HTTP_NEVER } } },
	    .which = 1, .after_ms = 500, .verdict = VERDICT_LATER,
	    .cause = CAUSE_RATE, .reason = "max_rate_per_minute" },
	{ .name = "in flight, while others wait for the rate",
	    .world = { .breaker = 1, .per_minute = 6,
	    .answers = { { .after_ms = FAKE_HTTP_NEVER } } },
	    .after_ms = 500, .verdict = VERDICT_LATER,
	    .cause = CAUSE_DEADLINE, .reason = "deadline", .attempts = 1,
	    .opens = true },
	{ .name = "waiting for a token",
	    .world = { .breaker = 1, .permits = 1, .has_tokens = true,
	    .next_token_ms = 3000,
	    .answers = { { .after_ms = 3000, .status = 200 } },
	    .outcomes = { DELIVERED } },
	    .which = 1, .after_ms = 3500, .verdict = VERDICT_LATER,
	    .cause = CAUSE_DEADLINE, .reason = "deadline", .opens = true },
	{ .name = "waiting for a token for a moment",
	    .world = { .breaker = 1, .permits = 1, .has_tokens = true,
	    .next_token_ms = 3000,
	    .answers = { { .after_ms = 3000, .status = 200 } },
	    .outcomes = { DELIVERED } },
	    .which = 1, .after_ms = 3499, .verdict = VERDICT_LATER,
	    .cause = CAUSE_DEADLINE, .reason = "deadline" },
	{ .name = "settled, but not told yet",
	    .world = { .no_variant = CAUSE_PUSHKEY_MALFORMED },
	    .verdict = VERDICT_FAILED, .cause = CAUSE_PUSHKEY_MALFORMED,
	    .reason = "not sent" },
};

static void
check_expiry(const struct expiry *expiry)
{
	size_t which = expiry->which;

	world_open(&expiry->world);
	start(0);
	start(1);
	if (expiry->after_ms > 0)
		fake_loop_pass(state.loop, expiry->after_ms);
	push_expire(&state.pushes[which].push);
	tap_is_int(state.pushes[which].told, 1, "%s: told at once",
	    expiry->name);
	tap_is_int(state.pushes[which].outcome.verdict, expiry->verdict,
	    "%s: the verdict", expiry->name);
	tap_is_int(state.pushes[which].outcome.cause, expiry->cause,
	    "%s: the cause", expiry->name);
	tap_is_string(state.pushes[which].outcome.reason, expiry->reason,
	    "%s: the reason", expiry->name);
	tap_is_int(state.pushes[which].attempts, expiry->attempts,
	    "%s: the attempts", expiry->name);
	tap_is_int(counted(OPENED) > 0, expiry->opens,
	    "%s: whether it is a failure", expiry->name);
	tap_is_int(counted("push_gateway_attempts_total{provider=\"stub\","
	    "app=\"app\",result=\"deadline\"}") > 0, expiry->attempts > 0,
	    "%s: whether an attempt is counted", expiry->name);
	if (state.pushes[1 - which].told == 0)
		push_end(&state.pushes[1 - which].push);
	fake_loop_pass(state.loop, 100);
	tap_is_int(state.pushes[which].told, 1, "%s: and only once",
	    expiry->name);
	world_close();
}

int
main(void)
{
	size_t i;

	fake_random_seed(7);
	log_open(&(struct log_params){ .level = LOG_LEVEL_DEBUG });
	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		check_row(&rows[i]);
	check_message_id();
	check_times();
	check_token_wait();
	for (i = 0; i < sizeof expiries / sizeof *expiries; i++)
		check_expiry(&expiries[i]);
	return tap_done();
}
