/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/xmalloc.h"
#include "command/command.h"
#include "command/explain.h"
#include "command/message.h"
#include "command/session.h"
#include "provider/provider-util.h"

enum {
	PROBE_STEPS = 3,
	PROBE_WORDS_SIZE = 2048
};

struct probe_step {
	const char *name;
	bool ok;
	struct buf words;
};

struct probe_result {
	const struct app *app;
	struct probe_step steps[PROBE_STEPS];
	size_t count;
};

/* One run. */
struct probe {
	struct session *session;
	bool is_counted;	/* a provider that minds has been asked */
	struct probe_result *results;
	size_t count;
};

static const struct command_option probe_options[] = {
	{ .name = NULL }
};

/* --- the steps ----------------------------------------------------------- */

static struct probe_step *
probe_begin_step(struct probe_result *result, const char *name)
{
	struct probe_step *step = &result->steps[result->count++];

	step->name = name;
	buf_init(&step->words, PROBE_WORDS_SIZE);
	return step;
}

/*
 * Without credentials: name, proxy, TLS and HTTP/2 lead to the provider, which
 * says so by refusing us.
 */
static bool
probe_connect(struct session_app *app, const struct batch *batch,
    struct probe_result *result)
{
	struct probe_step *step = probe_begin_step(result, "connect");
	struct session_push push = {
		.notification = batch->notifications,
		.device = batch->notifications->devices,
		.without_credentials = true,
		.validate_only = true
	};
	struct json_object *body;

	session_app_push(app, &push);
	body = provider_read_json(&push.reply);
	step->ok = push.reply.status >= 400 && push.reply.status < 500 &&
	    body != NULL;
	json_object_put(body);
	if (step->ok)
		buf_append_format(&step->words, "reached: without credentials "
		    "it answers %d %s", push.reply.status,
		    push.outcome.reason);
	else
		explain_reply(&push.reply, &push.outcome, &step->words);
	session_push_free(&push);
	return step->ok;
}

/* NULL if there is none; `*ok` if there is none to be had. */
static const struct token *
probe_token(struct session_app *app, struct probe_result *result, bool *ok)
{
	struct probe_step *step = probe_begin_step(result, "token");
	const struct token *token = NULL;
	char age[DATE_SIZE];
	struct error error;

	*ok = true;
	if (!session_app_needs_token(app))
		buf_append_text(&step->words,
		    "not needed: this app uses a client certificate");
	else if ((token = session_app_token(app, &error)) != NULL) {
		date_format_span(clock_wall_s() - token->issued_s, age);
		buf_append_format(&step->words,
		    "in force, made %s ago; the workers use it, too", age);
	} else {
		explain_error(error.words, &step->words);
		*ok = false;
	}
	step->ok = *ok;
	return token;
}

static bool
probe_is_good(const struct provider_probe *how, const char *reason)
{
	size_t i = 0;

	while (how->reasons[i] != NULL && strcmp(how->reasons[i], reason) != 0)
		i++;
	return how->reasons[i] != NULL;
}

static void
probe_push(struct probe *probe, struct session_app *app,
    const struct batch *batch, const struct token *token,
    struct probe_result *result)
{
	const struct provider_probe *how = result->app->provider->probe;
	struct session_push push = {
		.notification = batch->notifications,
		.device = batch->notifications->devices,
		.token = token,
		.validate_only = true
	};
	struct probe_step *step;

	if (how->is_counted && probe->is_counted)
		return;
	probe->is_counted = probe->is_counted || how->is_counted;
	step = probe_begin_step(result, "push");
	session_app_push(app, &push);
	step->ok = push.reply.status != 0 &&
	    probe_is_good(how, push.outcome.reason);
	if (step->ok)
		buf_append_format(&step->words, "the credentials are good: it "
		    "answers %d %s for a device that does not exist",
		    push.reply.status, push.outcome.reason);
	else
		explain_reply(&push.reply, &push.outcome, &step->words);
	session_push_free(&push);
}

/* --- apps ---------------------------------------------------------------- */

static struct batch *
probe_message(const struct app *app, struct error *error)
{
	struct json_object *notification = json_object_new_object();

	json_object_object_add(notification, "event_id",
	    json_object_new_string("$push-gateway-probe"));
	json_object_object_add(notification, "prio",
	    json_object_new_string("low"));
	return message_make(notification, app->app_id,
	    app->provider->probe->pushkey, NULL, error);
}

static void
probe_exchange(struct probe *probe, struct session_app *app,
    const struct batch *batch, struct probe_result *result)
{
	const struct token *token;
	bool ok;

	if (!probe_connect(app, batch, result))
		return;
	token = probe_token(app, result, &ok);
	if (ok)
		probe_push(probe, app, batch, token, result);
}

static void
probe_app(struct probe *probe, const struct app *app)
{
	struct probe_result *result = &probe->results[probe->count++];
	struct session_app *opened = NULL;
	struct batch *batch = NULL;
	struct probe_step *step;
	struct error error;

	result->app = app;
	if ((opened = session_app_open(probe->session, app, NULL,
	    &error)) == NULL ||
	    (app->provider->probe != NULL &&
	    (batch = probe_message(app, &error)) == NULL)) {
		step = probe_begin_step(result, "token");
		buf_append_text(&step->words, error.words);
	} else if (batch != NULL)
		probe_exchange(probe, opened, batch, result);
	batch_free(batch);
	session_app_close(opened);
}

static bool
probe_is_named(const struct app *app, const struct app *found,
    const char *app_id)
{
	return strcmp(app->app_id, app_id) == 0 || app == found;
}

/* Those that an app_id names; false if it names none. */
static bool
probe_named(struct probe *probe, const char *app_id)
{
	struct app_registry *apps = session_conf(probe->session)->apps;
	const struct app *found = app_registry_find(apps,
	    &(struct app_query){ .app_id = app_id }), *app;
	size_t before = probe->count, i;

	for (i = 0; (app = app_registry_at(apps, i)) != NULL; i++) {
		if (probe_is_named(app, found, app_id))
			probe_app(probe, app);
	}
	return probe->count > before;
}

/* --- what is shown ------------------------------------------------------- */

static bool
probe_result_is_ok(const struct probe_result *result)
{
	size_t i = 0;

	while (i < result->count && result->steps[i].ok)
		i++;
	return i == result->count;
}

static void
probe_print(const struct probe_result *result)
{
	size_t i;

	printf("%s (%s): %s\n", result->app->app_id,
	    result->app->provider->name,
	    probe_result_is_ok(result) ? "ok" : "FAILED");
	for (i = 0; i < result->count; i++)
		printf("  %-8s %-7s %s\n", result->steps[i].name,
		    result->steps[i].ok ? "ok" : "FAILED",
		    buf_text(&result->steps[i].words));
	if (result->app->provider->probe == NULL)
		printf("  the credentials can be read; there is nothing to "
		    "ask without a phone\n");
	else if (result->count == PROBE_STEPS - 1 &&
	    probe_result_is_ok(result))
		printf("  %-8s skipped, since the provider penalises many: "
		    "to include it, probe this app by name\n", "push");
}

static struct json_object *
probe_json(const struct probe_result *result)
{
	struct json_object *object = json_object_new_object();
	struct json_object *steps = json_object_new_array();
	size_t i;

	for (i = 0; i < result->count; i++) {
		struct json_object *step = json_object_new_object();

		json_object_object_add(step, "name",
		    json_object_new_string(result->steps[i].name));
		json_object_object_add(step, "ok",
		    json_object_new_boolean(result->steps[i].ok));
		json_object_object_add(step, "words", json_object_new_string(
		    buf_text(&result->steps[i].words)));
		json_object_array_add(steps, step);
	}
	json_object_object_add(object, "app_id",
	    json_object_new_string(result->app->app_id));
	json_object_object_add(object, "provider",
	    json_object_new_string(result->app->provider->name));
	json_object_object_add(object, "ok",
	    json_object_new_boolean(probe_result_is_ok(result)));
	json_object_object_add(object, "steps", steps);
	return object;
}

static enum exit_status
probe_show(const struct probe *probe, bool json)
{
	struct json_object *all = json_object_new_array();
	enum exit_status status = EXIT_STATUS_OK;
	size_t i;

	for (i = 0; i < probe->count; i++) {
		if (!probe_result_is_ok(&probe->results[i]))
			status = EXIT_STATUS_UNAVAILABLE;
		if (json)
			json_object_array_add(all,
			    probe_json(&probe->results[i]));
		else
			probe_print(&probe->results[i]);
	}
	if (json)
		command_print_json(json_object_get(all));
	json_object_put(all);
	return status;
}

static void
probe_free(struct probe *probe)
{
	size_t i, k;

	for (i = 0; i < probe->count; i++) {
		for (k = 0; k < probe->results[i].count; k++)
			buf_free(&probe->results[i].steps[k].words);
	}
	free(probe->results);
	session_close(probe->session);
}

/* --- the command --------------------------------------------------------- */

static enum exit_status
probe_run(const struct command_arguments *arguments)
{
	struct probe probe = { .results = NULL };
	enum exit_status status;
	struct app_registry *apps;
	size_t i;

	probe.session = session_open(arguments, &status);
	if (probe.session == NULL)
		return status;
	apps = session_conf(probe.session)->apps;
	probe.results = xcalloc(app_registry_count(apps) *
	    (arguments->operand_count + 1), sizeof *probe.results);
	for (i = 0; i < arguments->operand_count &&
	    status == EXIT_STATUS_OK; i++) {
		if (!probe_named(&probe, arguments->operands[i]))
			status = command_fail(EXIT_STATUS_USAGE,
			    "there is no app \"%s\" in the configuration",
			    arguments->operands[i]);
	}
	for (i = 0; arguments->operand_count == 0 &&
	    i < app_registry_count(apps); i++)
		probe_app(&probe, app_registry_at(apps, i));
	if (status == EXIT_STATUS_OK)
		status = probe_show(&probe, arguments->json);
	probe_free(&probe);
	return status;
}

const struct command command_probe = {
	.name = "probe",
	.usage = "[APP_ID...] [-c FILE] [--json]",
	.summary = "try the providers and the credentials, without a push",
	.details =
	    "Tries for each app, or each one that is named: whether its\n"
	    "provider can be reached, whether there is a token, and whether\n"
	    "the provider accepts the credentials.  No phone gets any of it:\n"
	    "FCM only validates, and APNs is asked for a device that does\n"
	    "not exist, once in a run, since Apple counts that.\n\n"
	    "It uses the token that the workers have; where there is none it\n"
	    "makes one for them, too.  Run it as root or as the workers' user.",
	.options = probe_options,
	.is_configured = true,
	.most_operands = 100,
	.run = probe_run
};
