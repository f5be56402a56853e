/* SPDX-License-Identifier: Apache-2.0 */
/* Web Push and UnifiedPush: settings, keys, channels and tokens. */
#include "provider/provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "provider-fixture.h"
#include "tap.h"

#define NAME(name) "\"app_id\":\"a\",\"provider\":\"" name "\""
#define VAPID "\"vapid_key_file\":\"one.pem\"," \
    "\"subject\":\"mailto:push@example.org\""
#define WEB NAME("webpush") "," VAPID
#define UP NAME("unifiedpush")
#define SUBJECT(subject) "{" NAME("webpush") ",\"vapid_key_file\":" \
    "\"one.pem\",\"subject\":\"" subject "\"}"

static EVP_PKEY *other_key, *third_key;

static const struct provider *
provider_of(const char *section)
{
	const struct provider *provider = provider_find(
	    strstr(section, "unifiedpush") != NULL ? "unifiedpush" :
	    "webpush");

	if (provider == NULL)
		tap_bail_out("there is no such provider");
	return provider;
}

static void *
open_account(const char *section, struct error *error)
{
	return provider_fixture_open(provider_of(section), section, error);
}

static void *
load_account(const char *section)
{
	struct error error;
	void *account = open_account(section, &error);

	fixture_file("one.pem",
	    fixture_pem(fixture_key(FIXTURE_KEY_P256), NULL));
	fixture_file("other.pem", fixture_pem(other_key, NULL));
	fixture_file("third.pem", fixture_pem(third_key, NULL));
	if (account == NULL || !provider_of(section)->load(account, &error))
		tap_bail_out("%s: %s", section, error.words);
	return account;
}

/* --- settings ------------------------------------------------------------ */

static const struct provider_section sections[] = {
	{ "{" WEB "}", NULL, NULL },
	{ "{" WEB ",\"vapid_previous_key_file\":\"other.pem\"}", NULL, NULL },
	{ "{" WEB ",\"allowed_endpoints\":[\"*.example\"],"
	    "\"allowed_ports\":[443,8443],\"allow_private\":[\"10.0.0.0/8\","
	    "\"fd00::/8\",\"192.168.1.1\"],\"time_to_live_s\":0,"
	    "\"payload\":\"matrix\",\"send_badge_counts\":false}", NULL,
	    NULL },
	{ "{" UP "}", NULL, NULL },
	{ "{" UP "," VAPID "}", NULL, NULL },
	{ "{" NAME("webpush") "}", "", "\"vapid_key_file\" is missing" },
	{ "{" NAME("webpush") ",\"vapid_key_file\":\"k\"}", "",
	    "\"subject\" is missing" },
	{ "{" UP ",\"vapid_key_file\":\"k\"}", "",
	    "\"subject\" is missing, which \"vapid_key_file\" needs" },
	{ "{" UP ",\"vapid_previous_key_file\":\"k\"}",
	    "/vapid_previous_key_file", "needs \"vapid_key_file\"" },
	{ "{" WEB ",\"url\":\"https://h\"}", "/url", "unknown" },
	{ "{" WEB ",\"allowed_ports\":[0]}", "/allowed_ports/0",
	    "from 1 to 65535" },
	{ "{" WEB ",\"allowed_ports\":[443,65536]}", "/allowed_ports/1",
	    "from 1 to 65535" },
	{ "{" WEB ",\"allowed_ports\":[\"443\"]}", "/allowed_ports/0",
	    "must be an integer" },
	{ "{" WEB ",\"allowed_ports\":443}", "/allowed_ports",
	    "an array of integers" },
	{ "{" WEB ",\"allow_private\":[\"10.0.0.0/8\",\"10.0.0.1/8\"]}",
	    "/allow_private/1", "must be a network" },
	{ "{" WEB ",\"allow_private\":[\"localhost\"]}", "/allow_private/0",
	    "must be a network" },
	{ "{" WEB ",\"allowed_endpoints\":[1]}", "/allowed_endpoints/0",
	    "must be a string" },
	{ "{" WEB ",\"time_to_live_s\":2592001}", "/time_to_live_s",
	    "from 0 to 2592000" },
	{ "{" WEB ",\"payload\":\"x\"}", "/payload", "gematik or matrix" },
	{ SUBJECT("mailto:push@example.org"), NULL, NULL },
	{ SUBJECT("https://example.org/push"), NULL, NULL },
	{ SUBJECT("https://example.org"), NULL, NULL },
	{ SUBJECT("push@example.org"), "/subject", "mailto: or https:" },
	{ SUBJECT("mailto:"), "/subject", "mailto: or https:" },
	{ SUBJECT("mailto:@example.org"), "/subject", "mailto: or https:" },
	{ SUBJECT("mailto:push@example"), "/subject", "public domain" },
	{ SUBJECT("mailto:push@localhost"), "/subject", "public domain" },
	{ SUBJECT("mailto:push@example.o"), NULL, NULL },
	{ SUBJECT("mailto:p@x.org"), NULL, NULL },
	{ SUBJECT("mailto:push@.org"), "/subject", "public domain" },
	{ SUBJECT("mailto:push@example."), "/subject", "public domain" },
	{ SUBJECT("mailto:push@exam_ple.org"), "/subject", "public domain" },
	{ SUBJECT("mailto:push@mail.localhost"), "/subject",
	    "public domain" },
	{ SUBJECT("mailto:push@mail.local"), "/subject", "public domain" },
	{ SUBJECT("mailto:push@mail.invalid"), "/subject", "public domain" },
	{ SUBJECT("mailto:push@mail.LAN"), "/subject", "public domain" },
	{ SUBJECT("mailto: push@example.org"), "/subject", "public" },
	{ SUBJECT("mailto:<push@example.org>"), "/subject", "public" },
	{ SUBJECT("http://example.org"), "/subject", "mailto: or https:" },
	{ SUBJECT("https://localhost"), "/subject", "public domain" },
	{ SUBJECT("https://push.internal/x"), "/subject", "public domain" },
};

/* A subject of so many bytes. */
static void
check_subject_size(size_t size, bool good)
{
	const char *rest = "mailto:" "@example.org";

	provider_fixture_check_section(provider_find("webpush"),
	    &(struct provider_section){ .section = fixture_format(
		SUBJECT("mailto:%s@example.org"),
		fixture_repeat("x", size - strlen(rest))),
		.pointer = good ? NULL : "/subject",
		.words = good ? NULL : "public domain" });
}

static void
check_proxied(void)
{
	const struct provider *webpush = provider_find("webpush");
	struct error error = { .words = "" };
	void *account = open_account("{" WEB "}", &error);

	tap_ok(!webpush->check_proxied(account, &error),
	    "through a proxy, any endpoint is too much");
	tap_contains(error.words, "\"allowed_endpoints\" is missing",
	    "... in these words");
	webpush->close(account);
	account = open_account("{" WEB ",\"allowed_endpoints\":[\"h\"]}",
	    &error);
	tap_ok(webpush->check_proxied(account, &error), "those listed are not");
	webpush->close(account);
}

/* --- keys ---------------------------------------------------------------- */

static void
check_load(void)
{
	const struct provider *webpush = provider_find("webpush");
	struct error error;
	void *account = open_account("{" WEB ",\"vapid_previous_key_file\":"
	    "\"other.pem\"}", &error);
	const char *good;

	tap_ok(!webpush->load(account, &error), "a missing key is refused");
	tap_is_string(error.pointer, "/vapid_key_file", "... its place");
	fixture_file("one.pem",
	    fixture_pem(fixture_key(FIXTURE_KEY_RSA_2048), NULL));
	tap_ok(!webpush->load(account, &error), "an RSA key is refused");
	tap_contains(error.words, "P-256", "... with what it must be");
	good = fixture_pem(fixture_key(FIXTURE_KEY_P256), NULL);
	fixture_file("one.pem", fixture_format("%s%s", good,
	    fixture_repeat("\n", 65537 - strlen(good))));
	tap_ok(!webpush->load(account, &error),
	    "a file of more than 64 KiB is refused");
	tap_contains(error.words, "large", "... as too large");
	fixture_file("one.pem", fixture_format("%s%s", good,
	    fixture_repeat("\n", 65536 - strlen(good))));
	tap_ok(!webpush->load(account, &error),
	    "a missing former key is refused");
	tap_is_string(error.pointer, "/vapid_previous_key_file",
	    "... its place");
	fixture_file("other.pem", fixture_pem(other_key, NULL));
	tap_ok(webpush->load(account, &error), "both are read after all");
	tap_contains(webpush->credentials(account, 0), "/one.pem",
	    "the first file");
	tap_contains(webpush->credentials(account, 1), "/other.pem",
	    "the second file");
	tap_ok(webpush->credentials(account, 2) == NULL, "and no more");
	webpush->close(account);
	webpush->close(NULL);
}

static void
describe(const char *section, struct provider_channel *channel)
{
	void *account = load_account(section);

	if (provider_of(section)->describe(account, NULL, channel) !=
	    CAUSE_NONE)
		tap_bail_out("%s is not described", section);
	provider_of(section)->close(account);
}

static void
check_names(void)
{
	static const char *const apps[] = {
		"{" WEB "}",
		"{" NAME("webpush") ",\"vapid_key_file\":\"other.pem\","
		    "\"subject\":\"mailto:push@example.org\"}",
		"{" NAME("webpush") ",\"vapid_key_file\":\"one.pem\","
		    "\"subject\":\"mailto:other@example.org\"}",
		"{" WEB ",\"vapid_previous_key_file\":\"other.pem\"}",
		"{" WEB ",\"vapid_previous_key_file\":\"third.pem\"}",
		"{" WEB ",\"allow_private\":[\"10.0.0.0/8\"]}",
		"{" WEB ",\"allow_private\":[\"10.0.0.0/8\",\"fd00::/8\"]}",
		"{" UP "," VAPID "}",
		"{" UP "}",
	};
	enum { COUNT = sizeof apps / sizeof *apps };
	struct provider_channel channels[COUNT], one, other;
	size_t i, j;

	describe("{" WEB "}", &one);
	describe("{" WEB ",\"allowed_ports\":[8443]}", &other);
	tap_is_string(other.name, one.name,
	    "apps with the same keys share channels");
	tap_ok(one.is_by_origin && one.origin[0] == '\0',
	    "devices name servers, and without a device there is none");
	tap_ok(!one.needs_no_token, "there are tokens");
	tap_is_int((int64_t)one.pool.reply_size, 4096,
	    "what a server says is read up to 4 KiB");
	for (i = 0; i < COUNT; i++) {
		describe(apps[i], &channels[i]);
		for (j = 0; j < i; j++)
			tap_ok(strcmp(channels[i].name, channels[j].name) != 0,
			    "%s shares no channel with %s", apps[i],
			    apps[j]);
	}
	tap_ok(channels[COUNT - 1].needs_no_token,
	    "without a key there is no token");
}

/* The operator's rules are those by which endpoints are judged. */
static const struct {
	const char *rules;
	const char *endpoint;
	enum cause cause;
} endpoints[] = {
	{ "", "https://push.test/x", CAUSE_NONE },
	{ "", "https://push.test:8443/x", CAUSE_ENDPOINT_REFUSED },
	{ "", "https://10.0.0.1/x", CAUSE_ENDPOINT_REFUSED },
	{ ",\"allowed_endpoints\":[\"*.example\"]",
	    "https://push.example/x", CAUSE_NONE },
	{ ",\"allowed_endpoints\":[\"*.example\"]", "https://push.test/x",
	    CAUSE_ENDPOINT_REFUSED },
	{ ",\"allowed_ports\":[8443]", "https://push.test:8443/x",
	    CAUSE_NONE },
	{ ",\"allowed_ports\":[8443]", "https://push.test/x",
	    CAUSE_ENDPOINT_REFUSED },
	{ ",\"allow_private\":[\"10.0.0.0/8\"]", "https://10.0.0.1/x",
	    CAUSE_NONE },
};

static void
check_endpoint(size_t i)
{
	const struct provider *provider = provider_find("unifiedpush");
	void *account = load_account(fixture_format("{" UP "%s}",
	    endpoints[i].rules));
	struct device device = { .app_id = "a",
		.pushkey = endpoints[i].endpoint,
		.pushkey_size = strlen(endpoints[i].endpoint) };
	struct provider_channel channel;

	tap_is_int(provider->describe(account, &device, &channel),
	    endpoints[i].cause, "%s by the rules \"%s\"",
	    endpoints[i].endpoint, endpoints[i].rules);
	provider->close(account);
}

/* --- tokens -------------------------------------------------------------- */

/* The n-th line of a token: JWT and key; the caller frees them. */
static void
split(const struct token *token, unsigned int n, char **jwt, char **key)
{
	const char *line = token->text;

	while (n-- > 0)
		line = strchr(line, '\n') + 1;
	if (sscanf(line, "vapid t=%m[^,], k=%m[A-Za-z0-9_-]", jwt, key) != 2)
		tap_bail_out("%s is no credentials", line);
}

static void
check_line(const struct token *token, unsigned int n, EVP_PKEY *key,
    const char *what)
{
	char *jwt = NULL, *text = NULL;

	split(token, n, &jwt, &text);
	fixture_is_json(fixture_jwt_part(jwt, 0),
	    "{\"typ\":\"JWT\",\"alg\":\"ES256\"}", "%s: the header", what);
	fixture_is_json(fixture_jwt_part(jwt, 1), "{\"aud\":"
	    "\"https://push.example:8443\",\"exp\":1700043200,\"sub\":"
	    "\"mailto:push@example.org\"}", "%s: the claims", what);
	tap_ok(fixture_jwt_is_signed_by(jwt, key), "%s: the signature", what);
	tap_ok(strlen(text) == 87 && text[0] == 'B',
	    "%s: the key is a point that is not compressed", what);
	free(jwt);
	free(text);
}

static void
check_mint(void)
{
	const struct provider *webpush = provider_find("webpush");
	void *account = load_account("{" WEB ",\"vapid_previous_key_file\":"
	    "\"other.pem\"}");
	struct token token = { .text = "" };
	struct http_request request;
	struct error error;

	http_request_init(&request);
	tap_is_int(webpush->mint(account, "https://push.example:8443",
	    1700000000, &token, &request, &error), PROVIDER_MINT_DONE,
	    "a token is made");
	tap_is_int(token.issued_s, 1700000000, "from now");
	tap_is_int(token.expires_s, 1700043200, "for twelve hours");
	check_line(&token, 0, fixture_key(FIXTURE_KEY_P256), "our key");
	check_line(&token, 1, other_key, "the former key");
	http_request_free(&request);
	webpush->close(account);
}

/* Mints for an origin of so many bytes. */
static enum provider_mint
mint_long(void *account, size_t size, struct token *token,
    struct error *error)
{
	struct http_request request;
	enum provider_mint minted;

	http_request_init(&request);
	minted = provider_find("webpush")->mint(account,
	    fixture_repeat("x", size), 1700000000, token, &request, error);
	http_request_free(&request);
	return minted;
}

static void
check_token_size(void)
{
	void *account = load_account("{" WEB "}");
	struct token token = { .text = "" };
	struct error error = { .words = "" };
	size_t size = 1000;

	tap_is_int(mint_long(account, size, &token, &error),
	    PROVIDER_MINT_DONE, "a token for a long origin");
	tap_ok(strchr(token.text, '\n') == NULL,
	    "without a former key it has one line");
	while (mint_long(account, size, &token, &error) == PROVIDER_MINT_DONE)
		size++;
	tap_is_int((int64_t)strlen(token.text), TOKEN_TEXT_SIZE - 1,
	    "the longest token is as long as one may be");
	tap_is_string(error.words, "the token does not fit",
	    "a longer one is not made");
	provider_find("webpush")->close(account);
}

int
main(void)
{
	size_t i;

	other_key = fixture_key_create(FIXTURE_KEY_P256);
	third_key = fixture_key_create(FIXTURE_KEY_P256);
	for (i = 0; i < sizeof sections / sizeof *sections; i++)
		provider_fixture_check_section(provider_of(sections[i].section),
		    &sections[i]);
	check_subject_size(255, true);
	check_subject_size(256, false);
	check_proxied();
	check_load();
	check_names();
	for (i = 0; i < sizeof endpoints / sizeof *endpoints; i++)
		check_endpoint(i);
	check_mint();
	check_token_size();
	EVP_PKEY_free(third_key);
	EVP_PKEY_free(other_key);
	return tap_done();
}
