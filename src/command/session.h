/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_SESSION_H
#define COMMAND_SESSION_H

#include <stdbool.h>

#include "base/error.h"
#include "command/command.h"
#include "delivery/app.h"
#include "http/message.h"
#include "provider/notification.h"
#include "provider/outcome.h"
#include "provider/token.h"
#include "worker/conf.h"

/*
 * For commands that ask providers something, one thing after the other: the
 * configuration, connections of their own, and the workers' tokens.  Nothing
 * here is counted, and no breaker or guard learns of it.
 */
struct session;

/*
 * NULL, and it was said why and `*status` is what to exit with.  Root becomes
 * the workers' user: see state/owner.h.
 */
struct session *session_open(const struct command_arguments *arguments,
    enum exit_status *status);
void session_close(struct session *session);

const struct conf *session_conf(const struct session *session);

/* A session's part of one app. */
struct session_app;

/*
 * Reads the app's credentials.  The device is the one that is to be sent to;
 * without it (NULL) nothing can be where devices name servers.  NULL with an
 * error if the credentials cannot be used.
 */
struct session_app *session_app_open(struct session *session,
    const struct app *app, const struct device *device,
    struct error *error);
void session_app_close(struct session_app *app);

/* False if it authenticates by a certificate alone. */
bool session_app_needs_token(const struct session_app *app);

/*
 * The token in force, as the workers have it; where there is none it is made
 * and is theirs, too.  NULL with an error in words without secrets.  Valid
 * until the next call.
 */
const struct token *session_app_token(struct session_app *app,
    struct error *error);

/* A push to one device, and what came of it. */
struct session_push {
	const struct notification *notification;
	const struct device *device;
	const struct token *token;	/* NULL: it needs none */
	bool without_credentials;
	bool validate_only;
	/* By session_app_push: */
	struct buf body;	/* of the request, before it is encrypted */
	struct http_reply reply;
	struct outcome outcome;	/* as a worker judges it */
};

/*
 * Composes the request, sends it once and waits for the reply, for ten seconds
 * at most.  What can never go is not sent; then there is no reply, and no
 * failure either.  The caller frees what is in the push by session_push_free,
 * before the next one.
 */
void session_app_push(struct session_app *app, struct session_push *push);
void session_push_free(struct session_push *push);

#endif
