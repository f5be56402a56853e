/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FASTCGI_PEER_H
#define FASTCGI_PEER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A web server at the other end of a FastCGI connection, for tests: it sends
 * what it is told and reads what has come, and never waits.
 */
struct fastcgi_peer {
	int fd;				/* -1: closed */
	char *answer;			/* what came on "standard output", and
					 * a NUL byte */
	size_t size;
	size_t room;			/* for it */
	char *records;			/* the beginning of one */
	size_t record_size;
	bool ended;			/* the request, by its record */
	bool closed;			/* the other end wrote its last */
};

/* A pair of connected sockets: its own, and the gateway's, non-blocking. */
void fastcgi_peer_open(struct fastcgi_peer *peer, int *gateway_fd);

/* Connects to a Unix socket; the gateway accepts. */
void fastcgi_peer_connect(struct fastcgi_peer *peer, const char *path);

void fastcgi_peer_close(struct fastcgi_peer *peer);

/* Frees what came, too. */
void fastcgi_peer_free(struct fastcgi_peer *peer);

/* Bytes as they are; only as many as the connection takes. */
void fastcgi_peer_send(struct fastcgi_peer *peer, const void *data,
    size_t size);

/* The beginning of a request with "NAME=value" up to NULL as variables. */
void fastcgi_peer_begin(struct fastcgi_peer *peer,
    const char *const variables[]);

/* A piece of the body; an empty one is its end. */
void fastcgi_peer_body(struct fastcgi_peer *peer, const char *text);
void fastcgi_peer_body_part(struct fastcgi_peer *peer, const char *data,
    size_t size);

/* The caller went away before its body was whole. */
void fastcgi_peer_abort(struct fastcgi_peer *peer);

/* All of a request. */
void fastcgi_peer_request(struct fastcgi_peer *peer,
    const char *const variables[], const char *body);

/* Reads what has come, at most so many bytes. */
void fastcgi_peer_read(struct fastcgi_peer *peer, size_t most);

#endif
