/* SPDX-License-Identifier: Apache-2.0 */
#include "captured-log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"
#include "tap.h"

enum {
	CAPTURED_LOG_SIZE = 1024 * 1024		/* what is more is not read */
};

static int captured_log_stderr;

/* What a sanitizer says in the end is for everybody. */
static void
captured_log_end(void)
{
	dup2(captured_log_stderr, STDERR_FILENO);
}

void
captured_log_begin(void)
{
	static int fd = -1;

	if (fd == -1 && ((fd = memfd_create("log", MFD_CLOEXEC)) == -1 ||
	    (captured_log_stderr = dup(STDERR_FILENO)) == -1 ||
	    atexit(captured_log_end) != 0))
		tap_bail_out("cannot make a file for the log: %m");
	if (ftruncate(fd, 0) == -1 || lseek(fd, 0, SEEK_SET) == -1 ||
	    dup2(fd, STDERR_FILENO) == -1)
		tap_bail_out("cannot capture the log: %m");
}

const char *
captured_log_text(void)
{
	static char text[CAPTURED_LOG_SIZE];
	ssize_t got = pread(STDERR_FILENO, text, sizeof text - 1, 0);

	if (got == -1)
		tap_bail_out("cannot read the log: %m");
	text[got] = '\0';
	return text;
}

unsigned int
captured_log_count(const char *part)
{
	const char *line = captured_log_text(), *next;
	unsigned int count = 0;

	for (; (next = strchr(line, '\n')) != NULL; line = next + 1)
		count += memmem(line, (size_t)(next - line), part,
		    strlen(part)) != NULL;
	return count;
}
