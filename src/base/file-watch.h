/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_FILE_WATCH_H
#define BASE_FILE_WATCH_H

#include <stdbool.h>

/*
 * Files that may change on disk: the configuration and the credentials it
 * names.  A file counts as changed if it was written to, replaced, removed or
 * made since it was last looked at.
 */
struct file_watch;

struct file_watch *file_watch_create(void);
void file_watch_free(struct file_watch *watch);

/* Adds a file as it is now; it need not exist. */
void file_watch_add(struct file_watch *watch, const char *path);

/* True if any has changed since it was added or this was last asked. */
bool file_watch_changed(struct file_watch *watch);

#endif
