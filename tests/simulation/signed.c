/* SPDX-License-Identifier: Apache-2.0 */
#include "signed.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"

enum {
	SIGNED_LIFE_S = 3600,
	SIGNED_LIFE_MAX_S = 86400,
	SIGNED_CHANGE_S = 1200,
	SIGNED_CLAIMS_SIZE = 512,
	/* What was made with one may still wait for a connection. */
	SIGNED_LATE_S = 12
};

static int64_t
signed_read_claim(const char *claims, const char *name)
{
	const char *place = strstr(claims, name);

	return place == NULL ? 0 : strtoll(place + strlen(name), NULL, 10);
}

struct signed_token
signed_read(const char *header)
{
	struct signed_token token = { 0, 0 };
	char claims[SIGNED_CLAIMS_SIZE];
	const char *from = strchr(header, '.');
	long size = -1;

	if (from != NULL)
		size = encoding_read_base64(from + 1, strcspn(from + 1, "."),
		    (unsigned char *)claims, sizeof claims - 1);
	if (size != -1) {
		claims[size] = '\0';
		token.issued_s = signed_read_claim(claims, "\"iat\":");
		token.ends_s = signed_read_claim(claims, "\"exp\":");
	}
	return token;
}

const char *
signed_find_fault(const struct signed_token *token)
{
	int64_t now_s = clock_wall_s();

	if (token->issued_s > now_s)
		return "sent with a token of the future";
	if (token->issued_s != 0 &&
	    now_s > token->issued_s + SIGNED_LIFE_S + SIGNED_LATE_S)
		return "sent with a token that is too old";
	if (token->ends_s != 0 && now_s > token->ends_s + SIGNED_LATE_S)
		return "sent with a token that has ended";
	if (token->ends_s > now_s + SIGNED_LIFE_MAX_S)
		return "sent with a token that ends too late";
	return NULL;
}

bool
signed_is_too_soon(const struct signed_token *token,
    const struct signed_token *other)
{
	return token->issued_s != 0 && other->issued_s != 0 &&
	    llabs(token->issued_s - other->issued_s) < SIGNED_CHANGE_S;
}
