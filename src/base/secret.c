/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <string.h>
#include <sys/stat.h>

static bool
secret_drop_last(struct buf *secret, char c)
{
	bool found = secret->size > 0 &&
	    secret->data[secret->size - 1] == c;

	if (found)
		secret->data[--secret->size] = '\0';
	return found;
}

enum secret_exposure
secret_exposure(const char *path)
{
	enum secret_exposure exposure = SECRET_PRIVATE;
	struct stat st;

	if (stat(path, &st) == -1 || !S_ISREG(st.st_mode))
		;
	else if (st.st_mode & S_IWOTH)
		exposure = SECRET_WRITABLE;
	else if (st.st_mode & S_IROTH)
		exposure = SECRET_READABLE;
	else if (st.st_mode & S_IWGRP)
		exposure = SECRET_GROUP_WRITABLE;
	return exposure;
}

bool
secret_read_file(struct buf *text, const char *path, struct error *error)
{
	bool good = false;

	if (!buf_read_file(text, path))
		error_set(error, "cannot read %s: %m", path);
	else if (secret_exposure(path) == SECRET_WRITABLE)
		error_set(error, "%s may be written by everybody, so it is "
		    "not used: chmod o-w %s", path, path);
	else
		good = true;
	return good;
}

bool
secret_read(struct buf *secret, const char *path, struct error *error)
{
	bool good = false;

	if (secret_read_file(secret, path, error)) {
		if (secret_drop_last(secret, '\n'))
			secret_drop_last(secret, '\r');
		good = memchr(buf_text(secret), '\n', secret->size) == NULL &&
		    memchr(buf_text(secret), '\0', secret->size) == NULL;
		if (!good)
			error_set(error, "%s must contain exactly one "
			    "line", path);
	}
	return good;
}

bool
secret_is(const struct buf *secret, const char *text)
{
	size_t size = strlen(text), i;
	volatile unsigned char difference = size != secret->size;

	for (i = 0; i < size; i++)
		difference |= (unsigned char)(text[i] ^
		    buf_text(secret)[i % (secret->size + 1)]);
	return difference == 0;
}
