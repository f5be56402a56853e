/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cipher.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "fixture.h"
#include "tap.h"

enum {
	PADDED_SIZE = 1024
};

/* The example that gematik's concept publishes. */
#define FIRST_SECRET \
	"f2ca1bb6c7e907d06dafe4687e579fce76b37e4e93b7605022da52e6ccc26fd2"

static const struct {
	const char *month;
	const char *secret;
	const char *key;
} chain[] = {
	{ .month = "2023-10",
	  .secret = "185fed66ea5cabbe00147bbd298b5dab"
		    "0ed41b57ab254d35897b3a4504306e3b",
	  .key = "3b4adcd58dea98db8e9cb0f5763fcd04"
		 "fe932d67926cc04b20ba2a2f304ffff9" },
	{ .month = "2023-11",
	  .secret = "0c8662d90b04818afb317406fe7fcfcf"
		    "8d103cd9bc6ad7847890d28620e85ec3",
	  .key = "39aa5dacd538f53f4b956d84c9b8f2e2"
		 "6933274d160b9fd1a263a27681c6331b" },
};

#define VECTOR_TEXT "Neues E-Rezept f\xc3\xbcr Clara"

/* Its key is that of 2023-10, its nonce 00 01 … 0b; by another program
 * (Python's cryptography). */
static const char vector[] =
    "AAECAwQFBgcICQoLfRg2UVd79qo3x6hTWBaQ1sBtXBhqC2Oz1fI9hbdXn0vDiUZ0"
    "SWJdyOVVqgLSg09Ri7srdtTDXU6pRTU/Dx4XRj2A3BubFXkQdwxzRNGNa09mqyPZ"
    "VZLD9lR7pZ7WFrtff3BS5aJKqNlAAlybYkWVoX3v1ZsIBGLPUlDQnsdornTXkEOj"
    "Nff9q/lqP/+81buQ47plq3q01Ri7unWrho32j/holXL2uGWSeupwMT5gTphH6Y2i"
    "E6YFELK7s8yfm60sJYahmVA/UKU8569WtsLYJYLg5+Qwdre6PrWt/KLO5hrjbX0K"
    "LUBLtj2Y6LaODFQqp92EzjJHPWJCKDmXExP7WRY6FiaVIhAw8G8Y8ovPp3c+HZjD"
    "3k/oGo6cCfxCsJvfFVOWAd2oXtawGbMu+BbsSid3BkCu4e0Dpj+hWOA/LJVoLcGk"
    "DzvBde9hJinsFc47FSnU4d+HSNFA0O0LQuvgeOzoX3tTmdYD47xmVtpRi1gZG7t3"
    "ZVlIHGiAH6a3fipcuFUSgkzOweBNhPeiMoT4wKAX2EPzJnh18ll750/zlpUw3gnK"
    "Wn2ZtLtH9+h6O6FakvDF+uJPfhX2oRldJjUiVjVY9UE0GOvdwMS7DzhKfiTPhRfo"
    "+6FaK2SdXqdT0Ib0p75PAZ2oSE8BdKrTHh3ZQo5irb0XBSTz66R0fRtL+Vx27xue"
    "3Cg/InH2I5Hx5dnH9sJl8DPd+C9TPKr0TbYeuhDFa+QOScQ2i+U1zLcaj6fFvsDy"
    "lAxpAqi59gprCr6YruohuPoP0OB/3dtKb/E4ZSL+YCQ26HaksKKApUBcoDvOcEXl"
    "WxhqX4GKpsv2gG6eOL8f3pwn1I2hfSGsAerLahP+9tlW7ReR/lf0jQZMRFF68UHQ"
    "9YV3C53CucvDOhD5dkNodUJEdtkqImhZc9acKLzNIC+uHB+LWiCBEAeiAqVVLRFO"
    "+GHDQsTXjlEK0TJaVrX3xwo/3thDJ8ir7Vu60Vrfu9CTIZ9RWXt830xu2R/d10QV"
    "HLHG2YqbJqtg6yxqRkZXoZsDVEWPqbZ5DlFwwau3mY84nFtYM2MqEukUs+2z4Nz+"
    "0q8Twb8WJM+EyOVuB/xa8WUG+6RcBIpGyqMAO8DvR737rB1SyqHpljyxAlA/ntG6"
    "knBtESgJKERo+jFW9dZdCHfRu8AoFjpx7apTP5RyW0BwLiIWXZx4iD3DsPKbeGNP"
    "6pqD5ygBf8wTyvLA61fANbHbv+cRFP9dlsF+nT+Km1P4wZd6yYoDKlAlLSFgdukG"
    "XoYvL5Zaxxv3QPLk2tJ/nlwNeRMox0Ni8ivhzL88IA3eIy04IW7wpg8VQmKxMXfn"
    "RDmPLxPQSm16OxOh3kBeUW4MedjllJm5T7i9WjWVJotdzohuJi+mFywKDfI=";

static void
read_hex(const char *hex, unsigned char bytes[CIPHER_KEY_SIZE])
{
	unsigned int byte;
	size_t i;

	for (i = 0; i < CIPHER_KEY_SIZE; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			tap_bail_out("\"%s\" is not hex", hex);
		bytes[i] = (unsigned char)byte;
	}
}

/* What holds in 2023-10. */
static const struct cipher_keys *
vector_keys(void)
{
	static struct cipher_keys keys;

	read_hex(FIRST_SECRET, keys.secret);
	cipher_step(&keys, cipher_month_read("2023-10"));
	return &keys;
}

static void
check_chain(void)
{
	struct cipher_keys keys;
	unsigned char expected[CIPHER_KEY_SIZE];
	size_t i;

	read_hex(FIRST_SECRET, keys.secret);
	for (i = 0; i < sizeof chain / sizeof *chain; i++) {
		cipher_step(&keys, cipher_month_read(chain[i].month));
		read_hex(chain[i].secret, expected);
		tap_ok(memcmp(keys.secret, expected, sizeof expected) == 0,
		    "the secret after %s is the published one",
		    chain[i].month);
		read_hex(chain[i].key, expected);
		tap_ok(memcmp(keys.key, expected, sizeof expected) == 0,
		    "the key of %s is the published one", chain[i].month);
	}
}

static const struct {
	const char *text;
	int month;
} months[] = {
	{ "0000-01", 0 },
	{ "2023-10", 2023 * 12 + 9 },
	{ "2023-12", 2023 * 12 + 11 },
	{ "9999-12", 9999 * 12 + 11 },
	{ "", -1 },
	{ "2023", -1 },
	{ "2023-", -1 },
	{ "2023-1", -1 },
	{ "2023-00", -1 },
	{ "2023-13", -1 },
	{ "2023-101", -1 },
	{ "23-10", -1 },
	{ "2023/10", -1 },
	{ " 2023-1", -1 },
	{ "2023-1 ", -1 },
	{ "+202-10", -1 },
	{ "2023-10\n", -1 },
	{ "2023--1", -1 },
};

static void
check_months(void)
{
	char text[CIPHER_MONTH_SIZE];
	size_t i;

	for (i = 0; i < sizeof months / sizeof *months; i++) {
		tap_is_int(cipher_month_read(months[i].text), months[i].month,
		    "the month \"%s\" is read", months[i].text);
		if (months[i].month == -1)
			continue;
		cipher_month_write(months[i].month, text);
		tap_is_string(text, months[i].text,
		    "the month \"%s\" is written", months[i].text);
	}
}

/* --- texts --------------------------------------------------------------- */

/* Decrypts, and checks the text, or with NULL that the error has such words
 * and there is no text. */
static void
check_decrypts(const struct cipher_keys *keys, const char *ciphertext,
    size_t size, const char *text, const char *words, const char *name)
{
	struct error error = { .words = "" };
	struct buf found;
	bool done;

	buf_init(&found, CIPHER_TEXT_MAX);
	done = cipher_decrypt(keys, ciphertext, size, &found, &error);
	if (text != NULL)
		tap_ok(done && strcmp(buf_text(&found), text) == 0,
		    "%s is decrypted", name);
	else {
		tap_ok(!done && found.size == 0, "%s has no text", name);
		tap_contains(error.words, words, "%s is told so", name);
	}
	buf_free(&found);
}

static void
check_round_trip(const char *text, const char *name)
{
	struct error error = { .words = "" };
	struct buf one, other;

	buf_init(&one, CIPHER_SIZE);
	buf_init(&other, CIPHER_SIZE);
	tap_ok(cipher_encrypt(vector_keys(), text, strlen(text), &one, &error),
	    "%s is encrypted", name);
	tap_is_int((int64_t)one.size, CIPHER_SIZE,
	    "%s has so many characters", name);
	cipher_encrypt(vector_keys(), text, strlen(text), &other, &error);
	tap_ok(strncmp(buf_text(&one), buf_text(&other), 16) != 0,
	    "%s has another nonce each time", name);
	check_decrypts(vector_keys(), buf_text(&one), one.size, text, NULL,
	    name);
	buf_free(&one);
	buf_free(&other);
}

static void
check_not_encrypted(const char *text, const char *words, const char *name)
{
	struct error error = { .words = "" };
	struct buf ciphertext;

	buf_init(&ciphertext, CIPHER_SIZE);
	tap_ok(!cipher_encrypt(vector_keys(), text, strlen(text), &ciphertext,
	    &error) && ciphertext.size == 0, "%s is not encrypted", name);
	tap_contains(error.words, words, "%s is told so", name);
	buf_free(&ciphertext);
}

static void
check_texts(void)
{
	check_round_trip("", "an empty text");
	check_round_trip(VECTOR_TEXT, "a text");
	check_round_trip("   PNM1   ", "one that looks like padding");
	check_round_trip(fixture_repeat("x", CIPHER_TEXT_MAX),
	    "one of 1018 bytes");
	check_not_encrypted(fixture_repeat("x", CIPHER_TEXT_MAX + 1),
	    "1019 bytes, and 1018 is the most", "one of 1019 bytes");
	check_not_encrypted(fixture_repeat("\xc3\xa4", 510),
	    "1020 bytes", "one of 510 characters of two bytes");
	check_not_encrypted("\xc3", "not UTF-8", "one that is cut");
	check_not_encrypted("\xed\xa0\x80", "not UTF-8", "a surrogate");
}

/* --- what others encrypt ------------------------------------------------- */

/* The ciphertext of any 1024 bytes. */
static const char *
seal(const unsigned char padded[PADDED_SIZE])
{
	static const unsigned char nonce[12] = { 1 };
	static char base64[CIPHER_SIZE + 1];
	unsigned char sealed[sizeof nonce + PADDED_SIZE + 16];
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int size;

	memcpy(sealed, nonce, sizeof nonce);
	if (EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL,
	    vector_keys()->key, nonce) != 1 || EVP_EncryptUpdate(context,
	    sealed + sizeof nonce, &size, padded, PADDED_SIZE) != 1 ||
	    EVP_EncryptFinal_ex(context, sealed, &size) != 1 ||
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, 16,
	    sealed + sizeof nonce + PADDED_SIZE) != 1)
		tap_bail_out("cannot encrypt");
	EVP_CIPHER_CTX_free(context);
	EVP_EncodeBlock((unsigned char *)base64, sealed, sizeof sealed);
	return base64;
}

static const struct {
	const char *name;
	const char *head;	/* of the padded text: six bytes */
	int spaces;
	const char *rest;	/* until the end, repeated */
	const char *words;	/* NULL: it is good */
} padded[] = {
	{ "no padding", "PNM1\x00\x00", 0, "x", NULL },
	{ "padding alone", "PNM1\x03\xfa", 1018, "", NULL },
	{ "another version", "PNM2\x00\x00", 0, "x", "PNM1" },
	{ "a small p", "pNM1\x00\x00", 0, "x", "PNM1" },
	{ "padding that is one too long", "PNM1\x03\xfb", 1018, "",
	  "1019 bytes of padding" },
	{ "padding beyond all", "PNM1\xff\xff", 1018, "", "65535 bytes" },
	{ "a space too few", "PNM1\x00\x03", 2, "x", "by spaces" },
	{ "padding by zeros", "PNM1\x00\x03", 0, "0", "by spaces" },
	{ "bytes that are no UTF-8", "PNM1\x00\x04", 4, "\xff", "UTF-8" },
};

static void
check_padded(void)
{
	unsigned char bytes[PADDED_SIZE];
	char text[PADDED_SIZE];
	size_t i, j, begin;

	for (i = 0; i < sizeof padded / sizeof *padded; i++) {
		begin = 6 + (size_t)padded[i].spaces;
		memset(bytes, ' ', sizeof bytes);
		memcpy(bytes, padded[i].head, 6);
		for (j = begin; j < sizeof bytes; j++)
			bytes[j] = (unsigned char)*padded[i].rest;
		memcpy(text, bytes + begin, sizeof bytes - begin);
		text[sizeof bytes - begin] = '\0';
		check_decrypts(vector_keys(), seal(bytes), CIPHER_SIZE,
		    padded[i].words == NULL ? text : NULL, padded[i].words,
		    padded[i].name);
	}
}

static void
check_changed(void)
{
	struct cipher_keys wrong = *vector_keys();
	char changed[sizeof vector];
	size_t i;

	check_decrypts(vector_keys(), vector, CIPHER_SIZE, VECTOR_TEXT, NULL,
	    "another program's ciphertext");
	cipher_step(&wrong, cipher_month_read("2023-11"));
	check_decrypts(&wrong, vector, CIPHER_SIZE, NULL,
	    "another secret or month", "one of another month");
	for (i = 0; i < CIPHER_SIZE; i += 350) {
		memcpy(changed, vector, sizeof changed);
		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		check_decrypts(vector_keys(), changed, CIPHER_SIZE, NULL,
		    "another secret or month", fixture_format(
		    "one that is changed at %zu", i));
	}
	memcpy(changed, vector, sizeof changed);
	changed[700] = '.';
	check_decrypts(vector_keys(), changed, CIPHER_SIZE, NULL,
	    "not base64", "one with a dot");
	check_decrypts(vector_keys(), vector, CIPHER_SIZE - 4, NULL,
	    "has 1404 characters, and this has 1400", "one that is cut");
	check_decrypts(vector_keys(), "", 0, NULL, "has 0 bytes",
	    "an empty one");
	memcpy(changed, vector, sizeof changed);
	changed[CIPHER_SIZE - 1] = 'A';
	check_decrypts(vector_keys(), changed, CIPHER_SIZE, NULL,
	    "not base64 of 1052 bytes", "one of 1053 bytes");
}

int
main(void)
{
	check_chain();
	check_months();
	check_texts();
	check_padded();
	check_changed();
	return tap_done();
}
