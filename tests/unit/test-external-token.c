/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts at Google without a key: the subject token, and the requests one
 * after the other by which an access token is had. */
#include "provider/provider.h"

#include <string.h>
#include <sys/stat.h>

#include "external-fixture.h"
#include "fixture.h"
#include "provider/subject-token.h"
#include "tap.h"

#define NOW 1700000000

static const struct provider *fcm;

/* --- the way to a token --------------------------------------------------- */

/* The body of an exchange of the subject token. */
#define EXCHANGE(scope) "grant_type=urn%3aietf%3aparams%3aoauth%3agrant-type" \
    "%3atoken-exchange&audience=%2f%2fiam.googleapis.com%2fprojects%2f1%2f" \
    "locations%2fglobal%2fworkloadIdentityPools%2fpool%2fproviders%2fone" \
    "&scope=https%3a%2f%2fwww.googleapis.com%2fauth%2f" scope \
    "&requested_token_type=urn%3aietf%3aparams%3aoauth%3atoken-type%3a" \
    "access_token&subject_token_type=urn%3aietf%3aparams%3aoauth%3a" \
    "token-type%3ajwt&subject_token="
#define EXCHANGED "{\"access_token\":\"ya29.exchanged\"," \
    "\"issued_token_type\":\"urn:ietf:params:oauth:token-type:access_token\"," \
    "\"expires_in\":3599,\"token_type\":\"Bearer\"}"
#define IMPERSONATED(end) "{\"accessToken\":\"ya29.impersonated\"," \
    "\"expireTime\":\"" end "\"}"

/* What is asked for next, or comes of a reply. */
struct result {
	enum provider_mint how;
	struct http_request request;
	struct token token;
	struct error error;
};

static void
begin(struct result *result)
{
	memset(result, 0, sizeof *result);
	http_request_init(&result->request);
}

static void
mint(const void *account, struct result *result)
{
	begin(result);
	result->how = fcm->mint(account, "", NOW, &result->token,
	    &result->request, &result->error);
}

static void
answer(const void *account, unsigned int step, int status, const char *body,
    struct result *result)
{
	struct http_reply reply;

	http_request_free(&result->request);
	begin(result);
	http_reply_init(&reply);
	reply.status = status;
	buf_append_text(&reply.body, body);
	result->how = fcm->read(account, step, &reply, NOW, &result->token,
	    &result->request, &result->error);
	http_reply_free(&reply);
}

static void
is_asked(const struct result *result, bool is_get, const char *url,
    const char *body, const char *name)
{
	tap_is_int(result->how, PROVIDER_MINT_ASK, "%s: there is a request",
	    name);
	tap_is_int(result->request.is_get, is_get, "%s: its method", name);
	tap_is_string(buf_text(&result->request.url), url, "%s: its URL",
	    name);
	tap_is_string(buf_text(&result->request.body), body, "%s: its body",
	    name);
}

static void
is_token(const struct result *result, const char *text, int64_t expires_s,
    const char *name)
{
	tap_is_int(result->how, PROVIDER_MINT_DONE, "%s: it is a token%s%s",
	    name, *result->error.words == '\0' ? "" : ": ",
	    result->error.words);
	tap_is_string(result->token.text, text, "%s: its text", name);
	tap_is_int(result->token.issued_s, NOW, "%s: issued now", name);
	tap_is_int(result->token.expires_s, expires_s, "%s: its end", name);
}

static void
check_file_alone(void)
{
	void *account = external_fixture_load(EXTERNAL_APP, "{}");
	struct result result;

	fixture_file("subject", "sub+ject/1=\n");
	mint(account, &result);
	is_asked(&result, false, "https://sts.example/v1/token",
	    EXCHANGE("firebase.messaging") "sub%2bject%2f1%3d", "by a file");
	tap_is_string(http_request_header(&result.request, "content-type"),
	    "application/x-www-form-urlencoded", "by a file: a form");
	answer(account, 0, 200, EXCHANGED, &result);
	is_token(&result, "ya29.exchanged", NOW + 3599, "by a file");
	http_request_free(&result.request);
	fixture_file("subject", "subject-2");
	mint(account, &result);
	tap_contains(buf_text(&result.request.body),
	    "&subject_token=subject-2",
	    "a file that was replaced is read again");
	http_request_free(&result.request);
	tap_is_string(fcm->mint_files(account, 0), fixture_path("subject"),
	    "the file is named");
	tap_ok(fcm->mint_files(account, 1) == NULL, "... alone");
	fcm->close(account);
}

static void
check_impersonation(void)
{
	void *account = external_fixture_load(EXTERNAL_APP,
	    EXTERNAL_AS(EXTERNAL_EMAIL));
	struct result result;

	fixture_file("subject", "subject");
	mint(account, &result);
	is_asked(&result, false, "https://sts.example/v1/token",
	    EXCHANGE("cloud-platform") "subject", "as a service account");
	answer(account, 0, 200, EXCHANGED, &result);
	is_asked(&result, false, EXTERNAL_AS_URL(EXTERNAL_EMAIL),
	    "{\"scope\":[\"https://www.googleapis.com/auth/"
	    "firebase.messaging\"],\"lifetime\":\"3600s\"}",
	    "as a service account, the second");
	tap_is_string(http_request_header(&result.request, "authorization"),
	    "Bearer ya29.exchanged", "... by the first one's token");
	tap_is_string(http_request_header(&result.request, "content-type"),
	    "application/json", "... in JSON");
	answer(account, 1, 200, IMPERSONATED("2023-11-14T23:13:20Z"),
	    &result);
	is_token(&result, "ya29.impersonated", NOW + 3600,
	    "as a service account");
	http_request_free(&result.request);
	fcm->close(account);
}

static void
check_url(void)
{
	void *account = external_fixture_load(EXTERNAL_APP,
	    "{\"credential_source\":{\"url\":"
	    "\"http://169.254.169.254/token?x=y\",\"headers\":{"
	    "\"Metadata\":\"True\"},\"format\":{\"type\":\"json\","
	    "\"subject_token_field_name\":\"t\"}},"
	    "\"service_account_impersonation_url\":\"" 
	    EXTERNAL_AS_URL(EXTERNAL_EMAIL) "\"}");
	struct result result;

	mint(account, &result);
	is_asked(&result, true, "http://169.254.169.254/token?x=y", "",
	    "by a URL");
	tap_is_string(http_request_header(&result.request, "Metadata"), "True",
	    "by a URL: its header");
	answer(account, 0, 200, "{\"t\":\"subject\",\"u\":1}", &result);
	is_asked(&result, false, "https://sts.example/v1/token",
	    EXCHANGE("cloud-platform") "subject", "by a URL, the second");
	answer(account, 1, 200, EXCHANGED, &result);
	is_asked(&result, false, EXTERNAL_AS_URL(EXTERNAL_EMAIL),
	    buf_text(&result.request.body), "by a URL, the third");
	answer(account, 2, 200, IMPERSONATED("2023-11-14T23:13:20.5Z"),
	    &result);
	is_token(&result, "ya29.impersonated", NOW + 3600, "by a URL");
	http_request_free(&result.request);
	tap_ok(fcm->mint_files(account, 0) == NULL, "it reads no file");
	fcm->close(account);
}

/* --- what goes wrong ------------------------------------------------------ */

#define JSON_SOURCE "{\"credential_source\":{\"file\":\"subject\"," \
    "\"format\":{\"type\":\"json\",\"subject_token_field_name\":\"t\"}}}"

static const struct {
	const char *name;
	const char *changes;
	const char *text;	/* of the subject token's file; NULL: none */
	mode_t mode;
	const char *words;
} files[] = {
	{ "no file", "{}", NULL, 0600, "No such file" },
	{ "an empty file", "{}", "\n", 0600, "is empty" },
	{ "what is no text", "{}", "secret\nsecret", 0600, "is not a token" },
	{ "what everybody may write", "{}", "secret", 0602, "chmod o-w" },
	{ "no JSON", JSON_SOURCE, "secret", 0600,
	    "is no JSON object with a string \"t\"" },
	{ "JSON without the field", JSON_SOURCE, "{\"u\":\"secret\"}", 0600,
	    "is no JSON object with a string \"t\"" },
	{ "a field that is no string", JSON_SOURCE, "{\"t\":[\"secret\"]}",
	    0600, "is no JSON object with a string \"t\"" },
	{ "an empty field", JSON_SOURCE, "{\"t\":\"\"}", 0600, "is empty" },
};

static void
check_bad_subject(size_t i)
{
	void *account = external_fixture_load(EXTERNAL_APP, files[i].changes);
	struct result result;

	fixture_remove(fixture_path("subject"));
	if (files[i].text != NULL)
		chmod(fixture_file("subject", files[i].text), files[i].mode);
	mint(account, &result);
	tap_is_int(result.how, PROVIDER_MINT_FAILED, "%s: no token",
	    files[i].name);
	tap_contains(result.error.words, files[i].words, "%s: the words",
	    files[i].name);
	tap_contains(result.error.words, fixture_path("subject"),
	    "%s: ... name the file", files[i].name);
	tap_lacks(result.error.words, "secret", "%s: ... and no secret",
	    files[i].name);
	http_request_free(&result.request);
	fcm->close(account);
}

#define STATUS(words) "{\"error\":{\"code\":1,\"message\":\"secret\"," \
    "\"status\":\"" words "\"}}"

#define WORD40 "ABCDEFGHIJ_ABCDEFGHI_ABCDEFGHI_ABCDEFGHI"

static const struct {
	const char *name;
	unsigned int step;
	int status;
	const char *body;
	const char *words;
} replies[] = {
	{ "the source is not there", 0, 404, "secret",
	    "the source of the subject token answered 404" },
	{ "the source has nothing", 0, 200, "",
	    "what the source of the subject token answered is empty" },
	{ "the source has several lines", 0, 200, "secret\nsecret",
	    "is not a token" },
	{ "the exchange is refused", 1, 400,
	    "{\"error\":\"invalid_grant\",\"error_description\":\"secret\"}",
	    "400, invalid_grant: the subject token has expired, or is none "
	    "for this \"audience\"" },
	{ "the exchange is another's", 1, 400, "{\"error\":\"invalid_target\"}",
	    "400, invalid_target" },
	{ "the exchange breaks", 1, 503, "secret", "503, no known error" },
	{ "the exchange gives nothing", 1, 200, "{}",
	    "the token endpoint sent no token" },
	{ "the impersonation is refused", 2, 403,
	    STATUS("PERMISSION_DENIED"), "is not impersonated (403, "
	    "PERMISSION_DENIED): has the pool's identity the role "
	    "roles/iam.workloadIdentityUser of it?" },
	{ "there is no such account", 2, 404, STATUS("NOT_FOUND"),
	    "is not impersonated (404, NOT_FOUND)" },
	{ "the impersonation answers anything", 2, 400,
	    STATUS("secret words"), "(400, no known error)" },
	{ "the impersonation breaks", 2, 503, "secret",
	    "(503, no known error)" },
	{ "the impersonation fails in a word", 2, 503,
	    "{\"error\":\"secret\"}", "(503, no known error)" },
	{ "a status as long as may be", 2, 400, STATUS(WORD40),
	    "(400, " WORD40 ")" },
	{ "a status that is longer", 2, 400, STATUS(WORD40 "_"),
	    "(400, no known error)" },
	{ "the impersonation gives nothing", 2, 200, "{}",
	    "the impersonation sent no token" },
	{ "an end without a token", 2, 200,
	    "{\"expireTime\":\"2023-11-14T23:13:20Z\"}",
	    "the impersonation sent no token" },
	{ "a token without an end", 2, 200, "{\"accessToken\":\"secret\"}",
	    "the impersonation sent no token" },
	{ "a token that has ended", 2, 200,
	    IMPERSONATED("2023-11-14T22:13:20Z"),
	    "the impersonation sent no token" },
	{ "a token for ever", 2, 200, IMPERSONATED("2024-11-14T22:13:20Z"),
	    "the impersonation sent no token" },
	{ "an end that is no time", 2, 200, IMPERSONATED("soon"),
	    "the impersonation sent no token" },
};

static void
check_bad_reply(size_t i)
{
	void *account = external_fixture_load(EXTERNAL_APP,
	    "{\"credential_source\":{\"url\":"
	    "\"https://issuer.example/\"},"
	    "\"service_account_impersonation_url\":\"" 
	    EXTERNAL_AS_URL(EXTERNAL_EMAIL) "\"}");
	struct result result;

	begin(&result);
	answer(account, replies[i].step, replies[i].status, replies[i].body,
	    &result);
	tap_is_int(result.how, PROVIDER_MINT_FAILED, "%s: no token",
	    replies[i].name);
	tap_contains(result.error.words, replies[i].words, "%s: the words",
	    replies[i].name);
	tap_lacks(result.error.words, "secret", "%s: ... and no secret",
	    replies[i].name);
	http_request_free(&result.request);
	fcm->close(account);
}

/* --- long ones ------------------------------------------------------------ */

/* From a URL, a reply whose body is cut if it is too much. */
static void
check_size(const void *account, size_t size, enum provider_mint how,
    const char *name)
{
	struct result result;

	begin(&result);
	answer(account, 0, 200, fixture_repeat("x", size), &result);
	tap_is_int(result.how, how, "%s: %s", name,
	    how == PROVIDER_MINT_FAILED ? "no token" : "it is exchanged");
	if (how == PROVIDER_MINT_FAILED)
		tap_contains(result.error.words, "is too long",
		    "%s: the words", name);
	http_request_free(&result.request);
}

static void
check_sizes(void)
{
	void *account = external_fixture_load(EXTERNAL_APP,
	    "{\"credential_source\":{\"url\":\"https://issuer.example/\"}}");
	struct result result;

	check_size(account, SUBJECT_TOKEN_SIZE, PROVIDER_MINT_ASK,
	    "the longest subject token");
	check_size(account, SUBJECT_TOKEN_SIZE + 1, PROVIDER_MINT_FAILED,
	    "one byte more");
	check_size(account, MESSAGE_REPLY_SIZE + 1, PROVIDER_MINT_FAILED,
	    "more than is read of a reply");
	fcm->close(account);
	account = external_fixture_load(EXTERNAL_APP, "{}");
	fixture_file("subject", fixture_repeat("+", SUBJECT_TOKEN_SIZE - 1));
	mint(account, &result);
	tap_is_int(result.how, PROVIDER_MINT_FAILED,
	    "a subject token that is too long once it is encoded: no token");
	tap_contains(result.error.words, "does not fit", "... in words");
	http_request_free(&result.request);
	fcm->close(account);
}

int
main(void)
{
	size_t i;

	fcm = provider_find("fcm");
	check_file_alone();
	check_impersonation();
	check_url();
	for (i = 0; i < sizeof files / sizeof *files; i++)
		check_bad_subject(i);
	for (i = 0; i < sizeof replies / sizeof *replies; i++)
		check_bad_reply(i);
	check_sizes();
	return tap_done();
}
