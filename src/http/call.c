/* SPDX-License-Identifier: Apache-2.0 */
#include "http/call.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xmalloc.h"

enum {
	HTTP_CALL_RETRY_AFTER_MAX_S = 366 * 86400
};

/*
 * What every request has: no "Accept", and what curl would print twice if it
 * were left to it.
 */
static const char *const http_call_own_lines[] = {
	"Accept:",
	"User-Agent: " HTTP_HANDLE_USER_AGENT,
	"Accept-Encoding: " HTTP_HANDLE_ENCODING,
};

#define HTTP_CALL_OWN_LINES \
	((ptrdiff_t)(sizeof http_call_own_lines / sizeof *http_call_own_lines))

/*
 * curl is about to repeat it, or found no room on the connection.  When it
 * repeats since reading or writing failed it has said so by then.  Without a
 * word the stream was refused, by RST_STREAM or by a GOAWAY, and the request
 * was not processed (RFC 9113, 8.7); over HTTP/1.1 that cannot be known.
 */
static void
http_call_note_stop(struct http_call *call)
{
	if (call->stopped)
		return;
	call->stopped = true;
	call->refused = call->sent && call->words[0] == '\0' &&
	    !call->connection->http1;
}

static bool
http_call_may_connect(void *arg)
{
	struct http_call *call = arg;
	bool may = !call->sent && !call->connection->open;

	if (!may)
		http_call_note_stop(call);
	return may;
}

/*
 * This is the one place where it is known which address a name has led to, and
 * nothing was sent yet.
 */
static bool
http_call_admits(void *arg, const struct sockaddr *socket)
{
	struct http_call *call = arg;
	struct network_address address;
	bool admitted = call->addresses == NULL ||
	    (network_address_of_socket(&address, socket) &&
	    address_rules_admit(call->addresses, &address));

	call->reached |= admitted;
	call->kept_out |= !admitted;
	return admitted;
}

static bool
http_call_may_send(void *arg)
{
	struct http_call *call = arg;
	bool may = !call->sent;

	if (may) {
		call->sent = true;
		http_connection_note_sent(call->connection);
	} else
		http_call_note_stop(call);
	return may;
}

struct http_call *
http_call_create(struct http_request *request)
{
	struct http_call *call = xcalloc(1, sizeof *call);

	call->request = *request;
	http_request_init(request);
	http_reply_init(&call->reply);
	call->guard = (struct http_handle_guard){
		.connects = http_call_may_connect,
		.admits = http_call_admits,
		.sends = http_call_may_send,
		.arg = call
	};
	return call;
}

void
http_call_free(struct http_call *call)
{
	http_request_free(&call->request);
	http_reply_free(&call->reply);
	free(call);
}

static struct curl_slist *
http_call_add_line(struct curl_slist *last, const char *line)
{
	last->data = (char *)(uintptr_t)line;
	last->next = last + 1;
	return last->next;
}

/* The lines stay where they are: curl only reads them. */
static struct curl_slist *
http_call_list_headers(struct http_call *call)
{
	const struct buf *headers = &call->request.headers;
	const char *line = buf_text(headers), *end = line + headers->size;
	struct curl_slist *last = call->lines;
	ptrdiff_t i;

	for (; line < end; line += strlen(line) + 1) {
		if (last - call->lines == HTTP_CALL_LINES_MAX -
		    HTTP_CALL_OWN_LINES)
			fatalx("a request has too many headers");
		last = http_call_add_line(last, line);
	}
	for (i = 0; i < HTTP_CALL_OWN_LINES; i++)
		last = http_call_add_line(last, http_call_own_lines[i]);
	last[-1].next = NULL;
	return call->lines;
}

/*
 * curl takes the URL apart for each request, and writes it together again: of
 * the path it is told apart, which it then only sends.
 */
static void
http_call_set_url(CURL *easy, char *url)
{
	char *server = strstr(url, "://");
	char *path = server == NULL ? NULL : strpbrk(server + 3, "/?");

	if (path == NULL || *path != '/') {
		curl_easy_setopt(easy, CURLOPT_URL, url);
		curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, NULL);
	} else {
		*path = '\0';
		curl_easy_setopt(easy, CURLOPT_URL, url);	/* copied */
		*path = '/';
		curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, path);
	}
}

void
http_call_start(struct http_call *call, struct http_connection *connection,
    CURL *easy, bool keep_headers)
{
	http_call_set_url(easy, call->request.url.data);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER,
	    http_call_list_headers(call));
	if (call->request.is_get)
		curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	else {
		/* Which makes it a POST. */
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
		    buf_text(&call->request.body));
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE,
		    (long)call->request.body.size);
	}
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)call->timeout_ms);
	http_handle_lend(easy, &call->reply.body,
	    keep_headers ? &call->reply.headers : NULL);
	http_handle_set_guard(easy, &call->guard);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->words);
	call->easy = easy;
	call->connection = connection;
	call->sent = call->stopped = call->refused = false;
	call->words[0] = '\0';
	call->reply.connection = connection->number;
	http_connection_add(connection, easy);
}

void
http_call_stop(struct http_call *call)
{
	http_connection_remove(call->connection, call->easy, call->sent);
	curl_easy_setopt(call->easy, CURLOPT_ERRORBUFFER, NULL);
	curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, NULL);
	call->easy = NULL;
	call->connection = NULL;
}

bool
http_call_found_no_room(const struct http_call *call)
{
	return call->stopped && !call->sent;
}

/*
 * A transfer that never came to the point of sending (no name, connection,
 * proxy tunnel or TLS) has not been seen by anybody.
 */
static enum http_failure
http_call_classify(const struct http_call *call, CURLcode code)
{
	enum http_failure failure = HTTP_FAILURE_UNKNOWN;

	if (!call->sent && call->kept_out && !call->reached)
		failure = HTTP_FAILURE_REFUSED;
	else if (!call->sent || call->refused)
		failure = HTTP_FAILURE_NOT_SENT;
	else if (code == CURLE_OPERATION_TIMEDOUT && call->timeout_ms > 0)
		/* Without a time of its own, it was curl's for a new
		 * connection. */
		failure = HTTP_FAILURE_TIMEOUT;
	return failure;
}

static const char *
http_call_failure_words(const struct http_call *call, CURLcode code)
{
	const char *words = call->words;

	if (call->reply.failure == HTTP_FAILURE_REFUSED)
		words = "the server's name leads to an address that is "
		    "not allowed";
	else if (call->refused)
		words = "the provider refused the HTTP/2 stream";
	else if (words[0] == '\0')
		words = curl_easy_strerror(code);
	return words;
}

bool
http_call_was_multiplexed(const struct http_call *call)
{
	long version = 0;

	curl_easy_getinfo(call->easy, CURLINFO_HTTP_VERSION, &version);
	return version >= CURL_HTTP_VERSION_2_0;
}

static void
http_call_count_connects(struct http_call *call)
{
	long connects = 0;

	curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &connects);
	call->reply.connects += (unsigned int)connects;
}

void
http_call_note_refusal(struct http_call *call)
{
	http_call_count_connects(call);
	call->refusals++;
}

void
http_call_read_result(struct http_call *call, CURLcode code, bool http2_only)
{
	struct http_reply *reply = &call->reply;
	curl_off_t retry_after_s = 0;
	long status = 0;

	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
	http_call_count_connects(call);
	/* With the status the verdict is there, whatever became of the body:
	 * what was accepted must not be sent again. */
	if (code != CURLE_OK && ((status >= 200 && status < 300) ||
	    reply->body.overflowed)) {
		reply->body.overflowed = true;
		code = CURLE_OK;
	}
	if (code != CURLE_OK) {
		reply->failure = http_call_classify(call, code);
		reply->failure_words = http_call_failure_words(call, code);
	} else if (http2_only && !http_call_was_multiplexed(call)) {
		reply->failure = HTTP_FAILURE_PROTOCOL;
		reply->failure_words = "the server does not speak HTTP/2";
	} else {
		reply->status = status < 100 || status > 999 ? 0 : (int)status;
		if (retry_after_s > 0)
			reply->retry_after_ms = 1000 * (int64_t)(retry_after_s
			    < HTTP_CALL_RETRY_AFTER_MAX_S ? retry_after_s :
			    HTTP_CALL_RETRY_AFTER_MAX_S);
	}
}
