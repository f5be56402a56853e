/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_SERVICE_ACCOUNT_H
#define PROVIDER_SERVICE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/error.h"
#include "crypto/jwt.h"
#include "http/message.h"
#include "provider/token.h"

/*
 * A Google service account with a key: what its file says, and the OAuth
 * access tokens it gets by a signed assertion (Google, "Using OAuth 2.0 for
 * Server to Server Applications"; RFC 7523).  No I/O.
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
 * Reads what the file holds into a zeroed or loaded account; other members are
 * ignored.  False with an error about a member; nothing is loaded then.
 */
bool service_account_load(struct service_account *account,
    struct json_object *object, struct error *error);
void service_account_unload(struct service_account *account);

/* Composes the request for an access token; false with an error. */
bool service_account_compose(const struct service_account *account,
    const char *scope, int64_t now_s, struct http_request *request,
    struct error *error);

/* Makes a token of its text and of how long it is good; false if it is none. */
bool service_account_take(const char *text, int64_t now_s, int64_t life_s,
    struct token *token);

/* The access token in the reply; false with an error without secrets. */
bool service_account_read(const struct http_reply *reply, int64_t now_s,
    struct token *token, struct error *error);

#endif
