/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_SERVICE_ACCOUNT_H
#define PROVIDER_SERVICE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "crypto/jwt.h"
#include "http/message.h"
#include "provider/token.h"

/*
 * A Google service account: its file, and the OAuth access tokens it gets by
 * a signed assertion (Google, "Using OAuth 2.0 for Server to Server
 * Applications"; RFC 7523).  No I/O but reading the file.
 */
struct service_account {
	char *project_id;
	char *private_key_id;	/* NULL: the file names none */
	char *client_email;
	char *token_uri;
	char *universe_domain;	/* of a sovereign cloud, or googleapis.com */
	struct jwt_key *key;	/* NULL while nothing is loaded */
};

/*
 * Reads the file into a zeroed or loaded account.  False with an error that
 * names the file; nothing is loaded then.
 */
bool service_account_load(struct service_account *account, const char *path,
    struct error *error);
void service_account_unload(struct service_account *account);

/* Composes the request for an access token; false with an error. */
bool service_account_compose(const struct service_account *account,
    const char *scope, int64_t now_s, struct http_request *request,
    struct error *error);

/* The access token in the reply; false with an error without secrets. */
bool service_account_read(const struct http_reply *reply, int64_t now_s,
    struct token *token, struct error *error);

#endif
