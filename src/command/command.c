/* SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"

#define COMMAND_PROGRAM "push-gateway"

enum {
	COMMAND_HELP = 'h',
	/* What getopt_long returns for options without a letter: so much and
	 * their place. */
	COMMAND_NO_LETTER = 256
};

#define COMMAND_ENTRY(name) &command_##name,

static const struct command *const command_list[] = {
	COMMAND_LIST(COMMAND_ENTRY)
	NULL
};

static const struct command_option command_common[] = {
	{ .name = "config", .letter = 'c', .argument = "FILE",
	    .offset = offsetof(struct command_arguments, config),
	    .help = "the configuration; else $PUSH_GATEWAY_CONFIG, else\n"
		SYSCONFDIR "/push-gateway/push-gateway.json" },
	{ .name = "json", .offset = offsetof(struct command_arguments, json),
	    .help = "print JSON, for machines" },
	{ .name = "help", .letter = COMMAND_HELP,
	    .help = "show this help" },
	{ .name = NULL }
};

/* --- help ---------------------------------------------------------------- */

static void
command_print_list(FILE *stream)
{
	size_t i;

	fputs("usage: " COMMAND_PROGRAM " COMMAND [OPTION...]\n"
	    "       " COMMAND_PROGRAM " COMMAND --help\n"
	    "       " COMMAND_PROGRAM " --version\n\n", stream);
	for (i = 0; command_list[i] != NULL; i++)
		fprintf(stream, "  %-9s %s\n", command_list[i]->name,
		    command_list[i]->summary);
}

static void
command_print_option(const struct command_option *option)
{
	const char *line = option->help, *end;
	char head[64];

	snprintf(head, sizeof head, "%s%c%s--%s%s%s",
	    option->letter == 0 ? "   " : "-",
	    option->letter == 0 ? ' ' : option->letter,
	    option->letter == 0 ? "" : ", ", option->name,
	    option->argument == NULL ? "" : " ",
	    option->argument == NULL ? "" : option->argument);
	for (; *line != '\0'; line = *end == '\0' ? end : end + 1) {
		end = strchrnul(line, '\n');
		printf("  %-24s %.*s\n", head, (int)(end - line), line);
		*head = '\0';
	}
}

static void
command_print_help(const struct command *command)
{
	const struct command_option *option;

	printf("usage: " COMMAND_PROGRAM " %s %s\n\n%s\n\n", command->name,
	    command->usage, command->details);
	for (option = command->options; option->name != NULL; option++)
		command_print_option(option);
	/* -c is taken by all, and told of where it matters. */
	option = command->is_configured ? command_common : command_common + 1;
	for (; option->name != NULL; option++)
		command_print_option(option);
}

/* --- options ------------------------------------------------------------- */

/* What getopt_long wants to know of a command's options. */
struct command_getopt {
	const struct command_option *options[COMMAND_OPTIONS_MAX];
	struct option longs[COMMAND_OPTIONS_MAX + 1];
	char letters[2 * COMMAND_OPTIONS_MAX + 1];
	size_t count;
};

static void
command_add_options(struct command_getopt *getopt,
    const struct command_option *option)
{
	size_t used = strlen(getopt->letters);

	for (; option->name != NULL; option++) {
		assert(getopt->count < COMMAND_OPTIONS_MAX);
		getopt->longs[getopt->count].name = option->name;
		getopt->longs[getopt->count].has_arg =
		    option->argument == NULL ? no_argument : required_argument;
		getopt->longs[getopt->count].val = option->letter != 0 ?
		    option->letter : COMMAND_NO_LETTER + (int)getopt->count;
		getopt->options[getopt->count++] = option;
		if (option->letter != 0)
			getopt->letters[used++] = (char)option->letter;
		if (option->letter != 0 && option->argument != NULL)
			getopt->letters[used++] = ':';
	}
}

static void
command_take(struct command_arguments *arguments,
    const struct command_option *option, const char *value)
{
	char *field = (char *)arguments + option->offset;

	if (option->argument != NULL)
		*(const char **)(void *)field = value;
	else
		*(bool *)field = true;
}

/* False, and `*status` is what to exit with, if there is nothing to run. */
static bool
command_parse(const struct command *command, int argc, char **argv,
    struct command_arguments *arguments, enum exit_status *status)
{
	struct command_getopt known = { .count = 0 };
	size_t i;
	int value;

	command_add_options(&known, command->options);
	command_add_options(&known, command_common);
	while ((value = getopt_long(argc, argv, known.letters, known.longs,
	    NULL)) != -1 && value != COMMAND_HELP && value != '?') {
		i = 0;
		while (i < known.count && known.longs[i].val != value)
			i++;
		command_take(arguments, known.options[i], optarg);
	}
	arguments->operands = argv + optind;
	arguments->operand_count = (size_t)(argc - optind);
	if (value == COMMAND_HELP) {
		command_print_help(command);
		*status = EXIT_STATUS_OK;
		return false;
	}
	if (value == -1 &&
	    arguments->operand_count >= command->least_operands &&
	    arguments->operand_count <= command->most_operands)
		return true;
	fprintf(stderr, "usage: " COMMAND_PROGRAM " %s %s\n"
	    "\"" COMMAND_PROGRAM " %s --help\" tells more\n", command->name,
	    command->usage, command->name);
	*status = EXIT_STATUS_USAGE;
	return false;
}

static enum exit_status
command_run(const struct command *command, int argc, char **argv)
{
	struct command_arguments arguments = { .config = NULL };
	enum exit_status status;
	char *name = argv[0];

	/* What getopt_long complains as. */
	argv[0] = xasprintf(COMMAND_PROGRAM " %s", command->name);
	if (command_parse(command, argc, argv, &arguments, &status))
		status = command->run(&arguments);
	free(argv[0]);
	argv[0] = name;
	return status;
}

/* --- the program --------------------------------------------------------- */

static const struct command *
command_find(const char *name)
{
	size_t i = 0;

	while (command_list[i] != NULL &&
	    strcmp(command_list[i]->name, name) != 0)
		i++;
	return command_list[i];
}

/* What asks for no command, but for help or the version. */
static enum exit_status
command_about(const char *word)
{
	enum exit_status status = EXIT_STATUS_OK;

	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
	    strcmp(word, "help") == 0)
		command_print_list(stdout);
	else if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
		puts("push-gateway " VERSION);
	else {
		status = command_fail(EXIT_STATUS_USAGE,
		    "there is no command \"%s\"", word);
		command_print_list(stderr);
	}
	return status;
}

int
command_main(int argc, char **argv)
{
	const struct command *command = NULL;
	char option[] = "--help", *help[] = { argv[0], option, NULL };
	enum exit_status status;

	if (argc > 1)
		command = command_find(argv[1]);
	if (argc < 2) {
		command_print_list(stderr);
		status = EXIT_STATUS_USAGE;
	} else if (command != NULL)
		status = command_run(command, argc - 1, argv + 1);
	else if (argc == 3 && strcmp(argv[1], "help") == 0 &&
	    (command = command_find(argv[2])) != NULL)
		status = command_run(command, 2, help);
	else
		status = command_about(argv[1]);
	if (fflush(stdout) == EOF || ferror(stdout))
		status = command_fail(EXIT_STATUS_IO,
		    "the standard output cannot be written: %m");
	return (int)status;
}

/* --- what several commands need ------------------------------------------ */

enum exit_status
command_fail(enum exit_status status, const char *format, ...)
{
	va_list ap;
	int saved_errno = errno;

	fflush(stdout);
	fputs(COMMAND_PROGRAM ": ", stderr);
	va_start(ap, format);
	errno = saved_errno;
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	return status;
}

void
command_print_json(struct json_object *value)
{
	puts(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
	    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(value);
}

bool
command_read_input(struct buf *text)
{
	char chunk[4096];
	ssize_t got;
	bool done = true;

	while (done && (got = read(STDIN_FILENO, chunk, sizeof chunk)) != 0) {
		done = got > 0 && buf_append(text, chunk, (size_t)got);
		if (got > 0 && !done)
			errno = EFBIG;
	}
	explicit_bzero(chunk, sizeof chunk);
	return done;
}

void
command_drop_line_end(struct buf *text)
{
	while (text->size > 0 && (text->data[text->size - 1] == '\n' ||
	    text->data[text->size - 1] == '\r'))
		text->data[--text->size] = '\0';
}
