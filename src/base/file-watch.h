/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_FILE_WATCH_H
#define BASE_FILE_WATCH_H

#include <stdbool.h>

/*
 * Files that may change on disk: the configuration and the credentials it
 * names.  A file counts as changed if it was written to, replaced, removed or
 * made since it was last looked at.
 */
struct watch;

struct watch *watch_create(void);
void watch_free(struct watch *watch);

/* Adds a file as it is now; it need not exist. */
void watch_add(struct watch *watch, const char *path);

/* True if any has changed since it was added or this was last asked. */
bool watch_changed(struct watch *watch);

#endif
