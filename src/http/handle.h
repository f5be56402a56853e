/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_HANDLE_H
#define HTTP_HANDLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "http/proxy.h"

/*
 * What requests say of us.  Each has these lines: the handle says them only
 * to a proxy.
 */
#define HTTP_HANDLE_USER_AGENT "push-gateway"
#define HTTP_HANDLE_ENCODING "identity"

/*
 * A curl handle, set up for requests to a provider: what of TLS, proxies and
 * curl's own ideas is the same for all of them.
 */
struct http_handle_params {
	const struct buf *cas;		/* PEM; NULL: those of ca_file */
	const char *ca_file;		/* NULL: the system's */
	const struct proxy *proxy;
	int64_t connect_timeout_ms;
	int64_t idle_s;
	int64_t age_s;
	const char *certificate;	/* NULL: none; see http_pool_params */
	const char *key;
	bool keep_headers;
	bool is_local;			/* see http_pool_params */
};

/*
 * Who decides on what curl does by itself: it repeats a request for which no
 * byte came over a connection that is not new, or whose stream was refused,
 * up to five times, and opens a connection for each.
 */
struct http_handle_guard {
	bool (*connects)(void *arg);	/* may it open a connection? */
	/* ... to that address, which may be the proxy's? */
	bool (*admits)(void *arg, const struct sockaddr *address);
	bool (*sends)(void *arg);	/* may its request go out now? */
	void *arg;
};

/* What the params name must outlive the handle. */
CURL *http_handle_create(const struct http_handle_params *params);

/*
 * Where the handle is to put the body of the next answer, up to the buffer's
 * limit, and its headers: NULL unless they are kept.
 */
void http_handle_lend(CURL *easy, struct buf *body, struct buf *headers);

/* Whom to ask from now on; must outlive the next transfer. */
void http_handle_set_guard(CURL *easy, const struct http_handle_guard *guard);

#endif
