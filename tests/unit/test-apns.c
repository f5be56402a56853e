/* SPDX-License-Identifier: Apache-2.0 */
/* APNs: accounts, keys, channels and tokens.  Its requests and answers are in
 * test-apns-compose.c and test-apns-judge.c. */
#include "provider/provider.h"

#include <string.h>

#include "base/clock.h"
#include "fixture.h"
#include "provider-fixture.h"
#include "tap.h"

#define NOW 1700000000

static const struct provider *apns;

#define KEY "\"key_file\":\"key.p8\",\"key_id\":\"ABC1234567\"," \
    "\"team_id\":\"TEAM123456\""
#define APP "\"app_id\":\"a\",\"provider\":\"apns\""
#define LEAST "\"app_id\":\"de.example.ios.apns\",\"provider\":\"apns\"," KEY

/* An account that must be there, with its key. */
static void *
load_account(const char *section)
{
	struct error error;
	void *account = provider_fixture_open(apns, section, &error);

	if (account == NULL || !apns->load(account, &error))
		tap_bail_out("%s: %s", section, error.words);
	return account;
}

/* --- open ---------------------------------------------------------------- */

static const char *const accepted[] = {
	"{" LEAST "}",
	"{" LEAST ",\"topic\":\"t\",\"environment\":\"sandbox\",\"url\":"
	    "\"https://localhost:1\",\"alert_title\":\"T\",\"alert_body\":"
	    "\"B\",\"sound\":\"default\",\"time_to_live_s\":0}",
	"{" LEAST ",\"time_to_live_s\":2592000}",
	"{" LEAST ",\"url\":\"https://[::1]:8443\"}",
	"{" LEAST ",\"url\":\"https://[2001:db8::7]/apns\"}",
	"{" LEAST ",\"url\":\"https://192.0.2.7:2197/\"}",
	"{" APP ",\"certificate_file\":\"c.pem\"}",
	"{" APP ",\"certificate_file\":\"c.p12\","
	    "\"certificate_password_file\":\"p\"}",
	"{" LEAST ",\"url\":\"https://proxy.example/apns/\"}",
	"{\"app_id\":\"de.example.*\",\"provider\":\"apns\",\"topic\":\"t\","
	    KEY "}",
};

static const struct provider_section errors[] = {
	{ "{" LEAST ",\"tpoic\":\"t\"}", "/tpoic",
	    "unknown setting \"tpoic\"" },
	{ "{" LEAST ",\"service_account_file\":\"t\"}",
	    "/service_account_file", "unknown setting" },
	{ "{" APP "}", "", "\"key_file\" is missing, or "
	    "\"certificate_file\" in place of a key" },
	{ "{\"app_id\":\"a\",\"provider\":\"apns\",\"key_file\":\"k\"}", "",
	    "\"key_id\"" },
	{ "{\"app_id\":\"a\",\"provider\":\"apns\",\"key_file\":\"k\","
	    "\"key_id\":\"ABC1234567\"}", "", "\"team_id\"" },
	{ "{" LEAST ",\"key_file\":\"\"}", "/key_file", "empty" },
	{ "{" LEAST ",\"key_file\":1}", "/key_file", "must be a path" },
	{ "{" LEAST ",\"key_id\":\"AB-1\"}", "/key_id",
	    "must be ten capital letters and digits" },
	{ "{" LEAST ",\"key_id\":\"A\\\"B\"}", "/key_id",
	    "must be ten capital letters and digits" },
	{ "{" LEAST ",\"key_id\":\"ABC123456\"}", "/key_id",
	    "must be ten capital letters and digits" },
	{ "{" LEAST ",\"key_id\":12}", "/key_id", "must be a string" },
	{ "{" LEAST ",\"team_id\":\"T 1\"}", "/team_id",
	    "must be ten capital letters and digits" },
	{ "{" LEAST ",\"team_id\":\"team123456\"}", "/team_id",
	    "must be ten capital letters and digits" },
	{ "{" LEAST ",\"team_id\":\"../..\"}", "/team_id",
	    "must be ten capital letters and digits" },
	{ "{" LEAST ",\"environment\":\"development\"}", "/environment",
	    "\"production\" or \"sandbox\"" },
	{ "{" LEAST ",\"environment\":\"Sandbox\"}", "/environment",
	    "\"production\" or \"sandbox\"" },
	{ "{" LEAST ",\"url\":\"http://api.push.apple.com\"}", "/url",
	    "https://" },
	{ "{" LEAST ",\"url\":\"api.push.apple.com\"}", "/url", "https://" },
	{ "{" LEAST ",\"url\":\"https://\"}", "/url", "https://" },
	{ "{" LEAST ",\"url\":\"https:///path\"}", "/url", "https://" },
	{ "{" LEAST ",\"url\":\"https://h?q\"}", "/url", "https://" },
	{ "{" LEAST ",\"url\":\"https://h/#f\"}", "/url", "https://" },
	{ "{" LEAST ",\"url\":\"https://user@h\"}", "/url", "https://" },
	{ "{" LEAST ",\"url\":\"https://h h\"}", "/url", "https://" },
	{ "{" LEAST ",\"url\":\"https://h:\"}", "/url", "https://" },
	{ "{" LEAST ",\"url\":\"https://h:port\"}", "/url", "https://" },
	{ "{" LEAST ",\"url\":\"https://h:123456\"}", "/url", "https://" },
	{ "{" LEAST ",\"url\":\"https://:443\"}", "/url", "https://" },
	{ "{" LEAST ",\"url\":\"https://::1\"}", "/url", "https://" },
	{ "{" LEAST ",\"url\":\"https://[::1\"}", "/url", "https://" },
	{ "{" LEAST ",\"url\":\"https://[]\"}", "/url", "https://" },
	{ "{" LEAST ",\"url\":\"https://[::1]x\"}", "/url", "https://" },
	{ "{" LEAST ",\"url\":\"https://[host]\"}", "/url", "https://" },
	{ "{" LEAST ",\"url\":\"https://h]\"}", "/url", "https://" },
	{ "{" LEAST ",\"time_to_live_s\":-1}", "/time_to_live_s",
	    "from 0 to 2592000" },
	{ "{" LEAST ",\"time_to_live_s\":2592001}", "/time_to_live_s",
	    "from 0 to 2592000" },
	{ "{" LEAST ",\"time_to_live_s\":1.0}", "/time_to_live_s",
	    "must be an integer" },
	{ "{" LEAST ",\"time_to_live_s\":\"1\"}", "/time_to_live_s",
	    "must be an integer" },
	{ "{" LEAST ",\"alert_body\":\"\"}", "/alert_body", "empty" },
	{ "{" LEAST ",\"alert_title\":null}", "/alert_title",
	    "must be a string" },
	{ "{" LEAST ",\"sound\":{}}", "/sound", "must be a string" },
	{ "{" LEAST ",\"payload\":\"x\"}", "/payload",
	    "must be gematik or matrix" },
	{ "{" LEAST ",\"push_type\":\"Alert\"}", "/push_type",
	    "must be alert, background," },
	{ "{" LEAST ",\"send_badge_counts\":0}", "/send_badge_counts",
	    "must be true or false" },
	{ "{" LEAST ",\"topic\":\"a\\r\\nb: c\"}", "/topic",
	    "control characters" },
	{ "{\"app_id\":\"de.example.*\",\"provider\":\"apns\"," KEY "}", "",
	    "\"topic\" is missing" },
	{ "{" LEAST ",\"certificate_file\":\"c\"}", "/key_file",
	    "\"key_file\" and a certificate exclude each other" },
	{ "{" APP ",\"certificate_file\":\"c\",\"key_id\":\"K\"}",
	    "/key_id", "\"key_id\" and a certificate exclude each other" },
	{ "{" APP ",\"certificate_password_file\":\"p\"}", "",
	    "\"certificate_file\" is missing" },
	{ "{" APP ",\"key_file\":\"k\",\"certificate_password_file\":"
	    "\"p\"}", "/key_file",
	    "\"key_file\" and a certificate exclude each other" },
};

/* The whole of the words, where a part could be said too much. */
static const struct {
	const char *section;
	const char *words;
} missing[] = {
	{ "{" APP ",\"key_file\":\"k\"}", "\"key_id\" is missing" },
	{ "{" APP ",\"certificate_password_file\":\"p\"}",
	    "\"certificate_file\" is missing" },
	{ "{" APP "}", "\"key_file\" is missing, or \"certificate_file\" in "
	    "place of a key" },
	{ "{\"app_id\":\"de.example.*\",\"provider\":\"apns\"," KEY "}",
	    "\"topic\" is missing: the pattern \"de.example.*\" implies "
	    "none" },
};

static void
check_missing(size_t i)
{
	struct error error = { .words = "" };

	tap_ok(provider_fixture_open(apns, missing[i].section, &error) ==
	    NULL, "%s is refused", missing[i].section);
	tap_is_string(error.words, missing[i].words, "%s: the words",
	    missing[i].section);
	tap_contains(error.words, fixture_format("\"%s\"", error.missing),
	    "%s: what is missing is named for itself, too",
	    missing[i].section);
}

static void
check_open(void)
{
	size_t i;

	for (i = 0; i < sizeof accepted / sizeof *accepted; i++)
		provider_fixture_check_section(apns,
		    &(struct provider_section){ .section = accepted[i] });
	for (i = 0; i < sizeof errors / sizeof *errors; i++)
		provider_fixture_check_section(apns, &errors[i]);
	for (i = 0; i < sizeof missing / sizeof *missing; i++)
		check_missing(i);
}

/* --- load ---------------------------------------------------------------- */

/* The first 20 letters of the base64 of a key. */
static const char *
part_of(const char *pem)
{
	return fixture_format("%.20s", strchr(pem, '\n') + 1 + 40);
}

static void
check_refused_key(void *account, const char *name, const char *pem,
    const char *words)
{
	struct error error = { .words = "" };
	const char *path = fixture_path("key.p8");

	if (pem != NULL)
		fixture_file("key.p8", pem);
	tap_ok(!apns->load(account, &error), "%s is refused", name);
	tap_is_string(error.pointer, "/key_file", "%s: the place", name);
	tap_contains(error.words, path, "%s: the words name the file", name);
	tap_contains(error.words, words, "%s: the words say why", name);
	if (pem != NULL && strlen(pem) > 100)
		tap_lacks(error.words, part_of(pem),
		    "%s: nothing of the key is in the words", name);
}

static void
check_load(void)
{
	const char *good = fixture_pem(fixture_key(FIXTURE_KEY_P256), NULL);
	struct error error;
	void *account = provider_fixture_open(apns, "{" LEAST "}", &error);

	check_refused_key(account, "a missing file", NULL, "No such file");
	check_refused_key(account, "an empty file", "", "is empty");
	check_refused_key(account, "a file without PEM",
	    fixture_repeat("no key\n", 20), "PEM");
	check_refused_key(account, "an encrypted key", fixture_pem(
	    fixture_key(FIXTURE_KEY_P256), "secret"), "is encrypted");
	check_refused_key(account, "a key on another curve", fixture_pem(
	    fixture_key(FIXTURE_KEY_P384), NULL), "P-256");
	check_refused_key(account, "an RSA key", fixture_pem(
	    fixture_key(FIXTURE_KEY_RSA_2048), NULL), "P-256");
	check_refused_key(account, "a file of more than 16 KiB",
	    fixture_format("%s%s", good, fixture_repeat("\n",
	    16385 - strlen(good))), "large");
	fixture_file("key.p8", fixture_format("%s%s", good,
	    fixture_repeat("\n", 16384 - strlen(good))));
	tap_ok(apns->load(account, &error), "a file of 16 KiB is read");
	fixture_file("key.p8", good);
	tap_ok(apns->load(account, &error), "a key is read after all");
	tap_ok(apns->load(account, &error), "it can be read again");
	apns->close(account);
	apns->close(NULL);
	account = provider_fixture_open(apns, fixture_format("{" APP ","
	    "\"key_file\":\"%s\",\"key_id\":\"ABC1234567\","
	    "\"team_id\":\"TEAM123456\"}",
	    fixture_file("elsewhere.p8", good)), &error);
	tap_ok(apns->load(account, &error), "an absolute path is taken");
	apns->close(account);
}

/* --- describe ------------------------------------------------------------ */

#define OTHER(app, key, team, more) "{\"app_id\":\"" app "\"," \
    "\"provider\":\"apns\",\"key_file\":\"key.p8\",\"key_id\":\"" key "\"," \
    "\"team_id\":\"" team "\"" more "}"

static const struct {
	const char *name;
	const char *section;
	bool same;		/* as the first */
} channels[] = {
	{ "the first", OTHER("a", "ABC0000001", "TEAM000001", ""), true },
	{ "another app", OTHER("b", "ABC0000001", "TEAM000001", ",\"topic\":\"t\","
	    "\"sound\":\"s\",\"time_to_live_s\":5"), true },
	{ "the url in so many words", OTHER("a", "ABC0000001", "TEAM000001",
	    ",\"url\":\"https://api.push.apple.com/\""), true },
	{ "another key id", OTHER("a", "ABC0000002", "TEAM000001", ""), false },
	{ "another team", OTHER("a", "ABC0000001", "TEAM000002", ""), false },
	{ "another environment", OTHER("a", "ABC0000001", "TEAM000001",
	    ",\"environment\":\"sandbox\""), false },
	{ "another url", OTHER("a", "ABC0000001", "TEAM000001",
	    ",\"url\":\"https://localhost:2197\""), false },
	{ "another port", OTHER("a", "ABC0000001", "TEAM000001",
	    ",\"url\":\"https://api.push.apple.com:2197\""), false },
};

static void
check_describe(void)
{
	struct provider_channel first, channel;
	EVP_PKEY *other = fixture_key_create(FIXTURE_KEY_P256);
	void *account = load_account(channels[0].section);
	size_t i;

	apns->describe(account, NULL, &first);
	tap_contains(first.name, "apns", "the name names the provider: %s",
	    first.name);
	tap_is_int(first.pool.apart_ms, 2000,
	    "connections are opened seconds apart");
	tap_ok(first.pool.http2_only && first.pool.warm_up,
	    "a pool of HTTP/2 alone, warmed up");
	tap_is_int(first.token_min_age_s, 1200,
	    "a token lives 20 minutes at least");
	tap_is_int(first.token_renew_ahead_s, 600,
	    "a token is renewed at 50 minutes");
	apns->close(account);
	for (i = 0; i < sizeof channels / sizeof *channels; i++) {
		account = load_account(channels[i].section);
		apns->describe(account, NULL, &channel);
		tap_ok((strcmp(channel.name, first.name) == 0) ==
		    channels[i].same, "%s: %s channel", channels[i].name,
		    channels[i].same ? "the same" : "another");
		apns->close(account);
	}
	fixture_file("key.p8", fixture_pem(other, NULL));
	account = load_account(channels[0].section);
	apns->describe(account, NULL, &channel);
	tap_ok(strcmp(channel.name, first.name) != 0,
	    "another key in the file: another channel");
	apns->close(account);
	fixture_file("key.p8", fixture_pem(fixture_key(FIXTURE_KEY_P256),
	    NULL));
	EVP_PKEY_free(other);
}

/* --- by certificate ------------------------------------------------------ */

#define BY_CERTIFICATE "{" APP ",\"certificate_file\":\"c.pem\"," \
    "\"certificate_password_file\":\"password\"}"

/* With the key, whose password is "secret". */
static const char *
certificate_of(EVP_PKEY *key, int64_t expires_s)
{
	X509 *certificate = fixture_certificate(key, NOW - 1, expires_s);
	const char *text = fixture_format("%s%s",
	    fixture_certificate_pem(certificate), fixture_pem(key, "secret"));

	X509_free(certificate);
	return text;
}

static void
is_refused(void *account, const char *place, const char *words,
    const char *name)
{
	struct error error = { .words = "" };

	tap_ok(!apns->load(account, &error), "%s is refused", name);
	tap_is_string(error.pointer, place, "%s: the place", name);
	tap_contains(error.words, words, "%s: the words say why", name);
	tap_lacks(error.words, "secret", "%s: no secret is in them", name);
}

static void
check_certificate(void)
{
	EVP_PKEY *key = fixture_key(FIXTURE_KEY_P256);
	struct provider_channel channel;
	struct error error;
	void *account = provider_fixture_open(apns, BY_CERTIFICATE, &error);

	clock_fake(0, NOW);
	fixture_file("c.pem", certificate_of(key, NOW + 60));
	is_refused(account, "/certificate_password_file", "No such file",
	    "a password that is missing");
	fixture_file("password", "other secret");
	is_refused(account, "/certificate_file", fixture_path("c.pem"),
	    "another password");
	fixture_file("password", "secret");
	fixture_file("c.pem", certificate_of(key, NOW));
	is_refused(account, "/certificate_file", "expired",
	    "an expired certificate");
	fixture_file("c.pem", certificate_of(key, NOW + 60));
	tap_ok(apns->load(account, &error), "a certificate is read");
	tap_is_int(apns->expires_s(account), NOW + 60, "its end is known");
	apns->describe(account, NULL, &channel);
	tap_ok(channel.needs_no_token && !channel.pool.warm_up,
	    "no token is needed, and nobody waits for a good one");
	tap_contains(channel.pool.certificate, "BEGIN CERTIFICATE",
	    "connections show it");
	tap_contains(channel.pool.key, "PRIVATE KEY", "and use its key");
	tap_is_string(apns->credentials(account, 0), fixture_path("c.pem"),
	    "its file is named");
	tap_is_string(apns->credentials(account, 1),
	    fixture_path("password"), "and that of the password");
	tap_is_string(apns->credentials(account, 2), NULL, "and no other");
	apns->close(account);
	account = load_account("{" LEAST "}");
	tap_is_int(apns->expires_s(account), 0, "a key has no end");
	apns->close(account);
}

/* --- the environment ----------------------------------------------------- */

static void
check_environment(void)
{
	void *production = load_account("{" LEAST "}");
	void *sandbox = load_account("{" LEAST
	    ",\"environment\":\"sandbox\"}");

	tap_ok(!apns->is_sandbox(production), "people's apps are no sandbox");
	tap_ok(apns->is_sandbox(sandbox), "developers' are");
	apns->close(production);
	apns->close(sandbox);
}

/* --- mint ---------------------------------------------------------------- */

static void
check_mint(void)
{
	struct token token = { .text = "" };
	struct http_request request;
	struct error error;
	void *account = load_account("{" LEAST "}");

	http_request_init(&request);
	tap_is_int(apns->mint(account, "", 1700000000, &token, &request,
	    &error),
	    PROVIDER_MINT_DONE, "a token is made on the spot");
	tap_ok(fixture_jwt_is_signed_by(token.text,
	    fixture_key(FIXTURE_KEY_P256)), "it is signed by the key");
	fixture_is_json(fixture_jwt_part(token.text, 0),
	    "{\"alg\":\"ES256\",\"kid\":\"ABC1234567\"}", "its header");
	fixture_is_json(fixture_jwt_part(token.text, 1),
	    "{\"iss\":\"TEAM123456\",\"iat\":1700000000}", "its claims");
	tap_is_int(token.issued_s, 1700000000, "it is issued now");
	tap_is_int(token.expires_s, 1700003600, "it expires in an hour");
	tap_ok(request.url.size == 0, "nobody need be asked");
	tap_ok(apns->read == NULL, "there is no reply to be read");
	http_request_free(&request);
	apns->close(account);
}

int
main(void)
{
	apns = provider_find("apns");
	if (apns == NULL)
		tap_bail_out("there is no provider apns");
	check_open();
	check_load();
	check_describe();
	check_certificate();
	check_environment();
	check_mint();
	return tap_done();
}
