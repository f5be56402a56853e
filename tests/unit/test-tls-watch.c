/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/tls-watch.h"

#include <string.h>
#include <unistd.h>

#include "captured-log.h"
#include "config-fixture.h"
#include "fake-loop.h"
#include "fixture.h"
#include "tap.h"

#define DAY_S 86400LL
#define DAY_MS (DAY_S * 1000)
/* When config_fixture_certificate ends: 2126-11-05 14:03:35 UTC. */
#define END_S 4949561015LL

static struct loop *loop;

static void
check_lines(unsigned int lines, const char *words, const char *name)
{
	tap_is_int(captured_log_count("tls_watch: "), lines, "%s: lines", name);
	tap_is_int(captured_log_count(words), 1, "%s: %s", name, words);
}

static void
pass_days(int64_t days)
{
	fake_loop_pass(loop, days * DAY_MS);
}

/* From 40 days before its end on. */
static void
check_life(void)
{
	char *path = (char *)fixture_file("server.pem",
	    config_fixture_certificate);
	struct setting_strings paths = { .values = &path, .count = 1 };
	struct tls_watch *watch;

	clock_fake(FAKE_LOOP_START_MS, END_S - 40 * DAY_S);
	captured_log_begin();
	watch = tls_watch_create(loop, &paths, NULL);
	pass_days(9);
	tap_is_int(captured_log_count("tls_watch"), 0, "40 days: nothing");
	pass_days(2);
	check_lines(1, "a certificate that ends in less than 30 days, at "
	    "2126-11-05 14:03:35 UTC", "29 days");
	pass_days(21);
	tap_is_int(captured_log_count("tls_watch"), 1, "8 days: no more");
	pass_days(2);
	check_lines(2, "less than 7 days", "6 days");
	pass_days(6);
	check_lines(4, "error: tls_watch: ", "the end");
	check_lines(4, "less than 1 day,", "the last day");
	check_lines(4, "a certificate that ended at", "the end");
	unlink(path);
	pass_days(3);
	check_lines(5, "No such file", "it is gone");
	fixture_file("server.pem", config_fixture_certificate);
	clock_fake(FAKE_LOOP_START_MS + 60 * DAY_MS, END_S - 20 * DAY_S);
	pass_days(1);
	tap_is_int(captured_log_count("tls_watch"), 6,
	    "it is there again, and ends soon");
	tls_watch_free(watch);
}

/* --- what a file holds ---------------------------------------------------- */

static const struct {
	const char *name;
	const char *before;
	const char *after;
	const char *words;
} files[] = {
	{ "nothing", "", NULL, "contains no certificate" },
	{ "no PEM", "{}", NULL, "contains no certificate" },
	{ "a damaged one", "-----BEGIN CERTIFICATE-----\nMIIB\n"
	    "-----END CERTIFICATE-----\n", NULL, "is damaged" },
	{ "one that is cut", "-----BEGIN CERTIFICATE-----\nMIIB\n", NULL,
	    "is damaged" },
	{ "a damaged one after a good one", "", "-----BEGIN CERTIFICATE-----\n"
	    "!\n-----END CERTIFICATE-----\n", "is damaged" },
	{ "a damaged CRL", "", "-----BEGIN X509 CRL-----\nMIIB\n"
	    "-----END X509 CRL-----\n", "is damaged" },
	{ "words around", "# ours\n", "# the end\n", NULL },
	{ "another one", config_fixture_narrow_certificate, "", NULL },
	{ "something else in PEM", "-----BEGIN EC PARAMETERS-----\n"
	    "BggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n", "", NULL },
};

static void
check_file(size_t row)
{
	const char *path = fixture_file("file.pem", fixture_format("%s%s%s",
	    files[row].before, files[row].after == NULL ? "" :
	    config_fixture_certificate,
	    files[row].after == NULL ? "" : files[row].after));
	struct error error = { .words = "" };
	int64_t ends_s;
	int days = tls_watch_look(path, FAKE_LOOP_START_S, &ends_s, &error);

	tap_is_int(days, files[row].words == NULL ? TLS_WATCH_GOOD :
	    TLS_WATCH_UNREADABLE, "%s: what it is", files[row].name);
	tap_is_int(ends_s, files[row].words == NULL ? END_S : 0, "%s: its end",
	    files[row].name);
	if (files[row].words != NULL) {
		tap_contains(error.words, files[row].words, "%s: the words",
		    files[row].name);
		tap_contains(error.words, path, "%s: the file",
		    files[row].name);
	}
}

int
main(void)
{
	size_t i;

	loop = loop_create();
	check_life();
	loop_free(loop);
	for (i = 0; i < sizeof files / sizeof *files; i++)
		check_file(i);
	return tap_done();
}
