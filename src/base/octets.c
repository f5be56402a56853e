/* SPDX-License-Identifier: Apache-2.0 */
#include "base/octets.h"

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

/* 0xff in the place of each byte that is looked for, and 0 of any other. */
typedef octets_bytes octets_test(octets_bytes bytes);

static octets_bytes
octets_beyond_ascii(octets_bytes bytes)
{
	return (octets_bytes)(bytes >= 0x80);
}

static octets_bytes
octets_not_plain(octets_bytes bytes)
{
	return (octets_bytes)(bytes < 0x20) | (octets_bytes)(bytes == '"') |
	    (octets_bytes)(bytes == '\\');
}

static octets_bytes
octets_not_printable(octets_bytes bytes)
{
	return (octets_bytes)(bytes < 0x20) | (octets_bytes)(bytes == 0x7f);
}

/* In a word of eight; not zero. */
static size_t
octets_first_in_word(uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return (size_t)__builtin_clzll(word) / 8;
#else
	return (size_t)__builtin_ctzll(word) / 8;
#endif
}

/* Where the first one is; OCTETS_STEP: there is none. */
static size_t
octets_first(octets_bytes found)
{
	octets_words words = (octets_words)found;

	if ((words[0] | words[1]) == 0)		/* mostly */
		return OCTETS_STEP;
	return words[0] != 0 ? octets_first_in_word(words[0]) :
	    OCTETS_STEP / 2 + octets_first_in_word(words[1]);
}

/* In fewer than sixteen bytes; what follows them may be found, too. */
static size_t
octets_find_in_few(const char *text, size_t size, octets_test *test)
{
	octets_bytes few = { 0 };
	size_t first;

	if (size > 0)	/* else `text` may be NULL */
		memcpy(&few, text, size);
	first = octets_first(test(few));
	return first < size ? first : size;
}

/* The last step may overlap the one before it. */
static inline __attribute__((always_inline)) size_t
octets_find(const char *text, size_t size, octets_test *test)
{
	size_t i = 0, first;

	if (size < OCTETS_STEP)
		return octets_find_in_few(text, size, test);
	for (; i < size - OCTETS_STEP; i += OCTETS_STEP) {
		first = octets_first(test(octets_load(text + i)));
		if (first < OCTETS_STEP)
			return i + first;
	}
	i = size - OCTETS_STEP;
	return i + octets_first(test(octets_load(text + i)));
}

size_t
octets_ascii(const char *text, size_t size)
{
	return octets_find(text, size, octets_beyond_ascii);
}

size_t
octets_plain(const char *text, size_t size)
{
	return octets_find(text, size, octets_not_plain);
}

size_t
octets_printable(const char *text, size_t size)
{
	return octets_find(text, size, octets_not_printable);
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
