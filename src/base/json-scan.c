/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json-scan.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/hash.h"
#include "base/octets.h"
#include "base/xmalloc.h"

enum {
	JSON_SCAN_STRING_SIZE = 128 * 1024 * 1024
};

/* A bracket that is open, as far as values are hashed. */
struct json_scan_level {
	uint64_t hash;
	uint64_t name;		/* of the member that is read */
	size_t count;		/* of elements */
};

/* The walk over one value. */
struct json_scan_walk {
	struct json_scan *scan;
	struct json_scan_value *value;
	size_t depth;
	/* A bit for each level: an object.  What is not deep needs no more. */
	unsigned char *bits;
	size_t bits_size;
	unsigned char first_bits[JSON_SCAN_HASH_DEPTH / 8];
	size_t deep_start;	/* where a value too deep to hash begins */
	struct json_scan_level levels[JSON_SCAN_HASH_DEPTH];
};

void
json_scan_init(struct json_scan *scan, const char *text, size_t size)
{
	memset(scan, 0, sizeof *scan);
	scan->text = text;
	scan->size = size;
	buf_init(&scan->string, JSON_SCAN_STRING_SIZE);
}

void
json_scan_free(struct json_scan *scan)
{
	buf_wipe(&scan->string);
}

/* --- tokens -------------------------------------------------------------- */

/* The character `offset` bytes on, or '\0' at the end; '\0' is no JSON. */
static char
json_scan_at(const struct json_scan *scan, size_t offset)
{
	return offset < scan->size - scan->at ?
	    scan->text[scan->at + offset] : '\0';
}

char
json_scan_peek(struct json_scan *scan)
{
	char c = json_scan_at(scan, 0);

	while (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
		scan->at++;
		c = json_scan_at(scan, 0);
	}
	return c;
}

bool
json_scan_take(struct json_scan *scan, char character)
{
	if (json_scan_peek(scan) != character || scan->at == scan->size)
		return false;
	scan->at++;
	scan->compact++;
	return true;
}

bool
json_scan_ends(struct json_scan *scan)
{
	json_scan_peek(scan);
	return scan->at == scan->size;
}

static size_t
json_scan_digits(struct json_scan *scan)
{
	size_t start = scan->at;

	while (json_scan_at(scan, 0) >= '0' && json_scan_at(scan, 0) <= '9')
		scan->at++;
	return scan->at - start;
}

/* Section 6. */
bool
json_scan_number(struct json_scan *scan, bool *is_integer)
{
	size_t start, digits;

	json_scan_peek(scan);
	start = scan->at;
	*is_integer = true;
	if (json_scan_at(scan, 0) == '-')
		scan->at++;
	if (json_scan_at(scan, 0) == '0') {
		scan->at++;
		digits = 1;
	} else
		digits = json_scan_digits(scan);
	if (digits > 0 && json_scan_at(scan, 0) == '.') {
		*is_integer = false;
		scan->at++;
		digits = json_scan_digits(scan);
	}
	if (digits > 0 && (json_scan_at(scan, 0) | 0x20) == 'e') {
		*is_integer = false;
		scan->at++;
		if (json_scan_at(scan, 0) == '+' ||
		    json_scan_at(scan, 0) == '-')
			scan->at++;
		digits = json_scan_digits(scan);
	}
	scan->compact += scan->at - start;
	return digits > 0;
}

bool
json_scan_word(struct json_scan *scan)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t i;

	json_scan_peek(scan);
	for (i = 0; i < sizeof words / sizeof *words; i++) {
		size_t length = strlen(words[i]);

		if (length <= scan->size - scan->at && memcmp(scan->text +
		    scan->at, words[i], length) == 0) {
			scan->at += length;
			scan->compact += length;
			return true;
		}
	}
	return false;
}

/* --- strings ------------------------------------------------------------- */

/* The four hex digits of \uXXXX, from the first on; -1: there are none. */
static long
json_scan_hex(const struct json_scan *scan, size_t offset)
{
	static const char digits[] = "0123456789abcdef";
	long value = 0;
	size_t i;

	for (i = 0; i < 4; i++) {
		char c = json_scan_at(scan, offset + i);
		const char *digit = c == '\0' ? NULL :
		    strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c);

		if (digit == NULL)
			return -1;
		value = value << 4 | (digit - digits);
	}
	return value;
}

static void
json_scan_add_utf8(struct buf *buf, unsigned long c)
{
	char bytes[4];
	size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4, i;

	for (i = size - 1; i > 0; i--, c >>= 6)
		bytes[i] = (char)(0x80 | (c & 0x3f));
	bytes[0] = (char)(size == 1 ? c : (0xf00U >> size & 0xf0) | c);
	buf_append(buf, bytes, size);
}

/* From behind "\u".  A surrogate that is alone becomes U+FFFD. */
static bool
json_scan_unicode(struct json_scan *scan)
{
	long c = json_scan_hex(scan, 0), low;

	if (c == -1)
		return false;
	scan->at += 4;
	if (c >= 0xd800 && c < 0xdc00 && json_scan_at(scan, 0) == '\\' &&
	    json_scan_at(scan, 1) == 'u') {
		low = json_scan_hex(scan, 2);
		if (low >= 0xdc00 && low < 0xe000) {
			scan->at += 6;
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		}
	}
	if (c >= 0xd800 && c < 0xe000)
		c = 0xfffd;
	json_scan_add_utf8(&scan->string, (unsigned long)c);
	/* What the compact form escapes, too. */
	if (c < 0x20)
		scan->compact += c != 0 && strchr("\b\f\n\r\t", (int)c) !=
		    NULL ? 1 : 5;
	else if (c == '"' || c == '\\')
		scan->compact++;
	return true;
}

/* From behind the backslash. */
static bool
json_scan_escape(struct json_scan *scan)
{
	static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	char c = json_scan_at(scan, 0);
	const char *name;

	if (c == 'u') {
		scan->at++;
		return json_scan_unicode(scan);
	}
	if (c == '\0' || (name = strchr(names, c)) == NULL)
		return false;
	scan->at++;
	scan->compact += c != '/';
	buf_append(&scan->string, &meant[name - names], 1);
	return true;
}

/* How many bytes from here on stand for themselves. */
static size_t
json_scan_plain(const struct json_scan *scan)
{
	return octets_plain(scan->text + scan->at, scan->size - scan->at);
}

bool
json_scan_string(struct json_scan *scan)
{
	buf_reset(&scan->string);
	if (!json_scan_take(scan, '"'))
		return false;
	for (;;) {
		size_t plain = json_scan_plain(scan);

		buf_append(&scan->string, scan->text + scan->at, plain);
		scan->at += plain;
		if (json_scan_at(scan, 0) != '\\')
			break;
		scan->at++;
		if (!json_scan_escape(scan))
			return false;
	}
	if (json_scan_at(scan, 0) != '"' || scan->string.overflowed)
		return false;
	scan->at++;
	/* What escapes need was counted; here are the bytes and the quotes. */
	scan->compact += scan->string.size + 1;
	return true;
}

bool
json_scan_name(struct json_scan *scan)
{
	return json_scan_string(scan) && json_scan_take(scan, ':');
}

/* --- hashes -------------------------------------------------------------- */

/* Unknown to callers, so that they cannot choose values that collide. */
static uint64_t
json_scan_key(void)
{
	static uint64_t key;

	if (key == 0 &&
	    getrandom(&key, sizeof key, GRND_NONBLOCK) != sizeof key)
		key = (uintptr_t)&key;
	return key | 1;
}

/* Spreads what FNV leaves in the low bits. */
static uint64_t
json_scan_mix(uint64_t hash)
{
	hash = (hash ^ hash >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return hash ^ hash >> 32;
}

static uint64_t
json_scan_hash(char kind, const void *data, size_t size)
{
	uint64_t hash = hash_add(json_scan_key(), &kind, 1);

	return json_scan_mix(hash_add(hash, data, size));
}

/* A number by its value: the text of it ends before a character of another. */
static uint64_t
json_scan_hash_number(const char *text, bool is_integer)
{
	double number;
	struct {
		uint64_t sign;
		uint64_t magnitude;
	} integer;

	if (!is_integer) {
		/* Plus zero: 0.0 and -0.0 are equal. */
		number = strtod(text, NULL) + 0.0;
		return json_scan_hash('d', &number, sizeof number);
	}
	integer.magnitude = strtoull(text + (*text == '-'), NULL, 10);
	integer.sign = *text == '-' && integer.magnitude != 0;
	/* What is out of range is the nearest in it, as json-c reads it. */
	if (integer.sign && integer.magnitude > (uint64_t)INT64_MAX + 1)
		integer.magnitude = (uint64_t)INT64_MAX + 1;
	return json_scan_hash('i', &integer, sizeof integer);
}

/* --- the walk ------------------------------------------------------------ */

static bool
walk_is_hashed(const struct json_scan_walk *walk)
{
	return walk->value->hashed && walk->depth <= JSON_SCAN_HASH_DEPTH;
}

static bool
walk_is_in_object(const struct json_scan_walk *walk)
{
	size_t bit = walk->depth - 1;

	return (walk->bits[bit / 8] >> bit % 8 & 1) != 0;
}

/* Adds the hash of a value to the bracket that it stands in. */
static void
walk_add_hash(struct json_scan_walk *walk, uint64_t hash)
{
	struct json_scan_level *level;

	if (!walk_is_hashed(walk))
		return;
	if (walk->depth == 0) {
		walk->value->hash = hash;
		return;
	}
	level = &walk->levels[walk->depth - 1];
	level->count++;
	if (walk_is_in_object(walk))
		level->hash += json_scan_mix(hash + 3 * level->name);
	else
		level->hash = json_scan_mix(3 * level->hash + hash);
}

static void
walk_open(struct json_scan_walk *walk, bool is_object)
{
	size_t bit = walk->depth, old = walk->bits_size;

	/* A value that is too deep is told apart by its text. */
	if (walk->value->hashed && walk->depth == JSON_SCAN_HASH_DEPTH)
		walk->deep_start = walk->scan->at - 1;
	if (bit / 8 == old) {
		unsigned char *first = walk->bits == walk->first_bits ?
		    NULL : walk->bits;

		walk->bits = xreallocarray(first, old, 2);
		if (first == NULL)
			memcpy(walk->bits, walk->first_bits, old);
		walk->bits_size = 2 * old;
	}
	walk->bits[bit / 8] = (unsigned char)((walk->bits[bit / 8] &
	    ~(1U << bit % 8)) | (unsigned int)is_object << bit % 8);
	walk->depth++;
	if (walk->depth > walk->value->depth)
		walk->value->depth = walk->depth;
	if (walk_is_hashed(walk))
		memset(&walk->levels[bit], 0, sizeof *walk->levels);
}

static void
walk_close(struct json_scan_walk *walk)
{
	bool is_object = walk_is_in_object(walk);
	const struct json_scan_level *level;
	uint64_t parts[2] = { 0, 0 };

	if (walk_is_hashed(walk)) {
		level = &walk->levels[walk->depth - 1];
		parts[0] = level->hash;
		parts[1] = level->count;
	}
	walk->depth--;
	if (!walk_is_hashed(walk))
		return;
	if (walk->depth < JSON_SCAN_HASH_DEPTH)
		walk_add_hash(walk, json_scan_hash(is_object ? '{' : '[',
		    parts, sizeof parts));
	else
		walk_add_hash(walk, json_scan_hash('?', walk->scan->text +
		    walk->deep_start, walk->scan->at - walk->deep_start));
}

static bool
walk_name(struct json_scan_walk *walk)
{
	struct buf *name = &walk->scan->string;

	if (!json_scan_name(walk->scan))
		return false;
	if (name->size > 0 && memchr(name->data, '\0', name->size) != NULL)
		walk->value->has_nul_in_name = true;
	if (walk_is_hashed(walk))
		walk->levels[walk->depth - 1].name =
		    json_scan_hash('n', buf_text(name), name->size);
	return true;
}

static bool
walk_scalar(struct json_scan_walk *walk)
{
	struct json_scan *scan = walk->scan;
	char c = json_scan_peek(scan);
	const char *start = scan->text + scan->at;
	bool good, is_integer = false;

	if (c == '"') {
		good = json_scan_string(scan);
		if (good && walk_is_hashed(walk))
			walk_add_hash(walk, json_scan_hash('s',
			    buf_text(&scan->string), scan->string.size));
	} else if (c == '-' || (c >= '0' && c <= '9')) {
		good = json_scan_number(scan, &is_integer);
		if (good && walk_is_hashed(walk))
			walk_add_hash(walk, json_scan_hash_number(start,
			    is_integer));
	} else {
		good = json_scan_word(scan);
		walk_add_hash(walk, json_scan_hash('w', &c, 1));
	}
	return good;
}

/* Behind a value: closes what ends here, and goes on to the next value. */
static bool
walk_on(struct json_scan_walk *walk)
{
	while (walk->depth > 0) {
		bool is_object = walk_is_in_object(walk);

		if (json_scan_take(walk->scan, ','))
			return !is_object || walk_name(walk);
		if (!json_scan_take(walk->scan, is_object ? '}' : ']'))
			return false;
		walk_close(walk);
	}
	return true;
}

/* One step: a bracket that opens, or a value that ends. */
static bool
walk_step(struct json_scan_walk *walk)
{
	bool is_object = json_scan_take(walk->scan, '{');

	walk->value->count++;
	if (!is_object && !json_scan_take(walk->scan, '['))
		return walk_scalar(walk) && walk_on(walk);
	walk_open(walk, is_object);
	if (!json_scan_take(walk->scan, is_object ? '}' : ']'))
		return !is_object || walk_name(walk);
	walk_close(walk);
	return walk_on(walk);
}

bool
json_scan_value(struct json_scan *scan, struct json_scan_value *value)
{
	struct json_scan_walk walk;	/* most of it is not needed */
	bool good;

	walk.scan = scan;
	walk.value = value;
	walk.depth = 0;
	walk.bits = walk.first_bits;
	walk.bits_size = sizeof walk.first_bits;
	value->depth = 0;
	value->count = 0;
	value->has_nul_in_name = false;
	value->hash = 0;
	do
		good = walk_step(&walk);
	while (good && walk.depth > 0);
	if (walk.bits != walk.first_bits)
		free(walk.bits);
	return good;
}
