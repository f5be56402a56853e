/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_TARGET_H
#define API_TARGET_H

#include <stdbool.h>

enum {
	TARGET_PATH_SIZE = 2048
};

/*
 * True if the target of a request, as its caller wrote it, has neither "//"
 * nor dot segments in its path, and is shorter than TARGET_PATH_SIZE.
 */
bool target_is_plain(const char *target);

#endif
