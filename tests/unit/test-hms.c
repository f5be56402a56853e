/* SPDX-License-Identifier: Apache-2.0 */
/* Huawei Push Kit: settings, credentials, tokens, requests and answers. */
#include "provider/provider.h"

#include <string.h>

#include "compose.h"
#include "fixture.h"
#include "provider-fixture.h"
#include "provider/hms-account.h"
#include "tap.h"

static const struct provider *hms;

#define APP "\"app_id\":\"a\",\"provider\":\"hms\""
#define V1 APP ",\"version\":1,\"client_id\":\"104\"," \
    "\"client_secret_file\":\"secret\",\"hms_app_id\":\"104\""
#define V2 APP ",\"version\":2,\"client_id\":\"104\"," \
    "\"client_secret_file\":\"secret\",\"project_id\":\"736\""
#define V3 APP ",\"version\":3,\"service_account_file\":\"account.json\""

static const char *
account_file(EVP_PKEY *key)
{
	struct json_object *file = fixture_json("{\"project_id\":\"p3\","
	    "\"key_id\":\"k3\",\"sub_account\":\"s3\"}");
	const char *text;

	json_object_object_add(file, "private_key",
	    json_object_new_string(fixture_pem(key, NULL)));
	text = fixture_format("%s", json_object_to_json_string(file));
	json_object_put(file);
	return text;
}

static void *
load_account(const char *section)
{
	struct error error;
	void *account = provider_fixture_open(hms, section, &error);

	fixture_file("secret", "se/cr+et=&\n");
	fixture_file("account.json",
	    account_file(fixture_key(FIXTURE_KEY_RSA_2048)));
	if (account == NULL || !hms->load(account, &error))
		tap_bail_out("%s: %s", section, error.words);
	return account;
}

/* --- settings ------------------------------------------------------------ */

static const struct provider_section sections[] = {
	{ "{" V1 "}", NULL, NULL },
	{ "{" V2 "}", NULL, NULL },
	{ "{" V3 "}", NULL, NULL },
	{ "{" V3 ",\"project_id\":\"p\"}", NULL, NULL },
	{ "{" V1 ",\"category\":\"IM\",\"time_to_live_s\":1}", NULL, NULL },
	{ "{" APP "}", "", "\"version\" is missing" },
	{ "{" APP ",\"version\":4}", "/version", "from 1 to 3" },
	{ "{" APP ",\"version\":1}", "",
	    "\"client_id\" is missing, which version 1 needs" },
	{ "{" APP ",\"version\":3}", "", "\"service_account_file\"" },
	{ "{" V1 ",\"project_id\":\"p\"}", "/project_id",
	    "is not for version 1" },
	{ "{" V2 ",\"hms_app_id\":\"p\"}", "/hms_app_id",
	    "is not for version 2" },
	{ "{" V3 ",\"client_id\":\"p\"}", "/client_id",
	    "is not for version 3" },
	{ "{" V1 ",\"hms_app_id\":\"a/b\"}", "/hms_app_id",
	    "letters, digits" },
	{ "{" V1 ",\"url\":\"http://h\"}", "/url", "https://" },
	{ "{" V1 ",\"token_url\":\"h\"}", "/token_url", "https://" },
	{ "{" V1 ",\"time_to_live_s\":1296001}", "/time_to_live_s",
	    "from 1 to 1296000" },
	{ "{" V1 ",\"payload\":\"x\"}", "/payload", "gematik or matrix" },
};

/* So that a repair knows what to add. */
static void
check_missing(void)
{
	struct error error = { .words = "" };

	tap_ok(provider_fixture_open(hms, "{" APP ",\"version\":1}", &error) ==
	    NULL, "version 1 without a client is refused");
	tap_is_string(error.missing, "client_id",
	    "what is missing is named for itself, too");
}

static void
check_load(void)
{
	struct error error;
	void *account = provider_fixture_open(hms, "{" V1 "}", &error);
	const char *good;

	tap_ok(!hms->load(account, &error), "a missing secret is refused");
	tap_is_string(error.pointer, "/client_secret_file", "... its place");
	fixture_file("secret", "\n");
	tap_ok(!hms->load(account, &error), "an empty secret is refused");
	tap_contains(error.words, "is empty", "... in words");
	fixture_file("secret", "s");
	tap_ok(hms->load(account, &error), "a secret is read after all");
	hms->close(account);
	account = provider_fixture_open(hms, "{" V3 "}", &error);
	fixture_file("account.json", "{\"key_id\":\"k\"}");
	tap_ok(!hms->load(account, &error), "half a file is refused");
	tap_contains(error.words, "\"sub_account\" is missing",
	    "... with what is missing");
	tap_is_string(error.pointer, "/service_account_file",
	    "... and the setting that names it");
	fixture_file("account.json",
	    account_file(fixture_key(FIXTURE_KEY_P256)));
	tap_ok(!hms->load(account, &error), "a key on a curve is refused");
	tap_contains(error.words, "RSA", "... with what it must be");
	good = account_file(fixture_key(FIXTURE_KEY_RSA_2048));
	fixture_file("account.json", fixture_format("%s%s", good,
	    fixture_repeat(" ", 65537 - strlen(good))));
	tap_ok(!hms->load(account, &error), "more than 64 KiB are refused");
	tap_contains(error.words, "large", "... as too large");
	fixture_file("account.json", fixture_format("%s%s", good,
	    fixture_repeat(" ", 65536 - strlen(good))));
	tap_ok(hms->load(account, &error), "64 KiB are read");
	fixture_file("account.json", good);
	tap_ok(hms->load(account, &error), "a file is read after all");
	tap_is_string(hms->credentials(account, 0),
	    fixture_path("account.json"), "it is named");
	fixture_file("account.json", "{\"key_id\":\"k\",\"sub_account\":"
	    "\"s\",\"project_id\":\"p\",\"private_key\":\"x\"}");
	tap_ok(!hms->load(account, &error), "one without a key is refused");
	tap_ok(hms_account_path_id(account) == NULL,
	    "nothing of it is left");
	fixture_file("account.json", "{\"project_id\":\"p\"}");
	tap_ok(!hms->load(account, &error), "another is refused");
	tap_ok(!hms->load(account, &error), "and refused again");
	fixture_file("account.json", good);
	tap_ok(hms->load(account, &error), "the first is read again");
	hms->close(account);
	hms->close(NULL);
}

/* --- tokens -------------------------------------------------------------- */

static void
check_mint(void)
{
	struct token token = { .text = "" };
	struct http_request request;
	struct error error;
	void *account = load_account("{" V1 "}");

	tap_ok(hms->load(account, &error), "a secret is read once more");
	http_request_init(&request);
	tap_is_int(hms->mint(account, "", 1700000000, &token, &request,
	    &error),
	    PROVIDER_MINT_ASK, "version 1 asks for a token");
	tap_is_string(buf_text(&request.url),
	    "https://oauth-login.cloud.huawei.com/oauth2/v3/token",
	    "... at Huawei");
	tap_is_string(buf_text(&request.body), "grant_type=client_credentials"
	    "&client_id=104&client_secret=se%2fcr%2bet%3d%26",
	    "... with the secret encoded");
	http_request_free(&request);
	hms->close(account);
	account = load_account(fixture_format("{" V1 ",\"token_url\":"
	    "\"https://h/%s\"}", fixture_repeat("x", MESSAGE_URL_SIZE)));
	http_request_init(&request);
	tap_is_int(hms->mint(account, "", 1700000000, &token, &request,
	    &error), PROVIDER_MINT_FAILED, "what does not fit is not asked");
	tap_contains(error.words, "does not fit", "... in words");
	http_request_free(&request);
	hms->close(account);
	account = load_account("{" V3 "}");
	http_request_init(&request);
	tap_is_int(hms->mint(account, "", 1700000000, &token, &request,
	    &error),
	    PROVIDER_MINT_DONE, "version 3 makes a token");
	fixture_is_json(fixture_jwt_part(token.text, 0), "{\"kid\":\"k3\","
	    "\"typ\":\"JWT\",\"alg\":\"PS256\"}", "... its header");
	fixture_is_json(fixture_jwt_part(token.text, 1), "{\"iss\":\"s3\","
	    "\"aud\":\"https://oauth-login.cloud.huawei.com/oauth2/v3/"
	    "token\",\"iat\":1700000000,\"exp\":1700003600}",
	    "... its claims");
	tap_is_int(token.issued_s, 1700000000, "... from now");
	tap_is_int(token.expires_s, 1700003600, "... for an hour");
	http_request_free(&request);
	hms->close(account);
}

/* Which account it is: as many digits as tell them apart. */
static void
check_key(const char *name, size_t start)
{
	tap_is_int((int64_t)strspn(name + start, "0123456789abcdef"), 16,
	    "the account in %s has 16 digits", name);
}

static void
check_describe(void)
{
	struct provider_channel one, two, three;
	void *first = load_account("{" V1 "}");
	void *second = load_account("{" V2 "}");
	void *third = load_account("{" V3 "}");

	hms->describe(first, NULL, &one);
	hms->describe(second, NULL, &two);
	hms->describe(third, NULL, &three);
	tap_contains(one.name, "hms1-104-", "the name: %s", one.name);
	tap_contains(three.name, "hms3-p3-", "the project of the file: %s",
	    three.name);
	check_key(one.name, strlen("hms1-104-"));
	check_key(three.name, strlen("hms3-p3-"));
	tap_lacks(one.name, "se/cr", "nothing of the secret is in it");
	tap_ok(strcmp(one.name, two.name) != 0, "versions are apart");
	hms->close(first);
	hms->close(second);
	hms->close(third);
}

/* --- requests ------------------------------------------------------------ */

#define DEVICE "{\"app_id\":\"a\",\"pushkey\":\"token\",\"data\":{" \
    "\"default_payload\":{\"cs\":\"x\"}}}"

static const char *
plain(const char *members)
{
	return fixture_format("{\"notification\":{%s\"devices\":[" DEVICE
	    "]}}", members);
}

static const struct {
	const char *name;
	const char *section;
	const char *members;
	const char *url;
	const char *push_type;
	const char *body;
} requests[] = {
	{ "version 1", "{" V1 "}", "\"event_id\":\"e\",\"content\":{\"n\":{}},"
	    "\"counts\":{\"unread\":2},",
	    "https://push-api.cloud.huawei.com/v1/104/messages:send", NULL,
	    "{\"message\":{\"data\":\"{\\\"event_id\\\":\\\"e\\\","
	    "\\\"prio\\\":\\\"high\\\",\\\"unread\\\":2,\\\"content\\\":{"
	    "\\\"n\\\":{}}}\",\"android\":{\"urgency\":\"HIGH\",\"ttl\":"
	    "\"1296000s\"},\"token\":[\"token\"]}}" },
	{ "version 2", "{" V2 ",\"category\":\"IM\",\"time_to_live_s\":60}",
	    "\"event_id\":\"e\",\"prio\":\"low\",",
	    "https://push-api.cloud.huawei.com/v2/736/messages:send", NULL,
	    "{\"message\":{\"data\":\"{\\\"event_id\\\":\\\"e\\\","
	    "\\\"prio\\\":\\\"low\\\"}\",\"android\":{\"urgency\":"
	    "\"NORMAL\",\"ttl\":\"60s\",\"category\":\"IM\"},\"token\":["
	    "\"token\"]}}" },
	{ "version 3", "{" V3 "}", "\"event_id\":\"e\",",
	    "https://push-api.cloud.huawei.com/v3/p3/messages:send", "6",
	    "{\"payload\":{\"extraData\":\"{\\\"event_id\\\":\\\"e\\\","
	    "\\\"prio\\\":\\\"high\\\"}\"},\"target\":{\"token\":["
	    "\"token\"]},\"pushOptions\":{\"ttl\":1296000}}" },
	{ "Matrix", "{" V3 ",\"payload\":\"matrix\",\"url\":"
	    "\"https://h/x\"}", "\"event_id\":\"e\",\"user_is_target\":true,"
	    "\"content\":{\"body\":\"b\",\"formatted_body\":\"f\"},",
	    "https://h/x/v3/p3/messages:send", "6",
	    "{\"payload\":{\"extraData\":\"{\\\"cs\\\":\\\"x\\\","
	    "\\\"event_id\\\":\\\"e\\\",\\\"user_is_target\\\":true,"
	    "\\\"content\\\":{\\\"body\\\":\\\"b\\\"}}\"},\"target\":{"
	    "\"token\":[\"token\"]},\"pushOptions\":{\"ttl\":1296000}}" },
};

static void
check_request(size_t i)
{
	void *account = load_account(requests[i].section);
	struct http_request request;
	const char *push_type;

	tap_is_int(compose_first(hms, account, DECODE_NOTIFY,
	    plain(requests[i].members), &request), CAUSE_NONE,
	    "%s is composed", requests[i].name);
	tap_is_string(buf_text(&request.url), requests[i].url, "%s: the URL",
	    requests[i].name);
	fixture_is_json(buf_text(&request.body), requests[i].body,
	    "%s: the body", requests[i].name);
	push_type = http_request_header(&request, "push-type");
	tap_is_string(push_type == NULL ? "none" : push_type,
	    requests[i].push_type == NULL ? "none" : requests[i].push_type,
	    "%s: the push-type", requests[i].name);
	tap_is_string(http_request_header(&request, "authorization"),
	    "Bearer " COMPOSE_TOKEN, "%s: the token", requests[i].name);
	tap_is_string(http_request_header(&request, "content-type"),
	    "application/json", "%s: the content-type", requests[i].name);
	http_request_free(&request);
	hms->close(account);
}

static void
check_encrypted(void)
{
	void *account = load_account("{" V1 "}");
	const char *text = fixture_repeat("c", 1404);
	struct http_request request;

	compose_first(hms, account, DECODE_ENCRYPTED_BATCH, fixture_format(
	    "{\"notifications\":[{\"id\":\"0\",\"notification\":{"
	    "\"ciphertext\":\"%s\",\"time_message_encrypted\":\"2024-11\","
	    "\"key_identifier\":\"k\",\"device\":" DEVICE "}}]}", text),
	    &request);
	tap_contains(buf_text(&request.body), fixture_format("\"data\":\"{"
	    "\\\"ciphertext\\\":\\\"%s\\\",\\\"time_message_encrypted\\\":"
	    "\\\"2024-11\\\",\\\"key_identifier\\\":\\\"k\\\"}\"", text),
	    "an encrypted one is its three fields, and nothing else");
	tap_lacks(buf_text(&request.body), "cs",
	    "nothing of device.data is in it");
	http_request_free(&request);
	hms->close(account);
}

/* --- pushkeys ------------------------------------------------------------ */

static const struct {
	const char *name;
	const char *pushkey;	/* as it stands in the request */
	bool possible;
} pushkeys[] = {
	{ "one character", "x", true },
	{ "visible ASCII", "!#$%&'()*+,-./:;<=>?@[]^_`{|}~", true },
	{ "no characters", "", false },
	{ "a space", " ", false },
	{ "a space at the end", "token ", false },
	{ "a quote", "a\\\"", false },
	{ "a backslash", "a\\\\", false },
	{ "a NUL and more", "a\\u0000b", false },
	{ "a delete character", "a\x7f", false },
	{ "a letter of two bytes", "\xc3\xa4", false },
};

static void
check_pushkey(const void *account, const char *name, const char *pushkey,
    bool possible)
{
	struct http_request request;
	enum cause cause = compose_first(hms, account, DECODE_NOTIFY,
	    fixture_format("{\"notification\":{\"devices\":[{\"app_id\":"
	    "\"a\",\"pushkey\":\"%s\"}]}}", pushkey), &request);

	tap_is_int(cause, possible ? CAUSE_NONE : CAUSE_PUSHKEY_MALFORMED,
	    "%s is %s", name, possible ? "a pushkey" : "no pushkey");
	http_request_free(&request);
}

static void
check_pushkeys(void)
{
	void *account = load_account("{" V1 "}");
	size_t i;

	for (i = 0; i < sizeof pushkeys / sizeof *pushkeys; i++)
		check_pushkey(account, pushkeys[i].name, pushkeys[i].pushkey,
		    pushkeys[i].possible);
	check_pushkey(account, "4096 characters", fixture_repeat("x", 4096),
	    true);
	check_pushkey(account, "4097 characters", fixture_repeat("x", 4097),
	    false);
	hms->close(account);
}

/* --- answers ------------------------------------------------------------- */

#define CODE(code) "{\"code\":\"" code "\",\"msg\":\"m\",\"requestId\":\"r\"}"
#define SAYS(code, msg) "{\"code\":\"" code "\",\"msg\":\"" msg "\"}"
#define PARTIAL(token) SAYS("80100000", "{\\\"success\\\":0,\\\"failure" \
    "\\\":1,\\\"illegal_tokens\\\":[\\\"" token "\\\"]}")

#define DELIVERED VERDICT_DELIVERED, CAUSE_NONE, RETRY_NEVER, false
#define BUG VERDICT_FAILED, CAUSE_REFUSED, RETRY_NEVER, false
#define DEAD VERDICT_REJECTED, CAUSE_PUSHKEY_DEAD, RETRY_NEVER, false
#define SUSPECT VERDICT_REJECTED, CAUSE_PUSHKEY_DEAD, RETRY_NEVER, true
#define OPERATOR VERDICT_LATER, CAUSE_CREDENTIALS, RETRY_NEVER, false
#define RENEW VERDICT_LATER, CAUSE_CREDENTIALS, RETRY_TOKEN, false
#define BUSY(what) VERDICT_LATER, CAUSE_OVERLOADED, what, false
#define FOREIGN VERDICT_LATER, CAUSE_UNREACHABLE, RETRY_NEVER, false

static const struct {
	int version;		/* 0: all of them */
	int status;
	const char *body;
	const char *reason;	/* the label of the metrics */
	enum verdict verdict;
	enum cause cause;
	enum retry retry;
	bool suspicious;
} answers[] = {
	{ 0, 200, CODE("80000000"), "ok", DELIVERED },
	{ 0, 200, SAYS("80000000", "erfolgreich für alle"), "ok", DELIVERED },
	{ 0, 400, CODE("80000000"), "other", BUG },
	{ 0, 299, CODE("80000000"), "ok", DELIVERED },
	{ 0, 300, CODE("80000000"), "other", BUG },
	{ 1, 200, PARTIAL("token"), "80100000", DEAD },
	{ 2, 200, PARTIAL("token"), "80100000", DEAD },
	{ 1, 200, PARTIAL("other"), "80100000", OPERATOR },
	{ 1, 200, PARTIAL("other\\\",\\\"token"), "80100000", DEAD },
	{ 1, 200, SAYS("80100000", "{\\\"illegal_tokens\\\":\\\"token\\\"}"),
	    "80100000", OPERATOR },
	{ 3, 200, PARTIAL("token"), "80100000", OPERATOR },
	{ 1, 200, SAYS("80100000", "illegal_tokens"), "80100000", OPERATOR },
	{ 3, 200, SAYS("80100000", "x tokenFormatError y"), "80100000", DEAD },
	{ 1, 200, SAYS("80100000", "tokenFormatError"), "80100000", OPERATOR },
	{ 3, 200, SAYS("80100000", "noRight"), "80100000", OPERATOR },
	{ 1, 200, SAYS("80300007", "All the tokens are invalid"), "80300007",
	    SUSPECT },
	{ 2, 400, SAYS("80300007", "All the tokens are invalid"), "80300007",
	    SUSPECT },
	{ 3, 200, SAYS("80300007", "All the tokens are invalid"), "80300007",
	    OPERATOR },
	{ 3, 200, SAYS("80300007", "tokenFormatError"), "80300007", SUSPECT },
	{ 3, 200, SAYS("80300007", "noPushTypeRight"), "80300007", OPERATOR },
	{ 1, 200, SAYS("80300007", "penalty"), "80300007", OPERATOR },
	/* Without words, which would say whether it is the pushkey. */
	{ 0, 200, "{\"code\":\"80100000\"}", "80100000", OPERATOR },
	{ 0, 200, "{\"code\":\"80300007\"}", "80300007", OPERATOR },
	{ 0, 400, CODE("80100001"), "80100001", BUG },
	{ 0, 400, CODE("80100002"), "80100002", BUG },
	{ 0, 400, CODE("80100003"), "80100003", BUG },
	{ 0, 400, CODE("80100013"), "80100013", BUG },
	{ 0, 400, CODE("80100018"), "80100018", BUG },
	{ 0, 400, CODE("80100004"), "80100004", BUG },
	{ 0, 400, CODE("80100016"), "80100016", BUG },
	{ 0, 400, CODE("80100017"), "80100017", BUG },
	{ 0, 401, CODE("80200001"), "80200001", RENEW },
	{ 0, 401, CODE("80200003"), "80200003", RENEW },
	{ 0, 401, CODE("80200005"), "80200005", RENEW },
	{ 0, 400, CODE("80300002"), "80300002", OPERATOR },
	{ 0, 400, CODE("80300008"), "80300008", VERDICT_FAILED, CAUSE_TOO_LONG,
	    RETRY_NEVER, false },
	{ 0, 400, CODE("80300010"), "80300010", BUG },
	{ 0, 400, CODE("80300011"), "80300011", OPERATOR },
	{ 0, 400, CODE("80300036"), "80300036", OPERATOR },
	{ 0, 500, CODE("80600003"), "80600003", BUSY(RETRY_BACKOFF) },
	{ 0, 500, CODE("81000001"), "81000001", BUSY(RETRY_BACKOFF) },
	{ 0, 200, CODE("89999999"), "other", BUG },
	{ 0, 400, CODE("89999999"), "other", BUG },
	{ 0, 499, CODE("89999999"), "other", BUG },
	{ 0, 500, CODE("89999999"), "other", BUSY(RETRY_BACKOFF) },
	{ 0, 200, "{\"code\":80000000}", "not HMS", FOREIGN },
	{ 0, 400, "{\"code\":\"80300007\",\"msg\":\"All the tok", "not HMS",
	    FOREIGN },
	/* Without a code, by the status. */
	{ 0, 200, "", "not HMS", FOREIGN },
	{ 0, 200, "<html>", "not HMS", FOREIGN },
	{ 0, 302, "", "not HMS", FOREIGN },
	{ 0, 400, "<html>", "not HMS", FOREIGN },
	{ 0, 401, "", "other", RENEW },
	{ 0, 402, "", "not HMS", FOREIGN },
	{ 0, 403, "", "other", OPERATOR },
	{ 0, 404, "<html>", "other", OPERATOR },
	{ 0, 405, "", "other", OPERATOR },
	{ 0, 406, "", "not HMS", FOREIGN },
	{ 0, 407, "", "other", OPERATOR },
	{ 0, 408, "", "other", BUSY(RETRY_BACKOFF) },
	{ 0, 409, "", "not HMS", FOREIGN },
	{ 0, 421, "", "other", VERDICT_LATER, CAUSE_UNREACHABLE, RETRY_ONCE,
	    false },
	{ 0, 422, "", "not HMS", FOREIGN },
	{ 0, 425, "", "other", FOREIGN },
	{ 0, 426, "", "not HMS", FOREIGN },
	{ 0, 429, "", "other", BUSY(RETRY_AFTER_ONLY) },
	{ 0, 430, "", "not HMS", FOREIGN },
	{ 0, 500, "", "other", BUSY(RETRY_BACKOFF) },
	{ 0, 502, "<html>", "other", BUSY(RETRY_BACKOFF) },
	{ 0, 503, "", "flow control", BUSY(RETRY_AFTER_ONLY) },
	{ 0, 504, "", "other", BUSY(RETRY_BACKOFF) },
	{ 0, 599, "", "other", BUSY(RETRY_BACKOFF) },
	{ 0, 600, "", "not HMS", FOREIGN },
};

static void
check_answer(const void *account, size_t i, int version)
{
	struct json_object *pushkey = json_object_new_string("token");
	struct device device = { .app_id = "a", .pushkey = "token",
	    .pushkey_size = 5, .pushkey_json = pushkey };
	const char *name = fixture_format("version %d, %d %s", version,
	    answers[i].status, answers[i].body);
	struct outcome outcome = provider_fixture_judge(hms, account, &device,
	    &(struct provider_answer){ .status = answers[i].status,
		.body = answers[i].body, .retry_after_ms = 3000 });

	provider_fixture_is_judged(&outcome, answers[i].verdict,
	    answers[i].cause, answers[i].retry, name);
	tap_is_int(outcome.suspicious, answers[i].suspicious,
	    "%s: is it suspicious", name);
	tap_is_int(outcome.fresh_connection, answers[i].status == 421,
	    "%s: is another connection needed", name);
	tap_is_string(outcome.reason, answers[i].reason, "%s: the reason",
	    name);
	tap_is_int(outcome.retry_after_ms, 3000,
	    "%s: the time that it names is handed on", name);
	json_object_put(pushkey);
}

static void
check_answers(int version, const char *section)
{
	void *account = load_account(section);
	size_t i;

	for (i = 0; i < sizeof answers / sizeof *answers; i++) {
		if (answers[i].version == 0 || answers[i].version == version)
			check_answer(account, i, version);
	}
	hms->close(account);
}

int
main(void)
{
	size_t i;

	hms = provider_find("hms");
	if (hms == NULL)
		tap_bail_out("there is no provider hms");
	for (i = 0; i < sizeof sections / sizeof *sections; i++)
		provider_fixture_check_section(hms, &sections[i]);
	check_missing();
	check_load();
	check_mint();
	check_describe();
	for (i = 0; i < sizeof requests / sizeof *requests; i++)
		check_request(i);
	check_encrypted();
	check_pushkeys();
	check_answers(1, "{" V1 "}");
	check_answers(2, "{" V2 "}");
	check_answers(3, "{" V3 "}");
	return tap_done();
}
