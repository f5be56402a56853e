/* SPDX-License-Identifier: Apache-2.0 */
/* How a token is asked for in several steps, by the clock. */
#include "delivery/minting.h"

#include <string.h>

#include "captured-log.h"
#include "fake-http.h"
#include "fake-loop.h"
#include "metrics-fixture.h"
#include "tap.h"

enum { MINTING_STEPS_MAX = 3, MINTING_SENT_MAX = 6 };

/* What the servers answer, one after the other, and what comes of it. */
struct row {
	const char *name;
	unsigned int steps;
	const char *origin;	/* NULL: the token is for all servers */
	struct fake_http_answer answers[MINTING_SENT_MAX];
	const char *asked;	/* the steps that were asked for, in order */
	const char *words;	/* of the failure; NULL: there is a token */
	enum cause cause;	/* of it */
	int64_t done_ms;
	/* The same for the next token, an hour later. */
	bool again;
	unsigned int broken;	/* tokens that cannot be asked for, at first */
	const char *words_again;
};

#define OK(ms) { .after_ms = ms, .status = 200 }
#define STATUS(code) { .after_ms = 10, .status = code }
#define HANGS { .after_ms = FAKE_HTTP_NEVER }
#define UNREACHED { .after_ms = 10, .failure = HTTP_FAILURE_NOT_SENT }

static const struct row rows[] = {
	{ .name = "one step", .steps = 1, .answers = { OK(10) },
	    .asked = "0", .done_ms = 10 },
	{ .name = "three steps", .steps = 3,
	    .answers = { OK(10), OK(20), OK(30) }, .asked = "012",
	    .done_ms = 60 },
	{ .name = "a server error on the way begins anew, once", .steps = 3,
	    .answers = { OK(10), STATUS(500), OK(10), OK(10), OK(10) },
	    .asked = "01012", .done_ms = 50 },
	{ .name = "a second one is the end", .steps = 3,
	    .answers = { OK(10), STATUS(500), OK(10), OK(10), STATUS(503) },
	    .asked = "01012", .words = "status 503",
	    .cause = CAUSE_UNREACHABLE, .done_ms = 50 },
	{ .name = "a refusal on the way is the end", .steps = 3,
	    .answers = { OK(10), STATUS(403) }, .asked = "01",
	    .words = "status 403", .cause = CAUSE_CREDENTIALS,
	    .done_ms = 20 },
	{ .name = "who is not reached is asked anew, once", .steps = 2,
	    .answers = { OK(10), UNREACHED, OK(10), UNREACHED },
	    .asked = "0101", .words = "cannot be reached",
	    .cause = CAUSE_UNREACHABLE, .done_ms = 40 },
	{ .name = "an answer that is too long is asked for anew, once",
	    .steps = 1, .answers = { { .after_ms = 10, .status = 200,
	    .cut = true }, OK(10) }, .asked = "00", .done_ms = 20 },
	{ .name = "the token of one of a thousand servers", .steps = 1,
	    .origin = "https://push.test", .answers = { OK(10) },
	    .asked = "0", .done_ms = 10 },
	{ .name = "all steps have four seconds together", .steps = 3,
	    .answers = { OK(1500), OK(1500), HANGS }, .asked = "012",
	    .words = "cannot be reached", .cause = CAUSE_UNREACHABLE,
	    .done_ms = 4000 },
	{ .name = "down to the last millisecond", .steps = 3,
	    .answers = { OK(1500), OK(2499), HANGS }, .asked = "012",
	    .words = "cannot be reached", .cause = CAUSE_UNREACHABLE,
	    .done_ms = 4000 },
	{ .name = "and to the one before", .steps = 3,
	    .answers = { OK(1500), OK(2498), HANGS }, .asked = "012",
	    .words = "cannot be reached", .cause = CAUSE_UNREACHABLE,
	    .done_ms = 4000 },
	{ .name = "who is not reached, and why", .steps = 1,
	    .answers = { UNREACHED, UNREACHED }, .asked = "00",
	    .words = "the token endpoint cannot be reached: the script says "
	    "so", .cause = CAUSE_UNREACHABLE, .done_ms = 20 },
	{ .name = "the least server error, twice", .steps = 1,
	    .answers = { STATUS(500), STATUS(500) }, .asked = "00",
	    .words = "status 500", .cause = CAUSE_UNREACHABLE,
	    .done_ms = 20 },
	{ .name = "the last status that is the server's answer", .steps = 1,
	    .answers = { STATUS(499) }, .asked = "0",
	    .words = "status 499", .cause = CAUSE_CREDENTIALS,
	    .done_ms = 10 },
	{ .name = "a token that cannot be made here", .steps = 0,
	    .asked = "", .words = "no key", .cause = CAUSE_CREDENTIALS },

	/* --- the next one --- */
	{ .name = "each token may be asked for twice", .steps = 1,
	    .answers = { STATUS(500), OK(10), STATUS(500), OK(10) },
	    .asked = "0000", .done_ms = 20, .again = true },
	{ .name = "but no more, however many went well before", .steps = 1,
	    .answers = { OK(10), STATUS(500), STATUS(500) },
	    .asked = "000", .done_ms = 10, .again = true,
	    .words_again = "status 500" },
	{ .name = "and after one that failed", .steps = 1,
	    .answers = { STATUS(403), STATUS(500), OK(10) },
	    .asked = "000", .words = "status 403",
	    .cause = CAUSE_CREDENTIALS, .done_ms = 10, .again = true },
	{ .name = "and after one that could not be asked for", .steps = 1,
	    .broken = 1, .answers = { STATUS(500), OK(10) },
	    .asked = "00", .words = "no key", .cause = CAUSE_CREDENTIALS,
	    .again = true },
};

static const struct row *row;
static struct buf asked;
static const struct http_pool *pools[MINTING_STEPS_MAX];
static char failure[200];
static int64_t done_ms;
static bool has_token;
static unsigned int mints;
static struct minting *minting;

static int64_t
now_ms(void)
{
	return clock_monotonic_ms() - FAKE_LOOP_START_MS;
}

/* The first server is on this host. */
static void
ask(unsigned int step, struct http_request *request)
{
	buf_append_format(&request->url, "%s://server-%u.test/",
	    step == 0 ? "http" : "https", step);
}

static enum provider_mint
stub_mint(const void *account, const char *origin, int64_t now_s,
    struct token *token, struct http_request *request, struct error *error)
{
	(void)account;
	(void)origin;
	(void)now_s;
	(void)token;
	if (row->steps == 0 || mints++ < row->broken) {
		error_set(error, "no key");
		return PROVIDER_MINT_FAILED;
	}
	ask(0, request);
	return PROVIDER_MINT_ASK;
}

static enum provider_mint
stub_read(const void *account, unsigned int step,
    const struct http_reply *reply, int64_t now_s, struct token *token,
    struct http_request *request, struct error *error)
{
	(void)account;
	if (reply->status != 200) {
		error_set(error, "status %d", reply->status);
		return PROVIDER_MINT_FAILED;
	}
	if (step + 1 < row->steps) {
		ask(step + 1, request);
		return PROVIDER_MINT_ASK;
	}
	strcpy(token->text, "token");
	token->issued_s = now_s;
	token->expires_s = now_s + 3600;
	return PROVIDER_MINT_DONE;
}

static void
on_request(void *arg, const struct fake_http_request *request,
    struct fake_http_answer *answer)
{
	const char *url = buf_text(&request->request->url);
	size_t step = (size_t)(strchr(url, '-')[1] - '0');

	(void)arg;
	buf_append_format(&asked, "%zu", step);
	tap_is_int(request->params->is_local, step == 0,
	    "%s: step %zu is over %s", row->name, step,
	    step == 0 ? "plain HTTP, past the proxy" : "TLS");
	tap_is_int(request->params->connect_timeout_ms, 3000,
	    "%s: step %zu has 3 s of its 4 to connect", row->name, step);
	tap_is_int(request->params->max_connections, 1,
	    "%s: step %zu needs one connection", row->name, step);
	tap_is_int(request->params->idle_s, 60,
	    "%s: step %zu keeps it for a minute", row->name, step);
	tap_is_int(request->params->age_s, 3600,
	    "%s: step %zu uses it for an hour", row->name, step);
	tap_ok(pools[step] == NULL || pools[step] == request->pool,
	    "%s: step %zu has a pool of its own", row->name, step);
	pools[step] = request->pool;
	*answer = row->answers[request->number - 1];
}

static void
on_failed(void *arg, const char *words)
{
	(void)arg;
	strncpy(failure, words, sizeof failure - 1);
}

static void
on_ready(void *arg, const struct token *token)
{
	(void)arg;
	has_token = token != NULL;
	done_ms = now_ms();
}

/* Waits for a token, and checks what comes of it. */
static void
check_token(struct loop *loop, const char *words, int64_t expected_ms)
{
	int64_t begun_ms = now_ms();

	failure[0] = '\0';
	has_token = false;
	done_ms = -1;
	token_wait(minting_tokens(minting), on_ready, NULL);
	fake_loop_pass(loop, 20000);
	tap_is_int(has_token, words == NULL, "%s: a token, or none",
	    row->name);
	if (expected_ms >= 0)
		tap_is_int(done_ms - begun_ms, expected_ms, "%s: when",
		    row->name);
	if (words != NULL)
		tap_contains(failure, words, "%s: the words", row->name);
	else
		tap_is_string(failure, "", "%s: no words", row->name);
}

static void
check_counted(const char *directory)
{
	const char *text = read_text(directory);
	int64_t failures = (row->words != NULL) + (row->words_again != NULL);
	int64_t minted = 1 + row->again - failures;

	tap_is_int(value_of(text, "push_gateway_token_failures_total"
	    "{provider=\"stub\",account=\"stub\"}"),
	    failures > 0 ? failures : -1, "%s: the failures", row->name);
	tap_is_int(value_of(text, "push_gateway_tokens_minted_total"
	    "{provider=\"stub\",account=\"stub\"}"),
	    minted > 0 ? minted : -1, "%s: the tokens", row->name);
}

static void
check_row(void)
{
	static const struct provider stub = {
		.name = "stub", .mint = stub_mint, .read = stub_read
	};
	static const struct metrics_labels labels = {
		.provider = "stub", .account = "stub"
	};
	static const struct proxy no_proxy;
	struct provider_channel described = { .name = "stub" };
	const char *directory = directory_new();
	struct metrics *metrics = metrics_open(directory);
	struct loop *loop;
	struct http *http;

	captured_log_begin();
	if (row->origin != NULL)
		strcpy(described.origin, row->origin);
	clock_fake(FAKE_LOOP_START_MS, FAKE_LOOP_START_S);
	fake_http_begin(on_request, NULL);
	buf_init(&asked, 20);
	memset(pools, 0, sizeof pools);
	mints = 0;
	loop = loop_create();
	http = http_create(loop, &(struct http_params){ .proxy = &no_proxy });
	minting = minting_create(&(struct minting_params){ .loop = loop,
		.http = http, .provider = &stub, .described = &described,
		.failed = on_failed, .metrics = metrics, .labels = &labels });
	check_token(loop, row->words, row->done_ms);
	if (row->words != NULL)
		tap_is_int(token_failure(minting_tokens(minting)), row->cause,
		    "%s: the cause", row->name);
	tap_is_int(captured_log_count("stub: new token"),
	    row->words == NULL && row->origin == NULL,
	    "%s: whether the log says that there is one", row->name);
	if (row->again) {
		fake_loop_pass(loop, 3600000);
		check_token(loop, row->words_again, -1);
	}
	tap_is_string(buf_text(&asked), row->asked, "%s: what is asked",
	    row->name);
	check_counted(directory);
	minting_free(minting);
	http_free(http);
	loop_free(loop);
	metrics_close(metrics);
	buf_free(&asked);
}

int
main(void)
{
	for (row = rows; row < rows + sizeof rows / sizeof *rows; row++)
		check_row();
	return tap_done();
}
