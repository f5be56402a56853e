/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SETTING_H
#define BASE_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/error.h"

/*
 * Reads a JSON object of the configuration into a struct, by a table in which
 * name, type, range and default of each setting stand side by side.  Unknown
 * names, wrong types and values out of range are errors whose pointer says
 * where.
 */
enum setting_type {
	SETTING_STRING,		/* char *: a copy, never empty; or NULL */
	SETTING_PATH,		/* char *: as STRING, made absolute */
	SETTING_STRINGS,	/* struct setting_strings */
	SETTING_PATHS,		/* the same, made absolute */
	SETTING_INTEGER,	/* int64_t */
	SETTING_INTEGERS,	/* struct setting_integers, each in the range */
	SETTING_NUMBER_OR_ANY,	/* int64_t: the default and no other, or 0 for
				 * "any" */
	SETTING_BOOLEAN,	/* bool */
	SETTING_OBJECT,		/* struct json_object *: borrowed, or NULL */
	SETTING_OBJECTS		/* an array of objects; borrowed, or NULL */
};

struct setting_strings {
	char **values;
	size_t count;
};

struct setting_integers {
	int64_t *values;
	size_t count;
};

struct setting {
	const char *name;
	enum setting_type type;
	size_t offset;		/* in the struct that is filled */
	bool required;
	const char *text;	/* default of STRING, PATH; NULL: none */
	int64_t number;		/* default of a number, BOOLEAN */
	int64_t minimum;	/* range of INTEGER, INTEGERS */
	int64_t maximum;
	bool is_public;		/* PATH: that file is no secret */
	int tag;		/* the table's owner's own; not read here */
};

/* What a row for a field of the same name begins with. */
#define SETTING(structure, field, kind) .name = #field, \
	.type = SETTING_##kind, .offset = offsetof(struct structure, field)

/*
 * Fills `target` (zeroed by the caller) by the table, which ends with a NULL
 * name.  Relative paths are relative to `directory`.  False with an error.
 * Always call setting_free.
 */
bool setting_read(const struct setting *settings, struct json_object *object,
    const char *directory, void *target, struct error *error);

/* The row of that name, or NULL. */
const struct setting *setting_find(const struct setting *settings,
    const char *name);

/* A value of such a row, made absolute if it is a path; the caller frees it. */
char *setting_copy(const struct setting *setting, const char *text,
    const char *directory);

/* What a row of STRING or PATH was read to, or NULL. */
const char *setting_text(const struct setting *setting, const void *target);

/* Frees what setting_read copied. */
void setting_free(const struct setting *settings, void *target);

/*
 * The members of an object that the table names, and all others: new objects
 * of the same values, which the caller puts.
 */
struct json_object *setting_pick(const struct setting *settings,
    struct json_object *object);
struct json_object *setting_omit(const struct setting *settings,
    struct json_object *object);

/*
 * Parses the text of a JSON file, comments allowed.  NULL with an error; then
 * `*offset` is the byte at which it goes wrong.
 */
struct json_object *setting_parse(const char *text, size_t size,
    size_t *offset, struct error *error);

#endif
