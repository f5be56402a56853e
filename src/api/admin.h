/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_ADMIN_H
#define API_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "cgi/exchange.h"
#include "delivery/account.h"
#include "delivery/app.h"
#include "state/metrics.h"

/*
 * The operator's pages: is the worker alive, is it ready, its metrics, and a
 * page for people.  They are there only where the web server says that a
 * request came in on the operator's listener (PUSH_GATEWAY_ADMIN=on); they
 * hold no secret and no caller beside an app.
 */

/* What the worker knows of itself, and keeps up to date. */
struct admin_status {
	bool stopping;
	bool configuration_refused;	/* the one on disk; another serves */
};

/* What these point to must outlive the router. */
struct admin_params {
	struct metrics *metrics;
	struct app_registry *apps;
	const struct account_list *accounts;
	int64_t loaded_s;		/* when the configuration was */
	const struct admin_status *status;
};

/* True if the request is for one of them, from the operator's listener. */
bool admin_is_asked(const struct exchange *exchange, const char *path);

/* Answers such a request, and ends it. */
void admin_serve(const struct admin_params *params, struct exchange *exchange,
    const char *path, const char *method);

#endif
