/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/exit-status.h"

static const struct {
	const char *name;
	int syslog_priority;
} log_levels[LOG_LEVEL__MAX] = {
	[LOG_LEVEL_ERROR] = { .name = "error", .syslog_priority = LOG_ERR },
	[LOG_LEVEL_WARN] = { .name = "warn", .syslog_priority = LOG_WARNING },
	[LOG_LEVEL_INFO] = { .name = "info", .syslog_priority = LOG_INFO },
	[LOG_LEVEL_DEBUG] = { .name = "debug", .syslog_priority = LOG_DEBUG },
};

static struct log_params log_params = { .level = LOG_LEVEL_INFO };

void
log_open(const struct log_params *params)
{
	log_params = *params;
	if (params->to_syslog)
		openlog("push-gateway", LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

enum log_level
log_level_find(const char *name)
{
	enum log_level level = 0;

	while (level < LOG_LEVEL__MAX &&
	    strcmp(log_levels[level].name, name) != 0)
		level++;
	return level;
}

/* Copies text with each control character written as \xNN. */
static void
log_escape(char *line, size_t size, const char *text)
{
	size_t used = 0;

	for (; *text != '\0' && used + 5 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			used += (size_t)snprintf(line + used, size - used,
			    "\\x%02x", c);
		else
			line[used++] = (char)c;
	}
	line[used] = '\0';
}

static void
log_write_stderr(enum log_level level, const char *line)
{
	char stamp[32], out[LOG_LINE_SIZE + 128];
	struct timespec now;
	struct tm tm;
	int length;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
	length = snprintf(out, sizeof out, "%s.%03ldZ push-gateway[%ld] "
	    "%s: %s\n", stamp, now.tv_nsec / 1000000, (long)getpid(),
	    log_levels[level].name, line);
	/* One write a line: the lines of several workers do not mix. */
	if (write(STDERR_FILENO, out, (size_t)length) == -1)
		return;
}

static void log_write(enum log_level level, const char *format, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
log_write(enum log_level level, const char *format, va_list ap)
{
	char text[LOG_LINE_SIZE], line[LOG_LINE_SIZE];
	int saved_errno = errno;

	if (level <= log_params.level) {
		vsnprintf(text, sizeof text, format, ap);
		log_escape(line, sizeof line, text);
		if (log_params.to_syslog)
			syslog(log_levels[level].syslog_priority, "%s", line);
		else
			log_write_stderr(level, line);
	}
	errno = saved_errno;
}

void
log_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_write(LOG_LEVEL_ERROR, format, ap);
	va_end(ap);
}

void
log_warn(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_write(LOG_LEVEL_WARN, format, ap);
	va_end(ap);
}

void
log_info(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_write(LOG_LEVEL_INFO, format, ap);
	va_end(ap);
}

void
log_debug(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_write(LOG_LEVEL_DEBUG, format, ap);
	va_end(ap);
}

void
fatal(const char *format, ...)
{
	char words[LOG_LINE_SIZE / 2];
	int saved_errno = errno;
	va_list ap;

	va_start(ap, format);
	vsnprintf(words, sizeof words, format, ap);
	va_end(ap);
	log_error("fatal: %s: %s", words, strerror(saved_errno));
	exit(EXIT_STATUS_SOFTWARE);
}

void
fatalx(const char *format, ...)
{
	char words[LOG_LINE_SIZE / 2];
	va_list ap;

	va_start(ap, format);
	vsnprintf(words, sizeof words, format, ap);
	va_end(ap);
	log_error("fatal: %s", words);
	exit(EXIT_STATUS_SOFTWARE);
}
