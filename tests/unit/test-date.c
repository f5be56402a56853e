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

static const struct {
	const char *text;
	int64_t time_s;		/* -1: it is none */
} times[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "2027-01-31T23:59:59Z", 1801439999 },
	{ "2027-01-31T23:59:59.5Z", 1801439999 },
	{ "2027-01-31T23:59:59.123456789Z", 1801439999 },
	{ "2024-02-29T00:00:00Z", 1709164800 },
	{ "2027-02-29T00:00:00Z", -1 },
	{ "2027-04-31T00:00:00Z", -1 },
	{ "2027-01-31T24:00:00Z", -1 },
	{ "2027-01-31T23:59:60Z", -1 },
	{ "2027-01-31T23:59:59", -1 },
	{ "2027-01-31T23:59:59.Z", -1 },
	{ "2027-01-31T23:59:59+01:00", -1 },
	{ "2027-01-31T23:59:59Zx", -1 },
	{ "2027-01-31 23:59:59Z", -1 },
	{ "2027-1-31T23:59:59Z", -1 },
	{ " 2027-01-31T23:59:59Z", -1 },
	{ "2027-01-31", -1 },
	{ "tomorrow", -1 },
	{ "", -1 },
};

static void
check_time(size_t i)
{
	int64_t time_s = -1;
	bool read = date_read_rfc3339(times[i].text, &time_s);

	tap_ok(read == (times[i].time_s != -1), "\"%s\" is %s time",
	    times[i].text, times[i].time_s != -1 ? "a" : "no");
	if (read)
		tap_is_int(time_s, times[i].time_s, "\"%s\": when",
		    times[i].text);
}

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
	for (i = 0; i < sizeof times / sizeof *times; i++)
		check_time(i);
	return tap_done();
}
