/* SPDX-License-Identifier: Apache-2.0 */
#include "api/route.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/response.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "state/metrics.h"

enum {
	ROUTE_PATH_SIZE = 2048
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

static void
route_note_refusal(const struct router *router,
    const struct route *route, enum response_error error)
{
	log_info("refused: %d", response_error_status(error));
	notify_count_answer(&router->params.notify, route == NULL ? "none" :
	    route_name(route), response_error_status(error));
}

static void
route_refuse(const struct router *router, const struct route *route,
    struct exchange *exchange, enum response_error error,
    struct json_object *details)
{
	route_note_refusal(router, route, error);
	response_send_error(exchange, error, details);
	exchange_finish(exchange);
}

/* 404 and 405; a homeserver expects them in Matrix's form. */
static void
route_refuse_path(const struct router *router,
    const struct route *route, struct exchange *exchange,
    enum response_error error, const char *path)
{
	if (strstr(path, "/_matrix/") == NULL)
		route_refuse(router, route, exchange, error, NULL);
	else {
		route_note_refusal(router, route, error);
		response_send_matrix_error(exchange, error);
		exchange_finish(exchange);
	}
}

static const struct client *
route_find_client(const struct router *router, const struct route *route,
    const struct exchange *exchange)
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
		log_warn("%s: certificate_sha256 %s issuer_sha256 %s",
		    admission_refusal_words(refusal),
		    certificate->certificate_sha256,
		    certificate->issuer_sha256);
	else if (refusal != ADMISSION_GRANTED &&
	    refusal != ADMISSION_NOT_VERIFIED)
		log_warn("%s", admission_refusal_words(refusal));
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
	route_refuse(upload->router, upload->route, upload->exchange,
	    RESPONSE_INVALID_DATA, details);
}

static void
route_on_body(void *arg, enum exchange_body result, const struct buf *body)
{
	struct route_upload *upload = arg;
	struct router *router = upload->router;
	struct json_object *details;

	router->uploads--;
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
		route_refuse(router, upload->route, upload->exchange,
		    upload->route->too_large, details);
		break;
	case EXCHANGE_BODY_CUT:
		route_refuse_cut(upload);
		break;
	case EXCHANGE_BODY_EXPIRED:
		route_refuse(router, upload->route, upload->exchange,
		    RESPONSE_UNAVAILABLE, NULL);
		break;
	}
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

void
router_serve(struct router *router, struct exchange *exchange)
{
	const char *method = exchange_variable(exchange, "REQUEST_METHOD");
	const struct route *route;
	const struct client *client;
	char path[ROUTE_PATH_SIZE];

	route_read_path(exchange, path);
	route = route_find(path, exchange_variable(exchange, "REQUEST_URI"));
	if (route == NULL)
		route_refuse_path(router, route, exchange,
		    RESPONSE_UNKNOWN_PATH, path);
	else if (route->discovered && route_is_read(method))
		route_serve_discovery(router, route, exchange);
	else if (method == NULL || strcmp(method, "POST") != 0)
		route_refuse_path(router, route, exchange,
		    route->wrong_method, path);
	else if ((client = route_find_client(router, route,
	    exchange)) == NULL) {
		metrics_add(router->params.notify.metrics,
		    METRICS_CLIENTS_REFUSED, 1, NULL);
		route_refuse(router, route, exchange, RESPONSE_UNAUTHENTICATED,
		    NULL);
	} else
		route_serve_post(router, route, exchange, client, path);
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
