/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http.h"

#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "http/connection.h"

enum {
	/* Sent bytes that nobody acknowledged: the connection is dead.  The
	 * kernel looks only as it sends them again, so it takes up to twice
	 * that; another attempt must still fit a request's deadline. */
	HTTP_TCP_USER_TIMEOUT_MS = 2000,
	HTTP_RETRY_AFTER_MAX_S = 366 * 86400,
	/* curl's, for each request: requests and answers are small. */
	HTTP_BUFFER_SIZE = 4096,
	HTTP_UPLOAD_BUFFER_SIZE = 16384,
	/* A handle that was used holds some 50 KB: kept while there is much
	 * to do, given back when there is nothing. */
	HTTP_SPARE_HANDLES = 256,
	HTTP_REST_MS = 1000
};

struct http {
	struct loop *loop;
	struct http_params params;
};

struct http_call {
	TAILQ_ENTRY(http_call) entry;
	struct http_pool *pool;
	struct http_connection *connection; /* NULL while it waits */
	CURL *easy;			/* NULL while it waits */
	struct curl_slist *headers;
	struct http_request request;
	struct http_reply reply;
	int64_t timeout_ms;
	http_done_fn done;
	void *arg;
	char words[CURL_ERROR_SIZE];
};

TAILQ_HEAD(http_call_list, http_call);
TAILQ_HEAD(http_connection_list, http_connection);

struct http_pool {
	struct http *http;
	struct http_pool_params params;
	struct http_call_list waiting;
	struct http_call_list running;
	struct http_connection_list connections;
	unsigned int connection_count;	/* those that are not draining */
	struct loop_timer *tidy;
	struct loop_timer *rest;	/* runs while there is nothing to do */
	CURL *spare[HTTP_SPARE_HANDLES];
	size_t spare_count;
};

struct http *
http_create(struct loop *loop, const struct http_params *params)
{
	struct http *http = xcalloc(1, sizeof *http);

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		fatalx("cannot initialise libcurl");
	http->loop = loop;
	http->params = *params;
	return http;
}

void
http_free(struct http *http)
{
	if (http == NULL)
		return;
	free(http);
	curl_global_cleanup();
}

/* --- connections ---------------------------------------------------------- */

static void http_pool_on_ended(void *arg, CURL *easy, CURLcode code);
static void http_pool_pump(void *arg);

static struct http_connection *
http_pool_add_connection(struct http_pool *pool)
{
	struct http_connection *connection = http_connection_create(
	    &(struct http_connection_params){ .loop = pool->http->loop,
		.max_streams = pool->params.max_streams,
		.warm_up = pool->params.warm_up,
		.ended = http_pool_on_ended,
		.settled = http_pool_pump,
		.arg = pool });

	TAILQ_INSERT_TAIL(&pool->connections, connection, entry);
	pool->connection_count++;
	return connection;
}

static void
http_pool_drop_connection(
    struct http_pool *pool, struct http_connection *connection)
{
	TAILQ_REMOVE(&pool->connections, connection, entry);
	if (!connection->draining)
		pool->connection_count--;
	http_connection_free(connection);
}

/* No new requests; freed by the tidying once nothing is in flight on it. */
static void
http_pool_drain(struct http_pool *pool, struct http_connection *connection)
{
	if (connection->draining)
		return;
	connection->draining = true;
	pool->connection_count--;
	loop_timer_start(pool->tidy, 0);
}

/* True if a new request is better off on `connection` than on `other`. */
static bool
http_connection_is_better(const struct http_connection *connection,
    const struct http_connection *other)
{
	bool silent;

	if (other == NULL)
		return true;
	silent = http_connection_is_silent(connection);
	return silent == http_connection_is_silent(other) ?
	    connection->in_flight < other->in_flight : !silent;
}

/*
 * The connection with the fewest requests that has room, a new one if all are
 * full or silent and there may be more, or NULL.
 */
static struct http_connection *
http_pool_choose(struct http_pool *pool)
{
	struct http_connection *connection, *next, *best = NULL;
	int64_t now_ms = clock_monotonic_ms();

	for (connection = TAILQ_FIRST(&pool->connections); connection != NULL;
	     connection = next) {
		next = TAILQ_NEXT(connection, entry);
		if (!connection->draining &&
		    now_ms - connection->born_ms > pool->params.age_s * 1000)
			http_pool_drain(pool, connection);
		if (connection->draining ||
		    connection->in_flight >= http_connection_limit(connection))
			continue;
		if (http_connection_is_better(connection, best))
			best = connection;
	}
	if ((best == NULL || http_connection_is_silent(best)) &&
	    pool->connection_count < pool->params.max_connections)
		best = http_pool_add_connection(pool);
	return best;
}

/* --- calls --------------------------------------------------------------- */

static size_t
http_on_body(char *data, size_t size, size_t count, void *arg)
{
	struct http_call *call = arg;
	struct buf *body = &call->reply.body;
	size_t room = body->limit - body->size;

	if (count <= room)
		buf_append(body, data, size * count);
	else {
		buf_append(body, data, room);
		body->overflowed = true;
	}
	/* A body without end must not hold the stream: stop reading it. */
	return body->overflowed ? CURL_WRITEFUNC_ERROR : size * count;
}

static int
http_on_socket_made(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	unsigned int timeout_ms = HTTP_TCP_USER_TIMEOUT_MS;

	(void)arg;
	(void)purpose;
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
	    sizeof timeout_ms);
	return CURL_SOCKOPT_OK;
}

/* Lent, not copied: the key stays where its owner overwrites it. */
static void
http_set_certificate(CURL *easy, const struct http_pool_params *params)
{
	struct curl_blob certificate = {
		.data = (void *)(uintptr_t)params->certificate,
		.len = strlen(params->certificate),
		.flags = CURL_BLOB_NOCOPY
	};
	struct curl_blob key = {
		.data = (void *)(uintptr_t)params->key,
		.len = strlen(params->key),
		.flags = CURL_BLOB_NOCOPY
	};

	curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &certificate);
	curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key);
}

/* How the provider is reached, and whom we believe to be it. */
static void
http_set_proxy_and_ca(CURL *easy, const struct http_params *params)
{
	const struct proxy *proxy = params->proxy;

	/* Empty: the environment is not asked either. */
	curl_easy_setopt(easy, CURLOPT_PROXY,
	    proxy->url == NULL ? "" : proxy->url);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	if (proxy->user != NULL) {
		/* Apart: in one string they would be decoded. */
		curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, proxy->user);
		curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD, proxy->password);
	}
	if (params->ca_file != NULL)
		curl_easy_setopt(easy, CURLOPT_CAINFO, params->ca_file);
}

/*
 * A line of a reply's headers, with its end.  Those of an earlier reply (of a
 * proxy, or with a status of 1xx) are forgotten.
 */
static size_t
http_on_header(char *line, size_t size, size_t count, void *arg)
{
	struct buf *headers = &((struct http_call *)arg)->reply.headers;
	size_t length = size * count;

	while (length > 0 &&
	    (line[length - 1] == '\n' || line[length - 1] == '\r'))
		length--;
	if (length >= 5 && memcmp(line, "HTTP/", 5) == 0)
		buf_reset(headers);
	else if (length > 0 && memchr(line, '\0', length) == NULL &&
	    headers->size + length < headers->limit) {
		buf_append(headers, line, length);
		buf_append(headers, "", 1);
	}
	return size * count;
}

/* A handle with all that the calls of a pool have in common. */
static CURL *
http_pool_take_handle(struct http_pool *pool)
{
	const struct http_pool_params *params = &pool->params;
	CURL *easy;

	if (pool->spare_count > 0)
		return pool->spare[--pool->spare_count];
	if ((easy = curl_easy_init()) == NULL)
		fatalx("cannot make a curl handle");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE,
	    (long)HTTP_BUFFER_SIZE);
	curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE,
	    (long)HTTP_UPLOAD_BUFFER_SIZE);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	/* Else cancelling a transfer waits for its thread that looks up the
	 * name, and all of the worker with it: as long as a name server is
	 * silent. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)params->connect_timeout_ms);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)params->idle_s);
	curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, (long)params->age_s);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, http_on_socket_made);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, http_on_body);
	if (params->keep_headers)
		curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, http_on_header);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "push-gateway");
	if (params->certificate != NULL)
		http_set_certificate(easy, params);
	http_set_proxy_and_ca(easy, &pool->http->params);
	return easy;
}

static void
http_call_add_header(struct http_call *call, const char *line)
{
	struct curl_slist *longer = curl_slist_append(call->headers, line);

	if (longer == NULL)
		fatalx("cannot make a header");
	call->headers = longer;
}

static void
http_call_start(struct http_call *call, struct http_connection *connection)
{
	const struct buf *headers = &call->request.headers;
	const char *line = buf_text(headers), *end = line + headers->size;
	CURL *easy = http_pool_take_handle(call->pool);

	for (; line < end; line += strlen(line) + 1)
		http_call_add_header(call, line);
	http_call_add_header(call, "Accept:");
	curl_easy_setopt(easy, CURLOPT_URL, buf_text(&call->request.url));
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
	    buf_text(&call->request.body));
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE,
	    (long)call->request.body.size);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)call->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
	if (call->pool->params.keep_headers)
		curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->words);
	call->easy = easy;
	call->connection = connection;
	TAILQ_INSERT_TAIL(&call->pool->running, call, entry);
	http_connection_add(connection, easy);
}

/* Sends what waits, as far as there is room. */
static void
http_pool_pump(void *arg)
{
	struct http_pool *pool = arg;
	struct http_call *call;
	struct http_connection *connection;

	while ((call = TAILQ_FIRST(&pool->waiting)) != NULL &&
	    (connection = http_pool_choose(pool)) != NULL) {
		TAILQ_REMOVE(&pool->waiting, call, entry);
		http_call_start(call, connection);
	}
}

/* What must not happen within a callback of curl's, or in mid-list. */
static void
http_pool_tidy(void *arg)
{
	struct http_pool *pool = arg;
	struct http_connection *connection, *next;

	for (connection = TAILQ_FIRST(&pool->connections); connection != NULL;
	     connection = next) {
		next = TAILQ_NEXT(connection, entry);
		if (connection->draining && connection->in_flight == 0)
			http_pool_drop_connection(pool, connection);
	}
	http_pool_pump(pool);
}

/* Takes a call out of everything; its handle becomes a spare one. */
static void
http_call_unlink(struct http_call *call)
{
	struct http_pool *pool = call->pool;
	struct http_connection *connection = call->connection;

	if (connection == NULL) {
		TAILQ_REMOVE(&pool->waiting, call, entry);
		return;
	}
	TAILQ_REMOVE(&pool->running, call, entry);
	http_connection_remove(connection, call->easy);
	if (connection->draining && connection->in_flight == 0)
		loop_timer_start(pool->tidy, 0);
	curl_easy_setopt(call->easy, CURLOPT_ERRORBUFFER, NULL);
	curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, NULL);
	if (pool->spare_count < HTTP_SPARE_HANDLES)
		pool->spare[pool->spare_count++] = call->easy;
	else
		curl_easy_cleanup(call->easy);
	if (TAILQ_EMPTY(&pool->running))
		loop_timer_start(pool->rest, HTTP_REST_MS);
}

static void
http_call_free(struct http_call *call)
{
	curl_slist_free_all(call->headers);
	http_request_free(&call->request);
	http_reply_free(&call->reply);
	free(call);
}

/*
 * A transfer that never came to the point of sending (no name, connection,
 * proxy tunnel or TLS; or it waited for those) has not been seen by anybody.
 */
static enum http_failure
http_classify(const struct http_call *call, CURLcode code)
{
	curl_off_t sending_us = 0;

	curl_easy_getinfo(call->easy, CURLINFO_PRETRANSFER_TIME_T,
	    &sending_us);
	if (sending_us == 0)
		return HTTP_FAILURE_NOT_SENT;
	/* Without a time of its own, it was curl's for a new connection. */
	return code == CURLE_OPERATION_TIMEDOUT && call->timeout_ms > 0 ?
	    HTTP_FAILURE_TIMEOUT : HTTP_FAILURE_UNKNOWN;
}

/* Fills the reply from what curl knows of the finished transfer. */
static void
http_call_read_result(struct http_call *call, CURLcode code)
{
	struct http_reply *reply = &call->reply;
	curl_off_t retry_after_s = 0;
	long status = 0, version = 0, connects = 0;

	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(call->easy, CURLINFO_HTTP_VERSION, &version);
	curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
	curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &connects);
	reply->connects = (unsigned int)connects;
	/* With the status the verdict is there, whatever became of the body:
	 * what was accepted must not be sent again. */
	if (code != CURLE_OK && ((status >= 200 && status < 300) ||
	    reply->body.overflowed)) {
		reply->body.overflowed = true;
		code = CURLE_OK;
	}
	if (code != CURLE_OK) {
		reply->failure = http_classify(call, code);
		reply->failure_words = call->words[0] != '\0' ? call->words :
		    curl_easy_strerror(code);
	} else if (call->pool->params.http2_only &&
	    version != CURL_HTTP_VERSION_2_0) {
		reply->failure = HTTP_FAILURE_PROTOCOL;
		reply->failure_words = "the server does not speak HTTP/2";
	} else {
		reply->status = status < 100 || status > 999 ? 0 : (int)status;
		if (retry_after_s > 0)
			reply->retry_after_ms = 1000 * (int64_t)(retry_after_s
			    < HTTP_RETRY_AFTER_MAX_S ? retry_after_s :
			    HTTP_RETRY_AFTER_MAX_S);
	}
}

static void
http_call_finish(struct http_call *call, CURLcode code)
{
	struct http_connection *connection = call->connection;
	struct http_reply *reply = &call->reply;

	http_call_read_result(call, code);
	if (reply->failure == HTTP_FAILURE_NONE)
		http_connection_answered(connection);
	if (reply->failure == HTTP_FAILURE_UNKNOWN ||
	    reply->failure == HTTP_FAILURE_TIMEOUT)
		http_pool_drain(call->pool, connection);
	else if (reply->failure == HTTP_FAILURE_NONE && reply->status < 500 &&
	    reply->status != 401 && reply->status != 403)
		connection->warm = true;
	http_call_unlink(call);
	call->done(call->arg, reply);
	http_call_free(call);
}

static void
http_pool_on_ended(void *arg, CURL *easy, CURLcode code)
{
	struct http_call *call;

	(void)arg;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&call);
	http_call_finish(call, code);
}

struct http_call *
http_send(struct http_pool *pool, struct http_request *request,
    int64_t timeout_ms, http_done_fn done, void *arg)
{
	struct http_call *call = xcalloc(1, sizeof *call);

	call->pool = pool;
	call->request = *request;
	http_request_init(request);
	http_reply_init(&call->reply);
	call->timeout_ms = timeout_ms;
	call->done = done;
	call->arg = arg;
	TAILQ_INSERT_TAIL(&pool->waiting, call, entry);
	http_pool_pump(pool);
	return call;
}

void
http_cancel(struct http_call *call)
{
	struct http_pool *pool = call->pool;
	struct http_connection *connection = call->connection;

	if (connection != NULL && http_connection_is_silent(connection))
		http_pool_drain(pool, connection);
	http_call_unlink(call);
	http_call_free(call);
	loop_timer_start(pool->tidy, 0);
}

static void
http_pool_drop_spare_handles(void *arg)
{
	struct http_pool *pool = arg;

	while (pool->spare_count > 0)
		curl_easy_cleanup(pool->spare[--pool->spare_count]);
}

struct http_pool *
http_pool_create(struct http *http, const struct http_pool_params *params)
{
	struct http_pool *pool = xcalloc(1, sizeof *pool);

	pool->http = http;
	pool->params = *params;
	TAILQ_INIT(&pool->waiting);
	TAILQ_INIT(&pool->running);
	TAILQ_INIT(&pool->connections);
	pool->tidy = loop_timer_create(http->loop, http_pool_tidy, pool);
	pool->rest = loop_timer_create(http->loop,
	    http_pool_drop_spare_handles, pool);
	return pool;
}

void
http_drain(struct http_call *call)
{
	if (call->connection != NULL)
		http_pool_drain(call->pool, call->connection);
}

static void
http_call_list_drop(struct http_call_list *list)
{
	struct http_call *call;

	while ((call = TAILQ_FIRST(list)) != NULL) {
		http_call_unlink(call);
		http_call_free(call);
	}
}

void
http_pool_free(struct http_pool *pool)
{
	struct http_connection *connection;

	if (pool == NULL)
		return;
	http_call_list_drop(&pool->waiting);
	http_call_list_drop(&pool->running);
	while ((connection = TAILQ_FIRST(&pool->connections)) != NULL)
		http_pool_drop_connection(pool, connection);
	http_pool_drop_spare_handles(pool);
	loop_timer_free(pool->tidy);
	loop_timer_free(pool->rest);
	free(pool);
}
