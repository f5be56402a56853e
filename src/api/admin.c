/* SPDX-License-Identifier: Apache-2.0 */
#include "api/admin.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "api/response.h"
#include "api/status-page.h"
#include "base/buf.h"
#include "base/clock.h"
#include "state/metrics-text.h"
#include "state/status.h"

enum {
	ADMIN_PAGE_SIZE = 4 * 1024 * 1024,
	ADMIN_WORDS_SIZE = 512
};

/* --- what to say --------------------------------------------------------- */

static void admin_add(struct json_object *list, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
admin_add(struct json_object *list, const char *format, ...)
{
	char words[ADMIN_WORDS_SIZE];
	va_list ap;

	va_start(ap, format);
	vsnprintf(words, sizeof words, format, ap);
	va_end(ap);
	json_object_array_add(list, json_object_new_string(words));
}

/* Warns of each app that is of no use; true if there is one that is. */
static bool
admin_check_apps(const struct admin_params *params,
    struct json_object *warnings)
{
	const struct app *app;
	bool any = false;
	size_t i;

	for (i = 0; (app = app_registry_at(params->apps, i)) != NULL; i++) {
		if (account_is_usable(params->accounts, app))
			any = true;
		else
			admin_add(warnings,
			    "app %.200s has no usable credentials",
			    app->app_id);
	}
	return any;
}

static void
admin_check_breakers(const struct admin_params *params,
    struct json_object *warnings)
{
	struct metrics_snapshot *snapshot =
	    metrics_snapshot_take(params->metrics);
	size_t i;

	for (i = 0; i < snapshot->count; i++) {
		const struct metrics_series *series = &snapshot->series[i];

		if (series->name == METRICS_ACCOUNT_OPEN && series->value != 0)
			admin_add(warnings,
			    "the circuit breaker of %.100s is open",
			    series->labels.account);
	}
	metrics_snapshot_free(snapshot);
}

/* --- JSON ---------------------------------------------------------------- */

static void
admin_send_live(const struct admin_params *params, struct exchange *exchange)
{
	struct json_object *body = json_object_new_object();

	(void)params;
	json_object_object_add(body, "status",
	    json_object_new_string("live"));
	response_send(exchange, 200, "", body);
}

/*
 * Only what no other host can help with takes this one out of a balancer: a
 * mistake that all hosts share must not take out all of them.
 */
static void
admin_send_ready(const struct admin_params *params, struct exchange *exchange)
{
	struct json_object *body = json_object_new_object();
	struct json_object *warnings = json_object_new_array();
	struct json_object *reasons = json_object_new_array();
	bool ready;

	if (params->status->stopping)
		admin_add(reasons, "the worker is stopping");
	if (!admin_check_apps(params, warnings))
		admin_add(reasons, "no app has usable credentials");
	if (params->status->configuration_refused)
		admin_add(warnings, "the configuration on disk is refused, "
		    "and the previous one in force");
	admin_check_breakers(params, warnings);
	ready = json_object_array_length(reasons) == 0;
	json_object_object_add(body, "status",
	    json_object_new_string(ready ? "ready" : "not ready"));
	if (!ready)
		json_object_object_add(body, "reasons",
		    json_object_get(reasons));
	if (json_object_array_length(warnings) > 0)
		json_object_object_add(body, "warnings",
		    json_object_get(warnings));
	response_send(exchange, ready ? 200 : 503, "", body);
	json_object_put(warnings);
	json_object_put(reasons);
}

/* --- metrics ------------------------------------------------------------- */

static void
admin_send_metrics(const struct admin_params *params,
    struct exchange *exchange)
{
	struct metrics_snapshot *snapshot =
	    metrics_snapshot_take(params->metrics);
	struct buf text;

	buf_init(&text, METRICS_TEXT_SIZE);
	metrics_text_write(snapshot, &text);
	response_send_text(exchange, 200, "text/plain; version=0.0.4",
	    buf_text(&text), text.size);
	buf_free(&text);
	metrics_snapshot_free(snapshot);
}

/* --- the page for people ------------------------------------------------- */

static void
admin_send_status(const struct admin_params *params,
    struct exchange *exchange)
{
	struct metrics_snapshot *snapshot =
	    metrics_snapshot_take(params->metrics);
	struct status *status = status_create(snapshot);
	struct buf html;

	buf_init(&html, ADMIN_PAGE_SIZE);
	status_page_write(&(struct status_page){
		.status = status,
		.apps = params->apps,
		.accounts = params->accounts,
		.now_s = clock_wall_s(),
		.loaded_s = params->loaded_s,
		.is_refused = params->status->configuration_refused,
		.is_stopping = params->status->stopping
	}, &html);
	response_send_text(exchange, 200, "text/html; charset=utf-8",
	    buf_text(&html), html.size);
	buf_free(&html);
	status_free(status);
	metrics_snapshot_free(snapshot);
}

/* --- serving ------------------------------------------------------------- */

static const struct admin_page {
	const char *tail;
	void (*send)(const struct admin_params *params,
	    struct exchange *exchange);
} admin_pages[] = {
	{ .tail = "/health/live", .send = admin_send_live },
	{ .tail = "/health/ready", .send = admin_send_ready },
	{ .tail = "/metrics", .send = admin_send_metrics },
	{ .tail = "/status", .send = admin_send_status },
};

static const struct admin_page *
admin_find_page(const char *path)
{
	size_t length = strlen(path), i, tail;

	for (i = 0; i < sizeof admin_pages / sizeof *admin_pages; i++) {
		tail = strlen(admin_pages[i].tail);
		if (length >= tail && strcmp(path + length - tail,
		    admin_pages[i].tail) == 0)
			return &admin_pages[i];
	}
	return NULL;
}

bool
admin_is_asked(const struct exchange *exchange, const char *path)
{
	const char *admin = exchange_variable(exchange, "PUSH_GATEWAY_ADMIN");

	return admin != NULL && strcmp(admin, "on") == 0 &&
	    admin_find_page(path) != NULL;
}

void
admin_serve(const struct admin_params *params, struct exchange *exchange,
    const char *path, const char *method)
{
	if (method == NULL || (strcmp(method, "GET") != 0 &&
	    strcmp(method, "HEAD") != 0))
		response_send_error(exchange, RESPONSE_READ_ONLY, NULL);
	else
		admin_find_page(path)->send(params, exchange);
	exchange_finish(exchange);
}
