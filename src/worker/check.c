/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access/admission.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/secret.h"
#include "base/xmalloc.h"
#include "crypto/certificate-file.h"
#include "delivery/account.h"
#include "delivery/expiry.h"
#include "state/directory.h"
#include "state/owner.h"
#include "worker/check-lists.h"
#include "worker/check-repair.h"
#include "worker/conf-text.h"
#include "worker/tls-watch.h"

enum {
	CHECK_LINE_SIZE = 16384
};

/* A run. */
struct check_context {
	const struct conf_text *text;
	struct fault_list *faults;
	struct check_repair repair;
};

/* The error's pointer is that of an app, or of a member of it. */
static void
check_point_into_app(size_t i, struct error *error)
{
	error_prepend_index(error, i);
	error_prepend_name(error, "apps");
}

/* --- files that hold a secret --------------------------------------------- */

static void
check_secret(struct check_context *context, const char *path,
    const struct error *place)
{
	enum secret_exposure exposure = secret_exposure(path);
	struct error error;

	if (exposure == SECRET_PRIVATE || exposure == SECRET_WRITABLE ||
	    !check_repair_touch(&context->repair, path))
		return;
	if (exposure == SECRET_READABLE)
		error_set(&error, "%s may be read by everybody: chmod o-r %s",
		    path, path);
	else
		error_set(&error, "%s may be written by its group: "
		    "chmod g-w %s", path, path);
	memcpy(error.pointer, place->pointer, sizeof error.pointer);
	conf_text_add_warning(context->text, &error, context->faults);
}

/* What an object of the file names by paths of a table. */
static void
check_secrets_of(struct check_context *context, struct json_object *section,
    const struct setting *settings, const struct error *place)
{
	for (; settings->name != NULL; settings++) {
		struct error here = { .pointer = "" };
		struct json_object *value;
		size_t used = strlen(place->pointer);
		char *path;

		if (settings->type != SETTING_PATH || settings->is_public ||
		    !json_object_object_get_ex(section, settings->name,
		    &value) || !json_object_is_type(value, json_type_string))
			continue;
		path = setting_copy(settings, json_object_get_string(value),
		    context->text->directory);
		memcpy(here.pointer, place->pointer, used + 1);
		snprintf(here.pointer + used, sizeof here.pointer - used,
		    "/%s", settings->name);
		check_secret(context, path, &here);
		free(path);
	}
}

/* Of the file as it is written, with all its mistakes. */
static void
check_secrets(struct check_context *context)
{
	struct error place = { .pointer = "" };
	struct json_object *apps, *name;
	size_t i;

	check_secrets_of(context, context->text->object, conf_settings,
	    &place);
	if (!json_object_object_get_ex(context->text->object, "apps", &apps) ||
	    !json_object_is_type(apps, json_type_array))
		return;
	for (i = 0; i < json_object_array_length(apps); i++) {
		struct json_object *app = json_object_array_get_idx(apps, i);
		const struct provider *provider = NULL;

		if (!json_object_is_type(app, json_type_object))
			continue;
		if (json_object_object_get_ex(app, "provider", &name))
			provider = provider_find(json_object_get_string(name));
		place.pointer[0] = '\0';
		error_prepend_index(&place, i);
		error_prepend_name(&place, "apps");
		if (provider != NULL)
			check_secrets_of(context, app, provider->settings,
			    &place);
	}
}

/* --- what a worker reads -------------------------------------------------- */

static void
check_state_directory(struct check_context *context)
{
	const char *path = context->repair.conf->state_directory;
	bool must_be_made, good;
	struct error error;
	char *user;

	good = state_directory_check(path, &must_be_made, &error);
	if (good && must_be_made) {
		user = owner_name();
		error_set(&error, "%.300s is missing, and the user %.60s may "
		    "not make it: systemd or tmpfiles.d(5) must", path, user);
		free(user);
	}
	error_prepend_name(&error, "state_directory");
	if (!good)
		conf_text_add_error(context->text, &error, context->faults);
	else if (must_be_made)
		conf_text_add_warning(context->text, &error, context->faults);
}

static void
check_secret_file(struct check_context *context)
{
	const char *path = context->repair.conf->fastcgi_secret_file;
	struct error error;
	struct buf secret;

	buf_init(&secret, SECRET_SIZE);
	if (path != NULL && !admission_read_secret(&secret, path, &error))
		conf_text_add_error(context->text, &error, context->faults);
	buf_wipe(&secret);
}

static void
check_ca_file(struct check_context *context)
{
	struct error error;

	if (!conf_load_cas(context->repair.conf, &error))
		conf_text_add_error(context->text, &error, context->faults);
}

/* The setting that names the file by which an app authenticates. */
static void
check_point_to_credentials(const struct app *app, struct error *error)
{
	const struct setting *setting = app->provider->settings;
	const char *path = app->provider->credentials(app->account, 0);

	while (setting->name != NULL && (setting->type != SETTING_PATH ||
	    setting_text(setting, app->account) == NULL ||
	    strcmp(setting_text(setting, app->account), path) != 0))
		setting++;
	if (setting->name != NULL)
		error_prepend_name(error, setting->name);
	check_point_into_app(app->place, error);
}

/* A token that is made of a file takes it to be there, and to be good. */
static void
check_minting(struct check_context *context, const struct app *app)
{
	const struct provider *provider = app->provider;
	struct token token = { .text = "" };
	struct http_request request;
	struct error error;

	if (provider->mint_files == NULL ||
	    provider->mint_files(app->account, 0) == NULL)
		return;
	http_request_init(&request);
	if (provider->mint(app->account, "", clock_wall_s(), &token, &request,
	    &error) == PROVIDER_MINT_FAILED) {
		check_point_to_credentials(app, &error);
		conf_text_add_error(context->text, &error, context->faults);
	}
	http_request_free(&request);
}

/* False if they cannot be read. */
static bool
check_credentials(struct check_context *context, const struct app *app)
{
	struct error error;
	char date[DATE_SIZE];
	int64_t expires_s = 0;
	int days;

	if (!app->provider->load(app->account, &error)) {
		check_point_into_app(app->place, &error);
		if (!check_repair_has_touched(&context->repair,
		    error.pointer))
			conf_text_add_error(context->text, &error,
			    context->faults);
		return false;
	}
	check_minting(context, app);
	if (app->provider->expires_s != NULL)
		expires_s = app->provider->expires_s(app->account);
	days = expires_s == 0 ? -1 : expiry_days(expires_s - clock_wall_s());
	if (days == -1)
		return true;
	date_format_utc(expires_s, date);
	if (days == 0)
		error_set(&error, "expired at %s", date);
	else
		error_set(&error, "expires in less than %d day%s, at %s", days,
		    days == 1 ? "" : "s", date);
	check_point_to_credentials(app, &error);
	if (days == 0)
		conf_text_add_error(context->text, &error, context->faults);
	else
		conf_text_add_warning(context->text, &error, context->faults);
	return true;
}

/* Of those whose credentials can be read: the others' account is unknown. */
static void
check_rates(struct check_context *context, const bool *loaded)
{
	struct app_registry *apps = context->repair.conf->apps;
	const struct app *app, *other;
	size_t i, j;

	for (i = 0; (app = app_registry_at(apps, i)) != NULL; i++) {
		bool agree = true;

		for (j = 0; j < i && loaded[i] && agree; j++) {
			struct error error;

			other = app_registry_at(apps, j);
			agree = !loaded[j] || account_rates_agree(app, other,
			    &error);
			if (agree)
				continue;
			check_point_into_app(i, &error);
			conf_text_add_error(context->text, &error,
			    context->faults);
		}
	}
}

static void
check_watched(struct check_context *context)
{
	const struct setting_strings *paths =
	    &context->repair.conf->tls_watch;
	size_t i;

	for (i = 0; i < paths->count; i++) {
		struct error error;
		int64_t ends_s;

		if (tls_watch_look(paths->values[i], clock_wall_s(), &ends_s,
		    &error) == TLS_WATCH_GOOD)
			continue;
		error_prepend_index(&error, i);
		error_prepend_name(&error, "tls_watch");
		conf_text_add_warning(context->text, &error, context->faults);
	}
}

/* What a worker would do with the configuration that is left. */
static void
check_conf(struct check_context *context)
{
	struct conf *conf = context->repair.conf;
	struct error error;
	struct app *app;
	bool *loaded;
	size_t i;

	if (!check_repair_has_touched(&context->repair, "/state_directory"))
		check_state_directory(context);
	if (!proxy_load(&conf->proxy, &error))
		conf_text_add_error(context->text, &error, context->faults);
	check_secret_file(context);
	check_ca_file(context);
	loaded = xcalloc(app_registry_count(conf->apps) + 1, sizeof *loaded);
	for (i = 0; (app = app_registry_at(conf->apps, i)) != NULL; i++)
		loaded[i] = check_credentials(context, app);
	check_rates(context, loaded);
	free(loaded);
	check_watched(context);
}

/* --- the run -------------------------------------------------------------- */

static void
check_text(struct check *check, const struct conf_text *text)
{
	struct check_context context = {
		.text = text,
		.faults = &check->faults
	};

	conf_text_find_twice(text, &check->faults);
	check_repair_run(&context.repair, text, &check->faults);
	check_secrets(&context);
	if (context.repair.conf != NULL)
		check_conf(&context);
	check_lists(text, &check->faults);
	check_repair_free(&context.repair);
}

/* Becomes the user who is to read the files, or the workers' own. */
static bool
check_become(const struct check *check, const struct conf_text *text,
    struct error *error)
{
	struct error ignored;
	char *directory = NULL;
	bool done = true;

	if (check->user != NULL)
		return owner_become_user(check->user, error);
	if (geteuid() == 0 && text->object != NULL)
		directory = conf_read_state_directory(text->object,
		    text->directory, &ignored);
	if (directory != NULL && owner_is_known(directory))
		done = owner_become(directory, error);
	free(directory);
	return done;
}

static size_t
check_count(const struct conf_text *text, const char *name)
{
	struct json_object *list;

	return json_object_object_get_ex(text->object, name, &list) &&
	    json_object_is_type(list, json_type_array) ?
	    json_object_array_length(list) : 0;
}

static void
check_add_fault(struct check *check, struct fault fault)
{
	if (fault.position.line == 0)
		fault.position = (struct json_position){ .line = 1,
		    .column = 1 };
	fault_list_add(&check->faults, &fault);
}

bool
check_run(struct check *check, struct error *error)
{
	struct conf_text text;
	struct fault fault;
	bool read = conf_text_read(&text, check->path, &fault), done;

	done = check_become(check, &text, error);
	if (done && read && access(check->path, R_OK) == -1) {
		/* Root could. */
		fault = (struct fault){ .is_warning = false };
		snprintf(fault.words, sizeof fault.words, "cannot be read: %s",
		    strerror(errno));
		check_add_fault(check, fault);
	} else if (done && !read)
		check_add_fault(check, fault);
	if (done && read) {
		check->client_count = check_count(&text, "clients");
		check->app_count = check_count(&text, "apps");
		check_text(check, &text);
	}
	if (done) {
		fault_list_sort(&check->faults);
		check->run_as = owner_name();
		check->is_root = geteuid() == 0;
	}
	conf_text_free(&text);
	return done;
}

void
check_free(struct check *check)
{
	fault_list_free(&check->faults);
	free(check->run_as);
}

static void
check_print_faults(const struct check *check)
{
	struct buf line;
	size_t i;

	buf_init(&line, CHECK_LINE_SIZE);
	for (i = 0; i < check->faults.count; i++) {
		buf_reset(&line);
		fault_write(&check->faults.faults[i], check->path, &line);
		fprintf(stderr, "%s\n", buf_text(&line));
	}
	buf_free(&line);
	/* What was found holds for any user. */
	if (check->is_root && check->faults.error_count == 0)
		fprintf(stderr, "%s: checked as root, who may read every "
		    "file: \"push-gateway check --user NAME\" checks as the "
		    "workers' user\n", check->path);
}

void
check_print(const struct check *check)
{
	check_print_faults(check);
	if (check->faults.error_count == 0)
		printf("%s: OK\n", check->path);
}

/* "s" unless there is one. */
static const char *
check_plural(size_t count)
{
	return count == 1 ? "" : "s";
}

void
check_print_summary(const struct check *check)
{
	size_t errors = check->faults.error_count;
	size_t warnings = check->faults.count - errors;

	check_print_faults(check);
	printf("%s: as user %s: %zu client%s, %zu app%s, %zu error%s, "
	    "%zu warning%s%s\n", check->path, check->run_as,
	    check->client_count, check_plural(check->client_count),
	    check->app_count, check_plural(check->app_count), errors,
	    check_plural(errors), warnings, check_plural(warnings),
	    errors == 0 ? ": OK" : "");
}
