/* SPDX-License-Identifier: Apache-2.0 */
/* One connection: how curl and the loop are brought together, and how many
 * requests may be on it.  curl and the loop are played by this program. */
#define CURL_DISABLE_TYPECHECK
#include "http/connection.h"

#include <stdarg.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tap.h"

/* A macro, for checks by the compiler. */
#undef curl_multi_setopt

/* --- curl ---------------------------------------------------------------- */

enum {
	STREAMS = 500
};

static struct {
	curl_socket_callback socket_fn;
	void *socket_arg;
	curl_multi_timer_callback timer_fn;
	void *timer_arg;
	long connections;
	long streams;
	void *assigned;		/* to the socket */
	unsigned int actions;
	curl_socket_t fd;	/* of the latest one */
	int events;
	bool corked;		/* the socket, while curl was at work */
	CURLMsg messages[2];	/* that wait to be read */
	size_t message_count;
	bool makes_nothing;
	bool adds_nothing;
} curl;

/* A socket in the place of standard input, where web servers have theirs. */
static const int tcp = STDIN_FILENO;

CURLM *
curl_multi_init(void)
{
	return curl.makes_nothing ? NULL : &curl;
}

CURLMcode
curl_multi_cleanup(CURLM *multi)
{
	(void)multi;
	return CURLM_OK;
}

CURLMcode
curl_multi_setopt(CURLM *multi, CURLMoption option, ...)
{
	va_list ap;

	(void)multi;
	va_start(ap, option);
	if (option == CURLMOPT_SOCKETFUNCTION)
		curl.socket_fn = va_arg(ap, curl_socket_callback);
	else if (option == CURLMOPT_SOCKETDATA)
		curl.socket_arg = va_arg(ap, void *);
	else if (option == CURLMOPT_TIMERFUNCTION)
		curl.timer_fn = va_arg(ap, curl_multi_timer_callback);
	else if (option == CURLMOPT_TIMERDATA)
		curl.timer_arg = va_arg(ap, void *);
	else if (option == CURLMOPT_MAX_HOST_CONNECTIONS)
		curl.connections = va_arg(ap, long);
	else if (option == CURLMOPT_MAX_CONCURRENT_STREAMS)
		curl.streams = va_arg(ap, long);
	else
		tap_bail_out("option %d is not known", (int)option);
	va_end(ap);
	return CURLM_OK;
}

CURLMcode
curl_multi_add_handle(CURLM *multi, CURL *easy)
{
	(void)multi;
	(void)easy;
	return curl.adds_nothing ? CURLM_INTERNAL_ERROR : CURLM_OK;
}

CURLMcode
curl_multi_remove_handle(CURLM *multi, CURL *easy)
{
	(void)multi;
	(void)easy;
	return CURLM_OK;
}

CURLMcode
curl_multi_assign(CURLM *multi, curl_socket_t fd, void *arg)
{
	(void)multi;
	if (fd != tcp)
		tap_bail_out("%d is not the socket", fd);
	curl.assigned = arg;
	return CURLM_OK;
}

static bool
is_corked(void)
{
	int on = 0;
	socklen_t size = sizeof on;

	if (getsockopt(tcp, IPPROTO_TCP, TCP_CORK, &on, &size) == -1)
		tap_bail_out("getsockopt");
	return on != 0;
}

CURLMcode
curl_multi_socket_action(CURLM *multi, curl_socket_t fd, int events,
    int *running)
{
	(void)multi;
	curl.actions++;
	curl.fd = fd;
	curl.events = events;
	curl.corked = is_corked();
	*running = 0;
	return CURLM_OK;
}

CURLMsg *
curl_multi_info_read(CURLM *multi, int *left)
{
	(void)multi;
	*left = 0;
	return curl.message_count == 0 ? NULL :
	    &curl.messages[--curl.message_count];
}

/* --- the loop ------------------------------------------------------------ */

struct loop_watch {
	int fd;
	unsigned int events;
	loop_ready_fn ready;
	void *arg;
	unsigned int created;
	unsigned int freed;
};

struct loop_timer {
	loop_fire_fn fire;
	void *arg;
	int64_t delay_ms;	/* -1: it is stopped */
};

static struct loop_watch watch;
static struct loop_timer timer;

struct loop_watch *
loop_watch_create(struct loop *loop, int fd, unsigned int events,
    loop_ready_fn ready, void *arg)
{
	(void)loop;
	watch = (struct loop_watch){ .fd = fd, .events = events,
		.ready = ready, .arg = arg, .created = watch.created + 1,
		.freed = watch.freed };
	return &watch;
}

void
loop_watch_change(struct loop_watch *changed, unsigned int events)
{
	changed->events = events;
}

void
loop_watch_free(struct loop_watch *freed)
{
	freed->freed++;
}

struct loop_timer *
loop_timer_create(struct loop *loop, loop_fire_fn fire, void *arg)
{
	(void)loop;
	timer = (struct loop_timer){ .fire = fire, .arg = arg,
		.delay_ms = -1 };
	return &timer;
}

void
loop_timer_start(struct loop_timer *started, int64_t delay_ms)
{
	started->delay_ms = delay_ms;
}

void
loop_timer_stop(struct loop_timer *stopped)
{
	stopped->delay_ms = -1;
}

void
loop_timer_free(struct loop_timer *freed)
{
	(void)freed;
}

/* --- its owner ----------------------------------------------------------- */

static struct {
	unsigned int ended;
	const CURL *easy;	/* the latest one */
	CURLcode code;
	unsigned int settled;
} owner;

static void
on_ended(void *arg, CURL *easy, CURLcode code)
{
	(void)arg;
	owner.ended++;
	owner.easy = easy;
	owner.code = code;
}

static void
on_settled(void *arg)
{
	(void)arg;
	owner.settled++;
}

static struct http_connection *
create(bool warm_up)
{
	memset(&curl, 0, sizeof curl);
	memset(&watch, 0, sizeof watch);
	memset(&owner, 0, sizeof owner);
	clock_fake(5000, 1700000000);
	return http_connection_create(&(struct http_connection_params){
		.max_streams = STREAMS, .warm_up = warm_up,
		.ended = on_ended, .settled = on_settled });
}

/* --- curl and the loop --------------------------------------------------- */

static void
check_options(void)
{
	struct http_connection *connection = create(false);

	tap_is_int(curl.connections, 2,
	    "curl may want a second connection, which it is not given");
	tap_is_int(curl.streams, STREAMS, "it may have so many streams");
	tap_ok(curl.socket_arg == connection && curl.timer_arg == connection,
	    "it tells this connection");
	http_connection_free(connection);
}

static int
tell(int what, void *assigned)
{
	return curl.socket_fn(NULL, tcp, what, curl.socket_arg, assigned);
}

static void
check_events(void)
{
	static const struct {
		unsigned int ready;
		int told;
	} rows[] = {
		{ LOOP_READ, CURL_CSELECT_IN },
		{ LOOP_WRITE, CURL_CSELECT_OUT },
		{ LOOP_READ | LOOP_WRITE, CURL_CSELECT_IN | CURL_CSELECT_OUT },
	};
	struct http_connection *connection = create(false);
	size_t i;

	tap_is_int(tell(CURL_POLL_IN, NULL), 0, "curl waits for a socket");
	tap_ok(watch.created == 1 && watch.fd == tcp &&
	    watch.events == LOOP_READ && curl.assigned == &watch,
	    "it is watched, to be read");
	tap_is_int(tell(CURL_POLL_OUT, &watch), 0, "curl waits otherwise");
	tap_is_int(watch.events, LOOP_WRITE, "it is watched, to be written");
	tell(CURL_POLL_INOUT, &watch);
	tap_is_int(watch.events, LOOP_READ | LOOP_WRITE, "or for both");
	tell(CURL_POLL_NONE, &watch);
	tap_is_int(watch.events, 0, "or for nothing");
	tap_ok(watch.created == 1 && watch.freed == 0, "by the same watch");
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		watch.ready(watch.arg, tcp, rows[i].ready);
		tap_is_int(curl.actions, (int64_t)i + 1, "curl is at work");
		tap_is_int(curl.fd, tcp, "... with the socket");
		tap_is_int(curl.events, rows[i].told, "... that is ready so");
		tap_is_int(owner.settled, (int64_t)i + 1,
		    "... and its owner learns of it");
	}
	tap_is_int(tell(CURL_POLL_REMOVE, &watch), 0, "curl has closed it");
	tap_ok(watch.freed == 1 && watch.created == 1 &&
	    curl.assigned == NULL, "it is no longer watched");
	http_connection_free(connection);
}

static void
check_ends(void)
{
	struct http_connection *connection = create(false);
	int easy, other;

	tell(CURL_POLL_IN, NULL);
	curl.messages[0] = (CURLMsg){ .msg = CURLMSG_NONE,
		.easy_handle = &other };
	curl.messages[1] = (CURLMsg){ .msg = CURLMSG_DONE,
		.easy_handle = &easy };
	curl.messages[1].data.result = CURLE_RECV_ERROR;
	curl.message_count = 2;
	watch.ready(watch.arg, tcp, LOOP_READ);
	tap_is_int(owner.ended, 1, "what is done is told, and nothing else");
	tap_ok(owner.easy == &easy && owner.code == CURLE_RECV_ERROR,
	    "... with how it ended");
	tap_is_int(owner.settled, 1, "... and once that there is no more");
	curl.message_count = 0;
	timer.fire(timer.arg);
	tap_is_int(owner.settled, 2, "so does curl's own time");
	http_connection_free(connection);
}

static void
check_timer(void)
{
	struct http_connection *connection = create(false);

	tap_is_int(curl.timer_fn(&curl, 50, curl.timer_arg), 0,
	    "curl wants to be called");
	tap_is_int(timer.delay_ms, 50, "it is, then");
	curl.timer_fn(&curl, 0, curl.timer_arg);
	tap_is_int(timer.delay_ms, 0, "or at once");
	timer.fire(timer.arg);
	tap_is_int(curl.fd, CURL_SOCKET_TIMEOUT, "without a socket");
	tap_is_int(curl.events, 0, "... or an event");
	tap_is_int(curl.timer_fn(&curl, -1, curl.timer_arg), 0,
	    "it no longer does");
	tap_is_int(timer.delay_ms, -1, "nothing calls it");
	http_connection_free(connection);
}

/* Adds so many, and lets curl begin them. */
static bool
begin_corked(struct http_connection *connection, unsigned int count)
{
	static int easy;

	while (count-- > 0)
		http_connection_add(connection, &easy);
	timer.fire(timer.arg);
	if (is_corked())
		tap_bail_out("the socket stays corked");
	return curl.corked;
}

static void
check_cork(void)
{
	struct http_connection *connection = create(false);

	tap_ok(!begin_corked(connection, 2), "without a socket none is corked");
	tell(CURL_POLL_IN, NULL);
	tap_ok(!begin_corked(connection, 1), "one request goes out at once");
	tap_ok(begin_corked(connection, 2), "two go out together");
	tap_ok(!begin_corked(connection, 1), "each counts only once");
	tap_ok(begin_corked(connection, 3), "three go out together, too");
	tell(CURL_POLL_REMOVE, &watch);
	tap_ok(!begin_corked(connection, 2),
	    "a socket that was closed is left alone");
	http_connection_free(connection);
}

/* --- how many requests --------------------------------------------------- */

static void
check_limit(void)
{
	struct http_connection *connection = create(false);
	static int easy;

	tap_is_int(http_connection_limit(connection, false), 1,
	    "one request may be on it until it is open");
	http_connection_add(connection, &easy);
	http_connection_note_sent(connection);
	tap_is_int(http_connection_limit(connection, false), 100,
	    "a hundred until it has answered");
	tap_is_int(http_connection_limit(connection, true), 1,
	    "one after a failure");
	tap_is_int(http_connection_prospect(connection), STREAMS - 1,
	    "that is how many more there will be");
	http_connection_answered(connection, true);
	tap_is_int(http_connection_limit(connection, true), STREAMS,
	    "then as many as are wanted");
	tap_is_int(http_connection_prospect(connection), 0,
	    "none of which are yet to be");
	http_connection_remove(connection, &easy, true);
	http_connection_free(connection);
}

/* One that is to be warmed up, and has answered. */
static void
check_warm(void)
{
	struct http_connection *connection = create(true);
	static int easy;

	http_connection_add(connection, &easy);
	http_connection_note_sent(connection);
	http_connection_answered(connection, true);
	tap_is_int(http_connection_limit(connection, false), 1,
	    "one that is not warm has one request");
	tap_is_int(http_connection_prospect(connection), STREAMS - 1,
	    "and will have the others");
	connection->warm = true;
	tap_is_int(http_connection_limit(connection, false), STREAMS,
	    "one that is has all");
	tap_is_int(http_connection_prospect(connection), 0,
	    "and none are yet to be");
	clock_fake(9000, 1700000004);
	tap_is_int(http_connection_limit(connection, false), STREAMS,
	    "with a request on it it stays warm");
	http_connection_remove(connection, &easy, true);
	clock_fake(10000, 1700000005);
	tap_is_int(http_connection_limit(connection, false), STREAMS,
	    "for a second after it, too");
	clock_fake(10001, 1700000005);
	tap_is_int(http_connection_limit(connection, false), 1,
	    "and no longer");
	http_connection_free(connection);
}

static void
check_refused(void)
{
	struct http_connection *connection = create(false);
	static int easy;
	unsigned int i;

	tap_ok(!http_connection_refused(connection),
	    "what refuses the first request takes none");
	for (i = 0; i < 3; i++) {
		http_connection_add(connection, &easy);
		http_connection_note_sent(connection);
	}
	tap_ok(http_connection_refused(connection) && connection->full,
	    "what refuses the fourth is full");
	tap_is_int(http_connection_limit(connection, false), 3,
	    "that is its limit");
	tap_is_int(http_connection_prospect(connection), 0,
	    "it will have no more");
	tap_ok(http_connection_refused(connection),
	    "the same again is no other limit");
	http_connection_remove(connection, &easy, true);
	tap_ok(!http_connection_refused(connection),
	    "what takes fewer than before is going away");
	http_connection_answered(connection, true);
	tap_ok(!connection->full, "an answer shows that it is not full");
	tap_is_int(http_connection_limit(connection, false), 3,
	    "and may have one more than it took");
	for (i = 0; i < STREAMS; i++)
		http_connection_answered(connection, true);
	tap_is_int(http_connection_limit(connection, false), STREAMS,
	    "until it has all that are wanted");
	http_connection_answered(connection, false);
	tap_is_int(http_connection_limit(connection, false), 1,
	    "over HTTP/1.1 it is one");
	http_connection_answered(connection, false);
	tap_is_int(http_connection_limit(connection, false), 1,
	    "and stays so");
	http_connection_free(connection);
}

static void
check_silence(void)
{
	struct http_connection *connection = create(false);
	struct http_connection *other;
	static int easy;

	clock_fake(1000000, 1700000000);
	tap_ok(!http_connection_is_silent(connection),
	    "nothing is owed by what was asked nothing");
	http_connection_add(connection, &easy);
	clock_fake(1000500, 1700000000);
	http_connection_add(connection, &easy);
	clock_fake(1001000, 1700000001);
	tap_ok(!http_connection_is_silent(connection),
	    "a second may pass since the first request");
	clock_fake(1001001, 1700000001);
	tap_ok(http_connection_is_silent(connection), "and no more");
	other = http_connection_create(&connection->params);
	tap_ok(http_connection_is_better(connection, NULL),
	    "it is better than none");
	http_connection_add(other, &easy);
	http_connection_add(other, &easy);
	http_connection_add(other, &easy);
	tap_ok(http_connection_is_better(other, connection) &&
	    !http_connection_is_better(connection, other),
	    "one that answers is better, however much is on it");
	http_connection_answered(connection, true);
	tap_ok(!http_connection_is_silent(connection), "an answer ends it");
	tap_ok(http_connection_is_better(connection, other) &&
	    !http_connection_is_better(other, connection),
	    "then one with fewer requests is");
	http_connection_add(connection, &easy);
	tap_ok(!http_connection_is_better(connection, other) &&
	    !http_connection_is_better(other, connection),
	    "with as many neither is");
	http_connection_remove(connection, &easy, false);
	http_connection_remove(connection, &easy, false);
	http_connection_answered(connection, true);
	clock_fake(1005000, 1700000005);
	tap_ok(!http_connection_is_silent(connection),
	    "with the last answer nothing is owed");
	http_connection_free(connection);
	http_connection_free(other);
}

/* --- curl without memory ------------------------------------------------- */

static void
add_one(struct http_connection *connection)
{
	static int easy;

	http_connection_add(connection, &easy);
}

/* Whether the program ends of it, as it does without memory. */
static bool
is_fatal(void (*does)(struct http_connection *connection),
    struct http_connection *connection)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
		does(connection);
		_exit(0);
	}
	if (child == -1 || waitpid(child, &status, 0) != child)
		tap_bail_out("there is no child");
	return WIFEXITED(status) && WEXITSTATUS(status) != 0;
}

static void
create_one(struct http_connection *connection)
{
	http_connection_create(&connection->params);
}

static void
check_fatal(void)
{
	struct http_connection *connection = create(false);

	curl.makes_nothing = curl.adds_nothing = true;
	tap_ok(is_fatal(create_one, connection),
	    "without a multi handle there is no going on");
	tap_ok(is_fatal(add_one, connection),
	    "nor where curl takes no request");
	http_connection_free(connection);
}

int
main(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd == -1 || dup2(fd, tcp) == -1)
		tap_bail_out("there is no socket");
	if (fd != tcp)
		close(fd);
	check_options();
	check_events();
	check_ends();
	check_timer();
	check_cork();
	check_limit();
	check_warm();
	check_refused();
	check_silence();
	check_fatal();
	return tap_done();
}
