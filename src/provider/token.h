/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_TOKEN_H
#define PROVIDER_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "provider/outcome.h"
#include "provider/token-file.h"

/*
 * Provider tokens, shared by all workers of a host through files in the state
 * directory: the worker that holds a token's lock mints it, the others read
 * it.  A lock dies with its holder, and nobody waits for it for more than
 * five seconds.  The loop never blocks on it.
 */
struct token_source;
struct token_wait;

struct token_params {
	/* Tells this credential from every other; becomes a file's name. */
	char name[TOKEN_NAME_SIZE];
	/* Renewed so long before it expires, at most half its life. */
	int64_t renew_ahead_s;
	/* A refused token is not replaced before this age.  With 0 there is no
	 * such floor, and none to fall back to. */
	int64_t min_age_s;
	/*
	 * Mints a token, or begins to: ends in one call of token_minted or
	 * token_failed, in any case within seconds.
	 */
	void (*mint)(void *arg, struct token_source *source);
	void *arg;
};

/* Called once, with NULL if no token can be had now. */
typedef void (*token_ready_fn)(void *arg, const struct token *token);

/*
 * The store must outlive its sources.  NULL: nothing is shared, each worker
 * mints its own.
 */
struct token_source *token_source_create(struct token_store *store,
    struct loop *loop, const struct token_params *params);

/* Waits must be cancelled before, and no minting may report after. */
void token_source_free(struct token_source *source);

/*
 * A token that can be used now, or NULL: then ask token_wait.  Owned by the
 * source and valid until the loop turns.  Starts a renewal when it is time.
 */
const struct token *token_current(struct token_source *source);

struct token_wait *token_wait(struct token_source *source,
    token_ready_fn ready, void *arg);
void token_wait_cancel(struct token_wait *wait);

/*
 * The serial number of the current token: remember it with a request, and
 * give it to token_refuse if the provider finds that token stale.  It is not
 * used again then, whoever reads it from the file, and the next one asked for
 * is another.  False if it is younger than the least age, or took the place
 * of a refused one a moment ago, and so is kept.
 */
unsigned int token_serial(const struct token_source *source);
bool token_refuse(struct token_source *source, unsigned int serial);

/* When the newest token was issued, in Unix time; 0 if there is none. */
int64_t token_issued_s(const struct token_source *source);

/*
 * The provider has seen the token before too short a time ago to take that one
 * (its serial number): the one before is used until it expires, and then that
 * one again.  It outlives us, in a file.  False if there is none, or it is the
 * one before.
 */
bool token_fall_back(struct token_source *source, unsigned int serial);

void token_minted(struct token_source *source, const struct token *token);
void token_failed(struct token_source *source, enum cause cause);

/* Why there is no token, if there is none: of the last failure. */
enum cause token_failure(const struct token_source *source);

#endif
