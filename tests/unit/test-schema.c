/* SPDX-License-Identifier: Apache-2.0 */
#include "api/schema.h"

#include <string.h>

#include "fixture.h"
#include "tap.h"

/* --- a schema with one of everything ------------------------------------- */

static const struct schema any_object = { .type = json_type_object };
static const struct schema integer = { .type = json_type_int };
static const struct schema boolean = { .type = json_type_boolean };
static const struct schema string = { .type = json_type_string };

static const struct schema two_to_four = {
	.type = json_type_string, .min_length = 2, .max_length = 4
};

static const struct schema three = {
	.type = json_type_string, .min_length = 3, .max_length = 3
};

static const struct schema colour = {
	.type = json_type_string,
	.values = (const char *const[]){ "red", "blue", NULL }
};

static const struct schema only_red = {
	.type = json_type_string,
	.values = (const char *const[]){ "red", NULL }
};

static const struct schema light = {
	.type = json_type_string,
	.values = (const char *const[]){ "red", "amber", "green", NULL }
};

static const struct schema inner = {
	.type = json_type_object,
	.members = (const struct schema_member[]){
		{ .name = "a", .schema = &integer, .required = true },
		{ .name = "b", .schema = &integer, .required = true },
		{ .name = "c", .schema = &integer },
		{ .name = NULL }
	}
};

static const struct schema list = {
	.type = json_type_array, .items = &inner
};

static const struct schema set = {
	.type = json_type_array, .items = &any_object, .unique_items = true
};

static const struct schema numbers = {
	.type = json_type_array, .items = &integer, .min_items = 2
};

static const struct schema whole = {
	.type = json_type_object,
	.members = (const struct schema_member[]){
		{ .name = "integer", .schema = &integer },
		{ .name = "boolean", .schema = &boolean },
		{ .name = "string", .schema = &string },
		{ .name = "short", .schema = &two_to_four },
		{ .name = "three", .schema = &three },
		{ .name = "colour", .schema = &colour },
		{ .name = "only_red", .schema = &only_red },
		{ .name = "light", .schema = &light },
		{ .name = "object", .schema = &any_object },
		{ .name = "inner", .schema = &inner },
		{ .name = "list", .schema = &list },
		{ .name = "set", .schema = &set },
		{ .name = "numbers", .schema = &numbers },
		{ .name = NULL }
	}
};

/* --- rows ---------------------------------------------------------------- */

static const struct {
	const char *text;
	const char *location;	/* NULL: it is valid */
	const char *reason;
} rows[] = {
	{ "{}", NULL, NULL },
	{ "[]", "", "must be an object" },
	{ "1", "", "must be an object" },
	{ "\"\"", "", "must be an object" },
	/* Types. */
	{ "{\"integer\":1}", NULL, NULL },
	{ "{\"integer\":-0}", NULL, NULL },
	{ "{\"integer\":9223372036854775807}", NULL, NULL },
	{ "{\"integer\":1.0}", "/integer", "must be an integer" },
	{ "{\"integer\":1e2}", "/integer", "must be an integer" },
	{ "{\"integer\":\"1\"}", "/integer", "must be an integer" },
	{ "{\"integer\":true}", "/integer", "must be an integer" },
	{ "{\"integer\":[1]}", "/integer", "must be an integer" },
	{ "{\"boolean\":false}", NULL, NULL },
	{ "{\"boolean\":0}", "/boolean", "must be true or false" },
	{ "{\"boolean\":\"true\"}", "/boolean", "must be true or false" },
	{ "{\"string\":\"\"}", NULL, NULL },
	{ "{\"string\":1}", "/string", "must be a string" },
	{ "{\"object\":{\"x\":[null]}}", NULL, NULL },
	{ "{\"object\":[]}", "/object", "must be an object" },
	{ "{\"list\":[]}", NULL, NULL },
	{ "{\"list\":{}}", "/list", "must be an array" },
	/* Null: an optional member's absence, a required one's violation. */
	{ "{\"integer\":null,\"boolean\":null,\"string\":null}", NULL, NULL },
	{ "{\"three\":null,\"colour\":null,\"object\":null}", NULL, NULL },
	{ "{\"list\":null,\"set\":null,\"numbers\":null}", NULL, NULL },
	{ "{\"inner\":{\"a\":1,\"b\":2,\"c\":null}}", NULL, NULL },
	{ "{\"inner\":{\"a\":null,\"b\":2}}", "/inner/a",
	    "must be an integer, not null" },
	{ "{\"list\":[null]}", "/list/0", "must be an object, not null" },
	{ "{\"numbers\":[1,null]}", "/numbers/1",
	    "must be an integer, not null" },
	/* Unknown members. */
	{ "{\"x\":null,\"Integer\":\"1\",\"integers\":1.5}", NULL, NULL },
	{ "{\"inner\":{\"x\":{},\"a\":1,\"b\":2}}", NULL, NULL },
	{ "{\"\":1,\"integer \":true}", NULL, NULL },
	/* Lengths. */
	{ "{\"short\":\"a\"}", "/short", "must be at most 4 characters long" },
	{ "{\"short\":\"ab\"}", NULL, NULL },
	{ "{\"short\":\"abcd\"}", NULL, NULL },
	{ "{\"short\":\"abcde\"}", "/short",
	    "must be at most 4 characters long" },
	{ "{\"short\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z\"}", NULL,
	    NULL },
	{ "{\"three\":\"ab\"}", "/three", "must be 3 characters long" },
	{ "{\"three\":\"abc\"}", NULL, NULL },
	{ "{\"three\":\"abcd\"}", "/three", "must be 3 characters long" },
	{ "{\"three\":\"\xc3\xa4\xc3\xa4\xc3\xa4\"}", NULL, NULL },
	{ "{\"three\":\"a\\u0000b\"}", NULL, NULL },
	/* Values. */
	{ "{\"only_red\":\"red\"}", NULL, NULL },
	{ "{\"only_red\":\"blue\"}", "/only_red", "must be \"red\"" },
	{ "{\"light\":\"green\"}", NULL, NULL },
	{ "{\"light\":\"blue\"}", "/light",
	    "must be \"red\" or \"amber\" or \"green\"" },
	{ "{\"colour\":\"red\"}", NULL, NULL },
	{ "{\"colour\":\"blue\"}", NULL, NULL },
	{ "{\"colour\":\"Red\"}", "/colour", "must be \"red\" or \"blue\"" },
	{ "{\"colour\":\"\"}", "/colour", "must be \"red\" or \"blue\"" },
	{ "{\"colour\":\"red \"}", "/colour", "must be \"red\" or \"blue\"" },
	{ "{\"colour\":\"red\\u0000\"}", "/colour",
	    "must be \"red\" or \"blue\"" },
	{ "{\"colour\":1}", "/colour", "must be a string" },
	/* The number of elements. */
	{ "{\"numbers\":[1,2]}", NULL, NULL },
	{ "{\"numbers\":[1]}", "/numbers", "must hold at least 2 element" },
	{ "{\"numbers\":[]}", "/numbers", "must hold at least 2 element" },
	/* Required members: at the end of the object that lacks them. */
	{ "{\"inner\":{}}", "/inner/a", "is required" },
	{ "{\"inner\":{\"a\":1}}", "/inner/b", "is required" },
	{ "{\"inner\":{\"c\":true}}", "/inner/c", "must be an integer" },
	{ "{\"inner\":{\"b\":2},\"integer\":true}", "/inner/a",
	    "is required" },
	{ "{\"integer\":true,\"inner\":{\"b\":2}}", "/integer",
	    "must be an integer" },
	/* The order of the document, not of the schema. */
	{ "{\"string\":1,\"integer\":\"\"}", "/string", "must be a string" },
	{ "{\"integer\":\"\",\"string\":1}", "/integer",
	    "must be an integer" },
	{ "{\"list\":[{\"a\":1,\"b\":2},{\"b\":true,\"a\":true}]}",
	    "/list/1/b", "must be an integer" },
	{ "{\"list\":[{\"a\":1},{\"a\":true}]}", "/list/0/b",
	    "is required" },
};

static const struct {
	const char *elements;
	bool unique;
} sets[] = {
	{ "", true },
	{ "{}", true },
	{ "{},{}", false },
	{ "{\"a\":1},{\"a\":1}", false },
	{ "{\"a\":1},{\"a\":2}", true },
	{ "{\"a\":1},{\"b\":1}", true },
	{ "{\"a\":1,\"b\":2},{\"b\":2,\"a\":1}", false },
	{ "{\"a\":2,\"b\":1},{\"a\":1,\"b\":2}", true },
	{ "{\"a\":{\"b\":1,\"c\":2}},{\"a\":{\"c\":2,\"b\":1}}", false },
	{ "{\"a\":{\"b\":1}},{\"b\":{\"a\":1}}", true },
	{ "{\"a\":[1,2]},{\"a\":[2,1]}", true },
	{ "{\"a\":[1,2]},{\"a\":[1,2]}", false },
	{ "{\"a\":[[1],2]},{\"a\":[1,[2]]}", true },
	{ "{\"a\":1},{\"a\":\"1\"}", true },
	{ "{\"a\":1},{\"a\":true}", true },
	{ "{\"a\":0},{\"a\":false}", true },
	{ "{\"a\":null},{}", true },
	{ "{\"a\":null},{\"a\":null}", false },
	{ "{\"a\":null},{\"a\":false}", true },
	{ "{\"a\":\"\"},{\"a\":null}", true },
	{ "{\"a\":1.5},{\"a\":1.50}", false },
	{ "{\"a\":0.0},{\"a\":-0.0}", false },
	{ "{\"a\":\"x\\u0000y\"},{\"a\":\"x\\u0000z\"}", true },
	{ "{\"a\":\"x\\u0000y\"},{\"a\":\"x\\u0000y\"}", false },
	{ "{\"a\":1},{\"a\":2},{\"a\":1}", false },
	{ "{\"a\":1},{\"a\":2},{\"a\":3}", true },
};

/* Checks a text against the schema, and where and why it is not valid. */
static void
check(const char *text, const char *location, const char *reason)
{
	struct schema_violation violation = { .location = "" };
	struct json_object *value = fixture_json(text);
	bool valid = schema_check(&whole, value, &violation);

	json_object_put(value);
	if (!tap_ok(valid == (location == NULL), "%s is %svalid", text,
	    location == NULL ? "" : "not ") && !valid)
		tap_note("%s: %s", violation.location, violation.reason);
	if (valid || location == NULL)
		return;
	tap_is_string(violation.location, location, "%s: the location", text);
	tap_is_string(violation.reason, reason, "%s: the reason", text);
}

static void
check_null(void)
{
	struct schema_violation violation;

	tap_ok(!schema_check(&whole, NULL, &violation),
	    "null in place of all is not valid");
	tap_is_string(violation.location, "", "null in place of all: where");
	tap_is_string(violation.reason, "must be an object, not null",
	    "null in place of all: why");
}

/* Many elements: found at any place, and in reasonable time. */
static void
check_large_set(void)
{
	struct json_object *root = json_object_new_object();
	struct json_object *array = json_object_new_array(), *element;
	struct schema_violation violation;
	int i;

	for (i = 0; i < 20000; i++) {
		element = json_object_new_object();
		json_object_object_add(element, "a", json_object_new_int(i));
		json_object_array_add(array, element);
	}
	json_object_object_add(root, "set", array);
	tap_ok(schema_check(&whole, root, &violation),
	    "20000 elements that differ are valid");
	element = json_object_new_object();
	json_object_object_add(element, "a", json_object_new_int(7));
	json_object_array_add(array, element);
	tap_ok(!schema_check(&whole, root, &violation),
	    "20000 elements and one of them again are not");
	tap_is_string(violation.location, "/set", "the place is the array");
	json_object_put(root);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		check(rows[i].text, rows[i].location, rows[i].reason);
	for (i = 0; i < sizeof sets / sizeof *sets; i++)
		check(fixture_format("{\"set\":[%s]}", sets[i].elements),
		    sets[i].unique ? NULL : "/set",
		    "must not hold two equal elements");
	check_null();
	check_large_set();
	return tap_done();
}
