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

int
main(void)
{
	check_phrases();
	return tap_done();
}
