/* SPDX-License-Identifier: Apache-2.0 */
#include "access/certificate-summary.h"

#include <string.h>
#include <time.h>
#include <unistr.h>

#include <json-c/json.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/encoding.h"
#include "crypto/pem.h"

enum {
	SUMMARY_SHA256_SIZE = 32,
	SUMMARY_DER_SEQUENCE = 0x30,
	SUMMARY_SOON_S = 30 * 86400,
	SUMMARY_SECURITY_BITS = 112	/* OpenSSL's level 2 */
};

static void
certificate_summary_warn(struct certificate_summary *summary,
    const char *words)
{
	if (summary->warning_count < CERTIFICATE_SUMMARY_WARNINGS_MAX)
		summary->warnings[summary->warning_count++] = words;
}

/* A name from outside is shown in a terminal and put into a file. */
static void
certificate_summary_copy_name(const char *name, size_t length,
    char subject[CERTIFICATE_SUMMARY_SUBJECT_SIZE])
{
	const uint8_t *rest = (const uint8_t *)name;
	size_t used = 0;
	ucs4_t character;
	int size;

	for (; length > 0; rest += size, length -= (size_t)size) {
		size = u8_mbtouc(&character, rest, length);
		if (used + (size_t)size >= CERTIFICATE_SUMMARY_SUBJECT_SIZE)
			break;
		if (character < 0x20 || character == 0xfffd ||
		    (character >= 0x7f && character < 0xa0))
			subject[used++] = '?';
		else {
			memcpy(subject + used, rest, (size_t)size);
			used += (size_t)size;
		}
	}
	subject[used] = '\0';
}

static void
certificate_summary_read_subject(const X509 *certificate,
    struct certificate_summary *summary)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *name = NULL;
	long length;

	if (bio != NULL && X509_NAME_print_ex(bio,
	    X509_get_subject_name(certificate), 0,
	    XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) != -1 &&
	    (length = BIO_get_mem_data(bio, &name)) > 0)
		certificate_summary_copy_name(name, (size_t)length,
		    summary->subject);
	BIO_free(bio);
}

static void
certificate_summary_check_key(const X509 *certificate,
    struct certificate_summary *summary)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);

	if (key == NULL || EVP_PKEY_get_security_bits(key) <
	    SUMMARY_SECURITY_BITS)
		certificate_summary_warn(summary,
		    "its key is too weak: web servers refuse it");
}

static void
certificate_summary_read_times(const X509 *certificate, int64_t now_s,
    struct certificate_summary *summary)
{
	time_t now = (time_t)now_s, soon = now + SUMMARY_SOON_S;
	const ASN1_TIME *end = X509_get0_notAfter(certificate);
	struct tm tm;

	if (ASN1_TIME_to_tm(end, &tm) == 1)
		strftime(summary->not_after, sizeof summary->not_after,
		    "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (X509_cmp_time(X509_get0_notBefore(certificate), &now) > 0)
		certificate_summary_warn(summary,
		    "it is not valid yet: web servers refuse it");
	if (X509_cmp_time(end, &now) < 0)
		certificate_summary_warn(summary,
		    "it has expired: web servers refuse it");
	else if (X509_cmp_time(end, &soon) < 0)
		certificate_summary_warn(summary,
		    "it expires in less than 30 days");
}

/* The names that the configuration, which is UTF-8, can hold. */
static void
certificate_summary_check_names(struct certificate_summary *summary)
{
	struct caller_certificate *identity = &summary->identity;
	size_t count = 0, i;

	for (i = 0; i < identity->san_dns_count; i++) {
		const char *name = identity->san_dns[i];

		if (u8_check((const uint8_t *)name, strlen(name)) != NULL)
			continue;
		if (count != i)
			memcpy(identity->san_dns[count], name,
			    sizeof identity->san_dns[count]);
		count++;
	}
	if (count != identity->san_dns_count)
		certificate_summary_warn(summary,
		    "a DNS name in it is not UTF-8 and is left out here");
	else if (count == CALLER_CERTIFICATE_NAMES_MAX)
		certificate_summary_warn(summary,
		    "it has many DNS names, and only the first 64 count");
	identity->san_dns_count = count;
}

static void
certificate_summary_check_use(X509 *certificate,
    struct certificate_summary *summary)
{
	if (X509_check_purpose(certificate, X509_PURPOSE_SSL_CLIENT, 0) != 1)
		certificate_summary_warn(summary, "it is not made for TLS "
		    "clients (clientAuth): web servers refuse it");
	if (X509_check_ca(certificate) == 1)
		certificate_summary_warn(summary,
		    "it is a certificate authority's, not a caller's");
}

bool
certificate_summary_read(const char *pem, int64_t now_s,
    struct certificate_summary *summary, struct error *error)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *certificate = NULL;
	bool done = false;

	memset(summary, 0, sizeof *summary);
	if (*pem == SUMMARY_DER_SEQUENCE && pem[1] != SUMMARY_DER_SEQUENCE)
		error_set(error, "is in DER: make PEM of it by "
		    "\"openssl x509 -inform DER\"");
	else if (caller_certificate_parse(pem, &summary->identity, error) &&
	    bio != NULL && (certificate = PEM_read_bio_X509(bio, NULL,
	    pem_no_password, NULL)) != NULL) {
		certificate_summary_read_subject(certificate, summary);
		certificate_summary_read_times(certificate, now_s, summary);
		certificate_summary_check_use(certificate, summary);
		certificate_summary_check_names(summary);
		certificate_summary_check_key(certificate, summary);
		done = true;
	}
	X509_free(certificate);
	BIO_free(bio);
	ERR_clear_error();
	return done;
}

/* --- for the configuration, and for machines ------------------------------ */

static struct json_object *
certificate_summary_names(const struct certificate_summary *summary)
{
	struct json_object *names = json_object_new_array();
	size_t i;

	for (i = 0; i < summary->identity.san_dns_count; i++)
		json_object_array_add(names, json_object_new_string(
		    summary->identity.san_dns[i]));
	return names;
}

/* Names where there are any: they outlive a renewal. */
static struct json_object *
certificate_summary_entry(const struct certificate_summary *summary)
{
	struct json_object *entry = json_object_new_object(), *digests;
	const struct caller_certificate *identity = &summary->identity;

	json_object_object_add(entry, "name", json_object_new_string(
	    identity->san_dns_count > 0 ? identity->san_dns[0] : "caller"));
	if (identity->san_dns_count > 0)
		json_object_object_add(entry, "san_dns",
		    certificate_summary_names(summary));
	else {
		digests = json_object_new_array();
		json_object_array_add(digests, json_object_new_string(
		    identity->certificate_sha256));
		json_object_object_add(entry, "certificate_sha256", digests);
	}
	return entry;
}

void
certificate_summary_write(const struct certificate_summary *summary,
    struct buf *text)
{
	struct json_object *entry = certificate_summary_entry(summary);
	size_t i;

	buf_append_format(text, "// %s, until %s\n", *summary->subject == '\0' ?
	    "without a subject" : summary->subject, summary->not_after);
	for (i = 0; i < summary->warning_count; i++)
		buf_append_format(text, "// warning: %s\n",
		    summary->warnings[i]);
	buf_append_format(text, "// Other criteria; of those that an entry "
	    "has, each must be met:\n"
	    "//   this certificate alone\n"
	    "//     \"certificate_sha256\": [\"%s\"]\n"
	    "//   its key, in a renewed certificate, too\n"
	    "//     \"spki_sha256\": [\"%s\"]\n"
	    "//   all certificates of its issuer\n"
	    "//     \"issuer_sha256\": [\"%s\"]\n",
	    summary->identity.certificate_sha256, summary->identity.spki_sha256,
	    summary->identity.issuer_sha256);
	buf_append_format(text, "%s\n", json_object_to_json_string_ext(entry,
	    JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(entry);
}

struct json_object *
certificate_summary_json(const struct certificate_summary *summary)
{
	struct json_object *object = json_object_new_object();
	struct json_object *warnings = json_object_new_array();
	size_t i;

	json_object_object_add(object, "certificate_sha256",
	    json_object_new_string(summary->identity.certificate_sha256));
	json_object_object_add(object, "spki_sha256",
	    json_object_new_string(summary->identity.spki_sha256));
	json_object_object_add(object, "san_dns",
	    certificate_summary_names(summary));
	json_object_object_add(object, "issuer_sha256",
	    json_object_new_string(summary->identity.issuer_sha256));
	json_object_object_add(object, "subject",
	    json_object_new_string(summary->subject));
	json_object_object_add(object, "not_after",
	    json_object_new_string(summary->not_after));
	for (i = 0; i < summary->warning_count; i++)
		json_object_array_add(warnings,
		    json_object_new_string(summary->warnings[i]));
	json_object_object_add(object, "warnings", warnings);
	return object;
}
