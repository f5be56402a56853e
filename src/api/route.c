/* SPDX-License-Identifier: Apache-2.0 */
#include "api/route.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/access-log.h"
#include "api/intake.h"
#include "api/response.h"
#include "api/target.h"
#include "base/clock.h"
#include "base/log-limit.h"
#include "base/log.h"
#include "base/octets.h"
#include "base/xmalloc.h"
#include "state/metrics.h"

enum {
	ROUTE_PATH_SIZE = 2048,
	ROUTE_WHY_SIZE = 256,
	/* A request that came so long ago stood in a queue. */
	ROUTE_STANDING_MS = 2000,
	/* What takes memory, in bytes: estimates, rounded up. */
	ROUTE_REQUEST_MEMORY = 16384,
	ROUTE_OBJECT_MEMORY = 1600,
	ROUTE_VALUE_MEMORY = 256,
	ROUTE_NAMES_SIZE = 512,
	/* Lines about certificates of nobody, in the interval. */
	ROUTE_UNLISTED_BURST = 10,
	ROUTE_UNLISTED_INTERVAL_MS = 1000
};

struct route {
	const char *tail;
	const char *name;	/* of the operation in the API */
	enum decode_operation operation;
	enum response_error too_large;
	enum response_error wrong_method;
	bool discovered;	/* GET says that it is there */
};

struct router {
	struct router_params params;
	struct intake *intake;
	unsigned int uploads;	/* requests that are not answered */
};

/* A request whose body is on its way. */
struct route_upload {
	struct router *router;
	const struct route *route;
	struct exchange *exchange;
	const struct client *client;
	char *path_prefix;
	size_t limit;		/* of the body */
	int64_t arrived_ms;
	int64_t deadline_ms;	/* once it is whole */
	struct intake_ticket tickets[INTAKE_STAGE__MAX];
	struct buf body;	/* while it waits */
};

/* The first that matches counts. */
static const struct route routes[] = {
	{ .tail = "/_matrix/push/v1/notify", .name = "notify",
	    .operation = DECODE_MATRIX_NOTIFY,
	    .too_large = RESPONSE_SINGLE_BODY_TOO_LARGE,
	    .wrong_method = RESPONSE_UNKNOWN_MATRIX_METHOD,
	    .discovered = true },
	{ .tail = "/push/v1/notify", .name = "notify",
	    .operation = DECODE_NOTIFY,
	    .too_large = RESPONSE_SINGLE_BODY_TOO_LARGE,
	    .wrong_method = RESPONSE_UNKNOWN_METHOD },
	{ .tail = "/push/v1/notify/batch", .name = "notify/batch",
	    .operation = DECODE_BATCH,
	    .too_large = RESPONSE_BATCH_BODY_TOO_LARGE,
	    .wrong_method = RESPONSE_UNKNOWN_METHOD },
	{ .tail = "/push/v1/notifyEncrypted/batch",
	    .name = "notifyEncrypted/batch",
	    .operation = DECODE_ENCRYPTED_BATCH,
	    .too_large = RESPONSE_BATCH_BODY_TOO_LARGE,
	    .wrong_method = RESPONSE_UNKNOWN_METHOD },
};

const struct route *
route_find(const char *path, const char *target)
{
	size_t i, count = sizeof routes / sizeof *routes;
	size_t length = strlen(path);

	if (target != NULL && !target_is_plain(target))
		return NULL;
	if (length > 0 && path[length - 1] == '/')
		length--;
	for (i = 0; i < count; i++) {
		size_t tail = strlen(routes[i].tail);

		if (length >= tail && strncmp(path + length - tail,
		    routes[i].tail, tail) == 0)
			return &routes[i];
	}
	return NULL;
}

char *
route_prefix(const struct route *route, const char *path)
{
	size_t length = strlen(path);

	if (length > 0 && path[length - 1] == '/')
		length--;
	length -= strlen(route->tail);
	return xasprintf("%.*s", (int)length, path);
}

const char *
route_name(const struct route *route)
{
	return route->name;
}

/* --- serving ------------------------------------------------------------- */

/*
 * The path, decoded and without a query.  Every web server splits it between
 * these two variables in its own way.  "" if it is too long to be a route.
 */
static void
route_read_path(const struct exchange *exchange, char path[ROUTE_PATH_SIZE])
{
	const char *script_name = exchange_variable(exchange, "SCRIPT_NAME");
	const char *path_info = exchange_variable(exchange, "PATH_INFO");
	int length = snprintf(path, ROUTE_PATH_SIZE, "%s%s",
	    script_name == NULL ? "" : script_name,
	    path_info == NULL ? "" : path_info);

	if (length >= ROUTE_PATH_SIZE)
		path[0] = '\0';
}

/* `why` is for the log, which escapes it; NULL: what the error says. */
static void
route_note_refusal(const struct router *router, const struct route *route,
    const struct client *client, enum response_error error, const char *why)
{
	int status = response_error_status(error);
	const char *operation = route == NULL ? "none" : route_name(route);

	access_log_write(&(struct access_log_entry){
		.operation = operation,
		.client = client == NULL ? NULL : client_name(client),
		.status = status,
		.reason = why == NULL ? response_error_text(error) : why
	});
	notify_count_answer(&router->params.notify, operation,
	    client == NULL ? NULL : client_name(client), status);
}

/* 404 and 405 on Matrix's path have a form that a homeserver expects. */
static void
route_refuse_path(const struct router *router, const struct route *route,
    struct exchange *exchange, enum response_error error, const char *path)
{
	char why[256];

	snprintf(why, sizeof why, "path %.200s", path);
	route_note_refusal(router, route, NULL, error, route == NULL ? why :
	    NULL);
	if (strstr(path, "/_matrix/") == NULL)
		response_send_error(exchange, error, NULL);
	else
		response_send_matrix_error(exchange, error);
	exchange_finish(exchange);
}

static void
route_refuse_upload(const struct route_upload *upload,
    enum response_error error, struct json_object *details, const char *why)
{
	route_note_refusal(upload->router, upload->route, upload->client,
	    error, why);
	response_send_error(upload->exchange, error, details);
	exchange_finish(upload->exchange);
}

static void
route_refuse_caller(const struct router *router, const struct route *route,
    struct exchange *exchange, const char *why)
{
	metrics_add(router->params.notify.metrics, METRICS_CLIENTS_REFUSED, 1,
	    NULL);
	route_note_refusal(router, route, NULL, RESPONSE_UNAUTHENTICATED,
	    why);
	response_send_error(exchange, RESPONSE_UNAUTHENTICATED, NULL);
	exchange_finish(exchange);
}

static void
route_refuse_headers(const struct router *router, struct exchange *exchange)
{
	route_note_refusal(router, NULL, NULL, RESPONSE_HEADERS_TOO_LARGE,
	    NULL);
	response_send_error(exchange, RESPONSE_HEADERS_TOO_LARGE, NULL);
	exchange_finish(exchange);
}

/* Ready to be listed. */
static void
route_log_unlisted(const struct caller_certificate *certificate)
{
	static struct log_limit limit = { .burst = ROUTE_UNLISTED_BURST,
	    .interval_ms = ROUTE_UNLISTED_INTERVAL_MS };
	char names[ROUTE_NAMES_SIZE] = "";
	size_t i, used = 0;

	if (!log_limit_admits(&limit))
		return;
	for (i = 0; i < certificate->san_dns_count &&
	    used < sizeof names; i++)
		used += (size_t)snprintf(names + used, sizeof names - used,
		    " %s", certificate->san_dns[i]);
	log_warn("%s: certificate_sha256 %s issuer_sha256 %s san_dns%s",
	    admission_refusal_words(ADMISSION_UNLISTED),
	    certificate->certificate_sha256, certificate->issuer_sha256,
	    names[0] == '\0' ? " none" : names);
}

static const struct client *
route_find_client(const struct router *router, const struct route *route,
    const struct exchange *exchange, char why[ROUTE_WHY_SIZE])
{
	const struct admission_request request = {
		.secret = exchange_variable(exchange, "PUSH_GATEWAY_SECRET"),
		.vouched_client = exchange_variable(exchange,
		    "PUSH_GATEWAY_CLIENT"),
		.verify = exchange_variable(exchange, "SSL_CLIENT_VERIFY"),
		.certificate = exchange_variable(exchange, "SSL_CLIENT_CERT"),
		.address = exchange_variable(exchange, "REMOTE_ADDR"),
		.is_matrix = route->operation == DECODE_MATRIX_NOTIFY
	};
	const struct caller_certificate *certificate;
	enum admission_refusal refusal;
	const struct client *client = admission_find(
	    router->params.admission, &request, &refusal, &certificate);

	if (refusal == ADMISSION_UNLISTED)
		route_log_unlisted(certificate);
	if (refusal == ADMISSION_NOT_VERIFIED)
		snprintf(why, ROUTE_WHY_SIZE, "SSL_CLIENT_VERIFY is %.200s",
		    request.verify == NULL || *request.verify == '\0' ?
		    "not set" : request.verify);
	else if (refusal != ADMISSION_GRANTED)
		snprintf(why, ROUTE_WHY_SIZE, "%s",
		    admission_refusal_words(refusal));
	return client;
}

/* The caller may be gone, but the web server can log this. */
static void
route_refuse_cut(const struct route_upload *upload)
{
	struct json_object *details = json_object_new_object();

	json_object_object_add(details, "location",
	    json_object_new_string(""));
	json_object_object_add(details, "reason",
	    json_object_new_string("the body was cut short"));
	route_refuse_upload(upload, RESPONSE_INVALID_DATA, details,
	    "the body was cut short");
}

static void
route_upload_free(struct route_upload *upload)
{
	size_t i;

	for (i = 0; i < INTAKE_STAGE__MAX; i++)
		intake_leave(&upload->tickets[i]);
	upload->router->uploads--;
	buf_free(&upload->body);
	free(upload->path_prefix);
	free(upload);
}

/* It is answered. */
static void
route_on_finished(void *arg)
{
	route_upload_free(arg);
}

/* The body is the upload's, or that of the exchange. */
static void
route_start(struct route_upload *upload, const struct buf *body,
    bool overloaded)
{
	bool goes_on = false;

	log_set_request(exchange_id(upload->exchange));
	intake_leave(&upload->tickets[INTAKE_UPLOAD]);
	if (exchange_is_gone(upload->exchange)) {
		log_info("the web server closed the connection: nothing of "
		    "the request was started");
		exchange_finish(upload->exchange);
	} else
		goes_on = notify_serve(&upload->router->params.notify,
		    &(struct notify_request){
			.operation = upload->route->operation,
			.exchange = upload->exchange,
			.client = upload->client,
			.path_prefix = upload->path_prefix,
			.body = body,
			.deadline_ms = upload->deadline_ms,
			.overloaded = overloaded,
			.finished = route_on_finished,
			.arg = upload
		});
	log_set_request(NULL);
	if (goes_on)
		buf_free(&upload->body);
	else
		route_upload_free(upload);
}

static void
route_on_turn(void *arg, bool granted)
{
	struct route_upload *upload = arg;

	route_start(upload, &upload->body, !granted);
}

/*
 * What a body may come to in memory: twice its text, and what a tree takes for
 * each object and each other value.
 */
static size_t
route_estimate(const struct buf *body)
{
	const char *text = buf_text(body);

	return ROUTE_REQUEST_MEMORY + 2 * body->size +
	    ROUTE_OBJECT_MEMORY * octets_count(text, body->size, '{') +
	    ROUTE_VALUE_MEMORY * octets_count(text, body->size, ',');
}

/* The time in the socket counts; that of the upload does not. */
static void
route_set_deadline(struct route_upload *upload)
{
	int64_t now_ms = clock_monotonic_ms();
	int64_t late_ms = upload->arrived_ms -
	    exchange_came_ms(upload->exchange);

	upload->deadline_ms = now_ms - late_ms +
	    upload->router->params.notify.request_timeout_ms;
}

static void
route_on_whole(struct route_upload *upload, const struct buf *body)
{
	enum intake_result result = INTAKE_OVERLOADED;

	route_set_deadline(upload);
	if (upload->arrived_ms - exchange_came_ms(upload->exchange) <
	    ROUTE_STANDING_MS)
		result = intake_enter(upload->router->intake,
		    &upload->tickets[INTAKE_SERVICE], INTAKE_SERVICE,
		    upload->client, route_estimate(body),
		    upload->deadline_ms, route_on_turn, upload);
	if (result == INTAKE_WAITS)
		buf_append(&upload->body, buf_text(body), body->size);
	else
		route_start(upload, body, result == INTAKE_OVERLOADED);
}

static void
route_on_body(void *arg, enum exchange_body result, const struct buf *body)
{
	struct route_upload *upload = arg;
	struct router *router = upload->router;
	struct json_object *details;

	if (result == EXCHANGE_BODY_OK) {
		route_on_whole(upload, body);
		return;
	}
	log_set_request(exchange_id(upload->exchange));
	switch (result) {
	case EXCHANGE_BODY_OK:
		break;
	case EXCHANGE_BODY_TOO_LARGE:
		details = json_object_new_object();
		json_object_object_add(details, "max_request_size_kb",
		    json_object_new_int64(router->params.max_request_size_kb));
		route_refuse_upload(upload, upload->route->too_large, details,
		    NULL);
		break;
	case EXCHANGE_BODY_CUT:
		route_refuse_cut(upload);
		break;
	case EXCHANGE_BODY_EXPIRED:
		route_refuse_upload(upload, RESPONSE_UNAVAILABLE, NULL, NULL);
		break;
	}
	log_set_request(NULL);
	route_upload_free(upload);
}

static void
route_read(struct route_upload *upload)
{
	const struct router_params *params = &upload->router->params;

	exchange_limit_time(upload->exchange,
	    params->notify.request_timeout_ms);
	exchange_read_body(upload->exchange, upload->limit, route_on_body,
	    upload);
}

/* Its body was not read, so not even a batch has items to answer. */
static void
route_refuse_unread(struct route_upload *upload)
{
	log_set_request(exchange_id(upload->exchange));
	route_refuse_upload(upload, RESPONSE_UNAVAILABLE, NULL,
	    "too many requests of this client are waiting");
	log_set_request(NULL);
	route_upload_free(upload);
}

static void
route_on_upload_turn(void *arg, bool granted)
{
	struct route_upload *upload = arg;

	if (granted)
		route_read(upload);
	else
		route_refuse_unread(upload);
}

static void
route_serve_post(struct router *router, const struct route *route,
    struct exchange *exchange, const struct client *client, const char *path)
{
	struct route_upload *upload = xcalloc(1, sizeof *upload);
	int64_t announced = exchange_announced(exchange);
	enum intake_result result = INTAKE_GRANTED;

	upload->router = router;
	upload->route = route;
	upload->exchange = exchange;
	upload->client = client;
	upload->path_prefix = route_prefix(route, path);
	upload->limit = (size_t)router->params.max_request_size_kb * 1024;
	upload->arrived_ms = clock_monotonic_ms();
	buf_init(&upload->body, upload->limit);
	router->uploads++;
	/* One that is too large is told so without being read. */
	if (announced <= (int64_t)upload->limit)
		result = intake_enter(router->intake,
		    &upload->tickets[INTAKE_UPLOAD], INTAKE_UPLOAD, client,
		    announced == -1 ? upload->limit : (size_t)announced,
		    upload->arrived_ms +
		    router->params.notify.request_timeout_ms,
		    route_on_upload_turn, upload);
	if (result == INTAKE_GRANTED)
		route_read(upload);
	else if (result == INTAKE_OVERLOADED)
		route_refuse_unread(upload);
}

/*
 * How clients of Matrix and UnifiedPush find out that this is a gateway; it
 * tells nobody anything, so no certificate is asked for.
 */
static void
route_serve_discovery(const struct router *router, const struct route *route,
    struct exchange *exchange)
{
	struct json_object *body = json_object_new_object();
	struct json_object *unifiedpush = json_object_new_object();

	json_object_object_add(body, "gateway",
	    json_object_new_string("matrix"));
	json_object_object_add(unifiedpush, "gateway",
	    json_object_new_string("matrix"));
	json_object_object_add(body, "unifiedpush", unifiedpush);
	notify_count_answer(&router->params.notify, route_name(route), NULL,
	    200);
	response_send(exchange, 200, "", body);
	exchange_finish(exchange);
}

/* GET, or HEAD, which is answered without a body. */
static bool
route_is_read(const char *method)
{
	return method != NULL && (strcmp(method, "GET") == 0 ||
	    strcmp(method, "HEAD") == 0);
}

/* What needs no client needs the web server's secret all the same. */
static bool
route_has_secret(const struct router *router, const struct exchange *exchange)
{
	return admission_has_secret(router->params.admission,
	    exchange_variable(exchange, "PUSH_GATEWAY_SECRET"));
}

static void
route_serve(struct router *router, struct exchange *exchange)
{
	const char *method = exchange_variable(exchange, "REQUEST_METHOD");
	const struct route *route;
	const struct client *client;
	char path[ROUTE_PATH_SIZE], why[ROUTE_WHY_SIZE];
	bool is_admin;

	route_read_path(exchange, path);
	is_admin = admin_is_asked(exchange, path);
	route = route_find(path, exchange_variable(exchange, "REQUEST_URI"));
	if ((is_admin || (route != NULL && route->discovered &&
	    route_is_read(method))) && !route_has_secret(router, exchange))
		route_refuse_caller(router, route, exchange,
		    admission_refusal_words(ADMISSION_WRONG_SECRET));
	else if (is_admin)
		admin_serve(&router->params.admin, exchange, path, method);
	else if (route == NULL)
		route_refuse_path(router, route, exchange,
		    RESPONSE_UNKNOWN_PATH, path);
	else if (route->discovered && route_is_read(method))
		route_serve_discovery(router, route, exchange);
	else if (method == NULL || strcmp(method, "POST") != 0)
		route_refuse_path(router, route, exchange,
		    route->wrong_method, path);
	else if ((client = route_find_client(router, route, exchange,
	    why)) == NULL)
		route_refuse_caller(router, route, exchange, why);
	else
		route_serve_post(router, route, exchange, client, path);
}

void
router_serve(struct router *router, struct exchange *exchange)
{
	log_set_request(exchange_id(exchange));
	if (exchange_variables_are_too_large(exchange))
		route_refuse_headers(router, exchange);
	else
		route_serve(router, exchange);
	log_set_request(NULL);
}

/* --- the router ---------------------------------------------------------- */

struct router *
router_create(const struct router_params *params)
{
	struct router *router = xcalloc(1, sizeof *router);

	router->params = *params;
	router->intake = intake_create(&(struct intake_params){
		.loop = params->loop,
		.max_requests = params->max_requests_in_flight,
		.max_memory = params->max_memory
	});
	return router;
}

void
router_free(struct router *router)
{
	if (router == NULL)
		return;
	intake_free(router->intake);
	free(router);
}

bool
router_is_idle(const struct router *router)
{
	return router->uploads == 0;
}
