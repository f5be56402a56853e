/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics-fixture.h"

#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "state/metrics-text.h"
#include "tap.h"

const char *
directory_new(void)
{
	static unsigned int count;

	return fixture_path(fixture_format("state-%u", count++));
}

const char *
read_text(const char *directory)
{
	struct error error = { .words = "" };
	const char *text;
	struct buf buf;

	buf_init(&buf, METRICS_TEXT_SIZE);
	if (!metrics_text_read(directory, &buf, &error))
		tap_bail_out("%s", error.words);
	text = fixture_format("%s", buf_text(&buf));
	buf_free(&buf);
	return text;
}

int64_t
value_of(const char *text, const char *series)
{
	const char *line = strstr(fixture_format("\n%s", text),
	    fixture_format("\n%s ", series));

	return line == NULL ? -1 : strtoll(line + strlen(series) + 2, NULL,
	    10);
}
