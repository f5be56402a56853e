/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/token.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"

enum {
	TOKEN_POLL_MS = 20,	/* how often a worker looks for another's */
	TOKEN_PAUSE_MS = 1000,	/* after a failure, before the next try */
	/* If the next one is refused so soon too, it is not the token. */
	TOKEN_REPLACED_AGE_S = 5,
	TOKEN_SKEW_S = 60,	/* one from further ahead is rubbish */
	TOKEN_LIFE_MAX_S = 86400,
	/* A process that holds the lock for so long is stopped or stuck. */
	TOKEN_LOCK_MS = 5000
};

struct token_wait {
	TAILQ_ENTRY(token_wait) entry;
	struct token_source *source;
	unsigned int round;
	token_ready_fn ready;
	void *arg;
};

TAILQ_HEAD(token_wait_list, token_wait);

struct token_source {
	struct token_store *store;
	struct token_params params;
	bool busy;		/* it mints, or looks for what another mints */
	struct token current;
	char refused[TOKEN_TEXT_SIZE];
	int lock_fd;
	int64_t looking_since_ms;
	int64_t paused_until_ms;
	enum cause failure;		/* the last */
	unsigned int serial;	/* counts the current tokens */
	bool replaced;		/* the one before was refused */
	bool fallen_back;	/* it is the one before, while it is usable */
	unsigned int round;	/* counts the servings */
	struct loop_timer *timer;
	struct token_wait_list waits;
};

/* True if it may mint now. */
static bool
token_lock(struct token_source *source)
{
	if (source->store == NULL)
		return true;
	source->lock_fd = token_file_lock(source->store, source->params.name);
	if (source->lock_fd == -1 && errno == EWOULDBLOCK) {
		if (clock_monotonic_ms() <
		    source->looking_since_ms + TOKEN_LOCK_MS)
			return false;
		log_error("%s.lock is held by a process that has stopped or "
		    "hangs: this worker makes a token of its own",
		    source->params.name);
	}
	/* Better each worker its own token than none. */
	return true;
}

static void
token_unlock(struct token_source *source)
{
	if (source->lock_fd != -1)
		close(source->lock_fd);
	source->lock_fd = -1;
}

/* --- the state ----------------------------------------------------------- */

/* The clock may have been set back since it was issued. */
static bool
token_is_of_the_future(const struct token *token)
{
	return token->issued_s > clock_wall_s() + TOKEN_SKEW_S;
}

static bool
token_is_usable(const struct token_source *source, const struct token *token)
{
	return token->text[0] != '\0' && token->issued_s >= 0 &&
	    !token_is_of_the_future(token) &&
	    token->expires_s > clock_wall_s() &&
	    token->expires_s > token->issued_s &&
	    token->expires_s - token->issued_s <= TOKEN_LIFE_MAX_S &&
	    strcmp(token->text, source->refused) != 0;
}

static bool
token_is_due(const struct token_source *source, const struct token *token)
{
	int64_t ahead_s = source->params.renew_ahead_s;
	int64_t half_s = (token->expires_s - token->issued_s) / 2;

	return clock_wall_s() >=
	    token->expires_s - (ahead_s < half_s ? ahead_s : half_s);
}

/* Serves all that wait now; those that wait again meanwhile come later. */
static void
token_serve(struct token_source *source)
{
	struct token_wait *wait;
	const struct token *token = token_is_usable(source, &source->current) ?
	    &source->current : NULL;

	source->round++;
	while ((wait = TAILQ_FIRST(&source->waits)) != NULL &&
	    wait->round != source->round) {
		TAILQ_REMOVE(&source->waits, wait, entry);
		wait->ready(wait->arg, token);
		free(wait);
	}
}

static void
token_set(struct token_source *source, const struct token *token)
{
	if (strcmp(source->current.text, token->text) != 0) {
		source->serial++;
		source->replaced = source->refused[0] != '\0' &&
		    strcmp(source->current.text, source->refused) == 0;
	}
	source->current = *token;
	source->fallen_back = false;
}

/* True if it is due, and there is no newer one that is not taken yet. */
static bool
token_wants_renewal(const struct token_source *source)
{
	return !source->fallen_back && token_is_due(source, &source->current);
}

/* Takes over what another worker minted; true if nothing need be minted. */
static bool
token_adopt(struct token_source *source)
{
	struct token shared;

	if (source->fallen_back && token_is_usable(source, &source->current))
		return true;
	if (source->store != NULL &&
	    token_file_read(source->store, source->params.name,
	    TOKEN_FILE_CURRENT, &shared) &&
	    token_is_usable(source, &shared) &&
	    (shared.issued_s >= source->current.issued_s ||
	    token_is_of_the_future(&source->current)))
		token_set(source, &shared);
	return token_is_usable(source, &source->current) &&
	    !token_is_due(source, &source->current);
}

static void
token_refresh(struct token_source *source)
{
	bool fresh = token_adopt(source), locked = false;

	if (!fresh && (locked = token_lock(source)))
		/* It may have come between the first look and the lock. */
		fresh = token_adopt(source);
	if (fresh) {
		token_unlock(source);
		source->busy = false;
	}
	if (token_is_usable(source, &source->current))
		token_serve(source);
	if (fresh)
		return;
	if (locked)
		source->params.mint(source->params.arg, source);
	else
		loop_timer_start(source->timer, TOKEN_POLL_MS);
}

static void
token_on_timer(void *arg)
{
	struct token_source *source = arg;

	if (clock_monotonic_ms() < source->paused_until_ms) {
		source->busy = false;
		token_serve(source);
	} else
		token_refresh(source);
}

struct token_source *
token_source_create(struct token_store *store, struct loop *loop,
    const struct token_params *params)
{
	struct token_source *source = xcalloc(1, sizeof *source);

	source->store = store;
	source->params = *params;
	source->lock_fd = -1;
	source->failure = CAUSE_CREDENTIALS;
	source->timer = loop_timer_create(loop, token_on_timer, source);
	TAILQ_INIT(&source->waits);
	return source;
}

void
token_source_free(struct token_source *source)
{
	if (source == NULL)
		return;
	token_unlock(source);
	loop_timer_free(source->timer);
	free(source);
}

/* Looks for a token as soon as the loop turns, unless it does already. */
static void
token_start(struct token_source *source)
{
	if (!source->busy) {
		source->busy = true;
		source->looking_since_ms = clock_monotonic_ms();
		loop_timer_start(source->timer, 0);
	}
}

const struct token *
token_current(struct token_source *source)
{
	if (!token_is_usable(source, &source->current))
		return NULL;
	if (token_wants_renewal(source) &&
	    clock_monotonic_ms() >= source->paused_until_ms)
		token_start(source);
	return &source->current;
}

struct token_wait *
token_wait(struct token_source *source, token_ready_fn ready, void *arg)
{
	struct token_wait *wait = xcalloc(1, sizeof *wait);

	wait->source = source;
	wait->round = source->round;
	wait->ready = ready;
	wait->arg = arg;
	TAILQ_INSERT_TAIL(&source->waits, wait, entry);
	token_start(source);
	return wait;
}

void
token_wait_cancel(struct token_wait *wait)
{
	TAILQ_REMOVE(&wait->source->waits, wait, entry);
	free(wait);
}

unsigned int
token_serial(const struct token_source *source)
{
	return source->serial;
}

int64_t
token_issued_s(const struct token_source *source)
{
	return source->current.text[0] == '\0' ? 0 : source->current.issued_s;
}

bool
token_refuse(struct token_source *source, unsigned int serial)
{
	const struct token *current = &source->current;

	if (serial != source->serial ||
	    strcmp(current->text, source->refused) == 0)
		return true;
	if (clock_wall_s() < current->issued_s + source->params.min_age_s ||
	    (source->replaced && clock_wall_s() <
	    current->issued_s + TOKEN_REPLACED_AGE_S))
		return false;
	memcpy(source->refused, current->text, sizeof source->refused);
	return true;
}

bool
token_fall_back(struct token_source *source, unsigned int serial)
{
	struct token former;
	bool found = serial != source->serial;

	if (!found && !source->fallen_back && source->store != NULL &&
	    token_file_read(source->store, source->params.name,
	    TOKEN_FILE_FORMER, &former) && token_is_usable(source, &former) &&
	    strcmp(former.text, source->current.text) != 0) {
		log_warn("%s: the provider does not accept the new token yet: "
		    "using the previous one", source->params.name);
		token_set(source, &former);
		source->fallen_back = found = true;
	}
	return found;
}

/* What the provider may still take when it does not take the new one yet. */
static void
token_keep_former(const struct token_source *source)
{
	if (source->params.min_age_s > 0 &&
	    token_is_usable(source, &source->current))
		token_file_write(source->store, source->params.name,
		    TOKEN_FILE_FORMER, &source->current);
}

void
token_minted(struct token_source *source, const struct token *token)
{
	if (source->store != NULL) {
		token_keep_former(source);
		token_file_write(source->store, source->params.name,
		    TOKEN_FILE_CURRENT, token);
	}
	token_unlock(source);
	token_set(source, token);
	source->busy = false;
	token_serve(source);
}

void
token_failed(struct token_source *source, enum cause cause)
{
	source->failure = cause;
	token_unlock(source);
	source->paused_until_ms = clock_monotonic_ms() + TOKEN_PAUSE_MS;
	source->busy = false;
	token_serve(source);
}

enum cause
token_failure(const struct token_source *source)
{
	return source->failure;
}
