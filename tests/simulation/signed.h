/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNED_H
#define SIGNED_H

#include <stdbool.h>
#include <stdint.h>

/* When a token that the gateway signs itself, for APNs, HMS or a push service,
 * is valid; 0: it does not say.  In seconds since 1970. */
struct signed_token {
	int64_t issued_s;
	int64_t ends_s;
};

/* That of an authorization header; all 0 if it has none. */
struct signed_token signed_read(const char *header);

/*
 * What is wrong about using it now, or NULL.  Apple takes one for an hour
 * ("Establishing a token-based connection to APNs"), as Huawei does; a push
 * service refuses one that ends in more than a day (RFC 8292, 2).
 */
const char *signed_find_fault(const struct signed_token *token);

/* Whether the one followed the other too soon: Apple has it changed at most
 * once in twenty minutes (same page). */
bool signed_is_too_soon(const struct signed_token *token,
    const struct signed_token *other);

#endif
