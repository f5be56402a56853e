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

#endif
