/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_TOKENS_H
#define PROVIDER_TOKENS_H

#include <stdbool.h>
#include <stdint.h>

#include "accounts.h"

/*
 * The provider tokens (APNs) whose signature was found good.  A signature
 * costs more than all the rest of a request, so each token is verified once.
 */
struct provider_tokens;

struct provider_token {
	const struct apns_account *account;
	int64_t issued_at_s;
	uint64_t digest;		/* tells it from all others */
};

#define TOKEN_HISTORY_MAX 16

/*
 * The tokens that were seen somewhere, on a connection or anywhere, the
 * latest TOKEN_HISTORY_MAX, and when each was first.
 */
struct token_history {
	struct seen_token {
		const struct apns_account *account;
		uint64_t digest;
		int64_t first_at_ms;
	} tokens[TOKEN_HISTORY_MAX];
	size_t count;			/* ever added */
};

/*
 * False if the token is new here and another of its account was new less than
 * `floor_s` ago; else it is added.
 */
bool
token_history_add(struct token_history *history,
    const struct provider_token *token, int64_t now_ms, int64_t floor_s);

/* The accounts are borrowed for the life of the struct. */
struct provider_tokens *
provider_tokens_new(const struct accounts *accounts);

void
provider_tokens_free(struct provider_tokens *tokens);

/*
 * The token's account and time of issue, or NULL if it is not well signed
 * by a known key of the team that it names.  Its age is not looked at.
 * Valid until the next call.
 */
const struct provider_token *
provider_tokens_verify(struct provider_tokens *tokens, const char *token);

#endif
