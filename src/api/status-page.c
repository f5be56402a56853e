/* SPDX-License-Identifier: Apache-2.0 */
#include "api/status-page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"

enum {
	STATUS_PAGE_WORDS_SIZE = 512,
	/* Credentials that end within this time are told. */
	STATUS_PAGE_SOON_S = 30 * 86400
};

/*
 * In a narrow window each row becomes a block, with the column's name in front
 * of each of its cells.  The policy lets a browser load nothing, and the icon
 * keeps it from asking for one.
 */
#define STATUS_PAGE_TOP \
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n" \
	"<meta name=\"viewport\" content=\"width=device-width\">\n" \
	"<meta http-equiv=\"Content-Security-Policy\" content=\"" \
	"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n" \
	"<link rel=\"icon\" href=\"data:,\">\n" \
	"<title>Push Gateway</title>\n<style>\n" \
	"body{font-family:sans-serif;margin:1em;overflow-wrap:anywhere}\n" \
	"table{border-collapse:collapse}\n" \
	"td,th{border:1px solid #999;padding:.3em .6em;text-align:left;" \
	"vertical-align:top}\n" \
	".n{text-align:right}\n" \
	"th{overflow-wrap:normal}\n" \
	"@media(max-width:75em){\n" \
	"thead{display:none}\n" \
	"table,tbody,tr,td{display:block}\n" \
	"tr{margin-bottom:1em}\n" \
	".n{text-align:left}\n" \
	"td::before{content:attr(data-label)\": \";font-weight:bold}}\n" \
	"</style></head><body>\n<h1>Push Gateway</h1>\n"

static void
status_page_text(struct buf *html, const char *text)
{
	static const char *const entities[256] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;",
		['"'] = "&quot;"
	};

	for (; *text != '\0'; text++) {
		const char *entity = entities[(unsigned char)*text];

		if (entity != NULL)
			buf_append_text(html, entity);
		else
			buf_append(html, text, 1);
	}
}

static void
status_page_cell(struct buf *html, const char *label, const char *text)
{
	buf_append_format(html, "<td data-label=\"%s\">", label);
	status_page_text(html, text);
	buf_append_text(html, "</td>");
}

static void
status_page_number(struct buf *html, const char *label, int64_t number)
{
	buf_append_format(html, "<td class=n data-label=\"%s\">%" PRId64
	    "</td>", label, number);
}

static void
status_page_begin_table(struct buf *html, const char *heading,
    const char *const labels[])
{
	buf_append_format(html, "<h2>%s</h2>\n<table><thead><tr>", heading);
	for (; *labels != NULL; labels++)
		buf_append_format(html, "<th>%s</th>", *labels);
	buf_append_text(html, "</tr></thead><tbody>\n");
}

static void
status_page_end_table(struct buf *html)
{
	buf_append_text(html, "</tbody></table>\n");
}

/* --- apps ---------------------------------------------------------------- */

enum {
	STATUS_PAGE_APP,
	STATUS_PAGE_APP_PROVIDER,
	STATUS_PAGE_CREDENTIALS,
	STATUS_PAGE_DELIVERED,
	STATUS_PAGE_REJECTED,
	STATUS_PAGE_LATER,
	STATUS_PAGE_FAILED,
	STATUS_PAGE_GUARD,
	STATUS_PAGE_TROUBLE,
	STATUS_PAGE_APP__MAX
};

static const char *const status_page_app_labels[] = {
	[STATUS_PAGE_APP] = "App",
	[STATUS_PAGE_APP_PROVIDER] = "Provider",
	[STATUS_PAGE_CREDENTIALS] = "Credentials",
	[STATUS_PAGE_DELIVERED] = "Delivered",
	[STATUS_PAGE_REJECTED] = "Rejected",
	[STATUS_PAGE_LATER] = "Later",
	[STATUS_PAGE_FAILED] = "Failed",
	[STATUS_PAGE_GUARD] = "Rejection guard",
	[STATUS_PAGE_TROUBLE] = "Latest trouble",
	[STATUS_PAGE_APP__MAX] = NULL
};

static void
status_page_credentials(const struct status_page *page,
    const struct status_app *app, bool is_usable, struct buf *html)
{
	char words[STATUS_PAGE_WORDS_SIZE] = "usable", date[DATE_SIZE];

	if (!is_usable)
		snprintf(words, sizeof words, "no usable credentials");
	else if (app->expires_s != 0 &&
	    app->expires_s < page->now_s + STATUS_PAGE_SOON_S) {
		date_format_utc(app->expires_s, date);
		snprintf(words, sizeof words, "usable, end at %s", date);
	}
	status_page_cell(html, status_page_app_labels[STATUS_PAGE_CREDENTIALS],
	    words);
}

static void
status_page_guard(const struct status_app *app, struct buf *html)
{
	char words[STATUS_PAGE_WORDS_SIZE] = "off";

	if (app->is_guarded)
		snprintf(words, sizeof words, "on: too many pushkeys look "
		    "dead, is a setting of this app wrong? %" PRId64
		    " rejections withheld", app->withheld);
	else if (app->withheld > 0)
		snprintf(words, sizeof words, "off; %" PRId64
		    " rejections withheld", app->withheld);
	status_page_cell(html, status_page_app_labels[STATUS_PAGE_GUARD],
	    words);
}

static void
status_page_trouble(const struct status_page *page,
    const struct status_app *app, struct buf *html)
{
	char words[STATUS_PAGE_WORDS_SIZE] = "none", span[DATE_SIZE];

	if (app->failure != NULL) {
		date_format_span(page->now_s - app->failure_s, span);
		snprintf(words, sizeof words, "%s: %.300s, %s ago",
		    app->failure, app->failure_reason, span);
	}
	status_page_cell(html, status_page_app_labels[STATUS_PAGE_TROUBLE],
	    words);
}

/* `provider` is as configured; NULL: the app is not. */
static void
status_page_app(const struct status_page *page, const struct status_app *app,
    const char *provider, bool is_usable, struct buf *html)
{
	const char *const *labels = status_page_app_labels;

	buf_append_text(html, "<tr>");
	status_page_cell(html, labels[STATUS_PAGE_APP], *app->app == '\0' ?
	    "(app_ids that are not configured)" : app->app);
	status_page_cell(html, labels[STATUS_PAGE_APP_PROVIDER],
	    provider == NULL ? app->provider : provider);
	if (provider == NULL)
		status_page_cell(html, labels[STATUS_PAGE_CREDENTIALS],
		    "not configured");
	else
		status_page_credentials(page, app, is_usable, html);
	status_page_number(html, labels[STATUS_PAGE_DELIVERED], app->delivered);
	status_page_number(html, labels[STATUS_PAGE_REJECTED], app->rejected);
	status_page_number(html, labels[STATUS_PAGE_LATER], app->later);
	status_page_number(html, labels[STATUS_PAGE_FAILED], app->failed);
	status_page_guard(app, html);
	status_page_trouble(page, app, html);
	buf_append_text(html, "</tr>\n");
}

static bool
status_page_is_configured(const struct status_page *page, const char *app_id)
{
	const struct app *app;
	size_t i;

	for (i = 0; (app = app_registry_at(page->apps, i)) != NULL; i++) {
		if (strcmp(app->app_id, app_id) == 0)
			return true;
	}
	return false;
}

/* First those of the configuration, then what else was counted. */
static void
status_page_apps(const struct status_page *page, struct buf *html)
{
	const struct status *status = page->status;
	const struct app *app;
	size_t i, k;

	status_page_begin_table(html, "Apps", status_page_app_labels);
	for (i = 0; (app = app_registry_at(page->apps, i)) != NULL; i++) {
		struct status_app none = { .app = app->app_id };

		for (k = 0; k < status->app_count &&
		    strcmp(status->apps[k].app, app->app_id) != 0; k++)
			;
		status_page_app(page, k < status->app_count ?
		    &status->apps[k] : &none, app->provider->name,
		    account_is_usable(page->accounts, app), html);
	}
	for (k = 0; k < status->app_count; k++) {
		if (!status_page_is_configured(page, status->apps[k].app))
			status_page_app(page, &status->apps[k], NULL, false,
			    html);
	}
	status_page_end_table(html);
}

/* --- accounts ------------------------------------------------------------ */

enum {
	STATUS_PAGE_ACCOUNT,
	STATUS_PAGE_ACCOUNT_PROVIDER,
	STATUS_PAGE_BREAKER,
	STATUS_PAGE_IN_FLIGHT,
	STATUS_PAGE_CONNECTIONS,
	STATUS_PAGE_TOKENS,
	STATUS_PAGE_TOKEN_FAILURES,
	STATUS_PAGE_TOKEN_AGE,
	STATUS_PAGE_ACCOUNT__MAX
};

static const char *const status_page_account_labels[] = {
	[STATUS_PAGE_ACCOUNT] = "Account",
	[STATUS_PAGE_ACCOUNT_PROVIDER] = "Provider",
	[STATUS_PAGE_BREAKER] = "Circuit breaker",
	[STATUS_PAGE_IN_FLIGHT] = "In flight",
	[STATUS_PAGE_CONNECTIONS] = "Connections opened",
	[STATUS_PAGE_TOKENS] = "Tokens obtained",
	[STATUS_PAGE_TOKEN_FAILURES] = "Tokens not obtained",
	[STATUS_PAGE_TOKEN_AGE] = "Newest token",
	[STATUS_PAGE_ACCOUNT__MAX] = NULL
};

static void
status_page_account(const struct status_account *account, struct buf *html)
{
	const char *const *labels = status_page_account_labels;
	char words[STATUS_PAGE_WORDS_SIZE], age[DATE_SIZE];

	buf_append_text(html, "<tr>");
	status_page_cell(html, labels[STATUS_PAGE_ACCOUNT], account->account);
	status_page_cell(html, labels[STATUS_PAGE_ACCOUNT_PROVIDER],
	    account->provider);
	snprintf(words, sizeof words, "%s; times opened: %" PRId64,
	    account->is_open ? "open" : "closed", account->opened);
	status_page_cell(html, labels[STATUS_PAGE_BREAKER], words);
	status_page_number(html, labels[STATUS_PAGE_IN_FLIGHT],
	    account->in_flight);
	status_page_number(html, labels[STATUS_PAGE_CONNECTIONS],
	    account->connections);
	status_page_number(html, labels[STATUS_PAGE_TOKENS], account->tokens);
	status_page_number(html, labels[STATUS_PAGE_TOKEN_FAILURES],
	    account->token_failures);
	date_format_span(account->token_age_s, age);
	snprintf(words, sizeof words, "%s old", age);
	status_page_cell(html, labels[STATUS_PAGE_TOKEN_AGE],
	    account->token_age_s < 0 ? "none" : words);
	buf_append_text(html, "</tr>\n");
}

static void
status_page_accounts(const struct status_page *page, struct buf *html)
{
	size_t i;

	status_page_begin_table(html, "Accounts", status_page_account_labels);
	for (i = 0; i < page->status->account_count; i++)
		status_page_account(&page->status->accounts[i], html);
	status_page_end_table(html);
}

/* --- the host ------------------------------------------------------------ */

static void
status_page_host(const struct status_page *page, struct buf *html)
{
	const struct status *status = page->status;
	char date[DATE_SIZE];

	date_format_utc(page->loaded_s, date);
	buf_append_format(html, "<p>Version %s. Configuration in force since "
	    "%s%s.%s</p>\n", VERSION, date, page->is_refused ?
	    "; <strong>the one on disk is refused</strong>" : "",
	    page->is_stopping ? " This worker is stopping." : "");
	buf_append_format(html, "<p>Workers: %" PRId64 ". Requests in flight: "
	    "%" PRId64 " of %" PRId64 ". Requests answered: %" PRId64
	    ", %" PRId64 " of them by a server's error; refused, since no "
	    "listed caller made them: %" PRId64 ".</p>\n", status->workers,
	    status->in_flight, status->in_flight_limit, status->requests,
	    status->requests_failed, status->clients_refused);
}

void
status_page_write(const struct status_page *page, struct buf *html)
{
	buf_append_text(html, STATUS_PAGE_TOP);
	status_page_host(page, html);
	status_page_apps(page, html);
	status_page_accounts(page, html);
	buf_append_text(html, "</body></html>\n");
}
