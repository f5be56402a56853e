/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The Test Anything Protocol, for programs of one thread: a line for each
 * check on standard output, the plan at the end.  Each check returns whether
 * it passed, and says what it got and what it expected if it did not.  The
 * format and its arguments are the sentence that names the check.
 */
bool tap_ok(bool passed, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Either may be NULL, which is equal to nothing else. */
bool tap_is_string(const char *got, const char *expected,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
bool tap_is_int(int64_t got, int64_t expected, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether `text` holds `part`, or does not. */
bool tap_contains(const char *text, const char *part, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool tap_lacks(const char *text, const char *part, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A line of diagnostics. */
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For a fixture that cannot be made: ends the program as failed. */
void tap_bail_out(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* Prints the plan; the program's exit status: 0 if all passed, else 1. */
int tap_done(void);

#endif
