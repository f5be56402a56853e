/* SPDX-License-Identifier: Apache-2.0 */
/* How a request is answered: when each part leaves, and in which order. */
#include "api/notify.h"

#include <string.h>

#include "captured-log.h"
#include "config-fixture.h"
#include "fixture.h"
#include "gateway-fixture.h"
#include "metrics-fixture.h"
#include "tap.h"

#define SINGLE "/push/v1/notify"
#define BATCH "/push/v1/notify/batch"

enum {
	ITEMS_MAX = 6
};

/* --- a batch ------------------------------------------------------------- */

/* One device to each item: when it is answered, and when its result leaves. */
static const struct stream {
	const char *name;
	size_t items;
	struct fake_http_answer answers[ITEMS_MAX];
	int64_t leaves_ms[ITEMS_MAX];	/* of each result */
	int64_t end_ms;
} streams[] = {
#define AFTER(ms) { .after_ms = ms, .status = 200 }
	{ .name = "a batch of one is answered when it is settled",
	    .items = 1, .answers = { AFTER(100) }, .leaves_ms = { 100 },
	    .end_ms = 100 },
	{ .name = "each result leaves as it is settled", .items = 3,
	    .answers = { AFTER(100), AFTER(200), AFTER(300) },
	    .leaves_ms = { 100, 200, 300 }, .end_ms = 300 },
	{ .name = "results keep the order of the request", .items = 4,
	    .answers = { AFTER(300), AFTER(100), AFTER(50), AFTER(400) },
	    .leaves_ms = { 300, 300, 300, 400 }, .end_ms = 400 },
	{ .name = "one that hangs holds back those after it, not those before",
	    .items = 4, .answers = { AFTER(10), AFTER(20),
	    { .after_ms = FAKE_HTTP_NEVER }, AFTER(30) },
	    .leaves_ms = { 10, 20, 8000, 8000 }, .end_ms = 8000 },
	{ .name = "all at once are one answer", .items = 3,
	    .answers = { AFTER(70), AFTER(70), AFTER(70) },
	    .leaves_ms = { 70, 70, 70 }, .end_ms = 70 },
};

static void
answer_by_pushkey(void *arg, const struct fake_http_request *request,
    struct fake_http_answer *answer)
{
	const struct fake_http_answer *answers = arg;

	*answer = answers[provider_script_pushkey(request) - 1];
}

static void
check_stream(const struct stream *row)
{
	struct exchange *exchange;
	const char *body, *last = NULL;
	struct json_object *answer;
	size_t i;

	gateway_fixture_open("", answer_by_pushkey,
	    (void *)(uintptr_t)row->answers);
	exchange = gateway_fixture_post(BATCH,
	    gateway_fixture_batch("ios", 1, row->items, 1));
	gateway_fixture_pass(10000);
	body = fake_exchange_body(exchange);
	for (i = 0; i < row->items; i++) {
		const char *id = fixture_format("\"id\":\"item-%zu\"", i + 1);

		tap_is_int(gateway_fixture_when_ms(exchange, id),
		    row->leaves_ms[i], "%s: when result %zu leaves",
		    row->name, i + 1);
		if (last != NULL)
			tap_ok(strstr(body, id) > strstr(body, last),
			    "%s: result %zu is in its place", row->name,
			    i + 1);
		last = id;
	}
	tap_is_int(gateway_fixture_end_ms(exchange), row->end_ms,
	    "%s: the end", row->name);
	tap_is_int(gateway_fixture_when_ms(exchange, "\"summary\""),
	    row->end_ms, "%s: the summary comes with it", row->name);
	answer = fixture_json(body);
	tap_is_int((int64_t)json_object_array_length(
	    json_object_object_get(answer, "results")), (int64_t)row->items,
	    "%s: it is whole", row->name);
	json_object_put(answer);
	gateway_fixture_close();
}

static void
check_lines(void)
{
	static const struct fake_http_answer accepted = { .status = 200 };
	struct exchange *exchange;
	const char *line;
	unsigned int lines = 0;

	gateway_fixture_open("", provider_script_always,
	    (void *)(uintptr_t)&accepted);
	exchange = gateway_fixture_post(BATCH,
	    gateway_fixture_batch("ios", 1, 3, 1));
	gateway_fixture_pass(0);
	for (line = fake_exchange_body(exchange);
	     (line = strchr(line, '\n')) != NULL; line++)
		lines++;
	tap_is_int(lines, 5, "each result stands on a line of its own");
	gateway_fixture_close();
}

static void
check_empty(void)
{
	struct exchange *exchange;

	gateway_fixture_open("", NULL, NULL);
	exchange = gateway_fixture_post(BATCH,
	    gateway_fixture_batch("ios", 1, 2, 0));
	tap_is_string(fake_exchange_answer(exchange), "",
	    "nothing is answered from within the call that serves");
	gateway_fixture_pass(0);
	fixture_is_json(fake_exchange_body(exchange),
	    "{\"results\":[{\"id\":\"item-1\",\"status\":\"success\","
	    "\"rejected\":[]},{\"id\":\"item-2\",\"status\":\"success\","
	    "\"rejected\":[]}],\"summary\":{\"total\":2,\"successful\":2,"
	    "\"failed\":0,\"partial\":0}}",
	    "items without devices are a success");
	gateway_fixture_close();
}

/* --- a single notify ----------------------------------------------------- */

static const struct single {
	const char *name;
	struct fake_http_answer answers[3];	/* of its devices */
	size_t devices;
	int status;
	const char *body;
	int64_t end_ms;
} singles[] = {
#define LATER { .after_ms = 10, .status = 429, \
    .body = "{\"reason\":\"TooManyRequests\"}" }
#define DEAD { .after_ms = 20, .status = 410, \
    .body = "{\"reason\":\"Unregistered\"}" }
#define REFUSED { .after_ms = 30, .status = 400, \
    .body = "{\"reason\":\"PayloadEmpty\"}" }
#define UNAVAILABLE \
    "{\"error\":\"Push Gateway under maintenance or overloaded.\"}"
	{ .name = "a delivery", .answers = { AFTER(10) }, .devices = 1,
	    .status = 200, .body = "{\"rejected\":[]}", .end_ms = 10 },
	{ .name = "no devices", .status = 200,
	    .body = "{\"rejected\":[]}" },
	{ .name = "a rejection", .answers = { DEAD }, .devices = 1,
	    .status = 200, .body = "{\"rejected\":[\"00000001\"]}",
	    .end_ms = 20 },
	{ .name = "later alone is 503", .answers = { LATER, LATER },
	    .devices = 2, .status = 503, .body = UNAVAILABLE, .end_ms = 10 },
	{ .name = "later and a rejection is 503", .answers = { LATER, DEAD },
	    .devices = 2, .status = 503, .body = UNAVAILABLE, .end_ms = 20 },
	{ .name = "later and a delivery is 200: a retry would repeat it",
	    .answers = { LATER, AFTER(40), DEAD }, .devices = 3,
	    .status = 200, .body = "{\"rejected\":[\"00000003\"]}",
	    .end_ms = 40 },
	{ .name = "a failure is 200: a retry would not mend it",
	    .answers = { REFUSED }, .devices = 1, .status = 200,
	    .body = "{\"rejected\":[]}", .end_ms = 30 },
	{ .name = "a failure and later is 503", .answers = { REFUSED, LATER },
	    .devices = 2, .status = 503, .body = UNAVAILABLE, .end_ms = 30 },
	{ .name = "the deadline is 503",
	    .answers = { { .after_ms = FAKE_HTTP_NEVER } }, .devices = 1,
	    .status = 503, .body = UNAVAILABLE, .end_ms = 8000 },
	{ .name = "the deadline with a delivery is 200",
	    .answers = { { .after_ms = FAKE_HTTP_NEVER }, AFTER(10) },
	    .devices = 2, .status = 200, .body = "{\"rejected\":[]}",
	    .end_ms = 8000 },
};

static void
check_single(const struct single *row)
{
	struct exchange *exchange;

	captured_log_begin();
	gateway_fixture_open("", answer_by_pushkey,
	    (void *)(uintptr_t)row->answers);
	exchange = gateway_fixture_post(SINGLE,
	    gateway_fixture_single("ios", 1, row->devices));
	gateway_fixture_pass(10000);
	tap_is_int(fake_exchange_status(exchange), row->status,
	    "%s: the status", row->name);
	fixture_is_json(fake_exchange_body(exchange), row->body,
	    "%s: the body", row->name);
	tap_is_int(gateway_fixture_end_ms(exchange), row->end_ms,
	    "%s: when it is answered", row->name);
	tap_ok((strstr(fake_exchange_answer(exchange), "\r\nRetry-After: ") !=
	    NULL) == (row->status == 503),
	    "%s: Retry-After is there with a 503", row->name);
	tap_is_int(captured_log_count(fixture_format("notify by caller: %d "
	    "items=1", row->status)), 1, "%s: the log says %d", row->name,
	    row->status);
	gateway_fixture_close();
}

/* --- bodies, and web servers that go away -------------------------------- */

static const struct upload {
	const char *name;
	struct fake_exchange_params params;
	int status;
	unsigned int pushes;
	int64_t end_ms;
} uploads[] = {
	{ .name = "a body is waited for",
	    .params = { .body_after_ms = 4000 }, .status = 200, .pushes = 1,
	    .end_ms = 4100 },
	{ .name = "a body that is cut short is refused",
	    .params = { .body_after_ms = 4000, .body_is_cut = true },
	    .status = 400, .end_ms = 4000 },
	{ .name = "a body that is no JSON is refused",
	    .params = { .body = "{" }, .status = 400 },
	{ .name = "one who goes away is delivered to all the same",
	    .params = { .gone_after_ms = 50 }, .pushes = 1, .end_ms = 100 },
};

static void
check_upload(const struct upload *row)
{
	static const struct fake_http_answer accepted = AFTER(100);
	struct fake_exchange_params params = row->params;
	struct exchange *exchange;

	gateway_fixture_open("", provider_script_always,
	    (void *)(uintptr_t)&accepted);
	if (params.body == NULL)
		params.body = gateway_fixture_single("ios", 1, 1);
	exchange = gateway_fixture_send(SINGLE, &params);
	gateway_fixture_pass(10000);
	tap_is_int(fake_exchange_status(exchange), row->status,
	    "%s: the status", row->name);
	tap_is_int(provider_script_pushes(), row->pushes,
	    "%s: what is sent", row->name);
	tap_is_int(gateway_fixture_end_ms(exchange), row->end_ms,
	    "%s: when it is over", row->name);
	tap_ok(generation_is_idle(gateway_fixture_generation()),
	    "%s: nothing is left", row->name);
	gateway_fixture_close();
}

/* Once the batch has begun, the rest of it is delivered, too. */
static void
check_gone(void)
{
	static const struct fake_http_answer answers[] = { AFTER(10),
		AFTER(20), AFTER(30) };
	struct exchange *exchange;

	gateway_fixture_open("", answer_by_pushkey,
	    (void *)(uintptr_t)answers);
	exchange = gateway_fixture_send(BATCH, &(struct fake_exchange_params){
		.body = gateway_fixture_batch("ios", 1, 3, 1),
		.gone_after_ms = 15
	});
	gateway_fixture_pass(1000);
	tap_is_int(gateway_fixture_when_ms(exchange, "item-1"), 10,
	    "what was settled before the web server went away left");
	tap_is_int(gateway_fixture_when_ms(exchange, "item-2"), -1,
	    "nothing leaves after that");
	tap_is_int(provider_script_pushes(), 3, "all is sent all the same");
	tap_is_int(gateway_fixture_end_ms(exchange), 30,
	    "and the exchange ends");
	gateway_fixture_close();
}

/* --- too much of it ------------------------------------------------------- */

/* One has the only place until its deadline, which is that of both. */
static void
check_overloaded(void)
{
	static const struct fake_http_answer hangs = {
		.after_ms = FAKE_HTTP_NEVER
	};
	struct exchange *exchange;

	gateway_fixture_open("\"max_requests_in_flight\":1,",
	    provider_script_always, (void *)(uintptr_t)&hangs);
	gateway_fixture_post(SINGLE, gateway_fixture_single("ios", 1, 1));
	exchange = gateway_fixture_post(BATCH,
	    gateway_fixture_batch("ios", 2, 2, 2));
	gateway_fixture_pass(10000);
	tap_is_int(gateway_fixture_end_ms(exchange), 8000,
	    "who gets no place is answered at its deadline");
	tap_ok(strstr(fake_exchange_body(exchange), "gateway is overloaded, "
	    "nothing was sent") != NULL, "and told why");
	tap_is_int(provider_script_pushes(), 1, "nothing of it is sent");
	tap_is_int(gateway_fixture_metric("push_gateway_verdicts_total"), 5,
	    "but each of its devices is counted");
	gateway_fixture_close();
}

/* --- the log ------------------------------------------------------------- */

static void
check_access_line(void)
{
	static const struct fake_http_answer answers[] = { AFTER(10), DEAD,
		LATER, REFUSED };

	captured_log_begin();
	gateway_fixture_open("", answer_by_pushkey,
	    (void *)(uintptr_t)answers);
	gateway_fixture_post(BATCH, gateway_fixture_batch("ios", 1, 2, 2));
	gateway_fixture_pass(1000);
	tap_is_int(captured_log_count("notify/batch by caller: 200 items=2 "
	    "delivered=1 rejected=1 later=1 failed=1 ms=30"), 1,
	    "a request has one line in the log, with what became of it");
	gateway_fixture_close();
}

/* --- refusals ------------------------------------------------------------ */

#define ITEM(id, more) "{\"id\":\"" id "\",\"notification\":{" more \
    "\"event_id\":\"$event\",\"devices\":[]}}"

static const struct refusal {
	const char *name;
	const char *settings;
	const char *body;
	const char *error;
	const char *details;
	const char *reason;	/* in the log */
} refusals[] = {
	{ .name = "too many items", .settings = "\"max_batch_size\":1,",
	    .body = "{\"notifications\":[" ITEM("a", "") "," ITEM("b", "")
	    "]}", .error = "Batch size exceeds maximum limit",
	    .details = "{\"max_batch_size\":1}" },
	{ .name = "items of one id", .settings = "",
	    .body = "{\"notifications\":[" ITEM("a", "") "," ITEM("b", "")
	    "," ITEM("a", "") "]}",
	    .error = "Duplicate notification IDs in batch",
	    .details = "{\"duplicate_ids\":[\"a\"]}" },
	{ .name = "a large item",
	    .settings = "\"max_notification_size_kb\":1,", .body = NULL,
	    .error = "Individual notification too large",
	    .details = "{\"max_notification_size_kb\":1}" },
	{ .name = "what is no batch", .settings = "",
	    .body = "{\"notifications\":1}", .error = "Invalid data format",
	    .details = "{\"location\":\"/notifications\","
	    "\"reason\":\"must be an array\"}",
	    .reason = "/notifications must be an array" },
};

static void
check_refusal(const struct refusal *row)
{
	struct exchange *exchange;

	captured_log_begin();
	gateway_fixture_open(row->settings, NULL, NULL);
	exchange = gateway_fixture_post(BATCH, row->body != NULL ? row->body :
	    fixture_format("{\"notifications\":[{\"id\":\"a\","
	    "\"notification\":{\"content\":{\"body\":\"%s\"},"
	    "\"devices\":[]}}]}", fixture_repeat("a", 1024)));
	gateway_fixture_pass(0);
	tap_is_int(fake_exchange_status(exchange), 400, "%s: the status",
	    row->name);
	fixture_is_json(fake_exchange_body(exchange), fixture_format(
	    "{\"error\":\"%s\",\"details\":%s}", row->error, row->details),
	    "%s: what the caller has to change", row->name);
	tap_is_int(captured_log_count(fixture_format(
	    "notify/batch by caller: 400: %s", row->reason != NULL ?
	    row->reason : row->error)), 1, "%s: the log says so", row->name);
	gateway_fixture_close();
}

static void
check_encrypted(void)
{
	captured_log_begin();
	gateway_fixture_open("", NULL, NULL);
	gateway_fixture_post("/push/v1/notifyEncrypted/batch", "{}");
	gateway_fixture_pass(0);
	tap_is_int(captured_log_count("notifyEncrypted/batch by caller: 400: "
	    "/notifications is required"), 1,
	    "what is encrypted is an operation of its own");
	gateway_fixture_close();
}

/* --- what else the caller's request is ------------------------------------ */

static const struct fake_exchange_variable narrow[] = {
	{ "REQUEST_METHOD", "POST" }, { "SCRIPT_NAME", "/by-path" BATCH },
	{ "CONTENT_TYPE", "application/json" },
	{ "SSL_CLIENT_VERIFY", "SUCCESS" },
	{ "SSL_CLIENT_CERT", config_fixture_narrow_certificate },
	{ NULL, NULL }
};

#define PATH_APP ",{\"app_id\":\"ios\",\"path_prefix\":\"/by-path\"," \
    "\"provider\":\"apns\",\"url\":\"https://by-path.test\"," \
    "\"key_file\":\"one.p8\",\"key_id\":\"ABC1234567\"," \
    "\"team_id\":\"TEAM123456\"}"

static void
answer_by_server(void *arg, const struct fake_http_request *request,
    struct fake_http_answer *answer)
{
	(void)arg;
	answer->status = strstr(buf_text(&request->request->url),
	    "https://by-path.test/") != NULL ? 200 : 400;
}

/* Of one that may not address what does not begin with "ios". */
static void
check_narrow(void)
{
	struct exchange *exchange;

	captured_log_begin();
	config_fixture_set_apps(PATH_APP);
	gateway_fixture_open("", answer_by_server, NULL);
	exchange = gateway_fixture_send("", &(struct fake_exchange_params){
	    .variables = narrow, .body = "{\"notifications\":["
	    "{\"id\":\"a\",\"notification\":{\"event_id\":\"$event\","
	    "\"devices\":[{\"app_id\":\"ios\",\"pushkey\":\"00000001\"},"
	    "{\"app_id\":\"android\",\"pushkey\":\"5\"}]"
	    "}},{\"id\":\"b\",\"notification\":{\"event_id\":\"$event\","
	    "\"devices\":[{\"app_id\":\"android\",\"pushkey\":\"2\"},"
	    "{\"app_id\":\"ios\",\"pushkey\":\"00000003\"},"
	    "{\"app_id\":\"android\",\"pushkey\":\"4\"}]}}]}" });
	gateway_fixture_pass(100);
	tap_is_int(captured_log_count("notify/batch by narrow: 200 items=2 "
	    "delivered=2 rejected=0 later=0 failed=3"), 1,
	    "an app is found by the path, if the caller may address it");
	tap_is_int(captured_log_count("(app not allowed) request_id="
	    "the-request"), 3, "what it may not is logged, with the request");
	tap_is_int(provider_script_pushes(), 2, "and not sent");
	tap_contains(fake_exchange_body(exchange), "\"status\":\"partial\"",
	    "the caller is told");
	gateway_fixture_close();
	config_fixture_set_apps("");
}

/* --- the metrics --------------------------------------------------------- */

static int64_t
counted(const char *series)
{
	return value_of(read_text(config_fixture_state_directory()), series);
}

static void
check_metrics(void)
{
	static const struct fake_http_answer answers[] = {
		{ .after_ms = 3000, .status = 200 }, DEAD, AFTER(10)
	};

	gateway_fixture_open("", answer_by_pushkey,
	    (void *)(uintptr_t)answers);
	gateway_fixture_pass(1000);
	gateway_fixture_post(BATCH, gateway_fixture_batch("ios", 1, 2, 1));
	gateway_fixture_post(SINGLE, gateway_fixture_single("ios", 3, 1));
	gateway_fixture_post("/_matrix" SINGLE,
	    gateway_fixture_single("ios", 3, 1));
	gateway_fixture_pass(5000);
	tap_is_int(counted("push_gateway_notifications_total{operation="
	    "\"notify/batch\",status=\"success\"}"), 1,
	    "each notification is counted, with its status");
	tap_is_int(counted("push_gateway_notifications_total{operation="
	    "\"notify/batch\",status=\"failed\"}"), 1,
	    "whatever that is");
	tap_is_int(counted("push_gateway_notifications_total{operation="
	    "\"notify\",status=\"success\"}"), 2,
	    "and its operation, by whichever path");
	tap_is_int(counted("push_gateway_request_seconds_sum{operation="
	    "\"notify/batch\"}"), 3, "so is the time of each request");
	gateway_fixture_close();
}

static const struct {
	int status;
	const char *result;
} results[] = {
	{ 200, "answered" }, { 399, "answered" }, { 400, "refused" },
	{ 499, "refused" }, { 500, "unavailable" }, { 503, "unavailable" },
};

static void
check_results(void)
{
	size_t i;

	for (i = 0; i < sizeof results / sizeof *results; i++) {
		const char *directory = directory_new();
		struct notify_params params = {
			.metrics = metrics_open(directory)
		};

		notify_count_answer(&params, "notify", "someone",
		    results[i].status);
		tap_is_int(value_of(read_text(directory), fixture_format(
		    "push_gateway_client_requests_total{client=\"someone\","
		    "result=\"%s\"}", results[i].result)), 1,
		    "a request with %d was %s", results[i].status,
		    results[i].result);
		metrics_close(params.metrics);
	}
}

int
main(void)
{
	size_t i;

	captured_log_begin();
	for (i = 0; i < sizeof streams / sizeof *streams; i++)
		check_stream(&streams[i]);
	check_lines();
	check_empty();
	for (i = 0; i < sizeof singles / sizeof *singles; i++)
		check_single(&singles[i]);
	for (i = 0; i < sizeof uploads / sizeof *uploads; i++)
		check_upload(&uploads[i]);
	check_gone();
	check_overloaded();
	check_access_line();
	for (i = 0; i < sizeof refusals / sizeof *refusals; i++)
		check_refusal(&refusals[i]);
	check_encrypted();
	check_narrow();
	check_metrics();
	check_results();
	return tap_done();
}
