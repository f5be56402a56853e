/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include <stdint.h>

enum { DATE_SIZE = 32 };

/*
 * Writes seconds since the epoch for people: "2027-01-31 23:59:59 UTC", or ""
 * for a year that no calendar has.
 */
void date_format_utc(int64_t time_s, char text[DATE_SIZE]);

#endif
