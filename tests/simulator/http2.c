/* SPDX-License-Identifier: Apache-2.0 */
#include "http2.h"

#include <err.h>
#include <stdio.h>
#include <string.h>

#include "decide.h"

#define CONNECTION_WINDOW (1 << 22)
#define STREAM_WINDOW (1 << 20)

static ssize_t
read_answer_body(nghttp2_session *session, int32_t stream, uint8_t *to,
    size_t size, uint32_t *flags, nghttp2_data_source *source,
    void *argument)
{
	struct request *request = source->ptr;
	const struct text *body = &request->answer.body;
	size_t end = request->answer.broken ? body->length / 2 : body->length;
	size_t length = end - request->answer_sent;

	(void)session;
	(void)stream;
	(void)argument;
	/* It resets the stream. */
	if (length == 0 && request->answer.broken)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	if (length > size)
		length = size;
	memcpy(to, body->data + request->answer_sent, length);
	request->answer_sent += length;
	if (request->answer_sent == body->length)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)length;
}

static nghttp2_nv
make_field(const char *name, const char *value)
{
	nghttp2_nv field = {
		.name = (uint8_t *)(uintptr_t)name,
		.namelen = strlen(name),
		.value = (uint8_t *)(uintptr_t)value,
		.valuelen = strlen(value),
	};

	return field;
}

static void
send_answer(struct connection *connection, struct request *request)
{
	const struct answer *answer = &request->answer;
	nghttp2_data_provider provider = {
		.source = { .ptr = request },
		.read_callback = read_answer_body,
	};
	nghttp2_nv fields[ANSWER_HEADERS_MAX + 1];
	char status[16];
	size_t count = 0;

	snprintf(status, sizeof status, "%u", answer->status);
	fields[count++] = make_field(":status", status);
	for (size_t i = 0; i < answer->header_count; i++)
		fields[count++] = make_field(answer->headers[i].name,
		    answer->headers[i].value);
	if (nghttp2_submit_response(connection->session, request->stream,
	    fields, count, answer->body.length > 0 || answer->broken
	    ? &provider : NULL) != 0)
		warnx("no answer to stream %d", (int)request->stream);
}

/* What was begun is still answered; what comes later is ignored. */
static void
send_goaway(struct connection *connection)
{
	const char *data = connection->endpoint->service->goaway_data;

	if (!connection->goaway_sent) {
		connection->goaway_stream =
		    nghttp2_session_get_last_proc_stream_id(
		    connection->session);
		nghttp2_submit_goaway(connection->session, NGHTTP2_FLAG_NONE,
		    connection->goaway_stream, NGHTTP2_NO_ERROR,
		    (const uint8_t *)data, strlen(data));
		connection->goaway_sent = true;
	}
}

static void
send_reset(struct connection *connection, struct request *request,
    uint32_t code)
{
	nghttp2_submit_rst_stream(connection->session, NGHTTP2_FLAG_NONE,
	    request->stream, code);
}

/* Does with the request what was decided. */
static void
perform(struct request *request)
{
	struct connection *connection = request->connection;

	switch (request->answer.act) {
	case ANSWER_SEND:
		send_answer(connection, request);
		break;
	case ANSWER_HANG:
		break;
	case ANSWER_CUT:
		connection_cut(connection, 0);
		break;
	case ANSWER_REFUSE:
		connection->endpoint->counters.streams_refused++;
		send_reset(connection, request, NGHTTP2_REFUSED_STREAM);
		break;
	case ANSWER_RESET:
		send_reset(connection, request, NGHTTP2_INTERNAL_ERROR);
		break;
	}
	if (request->answer.goaway)
		send_goaway(connection);
}

static void
on_delay(evutil_socket_t fd, short what, void *argument)
{
	struct request *request = argument;

	(void)fd;
	(void)what;
	perform(request);
	connection_write_soon(request->connection);
}

static void
handle_request(struct connection *connection, struct request *request)
{
	struct endpoint *endpoint = connection->endpoint;
	const struct control *control = &endpoint->control;
	struct timeval delay;

	connection->requests_seen++;
	endpoint->counters.requests++;
	decide(endpoint, request);
	if (control->cut_after_ms > 0 && control->cut_next < 0)
		connection_cut(connection, (unsigned)control->cut_after_ms);
	if (control->goaway_every > 0 &&
	    connection->requests_seen >= control->goaway_every)
		send_goaway(connection);
	if (request->answer.delay_ms > 0) {
		delay.tv_sec = request->answer.delay_ms / 1000;
		delay.tv_usec = request->answer.delay_ms % 1000 * 1000;
		evtimer_assign(&request->delay, endpoint->world->base,
		    on_delay, request);
		request->delayed = true;
		evtimer_add(&request->delay, &delay);
	} else {
		perform(request);
	}
}

static int
on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame,
    void *argument)
{
	struct connection *connection = argument;
	struct request *request;

	/* nghttp2 ignores what comes after a GOAWAY only once that is out. */
	if (frame->hd.type == NGHTTP2_HEADERS &&
	    frame->headers.cat == NGHTTP2_HCAT_REQUEST &&
	    (!connection->goaway_sent ||
	    frame->hd.stream_id <= connection->goaway_stream)) {
		request = request_new(connection, &connection->peer,
		    frame->hd.stream_id);
		request->connection_number = connection->number;
		TAILQ_INSERT_TAIL(&connection->requests, request, entry);
		nghttp2_session_set_stream_user_data(session,
		    frame->hd.stream_id, request);
	}
	return 0;
}

static int
on_header(nghttp2_session *session, const nghttp2_frame *frame,
    nghttp2_rcbuf *name, nghttp2_rcbuf *value, uint8_t flags, void *argument)
{
	struct request *request = nghttp2_session_get_stream_user_data(session,
	    frame->hd.stream_id);

	(void)flags;
	(void)argument;
	return request == NULL || request_add_header(request, name, value)
	    ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int
on_data(nghttp2_session *session, uint8_t flags, int32_t stream,
    const uint8_t *data, size_t length, void *argument)
{
	struct request *request = nghttp2_session_get_stream_user_data(session,
	    stream);

	(void)flags;
	(void)argument;
	if (request != NULL) {
		request->body_size += length;
		text_add(&request->body, data, length);
	}
	return 0;
}

/* Servers guard themselves against clients that reset streams in a flood. */
static void
count_reset(struct connection *connection)
{
	int64_t guard = connection->endpoint->control.reset_guard;

	connection->resets_seen++;
	if (guard > 0 && connection->resets_seen >= guard)
		nghttp2_session_terminate_session(connection->session,
		    NGHTTP2_INTERNAL_ERROR);
}

static int
on_frame(nghttp2_session *session, const nghttp2_frame *frame,
    void *argument)
{
	struct connection *connection = argument;
	struct request *request = NULL;

	if (frame->hd.type == NGHTTP2_RST_STREAM)
		count_reset(connection);
	else if ((frame->hd.type == NGHTTP2_HEADERS ||
	    frame->hd.type == NGHTTP2_DATA) &&
	    (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
		request = nghttp2_session_get_stream_user_data(session,
		    frame->hd.stream_id);
	if (request != NULL && !connection->cut)
		handle_request(connection, request);
	return 0;
}

/* nghttp2 refuses streams over the limit by itself and tells us here. */
static int
on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame,
    int error, void *argument)
{
	struct connection *connection = argument;

	(void)session;
	(void)frame;
	if (error == NGHTTP2_ERR_REFUSED_STREAM)
		connection->endpoint->counters.streams_refused++;
	return 0;
}

static int
on_stream_close(nghttp2_session *session, int32_t stream, uint32_t error,
    void *argument)
{
	struct connection *connection = argument;
	struct request *request = nghttp2_session_get_stream_user_data(session,
	    stream);

	(void)error;
	if (request != NULL) {
		TAILQ_REMOVE(&connection->requests, request, entry);
		request_free(request);
	}
	return 0;
}

static void
make_session(struct connection *connection)
{
	nghttp2_session_callbacks *callbacks;
	nghttp2_option *option;

	if (nghttp2_session_callbacks_new(&callbacks) != 0 ||
	    nghttp2_option_new(&option) != 0)
		errx(1, "out of memory");
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks,
	    on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback2(callbacks,
	    on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks,
	    on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks,
	    on_frame);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(
	    callbacks, on_invalid_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks,
	    on_stream_close);
	nghttp2_option_set_no_closed_streams(option, 1);
	/* Only `reset_guard` is to guard against resets, not the library. */
	nghttp2_option_set_stream_reset_rate_limit(option, UINT64_MAX / 2,
	    UINT64_MAX / 2);
	if (nghttp2_session_server_new2(&connection->session, callbacks,
	    connection, option) != 0)
		errx(1, "out of memory");
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(callbacks);
}

static unsigned
find_limit(const struct connection *connection)
{
	const struct service *service = connection->endpoint->service;
	const struct control *control = &connection->endpoint->control;
	unsigned limit = control->max_streams >= 0
	    ? (unsigned)control->max_streams : service->max_streams;

	if (service->streams_before_auth > 0 &&
	    !connection->peer.authenticated)
		limit = control->streams_before_auth >= 0
		    ? (unsigned)control->streams_before_auth
		    : service->streams_before_auth;
	if (connection->scripted_limit > 0)
		limit = connection->scripted_limit;
	return limit;
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
		snprintf(peer->certificate_sha256 + 3 * i, 4, "%02X%s",
		    digest[i], i + 1 < length ? ":" : "");
	if (X509_cmp_timeframe(NULL, X509_get0_notBefore(certificate),
	    X509_get0_notAfter(certificate)) == 0)
		peer->account = accounts_find_certificate(accounts,
		    peer->certificate_sha256);
	peer->authenticated = peer->account != NULL;
	X509_free(certificate);
}

bool
http2_start(struct connection *connection)
{
	nghttp2_settings_entry settings[] = {
		{ .settings_id = NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS },
		{ .settings_id = NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE,
		    .value = STREAM_WINDOW },
	};
	const unsigned char *protocol;
	unsigned length;
	bool good;

	SSL_get0_alpn_selected(connection->ssl, &protocol, &length);
	good = length == 2 && memcmp(protocol, "h2", 2) == 0;
	if (good) {
		make_session(connection);
		find_certificate(connection);
		settings[0].value = find_limit(connection);
		connection->stream_limit = settings[0].value;
		nghttp2_submit_settings(connection->session,
		    NGHTTP2_FLAG_NONE, settings,
		    sizeof settings / sizeof settings[0]);
		nghttp2_session_set_local_window_size(connection->session,
		    NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
		if (connection->endpoint->control.goaway_at_start)
			send_goaway(connection);
	}
	return good;
}

void
http2_update_limit(struct connection *connection)
{
	nghttp2_settings_entry setting = {
		NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
		find_limit(connection),
	};

	if (setting.value != connection->stream_limit) {
		connection->stream_limit = setting.value;
		nghttp2_submit_settings(connection->session,
		    NGHTTP2_FLAG_NONE, &setting, 1);
	}
}
