/* SPDX-License-Identifier: Apache-2.0 */
#include "state/owner.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"

/* Of the directory or, where it is missing, the nearest one above it. */
static bool
owner_find(const char *directory, struct stat *st)
{
	char *path = xstrdup(directory), *slash;
	bool found;

	while (!(found = stat(path, st) == 0) && errno == ENOENT &&
	    (slash = strrchr(path, '/')) != NULL && slash[1] != '\0') {
		/* "/a" is in "/", and "a" nowhere that a path tells. */
		slash[slash == path ? 1 : 0] = '\0';
	}
	free(path);
	return found;
}

static bool
owner_switch(uid_t user, gid_t group)
{
	const struct passwd *entry = getpwuid(user);
	bool good;

	if (entry != NULL) {
		group = entry->pw_gid;
		good = initgroups(entry->pw_name, group) == 0;
	} else
		good = setgroups(0, NULL) == 0;
	return good && setgid(group) == 0 && setuid(user) == 0;
}

bool
owner_become(const char *directory, struct error *error)
{
	struct stat st;
	bool done = false;

	if (!owner_find(directory, &st))
		error_set(error, "cannot look at the state directory %s: %s",
		    directory, strerror(errno));
	else if (st.st_uid == geteuid())
		done = true;
	else if (geteuid() != 0)
		error_set(error, "the workers' tokens belong to user %ld: run "
		    "this command as that user, or as root", (long)st.st_uid);
	else if (!owner_switch(st.st_uid, st.st_gid))
		error_set(error, "cannot become user %ld, who owns the state "
		    "directory %s: %s", (long)st.st_uid, directory,
		    strerror(errno));
	else
		done = true;
	return done;
}

bool
owner_become_user(const char *name, struct error *error)
{
	const struct passwd *entry = getpwnam(name);
	bool done = false;

	if (entry == NULL)
		error_set(error, "there is no user \"%.100s\"", name);
	else if (entry->pw_uid == geteuid())
		done = true;
	else if (geteuid() != 0)
		error_set(error, "only root can become the user %.100s", name);
	else if (!owner_switch(entry->pw_uid, entry->pw_gid))
		error_set(error, "cannot become the user %.100s: %s", name,
		    strerror(errno));
	else
		done = true;
	return done;
}

bool
owner_is_known(const char *directory)
{
	struct stat st;

	return stat(directory, &st) == 0 && st.st_uid != 0;
}

char *
owner_name(void)
{
	const struct passwd *entry = getpwuid(geteuid());

	return entry != NULL ? xstrdup(entry->pw_name) :
	    xasprintf("%ld", (long)geteuid());
}
