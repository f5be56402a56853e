/* SPDX-License-Identifier: Apache-2.0 */
#include "api/route.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/access-log.h"
#include "api/response.h"
#include "base/log-limit.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "state/metrics.h"

enum {
	ROUTE_PATH_SIZE = 2048,
	ROUTE_WHY_SIZE = 256,
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
	unsigned int uploads;
};

/* A request whose body is on its way. */
struct route_upload {
	struct router *router;
	const struct route *route;
	struct exchange *exchange;
	const struct client *client;
	char *path_prefix;
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

/* Replaces each escape of a character by the character. */
static void
route_decode(char *path, const char *escape, char character)
{
	char *c = path;

	while ((c = strcasestr(c, escape)) != NULL) {
		*c++ = character;
		memmove(c, c + 2, strlen(c + 2) + 1);
	}
}

/*
 * Web servers fold "//" and "/../" before they pass a path on; a caller that
 * writes them is mistaken, or looks for a way around an access rule.
 */
static bool
route_target_is_plain(const char *target)
{
	char path[ROUTE_PATH_SIZE], *c, *segment;

	/* The absolute form, "https://host/path". */
	if (*target != '/' && (c = strstr(target, "://")) != NULL)
		target = c + 3 + strcspn(c + 3, "/");
	if (strcspn(target, "?#") >= sizeof path)
		return false;
	snprintf(path, strcspn(target, "?#") + 1, "%s", target);
	route_decode(path, "%2e", '.');
	route_decode(path, "%2f", '/');
	for (segment = path; (segment = strchr(segment, '/')) != NULL;) {
		size_t length = strcspn(++segment, "/");

		if ((length == 0 && *segment == '/') ||
		    (length == 1 && segment[0] == '.') ||
		    (length == 2 && strncmp(segment, "..", 2) == 0))
			return false;
	}
	return true;
}

const struct route *
route_find(const char *path, const char *target)
{
	size_t i, count = sizeof routes / sizeof *routes;
	size_t length = strlen(path);

	if (target != NULL && !route_target_is_plain(target))
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
	notify_count_answer(&router->params.notify, operation, status);
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
route_on_body(void *arg, enum exchange_body result, const struct buf *body)
{
	struct route_upload *upload = arg;
	struct router *router = upload->router;
	struct json_object *details;

	router->uploads--;
	log_set_request(exchange_id(upload->exchange));
	switch (result) {
	case EXCHANGE_BODY_OK:
		notify_serve(&router->params.notify, upload->route->operation,
		    upload->exchange, upload->client, upload->path_prefix,
		    body);
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
	free(upload->path_prefix);
	free(upload);
}

static void
route_serve_post(struct router *router, const struct route *route,
    struct exchange *exchange, const struct client *client, const char *path)
{
	struct route_upload *upload = xcalloc(1, sizeof *upload);

	upload->router = router;
	upload->route = route;
	upload->exchange = exchange;
	upload->client = client;
	upload->path_prefix = route_prefix(route, path);
	router->uploads++;
	exchange_read_body(exchange,
	    (size_t)router->params.max_request_size_kb * 1024, route_on_body,
	    upload);
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
	notify_count_answer(&router->params.notify, route_name(route), 200);
	response_send(exchange, 200, "", body);
	exchange_finish(exchange);
}

/* GET, or HEAD, whose answer the web server cuts. */
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
	route_serve(router, exchange);
	log_set_request(NULL);
}

/* --- the router ---------------------------------------------------------- */

struct router *
router_create(const struct router_params *params)
{
	struct router *router = xcalloc(1, sizeof *router);

	router->params = *params;
	return router;
}

void
router_free(struct router *router)
{
	free(router);
}

bool
router_is_idle(const struct router *router)
{
	return router->uploads == 0;
}
