/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

/*
 * The log: one message, one line, to standard error or to syslog.
 *
 * Control characters are written as \xNN, so nothing that comes from outside
 * can forge a line.  errno is kept.  A message is cut at LOG_LINE_SIZE bytes.
 * Never log a pushkey, a token, a content or a ciphertext.
 */
#define LOG_LINE_SIZE 1024

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
	LOG_LEVEL__MAX
};

struct log_params {
	enum log_level level;	/* the least severe level written */
	bool to_syslog;
};

/* Until log_open is called, info and above go to standard error. */
void log_open(const struct log_params *params);

/* The level of that name, or LOG_LEVEL__MAX. */
enum log_level log_level_find(const char *name);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * For a broken invariant or a lack of memory: the worker exits with status 70,
 * and its parent starts another.  fatal appends strerror(errno).
 */
void fatal(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));
void fatalx(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

#endif
