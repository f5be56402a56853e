/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REQUEST_H
#define REQUEST_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <json-c/json.h>
#include <nghttp2/nghttp2.h>
#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "accounts.h"
#include "answer.h"
#include "provider-tokens.h"
#include "text.h"

#define REQUEST_HEADERS_MAX 48
#define REQUEST_BODY_MAX 65536
#define PEER_CERTIFICATE_SIZE 96	/* SHA-256 in hexadecimal, colons */

struct connection;

/* What APNs remembers of the other end of a connection. */
struct peer {
	const char *team_id;		/* of the first good token, or NULL */
	struct token_history tokens;
	bool authenticated;		/* certificate or token is good */
	unsigned wedged_status;		/* 0, or what every request gets */
	const char *wedged_reason;	/* a literal */
	char certificate_sha256[PEER_CERTIFICATE_SIZE];	/* "": none */
	const struct apns_account *account;	/* of the certificate */
};

/* A header of HTTP/2 is borrowed from nghttp2, one of HTTP/1.1 is a copy. */
struct request_header {
	const char *name;
	const char *value;
	nghttp2_rcbuf *name_buffer;	/* or NULL */
	nghttp2_rcbuf *value_buffer;
	char *copy;			/* or NULL */
};

/* One stream: a request and, later, its answer. */
struct request {
	TAILQ_ENTRY(request) entry;	/* of its connection */
	struct connection *connection;
	uint64_t connection_number;
	struct peer *peer;
	int32_t stream;
	int64_t at_ms;			/* wall time when it was complete */
	struct request_header headers[REQUEST_HEADERS_MAX];
	size_t header_count;
	struct text body;		/* the first REQUEST_BODY_MAX bytes */
	size_t body_size;		/* all that came */
	struct json_object *json;	/* see request_get_json */
	bool json_parsed;
	struct text text;		/* the pushkey in clear, or empty */
	struct json_object *notes;	/* more to record, or NULL */
	struct answer answer;
	size_t answer_sent;		/* bytes of the answer's body */
	struct event delay;		/* until the answer goes out */
	bool delayed;			/* `delay` was set up */
};

TAILQ_HEAD(request_list, request);

struct request *
request_new(struct connection *connection, struct peer *peer,
    int32_t stream);

void
request_free(struct request *request);

/* Keeps a reference to both; false if there are too many headers. */
bool
request_add_header(struct request *request, nghttp2_rcbuf *name,
    nghttp2_rcbuf *value);

/* The same with copies; pseudo-headers have their colon. */
bool
request_copy_header(struct request *request, const char *name,
    const char *value);

/* The first value of a header (lower-case name), or NULL. */
const char *
request_get_header(const struct request *request, const char *name);

/* How often a header is there. */
unsigned
request_count_header(const struct request *request, const char *name);

/* The body as strict JSON in UTF-8, owned by the request, or NULL. */
struct json_object *
request_get_json(struct request *request);

/* Has a member recorded with the request; takes over the value. */
void
request_note(struct request *request, const char *name,
    struct json_object *value);

/* The same with bytes, as request_make_value has them. */
void
request_note_text(struct request *request, const char *name,
    const struct text *text);

/*
 * Bytes as what can be recorded: the JSON that they are, else a string, else
 * their base64url; NULL for none.  The caller frees it.
 */
struct json_object *
request_make_value(const struct text *text);

#endif
