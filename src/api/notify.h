/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_NOTIFY_H
#define API_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "access/client.h"
#include "api/decode.h"
#include "base/buf.h"
#include "cgi/exchange.h"
#include "delivery/delivery.h"
#include "state/metrics.h"

/*
 * The POST operations: decode, deliver, answer.  The results of a batch are
 * streamed as its items are settled, in the order of the request; a single
 * notify is answered once.
 */
struct notify_params {
	struct decode_limits limits;
	int64_t request_timeout_ms;
	struct delivery *delivery;
	struct metrics *metrics;
};

/* A request of a known client, with its whole body. */
struct notify_request {
	enum decode_operation operation;
	struct exchange *exchange;
	const struct client *client;
	/* What stands before the API's own path, without a slash at the end;
	 * it may be empty. */
	const char *path_prefix;
	const struct buf *body;
	int64_t deadline_ms;	/* by the monotonic clock */
	bool overloaded;	/* nothing of it is started */
	/* Called from the loop when it is over, if that is not at once. */
	void (*finished)(void *arg);
	void *arg;
};

/*
 * Serves a request and ends its exchange.  True if it goes on until the last
 * device is settled; until then the parameters must stay valid, while the
 * request itself is needed no longer.
 */
bool notify_serve(const struct notify_params *params,
    const struct notify_request *request);

/*
 * Counts an answer; `operation` is its name in the API, or "none"; `client` is
 * the caller's name in the configuration, NULL if it is not known.
 */
void notify_count_answer(const struct notify_params *params,
    const char *operation, const char *client, int status);

#endif
