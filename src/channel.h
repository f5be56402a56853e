/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <stdbool.h>
#include <sys/queue.h>

#include "app.h"
#include "http.h"
#include "loop.h"
#include "provider.h"
#include "token.h"

/*
 * A channel is what the apps with the same credentials share: connections to
 * the provider and its token.  Accounts never share one (Apple binds a
 * connection to a team), so none can harm another.
 */
struct channel_list;
struct channel;

struct channel_params {
	struct loop *loop;
	struct http *http;
	struct token_store *store;
};

/* What the params name must outlive the list. */
struct channel_list *channel_list_create(const struct channel_params *params);

/* Cancels what the channels have under way; nobody may wait for a token. */
void channel_list_free(struct channel_list *list);

/*
 * The channel of an app, or NULL while its credentials cannot be read: that
 * is logged, and tried again when it is asked for later.  The registry that
 * holds the app must outlive the list.
 */
struct channel *channel_of_app(struct channel_list *list, struct app *app);

/*
 * A turn on a channel: leave to have a request in flight.  There are as many
 * as the connections can carry; who has none waits, in the order of asking,
 * without a request being composed for him.  Zeroed at first.
 */
struct channel_turn {
	TAILQ_ENTRY(channel_turn) entry;
	enum {
		CHANNEL_TURN_NONE,
		CHANNEL_TURN_WAITING,
		CHANNEL_TURN_TAKEN
	} state;
	void (*go)(void *arg);	/* called from the loop when it is taken */
	void *arg;
};

/* True if the turn is taken at once; else `go` is called when it is. */
bool channel_take_turn(struct channel *channel, struct channel_turn *turn);

/* Gives a turn back, or stops waiting for one. */
void channel_leave_turn(struct channel *channel, struct channel_turn *turn);

struct http_pool *channel_pool(struct channel *channel);

/* NULL: it needs none. */
struct token_source *channel_tokens(struct channel *channel);

/* What there is to complain of; each drowns out only its own kind. */
enum channel_complaint {
	CHANNEL_NO_TOKEN,
	CHANNEL_NO_ANSWER,
	CHANNEL_NOT_ACCEPTED,
	CHANNEL_COMPLAINT__MAX
};

/*
 * Tells the operator in the log, as an error, what only he can mend; at most
 * once in ten seconds for each channel and kind.
 */
void channel_complain(struct channel *channel,
    enum channel_complaint complaint, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
