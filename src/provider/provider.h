/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_PROVIDER_H
#define PROVIDER_PROVIDER_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/error.h"
#include "base/setting.h"
#include "http/http.h"
#include "http/message.h"
#include "provider/notification.h"
#include "provider/outcome.h"
#include "provider/token.h"

/*
 * A provider describes and judges; it does not send.  Attempts, deadlines,
 * tokens' lives and logs exist once, in delivery.  A new provider is one file
 * with one of these structs and one line in PROVIDER_LIST.
 */

enum { PROVIDER_ORIGIN_SIZE = 280 };	/* a host's name has at most 253 */

/*
 * What pushes share: connections, tokens, and how well they are answered.  Apps
 * with the same credentials share one; where each device names the server that
 * it is reached by, they share one for each of those servers.  Filled by
 * `describe`, once the credentials are loaded.
 */
struct provider_channel {
	char name[TOKEN_NAME_SIZE];	/* distinguishes credentials */
	bool is_by_origin;	/* devices name servers */
	/* "https://host[:port]" of the device's server, in lower case, or "".
	 * It may name a person: never in a log, a metric, a file's name. */
	char origin[PROVIDER_ORIGIN_SIZE];
	struct http_pool_params pool;	/* max_connections: the default */
	bool needs_no_token;	/* else how long one is used: */
	int64_t token_renew_ahead_s;
	int64_t token_min_age_s;
};

struct provider_push {
	const struct token *token;	/* NULL if none is needed */
	const char *message_id;	/* a UUID, kept over the attempts */
	int64_t now_s;
	/*
	 * 0, then the next one after each RETRY_VARIANT: a shorter form of the
	 * same message, for example.  `compose` fails once there is no more.
	 */
	unsigned int variant;
	bool validate_only;	/* where the provider offers that */
	/* Takes the payload as it is before it is encrypted; NULL: nobody
	 * wants it. */
	struct buf *plain;
};

/*
 * How to find out whether the credentials are good: a push to a device that
 * cannot be.
 */
struct provider_probe {
	const char *pushkey;	/* of no device */
	/* The reasons of outcomes that show all else to be right; ends with
	 * NULL. */
	const char *reasons[5];
	bool is_counted;	/* the provider minds if there are many */
};

/*
 * A request for a token over plain HTTP is to a server of this host or its
 * link, and goes past the proxy.
 */
enum provider_mint {
	PROVIDER_MINT_DONE,	/* the token is made */
	PROVIDER_MINT_ASK,	/* send the request, give the reply to `read` */
	PROVIDER_MINT_FAILED
};

/* Requests for one token, at most: the last step is one less. */
enum { PROVIDER_MINT_STEPS = 3 };

struct provider_advice {
	bool is_unwanted;	/* nothing is sent; it counts as delivered */
	/* What is odd about the device, in words for the log; NULL: nothing.
	 * They hold nothing of what the caller sent. */
	const char *oddity;
};

struct provider {
	const char *name;	/* as the configuration names it */
	const struct setting *settings;	/* of an entry of "apps" */
	const struct provider_probe *probe;	/* NULL: there is none */

	/*
	 * An account from one entry of "apps"; relative paths are relative to
	 * `directory`.  NULL with an error.  Reads no credentials yet.
	 */
	void *(*open)(struct json_object *section, const char *directory,
	    struct error *error);
	void (*close)(void *account);

	/*
	 * Reads the credentials from their files.  False with an error; the
	 * account cannot be used for anything but another load then.
	 */
	bool (*load)(void *account, struct error *error);
	/* The i-th of these files, or NULL after the last. */
	const char *(*credentials)(const void *account, size_t i);
	/* When what was loaded ends, 0: never; NULL if it never does. */
	int64_t (*expires_s)(const void *account);
	/*
	 * Describes the channel to a device, or without one (NULL) all that
	 * does not depend on it.  CAUSE_NONE, or for which nothing may ever be
	 * sent to that device.
	 */
	enum cause (*describe)(const void *account,
	    const struct device *device, struct provider_channel *channel);
	/* True if its pushes reach no people's apps but developers'; NULL:
	 * never. */
	bool (*is_sandbox)(const void *account);

	/*
	 * Makes a token for a channel with that origin, or the request for
	 * one; FAILED comes with an error.  Not called if the channel needs
	 * none.
	 */
	enum provider_mint (*mint)(const void *account, const char *origin,
	    int64_t now_s, struct token *token, struct http_request *request,
	    struct error *error);
	/*
	 * Only for those that ASK: the token in a reply, or the request that
	 * comes next on the way to one; FAILED comes with an error.  `step`
	 * counts the requests before the one that was answered.
	 */
	enum provider_mint (*read)(const void *account, unsigned int step,
	    const struct http_reply *reply, int64_t now_s, struct token *token,
	    struct http_request *request, struct error *error);
	/*
	 * The i-th of the files that `mint` reads each time, so that a change
	 * needs no reload, or NULL after the last.  Once the credentials are
	 * loaded.  NULL: none.
	 */
	const char *(*mint_files)(const void *account, size_t i);

	/*
	 * What is to be known of a device before it is sent to; `advice` is
	 * zeroed.
	 */
	void (*consider)(const void *account,
	    const struct notification *notification,
	    const struct device *device, struct provider_advice *advice);

	/*
	 * The request that pushes to one device.  CAUSE_NONE, or the cause
	 * for which this can never go.
	 */
	enum cause (*compose)(const void *account,
	    const struct notification *notification,
	    const struct device *device, const struct provider_push *push,
	    struct http_request *request);

	/*
	 * False with an error if it cannot be used through a proxy; NULL: it
	 * can.
	 */
	bool (*check_proxied)(const void *account, struct error *error);

	/* The verdict on a device by a reply with a status. */
	void (*judge)(const void *account, const struct device *device,
	    const struct http_reply *reply, struct outcome *outcome);
};

/* All providers: NAME.c defines provider_NAME. */
#define PROVIDER_LIST(provider) \
	provider(apns) \
	provider(fcm) \
	provider(hms) \
	provider(webpush) \
	provider(unifiedpush)

#define PROVIDER_DECLARE(name) extern const struct provider provider_##name;
PROVIDER_LIST(PROVIDER_DECLARE)

/* The provider of that name, or NULL. */
const struct provider *provider_find(const char *name);

#endif
