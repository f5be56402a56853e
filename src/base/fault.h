/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/json-position.h"

/*
 * What an operator can mend in a configuration file, and where: errors, which
 * keep it from use, and warnings, which do not.
 */
struct fault {
	bool is_warning;
	struct json_position position;
	char setting[128];	/* its name; "": the file as a whole */
	char words[768];
};

struct fault_list {
	struct fault *faults;
	size_t count;
	size_t error_count;
};

/* Of a zeroed list. */
void fault_list_add(struct fault_list *list, const struct fault *fault);
void fault_list_free(struct fault_list *list);

/* Errors first, and each by its place in the file. */
void fault_list_sort(struct fault_list *list);

/* Appends "file:line:column: [warning: ][setting: ]words". */
void fault_write(const struct fault *fault, const char *path,
    struct buf *text);

#endif
