/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"

void
buf_init(struct buf *buf, size_t limit)
{
	memset(buf, 0, sizeof *buf);
	buf->limit = limit;
}

void
buf_free(struct buf *buf)
{
	free(buf->data);
	buf_init(buf, buf->limit);
}

void
buf_wipe(struct buf *buf)
{
	if (buf->data != NULL)
		explicit_bzero(buf->data, buf->allocated);
	buf_free(buf);
}

void
buf_reset(struct buf *buf)
{
	buf->size = 0;
	buf->overflowed = false;
	if (buf->data != NULL)
		buf->data[0] = '\0';
}

/* With room for the NUL. */
bool
buf_reserve(struct buf *buf, size_t size)
{
	size_t wanted;

	if (buf->overflowed || size > buf->limit - buf->size) {
		buf->overflowed = true;
		return false;
	}
	if (buf->size + size < buf->allocated)
		return true;
	wanted = buf->allocated < 128 ? 128 : buf->allocated * 2;
	if (wanted < buf->size + size + 1)
		wanted = buf->size + size + 1;
	if (wanted > buf->limit + 1)
		wanted = buf->limit + 1;
	buf->data = xreallocarray(buf->data, wanted, 1);
	buf->data[buf->size] = '\0';
	buf->allocated = wanted;
	return true;
}

bool
buf_append(struct buf *buf, const void *data, size_t size)
{
	if (!buf_reserve(buf, size))
		return false;
	if (size > 0)
		memcpy(buf->data + buf->size, data, size);
	buf->size += size;
	buf->data[buf->size] = '\0';
	return true;
}

bool
buf_append_text(struct buf *buf, const char *text)
{
	return buf_append(buf, text, strlen(text));
}

bool
buf_append_format(struct buf *buf, const char *format, ...)
{
	va_list ap;
	int length;
	bool fits;

	va_start(ap, format);
	length = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	fits = length >= 0 && buf_reserve(buf, (size_t)length);
	if (fits) {
		va_start(ap, format);
		vsnprintf(buf->data + buf->size, (size_t)length + 1, format,
		    ap);
		va_end(ap);
		buf->size += (size_t)length;
	}
	return fits;
}

bool
buf_move(struct buf *to, struct buf *from)
{
	size_t limit = to->limit;
	bool fits = true;

	if (to->allocated == 0 && !to->overflowed && from->size <= to->limit) {
		*to = *from;
		to->limit = limit;
		to->overflowed = false;
		buf_init(from, from->limit);
	} else {
		fits = buf_append(to, buf_text(from), from->size);
		buf_free(from);
	}
	return fits;
}

const char *
buf_text(const struct buf *buf)
{
	return buf->data == NULL ? "" : buf->data;
}

bool
buf_read_file(struct buf *buf, const char *path)
{
	char chunk[16384];
	ssize_t got = -1;
	int fd, saved_errno;
	struct stat st;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) == -1)
		return false;
	/* All at once: growing would leave copies in freed memory. */
	if (fstat(fd, &st) == 0 && st.st_size > 0 &&
	    (size_t)st.st_size <= buf->limit - buf->size)
		buf_reserve(buf, (size_t)st.st_size);
	while ((got = read(fd, chunk, sizeof chunk)) > 0) {
		if (!buf_append(buf, chunk, (size_t)got)) {
			errno = EFBIG;
			got = -1;
			break;
		}
	}
	saved_errno = errno;
	explicit_bzero(chunk, sizeof chunk);
	close(fd);
	errno = saved_errno;
	return got == 0;
}
