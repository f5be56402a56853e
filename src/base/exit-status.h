/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_EXIT_STATUS_H
#define BASE_EXIT_STATUS_H

/*
 * How our programs end: the numbers of sysexits.h.  push-gateway.fcgi(8) says
 * what each means, push-gateway(1) of those that only the command has, too; a
 * test compares.
 */
#define EXIT_STATUS_LIST(status) \
	status(OK, 0) \
	status(USAGE, 64) \
	status(SOFTWARE, 70) \
	status(IO, 74) \
	status(CONFIG, 78)
#define EXIT_STATUS_COMMAND_LIST(status) \
	status(DATA, 65) \
	status(UNAVAILABLE, 69)

#define EXIT_STATUS_DEFINE(name, number) EXIT_STATUS_##name = number,
enum exit_status {
	EXIT_STATUS_LIST(EXIT_STATUS_DEFINE)
	EXIT_STATUS_COMMAND_LIST(EXIT_STATUS_DEFINE)
};

#endif
