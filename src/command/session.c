/* SPDX-License-Identifier: Apache-2.0 */
#include "command/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/xmalloc.h"
#include "delivery/attempt.h"
#include "delivery/minting.h"
#include "http/http.h"
#include "state/owner.h"
#include "worker/conf-text.h"

enum {
	SESSION_TIMEOUT_MS = 10000,
	SESSION_WORDS_SIZE = 256
};

struct session {
	struct conf *conf;
	struct loop *loop;
	struct http *http;
	struct token_store *store;
};

struct session_app {
	struct session *session;
	const struct app *app;
	struct provider_channel described;
	struct http_pool *pool;
	struct http_pool *anonymous;	/* NULL until it is wanted */
	struct minting *minting;	/* NULL: it needs no token */
	struct error trouble;		/* why there is no token */
	bool has_token;
	struct token token;
	struct http_reply reply;
	char words[SESSION_WORDS_SIZE];	/* of the reply */
};

struct session *
session_open(const struct command_arguments *arguments,
    enum exit_status *status)
{
	struct session *session = xcalloc(1, sizeof *session);
	struct error error;

	*status = EXIT_STATUS_OK;
	/* What goes wrong is told as a result. */
	log_open(&(struct log_params){ .level = LOG_LEVEL_ERROR });
	session->conf = conf_load(conf_path(arguments->config), &error);
	if (session->conf == NULL ||
	    !owner_become(session->conf->state_directory, &error) ||
	    !proxy_load(&session->conf->proxy, &error) ||
	    (session->store = token_store_open(
	    session->conf->state_directory, &error)) == NULL) {
		*status = command_fail(EXIT_STATUS_CONFIG, "%s", error.words);
		session_close(session);
		return NULL;
	}
	session->loop = loop_create();
	session->http = http_create(session->loop, &session->conf->http);
	return session;
}

void
session_close(struct session *session)
{
	if (session == NULL)
		return;
	http_free(session->http);
	token_store_close(session->store);
	if (session->loop != NULL)
		loop_free(session->loop);
	conf_free(session->conf);
	free(session);
}

const struct conf *
session_conf(const struct session *session)
{
	return session->conf;
}

/* --- an app -------------------------------------------------------------- */

static void
session_on_minting_failed(void *arg, const char *words)
{
	struct session_app *app = arg;

	error_set(&app->trouble, "%s", words);
}

struct session_app *
session_app_open(struct session *session, const struct app *app,
    const struct device *device, struct error *error)
{
	struct session_app *opened;

	if (!app->provider->load(app->account, error))
		return NULL;
	opened = xcalloc(1, sizeof *opened);
	opened->session = session;
	opened->app = app;
	/* What may not be sent to is found out when it is composed for. */
	app->provider->describe(app->account, device, &opened->described);
	opened->described.pool.keep_headers = true;
	opened->pool =
	    http_pool_create(session->http, &opened->described.pool);
	if (!opened->described.needs_no_token)
		opened->minting = minting_create(&(struct minting_params){
			.loop = session->loop,
			.http = session->http,
			.store = opened->described.is_by_origin ? NULL :
			    session->store,
			.provider = app->provider,
			.account = app->account,
			.described = &opened->described,
			.failed = session_on_minting_failed,
			.arg = opened
		});
	return opened;
}

void
session_app_close(struct session_app *app)
{
	if (app == NULL)
		return;
	minting_free(app->minting);
	http_pool_free(app->anonymous);
	http_pool_free(app->pool);
	explicit_bzero(&app->token, sizeof app->token);
	free(app);
}

bool
session_app_needs_token(const struct session_app *app)
{
	return app->minting != NULL;
}

/* --- its token ----------------------------------------------------------- */

static void
session_on_token(void *arg, const struct token *token)
{
	struct session_app *app = arg;

	app->has_token = token != NULL;
	if (token != NULL)
		app->token = *token;
	loop_stop(app->session->loop);
}

const struct token *
session_app_token(struct session_app *app, struct error *error)
{
	struct token_source *tokens = minting_tokens(app->minting);
	const struct token *token = token_current(tokens);

	error_set(&app->trouble, "none is available now; try again");
	if (token != NULL) {
		app->token = *token;
		return &app->token;
	}
	token_wait(tokens, session_on_token, app);
	loop_run(app->session->loop);
	if (!app->has_token)
		*error = app->trouble;
	return app->has_token ? &app->token : NULL;
}

/* --- requests ------------------------------------------------------------ */

static void
session_copy_reply(const struct http_reply *reply, struct session_app *app)
{
	struct http_reply *copy = &app->reply;
	size_t length = strnlen(reply->failure_words, SESSION_WORDS_SIZE - 1);

	http_reply_init(copy);
	copy->failure = reply->failure;
	memcpy(app->words, reply->failure_words, length);
	app->words[length] = '\0';
	copy->failure_words = app->words;
	copy->proxy = reply->proxy;
	copy->status = reply->status;
	copy->retry_after_ms = reply->retry_after_ms;
	buf_append(&copy->headers, buf_text(&reply->headers),
	    reply->headers.size);
	buf_append(&copy->body, buf_text(&reply->body), reply->body.size);
	copy->body.overflowed = reply->body.overflowed;
}

static void
session_on_reply(void *arg, const struct http_reply *reply)
{
	struct session_app *app = arg;

	session_copy_reply(reply, app);
	loop_stop(app->session->loop);
}

/* The pool for requests without credentials. */
static struct http_pool *
session_app_anonymous(struct session_app *app)
{
	struct http_pool_params params = app->described.pool;

	params.certificate = NULL;
	params.key = NULL;
	if (app->anonymous == NULL)
		app->anonymous = http_pool_create(app->session->http, &params);
	return app->anonymous;
}

/* Takes over what the request holds, and waits for the reply. */
static void
session_app_post(struct session_app *app, bool with_credentials,
    struct http_request *request, struct http_reply *reply)
{
	http_send(with_credentials ? app->pool : session_app_anonymous(app),
	    request, SESSION_TIMEOUT_MS, session_on_reply, app);
	loop_run(app->session->loop);
	*reply = app->reply;
}

void
session_app_push(struct session_app *app, struct session_push *push)
{
	/* Providers write a token wherever they need one. */
	static const struct token none = { .text = "none" };
	const struct provider *provider = app->app->provider;
	char message_id[ENCODING_UUID_SIZE];
	struct http_request request;
	struct buf plain;
	enum cause cause;

	buf_init(&plain, MESSAGE_BODY_SIZE);
	encoding_make_uuid(message_id);
	http_request_init(&request);
	http_reply_init(&push->reply);
	buf_init(&push->body, MESSAGE_BODY_SIZE);
	cause = provider->compose(app->app->account, push->notification,
	    push->device, &(struct provider_push){
		.token = push->without_credentials ? &none : push->token,
		.message_id = message_id,
		.now_s = clock_wall_s(),
		.validate_only = push->validate_only,
		.plain = &plain
	    }, &request);
	if (plain.size > 0)
		buf_append(&push->body, buf_text(&plain), plain.size);
	else
		buf_append(&push->body, buf_text(&request.body),
		    request.body.size);
	buf_free(&plain);
	if (push->without_credentials)
		http_request_drop_header(&request, "authorization");
	if (cause == CAUSE_NONE)
		session_app_post(app, !push->without_credentials, &request,
		    &push->reply);
	if (cause != CAUSE_NONE)
		push->outcome = (struct outcome){ .verdict = VERDICT_FAILED,
			.cause = cause, .reason = "not sent" };
	else if (push->reply.failure != HTTP_FAILURE_NONE)
		attempt_judge_failure(push->reply.failure, &push->outcome);
	else
		provider->judge(app->app->account, push->device, &push->reply,
		    &push->outcome);
	http_request_free(&request);
}

void
session_push_free(struct session_push *push)
{
	buf_free(&push->body);
	http_reply_free(&push->reply);
}
