/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "command/command.h"
#include "command/secret-chain.h"

enum {
	ENCRYPT_INPUT_SIZE = 65536
};

static const struct command_option encrypt_options[] = {
	SECRET_CHAIN_OPTIONS,
	{ .name = "text", .argument = "TEXT", SECRET_CHAIN_FIELD(text),
	    .help = "the text, which every user of this machine can see\n"
		"there; else the standard input is the text" },
	{ .name = NULL }
};

static enum exit_status
encrypt_read_text(const struct command_arguments *arguments, struct buf *text)
{
	enum exit_status status = EXIT_STATUS_OK;

	if (arguments->text != NULL)
		buf_append_text(text, arguments->text);
	else if (!command_read_input(text) && errno != EFBIG)
		status = command_fail(EXIT_STATUS_IO,
		    "the standard input cannot be read: %m");
	if (text->overflowed)
		status = command_fail(EXIT_STATUS_DATA,
		    "the text is longer than %d bytes", CIPHER_TEXT_MAX);
	return status;
}

static enum exit_status
encrypt_run(const struct command_arguments *arguments)
{
	struct secret_chain chain;
	struct buf text, ciphertext;
	struct error error;
	enum exit_status status;

	buf_init(&text, ENCRYPT_INPUT_SIZE);
	buf_init(&ciphertext, CIPHER_SIZE);
	status = secret_chain_read(arguments, arguments->text == NULL, &chain);
	if (status == EXIT_STATUS_OK)
		status = encrypt_read_text(arguments, &text);
	if (status == EXIT_STATUS_OK && !cipher_encrypt(&chain.keys,
	    buf_text(&text), text.size, &ciphertext, &error))
		status = command_fail(EXIT_STATUS_DATA, "%s", error.words);
	else if (status == EXIT_STATUS_OK && arguments->json)
		secret_chain_print_json(&chain, "ciphertext", &ciphertext);
	else if (status == EXIT_STATUS_OK)
		puts(buf_text(&ciphertext));
	buf_wipe(&text);
	buf_free(&ciphertext);
	return status;
}

const struct command command_encrypt = {
	.name = "encrypt",
	.usage = "--secret-file FILE --month YYYY-MM [OPTION...]",
	.summary = "encrypt a text as a service does, for a test",
	.details =
	    "Encrypts a text as a service does for the app on a phone: for\n"
	    "tests of notifyEncrypted/batch.  Prints the ciphertext.",
	.options = encrypt_options,
	.run = encrypt_run
};
