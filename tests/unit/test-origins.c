/* SPDX-License-Identifier: Apache-2.0 */
/* The channels to servers that devices name. */
#include "delivery/origins.h"

#include <string.h>

#include "fake-http.h"
#include "fake-loop.h"
#include "fixture.h"
#include "tap.h"

enum { ORIGINS_LIMIT = 3 };

static struct loop *loop;
static struct http *http;
static struct app_registry *apps;
static struct origins *origins;
static struct channel_params params;
static struct health_lines lines;

static void
begin(size_t limit)
{
	static const struct proxy no_proxy = { .url = NULL };
	struct json_object *one = fixture_json("{\"app_id\":\"one\","
	    "\"provider\":\"unifiedpush\"}");
	struct json_object *two = fixture_json("{\"app_id\":\"two\","
	    "\"provider\":\"unifiedpush\",\"allow_private\":[\"10.0.0.0/8\"]"
	    "}");
	struct error error;

	loop = loop_create();
	http = http_create(loop, &(struct http_params){ .proxy = &no_proxy });
	apps = app_registry_create();
	if (!app_registry_add(apps, one, fixture_directory(), &error) ||
	    !app_registry_add(apps, two, fixture_directory(), &error))
		tap_bail_out("%s", error.words);
	json_object_put(one);
	json_object_put(two);
	params = (struct channel_params){ .loop = loop, .http = http,
		.shared = &lines };
	origins = origins_create(limit);
}

static void
end(void)
{
	origins_free(origins);
	app_registry_free(apps);
	http_free(http);
	loop_free(loop);
}

static struct channel *
take(size_t app, const char *endpoint)
{
	const struct app *entry = app_registry_at(apps, app);
	struct device device = { .app_id = "a", .pushkey = endpoint,
	    .pushkey_size = strlen(endpoint) };
	struct provider_channel described;

	if (entry->provider->describe(entry->account, &device, &described) !=
	    CAUSE_NONE)
		tap_bail_out("%s is refused", endpoint);
	return origins_take(origins, &params, entry, &described);
}

static void
check_sharing(void)
{
	struct channel *one, *other;

	begin(ORIGINS_LIMIT);
	one = take(0, "https://one.example/x");
	tap_ok(one != NULL && take(0, "https://ONE.example:443/y") == one,
	    "endpoints of a server share a channel");
	other = take(0, "https://two.example/x");
	tap_ok(other != NULL && other != one && other->health != one->health &&
	    other->permits != one->permits && other->pool != one->pool,
	    "those of another server have nothing of it");
	tap_is_string(other->labels.account, one->labels.account,
	    "for the metrics it is one account");
	tap_lacks(one->name, "example", "no server is in its name");
	tap_ok(take(1, "https://one.example/x") != one,
	    "an app with other rules has channels of its own");
	end();
}

static void
check_limit(void)
{
	struct channel *one, *two;

	begin(ORIGINS_LIMIT);
	one = take(0, "https://one.example/x");
	two = take(0, "https://two.example/x");
	take(0, "https://three.example/x");
	tap_ok(take(0, "https://four.example/x") == NULL,
	    "if all are in use there is none for another server");
	tap_ok(take(0, "https://two.example/y") == two,
	    "those that there are can be used on");
	origins_give_back(origins, two);
	tap_ok(take(0, "https://four.example/x") == NULL,
	    "one is in use until everybody gave it back");
	origins_give_back(origins, one);
	origins_give_back(origins, two);
	tap_ok(take(0, "https://two.example/x") == two,
	    "one that nobody uses is still there");
	origins_give_back(origins, two);
	tap_ok(take(0, "https://four.example/x") != NULL,
	    "it makes room for another server");
	tap_ok(take(0, "https://two.example/x") == two,
	    "the one that was given back first goes first");
	end();
}

static void
check_many(void)
{
	size_t i, taken = 0;

	begin(100);
	for (i = 0; i < 10000; i++) {
		struct channel *channel = take(0, fixture_format(
		    "https://h%zu.example/%zu", i % 1000, i));

		if (channel != NULL) {
			taken++;
			origins_give_back(origins, channel);
		}
	}
	tap_is_int(taken, 10000,
	    "ten thousand endpoints of a thousand servers all have one");
	end();
}

int
main(void)
{
	clock_fake(FAKE_LOOP_START_MS, FAKE_LOOP_START_S);
	check_sharing();
	check_limit();
	check_many();
	return tap_done();
}
