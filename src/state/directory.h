/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATE_DIRECTORY_H
#define STATE_DIRECTORY_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"

/*
 * The state directory, and the private files in it that all workers of a host
 * share.  Files are named by descriptors of the directory, which the caller
 * closes, so nobody can put another directory in its place.
 */

/*
 * Opens the directory, making it (mode 0700) where it is missing.  -1 with a
 * error if it belongs to somebody else or others may enter it.
 */
int state_directory_open(const char *path, struct error *error);

/*
 * Would that come out well, for this user?  Makes nothing.  False with an
 * error if it would not; `*must_be_made`: the directory is missing, and this
 * user may not make it, so that somebody else must.
 */
bool state_directory_check(const char *path, bool *must_be_made,
    struct error *error);

/* True for a regular file of this user, and of nobody else. */
bool state_file_is_private(const struct stat *st);

/*
 * A new, empty file of mode 0600 to write to, in place of what has that name;
 * -1 with errno if it cannot be made.
 */
int state_file_create(int directory, const char *name);

/* A file to flock, made where it is missing; -1 with errno. */
int state_lock_open(int directory, const char *name);

#endif
