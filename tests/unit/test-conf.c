/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/conf-text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "tap.h"

#define LISTS "\"clients\":[],\"apps\":[]"
#define FCM(id) "{\"app_id\":\"" id "\",\"provider\":\"fcm\"," \
    "\"service_account_file\":\"sa.json\"}"

static struct conf *
load(const char *text, struct error *error)
{
	return conf_load(fixture_file("conf.json", text), error);
}

static struct conf *
load_good(const char *text)
{
	struct error error;
	struct conf *conf = load(text, &error);

	if (conf == NULL)
		tap_bail_out("%s", error.words);
	return conf;
}

/* --- defaults and values ------------------------------------------------- */

static void
check_defaults(void)
{
	struct conf *conf = load_good("{" LISTS "}");
	struct caller_certificate identity = { .san_dns_count = 0 };

	tap_is_string(conf->state_directory,
	    RUNSTATEDIR "/push-gateway", "state_directory by default");
	tap_is_int(conf->request_timeout_ms, 8000,
	    "request_timeout_ms by default");
	tap_is_int(conf->max_request_size_kb, 1024,
	    "max_request_size_kb by default");
	tap_is_int(conf->limits.max_notification_size_kb, 64,
	    "max_notification_size_kb by default");
	tap_is_int(conf->limits.max_batch_size, 100,
	    "max_batch_size by default");
	tap_is_int(conf->limits.max_devices_per_notification, 1000,
	    "max_devices_per_notification by default");
	tap_ok(!conf->limits.any_ciphertext_length,
	    "ciphertext_length by default");
	tap_is_int(conf->max_requests_in_flight, 512,
	    "max_requests_in_flight by default");
	tap_is_string(conf->proxy.url, NULL, "proxy by default");
	tap_is_string(conf->ca_file, NULL, "ca_file by default");
	tap_is_string(conf->http.proxy->url, NULL, "proxy of the engine");
	tap_is_string(conf->http.ca_file, NULL, "ca_file of the engine");
	tap_is_int(conf->log.level, LOG_LEVEL_INFO, "log.level by default");
	tap_ok(!conf->log.to_syslog, "log.to by default");
	tap_ok(client_list_find(conf->clients, &identity) == NULL,
	    "no clients");
	tap_ok(app_registry_at(conf->apps, 0) == NULL, "no apps");
	conf_free(conf);
	conf_free(NULL);
}

static void
check_values(void)
{
	struct conf *conf = load_good("{\"state_directory\":\"/s\","
	    "\"request_timeout_ms\":9000,"
	    "\"max_request_size_kb\":256,\"max_notification_size_kb\":32,"
	    "\"max_batch_size\":50,\"max_requests_in_flight\":7,"
	    "\"max_devices_per_notification\":9,"
	    "\"proxy\":\"http://proxy.example:3128\",\"ca_file\":\"/ca.pem\","
	    "\"log\":{\"level\":\"debug\",\"to\":\"syslog\"}," LISTS "}");

	tap_is_string(conf->state_directory, "/s", "state_directory");
	tap_is_int(conf->request_timeout_ms, 9000, "request_timeout_ms");
	tap_is_int(conf->max_request_size_kb, 256, "max_request_size_kb");
	tap_is_int(conf->limits.max_notification_size_kb, 32,
	    "max_notification_size_kb");
	tap_is_int(conf->limits.max_batch_size, 50, "max_batch_size");
	tap_is_int(conf->limits.max_devices_per_notification, 9,
	    "max_devices_per_notification");
	tap_is_int(conf->max_requests_in_flight, 7,
	    "max_requests_in_flight");
	tap_is_string(conf->proxy.url, "http://proxy.example:3128", "proxy");
	tap_is_string(conf->ca_file, "/ca.pem", "ca_file");
	tap_is_string(conf->http.proxy->url, conf->proxy.url,
	    "the engine's proxy");
	tap_is_string(conf->http.ca_file, conf->ca_file,
	    "the engine's ca_file");
	tap_is_int(conf->log.level, LOG_LEVEL_DEBUG, "log.level");
	tap_ok(conf->log.to_syslog, "log.to");
	conf_free(conf);
}

static void
check_ciphertext_length(void)
{
	static const struct {
		const char *value;
		bool accepted;
		bool any;
	} rows[] = {
		{ "1404", true, false }, { "\"any\"", true, true },
		{ "1368", false, false }, { "0", false, false },
		{ "\"1404\"", false, false }, { "\"\"", false, false },
		{ "true", false, false }, { "null", false, false },
		{ "1404.0", false, false }, { "[]", false, false },
	};
	struct error error;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct conf *conf = load(fixture_format(
		    "{\"ciphertext_length\":%s," LISTS "}", rows[i].value),
		    &error);

		tap_is_int(conf != NULL, rows[i].accepted,
		    "ciphertext_length %s", rows[i].value);
		if (conf == NULL)
			tap_is_string(error.words, fixture_format(
			    "%s:1:2: ciphertext_length: must be 1404 or "
			    "\"any\", not %s", fixture_path("conf.json"),
			    strcmp(rows[i].value, "[]") == 0 ? "an array" :
			    rows[i].value),
			    "ciphertext_length %s: the words", rows[i].value);
		else
			tap_is_int(conf->limits.any_ciphertext_length,
			    rows[i].any, "ciphertext_length %s: any",
			    rows[i].value);
		conf_free(conf);
	}
}

static void
check_log(void)
{
	static const struct {
		const char *log;
		enum log_level level;
		bool to_syslog;
	} rows[] = {
		{ "{}", LOG_LEVEL_INFO, false },
		{ "{\"level\":\"error\"}", LOG_LEVEL_ERROR, false },
		{ "{\"level\":\"warn\"}", LOG_LEVEL_WARN, false },
		{ "{\"level\":\"info\",\"to\":\"stderr\"}", LOG_LEVEL_INFO,
		    false },
		{ "{\"to\":\"syslog\"}", LOG_LEVEL_INFO, true },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct conf *conf = load_good(fixture_format(
		    "{\"log\":%s," LISTS "}", rows[i].log));

		tap_is_int(conf->log.level, rows[i].level, "the level of %s",
		    rows[i].log);
		tap_is_int(conf->log.to_syslog, rows[i].to_syslog,
		    "the place of %s", rows[i].log);
		conf_free(conf);
	}
}

/* --- ranges -------------------------------------------------------------- */

static const struct {
	const char *name;
	long long minimum;
	long long maximum;
} ranges[] = {
	{ "request_timeout_ms", 100, 600000 },
	{ "max_request_size_kb", 1, 65536 },
	{ "max_notification_size_kb", 1, 65536 },
	{ "max_batch_size", 1, 10000 },
	{ "max_devices_per_notification", 1, 100000 },
	{ "max_requests_in_flight", 1, 100000 },
};

static void
check_number(const char *name, const char *value, const char *words)
{
	struct error error = { .words = "" };
	struct conf *conf = load(fixture_format("{\"%s\":%s," LISTS "}", name,
	    value), &error);

	tap_ok((conf != NULL) == (words == NULL), "%s: %s is %s", name, value,
	    words == NULL ? "accepted" : "refused");
	if (words != NULL)
		tap_is_string(error.words, fixture_format(
		    "%s:1:2: %s: %s, not %s", fixture_path("conf.json"), name,
		    words, value), "%s: %s: the words", name, value);
	conf_free(conf);
}

static void
check_range(size_t row)
{
	const char *name = ranges[row].name;
	const char *words = fixture_format("must be from %lld to %lld",
	    ranges[row].minimum, ranges[row].maximum);

	check_number(name, fixture_format("%lld", ranges[row].minimum), NULL);
	check_number(name, fixture_format("%lld", ranges[row].maximum), NULL);
	check_number(name, fixture_format("%lld", ranges[row].minimum - 1),
	    words);
	check_number(name, fixture_format("%lld", ranges[row].maximum + 1),
	    words);
	check_number(name, "-9223372036854775808", words);
	check_number(name, "9223372036854775807", words);
	check_number(name, "200.0", "must be an integer");
	check_number(name, "\"200\"", "must be an integer");
	check_number(name, "true", "must be an integer");
	check_number(name, "null", "must be an integer");
}

/* --- errors: line, column, words ----------------------------------------- */

static const struct {
	const char *text;
	const char *position;
	const char *words;
} errors[] = {
	/* Syntax. */
	{ "", "1:1", "too early" },
	{ "// nothing\n", "2:1", "too early" },
	{ "{" LISTS, "1:24", "too early" },
	{ "{\n\t\"clients\": [],\n\t\"apps\": []\n", "4:1", "too early" },
	{ "{" LISTS "}\n}", "2:1", "unexpected text after the end" },
	{ "{" LISTS "} // ok\n\n x", "3:2", "unexpected text after the end" },
	{ "{\n\t\"clients\" []}", "2:12", "" },
	{ "{\n\t\"clients\": [],\n\tapps: []\n}", "3:2", "" },
	{ "{\n\t\"clients\": [}\n}", "2:14", "" },
	{ "{\"clients\":[],\n\"apps\":[\xff]}", "2:9", "" },
	/* The whole. */
	{ "[]", "1:1", "must be an object" },
	{ "  12\n", "1:3", "must be an object" },
	{ "/* a */ null\n", "1:9", "must be an object" },
	{ "{}", "1:1", "\"clients\" is missing" },
	{ "\n {\"clients\":[]}", "2:2", "\"apps\" is missing" },
	{ "{" LISTS ",\n  \"client\":[]}", "2:3",
	    "unknown setting \"client\"" },
	{ "{" LISTS ",\"Log\":{}}", "1:25", "unknown setting \"Log\"" },
	{ "{\"a/b~c\":1," LISTS "}", "1:2", "unknown setting \"a/b~c\"" },
	{ "{" LISTS ",\"metrics\":{}}", "1:25",
	    "unknown setting \"metrics\"" },
	/* Types. */
	{ "{" LISTS ",\n\"state_directory\":1}", "2:1", "must be a path" },
	{ "{" LISTS ",\n\"state_directory\":\"\"}", "2:1",
	    "must not be empty" },
	{ "{" LISTS ",\n\"proxy\":false}", "2:1", "must be a string" },
	{ "{" LISTS ",\n\"proxy\":\"\"}", "2:1", "must not be empty" },
	{ "{" LISTS ",\n\"proxy\":\"a\\u0000b\"}", "2:1",
	    "control characters" },
	{ "{" LISTS ",\n\"ca_file\":[]}", "2:1", "must be a path" },
	{ "{" LISTS ",\n\"ca_file\":\"a\\tb\"}", "2:1",
	    "control characters" },
	{ "{\"clients\":{},\"apps\":[]}", "1:2",
	    "must be an array of objects" },
	{ "{\"clients\":[],\"apps\":\"\"}", "1:15",
	    "must be an array of objects" },
	{ "{\"clients\":[ {\"name\":\"n\"}, 1],\"apps\":[]}", "1:28",
	    "must be an object" },
	/* The log. */
	{ "{" LISTS ",\"log\":1}", "1:25", "must be an object" },
	{ "{" LISTS ",\"log\":{\n\"level\":1}}", "2:1",
	    "must be a string" },
	{ "{" LISTS ",\"log\":{\n\"level\":\"verbose\"}}", "2:1",
	    "must be error, warn, info or debug" },
	{ "{" LISTS ",\"log\":{\n\"level\":\"INFO\"}}", "2:1",
	    "must be error, warn, info or debug" },
	{ "{" LISTS ",\"log\":{\"level\":\"info\",\n \"to\":\"file\"}}",
	    "2:2", "must be stderr or syslog" },
	{ "{" LISTS ",\"log\":{\n\"file\":\"x\"}}", "2:1",
	    "unknown setting \"file\"" },
	/* Clients. */
	{ "{\"apps\":[],\"clients\":[\n\t{\"name\":\"n\"},\n\t{}]}", "3:2",
	    "\"name\" is missing" },
	{ "{\"apps\":[],\"clients\":[\n\t{\"name\":\"n\",\n\t\"app\":[]}]}",
	    "3:2", "unknown setting \"app\"" },
	{ "{\"apps\":[],\"clients\":[{\"name\":\"n\",\n\t"
	    "\"certificate_sha256\":[\n\t\t\"00\"]}]}", "3:3", "SHA-256" },
	{ "{\"apps\":[],\"clients\":[{\"name\":\"n\",\n\t"
	    "\"san_dns\": [\"a\", /* b */ 2]}]}", "2:27",
	    "must be a string" },
	{ "{\"apps\":[],\"clients\":[{\"name\":\"n\",\n\"apps\":[]},\n"
	    "{\"name\":\"m\",\n\"issuer_sha256\":[]}]}", "4:1",
	    "at least one value" },
	/* Apps. */
	{ "{\"clients\":[],\"apps\":[\n{}]}", "2:1", "\"app_id\"" },
	{ "{\"clients\":[],\"apps\":[\n" FCM("a") ",\n{\"app_id\":\"b\",\n"
	    "\"provider\":\"x\"}]}", "4:1", "no provider \"x\"" },
	{ "{\"clients\":[],\"apps\":[\n" FCM("a") ",\n" FCM("a") "]}", "3:2",
	    "already" },
	{ "{\"clients\":[],\"apps\":[{\"app_id\":\"a\",\"provider\":\"fcm\","
	    "\n\"service_account_file\":\"s\",\n\"url\":\"ftp://x\"}]}",
	    "3:1", "https://" },
	{ "{\"clients\":[],\"apps\":[{\"app_id\":\"a\",\n\"provider\":"
	    "\"apns\",\"key_file\":\"k\",\n\"key_id\":\"a-b\",\"team_id\":"
	    "\"TEAM123456\"}]}", "3:1", "key_id: must be ten capital letters "
	    "and digits, as Apple's developer site shows it, not \"a-b\"" },
	{ "{\"clients\":[],\"apps\":[{\"app_id\":\"a\",\"provider\":"
	    "\"fcm\",\"service_account_file\":\"s\",\n"
	    "\"time_to_live_s\":-1}]}", "2:1", "from 0 to 2419200" },
};

static void
check_error(size_t row)
{
	struct error error = { .words = "" };
	struct conf *conf = load(errors[row].text, &error);
	const char *place = fixture_format("%s:%s: ",
	    fixture_path("conf.json"), errors[row].position);

	tap_ok(conf == NULL, "%s is refused", errors[row].text);
	tap_is_string(fixture_format("%.*s", (int)strlen(place), error.words),
	    place, "%s: the place", errors[row].text);
	tap_contains(error.words, errors[row].words, "%s: the words",
	    errors[row].text);
	conf_free(conf);
}

/* --- files and paths ----------------------------------------------------- */

static void
check_files(void)
{
	struct error error = { .words = "" };

	tap_ok(conf_load(fixture_path("none.json"), &error) == NULL,
	    "a missing file is refused");
	tap_contains(error.words, fixture_path("none.json"),
	    "the words name it");
	tap_contains(error.words, "No such file", "the words say why");
	tap_ok(conf_load(fixture_directory(), &error) == NULL,
	    "a directory is refused");
	tap_contains(error.words, fixture_directory(), "the words name it");
	tap_ok(load(fixture_format("{" LISTS "}%s", fixture_repeat(" ",
	    4 * 1024 * 1024)), &error) == NULL,
	    "a file of more than 4 MiB is refused");
}

static void
check_comments(void)
{
	struct error error = { .words = "" };
	struct conf *conf = load_good("// The first line.\n/* and a\n * block"
	    " */ { // here\n\t\"max_batch_size\": /* there */ 5, // and\n"
	    "\t\"ca_file\": \"//a//b/*c*/\", /**/\n\t" LISTS "\n} // end\n");

	tap_is_int(conf->limits.max_batch_size, 5,
	    "comments may stand everywhere");
	tap_is_string(conf->ca_file, "//a//b/*c*/",
	    "but there are none in strings");
	conf_free(conf);
	conf = load("{" LISTS "}\n// The end.", &error);
	if (!tap_ok(conf != NULL, "a file may end in a comment"))
		tap_note("%s", error.words);
	conf_free(conf);
	conf = load("{" LISTS "}\n/* The end. */", &error);
	tap_ok(conf != NULL, "and in one of the other kind");
	conf_free(conf);
}

/* Relative paths begin where the file is, wherever the program is. */
static void
check_paths(void)
{
	const char *directory = fixture_directory();
	char *before = getcwd(NULL, 0);
	struct error error;
	struct conf *conf = load_good("{\"state_directory\":\"state\","
	    "\"ca_file\":\"../ca.pem\"," LISTS "}");

	tap_is_string(conf->state_directory, fixture_format("%s/state",
	    directory), "a relative state_directory");
	tap_is_string(conf->ca_file, fixture_format("%s/../ca.pem",
	    directory), "a relative ca_file");
	tap_is_string(conf->http.ca_file, conf->ca_file,
	    "the same for the engine");
	conf_free(conf);
	if (before == NULL || chdir(directory) == -1)
		tap_bail_out("cannot enter %s", directory);
	conf = conf_load("conf.json", &error);
	tap_is_string(conf == NULL ? NULL : conf->state_directory, "./state",
	    "a file without a directory");
	conf_free(conf);
	if (chdir(before) == -1)
		tap_bail_out("cannot go back to %s", before);
	free(before);
}

/* --- clients, apps and credentials --------------------------------------- */

static void
check_lists(void)
{
	struct conf *conf = load_good("{\"clients\":[{\"name\":\"first\","
	    "\"san_dns\":[\"a\"]},{\"name\":\"any\",\"apps\":[\"b.*\"]}],"
	    "\"apps\":[" FCM("b.*") ",{\"app_id\":\"c.apns\",\"provider\":"
	    "\"apns\",\"key_file\":\"k\",\"key_id\":\"ABC1234567\","
	    "\"team_id\":\"TEAM123456\"}]}");
	struct caller_certificate identity = { .san_dns_count = 1,
	    .san_dns = { "a" } };
	const struct client *client;

	client = client_list_find(conf->clients, &identity);
	tap_is_string(client == NULL ? NULL : client_name(client), "first",
	    "the first client");
	identity.san_dns_count = 0;
	client = client_list_find(conf->clients, &identity);
	tap_is_string(client == NULL ? NULL : client_name(client), "any",
	    "the second client");
	tap_ok(client != NULL && client_may_address(client, "b.x") &&
	    !client_may_address(client, "c.apns"), "its apps");
	tap_is_string(app_registry_find(conf->apps,
	    &(struct app_query){ .app_id = "b.x" })->provider->name,
	    "fcm", "the first app");
	tap_is_string(app_registry_find(conf->apps,
	    &(struct app_query){ .app_id = "c.apns" })->provider->name,
	    "apns", "the second app");
	tap_ok(app_registry_find(conf->apps,
	    &(struct app_query){ .app_id = "d" }) == NULL, "no third app");
	conf_free(conf);
}

int
main(void)
{
	size_t i;

	check_defaults();
	check_values();
	check_ciphertext_length();
	check_log();
	for (i = 0; i < sizeof ranges / sizeof *ranges; i++)
		check_range(i);
	for (i = 0; i < sizeof errors / sizeof *errors; i++)
		check_error(i);
	check_files();
	check_comments();
	check_paths();
	check_lists();
	return tap_done();
}
