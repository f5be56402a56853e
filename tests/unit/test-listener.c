/* SPDX-License-Identifier: Apache-2.0 */
/* Where requests come from: how many are accepted, and how it ends. */
#include "cgi/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "captured-log.h"
#include "fake-loop.h"
#include "fastcgi-peer.h"
#include "fixture.h"
#include "tap.h"

enum {
	PEERS_MAX = 8,
	IO_TIMEOUT_MS = 5000
};

static const char *const variables[] = { "REQUEST_METHOD=POST", NULL };

static struct {
	struct loop *loop;
	struct listener *listener;
	const char *path;
	int fd;
	struct exchange *exchanges[PEERS_MAX];	/* that have arrived */
	size_t arrived;
	size_t bodies;
	enum exchange_body result;
	unsigned int drained;
	struct fastcgi_peer peers[PEERS_MAX];
	size_t peer_count;
	unsigned int sockets;		/* so far */
} world;

static void
on_body(void *arg, enum exchange_body result, const struct buf *body)
{
	struct exchange **exchange = arg;

	(void)body;
	world.bodies++;
	world.result = result;
	if (result == EXCHANGE_BODY_EXPIRED)
		exchange_finish(*exchange);
}

static void
on_arrival(void *arg, struct exchange *exchange)
{
	(void)arg;
	world.exchanges[world.arrived] = exchange;
	exchange_read_body(exchange, 1000, on_body,
	    &world.exchanges[world.arrived++]);
}

static void
on_drained(void *arg)
{
	(void)arg;
	world.drained++;
}

static int
open_socket(int domain)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);

	world.path = fixture_path(fixture_format("socket-%u",
	    ++world.sockets));
	strcpy(address.sun_path, world.path);
	if (fd == -1 || bind(fd, (struct sockaddr *)&address,
	    sizeof address) == -1 || listen(fd, 16) == -1)
		tap_bail_out("cannot listen: %m");
	return fd;
}

static void
open_world(unsigned int max_in_flight, bool owns_socket)
{
	unsigned int sockets = world.sockets;
	struct error error;

	memset(&world, 0, sizeof world);
	world.sockets = sockets;
	clock_fake(FAKE_LOOP_START_MS, FAKE_LOOP_START_S);
	world.loop = loop_create();
	world.fd = open_socket(AF_UNIX);
	world.listener = listener_create(world.loop, &(struct listener_params){
		.fd = world.fd,
		.out_fd = STDOUT_FILENO,
		.max_in_flight = max_in_flight,
		.io_timeout_ms = IO_TIMEOUT_MS,
		.owns_socket = owns_socket
	}, on_arrival, NULL, &error);
	if (world.listener == NULL)
		tap_bail_out("%s", error.words);
}

static void
close_world(void)
{
	listener_free(world.listener);
	while (world.peer_count > 0)
		fastcgi_peer_free(&world.peers[--world.peer_count]);
	close(world.fd);
	loop_free(world.loop);
}

static void
pass(int64_t ms)
{
	fake_loop_pass(world.loop, ms);
}

/* So many web servers with a request each. */
static void
send_requests(size_t count)
{
	for (; count > 0; count--) {
		struct fastcgi_peer *peer = &world.peers[world.peer_count++];

		fastcgi_peer_connect(peer, world.path);
		fastcgi_peer_request(peer, variables, "body");
	}
}

/* Answers the i-th that arrived; its peer takes it and closes. */
static void
answer(size_t i)
{
	if (i >= world.arrived)
		tap_bail_out("request %zu has not arrived", i);
	exchange_write(world.exchanges[i], "yes", 3);
	exchange_finish(world.exchanges[i]);
	fastcgi_peer_read(&world.peers[i], SIZE_MAX);
	fastcgi_peer_close(&world.peers[i]);
}

/* --- how many ------------------------------------------------------------ */

static void
check_limit(void)
{
	open_world(2, false);
	send_requests(4);
	tap_is_int((int64_t)world.arrived, 0, "requests arrive from the loop");
	pass(1000);
	tap_is_int((int64_t)world.arrived, 2,
	    "no more requests are accepted than may be in flight");
	answer(0);
	pass(0);
	tap_is_int((int64_t)world.arrived, 3,
	    "with an answer another one is");
	listener_limit(world.listener, 4);
	pass(0);
	tap_is_int((int64_t)world.arrived, 4, "a higher limit counts at once");
	listener_limit(world.listener, 1);
	send_requests(1);
	answer(1);
	answer(2);
	pass(0);
	tap_is_int((int64_t)world.arrived, 4,
	    "a lower one keeps what was accepted");
	answer(3);
	pass(0);
	tap_is_int((int64_t)world.arrived, 5,
	    "and counts from the next request on");
	close_world();
}

/* A peer that has its answer but does not close holds no place. */
static void
check_lingering(void)
{
	open_world(1, false);
	send_requests(2);
	pass(0);
	exchange_finish(world.exchanges[0]);
	pass(0);
	tap_is_int((int64_t)world.arrived, 2,
	    "a peer that does not close has no place in flight");
	close_world();
}

/* --- since when ----------------------------------------------------------- */

/* When the i-th that arrived came, since the world was opened. */
static int64_t
came_ms(size_t i)
{
	if (i >= world.arrived)
		tap_bail_out("request %zu has not arrived", i);
	return exchange_came_ms(world.exchanges[i]) - FAKE_LOOP_START_MS;
}

/* How long a request waited is not told: the longest that it may have is. */
static void
check_when_they_came(void)
{
	open_world(1, false);
	pass(1000);
	send_requests(1);
	pass(0);
	tap_is_int(came_ms(0), 1000, "who is accepted at once came just now");
	pass(1000);
	send_requests(1);
	pass(3000);
	answer(0);
	pass(0);
	tap_is_int(came_ms(1), 1000,
	    "who waited may have come since nobody was seen to wait");
	pass(1000);
	answer(1);
	pass(0);
	pass(2000);
	send_requests(1);
	pass(0);
	tap_is_int(came_ms(2), 8000,
	    "once nobody waits, who is accepted at once came just now again");
	pass(1000);
	send_requests(1);
	answer(2);
	pass(0);
	tap_is_int(came_ms(3), 8000,
	    "who came when nobody looked, since somebody did");
	close_world();

	open_world(4, false);
	pass(1000);
	send_requests(2);
	pass(3000);
	send_requests(1);
	pass(0);
	tap_is_int(came_ms(1), 1000, "with room for all, two came together");
	tap_is_int(came_ms(2), 4000, "and another one later");
	close_world();
}

static void
check_descriptors(void)
{
	struct rlimit limit, none;
	int next;

	captured_log_begin();
	open_world(8, false);
	send_requests(2);
	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 ||
	    (next = dup(world.fd)) == -1)
		tap_bail_out("no limit: %m");
	close(next);
	none = limit;
	none.rlim_cur = (rlim_t)next;
	setrlimit(RLIMIT_NOFILE, &none);
	pass(950);
	setrlimit(RLIMIT_NOFILE, &limit);
	tap_is_int((int64_t)world.arrived, 0,
	    "without descriptors nothing is accepted");
	tap_is_int(captured_log_count("cannot accept a request, trying again"),
	    10, "which is logged and tried ten times a second");
	pass(100);
	tap_is_int((int64_t)world.arrived, 2,
	    "with descriptors what waited is served");
	close_world();
}

/* --- the end ------------------------------------------------------------- */

static void
check_stop(void)
{
	open_world(8, false);
	send_requests(1);
	pass(0);
	listener_stop(world.listener, on_drained, NULL);
	send_requests(1);
	pass(1000);
	tap_is_int((int64_t)world.arrived, 1,
	    "a listener that is stopped accepts no more");
	tap_is_int(world.drained, 0, "and is not drained while one is served");
	exchange_finish(world.exchanges[0]);
	pass(1000);
	tap_is_int(world.drained, 0, "nor while its peer may still read");
	fastcgi_peer_close(&world.peers[0]);
	pass(0);
	tap_is_int(world.drained, 1, "but then it is");
	close_world();

	open_world(8, false);
	listener_stop(world.listener, on_drained, NULL);
	tap_is_int(world.drained, 0,
	    "one without requests is not drained from within");
	pass(0);
	tap_is_int(world.drained, 1, "but by the loop");
	close_world();
}

static void
check_owned_socket(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	open_world(1, true);
	send_requests(3);
	pass(0);
	listener_stop(world.listener, on_drained, NULL);
	strcpy(address.sun_path, world.path);
	tap_ok(connect(fd, (struct sockaddr *)&address, sizeof address) == -1,
	    "whose socket is its own refuses new connections");
	close(fd);
	pass(0);
	tap_is_int((int64_t)world.arrived, 3,
	    "and serves those that waited, over its limit too");
	answer(0);
	answer(1);
	answer(2);
	pass(0);
	tap_is_int(world.drained, 1, "before it is drained");
	close_world();
}

static void
check_expire(void)
{
	open_world(8, false);
	send_requests(1);
	world.peer_count = 3;
	fastcgi_peer_connect(&world.peers[1], world.path);
	fastcgi_peer_connect(&world.peers[2], world.path);
	fastcgi_peer_begin(&world.peers[2], variables);
	pass(0);
	listener_stop(world.listener, on_drained, NULL);
	listener_expire(world.listener);
	tap_is_int((int64_t)world.bodies, 2,
	    "told to wait no longer, those in their body are ended");
	tap_is_int(world.result, EXCHANGE_BODY_EXPIRED, "as such");
	fastcgi_peer_read(&world.peers[1], SIZE_MAX);
	tap_ok(world.peers[1].closed, "those that have not arrived are closed");
	fastcgi_peer_read(&world.peers[0], SIZE_MAX);
	tap_ok(!world.peers[0].closed, "those that are served are not");
	answer(0);
	fastcgi_peer_close(&world.peers[2]);
	pass(0);
	tap_is_int(world.drained, 1, "and then nothing is left");
	close_world();
}

static void
check_shut(void)
{
	captured_log_begin();
	open_world(8, false);
	shutdown(world.fd, SHUT_RDWR);
	pass(1000);
	tap_is_int(captured_log_count("has shut the socket that the workers "
	    "share"),
	    1, "a socket that somebody shut down is told of once");
	close_world();
}

/* --- what it is given ---------------------------------------------------- */

static void
check_descriptor_kinds(void)
{
	struct listener_params params = { .out_fd = STDOUT_FILENO,
		.max_in_flight = 1, .io_timeout_ms = IO_TIMEOUT_MS };
	struct loop *loop = loop_create();
	struct error error;
	int fds[2];

	if (pipe(fds) == -1)
		tap_bail_out("no pipe: %m");
	params.fd = fds[0];
	tap_ok(listener_create(loop, &params, on_arrival, NULL, &error) ==
	    NULL, "a pipe is no socket to listen on");
	tap_contains(error.words, "a web server starts this program",
	    "which is said");
	close(fds[0]);
	close(fds[1]);
	loop_free(loop);
}

/* --- CGI: one request, over a pipe and a socket -------------------------- */

static void
check_cgi(void)
{
	struct error error;
	char text[64] = "";
	int in[2], out[2];
	struct listener_params params = { .max_in_flight = 1,
		.io_timeout_ms = IO_TIMEOUT_MS };

	memset(&world, 0, sizeof world);
	clock_fake(FAKE_LOOP_START_MS, FAKE_LOOP_START_S);
	if (pipe(in) == -1 || pipe(out) == -1)
		tap_bail_out("no pipe: %m");
	tap_ok(!listener_is_cgi(in[0]),
	    "without a request in the environment it is no CGI");
	setenv("GATEWAY_INTERFACE", "CGI/1.1", 1);
	setenv("REQUEST_METHOD", "POST", 1);
	setenv("CONTENT_LENGTH", "4", 1);
	tap_ok(listener_is_cgi(in[0]), "with one it is");
	params.fd = in[0];
	params.out_fd = out[1];
	world.loop = loop_create_for_files();
	world.listener = listener_create(world.loop, &params, on_arrival,
	    NULL, &error);
	if (world.listener == NULL)
		tap_bail_out("%s", error.words);
	tap_is_int((int64_t)world.arrived, 0,
	    "its request does not arrive from within");
	listener_stop(world.listener, on_drained, NULL);
	pass(1000);
	tap_is_int((int64_t)world.arrived, 1, "but from the loop");
	tap_is_int((int64_t)world.bodies, 0, "its body is waited for");
	if (write(in[1], "body", 4) != 4)
		tap_bail_out("cannot write");
	pass(0);
	tap_is_int((int64_t)world.bodies, 1, "until it is there");
	exchange_write(world.exchanges[0], "Status: 200\r\n\r\nyes", 18);
	exchange_finish(world.exchanges[0]);
	if (read(out[0], text, sizeof text - 1) == -1)
		tap_bail_out("cannot read");
	tap_is_string(text, "Status: 200\r\n\r\nyes", "it is answered");
	pass(0);
	tap_is_int(world.drained, 1, "and that is all");
	tap_ok(fcntl(out[1], F_GETFD) == -1 && errno == EBADF,
	    "standard output is closed: the web server has the end");
	listener_free(world.listener);
	loop_free(world.loop);
	close(in[1]);
	close(out[0]);
}

int
main(void)
{
	unsetenv("GATEWAY_INTERFACE");
	captured_log_begin();
	check_limit();
	check_lingering();
	check_when_they_came();
	check_descriptors();
	check_stop();
	check_owned_socket();
	check_expire();
	check_shut();
	check_descriptor_kinds();
	check_cgi();
	return tap_done();
}
