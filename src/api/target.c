/* SPDX-License-Identifier: Apache-2.0 */
#include "api/target.h"

#include <stdio.h>
#include <string.h>

/* Replaces each escape of a character by the character. */
static void
target_decode(char *path, const char *escape, char character)
{
	char *c = path;

	while ((c = strcasestr(c, escape)) != NULL) {
		*c++ = character;
		memmove(c, c + 2, strlen(c + 2) + 1);
	}
}

/*
 * Web servers fold "//" and "/../" before they pass a path on; a caller that
 * writes them is mistaken, or looks for a way around an access rule.
 */
bool
target_is_plain(const char *target)
{
	char path[TARGET_PATH_SIZE], *c, *segment;

	/* The absolute form, "https://host/path". */
	if (*target != '/' && (c = strstr(target, "://")) != NULL)
		target = c + 3 + strcspn(c + 3, "/");
	if (strcspn(target, "?#") >= sizeof path)
		return false;
	snprintf(path, strcspn(target, "?#") + 1, "%s", target);
	target_decode(path, "%2e", '.');
	target_decode(path, "%2f", '/');
	for (segment = path; (segment = strchr(segment, '/')) != NULL;) {
		size_t length = strcspn(++segment, "/");

		if ((length == 0 && *segment == '/') ||
		    (length == 1 && segment[0] == '.') ||
		    (length == 2 && strncmp(segment, "..", 2) == 0))
			return false;
	}
	return true;
}
