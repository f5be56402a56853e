/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_STATUS_PAGE_H
#define API_STATUS_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "delivery/account.h"
#include "delivery/app.h"
#include "state/status.h"

/*
 * How a host does, as a page for a browser: HTML alone, without scripts, and
 * with nothing to load.  It fits windows from 320 pixels on, and holds neither
 * a secret nor a caller.
 */
struct status_page {
	const struct status *status;	/* the host's */
	struct app_registry *apps;		/* this worker's */
	const struct account_list *accounts;	/* likewise */
	int64_t now_s;
	int64_t loaded_s;	/* when this worker's configuration was */
	bool is_refused;	/* the one on disk */
	bool is_stopping;	/* this worker */
};

void status_page_write(const struct status_page *page, struct buf *html);

#endif
