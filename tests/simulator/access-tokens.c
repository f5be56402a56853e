/* SPDX-License-Identifier: Apache-2.0 */
#include "access-tokens.h"

#include <openssl/rand.h>

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define ACCESS_TOKENS_MAX 1024

struct access_tokens {
	const char *start;
	const char *end;
	struct access_token entries[ACCESS_TOKENS_MAX];
	size_t issued;
};

struct access_tokens *
access_tokens_new(const char *start, const char *end)
{
	struct access_tokens *tokens = memory_new(sizeof *tokens);

	tokens->start = start;
	tokens->end = end;
	return tokens;
}

void
access_tokens_free(struct access_tokens *tokens)
{
	free(tokens);
}

const struct access_token *
access_tokens_issue(struct access_tokens *tokens, const char *project_id,
    const char *service_account, int64_t expires_at_ms)
{
	struct access_token *entry =
	    &tokens->entries[tokens->issued % ACCESS_TOKENS_MAX];
	unsigned char random[16];
	struct text text;

	if (RAND_bytes(random, sizeof random) != 1)
		errx(1, "no random bytes");
	text_init(&text, ACCESS_TOKEN_SIZE);
	text_add_string(&text, tokens->start);
	for (size_t i = 0; i < sizeof random; i++)
		text_add_format(&text, "%02x", random[i]);
	text_add_string(&text, tokens->end);
	string_copy(entry->token, sizeof entry->token, text_string(&text));
	text_clear(&text);
	entry->project_id = project_id;
	entry->service_account = service_account;
	entry->expires_at_ms = expires_at_ms;
	tokens->issued++;
	return entry;
}

const struct access_token *
access_tokens_find(const struct access_tokens *tokens, const char *token)
{
	const struct access_token *found = NULL;
	size_t count = tokens->issued < ACCESS_TOKENS_MAX ? tokens->issued
	    : ACCESS_TOKENS_MAX;

	/* From the newest, which is the one that is used. */
	for (size_t i = 1; found == NULL && i <= count; i++) {
		const struct access_token *entry =
		    &tokens->entries[(tokens->issued - i) % ACCESS_TOKENS_MAX];

		if (strcmp(entry->token, token) == 0)
			found = entry;
	}
	return found;
}
