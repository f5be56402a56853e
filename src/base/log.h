/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The log: one message, one line, to standard error or to syslog, as text or
 * as a JSON object.
 *
 * Control characters are written as \xNN, in JSON as \u00NN, so nothing that
 * comes from outside can forge a line.  errno is kept.  A message is cut at
 * LOG_LINE_SIZE bytes.  Never log a pushkey, a token, a content or a
 * ciphertext.
 */
#define LOG_LINE_SIZE 1024
#define LOG_REQUEST_ID_SIZE 65

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
	bool json;
};

/* What a JSON line says beside its message: a text, or else a number. */
struct log_field {
	const char *name;
	const char *text;
	int64_t number;
};

/* Until log_open is called, info and above go to standard error. */
void log_open(const struct log_params *params);

/* The level of that name, or LOG_LEVEL__MAX. */
enum log_level log_level_find(const char *name);

/* The request that the next lines are about; NULL: none. */
void log_set_request(const char *request_id);

/* With fields, the last of which has no name: the message says them, too. */
void log_info_fields(const struct log_field *fields, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

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

/*
 * True if a word that comes from outside may stand in the log: 1 to 64 letters,
 * digits, '.', '_' and '-', and no 64 hex digits, which could be a pushkey.
 */
bool log_may_show(const char *word);

#endif
