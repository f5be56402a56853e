/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/matrix-text.h"

#include "base/buf.h"

#define MATRIX_TEXT_ELLIPSIS "\xe2\x80\xa6"

enum {
	MATRIX_TEXT_ELLIPSIS_SIZE = 3
};

/* What one byte takes. */
static size_t
matrix_text_cost(unsigned char c, enum matrix_text_form form)
{
	size_t cost = 1;

	if (form == MATRIX_TEXT_PLAIN)
		;
	else if (c == '"' || c == '\\' || c == '\b' || c == '\f' ||
	    c == '\n' || c == '\r' || c == '\t')
		cost = 2;
	else if (c < 0x20)
		cost = 6;
	return cost;
}

size_t
matrix_text_length(const char *text, size_t size, enum matrix_text_form form)
{
	size_t length = 0, i;

	for (i = 0; i < size; i++)
		length += matrix_text_cost((unsigned char)text[i], form);
	return length;
}

struct json_object *
matrix_text_cut(const char *text, size_t size, size_t limit,
    enum matrix_text_form form)
{
	size_t length = 0, end = 0, i;
	struct json_object *cut;
	struct buf buf;

	/* `end`: the last border at which the ellipsis fits, too. */
	for (i = 0; i < size && length <= limit; i++) {
		bool starts = ((unsigned char)text[i] & 0xc0) != 0x80;

		if (starts && length + MATRIX_TEXT_ELLIPSIS_SIZE <= limit)
			end = i;
		length += matrix_text_cost((unsigned char)text[i], form);
	}
	if (length <= limit)
		return json_object_new_string_len(text, (int)size);
	buf_init(&buf, end + MATRIX_TEXT_ELLIPSIS_SIZE);
	if (limit >= MATRIX_TEXT_ELLIPSIS_SIZE) {
		buf_append(&buf, text, end);
		buf_append_text(&buf, MATRIX_TEXT_ELLIPSIS);
	}
	cut = json_object_new_string_len(buf_text(&buf), (int)buf.size);
	buf_wipe(&buf);
	return cut;
}

/* How much the texts take if none is longer than `limit`. */
static size_t
matrix_text_sum(const size_t *lengths, size_t count, size_t limit)
{
	size_t sum = 0, i;

	for (i = 0; i < count; i++)
		sum += lengths[i] < limit ? lengths[i] : limit;
	return sum;
}

size_t
matrix_text_share(const size_t *lengths, size_t count, size_t room)
{
	size_t low = 0, high = room;

	/* The greatest limit that fits, by bisection. */
	while (low < high) {
		size_t middle = low + (high - low + 1) / 2;

		if (matrix_text_sum(lengths, count, middle) <= room)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}
