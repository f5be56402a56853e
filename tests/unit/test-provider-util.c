/* SPDX-License-Identifier: Apache-2.0 */
/* What providers share: settings, JSON and whose an answer is. */
#include "provider/provider-util.h"

#include <stdio.h>

#include "fixture.h"
#include "tap.h"

/* --- settings ------------------------------------------------------------ */

static const struct {
	const char *text;
	const char *url;	/* NULL: it is refused */
} urls[] = {
	{ "https://h", "https://h" },
	{ "https://h/", "https://h" },
	{ "https://h/a//", "https://h/a" },
	{ "https://h:8443/a", "https://h:8443/a" },
	{ "http://h", NULL },
	{ "https://u@h", NULL },
	{ "https://h/?q", NULL },
	{ "https://h/#f", NULL },
	{ "h", NULL },
	{ "", NULL },
};

static void
check_url(size_t i)
{
	struct error error = { .words = "" };
	char text[64];
	bool good;

	snprintf(text, sizeof text, "%s", urls[i].text);
	good = provider_check_url(text, &error);
	if (urls[i].url == NULL) {
		tap_ok(!good, "\"%s\" is refused", urls[i].text);
		tap_contains(error.words, "https://", "... with what it must "
		    "be");
	} else {
		tap_ok(good, "%s is taken", urls[i].text);
		tap_is_string(text, urls[i].url, "... as %s", urls[i].url);
		tap_is_string(provider_url_host(text), urls[i].url + 8,
		    "... whose host is behind the scheme");
	}
}

static const struct {
	const char *id;
	bool good;
} projects[] = {
	{ "a", true },
	{ "example.com:my-project-1", true },
	{ "", false },
	{ "A", false },
	{ "a/b", false },
	{ "a b", false },
};

static void
check_project(size_t i)
{
	struct error error = { .words = "" };

	tap_ok(provider_check_project(projects[i].id, &error) ==
	    projects[i].good, "\"%s\" is %s project", projects[i].id,
	    projects[i].good ? "a" : "no");
	tap_is_string(error.words, projects[i].good ? "" :
	    "is not a project id", "... in words");
}

static void
check_choice(void)
{
	static const char *const names[] = { "a", "b", "c", NULL };
	static const char *const *one = names + 2;
	struct error error = { .words = "" };
	const char *const long_names[] = {
		fixture_repeat("x", sizeof error.words), "y", NULL
	};

	tap_ok(provider_check_choice("a", names, &error), "the first");
	tap_ok(provider_check_choice("c", names, &error), "the last");
	tap_is_string(error.words, "", "nothing is said of these");
	tap_ok(!provider_check_choice("d", names, &error), "none of them");
	tap_is_string(error.words, "must be a, b or c", "... says which");
	tap_ok(!provider_check_choice("d", one, &error), "not the only one");
	tap_is_string(error.words, "must be c", "... says which");
	tap_ok(!provider_check_choice("d", long_names, &error) &&
	    provider_check_choice("y", long_names, &error),
	    "names that are longer than an error");
	tap_ok(provider_check_payload("gematik", &error) &&
	    provider_check_payload("matrix", &error), "both payloads");
	tap_ok(!provider_check_payload("x", &error), "no other payload");
	tap_is_string(error.pointer, "/payload", "... its place");
	tap_ok(provider_payload_is_matrix("matrix") &&
	    !provider_payload_is_matrix("gematik"), "one is Matrix's");
}

/* --- JSON ---------------------------------------------------------------- */

static void
check_write(void)
{
	struct json_object *object = fixture_json("{\"a\":\"/\"}");
	struct buf buf;

	buf_init(&buf, 100);
	buf_append_text(&buf, "what was there");
	tap_ok(provider_write_json(object, 9, &buf), "as many bytes as fit");
	tap_is_string(buf_text(&buf), "{\"a\":\"/\"}",
	    "... and nothing of what was there");
	tap_ok(!provider_write_json(object, 8, &buf), "one byte too many");
	tap_is_string(buf_text(&buf), "", "... is not written");
	buf_free(&buf);
	json_object_put(object);
}

static const struct {
	const char *body;
	bool read;
	bool foreign;		/* not the provider's own JSON */
} bodies[] = {
	{ "", false, false },
	{ " \t\r\n", false, false },
	{ "{}", true, false },
	{ "{\"a\":1}", true, false },
	{ "\r\n\t {}", true, false },
	{ "{", false, false },
	{ "[]", false, true },
	{ "null", false, true },
	{ "<html>", false, true },
	{ "  x{}", false, true },
};

static bool
is_read(const struct http_reply *reply)
{
	struct json_object *object = provider_read_json(reply);

	json_object_put(object);
	return object != NULL;
}

static void
check_body(size_t i)
{
	struct http_reply reply;

	http_reply_init(&reply);
	buf_append_text(&reply.body, bodies[i].body);
	tap_ok(is_read(&reply) == bodies[i].read, "\"%s\" is %s object",
	    bodies[i].body, bodies[i].read ? "an" : "no");
	tap_ok(provider_is_foreign(&reply) == bodies[i].foreign,
	    "\"%s\" is %s", bodies[i].body,
	    bodies[i].foreign ? "of something between" : "the provider's");
	reply.body.overflowed = true;
	tap_ok(!is_read(&reply), "... and not read where it is cut");
	http_reply_free(&reply);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof urls / sizeof *urls; i++)
		check_url(i);
	for (i = 0; i < sizeof projects / sizeof *projects; i++)
		check_project(i);
	check_choice();
	check_write();
	for (i = 0; i < sizeof bodies / sizeof *bodies; i++)
		check_body(i);
	return tap_done();
}
