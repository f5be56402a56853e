/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts at Google without a key: their file, and whose they are.  How they
 * get tokens is in test-external-token.c. */
#include "provider/provider.h"

#include <string.h>

#include "base/xmalloc.h"
#include "compose.h"
#include "external-fixture.h"
#include "fixture.h"
#include "provider/external-account.h"
#include "provider/google-credentials.h"
#include "tap.h"

#define BY_URL(url) "{\"credential_source\":{\"url\":\"" url "\"}}"

static const struct provider *fcm;

/* --- the file ------------------------------------------------------------- */

static const char *const good_files[] = {
	"{}",
	EXTERNAL_AS(EXTERNAL_EMAIL),
	"{\"subject_token_type\":"
	    "\"urn:ietf:params:oauth:token-type:id_token\"}",
	"{\"subject_token_type\":\"urn:ietf:params:oauth:token-type:saml2\"}",
	"{\"service_account_impersonation\":{}}",
	"{\"service_account_impersonation\":{\"token_lifetime_seconds\":600}}",
	"{\"service_account_impersonation\":{"
	    "\"token_lifetime_seconds\":43200}}",
	"{\"credential_source\":{\"file\":\"/run/token\"}}",
	"{\"credential_source\":{\"file\":\"x\",\"format\":{}}}",
	"{\"credential_source\":{\"file\":\"x\",\"format\":{"
	    "\"type\":\"text\"}}}",
	"{\"credential_source\":{\"file\":\"x\",\"format\":{\"type\":\"json\","
	    "\"subject_token_field_name\":\"t\"}}}",
	BY_URL("https://issuer.example/token?audience=x"),
	BY_URL("http://169.254.169.254/metadata/identity/oauth2/token?a=b"),
	BY_URL("http://127.0.0.1:8080/token"),
	BY_URL("http://localhost:8080/token"),
	BY_URL("http://[::1]/token"),
	BY_URL("http://[fe80::1]/token"),
	"{\"credential_source\":{\"url\":\"https://h/\",\"headers\":{}}}",
	"{\"credential_source\":{\"url\":\"https://h/\",\"headers\":{"
	    "\"Metadata\":\"True\",\"X-Y_1\":\"\"}}}",
};

static const struct {
	const char *changes;
	const char *member;	/* as the words have it */
	const char *words;
} bad_files[] = {
	{ "{\"audience\":null}", "\"audience\"", "is missing" },
	{ "{\"audience\":\"https://iam.googleapis.com/x\"}", "\"audience\"",
	    "must be the provider of a pool" },
	{ "{\"audience\":1}", "\"audience\"", "must be a string" },
	{ "{\"subject_token_type\":null}", "\"subject_token_type\"",
	    "is missing" },
	{ "{\"subject_token_type\":"
	    "\"urn:ietf:params:aws:token-type:aws4_request\"}",
	    "\"subject_token_type\"", "not urn:ietf:params:aws" },
	{ "{\"token_url\":null}", "\"token_url\"", "is missing" },
	{ "{\"token_url\":\"http://sts.example/v1/token\"}", "\"token_url\"",
	    "not http://sts.example/v1/token" },
	{ "{\"token_url\":\"http://127.0.0.1/v1/token\"}", "\"token_url\"",
	    "https://" },
	{ "{\"token_url\":\"https://sts.example/?x\"}", "\"token_url\"",
	    "without a query" },
	{ "{\"service_account_impersonation_url\":"
	    "\"http://iam.example/serviceAccounts/a:generateAccessToken\"}",
	    "\"service_account_impersonation_url\"", "https://" },
	{ "{\"service_account_impersonation_url\":"
	    "\"https://iam.example/serviceAccounts/a:signJwt\"}",
	    "\"service_account_impersonation_url\"",
	    "must end with /serviceAccounts/EMAIL:generateAccessToken" },
	{ "{\"service_account_impersonation_url\":"
	    "\"https://iam.example/serviceAccounts/a\"}",
	    "\"service_account_impersonation_url\"", "must end with" },
	{ "{\"service_account_impersonation_url\":"
	    "\"https://iam.example/serviceAccounts/:generateAccessToken\"}",
	    "\"service_account_impersonation_url\"", "must end with" },
	{ "{\"service_account_impersonation\":[]}",
	    "\"service_account_impersonation\"", "must be an object" },
	{ "{\"service_account_impersonation\":{"
	    "\"token_lifetime_seconds\":599}}",
	    "\"service_account_impersonation/token_lifetime_seconds\"",
	    "from 600 to 43200" },
	{ "{\"service_account_impersonation\":{"
	    "\"token_lifetime_seconds\":43201}}",
	    "\"service_account_impersonation/token_lifetime_seconds\"",
	    "from 600 to 43200" },
	{ "{\"project_id\":\"a/b\"}", "\"project_id\"", "no" },
	{ "{\"quota_project_id\":\"../b\"}", "\"quota_project_id\"",
	    "is not a project id" },
	{ "{\"credential_source\":null}", "\"credential_source\"",
	    "is missing" },
	{ "{\"credential_source\":\"subject\"}", "\"credential_source\"",
	    "must be an object" },
	{ "{\"credential_source\":{}}", "\"credential_source\"",
	    "either a \"file\" or a \"url\"" },
	{ "{\"credential_source\":{\"file\":\"x\",\"url\":\"https://h/\"}}",
	    "\"credential_source\"", "either a \"file\" or a \"url\"" },
	{ "{\"credential_source\":{\"file\":\"\"}}",
	    "\"credential_source/file\"", "empty" },
	{ "{\"credential_source\":{\"executable\":{\"command\":\"/bin/x\"}}}",
	    "\"credential_source/executable\"", "is not supported" },
	{ "{\"credential_source\":{\"environment_id\":\"aws1\","
	    "\"url\":\"http://169.254.169.254/\"}}",
	    "\"credential_source/environment_id\"", "is not supported" },
	{ "{\"credential_source\":{\"certificate\":{}}}",
	    "\"credential_source/certificate\"", "is not supported" },
	{ BY_URL("http://issuer.example/token"), "\"credential_source/url\"",
	    "not http://issuer.example" },
	{ BY_URL("http://10.0.0.1/token?secret"), "\"credential_source/url\"",
	    "not http://10.0.0.1" },
	{ BY_URL("http://8.8.8.8/"), "\"credential_source/url\"",
	    "link-local" },
	{ BY_URL("http://[fd00::1]/"), "\"credential_source/url\"",
	    "link-local" },
	{ BY_URL("http://localhost.example/"), "\"credential_source/url\"",
	    "link-local" },
	{ BY_URL("http://2130706433/"), "\"credential_source/url\"",
	    "can be read in one way only" },
	{ BY_URL("http://secret@127.0.0.1/"), "\"credential_source/url\"",
	    "without user" },
	{ BY_URL("https://h/#secret"), "\"credential_source/url\"",
	    "fragment" },
	{ BY_URL("file:///etc/passwd"), "\"credential_source/url\"", "" },
	{ BY_URL("ftp://127.0.0.1/"), "\"credential_source/url\"", "" },
	{ "{\"credential_source\":{\"url\":\"https://h/\",\"headers\":[]}}",
	    "\"credential_source/headers\"", "must be an object" },
	{ "{\"credential_source\":{\"url\":\"https://h/\",\"headers\":{"
	    "\"a\":1}}}", "\"credential_source/headers/a\"",
	    "is not a valid HTTP header" },
	{ "{\"credential_source\":{\"url\":\"https://h/\",\"headers\":{"
	    "\"a b\":\"secret\"}}}", "\"credential_source/headers/a b\"",
	    "is not a valid HTTP header" },
	{ "{\"credential_source\":{\"url\":\"https://h/\",\"headers\":{"
	    "\"a\":\"secret\\r\\nb: c\"}}}", "\"credential_source/headers/a\"",
	    "is not a valid HTTP header" },
	{ "{\"credential_source\":{\"url\":\"https://h/\",\"headers\":{"
	    "\"a\":\"secret\\u0000\"}}}", "\"credential_source/headers/a\"",
	    "is not a valid HTTP header" },
	{ "{\"credential_source\":{\"url\":\"https://h/\",\"headers\":{"
	    "\"\":\"secret\"}}}", "\"credential_source/headers/\"",
	    "is not a valid HTTP header" },
	{ "{\"credential_source\":{\"file\":\"x\",\"format\":{"
	    "\"type\":1}}}", "\"credential_source/format/type\"",
	    "must be a string" },
	{ "{\"credential_source\":{\"file\":\"x\",\"format\":\"json\"}}",
	    "\"credential_source/format\"", "must be an object" },
	{ "{\"credential_source\":{\"file\":\"x\",\"format\":{"
	    "\"type\":\"xml\"}}}", "\"credential_source/format/type\"",
	    "must be text or json" },
	{ "{\"credential_source\":{\"file\":\"x\",\"format\":{"
	    "\"type\":\"json\"}}}", "\"credential_source/format\"",
	    "\"subject_token_field_name\" is missing" },
	{ "{\"universe_domain\":\"example.cloud\"}", "",
	    "is of the universe example.cloud: \"url\" must name its FCM" },
};

static void
check_bad_file(void *account, size_t i)
{
	struct error error = { .words = "" };
	const char *changes = bad_files[i].changes;

	external_fixture_write(changes);
	if (!tap_ok(!fcm->load(account, &error), "%s is refused", changes))
		return;
	tap_is_string(error.pointer, "/service_account_file", "%s: the place",
	    changes);
	tap_contains(error.words, fixture_path("external.json"),
	    "%s: the words name the file", changes);
	tap_contains(error.words, bad_files[i].member,
	    "%s: ... and the member", changes);
	tap_contains(error.words, bad_files[i].words, "%s: ... and say why",
	    changes);
	tap_lacks(error.words, "secret", "%s: no secret is in them", changes);
}

static void
check_load(void)
{
	void *account = external_fixture_open(EXTERNAL_APP);
	struct error error = { .words = "" };
	size_t i;

	for (i = 0; i < sizeof good_files / sizeof *good_files; i++) {
		external_fixture_write(good_files[i]);
		tap_ok(fcm->load(account, &error), "%s is taken%s%s",
		    good_files[i], *error.words == '\0' ? "" : ": ",
		    error.words);
	}
	for (i = 0; i < sizeof bad_files / sizeof *bad_files; i++)
		check_bad_file(account, i);
	fcm->close(account);
}

/* Whatever was loaded before: no token is made of half an account. */
static void
check_nothing_left(void)
{
	struct json_object *good = fixture_json("{\"audience\":\""
	    EXTERNAL_AUDIENCE "\",\"subject_token_type\":"
	    "\"urn:ietf:params:oauth:token-type:jwt\",\"token_url\":"
	    "\"https://sts.example/\",\"quota_project_id\":\"q\","
	    "\"credential_source\":{\"url\":\"https://h/\",\"headers\":"
	    "{\"a\":\"b\"},\"format\":{\"type\":\"json\","
	    "\"subject_token_field_name\":\"t\"}}}");
	struct json_object *source, *half = fixture_json(fixture_json_with(
	    json_object_to_json_string(good),
	    "{\"credential_source\":null}"));
	struct external_account account = { .audience = NULL };
	struct error error;

	json_object_object_get_ex(good, "credential_source", &source);
	tap_ok(external_account_load(&account, good, "/", &error),
	    "an account is loaded");
	tap_ok(!external_account_load(&account, half, "/", &error),
	    "... and another, which is refused");
	tap_ok(account.audience == NULL && account.project_id == NULL &&
	    account.source.url == NULL, "nothing is loaded then");
	tap_ok(subject_source_load(&account.source, source, "/", &error),
	    "a source is loaded");
	json_object_object_add(source, "format", json_object_new_string("x"));
	tap_ok(!subject_source_load(&account.source, source, "/", &error),
	    "... and another, which is refused");
	tap_ok(account.source.url == NULL && account.source.field == NULL &&
	    account.source.headers == NULL, "nothing of it is loaded then");
	json_object_object_del(source, "format");
	tap_ok(subject_source_load(&account.source, source, "/", &error) &&
	    account.source.headers != NULL, "a source is loaded once more");
	json_object_object_del(source, "headers");
	json_object_object_del(source, "url");
	json_object_object_add(source, "file", json_object_new_string("f"));
	account.source.field = xstrdup("t");
	tap_ok(subject_source_load(&account.source, source, "/", &error) &&
	    account.source.url == NULL && account.source.field == NULL &&
	    account.source.headers == NULL,
	    "one that is loaded over another has nothing of that");
	external_account_unload(&account);
	json_object_put(good);
	json_object_put(half);
}

/* A file of one type takes the place of all that one of the other said. */
static void
check_types(void)
{
	struct json_object *object = fixture_json("{\"type\":"
	    "\"service_account\",\"project_id\":\"my-project-3\","
	    "\"client_email\":\"e\"}");
	struct google_credentials credentials = { .account.key = NULL };
	const char *external = fixture_path("external.json"), *account;
	struct error error;

	json_object_object_add(object, "private_key", json_object_new_string(
	    fixture_pem(fixture_key(FIXTURE_KEY_RSA_2048), NULL)));
	account = fixture_file("sa.json", json_object_to_json_string(object));
	external_fixture_write(EXTERNAL_AS(EXTERNAL_EMAIL));
	tap_ok(google_credentials_load(&credentials, external, &error) &&
	    google_credentials_mint_file(&credentials) != NULL,
	    "an account without a key reads a file each time");
	tap_ok(google_credentials_load(&credentials, account, &error) &&
	    google_credentials_mint_file(&credentials) == NULL,
	    "one with a key in its place reads none");
	tap_is_string(google_credentials_project(&credentials),
	    "my-project-3", "... and has its own project");
	tap_ok(google_credentials_load(&credentials, external, &error) &&
	    google_credentials_mint_file(&credentials) != NULL,
	    "one without a key in the place of that");
	tap_is_string(google_credentials_project(&credentials),
	    "my-project-2", "... has its own project, too");
	google_credentials_unload(&credentials);
	json_object_put(object);
}

/* At each limit, and one past it. */
static void
check_limit(const char *changes, bool good, const char *words)
{
	void *account = external_fixture_open(EXTERNAL_APP);
	struct error error = { .words = "" };

	external_fixture_write(changes);
	tap_is_int(fcm->load(account, &error), good, "%.60s... is %s",
	    changes, good ? "taken" : "refused");
	tap_contains(error.words, words, "... in words");
	fcm->close(account);
}

static const char *
headers(unsigned int count)
{
	const char *list = "\"h0\":\"\"";
	unsigned int i;

	for (i = 1; i < count; i++)
		list = fixture_format("%s,\"h%u\":\"\"", list, i);
	return fixture_format("{\"credential_source\":{\"url\":"
	    "\"https://h/\",\"headers\":{%s}}}", list);
}

static void
check_limits(void)
{
	const char *start = "https://h/";
	const char *most = fixture_format("%s%s", start, fixture_repeat("x",
	    MESSAGE_URL_SIZE - strlen(start)));

	check_limit(headers(16), true, "");
	check_limit(headers(17), false, "\"credential_source/headers\" are "
	    "more than 16");
	check_limit(fixture_format(BY_URL("%s"), most), true, "");
	check_limit(fixture_format(BY_URL("%sx"), most), false,
	    "is longer than 2048 bytes");
	check_limit(fixture_format(BY_URL("http://%s.test/"),
	    fixture_repeat("x", 59)), false, "link-local");
	check_limit(fixture_format(BY_URL("http://%s.test/"),
	    fixture_repeat("x", 60)), false, "link-local");
}

/* --- whose it is ---------------------------------------------------------- */

#define NO_PROJECT "{" EXTERNAL_LEAST "}"

static const struct {
	const char *section;
	const char *changes;
	const char *project;	/* NULL: there is none */
} projects[] = {
	{ NO_PROJECT, "{}", NULL },
	{ EXTERNAL_APP, "{}", "my-project-1" },
	{ EXTERNAL_APP, "{\"project_id\":\"other\"}", "my-project-1" },
	{ NO_PROJECT, "{\"project_id\":\"other\","
	    "\"quota_project_id\":\"third\"}", "other" },
	{ NO_PROJECT, "{\"quota_project_id\":\"third\"}", "third" },
	{ NO_PROJECT, EXTERNAL_AS(EXTERNAL_EMAIL), "my-project-2" },
	{ NO_PROJECT,
	    EXTERNAL_AS("1-compute@developer.gserviceaccount.com"), NULL },
	{ NO_PROJECT,
	    EXTERNAL_AS("a@b.example.com.iam.gserviceaccount.com"), NULL },
	{ NO_PROJECT, EXTERNAL_AS("a@.iam.gserviceaccount.com"), NULL },
	{ NO_PROJECT, EXTERNAL_AS("a@b.iam.gserviceaccount.com.test"), NULL },
	{ NO_PROJECT, EXTERNAL_AS("a@b_c.iam.gserviceaccount.com"), NULL },
	{ NO_PROJECT, EXTERNAL_AS("a@b"), NULL },
	{ NO_PROJECT, EXTERNAL_AS("a.iam.gserviceaccount.com"), NULL },
	{ NO_PROJECT, EXTERNAL_AS("105012345678901234567"), NULL },
};

static void
check_project(size_t i)
{
	void *account = external_fixture_open(projects[i].section);
	const char *project = projects[i].project;
	struct provider_channel channel;
	struct error error;
	bool loaded;

	external_fixture_write(projects[i].changes);
	loaded = fcm->load(account, &error);
	tap_ok(loaded == (project != NULL), "%s %s names %s",
	    projects[i].section, projects[i].changes,
	    project == NULL ? "no project" : project);
	if (loaded && project != NULL) {
		fcm->describe(account, NULL, &channel);
		tap_contains(channel.name, fixture_format("fcm-%s-", project),
		    "... in its channel: %s", channel.name);
	} else if (!loaded)
		tap_contains(error.words, "names no project: set "
		    "\"project_id\"", "... in words");
	fcm->close(account);
}

static const struct {
	const char *name;
	const char *changes;
	bool same;		/* as that without changes */
} channels[] = {
	{ "the same file", "{}", true },
	{ "another audience", "{\"audience\":\"" EXTERNAL_AUDIENCE "-2\"}",
	    false },
	{ "an impersonated account", EXTERNAL_AS(EXTERNAL_EMAIL), false },
	{ "another source", "{\"credential_source\":{\"file\":\"two\"}}",
	    false },
	{ "another lifetime", "{\"service_account_impersonation\":{"
	    "\"token_lifetime_seconds\":600}}", true },
};

static void
check_channel(size_t i)
{
	struct provider_channel first, channel;
	void *account = external_fixture_load(EXTERNAL_APP, "{}");
	void *other = external_fixture_load(EXTERNAL_APP, channels[i].changes);

	fcm->describe(account, NULL, &first);
	fcm->describe(other, NULL, &channel);
	tap_ok((strcmp(first.name, channel.name) == 0) == channels[i].same,
	    "%s: %s channel", channels[i].name,
	    channels[i].same ? "the same" : "another");
	fcm->close(account);
	fcm->close(other);
}

/* --- collapse_key --------------------------------------------------------- */

#define COLLAPSES "{\"notification\":{\"event_id\":\"$e\",\"room_id\":" \
    "\"!r\",\"type\":\"m.room.message\",\"devices\":[{\"app_id\":\"a\"," \
    "\"pushkey\":\"token\",\"data\":{\"only_last_per_room\":true}}]}}"

static const char *
collapse_key(const char *changes)
{
	void *account = external_fixture_load("{" EXTERNAL_LEAST ","
	    "\"project_id\":\"p\",\"payload\":\"matrix\"}", changes);
	struct http_request request;
	const char *key;

	if (compose_first(fcm, account, DECODE_NOTIFY, COLLAPSES, &request) !=
	    CAUSE_NONE)
		tap_bail_out("it is not composed");
	key = strstr(buf_text(&request.body), "\"collapse_key\":");
	key = fixture_format("%.50s", key == NULL ? "" : key);
	http_request_free(&request);
	fcm->close(account);
	return key;
}

/* Each host has a subject token of its own, from where it pleases. */
static void
check_collapse_key(void)
{
	const char *key = collapse_key("{}");

	tap_contains(key, "\"collapse_key\":\"", "there is one without a key");
	tap_is_string(collapse_key("{\"credential_source\":{\"url\":"
	    "\"https://issuer.example/\"}}"), key,
	    "it is the same on a host with another source");
	tap_ok(strcmp(collapse_key("{\"audience\":\"" EXTERNAL_AUDIENCE
	    "-2\"}"), key) != 0, "with another audience it is another");
	tap_ok(strcmp(collapse_key(EXTERNAL_AS(EXTERNAL_EMAIL)), key) != 0,
	    "as another account it is another");
}

int
main(void)
{
	size_t i;

	fcm = provider_find("fcm");
	check_load();
	check_nothing_left();
	check_types();
	check_limits();
	for (i = 0; i < sizeof projects / sizeof *projects; i++)
		check_project(i);
	for (i = 0; i < sizeof channels / sizeof *channels; i++)
		check_channel(i);
	check_collapse_key();
	return tap_done();
}
