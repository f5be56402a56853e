/* SPDX-License-Identifier: Apache-2.0 */
/* Notifications as one JSON object. */
#include "provider/plain-form.h"

#include "compose.h"
#include "fixture.h"
#include "tap.h"

#define ALL "\"event_id\":\"e\",\"room_id\":\"r\",\"type\":\"t\"," \
    "\"sender\":\"s\",\"sender_display_name\":\"S\"," \
    "\"room_name\":\"n\",\"room_alias\":\"a\""
#define IDS "\"event_id\":\"e\",\"room_id\":\"r\",\"type\":\"t\"," \
    "\"sender\":\"s\""
#define CONTENT ",\"content\":{\"body\":\"b\"}"
#define COUNTS(unread, missed) ",\"counts\":{\"unread\":" unread \
    ",\"missed_calls\":" missed "}"

static const struct {
	const char *name;
	const char *members;
	const char *base;	/* default_payload */
	enum notification_detail detail;
	bool with_counts;
	const char *own;	/* the gateway's form */
	const char *matrix;	/* that of Matrix */
} forms[] = {
	{ "all", ALL CONTENT COUNTS("2", "3"), "{\"x\":1}", NOTIFICATION_FULL,
	    true, "{" ALL ",\"prio\":\"high\",\"unread\":2,\"missed_calls\":3"
	    CONTENT "}", "{\"x\":1," ALL ",\"unread\":2,\"missed_calls\":3"
	    CONTENT "}" },
	{ "counts of 0", COUNTS("0", "0") + 1, "{}", NOTIFICATION_FULL, true,
	    "{\"prio\":\"high\",\"unread\":0,\"missed_calls\":0}",
	    "{\"unread\":0,\"missed_calls\":0}" },
	{ "one count", ",\"counts\":{\"missed_calls\":1}" + 1, "{}",
	    NOTIFICATION_FULL, true, "{\"prio\":\"high\",\"missed_calls\":1}",
	    "{\"missed_calls\":1}" },
	{ "no counts where they are not wanted", ALL COUNTS("2", "3"), "{}",
	    NOTIFICATION_FULL, false, "{" ALL ",\"prio\":\"high\"}",
	    "{" ALL "}" },
	{ "low priority", "\"event_id\":\"e\",\"prio\":\"low\"", "{}",
	    NOTIFICATION_FULL, true, "{\"event_id\":\"e\",\"prio\":\"low\"}",
	    "{\"event_id\":\"e\"}" },
	{ "what Matrix alone has", "\"membership\":\"invite\","
	    "\"user_is_target\":true", "{}", NOTIFICATION_FULL, true,
	    "{\"prio\":\"high\"}", "{\"membership\":\"invite\","
	    "\"user_is_target\":true}" },
	{ "without content", ALL CONTENT, "{\"x\":1}",
	    NOTIFICATION_WITHOUT_CONTENT, true, "{" ALL ",\"prio\":\"high\"}",
	    "{\"x\":1," ALL "}" },
	{ "without names, and without what goes below", ALL CONTENT,
	    "{\"x\":1}", NOTIFICATION_WITHOUT_NAMES, true,
	    "{" IDS ",\"prio\":\"high\"}", "{" IDS "}" },
	{ "what goes below is covered", "\"event_id\":\"e\"",
	    "{\"event_id\":\"x\"}", NOTIFICATION_FULL, true,
	    "{\"event_id\":\"e\",\"prio\":\"high\"}", "{\"event_id\":\"e\"}" },
};

static struct batch *
decode(const char *members, const char *base)
{
	return compose_decode(DECODE_NOTIFY, fixture_format(
	    "{\"notification\":{%s,\"devices\":[{\"app_id\":\"a\","
	    "\"pushkey\":\"p\",\"data\":{\"default_payload\":%s}}]}}",
	    members, base));
}

static void
check_form(size_t i)
{
	struct batch *batch = decode(forms[i].members, forms[i].base);
	const struct notification *notification = &batch->notifications[0];
	struct json_object *own = plain_form_make(notification,
	    forms[i].detail, forms[i].with_counts);
	struct json_object *matrix = plain_form_make_matrix(notification,
	    &notification->devices[0], forms[i].detail,
	    forms[i].with_counts);

	fixture_is_json(json_object_to_json_string(own), forms[i].own,
	    "%s: our form", forms[i].name);
	fixture_is_json(json_object_to_json_string(matrix), forms[i].matrix,
	    "%s: that of Matrix", forms[i].name);
	json_object_put(own);
	json_object_put(matrix);
	batch_free(batch);
}

static void
check_content(const char *name, const char *content, const char *expected)
{
	struct batch *batch = decode(fixture_format("\"content\":%s",
	    content), "{}");
	struct json_object *form = plain_form_make_matrix(
	    &batch->notifications[0], &batch->notifications[0].devices[0],
	    NOTIFICATION_FULL, true);

	fixture_is_json(json_object_to_json_string(form),
	    fixture_format("{\"content\":%s}", expected), "%s", name);
	json_object_put(form);
	batch_free(batch);
}

/* Characters whose bytes end with each pair of bits, and ASCII. */
static void
check_bodies(void)
{
	static const char *const units[] = {
		"x", "\xc3\xa4", "\xc3\xa5", "\xe2\x82\xac", "\xf0\x9f\x98\x83"
	};
	size_t i;

	for (i = 0; i < sizeof units / sizeof *units; i++) {
		const char *most = fixture_format("{\"body\":\"%s\"}",
		    fixture_repeat(units[i], 1000));

		check_content(fixture_format("1000 times %s stay", units[i]),
		    most, most);
		check_content(fixture_format("1001 times %s are cut",
		    units[i]), fixture_format("{\"body\":\"%s\"}",
		    fixture_repeat(units[i], 1001)),
		    fixture_format("{\"body\":\"%s\xe2\x80\xa6\"}",
		    fixture_repeat(units[i], 999)));
	}
}

static void
check_contents(void)
{
	const char *most = fixture_format("{\"ciphertext\":\"%s\"}",
	    fixture_repeat("c", 2000));

	check_content("2000 bytes of ciphertext stay", most, most);
	check_content("2001 go", fixture_format("{\"ciphertext\":\"%s\","
	    "\"x\":\"y\"}", fixture_repeat("c", 2001)), "{\"x\":\"y\"}");
	check_content("a ciphertext that is no text stays",
	    "{\"ciphertext\":{\"a\":1}}", "{\"ciphertext\":{\"a\":1}}");
	check_content("a body that is no text stays", "{\"body\":1}",
	    "{\"body\":1}");
	check_content("what was said as HTML goes",
	    "{\"body\":\"b\",\"formatted_body\":\"<b>b</b>\"}",
	    "{\"body\":\"b\"}");
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof forms / sizeof *forms; i++)
		check_form(i);
	check_bodies();
	check_contents();
	return tap_done();
}
