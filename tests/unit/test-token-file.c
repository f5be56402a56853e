/* SPDX-License-Identifier: Apache-2.0 */
/* The files of tokens, one call at a time. */
#include "provider/token-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "captured-log.h"
#include "fixture.h"
#include "tap.h"

static struct token_store *store;
static const char *directory;

static const char *
path_of(const char *file)
{
	return fixture_format("%s/%s", directory, file);
}

static void
put(const char *file, const char *text)
{
	if (rename(fixture_file("any", text), path_of(file)) == -1)
		tap_bail_out("cannot make %s", file);
}

/* The least that is free: if one was left open, it is another. */
static int
free_descriptor(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		tap_bail_out("cannot open /dev/null");
	close(fd);
	return fd;
}

/* --- calls that fail ----------------------------------------------------- */

/* The next of these on a file fails with that errno; 0: it does not. */
static int write_errno, close_errno;
/* The next one on a file writes one byte less. */
static bool writes_short;

static long
fail(int *why)
{
	errno = *why;
	*why = 0;
	return -1;
}

ssize_t
write(int fd, const void *data, size_t size)
{
	size_t less = fd != STDERR_FILENO && writes_short ? 1 : 0;

	if (fd != STDERR_FILENO) {
		writes_short = false;
		if (write_errno != 0)
			return fail(&write_errno);
	}
	return syscall(SYS_write, fd, data, size - less);
}

int
close(int fd)
{
	int closed = (int)syscall(SYS_close, fd);

	return close_errno != 0 ? (int)fail(&close_errno) : closed;
}

/* --- names --------------------------------------------------------------- */

static const struct {
	const char *name;
	const char *file;
} names[] = {
	{ "one", "one.token" },
	{ "A-Z_0.9", "A-Z_0.9.token" },
	{ ".one", "_one.token" },
	{ "o.e", "o.e.token" },
	{ "..", "_..token" },
	{ "../a/b c\xc3\xa4:1", "_._a_b_c___1.token" },
};

static void
check_name(size_t i)
{
	struct token token = { .text = "x", .issued_s = 1, .expires_s = 2 };
	const char *path = path_of(names[i].file);

	token_file_write(store, names[i].name, TOKEN_FILE_CURRENT, &token);
	tap_ok(access(path, F_OK) == 0, "\"%s\" is the file %s",
	    names[i].name, names[i].file);
	unlink(path);
}

/* --- reading ------------------------------------------------------------- */

#define TIMES "push-gateway token 17 18\n"

static const struct {
	const char *name;
	const char *text;
	const char *token;	/* NULL: it is none */
} files[] = {
	{ "a token", TIMES "0123456789\n", "0123456789" },
	{ "the least and the greatest byte", TIMES "!~\n", "!~" },
	{ "an empty file", "", NULL },
	{ "the times alone", TIMES, NULL },
	{ "an empty token", TIMES "\n", NULL },
	{ "an empty line before the token", TIMES "\nx\n", NULL },
	{ "a token without an end", TIMES "x", NULL },
	{ "a line too many", TIMES "x\ny\n", NULL },
	{ "a space first", TIMES " x\n", NULL },
	{ "a space last", TIMES "x \n", NULL },
	{ "a byte beyond ASCII", TIMES "x\x7f\n", NULL },
	{ "an empty first line", "\nx\n", NULL },
	{ "another first line", "push-gateway key 17 18\nx\n", NULL },
	{ "one time alone", "push-gateway token 17\nx\n", NULL },
	{ "a third time", "push-gateway token 17 18 19\nx\n", NULL },
	{ "a token behind the times", "push-gateway token 17 18x\n", NULL },
};

static void
check_file(size_t i)
{
	struct token token;
	bool read;

	memset(&token, 'z', sizeof token);
	put("one.token", files[i].text);
	read = token_file_read(store, "one", TOKEN_FILE_CURRENT, &token);
	if (files[i].token == NULL) {
		tap_ok(!read, "%s is not read", files[i].name);
		return;
	}
	tap_is_string(read ? token.text : "", files[i].token, "%s is read",
	    files[i].name);
	tap_ok(token.issued_s == 17 && token.expires_s == 18,
	    "%s has its times", files[i].name);
}

/* What was read before is forgotten. */
static void
check_short(void)
{
	struct token token;
	bool read;

	put("long.token", fixture_format(TIMES "%s\n",
	    fixture_repeat("x", TOKEN_TEXT_SIZE - 1)));
	put("one.token", TIMES "x\n");
	read = token_file_read(store, "long", TOKEN_FILE_CURRENT, &token) &&
	    token_file_read(store, "one", TOKEN_FILE_CURRENT, &token);
	tap_is_string(read ? token.text : "", "x",
	    "a short token is read after a long one");
}

static void
check_unread(void)
{
	struct token token;

	unlink(path_of("one.token"));
	captured_log_begin();
	tap_ok(!token_file_read(store, "one", TOKEN_FILE_CURRENT, &token),
	    "a file that is missing is not read");
	tap_is_string(captured_log_text(), "", "... of which nothing is said");
	put("one.token", TIMES "x\n");
	if (chmod(path_of("one.token"), 0640) == -1)
		tap_bail_out("cannot change a mode");
	tap_ok(!token_file_read(store, "one", TOKEN_FILE_CURRENT, &token),
	    "a file that others may read is not read");
	tap_is_int(captured_log_count(fixture_format("%s/one.token is not a "
	    "private file", directory)), 1, "... which is said with its path");
}

/* --- writing ------------------------------------------------------------- */

static void
write_token(const char *text)
{
	struct token token = { .issued_s = 17, .expires_s = 18 };

	strcpy(token.text, text);
	captured_log_begin();
	token_file_write(store, "one", TOKEN_FILE_CURRENT, &token);
}

static const char *
read_text(void)
{
	static struct token token;

	return token_file_read(store, "one", TOKEN_FILE_CURRENT, &token) ?
	    token.text : "";
}

static void
check_written(void)
{
	struct token former = { .text = "f", .issued_s = 1, .expires_s = 2 };
	const char *temporary = path_of(fixture_format("one.%ld.new",
	    (long)getpid()));

	put(strrchr(temporary, '/') + 1, "half of a file");
	write_token("first");
	tap_is_string(captured_log_text(), "",
	    "of what is written nothing is said");
	tap_is_string(read_text(), "first", "it can be read");
	tap_ok(access(temporary, F_OK) == -1,
	    "half of a file that was left is gone");
	token_file_write(store, "one", TOKEN_FILE_FORMER, &former);
	tap_is_string(read_text(), "first", "the former one is another file");
}

static void
check_logged(const char *why, const char *what)
{
	tap_is_int(captured_log_count(fixture_format(
	    "cannot write %s/one.token: %s", directory, why)), 1, "%s is said",
	    what);
}

static void
check_unwritten(void)
{
	const char *temporary = path_of(fixture_format("one.%ld.new",
	    (long)getpid()));

	write_token("first");
	write_errno = ENOSPC;
	write_token("second");
	check_logged("No space left on device", "a disk that is full");
	tap_is_string(read_text(), "first", "... and what was there stays");
	writes_short = true;
	write_token("second");
	check_logged("No space left on device",
	    "a disk that is full before the end");
	tap_is_string(read_text(), "first", "... and what was there stays");
	close_errno = EIO;
	write_token("second");
	check_logged("Input/output error", "a file that cannot be closed");
	tap_is_string(read_text(), "first", "... and what was there stays");
	unlink(temporary);
	if (mkdir(temporary, 0700) == -1)
		tap_bail_out("cannot make %s", temporary);
	write_token("second");
	check_logged("File exists", "a file that cannot be made");
	rmdir(temporary);
	unlink(path_of("one.token"));
	if (mkdir(path_of("one.token"), 0700) == -1)
		tap_bail_out("cannot make a directory");
	write_token("second");
	check_logged("Is a directory", "a file that cannot be replaced");
	rmdir(path_of("one.token"));
}

/* --- locks --------------------------------------------------------------- */

static void
check_lock(void)
{
	int fd, next;

	captured_log_begin();
	fd = token_file_lock(store, "one");
	tap_ok(fd != -1, "a lock is taken");
	next = free_descriptor();
	tap_ok(token_file_lock(store, "one") == -1 && errno == EWOULDBLOCK,
	    "... and not twice");
	tap_is_int(free_descriptor(), next, "... which leaves no file open");
	tap_is_string(captured_log_text(), "", "of which nothing is said");
	close(fd);
	fd = token_file_lock(store, "one");
	tap_ok(fd != -1, "a lock that is given back is taken again");
	close(fd);
	if (symlink("elsewhere", path_of("two.lock")) == -1)
		tap_bail_out("cannot make a link");
	tap_ok(token_file_lock(store, "two") == -1 && errno == ELOOP,
	    "a link is no lock");
	tap_is_int(captured_log_count(fixture_format("cannot lock "
	    "%s/two.lock: Too many levels of symbolic links", directory)), 1,
	    "... which is said");
}

int
main(void)
{
	struct error error;
	size_t i;
	int before, opened;

	captured_log_begin();
	before = free_descriptor();
	directory = fixture_path("state");
	store = token_store_open(directory, &error);
	if (store == NULL)
		tap_bail_out("%s", error.words);
	opened = free_descriptor();
	for (i = 0; i < sizeof names / sizeof *names; i++)
		check_name(i);
	for (i = 0; i < sizeof files / sizeof *files; i++)
		check_file(i);
	check_short();
	check_unread();
	check_written();
	check_unwritten();
	check_lock();
	tap_is_int(free_descriptor(), opened, "no file is left open");
	token_store_close(store);
	tap_is_int(free_descriptor(), before, "nor the directory");
	return tap_done();
}
