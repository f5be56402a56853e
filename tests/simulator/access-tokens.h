/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACCESS_TOKENS_H
#define ACCESS_TOKENS_H

#include <stdint.h>

#define ACCESS_TOKEN_SIZE 48	/* with the NUL */

/* The access tokens that a token endpoint issued: the last 1,024. */
struct access_tokens;

struct access_token {
	char token[ACCESS_TOKEN_SIZE];
	const char *project_id;		/* or app, that it lets send for; of
					 * the accounts */
	const char *service_account;	/* only to be exchanged for a token of
					 * that one; NULL: to send */
	int64_t expires_at_ms;
};

/* They begin and end with these texts, which outlive them. */
struct access_tokens *
access_tokens_new(const char *start, const char *end);

void
access_tokens_free(struct access_tokens *tokens);

/* A new random token; valid until 1,023 more were issued. */
const struct access_token *
access_tokens_issue(struct access_tokens *tokens, const char *project_id,
    const char *service_account, int64_t expires_at_ms);

/* The token as it was issued, expired or not, or NULL. */
const struct access_token *
access_tokens_find(const struct access_tokens *tokens, const char *token);

#endif
