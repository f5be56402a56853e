/* SPDX-License-Identifier: Apache-2.0 */
/* Who a request is from, by what the web server says of it. */
#include "access/admission.h"

#include <stdio.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "fixture.h"
#include "tap.h"

#define SECRET "correct horse"

/* A certificate of a key, in PEM. */
static const char *
certificate_of(enum fixture_key kind)
{
	EVP_PKEY *key = fixture_key(kind);
	X509 *certificate = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long size;

	X509_set_version(certificate, 2);
	X509_set_pubkey(certificate, key);
	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	if (X509_sign(certificate, key, EVP_sha256()) == 0 ||
	    PEM_write_bio_X509(bio, certificate) != 1)
		tap_bail_out("cannot make a certificate");
	size = BIO_get_mem_data(bio, &text);
	text = (char *)fixture_format("%.*s", (int)size, text);
	BIO_free(bio);
	X509_free(certificate);
	return text;
}

static struct client_list *
clients_of(const char *listed)
{
	struct caller_certificate caller;
	struct client_list *list = client_list_create();
	struct json_object *sections;
	struct error error;
	size_t i;

	if (!caller_certificate_parse(listed, &caller, &error))
		tap_bail_out("%s", error.words);
	sections = fixture_json(fixture_format("["
	    "{\"name\":\"certified\",\"spki_sha256\":[\"%s\"]},"
	    "{\"name\":\"vouched\",\"vouched\":true},"
	    "{\"name\":\"both\",\"vouched\":true,\"san_dns\":[\"none\"]},"
	    "{\"name\":\"near\",\"addresses\":[\"10.1.0.0/16\",\"::1\"]},"
	    "{\"name\":\"wide\",\"addresses\":[\"10.0.0.0/8\"]}]",
	    caller.spki_sha256));
	for (i = 0; i < json_object_array_length(sections); i++) {
		if (!client_list_add(list,
		    json_object_array_get_idx(sections, i), &error))
			tap_bail_out("%s", error.words);
	}
	json_object_put(sections);
	return list;
}

enum { NONE, LISTED, UNLISTED };

static const struct {
	const char *name;
	const char *secret;
	const char *vouched;
	const char *verify;
	int certificate;
	const char *address;
	bool is_matrix;
	const char *client;	/* NULL: refused */
	enum admission_refusal refusal;
} rows[] = {
	{ "a listed certificate", SECRET, NULL, "SUCCESS", LISTED, NULL,
	    false, "certified", ADMISSION_GRANTED },
	{ "one that is not listed", SECRET, NULL, "SUCCESS", UNLISTED, NULL,
	    false, NULL, ADMISSION_UNLISTED },
	{ "one that is not verified", SECRET, NULL, "FAILED:expired", LISTED,
	    NULL, false, NULL, ADMISSION_NOT_VERIFIED },
	{ "nothing", SECRET, NULL, NULL, NONE, NULL, false, NULL,
	    ADMISSION_NOT_VERIFIED },
	{ "a listed certificate without the secret", NULL, NULL, "SUCCESS",
	    LISTED, NULL, false, NULL, ADMISSION_WRONG_SECRET },
	{ "with another secret", "correct horsf", NULL, "SUCCESS", LISTED,
	    NULL, false, NULL, ADMISSION_WRONG_SECRET },
	{ "with a part of it", "correct", NULL, "SUCCESS", LISTED, NULL,
	    false, NULL, ADMISSION_WRONG_SECRET },
	{ "with more than it", SECRET SECRET, NULL, "SUCCESS", LISTED, NULL,
	    false, NULL, ADMISSION_WRONG_SECRET },
	{ "with an empty one", "", NULL, "SUCCESS", LISTED, NULL, false, NULL,
	    ADMISSION_WRONG_SECRET },
	{ "a vouched name", SECRET, "vouched", NULL, NONE, NULL, false,
	    "vouched", ADMISSION_GRANTED },
	{ "a vouched name, no certificate verified", SECRET, "vouched",
	    "NONE", NONE, NULL, false, "vouched", ADMISSION_GRANTED },
	{ "a vouched name without the secret", NULL, "vouched", NULL, NONE,
	    NULL, false, NULL, ADMISSION_WRONG_SECRET },
	{ "a vouched name beside a listed certificate", SECRET, "vouched",
	    "SUCCESS", LISTED, NULL, false, NULL,
	    ADMISSION_VOUCHED_WITH_CERTIFICATE },
	{ "beside one that is not verified", SECRET, "vouched",
	    "FAILED:expired", LISTED, NULL, false, NULL,
	    ADMISSION_VOUCHED_WITH_CERTIFICATE },
	{ "a name that is not vouched for", SECRET, "certified", NULL, NONE,
	    NULL, false, NULL, ADMISSION_NOT_VOUCHED },
	{ "a name that nobody has", SECRET, "nobody", NULL, NONE, "10.1.2.3",
	    true, NULL, ADMISSION_NOT_VOUCHED },
	{ "an empty name is none", SECRET, "", "SUCCESS", LISTED, NULL, false,
	    "certified", ADMISSION_GRANTED },
	{ "a vouched entry with a criterion, too", SECRET, "both", NULL, NONE,
	    NULL, false, "both", ADMISSION_GRANTED },
	{ "an address on Matrix' path", SECRET, NULL, NULL, NONE, "10.1.2.3",
	    true, "near", ADMISSION_GRANTED },
	{ "the first entry counts", SECRET, NULL, NULL, NONE, "10.2.2.3",
	    true, "wide", ADMISSION_GRANTED },
	{ "an address of IPv6", SECRET, NULL, NULL, NONE, "::1", true, "near",
	    ADMISSION_GRANTED },
	{ "an address that is mapped", SECRET, NULL, NULL, NONE,
	    "::ffff:10.1.2.3", true, "near", ADMISSION_GRANTED },
	{ "another address", SECRET, NULL, NULL, NONE, "11.1.2.3", true, NULL,
	    ADMISSION_NOT_VERIFIED },
	{ "an address on another path", SECRET, NULL, NULL, NONE, "10.1.2.3",
	    false, NULL, ADMISSION_NOT_VERIFIED },
	{ "an address that is none", SECRET, NULL, NULL, NONE, "10.1.2.3:80",
	    true, NULL, ADMISSION_NOT_VERIFIED },
	{ "a listed certificate before the address", SECRET, NULL, "SUCCESS",
	    LISTED, "10.1.2.3", true, "certified", ADMISSION_GRANTED },
	{ "an unlisted one beside a good address", SECRET, NULL, "SUCCESS",
	    UNLISTED, "10.1.2.3", true, "near", ADMISSION_GRANTED },
};

static void
check_rows(struct admission *admission, const char *const *certificates)
{
	const struct caller_certificate *certificate;
	enum admission_refusal refusal;
	const struct client *client;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		client = admission_find(admission, &(struct admission_request){
			.secret = rows[i].secret,
			.vouched_client = rows[i].vouched,
			.verify = rows[i].verify,
			.certificate = certificates[rows[i].certificate],
			.address = rows[i].address,
			.is_matrix = rows[i].is_matrix
		}, &refusal, &certificate);
		tap_is_string(client == NULL ? NULL : client_name(client),
		    rows[i].client, "%s: the client", rows[i].name);
		tap_is_string(admission_refusal_words(refusal),
		    admission_refusal_words(rows[i].refusal), "%s: why",
		    rows[i].name);
		tap_ok(refusal != ADMISSION_UNLISTED || certificate != NULL,
		    "%s: an unlisted certificate is told", rows[i].name);
	}
}

/* What an operator reads in the log. */
static const struct {
	enum admission_refusal refusal;
	const char *words;
} words[] = {
	{ ADMISSION_GRANTED, "granted" },
	{ ADMISSION_WRONG_SECRET, "the web server did not send the secret of "
	    "fastcgi_secret_file" },
	{ ADMISSION_VOUCHED_WITH_CERTIFICATE, "the web server vouches for a "
	    "client that also shows a certificate" },
	{ ADMISSION_NOT_VOUCHED, "the web server vouches for a client that is "
	    "not configured as \"vouched\"" },
	{ ADMISSION_NOT_VERIFIED, "no verified certificate" },
	{ ADMISSION_UNLISTED, "verified certificate matches no configured "
	    "client" },
};

static void
check_words(void)
{
	size_t i;

	for (i = 0; i < sizeof words / sizeof *words; i++)
		tap_is_string(admission_refusal_words(words[i].refusal),
		    words[i].words, "the words of %s", words[i].words);
}

int
main(void)
{
	const char *certificates[] = {
		[NONE] = NULL,
		[LISTED] = certificate_of(FIXTURE_KEY_P256),
		[UNLISTED] = certificate_of(FIXTURE_KEY_P384)
	};
	struct client_list *clients = clients_of(certificates[LISTED]);
	struct admission_params params = {
		.clients = clients,
		.secret_file = fixture_file("secret", SECRET "\n")
	};
	struct admission *admission;
	struct error error;

	admission = admission_create(&params, &error);
	if (admission == NULL)
		tap_bail_out("%s", error.words);
	check_rows(admission, certificates);
	check_words();
	admission_free(admission);
	admission_free(NULL);
	params.secret_file = fixture_file("empty", "\n");
	tap_ok(admission_create(&params, &error) == NULL,
	    "an empty secret is none");
	tap_contains(error.words, "is empty", "which is told");
	tap_is_string(error.pointer, "/fastcgi_secret_file", "and where");
	params.secret_file = "/does/not/exist";
	tap_ok(admission_create(&params, &error) == NULL,
	    "a secret that cannot be read is an error");
	tap_is_string(error.pointer, "/fastcgi_secret_file",
	    "of the setting that names it");
	params.secret_file = NULL;
	admission = admission_create(&params, &error);
	tap_ok(admission_has_secret(admission, NULL) &&
	    admission_has_secret(admission, "x"),
	    "without one any will do");
	admission_free(admission);
	client_list_free(clients);
	return tap_done();
}
