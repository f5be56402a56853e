/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keyed-hash.h"

#include <string.h>

#include "base/encoding.h"
#include "tap.h"

/* Case 2 of RFC 4231. */
static void
check_hmac(void)
{
	static const char data[] = "what do ya want for nothing?";
	unsigned char hash[KEYED_HASH_SIZE];
	char hex[2 * sizeof hash + 1];

	keyed_hash("Jefe", 4, data, strlen(data), hash);
	encoding_write_hex(hash, sizeof hash, hex);
	tap_is_string(hex, "5bdcc146bf60754e6a042426089575c7"
	    "5a003f089d2739839dec58b964ec3843", "HMAC-SHA256");
}

/* From vectors_sip128 of the reference implementation: bytes 0, 1, 2, ... */
static const struct {
	size_t size;
	const char *hex;
} siphash_rows[] = {
	{ 0, "a3817f04ba25a8e66df67214c7550293" },
	{ 1, "da87c1d86b99af44347659119b22fc45" },
	{ 2, "8177228da4a45dc7fca38bdef60affe4" },
};

static void
check_siphash(void)
{
	unsigned char key[KEYED_HASH_SHORT_SIZE], hash[sizeof key];
	char hex[2 * sizeof hash + 1];
	size_t i;

	for (i = 0; i < sizeof key; i++)
		key[i] = (unsigned char)i;
	for (i = 0; i < sizeof siphash_rows / sizeof *siphash_rows; i++) {
		keyed_hash_short(key, key, siphash_rows[i].size, hash);
		encoding_write_hex(hash, sizeof hash, hex);
		tap_is_string(hex, siphash_rows[i].hex,
		    "SipHash of %zu bytes", siphash_rows[i].size);
	}
	keyed_hash_short(key, "", 0, key);
	encoding_write_hex(key, sizeof key, hex);
	tap_is_string(hex, siphash_rows[0].hex, "in the place of its key");
}

int
main(void)
{
	check_hmac();
	check_siphash();
	return tap_done();
}
