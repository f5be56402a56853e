/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_SANDBOX_H
#define WORKER_SANDBOX_H

#include <stdbool.h>

/*
 * Takes from the process what a worker never needs, so that whoever breaks
 * into it by a caller's request gains little:
 *
 * - no new privileges (prctl(2), PR_SET_NO_NEW_PRIVS);
 * - files (landlock(7)): it writes only in the state directory, and reads
 *   only there, in the directories that sandbox_add_file was given, and in
 *   those of the system that libraries need (resolver, CAs, shared objects).
 *   Directories are allowed, not files, so that a file that is replaced by a
 *   rename is still read;
 * - system calls (seccomp(2)): none that starts a program, traces a process,
 *   mounts, loads modules, or handles keys.
 *
 * It lasts for the life of the process.
 */
struct sandbox;

/*
 * Keeps what is in memory there: no core dump is written, and no other process
 * of the same user reads it.  For every worker, from its start on.
 */
void sandbox_hide_memory(void);

struct sandbox *sandbox_create(void);
void sandbox_free(struct sandbox *sandbox);

/*
 * Has the process read the directory of a file, and where the file is a
 * symbolic link, that of its target.  Only before sandbox_enter.
 */
void sandbox_add_file(struct sandbox *sandbox, const char *path);

/*
 * Enters it; only in a process of one thread.  What the kernel does not have
 * is left out.  The log says what is in force.
 */
void sandbox_enter(struct sandbox *sandbox, const char *state_directory);

/* True if a file, or the one that would be there, could be read inside. */
bool sandbox_allows(const struct sandbox *sandbox, const char *path);

#endif
