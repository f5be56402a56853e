/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_SCHEMA_H
#define API_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

/*
 * JSON text is read by a schema: as much of JSON Schema as the API uses,
 * strict in types, with two leniencies of the wire contract: unknown members
 * are ignored, and null in place of an optional member is its absence.
 *
 * What the schema does not name is checked to be JSON and costs no memory.
 */
struct schema_member;

struct schema {
	enum json_type type;
	const struct schema_member *members;	/* of an object */
	/*
	 * An object that is kept with all its members, but without those whose
	 * name json-c cannot hold.  One of more than SCHEMA_WHOLE_SIZE bytes,
	 * which no provider would take, is absent.
	 */
	bool whole;
	/* `largest` is asked of it. */
	bool measured;
	const struct schema *items;		/* of an array */
	size_t min_items;
	bool limited;			/* to schema_params' max_items */
	bool unique_items;
	size_t min_length;		/* of a string, in characters */
	size_t max_length;		/* 0: no limit */
	bool any_length;		/* if schema_params say so; not empty */
	/* The only ones of a string, ended by NULL; NULL: any. */
	const char *const *values;
};

enum {
	SCHEMA_WHOLE_SIZE = 65536,
	/* Levels in what is kept whole or ignored. */
	SCHEMA_DEPTH_MAX = 128,
	/* Members that a schema may name. */
	SCHEMA_MEMBERS_MAX = 64
};

/* A list of these ends with a NULL name. */
struct schema_member {
	const char *name;
	const struct schema *schema;
	bool required;
	bool decorates;		/* a tolerant reader passes over an odd value:
				 * it is as if absent */
	bool foreign;		/* any reader does: the API has no such one */
};

struct schema_params {
	/*
	 * Decorations are as if absent where they are odd: a wrong type, or,
	 * kept whole, too deep or with U+0000 in a name.  What is ignored may
	 * be of any depth.
	 */
	bool tolerant;
	size_t max_items;	/* 0: no limit */
	bool any_length;
};

struct schema_reading {
	/* What was read, which the caller puts.  An object that is whole is
	 * one; else it is a record: an array of the values of its schema's
	 * members, in their order, NULL for what is absent.  (An object of
	 * json-c takes 800 bytes, and a hash for each name.)  One of neither
	 * is absent. */
	struct json_object *tree;
	size_t largest;		/* bytes of the largest `measured` value in
				 * its compact form */
};

struct schema_violation {
	char location[192];	/* JSON pointer */
	char reason[96];	/* for the caller's developer */
};

/*
 * Reads a text, which a NUL byte must follow.  False if it is not JSON, or
 * with the first violation in the order of the document; a missing member
 * counts at the end of the object that lacks it.
 */
bool schema_read(const struct schema *schema, const char *text, size_t size,
    const struct schema_params *params, struct schema_reading *reading,
    struct schema_violation *violation);

/*
 * The value of a member of a record, which its schema must have; NULL if it,
 * or the record, is absent.
 */
struct json_object *schema_member(const struct schema *schema,
    struct json_object *record, const char *name);

#endif
