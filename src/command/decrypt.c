/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "command/command.h"
#include "command/secret-chain.h"

enum {
	DECRYPT_INPUT_SIZE = 65536
};

static const struct command_option decrypt_options[] = {
	SECRET_CHAIN_OPTIONS,
	{ .name = NULL }
};

static enum exit_status
decrypt_read_input(struct buf *ciphertext)
{
	enum exit_status status = EXIT_STATUS_OK;

	if (!command_read_input(ciphertext) && errno != EFBIG)
		status = command_fail(EXIT_STATUS_IO,
		    "the standard input cannot be read: %m");
	else if (ciphertext->overflowed)
		status = command_fail(EXIT_STATUS_DATA,
		    "a ciphertext has %d characters, and this has more",
		    CIPHER_SIZE);
	return status;
}

/* A person's prompt comes in a line of its own; a file gets the text alone. */
static void
decrypt_print(const struct buf *text)
{
	fwrite(buf_text(text), 1, text->size, stdout);
	if (isatty(STDOUT_FILENO))
		putchar('\n');
}

static enum exit_status
decrypt_run(const struct command_arguments *arguments)
{
	struct secret_chain chain;
	struct buf ciphertext, text;
	struct error error;
	enum exit_status status;

	buf_init(&ciphertext, DECRYPT_INPUT_SIZE);
	buf_init(&text, CIPHER_TEXT_MAX);
	status = secret_chain_read(arguments, true, &chain);
	if (status == EXIT_STATUS_OK)
		status = decrypt_read_input(&ciphertext);
	command_drop_line_end(&ciphertext);
	if (status == EXIT_STATUS_OK && !cipher_decrypt(&chain.keys,
	    buf_text(&ciphertext), ciphertext.size, &text, &error))
		status = command_fail(EXIT_STATUS_DATA, "%s", error.words);
	else if (status == EXIT_STATUS_OK && arguments->json)
		secret_chain_print_json(&chain, "text", &text);
	else if (status == EXIT_STATUS_OK)
		decrypt_print(&text);
	buf_free(&ciphertext);
	buf_wipe(&text);
	return status;
}

const struct command command_decrypt = {
	.name = "decrypt",
	.usage = "--secret-file FILE --month YYYY-MM [OPTION...]",
	.summary = "decrypt a ciphertext as the app on the phone does",
	.details =
	    "Decrypts a ciphertext from the standard input as the app on a\n"
	    "phone does.  Prints the text.",
	.options = decrypt_options,
	.run = decrypt_run
};
