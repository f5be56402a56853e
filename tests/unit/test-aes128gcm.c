/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 8291, appendix A, step by step; and what is refused. */
#include "crypto/aes128gcm.h"

#include <string.h>

#include "base/encoding.h"
#include "fixture.h"
#include "tap.h"

#define TEXT "When I grow up, I want to be a watermelon"
#define PUBLIC "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4" \
    "bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
#define AUTH "BTBZMqHH6r4Tts7J_aSIgg"
#define PRIVATE "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
#define SALT "DGv6ra1nlYgDCS1FRnbzlw"
#define BODY "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27" \
    "mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mq" \
    "gkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"

static void
read_bytes(const char *text, unsigned char *bytes, size_t size)
{
	if (encoding_read_base64(text, strlen(text), bytes, size) !=
	    (long)size)
		tap_bail_out("%s has not %zu bytes", text, size);
}

static void
read_subscription(struct aes128gcm_subscription *subscription)
{
	read_bytes(PUBLIC, subscription->public_key,
	    sizeof subscription->public_key);
	read_bytes(AUTH, subscription->auth, sizeof subscription->auth);
}

static void
check_example(const struct aes128gcm_subscription *subscription)
{
	struct aes128gcm_fixed fixed;
	struct buf body, text;

	read_bytes(PRIVATE, fixed.private_key, sizeof fixed.private_key);
	read_bytes(SALT, fixed.salt, sizeof fixed.salt);
	buf_init(&body, 4096);
	buf_init(&text, 8192);
	tap_ok(aes128gcm_encrypt(subscription, &fixed, TEXT, strlen(TEXT), 0,
	    &body), "the example of RFC 8291 is encrypted");
	tap_is_int((int64_t)body.size, 144, "it has 144 bytes");
	encoding_append_base64url(&text, body.data, body.size);
	tap_is_string(buf_text(&text), BODY, "they are those of the RFC");
	buf_free(&text);
	buf_free(&body);
}

/* --- sizes --------------------------------------------------------------- */

static const struct {
	size_t size;
	size_t padded;
	size_t limit;		/* of the body */
	size_t body;		/* 0: it is refused */
} sizes[] = {
	{ 0, 0, 4096, 103 },
	{ 41, 0, 4096, 144 },
	{ 41, 512, 4096, 615 },
	{ 512, 512, 4096, 615 },
	{ 513, 512, 4096, 616 },
	{ 3993, 0, 4096, 4096 },
	{ 1, 3993, 4096, 4096 },
	{ 3994, 0, 5000, 0 },
	{ 1, 3994, 5000, 0 },
	{ 3993, 0, 4095, 0 },
};

static void
check_size(const struct aes128gcm_subscription *subscription, size_t i)
{
	const char *text = fixture_repeat("x", sizes[i].size);
	struct buf body;
	bool done;

	buf_init(&body, sizes[i].limit);
	done = aes128gcm_encrypt(subscription, NULL, text, sizes[i].size,
	    sizes[i].padded, &body);
	tap_ok(done == (sizes[i].body > 0), "%zu bytes padded to %zu are %s",
	    sizes[i].size, sizes[i].padded, sizes[i].body > 0 ? "encrypted" :
	    "refused");
	if (done)
		tap_is_int((int64_t)body.size, (int64_t)sizes[i].body,
		    "%zu bytes padded to %zu: the body", sizes[i].size,
		    sizes[i].padded);
	buf_free(&body);
}

/* --- keys ---------------------------------------------------------------- */

static void
check_keys(const struct aes128gcm_subscription *good)
{
	struct aes128gcm_subscription bad = *good;
	struct buf body, again;

	buf_init(&body, 4096);
	buf_init(&again, 4096);
	bad.public_key[64] ^= 1;
	tap_ok(!aes128gcm_encrypt(&bad, NULL, "x", 1, 0, &body),
	    "a point that is not on the curve is refused");
	bad = *good;
	bad.public_key[0] = 2;
	tap_ok(!aes128gcm_encrypt(&bad, NULL, "x", 1, 0, &body),
	    "a compressed point is refused");
	memset(bad.public_key, 0, sizeof bad.public_key);
	tap_ok(!aes128gcm_encrypt(&bad, NULL, "x", 1, 0, &body),
	    "infinity is refused");
	bad.public_key[0] = 4;
	tap_ok(!aes128gcm_encrypt(&bad, NULL, "x", 1, 0, &body),
	    "so is zero");
	tap_ok(aes128gcm_encrypt(good, NULL, "x", 1, 0, &body) &&
	    aes128gcm_encrypt(good, NULL, "x", 1, 0, &again),
	    "a good one is taken twice");
	tap_ok(memcmp(body.data, again.data, 16) != 0 &&
	    memcmp(body.data + 21, again.data + 21, 65) != 0,
	    "each time with another salt and key");
	buf_free(&again);
	buf_free(&body);
}

int
main(void)
{
	struct aes128gcm_subscription subscription;
	size_t i;

	read_subscription(&subscription);
	check_example(&subscription);
	for (i = 0; i < sizeof sizes / sizeof *sizes; i++)
		check_size(&subscription, i);
	check_keys(&subscription);
	return tap_done();
}
