/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "fixture.h"
#include "tap.h"

static void
check_fresh(void)
{
	struct buf buf;

	buf_init(&buf, 10);
	tap_is_string(buf_text(&buf), "", "a fresh buffer is empty");
	tap_is_int((int64_t)buf.size, 0, "a fresh buffer's size");
	tap_ok(!buf.overflowed, "a fresh buffer did not overflow");
	tap_ok(buf_append(&buf, NULL, 0), "nothing can be appended");
	tap_ok(buf.data != NULL, "data is there after the first write");
	tap_is_string(buf_text(&buf), "", "it is still empty");
	buf_free(&buf);
	tap_is_int((int64_t)buf.limit, 10, "the limit outlives buf_free");
	tap_ok(buf.data == NULL, "the memory does not");
	buf_free(&buf);
	tap_ok(true, "a buffer can be freed twice");
}

/* At the limit, one past it, and what is left of the buffer then. */
static void
check_limit(size_t limit)
{
	const char *full = fixture_repeat("x", limit);
	struct buf buf;

	buf_init(&buf, limit);
	tap_ok(buf_append(&buf, full, limit), "%zu of %zu bytes fit", limit,
	    limit);
	tap_is_string(buf_text(&buf), full, "%zu bytes: all are there",
	    limit);
	tap_ok(!buf_append(&buf, "y", 1), "%zu bytes: one more does not fit",
	    limit);
	tap_ok(buf.overflowed, "%zu bytes: the buffer remembers", limit);
	tap_is_string(buf_text(&buf), full, "%zu bytes: it is as before",
	    limit);
	tap_ok(!buf_append(&buf, "", 0),
	    "%zu bytes: nothing is taken after an overflow", limit);
	buf_reset(&buf);
	tap_ok(!buf.overflowed && buf.size == 0 && *buf_text(&buf) == '\0',
	    "%zu bytes: a reset forgets all", limit);
	tap_ok(buf_append(&buf, full, limit), "%zu bytes: they fit again",
	    limit);
	buf_reset(&buf);
	tap_ok(!buf_append_format(&buf, "%sy", full),
	    "%zu bytes: a format of one more does not fit", limit);
	tap_is_string(buf_text(&buf), "", "%zu bytes: nothing of it is there",
	    limit);
	buf_reset(&buf);
	tap_ok(buf_append_format(&buf, "%s", full) && buf.size == limit,
	    "%zu bytes: a format of as many fits", limit);
	buf_free(&buf);
}

static void
check_append(void)
{
	struct buf buf;

	buf_init(&buf, 100000);
	tap_ok(buf_append_text(&buf, "ab") && buf_append(&buf, "c\0d", 3) &&
	    buf_append_format(&buf, "%d-%s", 12, "e"),
	    "three kinds of appending");
	tap_ok(buf.size == 9 && memcmp(buf.data, "abc\0d12-e", 10) == 0,
	    "a NUL may be in it, and one follows");
	tap_ok(buf_append_format(&buf, "%s", fixture_repeat("z", 5000)) &&
	    buf.size == 5009 && strlen(buf.data + 9) == 5000,
	    "it grows at once");
	while (buf.size < 99999)
		buf_append_text(&buf, "q");
	tap_ok(buf.data[99998] == 'q' && buf.data[99999] == '\0',
	    "it grows bit by bit");
	tap_ok(!buf_append_text(&buf, "qq") && buf.size == 99999,
	    "what fits only in part is not written");
	buf_free(&buf);
}

static void
check_move(void)
{
	struct buf from, to;
	const char *data;

	buf_init(&from, 100);
	buf_init(&to, 10);
	tap_ok(buf_move(&to, &from) && to.size == 0, "nothing can be moved");
	buf_append_text(&from, "abcde");
	data = from.data;
	tap_ok(buf_move(&to, &from) && to.data == data && to.size == 5,
	    "what is moved to an empty buffer is not copied");
	tap_ok(from.data == NULL && from.size == 0 && from.limit == 100 &&
	    to.limit == 10, "each keeps its own limit");
	buf_append_text(&from, "fghij");
	tap_ok(buf_move(&to, &from) && from.data == NULL,
	    "more of it goes to the end");
	tap_is_string(buf_text(&to), "abcdefghij", "in its order");
	buf_append_text(&from, "k");
	tap_ok(!buf_move(&to, &from) && to.overflowed && from.data == NULL,
	    "what does not fit is dropped, and remembered");
	buf_free(&to);
	buf_append_text(&from, "abcdefghijk");
	tap_ok(!buf_move(&to, &from) && to.overflowed && to.size == 0 &&
	    from.data == NULL, "also where there is nothing yet");
	buf_free(&to);
}

static void
check_files(void)
{
	const char *path = fixture_file("ten", "0123456789");
	struct buf buf;

	buf_init(&buf, 10);
	tap_ok(buf_read_file(&buf, path), "a file of the limit's size");
	tap_is_string(buf_text(&buf), "0123456789", "it is there whole");
	buf_free(&buf);
	buf_init(&buf, 9);
	tap_ok(!buf_read_file(&buf, path), "a file of a byte more is refused");
	tap_is_int(errno, EFBIG, "the reason is its size");
	buf_free(&buf);
	buf_init(&buf, 100000);
	tap_ok(buf_read_file(&buf, fixture_file("empty", "")) &&
	    buf.size == 0, "an empty file");
	path = fixture_file("large", fixture_repeat("0123456789", 10000));
	tap_ok(buf_read_file(&buf, path) && buf.size == 100000 &&
	    buf.data[99999] == '9', "a file in several reads");
	buf_free(&buf);
	tap_ok(!buf_read_file(&buf, fixture_path("missing")),
	    "a missing file is refused");
	tap_is_int(errno, ENOENT, "the reason is that it is missing");
	tap_ok(!buf_read_file(&buf, fixture_directory()),
	    "a directory is refused");
	tap_is_int(errno, EISDIR, "the reason is what it is");
	buf_free(&buf);
	/* What is allocated is not zero by chance. */
	mallopt(M_PERTURB, 0x55);
	buf_read_file(&buf, fixture_directory());
	tap_is_string(buf_text(&buf), "", "nothing is read of it");
	buf_free(&buf);
	mallopt(M_PERTURB, 0);
}

int
main(void)
{
	static const size_t limits[] = { 1, 2, 127, 128, 129, 255, 256, 1000 };
	size_t i;

	check_fresh();
	for (i = 0; i < sizeof limits / sizeof *limits; i++)
		check_limit(limits[i]);
	check_append();
	check_move();
	check_files();
	return tap_done();
}
