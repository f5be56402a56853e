/* SPDX-License-Identifier: Apache-2.0 */
#include "http-status.h"

static const struct http_status {
	unsigned status;
	const char *phrase;
} statuses[] = {
	{ .status = 200, .phrase = "OK" },
	{ .status = 201, .phrase = "Created" },
	{ .status = 202, .phrase = "Accepted" },
	{ .status = 204, .phrase = "No Content" },
	{ .status = 301, .phrase = "Moved Permanently" },
	{ .status = 302, .phrase = "Found" },
	{ .status = 307, .phrase = "Temporary Redirect" },
	{ .status = 308, .phrase = "Permanent Redirect" },
	{ .status = 400, .phrase = "Bad Request" },
	{ .status = 401, .phrase = "Unauthorized" },
	{ .status = 403, .phrase = "Forbidden" },
	{ .status = 404, .phrase = "Not Found" },
	{ .status = 405, .phrase = "Method Not Allowed" },
	{ .status = 406, .phrase = "Not Acceptable" },
	{ .status = 410, .phrase = "Gone" },
	{ .status = 413, .phrase = "Content Too Large" },
	{ .status = 421, .phrase = "Misdirected Request" },
	{ .status = 425, .phrase = "Too Early" },
	{ .status = 429, .phrase = "Too Many Requests" },
	{ .status = 500, .phrase = "Internal Server Error" },
	{ .status = 502, .phrase = "Bad Gateway" },
	{ .status = 503, .phrase = "Service Unavailable" },
	{ .status = 504, .phrase = "Gateway Timeout" },
	{ .status = 507, .phrase = "Insufficient Storage" },
	{ .status = 0, .phrase = "Unknown" },
};

const char *
http_status_get_phrase(unsigned status)
{
	const struct http_status *entry = statuses;

	while (entry->status != 0 && entry->status != status)
		entry++;
	return entry->phrase;
}
