/* SPDX-License-Identifier: Apache-2.0 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "connection.h"
#include "dispatch.h"

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
answer_request(struct connection *connection, struct request *request)
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

static void
retire(struct connection *connection)
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
reset(struct connection *connection, struct request *request, bool refuse)
{
	nghttp2_submit_rst_stream(connection->session, NGHTTP2_FLAG_NONE,
	    request->stream, refuse ? NGHTTP2_REFUSED_STREAM
	    : NGHTTP2_INTERNAL_ERROR);
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
		dispatch_request(request);
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

static void
start(struct connection *connection)
{
	nghttp2_settings_entry settings[] = {
		{ .settings_id = NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS },
		{ .settings_id = NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE,
		    .value = STREAM_WINDOW },
	};

	make_session(connection);
	settings[0].value = find_limit(connection);
	connection->stream_limit = settings[0].value;
	nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE,
	    settings, sizeof settings / sizeof settings[0]);
	nghttp2_session_set_local_window_size(connection->session,
	    NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
	if (connection->endpoint->control.goaway_at_start)
		retire(connection);
}

static void
stop(struct connection *connection)
{
	nghttp2_session_del(connection->session);
}

static bool
receive(struct connection *connection, const uint8_t *bytes, size_t length)
{
	return nghttp2_session_mem_recv(connection->session, bytes,
	    length) >= 0;
}

static ssize_t
take(struct connection *connection, const uint8_t **bytes)
{
	return nghttp2_session_mem_send(connection->session, bytes);
}

static bool
is_over(const struct connection *connection)
{
	return !nghttp2_session_want_read(connection->session) &&
	    !nghttp2_session_want_write(connection->session);
}

static void
update_limit(struct connection *connection)
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

const struct protocol protocol_http2 = {
	.start = start,
	.stop = stop,
	.receive = receive,
	.take = take,
	.is_over = is_over,
	.answer = answer_request,
	.reset = reset,
	.retire = retire,
	.update_limit = update_limit,
};
