/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/check.h"

#include "base/error.h"
#include "command/command.h"
#include "worker/conf.h"

static const struct command_option check_options[] = {
	{ .name = "user", .argument = "NAME",
	    .offset = offsetof(struct command_arguments, user),
	    .help = "check what this user may read; only root can" },
	{ .name = NULL }
};

static struct json_object *
check_fault_json(const struct fault *fault, const char *path)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "file", json_object_new_string(path));
	json_object_object_add(object, "line",
	    json_object_new_int64(fault->position.line));
	json_object_object_add(object, "column",
	    json_object_new_int64(fault->position.column));
	json_object_object_add(object, "setting",
	    json_object_new_string(fault->setting));
	json_object_object_add(object, "words",
	    json_object_new_string(fault->words));
	return object;
}

static struct json_object *
check_json(const struct check *check)
{
	struct json_object *object = json_object_new_object();
	struct json_object *errors = json_object_new_array();
	struct json_object *warnings = json_object_new_array();
	size_t i;

	for (i = 0; i < check->faults.count; i++) {
		const struct fault *fault = &check->faults.faults[i];

		json_object_array_add(fault->is_warning ? warnings : errors,
		    check_fault_json(fault, check->path));
	}
	json_object_object_add(object, "errors", errors);
	json_object_object_add(object, "warnings", warnings);
	json_object_object_add(object, "clients",
	    json_object_new_int64((int64_t)check->client_count));
	json_object_object_add(object, "apps",
	    json_object_new_int64((int64_t)check->app_count));
	return object;
}

static enum exit_status
check_command(const struct command_arguments *arguments)
{
	struct check check = {
		.path = conf_path(arguments->config),
		.user = arguments->user
	};
	enum exit_status status;
	struct error error;

	if (!check_run(&check, &error))
		status = command_fail(EXIT_STATUS_USAGE, "%s", error.words);
	else {
		if (arguments->json)
			command_print_json(check_json(&check));
		else
			check_print_summary(&check);
		status = check.faults.error_count == 0 ? EXIT_STATUS_OK :
		    EXIT_STATUS_CONFIG;
	}
	check_free(&check);
	return status;
}

const struct command command_check = {
	.name = "check",
	.usage = "[OPTION...]",
	.summary = "check the configuration and all that it names",
	.details =
	    "Reports all errors of the configuration and of the files that\n"
	    "it names, and warns about entries without effect or about to\n"
	    "expire.  No provider is asked: that is \"push-gateway probe\".\n"
	    "Root becomes the workers' user, if that is the owner of the\n"
	    "state directory.",
	.options = check_options,
	.is_configured = true,
	.run = check_command
};
