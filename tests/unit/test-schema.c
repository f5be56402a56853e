/* SPDX-License-Identifier: Apache-2.0 */
#include "api/schema.h"

#include <string.h>

#include "base/buf.h"
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

static const struct schema kept = {
	.type = json_type_object,
	.whole = true,
	.members = (const struct schema_member[]){
		{ .name = "format", .schema = &string, .decorates = true },
		{ .name = NULL }
	}
};

static const struct schema inner = {
	.type = json_type_object,
	.measured = true,
	.members = (const struct schema_member[]){
		{ .name = "a", .schema = &integer, .required = true },
		{ .name = "b", .schema = &integer, .required = true },
		{ .name = "c", .schema = &integer },
		{ .name = "kept", .schema = &kept },
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

static const struct schema few = {
	.type = json_type_array, .items = &integer, .limited = true
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
		{ .name = "few", .schema = &few },
		{ .name = "kept", .schema = &kept, .decorates = true },
		{ .name = "decoration", .schema = &string,
		    .decorates = true },
		{ .name = "foreign", .schema = &string, .foreign = true },
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
	{ "{\"few\":[1,2,3]}", NULL, NULL },
	{ "{\"few\":[1,2,3,4]}", "/few", "must hold at most 3 elements" },
	{ "{\"few\":[1,2,3,true,[]]}", "/few",
	    "must hold at most 3 elements" },
	{ "{\"few\":[1,true,3,4]}", "/few/1", "must be an integer" },
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

static const struct schema_params strict = { .max_items = 3 };
static const struct schema_params tolerant = { .tolerant = true,
    .max_items = 3 };

/* Reads a text by the schema; where and why it is not valid. */
static void
check_by(const struct schema_params *params, const char *text,
    const char *location, const char *reason)
{
	const char *name = strlen(text) > 200 ? fixture_format("%.100s…",
	    text) : text;
	struct schema_violation violation;
	struct schema_reading reading;
	bool valid;

	/* Whatever is there before. */
	memset(&reading, 0xff, sizeof reading);
	memset(&violation, 0xff, sizeof violation);
	valid = schema_read(&whole, text, strlen(text), params, &reading,
	    &violation);
	tap_ok(valid == (reading.tree != NULL),
	    "%s: there is a tree if it is valid", name);
	json_object_put(reading.tree);
	if (!tap_ok(valid == (location == NULL), "%s is %svalid%s", name,
	    location == NULL ? "" : "not ", params->tolerant ?
	    ", if one is tolerant" : "") && !valid)
		tap_note("%s: %s", violation.location, violation.reason);
	if (valid || location == NULL)
		return;
	tap_is_string(violation.location, location, "%s: the location", name);
	tap_is_string(violation.reason, reason, "%s: the reason", name);
}

static void
check(const char *text, const char *location, const char *reason)
{
	check_by(&strict, text, location, reason);
}

/* --- what is kept -------------------------------------------------------- */

static const struct {
	const char *text;
	const char *strict;	/* what is kept */
	const char *tolerant;
} trees[] = {
	{ "{\"integer\":1,\"x\":{\"integer\":2},\"string\":null}",
	    "{\"integer\":1}", "{\"integer\":1}" },
	{ "{\"object\":{\"x\":1}}", "{}", "{}" },
	{ "{\"in\\u0074eger\":1}", "{\"integer\":1}", "{\"integer\":1}" },
	{ "{\"integer\\u0000\":\"\"}", "{}", "{}" },
	{ "{\"integer\":1,\"integer\":2}", "{\"integer\":2}",
	    "{\"integer\":2}" },
	{ "{\"list\":[{\"a\":1,\"b\":2,\"x\":3}]}",
	    "{\"list\":[{\"a\":1,\"b\":2}]}",
	    "{\"list\":[{\"a\":1,\"b\":2}]}" },
	/* Kept whole. */
	{ "{\"kept\":{\"x\":[1,null,{}],\"\":1.50}}",
	    "{\"kept\":{\"x\":[1,null,{}],\"\":1.50}}",
	    "{\"kept\":{\"x\":[1,null,{}],\"\":1.50}}" },
	{ "{\"kept\":{\"a\\u0000\":1,\"b\":[{\"\\u0000\":1,\"c\":2}]}}",
	    "{\"kept\":{\"b\":[{\"c\":2}]}}", "{}" },
	{ "{\"kept\":{\"format\":\"f\",\"x\":1,\"y\\u0000\":1}}",
	    "{\"kept\":{\"format\":\"f\",\"x\":1}}", "{}" },
	{ "{\"kept\":{\"format\":null,\"x\":null}}",
	    "{\"kept\":{\"x\":null}}", "{\"kept\":{\"x\":null}}" },
	{ "{\"kept\":{\"format\":1,\"x\":1}}", NULL,
	    "{\"kept\":{\"x\":1}}" },
	{ "{\"kept\":[1]}", NULL, "{}" },
	/* Decorations. */
	{ "{\"decoration\":1,\"integer\":1}", NULL, "{\"integer\":1}" },
	{ "{\"decoration\":[[]],\"integer\":1}", NULL,
	    "{\"integer\":1}" },
	{ "{\"decoration\":\"d\"}", "{\"decoration\":\"d\"}",
	    "{\"decoration\":\"d\"}" },
	/* What is no part of the API. */
	{ "{\"foreign\":1}", "{}", "{}" },
	{ "{\"foreign\":\"f\"}", "{\"foreign\":\"f\"}",
	    "{\"foreign\":\"f\"}" },
	/* An odd one does not excuse another. */
	{ "{\"decoration\":1,\"integer\":true}", NULL, NULL },
	{ "{\"foreign\":1,\"integer\":true}", NULL, NULL },
};

/* What was read, with names in the place of records. */
static struct json_object *
with_names(const struct schema *schema, struct json_object *value)
{
	const struct schema_member *member = schema->members;
	struct json_object *named;
	size_t i;

	if (schema->whole || json_object_get_type(value) != json_type_array)
		return json_object_get(value);
	if (schema->type == json_type_array) {
		named = json_object_new_array();
		for (i = 0; i < json_object_array_length(value); i++)
			json_object_array_add(named, with_names(schema->items,
			    json_object_array_get_idx(value, i)));
		return named;
	}
	named = json_object_new_object();
	for (; member->name != NULL; member++) {
		struct json_object *of_it = schema_member(schema, value,
		    member->name);

		if (of_it != NULL)
			json_object_object_add(named, member->name,
			    with_names(member->schema, of_it));
	}
	return named;
}

static void
check_tree(const struct schema_params *params, const char *text,
    const char *expected)
{
	struct schema_violation violation;
	struct schema_reading reading;
	struct json_object *named;

	schema_read(&whole, text, strlen(text), params, &reading, &violation);
	named = reading.tree == NULL ? NULL : with_names(&whole, reading.tree);
	tap_is_string(named == NULL ? NULL :
	    json_object_to_json_string_ext(named, JSON_C_TO_STRING_PLAIN),
	    expected, "%s: what a %s reader keeps", text,
	    params->tolerant ? "tolerant" : "strict");
	json_object_put(named);
	json_object_put(reading.tree);
}

/* --- limits -------------------------------------------------------------- */

/* A member that holds so many levels of arrays. */
static const char *
deep(const char *name, size_t levels)
{
	return fixture_format("{\"%s\":{\"a\":%s%s}}", name,
	    fixture_repeat("[", levels - 1), fixture_repeat("]", levels - 1));
}

static void
check_depths(void)
{
	static const char *const members[] = { "x", "object", "kept" };
	const char *reason =
	    "contains a value nested more than 128 levels deep";
	size_t i;

	for (i = 0; i < sizeof members / sizeof *members; i++) {
		const char *location = fixture_format("/%s", members[i]);

		check_by(&strict, deep(members[i], 128), NULL, NULL);
		check_by(&tolerant, deep(members[i], 128), NULL, NULL);
		check_by(&strict, deep(members[i], 129), strcmp(members[i],
		    "x") == 0 ? "" : location, reason);
	}
	check_by(&tolerant, deep("x", 100000), NULL, NULL);
	check_by(&tolerant, deep("kept", 100000), NULL, NULL);
	check_tree(&tolerant, deep("kept", 129), "{}");
	check_tree(&tolerant, deep("kept", 128), deep("kept", 128));
}

static void
check_whole_size(void)
{
	size_t frame = strlen("{\"a\":\"\"}"), over;

	for (over = 0; over < 2; over++) {
		const char *value = fixture_format("{\"a\":\"%s\"}",
		    fixture_repeat("x", SCHEMA_WHOLE_SIZE - frame + over));
		const char *text = fixture_format("{ \"kept\" : %s }", value);
		struct schema_violation violation;
		struct schema_reading reading;

		schema_read(&whole, text, strlen(text), &strict, &reading,
		    &violation);
		tap_ok(reading.tree != NULL && (schema_member(&whole,
		    reading.tree, "kept") != NULL) == (over == 0),
		    "what is kept whole is %s with %zu bytes", over == 0 ? "there" : "absent",
		    (size_t)SCHEMA_WHOLE_SIZE + over);
		json_object_put(reading.tree);
	}
}

static void
check_measure(void)
{
	const char *text = "{\"list\":[ { \"a\" : 1, \"b\" : 2 },"
	    "{\"a\":1,\"b\":2,\"kept\" : {\"y\": 1},"
	    "\"x\":\"\\u0041\\n\" } ]}";
	struct schema_violation violation;
	struct schema_reading reading;

	memset(&reading, 0xff, sizeof reading);
	schema_read(&whole, text, strlen(text), &strict, &reading,
	    &violation);
	tap_is_int((int64_t)reading.largest,
	    (int64_t)strlen("{\"a\":1,\"b\":2,\"kept\":{\"y\":1},"
	    "\"x\":\"A\\n\"}"),
	    "the largest of the measured values, with all that is in it");
	json_object_put(reading.tree);
}

/* --- what is no JSON ----------------------------------------------------- */

static const struct {
	const char *text;
	const char *reason;
} mistakes[] = {
	{ "", "is not JSON: it ends too early" },
	{ "{\"integer\":true", "is not JSON: it ends too early" },
	{ "{\"integer\":true}x", "is not JSON near byte 16" },
	{ "{\"integer\":nul}", "is not JSON near byte 11" },
	{ "{\"integer\":1,}", "is not JSON near byte 13" },
	{ "{\"integer\":-}", "is not JSON near byte 12" },
	{ "{\"list\":[{}]]", "is not JSON near byte 12" },
	{ "{\"list\":[,]}", "is not JSON near byte 9" },
	{ "{,}", "is not JSON near byte 1" },
	{ "{\"list\":[{} {}]}", "is not JSON near byte 12" },
	{ "{\"integer\":1 \"boolean\":true}", "is not JSON near byte 13" },
	{ "{\"x\":[1 2]}", "is not JSON near byte 8" },
	{ "{\"kept\":{\"x\":01}}", "is not JSON near byte 14" },
	{ "{\"object\":{x:1}}", "is not JSON near byte 11" },
	{ "{\"set\":[{\"a\":tru}]}", "is not JSON near byte 13" },
	{ "{\"string\":\"\\x\"}", "is not JSON near byte 12" },
	{ "{\"string\":\"\\,\"integer\":1}", "is not JSON near byte 12" },
	{ "{\"string\":\"\\}", "is not JSON near byte 12" },
	{ "{\"string\":\"\xff\"}", "is not UTF-8 at byte 11" },
};

static void
check_null(void)
{
	check("null", "", "must be an object, not null");
}

/* Many elements: found at any place, and in reasonable time. */
static void
check_large_set(void)
{
	static const struct schema_params params = { .max_items = 0 };
	struct schema_violation violation;
	struct schema_reading reading;
	struct buf text;
	int i;

	buf_init(&text, 1024 * 1024);
	buf_append_text(&text, "{\"set\":[{}");
	for (i = 0; i < 20000; i++)
		buf_append_format(&text, ",{\"a\":%d}", i);
	buf_append_text(&text, "]}");
	tap_ok(schema_read(&whole, buf_text(&text), text.size, &params,
	    &reading, &violation), "20000 elements that differ are valid");
	json_object_put(reading.tree);
	text.size -= strlen("]}");
	buf_append_text(&text, ",{\"a\":7}]}");
	tap_ok(!schema_read(&whole, buf_text(&text), text.size, &params,
	    &reading, &violation),
	    "20000 elements and one of them again are not");
	tap_is_string(violation.location, "/set", "the place is the array");
	buf_free(&text);
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
	for (i = 0; i < sizeof trees / sizeof *trees; i++) {
		check_tree(&strict, trees[i].text, trees[i].strict);
		check_tree(&tolerant, trees[i].text, trees[i].tolerant);
	}
	for (i = 0; i < sizeof mistakes / sizeof *mistakes; i++)
		check(mistakes[i].text, "", mistakes[i].reason);
	check_depths();
	check_whole_size();
	check_measure();
	check_null();
	check_large_set();
	return tap_done();
}
