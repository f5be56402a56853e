/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pem.h"

#include <string.h>

int
pem_no_password(char *text, int size, int writing, void *arg)
{
	(void)text;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

size_t
pem_mark_size(const char *text, size_t size)
{
	return size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* What such a text contains, the first of these that it does. */
static const struct {
	const char *part;
	const char *words;
} pem_oddities[] = {
	{ .part = "ENCRYPTED", .words = "is encrypted; decrypt it: "
	    "openssl pkey -in OLD.pem -out NEW.pem" },
	{ .part = "-----\\n", .words = "has \\n written out in place of the "
	    "ends of lines" },
	{ .part = "-----BEGIN CERTIFICATE", .words = "contains a certificate, "
	    "and no private key that can be read" },
	{ .part = "-----BEGIN PUBLIC KEY", .words = "contains a public key, "
	    "not the private one" },
	{ .part = NULL }
};

/* What is wrong with the lines of a text that has a first line of a PEM. */
static const char *
pem_explain_lines(const char *text, const char *begin)
{
	const char *end = strchr(begin, '\n');
	const char *last = strstr(begin, "-----END");

	if (begin > text && begin[-1] != '\n')
		return "is indented: each line must begin at its first column";
	if (end == NULL || (last != NULL && last < end))
		return "is on one line: the first and the last line of a PEM "
		    "stand alone";
	return "is damaged: it has the form of a private key in PEM, and "
	    "cannot be read";
}

const char *
pem_explain_key(const char *text, size_t size)
{
	const char *begin;
	size_t i, mark = pem_mark_size(text, size);

	text += mark;
	size -= mark;
	if (strspn(text, " \t\r\n") == size)
		return "is empty";
	if (text[0] == 0x30 && size > 1 && (text[1] & 0x80) != 0)
		return "is in DER, not in PEM; convert it: "
		    "openssl pkey -inform DER -in OLD -out NEW.pem";
	if (text[strspn(text, " \t\r\n")] == '{')
		return "is JSON, not a private key in PEM";
	for (i = 0; pem_oddities[i].part != NULL; i++) {
		if (strstr(text, pem_oddities[i].part) != NULL)
			return pem_oddities[i].words;
	}
	begin = strstr(text, "-----BEGIN");
	return begin == NULL ? "is not an unencrypted private key in PEM" :
	    pem_explain_lines(text, begin);
}
