/* SPDX-License-Identifier: Apache-2.0 */
#include "http/handle.h"

#include <string.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/log.h"

enum {
	/* Sent bytes that nobody acknowledged: the connection is dead.  The
	 * kernel looks only as it sends them again, so it takes up to twice
	 * that; another attempt must still fit a request's deadline. */
	HANDLE_TCP_USER_TIMEOUT_MS = 2000,
	/* curl's, for each request: requests and answers are small. */
	HANDLE_BUFFER_SIZE = 4096,
	HANDLE_UPLOAD_BUFFER_SIZE = 16384
};

static size_t
http_handle_on_body(char *data, size_t size, size_t count, void *arg)
{
	struct buf *body = arg;
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
http_handle_on_socket_made(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	unsigned int timeout_ms = HANDLE_TCP_USER_TIMEOUT_MS;

	(void)arg;
	(void)purpose;
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
	    sizeof timeout_ms);
	return CURL_SOCKOPT_OK;
}

/* Before it looks up a name, so that none is looked up in vain. */
static int
http_handle_on_lookup(void *resolver, void *reserved, void *arg)
{
	const struct http_handle_guard *guard = arg;

	(void)resolver;
	(void)reserved;
	return guard->connects(guard->arg) ? 0 : 1;
}

/* For each address that it tries; not every one was looked up. */
static curl_socket_t
http_handle_on_open(void *arg, curlsocktype purpose,
    struct curl_sockaddr *address)
{
	const struct http_handle_guard *guard = arg;

	(void)purpose;
	return guard->connects(guard->arg) &&
	    guard->admits(guard->arg, &address->addr) ? socket(address->family,
	    address->socktype | SOCK_CLOEXEC, address->protocol) :
	    CURL_SOCKET_BAD;
}

static int
http_handle_on_request(void *arg, char *remote_ip, char *local_ip,
    int remote_port, int local_port)
{
	const struct http_handle_guard *guard = arg;

	(void)remote_ip;
	(void)local_ip;
	(void)remote_port;
	(void)local_port;
	return guard->sends(guard->arg) ? CURL_PREREQFUNC_OK :
	    CURL_PREREQFUNC_ABORT;
}

/* Lent, not copied: the key stays where its owner overwrites it. */
static void
http_handle_set_certificate(CURL *easy,
    const struct http_handle_params *params)
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
http_handle_set_proxy_and_ca(CURL *easy,
    const struct http_handle_params *params)
{
	const struct proxy *proxy = params->proxy;
	struct curl_blob cas = { .flags = CURL_BLOB_NOCOPY };

	/* Empty: the environment is not asked either. */
	curl_easy_setopt(easy, CURLOPT_PROXY,
	    proxy->url == NULL || params->is_local ? "" : proxy->url);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	if (proxy->url != NULL && !params->is_local)
		curl_easy_setopt(easy, CURLOPT_USERAGENT,
		    HTTP_HANDLE_USER_AGENT);
	if (proxy->user != NULL && !params->is_local) {
		/* Apart: in one string they would be decoded. */
		curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, proxy->user);
		curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD, proxy->password);
	}
	if (params->cas != NULL) {
		cas.data = params->cas->data;
		cas.len = params->cas->size;
		curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &cas);
	} else if (params->ca_file != NULL)
		curl_easy_setopt(easy, CURLOPT_CAINFO, params->ca_file);
}

/*
 * A line of a reply's headers, with its end.  Those of an earlier reply (of a
 * proxy, or with a status of 1xx) are forgotten.
 */
static size_t
http_handle_on_header(char *line, size_t size, size_t count, void *arg)
{
	struct buf *headers = arg;
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

CURL *
http_handle_create(const struct http_handle_params *params)
{
	CURL *easy = curl_easy_init();

	if (easy == NULL)
		fatalx("cannot make a curl handle");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE,
	    (long)HANDLE_BUFFER_SIZE);
	curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE,
	    (long)HANDLE_UPLOAD_BUFFER_SIZE);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
	    params->is_local ? "https,http" : "https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	/* Apple wants each connection to be looked up anew, and them all to
	 * be spread. */
	curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	curl_easy_setopt(easy, CURLOPT_DNS_SHUFFLE_ADDRESSES, 1L);
	/* An answer that is coded all the same is decoded: a proxy that
	 * inspects TLS may do so. */
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, HTTP_HANDLE_ENCODING);
	/* Else cancelling a transfer waits for its thread that looks up the
	 * name, and all of the worker with it: as long as a name server is
	 * silent. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)params->connect_timeout_ms);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)params->idle_s);
	curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, (long)params->age_s);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION,
	    http_handle_on_socket_made);
	curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION,
	    http_handle_on_lookup);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION,
	    http_handle_on_open);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, http_handle_on_request);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, http_handle_on_body);
	if (params->keep_headers)
		curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION,
		    http_handle_on_header);
	if (params->certificate != NULL)
		http_handle_set_certificate(easy, params);
	http_handle_set_proxy_and_ca(easy, params);
	return easy;
}

void
http_handle_lend(CURL *easy, struct buf *body, struct buf *headers)
{
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, body);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, headers);
}

void
http_handle_set_guard(CURL *easy, const struct http_handle_guard *guard)
{
	void *arg = (void *)(uintptr_t)guard;

	curl_easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, arg);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, arg);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, arg);
}
