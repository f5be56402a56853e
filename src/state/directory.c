/* SPDX-License-Identifier: Apache-2.0 */
#include "state/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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
	else if (st.st_uid != geteuid())
		error_set(error, "the state directory %s belongs to user %ld, "
		    "not to this worker's user %ld", path,
		    (long)st.st_uid, (long)geteuid());
	else if (st.st_mode & 077)
		error_set(error, "the state directory %s is open to others: "
		    "chmod 0700 %s", path, path);
	else
		good = true;
	if (!good && fd != -1) {
		close(fd);
		fd = -1;
	}
	return fd;
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
