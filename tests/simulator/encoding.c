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

static bool
decode_percent(struct text *to, const char *from, size_t length)
{
	bool good = true;

	for (size_t i = 0; good && i < length; i++) {
		if (from[i] == '+')
			text_add(to, " ", 1);
		else if (from[i] != '%')
			text_add(to, from + i, 1);
		else if ((good = length - i > 2 &&
		    encoding_decode_hex(to, from + i + 1, 2)))
			i += 2;
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
			good = decode_percent(to, pair + name_length + 1,
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
