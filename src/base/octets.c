/* SPDX-License-Identifier: Apache-2.0 */
#include "base/octets.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Eight bytes that are all the same. */
#define OCTETS_ALL(byte) (UINT64_C(0x0101010101010101) * (byte))
#define OCTETS_HIGH OCTETS_ALL(0x80)

static uint64_t
octets_load(const char *text)
{
	uint64_t octets;

	memcpy(&octets, text, sizeof octets);
	return octets;
}

/* The high bit of each byte that is zero. */
static uint64_t
octets_zeros(uint64_t octets)
{
	return ~(((octets & ~OCTETS_HIGH) + ~OCTETS_HIGH) | octets) &
	    OCTETS_HIGH;
}

/* How many of the high bits are set, where no others are. */
static size_t
octets_sum(uint64_t high_bits)
{
	return (size_t)((high_bits >> 7) * OCTETS_ALL(1) >> 56);
}

/*
 * Not zero if any byte is below 0x20, a quote or a backslash.  (A borrow may
 * mark a byte behind one of them, too.)
 */
static uint64_t
octets_special(uint64_t octets)
{
	uint64_t quotes = octets ^ OCTETS_ALL('"');
	uint64_t slashes = octets ^ OCTETS_ALL('\\');

	return (((octets - OCTETS_ALL(0x20)) & ~octets) |
	    ((quotes - OCTETS_ALL(1)) & ~quotes) |
	    ((slashes - OCTETS_ALL(1)) & ~slashes)) & OCTETS_HIGH;
}

size_t
octets_ascii(const char *text, size_t size)
{
	size_t i = 0;

	while (size - i >= 8 && (octets_load(text + i) & OCTETS_HIGH) == 0)
		i += 8;
	while (i < size && (unsigned char)text[i] < 0x80)
		i++;
	return i;
}

static bool
octets_is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte != '"' && byte != '\\';
}

size_t
octets_plain(const char *text, size_t size)
{
	size_t i = 0;

	while (size - i >= 8 && octets_special(octets_load(text + i)) == 0)
		i += 8;
	while (i < size && octets_is_plain((unsigned char)text[i]))
		i++;
	return i;
}

/* Not zero if any byte is below 0x20 or 0x7f; as octets_special. */
static uint64_t
octets_control(uint64_t octets)
{
	uint64_t deleted = octets ^ OCTETS_ALL(0x7f);

	return (((octets - OCTETS_ALL(0x20)) & ~octets) |
	    ((deleted - OCTETS_ALL(1)) & ~deleted)) & OCTETS_HIGH;
}

size_t
octets_printable(const char *text, size_t size)
{
	size_t i = 0;

	while (size - i >= 8 && octets_control(octets_load(text + i)) == 0)
		i += 8;
	while (i < size && (unsigned char)text[i] >= 0x20 && text[i] != 0x7f)
		i++;
	return i;
}

/* Each byte but those that go on a character, 10xxxxxx. */
size_t
octets_characters(const char *text, size_t size)
{
	size_t i, count = size;

	for (i = 0; size - i >= 8; i += 8) {
		uint64_t octets = octets_load(text + i);

		count -= octets_sum(octets & ~(octets << 1) & OCTETS_HIGH);
	}
	for (; i < size; i++)
		count -= ((unsigned char)text[i] & 0xc0) == 0x80;
	return count;
}

size_t
octets_count(const char *text, size_t size, char character)
{
	size_t i, count = 0;

	for (i = 0; size - i >= 8; i += 8)
		count += octets_sum(octets_zeros(octets_load(text + i) ^
		    OCTETS_ALL((unsigned char)character)));
	for (; i < size; i++)
		count += text[i] == character;
	return count;
}
