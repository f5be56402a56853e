/* SPDX-License-Identifier: Apache-2.0 */
#define CURL_DISABLE_TYPECHECK
#include "fake-curl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "fake-curl-easy.h"
#include "tap.h"

/* A macro, for checks by the compiler. */
#undef curl_multi_setopt

TAILQ_HEAD(fake_easy_list, fake_easy);

/* A connection's worth of requests: what a CURLM is. */
struct fake_multi {
	TAILQ_ENTRY(fake_multi) entry;
	struct fake_easy_list running;
	struct fake_easy_list ended;	/* to be told by info_read */
	curl_multi_timer_callback timer_fn;
	void *timer_arg;
	unsigned int connection;	/* 0: none is open */
	bool goes_away;
	int64_t opened_ms;
	int64_t used_ms;
	unsigned int in_flight;
	CURLMsg message;
};

static struct {
	struct fake_curl_hooks hooks;
	struct fake_curl_counts counts;
	TAILQ_HEAD(, fake_multi) multis;
	unsigned int streams;		/* 0: any number */
	const char *const *addresses;
	bool initialised;
} fake_curl;

static const char *const fake_curl_public[] = { "192.31.196.1", NULL };

void
fake_curl_begin(const struct fake_curl_hooks *hooks)
{
	unsigned int easy_handles = fake_curl.counts.easy_handles;
	unsigned int multi_handles = fake_curl.counts.multi_handles;

	fake_curl.hooks = *hooks;
	fake_curl.counts = (struct fake_curl_counts){
		.easy_handles = easy_handles, .multi_handles = multi_handles
	};
	fake_curl.streams = 0;
	fake_curl_set_addresses(fake_curl_public);
	if (!fake_curl.initialised)
		TAILQ_INIT(&fake_curl.multis);
	fake_curl.initialised = true;
}

const struct fake_curl_counts *
fake_curl_counts(void)
{
	return &fake_curl.counts;
}

CURLcode
curl_global_init(long flags)
{
	(void)flags;
	return CURLE_OK;
}

void
curl_global_cleanup(void)
{
}

/* --- requests ------------------------------------------------------------ */

CURL *
curl_easy_init(void)
{
	struct fake_easy *easy = xcalloc(1, sizeof *easy);

	fake_curl.counts.easy_handles++;
	return easy;
}

void
curl_easy_cleanup(CURL *handle)
{
	struct fake_easy *easy = handle;

	if (easy == NULL)
		return;
	if (easy->multi != NULL)
		tap_bail_out("a handle is cleaned up while it is in use");
	if (easy->body != NULL || easy->headers != NULL ||
	    easy->words != NULL)
		tap_bail_out("a handle still has what was a request's");
	fake_curl.counts.easy_handles--;
	free(easy);
}

/* --- connections --------------------------------------------------------- */

CURLM *
curl_multi_init(void)
{
	struct fake_multi *multi = xcalloc(1, sizeof *multi);

	TAILQ_INIT(&multi->running);
	TAILQ_INIT(&multi->ended);
	TAILQ_INSERT_TAIL(&fake_curl.multis, multi, entry);
	fake_curl.counts.multi_handles++;
	return multi;
}

CURLMcode
curl_multi_cleanup(CURLM *handle)
{
	struct fake_multi *multi = handle;

	if (!TAILQ_EMPTY(&multi->running) || !TAILQ_EMPTY(&multi->ended))
		tap_bail_out("a connection is freed with requests on it");
	TAILQ_REMOVE(&fake_curl.multis, multi, entry);
	fake_curl.counts.multi_handles--;
	free(multi);
	return CURLM_OK;
}

CURLMcode
curl_multi_setopt(CURLM *handle, CURLMoption option, ...)
{
	struct fake_multi *multi = handle;
	va_list ap;

	va_start(ap, option);
	if (option == CURLMOPT_TIMERFUNCTION)
		multi->timer_fn = va_arg(ap, curl_multi_timer_callback);
	else if (option == CURLMOPT_TIMERDATA)
		multi->timer_arg = va_arg(ap, void *);
	va_end(ap);
	return CURLM_OK;
}

CURLMcode
curl_multi_assign(CURLM *handle, curl_socket_t fd, void *arg)
{
	(void)handle;
	(void)fd;
	(void)arg;
	return CURLM_OK;
}

/* Asks to be called when the next request ends, or a new one begins. */
static void
fake_multi_schedule(struct fake_multi *multi)
{
	int64_t now_ms = clock_monotonic_ms(), next_ms = INT64_MAX;
	const struct fake_easy *easy;

	TAILQ_FOREACH(easy, &multi->running, entry) {
		if (easy->number == 0)
			next_ms = now_ms;
		else if (easy->end_ms != FAKE_CURL_NEVER &&
		    easy->end_ms < next_ms)
			next_ms = easy->end_ms;
	}
	multi->timer_fn(multi, next_ms == INT64_MAX ? -1 : next_ms < now_ms ?
	    0 : (long)(next_ms - now_ms), multi->timer_arg);
}

CURLMcode
curl_multi_add_handle(CURLM *handle, CURL *easy_handle)
{
	struct fake_multi *multi = handle;
	struct fake_easy *easy = easy_handle;

	if (easy->multi != NULL)
		tap_bail_out("a handle is added twice");
	easy->multi = multi;
	easy->number = 0;
	easy->connects = 0;
	easy->is_ended = false;
	easy->answer = (struct fake_curl_answer){ .status = 0 };
	TAILQ_INSERT_TAIL(&multi->running, easy, entry);
	fake_multi_schedule(multi);
	return CURLM_OK;
}

static void
fake_easy_leave(struct fake_easy *easy)
{
	struct fake_multi *multi = easy->multi;

	TAILQ_REMOVE(easy->is_ended ? &multi->ended : &multi->running, easy,
	    entry);
	if (easy->number != 0 && !easy->is_ended) {
		multi->in_flight--;
		multi->used_ms = clock_monotonic_ms();
		fake_curl.counts.in_flight--;
	}
}

CURLMcode
curl_multi_remove_handle(CURLM *handle, CURL *easy_handle)
{
	struct fake_multi *multi = handle;
	struct fake_easy *easy = easy_handle;
	bool cancelled = easy->number != 0 && !easy->is_ended;

	fake_easy_leave(easy);
	easy->multi = NULL;
	if (cancelled && fake_curl.hooks.cancelled != NULL)
		fake_curl.hooks.cancelled(fake_curl.hooks.arg, easy->number);
	fake_multi_schedule(multi);
	return CURLM_OK;
}

/* --- at work ------------------------------------------------------------- */

/* True if a request must open another connection. */
static bool
fake_multi_is_shut(const struct fake_multi *multi,
    const struct fake_easy *easy)
{
	int64_t now_ms = clock_monotonic_ms();

	return multi->connection == 0 || multi->goes_away ||
	    (fake_curl.streams > 0 &&
	    multi->in_flight >= fake_curl.streams) ||
	    (multi->in_flight == 0 &&
	    ((easy->idle_ms > 0 && now_ms - multi->used_ms > easy->idle_ms) ||
	    (easy->age_ms > 0 && now_ms - multi->opened_ms > easy->age_ms)));
}

static void
fake_easy_ask_script(struct fake_easy *easy, bool opens)
{
	struct fake_multi *multi = easy->multi;
	char url[2 * MESSAGE_URL_SIZE];

	snprintf(url, sizeof url, "%s%s", easy->url, easy->target);
	easy->answer = (struct fake_curl_answer){
		.after_ms = FAKE_CURL_NEVER
	};
	if (fake_curl.hooks.sent != NULL) {
		easy->answer.after_ms = 0;
		fake_curl.hooks.sent(fake_curl.hooks.arg,
		    &(struct fake_curl_request){ .number = easy->number,
			.connection = multi->connection,
			.opens = opens,
			.in_flight = multi->in_flight,
			.is_get = easy->is_get,
			.url = url,
			.target = easy->target,
			.body = easy->body,
			.headers = easy->headers,
			.protocols = easy->protocols,
			.proxy = easy->proxy,
			.shuffles = easy->shuffles,
			.lookup_lasts_s = easy->lookup_lasts_s },
		    &easy->answer);
	}
}

/* When it ends, by the script or by its own time. */
static void
fake_easy_set_end(struct fake_easy *easy)
{
	int64_t now_ms = clock_monotonic_ms();

	easy->end_ms = easy->answer.after_ms == FAKE_CURL_NEVER ?
	    FAKE_CURL_NEVER : now_ms + easy->answer.after_ms;
	if (easy->timeout_ms > 0 && (easy->end_ms == FAKE_CURL_NEVER ||
	    easy->end_ms > now_ms + easy->timeout_ms)) {
		easy->end_ms = now_ms + easy->timeout_ms;
		easy->answer = (struct fake_curl_answer){
			.code = CURLE_OPERATION_TIMEDOUT,
			.unsent = easy->answer.unsent
		};
	}
}

/* True if it may open a connection. */
static bool
fake_easy_may_connect(const struct fake_easy *easy)
{
	return easy->lookup_fn(NULL, NULL, easy->lookup_arg) == 0;
}

/* True if it is given a socket for that address. */
static bool
fake_easy_opens(const struct fake_easy *easy, const char *text)
{
	struct curl_sockaddr address = {
		.family = AF_INET, .socktype = SOCK_STREAM
	};
	struct sockaddr_in socket = { .sin_family = AF_INET };
	curl_socket_t fd;

	if (inet_pton(AF_INET, text, &socket.sin_addr) != 1)
		tap_bail_out("%s is no address of IPv4", text);
	memcpy(&address.addr, &socket, sizeof socket);
	fd = easy->open_fn(easy->open_arg, CURLSOCKTYPE_IPCXN, &address);
	if (fd != CURL_SOCKET_BAD)
		close(fd);
	return fd != CURL_SOCKET_BAD;
}

/* True if there is an address that it may connect to. */
static bool
fake_easy_finds_address(const struct fake_easy *easy)
{
	const char *const *address = fake_curl.addresses;

	while (*address != NULL && !fake_easy_opens(easy, *address))
		address++;
	return *address != NULL;
}

/* The callback does not let it. */
static void
fake_easy_stop(struct fake_easy *easy, CURLcode code)
{
	fake_curl.counts.stopped++;
	easy->answer = (struct fake_curl_answer){ .code = code };
	TAILQ_REMOVE(&easy->multi->running, easy, entry);
	TAILQ_INSERT_TAIL(&easy->multi->ended, easy, entry);
	easy->is_ended = true;
}

static void
fake_easy_start(struct fake_easy *easy)
{
	static char nowhere[] = "";
	struct fake_multi *multi = easy->multi;
	int64_t now_ms = clock_monotonic_ms();
	bool opens = fake_multi_is_shut(multi, easy);

	if (opens && !fake_easy_may_connect(easy)) {
		fake_easy_stop(easy, CURLE_COULDNT_RESOLVE_HOST);
		return;
	}
	if (opens && !fake_easy_finds_address(easy)) {
		fake_easy_stop(easy, CURLE_COULDNT_CONNECT);
		return;
	}
	if (opens) {
		multi->connection = ++fake_curl.counts.opened;
		multi->goes_away = false;
		multi->opened_ms = now_ms;
	}
	multi->used_ms = now_ms;
	multi->in_flight++;
	easy->connects = opens;
	easy->number = ++fake_curl.counts.sent;
	if (++fake_curl.counts.in_flight > fake_curl.counts.in_flight_max)
		fake_curl.counts.in_flight_max = fake_curl.counts.in_flight;
	fake_easy_ask_script(easy, opens);
	fake_easy_set_end(easy);
	if (!easy->answer.unsent && easy->request_fn(easy->request_arg,
	    nowhere, nowhere, 0, 0) != CURL_PREREQFUNC_OK)
		tap_bail_out("a request is stopped that was never sent");
}

/* True if libcurl would send it once more now. */
static bool
fake_easy_is_repeated(struct fake_easy *easy)
{
	const struct fake_curl_answer *answer = &easy->answer;
	bool broken = !answer->refused && answer->status == 0 &&
	    easy->connects == 0 &&
	    (answer->code == CURLE_RECV_ERROR ||
	    answer->code == CURLE_SEND_ERROR);

	if (broken && easy->words != NULL)
		strcpy(easy->words, "the connection broke");
	return (answer->refused || broken) && !answer->unsent;
}

static void
fake_easy_end(struct fake_easy *easy)
{
	struct fake_curl_answer *answer = &easy->answer;
	size_t size = answer->body == NULL ? 0 : answer->body_size != 0 ?
	    answer->body_size : strlen(answer->body);

	/* curl's own copy may be written to. */
	if (size > 0) {
		char *copy = xmalloc(size);

		memcpy(copy, answer->body, size);
		if (easy->write_fn(copy, 1, size, easy->write_arg) != size)
			answer->code = CURLE_WRITE_ERROR;
		free(copy);
	}
	if (answer->refused) {
		answer->code = CURLE_SEND_ERROR;
		easy->multi->goes_away = true;
	}
	if (fake_easy_is_repeated(easy) && fake_easy_may_connect(easy))
		tap_bail_out("libcurl repeats a request by itself");
	if (answer->code != CURLE_OK && easy->words != NULL &&
	    !answer->wordless)
		strcpy(easy->words, "the script says so");
	fake_easy_leave(easy);
	easy->is_ended = true;
	TAILQ_INSERT_TAIL(&easy->multi->ended, easy, entry);
	if (fake_curl.hooks.ended != NULL)
		fake_curl.hooks.ended(fake_curl.hooks.arg, easy->number,
		    answer->code);
	if (answer->cuts)
		fake_curl_cut(easy->multi->connection);
}

void
fake_curl_go_away(unsigned int connection)
{
	struct fake_multi *multi;

	TAILQ_FOREACH(multi, &fake_curl.multis, entry) {
		if (multi->connection == connection)
			multi->goes_away = true;
	}
}

void
fake_curl_set_addresses(const char *const *addresses)
{
	fake_curl.addresses = addresses;
}

void
fake_curl_set_streams(unsigned int streams)
{
	fake_curl.streams = streams;
}

void
fake_curl_cut(unsigned int connection)
{
	struct fake_multi *multi;
	struct fake_easy *easy, *next;

	if (connection == 0)
		return;
	TAILQ_FOREACH(multi, &fake_curl.multis, entry) {
		if (multi->connection != connection)
			continue;
		multi->connection = 0;
		for (easy = TAILQ_FIRST(&multi->running); easy != NULL;
		     easy = next) {
			next = TAILQ_NEXT(easy, entry);
			if (easy->number == 0 || easy->answer.unsent)
				continue;
			easy->answer = (struct fake_curl_answer){
				.code = CURLE_RECV_ERROR
			};
			easy->end_ms = clock_monotonic_ms();
		}
		fake_multi_schedule(multi);
	}
}

CURLMcode
curl_multi_socket_action(CURLM *handle, curl_socket_t fd, int events,
    int *running)
{
	struct fake_multi *multi = handle;
	struct fake_easy *easy, *next;
	int64_t now_ms = clock_monotonic_ms();

	(void)fd;
	(void)events;
	for (easy = TAILQ_FIRST(&multi->running); easy != NULL; easy = next) {
		next = TAILQ_NEXT(easy, entry);
		if (easy->number == 0)
			fake_easy_start(easy);
	}
	for (easy = TAILQ_FIRST(&multi->running); easy != NULL; easy = next) {
		next = TAILQ_NEXT(easy, entry);
		if (easy->end_ms != FAKE_CURL_NEVER && easy->end_ms <= now_ms)
			fake_easy_end(easy);
	}
	*running = (int)multi->in_flight;
	fake_multi_schedule(multi);
	return CURLM_OK;
}

CURLMsg *
curl_multi_info_read(CURLM *handle, int *left)
{
	struct fake_multi *multi = handle;
	struct fake_easy *easy = TAILQ_FIRST(&multi->ended);

	*left = 0;
	if (easy == NULL)
		return NULL;
	multi->message = (CURLMsg){ .msg = CURLMSG_DONE,
		.easy_handle = easy };
	multi->message.data.result = easy->answer.code;
	return &multi->message;
}
