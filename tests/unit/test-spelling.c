/* SPDX-License-Identifier: Apache-2.0 */
#include "base/spelling.h"

#include "fixture.h"
#include "tap.h"

static const char *const names[] = {
	"key_file", "key_id", "team_id", "topic", "to", "apps", "clients",
	"max_batch_size", "max_request_size_kb"
};

static const struct {
	const char *word;
	const char *nearest;
} rows[] = {
	{ "key_fil", "key_file" }, { "keyfile", "key_file" },
	{ "key_files", "key_file" }, { "app", "apps" }, { "apsp", "apps" },
	{ "topik", "topic" }, { "otpic", "topic" }, { "too", "to" },
	{ "tema_id", "team_id" }, { "client", "clients" },
	{ "max_batchsize", "max_batch_size" },
	{ "max_request_size", "max_request_size_kb" },
	{ "sandbox", NULL }, { "url", NULL }, { "", NULL }, { "x", NULL },
};

static const char *
nearest(const char *word)
{
	struct spelling spelling;
	size_t i;

	spelling_init(&spelling, word);
	for (i = 0; i < sizeof names / sizeof *names; i++)
		spelling_offer(&spelling, names[i]);
	return spelling.nearest;
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		tap_is_string(nearest(rows[i].word), rows[i].nearest,
		    "\"%s\" means", rows[i].word);
	tap_is_string(nearest(fixture_repeat("a", 10000)), NULL,
	    "a long word means nothing");
	return tap_done();
}
