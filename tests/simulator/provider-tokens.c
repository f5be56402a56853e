/* SPDX-License-Identifier: Apache-2.0 */
#include "provider-tokens.h"

#include <openssl/sha.h>

#include <stdlib.h>
#include <string.h>

#include "jwt-verify.h"
#include "text.h"

#define PROVIDER_TOKENS_MAX 64

struct entry {
	char *token;		/* NULL: free */
	struct provider_token verified;
};

struct provider_tokens {
	const struct accounts *accounts;
	struct entry entries[PROVIDER_TOKENS_MAX];
	size_t next;		/* the entry to be given up next */
};

struct provider_tokens *
provider_tokens_new(const struct accounts *accounts)
{
	struct provider_tokens *tokens = memory_new(sizeof *tokens);

	tokens->accounts = accounts;
	return tokens;
}

void
provider_tokens_free(struct provider_tokens *tokens)
{
	for (size_t i = 0; i < PROVIDER_TOKENS_MAX; i++)
		free(tokens->entries[i].token);
	free(tokens);
}

static uint64_t
digest(const char *token)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	uint64_t beginning;

	SHA256((const unsigned char *)token, strlen(token), hash);
	memcpy(&beginning, hash, sizeof beginning);
	return beginning;
}

static bool
verify(const struct accounts *accounts, const char *token,
    struct provider_token *verified)
{
	struct jwt jwt;
	const char *key_id = NULL;
	const char *team_id = NULL;
	bool good = false;

	memset(verified, 0, sizeof *verified);
	if (jwt_parse(&jwt, token)) {
		key_id = jwt_get_string(jwt.header, "kid");
		team_id = jwt_get_string(jwt.claims, "iss");
	}
	if (key_id != NULL && team_id != NULL)
		verified->account = accounts_find_apns(accounts, key_id,
		    team_id);
	if (verified->account != NULL)
		good = jwt_get_integer(&jwt, "iat", &verified->issued_at_s) &&
		    jwt_is_signed_by(&jwt, "ES256",
		    verified->account->public_key);
	verified->digest = digest(token);
	jwt_clear(&jwt);
	return good;
}

const struct provider_token *
provider_tokens_verify(struct provider_tokens *tokens, const char *token)
{
	const struct provider_token *found = NULL;
	struct provider_token verified;

	for (size_t i = 0; found == NULL && i < PROVIDER_TOKENS_MAX; i++) {
		const struct entry *entry = &tokens->entries[i];

		if (entry->token != NULL && strcmp(entry->token, token) == 0)
			found = &entry->verified;
	}
	if (found == NULL && verify(tokens->accounts, token, &verified)) {
		struct entry *entry = &tokens->entries[tokens->next];

		free(entry->token);
		entry->token = memory_copy_string(token);
		entry->verified = verified;
		tokens->next = (tokens->next + 1) % PROVIDER_TOKENS_MAX;
		found = &entry->verified;
	}
	return found;
}

bool
token_history_add(struct token_history *history,
    const struct provider_token *token, int64_t now_ms, int64_t floor_s)
{
	size_t count = history->count < TOKEN_HISTORY_MAX ? history->count
	    : TOKEN_HISTORY_MAX;
	bool known = false;
	bool early = false;

	for (size_t i = 0; i < count; i++) {
		const struct seen_token *seen = &history->tokens[i];

		if (seen->account == token->account) {
			known = known || seen->digest == token->digest;
			early = early ||
			    now_ms - seen->first_at_ms < floor_s * 1000;
		}
	}
	if (!known && !early)
		history->tokens[history->count++ % TOKEN_HISTORY_MAX] =
		    (struct seen_token){
			.account = token->account,
			.digest = token->digest,
			.first_at_ms = now_ms,
		    };
	return known || !early;
}
