/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_ACCESS_LOG_H
#define API_ACCESS_LOG_H

#include <stdint.h>

#include "provider/outcome.h"

/*
 * One line of the log for each request, whatever became of it.  It holds no
 * more of the caller's than a path that leads nowhere, cut.
 */
struct access_log_entry {
	const char *operation;	/* its name in the API; "none" */
	const char *client;	/* NULL: none that is known */
	int status;
	/* Why it was refused, and where; NULL: it was not. */
	const char *reason;
	const char *location;
	/* Of one that was served: */
	uint64_t items;
	unsigned int devices[VERDICT__MAX];
	int64_t duration_ms;
};

void access_log_write(const struct access_log_entry *entry);

#endif
