/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/token-file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "state/directory.h"

enum {
	TOKEN_FILE_SIZE = TOKEN_TEXT_SIZE + 128,
	TOKEN_FILE_NAME_SIZE = TOKEN_NAME_SIZE + 32
};

struct token_store {
	int fd;
	char *directory;
};

struct token_store *
token_store_open(const char *directory, struct error *error)
{
	struct token_store *store = NULL;
	int fd = state_directory_open(directory, error);

	if (fd != -1) {
		store = xcalloc(1, sizeof *store);
		store->fd = fd;
		store->directory = xstrdup(directory);
	}
	return store;
}

void
token_store_close(struct token_store *store)
{
	if (store == NULL)
		return;
	close(store->fd);
	free(store->directory);
	free(store);
}

static void
token_file_path(const char *name, const char *ending,
    char path[TOKEN_FILE_NAME_SIZE])
{
	char *c;

	snprintf(path, TOKEN_FILE_NAME_SIZE, "%s%s", name, ending);
	for (c = path; *c != '\0'; c++) {
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
		    "uvwxyz0123456789.-_", *c) == NULL)
			*c = '_';
	}
	if (path[0] == '.')
		path[0] = '_';
}

static const char *const token_file_endings[] = {
	[TOKEN_FILE_CURRENT] = ".token",
	[TOKEN_FILE_FORMER] = ".former"
};

static bool
token_file_parse(const char *text, struct token *token)
{
	int used = 0, i;

	memset(token, 0, sizeof *token);
	if (sscanf(text, "push-gateway token %" SCNd64 " %" SCNd64 "%n",
	    &token->issued_s, &token->expires_s, &used) != 2 ||
	    text[used] != '\n')
		return false;
	text += used + 1;
	used = (int)strcspn(text, "\n");
	if (used == 0 || used >= TOKEN_TEXT_SIZE ||
	    strcmp(text + used, "\n") != 0)
		return false;
	/* It goes into a header. */
	for (i = 0; i < used; i++) {
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	}
	memcpy(token->text, text, (size_t)used);
	return true;
}

bool
token_file_read(const struct token_store *store, const char *name,
    enum token_file file, struct token *token)
{
	char path[TOKEN_FILE_NAME_SIZE], text[TOKEN_FILE_SIZE];
	struct stat st;
	ssize_t got = -1;
	int fd;

	token_file_path(name, token_file_endings[file], path);
	fd = openat(store->fd, path,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return false;
	if (fstat(fd, &st) == 0 && state_file_is_private(&st))
		got = read(fd, text, sizeof text - 1);
	else
		log_warn("%s/%s is not a private file of this user; "
		    "it is replaced", store->directory, path);
	close(fd);
	if (got <= 0)
		return false;
	text[got] = '\0';
	return token_file_parse(text, token);
}

void
token_file_write(const struct token_store *store, const char *name,
    enum token_file file, const struct token *token)
{
	char path[TOKEN_FILE_NAME_SIZE], temporary[TOKEN_FILE_NAME_SIZE];
	char text[TOKEN_FILE_SIZE], ending[32];
	ssize_t wrote = -1;
	int fd, length;
	bool written;

	token_file_path(name, token_file_endings[file], path);
	/* Of its own: a lock that is held for too long is not waited for. */
	snprintf(ending, sizeof ending, ".%ld.new", (long)getpid());
	token_file_path(name, ending, temporary);
	length = snprintf(text, sizeof text, "push-gateway token %" PRId64
	    " %" PRId64 "\n%s\n", token->issued_s, token->expires_s,
	    token->text);
	/* What has that name already was left by a process that died. */
	fd = state_file_create(store->fd, temporary);
	if (fd != -1)
		wrote = write(fd, text, (size_t)length);
	written = wrote == length;
	if (wrote != -1 && !written)
		errno = ENOSPC;	/* as the next one would say */
	if (fd != -1 && close(fd) == -1)
		written = false;
	if (!written ||
	    renameat(store->fd, temporary, store->fd, path) == -1) {
		log_error("cannot write %s/%s: %s", store->directory, path,
		    strerror(errno));
		unlinkat(store->fd, temporary, 0);
	}
}

int
token_file_lock(const struct token_store *store, const char *name)
{
	char path[TOKEN_FILE_NAME_SIZE];
	int fd, why;

	token_file_path(name, ".lock", path);
	fd = state_lock_open(store->fd, path);
	if (fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	why = errno;
	if (fd != -1)
		close(fd);
	if (why != EWOULDBLOCK)
		log_error("cannot lock %s/%s: %s", store->directory, path,
		    strerror(why));
	errno = why;
	return -1;
}
