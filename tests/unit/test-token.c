/* SPDX-License-Identifier: Apache-2.0 */
/* Provider tokens as they are shared through files; their lives are in
 * test-token-life.c. */
#include "provider/token.h"

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "fixture.h"
#include "tap.h"
#include "token-worker.h"

/* What is written before it has its name. */
static void
check_no_half(const char *directory, const char *when)
{
	glob_t found;

	tap_is_int(glob(fixture_format("%s/*.new", directory), 0, NULL,
	    &found), GLOB_NOMATCH, "%s no half of a file is left", when);
	globfree(&found);
}

/* --- the directory ------------------------------------------------------- */

static void
check_mode(mode_t mode, bool good)
{
	const char *directory = token_worker_directory();
	struct error error = { .words = "" };
	struct token_store *store;

	if (mkdir(directory, 0700) == -1 || chmod(directory, mode) == -1)
		tap_bail_out("cannot make %s", directory);
	store = token_store_open(directory, &error);
	tap_ok((store != NULL) == good, "a directory of mode %04o is %s",
	    (unsigned int)mode, good ? "taken" : "refused");
	if (store == NULL)
		tap_contains(error.words, directory,
		    "mode %04o: the words name it", (unsigned int)mode);
	token_store_close(store);
}

static void
check_directory(void)
{
	const char *directory = token_worker_directory();
	struct error error = { .words = "" };
	struct token_store *store = token_store_open(directory, &error);
	struct stat st;

	tap_ok(store != NULL, "a directory is made where it is missing");
	tap_ok(stat(directory, &st) == 0 && (st.st_mode & 07777) == 0700,
	    "nobody else may enter it");
	token_store_close(store);
	token_store_close(NULL);
	check_mode(0700, true);
	check_mode(0710, false);
	check_mode(0750, false);
	check_mode(0701, false);
	check_mode(0777, false);
	check_mode(01777, false);
	tap_ok(token_store_open(fixture_path("none/state"), &error) == NULL,
	    "its parent is not made");
	tap_ok(token_store_open(fixture_file("file", "x"), &error) == NULL,
	    "a file is no directory");
	directory = token_worker_directory();
	if (geteuid() == 0 && mkdir(directory, 0700) == 0 &&
	    chown(directory, 1, 1) == 0)
		tap_ok(token_store_open(directory, &error) == NULL,
		    "a directory of somebody else is refused");
}

/* --- the first token ----------------------------------------------------- */

static void
check_first(void)
{
	const char *directory = token_worker_directory(), *first, *path;
	struct token_worker a, b, c;
	struct stat st;

	token_worker_open(&a, directory, "one");
	token_worker_open(&b, directory, "one");
	token_worker_open(&c, directory, "two");
	tap_ok(token_current(a.source) == NULL, "at first there is none");
	first = token_worker_ask(&a);
	tap_ok(first != NULL && a.mints == 1, "who waits gets one");
	tap_is_string(
	    token_worker_current(&a), first, "it is the current one then");
	tap_is_string(
	    token_worker_ask(&a), first, "who waits again gets the same");
	tap_is_string(token_worker_ask(&b), first, "so does another worker");
	tap_is_int(a.mints + b.mints, 1, "one worker minted, one time");
	tap_ok(strcmp(token_worker_ask(&c), first) != 0 && c.mints == 1,
	    "another name is another token");
	path = fixture_format("%s/one.token", directory);
	tap_ok(lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & 07777) == 0600, "its file has mode 0600");
	check_no_half(directory, "once it is shared");
	token_worker_close(&a);
	token_worker_open(&a, directory, "one");
	tap_is_string(token_worker_ask(&a), first, "a new worker finds it");
	tap_is_int(a.mints, 0, "it does not mint");
	token_worker_close(&a);
	token_worker_close(&b);
	token_worker_close(&c);
}

static void
check_names(void)
{
	const char *directory = token_worker_directory();
	struct token_worker worker;

	token_worker_open(&worker, directory, "../a/b c\xc3\xa4:1");
	token_worker_ask(&worker);
	tap_ok(access(fixture_format("%s/_._a_b_c___1.token", directory),
	    F_OK) == 0, "a name cannot leave the directory");
	token_worker_close(&worker);
}

/* --- files that are not taken -------------------------------------------- */

#define GOOD "push-gateway token 1700000000 1700003600\nshared\n"

static const struct {
	const char *name;
	const char *text;
	mode_t mode;
	bool taken;
} files[] = {
	{ "a good file", GOOD, 0600, true },
	{ "a file that may only be read", GOOD, 0400, true },
	{ "a file that the group may read", GOOD, 0640, false },
	{ "a file that all may read", GOOD, 0644, false },
	{ "a file that all may write", GOOD, 0602, false },
	{ "an empty file", "", 0600, false },
	{ "any text", "rubbish\n", 0600, false },
	{ "another header", "push-gateway key 1700000000 1700003600\nx\n",
	    0600, false },
	{ "one time alone", "push-gateway token 1700000000\nx\n", 0600,
	    false },
	{ "no token", "push-gateway token 1700000000 1700003600\n", 0600,
	    false },
	{ "an empty token", "push-gateway token 1700000000 1700003600\n\n",
	    0600, false },
	{ "a token cut short", "push-gateway token 1700000000 1700003600\nx",
	    0600, false },
	{ "a line too many", GOOD "more\n", 0600, false },
	{ "an expired token",
	    "push-gateway token 1699990000 1700000000\nx\n", 0600, false },
	{ "a token from a minute ahead",
	    "push-gateway token 1700000060 1700003660\nshared\n", 0600,
	    true },
	{ "a token from the future",
	    "push-gateway token 1700000061 1700003660\nx\n", 0600, false },
	{ "a token that ends before it begins",
	    "push-gateway token 1700000060 1700000059\nx\n", 0600, false },
	{ "a token that ends as it begins",
	    "push-gateway token 1700000060 1700000060\nx\n", 0600, false },
	{ "a token of a day",
	    "push-gateway token 1699999999 1700086399\nshared\n", 0600,
	    true },
	{ "a token of more than a day",
	    "push-gateway token 1699999999 1700086400\nx\n", 0600, false },
	{ "a token from before the epoch",
	    "push-gateway token -1 1700000100\nx\n", 0600, false },
	{ "times of 64 bits", "push-gateway token -9223372036854775808 "
	    "9223372036854775807\nx\n", 0600, false },
	{ "times of more than 64 bits", "push-gateway token 1700000000 "
	    "99999999999999999999999\nx\n", 0600, false },
	{ "a token with a space", "push-gateway token 1700000000 1700003600\n"
	    "a b\n", 0600, false },
	{ "a token with a carriage return",
	    "push-gateway token 1700000000 1700003600\nx\r\n", 0600, false },
	{ "a token beyond ASCII",
	    "push-gateway token 1700000000 1700003600\n\xc3\xa4\n", 0600,
	    false },
	{ "times that are no numbers", "push-gateway token now then\nx\n",
	    0600, false },
	{ "a token that is to be renewed",
	    "push-gateway token 1699997000 1700000600\nx\n", 0600, false },
	{ "a token that is not yet to be renewed",
	    "push-gateway token 1699997001 1700000601\nshared\n", 0600,
	    true },
};

/* Asks, with such a file there, and checks what is there then. */
static void
check_replaced(const char *name, const char *directory, bool taken)
{
	const char *path = fixture_format("%s/one.token", directory);
	struct token_worker worker, other;
	const char *text;
	struct stat st;

	token_worker_open(&worker, directory, "one");
	text = token_worker_ask(&worker);
	tap_is_int(worker.mints, taken ? 0 : 1, "%s is %s", name,
	    taken ? "taken" : "not taken");
	if (taken)
		tap_is_string(text, "shared", "%s: its token is used", name);
	else if (tap_ok(lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & 07777) == 0600, "%s is replaced", name)) {
		token_worker_open(&other, directory, "one");
		tap_is_string(token_worker_ask(&other),
		    token_worker_current(&worker),
		    "%s: what replaces it is shared", name);
		token_worker_close(&other);
	}
	token_worker_close(&worker);
}

static const char *
directory_with(const char *text, mode_t mode)
{
	const char *directory = token_worker_directory();
	const char *path = fixture_file("any", text);

	if (mkdir(directory, 0700) == -1 || chmod(path, mode) == -1 ||
	    rename(path, fixture_format("%s/one.token", directory)) == -1)
		tap_bail_out("cannot make %s", directory);
	return directory;
}

static void
check_files(void)
{
	const char *directory, *path, *target;
	struct stat st;
	size_t i;

	for (i = 0; i < sizeof files / sizeof *files; i++)
		check_replaced(files[i].name, directory_with(files[i].text,
		    files[i].mode), files[i].taken);
	check_replaced("a token of 4096 bytes", directory_with(fixture_format(
	    "push-gateway token 1700000000 1700003600\n%s\n",
	    fixture_repeat("x", TOKEN_TEXT_SIZE)), 0600), false);
	check_replaced("a file of a megabyte", directory_with(fixture_format(
	    GOOD "%s", fixture_repeat("x", 1000000)), 0600), false);

	directory = directory_with("", 0600);
	path = fixture_format("%s/one.token", directory);
	target = fixture_file("target", GOOD);
	if (unlink(path) == -1 || symlink(target, path) == -1)
		tap_bail_out("cannot make a link");
	check_replaced("a symbolic link", directory, false);
	tap_ok(lstat(target, &st) == 0 && st.st_size == strlen(GOOD),
	    "what a link leads to is left alone");

	directory = directory_with("", 0600);
	path = fixture_format("%s/one.token", directory);
	if (unlink(path) == -1 || mkfifo(path, 0600) == -1)
		tap_bail_out("cannot make a pipe");
	check_replaced("a pipe", directory, false);

	directory = directory_with(GOOD, 0600);
	path = fixture_format("%s/one.token", directory);
	if (geteuid() == 0 && chown(path, 1, 1) == 0)
		check_replaced("a file of somebody else", directory, false);
}

/* Where nothing can be shared, each has at least its own. */
static void
check_unwritable(void)
{
	const char *directory = directory_with("", 0600);
	const char *path = fixture_format("%s/one.token", directory);
	struct token_worker worker;

	if (unlink(path) == -1 || mkdir(path, 0700) == -1)
		tap_bail_out("cannot make %s", path);
	token_worker_open(&worker, directory, "one");
	tap_ok(token_worker_ask(&worker) != NULL,
	    "a token that cannot be written is used");
	token_worker_close(&worker);
	check_no_half(directory, "where it may not have its name");
	directory = directory_with("", 0600);
	if (symlink("elsewhere", fixture_format("%s/one.lock", directory)) ==
	    -1)
		tap_bail_out("cannot make a link");
	token_worker_open(&worker, directory, "one");
	tap_ok(token_worker_ask(&worker) != NULL,
	    "without a lock there is a token too");
	tap_ok(access(fixture_format("%s/elsewhere", directory), F_OK) == -1,
	    "a lock does not follow a link");
	token_worker_close(&worker);
}

/* As on a full disk, where a file may be made, but holds nothing. */
static void
check_full(void)
{
	const char *directory = token_worker_directory();
	struct rlimit limit, none;
	struct token_worker worker;
	const char *token;

	if (getrlimit(RLIMIT_FSIZE, &limit) == -1 ||
	    signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		tap_bail_out("cannot limit the size of files");
	none = limit;
	none.rlim_cur = 0;
	token_worker_open(&worker, directory, "one");
	setrlimit(RLIMIT_FSIZE, &none);
	token = token_worker_ask(&worker);
	setrlimit(RLIMIT_FSIZE, &limit);
	tap_ok(token != NULL, "a token that has no room on the disk is used");
	token_worker_close(&worker);
	check_no_half(directory, "where there is no room");
}

/* Somebody holds the lock and does not come back. */
static void
check_stuck(void)
{
	const char *directory = token_worker_directory();
	unsigned int missing = 1, tries;
	struct token_worker_answer answer = { .missing = &missing };
	struct token_worker worker;
	int fd;

	token_worker_open(&worker, directory, "one");
	fd = open(fixture_format("%s/one.lock", directory),
	    O_RDWR | O_CREAT, 0600);
	if (fd == -1 || flock(fd, LOCK_EX) == -1)
		tap_bail_out("cannot lock");
	token_worker_wait(&worker, &answer);
	token_worker_turn();
	clock_fake(TOKEN_WORKER_NOW_MS + 4999, TOKEN_WORKER_NOW_S + 5);
	for (tries = 0; tries < 3; tries++) {
		usleep(30000);
		token_worker_turn();
	}
	tap_is_int(worker.mints, 0, "a lock is waited for for five seconds");
	clock_fake(TOKEN_WORKER_NOW_MS + 5000, TOKEN_WORKER_NOW_S + 5);
	token_worker_run();
	tap_ok(answer.text != NULL && worker.mints == 1,
	    "who holds it longer blocks nobody");
	close(fd);
	token_worker_close(&worker);
	clock_fake(TOKEN_WORKER_NOW_MS, TOKEN_WORKER_NOW_S);
}

static void
check_text(const char *text)
{
	const char *directory = directory_with(fixture_format(
	    "push-gateway token 1700000000 1700003600\n%s\n", text), 0600);
	struct token_worker worker;

	token_worker_open(&worker, directory, "one");
	tap_is_string(token_worker_ask(&worker), text,
	    "a token of %zu bytes is taken", strlen(text));
	token_worker_close(&worker);
}

int
main(void)
{
	token_worker_begin();
	check_directory();
	check_first();
	check_names();
	check_files();
	check_unwritable();
	check_full();
	check_text("x");
	check_text(fixture_repeat("x", TOKEN_TEXT_SIZE - 1));
	check_stuck();
	token_worker_end();
	return tap_done();
}
