/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

enum {
	SECRET_SIZE = 4096	/* the longest that is read */
};

/*
 * Reads a whole file that holds a secret, a private key for example, into an
 * empty buffer; the caller must wipe it, even on failure.  False with an error
 * that names the file: one that everybody may write is refused.
 */
bool secret_read_file(struct buf *text, const char *path,
    struct error *error);

/* What the rights of a file let others do with a secret in it. */
enum secret_exposure {
	SECRET_PRIVATE,		/* the owner's, and its group may read it */
	SECRET_READABLE,	/* everybody may read it */
	SECRET_GROUP_WRITABLE,	/* its group may write it */
	SECRET_WRITABLE		/* everybody may write it */
};

/* SECRET_PRIVATE if there is no such file, or it is none on a disk. */
enum secret_exposure secret_exposure(const char *path);

/*
 * Reads a secret, the only line of a file, into an empty buffer; the caller
 * must wipe it, even on failure.  The end of the line is not a part of it; it
 * may be empty.  False with an error that names the file.
 */
bool secret_read(struct buf *secret, const char *path, struct error *error);

/*
 * True if the text is the secret.  How long it takes depends on the length of
 * the text alone, and tells nothing of where they differ.
 */
bool secret_is(const struct buf *secret, const char *text);

#endif
