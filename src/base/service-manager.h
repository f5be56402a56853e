/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SERVICE_MANAGER_H
#define BASE_SERVICE_MANAGER_H

/*
 * Tells systemd how the service is, if it asked to be told (Type=notify): then
 * NOTIFY_SOCKET names its socket, sd_notify(3).  Without it nothing happens.
 *
 * One datagram, so no library: libsystemd would bring a parser of everything
 * that systemd knows into a process that reads requests of strangers.
 */

/*
 * state: lines of NAME=VALUE, "READY=1" say.  What cannot be told is not: the
 * service manager then waits, and gives up by itself.
 */
void service_manager_notify(const char *state);

/* That the configuration is read again; "READY=1" ends it. */
void service_manager_notify_reloading(void);

/* STATUS=words, which "systemctl status" shows. */
void service_manager_notify_status(const char *words);

#endif
