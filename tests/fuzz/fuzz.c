/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unistr.h>

#include "base/xmalloc.h"

void
fuzz_require(bool holds, const char *format, ...)
{
	va_list ap;

	if (holds)
		return;
	va_start(ap, format);
	fputs("does not hold: ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
	abort();
}

char *
fuzz_text(const void *data, size_t size)
{
	char *text = xmalloc(size + 1);

	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

void
fuzz_require_text(const char *text, size_t size, const char *name)
{
	size_t length = strnlen(text, size);

	fuzz_require(length < size, "%s ends within its array", name);
	fuzz_require(u8_check((const uint8_t *)text, length) == NULL,
	    "%s is UTF-8", name);
}

const char *
fuzz_json_text(struct json_object *value, size_t *size)
{
	return json_object_to_json_string_length(value,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, size);
}

/* --- RFC 8259 ------------------------------------------------------------ */

struct fuzz_reader {
	const unsigned char *at;
	const unsigned char *end;
	unsigned int depth;
	struct fuzz_json found;
};

/* The next byte, or -1. */
static int
fuzz_peek(const struct fuzz_reader *reader)
{
	return reader->at < reader->end ? *reader->at : -1;
}

static bool
fuzz_take(struct fuzz_reader *reader, int byte)
{
	bool is_there = fuzz_peek(reader) == byte;

	if (is_there)
		reader->at++;
	return is_there;
}

static void
fuzz_skip_space(struct fuzz_reader *reader)
{
	while (fuzz_take(reader, ' ') || fuzz_take(reader, '\t') ||
	    fuzz_take(reader, '\n') || fuzz_take(reader, '\r'))
		;
}

static bool
fuzz_read_word(struct fuzz_reader *reader, const char *word)
{
	while (*word != '\0' && fuzz_take(reader, *word))
		word++;
	return *word == '\0';
}

static bool
fuzz_read_digits(struct fuzz_reader *reader)
{
	const unsigned char *start = reader->at;

	while (fuzz_peek(reader) >= '0' && fuzz_peek(reader) <= '9')
		reader->at++;
	return reader->at > start;
}

/* Whether digits without leading zeros are at most the limit's. */
static bool
fuzz_digits_fit(const unsigned char *digits, size_t length, const char *limit)
{
	if (length != strlen(limit))
		return length < strlen(limit);
	return memcmp(digits, limit, length) <= 0;
}

static bool
fuzz_read_number(struct fuzz_reader *reader)
{
	bool negative = fuzz_take(reader, '-'), integer = true;
	const unsigned char *start = reader->at;
	size_t length;

	if (!fuzz_take(reader, '0') && !fuzz_read_digits(reader))
		return false;
	length = (size_t)(reader->at - start);
	if (fuzz_take(reader, '.')) {
		integer = false;
		if (!fuzz_read_digits(reader))
			return false;
	}
	if (fuzz_take(reader, 'e') || fuzz_take(reader, 'E')) {
		integer = false;
		if (!fuzz_take(reader, '+'))
			fuzz_take(reader, '-');
		if (!fuzz_read_digits(reader))
			return false;
	}
	if (integer && !fuzz_digits_fit(start, length, negative ?
	    "9223372036854775808" : "18446744073709551615"))
		reader->found.has_wide_integer = true;
	return true;
}

static bool
fuzz_is_hex(int byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') ||
	    (byte >= 'A' && byte <= 'F');
}

/* From behind the backslash; true if it is a good one. */
static bool
fuzz_read_escape(struct fuzz_reader *reader, bool *has_nul)
{
	const unsigned char *start = reader->at;
	int i;

	if (!fuzz_take(reader, 'u')) {
		if (fuzz_peek(reader) <= 0 ||
		    strchr("\"\\/bfnrt", fuzz_peek(reader)) == NULL)
			return false;
		reader->at++;
		return true;
	}
	for (i = 0; i < 4; i++, reader->at++) {
		if (!fuzz_is_hex(fuzz_peek(reader)))
			return false;
	}
	if (memcmp(start, "u0000", 5) == 0)
		*has_nul = true;
	return true;
}

static bool
fuzz_read_string(struct fuzz_reader *reader, bool *has_nul)
{
	if (!fuzz_take(reader, '"'))
		return false;
	while (!fuzz_take(reader, '"')) {
		if (fuzz_peek(reader) < 0x20)
			return false;
		if (*reader->at++ == '\\' &&
		    !fuzz_read_escape(reader, has_nul))
			return false;
	}
	return true;
}

static bool fuzz_read_value(struct fuzz_reader *reader);

static bool
fuzz_read_member(struct fuzz_reader *reader)
{
	fuzz_skip_space(reader);
	if (!fuzz_read_string(reader, &reader->found.has_nul_in_name))
		return false;
	fuzz_skip_space(reader);
	return fuzz_take(reader, ':') && fuzz_read_value(reader);
}

/* From behind the opening bracket. */
static bool
fuzz_read_container(struct fuzz_reader *reader, int close)
{
	bool good = true;

	reader->found.values++;
	if (++reader->depth > reader->found.depth)
		reader->found.depth = reader->depth;
	if (reader->depth > FUZZ_JSON_DEPTH_MAX)
		return false;
	fuzz_skip_space(reader);
	if (fuzz_peek(reader) != close) {
		for (;;) {
			good = close == '}' ? fuzz_read_member(reader) :
			    fuzz_read_value(reader);
			if (!good || !fuzz_take(reader, ','))
				break;
			reader->found.values++;
		}
	}
	reader->depth--;
	return good && fuzz_take(reader, close);
}

static bool
fuzz_read_value(struct fuzz_reader *reader)
{
	bool has_nul = false, good;

	fuzz_skip_space(reader);
	if (fuzz_take(reader, '{'))
		good = fuzz_read_container(reader, '}');
	else if (fuzz_take(reader, '['))
		good = fuzz_read_container(reader, ']');
	else if (fuzz_peek(reader) == '"')
		good = fuzz_read_string(reader, &has_nul);
	else if (fuzz_peek(reader) == 't')
		good = fuzz_read_word(reader, "true");
	else if (fuzz_peek(reader) == 'f')
		good = fuzz_read_word(reader, "false");
	else if (fuzz_peek(reader) == 'n') {
		good = fuzz_read_word(reader, "null");
		reader->found.is_null = reader->depth == 0;
	} else
		good = fuzz_read_number(reader);
	fuzz_skip_space(reader);
	return good;
}

struct fuzz_json
fuzz_json_check(const char *text, size_t size)
{
	struct fuzz_reader reader = {
		.at = (const unsigned char *)text,
		.end = (const unsigned char *)text + size
	};

	reader.found.good = u8_check((const uint8_t *)text, size) == NULL &&
	    fuzz_read_value(&reader) && reader.at == reader.end;
	return reader.found;
}

/* An escape at the backslash: how long it is, and how long what it means. */
static size_t
fuzz_escape_size(const char *at, size_t *length)
{
	unsigned long c, low;

	*length = 2;
	if (at[1] != 'u')
		return at[1] == '/' ? 1 : 2;
	*length = 6;
	c = strtoul((char[]){ at[2], at[3], at[4], at[5], '\0' }, NULL, 16);
	if (c == '"' || c == '\\' || (c >= 8 && c <= 13 && c != 11))
		return 2;
	if (c < 0x20)
		return 6;
	if (c >= 0xd800 && c < 0xdc00 && at[6] == '\\' && at[7] == 'u') {
		low = strtoul((char[]){ at[8], at[9], at[10], at[11], '\0' },
		    NULL, 16);
		if (low >= 0xdc00 && low < 0xe000) {
			*length = 12;
			return 4;
		}
	}
	return c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
}

size_t
fuzz_json_compact_size(const char *text, size_t size)
{
	size_t total = 0, i, length;
	bool in_string = false;

	for (i = 0; i < size; i += length) {
		length = 1;
		if (in_string && text[i] == '\\')
			total += fuzz_escape_size(text + i, &length);
		else
			total +=
			    in_string || strchr(" \t\r\n", text[i]) == NULL;
		if (text[i] == '"')
			in_string = !in_string;
	}
	return total;
}
