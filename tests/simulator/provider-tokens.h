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
};

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
