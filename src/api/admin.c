/* SPDX-License-Identifier: Apache-2.0 */
#include "api/admin.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "api/response.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/date.h"
#include "state/metrics-text.h"

enum {
	ADMIN_PAGE_SIZE = 4 * 1024 * 1024,
	ADMIN_WORDS_SIZE = 512
};

/* --- what to say --------------------------------------------------------- */

static bool
admin_app_is_usable(const struct admin_params *params, const struct app *app)
{
	int64_t expires_s = 0;

	if (!account_is_open(params->accounts, app))
		return false;
	if (app->provider->expires_s != NULL)
		expires_s = app->provider->expires_s(app->account);
	return expires_s == 0 || expires_s > clock_wall_s();
}

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
		if (admin_app_is_usable(params, app))
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
admin_write_html(struct buf *page, const char *text)
{
	static const struct {
		char character;
		const char *entity;
	} entities[] = {
		{ '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" },
		{ '"', "&quot;" },
	};
	size_t i;

	for (; text != NULL && *text != '\0'; text++) {
		for (i = 0; i < sizeof entities / sizeof *entities &&
		    entities[i].character != *text; i++)
			;
		if (i < sizeof entities / sizeof *entities)
			buf_append_text(page, entities[i].entity);
		else
			buf_append(page, text, 1);
	}
}

static void
admin_write_cell(struct buf *page, const char *text)
{
	buf_append_text(page, "<td>");
	admin_write_html(page, text);
	buf_append_text(page, "</td>");
}

/* The sum of an app's verdicts of one kind. */
static int64_t
admin_count_verdicts(const struct metrics_snapshot *snapshot,
    const char *app_id, const char *verdict)
{
	int64_t sum = 0;
	size_t i;

	for (i = 0; i < snapshot->count; i++) {
		const struct metrics_series *series = &snapshot->series[i];

		if (series->name == METRICS_VERDICTS &&
		    strcmp(series->labels.app, app_id) == 0 &&
		    strcmp(series->labels.verdict, verdict) == 0)
			sum += series->value;
	}
	return sum;
}

/* Why the latest device of the app was neither delivered nor rejected. */
static const char *
admin_find_trouble(const struct metrics_snapshot *snapshot,
    const char *app_id)
{
	const char *reason = "";
	int64_t changed_s = 0;
	size_t i;

	for (i = 0; i < snapshot->count; i++) {
		const struct metrics_series *series = &snapshot->series[i];

		if (series->name == METRICS_VERDICTS &&
		    strcmp(series->labels.app, app_id) == 0 &&
		    (strcmp(series->labels.verdict, "later") == 0 ||
		    strcmp(series->labels.verdict, "failed") == 0) &&
		    series->changed_s > changed_s) {
			changed_s = series->changed_s;
			reason = series->labels.reason;
		}
	}
	return reason;
}

static void
admin_write_app(const struct admin_params *params,
    const struct metrics_snapshot *snapshot, const struct app *app,
    struct buf *page)
{
	static const char *const verdicts[] = {
		"delivered", "rejected", "later", "failed"
	};
	size_t i;

	buf_append_text(page, "<tr>");
	admin_write_cell(page, app->app_id);
	admin_write_cell(page, app->provider->name);
	admin_write_cell(page, admin_app_is_usable(params, app) ? "usable" :
	    "no usable credentials");
	for (i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
		buf_append_format(page, "<td class=n>%" PRId64 "</td>",
		    admin_count_verdicts(snapshot, app->app_id, verdicts[i]));
	admin_write_cell(page, admin_find_trouble(snapshot, app->app_id));
	buf_append_text(page, "</tr>\n");
}

/* What is not an app's, as the metrics have it. */
static void
admin_write_others(const struct metrics_snapshot *snapshot, struct buf *page)
{
	static const enum metrics_name names[] = {
		METRICS_ACCOUNT_OPEN, METRICS_DEAD_SHARE_ALARM,
		METRICS_TOKENS_MINTED, METRICS_TOKEN_FAILURES,
		METRICS_CONNECTIONS_OPENED, METRICS_WORKERS,
		METRICS_REQUESTS_IN_FLIGHT, METRICS_REQUESTS_LIMIT
	};
	size_t i, k;

	for (k = 0; k < sizeof names / sizeof *names; k++) {
		for (i = 0; i < snapshot->count; i++) {
			const struct metrics_series *series =
			    &snapshot->series[i];

			if (series->name != names[k])
				continue;
			buf_append_text(page, "<tr>");
			admin_write_cell(page, metrics_infos[names[k]].help);
			admin_write_cell(page, series->labels.account !=
			    NULL ? series->labels.account :
			    series->labels.app);
			buf_append_format(page, "<td class=n>%" PRId64
			    "</td></tr>\n", series->value);
		}
	}
}

static void
admin_write_state(const struct admin_params *params, struct buf *page)
{
	char date[DATE_SIZE];

	date_format_utc(params->loaded_s, date);
	buf_append_format(page, "<p>Version %s. Configuration in force since "
	    "%s%s.%s</p>\n", VERSION, date,
	    params->status->configuration_refused ?
	    "; <strong>the one on disk is refused</strong>" : "",
	    params->status->stopping ? " This worker is stopping." : "");
}

static void
admin_send_status(const struct admin_params *params,
    struct exchange *exchange)
{
	struct metrics_snapshot *snapshot =
	    metrics_snapshot_take(params->metrics);
	const struct app *app;
	struct buf page;
	size_t i;

	buf_init(&page, ADMIN_PAGE_SIZE);
	buf_append_text(&page, "<!DOCTYPE html>\n<html lang=\"en\"><head>"
	    "<meta charset=\"utf-8\"><title>Push Gateway</title>\n<style>"
	    "body{font-family:sans-serif;margin:2em}"
	    "table{border-collapse:collapse}"
	    "td,th{border:1px solid #999;padding:.3em .6em;text-align:left}"
	    ".n{text-align:right}</style></head><body>\n"
	    "<h1>Push Gateway</h1>\n");
	admin_write_state(params, &page);
	buf_append_text(&page, "<h2>Apps</h2>\n<table><tr><th>App</th>"
	    "<th>Provider</th><th>Credentials</th><th>Delivered</th>"
	    "<th>Rejected</th><th>Later</th><th>Failed</th>"
	    "<th>Latest trouble</th></tr>\n");
	for (i = 0; (app = app_registry_at(params->apps, i)) != NULL; i++)
		admin_write_app(params, snapshot, app, &page);
	buf_append_text(&page, "</table>\n<h2>This host</h2>\n<table><tr>"
	    "<th>What</th><th>Of</th><th>Number</th></tr>\n");
	admin_write_others(snapshot, &page);
	buf_append_text(&page, "</table>\n</body></html>\n");
	response_send_text(exchange, 200, "text/html; charset=utf-8",
	    buf_text(&page), page.size);
	buf_free(&page);
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
