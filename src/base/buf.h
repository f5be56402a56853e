/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A string with a limit.  It grows as it is written to; what would pass the
 * limit is not written, and the buffer remembers that it overflowed, so a
 * writer asks once at the end.  Always followed by a NUL byte, which does not
 * count; may hold NUL bytes itself.
 */
struct buf {
	char *data;		/* never NULL after the first write */
	size_t size;
	size_t limit;
	size_t allocated;
	bool overflowed;
};

/* An empty buffer that never holds more than `limit` bytes. */
void buf_init(struct buf *buf, size_t limit);

/* Gives the memory back; the buffer is then as after buf_init. */
void buf_free(struct buf *buf);

/* The same, after overwriting what was in it: for secrets. */
void buf_wipe(struct buf *buf);

/* Empties it and forgets an overflow, but keeps the memory. */
void buf_reset(struct buf *buf);

/*
 * Takes memory for `size` more bytes at once, so that it need not grow step by
 * step; false if they do not fit, as when they were appended.
 */
bool buf_reserve(struct buf *buf, size_t size);

/* Each appends all or, if it does not fit, nothing, and then returns false. */
bool buf_append(struct buf *buf, const void *data, size_t size);
bool buf_append_text(struct buf *buf, const char *text);
bool buf_append_format(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Moves all of `from` to the end of `to`, without copying it if `to` is empty.
 * False if it does not fit, as when it was appended; `from` is empty then, too.
 */
bool buf_move(struct buf *to, struct buf *from);

/* The contents as a string ("" before the first write); owned by the buffer. */
const char *buf_text(const struct buf *buf);

/*
 * Reads a whole file.  False if it cannot be read (errno says why) or is
 * larger than the buffer's limit (EFBIG).  No copy of it remains in memory.
 */
bool buf_read_file(struct buf *buf, const char *path);

#endif
