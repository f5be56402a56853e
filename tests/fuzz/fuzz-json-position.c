/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places in the configuration: in a file that is accepted, the pointer to
 * each member leads to its name and the pointer to each element to its first
 * byte; in one that is not, to some place in the file.
 *
 * The first line of an input is a pointer, to be followed as it is; the rest
 * is the file.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json-position.h"
#include "base/setting.h"

enum {
	POSITION_POINTER_SIZE = 200,	/* of those that are followed */
	POSITION_PLACES = 200
};

struct file {
	const char *text;
	size_t size;
	unsigned int places;
};

/* The offset of a place, which must be in the file or at its end. */
static size_t
offset_of(const struct file *file, struct json_position position)
{
	const char *line = file->text, *end = file->text + file->size;
	unsigned int i;

	for (i = 1; i < position.line && line != NULL; i++) {
		line = memchr(line, '\n', (size_t)(end - line));
		if (line != NULL)
			line++;
	}
	fuzz_require(position.line >= 1 && position.column >= 1 &&
	    line != NULL && position.column - 1 <= (size_t)(end - line) &&
	    memchr(line, '\n', position.column - 1) == NULL,
	    "line %u, column %u is in the file", position.line,
	    position.column);
	return (size_t)(line - file->text) + position.column - 1;
}

/* Whether a value of that type may begin with the byte. */
static bool
may_begin(struct json_object *value, char c)
{
	switch (json_object_get_type(value)) {
	case json_type_object:
		return c == '{';
	case json_type_array:
		return c == '[';
	case json_type_string:
		return c == '"' || c == '\'';
	case json_type_int:
	case json_type_double:
		return c != '\0' && strchr("-+.0123456789nNiI", c) != NULL;
	case json_type_boolean:
		return c != '\0' && strchr("tTfF", c) != NULL;
	case json_type_null:
		return c == 'n' || c == 'N';
	}
	return false;
}

/* Whether the text occurs in the file, and once only. */
static bool
occurs_once(const struct file *file, const char *text)
{
	size_t length = strlen(text);
	const char *first = memmem(file->text, file->size, text, length);

	return first != NULL && memmem(first + 1,
	    file->size - (size_t)(first + 1 - file->text), text, length) ==
	    NULL;
}

static void check_places(struct file *file, struct json_object *value,
    struct buf *pointer, bool exact);

/*
 * Where the name stands is known of one that occurs once and needs no escapes
 * in the pointer.
 */
static void
check_member(struct file *file, const char *name, struct json_object *value,
    struct buf *pointer, bool exact)
{
	size_t length = strlen(name), used = pointer->size, found;
	struct error error;

	exact = exact && length > 0 && strpbrk(name, "\\\"'/~") == NULL &&
	    occurs_once(file, name);
	/* The escaping is error's. */
	error_set(&error, "x");
	error_prepend_name(&error, name);
	buf_append_text(pointer, error.pointer);
	found = offset_of(file, json_position_of_pointer(file->text, file->size,
	    buf_text(pointer)));
	if (exact)
		fuzz_require(found + length + 2 <= file->size &&
		    (file->text[found] == '"' || file->text[found] == '\'') &&
		    memcmp(file->text + found + 1, name, length) == 0,
		    "%s leads to the name", buf_text(pointer));
	check_places(file, value, pointer, exact);
	pointer->size = used;
	pointer->data[used] = '\0';
}

static void
check_element(struct file *file, size_t index, struct json_object *value,
    struct buf *pointer, bool exact)
{
	size_t used = pointer->size, found;

	buf_append_format(pointer, "/%zu", index);
	found = offset_of(file, json_position_of_pointer(file->text, file->size,
	    buf_text(pointer)));
	if (exact)
		fuzz_require(found < file->size &&
		    may_begin(value, file->text[found]),
		    "%s leads to the element", buf_text(pointer));
	check_places(file, value, pointer, exact);
	pointer->size = used;
	pointer->data[used] = '\0';
}

static void
check_places(struct file *file, struct json_object *value,
    struct buf *pointer, bool exact)
{
	size_t i;

	if (pointer->size > POSITION_POINTER_SIZE / 2 ||
	    ++file->places > POSITION_PLACES)
		return;
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, name, child) {
			if (strlen(name) < POSITION_POINTER_SIZE)
				check_member(file, name, child, pointer,
				    exact);
		}
	} else if (json_object_is_type(value, json_type_array)) {
		for (i = 0; i < json_object_array_length(value); i++)
			check_element(file, i, json_object_array_get_idx(
			    value, i), pointer, exact);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *input = fuzz_text(data, size), *text, *first;
	size_t line = strcspn(input, "\n"), offset = 0;
	struct json_object *object;
	struct buf pointer;
	struct error error;
	struct file file;

	file.size = line < size ? size - line - 1 : 0;
	file.places = 0;
	text = fuzz_text(input + size - file.size, file.size);
	file.text = text;
	first = fuzz_text(input, line);
	free(input);
	object = setting_parse(file.text, file.size, &offset, &error);
	fuzz_require(offset <= file.size, "the error is in the file");
	offset_of(&file, json_position_of_offset(file.text, file.size, offset));
	offset_of(&file, json_position_of_pointer(file.text, file.size, first));
	if (object == NULL)
		fuzz_require_text(error.words, sizeof error.words,
		    "the error");
	else {
		buf_init(&pointer, 2 * POSITION_POINTER_SIZE);
		buf_append(&pointer, "", 0);
		/* Escapes hide what is equal to what, and json-c does not
		 * see the end of a comment behind two stars. */
		check_places(&file, object, &pointer,
		    memchr(file.text, '\\', file.size) == NULL &&
		    memmem(file.text, file.size, "**/", 3) == NULL);
		buf_free(&pointer);
	}
	json_object_put(object);
	free(first);
	free(text);
	return 0;
}
