/* SPDX-License-Identifier: Apache-2.0 */
#include "fastcgi-peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fastcgi.h>

#include "base/xmalloc.h"
#include "tap.h"

enum {
	/* At first; it grows. */
	FASTCGI_PEER_ROOM = 4096,
	/* One record, and the beginning of the next. */
	FASTCGI_PEER_RECORDS_SIZE = 2 * (FCGI_HEADER_LEN + FCGI_MAX_LENGTH +
	    255)
};

static void
fastcgi_peer_init(struct fastcgi_peer *peer, int fd)
{
	*peer = (struct fastcgi_peer){
		.fd = fd, .room = FASTCGI_PEER_ROOM
	};
	peer->answer = xmalloc(peer->room);
	peer->answer[0] = '\0';
	peer->records = xmalloc(FASTCGI_PEER_RECORDS_SIZE);
}

void
fastcgi_peer_open(struct fastcgi_peer *peer, int *gateway_fd)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
	    fds) == -1)
		tap_bail_out("cannot make sockets: %m");
	fastcgi_peer_init(peer, fds[0]);
	*gateway_fd = fds[1];
}

void
fastcgi_peer_connect(struct fastcgi_peer *peer, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (fd == -1 || connect(fd, (struct sockaddr *)&address,
	    sizeof address) == -1)
		tap_bail_out("cannot connect to %s: %m", path);
	fastcgi_peer_init(peer, fd);
}

void
fastcgi_peer_close(struct fastcgi_peer *peer)
{
	if (peer->fd != -1)
		close(peer->fd);
	peer->fd = -1;
}

void
fastcgi_peer_free(struct fastcgi_peer *peer)
{
	fastcgi_peer_close(peer);
	free(peer->answer);
	free(peer->records);
	peer->answer = peer->records = NULL;
}

/* --- sending ------------------------------------------------------------- */

void
fastcgi_peer_send(struct fastcgi_peer *peer, const void *data, size_t size)
{
	const char *bytes = data;
	ssize_t done = 1;

	while (size > 0 && done > 0) {
		done = send(peer->fd, bytes, size, MSG_NOSIGNAL);
		if (done > 0) {
			bytes += done;
			size -= (size_t)done;
		}
	}
}

static void
fastcgi_peer_send_record(struct fastcgi_peer *peer, unsigned char type,
    const void *content, size_t size)
{
	FCGI_Header header = {
		.version = FCGI_VERSION_1,
		.type = type,
		.requestIdB0 = 1,
		.contentLengthB1 = (unsigned char)(size >> 8),
		.contentLengthB0 = (unsigned char)(size & 255)
	};

	fastcgi_peer_send(peer, &header, sizeof header);
	fastcgi_peer_send(peer, content, size);
}

static size_t
fastcgi_peer_put_length(char *place, size_t length)
{
	size_t size = 1;

	if (length < 128)
		place[0] = (char)length;
	else {
		place[0] = (char)(0x80 | (length >> 24));
		place[1] = (char)(length >> 16);
		place[2] = (char)(length >> 8);
		place[3] = (char)length;
		size = 4;
	}
	return size;
}

void
fastcgi_peer_begin(struct fastcgi_peer *peer, const char *const variables[])
{
	static const FCGI_BeginRequestBody begin = {
		.roleB0 = FCGI_RESPONDER
	};
	char pairs[FCGI_MAX_LENGTH];
	size_t size = 0, i;

	for (i = 0; variables[i] != NULL; i++) {
		const char *value = strchr(variables[i], '=') + 1;
		size_t name = (size_t)(value - 1 - variables[i]);

		size += fastcgi_peer_put_length(pairs + size, name);
		size += fastcgi_peer_put_length(pairs + size, strlen(value));
		memcpy(pairs + size, variables[i], name);
		memcpy(pairs + size + name, value, strlen(value));
		size += name + strlen(value);
	}
	fastcgi_peer_send_record(peer, FCGI_BEGIN_REQUEST, &begin,
	    sizeof begin);
	if (size > 0)
		fastcgi_peer_send_record(peer, FCGI_PARAMS, pairs, size);
	fastcgi_peer_send_record(peer, FCGI_PARAMS, "", 0);
}

void
fastcgi_peer_body_part(struct fastcgi_peer *peer, const char *data,
    size_t size)
{
	size_t part;

	do {
		part = size < FCGI_MAX_LENGTH ? size : FCGI_MAX_LENGTH;
		fastcgi_peer_send_record(peer, FCGI_STDIN, data, part);
		data += part;
		size -= part;
	} while (size > 0);
}

void
fastcgi_peer_body(struct fastcgi_peer *peer, const char *text)
{
	fastcgi_peer_body_part(peer, text, strlen(text));
}

void
fastcgi_peer_abort(struct fastcgi_peer *peer)
{
	fastcgi_peer_send_record(peer, FCGI_ABORT_REQUEST, "", 0);
}

void
fastcgi_peer_request(struct fastcgi_peer *peer,
    const char *const variables[], const char *body)
{
	fastcgi_peer_begin(peer, variables);
	if (*body != '\0')
		fastcgi_peer_body(peer, body);
	fastcgi_peer_body(peer, "");
}

/* --- reading ------------------------------------------------------------- */

static void
fastcgi_peer_append(struct fastcgi_peer *peer, const void *data, size_t size)
{
	while (peer->size + size >= peer->room) {
		peer->room *= 2;
		peer->answer = xreallocarray(peer->answer, peer->room, 1);
	}
	memcpy(peer->answer + peer->size, data, size);
	peer->size += size;
	peer->answer[peer->size] = '\0';
}

static void
fastcgi_peer_take(struct fastcgi_peer *peer)
{
	size_t used = 0;

	while (peer->record_size - used >= FCGI_HEADER_LEN) {
		const unsigned char *header =
		    (const unsigned char *)peer->records + used;
		size_t length = (size_t)header[4] * 256 + header[5];

		if (peer->record_size - used <
		    FCGI_HEADER_LEN + length + header[6])
			break;
		if (header[1] == FCGI_STDOUT)
			fastcgi_peer_append(peer, header + FCGI_HEADER_LEN,
			    length);
		else if (header[1] == FCGI_END_REQUEST)
			peer->ended = true;
		used += FCGI_HEADER_LEN + length + header[6];
	}
	peer->record_size -= used;
	memmove(peer->records, peer->records + used, peer->record_size);
}

void
fastcgi_peer_read(struct fastcgi_peer *peer, size_t most)
{
	ssize_t got = 1;

	while (most > 0 && got > 0) {
		size_t room = FASTCGI_PEER_RECORDS_SIZE - peer->record_size;

		got = recv(peer->fd, peer->records + peer->record_size,
		    most < room ? most : room, 0);
		if (got > 0) {
			peer->record_size += (size_t)got;
			most -= (size_t)got;
			fastcgi_peer_take(peer);
		}
	}
	if (got == 0 || (got == -1 && errno != EAGAIN))
		peer->closed = true;
}
