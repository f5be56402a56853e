/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include <stdbool.h>
#include <stdint.h>

enum { DATE_SIZE = 32 };

/*
 * Writes seconds since the epoch for people: "2027-01-31 23:59:59 UTC", or ""
 * for a year that no calendar has.
 */
void date_format_utc(int64_t time_s, char text[DATE_SIZE]);

/* The same for machines: "2027-01-31T23:59:59Z". */
void date_format_rfc3339(int64_t time_s, char text[DATE_SIZE]);

/*
 * Reads a time in UTC as RFC 3339 has it, "2027-01-31T23:59:59Z", with any
 * fraction of a second, which is dropped.  False if it is none.
 */
bool date_read_rfc3339(const char *text, int64_t *time_s);

/* How long something is ago: "59 s", "3 min", "2 h", "5 days". */
void date_format_span(int64_t span_s, char text[DATE_SIZE]);

#endif
