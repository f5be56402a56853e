/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
fault_set(struct fault *fault, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(fault->words, sizeof fault->words, format, ap);
	va_end(ap);
	fault->pointer[0] = '\0';
}

void
fault_prepend_name(struct fault *fault, const char *name)
{
	char rest[sizeof fault->pointer];
	size_t used = 0;

	memcpy(rest, fault->pointer, sizeof rest);
	fault->pointer[used++] = '/';
	for (; *name != '\0' && used + 3 < sizeof fault->pointer; name++) {
		if (*name == '~' || *name == '/') {
			fault->pointer[used++] = '~';
			fault->pointer[used++] = *name == '~' ? '0' : '1';
		} else
			fault->pointer[used++] = *name;
	}
	fault->pointer[used] = '\0';
	strncat(fault->pointer, rest, sizeof fault->pointer - used - 1);
}

void
fault_prepend_index(struct fault *fault, unsigned long index)
{
	char name[24];

	snprintf(name, sizeof name, "%lu", index);
	fault_prepend_name(fault, name);
}
