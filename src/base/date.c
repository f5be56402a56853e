/* SPDX-License-Identifier: Apache-2.0 */
#include "base/date.h"

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
