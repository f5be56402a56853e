/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_MINTING_H
#define DELIVERY_MINTING_H

#include "base/loop.h"
#include "delivery/health.h"
#include "http/http.h"
#include "provider/provider.h"
#include "provider/token.h"
#include "state/metrics.h"

/*
 * The tokens of a channel: made by its provider, or asked for at the
 * provider's token endpoint, in one step or several, over connections of their
 * own.
 */
struct minting;

struct minting_params {
	struct loop *loop;
	struct http *http;
	struct token_store *store;	/* NULL: see token_source_create */
	const struct provider *provider;
	const void *account;		/* the provider's, loaded */
	const struct provider_channel *described;	/* by the provider */
	/* Who is told of failures: a channel, for its log; and any other, in
	 * words without secrets.  NULL: nobody. */
	struct health *health;
	void (*failed)(void *arg, const char *words);
	void *arg;
	struct metrics *metrics;	/* NULL: none */
	const struct metrics_labels *labels;	/* the channel's */
};

/* What the params name, but for `described`, must outlive it. */
struct minting *minting_create(const struct minting_params *params);

/* Nobody may wait for a token any more. */
void minting_free(struct minting *minting);

struct token_source *minting_tokens(struct minting *minting);

#endif
