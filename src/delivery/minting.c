/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/minting.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "provider/hint.h"

enum {
	MINTING_TIMEOUT_MS = 4000,
	MINTING_TRIES = 2
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
	struct http_pool *pool;		/* NULL until it is wanted */
	struct http_call *call;		/* NULL if none is under way */
	unsigned int tries;
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
	const char *last = strrchr(words, ' ');
	const char *hint = hint_find(last == NULL ? words : last + 1);

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

static void
minting_on_reply(void *arg, const struct http_reply *reply)
{
	struct minting *minting = arg;
	const struct minting_params *params = &minting->params;
	struct token token = { .text = "" };
	struct error error;
	struct buf words;

	minting->call = NULL;
	if (minting_may_retry(minting, reply))
		minting_mint(minting, minting->tokens);
	else if (reply->failure != HTTP_FAILURE_NONE) {
		buf_init(&words, sizeof error.words);
		buf_append_text(&words,
		    "the token endpoint cannot be reached: ");
		http_reply_describe_failure(reply, &words);
		minting_fail(minting, CAUSE_UNREACHABLE, buf_text(&words));
		buf_free(&words);
	} else if (!params->provider->read(params->account, reply,
	    clock_wall_s(), &token, &error))
		minting_fail(minting, reply->status >= 500 ?
		    CAUSE_UNREACHABLE : CAUSE_CREDENTIALS, error.words);
	else
		minting_succeed(minting, &token);
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
	struct error error;

	(void)source;
	http_request_init(&request);
	switch (params->provider->mint(params->account,
	    minting->origin, clock_wall_s(), &token, &request, &error)) {
	case PROVIDER_MINT_DONE:
		minting_succeed(minting, &token);
		break;
	case PROVIDER_MINT_ASK:
		minting->tries++;
		if (minting->pool == NULL)
			minting->pool = http_pool_create(params->http,
			    &minting_pool);
		minting->call = http_send(minting->pool, &request,
		    MINTING_TIMEOUT_MS, minting_on_reply, minting);
		break;
	case PROVIDER_MINT_FAILED:
		minting_fail(minting, CAUSE_CREDENTIALS, error.words);
		break;
	}
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
	if (minting == NULL)
		return;
	http_pool_free(minting->pool);
	token_source_free(minting->tokens);
	free(minting);
}

struct token_source *
minting_tokens(struct minting *minting)
{
	return minting->tokens;
}
