/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMPOSE_H
#define COMPOSE_H

#include "api/decode.h"
#include "provider/provider.h"

/* What every request that a test composes is made with. */
#define COMPOSE_TOKEN "provider.token"
#define COMPOSE_MESSAGE_ID "11111111-2222-4333-8444-555555555555"

enum { COMPOSE_NOW_S = 1700000000 };

/* The batch of the body of a request, which the caller frees; ends the program
 * if the body is refused. */
struct batch *compose_decode(enum decode_operation operation,
    const char *text);

/*
 * Composes for the first device of the first notification of the body of a
 * request; ends the program if the body is refused.  The caller frees the
 * request.
 */
enum cause compose_first(const struct provider *provider,
    const void *account, enum decode_operation operation, const char *text,
    struct http_request *request);

/* The same, of a push with what `push` says beside the token, unless it has
 * one, the id and the time. */
enum cause compose_push(const struct provider *provider,
    const void *account, enum decode_operation operation, const char *text,
    const struct provider_push *push, struct http_request *request);

/* The same, as that variant of the request. */
enum cause compose_variant(const struct provider *provider,
    const void *account, enum decode_operation operation, const char *text,
    unsigned int variant, struct http_request *request);

#endif
