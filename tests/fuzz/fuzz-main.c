/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For compilers without libFuzzer: gives a target each file of the
 * directories (or each file) named as arguments, once, and prints TAP.
 * Without arguments it is the target's own corpus: corpus-decode for
 * fuzz-decode.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/fixture.h"
#include "../unit/tap.h"
#include "base/buf.h"

enum {
	MAIN_FILE_SIZE = 2 * 1024 * 1024
};

static void
run_file(const char *path)
{
	const char *name = strrchr(path, '/');
	uint8_t *data;
	struct buf file;

	buf_init(&file, MAIN_FILE_SIZE);
	if (!buf_read_file(&file, path))
		tap_bail_out("cannot read %s: %m", path);
	/* Said before: the target may end the program. */
	tap_note("%s", path);
	fflush(stdout);
	/* Not one byte longer than the input. */
	data = malloc(file.size == 0 ? 1 : file.size);
	if (data == NULL)
		tap_bail_out("out of memory");
	memcpy(data, buf_text(&file), file.size);
	LLVMFuzzerTestOneInput(data, file.size);
	free(data);
	buf_free(&file);
	tap_ok(true, "%s", name == NULL ? path : name + 1);
}

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
run_path(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_visible, alphasort), i;

	if (count == -1 && errno == ENOTDIR) {
		run_file(path);
		return;
	}
	if (count == -1)
		tap_bail_out("cannot read %s: %m", path);
	tap_ok(count > 0, "%s holds inputs", path);
	for (i = 0; i < count; i++) {
		run_file(fixture_format("%s/%s", path, entries[i]->d_name));
		free(entries[i]);
	}
	free(entries);
}

int
main(int argc, char **argv)
{
	const char *top = getenv("abs_top_srcdir");
	const char *name = program_invocation_short_name;
	int i;

	if (argc == 1)
		run_path(fixture_format("%s/tests/fuzz/corpus-%s",
		    top == NULL ? "." : top, strncmp(name, "fuzz-", 5) == 0 ?
		    name + 5 : name));
	for (i = 1; i < argc; i++)
		run_path(argv[i]);
	return tap_done();
}
