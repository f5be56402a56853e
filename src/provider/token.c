/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/token.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "state/directory.h"

enum {
	TOKEN_POLL_MS = 20,	/* how often a worker looks for another's */
	TOKEN_PAUSE_MS = 1000,	/* after a failure, before the next try */
	/* If the next one is refused so soon too, it is not the token. */
	TOKEN_REPLACED_AGE_S = 60,
	TOKEN_SKEW_S = 60,	/* one from further ahead is rubbish */
	TOKEN_LIFE_MAX_S = 86400,
	/* Whoever holds the lock for so long is stopped, or stuck. */
	TOKEN_LOCK_MS = 60000,
	TOKEN_FILE_SIZE = TOKEN_TEXT_SIZE + 128
};

struct token_store {
	int fd;
	char *directory;
};

struct token_wait {
	TAILQ_ENTRY(token_wait) entry;
	struct token_source *source;
	unsigned int round;
	token_ready_fn ready;
	void *arg;
};

TAILQ_HEAD(token_wait_list, token_wait);

enum token_state {
	TOKEN_IDLE,
	TOKEN_LOOKING,		/* another worker mints; look again soon */
	TOKEN_MINTING
};

struct token_source {
	struct token_store *store;
	struct token_params params;
	enum token_state state;
	struct token current;
	char refused[TOKEN_TEXT_SIZE];
	int lock_fd;
	int64_t looking_since_ms;
	int64_t paused_until_ms;
	unsigned int serial;	/* counts the current tokens */
	bool replaced;		/* the one before was refused */
	unsigned int round;	/* counts the servings */
	struct loop_timer *timer;
	struct token_wait_list waits;
};

struct token_store *
token_store_open(const char *directory, struct error *error)
{
	struct token_store *store = NULL;
	int fd = state_directory_open(directory, error);

	if (fd != -1) {
		store = xcalloc(1, sizeof *store);
		store->fd = fd;
		store->directory = xstrdup(directory);
	}
	return store;
}

void
token_store_close(struct token_store *store)
{
	if (store == NULL)
		return;
	close(store->fd);
	free(store->directory);
	free(store);
}

/* --- the file ------------------------------------------------------------ */

static void
token_file_name(const struct token_source *source, const char *ending,
    char *name, size_t size)
{
	char *c;

	snprintf(name, size, "%s%s", source->params.name, ending);
	for (c = name; *c != '\0'; c++) {
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
		    "uvwxyz0123456789.-_", *c) == NULL)
			*c = '_';
	}
	if (name[0] == '.')
		name[0] = '_';
}

static bool
token_parse(const char *text, struct token *token)
{
	int used = 0, i;

	memset(token, 0, sizeof *token);
	if (sscanf(text, "push-gateway token %" SCNd64 " %" SCNd64 "\n%n",
	    &token->issued_s, &token->expires_s, &used) != 2 || used == 0)
		return false;
	text += used;
	used = (int)strcspn(text, "\n");
	if (used == 0 || used >= TOKEN_TEXT_SIZE || strcmp(text + used, "\n"))
		return false;
	/* It goes into a header. */
	for (i = 0; i < used; i++) {
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	}
	memcpy(token->text, text, (size_t)used);
	return true;
}

/*
 * Reads the shared token.  What is not our own regular file of mode 0600 in
 * the right form is as if it were not there; minting replaces it.
 */
static bool
token_file_read(const struct token_source *source, struct token *token)
{
	char name[TOKEN_NAME_SIZE + 16], text[TOKEN_FILE_SIZE];
	struct stat st;
	ssize_t got = -1;
	int fd;

	token_file_name(source, ".token", name, sizeof name);
	fd = openat(source->store->fd, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return false;
	if (fstat(fd, &st) == 0 && state_file_is_private(&st))
		got = read(fd, text, sizeof text - 1);
	else
		log_warn("%s/%s is not a private file of this user; "
		    "it is replaced", source->store->directory, name);
	close(fd);
	if (got <= 0)
		return false;
	text[got] = '\0';
	return token_parse(text, token);
}

static void
token_file_write(const struct token_source *source, const struct token *token)
{
	char name[TOKEN_NAME_SIZE + 16], temporary[TOKEN_NAME_SIZE + 16];
	char text[TOKEN_FILE_SIZE];
	int dir = source->store->fd, fd, length;
	bool written;

	token_file_name(source, ".token", name, sizeof name);
	token_file_name(source, ".new", temporary, sizeof temporary);
	length = snprintf(text, sizeof text, "push-gateway token %" PRId64
	    " %" PRId64 "\n%s\n", token->issued_s, token->expires_s,
	    token->text);
	/* Only the holder of the lock comes here; a rest is a dead one's. */
	fd = state_file_create(dir, temporary);
	written = fd != -1 && write(fd, text, (size_t)length) == length;
	if (fd != -1 && close(fd) == -1)
		written = false;
	if (!written || renameat(dir, temporary, dir, name) == -1)
		log_error("cannot write %s/%s: %s", source->store->directory,
		    name, strerror(errno));
}

static bool
token_lock(struct token_source *source)
{
	char name[TOKEN_NAME_SIZE + 16];
	int fd;

	token_file_name(source, ".lock", name, sizeof name);
	fd = state_lock_open(source->store->fd, name);
	if (fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == -1) {
		int why = errno;

		close(fd);
		fd = -1;
		errno = why;
		if (why == EWOULDBLOCK && clock_monotonic_ms() <
		    source->looking_since_ms + TOKEN_LOCK_MS)
			return false;
	}
	/* Better each worker its own token than none. */
	if (fd == -1)
		log_error("cannot lock %s/%s: %s", source->store->directory,
		    name, strerror(errno));
	source->lock_fd = fd;
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

/* Tells everybody who waits now; who waits again meanwhile is for later. */
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
}

/* Takes over what another worker minted; true if nothing need be minted. */
static bool
token_adopt(struct token_source *source)
{
	struct token shared;

	if (token_file_read(source, &shared) &&
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
		source->state = TOKEN_IDLE;
	}
	if (token_is_usable(source, &source->current))
		token_serve(source);
	if (fresh)
		return;
	if (locked) {
		source->state = TOKEN_MINTING;
		source->params.mint(source->params.arg, source);
	} else {
		source->state = TOKEN_LOOKING;
		loop_timer_start(source->timer, TOKEN_POLL_MS);
	}
}

static void
token_on_timer(void *arg)
{
	struct token_source *source = arg;

	if (source->state == TOKEN_MINTING)
		return;
	if (clock_monotonic_ms() < source->paused_until_ms) {
		source->state = TOKEN_IDLE;
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
	if (source->state == TOKEN_IDLE) {
		source->state = TOKEN_LOOKING;
		source->looking_since_ms = clock_monotonic_ms();
		loop_timer_start(source->timer, 0);
	}
}

const struct token *
token_current(struct token_source *source)
{
	if (!token_is_usable(source, &source->current))
		return NULL;
	if (token_is_due(source, &source->current) &&
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

void
token_minted(struct token_source *source, const struct token *token)
{
	token_file_write(source, token);
	token_unlock(source);
	token_set(source, token);
	source->state = TOKEN_IDLE;
	token_serve(source);
}

void
token_failed(struct token_source *source)
{
	token_unlock(source);
	source->paused_until_ms = clock_monotonic_ms() + TOKEN_PAUSE_MS;
	source->state = TOKEN_IDLE;
	token_serve(source);
}
