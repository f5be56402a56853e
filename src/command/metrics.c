/* SPDX-License-Identifier: Apache-2.0 */
#include "state/metrics.h"

#include <stdio.h>

#include "command/command.h"
#include "worker/conf.h"

static const struct command_option metrics_options[] = {
	{ .name = NULL }
};

/* All or nothing: who reads it must not take a part for the whole. */
static enum exit_status
metrics_run(const struct command_arguments *arguments)
{
	struct error error;
	struct conf *conf = conf_load(conf_path(arguments->config), &error);
	enum exit_status status = EXIT_STATUS_OK;
	struct buf text;

	buf_init(&text, METRICS_TEXT_SIZE);
	if (conf == NULL || !metrics_read(conf->state_directory, &text,
	    &error))
		status = command_fail(EXIT_STATUS_CONFIG, "%s", error.words);
	else
		fputs(buf_text(&text), stdout);
	buf_free(&text);
	conf_free(conf);
	return status;
}

const struct command command_metrics = {
	.name = "metrics",
	.usage = "[-c FILE]",
	.summary = "print what the workers counted, for Prometheus",
	.details =
	    "Prints the metrics of all workers of this host in the text\n"
	    "format of Prometheus, and changes nothing.  Run it as root or as\n"
	    "the workers' user.",
	.options = metrics_options,
	.is_configured = true,
	.run = metrics_run
};
