/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/certificate-file.h"

#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

static void
certificate_file_add_end(struct certificate_file *file, const ASN1_TIME *end,
    bool is_crl)
{
	struct tm tm;
	int64_t ends_s;

	/* A revocation list may leave out when the next one comes. */
	if (end == NULL || ASN1_TIME_to_tm(end, &tm) != 1)
		return;
	ends_s = (int64_t)timegm(&tm);
	if (file->ends_s == 0 || ends_s < file->ends_s) {
		file->ends_s = ends_s;
		file->ends_by_crl = is_crl;
	}
}

static bool
certificate_file_add_certificate(struct certificate_file *file,
    const unsigned char *data, long size)
{
	X509 *certificate = d2i_X509_AUX(NULL, &data, size);

	if (certificate == NULL)
		return false;
	file->certificates++;
	certificate_file_add_end(file, X509_get0_notAfter(certificate), false);
	X509_free(certificate);
	return true;
}

static bool
certificate_file_add_crl(struct certificate_file *file,
    const unsigned char *data, long size)
{
	X509_CRL *crl = d2i_X509_CRL(NULL, &data, size);

	if (crl == NULL)
		return false;
	file->crls++;
	certificate_file_add_end(file, X509_CRL_get0_nextUpdate(crl), true);
	X509_CRL_free(crl);
	return true;
}

/* False if one of them is damaged. */
static bool
certificate_file_read_all(struct certificate_file *file, BIO *bio)
{
	char *name, *header;
	unsigned char *data;
	long size;
	bool good = true;

	while (good && PEM_read_bio(bio, &name, &header, &data, &size) == 1) {
		if (strcmp(name, PEM_STRING_X509) == 0 ||
		    strcmp(name, PEM_STRING_X509_OLD) == 0 ||
		    strcmp(name, PEM_STRING_X509_TRUSTED) == 0)
			good = certificate_file_add_certificate(file, data,
			    size);
		else if (strcmp(name, PEM_STRING_X509_CRL) == 0)
			good = certificate_file_add_crl(file, data, size);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(data, (size_t)size);
	}
	/* That is how the end of the file looks. */
	return good && ERR_GET_REASON(ERR_peek_last_error()) ==
	    PEM_R_NO_START_LINE;
}

bool
certificate_file_parse(struct certificate_file *file, const struct buf *text,
    const char *path, struct error *error)
{
	BIO *bio = BIO_new_mem_buf(buf_text(text), (int)text->size);
	bool good = false;

	*file = (struct certificate_file){ .certificates = 0 };
	ERR_clear_error();
	if (bio == NULL || !certificate_file_read_all(file, bio))
		error_set(error, "%s is damaged: not all of it is certificates "
		    "and revocation lists in PEM", path);
	else if (file->certificates == 0 && file->crls == 0)
		error_set(error, "%s contains no certificate in PEM", path);
	else
		good = true;
	if (!good)
		*file = (struct certificate_file){ .certificates = 0 };
	BIO_free(bio);
	ERR_clear_error();
	return good;
}

bool
certificate_file_read(struct certificate_file *file, const char *path,
    struct error *error)
{
	struct buf text;
	bool good = false;

	buf_init(&text, CERTIFICATE_FILE_SIZE);
	if (!buf_read_file(&text, path))
		error_set(error, "cannot read %s: %m", path);
	else
		good = certificate_file_parse(file, &text, path, error);
	buf_wipe(&text);
	return good;
}
