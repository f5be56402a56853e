/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/key-pair.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "base/encoding.h"
#include "base/xmalloc.h"
#include "fixture.h"
#include "tap.h"

/* All certificates are made around this time. */
#define NOW 1900000000
#define DAY 86400

#define PASSWORD "pass:word \xc3\xa4%41"

/* openssl pkcs12 -export -legacy: RC2 of 40 bits; the password is "secret". */
static const char old_pkcs12[] =
    "MIIDcgIBAzCCAzgGCSqGSIb3DQEHAaCCAykEggMlMIIDITCCAhcGCSqGSIb3DQEHBq"
    "CCAggwggIEAgEAMIIB/QYJKoZIhvcNAQcBMBwGCiqGSIb3DQEMAQYwDgQIDNxpJHjW"
    "S/4CAggAgIIB0NCTQ5j6ZBW+yrFYCdp6ZQOFKKVMS16wswvPwnL3ZzzHFhzmF9FKCZ"
    "ReNyXtANQ6Y0HvL/cmO36iDnKaQvKhWX+xJoFu/tz3rHLQj6OjIiqaH6uotIH3wj/l"
    "YqGEUXJ+bMTNyuBRSRkYybmuw6rD38Kq4rzye+IScVteQ5dl5wJ1U+3nw+bM0l2xUT"
    "yWCDD33fe7qHwDkcUhkpMKSN9Ez0WHy01PAKsYKA5B496R2Cbg2UzBEHLT3kiH75ci"
    "5OuLWdL8SdcsjygkMgWirjgVrfBz+stfhvplAABC6hwoz4ewYPWG9TFUG0CPps/S0g"
    "CVL3mIhROT7oNyYbqxK/MfOMxTiFDeDGBvIqLVT4qi394pQxTS44BYTTdkl6KEHwiU"
    "pg6hehdvrrPeUoxct6nlCE47MEDH7wSGiPY5067nhrYZ9hBJOVvQyAET7hvML0n/gs"
    "4B3NLi5FaTSsnddI2xGMliAOcbwtI5zsWPwBS0KOK5TIf00m6oe42SM+sfIEUXRqCH"
    "klSeoK4fcALPZzihBD7/9AVODYQvgq8zbu2P836Kx8iGviQm2YTVz5TZ65/ip6miUZ"
    "kR8cZ67G9IFZ0Mh7PdA5WJjzqI52FWHhdeGiOXMIIBAgYJKoZIhvcNAQcBoIH0BIHx"
    "MIHuMIHrBgsqhkiG9w0BDAoBAqCBtDCBsTAcBgoqhkiG9w0BDAEDMA4ECDviPmZzzn"
    "GvAgIIAASBkOQq2bWQxpYIsLkadVq2nC4vy58PnZHevz6dSG0vWhNxGcsuRkJuEwyK"
    "mfdaGzYVwGZdLfCExMxRXyWs+FkFLjcAYydibRT9c0wVbCVJ0c4huG69BEP06GighV"
    "AFIAM32Sz71zt/Cos7au90pK6foQrM7nhS4vKlf9Y9nbSyw79WLDlqd4mwOP0HweHV"
    "Kps8OTElMCMGCSqGSIb3DQEJFTEWBBR5goZgR01f66HaUqrCLl1rvuE7oDAxMCEwCQ"
    "YFKw4DAhoFAAQU/xRrFuFhY4J8QMbulAvLkNHXH0MECAtpTun09wcHAgIIAA==";

/* --- PEM ----------------------------------------------------------------- */

/* A file of these parts. */
enum part {
	PART_NONE,
	PART_LEAF,
	PART_EARLY,		/* of the leaf's key, not valid yet */
	PART_EXPIRED,		/* of the leaf's key */
	PART_ISSUER,
	PART_KEY,
	PART_ENCRYPTED_KEY,
	PART_OTHER_KEY,
	PART_TEXT,
	PART__MAX
};

static const char *parts[PART__MAX] = {
	[PART_TEXT] = "Bag Attributes\n    friendlyName: Apple Push\n"
};

static const struct {
	const char *name;
	enum part parts[4];
	const char *password;
	const char *words;	/* NULL: it is good */
} files[] = {
	{ "certificate, key", { PART_LEAF, PART_KEY }, NULL, NULL },
	{ "key, certificate", { PART_KEY, PART_LEAF }, NULL, NULL },
	{ "with its issuer", { PART_LEAF, PART_ISSUER, PART_KEY }, NULL,
	    NULL },
	{ "the issuer first", { PART_KEY, PART_ISSUER, PART_LEAF }, NULL,
	    NULL },
	{ "with text around", { PART_TEXT, PART_LEAF, PART_TEXT, PART_KEY },
	    NULL, NULL },
	{ "a password that is not needed", { PART_LEAF, PART_KEY }, PASSWORD,
	    NULL },
	{ "an encrypted key", { PART_LEAF, PART_ENCRYPTED_KEY }, PASSWORD,
	    NULL },
	{ "an encrypted key, wrong password",
	    { PART_LEAF, PART_ENCRYPTED_KEY }, "pass:word",
	    "cannot be decrypted with this password" },
	{ "an encrypted key, empty password",
	    { PART_LEAF, PART_ENCRYPTED_KEY }, "",
	    "cannot be decrypted with this password" },
	{ "an encrypted key, no password",
	    { PART_LEAF, PART_ENCRYPTED_KEY }, NULL,
	    "is encrypted, and \"certificate_password_file\" is missing" },
	{ "no key", { PART_LEAF }, NULL, "contains no private key" },
	{ "no certificate", { PART_KEY }, NULL, "contains no certificate" },
	{ "another's key", { PART_LEAF, PART_OTHER_KEY }, NULL,
	    "contains a private key that does not belong to its certificate" },
	{ "expired", { PART_EXPIRED, PART_KEY }, NULL,
	    "contains a certificate that expired at 2030-03-17 17:46:40 UTC" },
	{ "not valid yet", { PART_EARLY, PART_KEY }, NULL,
	    "contains a certificate that is not valid before "
	    "2030-03-17 17:46:41 UTC" },
	{ "text alone", { PART_TEXT }, NULL, "contains no private key" },
	{ "an empty file", { PART_NONE }, NULL, "contains no private key" },
};

static void
make_parts(void)
{
	EVP_PKEY *key = fixture_key(FIXTURE_KEY_RSA_2048);
	EVP_PKEY *other = fixture_key(FIXTURE_KEY_P256);
	X509 *made[] = {
		fixture_certificate(key, NOW - DAY, NOW + DAY),
		fixture_certificate(key, NOW + 1, NOW + DAY),
		fixture_certificate(key, NOW - DAY, NOW),
		fixture_certificate(other, NOW - DAY, NOW + DAY),
	};
	size_t i;

	for (i = 0; i < sizeof made / sizeof *made; i++) {
		parts[PART_LEAF + i] = fixture_certificate_pem(made[i]);
		X509_free(made[i]);
	}
	parts[PART_NONE] = "";
	parts[PART_KEY] = fixture_pem(key, NULL);
	parts[PART_ENCRYPTED_KEY] = fixture_pem(key, PASSWORD);
	parts[PART_OTHER_KEY] = fixture_pem(other, NULL);
}

static void
check_good(const struct key_pair *certificate, const char *name)
{
	tap_ok(strncmp(certificate->chain, parts[PART_LEAF],
	    strlen(parts[PART_LEAF])) == 0, "%s: the chain begins with the "
	    "key's certificate", name);
	tap_is_string(certificate->key, parts[PART_KEY],
	    "%s: the key is not encrypted", name);
	tap_is_int(certificate->expires_s, NOW + DAY, "%s: its end", name);
	tap_is_int((int64_t)strspn(certificate->fingerprint,
	    "0123456789abcdef"), 16, "%s: a fingerprint", name);
}

static void
check_pem(void)
{
	struct key_pair *certificate;
	struct error error;
	const char *text;
	size_t i;

	for (i = 0; i < sizeof files / sizeof *files; i++) {
		text = fixture_format("%s%s%s%s", parts[files[i].parts[0]],
		    parts[files[i].parts[1]], parts[files[i].parts[2]],
		    parts[files[i].parts[3]]);
		error_set(&error, "-");
		certificate = key_pair_read(text, strlen(text),
		    files[i].password, NOW, &error);
		if (files[i].words != NULL)
			tap_is_string(certificate == NULL ? error.words :
			    NULL, files[i].words, "%s is refused",
			    files[i].name);
		else if (tap_ok(certificate != NULL, "%s is good",
		    files[i].name))
			check_good(certificate, files[i].name);
		else
			tap_note("%s", error.words);
		key_pair_free(certificate);
	}
}

/* --- PKCS#12 ------------------------------------------------------------- */

static const struct {
	const char *name;
	const char *made_with;
	const char *password;
	bool without_certificate;
	bool without_key;
	const char *words;	/* NULL: it is good */
} stores[] = {
	{ "PKCS#12", PASSWORD, PASSWORD, false, false, NULL },
	{ "PKCS#12, empty password", "", "", false, false, NULL },
	{ "PKCS#12, empty password, none given", "", NULL, false, false,
	    NULL },
	{ "PKCS#12, wrong password", PASSWORD, "pass", false, false,
	    "cannot be decrypted with this password" },
	{ "PKCS#12, no password", PASSWORD, NULL, false, false,
	    "is encrypted, and \"certificate_password_file\" is missing" },
	{ "PKCS#12, no certificate", PASSWORD, PASSWORD, true, false,
	    "contains no certificate" },
	{ "PKCS#12, no key", PASSWORD, PASSWORD, false, true,
	    "contains no private key that can be read" },
};

static unsigned char *
make_pkcs12(size_t i, int *size)
{
	EVP_PKEY *key = fixture_key(FIXTURE_KEY_RSA_2048);
	X509 *leaf = fixture_certificate(key, NOW - DAY, NOW + DAY);
	unsigned char *der = NULL;
	PKCS12 *p12 = PKCS12_create(stores[i].made_with, "push",
	    stores[i].without_key ? NULL : key,
	    stores[i].without_certificate ? NULL : leaf, NULL, 0, 0, 0, 0, 0);

	*size = i2d_PKCS12(p12, &der);
	if (*size <= 0)
		tap_bail_out("cannot make PKCS#12");
	PKCS12_free(p12);
	X509_free(leaf);
	return der;
}

static void
check_pkcs12(void)
{
	struct key_pair *certificate;
	struct error error;
	unsigned char *der;
	size_t i;
	int size, cut;

	for (i = 0; i < sizeof stores / sizeof *stores; i++) {
		der = make_pkcs12(i, &size);
		error_set(&error, "-");
		certificate = key_pair_read((const char *)der,
		    (size_t)size, stores[i].password, NOW, &error);
		if (stores[i].words == NULL)
			tap_is_string(certificate == NULL ? error.words :
			    certificate->key, parts[PART_KEY], "%s is good",
			    stores[i].name);
		else
			tap_is_string(certificate == NULL ? error.words :
			    NULL, stores[i].words, "%s is refused",
			    stores[i].name);
		key_pair_free(certificate);
		OPENSSL_free(der);
	}
	der = make_pkcs12(0, &size);
	for (cut = 0; cut < size; cut++) {
		certificate = key_pair_read((const char *)der, (size_t)cut,
		    PASSWORD, NOW, &error);
		if (certificate != NULL)
			break;
	}
	tap_is_int(cut, size, "no beginning of PKCS#12 is good");
	OPENSSL_free(der);
}

static void
check_old_pkcs12(void)
{
	unsigned char der[2048];
	long size = encoding_read_base64(old_pkcs12, strlen(old_pkcs12), der,
	    sizeof der);
	struct key_pair *certificate;
	struct error error;

	error_set(&error, "-");
	certificate = key_pair_read((const char *)der, (size_t)size,
	    "secret", NOW, &error);
	tap_ok(certificate == NULL, "an old PKCS#12 is refused");
	tap_contains(error.words, "openssl pkcs12 -legacy -aes256 -in OLD.p12 "
	    "-out NEW.pem", "... with the command that converts it");
	certificate = key_pair_read((const char *)der, (size_t)size,
	    "wrong", NOW, &error);
	tap_is_string(certificate == NULL ? error.words : NULL,
	    "cannot be decrypted with this password", "... but first the password");
}

int
main(void)
{
	make_parts();
	check_pem();
	check_pkcs12();
	check_old_pkcs12();
	tap_ok(ERR_peek_error() == 0, "no error is left behind");
	return tap_done();
}
