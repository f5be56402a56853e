/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_CHECK_REPAIR_H
#define WORKER_CHECK_REPAIR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "worker/conf-text.h"

/*
 * Finds all mistakes of a configuration by a reader that stops at the first:
 * what is wrong is taken out, what is missing is put in, and it is read again.
 * So there is one reader, and no second opinion on what is right.
 */
struct check_repair {
	const struct conf_text *text;
	struct fault_list *faults;
	struct json_object *object;	/* repaired; not the text's own */
	struct conf *conf;		/* of it, with all entries in their
					 * places; NULL: it is beyond repair */
	char **touched;			/* pointers into the file */
	size_t touched_count;
	unsigned int placeholders;
};

void check_repair_run(struct check_repair *repair,
    const struct conf_text *text, struct fault_list *faults);
void check_repair_free(struct check_repair *repair);

/* True if something is known to be wrong there in the file. */
bool check_repair_has_touched(const struct check_repair *repair,
    const char *pointer);

/* Notes it; false if that was known. */
bool check_repair_touch(struct check_repair *repair, const char *pointer);

#endif
