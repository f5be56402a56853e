/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator is told beside a provider's word. */
#include "provider/hint.h"

#include <stddef.h>

#include "tap.h"

/* A part of the hint; NULL: there is none. */
static const struct row {
	const char *words;
	const char *hint;
	const char *name;
} reasons[] = {
	{ "BadCertificate", "is not one of Apple's", "the first one" },
	{ "BadTopic", "no app's bundle id", "one between" },
	{ "not FCM", "a proxy?", "the last one" },
	{ "BadTopi", NULL, "a part of one" },
	{ "BadTopics", NULL, "more than one" },
	{ "", NULL, "nothing" },
}, ends[] = {
	{ "invalid_client", "no such service account", "the reason alone" },
	{ "the endpoint says: invalid_client", "no such service account",
	    "the reason at the end" },
	{ "status 400, BadCertificate", "is not one of Apple's",
	    "the first one" },
	{ "this is not FCM", "a proxy?", "the last one, of two words" },
	{ "the endpoint says: xinvalid_client", NULL, "only a part of a word" },
	{ "invalid_client, it says", NULL, "the reason elsewhere" },
	{ "gon", NULL, "less than any reason" },
	{ "", NULL, "nothing" },
};

static void
check(const char *hint, const struct row *row, const char *where)
{
	if (row->hint == NULL)
		tap_ok(hint == NULL, "%s: %s: no hint", where, row->name);
	else if (tap_ok(hint != NULL, "%s: %s: a hint", where, row->name))
		tap_contains(hint, row->hint, "%s: %s: its own", where,
		    row->name);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof reasons / sizeof *reasons; i++)
		check(hint_find(reasons[i].words), &reasons[i], "a reason");
	for (i = 0; i < sizeof ends / sizeof *ends; i++)
		check(hint_find_at_end(ends[i].words), &ends[i], "words");
	return tap_done();
}
