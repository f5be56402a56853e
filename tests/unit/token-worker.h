/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOKEN_WORKER_H
#define TOKEN_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "provider/token.h"

/*
 * Workers that share tokens, for the tests of them: each has a store and a
 * source of its own.  The clock stands still but for where a test moves it;
 * only the loop's timers run.  What takes too long ends the program.
 */
enum {
	TOKEN_WORKER_AT_ONCE = -1,	/* from within the call */
	TOKEN_WORKER_WHEN_TOLD = -2,	/* by token_worker_finish */
	TOKEN_WORKER_NOW_S = 1700000000,
	TOKEN_WORKER_NOW_MS = 1000000,
	TOKEN_WORKER_LIFE_S = 3600
};

struct token_worker {
	struct token_store *store;
	struct token_source *source;
	struct token_params params;
	struct loop_timer *timer;
	bool fails;		/* its minting */
	int64_t delay_ms;	/* until it has minted, or one of the next */
	int64_t life_s;		/* of what it mints */
	unsigned int mints;
};

/* The answer to a wait. */
struct token_worker_answer {
	unsigned int times;	/* that it was given */
	const char *text;	/* NULL: there is none */
	unsigned int *missing;	/* counted down; at 0 the loop is stopped */
};

/* Makes the one loop, and sets the clock to the values above. */
void token_worker_begin(void);
void token_worker_end(void);

/* A directory of its own for each test; it is not there yet. */
const char *token_worker_directory(void);

/* With tokens of an hour, renewed at 50 minutes, kept for 20; shared in the
 * directory, or not (NULL). */
void token_worker_open(struct token_worker *worker, const char *directory,
    const char *name);
void token_worker_close(struct token_worker *worker);

/* Another least age of its tokens; it forgets those it has. */
void token_worker_set_min_age(struct token_worker *worker, int64_t min_age_s);

/* Ends its minting. */
void token_worker_finish(struct token_worker *worker);

/* Waits for a token. */
struct token_wait *token_worker_wait(struct token_worker *worker,
    struct token_worker_answer *answer);

/* The token that a worker gets by waiting, or NULL. */
const char *token_worker_ask(struct token_worker *worker);

/* The token that it has now, or NULL. */
const char *token_worker_current(struct token_worker *worker);

/* Runs the loop until it is stopped, or until all that is due was done. */
void token_worker_run(void);
void token_worker_turn(void);

#endif
