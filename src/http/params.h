/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_PARAMS_H
#define HTTP_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "http/address-rules.h"
#include "http/proxy.h"

/* What the engine is told, and each of its pools: see http.h. */
struct http_params {
	const struct buf *cas;	/* PEM; NULL: those of ca_file */
	const char *ca_file;	/* NULL: the system's */
	const struct proxy *proxy;	/* the environment is not asked */
};

struct http_pool_params {
	unsigned int max_connections;
	unsigned int max_streams;	/* requests at once on one of them */
	bool warm_up;		/* one request alone on a new connection */
	/* From the opening of one connection to that of another beside it. */
	int64_t apart_ms;
	/* A server of this host, or of its link: never through the proxy, and
	 * over plain HTTP where the URL says so. */
	bool is_local;
	bool http2_only;	/* else an answer is HTTP_FAILURE_PROTOCOL */
	bool keep_headers;	/* replies have their headers */
	int64_t connect_timeout_ms;	/* name, TCP, proxy and TLS together */
	/* Not reused after so long without a request; closed once the whole
	 * pool was without one for as long. */
	int64_t idle_s;
	int64_t age_s;		/* no new requests on one that is older */
	/* There are many like it, to servers that somebody else has named: for
	 * all of them together the connections, and the requests in flight,
	 * have a bound. */
	bool is_one_of_many;
	size_t reply_size;	/* of a body, at most; 0: MESSAGE_REPLY_SIZE */
	/* For a server that somebody else has named: which addresses may be
	 * called, but through a proxy.  Must outlive the pool.  NULL: all. */
	const struct address_rules *addresses;
	/* The client certificate with its chain, and its key, not encrypted,
	 * in PEM; NULL: none.  Both must outlive the pool. */
	const char *certificate;
	const char *key;
};

#endif
