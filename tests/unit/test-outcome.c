/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/outcome.h"

#include <string.h>

#include "tap.h"

static void
check_phrases(void)
{
	size_t i, j;

	for (i = 0; i < CAUSE__MAX; i++) {
		const char *phrase = cause_phrase(i);

		tap_ok(phrase != NULL && *phrase != '\0',
		    "cause %zu has a phrase", i);
		for (j = 0; j < i; j++) {
			if (strcmp(phrase, cause_phrase(j)) == 0)
				tap_ok(false, "causes %zu and %zu differ in "
				    "their phrases", i, j);
		}
	}
}

/* The log, the metrics and the status page have these names. */
static void
check_names(void)
{
	static const char *const names[VERDICT__MAX] = {
		[VERDICT_DELIVERED] = "delivered",
		[VERDICT_REJECTED] = "rejected",
		[VERDICT_LATER] = "later",
		[VERDICT_FAILED] = "failed"
	};
	size_t i;

	for (i = 0; i < VERDICT__MAX; i++)
		tap_is_string(verdict_name(i), names[i],
		    "the name of verdict %zu", i);
}

int
main(void)
{
	check_names();
	check_phrases();
	return tap_done();
}
