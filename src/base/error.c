/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
error_set(struct error *error, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(error->words, sizeof error->words, format, ap);
	va_end(ap);
	error->pointer[0] = '\0';
	error->missing[0] = '\0';
}

void
error_set_missing(struct error *error, const char *name, const char *more)
{
	error_set(error, "\"%s\" is missing%s", name, more);
	error_point_to_missing(error, name);
}

void
error_point_to_missing(struct error *error, const char *name)
{
	snprintf(error->missing, sizeof error->missing, "%s", name);
}

void
error_prepend_name(struct error *error, const char *name)
{
	char rest[sizeof error->pointer];
	size_t used = 0;

	memcpy(rest, error->pointer, sizeof rest);
	error->pointer[used++] = '/';
	for (; *name != '\0' && used + 3 < sizeof error->pointer; name++) {
		if (*name == '~' || *name == '/') {
			error->pointer[used++] = '~';
			error->pointer[used++] = *name == '~' ? '0' : '1';
		} else
			error->pointer[used++] = *name;
	}
	error->pointer[used] = '\0';
	strncat(error->pointer, rest, sizeof error->pointer - used - 1);
}

void
error_put_pointer_in_words(struct error *error)
{
	struct error why = *error;

	if (*why.pointer == '/')
		error_set(error, "%.60s: %.440s", why.pointer + 1, why.words);
}

void
error_prepend_index(struct error *error, unsigned long index)
{
	char name[24];

	snprintf(name, sizeof name, "%lu", index);
	error_prepend_name(error, name);
}
