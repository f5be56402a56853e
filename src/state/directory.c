/* SPDX-License-Identifier: Apache-2.0 */
#include "state/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"

/* False with an error unless it is this user's alone. */
static bool
state_directory_is_private(const char *path, const struct stat *st,
    struct error *error)
{
	bool good = false;

	if (!S_ISDIR(st->st_mode))
		error_set(error, "cannot open the state directory %s: %s",
		    path, strerror(ENOTDIR));
	else if (st->st_uid != geteuid())
		error_set(error, "the state directory %s belongs to user %ld, "
		    "not to this worker's user %ld", path,
		    (long)st->st_uid, (long)geteuid());
	else if (st->st_mode & 077)
		error_set(error, "the state directory %s is open to others: "
		    "chmod 0700 %s", path, path);
	else
		good = true;
	return good;
}

int
state_directory_open(const char *path, struct error *error)
{
	struct stat st;
	bool good = false;
	int fd = -1;

	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		error_set(error, "cannot make the state directory %s: %s",
		    path, strerror(errno));
	else if ((fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) ==
	    -1 || fstat(fd, &st) == -1)
		error_set(error, "cannot open the state directory %s: %s",
		    path, strerror(errno));
	else
		good = state_directory_is_private(path, &st, error);
	if (!good && fd != -1) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* What the directory is in; the caller frees it. */
static char *
state_directory_parent(const char *path)
{
	char *parent = xstrdup(path);
	size_t length = strlen(parent);
	char *slash;

	while (length > 1 && parent[length - 1] == '/')
		parent[--length] = '\0';
	slash = strrchr(parent, '/');
	if (slash == NULL) {
		free(parent);
		parent = xstrdup(".");
	} else
		slash[slash == parent ? 1 : 0] = '\0';
	return parent;
}

bool
state_directory_check(const char *path, bool *must_be_made,
    struct error *error)
{
	char *parent = state_directory_parent(path);
	struct stat st;
	bool good = false;

	*must_be_made = false;
	if (stat(path, &st) == 0)
		good = state_directory_is_private(path, &st, error);
	else if (errno != ENOENT)
		error_set(error, "cannot open the state directory %s: %s",
		    path, strerror(errno));
	else if (stat(parent, &st) == -1 || !S_ISDIR(st.st_mode))
		error_set(error, "cannot make the state directory %s: there "
		    "is no directory %s", path, parent);
	else {
		*must_be_made = faccessat(AT_FDCWD, parent, W_OK | X_OK,
		    AT_EACCESS) == -1;
		good = true;
	}
	free(parent);
	return good;
}

bool
state_file_is_private(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_uid == geteuid() &&
	    (st->st_mode & 077) == 0;
}

int
state_file_create(int directory, const char *name)
{
	unlinkat(directory, name, 0);
	return openat(directory, name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

int
state_lock_open(int directory, const char *name)
{
	return openat(directory, name,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
}
