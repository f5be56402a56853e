/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/minting.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "provider/hint.h"

enum {
	MINTING_TIMEOUT_MS = 4000,	/* of a try, with all its steps */
	MINTING_TRIES = 2,
	MINTING_WORDS_SIZE = 512	/* of a failure, at most */
};

static const struct http_pool_params minting_pool = {
	.max_connections = 1,
	.max_streams = 10,
	.connect_timeout_ms = 3000,
	.idle_s = 60,
	.age_s = 3600
};

struct minting {
	struct minting_params params;
	char name[TOKEN_NAME_SIZE];
	char origin[PROVIDER_ORIGIN_SIZE];
	struct token_source *tokens;
	/* For each step, since it has a server of its own; NULL until it is
	 * wanted. */
	struct http_pool *pools[PROVIDER_MINT_STEPS];
	struct http_call *call;		/* NULL if none is under way */
	unsigned int tries;
	unsigned int step;
	int64_t began_ms;		/* this try */
};

static void minting_mint(void *arg, struct token_source *source);

static void
minting_succeed(struct minting *minting, const struct token *token)
{
	/* There may be one for each of a thousand servers. */
	if (minting->origin[0] == '\0')
		log_info("%s: new token", minting->name);
	metrics_add(minting->params.metrics, METRICS_TOKENS_MINTED, 1,
	    minting->params.labels);
	token_minted(minting->tokens, token);
}

static void
minting_fail(struct minting *minting, enum cause cause, const char *words)
{
	const char *hint = hint_find_at_end(words);

	if (minting->params.health != NULL)
		health_log(minting->params.health, HEALTH_NO_TOKEN,
		    "no token: %s%s%s", words, hint == NULL ? "" : ": ",
		    hint == NULL ? "" : hint);
	if (minting->params.failed != NULL)
		minting->params.failed(minting->params.arg, words);
	metrics_add(minting->params.metrics, METRICS_TOKEN_FAILURES, 1,
	    minting->params.labels);
	token_failed(minting->tokens, cause);
}

static bool
minting_may_retry(const struct minting *minting,
    const struct http_reply *reply)
{
	return minting->tries < MINTING_TRIES &&
	    reply->failure != HTTP_FAILURE_TIMEOUT &&
	    (reply->failure != HTTP_FAILURE_NONE || reply->status >= 500 ||
	    reply->body.overflowed);
}

static void minting_on_reply(void *arg, const struct http_reply *reply);

/* Takes over what the request holds. */
static void
minting_ask(struct minting *minting, struct http_request *request)
{
	struct http_pool **pool = &minting->pools[minting->step];
	struct http_pool_params params = minting_pool;
	int64_t left_ms = minting->began_ms + MINTING_TIMEOUT_MS -
	    clock_monotonic_ms();

	params.is_local = strncmp(buf_text(&request->url), "http://",
	    strlen("http://")) == 0;
	if (*pool == NULL)
		*pool = http_pool_create(minting->params.http, &params);
	minting->call = http_send(*pool, request, left_ms > 1 ? left_ms : 1,
	    minting_on_reply, minting);
}

/* A token was made, or there is one more request to send, or an error. */
static void
minting_go_on(struct minting *minting, enum provider_mint result,
    const struct token *token, struct http_request *request,
    enum cause cause, const struct error *error)
{
	switch (result) {
	case PROVIDER_MINT_DONE:
		minting_succeed(minting, token);
		break;
	case PROVIDER_MINT_ASK:
		minting_ask(minting, request);
		break;
	case PROVIDER_MINT_FAILED:
		minting_fail(minting, cause, error->words);
		break;
	}
}

static void
minting_read(struct minting *minting, const struct http_reply *reply)
{
	const struct minting_params *params = &minting->params;
	struct token token = { .text = "" };
	struct http_request request;
	enum provider_mint result;
	struct error error;

	http_request_init(&request);
	result = params->provider->read(params->account, minting->step, reply,
	    clock_wall_s(), &token, &request, &error);
	minting->step++;
	minting_go_on(minting, result, &token, &request,
	    reply->status >= 500 ? CAUSE_UNREACHABLE : CAUSE_CREDENTIALS,
	    &error);
	http_request_free(&request);
}

static void
minting_fail_unreached(struct minting *minting,
    const struct http_reply *reply)
{
	struct buf words;

	buf_init(&words, MINTING_WORDS_SIZE);
	buf_append_text(&words, "the token endpoint cannot be reached: ");
	http_reply_describe_failure(reply, &words);
	minting_fail(minting, CAUSE_UNREACHABLE, buf_text(&words));
	buf_free(&words);
}

static void
minting_on_reply(void *arg, const struct http_reply *reply)
{
	struct minting *minting = arg;

	minting->call = NULL;
	if (minting_may_retry(minting, reply))
		minting_mint(minting, minting->tokens);
	else if (reply->failure != HTTP_FAILURE_NONE)
		minting_fail_unreached(minting, reply);
	else
		minting_read(minting, reply);
	if (minting->call == NULL)
		minting->tries = 0;
}

static void
minting_mint(void *arg, struct token_source *source)
{
	struct minting *minting = arg;
	const struct minting_params *params = &minting->params;
	struct http_request request;
	struct token token = { .text = "" };
	enum provider_mint result;
	struct error error;

	(void)source;
	http_request_init(&request);
	minting->tries++;
	minting->step = 0;
	minting->began_ms = clock_monotonic_ms();
	result = params->provider->mint(params->account, minting->origin,
	    clock_wall_s(), &token, &request, &error);
	minting_go_on(minting, result, &token, &request, CAUSE_CREDENTIALS,
	    &error);
	if (minting->call == NULL)
		minting->tries = 0;
	http_request_free(&request);
}

struct minting *
minting_create(const struct minting_params *params)
{
	struct minting *minting = xcalloc(1, sizeof *minting);
	struct token_params tokens = {
		.renew_ahead_s = params->described->token_renew_ahead_s,
		.min_age_s = params->described->token_min_age_s,
		.mint = minting_mint,
		.arg = minting
	};

	memcpy(tokens.name, params->described->name, sizeof tokens.name);
	memcpy(minting->name, params->described->name, sizeof minting->name);
	memcpy(minting->origin, params->described->origin,
	    sizeof minting->origin);
	minting->params = *params;
	minting->tokens = token_source_create(params->store, params->loop,
	    &tokens);
	return minting;
}

void
minting_free(struct minting *minting)
{
	size_t i;

	if (minting == NULL)
		return;
	for (i = 0; i < PROVIDER_MINT_STEPS; i++)
		http_pool_free(minting->pools[i]);
	token_source_free(minting->tokens);
	free(minting);
}

struct token_source *
minting_tokens(struct minting *minting)
{
	return minting->tokens;
}
