/* SPDX-License-Identifier: Apache-2.0 */
/* What each request is answered, logged and counted as, before delivery. */
#include "api/route.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "base/log.h"
#include "captured-log.h"
#include "config-fixture.h"
#include "fixture.h"
#include "gateway-fixture.h"
#include "metrics-fixture.h"
#include "tap.h"

enum { VARIABLES_MAX = 8 };

#define NOTIFY "/push/v1/notify"
#define MATRIX "/_matrix/push/v1/notify"
#define BATCH "/push/v1/notify/batch"

/* Variables of the web server; a row's own come first, and count. */
#define CALLER { "SSL_CLIENT_VERIFY", "SUCCESS" }, \
    { "SSL_CLIENT_CERT", config_fixture_certificate }
#define POST(path) { "REQUEST_METHOD", "POST" }, { "SCRIPT_NAME", path }, \
    { "CONTENT_TYPE", "application/json" }, CALLER
#define READ(method, path) { "REQUEST_METHOD", method }, \
    { "SCRIPT_NAME", path }

#define ERROR(text) "{\"error\":\"" text "\"}"
#define MATRIX_ERROR(text) "{\"errcode\":\"M_UNRECOGNIZED\",\"error\":\"" \
    text "\"}"
#define INVALID(where, text) "{\"error\":\"Invalid data format\"," \
    "\"details\":{\"location\":\"" where "\",\"reason\":\"" text "\"}}"
#define NO_OPERATION "There is no such operation."
#define ONLY_POST "The operation takes POST only."
#define ONLY_BOTH "The operation takes GET and POST only."
#define NOBODY "Missing or invalid mutual TLS (mTLS) certificate."
#define UNAVAILABLE "Push Gateway under maintenance or overloaded."
#define GATEWAY "{\"gateway\":\"matrix\"," \
    "\"unifiedpush\":{\"gateway\":\"matrix\"}}"

static const struct row {
	const char *name;
	const char *settings;
	struct fake_exchange_variable variables[VARIABLES_MAX];
	struct fake_exchange_params params;
	const char *status;		/* its line */
	const char *header;		/* a line of it */
	const char *body;		/* NULL: none */
	const char *logged;		/* a part of one line */
	const char *operation;		/* that it is counted for */
	const char *result;		/* for the client; NULL: for none */
} rows[] = {
	/* --- paths and methods --- */
	{ .name = "another path", .variables = { POST("/push/v2/notify") },
	    .status = "404 Not Found", .body = ERROR(NO_OPERATION),
	    .logged = "refused: 404: path /push/v2/notify",
	    .operation = "none" },
	{ .name = "another path of Matrix",
	    .variables = { POST("/_matrix/push/v2/notify") },
	    .status = "404 Not Found", .body = MATRIX_ERROR(NO_OPERATION),
	    .logged = "refused: 404: path /_matrix/push/v2/notify",
	    .operation = "none" },
	{ .name = "no path", .variables = { { "REQUEST_METHOD", "POST" },
	    CALLER }, .status = "404 Not Found",
	    .body = ERROR(NO_OPERATION), .logged = "refused: 404: path ",
	    .operation = "none" },
	{ .name = "a target that is not plain",
	    .variables = { POST(NOTIFY), { "REQUEST_URI", "/x/.." NOTIFY } },
	    .status = "404 Not Found", .body = ERROR(NO_OPERATION),
	    .logged = "refused: 404: path " NOTIFY, .operation = "none" },
	{ .name = "GET", .variables = { READ("GET", NOTIFY) },
	    .status = "405 Method Not Allowed", .header = "Allow: POST",
	    .body = ERROR(ONLY_POST),
	    .logged = "refused: 405: " ONLY_POST, .operation = "notify" },
	{ .name = "PUT to a batch", .variables = { READ("PUT", BATCH) },
	    .status = "405 Method Not Allowed", .header = "Allow: POST",
	    .body = ERROR(ONLY_POST),
	    .logged = "refused: 405: " ONLY_POST,
	    .operation = "notify/batch" },
	{ .name = "PUT to what is encrypted",
	    .variables = { READ("PUT", "/push/v1/notifyEncrypted/batch") },
	    .status = "405 Method Not Allowed", .header = "Allow: POST",
	    .body = ERROR(ONLY_POST),
	    .logged = "refused: 405: " ONLY_POST,
	    .operation = "notifyEncrypted/batch" },
	{ .name = "no method",
	    .variables = { { "SCRIPT_NAME", NOTIFY }, CALLER },
	    .status = "405 Method Not Allowed", .header = "Allow: POST",
	    .body = ERROR(ONLY_POST),
	    .logged = "refused: 405: " ONLY_POST, .operation = "notify" },
	{ .name = "PUT by Matrix", .variables = { READ("PUT", MATRIX) },
	    .status = "405 Method Not Allowed",
	    .header = "Allow: GET, POST", .body = MATRIX_ERROR(ONLY_BOTH),
	    .logged = "refused: 405: " ONLY_BOTH, .operation = "notify" },

	/* --- discovery --- */
	{ .name = "GET by Matrix", .variables = { READ("GET", MATRIX) },
	    .status = "200 OK", .header = "Content-Type: application/json",
	    .body = GATEWAY, .operation = "notify" },
	{ .name = "HEAD by Matrix", .variables = { READ("HEAD", MATRIX) },
	    .status = "200 OK", .header = "Content-Length: 55",
	    .operation = "notify" },

	/* --- callers --- */
	{ .name = "nobody's certificate was looked at",
	    .variables = { { "REQUEST_METHOD", "POST" },
	    { "SCRIPT_NAME", NOTIFY } }, .status = "401 Unauthorized",
	    .body = ERROR(NOBODY),
	    .logged = "refused: 401: SSL_CLIENT_VERIFY is not set",
	    .operation = "notify" },
	{ .name = "nor was this one", .variables = { { "SSL_CLIENT_VERIFY",
	    "" }, POST(NOTIFY) }, .status = "401 Unauthorized",
	    .body = ERROR(NOBODY),
	    .logged = "refused: 401: SSL_CLIENT_VERIFY is not set",
	    .operation = "notify" },
	{ .name = "a certificate that is not trusted",
	    .variables = { { "SSL_CLIENT_VERIFY", "FAILED" }, POST(MATRIX) },
	    .status = "401 Unauthorized", .body = ERROR(NOBODY),
	    .logged = "refused: 401: SSL_CLIENT_VERIFY is FAILED",
	    .operation = "notify" },
	{ .name = "something that is no certificate",
	    .variables = { { "SSL_CLIENT_CERT", "x" }, POST(BATCH) },
	    .status = "401 Unauthorized", .body = ERROR(NOBODY),
	    .logged = "refused: 401: ", .operation = "notify/batch" },

	/* --- what is too large, or not whole --- */
	{ .name = "headers", .variables = { POST(NOTIFY) },
	    .params = { .variables_are_too_large = true },
	    .status = "431 Request Header Fields Too Large",
	    .body = ERROR("The request headers are too large."),
	    .logged = "refused: 431: The request headers are too large.",
	    .operation = "none" },
	{ .name = "the body of one",
	    .settings = "\"max_request_size_kb\":1,"
	    "\"max_notification_size_kb\":1,",
	    .variables = { POST(NOTIFY) },
	    .status = "413 Content Too Large",
	    .body = "{\"error\":\"Notification object is too large.\","
	    "\"details\":{\"max_request_size_kb\":1}}",
	    .logged = "notify by caller: 413: Notification object is too "
	    "large.", .operation = "notify", .result = "refused" },
	{ .name = "that of a batch",
	    .settings = "\"max_request_size_kb\":1,"
	    "\"max_notification_size_kb\":1,",
	    .variables = { POST(BATCH) },
	    .status = "413 Content Too Large",
	    .body = "{\"error\":\"Batch request payload is too large.\","
	    "\"details\":{\"max_request_size_kb\":1}}",
	    .logged = "notify/batch by caller: 413: Batch request payload "
	    "is too large.", .operation = "notify/batch",
	    .result = "refused" },
	{ .name = "a body that is cut short", .variables = { POST(BATCH) },
	    .params = { .body = "{}", .body_is_cut = true },
	    .status = "400 Bad Request",
	    .body = INVALID("", "the body was cut short"),
	    .logged = "notify/batch by caller: 400: the body was cut short",
	    .operation = "notify/batch", .result = "refused" },
	{ .name = "a body that never comes", .variables = { POST(BATCH) },
	    .params = { .body = "{}", .body_after_ms = -1 },
	    .status = "503 Service Unavailable",
	    .header = "Retry-After: 30", .body = ERROR(UNAVAILABLE),
	    .logged = "notify/batch by caller: 503: " UNAVAILABLE,
	    .operation = "notify/batch", .result = "unavailable" },

	/* --- headers of what is sent --- */
	{ .name = "another type", .variables = { { "CONTENT_TYPE",
	    "text/plain" }, POST(NOTIFY) }, .params = { .body = "{}" },
	    .status = "400 Bad Request",
	    .body = INVALID("", "Content-Type must be application/json"),
	    .logged = "notify by caller: 400: Content-Type must be "
	    "application/json", .operation = "notify", .result = "refused" },
	{ .name = "a type that begins like it", .variables = {
	    { "CONTENT_TYPE", "application/jsonp" }, POST(NOTIFY) },
	    .params = { .body = "{}" }, .status = "400 Bad Request",
	    .body = INVALID("", "Content-Type must be application/json"),
	    .operation = "notify", .result = "refused" },
	{ .name = "no type", .variables = { READ("POST", NOTIFY), CALLER },
	    .params = { .body = "{}" }, .status = "400 Bad Request",
	    .body = INVALID("", "Content-Type must be application/json"),
	    .operation = "notify", .result = "refused" },
	{ .name = "another coding", .variables = { POST(NOTIFY),
	    { "HTTP_CONTENT_ENCODING", "gzip" } },
	    .params = { .body = "{}" }, .status = "400 Bad Request",
	    .body = INVALID("", "Content-Encoding must be identity"),
	    .operation = "notify", .result = "refused" },
	{ .name = "no JSON", .variables = { POST(NOTIFY) },
	    .params = { .body = "{}" }, .status = "400 Bad Request",
	    .body = INVALID("/notification", "is required"),
	    .logged = "notify by caller: 400: /notification is required",
	    .operation = "notify", .result = "refused" },

	/* --- what is taken --- */
	{ .name = "a path in two variables", .variables = { { "PATH_INFO",
	    "/notify" }, POST("/push/v1") }, .status = "200 OK",
	    .header = "Content-Length: 15", .body = "{\"rejected\":[]}",
	    .logged = "notify by caller: 200 items=1", .operation = "notify",
	    .result = "answered" },
	{ .name = "a type with a parameter, in capitals",
	    .variables = { { "CONTENT_TYPE",
	    "Application/JSON; charset=utf-8" }, POST(NOTIFY) },
	    .status = "200 OK", .header = "Cache-Control: no-store",
	    .body = "{\"rejected\":[]}", .operation = "notify",
	    .result = "answered" },
	{ .name = "the coding that is none", .variables = { POST(NOTIFY),
	    { "HTTP_CONTENT_ENCODING", "Identity" } }, .status = "200 OK",
	    .header = "X-Request-ID: the-request",
	    .body = "{\"rejected\":[]}", .operation = "notify",
	    .result = "answered" },
	{ .name = "a coding without a name", .variables = { POST(NOTIFY),
	    { "HTTP_CONTENT_ENCODING", "" } }, .status = "200 OK",
	    .body = "{\"rejected\":[]}", .operation = "notify",
	    .result = "answered" },
};

static int64_t
counted(const char *series)
{
	return value_of(read_text(config_fixture_state_directory()), series);
}

/* Without an answer in time the exchange is over, as the real one would be. */
static void
check_counted(const struct row *row)
{
	static const char *const results[] = { "answered", "refused",
	    "unavailable" };
	size_t i;

	tap_is_int(counted(fixture_format("push_gateway_requests_total"
	    "{operation=\"%s\",status=\"%.3s\"}", row->operation,
	    row->status)), 1, "%s: it is counted", row->name);
	for (i = 0; i < sizeof results / sizeof *results; i++)
		tap_is_int(counted(fixture_format(
		    "push_gateway_client_requests_total{client=\"caller\","
		    "result=\"%s\"}", results[i])), row->result != NULL &&
		    strcmp(row->result, results[i]) == 0 ? 1 : -1,
		    "%s: the client's, %s", row->name, results[i]);
	tap_is_int(counted("push_gateway_clients_refused_total"),
	    strncmp(row->status, "401", 3) == 0 ? 1 : -1,
	    "%s: callers that are nobody", row->name);
}

static void
check_row(const struct row *row)
{
	static const struct fake_http_answer accepted = { .status = 200 };
	struct fake_exchange_params params = row->params;
	struct exchange *exchange;

	captured_log_begin();
	gateway_fixture_open(row->settings == NULL ? "" : row->settings,
	    provider_script_always, (void *)(uintptr_t)&accepted);
	params.variables = row->variables;
	if (params.body == NULL)
		params.body = gateway_fixture_single("ios", 1,
		    row->settings == NULL ? 1 : 100);
	exchange = gateway_fixture_send("", &params);
	gateway_fixture_pass(100);
	if (fake_exchange_end_ms(exchange) == -1)
		exchange_expire(exchange);
	tap_ok(strncmp(fake_exchange_answer(exchange), fixture_format(
	    "Status: %s\r\n", row->status), strlen(row->status) + 10) == 0,
	    "%s: the status is %s", row->name, row->status);
	if (row->header != NULL)
		tap_contains(fake_exchange_answer(exchange), fixture_format(
		    "\r\n%s\r\n", row->header), "%s: %s", row->name,
		    row->header);
	if (row->body == NULL)
		tap_is_string(fake_exchange_body(exchange), "",
		    "%s: there is no body", row->name);
	else
		fixture_is_json(fake_exchange_body(exchange), row->body,
		    "%s: the body", row->name);
	log_info("between requests");
	if (row->logged != NULL) {
		tap_is_int(captured_log_count(row->logged), 1,
		    "%s: the log says \"%s\"", row->name, row->logged);
		tap_is_int(captured_log_count(" request_id=the-request"), 1,
		    "%s: of this request, and of nothing else", row->name);
	}
	tap_ok(generation_is_idle(gateway_fixture_generation()),
	    "%s: nothing is left", row->name);
	check_counted(row);
	gateway_fixture_close();
}

/* --- a secret of the web server's ---------------------------------------- */

static void
check_secret(void)
{
	static const struct fake_exchange_variable without[] = {
		READ("GET", MATRIX), { NULL, NULL } };
	static const struct fake_exchange_variable with[] = {
		READ("GET", MATRIX), { "PUSH_GATEWAY_SECRET", "secret" },
		{ NULL, NULL } };
	struct exchange *exchange;

	fixture_file("secret", "secret");
	captured_log_begin();
	gateway_fixture_open("\"fastcgi_secret_file\":\"secret\",", NULL,
	    NULL);
	exchange = gateway_fixture_send("", &(struct fake_exchange_params){
	    .variables = without, .body = "" });
	tap_is_int(fake_exchange_status(exchange), 401,
	    "not even discovery is for web servers without the secret");
	exchange = gateway_fixture_send("", &(struct fake_exchange_params){
	    .variables = with, .body = "" });
	tap_is_int(fake_exchange_status(exchange), 200,
	    "it is for those that have it");
	gateway_fixture_close();
}

/* --- callers by their certificate or address ------------------------------ */

/* Names of hosts in it, each behind "DNS:", and a comma between them. */
static const char *
certificate_of(const char *names)
{
	EVP_PKEY *key = fixture_key(FIXTURE_KEY_P256);
	X509 *certificate = fixture_certificate(key, FAKE_LOOP_START_S,
	    FAKE_LOOP_START_S + 60);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL,
	    NID_subject_alt_name, names);
	const char *text;

	if (extension == NULL ||
	    X509_add_ext(certificate, extension, -1) != 1 ||
	    X509_sign(certificate, key, EVP_sha256()) == 0)
		tap_bail_out("cannot name %s in a certificate", names);
	text = fixture_certificate_pem(certificate);
	X509_EXTENSION_free(extension);
	X509_free(certificate);
	return text;
}

static int
status_of(const struct fake_exchange_variable *variables)
{
	return fake_exchange_status(gateway_fixture_send("",
	    &(struct fake_exchange_params){ .variables = variables,
	    .body = "" }));
}

/* Ready to be listed; but whoever can connect must not fill a disk. */
static void
check_unlisted(void)
{
	const char *named = certificate_of("DNS:a.test,DNS:b.test");
	const struct fake_exchange_variable one[] = {
		{ "SSL_CLIENT_CERT", named }, POST(NOTIFY), { NULL, NULL } };
	static const struct fake_exchange_variable nameless[] = {
		POST(NOTIFY), { NULL, NULL } };
	unsigned int i;

	captured_log_begin();
	config_fixture_set_caller(",\"vouched\":true");
	gateway_fixture_open("", NULL, NULL);
	gateway_fixture_pass(10000);
	tap_is_int(status_of(one), 401, "a certificate of nobody is refused");
	tap_is_int(captured_log_count(" san_dns a.test b.test"), 1,
	    "the log names all that it could be listed by");
	tap_is_int(captured_log_count("refused: 401: verified certificate "
	    "matches no configured client"), 1, "and why it is refused");
	tap_is_int(status_of(nameless), 401, "so is one without names");
	tap_is_int(captured_log_count(" san_dns none"), 1, "which is said");
	for (i = 0; i < 20; i++)
		status_of(one);
	tap_is_int(captured_log_count("certificate_sha256"), 10,
	    "ten are logged in a second");
	gateway_fixture_pass(999);
	status_of(one);
	tap_is_int(captured_log_count("certificate_sha256"), 10,
	    "not one more");
	gateway_fixture_pass(1);
	status_of(one);
	tap_is_int(captured_log_count("certificate_sha256"), 11,
	    "until it is over");
	gateway_fixture_close();
	config_fixture_set_caller("");
}

/* A homeserver may be known by its address alone. */
static void
check_address(void)
{
	static const struct fake_exchange_variable matrix[] = {
		{ "REQUEST_METHOD", "POST" }, { "SCRIPT_NAME", MATRIX },
		{ "REMOTE_ADDR", "192.0.2.7" }, { NULL, NULL } };
	static const struct fake_exchange_variable other[] = {
		{ "REQUEST_METHOD", "POST" }, { "SCRIPT_NAME", NOTIFY },
		{ "REMOTE_ADDR", "192.0.2.7" }, { NULL, NULL } };
	struct exchange *exchange;

	captured_log_begin();
	config_fixture_set_caller(",\"addresses\":[\"192.0.2.0/24\"]");
	gateway_fixture_open("", NULL, NULL);
	exchange = gateway_fixture_send("", &(struct fake_exchange_params){
	    .variables = matrix, .body = "{}" });
	gateway_fixture_pass(0);
	tap_is_int(fake_exchange_status(exchange), 400,
	    "by Matrix's path an address may be enough");
	tap_is_int(status_of(other), 401, "by others it is not");
	gateway_fixture_close();
	config_fixture_set_caller("");
}

static void
check_admin(void)
{
	static const struct fake_exchange_variable page[] = {
		READ("GET", "/health/live"), { "PUSH_GATEWAY_ADMIN", "on" },
		{ NULL, NULL } };
	static const struct fake_exchange_variable closed[] = {
		READ("GET", "/health/live"), { NULL, NULL } };
	static const struct fake_exchange_variable written[] = {
		POST("/health/live"), { "PUSH_GATEWAY_ADMIN", "on" },
		{ NULL, NULL } };

	captured_log_begin();
	gateway_fixture_open("", NULL, NULL);
	tap_is_int(status_of(page), 200, "the operator's pages are served");
	tap_is_int(status_of(written), 405, "but not written");
	tap_is_int(status_of(closed), 404, "and only where they are open");
	gateway_fixture_close();
	gateway_fixture_open("\"fastcgi_secret_file\":\"secret\",", NULL,
	    NULL);
	tap_is_int(status_of(page), 401,
	    "to a web server without the secret they are not");
	tap_is_int(status_of(closed), 404, "nor are they found");
	gateway_fixture_close();
}

/* --- bodies of a size ---------------------------------------------------- */

static void
check_size(size_t size, int status)
{
	const char *body = gateway_fixture_single("ios", 1, 0);
	struct exchange *exchange;

	captured_log_begin();
	gateway_fixture_open("\"max_request_size_kb\":1,"
	    "\"max_notification_size_kb\":1,", NULL, NULL);
	exchange = gateway_fixture_post(NOTIFY, fixture_format("%s%s", body,
	    fixture_repeat(" ", size - strlen(body))));
	gateway_fixture_pass(100);
	tap_is_int(fake_exchange_status(exchange), status,
	    "a body of %zu bytes where 1 KiB may be sent", size);
	gateway_fixture_close();
}

/* --- requests that wait -------------------------------------------------- */

/* What has stood in the socket for two seconds is answered, and not sent. */
static void
check_stood(int64_t stood_ms, int64_t end_ms, unsigned int pushes)
{
	struct exchange *exchange;

	captured_log_begin();
	gateway_fixture_open("", NULL, NULL);
	exchange = gateway_fixture_send(NOTIFY,
	    &(struct fake_exchange_params){ .stood_ms = stood_ms,
	    .body = gateway_fixture_single("ios", 1, 1) });
	gateway_fixture_pass(10000);
	tap_is_int(gateway_fixture_end_ms(exchange), end_ms,
	    "one that stood for %d ms is answered in time", (int)stood_ms);
	tap_is_int(provider_script_pushes(), pushes,
	    "and sent, or not (%d ms)", (int)stood_ms);
	gateway_fixture_close();
}

/* --- long paths ---------------------------------------------------------- */

static void
check_long_path(size_t length, const char *more, int status)
{
	const char *base = fixture_repeat("a", length - 1 - strlen(NOTIFY));
	const char *path = fixture_format("/%s%s%s", base, NOTIFY, more);
	const struct fake_exchange_variable variables[] = {
		READ("GET", path), { NULL, NULL } };
	struct exchange *exchange;

	captured_log_begin();
	gateway_fixture_open("", NULL, NULL);
	exchange = gateway_fixture_send("", &(struct fake_exchange_params){
	    .variables = variables, .body = "" });
	tap_is_int(fake_exchange_status(exchange), status,
	    "a path of %zu bytes, and \"%s\"",
	    length, more);
	tap_is_int(captured_log_count("refused: 404: path  "), status == 404,
	    "of one that is too long nothing is logged");
	gateway_fixture_close();
}

/* --- a web server that goes away ----------------------------------------- */

static void
check_gone(void)
{
	struct exchange *exchange;

	captured_log_begin();
	gateway_fixture_open("", NULL, NULL);
	exchange = gateway_fixture_send(NOTIFY,
	    &(struct fake_exchange_params){
	    .body = gateway_fixture_single("ios", 1, 1),
	    .body_after_ms = 100, .gone_after_ms = 50 });
	gateway_fixture_pass(100);
	tap_is_int(gateway_fixture_end_ms(exchange), 100,
	    "who is gone before its body is there is not waited for");
	tap_is_int(provider_script_pushes(), 0, "nothing of it is sent");
	tap_is_int(captured_log_count("the web server closed the connection: "
	    "nothing of the request was started request_id=the-request"), 1,
	    "the log says so");
	tap_ok(generation_is_idle(gateway_fixture_generation()),
	    "nothing of it is left");
	gateway_fixture_close();
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		check_row(&rows[i]);
	check_secret();
	check_long_path(2047, "", 405);
	check_long_path(2048, "", 404);
	/* One that is cut is not what is left of it. */
	check_long_path(2047, "x", 404);
	check_long_path(2047, "x/y", 404);
	check_gone();
	check_unlisted();
	check_address();
	check_admin();
	check_size(1024, 200);
	check_size(1025, 413);
	check_stood(1000, 7000, 1);
	check_stood(1999, 6001, 1);
	check_stood(2000, 0, 0);
	return tap_done();
}
