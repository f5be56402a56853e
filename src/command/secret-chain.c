/* SPDX-License-Identifier: Apache-2.0 */
#include "command/secret-chain.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/encoding.h"
#include "base/secret.h"

enum {
	SECRET_CHAIN_HEX_SIZE = 2 * CIPHER_KEY_SIZE
};

static bool
secret_chain_read_hex(const char *hex, unsigned char bytes[CIPHER_KEY_SIZE])
{
	size_t length = strlen(hex), i = 0;
	unsigned int byte;

	while (i < length && isxdigit((unsigned char)hex[i]))
		i++;
	if (length != SECRET_CHAIN_HEX_SIZE || i != length)
		return false;
	for (i = 0; i < CIPHER_KEY_SIZE; i++) {
		sscanf(hex + 2 * i, "%2x", &byte);
		bytes[i] = (unsigned char)byte;
	}
	return true;
}

static enum exit_status
secret_chain_read_secret(const struct command_arguments *arguments,
    struct cipher_keys *keys)
{
	enum exit_status status = EXIT_STATUS_OK;
	const char *file = arguments->secret_file;
	struct error error;
	struct buf text;

	buf_init(&text, SECRET_SIZE);
	if (file == NULL)
		buf_append_text(&text, arguments->secret);
	else if (strcmp(file, "-") != 0) {
		if (!secret_read(&text, file, &error))
			status = command_fail(EXIT_STATUS_IO, "%s",
			    error.words);
	} else if (command_read_input(&text))
		command_drop_line_end(&text);
	else
		status = command_fail(EXIT_STATUS_IO,
		    "the standard input cannot be read: %m");
	if (status == EXIT_STATUS_OK && (text.overflowed ||
	    strlen(buf_text(&text)) != text.size ||
	    !secret_chain_read_hex(buf_text(&text), keys->secret)))
		status = command_fail(EXIT_STATUS_USAGE,
		    "a secret has %d hex digits and nothing else",
		    SECRET_CHAIN_HEX_SIZE);
	buf_wipe(&text);
	return status;
}

/* A month's number; -1 if it is none, which was said then. */
static int
secret_chain_read_month(const char *option, const char *text)
{
	int month = cipher_month_read(text);

	if (month == -1)
		command_fail(EXIT_STATUS_USAGE,
		    "--%s must be a month, such as 2026-11, and not \"%s\"",
		    option, text);
	return month;
}

enum exit_status
secret_chain_read(const struct command_arguments *arguments,
    bool input_is_taken, struct secret_chain *chain)
{
	const char *first = arguments->start == NULL ? arguments->month :
	    arguments->start;
	enum exit_status status = EXIT_STATUS_USAGE;
	int month, end;

	if (arguments->month == NULL)
		return command_fail(EXIT_STATUS_USAGE, "--month is missing");
	if ((arguments->secret == NULL) == (arguments->secret_file == NULL))
		return command_fail(EXIT_STATUS_USAGE,
		    "either --secret-file or --secret is needed");
	if (input_is_taken && arguments->secret_file != NULL &&
	    strcmp(arguments->secret_file, "-") == 0)
		return command_fail(EXIT_STATUS_USAGE, "the secret cannot come "
		    "from the standard input, too");
	month = secret_chain_read_month(
	    arguments->start == NULL ? "month" : "start", first);
	end = secret_chain_read_month("month", arguments->month);
	if (month != -1 && end != -1 && month > end)
		command_fail(EXIT_STATUS_USAGE,
		    "--start must not be later than --month");
	else if (month != -1 && end != -1)
		status = secret_chain_read_secret(arguments, &chain->keys);
	for (; status == EXIT_STATUS_OK && month <= end; month++)
		cipher_step(&chain->keys, month);
	cipher_month_write(end, chain->month);
	return status;
}

static void
secret_chain_add_hex(struct json_object *object, const char *name,
    const unsigned char bytes[CIPHER_KEY_SIZE])
{
	char hex[SECRET_CHAIN_HEX_SIZE + 1];

	encoding_write_hex(bytes, CIPHER_KEY_SIZE, hex);
	json_object_object_add(object, name, json_object_new_string(hex));
}

void
secret_chain_print_json(const struct secret_chain *chain, const char *name,
    const struct buf *value)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "month",
	    json_object_new_string(chain->month));
	secret_chain_add_hex(object, "secret", chain->keys.secret);
	secret_chain_add_hex(object, "key", chain->keys.key);
	json_object_object_add(object, name, json_object_new_string_len(
	    buf_text(value), (int)value->size));
	command_print_json(object);
}
