/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_CALL_H
#define HTTP_CALL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <curl/curl.h>

#include "http/address-rules.h"
#include "http/connection.h"
#include "http/handle.h"
#include "http/message.h"

enum {
	/* Lines of a request's headers, with those of our own. */
	HTTP_CALL_LINES_MAX = 24
};

struct http_pool;

/*
 * A request and its one transfer over a connection.  It is sent once: curl is
 * kept from repeating it, since whoever bounds the copies of a message must
 * know them all.
 */
struct http_call {
	TAILQ_ENTRY(http_call) entry;	/* of its pool */
	struct http_pool *pool;
	struct http_connection *connection; /* NULL while it waits */
	CURL *easy;			/* NULL while it waits */
	struct curl_slist lines[HTTP_CALL_LINES_MAX];	/* of the headers, a
							 * list for curl */
	struct http_handle_guard guard;
	struct http_request request;
	struct http_reply reply;
	const struct address_rules *addresses;	/* NULL: all are allowed */
	int64_t timeout_ms;
	uint64_t number;		/* of the pool's calls */
	bool sent;
	bool stopped;		/* curl wanted to open another connection */
	bool refused;		/* the provider did: it was not processed */
	unsigned int refusals;	/* of connections that work */
	bool reached;		/* an address that is allowed was tried */
	bool kept_out;		/* one was not */
	void (*done)(void *arg, const struct http_reply *reply);
	void *arg;
	char words[CURL_ERROR_SIZE];
};

/* Takes over what the request holds. */
struct http_call *http_call_create(struct http_request *request);
void http_call_free(struct http_call *call);

/* Starts it on that connection; the handle is lent. */
void http_call_start(struct http_call *call,
    struct http_connection *connection, CURL *easy, bool keep_headers);

/* Takes it out of its connection; its handle is the caller's again. */
void http_call_stop(struct http_call *call);

/*
 * True if it ended because its connection takes no more, and has not been
 * sent: it is to wait for another.
 */
bool http_call_found_no_room(const struct http_call *call);

/* It was refused, and is to wait for another connection. */
void http_call_note_refusal(struct http_call *call);

/* Fills the reply from what curl knows of the transfer that ended. */
void http_call_read_result(struct http_call *call, CURLcode code,
    bool http2_only);

/* True if it was answered over a connection that can carry several. */
bool http_call_was_multiplexed(const struct http_call *call);

#endif
