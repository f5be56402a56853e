/* SPDX-License-Identifier: Apache-2.0 */
#include "state/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/date.h"
#include "command/command.h"
#include "worker/conf-text.h"

enum {
	STATUS_WATCH_S = 2
};

#define STATUS_CLEAR_SCREEN "\033[H\033[2J"

static const struct command_option status_options[] = {
	{ .name = "watch", .letter = 'w',
	    .offset = offsetof(struct command_arguments, watch),
	    .help = "look again every two seconds, until interrupted" },
	{ .name = NULL }
};

/* --- for people ---------------------------------------------------------- */

static void
status_print_host(const struct status *status, int64_t now_s)
{
	char span[DATE_SIZE], date[DATE_SIZE];

	if (status->version == NULL)
		printf("no worker runs\n");
	else
		printf("%" PRId64 " worker%s of version %s%s%s, %" PRId64
		    " of %" PRId64 " requests in flight\n", status->workers,
		    status->workers == 1 ? "" : "s", status->version,
		    status->other_version == NULL ? "" : " and ",
		    status->other_version == NULL ? "" :
		    status->other_version, status->in_flight,
		    status->in_flight_limit);
	if (status->loaded_s != 0) {
		date_format_span(now_s - status->loaded_s, span);
		date_format_utc(status->loaded_s, date);
		printf("%s %s (since %s)\n", status->is_refused ?
		    "CONFIGURATION ON DISK REFUSED; the previous one is in "
		    "force for" : "configuration in force for", span, date);
	}
	printf("%" PRId64 " requests answered, %" PRId64 " of them with 5xx; "
	    "%" PRId64 " refused, of callers that are not listed\n",
	    status->requests, status->requests_failed,
	    status->clients_refused);
}

static void
status_print_trouble(const struct status_app *app, int64_t now_s)
{
	char text[DATE_SIZE];

	if (app->is_unusable)
		printf("  CREDENTIALS CANNOT BE USED\n");
	if (app->expires_s != 0 && app->expires_s < now_s + 30 * 86400) {
		date_format_utc(app->expires_s, text);
		printf("  CREDENTIALS EXPIRE at %s\n", text);
	}
	if (app->is_guarded)
		printf("  TOO MANY PUSHKEYS LOOK DEAD: is a setting of this "
		    "app wrong?\n");
	if (app->withheld > 0)
		printf("  %" PRId64 " rejections were withheld from callers\n",
		    app->withheld);
	if (app->trouble != NULL) {
		date_format_span(now_s - app->trouble_s, text);
		printf("  last not delivered: %s, %s, %s ago\n", app->trouble,
		    app->reason, text);
	}
}

static const char *
status_app_name(const struct status_app *app)
{
	return *app->app == '\0' ? "(no such app)" : app->app;
}

static void
status_print_apps(const struct status *status, int64_t now_s)
{
	size_t width = strlen("APP"), i;

	for (i = 0; i < status->app_count; i++) {
		size_t length = strlen(status_app_name(&status->apps[i]));

		if (length > width)
			width = length;
	}
	if (status->app_count > 0)
		printf("\n%-*s  %10s %10s %10s %10s\n", (int)width, "APP",
		    "DELIVERED", "REJECTED", "LATER", "FAILED");
	for (i = 0; i < status->app_count; i++) {
		const struct status_app *app = &status->apps[i];

		printf("%-*s  %10" PRId64 " %10" PRId64 " %10" PRId64
		    " %10" PRId64 "\n", (int)width, status_app_name(app),
		    app->delivered, app->rejected, app->later, app->failed);
		status_print_trouble(app, now_s);
	}
}

static void
status_print_accounts(const struct status *status)
{
	size_t width = strlen("ACCOUNT"), i;

	for (i = 0; i < status->account_count; i++) {
		size_t length = strlen(status->accounts[i].account);

		if (length > width)
			width = length;
	}
	if (status->account_count > 0)
		printf("\n%-*s  %11s %10s %10s  %s\n", (int)width, "ACCOUNT",
		    "CONNECTIONS", "TOKENS", "FAILURES", "BREAKER");
	for (i = 0; i < status->account_count; i++) {
		const struct status_account *account = &status->accounts[i];

		printf("%-*s  %11" PRId64 " %10" PRId64 " %10" PRId64 "  %s",
		    (int)width, account->account, account->connections,
		    account->tokens, account->token_failures,
		    account->is_open ? "OPEN" : "closed");
		if (account->opened > 0)
			printf(", opened %" PRId64 " times", account->opened);
		putchar('\n');
	}
}

static void
status_print(const struct status *status, int64_t now_s)
{
	status_print_host(status, now_s);
	status_print_apps(status, now_s);
	status_print_accounts(status);
}

/* --- for machines -------------------------------------------------------- */

static void
status_add_number(struct json_object *object, const char *name, int64_t number)
{
	json_object_object_add(object, name, json_object_new_int64(number));
}

static void
status_add_text(struct json_object *object, const char *name,
    const char *text)
{
	json_object_object_add(object, name,
	    text == NULL ? NULL : json_object_new_string(text));
}

/* null for 0: never. */
static void
status_add_time(struct json_object *object, const char *name, int64_t time_s)
{
	char text[DATE_SIZE];

	date_format_rfc3339(time_s, text);
	status_add_text(object, name, time_s == 0 ? NULL : text);
}

static void
status_add_flag(struct json_object *object, const char *name, bool flag)
{
	json_object_object_add(object, name, json_object_new_boolean(flag));
}

static struct json_object *
status_json_app(const struct status_app *app)
{
	struct json_object *object = json_object_new_object();

	status_add_text(object, "app", app->app);
	status_add_text(object, "provider", app->provider);
	status_add_number(object, "delivered", app->delivered);
	status_add_number(object, "rejected", app->rejected);
	status_add_number(object, "later", app->later);
	status_add_number(object, "failed", app->failed);
	status_add_number(object, "withheld", app->withheld);
	status_add_flag(object, "guarded", app->is_guarded);
	status_add_flag(object, "usable", !app->is_unusable);
	status_add_time(object, "credentials_end", app->expires_s);
	status_add_text(object, "last_verdict", app->trouble);
	status_add_text(object, "last_reason", app->reason);
	status_add_time(object, "last_at", app->trouble_s);
	return object;
}

static struct json_object *
status_json_account(const struct status_account *account)
{
	struct json_object *object = json_object_new_object();

	status_add_text(object, "provider", account->provider);
	status_add_text(object, "account", account->account);
	status_add_flag(object, "open", account->is_open);
	status_add_number(object, "opened", account->opened);
	status_add_number(object, "connections", account->connections);
	status_add_number(object, "tokens", account->tokens);
	status_add_number(object, "token_failures", account->token_failures);
	return object;
}

static struct json_object *
status_json(const struct status *status)
{
	struct json_object *object = json_object_new_object();
	struct json_object *versions = json_object_new_array();
	struct json_object *apps = json_object_new_array();
	struct json_object *accounts = json_object_new_array();
	size_t i;

	if (status->version != NULL)
		json_object_array_add(versions,
		    json_object_new_string(status->version));
	if (status->other_version != NULL)
		json_object_array_add(versions,
		    json_object_new_string(status->other_version));
	for (i = 0; i < status->app_count; i++)
		json_object_array_add(apps, status_json_app(&status->apps[i]));
	for (i = 0; i < status->account_count; i++)
		json_object_array_add(accounts,
		    status_json_account(&status->accounts[i]));
	status_add_number(object, "workers", status->workers);
	json_object_object_add(object, "versions", versions);
	status_add_number(object, "requests_in_flight", status->in_flight);
	status_add_number(object, "requests_in_flight_limit",
	    status->in_flight_limit);
	status_add_flag(object, "configuration_in_force", !status->is_refused);
	status_add_time(object, "configuration_loaded", status->loaded_s);
	status_add_number(object, "requests", status->requests);
	status_add_number(object, "requests_failed", status->requests_failed);
	status_add_number(object, "clients_refused", status->clients_refused);
	json_object_object_add(object, "apps", apps);
	json_object_object_add(object, "accounts", accounts);
	return object;
}

/* --- looking ------------------------------------------------------------- */

static enum exit_status
status_show(const char *directory, const struct command_arguments *arguments)
{
	struct error error;
	struct metrics_snapshot *snapshot =
	    metrics_snapshot_read(directory, &error);
	struct status *status;

	if (snapshot == NULL)
		return command_fail(EXIT_STATUS_CONFIG, "%s", error.words);
	status = status_create(snapshot);
	if (arguments->json)
		command_print_json(status_json(status));
	else {
		if (arguments->watch)
			fputs(isatty(STDOUT_FILENO) ? STATUS_CLEAR_SCREEN :
			    "\n", stdout);
		status_print(status, clock_wall_s());
	}
	status_free(status);
	metrics_snapshot_free(snapshot);
	return EXIT_STATUS_OK;
}

static enum exit_status
status_run(const struct command_arguments *arguments)
{
	struct error error;
	char *directory = conf_state_directory(conf_path(arguments->config),
	    &error);
	enum exit_status status;

	if (directory == NULL)
		status = command_fail(EXIT_STATUS_CONFIG, "%s", error.words);
	else
		status = status_show(directory, arguments);
	while (arguments->watch && status == EXIT_STATUS_OK &&
	    fflush(stdout) == 0) {
		sleep(STATUS_WATCH_S);
		status = status_show(directory, arguments);
	}
	free(directory);
	return status;
}

const struct command command_status = {
	.name = "status",
	.usage = "[-c FILE] [--watch] [--json]",
	.summary = "show how this host's workers, apps and accounts do",
	.details =
	    "Shows what the workers of this host counted: for each app what\n"
	    "became of its devices, and why the last one that was not reached\n"
	    "was not; for each account with a provider its connections, its\n"
	    "tokens and its circuit breaker.  Run it as root or as the\n"
	    "workers' user.",
	.options = status_options,
	.is_configured = true,
	.run = status_run
};
