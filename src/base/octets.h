/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_OCTETS_H
#define BASE_OCTETS_H

#include <stddef.h>

/*
 * Looks through texts sixteen bytes at a time, as most bytes of a request are
 * read several times: is it UTF-8, how long is it, where does a string end.
 */

/* How many bytes there are before the first that is not ASCII. */
size_t octets_ascii(const char *text, size_t size);

/*
 * How many there are before the first that a string of JSON cannot hold as it
 * is: a quote, a backslash, a control character below U+0020.
 */
size_t octets_plain(const char *text, size_t size);

/* How many there are before the first control character, DEL among them. */
size_t octets_printable(const char *text, size_t size);

/* How many characters there are in a text that is known to be UTF-8. */
size_t octets_characters(const char *text, size_t size);

/* How often an ASCII character is in it. */
size_t octets_count(const char *text, size_t size, char character);

#endif
