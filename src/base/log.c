/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
static char log_request_id[LOG_REQUEST_ID_SIZE];

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

void
log_set_request(const char *request_id)
{
	snprintf(log_request_id, sizeof log_request_id, "%s",
	    request_id == NULL ? "" : request_id);
}

/* --- what comes from outside --------------------------------------------- */

/* How many bytes the character at hand has; 0: it is no UTF-8. */
static size_t
log_character_size(const unsigned char *c)
{
	size_t size = *c < 0x80 ? 1 : *c < 0xc2 ? 0 : *c < 0xe0 ? 2 :
	    *c < 0xf0 ? 3 : *c < 0xf5 ? 4 : 0, i;

	for (i = 1; i < size; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	}
	return size;
}

/* Some terminals obey U+0080 to U+009F as they do the escape character. */
static bool
log_is_control(const unsigned char *c, size_t size)
{
	return (size == 1 && (*c < 0x20 || *c == 0x7f)) ||
	    (size == 2 && *c == 0xc2 && c[1] < 0xa0) ||
	    (size == 3 && *c == 0xe2 && c[1] == 0x80 &&
	    (c[2] == 0xa8 || c[2] == 0xa9));
}

/*
 * Copies text with each byte of a control character, and what is no UTF-8,
 * written as \xNN, or in JSON as \u00NN, where quotes and backslashes are
 * escaped, too.
 */
static void
log_escape(char *line, size_t size, const char *text, bool json)
{
	const unsigned char *c = (const unsigned char *)text;
	size_t used = 0, length;

	for (; *c != '\0' && used + 8 < size; c += length) {
		length = log_character_size(c);
		if (length > 0 && !log_is_control(c, length)) {
			if (json && (*c == '"' || *c == '\\'))
				line[used++] = '\\';
			memcpy(line + used, c, length);
			used += length;
			continue;
		}
		length = 1;
		used += (size_t)snprintf(line + used, size - used,
		    json ? "\\u%04x" : "\\x%02x", *c);
	}
	line[used] = '\0';
}

/* --- lines --------------------------------------------------------------- */

/*
 * Whether standard error is systemd's journal, which stamps each line itself
 * and takes its priority from a <N> in front: systemd.exec(5), JOURNAL_STREAM,
 * and sd-daemon(3).
 */
static bool
log_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat status;
	char name[64];

	if (stream == NULL || fstat(STDERR_FILENO, &status) == -1)
		return false;
	snprintf(name, sizeof name, "%ju:%ju", (uintmax_t)status.st_dev,
	    (uintmax_t)status.st_ino);
	return strcmp(stream, name) == 0;
}

/* A line that is written piece by piece; what does not fit is left out. */
struct log_line {
	char text[LOG_LINE_SIZE + 2048];
	size_t used;
};

static void log_line_add(struct log_line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
log_line_add(struct log_line *line, const char *format, ...)
{
	size_t room = sizeof line->text - line->used;
	va_list ap;
	int length;

	va_start(ap, format);
	length = vsnprintf(line->text + line->used, room, format, ap);
	va_end(ap);
	if (length >= 0 && (size_t)length < room)
		line->used += (size_t)length;
	line->text[line->used] = '\0';
}

static void
log_add_time(struct log_line *line)
{
	char stamp[32];
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
	log_line_add(line, "%s.%03ldZ", stamp, now.tv_nsec / 1000000);
}

static void
log_add_field(struct log_line *line, const struct log_field *field)
{
	char value[LOG_LINE_SIZE];

	if (field->text == NULL)
		log_line_add(line, ",\"%s\":%" PRId64, field->name,
		    field->number);
	else {
		log_escape(value, sizeof value, field->text, true);
		log_line_add(line, ",\"%s\":\"%s\"", field->name, value);
	}
}

static void
log_compose_json(struct log_line *line, enum log_level level,
    const struct log_field *fields, const char *message)
{
	log_line_add(line, "{\"time\":\"");
	log_add_time(line);
	log_line_add(line, "\",\"level\":\"%s\"", log_levels[level].name);
	log_add_field(line, &(struct log_field){ .name = "message",
	    .text = message });
	if (log_request_id[0] != '\0')
		log_add_field(line, &(struct log_field){
		    .name = "request_id", .text = log_request_id });
	for (; fields != NULL && fields->name != NULL; fields++)
		log_add_field(line, fields);
	log_line_add(line, "}");
}

static void
log_compose_text(struct log_line *line, enum log_level level,
    const char *message)
{
	char words[LOG_LINE_SIZE];

	log_escape(words, sizeof words, message, false);
	if (!log_params.to_syslog && !log_is_journal()) {
		log_add_time(line);
		log_line_add(line, " push-gateway[%ld] %s: ", (long)getpid(),
		    log_levels[level].name);
	}
	log_line_add(line, "%s", words);
	if (log_request_id[0] != '\0')
		log_line_add(line, " request_id=%s", log_request_id);
}

static void log_write_line(enum log_level level,
    const struct log_field *fields, const char *format, va_list ap)
    __attribute__((format(printf, 3, 0)));
static void log_write(enum log_level level, const struct log_field *fields,
    const char *format, va_list ap) __attribute__((format(printf, 3, 0)));

static void
log_write_line(enum log_level level, const struct log_field *fields,
    const char *format, va_list ap)
{
	struct log_line line = { .used = 0 };
	char message[LOG_LINE_SIZE];

	vsnprintf(message, sizeof message, format, ap);
	if (!log_params.to_syslog && log_is_journal())
		log_line_add(&line, "<%d>", log_levels[level].syslog_priority);
	if (log_params.json)
		log_compose_json(&line, level, fields, message);
	else
		log_compose_text(&line, level, message);
	if (log_params.to_syslog)
		syslog(log_levels[level].syslog_priority, "%s", line.text);
	else {
		/* One write a line: those of several workers do not mix. */
		line.text[line.used++] = '\n';
		if (write(STDERR_FILENO, line.text, line.used) == -1)
			errno = 0;	/* there is nobody to tell */
	}
}

/* What nobody wants to read must not even cost the line's memory. */
static void
log_write(enum log_level level, const struct log_field *fields,
    const char *format, va_list ap)
{
	int saved_errno = errno;

	if (level <= log_params.level)
		log_write_line(level, fields, format, ap);
	errno = saved_errno;
}

void
log_info_fields(const struct log_field *fields, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_write(LOG_LEVEL_INFO, fields, format, ap);
	va_end(ap);
}

void
log_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_write(LOG_LEVEL_ERROR, NULL, format, ap);
	va_end(ap);
}

void
log_warn(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_write(LOG_LEVEL_WARN, NULL, format, ap);
	va_end(ap);
}

void
log_info(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_write(LOG_LEVEL_INFO, NULL, format, ap);
	va_end(ap);
}

void
log_debug(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_write(LOG_LEVEL_DEBUG, NULL, format, ap);
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

/* --- words from outside --------------------------------------------------- */

bool
log_may_show(const char *word)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t length = strlen(word);

	return length > 0 && length < LOG_REQUEST_ID_SIZE &&
	    strspn(word, letters) == length &&
	    (length != LOG_REQUEST_ID_SIZE - 1 ||
	    strspn(word, "0123456789abcdefABCDEF") != length);
}
