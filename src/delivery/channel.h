/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_CHANNEL_H
#define DELIVERY_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "delivery/app.h"
#include "delivery/permits.h"
#include "http/http.h"
#include "provider/outcome.h"
#include "provider/provider.h"
#include "provider/token.h"
#include "state/metrics.h"

/*
 * A channel is what the apps with the same credentials share: connections to
 * the provider, its token, and how well it answers.  Accounts never share
 * one (Apple binds a connection to a team), so none can harm another.  Where
 * apps with the same credentials have different settings, the first one's
 * count.
 */
struct channel_list;
struct channel;

struct channel_params {
	struct loop *loop;
	struct app_registry *apps;
	struct http *http;
	struct token_store *store;
	struct metrics *metrics;	/* NULL: none */
};

/* What the params name must outlive the list. */
struct channel_list *channel_list_create(const struct channel_params *params);

/* Cancels what the channels have under way; nobody may wait for a token. */
void channel_list_free(struct channel_list *list);

/*
 * The channel of an app, or NULL while its credentials cannot be read: that
 * is logged, and tried again when it is asked for later.
 */
struct channel *channel_of_app(struct channel_list *list,
    const struct app *app);

/* True if there was one when it was last asked for. */
bool channel_has_app(const struct channel_list *list, const struct app *app);

/*
 * The permits to have a request in flight: as many as the connections can
 * carry, so that no request is composed before it can be sent.
 */
struct permits *channel_permits(struct channel *channel);

/*
 * False while the account answers nobody: what would be sent is settled at
 * once then, instead of holding up requests.  With `*probe` this is the one
 * that shows whether it answers again: a report on it, or channel_abandon_
 * probe, is due.
 */
bool channel_admits(struct channel *channel, bool *probe);
void channel_abandon_probe(struct channel *channel);

/*
 * A call is under way, and is over.  If as many as put an account out of
 * order are owed an answer and none comes for four seconds, it is: nobody
 * needs to wait until the first of them has had all of its time.
 */
void channel_call_begins(struct channel *channel);
void channel_call_ends(struct channel *channel);

/* There was an answer; or, with `failed`, none, or none of any use. */
void channel_report(struct channel *channel, bool failed, enum cause cause);

/* Counts something that has to do with the account. */
void channel_count(const struct channel *channel, enum metrics_name name,
    uint64_t count);

/* What the last failure was. */
enum cause channel_trouble(const struct channel *channel);

/* When there was the last answer, by the monotonic clock; 0: never. */
int64_t channel_heard_ms(const struct channel *channel);

struct http_pool *channel_pool(struct channel *channel);

/* NULL: it needs none. */
struct token_source *channel_tokens(struct channel *channel);

/* What there is to complain of; each drowns out only its own kind. */
enum channel_complaint {
	CHANNEL_NO_TOKEN,
	CHANNEL_NO_ANSWER,
	CHANNEL_NOT_ACCEPTED,
	CHANNEL_OUT_OF_ORDER,
	CHANNEL_COMPLAINT__MAX
};

/*
 * Tells the operator in the log, as an error, what only he can mend; at most
 * once in ten seconds for each channel and kind.  True if it did.
 */
bool channel_complain(struct channel *channel,
    enum channel_complaint complaint, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
