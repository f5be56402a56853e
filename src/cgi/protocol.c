/* SPDX-License-Identifier: Apache-2.0 */
#include "cgi/protocol.h"

#include <errno.h>
#include <stdlib.h>

int64_t
protocol_content_length(const char *text)
{
	char *end;
	long long length;

	if (text == NULL || *text < '0' || *text > '9')
		return -1;
	errno = 0;
	length = strtoll(text, &end, 10);
	if (*end != '\0')
		return -1;
	return errno != 0 ? INT64_MAX : length;
}
