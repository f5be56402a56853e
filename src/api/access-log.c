/* SPDX-License-Identifier: Apache-2.0 */
#include "api/access-log.h"

#include <inttypes.h>
#include <stddef.h>

#include "base/log-limit.h"
#include "base/log.h"

enum {
	/* Lines about requests of nobody, in ACCESS_LOG_INTERVAL_MS: whoever
	 * can connect must not fill a disk.  The metrics count them all. */
	ACCESS_LOG_BURST = 20,
	ACCESS_LOG_INTERVAL_MS = 1000
};

static void
access_log_write_served(const struct access_log_entry *entry)
{
	const unsigned int *devices = entry->devices;
	const struct log_field fields[] = {
		{ .name = "operation", .text = entry->operation },
		{ .name = "client", .text = entry->client },
		{ .name = "status", .number = entry->status },
		{ .name = "items", .number = (int64_t)entry->items },
		{ .name = "delivered",
		    .number = devices[VERDICT_DELIVERED] },
		{ .name = "rejected", .number = devices[VERDICT_REJECTED] },
		{ .name = "later", .number = devices[VERDICT_LATER] },
		{ .name = "failed", .number = devices[VERDICT_FAILED] },
		{ .name = "ms", .number = entry->duration_ms },
		{ .name = NULL }
	};

	log_info_fields(fields, "%s by %s: %d items=%" PRIu64
	    " delivered=%u rejected=%u later=%u failed=%u ms=%" PRId64,
	    entry->operation, entry->client, entry->status, entry->items,
	    devices[VERDICT_DELIVERED], devices[VERDICT_REJECTED],
	    devices[VERDICT_LATER], devices[VERDICT_FAILED],
	    entry->duration_ms);
}

static void
access_log_write_refused(const struct access_log_entry *entry)
{
	static struct log_limit limit = { .burst = ACCESS_LOG_BURST,
	    .interval_ms = ACCESS_LOG_INTERVAL_MS };
	const struct log_field fields[] = {
		{ .name = "operation", .text = entry->operation },
		{ .name = "status", .number = entry->status },
		{ .name = "reason", .text = entry->reason },
		{ .name = entry->client == NULL ? NULL : "client",
		    .text = entry->client },
		{ .name = NULL }
	};

	if (entry->client != NULL)
		log_info_fields(fields, "%s by %s: %d: %s%s%.300s",
		    entry->operation, entry->client, entry->status,
		    entry->location == NULL ? "" : entry->location,
		    entry->location == NULL || *entry->location == '\0' ? "" :
		    " ", entry->reason);
	else if (log_limit_admits(&limit))
		log_info_fields(fields, "refused: %d: %.300s", entry->status,
		    entry->reason);
}

void
access_log_write(const struct access_log_entry *entry)
{
	if (entry->reason == NULL)
		access_log_write_served(entry);
	else
		access_log_write_refused(entry);
}
