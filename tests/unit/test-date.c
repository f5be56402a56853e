/* SPDX-License-Identifier: Apache-2.0 */
#include "base/date.h"

#include <stddef.h>

#include "tap.h"

static const struct {
	int64_t time_s;
	const char *utc;
	const char *rfc3339;
} dates[] = {
	{ 0, "1970-01-01 00:00:00 UTC", "1970-01-01T00:00:00Z" },
	{ 1801439999, "2027-01-31 23:59:59 UTC", "2027-01-31T23:59:59Z" },
	{ INT64_MAX, "", "" },
};

static const struct {
	int64_t span_s;
	const char *text;
} spans[] = {
	{ -5, "0 s" },
	{ 0, "0 s" },
	{ 119, "119 s" },
	{ 120, "2 min" },
	{ 7199, "119 min" },
	{ 7200, "2 h" },
	{ 172799, "47 h" },
	{ 172800, "2 days" },
	{ INT64_C(86400) * 4000, "4000 days" },
};

int
main(void)
{
	char text[DATE_SIZE];
	size_t i;

	for (i = 0; i < sizeof dates / sizeof *dates; i++) {
		date_format_utc(dates[i].time_s, text);
		tap_is_string(text, dates[i].utc, "for people");
		date_format_rfc3339(dates[i].time_s, text);
		tap_is_string(text, dates[i].rfc3339, "for machines");
	}
	for (i = 0; i < sizeof spans / sizeof *spans; i++) {
		date_format_span(spans[i].span_s, text);
		tap_is_string(text, spans[i].text, "a span: %s",
		    spans[i].text);
	}
	return tap_done();
}
