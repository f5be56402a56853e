/* SPDX-License-Identifier: Apache-2.0 */
#include "encoding.h"

#include <openssl/rand.h>

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int
base64url_value(char c)
{
	int value = -1;

	if (c >= 'A' && c <= 'Z')
		value = c - 'A';
	else if (c >= 'a' && c <= 'z')
		value = c - 'a' + 26;
	else if (c >= '0' && c <= '9')
		value = c - '0' + 52;
	else if (c == '-')
		value = 62;
	else if (c == '_')
		value = 63;
	return value;
}

bool
encoding_decode_base64url(struct text *to, const char *from, size_t length)
{
	uint32_t bits = 0;
	unsigned count = 0;
	bool good = length % 4 != 1;

	for (size_t i = 0; good && i < length; i++) {
		int value = base64url_value(from[i]);
		unsigned char byte;

		good = value >= 0;
		bits = (bits << 6 | ((uint32_t)value & 63)) & 0xffff;
		count += 6;
		if (good && count >= 8) {
			count -= 8;
			byte = (unsigned char)(bits >> count);
			text_add(to, &byte, 1);
		}
	}
	/* Unused bits that are set would make two spellings of one value. */
	return good && (bits & ((1u << count) - 1)) == 0 && !to->overrun;
}

void
encoding_add_base64url(struct text *to, const void *bytes, size_t length)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_";
	const unsigned char *from = bytes;

	for (size_t i = 0; i < length; i += 3) {
		size_t rest = length - i < 3 ? length - i : 3;
		uint32_t bits = (uint32_t)from[i] << 16;
		char group[4];

		if (rest > 1)
			bits |= (uint32_t)from[i + 1] << 8;
		if (rest > 2)
			bits |= from[i + 2];
		for (unsigned j = 0; j < 4; j++)
			group[j] = letters[bits >> (18 - 6 * j) & 63];
		text_add(to, group, rest + 1);
	}
}

static int
hex_value(char c)
{
	int value = -1;

	if (c >= '0' && c <= '9')
		value = c - '0';
	else if (c >= 'a' && c <= 'f')
		value = c - 'a' + 10;
	else if (c >= 'A' && c <= 'F')
		value = c - 'A' + 10;
	return value;
}

bool
encoding_decode_hex(struct text *to, const char *from, size_t length)
{
	bool good = length % 2 == 0;

	for (size_t i = 0; good && i < length; i += 2) {
		int high = hex_value(from[i]);
		int low = hex_value(from[i + 1]);
		unsigned char byte;

		good = high >= 0 && low >= 0;
		if (good) {
			byte = (unsigned char)(high << 4 | low);
			text_add(to, &byte, 1);
		}
	}
	return good && !to->overrun;
}

bool
encoding_decode_percent(struct text *to, const char *from, size_t length)
{
	bool good = true;

	for (size_t i = 0; good && i < length; i++) {
		if (from[i] != '%')
			text_add(to, from + i, 1);
		else if ((good = length - i > 2 &&
		    encoding_decode_hex(to, from + i + 1, 2)))
			i += 2;
	}
	return good && !to->overrun;
}

/* In a form a plus sign is a space. */
static bool
decode_form_value(struct text *to, const char *from, size_t length)
{
	bool good = true;

	for (size_t i = 0; good && i < length;) {
		size_t plain = 0;

		while (i + plain < length && from[i + plain] != '+')
			plain++;
		good = encoding_decode_percent(to, from + i, plain);
		i += plain;
		if (good && i < length) {
			text_add(to, " ", 1);
			i++;
		}
	}
	return good && !to->overrun;
}

bool
encoding_decode_form_field(struct text *to, const char *form,
    const char *name)
{
	size_t name_length = strlen(name);
	unsigned found = 0;
	bool good = true;

	for (const char *pair = form; good && pair != NULL;) {
		const char *end = strchr(pair, '&');
		size_t length = end != NULL ? (size_t)(end - pair)
		    : strlen(pair);

		if (length > name_length && pair[name_length] == '=' &&
		    strncmp(pair, name, name_length) == 0) {
			found++;
			good = decode_form_value(to, pair + name_length + 1,
			    length - name_length - 1);
		}
		pair = end != NULL ? end + 1 : NULL;
	}
	return good && found == 1;
}

bool
encoding_is_printable(const struct text *text)
{
	bool good = text->length > 0;

	for (size_t i = 0; good && i < text->length; i++)
		good = text->data[i] >= ' ' && text->data[i] <= '~';
	return good;
}

/* RFC 3629, 4: the least and the most that may follow a first byte. */
static const struct utf8_range {
	unsigned char first_least;
	unsigned char first_most;
	unsigned char second_least;
	unsigned char second_most;
	unsigned char more;		/* bytes after the first */
} utf8_ranges[] = {
	{ .first_least = 0x00, .first_most = 0x7f, .more = 0 },
	{ .first_least = 0xc2, .first_most = 0xdf, .second_least = 0x80,
	    .second_most = 0xbf, .more = 1 },
	{ .first_least = 0xe0, .first_most = 0xe0, .second_least = 0xa0,
	    .second_most = 0xbf, .more = 2 },
	{ .first_least = 0xe1, .first_most = 0xec, .second_least = 0x80,
	    .second_most = 0xbf, .more = 2 },
	{ .first_least = 0xed, .first_most = 0xed, .second_least = 0x80,
	    .second_most = 0x9f, .more = 2 },
	{ .first_least = 0xee, .first_most = 0xef, .second_least = 0x80,
	    .second_most = 0xbf, .more = 2 },
	{ .first_least = 0xf0, .first_most = 0xf0, .second_least = 0x90,
	    .second_most = 0xbf, .more = 3 },
	{ .first_least = 0xf1, .first_most = 0xf3, .second_least = 0x80,
	    .second_most = 0xbf, .more = 3 },
	{ .first_least = 0xf4, .first_most = 0xf4, .second_least = 0x80,
	    .second_most = 0x8f, .more = 3 },
};

/* The bytes that the first character has, or 0 if it is none. */
static size_t
measure_character(const unsigned char *at, size_t left)
{
	size_t size = 0;

	for (size_t i = 0; size == 0 &&
	    i < sizeof utf8_ranges / sizeof utf8_ranges[0]; i++) {
		const struct utf8_range *range = &utf8_ranges[i];

		if (at[0] >= range->first_least &&
		    at[0] <= range->first_most && range->more < left &&
		    (range->more == 0 || (at[1] >= range->second_least &&
		    at[1] <= range->second_most)))
			size = range->more + 1u;
	}
	for (size_t i = 2; i < size; i++) {
		if ((at[i] & 0xc0) != 0x80)
			size = 0;
	}
	return size;
}

bool
encoding_is_utf8(const struct text *text)
{
	const unsigned char *bytes = (const unsigned char *)text->data;
	size_t size = 1;

	for (size_t at = 0; size > 0 && at < text->length; at += size)
		size = measure_character(bytes + at, text->length - at);
	return size > 0;
}

bool
encoding_is_uuid(const char *string)
{
	bool good = strlen(string) == 36;

	for (size_t i = 0; good && i < 36; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23)
			good = string[i] == '-';
		else
			good = strchr("0123456789abcdef", string[i]) != NULL;
	}
	return good;
}

void
encoding_make_uuid(char uuid[37])
{
	unsigned char b[16];

	if (RAND_bytes(b, sizeof b) != 1)
		errx(1, "no random bytes");
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	snprintf(uuid, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3], b[4], b[5],
	    b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}
