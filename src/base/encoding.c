/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encoding.h"

#include <string.h>
#include <sys/random.h>

#include "base/log.h"

static const char encoding_hex_digits[] = "0123456789abcdef";
static const char encoding_base64url_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void
encoding_write_hex(const unsigned char *data, size_t size, char *hex)
{
	size_t i;

	for (i = 0; i < size; i++) {
		*hex++ = encoding_hex_digits[data[i] >> 4];
		*hex++ = encoding_hex_digits[data[i] & 0x0f];
	}
	*hex = '\0';
}

/* Up to three bytes as up to four digits; returns the number of digits. */
static size_t
encoding_write_quantum(const unsigned char *bytes, size_t size, char digits[4])
{
	unsigned int bits = (unsigned int)bytes[0] << 16;
	size_t i;

	if (size > 1)
		bits |= (unsigned int)bytes[1] << 8;
	if (size > 2)
		bits |= bytes[2];
	for (i = 0; i < 4; i++)
		digits[i] = encoding_base64url_digits[bits >> (18 - 6 * i) &
		    0x3f];
	return size > 2 ? 4 : size + 1;
}

bool
encoding_append_base64url(struct buf *buf, const void *data, size_t size)
{
	const unsigned char *bytes = data;
	size_t start = buf->size, at;
	bool fits = true;
	char digits[4];

	for (at = 0; fits && at < size; at += 3)
		fits = buf_append(buf, digits, encoding_write_quantum(
		    bytes + at, size - at, digits));
	if (!fits && buf->data != NULL) {
		buf->size = start;
		buf->data[start] = '\0';
	}
	return fits;
}

static int
encoding_base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

long
encoding_read_base64(const char *text, size_t length, unsigned char *data,
    size_t size)
{
	unsigned int bits = 0, held = 0;
	size_t i, used = 0, padding = 0;

	while (padding < 2 && length > padding &&
	    text[length - padding - 1] == '=')
		padding++;
	if (padding > 0 && length % 4 != 0)
		return -1;
	length -= padding;
	if (length % 4 == 1)
		return -1;
	for (i = 0; i < length; i++) {
		int value = encoding_base64_value(text[i]);

		if (value == -1 || (held >= 2 && used == size))
			return -1;
		bits = bits << 6 | (unsigned int)value;
		held += 6;
		if (held >= 8) {
			held -= 8;
			data[used++] = (unsigned char)(bits >> held & 0xff);
		}
	}
	/* Bits that are left over belong to no byte: 0 in what was encoded. */
	return (bits & ((1u << held) - 1)) == 0 ? (long)used : -1;
}

void
encoding_append_form(struct buf *buf, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
	    "pqrstuvwxyz0123456789-._~";
	char hex[3];

	for (; *text != '\0'; text++) {
		if (strchr(plain, *text) != NULL)
			buf_append(buf, text, 1);
		else {
			encoding_write_hex((const unsigned char *)text, 1,
			    hex);
			buf_append_format(buf, "%%%s", hex);
		}
	}
}

/* Many at once: each system call costs as much as all else here. */
static void
encoding_take_random(unsigned char bytes[16])
{
	static unsigned char pool[256];
	static size_t left;

	if (left == 0) {
		/* So few are never cut short: getrandom(2). */
		if (getrandom(pool, sizeof pool, 0) != sizeof pool)
			fatal("no random numbers");
		left = sizeof pool;
	}
	left -= 16;
	memcpy(bytes, pool + left, 16);
}

void
encoding_make_uuid(char uuid[ENCODING_UUID_SIZE])
{
	static const unsigned int groups[] = { 4, 2, 2, 2, 6 };
	unsigned char bytes[16];
	const unsigned char *from = bytes;
	size_t i;

	encoding_take_random(bytes);
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
	for (i = 0; i < sizeof groups / sizeof *groups; i++) {
		encoding_write_hex(from, groups[i], uuid);
		from += groups[i];
		uuid += 2 * groups[i];
		if (i + 1 < sizeof groups / sizeof *groups)
			*uuid++ = '-';
	}
}
