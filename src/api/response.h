/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_RESPONSE_H
#define API_RESPONSE_H

#include <json-c/json.h>

#include "cgi/exchange.h"

/*
 * Responses: status, headers and a JSON body, at once or streamed.  Once the
 * web server is gone, writing does nothing.
 */
enum response_error {
	RESPONSE_INVALID_DATA,
	RESPONSE_BATCH_TOO_LARGE,
	RESPONSE_DUPLICATE_IDS,
	RESPONSE_NOTIFICATION_TOO_LARGE,
	RESPONSE_UNAUTHENTICATED,
	RESPONSE_UNKNOWN_PATH,
	RESPONSE_UNKNOWN_METHOD,
	RESPONSE_UNKNOWN_MATRIX_METHOD,
	RESPONSE_SINGLE_BODY_TOO_LARGE,
	RESPONSE_BATCH_BODY_TOO_LARGE,
	RESPONSE_HEADERS_TOO_LARGE,
	RESPONSE_FAILURE,
	RESPONSE_READ_ONLY,
	RESPONSE_UNAVAILABLE,
	RESPONSE_ERROR__MAX
};

/* Sends a whole answer of another type. */
void response_send_text(struct exchange *exchange, int status,
    const char *type, const char *text, size_t size);

/*
 * Sends a whole answer.  `headers` holds further lines, each ended by CR LF,
 * or is "".  Takes over `body`.
 */
void response_send(struct exchange *exchange, int status, const char *headers,
    struct json_object *body);

/*
 * Sends {"error": …} with the API's text and `details`, which is taken over,
 * or NULL.
 */
void response_send_error(struct exchange *exchange,
    enum response_error error, struct json_object *details);

/*
 * The same for 404 and 405 in Matrix's form: with an "errcode".
 */
void response_send_matrix_error(struct exchange *exchange,
    enum response_error error);

int response_error_status(enum response_error error);
const char *response_error_text(enum response_error error);

/* Starts a streamed answer with status 200. */
void response_begin(struct exchange *exchange);

/* A part of a streamed answer; response_flush sends what is written so far. */
void response_write(struct exchange *exchange, const char *text);
void response_flush(struct exchange *exchange);

#endif
