/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/exit-status.h"

/*
 * push-gateway, the operator's command: a table of commands, each in a file of
 * its own, that says which options it takes, what --help prints, and what to
 * run.
 */

enum command_limits {
	COMMAND_OPTIONS_MAX = 16	/* of one command */
};

/* The options of all commands; what was not given is NULL or false. */
struct command_arguments {
	const char *config;
	bool json;
	const char *user;
	const char *month;
	const char *secret;
	const char *secret_file;
	const char *start;
	const char *text;
	bool watch;
	const char *key_identifier;
	const char *path_prefix;
	const char *platform;
	const char *data_file;
	bool yes;
	char **operands;
	size_t operand_count;
};

struct command_option {
	const char *name;	/* --NAME */
	int letter;		/* 0: it has none */
	const char *argument;	/* as --help calls it; NULL: it takes none */
	size_t offset;		/* in the arguments: const char *, or bool */
	const char *help;	/* lines for --help, without the last newline */
};

struct command {
	const char *name;
	const char *usage;	/* what follows the name */
	const char *summary;	/* one line in the list of commands */
	const char *details;	/* paragraphs for --help */
	/* Ends with a NULL name; -c, --json and --help are added. */
	const struct command_option *options;
	bool is_configured;	/* it reads the configuration */
	size_t least_operands;
	size_t most_operands;
	enum exit_status (*run)(const struct command_arguments *arguments);
};

/* All commands: command/NAME.c defines command_NAME. */
#define COMMAND_LIST(command) \
	command(check) \
	command(decrypt) \
	command(encrypt) \
	command(identity) \
	command(metrics) \
	command(probe) \
	command(send) \
	command(status)

#define COMMAND_DECLARE(name) extern const struct command command_##name;
COMMAND_LIST(COMMAND_DECLARE)

/*
 * The program: runs the command that the arguments name, or prints the help
 * that they ask for.  Returns its exit status; what it printed is written by
 * then.
 */
int command_main(int argc, char **argv);

/*
 * The rest is what several commands need.
 *
 * Says on standard error what is wrong; returns `status`.
 */
enum exit_status command_fail(enum exit_status status,
    const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints a value as one line, and puts it. */
void command_print_json(struct json_object *value);

/*
 * Reads the standard input until its end.  False with errno, EFBIG if it is
 * longer than the buffer's limit.  No copy of it stays behind.
 */
bool command_read_input(struct buf *text);

/* Takes the ends of lines away from the end of a text. */
void command_drop_line_end(struct buf *text);

#endif
