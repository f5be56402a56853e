/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include <stddef.h>

#include "access/client.h"
#include "api/notify.h"
#include "cgi/exchange.h"

/*
 * Method and path lead to an operation, or to 404, 405, 401 and 413, in this
 * order.
 */
struct route_params {
	const struct client_list *clients;
	struct caller_certificate_cache *identities;
	int64_t max_request_size_kb;
	struct notify_params notify;
	unsigned int uploads;	/* requests whose body is on its way: these
				 * parameters must stay */
};

struct route;

/* Serves a request and ends it, now or later. */
void route_serve(struct route_params *params, struct exchange *exchange);

/*
 * The route of a request, or NULL, by the tail of its decoded path and by the
 * target as the caller wrote it (or NULL), which must not hold "//" or dot
 * segments.
 */
const struct route *route_find(const char *path, const char *target);

/* The operation's name in the API, for tests. */
const char *route_name(const struct route *route);

#endif
