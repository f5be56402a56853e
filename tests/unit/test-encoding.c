/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encoding.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "tap.h"

/* --- Base64 -------------------------------------------------------------- */

static const struct {
	const char *text;
	const char *data;	/* NULL: it is none */
	long size;
} base64[] = {
	/* RFC 4648, section 10. */
	{ "", "", 0 },
	{ "Zg==", "f", 1 },
	{ "Zm8=", "fo", 2 },
	{ "Zm9v", "foo", 3 },
	{ "Zm9vYg==", "foob", 4 },
	{ "Zm9vYmE=", "fooba", 5 },
	{ "Zm9vYmFy", "foobar", 6 },
	/* Without padding. */
	{ "Zg", "f", 1 },
	{ "Zm8", "fo", 2 },
	{ "Zm9vYg", "foob", 4 },
	{ "Zm9vYmE", "fooba", 5 },
	/* Both alphabets. */
	{ "+/+/", "\xfb\xff\xbf", 3 },
	{ "-_-_", "\xfb\xff\xbf", 3 },
	{ "AAAA", "\0\0\0", 3 },
	{ "////", "\xff\xff\xff", 3 },
	{ "____", "\xff\xff\xff", 3 },
	/* None. */
	{ "Z", NULL, 0 },
	{ "Zm9vY", NULL, 0 },
	{ "Zg=", NULL, 0 },
	{ "Zm8==", NULL, 0 },
	{ "Zg===", NULL, 0 },
	{ "Zm9v=", NULL, 0 },
	{ "Zm9v====", NULL, 0 },
	{ "=", NULL, 0 },
	{ "==", NULL, 0 },
	{ "====", NULL, 0 },
	{ "Zg==Zg==", NULL, 0 },
	{ "Z=g=", NULL, 0 },
	{ "Zm 9v", NULL, 0 },
	{ " Zm9v", NULL, 0 },
	{ "Zm9v\n", NULL, 0 },
	{ "Zm9.", NULL, 0 },
	{ "Zm9\xc3", NULL, 0 },
	{ "Zm,v", NULL, 0 },
	/* Bits that belong to no byte. */
	{ "Zh", NULL, 0 },
	{ "Zh==", NULL, 0 },
	{ "Zm9", NULL, 0 },
	{ "Zm9=", NULL, 0 },
	{ "Zm9vYh", NULL, 0 },
};

static void
check_base64(void)
{
	unsigned char data[16];
	char *text;
	size_t i;
	long size;

	for (i = 0; i < sizeof base64 / sizeof *base64; i++) {
		/* Without a NUL behind it: only its length counts. */
		size_t length = strlen(base64[i].text);

		text = xmalloc(length + 1);
		memcpy(text, base64[i].text, length);
		text[length] = 'A';
		size = encoding_read_base64(text, length, data, sizeof data);
		free(text);
		if (base64[i].data == NULL)
			tap_is_int(size, -1, "\"%s\" is no base64",
			    base64[i].text);
		else
			tap_ok(size == base64[i].size && memcmp(data,
			    base64[i].data, (size_t)size) == 0,
			    "\"%s\" is decoded", base64[i].text);
	}
	tap_is_int(encoding_read_base64("Zm9v", 4, data, 3), 3,
	    "three bytes fit into three");
	tap_is_int(encoding_read_base64("Zm9v", 4, data, 2), -1,
	    "three bytes do not fit into two");
	tap_is_int(encoding_read_base64("Zg==", 4, data, 1), 1,
	    "one byte fits into one");
	tap_is_int(encoding_read_base64("Zg", 2, data, 0), -1,
	    "one byte does not fit into none");
	tap_is_int(encoding_read_base64("Zm9v\0Zm9", 8, data, sizeof data), -1,
	    "a NUL is no base64");
}

static void
check_base64url(void)
{
	struct buf buf;
	size_t i, size;

	for (i = 0; base64[i].data != NULL; i++) {
		const char *text = base64[i].text;

		if (strpbrk(text, "+/=") != NULL)
			continue;
		buf_init(&buf, 16);
		tap_ok(encoding_append_base64url(&buf, base64[i].data,
		    (size_t)base64[i].size), "\"%s\" is encoded", text);
		tap_is_string(buf_text(&buf), text,
		    "\"%s\" is what it becomes", text);
		buf_free(&buf);
	}
	for (size = 0; size < 8; size++) {
		buf_init(&buf, size);
		buf_append(&buf, "x", size > 0);
		tap_ok(encoding_append_base64url(&buf, "foob", 4) ==
		    (size == 7), "six digits behind one %s into %zu bytes",
		    size == 7 ? "fit" : "do not fit", size);
		tap_is_int((int64_t)buf.size, size == 7 ? 7 : size > 0,
		    "all or nothing is added to %zu bytes", size);
		buf_free(&buf);
	}
}

/* --- hex and UUIDs ------------------------------------------------------- */

static void
check_hex(void)
{
	char hex[9] = "xxxxxxxx";

	encoding_write_hex((const unsigned char *)"\x00\x0f\xa9\xff", 4, hex);
	tap_is_string(hex, "000fa9ff", "four bytes are eight digits");
	encoding_write_hex(NULL, 0, hex);
	tap_is_string(hex, "", "no bytes are no digits");
}

static void
check_form(void)
{
	struct buf buf;

	buf_init(&buf, 100);
	encoding_append_form(&buf, "aZ09-._~ /+=&%\n\xc3\xa4");
	tap_is_string(buf_text(&buf),
	    "aZ09-._~%20%2f%2b%3d%26%25%0a%c3%a4", "a field of a form");
	encoding_append_form(&buf, "");
	tap_is_int((int64_t)buf.size, 35, "an empty one is nothing");
	buf_free(&buf);
}

static void
check_uuid(void)
{
	static const char form[] = "xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx";
	char uuid[ENCODING_UUID_SIZE], other[ENCODING_UUID_SIZE];
	size_t i, wrong = 0;

	encoding_make_uuid(uuid);
	encoding_make_uuid(other);
	tap_is_int((int64_t)strlen(uuid), ENCODING_UUID_SIZE - 1,
	    "a UUID has 36 characters: %s", uuid);
	for (i = 0; form[i] != '\0'; i++) {
		char set[] = { form[i], '\0' };

		if (strchr(form[i] == 'x' ? "0123456789abcdef" :
		    form[i] == 'v' ? "89ab" : set, uuid[i]) == NULL)
			wrong++;
	}
	tap_is_int((int64_t)wrong, 0, "a random one, in lower case: %s", uuid);
	tap_ok(strcmp(uuid, other) != 0, "the next one is another");
}

int
main(void)
{
	check_base64();
	check_base64url();
	check_hex();
	check_form();
	check_uuid();
	return tap_done();
}
