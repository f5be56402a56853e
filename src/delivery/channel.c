/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/channel.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/log-limit.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "delivery/breaker.h"

enum {
	CHANNEL_LOAD_PAUSE_MS = 1000,
	CHANNEL_COMPLAINT_PAUSE_MS = 10000,
	CHANNEL_SILENCE_MS = 4000,
	CHANNEL_TOKEN_TIMEOUT_MS = 4000,
	CHANNEL_TOKEN_TRIES = 2
};

static const struct http_pool_params channel_token_pool = {
	.max_connections = 1,
	.max_streams = 10,
	.connect_timeout_ms = 3000,
	.idle_s = 60,
	.age_s = 3600
};

struct channel {
	TAILQ_ENTRY(channel) entry;
	struct channel_list *list;
	char name[TOKEN_NAME_SIZE];
	const struct provider *provider;
	const void *account;		/* of the first app that has it */
	struct http_pool *pool;
	struct token_source *tokens;
	struct http_pool *token_pool;
	struct http_call *token_call;	/* NULL if none is under way */
	unsigned int token_tries;
	struct log_limit complaints[CHANNEL_COMPLAINT__MAX];
	struct permits *permits;
	struct breaker breaker;
	bool told;			/* the log knows that it is open */
	enum cause trouble;		/* the last one */
	int64_t heard_ms;
	unsigned int in_flight;		/* calls under way */
	int64_t in_flight_since_ms;	/* or since the last one that ended */
	struct loop_timer *silence;
};

/* What an app knows of its channel. */
struct channel_binding {
	struct channel *channel;	/* NULL: no credentials yet */
	int64_t load_again_ms;
};

struct channel_list {
	struct channel_params params;
	TAILQ_HEAD(, channel) channels;
	struct channel_binding *bindings;	/* by the places of apps */
};

void
channel_count(const struct channel *channel, enum metrics_name name,
    uint64_t count)
{
	metrics_add(channel->list->params.metrics, name, count,
	    &(struct metrics_labels){ .provider = channel->provider->name,
	    .account = channel->name });
}

static void
channel_show_open(const struct channel *channel, bool open)
{
	metrics_set(channel->list->params.metrics, METRICS_ACCOUNT_OPEN, open,
	    &(struct metrics_labels){ .provider = channel->provider->name,
	    .account = channel->name });
}

struct channel_list *
channel_list_create(const struct channel_params *params)
{
	struct channel_list *list = xcalloc(1, sizeof *list);

	list->params = *params;
	TAILQ_INIT(&list->channels);
	list->bindings = xcalloc(app_registry_count(params->apps),
	    sizeof *list->bindings);
	return list;
}

static void
channel_free(struct channel *channel)
{
	/* One of a former configuration may be open, and nobody close it. */
	if (channel->breaker.state != BREAKER_CLOSED)
		channel_show_open(channel, false);
	loop_timer_free(channel->silence);
	permits_free(channel->permits);
	http_pool_free(channel->token_pool);
	http_pool_free(channel->pool);
	token_source_free(channel->tokens);
	free(channel);
}

void
channel_list_free(struct channel_list *list)
{
	struct channel *channel;

	if (list == NULL)
		return;
	while ((channel = TAILQ_FIRST(&list->channels)) != NULL) {
		TAILQ_REMOVE(&list->channels, channel, entry);
		channel_free(channel);
	}
	free(list->bindings);
	free(list);
}

bool
channel_complain(struct channel *channel, enum channel_complaint complaint,
    const char *format, ...)
{
	bool admitted = log_limit_admits(&channel->complaints[complaint]);
	char words[512];
	va_list ap;

	if (admitted) {
		va_start(ap, format);
		vsnprintf(words, sizeof words, format, ap);
		va_end(ap);
		log_error("%s: %s", channel->name, words);
	}
	return admitted;
}

/* --- tokens -------------------------------------------------------------- */

static void channel_mint(void *arg, struct token_source *source);

static void
channel_token_minted(struct channel *channel, const struct token *token)
{
	log_info("%s: new token", channel->name);
	channel_count(channel, METRICS_TOKENS_MINTED, 1);
	token_minted(channel->tokens, token);
}

static void
channel_token_failed(struct channel *channel, const char *words)
{
	channel_complain(channel, CHANNEL_NO_TOKEN, "no token: %s", words);
	channel_count(channel, METRICS_TOKEN_FAILURES, 1);
	token_failed(channel->tokens);
}

static bool
channel_token_may_retry(struct channel *channel,
    const struct http_reply *reply)
{
	return channel->token_tries < CHANNEL_TOKEN_TRIES &&
	    reply->failure != HTTP_FAILURE_TIMEOUT &&
	    (reply->failure != HTTP_FAILURE_NONE || reply->status >= 500 ||
	    reply->body.overflowed);
}

static void
channel_on_token_reply(void *arg, const struct http_reply *reply)
{
	struct channel *channel = arg;
	struct token token = { .text = "" };
	struct error error;

	channel->token_call = NULL;
	if (channel_token_may_retry(channel, reply))
		channel_mint(channel, channel->tokens);
	else if (reply->failure != HTTP_FAILURE_NONE) {
		error_set(&error, "the token endpoint cannot be reached: %s",
		    reply->failure_words);
		channel_token_failed(channel, error.words);
	} else if (!channel->provider->read(channel->account, reply,
	    clock_wall_s(), &token, &error))
		channel_token_failed(channel, error.words);
	else
		channel_token_minted(channel, &token);
	if (channel->token_call == NULL)
		channel->token_tries = 0;
}

static void
channel_mint(void *arg, struct token_source *source)
{
	struct channel *channel = arg;
	struct http_request request;
	struct token token = { .text = "" };
	struct error error;

	(void)source;
	http_request_init(&request);
	switch (channel->provider->mint(channel->account, clock_wall_s(),
	    &token, &request, &error)) {
	case PROVIDER_MINT_DONE:
		channel_token_minted(channel, &token);
		break;
	case PROVIDER_MINT_ASK:
		channel->token_tries++;
		channel->token_call = http_send(channel->token_pool, &request,
		    CHANNEL_TOKEN_TIMEOUT_MS, channel_on_token_reply, channel);
		break;
	case PROVIDER_MINT_FAILED:
		channel_token_failed(channel, error.words);
		break;
	}
	http_request_free(&request);
}

/* --- trouble ------------------------------------------------------------- */

struct permits *
channel_permits(struct channel *channel)
{
	return channel->permits;
}

bool
channel_admits(struct channel *channel, bool *probe)
{
	return breaker_admits(&channel->breaker, clock_monotonic_ms(), probe);
}

void
channel_abandon_probe(struct channel *channel)
{
	breaker_abandon(&channel->breaker);
}

static void
channel_report_success(struct channel *channel)
{
	channel->heard_ms = clock_monotonic_ms();
	if (!breaker_success(&channel->breaker))
		return;
	if (channel->told)
		log_info("%s: it answers again", channel->name);
	channel->told = false;
	channel_show_open(channel, false);
	loop_timer_start(channel->silence, CHANNEL_SILENCE_MS);
}

/* The account is out of order, with `opened` as of now. */
static void
channel_tell_open(struct channel *channel, bool opened)
{
	const struct breaker_params *params = &channel->breaker.params;

	if (opened) {
		channel_count(channel, METRICS_ACCOUNT_OPENED, 1);
		permits_recall(channel->permits);
	}
	/* Now and then again: another worker may have taken it back. */
	channel_show_open(channel, true);
	/* One that opens and closes all the time must not flood the log. */
	if (!channel->told)
		channel->told = channel_complain(channel, CHANNEL_OUT_OF_ORDER,
		    "out of order: %s, %u times in a row; tried again every "
		    "%" PRId64 " s", cause_phrase(channel->trouble),
		    params->failures, params->pause_ms / 1000);
}

static void
channel_report_failure(struct channel *channel, enum cause cause)
{
	bool opened = breaker_failure(&channel->breaker,
	    clock_monotonic_ms());

	channel->trouble = cause;
	if (channel->breaker.state != BREAKER_CLOSED)
		channel_tell_open(channel, opened);
}

static bool
channel_has_backlog(const struct channel *channel)
{
	return channel->breaker.state == BREAKER_CLOSED &&
	    channel->breaker.params.failures > 0 &&
	    channel->in_flight >= channel->breaker.params.failures;
}

static void
channel_on_silence(void *arg)
{
	struct channel *channel = arg;
	int64_t now_ms = clock_monotonic_ms();
	int64_t left_ms = channel->in_flight_since_ms + CHANNEL_SILENCE_MS -
	    now_ms;

	if (!channel_has_backlog(channel))
		return;
	if (left_ms > 0)
		loop_timer_start(channel->silence, left_ms);
	else {
		channel->trouble = CAUSE_DEADLINE;
		channel_tell_open(channel,
		    breaker_trip(&channel->breaker, now_ms));
	}
}

void
channel_call_begins(struct channel *channel)
{
	if (channel->in_flight++ == 0)
		channel->in_flight_since_ms = clock_monotonic_ms();
	if (channel->in_flight == channel->breaker.params.failures)
		loop_timer_start(channel->silence, CHANNEL_SILENCE_MS);
}

void
channel_call_ends(struct channel *channel)
{
	channel->in_flight--;
	channel->in_flight_since_ms = clock_monotonic_ms();
}

void
channel_report(struct channel *channel, bool failed, enum cause cause)
{
	if (failed)
		channel_report_failure(channel, cause);
	else
		channel_report_success(channel);
}

enum cause
channel_trouble(const struct channel *channel)
{
	return channel->trouble;
}

int64_t
channel_heard_ms(const struct channel *channel)
{
	return channel->heard_ms;
}

/* --- making -------------------------------------------------------------- */

static struct channel *
channel_create(struct channel_list *list, const struct app *app,
    const struct provider_channel *described)
{
	const struct channel_params *params = &list->params;
	struct channel *channel = xcalloc(1, sizeof *channel);
	struct http_pool_params pool = described->pool;
	struct token_params tokens = {
		.renew_ahead_s = described->token_renew_ahead_s,
		.min_age_s = described->token_min_age_s,
		.mint = channel_mint,
		.arg = channel
	};
	size_t i;

	for (i = 0; i < CHANNEL_COMPLAINT__MAX; i++)
		channel->complaints[i] = (struct log_limit){
			.burst = 1, .interval_ms = CHANNEL_COMPLAINT_PAUSE_MS
		};
	memcpy(channel->name, described->name, sizeof channel->name);
	memcpy(tokens.name, described->name, sizeof tokens.name);
	channel->list = list;
	channel->provider = app->provider;
	channel->account = app->account;
	pool.max_connections = (unsigned int)app->settings.max_connections;
	channel->pool = http_pool_create(params->http, &pool);
	channel->token_pool = http_pool_create(params->http,
	    &channel_token_pool);
	if (!described->needs_no_token)
		channel->tokens = token_source_create(params->store,
		    params->loop, &tokens);
	channel->permits = permits_create(params->loop, pool.max_connections *
	    pool.max_streams);
	breaker_init(&channel->breaker, &(struct breaker_params){
		.failures = (unsigned int)app->settings.breaker_failures,
		.pause_ms = app->settings.breaker_pause_s * 1000
	});
	channel->silence = loop_timer_create(params->loop, channel_on_silence,
	    channel);
	TAILQ_INSERT_TAIL(&list->channels, channel, entry);
	return channel;
}

static struct channel *
channel_find(struct channel_list *list, const struct app *app)
{
	struct provider_channel described;
	struct channel *channel;

	app->provider->describe(app->account, &described);
	TAILQ_FOREACH(channel, &list->channels, entry) {
		if (strcmp(channel->name, described.name) == 0)
			return channel;
	}
	return channel_create(list, app, &described);
}

struct channel *
channel_of_app(struct channel_list *list, const struct app *app)
{
	struct channel_binding *binding = &list->bindings[app->place];
	struct error error;

	if (binding->channel != NULL ||
	    clock_monotonic_ms() < binding->load_again_ms)
		return binding->channel;
	if (app->provider->load(app->account, &error))
		binding->channel = channel_find(list, app);
	else {
		binding->load_again_ms = clock_monotonic_ms() +
		    CHANNEL_LOAD_PAUSE_MS;
		log_error("app %s: %s", app->app_id, error.words);
	}
	return binding->channel;
}

bool
channel_has_app(const struct channel_list *list, const struct app *app)
{
	return list->bindings[app->place].channel != NULL;
}

struct http_pool *
channel_pool(struct channel *channel)
{
	return channel->pool;
}

struct token_source *
channel_tokens(struct channel *channel)
{
	return channel->tokens;
}
