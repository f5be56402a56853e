/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_TOKEN_FILE_H
#define PROVIDER_TOKEN_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/*
 * The files in the state directory by which workers share provider tokens: one
 * with the token, one with the token before it, and one to lock while a token
 * is minted, for each name.
 */
enum token_limits {
	TOKEN_TEXT_SIZE = 4096,
	TOKEN_NAME_SIZE = 128
};

struct token {
	char text[TOKEN_TEXT_SIZE];	/* "" if there is none */
	int64_t issued_s;
	int64_t expires_s;
};

enum token_file {
	TOKEN_FILE_CURRENT,
	TOKEN_FILE_FORMER
};

struct token_store;

/*
 * Opens the directory, making it (mode 0700) where it is missing.  NULL with
 * an error if it belongs to somebody else or others may enter it.
 */
struct token_store *token_store_open(const char *directory,
    struct error *error);
void token_store_close(struct token_store *store);

/*
 * Reads a shared token.  What is not our own regular file of mode 0600 in
 * the right form is as if it were not there; writing replaces it.
 */
bool token_file_read(const struct token_store *store, const char *name,
    enum token_file file, struct token *token);

/* Only for the holder of the lock.  A failure is logged. */
void token_file_write(const struct token_store *store, const char *name,
    enum token_file file, const struct token *token);

/*
 * Takes the lock without waiting: a descriptor to close, which gives it back,
 * as the end of the process does.  -1 with EWOULDBLOCK if another has it, or
 * with another errno, logged, if there cannot be one.
 */
int token_file_lock(const struct token_store *store, const char *name);

#endif
