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
