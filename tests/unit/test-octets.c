/* SPDX-License-Identifier: Apache-2.0 */
/* Each function against one that looks at the bytes one by one. */
#include "base/octets.h"

#include <stdbool.h>
#include <string.h>

#include "tap.h"

enum { SIZE_MAX_TRIED = 50 };

static size_t
slow_ascii(const char *text, size_t size)
{
	size_t i = 0;

	while (i < size && (unsigned char)text[i] < 0x80)
		i++;
	return i;
}

static size_t
slow_plain(const char *text, size_t size)
{
	size_t i = 0;

	while (i < size && (unsigned char)text[i] >= 0x20 && text[i] != '"' &&
	    text[i] != '\\')
		i++;
	return i;
}

static size_t
slow_printable(const char *text, size_t size)
{
	size_t i = 0;

	while (i < size && (unsigned char)text[i] >= 0x20 && text[i] != 0x7f)
		i++;
	return i;
}

static size_t
slow_characters(const char *text, size_t size)
{
	size_t i, count = 0;

	for (i = 0; i < size; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

static size_t
slow_count(const char *text, size_t size, char character)
{
	size_t i, count = 0;

	for (i = 0; i < size; i++)
		count += text[i] == character;
	return count;
}

/* How many of them are wrong about a text. */
static unsigned int
mistakes(const char *text, size_t size)
{
	unsigned int count = 0;

	count += octets_ascii(text, size) != slow_ascii(text, size);
	count += octets_plain(text, size) != slow_plain(text, size);
	count += octets_printable(text, size) != slow_printable(text, size);
	count += octets_characters(text, size) != slow_characters(text, size);
	count += octets_count(text, size, ',') != slow_count(text, size, ',');
	return count;
}

/* Every byte at every place of texts of every length. */
static unsigned int
try_one_byte(char filler)
{
	char text[SIZE_MAX_TRIED];
	size_t size, place;
	unsigned int wrong = 0;
	int byte;

	for (size = 0; size <= sizeof text; size++) {
		for (place = 0; place < size; place++) {
			for (byte = 0; byte < 256; byte++) {
				memset(text, filler, size);
				text[place] = (char)byte;
				wrong += mistakes(text, size);
			}
		}
		memset(text, filler, size);
		wrong += mistakes(text, size);
	}
	return wrong;
}

/* Every pair of neighbours, in which one may hide the other. */
static unsigned int
try_two_bytes(void)
{
	char text[32];
	unsigned int wrong = 0;
	size_t place;
	int pair;

	for (place = 0; place + 1 < sizeof text; place++) {
		for (pair = 0; pair < 65536; pair++) {
			memset(text, 'a', sizeof text);
			text[place] = (char)(pair >> 8);
			text[place + 1] = (char)pair;
			wrong += mistakes(text, sizeof text);
		}
	}
	return wrong;
}

/* More of one byte than a byte can count. */
static void
check_long(void)
{
	static char text[3 * 255 * 16 + 7];

	memset(text, ',', sizeof text);
	tap_is_int(mistakes(text, sizeof text), 0, "a long text of commas");
	memset(text, '\x80', sizeof text);
	tap_is_int(mistakes(text, sizeof text), 0,
	    "a long text of continuations");
}

int
main(void)
{
	tap_is_int(try_one_byte('a'), 0, "any byte among letters");
	tap_is_int(try_one_byte(','), 0, "any byte among commas");
	tap_is_int(try_one_byte('\x80'), 0, "any byte among continuations");
	tap_is_int(try_one_byte('\xff'), 0, "any byte among those of no text");
	tap_is_int(try_two_bytes(), 0, "any two bytes side by side");
	check_long();
	return tap_done();
}
