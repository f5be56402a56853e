/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "access/certificate-summary.h"
#include "base/clock.h"
#include "command/command.h"

enum {
	IDENTITY_FILE_SIZE = 65536
};

static const struct command_option identity_options[] = {
	{ .name = NULL }
};

static void
identity_print(const struct certificate_summary *summary, bool json)
{
	struct buf text;

	buf_init(&text, CERTIFICATE_SUMMARY_TEXT_SIZE);
	if (json)
		command_print_json(certificate_summary_json(summary));
	else {
		certificate_summary_write(summary, &text);
		fputs(buf_text(&text), stdout);
	}
	buf_free(&text);
}

static enum exit_status
identity_run(const struct command_arguments *arguments)
{
	const char *path = arguments->operands[0];
	struct certificate_summary summary;
	enum exit_status status = EXIT_STATUS_OK;
	struct error error;
	struct buf pem;

	buf_init(&pem, IDENTITY_FILE_SIZE);
	if (!buf_read_file(&pem, path))
		status = command_fail(EXIT_STATUS_IO, "%s: cannot be read: %m",
		    path);
	else if (!certificate_summary_read(buf_text(&pem), clock_wall_s(),
	    &summary, &error))
		status = command_fail(EXIT_STATUS_CONFIG, "%s: %s", path,
		    error.words);
	else
		identity_print(&summary, arguments->json);
	buf_free(&pem);
	return status;
}

const struct command command_identity = {
	.name = "identity",
	.usage = "CERTIFICATE [OPTION...]",
	.summary = "print a caller's certificate as an entry of \"clients\"",
	.details =
	    "Prints how a caller's certificate, a file in PEM, is listed in\n"
	    "\"clients\" of the configuration, whose it is, when it ends, and\n"
	    "why it would be refused all the same.",
	.options = identity_options,
	.least_operands = 1,
	.most_operands = 1,
	.run = identity_run
};
