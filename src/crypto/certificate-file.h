/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_CERTIFICATE_FILE_H
#define CRYPTO_CERTIFICATE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/*
 * A file of certificates and revocation lists in PEM, as web servers read
 * them; a private key in it is passed over.
 */
struct certificate_file {
	size_t certificates;
	size_t crls;
	/* When the first of them ends: a certificate's notAfter, a list's
	 * nextUpdate (RFC 5280, 4.1.2.5 and 5.1.2.5); 0: none does. */
	int64_t ends_s;
	bool ends_by_crl;
};

enum {
	/* A CA with many revoked certificates. */
	CERTIFICATE_FILE_SIZE = 64 * 1024 * 1024
};

/*
 * Reads one.  False with an error that names the file if it cannot be read,
 * holds neither, or one of them is damaged.
 */
bool certificate_file_read(struct certificate_file *file, const char *path,
    struct error *error);

/* The same of what was read from it. */
bool certificate_file_parse(struct certificate_file *file,
    const struct buf *text, const char *path, struct error *error);

#endif
