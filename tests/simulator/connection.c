/* SPDX-License-Identifier: Apache-2.0 */
#include "connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINGER_S 2

static void
connection_close(struct connection *connection, bool reset)
{
	struct endpoint *endpoint = connection->endpoint;
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };
	struct request *request;

	event_del(&connection->read_event);
	event_del(&connection->write_event);
	event_del(&connection->end_event);
	while ((request = TAILQ_FIRST(&connection->requests)) != NULL) {
		TAILQ_REMOVE(&connection->requests, request, entry);
		request_free(request);
	}
	if (connection->protocol != NULL)
		connection->protocol->stop(connection);
	SSL_free(connection->ssl);
	if (reset)
		setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &linger,
		    sizeof linger);
	close(connection->fd);
	TAILQ_REMOVE(&endpoint->connections, connection, entry);
	endpoint->counters.connections_open--;
	free(connection);
}

/*
 * All is said.  Closing at once could turn into a reset if the client had
 * just sent something, and the reset could overtake our last words.
 */
static void
start_lingering(struct connection *connection)
{
	struct timeval limit = { .tv_sec = LINGER_S };

	connection->lingering = true;
	SSL_shutdown(connection->ssl);
	shutdown(connection->fd, SHUT_WR);
	event_add(&connection->end_event, &limit);
}

/* Reads what nobody wants any more; false at the end. */
static bool
linger(struct connection *connection)
{
	char buffer[4096];
	ssize_t length;

	do
		length = recv(connection->fd, buffer, sizeof buffer, 0);
	while (length > 0);
	return length < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Takes as much as makes a good TLS record. */
static bool
fill_out(struct connection *connection)
{
	const uint8_t *data;
	ssize_t length = 0;

	if (connection->out_offset == connection->out_length) {
		connection->out_offset = 0;
		connection->out_length = 0;
	}
	while (connection->out_length < CONNECTION_OUT_FULL &&
	    (length = connection->protocol->take(connection, &data)) > 0) {
		memcpy(connection->out + connection->out_length, data,
		    (size_t)length);
		connection->out_length += (size_t)length;
	}
	return length >= 0;
}

/* Writes what is ready; false if the connection is of no more use. */
static bool
write_out(struct connection *connection)
{
	bool good = true;
	bool blocked = false;
	int written;

	while (good && !blocked && (good = fill_out(connection)) &&
	    connection->out_length > 0) {
		ERR_clear_error();
		written = SSL_write(connection->ssl,
		    connection->out + connection->out_offset,
		    (int)(connection->out_length - connection->out_offset));
		if (written > 0) {
			connection->out_offset += (size_t)written;
		} else {
			int error = SSL_get_error(connection->ssl, written);

			blocked = error == SSL_ERROR_WANT_WRITE ||
			    error == SSL_ERROR_WANT_READ;
			good = blocked;
			if (error == SSL_ERROR_WANT_WRITE)
				event_add(&connection->write_event, NULL);
		}
	}
	if (good && !blocked && connection->protocol->is_over(connection))
		start_lingering(connection);
	return good;
}

/* Reads all there is; false if the connection is of no more
 * use. */
static bool
read_in(struct connection *connection)
{
	unsigned char buffer[16384];
	bool good = true;
	bool blocked = false;

	while (good && !blocked && !connection->cut) {
		int length;

		ERR_clear_error();
		length = SSL_read(connection->ssl, buffer, sizeof buffer);
		if (length > 0) {
			good = connection->protocol->receive(connection,
			    buffer, (size_t)length);
		} else {
			int error = SSL_get_error(connection->ssl, length);

			blocked = error == SSL_ERROR_WANT_READ ||
			    error == SSL_ERROR_WANT_WRITE;
			good = blocked;
		}
	}
	return good;
}

/* A client with a known certificate has nothing more to prove. */
static void
find_certificate(struct connection *connection)
{
	const struct accounts *accounts =
	    connection->endpoint->world->context.accounts;
	X509 *certificate = SSL_get1_peer_certificate(connection->ssl);
	struct peer *peer = &connection->peer;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	if (certificate == NULL)
		return;
	X509_digest(certificate, EVP_sha256(), digest, &length);
	for (unsigned i = 0; i < length; i++)
		snprintf(peer->certificate_sha256 + 3 * i,
		    sizeof peer->certificate_sha256 - 3 * i, "%02X%s",
		    digest[i], i + 1 < length ? ":" : "");
	if (X509_cmp_timeframe(NULL, X509_get0_notBefore(certificate),
	    X509_get0_notAfter(certificate)) == 0)
		peer->account = accounts_find_certificate(accounts,
		    peer->certificate_sha256);
	peer->authenticated = peer->account != NULL;
	X509_free(certificate);
}

/* What ALPN chose; without it HTTP/1.1, where that is spoken. */
static const struct protocol *
find_protocol(const struct connection *connection)
{
	const struct protocol *protocol = NULL;
	const unsigned char *name;
	unsigned length;

	SSL_get0_alpn_selected(connection->ssl, &name, &length);
	if (length == 2 && memcmp(name, "h2", 2) == 0)
		protocol = &protocol_http2;
	else if (connection->endpoint->service->speaks_http1)
		protocol = &protocol_http1;
	return protocol;
}

/* A step of the handshake; false if it failed. */
static bool
shake_hands(struct connection *connection)
{
	bool good = true;
	int result;

	ERR_clear_error();
	result = SSL_accept(connection->ssl);
	if (result == 1) {
		find_certificate(connection);
		connection->protocol = find_protocol(connection);
		good = connection->protocol != NULL;
		if (good)
			connection->protocol->start(connection);
	} else {
		int error = SSL_get_error(connection->ssl, result);

		if (error == SSL_ERROR_WANT_WRITE)
			event_add(&connection->write_event, NULL);
		else
			good = error == SSL_ERROR_WANT_READ;
	}
	return good;
}

/* Everything that may be done now, in order. */
static void
advance(struct connection *connection, bool may_read)
{
	bool good = true;

	if (connection->endpoint->control.black_hole && !connection->cut)
		return;
	if (connection->lingering) {
		good = !may_read || linger(connection);
	} else if (!connection->cut) {
		if (connection->protocol == NULL)
			good = shake_hands(connection);
		if (good && may_read && connection->protocol != NULL)
			good = read_in(connection);
		if (good && !connection->cut && connection->protocol != NULL)
			good = write_out(connection);
	}
	if (connection->cut || !good)
		connection_close(connection, connection->cut);
}

static void
on_read(evutil_socket_t fd, short what, void *argument)
{
	struct connection *connection = argument;
	struct world *world = connection->endpoint->world;

	(void)fd;
	(void)what;
	world->refresh(world);
	advance(connection, true);
}

static void
on_write(evutil_socket_t fd, short what, void *argument)
{
	(void)fd;
	(void)what;
	advance(argument, false);
}

static void
on_end(evutil_socket_t fd, short what, void *argument)
{
	struct connection *connection = argument;

	(void)fd;
	(void)what;
	connection_close(connection, !connection->lingering);
}

/* Any will do for the handshake; requests are judged by who is known. */
static int
accept_certificate(int good, X509_STORE_CTX *context)
{
	(void)good;
	(void)context;
	return 1;
}

void
connection_open(struct endpoint *endpoint, int fd)
{
	struct event_base *base = endpoint->world->base;
	struct connection *connection = memory_new(sizeof *connection);
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	connection->endpoint = endpoint;
	connection->number = ++endpoint->world->connections;
	connection->fd = fd;
	connection->ssl = SSL_new(endpoint->world->tls);
	SSL_set_app_data(connection->ssl, connection);
	if (endpoint->service->wants_certificate)
		SSL_set_verify(connection->ssl, SSL_VERIFY_PEER,
		    accept_certificate);
	SSL_set_fd(connection->ssl, fd);
	TAILQ_INIT(&connection->requests);
	TAILQ_INSERT_TAIL(&endpoint->connections, connection, entry);
	endpoint->counters.connections_opened++;
	endpoint->counters.connections_open++;
	event_assign(&connection->read_event, base, fd, EV_READ | EV_PERSIST,
	    on_read, connection);
	event_assign(&connection->write_event, base, fd, EV_WRITE, on_write,
	    connection);
	evtimer_assign(&connection->end_event, base, on_end, connection);
	if (!endpoint->control.black_hole)
		event_add(&connection->read_event, NULL);
}

void
connection_cut(struct connection *connection, unsigned delay_ms)
{
	struct timeval delay = {
		.tv_sec = delay_ms / 1000,
		.tv_usec = delay_ms % 1000 * 1000,
	};

	if (delay_ms == 0)
		connection->cut = true;
	/* The first cut counts; without a delay it overrides. */
	if (delay_ms == 0 || !evtimer_pending(&connection->end_event, NULL))
		event_add(&connection->end_event, &delay);
}

void
connection_write_soon(struct connection *connection)
{
	event_active(&connection->write_event, EV_WRITE, 0);
}

void
connection_apply_control(struct endpoint *endpoint)
{
	struct connection *connection;

	TAILQ_FOREACH(connection, &endpoint->connections, entry) {
		if (endpoint->control.black_hole) {
			event_del(&connection->read_event);
			event_del(&connection->write_event);
		} else {
			event_add(&connection->read_event, NULL);
		}
		if (connection->protocol != NULL)
			connection->protocol->update_limit(connection);
		if (endpoint->control.cut_connections)
			connection_cut(connection, 0);
		else if (!endpoint->control.black_hole)
			connection_write_soon(connection);
	}
}

void
connection_close_all(struct endpoint *endpoint)
{
	while (!TAILQ_EMPTY(&endpoint->connections))
		connection_close(TAILQ_FIRST(&endpoint->connections), false);
}
