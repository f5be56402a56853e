/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TAP_SENTENCE_SIZE = 512,
	TAP_SHOWN_SIZE = 1024	/* of a value in a diagnostic */
};

static unsigned int tap_count;
static unsigned int tap_failures;

/* Prints text so that it stays one line and is never a TAP directive. */
static void
tap_print(const char *text, size_t limit)
{
	size_t i;

	for (i = 0; text[i] != '\0' && i < limit; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7f)
			printf("\\x%02x", c);
		else if (c == '#')
			printf("\\#");
		else
			putchar(c);
	}
	if (text[i] != '\0')
		printf("... (%zu bytes)", strlen(text));
}

static bool tap_report(bool passed, const char *format, va_list ap)
    __attribute__((format(printf, 2, 0)));

static bool
tap_report(bool passed, const char *format, va_list ap)
{
	char sentence[TAP_SENTENCE_SIZE];

	vsnprintf(sentence, sizeof sentence, format, ap);
	printf("%sok %u - ", passed ? "" : "not ", ++tap_count);
	tap_print(sentence, sizeof sentence);
	putchar('\n');
	if (!passed)
		tap_failures++;
	return passed;
}

static void
tap_show(const char *label, const char *value)
{
	printf("#   %s: ", label);
	if (value == NULL)
		printf("NULL");
	else {
		putchar('"');
		tap_print(value, TAP_SHOWN_SIZE);
		putchar('"');
	}
	putchar('\n');
}

bool
tap_ok(bool passed, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	tap_report(passed, format, ap);
	va_end(ap);
	return passed;
}

bool
tap_is_string(const char *got, const char *expected, const char *format, ...)
{
	bool same = got == NULL || expected == NULL ? got == expected :
	    strcmp(got, expected) == 0;
	va_list ap;

	va_start(ap, format);
	tap_report(same, format, ap);
	va_end(ap);
	if (!same) {
		tap_show("got", got);
		tap_show("expected", expected);
	}
	return same;
}

bool
tap_is_int(int64_t got, int64_t expected, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	tap_report(got == expected, format, ap);
	va_end(ap);
	if (got != expected)
		printf("#   got: %" PRId64 "\n#   expected: %" PRId64 "\n",
		    got, expected);
	return got == expected;
}

bool
tap_contains(const char *text, const char *part, const char *format, ...)
{
	bool holds = text != NULL && strstr(text, part) != NULL;
	va_list ap;

	va_start(ap, format);
	tap_report(holds, format, ap);
	va_end(ap);
	if (!holds) {
		tap_show("got", text);
		tap_show("expected in it", part);
	}
	return holds;
}

bool
tap_lacks(const char *text, const char *part, const char *format, ...)
{
	bool lacks = text != NULL && strstr(text, part) == NULL;
	va_list ap;

	va_start(ap, format);
	tap_report(lacks, format, ap);
	va_end(ap);
	if (!lacks) {
		tap_show("got", text);
		tap_show("not expected in it", part);
	}
	return lacks;
}

void
tap_note(const char *format, ...)
{
	char words[TAP_SENTENCE_SIZE];
	va_list ap;

	va_start(ap, format);
	vsnprintf(words, sizeof words, format, ap);
	va_end(ap);
	printf("# ");
	tap_print(words, sizeof words);
	putchar('\n');
}

void
tap_bail_out(const char *format, ...)
{
	char words[TAP_SENTENCE_SIZE];
	va_list ap;

	va_start(ap, format);
	vsnprintf(words, sizeof words, format, ap);
	va_end(ap);
	printf("Bail out! ");
	tap_print(words, sizeof words);
	putchar('\n');
	exit(1);
}

int
tap_done(void)
{
	printf("1..%u\n", tap_count);
	if (tap_failures > 0)
		printf("# %u of %u failed\n", tap_failures, tap_count);
	fflush(stdout);
	return tap_failures == 0 ? 0 : 1;
}
