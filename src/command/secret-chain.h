/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_SECRET_CHAIN_H
#define COMMAND_SECRET_CHAIN_H

#include "command/command.h"
#include "crypto/cipher.h"

/*
 * What encrypt and decrypt have in common: the secret and the months, from
 * which the keys follow.
 */
#define SECRET_CHAIN_FIELD(field) \
    .offset = offsetof(struct command_arguments, field)
#define SECRET_CHAIN_OPTIONS \
	{ .name = "month", .argument = "YYYY-MM", SECRET_CHAIN_FIELD(month), \
	    .help = "the month of the message" }, \
	{ .name = "start", .argument = "YYYY-MM", SECRET_CHAIN_FIELD(start), \
	    .help = "the month in which the secret was agreed on: it\n" \
		"changes with each month; else that of the message" }, \
	{ .name = "secret-file", .argument = "FILE", \
	    SECRET_CHAIN_FIELD(secret_file), \
	    .help = "reads the secret, 64 hex digits, from a file; from\n" \
		"the standard input if it is \"-\"" }, \
	{ .name = "secret", .argument = "HEX", SECRET_CHAIN_FIELD(secret), \
	    .help = "the secret itself: every user of this machine can\n" \
		"see it there" }

struct secret_chain {
	char month[CIPHER_MONTH_SIZE];
	struct cipher_keys keys;	/* after the step of the month */
};

/*
 * EXIT_STATUS_OK, or what to exit with; then it was said what is wrong.  With
 * `input_is_taken` the secret cannot come from the standard input.
 */
enum exit_status secret_chain_read(
    const struct command_arguments *arguments, bool input_is_taken,
    struct secret_chain *chain);

/* Prints month, secret, key, and a member more, as JSON. */
void secret_chain_print_json(const struct secret_chain *chain,
    const char *name, const struct buf *value);

#endif
