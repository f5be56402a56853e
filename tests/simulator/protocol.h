/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection;
struct request;

/* What a version of HTTP does on a connection whose handshake is over. */
struct protocol {
	void (*start)(struct connection *connection);
	void (*stop)(struct connection *connection);

	/* Takes what was read; false if the connection is of no more use. */
	bool (*receive)(struct connection *connection, const uint8_t *bytes,
	    size_t length);

	/* Some bytes to be written, valid until the next call; 0 for none,
	 * less if the connection is of no more use. */
	ssize_t (*take)(struct connection *connection,
	    const uint8_t **bytes);

	/* True if all is said and nothing more wanted. */
	bool (*is_over)(const struct connection *connection);

	/* Each deals with a request that was decided. */
	void (*answer)(struct connection *connection,
	    struct request *request);
	void (*reset)(struct connection *connection, struct request *request,
	    bool refuse);

	/* What was begun is still answered, what comes later is not. */
	void (*retire)(struct connection *connection);

	/* Announces another limit on streams, if there is another one. */
	void (*update_limit)(struct connection *connection);
};

extern const struct protocol protocol_http1;
extern const struct protocol protocol_http2;

#endif
