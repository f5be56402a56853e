/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_SPARES_H
#define HTTP_SPARES_H

#include <stddef.h>

#include <curl/curl.h>

#include "http/handle.h"

/*
 * The handles of a pool that are not in use.  One that was used holds some 50
 * KB: kept while there is much to do, given back when there is nothing.
 */
struct spares {
	struct http_handle_params params;
	CURL **handles;
	size_t count;
	size_t limit;
};

/* What the params name must outlive it. */
void spares_init(struct spares *spares,
    const struct http_handle_params *params, size_t limit);
void spares_free(struct spares *spares);

/* A handle with all that the calls of the pool have in common. */
CURL *spares_take(struct spares *spares);

void spares_give(struct spares *spares, CURL *easy);

/* Gives all of them back. */
void spares_drop(struct spares *spares);

#endif
