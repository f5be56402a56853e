/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_SCHEMA_H
#define API_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

/*
 * JSON against a schema: as much of JSON Schema as the API uses, strict in
 * types, with two leniencies of the wire contract: unknown members are
 * ignored, and null in place of an optional member is its absence.
 */
struct schema_member;

struct schema {
	enum json_type type;
	const struct schema_member *members;	/* of an object */
	const struct schema *items;		/* of an array */
	size_t min_items;
	bool unique_items;
	size_t min_length;		/* of a string, in characters */
	size_t max_length;		/* 0: no limit */
	/* The only ones of a string, ended by NULL; NULL: any. */
	const char *const *values;
};

/* A list of these ends with a NULL name. */
struct schema_member {
	const char *name;
	const struct schema *schema;
	bool required;
};

struct schema_violation {
	char location[192];	/* JSON pointer */
	char reason[96];	/* for the caller's developer */
};

/*
 * False with the first violation in the order of the document; a missing
 * member counts at the end of the object that lacks it.
 */
bool schema_check(const struct schema *schema, struct json_object *value,
    struct schema_violation *violation);

#endif
