/* SPDX-License-Identifier: Apache-2.0 */
#include "base/date.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void
date_format_utc(int64_t time_s, char text[DATE_SIZE])
{
	time_t when = (time_t)time_s;
	struct tm tm;

	text[0] = '\0';
	if (gmtime_r(&when, &tm) != NULL)
		strftime(text, DATE_SIZE, "%Y-%m-%d %H:%M:%S UTC", &tm);
}

void
date_format_span(int64_t span_s, char text[DATE_SIZE])
{
	if (span_s < 120)
		snprintf(text, DATE_SIZE, "%" PRId64 " s",
		    span_s < 0 ? 0 : span_s);
	else if (span_s < 120 * 60)
		snprintf(text, DATE_SIZE, "%" PRId64 " min", span_s / 60);
	else if (span_s < 48 * 3600)
		snprintf(text, DATE_SIZE, "%" PRId64 " h", span_s / 3600);
	else
		snprintf(text, DATE_SIZE, "%" PRId64 " days", span_s / 86400);
}

void
date_format_rfc3339(int64_t time_s, char text[DATE_SIZE])
{
	time_t when = (time_t)time_s;
	struct tm tm;

	text[0] = '\0';
	if (gmtime_r(&when, &tm) != NULL)
		strftime(text, DATE_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

bool
date_read_rfc3339(const char *text, int64_t *time_s)
{
	struct tm tm = { .tm_sec = 0 };
	char again[DATE_SIZE];
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	if (end == NULL)
		return false;
	*time_s = timegm(&tm);
	/* A day that the month has not would be one of the next month. */
	date_format_rfc3339(*time_s, again);
	if (strncmp(text, again, (size_t)(end - text)) != 0)
		return false;
	if (*end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	return end[-1] != '.' && strcmp(end, "Z") == 0;
}
