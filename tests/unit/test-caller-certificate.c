/* SPDX-License-Identifier: Apache-2.0 */
#include "access/caller-certificate.h"

#include <ctype.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "fixture.h"
#include "tap.h"

/* --- certificates -------------------------------------------------------- */

/* A name in subjectAltName; of a size, since it may hold a NUL. */
struct san {
	int type;
	const char *text;
	size_t size;
};

#define DNS(literal) { .type = GEN_DNS, .text = literal, \
    .size = sizeof literal - 1 }

static void
add_names(X509 *certificate, const struct san *sans, size_t count)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	size_t i;

	for (i = 0; i < count; i++) {
		GENERAL_NAME *name = GENERAL_NAME_new();
		ASN1_STRING *text = sans[i].type == GEN_IPADD ?
		    ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();

		ASN1_STRING_set(text, sans[i].text, (int)sans[i].size);
		GENERAL_NAME_set0_value(name, sans[i].type, text);
		sk_GENERAL_NAME_push(names, name);
	}
	if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0,
	    0) != 1)
		tap_bail_out("cannot add names");
	GENERAL_NAMES_free(names);
}

static void
set_name(X509_NAME *name, const char *text)
{
	if (X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)text, -1, -1, 0) != 1)
		tap_bail_out("cannot set a name");
}

static X509 *
key_pair_create(const char *subject, const char *issuer,
    const struct san *sans, size_t count)
{
	EVP_PKEY *key = fixture_key(FIXTURE_KEY_P256);
	X509 *certificate = X509_new();

	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7);
	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	set_name(X509_get_subject_name(certificate), subject);
	set_name(X509_get_issuer_name(certificate), issuer);
	X509_set_pubkey(certificate, key);
	if (count > 0)
		add_names(certificate, sans, count);
	if (X509_sign(certificate, key, EVP_sha256()) == 0)
		tap_bail_out("cannot sign a certificate");
	return certificate;
}

static const char *
hex(const unsigned char *digest)
{
	const char *text = "";
	size_t i;

	for (i = 0; i < 32; i++)
		text = fixture_format("%s%02x", text, digest[i]);
	return text;
}

/* Of what is as DER, by a way that is not the module's. */
static const char *
digest_of(unsigned char *der, int size)
{
	unsigned char digest[32];

	if (size <= 0 || EVP_Digest(der, (size_t)size, digest, NULL,
	    EVP_sha256(), NULL) != 1)
		tap_bail_out("cannot digest");
	OPENSSL_free(der);
	return hex(digest);
}

static const char *
certificate_digest(X509 *certificate)
{
	unsigned char *der = NULL;
	int size = i2d_X509(certificate, &der);

	return digest_of(der, size);
}

static const char *
issuer_digest(X509 *certificate)
{
	unsigned char *der = NULL;
	int size = i2d_X509_NAME(X509_get_issuer_name(certificate), &der);

	return digest_of(der, size);
}

static const char *
key_digest(void)
{
	unsigned char *der = NULL;
	int size = i2d_PUBKEY(fixture_key(FIXTURE_KEY_P256), &der);

	return digest_of(der, size);
}

/* --- who is verified ----------------------------------------------------- */

static const char *const refused[] = {
	"success", "Success", "SUCCESS ", " SUCCESS", "SUCCESS:", "SUCCES",
	"SUCCESSFUL", "", "NONE", "GENEROUS", "FAILED", "FAILED:SUCCESS",
	"FAILED:certificate has expired", "0", "true", "SUCCESS\n",
};

static void
check_verify(const char *pem)
{
	struct caller_certificate identity;
	size_t i;

	tap_ok(caller_certificate_read("SUCCESS", pem, &identity),
	    "SUCCESS is known");
	for (i = 0; i < sizeof refused / sizeof *refused; i++)
		tap_ok(!caller_certificate_read(refused[i], pem, &identity),
		    "\"%s\" is nobody", refused[i]);
	tap_ok(!caller_certificate_read(NULL, pem, &identity),
	    "no SSL_CLIENT_VERIFY is nobody");
	tap_ok(!caller_certificate_read("SUCCESS", NULL, &identity),
	    "no SSL_CLIENT_CERT is nobody");
	tap_ok(!caller_certificate_read(NULL, NULL, &identity),
	    "neither is nobody");
}

/* --- forms of the PEM ---------------------------------------------------- */

/* The text with another string in place of each newline. */
static const char *
with_lines(const char *pem, const char *ending)
{
	const char *text = "", *end;

	while ((end = strchr(pem, '\n')) != NULL) {
		text = fixture_format("%s%.*s%s", text, (int)(end - pem), pem,
		    ending);
		pem = end + 1;
	}
	return fixture_format("%s%s", text, pem);
}

static void
check_forms(X509 *certificate, X509 *other)
{
	const char *pem = fixture_certificate_pem(certificate);
	const char *digest = certificate_digest(certificate);
	const struct {
		const char *name;
		const char *text;
		bool known;
	} rows[] = {
		{ "as OpenSSL writes it", pem, true },
		{ "with CR LF", with_lines(pem, "\r\n"), true },
		{ "with spaces", with_lines(pem, " "), true },
		{ "with tabs", with_lines(pem, "\t"), true },
		{ "without the last newline", fixture_format("%.*s",
		    (int)strlen(pem) - 1, pem), true },
		{ "with another behind it", fixture_format("%s%s", pem,
		    fixture_certificate_pem(other)), true },
		{ "empty", "", false },
		{ "any text", "certificate", false },
		{ "its first line", "-----BEGIN CERTIFICATE-----", false },
		{ "half", fixture_format("%.*s", (int)strlen(pem) / 2, pem),
		    false },
		{ "no base64", "-----BEGIN CERTIFICATE-----\n!!!!\n"
		    "-----END CERTIFICATE-----\n", false },
		{ "base64 of something else", "-----BEGIN CERTIFICATE-----\n"
		    "Zm9vYmFy\n-----END CERTIFICATE-----\n", false },
		{ "a private key", fixture_pem(fixture_key(FIXTURE_KEY_P256),
		    NULL), false },
		{ "with literal \\n", with_lines(pem, "\\n"), false },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct caller_certificate identity;
		bool known = caller_certificate_read("SUCCESS", rows[i].text,
		    &identity);

		tap_ok(known == rows[i].known, "a certificate %s is %s",
		    rows[i].name, rows[i].known ? "read" : "nobody");
		if (known && rows[i].known)
			tap_is_string(identity.certificate_sha256, digest,
			    "a certificate %s: the digest", rows[i].name);
	}
}

/* --- what is read -------------------------------------------------------- */

static const struct san sans[] = {
	DNS("push.example"), DNS("a\0b.example"), DNS("Other.Example"),
	DNS("\0"), { .type = GEN_EMAIL, .text = "m@example", .size = 9 },
	{ .type = GEN_URI, .text = "https://u", .size = 9 },
	{ .type = GEN_IPADD, .text = "\x7f\0\0\1", .size = 4 },
	DNS("trailing.example\0"), DNS("*.wild.example"), DNS(""), DNS("x"),
};

static const char *const san_dns[] = {
	"push.example", "Other.Example", "*.wild.example", "x"
};

static void
check_names(X509 *certificate)
{
	size_t i, count = sizeof san_dns / sizeof *san_dns;
	struct caller_certificate identity;
	struct error error;

	/* Whatever was there before. */
	memset(&identity, 'y', sizeof identity);
	if (!caller_certificate_parse(
		fixture_certificate_pem(certificate), &identity, &error))
		tap_bail_out("%s", error.words);
	tap_is_string(identity.issuer_sha256, issuer_digest(certificate),
	    "the issuer's digest is that of its name");
	tap_is_string(identity.spki_sha256, key_digest(),
	    "the key's digest is that of its SubjectPublicKeyInfo");
	tap_is_int((int64_t)identity.san_dns_count, (int64_t)count,
	    "only DNS names without a NUL are names");
	for (i = 0; i < identity.san_dns_count && i < count; i++)
		tap_is_string(identity.san_dns[i], san_dns[i],
		    "name %zu as it is written", i);
}

static void
check_many_names(void)
{
	struct san many[CALLER_CERTIFICATE_NAMES_MAX + 10];
	size_t i, count = sizeof many / sizeof *many;
	struct caller_certificate identity;
	struct error error;
	X509 *certificate;

	for (i = 0; i < count; i++)
		many[i] = (struct san){ .type = GEN_DNS,
		    .text = fixture_format("n%02zu", i), .size = 3 };
	many[0].text = fixture_repeat("x", CALLER_CERTIFICATE_NAME_SIZE);
	many[0].size = CALLER_CERTIFICATE_NAME_SIZE;
	many[1].text = many[0].text;
	many[1].size = CALLER_CERTIFICATE_NAME_SIZE - 1;
	certificate = key_pair_create("s", "i", many, count);
	if (!caller_certificate_parse(
		fixture_certificate_pem(certificate), &identity, &error))
		tap_bail_out("%s", error.words);
	tap_is_int((int64_t)identity.san_dns_count,
	    CALLER_CERTIFICATE_NAMES_MAX, "the first 64 of 73 names");
	tap_is_int((int64_t)strlen(identity.san_dns[0]),
	    CALLER_CERTIFICATE_NAME_SIZE - 1,
	    "a name of 255 bytes, not one of 256");
	tap_is_string(identity.san_dns[1], "n02", "the next one");
	X509_free(certificate);
}

static void
check_no_names(X509 *certificate)
{
	struct caller_certificate identity;
	struct error error;

	if (!caller_certificate_parse(
		fixture_certificate_pem(certificate), &identity, &error))
		tap_bail_out("%s", error.words);
	tap_is_int((int64_t)identity.san_dns_count, 0,
	    "a certificate without names has none: the CN is no name");
	tap_is_string(identity.certificate_sha256,
	    certificate_digest(certificate), "but it has its digest");
}

static void
check_errors(void)
{
	struct caller_certificate identity;
	struct error error = { .words = "" };

	tap_ok(!caller_certificate_parse("nonsense", &identity, &error),
	    "nonsense is no certificate");
	tap_contains(error.words, "certificate in PEM", "the words say so");
}

/* --- the cache ----------------------------------------------------------- */

/* What is remembered is a certificate's contents, never its verification. */
static void
check_cache_verify(X509 *certificate)
{
	const char *pem = fixture_certificate_pem(certificate);
	struct caller_certificate_cache *cache =
	    caller_certificate_cache_create();
	const struct caller_certificate *identity;
	size_t i;

	tap_ok(caller_certificate_cache_read(cache, "FAILED", pem) == NULL,
	    "cache: a certificate that failed is nobody");
	identity = caller_certificate_cache_read(cache, "SUCCESS", pem);
	tap_is_string(identity == NULL ? NULL : identity->certificate_sha256,
	    certificate_digest(certificate), "cache: a certificate is read");
	for (i = 0; i < sizeof refused / sizeof *refused; i++)
		tap_ok(caller_certificate_cache_read(cache, refused[i], pem) ==
			   NULL,
		    "cache: \"%s\" is nobody, known or not", refused[i]);
	tap_ok(caller_certificate_cache_read(cache, NULL, pem) == NULL &&
	    caller_certificate_cache_read(cache, "SUCCESS", NULL) == NULL,
	    "cache: a missing variable is nobody");
	tap_ok(caller_certificate_cache_read(cache, "SUCCESS", "nonsense") ==
		       NULL &&
		   caller_certificate_cache_read(
		       cache, "SUCCESS", "nonsense") == NULL,
	    "cache: nonsense is nobody, twice");
	tap_ok(caller_certificate_cache_read(cache, "SUCCESS",
		   fixture_format("%.*s", (int)strlen(pem) / 2, pem)) == NULL,
	    "cache: half of a known certificate is nobody");
	caller_certificate_cache_free(cache);
	caller_certificate_cache_free(NULL);
}

/* More certificates than it holds, three times over. */
static void
check_cache_size(void)
{
	enum { CERTIFICATES = CALLER_CERTIFICATE_CACHE_SIZE + 5 };
	struct caller_certificate_cache *cache =
	    caller_certificate_cache_create();
	const char *pems[CERTIFICATES], *digests[CERTIFICATES];
	const struct caller_certificate *identity;
	unsigned int good = 0;
	X509 *certificate;
	size_t i;

	for (i = 0; i < CERTIFICATES; i++) {
		certificate = key_pair_create(fixture_format("c%zu", i),
		    "issuer", NULL, 0);
		pems[i] = fixture_certificate_pem(certificate);
		digests[i] = certificate_digest(certificate);
		X509_free(certificate);
	}
	for (i = 0; i < 3 * CERTIFICATES; i++) {
		identity = caller_certificate_cache_read(cache, "SUCCESS",
		    pems[i % CERTIFICATES]);
		good += identity != NULL &&
		    strcmp(identity->certificate_sha256,
		    digests[i % CERTIFICATES]) == 0;
		/* One that comes all the time, between the others. */
		identity =
		    caller_certificate_cache_read(cache, "SUCCESS", pems[0]);
		good += identity != NULL &&
		    strcmp(identity->certificate_sha256, digests[0]) == 0;
	}
	tap_is_int(good, 6 * CERTIFICATES,
	    "cache: each of %d certificates is itself", CERTIFICATES);
	caller_certificate_cache_free(cache);
}

/* A text that is known is not parsed again: it is in the same place. */
static void
check_cache_hits(void)
{
	struct caller_certificate_cache *cache =
	    caller_certificate_cache_create();
	const struct caller_certificate *places[CALLER_CERTIFICATE_CACHE_SIZE];
	const char *pems[CALLER_CERTIFICATE_CACHE_SIZE + 1];
	unsigned int known = 0, kept = 0;
	size_t i, count = CALLER_CERTIFICATE_CACHE_SIZE;

	for (i = 0; i <= count; i++) {
		X509 *certificate = key_pair_create(
		    fixture_format("c%zu", i), "issuer", NULL, 0);

		pems[i] = fixture_certificate_pem(certificate);
		X509_free(certificate);
	}
	for (i = 0; i < count; i++)
		places[i] = caller_certificate_cache_read(cache, "SUCCESS",
		    pems[i]);
	for (i = 0; i < count; i++)
		known += caller_certificate_cache_read(cache, "SUCCESS",
		    pems[i]) == places[i];
	tap_is_int(known, (int64_t)count, "cache: it holds %zu", count);
	tap_ok(caller_certificate_cache_read(cache, "SUCCESS",
	    pems[count]) == places[0],
	    "cache: one more takes the place of the oldest");
	for (i = 1; i < count; i++)
		kept += caller_certificate_cache_read(cache, "SUCCESS",
		    pems[i]) == places[i];
	tap_is_int(kept, (int64_t)count - 1, "cache: and of no other");
	tap_ok(caller_certificate_cache_read(cache, "SUCCESS", pems[0]) ==
	    places[1], "cache: the oldest is read again");
	caller_certificate_cache_free(cache);
}

/* --- digests ------------------------------------------------------------- */

#define EIGHT "0123456789abcdef"
#define PLAIN EIGHT EIGHT EIGHT EIGHT
#define COLONS "01:23:45:67:89:AB:CD:EF"

static const struct {
	const char *text;
	bool good;
} digests[] = {
	{ PLAIN, true },
	{ "0123456789ABCDEF0123456789abcdef" EIGHT EIGHT, true },
	{ COLONS ":" COLONS ":" COLONS ":" COLONS, true },
	{ COLONS ":" COLONS ":" EIGHT EIGHT, true },
	{ "", false },
	{ ":", false },
	{ EIGHT EIGHT EIGHT, false },
	{ PLAIN "0", false },
	{ PLAIN "00", false },
	{ "0" PLAIN, false },
	{ PLAIN " ", false },
	{ " " PLAIN, false },
	{ ":" PLAIN, false },
	{ "0:1" "23456789abcdef" EIGHT EIGHT EIGHT, false },
	{ PLAIN ":", false },
	{ PLAIN ":00", false },
	{ "01::23456789abcdef" EIGHT EIGHT EIGHT, false },
	{ "0x" PLAIN, false },
	{ "g123456789abcdef" EIGHT EIGHT EIGHT, false },
	{ "01-23456789abcdef" EIGHT EIGHT EIGHT, false },
	{ "sha256:" PLAIN, false },
};

static void
check_digests(void)
{
	char digest[CALLER_CERTIFICATE_DIGEST_SIZE];
	size_t i;

	for (i = 0; i < sizeof digests / sizeof *digests; i++) {
		bool good;

		memset(digest, '0', sizeof digest);
		good = caller_certificate_normalise_digest(digests[i].text,
		    digest);
		tap_ok(good == digests[i].good, "\"%s\" is %s",
		    digests[i].text, digests[i].good ? "a digest" : "none");
		if (good && digests[i].good)
			tap_ok(memcmp(digest, PLAIN, sizeof digest) == 0,
			    "\"%s\": as it is compared", digests[i].text);
	}
}

int
main(void)
{
	X509 *full = key_pair_create("client", "issuer", sans,
	    sizeof sans / sizeof *sans);
	X509 *bare = key_pair_create("push.example", "another", NULL, 0);

	check_verify(fixture_certificate_pem(full));
	check_forms(full, bare);
	check_names(full);
	check_many_names();
	check_no_names(bare);
	check_errors();
	check_cache_verify(full);
	check_cache_size();
	check_cache_hits();
	check_digests();
	X509_free(full);
	X509_free(bare);
	return tap_done();
}
