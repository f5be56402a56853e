/* SPDX-License-Identifier: Apache-2.0 */
#include "base/octets.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Sixteen bytes; the compiler makes of them what the processor has. */
enum { OCTETS_STEP = 16 };
typedef uint8_t octets_bytes __attribute__((vector_size(OCTETS_STEP)));
typedef uint64_t octets_words __attribute__((vector_size(OCTETS_STEP)));

static octets_bytes
octets_load(const char *text)
{
	octets_bytes bytes;

	memcpy(&bytes, text, sizeof bytes);
	return bytes;
}

/* Comparisons give 0xff for true. */
static bool
octets_any(octets_bytes truths)
{
	octets_words words = (octets_words)truths;

	return (words[0] | words[1]) != 0;
}

/* The sum of all sixteen. */
static size_t
octets_sum(octets_bytes bytes)
{
	size_t i, sum = 0;

	for (i = 0; i < OCTETS_STEP; i++)
		sum += bytes[i];
	return sum;
}

/* --- where the first one is ----------------------------------------------- */

size_t
octets_ascii(const char *text, size_t size)
{
	size_t i = 0;

	while (size - i >= OCTETS_STEP &&
	    !octets_any(octets_load(text + i) & 0x80))
		i += OCTETS_STEP;
	while (i < size && (unsigned char)text[i] < 0x80)
		i++;
	return i;
}

static bool
octets_are_plain(octets_bytes bytes)
{
	return !octets_any((octets_bytes)(bytes < 0x20) |
	    (octets_bytes)(bytes == '"') | (octets_bytes)(bytes == '\\'));
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

	while (size - i >= OCTETS_STEP &&
	    octets_are_plain(octets_load(text + i)))
		i += OCTETS_STEP;
	while (i < size && octets_is_plain((unsigned char)text[i]))
		i++;
	return i;
}

static bool
octets_are_printable(octets_bytes bytes)
{
	return !octets_any((octets_bytes)(bytes < 0x20) |
	    (octets_bytes)(bytes == 0x7f));
}

size_t
octets_printable(const char *text, size_t size)
{
	size_t i = 0;

	while (size - i >= OCTETS_STEP &&
	    octets_are_printable(octets_load(text + i)))
		i += OCTETS_STEP;
	while (i < size && (unsigned char)text[i] >= 0x20 && text[i] != 0x7f)
		i++;
	return i;
}

/* --- how many there are --------------------------------------------------- */

enum {
	/* Steps until a sum in a byte may pass 255. */
	OCTETS_STEPS_MAX = 255
};

/* How many steps to take from here, at most so many. */
static size_t
octets_steps(size_t left)
{
	size_t steps = left / OCTETS_STEP;

	return steps < OCTETS_STEPS_MAX ? steps : OCTETS_STEPS_MAX;
}

/* Each byte but those that go on a character, 10xxxxxx. */
size_t
octets_characters(const char *text, size_t size)
{
	size_t i = 0, count = size, steps;

	while ((steps = octets_steps(size - i)) > 0) {
		octets_bytes sums = { 0 };

		for (; steps > 0; steps--, i += OCTETS_STEP)
			/* True is -1. */
			sums -= (octets_bytes)((octets_load(text + i) &
			    0xc0) == 0x80);
		count -= octets_sum(sums);
	}
	for (; i < size; i++)
		count -= ((unsigned char)text[i] & 0xc0) == 0x80;
	return count;
}

size_t
octets_count(const char *text, size_t size, char character)
{
	size_t i = 0, count = 0, steps;

	while ((steps = octets_steps(size - i)) > 0) {
		octets_bytes sums = { 0 };

		for (; steps > 0; steps--, i += OCTETS_STEP)
			sums -= (octets_bytes)(octets_load(text + i) ==
			    (unsigned char)character);
		count += octets_sum(sums);
	}
	for (; i < size; i++)
		count += text[i] == character;
	return count;
}
