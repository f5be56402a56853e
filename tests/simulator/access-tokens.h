/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACCESS_TOKENS_H
#define ACCESS_TOKENS_H

#include <stdint.h>

#include "accounts.h"

#define ACCESS_TOKEN_SIZE 48	/* with the NUL */

/* The access tokens (Google) that the simulator issued: the last 1,024. */
struct access_tokens;

struct access_token {
	char token[ACCESS_TOKEN_SIZE];
	const struct fcm_account *account;
	int64_t expires_at_ms;
};

struct access_tokens *
access_tokens_new(void);

void
access_tokens_free(struct access_tokens *tokens);

/* A new random token; valid until 1,023 more were issued. */
const struct access_token *
access_tokens_issue(struct access_tokens *tokens,
    const struct fcm_account *account, int64_t expires_at_ms);

/* The token as it was issued, expired or not, or NULL. */
const struct access_token *
access_tokens_find(const struct access_tokens *tokens, const char *token);

#endif
