/* SPDX-License-Identifier: Apache-2.0 */
/* What may become of a file that workers have mapped. */
#include "state/shared-memory.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "captured-log.h"
#include "fixture.h"
#include "tap.h"

enum {
	SIZE = 3 * 65536,
	PLACE = SIZE - 8		/* of the number that is looked at */
};

static unsigned int directories;

static struct shared_memory_params
params_of(const char *directory)
{
	return (struct shared_memory_params){
		.directory = directory,
		.file = "numbers",
		.layout = 7,
		.size = SIZE
	};
}

static struct shared_memory *
open_in(const char *directory)
{
	const struct shared_memory_params params = params_of(directory);

	return shared_memory_open(&params);
}

static uint64_t
number_in(struct shared_memory *memory)
{
	uint64_t number;

	memcpy(&number, (char *)shared_memory_bytes(memory) + PLACE,
	    sizeof number);
	return number;
}

static void
write_number(struct shared_memory *memory, uint64_t number)
{
	memcpy((char *)shared_memory_bytes(memory) + PLACE, &number,
	    sizeof number);
}

static void
pass(int64_t ms)
{
	clock_fake(clock_monotonic_ms() + ms, 0);
}

/* --- what is done to the file --------------------------------------------- */

static void
truncate_to(const char *path, off_t size)
{
	if (truncate(path, size) == -1)
		tap_bail_out("cannot truncate %s", path);
}

static void
empty(const char *path)
{
	truncate_to(path, 0);
}

static void
cut(const char *path)
{
	truncate_to(path, 70000);
}

static void
cut_and_grow(const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1)
		tap_bail_out("no file");
	truncate_to(path, 10);
	truncate_to(path, st.st_size);
}

static void
delete(const char *path)
{
	if (unlink(path) == -1)
		tap_bail_out("cannot remove %s", path);
}

static void
replace_by_rubbish(const char *path)
{
	if (rename(fixture_file("rubbish", "rubbish"), path) == -1)
		tap_bail_out("cannot replace %s", path);
}

static const struct harm {
	const char *name;
	void (*harm)(const char *path);
	bool is_lost_at_once;	/* the processes need not be told of it */
} harms[] = {
	{ "emptied", empty, true },
	{ "cut in part", cut, true },
	{ "removed", delete, false },
	{ "replaced by rubbish", replace_by_rubbish, false },
};

static const char *
directory_new(void)
{
	return fixture_path(fixture_format("state-%u", ++directories));
}

static void
check_harm(const struct harm *harm)
{
	const char *directory = directory_new();
	struct shared_memory *one = open_in(directory);
	struct shared_memory *other = open_in(directory);
	void *bytes = shared_memory_bytes(one);

	captured_log_begin();
	write_number(one, 1);
	tap_is_int((int64_t)number_in(other), 1, "%s: it is shared before",
	    harm->name);
	harm->harm(fixture_format("%s/numbers", directory));
	write_number(one, 2);
	if (harm->is_lost_at_once)
		tap_is_int((int64_t)number_in(other), 0,
		    "%s: then it is as if zeroed", harm->name);
	pass(1000);
	write_number(one, 3);
	pass(1000);
	tap_is_int((int64_t)number_in(other), 3,
	    "%s: within a second it is shared again", harm->name);
	write_number(other, 4);
	tap_is_int((int64_t)number_in(one), 4, "%s: both ways", harm->name);
	tap_ok(shared_memory_bytes(one) == bytes, "%s: it stays in its place",
	    harm->name);
	tap_is_int(captured_log_count("was truncated, removed or replaced"), 2,
	    "%s: each of them tells the log once", harm->name);
	shared_memory_close(one);
	shared_memory_close(other);
}

/* What is written beyond the end and what was there before, if it grows. */
static void
check_grown(void)
{
	const char *directory = directory_new();
	struct shared_memory *memory = open_in(directory);

	captured_log_begin();
	write_number(memory, 1);
	cut_and_grow(fixture_format("%s/numbers", directory));
	tap_is_int((int64_t)number_in(memory), 0,
	    "a file that was cut and grew again is zeroed");
	shared_memory_close(memory);
	memory = open_in(directory);
	write_number(memory, 5);
	tap_is_int((int64_t)number_in(memory), 5,
	    "one without its header is replaced");
	tap_is_int(captured_log_count("numbers is damaged, or of another version"), 1,
	    "the log says so");
	shared_memory_close(memory);
}

static void
check_reader(void)
{
	const char *directory = directory_new();
	const struct shared_memory_params params = params_of(directory);
	struct shared_memory *writer = open_in(directory), *reader;
	struct error error;

	write_number(writer, 1);
	reader = shared_memory_open_to_read(&params, &error);
	if (reader == NULL)
		tap_bail_out("%s", error.words);
	tap_is_int((int64_t)number_in(reader), 1, "a reader sees it");
	write_number(writer, 2);
	tap_is_int((int64_t)number_in(reader), 2, "as it changes");
	empty(fixture_format("%s/numbers", directory));
	tap_is_int((int64_t)number_in(reader), 0,
	    "a reader survives a truncated file, too");
	shared_memory_close(reader);
	shared_memory_close(writer);
}

/* Any other SIGBUS is no business of ours. */
static void
check_other_signal(void)
{
	struct shared_memory *memory = open_in(directory_new());
	pid_t child = fork();
	int status;

	if (child == 0) {
		raise(SIGBUS);
		_exit(0);
	}
	if (child == -1 || waitpid(child, &status, 0) != child)
		tap_bail_out("no child");
	tap_ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS,
	    "another SIGBUS ends the process");
	shared_memory_close(memory);
}

int
main(void)
{
	size_t i;

	clock_fake(1000, 0);
	for (i = 0; i < sizeof harms / sizeof *harms; i++)
		check_harm(&harms[i]);
	check_grown();
	check_reader();
	check_other_signal();
	return tap_done();
}
