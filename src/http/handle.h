/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_HANDLE_H
#define HTTP_HANDLE_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "http/proxy.h"

/*
 * A curl handle, set up for requests to a provider: what of TLS, proxies and
 * curl's own ideas is the same for all of them.
 */
struct http_handle_params {
	const char *ca_file;		/* NULL: the system's */
	const struct proxy *proxy;
	int64_t connect_timeout_ms;
	int64_t idle_s;
	int64_t age_s;
	const char *certificate;	/* NULL: none; see http_pool_params */
	const char *key;
	bool keep_headers;
};

/* What the params name must outlive the handle. */
CURL *http_handle_create(const struct http_handle_params *params);

/*
 * Where the handle is to put the body of the next answer, up to the buffer's
 * limit, and its headers: NULL unless they are kept.
 */
void http_handle_lend(CURL *easy, struct buf *body, struct buf *headers);

#endif
