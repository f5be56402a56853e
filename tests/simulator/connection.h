/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol.h"
#include "world.h"

/* A TLS record's worth, and room for the HTTP/2 frame that goes over it. */
#define CONNECTION_OUT_FULL 16384
#define CONNECTION_OUT_SIZE (2 * 16384 + 64)

struct http1;

/* One client's connection, from accept(2) to its end. */
struct connection {
	TAILQ_ENTRY(connection) entry;	/* of its endpoint */
	struct endpoint *endpoint;
	uint64_t number;
	int fd;
	SSL *ssl;
	const struct protocol *protocol; /* NULL before the handshake's end */
	nghttp2_session *session;	/* for HTTP/2 */
	struct http1 *http1;		/* for HTTP/1.1 */
	struct event read_event;
	struct event write_event;
	struct event end_event;		/* the time to cut or stop lingering */
	struct request_list requests;	/* those in flight */
	struct peer peer;
	unsigned stream_limit;		/* as last announced */
	unsigned scripted_limit;	/* by a pushkey; 0: none */
	int64_t requests_seen;
	int64_t resets_seen;		/* RST_STREAM from the client */
	bool goaway_sent;
	int32_t goaway_stream;		/* the last that is answered then */
	bool cut;			/* to be reset as soon as possible */
	bool lingering;			/* all is said, the client may close */
	unsigned char out[CONNECTION_OUT_SIZE];
	size_t out_length;
	size_t out_offset;
};

/* Takes over a non-blocking socket. */
void
connection_open(struct endpoint *endpoint, int fd);

/* Has the connection reset from the event loop, `delay_ms` from now. */
void
connection_cut(struct connection *connection, unsigned delay_ms);

/* Has what is ready to be sent written from the event loop. */
void
connection_write_soon(struct connection *connection);

/* Does what a fresh control wants done with the connections that exist. */
void
connection_apply_control(struct endpoint *endpoint);

/* Closes all connections of an endpoint. */
void
connection_close_all(struct endpoint *endpoint);

#endif
