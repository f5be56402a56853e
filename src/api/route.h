/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/admission.h"
#include "api/admin.h"
#include "api/notify.h"
#include "cgi/exchange.h"

/*
 * Method and path lead to an operation, or to 404, 405, 401 and 413, in this
 * order.  431 comes before them: of headers that are too large nothing is
 * known, not even the path.
 */
struct router;

/* What these point to must outlive the router. */
struct router_params {
	struct admission *admission;
	struct loop *loop;
	int64_t max_request_size_kb;
	unsigned int max_requests_in_flight;
	size_t max_memory;	/* of bodies and what is made of them */
	struct notify_params notify;
	struct admin_params admin;
};

struct router *router_create(const struct router_params *params);

/* It must be idle, and nothing of it be delivered any more. */
void router_free(struct router *router);

/* Serves a request and ends it, now or later. */
void router_serve(struct router *router, struct exchange *exchange);

/* True if every request that it was given is answered. */
bool router_is_idle(const struct router *router);

/* --- which route it is ---------------------------------------------------- */

struct route;

/*
 * The route of a request, or NULL, by the tail of its decoded path and by the
 * target as the caller wrote it (or NULL), which must not hold "//" or dot
 * segments.
 */
const struct route *route_find(const char *path, const char *target);

/*
 * What stands in the path before the route's own, without a slash at the end
 * and without Matrix' own prefix: "" for "/push/v1/notify".  The caller frees
 * it.
 */
char *route_prefix(const struct route *route, const char *path);

/* The operation's name in the API, for tests. */
const char *route_name(const struct route *route);

#endif
