/* SPDX-License-Identifier: Apache-2.0 */
/* FCM: accounts, their files, channels and access tokens.  Its requests and
 * answers are in test-fcm-compose.c and test-fcm-judge.c. */
#include "provider/provider.h"

#include <string.h>

#include "fixture.h"
#include "provider-fixture.h"
#include "provider/fcm-account.h"
#include "tap.h"

static const struct provider *fcm;

#define LEAST "\"app_id\":\"a\",\"provider\":\"fcm\"," \
    "\"service_account_file\":\"sa.json\""

/* --- the file ------------------------------------------------------------ */

/* A service account's file; `changes` are members that are set, or removed
 * where they are null. */
static const char *
service_account(EVP_PKEY *key, const char *changes)
{
	struct json_object *file = fixture_json("{\"type\":"
	    "\"service_account\",\"project_id\":\"my-project-1\","
	    "\"private_key_id\":\"0123abcd\",\"client_email\":"
	    "\"push@my-project-1.iam.example\",\"client_id\":\"1\","
	    "\"token_uri\":\"https://oauth2.example/token\"}");
	const char *text;

	json_object_object_add(file, "private_key",
	    json_object_new_string(fixture_pem(key, NULL)));
	text = fixture_json_with(json_object_to_json_string(file), changes);
	json_object_put(file);
	return text;
}

static const char *
encrypted_account(EVP_PKEY *key)
{
	struct json_object *changes = json_object_new_object();
	const char *text;

	json_object_object_add(changes, "private_key",
	    json_object_new_string(fixture_pem(key, "secret")));
	text = service_account(key, json_object_to_json_string(changes));
	json_object_put(changes);
	return text;
}

static void *
load_account(const char *section, const char *file)
{
	struct error error;
	void *account = provider_fixture_open(fcm, section, &error);

	fixture_file("sa.json", file);
	if (account == NULL || !fcm->load(account, &error))
		tap_bail_out("%s: %s", section, error.words);
	return account;
}

/* --- open ---------------------------------------------------------------- */

static const char *const accepted[] = {
	"{" LEAST "}",
	"{" LEAST ",\"url\":\"https://localhost:1/\",\"time_to_live_s\":0}",
	"{" LEAST ",\"time_to_live_s\":2419200}",
	"{" LEAST ",\"service_account_file\":\"/etc/sa.json\"}",
	"{" LEAST ",\"app_id\":\"de.*\"}",
	"{" LEAST ",\"target\":\"fid\",\"android_block\":\"androidV2\"}",
	"{" LEAST ",\"android_block\":\"androidV2\",\"fcm_options\":{"
	    "\"apns\":{}}}",
};

static const struct provider_section open_errors[] = {
	{ "{" LEAST ",\"project_id\":\"a/b\"}", "/project_id",
	    "is not a project id" },
	{ "{" LEAST ",\"target\":\"topic\"}", "/target",
	    "must be token or fid" },
	{ "{" LEAST ",\"android_block\":\"v2\"}", "/android_block",
	    "must be android or androidV2" },
	{ "{" LEAST ",\"android_block\":\"androidV2\",\"fcm_options\":{"
	    "\"android\":{\"ttl\":\"1s\"}}}", "/fcm_options/android",
	    "excludes \"android_block\": \"androidV2\"" },
	{ "{" LEAST ",\"payload\":\"sygnal\"}", "/payload",
	    "must be gematik or matrix" },
	{ "{" LEAST ",\"fcm_options\":{\"notification\":{}}}",
	    "/fcm_options/notification", "may not be set" },
	{ "{" LEAST ",\"fcm_options\":{\"android\":[]}}",
	    "/fcm_options/android", "must be an object" },
	{ "{" LEAST ",\"fcm_options\":{\"android\":{\"priority\":\"HIGH\"}}}",
	    "/fcm_options/android/priority", "may not be set" },
	{ "{" LEAST ",\"fcm_options\":{\"android\":{\"directBootOk\":1}}}",
	    "/fcm_options/android/directBootOk", "must be a JSON boolean" },
	{ "{" LEAST ",\"topic\":\"t\"}", "/topic",
	    "unknown setting \"topic\"" },
	{ "{\"app_id\":\"a\",\"provider\":\"fcm\"}", "",
	    "\"service_account_file\" is missing" },
	{ "{" LEAST ",\"service_account_file\":{}}",
	    "/service_account_file", "must be a path" },
	{ "{" LEAST ",\"service_account_file\":\"\"}",
	    "/service_account_file", "empty" },
	{ "{" LEAST ",\"url\":\"http://fcm.googleapis.com\"}", "/url",
	    "https://" },
	{ "{" LEAST ",\"url\":\"https://\"}", "/url", "https://" },
	{ "{" LEAST ",\"url\":\"https://h/?q\"}", "/url", "https://" },
	{ "{" LEAST ",\"url\":1}", "/url", "must be a string" },
	{ "{" LEAST ",\"time_to_live_s\":-1}", "/time_to_live_s",
	    "from 0 to 2419200" },
	{ "{" LEAST ",\"time_to_live_s\":2419201}", "/time_to_live_s",
	    "from 0 to 2419200" },
	{ "{" LEAST ",\"time_to_live_s\":true}", "/time_to_live_s",
	    "must be an integer" },
};

static void
check_open(void)
{
	size_t i;

	for (i = 0; i < sizeof accepted / sizeof *accepted; i++)
		provider_fixture_check_section(fcm,
		    &(struct provider_section){ .section = accepted[i] });
	for (i = 0; i < sizeof open_errors / sizeof *open_errors; i++)
		provider_fixture_check_section(fcm, &open_errors[i]);
}

/* --- load ---------------------------------------------------------------- */

static void
check_refused_file(void *account, const char *name, const char *text,
    const char *words)
{
	const char *path = fixture_path("sa.json");
	struct error error = { .words = "" };

	if (text != NULL)
		fixture_file("sa.json", text);
	tap_ok(!fcm->load(account, &error), "%s is refused", name);
	tap_is_string(error.pointer, "/service_account_file", "%s: the place",
	    name);
	tap_contains(error.words, path, "%s: the words name the file", name);
	tap_contains(error.words, words, "%s: the words say why", name);
	tap_lacks(error.words, "MII", "%s: nothing of the key is in the words",
	    name);
	tap_lacks(error.words, "PRIVATE", "%s: nor its frame", name);
}

static const struct {
	const char *changes;
	const char *words;
} file_errors[] = {
	{ "{\"type\":\"authorized_user\"}",
	    "sa.json: is of the type authorized_user, not service_account or "
	    "external_account" },
	{ "{\"universe_domain\":\"example.cloud\"}",
	    "is of the universe example.cloud: \"url\" must name its FCM" },
	{ "{\"project_id\":null}", "\"project_id\"" },
	{ "{\"client_email\":null}", "\"client_email\"" },
	{ "{\"private_key\":null}", "\"private_key\"" },
	{ "{\"project_id\":1}", "\"project_id\"" },
	{ "{\"project_id\":\"\"}", "\"project_id\"" },
	{ "{\"project_id\":\"a/b\"}", "\"project_id\"" },
	{ "{\"project_id\":\"../x\"}", "\"project_id\"" },
	{ "{\"project_id\":\"a\\u0000b\"}", "\"project_id\"" },
	{ "{\"client_email\":[]}", "\"client_email\"" },
	{ "{\"token_uri\":\"http://oauth2.example/token\"}", "\"token_uri\"" },
	{ "{\"token_uri\":\"file:///etc/passwd\"}", "\"token_uri\"" },
	{ "{\"token_uri\":\"\"}", "\"token_uri\"" },
	{ "{\"private_key\":\"\"}", "\"private_key\"" },
	{ "{\"private_key\":\"no key\"}", "\"private_key\"" },
	{ "{\"private_key\":{}}", "\"private_key\"" },
	{ "{\"private_key\":\"-----BEGIN PRIVATE KEY-----\\\\nMIIE\"}",
	    "\"private_key\" has \\n written out in place of the ends" },
};

static void
check_load(void)
{
	EVP_PKEY *key = fixture_key(FIXTURE_KEY_RSA_2048);
	struct error error;
	void *account = provider_fixture_open(fcm, "{" LEAST "}", &error);
	const char *good = service_account(key, "{}");
	size_t i;

	check_refused_file(account, "a missing file", NULL, "No such file");
	check_refused_file(account, "an empty file", "", "too early");
	check_refused_file(account, "a key of Apple's",
	    fixture_pem(key, NULL), "is a private key or a certificate in "
	    "PEM, not a service account");
	check_refused_file(account, "what an app is given",
	    "{\"project_info\":{\"project_id\":\"p\"},\"client\":[]}",
	    "is the google-services.json of an app, not a service account");
	check_refused_file(account, "a file that is cut short",
	    fixture_format("%.*s", (int)strlen(good) / 2, good), "");
	check_refused_file(account, "an array", "[]", "object");
	for (i = 0; i < sizeof file_errors / sizeof *file_errors; i++)
		check_refused_file(account, file_errors[i].changes,
		    service_account(key, file_errors[i].changes),
		    file_errors[i].words);
	check_refused_file(account, "a key of another type",
	    service_account(fixture_key(FIXTURE_KEY_P256), "{}"), "RSA");
	check_refused_file(account, "a short key",
	    service_account(fixture_key(FIXTURE_KEY_RSA_1024), "{}"), "2048");
	check_refused_file(account, "an encrypted key", encrypted_account(key),
	    "\"private_key\"");
	check_refused_file(account, "a file of more than 64 KiB",
	    fixture_format("%s%s", good, fixture_repeat(" ",
	    65537 - strlen(good))), "large");
	fixture_file("sa.json", fixture_format("%s%s", good,
	    fixture_repeat(" ", 65536 - strlen(good))));
	tap_ok(fcm->load(account, &error), "a file is read after all");
	tap_ok(fcm->load(account, &error), "it can be read again");
	tap_is_string(fcm_account_project(account), "my-project-1",
	    "its project is known");
	fixture_file("sa.json", service_account(key,
	    "{\"universe_domain\":\"example.cloud\"}"));
	tap_ok(!fcm->load(account, &error), "another is refused");
	tap_ok(fcm_account_project(account) == NULL,
	    "nothing of either is left");
	fcm->close(account);
	fcm->close(NULL);
}

static void
check_half(void)
{
	EVP_PKEY *key = fixture_key(FIXTURE_KEY_RSA_2048);
	struct json_object *good = fixture_json(service_account(key, "{}"));
	struct json_object *half = fixture_json(service_account(key,
	    "{\"private_key\":null}"));
	struct service_account account = { .key = NULL };
	struct error error;

	tap_ok(service_account_load(&account, good, &error),
	    "an account is loaded");
	tap_ok(!service_account_load(&account, half, &error),
	    "... and another, without a key, which is refused");
	tap_ok(account.key == NULL && account.project_id == NULL,
	    "nothing is loaded then");
	service_account_unload(&account);
	json_object_put(good);
	json_object_put(half);
}

/* --- describe ------------------------------------------------------------ */

static const struct {
	const char *name;
	const char *section;
	const char *changes;
	bool same;		/* as the first */
} channels[] = {
	{ "the first", "{" LEAST "}", "{}", true },
	{ "a file that names no type", "{" LEAST "}", "{\"type\":null}", true },
	{ "another app", "{" LEAST ",\"app_id\":\"b\",\"time_to_live_s\":5}",
	    "{}", true },
	{ "the url in so many words", "{" LEAST ",\"url\":"
	    "\"https://fcm.googleapis.com/\"}", "{}", true },
	{ "another url", "{" LEAST ",\"url\":\"https://localhost\"}", "{}",
	    false },
	{ "another project of the app's", "{" LEAST ",\"project_id\":"
	    "\"my-project-2\"}", "{}", false },
	{ "the universe of another FCM", "{" LEAST ",\"url\":"
	    "\"https://fcm.example.cloud\"}",
	    "{\"universe_domain\":\"example.cloud\"}", false },
	{ "another project", "{" LEAST "}",
	    "{\"project_id\":\"my-project-2\"}", false },
};

static void
check_describe(void)
{
	EVP_PKEY *key = fixture_key(FIXTURE_KEY_RSA_2048);
	EVP_PKEY *other = fixture_key_create(FIXTURE_KEY_RSA_2048);
	struct provider_channel first, channel;
	unsigned char collapse_key[KEYED_HASH_SIZE];
	void *account = load_account("{" LEAST "}",
	    service_account(key, "{}"));
	size_t i;

	memcpy(collapse_key, ((struct fcm_account *)account)->collapse_key,
	    sizeof collapse_key);
	fcm->describe(account, NULL, &first);
	tap_contains(first.name, "fcm", "the name names the provider: %s",
	    first.name);
	tap_is_int(first.pool.max_streams, 100, "100 streams on a connection");
	tap_ok(first.token_renew_ahead_s > 0 && first.token_min_age_s == 0,
	    "a token is renewed ahead, and a refused one at once");
	fcm->close(account);
	for (i = 0; i < sizeof channels / sizeof *channels; i++) {
		account = load_account(channels[i].section,
		    service_account(key, channels[i].changes));
		fcm->describe(account, NULL, &channel);
		tap_ok((strcmp(channel.name, first.name) == 0) ==
		    channels[i].same, "%s: %s channel", channels[i].name,
		    channels[i].same ? "the same" : "another");
		fcm->close(account);
	}
	account = load_account("{" LEAST "}", service_account(other, "{}"));
	fcm->describe(account, NULL, &channel);
	tap_ok(strcmp(channel.name, first.name) != 0,
	    "another key: another channel");
	tap_ok(memcmp(((struct fcm_account *)account)->collapse_key,
	    collapse_key, sizeof collapse_key) != 0,
	    "... and another key for what is collapsed");
	fcm->close(account);
	EVP_PKEY_free(other);
}

/* --- mint ---------------------------------------------------------------- */

#define GRANT "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3A" \
    "jwt-bearer&assertion="

static void
check_mint(const char *changes, const char *token_uri)
{
	EVP_PKEY *key = fixture_key(FIXTURE_KEY_RSA_2048);
	void *account = load_account("{" LEAST "}",
	    service_account(key, changes));
	struct token token = { .text = "" };
	struct http_request request;
	struct error error;
	const char *body, *jwt;

	http_request_init(&request);
	tap_is_int(fcm->mint(account, "", 1700000000, &token, &request,
	    &error),
	    PROVIDER_MINT_ASK, "%s: Google must be asked", token_uri);
	tap_is_string(buf_text(&request.url), token_uri, "%s: the URL",
	    token_uri);
	tap_is_string(http_request_header(&request, "content-type"),
	    "application/x-www-form-urlencoded", "%s: a form", token_uri);
	body = buf_text(&request.body);
	tap_ok(strncmp(body, GRANT, strlen(GRANT)) == 0,
	    "%s: the grant type", token_uri);
	jwt = body + strlen(GRANT);
	tap_is_int((int64_t)strspn(jwt, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij"
	    "klmnopqrstuvwxyz0123456789-_."), (int64_t)strlen(jwt),
	    "%s: nothing follows the assertion", token_uri);
	tap_ok(fixture_jwt_is_signed_by(jwt, key),
	    "%s: the assertion is signed by the key", token_uri);
	fixture_is_json(fixture_jwt_part(jwt, 0), "{\"alg\":\"RS256\","
	    "\"typ\":\"JWT\",\"kid\":\"0123abcd\"}", "%s: its header",
	    token_uri);
	fixture_is_json(fixture_jwt_part(jwt, 1), fixture_format("{\"iss\":"
	    "\"push@my-project-1.iam.example\",\"scope\":\"https://"
	    "www.googleapis.com/auth/firebase.messaging\",\"aud\":\"%s\","
	    "\"iat\":1700000000,\"exp\":1700003600}", token_uri),
	    "%s: its claims", token_uri);
	http_request_free(&request);
	fcm->close(account);
}

static void
check_mint_fails(const char *name, const char *changes, const char *words)
{
	void *account = load_account("{" LEAST "}", service_account(
	    fixture_key(FIXTURE_KEY_RSA_2048), changes));
	struct http_request request;
	struct error error = { .words = "" };
	struct token token;

	http_request_init(&request);
	tap_is_int(fcm->mint(account, "", 1700000000, &token, &request,
	    &error), PROVIDER_MINT_FAILED, "%s does not fit", name);
	tap_is_string(error.words, words, "... in words");
	http_request_free(&request);
	fcm->close(account);
}

/* --- read ---------------------------------------------------------------- */

#define TOKEN(text, life) "{\"access_token\":\"" text "\",\"expires_in\":" \
    life ",\"token_type\":\"Bearer\"}"

static const struct {
	int status;
	const char *body;
	int64_t life_s;		/* -1: it is no token */
	const char *words;
} replies[] = {
	{ 200, TOKEN("ya29.secret-._~+/=", "3599"), 3599, NULL },
	{ 200, TOKEN("ya29.secret", "1"), 1, NULL },
	{ 200, "{\"access_token\":\"ya29.secret\",\"expires_in\":60,"
	    "\"note\":\"gültig für eine Minute\"}", 60, NULL },
	{ 400, "{\"error\":\"invalid_grant\",\"error_description\":"
	    "\"secret: ungültig\"}", -1, "400, invalid_grant" },
	{ 200, TOKEN("ya29.secret", "86400"), 86400, NULL },
	{ 200, TOKEN("ya29.secret", "86401"), -1, "no token" },
	{ 200, TOKEN("ya29.secret", "0"), -1, "no token" },
	{ 200, TOKEN("ya29.secret", "-1"), -1, "no token" },
	{ 200, TOKEN("ya29.secret", "null"), -1, "no token" },
	{ 200, TOKEN("ya29.secret", "\"soon\""), -1, "no token" },
	{ 200, TOKEN("ya29.secret", "{}"), -1, "no token" },
	{ 200, TOKEN("", "3599"), -1, "no token" },
	{ 200, TOKEN("ya29.secret\\r\\nx: y", "3599"), -1, "no token" },
	{ 200, TOKEN("ya29 secret", "3599"), -1, "no token" },
	{ 200, TOKEN("ya29.secret\\u0000", "3599"), -1, "no token" },
	{ 200, TOKEN("ya29.secret\xc3\xa4", "3599"), -1, "no token" },
	{ 200, "{\"access_token\":\"ya29.secret\"}", -1, "no token" },
	{ 200, "{\"expires_in\":3599}", -1, "no token" },
	{ 200, "{\"access_token\":1,\"expires_in\":3599}", -1, "no token" },
	{ 200, "{\"access_token\":\"ya29.secret\",\"expires", -1,
	    "no token" },
	{ 200, "[" TOKEN("ya29.secret", "3599") "]", -1, "no token" },
	{ 200, "<html>ya29.secret</html>", -1, "no token" },
	{ 200, "", -1, "no token" },
	{ 400, "{\"error\":\"invalid_grant\",\"error_description\":"
	    "\"secret\"}", -1, "400, invalid_grant" },
	{ 400, "{\"error\":\"invalid_grant\",\"error_description\":"
	    "\"Invalid JWT Signature. secret\"}", -1,
	    "400, invalid_grant: Invalid JWT Signature" },
	{ 400, "{\"error\":\"invalid_grant\",\"error_description\":"
	    "\"Invalid JWT: secret\"}", -1, "400, invalid_grant" },
	{ 400, "{\"error\":\"invalid_grant\",\"error_description\":"
	    "\"Invalid grant: account not found\"}", -1,
	    "400, invalid_grant: Invalid grant: account not found" },
	{ 400, "{\"error\":\"a_word_of_no_more_than_forty_letters____\"}",
	    -1, "400, a_word_of_no_more_than_forty_letters____" },
	{ 400, "{\"error\":\"a_word_of_one_more_than_forty_letters____\"}",
	    -1, "400, no known error" },
	{ 401, "{\"error\":\"invalid_client\"}", -1, "401, invalid_client" },
	{ 401, TOKEN("ya29.secret", "3599"), -1, "401" },
	{ 400, "{\"error\":\"secret words\\n\"}", -1, "400" },
	{ 400, "{\"error\":{\"message\":\"secret\"}}", -1, "400" },
	{ 403, "<html>secret</html>", -1, "403" },
	{ 404, "", -1, "404" },
	{ 429, "{\"error\":\"rate_limit_exceeded\"}", -1,
	    "429, rate_limit_exceeded" },
	{ 500, "null", -1, "500" },
	{ 503, "{\"error\":null}", -1, "503" },
};

static bool
read_reply(int status, const char *body, struct token *token,
    struct error *error)
{
	void *account = load_account("{" LEAST "}",
	    service_account(fixture_key(FIXTURE_KEY_RSA_2048), "{}"));
	struct http_request request;
	struct http_reply reply;
	enum provider_mint result;

	http_request_init(&request);
	http_reply_init(&reply);
	reply.status = status;
	buf_append_text(&reply.body, body);
	memset(token, 0, sizeof *token);
	result = fcm->read(account, 0, &reply, 1700000000, token, &request,
	    error);
	if (result == PROVIDER_MINT_ASK)
		tap_bail_out("a service account needs one request alone");
	http_reply_free(&reply);
	http_request_free(&request);
	fcm->close(account);
	return result == PROVIDER_MINT_DONE;
}

static void
check_reply(size_t row)
{
	struct error error = { .words = "" };
	struct token token;
	const char *name = fixture_format("%d %s", replies[row].status,
	    replies[row].body);
	bool read = read_reply(replies[row].status, replies[row].body, &token,
	    &error);

	tap_ok(read == (replies[row].life_s != -1), "%s is %s token", name,
	    replies[row].life_s != -1 ? "a" : "no");
	if (!read && replies[row].words != NULL) {
		tap_contains(error.words, replies[row].words, "%s: the words",
		    name);
		tap_lacks(error.words, "secret", "%s: no secret is in them",
		    name);
	} else if (replies[row].words == NULL) {
		tap_contains(token.text, "ya29.secret", "%s: the token",
		    name);
		tap_is_int(token.issued_s, 1700000000, "%s: issued now",
		    name);
		tap_is_int(token.expires_s, 1700000000 + replies[row].life_s,
		    "%s: its end", name);
	}
}

static void
check_token_size(void)
{
	struct error error;
	struct token token;

	tap_ok(read_reply(200, TOKEN("a", "60"), &token, &error),
	    "a token of one byte is read");
	tap_ok(read_reply(200, fixture_format(TOKEN("%s", "60"),
	    fixture_repeat("a", TOKEN_TEXT_SIZE - 1)), &token, &error) &&
	    strlen(token.text) == TOKEN_TEXT_SIZE - 1,
	    "a token of 4095 bytes is read");
	tap_ok(!read_reply(200, fixture_format(TOKEN("%s", "60"),
	    fixture_repeat("a", TOKEN_TEXT_SIZE)), &token, &error),
	    "a token of 4096 bytes is refused");
	tap_ok(!read_reply(200, fixture_format(TOKEN("x", "60") "%s",
	    fixture_repeat(" ", MESSAGE_REPLY_SIZE)), &token, &error),
	    "a reply that overflowed is refused");
}

int
main(void)
{
	size_t i;

	fcm = provider_find("fcm");
	if (fcm == NULL)
		tap_bail_out("there is no provider fcm");
	check_open();
	check_load();
	check_half();
	check_describe();
	check_mint("{}", "https://oauth2.example/token");
	check_mint("{\"token_uri\":null}",
	    "https://oauth2.googleapis.com/token");
	check_mint_fails("a long assertion", fixture_format(
	    "{\"client_email\":\"%s\"}", fixture_repeat("x", 40000)),
	    "the token does not fit");
	check_mint_fails("a long URL", fixture_format(
	    "{\"token_uri\":\"https://h/%s\"}", fixture_repeat("x", 2048)),
	    "the token request does not fit");
	for (i = 0; i < sizeof replies / sizeof *replies; i++)
		check_reply(i);
	check_token_size();
	return tap_done();
}
