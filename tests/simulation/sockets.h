/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOCKETS_H
#define SOCKETS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Connections that are not there: socketpair makes them, and read, write,
 * recv, send, poll, shutdown and close know their descriptors, wherever they
 * are called in this program, by the linker's --wrap.  They are like Unix
 * stream sockets that never block, but the same on every machine.
 */

/* What is sent to this end waits there to be read: at most so many bytes, and
 * any number at first. */
void sockets_set_room(int fd, size_t bytes);

/*
 * The longest time for which the other end had something to send that this one
 * had no room for, without a byte that went through.
 */
int64_t sockets_stalled_ms(int fd);

/* How many bytes have been sent to this end. */
size_t sockets_passed(int fd);

/* How many ends are not closed. */
size_t sockets_count(void);

#endif
