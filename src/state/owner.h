/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATE_OWNER_H
#define STATE_OWNER_H

#include <stdbool.h>

#include "base/error.h"

/*
 * For a program that shares the state directory with workers: makes this
 * process their user's, who is the directory's owner.  Where there is no
 * directory yet it is whoever owns what it will be in.
 *
 * Root becomes that user for good; who is that user already is left alone.
 * False with an error for anybody else.
 */
bool owner_become(const char *directory, struct error *error);

/*
 * Makes root that user, for good.  False with an error if there is no such
 * user, or for anybody but root and that user.
 */
bool owner_become_user(const char *name, struct error *error);

/*
 * True if the directory is there and somebody's other than root: who the
 * workers' user is can be seen then.
 */
bool owner_is_known(const char *directory);

/* The name of the user that this process is; the caller frees it. */
char *owner_name(void);

#endif
